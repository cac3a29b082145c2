"""Abbreviations by context: titles, streets and saints, Latin, references, initials, acronyms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from tasks.segment.rules.base import Context, words

# Written before a name. The full stop is optional for those that British books print without.
TITLES = {
    "Mr": "Mister",
    "Mrs": "Missus",
    "Ms": "Miz",
    "Messrs": "Messieurs",
    "Mme": "Madame",
    "Mlle": "Mademoiselle",
    "Prof": "Professor",
    "Rev": "Reverend",
    "Revd": "Reverend",
    "Hon": "Honorable",
    "Gen": "General",
    "Col": "Colonel",
    "Maj": "Major",
    "Capt": "Captain",
    "Lieut": "Lieutenant",
    "Lt": "Lieutenant",
    "Sgt": "Sergeant",
    "Cpl": "Corporal",
    "Adm": "Admiral",
    "Gov": "Governor",
    "Sen": "Senator",
    "Supt": "Superintendent",
    "Insp": "Inspector",
    "Mt": "Mount",
}
_UNSTOPPED = ("Mr", "Mrs", "Ms", "Messrs", "Mme", "Mlle", "Revd")

# Said wherever they stand; the full stop stays when it also ends the sentence.
GENERAL = {
    "Jr": "Junior",
    "Sr": "Senior",
    "Esq": "Esquire",
    "Ltd": "Limited",
    "Inc": "Incorporated",
    "Corp": "Corporation",
    "Co": "Company",
    "Bros": "Brothers",
    "Ave": "Avenue",
    "Blvd": "Boulevard",
    "Rd": "Road",
    "Dept": "Department",
    "etc": "et cetera",
    "&c": "et cetera",
    "viz": "namely",
    "cf": "compare",
    "vs": "versus",
    "approx": "approximately",
    "i.e": "that is",
    "e.g": "for example",
    "et al": "and others",
    "ibid": "ibidem",
    "ult": "ultimo",
    "inst": "instant",
    "prox": "proximo",
    "Ph.D": "P H D",
    "A.D": "A D",
    "B.C": "B C",
    "B.C.E": "B C E",
    "P.S": "P S",
}
_NEVER_LAST = frozenset({"i.e", "e.g", "viz", "cf", "vs", "approx"})  # always followed by what they introduce
# Said only before a number (or a roman one).
BEFORE_NUMBER = {
    "No": "Number",
    "no": "number",
    "Nos": "Numbers",
    "nos": "numbers",
    "p": "page",
    "pp": "pages",
    "vol": "volume",
    "Vol": "Volume",
    "vols": "volumes",
    "ch": "chapter",
    "Ch": "Chapter",
    "chap": "chapter",
    "Chap": "Chapter",
    "fig": "figure",
    "Fig": "Figure",
    "sec": "section",
    "Sec": "Section",
    "art": "article",
    "Art": "Article",
    "c": "circa",
    "ca": "circa",
}
MONTHS = {
    "Jan": "January",
    "Feb": "February",
    "Mar": "March",
    "Apr": "April",
    "Jun": "June",
    "Jul": "July",
    "Aug": "August",
    "Sept": "September",
    "Sep": "September",
    "Oct": "October",
    "Nov": "November",
    "Dec": "December",
}
# Known to end in a full stop without ending a sentence; only for the sentence splitter.
MORE_ABBREVIATIONS = words(
    "st dr ft mt a.m p.m u.s u.k u.s.a u.n m.p m.d b.a m.a r.n d.c p.o n.b q.v mss ms ed eds trans oz lb "
    "lbs cwt sq cu hr hrs min mins mon tue tues wed thu thurs fri sat sun"
)
# Words that begin sentences: after "Baker St." they show that the street ended one.
_STARTERS = (
    "The|A|An|He|She|It|They|We|I|You|In|On|At|But|And|So|Then|There|This|That|His|Her|My|Our|When|What|Who|Why|How|As"
)
_SPELLED = words(
    "FBI CIA USA UK US EU UN BBC TV DNA RNA ID CD DVD PC IRA MP MPs PhD HMS USS GPS ATM CEO FAQ HTML URL "
    "NYPD LAPD IQ AI GI POW RAF VIP UFO BA MA"
)
_LIKE_WORDS = words("MR MRS DR ST LTD MS HMM SHH PSST GRR BRR TSK PFFT HM")


def _either(choices: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(choices, key=len, reverse=True))


_TITLE = re.compile(rf"\b({_either(TITLES)})\.(?:\s+(?=[A-Z\"'])|(?=[A-Z]))|\b({_either(_UNSTOPPED)})\b\.?(?=\s+[A-Z])")
_TITLE_ALONE = re.compile(rf"\b({_either(_UNSTOPPED)})\.(?=\W|$)")
_GENERAL = re.compile(rf"(?<![\w.&])({_either(GENERAL)})\.(?!\w)")
_GENERAL_NEXT = re.compile(rf"\s+(?:{_either(GENERAL)})\.")
_BEFORE_NUMBER = re.compile(rf"(?<![\w.])({_either(BEFORE_NUMBER)})\.\s*(?=\d|[IVXLC]+\b)")
_MONTH = re.compile(
    rf"\b({_either(MONTHS)})\.?(?=\s+\d)|(?<=\d )({_either(MONTHS)})\b\.?|(?<=of )({_either(MONTHS)})\."
)
_SAINT_OR_STREET = re.compile(
    rf"(\b[A-Z][\w'’]*\s+|\b\d+(?:st|nd|rd|th)\s+)?\bSt\b(\.?)(\s+(?:{_STARTERS})\b|\s+[A-Z])?"
)
_DOCTOR_OR_DRIVE = re.compile(rf"(\b[A-Z][\w'’]*\s+)?\bDr\b(\.?)(\s+(?:{_STARTERS})\b|\s+[A-Z])?")
_NO_STREET_NAME = words("The In At On Of To From And But By Near Is Was Saint Dear Old")
_INITIALS = re.compile(r"\b(?:[A-Z]\.\s?){1,4}(?=[A-Z][\w'’])|\b(?:[A-Z]\.){2,}")
_STARTS_SENTENCE = re.compile(rf"(?:{_STARTERS})\b")
_ACRONYM = re.compile(r"\b[A-Z]{2,5}s?\b")


def _ends_sentence(text: str, end: int) -> bool:
    """Whether the full stop before `end` also ends a sentence."""
    after = text[end:]
    if _GENERAL_NEXT.match(after):  # "Smith & Co. Ltd."
        return False
    return re.match(r"[\"'”’)\]]*(?:$|\s+[\"'“‘(]*[A-Z])", after) is not None


def _replace(pattern: re.Pattern[str], meanings: dict[str, str]) -> Callable[[str], str]:
    def said(match: re.Match[str]) -> str:
        stop = "." if match[1] not in _NEVER_LAST and _ends_sentence(match.string, match.end()) else ""
        return meanings[match[1]] + stop

    return lambda text: pattern.sub(said, text)


_say_general = _replace(_GENERAL, GENERAL)
_say_titles_alone = _replace(_TITLE_ALONE, TITLES)


def titles(text: str, _: Context) -> str:
    """Mr. Toad, Mrs Bennet, Col. Forster: the title in full."""

    def said(match: re.Match[str]) -> str:
        return TITLES[match[1] or match[2]] + (" " if match[1] else "")

    return _say_titles_alone(_TITLE.sub(said, text))


def saints_streets_doctors(text: str, _: Context) -> str:
    """St. Petersburg and Dr. Smith, but Baker St. and Oak Dr.

    A capitalised word before and no name after make a street; "Baker St. He left" is a street and a new sentence.
    """
    text = _SAINT_OR_STREET.sub(lambda match: _place_or_title(match, "Saint", "Street"), text)
    return _DOCTOR_OR_DRIVE.sub(lambda match: _place_or_title(match, "Doctor", "Drive"), text)


def _place_or_title(match: re.Match[str], title: str, place: str) -> str:
    before, stop, after = match[1] or "", match[2], match[3] or ""
    named = bool(before) and before.strip() not in _NO_STREET_NAME
    followed_by_name = bool(after) and len(after.strip()) == 1  # the pattern's second form: one capital of a name
    if followed_by_name:
        return f"{before}{title}{after}"
    if not named:
        return match[0] if not stop else f"{before}{title}{after}"
    ends = stop if after or _ends_sentence(match.string, match.end()) else ""
    return f"{before}{place}{ends}{after}"


def general(text: str, _: Context) -> str:
    """etc., i.e., Esq., Co.: in full, wherever they stand."""
    return _say_general(text)


def references(text: str, _: Context) -> str:
    """No. 5, pp. 10-12, vol. II: only before a number; "No. It was not" stays."""
    return _BEFORE_NUMBER.sub(lambda match: BEFORE_NUMBER[match[1]] + " ", text)


def months(text: str, _: Context) -> str:
    """Jan. 5, 5 Sept: the month in full beside a number."""
    return _MONTH.sub(lambda match: MONTHS[match[1] or match[2] or match[3]], text)


def initials(text: str, _: Context) -> str:
    """C. S. Lewis, U.S.A.: letters without full stops, which would sound like the end of a sentence."""

    def said(match: re.Match[str]) -> str:
        letters = " ".join(re.findall(r"[A-Z]", match[0]))
        if match.string[match.end() : match.end() + 1].isupper():  # a name, or the next sentence
            return letters + (". " if _STARTS_SENTENCE.match(match.string, match.end()) else " ")
        return letters + ("." if _ends_sentence(match.string, match.end()) else "")

    return _INITIALS.sub(said, text)


def acronyms(text: str, _: Context) -> str:
    """FBI, DVD: letter by letter when known or without a vowel; not in a line that is all capitals."""
    if not any(character.islower() for character in text):
        return text

    def said(match: re.Match[str]) -> str:
        word = match[0]
        letters = word.removesuffix("s")
        known = word in _SPELLED or letters in _SPELLED
        unsayable = not set(letters) & set("AEIOUY") and not set(letters) <= set("IVXLCDM")
        if letters in _LIKE_WORDS or not (known or unsayable):
            return word
        return " ".join(letters) + ("s" if word != letters else "")

    return _ACRONYM.sub(said, text)
