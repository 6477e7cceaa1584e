"""The delexicalised channel: classes in place of words, and who is likened to what, by whom, how.

"All GROUP are VERMIN" is learnt once for every group, and "nobody should say that GROUP are VERMIN" as its
opposite. Everything is computed for a whole batch at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.features import Batch, Buckets, Words, sequence_grams
from classifier.lexicon import LOADED, NUMBER, SUBJECTS, Lexicon

CLASS_BITS = 17
CLASS_ORDERS = (1, 2, 3, 4)

_Places = NDArray[np.intp]
_Ints = NDArray[np.int64]

_ZERO = np.zeros(1, np.intp)
_SHIFT = np.uint64(1)
_STOP = np.uint64(0x5851F42D4C957F2D)
_QUOTED = np.uint64(0x14057B7EF767814F)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


def _members(names: tuple[str, ...]) -> NDArray[np.bool_]:
    table = np.zeros(len(NUMBER), bool)
    table[[NUMBER[name] for name in names]] = True
    return table


_IS_LOADED = _members(LOADED)
_IS_SUBJECT = _members(SUBJECTS)
_FUNCTION, _NAME, _OTHER = NUMBER["FUNCTION"], NUMBER["NAME"], NUMBER["OTHER"]
_BREAKS = np.zeros(128, bool)
_BREAKS[[ord(char) for char in ".!?;:\n"]] = True


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
_USES = np.random.default_rng(3).integers(1, 1 << 63, _USED.shape).astype(np.uint64) * _USED
_SALT = np.random.default_rng(4).integers(1, 1 << 63, RELATIONS).astype(np.uint64)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the words of a batch stand for.

    Attributes
    ----------
    classes : ndarray of shape (n_words,)
        Number in CLASSES.
    sentences : ndarray of shape (n_words,)
        Number of the sentence, ascending; never shared by two comments.
    quoted : ndarray of shape (n_words,), bool
        Between quotation marks.
    """

    classes: NDArray[np.uint8]
    sentences: _Ints
    quoted: NDArray[np.bool_]


def read(batch: Batch, words: Words, capitals: NDArray[np.bool_], lexicon: Lexicon) -> Reading:
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
    documents = np.repeat(np.arange(len(words.edges) - 1), np.diff(words.edges))
    breaks = np.cumsum(_BREAKS[np.minimum(batch.codes, 127)])
    sentences = breaks[words.starts] + documents
    marks = np.cumsum(batch.codes == 34)
    quoted = (marks[words.starts] - marks[batch.edges[:-1]][documents]) % 2 == 1
    classes = lexicon.look_up(words.hashes)
    initial = np.ones(len(sentences), bool)
    initial[1:] = sentences[1:] != sentences[:-1]
    names = (classes == _OTHER) & ~initial & capitals[words.starts]
    return Reading(np.where(names, _NAME, classes).astype(np.uint8), sentences, quoted)


def class_grams(words: Words, reading: Reading) -> tuple[Buckets, _Places, _Places]:
    """Hash the n-grams of classes: a run of other words counts as one, the end of a sentence as a word.

    Parameters
    ----------
    words : Words
        The words of a batch.
    reading : Reading
        What they stand for.

    Returns
    -------
    grams : ndarray of shape (n_tokens, len(CLASS_ORDERS)), int32
        Buckets.
    token_words : ndarray of shape (n_tokens,)
        The word that each token stands for.
    edges : ndarray of shape (n_documents + 1,)
        Where each comment's tokens begin.
    """
    ends = np.zeros(len(reading.classes), bool)
    ends[1:] = reading.sentences[1:] != reading.sentences[:-1]
    other = reading.classes == _OTHER
    repeated = np.zeros(len(other), bool)
    repeated[1:] = other[1:] & other[:-1] & ~ends[1:]
    ends[words.edges[words.edges < len(ends)]] = False
    counts = (~repeated).astype(np.intp) + ends
    token_words = np.repeat(np.arange(len(counts)), counts)
    tokens = (reading.classes + _SHIFT) * _SPREAD
    own = reading.classes == _FUNCTION
    tokens[own] ^= words.hashes[own]
    tokens[reading.quoted] ^= _QUOTED
    tokens = tokens[token_words]
    edges = np.concatenate([_ZERO, np.cumsum(counts)])[words.edges]
    tokens[(np.cumsum(counts) - counts)[ends]] = _STOP
    return sequence_grams(tokens, edges, CLASS_ORDERS, CLASS_BITS), token_words, edges


def relations(words: Words, reading: Reading) -> Buckets:
    """Hash what each loaded word is said of, and how.

    Parameters
    ----------
    words : Words
        The words of a batch.
    reading : Reading
        What they stand for.

    Returns
    -------
    ndarray of shape (n_words, RELATIONS), int32
        Buckets; 0 for words that are not loaded.
    """
    found = np.zeros((len(words.hashes), RELATIONS), np.int32)
    loaded = np.flatnonzero(_IS_LOADED[reading.classes])
    if len(loaded):
        found[loaded] = _relate(loaded, reading, words)
    return found


def _relate(loaded: _Places, reading: Reading, words: Words) -> Buckets:
    """Hash conjunctions of what stands around each loaded word; _USES says which conjunction has which."""
    classes, sentences = reading.classes.astype(np.int64), reading.sentences
    before, after = _nearest(_IS_SUBJECT[classes], loaded, sentences)
    since = np.maximum(before, np.searchsorted(sentences, sentences[loaded]) - 1)
    between = [(_last(classes == number)[loaded] > since) for number in _BETWEEN]
    there = _present(classes, np.searchsorted(sentences, sentences[loaded]), sentences, loaded)
    whole = _sets(classes, words.edges)[np.searchsorted(words.edges, loaded, "right") - 1]
    facts = np.stack(
        [
            classes[loaded],
            np.where(before >= 0, classes[before], 0),
            np.where(before >= 0, np.digitize(loaded - before, (3, 6)), 0),
            np.where(after >= 0, classes[after], 0),
            reading.quoted[loaded],
            *between,
            *((there >> number) & 1 for number in _THERE),
            *((whole >> number) & 1 for number in _WHOLE),
        ],
        axis=1,
    ).astype(np.uint64)
    mixed = facts @ _USES + _SALT
    mixed = (mixed ^ (mixed >> np.uint64(31))) * _SPREAD
    return np.asarray(mixed >> np.uint64(64 - CLASS_BITS), np.int32)


def _last(flags: NDArray[np.bool_]) -> _Places:
    """Return the last place before or at each word where the flag is set, or -1."""
    return np.maximum.accumulate(np.where(flags, np.arange(len(flags)), -1))


def _nearest(flags: NDArray[np.bool_], places: _Places, sentences: _Ints) -> tuple[_Places, _Places]:
    """Return the nearest flagged places of the same sentence before and after, or -1."""
    size = len(flags)
    before = _last(flags)[places]
    after = size - 1 - _last(flags[::-1])[::-1][places]
    before = np.where((before >= 0) & (sentences[before] == sentences[places]), before, -1)
    inside = after < size
    after = np.where(inside & (sentences[np.minimum(after, size - 1)] == sentences[places]), after, -1)
    return before, after


def _present(classes: _Ints, firsts: _Places, sentences: _Ints, loaded: _Places) -> _Ints:
    """Return the set of classes, as bits, in the sentence of each loaded word."""
    ends = np.searchsorted(sentences, sentences[loaded], "right")
    return _sets(classes, np.stack([firsts, ends], axis=1).ravel())[::2]


def _sets(classes: _Ints, edges: _Places) -> _Ints:
    """Return the set of classes, as bits, between one edge and the next; of an empty stretch, nothing."""
    bits = np.append(np.int64(1) << classes, np.int64(0))
    found = np.bitwise_or.reduceat(bits, edges)
    return np.where(np.append(edges[1:], len(classes)) > edges, found, 0)
