"""The same said of another group: what no label depends on must carry no weight (Dixon et al. 2018)."""

import re

#: Words that can stand for each other: nouns in the plural, then adjectives. Other groups have no such twins.
_NOUNS = (
    *("muslims", "jews", "christians", "hindus", "sikhs", "buddhists", "catholics", "immigrants", "migrants"),
    *("refugees", "foreigners", "africans", "asians", "arabs", "indians", "pakistanis", "afghans", "syrians"),
    *("turks", "kurds", "somalis", "nigerians", "mexicans", "latinos", "poles", "romanians", "russians"),
    *("ukrainians", "gypsies", "women", "gays", "lesbians", "homosexuals", "feminists", "palestinians"),
    *("black people", "gay people", "trans people", "disabled people", "asylum seekers", "black women"),
)
_ADJECTIVES = (
    *("muslim", "jewish", "christian", "hindu", "sikh", "buddhist", "catholic", "immigrant", "migrant"),
    *("refugee", "african", "asian", "arab", "indian", "pakistani", "afghan", "syrian"),
    *("turkish", "kurdish", "somali", "nigerian", "mexican", "latino", "polish", "romanian", "russian"),
    *("ukrainian", "gay", "lesbian", "transgender", "palestinian", "jamaican", "vietnamese", "korean"),
)
_SETS = {word: words for words in (_NOUNS, _ADJECTIVES) for word in words}
_FIRST_WORDS = {words.split()[0] for words in _SETS}
_WORD = re.compile("[a-z]+")
_FOUND = re.compile(rf"\b(?:(an?)(\s+))?({'|'.join(sorted(_SETS, key=len, reverse=True))})\b", re.IGNORECASE)


def swap_groups(text: str, turn: int) -> str | None:
    """Put other groups in place of those named.

    Parameters
    ----------
    text : str
        As received.
    turn : int
        Chooses the other groups; two that were different remain so.

    Returns
    -------
    str or None
        The same text of other groups, or None if it names none that can be swapped.
    """
    if _FIRST_WORDS.isdisjoint(_WORD.findall(text.lower())):  # five times as fast as the pattern below
        return None
    swapped = _FOUND.sub(lambda found: _other(found, turn), text)
    return None if swapped == text else swapped


def _other(found: re.Match[str], turn: int) -> str:
    article, gap, word = found.groups()
    words = _SETS[word.lower()]
    other = words[(words.index(word.lower()) + 1 + turn % (len(words) - 1)) % len(words)]
    if article:
        fitting = "an" if other[0] in "aiou" else "a"
        article = fitting.capitalize() if article[0].isupper() else fitting
    styled = other.upper() if word.isupper() else other.capitalize() if word[0].isupper() else other
    return f"{article or ''}{gap or ''}{styled}"
