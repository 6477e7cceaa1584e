"""From documents to rows of one table: blocks of hashed n-grams, and named fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifier.features import (
    CHAR_BITS,
    WORD_BITS,
    WORD_ORDERS,
    Batch,
    Buckets,
    Words,
    char_grams,
    lay_out,
    sequence_grams,
)
from classifier.lexicon import Lexicon
from classifier.quoting import split
from classifier.stance import CLASS_BITS, CLASS_ORDERS, class_tokens, read, relations
from classifier.structure import fields
from classifier.text import Document, Normalised, normalise

#: Changes whenever the same comment would be encoded otherwise: a model fits one format only.
FORMAT = 4
AUTHOR_BITS = 15
_SIZES = {
    "char": 1 << CHAR_BITS,
    "word": 1 << WORD_BITS,
    "class": 1 << CLASS_BITS,
    "relation": 1 << CLASS_BITS,
    "author": 1 << AUTHOR_BITS,
}
_FIRST = dict(zip(_SIZES, np.cumsum([0, *_SIZES.values()]), strict=False))
#: Rows of the table of all blocks. Those of `classifier.stance`, word classes and relations, stand together;
#: those of the author's name and addresses come last.
TABLE_SIZE = sum(_SIZES.values())
BLOCK_FIRST = np.array(list(_FIRST.values()))
AUTHOR_FIRST = int(_FIRST["author"])
STANCE = slice(int(_FIRST["class"]), AUTHOR_FIRST)
AUTHOR_FIELD = "author"


class Block(NamedTuple):
    """The n-grams of one kind in a batch.

    Attributes
    ----------
    rows : ndarray of shape (n_places, n_orders)
        Row of the table of the n-gram at each place.
    edges : ndarray of shape (n_documents + 1,)
        Where each comment's places begin.
    """

    rows: NDArray[np.int64]
    edges: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Encoding:
    """A batch of comments as rows of the table.

    Attributes
    ----------
    blocks : dict of str to Block
        By kind; each is normalised to length one by itself.
    fields : ndarray of shape (n_documents, n_fields)
        Structure, in [0, 1].
    texts : sequence of Normalised
        The folded comments.
    batch, words : Batch, Words
        The places that the rows of the blocks "char" and "word" belong to, by comment.
    class_words, loaded : ndarray
        The word of each place of the blocks "class" and "relation".
    """

    blocks: dict[str, Block]
    fields: NDArray[np.float64]
    texts: Sequence[Normalised]
    batch: Batch
    words: Words
    class_words: NDArray[np.intp]
    loaded: NDArray[np.intp]


def encode(documents: Sequence[Document], lexicon: Lexicon) -> Encoding:
    """Encode the authors' own words.

    Parameters
    ----------
    documents : sequence of Document
        At least one.
    lexicon : Lexicon
        The word classes.

    Returns
    -------
    Encoding
        Of the comments without what they quote.
    """
    return encode_whole([split(document).own for document in documents], lexicon)


def encode_whole(documents: Sequence[Document], lexicon: Lexicon) -> Encoding:
    """Encode comments with all that they quote.

    Parameters
    ----------
    documents : sequence of Document
        At least one.
    lexicon : Lexicon
        The word classes.

    Returns
    -------
    Encoding
        Their n-grams and fields.
    """
    texts = [normalise(document.text) for document in documents]
    batch, reading = lay_out(texts), read([text.spelt for text in texts], lexicon)
    words = reading.words
    classes, class_words, class_edges = class_tokens(reading)
    size = len(words.hashes)
    grams = sequence_grams(
        np.concatenate([words.hashes, classes]),
        np.concatenate([words.edges, class_edges[1:] + size]),
        CLASS_ORDERS,
        WORD_BITS,
    )
    related, loaded = relations(reading)
    blocks = {
        "char": _block("char", char_grams(batch), batch.edges),
        "word": _block("word", grams[:size, : len(WORD_ORDERS)], words.edges),
        "class": _block("class", grams[size:] >> (WORD_BITS - CLASS_BITS), class_edges),
        "relation": _block("relation", related, loaded.searchsorted(words.edges)),
    }
    authors = [_signature(document) for document in documents]
    if any(authors):
        signed = read([normalise(author).spelt for author in authors], lexicon).words
        grams = sequence_grams(signed.hashes, signed.edges, WORD_ORDERS[:2], AUTHOR_BITS)
        blocks["author"] = _block("author", grams, signed.edges)
    return Encoding(blocks, fields(documents), texts, batch, words, class_words, loaded)


def _block(kind: str, grams: Buckets, edges: NDArray[np.intp]) -> Block:
    return Block(grams + _FIRST[kind], edges)


def _signature(document: Document) -> str:
    """Join what tells who signed: the name, and of the addresses their hosts."""
    if not (document.author or document.author_url or document.author_email):
        return ""
    host = document.author_url.partition("://")[2].partition("/")[0]
    domain = document.author_email.rpartition("@")[2]
    return " ".join(part for part in (document.author, "site", host, "mail", domain) if part)
