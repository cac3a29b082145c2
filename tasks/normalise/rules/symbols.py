"""Signs that stand for words, mail and web addresses. Must not know numbers, units or money."""

from __future__ import annotations

import re

from storage.records import BlockKind
from tasks.normalise.rules.base import Context, rule, spell_letters, words
from tasks.patterns import regexp

_TOP_LEVEL = "com|org|net|edu|gov|mil|info|co\\.uk|org\\.uk|ac\\.uk|gov\\.uk|io|tv|uk"
MAIL_OR_WEB = regexp(
    r"\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+\b|\b(?:https?://|ftp://|www\.)[^\s<>\"”’)\]]+[^\s<>\"”’)\].,;:!?]"
    rf"|(?<![\w.@/])(?:[\w-]+\.){{1,3}}(?:{_TOP_LEVEL})(?:/[\w./~-]*\w)?(?![\w.]*\w)",
    re.I,
)
HANDLE = regexp(r"(?<![\w@])@(?=\w*_)\w+")  # @nasa_hq
_FILE = regexp(r"(?<![\w.])([\w-]+)\.(txt|pdf|docx?|jpe?g|png|gif|exe|html?|py|js|zip|mp3|mp4|csv|xml|epub)\b")
_SPELLED_PARTS = words(
    "www uk us de fr eu tv io ac http https txt pdf doc docx jpg png gif exe html htm py js mp csv xml epub hq"
)
_WEB_SIGNS = {
    ".": " dot ",
    "/": " slash ",
    "-": " dash ",
    "_": " underscore ",
    "~": " tilde ",
    ":": " colon ",
    "@": " at ",
    "?": " question mark ",
    "=": " equals ",
    "&": " and ",
    "#": " hash ",
    "%": " percent ",
    "+": " plus ",
}
_PARTNERS = regexp(r"(?<!\w)([A-Z]{1,2})&([A-Z]{1,2})(?!\w)")  # AT&T, R&D
_TITLES_IN_TWO_LANGUAGES = regexp(r"(?<=[a-zà-ÿ]{3})/(?=[A-ZÀ-Þ][a-zà-ÿ]{2})")
_NOTES = r"(?<![\w#&])([A-G])"

_SIGNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (regexp(pattern), said)
    for pattern, said in (
        (r"(?<=\d)\s?%(?!\w)", " percent"),
        (r"%", " percent "),
        (r"(?<=\w)#(?=\d)", " number "),
        (r"(?:№|#|[Nn][º°])\s?(?=\d)", "number "),
        (r"\bC#", "C sharp"),
        (rf"{_NOTES}#(?=\s|[.,;:!?)]|$)", r"\1 sharp"),
        (r"#(?=[A-Za-z])", " hashtag "),
        (r"#", " hash "),
        (r"\b([A-Z])\+\+", r"\1 plus plus"),
        (r"(?<=\d)\s*[*×x]\s*(?=\d)", " times "),
        (r"\s*[×*]\s*", " times "),
        (r"\s*÷\s*", " divided by "),
        (r"\s*±\s*", " plus or minus "),
        (r"(?<!\S)w/o\b", "without"),
        (r"(?<!\S)w/\s?(?=\w)", "with "),
        (r"\bc/o\b", "care of"),
        (r"\bn/a\b|\bN/A\b", "not applicable"),
        (r"\s*&\s*", " and "),
        (r"(?<=\w)\s?\+(?=\s|$|[.,;:!?)])(?!\s*\w)", " plus"),
        (r"(?<=\d)\+(?=\s[a-z])", " plus"),
        (r"(?:^|(?<=\ba ))([A-DF])[-−](?=[.,;!?)\"]|$|\s(?:student|average|grade|in|on|for)\b)", r"\1 minus"),
        (r"(?:(?<=\b[Aa] )|(?<=\b[Aa]n ))([A-DF])[-−](?=\s[a-z]|[.,;!?)\"])", r"\1 minus"),
        (r"\s*\+\s*", " plus "),
        (r"\s*=\s*", " equals "),
        (r"(?<=[\w)])\s+<\s+(?=[\w(]|[.−-]\d)|(?<=\w)<(?=\d)|(?<=\s)<(?=\d)", " less than "),
        (r"(?<=[\w)])\s+>\s+(?=[\w(]|[.−-]\d)|(?<=\w)>(?=\d)|(?<=\s)>(?=\d)", " greater than "),
        (r"^<(?=\d)", "less than "),
        (r"^>(?=\d)", "greater than "),
        (r"[<>]", " "),
        (r"§§\s?", "sections "),
        (r"§\s?", "section "),
        (r"¶¶\s?", "paragraphs "),
        (r"¶\s?", "paragraph "),
        (r"©\s?", "copyright "),
        (r"\s*@\s*", " at "),
        (r"°", " degrees "),
        (r"\b(and|either)/(?=or\b)", r"\1 "),
        (r"\bs/he\b", "he or she"),
        (r"\bS/he\b", "He or she"),
        (r"\b(s?he|his|him|hers?)\s?/\s?(?=s?he\b|his\b|him\b|hers?\b)", r"\1 or "),
        (
            r"(?<=[A-Za-z])/(?=(?:hour|hr|day|week|month|year|person|minute|second|serving|portion|slice|capita|"
            r"piece)\b)",
            " per ",
        ),
        (r"\b([A-Z]{1,3})/(?=[A-Z]{1,3}\b)", r"\1 "),
        (r"(?<=\d)/(?=[a-z]\b)|(?<=\b[b-z])/(?=\d)", " over "),
        (r"(?<=\d)\s+/\s+(?=[A-Z][a-z])", ", "),
        (r"(?<=[^\W\d_])\s+/\s+(?=[\"']?[^\W\d_])", ", "),  # lines of verse, titles in two languages
        (r"(?<=[A-Za-z])\s?/\s?(?=[A-Za-z])", " slash "),
        (r"/", " "),
        (r"−", " minus "),
        (r"\$", " dollar "),
        (r"£", " pound "),
        (r"€", " euro "),
        (r"¥", " yen "),
        (r"¢", " cent "),
        (r"₹", " rupee "),
        (r"₽", " ruble "),
        (r"₩", " won "),
        (r"₪", " shekel "),
        (r"₺", " lira "),
        (r"₿", " bitcoin "),
        (r"\^", " to the "),
        (r"[′″]", " "),
    )
)


_FOR_ADDRESSES = regexp(r"[@:.](?:(?<=@)|(?<=:)//|(?:(?<=[\w\s]\.)|(?<=^\.))[a-z])", re.I)


@rule("addresses", needs=_FOR_ADDRESSES)
def addresses(text: str, _: Context) -> str:
    """name@example.com and https://example.com/a: signs by name, the scheme left out as readers do."""

    def spelled(match: re.Match[str]) -> str:
        address = re.sub(r"^(?:https?|ftp)://", "", match[0], flags=re.I).rstrip("/")
        parts = "".join(_WEB_SIGNS.get(sign, sign) for sign in address).split()
        return " ".join(spell_letters(part.upper()) if part.lower() in _SPELLED_PARTS else part for part in parts)

    def file(match: re.Match[str]) -> str:
        letters = re.sub(r"\d", lambda digit: f" {digit[0]}", match[2].upper())
        return f"{match[1]} dot {' '.join(letters.replace(' ', ''))}"

    text = re.sub(r"(?:^|(?<=\s))\.(com|org|net|edu|gov)\b", r"dot \1", text)
    return _FILE.sub(file, HANDLE.sub(spelled, MAIL_OR_WEB.sub(spelled, text)))


_FOR_SIGNS = regexp(r"[^\w\s,.;:!?'\"—()](?:(?<!-)|(?<=\b[A-DF]-)(?!\w))")


@rule("signs", needs=_FOR_SIGNS)
def signs(text: str, context: Context) -> str:
    """& @ # % + = < > × § © and the rest of what keyboards hold, each as its word."""
    if context.kind == BlockKind.HEADING:
        text = _TITLES_IN_TWO_LANGUAGES.sub(", ", text)
    text = _PARTNERS.sub(lambda match: f"{spell_letters(match[1])} and {spell_letters(match[2])}", text)
    for pattern, said in _SIGNS:
        text = pattern.sub(said, text)
    return text
