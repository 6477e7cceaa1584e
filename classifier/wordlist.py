"""Which words there are, and how frequent: `python -m classifier.wordlist --data DIR` counts public sets."""

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from classifier import spelling
from classifier.dataset import Corpus
from classifier.reader import SHIPPED as READER
from classifier.reading import read_csv
from classifier.retrain import OURS
from classifier.slips import swaps

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")
_LETTERS = re.compile(r"[a-z]{2,}")
#: Comments that a word stands in, at the least; and where it has digits, which may be letters in disguise.
_SEEN, _SEEN_WITH_DIGITS = 3, 20
#: A word is a slip where it is so many times rarer than one with two letters the other way round.
_RARER = 150


def count(corpus: Corpus) -> Counter[str]:
    """Count in how many comments of the public sets each word stands.

    Parameters
    ----------
    corpus : Corpus
        With public sets.

    Returns
    -------
    Counter
        By word, in lower case.
    """
    texts = {row.document.text.lower() for path in corpus.public_files for row in read_csv(path)}
    counted = Counter[str]()
    for text in texts:
        counted.update(set(_WORD.findall(text)))
    return counted


def choose(counted: Counter[str], certain: set[str]) -> list[str]:
    """Choose the words, the most frequent first.

    Parameters
    ----------
    counted : Counter
        How often each was seen.
    certain : set of str
        Words that are words, however rare.

    Returns
    -------
    list of str
        In the order in which `classifier.spelling.Speller` takes them.
    """
    seen = {word for word, times in counted.items() if times >= _least(word) and not word.isdigit()}
    slips = {word for word in seen - certain if _is_slip(word, counted)}
    return sorted(seen - slips | certain, key=lambda word: (-counted[word], word))


def _least(word: str) -> int:
    return _SEEN if word.replace("'", "").isalpha() else _SEEN_WITH_DIGITS


def _is_slip(word: str, counted: Counter[str]) -> bool:
    return any(counted[meant] >= _RARER * counted[word] for meant in swaps(word))


def _certain(ours: Path) -> Iterator[str]:
    """Give the words that the reader has met, and those of our lexicons."""
    words = (READER / "vocabulary.txt").read_text("utf-8").splitlines()
    yield from filter(_LETTERS.fullmatch, words)
    for path in sorted((ours / "lexicons").iterdir()):
        yield from _LETTERS.findall(path.read_text("utf-8").lower())


def main() -> None:
    """Write the list anew."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="directory of the public sets")
    corpus = Corpus(OURS, parser.parse_args().data)
    words = choose(count(corpus), set(_certain(corpus.ours)))
    spelling.SHIPPED.write_text("\n".join(words) + "\n", "utf-8")
    print(f"{len(words):,} words to {spelling.SHIPPED}")


if __name__ == "__main__":
    main()
