"""What of a comment its author quotes, and what are their own words."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from classifier.text import MAX_TEXT, Document

#: Quotations that are told apart; what is quoted after them counts as own words.
MAX_QUOTES = 8
#: Own words of substance without which a comment is nothing but its quotation: where the quoted words are
#: seen in the parent or the title, and where they may be the author's, dressed up as somebody else's.
LEAST_KNOWN, LEAST_UNKNOWN = 2, 4
#: Words of a quotation in marks from which it can be told from a word that is only mentioned.
LEAST_QUOTED = 3

_TAG = re.compile(r"<(/?)blockquote\b[^<>]{0,500}>", re.IGNORECASE)
_LINES = re.compile(
    r"(?:^[ \t]*(?:>|&gt;)[^\n]*(?:\n|\Z))+|(?:(?<=<p>)|(?<=<br>)|(?<=r/>)|(?<=r />))\s*&gt;[^<>]*",
    re.MULTILINE,
)
#: As they are typed, and as blogs write them into HTML. What an apostrophe ends may hold others.
_MARKED = re.compile(
    r"“[^“”]{9,2000}”|«[^«»]{9,2000}»|„[^„“”]{9,2000}[“”]|\u2039[^\u2039\u203a]{9,2000}\u203a|\"[^\"\n]{9,2000}\""
    r"|\u2018[^\u2018\n]{9,2000}?\u2019(?!\w)|(?<!\w)'[^\n]{9,500}?'(?!\w)|<q\b[^<>]{0,100}>[^<>]{9,2000}</q>"
    r"|&(?:quot|ldquo|#34|#8220);[^\n]{9,2000}?&(?:quot|rdquo|#34|#8221);"
    r"|&(?:lsquo|#39|#8216);[^\n]{9,2000}?&(?:rsquo|#39|#8217);(?!\w)"
)
_WORD = re.compile(r"\w+")
#: Agreement adds nothing: who only agrees has said what the quotation says.
_AGREEMENT = """
    a absolutely agree agreed all always amen and are as better bravo could couldn couldnt did do exactly
    every everything fact facts finally fully good great have he hear i in indeed is it just literally loud
    me more much my myself nail nailed of oh ok on one out point precisely really right said same say says
    she so someone speaks spoken spot t thank thanks that the this thought totally true truer truth very
    well what with word words would yep yes you your s 100 1
"""
_AGREEING = frozenset(_AGREEMENT.split())


@dataclass(frozen=True, slots=True)
class Parts:
    """A comment taken apart.

    Attributes
    ----------
    own : Document
        The author's own words, or the whole comment where there are too few of them.
    pieces : tuple of (int, int)
        Where each piece of the own words begins: in them, and in the original.
    quotes : tuple of (int, int)
        Half-open spans of the original, sorted, without overlap.
    """

    own: Document
    pieces: tuple[tuple[int, int], ...] = ((0, 0),)
    quotes: tuple[tuple[int, int], ...] = ()

    def original(self, place: int) -> int:
        """Find a character of the own words in the original.

        Parameters
        ----------
        place : int
            In the own words.

        Returns
        -------
        int
            In the comment as received.
        """
        begun, there = self.pieces[bisect_right(self.pieces, (place, MAX_TEXT)) - 1]
        return place - begun + there


def split(document: Document) -> Parts:
    """Tell quotations from the author's own words.

    Parameters
    ----------
    document : Document
        A comment; its parent and the title of its post tell which words in quotation marks are quoted.

    Returns
    -------
    Parts
        Without quotes where there are none, or nothing of substance beside them.
    """
    text = document.text
    if not (">" in text or "&gt;" in text or document.parent or document.post_title):
        return Parts(document)
    quotes = list(_quotes(document))[:MAX_QUOTES]
    if not quotes:
        return Parts(document)
    own, pieces = text[: quotes[0][0]], [(0, 0)]
    for (_, end), (following, _) in zip(quotes, [*quotes[1:], (len(text), 0)], strict=True):
        own += "\n" if text[end - 1] in "\n>" else " "
        pieces.append((len(own), end))
        own += text[end:following]
    if _substance(own) < (LEAST_KNOWN if _known(document, quotes) else LEAST_UNKNOWN):
        return Parts(document)
    return Parts(replace(document, text=own), tuple(pieces), tuple(quotes))


def _substance(own: str) -> int:
    return sum(word not in _AGREEING for word in _WORD.findall(own.lower()))


def _quotes(document: Document) -> Iterator[tuple[int, int]]:
    """Yield quotations in order, the outermost of those that lie in each other."""
    text = document.text[:MAX_TEXT]
    found = [*_blocks(text), *(match.span() for match in _LINES.finditer(text))]
    if document.parent or document.post_title:
        marked = (match.span() for match in _MARKED.finditer(text))
        context = _shingles(document.parent) | _shingles(document.post_title)
        found += [span for span in marked if _is_of(text[slice(*span)], context)]
    done = 0
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        if start >= done:
            yield start, end
            done = end


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    depth, start = 0, 0
    for tag in _TAG.finditer(text):
        if not tag.group(1):
            start = start if depth else tag.start()
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                yield start, tag.end()


def _known(document: Document, quotes: list[tuple[int, int]]) -> bool:
    """Tell whether all that is quoted was said in the parent or the title."""
    context = _shingles(document.parent) | _shingles(document.post_title)
    return all(_is_of(document.text[start:end], context) for start, end in quotes)


def _is_of(quote: str, context: set[tuple[str, ...]]) -> bool:
    """Tell whether at least half of the word trigrams of a quotation are known."""
    said = _shingles(quote)
    return len(said & context) * 2 >= len(said) > 0


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = [word for word in _WORD.findall(text.lower()) if word not in {"blockquote", "gt", "p"}]
    return {tuple(words[at : at + LEAST_QUOTED]) for at in range(len(words) - LEAST_QUOTED + 1)}
