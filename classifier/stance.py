"""The delexicalised channel: classes in place of words, and who is likened to what, by whom, how.

"All GROUP are VERMIN" is learnt once for every group, and "nobody should say that GROUP are VERMIN" as its
opposite. Everything is computed for a whole batch at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.characters import look_up
from classifier.features import Batch, Buckets, Words
from classifier.lexicon import LOADED, NUMBER, SUBJECTS, Lexicon

CLASS_BITS = 17
CLASS_ORDERS = (1, 2, 3, 4)

_Places = NDArray[np.intp]
_Ints = NDArray[np.int64]
_Flags = NDArray[np.bool_]
_Hashes = NDArray[np.uint64]

_STOP = np.uint64(0x5851F42D4C957F2D)
_QUOTED = np.uint64(0x14057B7EF767814F)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


def _members(names: tuple[str, ...]) -> _Flags:
    table = np.zeros(len(NUMBER), bool)
    table[[NUMBER[name] for name in names]] = True
    return table


_IS_LOADED = _members(LOADED)
_IS_SUBJECT = _members(SUBJECTS)
_FUNCTION, _NAME, _OTHER = NUMBER["FUNCTION"], NUMBER["NAME"], NUMBER["OTHER"]
_TOKENS = np.arange(1, len(NUMBER) + 1, dtype=np.uint64) * _SPREAD
_BITS = np.int64(1) << np.arange(len(NUMBER), dtype=np.int64)
#: Ends of sentences count in the lower half of a number, quotation marks in the upper.
_MARKS = np.zeros(129, np.int64)
_MARKS[[ord(char) for char in ".!?;:\n"]] = 1
_MARKS[ord('"')] = 1 << 32
_HALF = np.int64((1 << 32) - 1)
_UPPER = np.int64(32)

#: Counts of these classes share one number, sixteen bits each.
_BETWEEN = np.zeros(len(NUMBER), np.int64)
_BETWEEN[[NUMBER[name] for name in ("NEG", "LIKE", "BE", "SAY")]] = 1 << np.arange(0, 64, 16)
_FIELDS = np.arange(0, 64, 16)[:, None]
#: How far the subject stands: next to it, near, far.
_DISTANCE = np.array([0, 0, 0, 1, 1, 1, 2], np.uint64)
_BEFORE_ALL = np.array([-1])
_NOTHING = np.zeros(1, np.int64)
_THERE = np.array([[NUMBER[name]] for name in ("NEG", "MODAL", "ME", "SAY", "CONDEMN", "LITERAL")])
_WHOLE = np.array([[NUMBER[name]] for name in ("NEG", "CONDEMN", "LITERAL", "WORD")])
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
_SALT = np.random.default_rng(4).integers(1, 1 << 63, (RELATIONS, 1)).astype(np.uint64)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the words of a batch stand for.

    Attributes
    ----------
    classes : ndarray of shape (n_words,)
        Number in CLASSES.
    initial : ndarray of shape (n_words,), bool
        First of a sentence; no sentence is shared by two comments.
    quoted : ndarray of shape (n_words,), bool
        Between quotation marks.
    """

    classes: NDArray[np.uint8]
    initial: _Flags
    quoted: _Flags


def read(batch: Batch, words: Words, capitals: _Flags, lexicon: Lexicon) -> Reading:
    """Find class, sentence and quotation of each word.

    Parameters
    ----------
    batch, words : Batch, Words
        Comments and their words.
    capitals : ndarray of shape (n_chars,), bool
        Characters that are capital letters in the original.
    lexicon : Lexicon
        The classes.

    Returns
    -------
    Reading
        Of all words.
    """
    marks = look_up(_MARKS, batch.codes).cumsum()
    passed = marks.take(words.starts)
    before = marks.take(batch.edges[:-1]).repeat(words.edges[1:] - words.edges[:-1])
    initial = np.ones(len(passed), bool)
    stops = passed & _HALF
    initial[1:] = stops[1:] != stops[:-1]
    initial[words.edges[words.edges < len(initial)]] = True
    quoted = ((passed - before) >> _UPPER & 1).astype(bool)
    classes = lexicon.look_up(words.hashes)
    names = capitals.take(words.starts)
    names &= classes == _OTHER
    names &= ~initial
    classes[names] = _NAME
    return Reading(classes, initial, quoted)


def class_tokens(words: Words, reading: Reading) -> tuple[_Hashes, _Places, _Places]:
    """Spell comments by classes: a run of other words counts as one, the end of a sentence as a word.

    Parameters
    ----------
    words : Words
        The words of a batch.
    reading : Reading
        What they stand for.

    Returns
    -------
    tokens : ndarray of shape (n_tokens,), uint64
        Hash of each.
    token_words : ndarray of shape (n_tokens,)
        The word that each token stands for.
    edges : ndarray of shape (n_documents + 1,)
        Where each comment's tokens begin.
    """
    classes = reading.classes
    ends = reading.initial.copy()
    ends[words.edges[words.edges < len(ends)]] = False
    other = classes == _OTHER
    counts = np.ones(len(classes) + 1, np.intp)
    counts[1:-1] -= other[1:] & other[:-1] & ~reading.initial[1:]
    counts[:-1] += ends
    counts[-1] = 0
    tokens = _TOKENS.take(classes)
    own = (classes == _FUNCTION).nonzero()[0]
    tokens[own] ^= words.hashes[own]
    tokens[reading.quoted] ^= _QUOTED
    firsts = counts.cumsum() - counts
    token_words = np.arange(len(classes)).repeat(counts[:-1])
    tokens = tokens.take(token_words)
    tokens[firsts[:-1][ends]] = _STOP
    return tokens, token_words, firsts.take(words.edges)


def relations(words: Words, reading: Reading) -> tuple[Buckets, _Places]:
    """Hash what each loaded word is said of, and how.

    Parameters
    ----------
    words : Words
        The words of a batch.
    reading : Reading
        What they stand for.

    Returns
    -------
    grams : ndarray of shape (n_loaded, RELATIONS), int32
        Buckets.
    loaded : ndarray of shape (n_loaded,)
        The words that are loaded.
    """
    loaded = _IS_LOADED.take(reading.classes).nonzero()[0]
    if not len(loaded):
        return np.zeros((0, RELATIONS), np.int32), loaded
    mixed = _USES @ _facts(loaded, reading, words) + _SALT
    mixed ^= mixed >> np.uint64(31)
    mixed *= _SPREAD
    return (mixed >> np.uint64(64 - CLASS_BITS)).T.astype(np.int32, order="C"), loaded


def _facts(loaded: _Places, reading: Reading, words: Words) -> _Hashes:
    """Say of each loaded word what stands around it, one row for each of _FACTS."""
    classes = reading.classes
    bits = _BITS.take(classes)
    begins = reading.initial.nonzero()[0]
    sentences = begins.searchsorted(loaded, "right") - 1
    first = begins.take(sentences)
    last = np.concatenate([begins[1:], words.edges[-1:]]).take(sentences)
    before, after = _nearest(_IS_SUBJECT.take(classes), loaded)
    counts = np.zeros(len(classes) + 1, np.int64)
    _BETWEEN.take(classes).cumsum(out=counts[1:])
    since = counts.take(loaded) - counts.take(np.maximum(before + 1, first))
    there = np.bitwise_or.reduceat(bits, begins).take(sentences)
    whole = _sets(bits, words.edges).take(words.edges.searchsorted(loaded, "right") - 1)
    facts = np.empty((len(_FACTS), len(loaded)), np.uint64)
    facts[0] = classes.take(loaded)
    in_sentence = before >= first
    facts[1] = classes.take(before, mode="clip") * in_sentence
    facts[2] = _DISTANCE.take(loaded - before, mode="clip") * in_sentence
    facts[3] = classes.take(after, mode="clip") * (after < last)
    facts[4] = reading.quoted.take(loaded)
    facts[5:9] = since >> _FIELDS & 0xFFFF != 0
    facts[9:15] = there >> _THERE & 1
    facts[15:] = whole >> _WHOLE & 1
    return facts


def _nearest(flags: _Flags, places: _Places) -> tuple[_Places, _Places]:
    """Return the nearest flagged places before and after, or -1 and the end of all."""
    flagged = np.concatenate([_BEFORE_ALL, flags.nonzero()[0], np.array([len(flags)])])
    at = flagged.searchsorted(places)
    return flagged.take(at - 1), flagged.take(at)


def _sets(bits: _Ints, edges: _Places) -> _Ints:
    """Return the set of classes, as bits, between one edge and the next; of an empty stretch, nothing."""
    found = np.bitwise_or.reduceat(np.concatenate([bits, _NOTHING]), edges)
    found[:-1][edges[1:] == edges[:-1]] = 0
    return found
