"""What language a comment is written in, where it is not the one that the model has learnt.

Other alphabets are seen by their letters, English by its most common words; what is left is asked of a naive
Bayes classifier over byte n-grams (Lui and Baldwin 2012). Short texts are not guessed at.
"""

import re
from bisect import bisect_right
from collections import Counter
from functools import lru_cache
from threading import Lock

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

#: Letters of another alphabet, words of the Latin one, from which a language is told.
LEAST_LETTERS = 8
LEAST_WORDS = 5
#: Probability of any other language from which a text is held to be none of ours.
SURE = 0.99
#: Share of common English words from which a text is English.
ENGLISH_SHARE = 0.12
#: Characters that are read: more would tell no more.
READ = 1_000

#: First code point of the letters of each script, by its ISO 15924 code; empty where others begin.
_SCRIPTS = [
    *((0, ""), (0x370, "Grek"), (0x400, "Cyrl"), (0x530, "Armn"), (0x590, "Hebr"), (0x600, "Arab")),
    *((0x900, "Deva"), (0x980, "Beng"), (0xA00, "Guru"), (0xA80, "Gujr"), (0xB00, "Orya"), (0xB80, "Taml")),
    *((0xC00, "Telu"), (0xC80, "Knda"), (0xD00, "Mlym"), (0xD80, "Sinh"), (0xE00, "Thai"), (0xE80, "Laoo")),
    *((0xF00, "Tibt"), (0x1000, "Mymr"), (0x10A0, "Geor"), (0x1100, "Kore"), (0x1200, "Ethi")),
    *((0x13A0, ""), (0x1780, "Khmr"), (0x1800, ""), (0x1F00, "Grek"), (0x2000, ""), (0x3040, "Jpan")),
    *((0x3100, ""), (0x3130, "Kore"), (0x3190, ""), (0x3400, "Hani"), (0xA000, ""), (0xAC00, "Kore")),
    *((0xD7B0, ""), (0xFB50, "Arab"), (0xFE00, ""), (0xFE70, "Arab"), (0xFEFF, "")),
]
_FIRST = [first for first, _ in _SCRIPTS]
_OTHER = re.compile("[\u0370-\u1fff\u3040-\ufeff]")
_WORD = re.compile(r"(?<![^\W_])[a-z\u00df-\u024f\u1e00-\u1eff][\w]+(?:['\u2019][a-z]+)?")
#: What is no language: addresses, mark-up, mentions, code.
_NOISE = re.compile(
    r"(?:https?://|www\.)\S+|\S+@\S+|[@#]\w+|<[^<>]{0,500}>|`[^`]{0,2000}`|\S*[\d_\\/{}()=;]\S*"
)

#: Common in English, and rare in other languages of the Latin alphabet.
_ENGLISH = frozenset(
    [
        *("the", "and", "that", "this", "with", "you", "your", "they", "have", "not", "are", "what", "would"),
        *("from", "their", "there", "which", "when", "been", "were", "it's", "i'm", "don't", "about", "if"),
        *("people", "should", "because", "how", "why", "than", "only", "it", "who", "she", "them", "these"),
        *("just", "like", "get", "know", "think", "out", "up", "good", "please", "thanks"),
    ]
)

#: What the identifier is asked about, by ISO 639 code: what people write on blogs, in the Latin alphabet.
_LANGUAGES = frozenset(
    [
        *("af", "az", "bs", "ca", "cs", "da", "de", "en", "es", "et", "fi", "fr", "hr", "hu", "id", "it"),
        *("lt", "lv", "ms", "nl", "no", "pl", "pt", "ro", "sk", "sl", "sq", "sv", "sw", "tl", "tr", "vi"),
    ]
)


#: Whoever asks meanwhile waits for the one that is being loaded.
_loading = Lock()


def foreign(text: str) -> str:
    """Say in what language other than English a comment is written.

    Parameters
    ----------
    text : str
        A comment as received.

    Returns
    -------
    str
        Code of the language (ISO 639) or of its script (ISO 15924); empty for English, and where it cannot
        be told.
    """
    text = text[:READ]
    if not text.isascii() and (script := _script(text)):
        return script
    if _is_english(text.lower().split()):
        return ""
    text = _NOISE.sub(" ", text).replace("\u2019", "'")
    words = _WORD.findall(text.lower() if text.isupper() else text)  # names tell nothing of the language
    if len(set(words)) < LEAST_WORDS or _is_english(_WORD.findall(text.lower())):
        return ""
    with _loading:
        identifier = _identifier()
    ranked = identifier.rank(text.lower())
    english = next(probability for code, probability in ranked if code == "en")
    return str(ranked[0][0]) if 1 - english >= SURE else ""


def _script(text: str) -> str:
    """Return the script that most letters are of, where that is not the Latin one."""
    if not _OTHER.search(text):
        return ""
    letters = [char for char in text if char.isalpha()]
    found = Counter(_SCRIPTS[bisect_right(_FIRST, ord(char)) - 1][1] for char in letters)
    latin = found.pop("", 0)
    others = found.total()
    return found.most_common(1)[0][0] if others >= LEAST_LETTERS and others > latin else ""


def _is_english(words: list[str]) -> bool:
    return sum(map(_ENGLISH.__contains__, words)) > ENGLISH_SHARE * len(words)


@lru_cache(1)
def _identifier() -> LanguageIdentifier:
    """Load the identifier when first asked, for those languages: a third of its memory."""
    whole = LanguageIdentifier.from_model_file(MODEL_FILE)
    columns = [at for at, code in enumerate(whole.nb_classes) if code in _LANGUAGES]
    return LanguageIdentifier(
        np.ascontiguousarray(whole.nb_ptc[:, columns]), whole.nb_pc[columns],
        [whole.nb_classes[at] for at in columns], whole.tk_nextmove, whole.tk_output,
        norm_probs=True, tk_row=whole.tk_row,
    )  # fmt: skip
