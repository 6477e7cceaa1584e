"""Statements spelt out from templates that we wrote: minimal sets for training, suites for the gates."""

import re
import tomllib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_MARKS = {"d": (1.0, 1.0, 0.0), "h": (0.0, 1.0, 0.0), "s": (0.0, 0.0, 1.0), "-": (0.0, 0.0, 0.0)}
_SLOT = re.compile(r"{(\w+)}")
_LEET = str.maketrans("aeiost", "4310$7")


#: Fillings of each line of the suites.
SUITE_VARIANTS = 12


def slots(text: str) -> list[str]:
    """Name the slots of a template.

    Parameters
    ----------
    text : str
        Of a template.

    Returns
    -------
    list of str
        In order, without braces.
    """
    return _SLOT.findall(text)


@dataclass(frozen=True, slots=True)
class Template:
    """One line of a file of templates.

    Attributes
    ----------
    block : str
        File and number of the minimal set, or of the line in a suite.
    kind : str
        The functionality, empty in training templates.
    labels : tuple of float
        Dehumanising, hateful, spam.
    text : str
        With slots in braces.
    """

    block: str
    kind: str
    labels: tuple[float, float, float]
    text: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A template whose slots are filled.

    Attributes
    ----------
    template : Template
        Where it comes from.
    text : str
        What it says.
    variant : int
        Number of the filling.
    """

    template: Template
    text: str
    variant: int


def read(path: Path) -> list[Template]:
    """Read a file of templates.

    Parameters
    ----------
    path : Path
        Lines of a mark (d, h, s or -) and a text. Empty lines part minimal sets, "== name" opens a
        functionality.

    Returns
    -------
    list of Template
        In order. In a functionality each line is a set of its own.

    Raises
    ------
    ValueError
        If a line has no mark.
    """
    templates, kind, block = [], "", 0
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.startswith("== "):
            kind = line[3:]
        elif line[:2].strip() in _MARKS and line[1:2] == " ":
            block += bool(kind)
            templates.append(Template(f"{path.stem}-{block}", kind, _MARKS[line[0]], line[2:]))
        elif line.strip() and not line.startswith("#"):
            msg = f"{path}:{number}: begin with one of {' '.join(_MARKS)} and a blank"
            raise ValueError(msg)
        else:
            block += not line.strip()
    return templates


def fill(templates: list[Template], values: dict[str, list[str]], variants: int) -> Iterator[Statement]:
    """Fill the slots of templates, all lines of a minimal set alike.

    Parameters
    ----------
    templates : list of Template
        As read.
    values : dict of str to list of str
        What each slot may stand for; {n} is a number.
    variants : int
        Fillings of each set; a text without slots occurs once.

    Yields
    ------
    Statement
        The same ones for the same arguments.
    """
    for template in templates:
        seen = set()
        for variant in range(variants):
            rng = np.random.default_rng(zlib.crc32(f"{template.block}/{variant}".encode()))
            chosen = {name: options[rng.integers(len(options))] for name, options in values.items()}
            chosen["n"] = str(rng.integers(11, 99))
            text = template.text.format_map(chosen)
            if text not in seen:
                seen.add(text)
                yield Statement(template, text[0].upper() + text[1:], variant)


def suite(directory: Path, gate: bool) -> list[Statement]:
    """Spell out one half of the functional suites.

    Parameters
    ----------
    directory : Path
        Holds slots.toml and files of templates.
    gate : bool
        The half that promotions are judged by; else the half to develop with.

    Returns
    -------
    list of Statement
        Every other line of each functionality, in several fillings.
    """
    values = tomllib.loads((directory / "slots.toml").read_text("utf-8"))
    lines = [line for path in sorted(directory.glob("*.txt")) for line in read(path)]
    return list(fill(lines[int(gate) :: 2], values, SUITE_VARIANTS))


def disguise(text: str, rng: np.random.Generator) -> str:
    """Write a text as people do who hurry or hide.

    Parameters
    ----------
    text : str
        Plain.
    rng : Generator
        Chooses how.

    Returns
    -------
    str
        Lower-cased, misspelt, without blanks, spaced out, starred or in leet.
    """
    words = text.split(" ")
    for _ in range(1 + len(words) // int(rng.integers(3, 9))):
        place = int(rng.integers(len(words)))
        words[place] = _mangle(words[place], int(rng.integers(9)), rng)
    if rng.random() < 0.2:
        first, many = int(rng.integers(len(words))), int(rng.integers(2, 6))
        words[first : first + many] = ["".join(words[first : first + many])]
    joined = " ".join(words)
    return joined.lower() if rng.random() < 0.5 else joined


def _mangle(word: str, way: int, rng: np.random.Generator) -> str:
    if len(word) < 4:
        return word
    place = int(rng.integers(1, len(word) - 1))
    changed = {
        0: word[:place] + word[place + 1 :],
        1: word[:place] + word[place + 1] + word[place] + word[place + 2 :],
        2: word[:place] + word[place] * 2 + word[place + 1 :],
        3: word[:place] + " " + word[place:],
        4: " ".join(word),
        5: word.translate(_LEET),
        6: word[:place] + "*" + word[place + 1 :],
        7: word[:place] + "-."[place % 2] + word[place:],
        8: word[0] + "".join(char for char in word[1:-1] if char not in "aeiou") + word[-1],
    }
    return changed[way]
