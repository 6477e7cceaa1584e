"""What a comment looks like, apart from its words: links, capitals, length, who signed it."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifier.text import Document

#: Named features in the order of the columns, and how much of each is 1.
_MOST = {
    "capitals": 6,
    "exclamations": 5,
    "digits": 12,
    "emoji": 5,
    "short": 60,
    "long": 1500,
    "paragraphs": 6,
    "links": 3,
    "link only": 1,
    "telephone or e-mail": 1,
    "money": 1,
    "author URL": 1,
    "author is a phrase": 4,
    "author e-mail has digits": 1,
}
FIELDS = tuple(_MOST)
_ONE = np.array(list(_MOST.values()), float)
#: Those that count for the label spam and no other.
SPAM_ONLY = FIELDS[FIELDS.index("links") :]

_LINK = re.compile(
    r"https?://|www\.|\[url|<a\s|\b[a-z0-9-]{2,40}\.(?:com|net|org|info|biz|shop|site|online|xyz|top|ru|example|test)\b"
)
_ENDING = re.compile(r"\.(?:com|net|org|info|biz|shop|site|online|xyz|top|ru|example|test)\b")
_CONTACT = re.compile(r"\d[\d\s().-]{7,18}\d|[\w.+-]{1,60}@[\w-]{1,60}\.\w{2,}")
_MONEY = re.compile(r"[$€£₹\d](?:(?<=[$€£₹])\s?\d|(?<=\d)\s?(?:%|usd|eur|btc|dollars))")
_CAPITALS = re.compile(r"[A-Z][A-Z][A-Z]+")
_DIGIT = re.compile(r"\d")
_DIGITS = b"0123456789"


def fields(documents: Sequence[Document]) -> NDArray[np.float64]:
    """Measure the structure of comments.

    Parameters
    ----------
    documents : sequence of Document
        Comments, n of them, with what is known of their authors.

    Returns
    -------
    ndarray of shape (n, len(FIELDS))
        Values in [0, 1].
    """
    measured = np.array([_measure(document) for document in documents], float)
    return np.asarray(np.minimum(measured, _ONE) / _ONE, np.float64)


def _measure(document: Document) -> tuple[int, ...]:
    text = document.text
    size, is_ascii = len(text), text.isascii()
    digits = size - len(text.encode().translate(None, _DIGITS)) if is_ascii else len(_DIGIT.findall(text))
    return (
        len(_CAPITALS.findall(text)),
        text.count("!"),
        digits,
        0 if is_ascii else sum(char >= "\u2600" for char in text),
        max(0, 60 - size),
        size,
        text.count("\n"),
        *_of_links(text.lower(), digits),
        *_of_author(document),
    )


def _of_links(text: str, digits: int) -> tuple[int, int, bool, bool]:
    marked = "://" in text or "www." in text or "[url" in text or "<a" in text or _ENDING.search(text)
    links = len(_LINK.findall(text)) if marked else 0
    reachable = digits > 7 or "@" in text
    return (
        links,
        links > 0 and len(text) < 80,
        "telegram" in text or "whatsapp" in text or (reachable and _CONTACT.search(text) is not None),
        digits > 0 and _MONEY.search(text) is not None,
    )


def _of_author(document: Document) -> tuple[bool, int, bool]:
    if not (document.author or document.author_url or document.author_email):
        return (False, 0, False)
    return (
        bool(document.author_url),
        document.author.count(" "),
        any(char.isdigit() for char in document.author_email.partition("@")[0]),
    )
