"""The delexicalised channel: classes in place of words, and who is likened to what, by whom, how.

"All GROUP are VERMIN" is learnt once for every group, and "nobody should say that GROUP are VERMIN" as its
opposite.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from classifier.features import Buckets, Words
from classifier.lexicon import LOADED, NUMBER, SUBJECTS, Lexicon
from classifier.vocabulary import ENTRY, QUOTATION, STOP, class_token

CLASS_BITS = 17
CLASS_ORDERS = (1, 2, 3, 4)

_Places = NDArray[np.intp]
_Hashes = NDArray[np.uint64]

_STOP = np.uint64(0x5851F42D4C957F2D)
_QUOTED = np.int64(0x14057B7EF767814F)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_NAME, _OTHER = NUMBER["NAME"], NUMBER["OTHER"]
_AS_OTHER = np.uint64(class_token(_OTHER))

#: Behind each comment: the end of its last sentence, and of a quotation that its author has not ended.
_ENDS = [np.array([(0, 0, 0, STOP + quoted)], ENTRY).tobytes() for quoted in (0, QUOTATION)]
_STOPS = np.int64(QUOTATION - 1)
_QUOTATIONS = np.int64(QUOTATION.bit_length() - 1)

_LOADED = re.compile(b"[" + re.escape(bytes(NUMBER[name] for name in LOADED)) + b"]")
_IS_SUBJECT = bytes(number in {NUMBER[name] for name in SUBJECTS} for number in range(256))
#: How far the subject stands: next to it, near, far.
_DISTANCE = (0, 0, 0, 1, 1, 1, 2)
_BETWEEN = [NUMBER[name] for name in ("NEG", "LIKE", "BE", "SAY")]
_THERE = [NUMBER[name] for name in ("NEG", "MODAL", "ME", "SAY", "CONDEMN", "LITERAL")]
_WHOLE = [NUMBER[name] for name in ("NEG", "CONDEMN", "LITERAL", "WORD")]
_FACTS = (
    *("kind", "subject", "distance", "target", "quoted", "negated", "likened", "linked", "said"),
    *("not there", "must there", "me there", "speech there", "blame there", "literal there"),
    *("not anywhere", "blame anywhere", "literal anywhere", "word anywhere"),
)
#: Which facts are hashed together.
_CONJUNCTIONS = (
    ("kind", "subject", "distance", "negated", "likened", "linked"),
    ("kind", "subject", "negated", "said", "quoted"),
    ("subject", "negated", "likened", "linked", "said", "quoted"),
    ("kind", "target", "not there", "must there", "me there"),
    ("kind", "quoted", "speech there", "blame there", "negated"),
    ("kind", "literal there", "subject", "literal anywhere"),
    ("kind", "not anywhere", "blame anywhere", "literal anywhere", "word anywhere", "quoted"),
    ("subject", "target", "negated", "speech there", "blame there", "quoted", "literal there"),
)
RELATIONS = len(_CONJUNCTIONS)
_USED = np.array([[fact in names for names in _CONJUNCTIONS] for fact in _FACTS])
_USES = (np.random.default_rng(3).integers(1, 1 << 63, _USED.shape).astype(np.uint64) * _USED).T.copy()
_SALT = np.random.default_rng(4).integers(1, 1 << 63, RELATIONS).astype(np.uint64)


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of a batch, and what they stand for.

    Attributes
    ----------
    words : Words
        In order.
    classes : ndarray of shape (n_words,)
        Number in CLASSES.
    tokens : ndarray of shape (n_words,), uint64
        What each is in the delexicalised channel.
    bounds : ndarray of shape (n_sentences + 1,)
        Where each sentence begins, in words; no sentence is shared by two comments. Last is n_words.
    quoted : ndarray of shape (n_words,)
        1 between quotation marks, else 0.
    """

    words: Words
    classes: NDArray[np.int64]
    tokens: _Hashes
    bounds: _Places
    quoted: NDArray[np.int64]


def read(texts: Sequence[str], lexicon: Lexicon) -> Reading:
    """Find words, classes, sentences and quotations.

    Parameters
    ----------
    texts : sequence of str
        Comments, folded, with their capital letters marked.
    lexicon : Lexicon
        The classes.

    Returns
    -------
    Reading
        Of all of them.
    """
    known = lexicon.known.__getitem__
    odd = [text.count('"') % 2 for text in texts]
    parts = [
        b"".join([*map(known, text.split(" ")), _ENDS[opened]])
        for text, opened in zip(texts, odd, strict=True)
    ]
    entries = np.frombuffer(b"".join(parts), ENTRY)
    places = entries["token"].nonzero()[0]
    edges = places.searchsorted([0, *accumulate([len(part) // ENTRY.itemsize for part in parts])])
    passed = entries["marks"].cumsum().take(places)
    initial = np.ones(len(places) + 1, bool)
    stops = passed & _STOPS
    np.not_equal(stops[1:], stops[:-1], out=initial[1:-1])
    bounds = initial.nonzero()[0]
    classes, tokens = entries["class"].take(places), entries["token"].take(places)
    no_names = bounds[:-1][classes.take(bounds[:-1]) == _NAME]  # capital for the place alone
    classes[no_names] = _OTHER
    tokens[no_names] = _AS_OTHER
    quoted = passed >> _QUOTATIONS & 1
    tokens ^= (quoted * _QUOTED).view(np.uint64)
    words = Words(entries["hash"].take(places), edges)
    return Reading(words, classes, tokens, bounds, quoted)


def class_tokens(reading: Reading) -> tuple[_Hashes, _Places, _Places]:
    """Spell comments by classes: a run of other words counts as one, the end of a sentence as a word.

    Parameters
    ----------
    reading : Reading
        The words of a batch.

    Returns
    -------
    tokens : ndarray of shape (n_tokens,), uint64
        Hash of each.
    token_words : ndarray of shape (n_tokens,)
        The word that each token stands for.
    edges : ndarray of shape (n_documents + 1,)
        Where each comment's tokens begin.
    """
    edges = reading.words.edges
    other = reading.classes == _OTHER
    kept = np.ones(len(other) + 1, bool)
    kept[1:-1] = ~(other[1:] & other[:-1])
    kept[reading.bounds] = True
    stopped = np.zeros(len(other) + 1, bool)
    stopped[reading.bounds] = True
    stopped[edges] = False
    # A word behind the end of a sentence is there twice: its first place is the end.
    places = np.concatenate([kept[:-1].nonzero()[0], stopped.nonzero()[0]])
    places.sort(kind="stable")
    tokens = reading.tokens.take(places)
    tokens[:-1][places[1:] == places[:-1]] = _STOP
    return tokens, places, places.searchsorted(edges)


def relations(reading: Reading) -> tuple[Buckets, _Places]:
    """Hash what each loaded word is said of, and how.

    Parameters
    ----------
    reading : Reading
        The words of a batch.

    Returns
    -------
    grams : ndarray of shape (n_loaded, RELATIONS), int32
        Buckets.
    loaded : ndarray of shape (n_loaded,)
        The words that are loaded.
    """
    classes = reading.classes.astype(np.uint8).tobytes()
    loaded = [match.start() for match in _LOADED.finditer(classes)]
    grams = b"".join(map(_hash, _facts(classes, loaded, reading)))
    return np.frombuffer(grams, np.int32).reshape(-1, RELATIONS), np.array(loaded, np.intp)


def _facts(classes: bytes, loaded: list[int], reading: Reading) -> Iterator[tuple[int, ...]]:
    """Say of each loaded word what stands around it, in the order of _FACTS."""
    if not loaded:
        return
    subjects = classes.translate(_IS_SUBJECT)
    bounds, edges, quoted = reading.bounds.tolist(), reading.words.edges.tolist(), reading.quoted.tolist()
    last = end = 0
    for place in loaded:
        if place >= last:
            first, last = _around(bounds, place)
            sentence = classes[first:last]
            there = [number in sentence for number in _THERE]
        if place >= end:
            begin, end = _around(edges, place)
            comment = classes[begin:end]
            anywhere = [number in comment for number in _WHOLE]
        before, after = subjects.rfind(1, first, place), subjects.find(1, place, last)
        subject, distance = (classes[before], _DISTANCE[min(place - before, 6)]) if before >= 0 else (0, 0)
        between = classes[max(before + 1, first) : place]
        target = classes[after] if after >= 0 else 0
        said = [number in between for number in _BETWEEN]
        yield (classes[place], subject, distance, target, quoted[place], *said, *there, *anywhere)


def _around(edges: list[int], place: int) -> tuple[int, int]:
    at = bisect_right(edges, place)
    return edges[at - 1], edges[at]


@lru_cache(1 << 14)
def _hash(facts: tuple[int, ...]) -> bytes:
    mixed = _USES @ np.array(facts, np.uint64) + _SALT
    mixed ^= mixed >> np.uint64(31)
    mixed *= _SPREAD
    return bytes((mixed >> np.uint64(64 - CLASS_BITS)).astype(np.int32))
