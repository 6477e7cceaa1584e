"""What a comment looks like, apart from its words: links, capitals, length, who signed it."""

import re

from classifier.text import Document

#: Named features in the order of the columns; those of SPAM_ONLY count for the label spam and no other.
FIELDS = (
    "capitals",
    "exclamations",
    "digits",
    "emoji",
    "short",
    "long",
    "paragraphs",
    "links",
    "link only",
    "telephone or e-mail",
    "money",
    "author URL",
    "author is a phrase",
    "author e-mail has digits",
)
SPAM_ONLY = FIELDS[FIELDS.index("links") :]

_LINK = re.compile(
    r"https?://|www\.|\[url|<a\s|\b[a-z0-9-]{2,40}\.(?:com|net|org|info|biz|shop|site|online|xyz|top|ru|example|test)\b"
)
_MAYBE_LINK = re.compile(
    r"://|www\.|\[url|<a|\.(?:com|net|org|info|biz|shop|site|online|xyz|top|ru|example|test)\b"
)
_CONTACT = re.compile(r"\d[\d\s().-]{7,18}\d|[\w.+-]{1,60}@[\w-]{1,60}\.\w{2,}")
_MONEY = re.compile(r"[$€£₹]\s?\d|\d\s?(?:%|usd|eur|btc|dollars)")
_CAPITALS = re.compile(r"[A-Z]{3,}")
_DIGIT = re.compile(r"\d")


def fields(document: Document) -> list[float]:
    """Measure the structure of a comment.

    Parameters
    ----------
    document : Document
        A comment with what is known of its author.

    Returns
    -------
    list of float
        One value in [0, 1] for each of FIELDS.
    """
    text = document.text
    lower = text.lower()
    digits = len(_DIGIT.findall(text))
    return [*_of_form(text, digits), *_of_links(lower, digits), *_of_author(document)]


def _up_to(count: int, most: int) -> float:
    return min(count, most) / most


def _of_form(text: str, digits: int) -> list[float]:
    size = len(text)
    return [
        _up_to(len(_CAPITALS.findall(text)), 6),
        _up_to(text.count("!"), 5),
        _up_to(digits, 12),
        0.0 if text.isascii() else _up_to(sum(char >= "\u2600" for char in text), 5),
        max(0.0, 1 - size / 60),
        _up_to(size, 1500),
        _up_to(text.count("\n"), 6),
    ]


def _of_links(text: str, digits: int) -> list[float]:
    links = len(_LINK.findall(text)) if _MAYBE_LINK.search(text) else 0
    reachable = digits > 7 or "@" in text
    return [
        _up_to(links, 3),
        float(links > 0 and len(text) < 80),
        float("telegram" in text or "whatsapp" in text or (reachable and _CONTACT.search(text) is not None)),
        float(digits > 0 and _MONEY.search(text) is not None),
    ]


def _of_author(document: Document) -> list[float]:
    if not (document.author or document.author_url or document.author_email):
        return [0.0, 0.0, 0.0]
    return [
        float(bool(document.author_url)),
        _up_to(document.author.count(" "), 4),
        float(any(char.isdigit() for char in document.author_email.partition("@")[0])),
    ]
