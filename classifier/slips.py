"""What a word may become when it is written in haste, or so that a filter does not see it."""

from collections.abc import Container, Iterator
from itertools import pairwise
from string import ascii_lowercase

LETTERS = frozenset(ascii_lowercase)
#: Signs that stand for letters.
SIGNS = {
    "0": "o",
    "1": "il",
    "3": "e",
    "4": "a",
    "5": "s",
    "6": "gb",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "!": "il",
    "|": "li",
    "€": "e",
    "£": "l",
    "(": "c",
    "+": "t",
    "∀": "a",
    "^": "a",
    "¥": "y",
    "¢": "c",
    "©": "c",
    "®": "r",
}
_VOWELS = frozenset("aeiouy")
_ALIKE = ("aeiouy", "ckq", "szcx", "fvw", "bpdt", "gj", "mn", "lr")
_OTHERS = {a: {b for group in _ALIKE if a in group for b in group} - {a} for a in ascii_lowercase}
#: What each slip costs: the logarithm of how rare it is.
_SWAPPED, _DOUBLED, _ADDED, _ALIKE_WRITTEN, _VOWEL_LOST, _LOST = 4.0, 3.0, 5.0, 5.0, 4.0, 5.0
#: Endings, each with what may have stood in its place; and beginnings.
_ENDINGS = {
    "s": ("",),
    "es": ("", "e"),
    "ed": ("", "e"),
    "ing": ("", "e"),
    "ly": ("", "le"),
    "er": ("", "e"),
    "ers": ("", "e"),
    "ies": ("y",),
    "ied": ("y",),
    "ier": ("y",),
    "ness": ("",),
    "less": ("",),
    "able": ("", "e"),
    "ment": ("",),
    "ion": ("", "e"),
    "ist": ("",),
    "ists": ("",),
    "ise": ("", "y"),
    "ize": ("", "y"),
    "ful": ("",),
    "ity": ("", "e"),
    "al": ("",),
    "y": ("", "e"),
}
_STARTS = ("un", "re", "non", "sub", "anti", "over", "out", "mis", "dis", "pre", "super", "inter")


def without_vowels(word: str) -> str:
    """Leave out the vowels.

    Parameters
    ----------
    word : str
        In lower case.

    Returns
    -------
    str
        Its consonants.
    """
    return "".join(char for char in word if char not in _VOWELS)


def is_inflected(word: str, words: Container[str]) -> bool:
    """Tell whether a word is another with a usual beginning or ending.

    Parameters
    ----------
    word : str
        In lower case.
    words : container of str
        Those that are known.

    Returns
    -------
    bool
        Whether what is left of it is known.
    """
    stems = (
        word[: -len(ending)] + instead
        for ending, before in _ENDINGS.items()
        if word.endswith(ending) and len(word) > len(ending) + 2
        for instead in before
    )
    rests = (word.removeprefix(start) for start in _STARTS if word.startswith(start))
    return any(stem in words for stem in stems) or any(len(rest) > 2 and rest in words for rest in rests)


def slips(written: str) -> Iterator[tuple[float, str]]:
    """List what may have become a word by one slip.

    Parameters
    ----------
    written : str
        Lower-case letters.

    Yields
    ------
    tuple of (float, str)
        What the slip costs, the logarithm of how rare it is, and what was meant. Of three letters, two may
        have changed places, and no more.
    """
    yield from ((_SWAPPED, meant) for meant in swaps(written))
    for place, letter in enumerate(written if len(written) > 3 else ""):
        before, after = written[:place], written[place + 1 :]
        yield _DOUBLED if before.endswith(letter) else _ADDED, before + after
        yield from ((_ALIKE_WRITTEN, before + other + after) for other in _OTHERS.get(letter, ()))
        yield from _lost(before + letter, after)


def swaps(written: str) -> Iterator[str]:
    """List what a word would be with two letters the other way round.

    Parameters
    ----------
    written : str
        Any.

    Yields
    ------
    str
        Never the word itself.
    """
    for place, (one, other) in enumerate(pairwise(written)):
        if one != other:
            yield written[:place] + other + one + written[place + 2 :]


def _lost(before: str, after: str) -> Iterator[tuple[float, str]]:
    """List what a letter lost here may have been; nobody loses the first one."""
    for letter in ascii_lowercase:
        yield _VOWEL_LOST if letter in _VOWELS else _LOST, before + letter + after
