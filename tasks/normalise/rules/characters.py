"""Rules for single characters: what cannot be spoken, quotes, dashes, brackets, spaces. Must not know numbers."""

from __future__ import annotations

import re
import unicodedata

from storage.records import BlockKind
from tasks.normalise.rules.base import Context, rule, words
from tasks.normalise.rules.maths import SIGN_NAMED, SUPERSCRIPTS
from tasks.normalise.rules.symbols import HANDLE, MAIL_OR_WEB
from tasks.patterns import regexp

# Symbols that some rule gives words to; every other symbol is silent.
_SPOKEN_SYMBOLS = frozenset("$£€¥¢₹₽₩₪₺₿%&@#+=<>×÷±°§¶©№−/½¼¾⅓⅔⅛⅜⅝⅞⅕⅖⅗⅘⅙⅚⅐⅑⅒⁄~*^℃℉≤≥⩽⩾≠≈√∞♯♭‰⁻⁺")
_SILENT_PUNCTUATION = frozenset("\\_•·◦▪‣⁂※†‡‖‗⸻")
_SILENT_CATEGORIES = frozenset({"So", "Sk", "Sm", "Sc", "Co", "Cn", "Cc", "Cf", "Cs"})
# An asterisk is "times" between numbers and a tilde is "about" before one; anywhere else they are ornaments, but for
# the tilde and the underscore of an address. A caret makes a power.
_SPOKEN_SIGNS = (
    regexp(r"(?<=\d)\s*\*\s*(?=\d)"),
    regexp(r"(?<![\w~])~(?=[$£€]?\d)"),
    regexp(r"(?<=[\w)])\^(?=[\w({−-])"),
    regexp(r"(?<=[^\W\d_])[`´](?=[^\W\d_])"),  # accents by themselves, typed for an apostrophe: "don´t"
    SIGN_NAMED,
)
_ORNAMENTS = "*~^"
# "word.¹" and "word¹" hold a mark of a note; "x²" and "10 miles²" do not.
_NOTE_MARK = regexp(rf"((?<![a-zà-ÿ])[a-zà-ÿ]{{3,}}|[.,;:!?”’»][\"”’)]?)([{SUPERSCRIPTS}]+)(?![\w{SUPERSCRIPTS}])")
_MEASURES = words("sec min miles feet inches yards meters metres sin cos tan log exp")
_UNUSUAL = regexp("[^A-Za-z\\s,.;:!?'\"“”‘’—–()…-](?<=[\\W_¹²³⁰⁴-⁹])")
_MARKS = {
    **dict.fromkeys("“”„‟«»〝〞", '"'),
    **dict.fromkeys("‘’‚‛‹›ʼ`´", "'"),
    **dict.fromkeys("《》〈〉「」『』", '"'),
    **dict.fromkeys("【〔〖", "("),
    **dict.fromkeys("】〕〗", ")"),
    **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "),
}
_BETWEEN_QUOTES = regexp(r"[“‘”’](?:(?<=[“‘])\s+(?=[“‘])|(?<=[”’])\s+(?=[”’]))")
_MARK = regexp(f"[{''.join(_MARKS)}]")
# Other shapes of letters and digits: ligatures, roman numerals, raised letters, circled, mathematical, full width.
_SHAPES = regexp("[\ufb00-\ufb06\u2160-\u217fʰ-ʸˠ-ˤᴬ-ᵪᶜ-ᶿªº①-⓿\U0001d400-\U0001d7ff\uff01-\uff5e\u338d-\u33dd]")
_DEGREE_LIKE = regexp(r"(?<=\d)º(?!\s?d[eo]\b)")  # the ordinal sign, typed for the degree
_LETTER_SPAN = regexp(r"(?<![\w–'-])([A-Z])–([A-Z])(?![\w–'-])|(?<![\w-])A-Z(?![\w-])")
_SPACED_NUMBERS = regexp(r"(?<![\d.,:/])(\d[\d,]*)(\s+[-–]\s+)(\d[\d,]*)(?![\d.:/])")
_OTHER_DIGITS = regexp("[^\x00-\u0900\u2010-\u206f]")
_LATIN_LIKE = regexp(
    "[\\x00-\\u036f\u1e00-\u1eff\u2000-\u2bff\ufb00-\ufb06\ufe00-\ufe0f\uff01-\uff5e\U0001d400-\U0001d7ff\U0001f000"
    "-\U0001faff]"
)


def is_silent(character: str) -> bool:
    """Whether no rule has words for the character, wherever it stands."""
    if character in "\n\t" or character in _SPOKEN_SYMBOLS:
        return False
    return character in _SILENT_PUNCTUATION or unicodedata.category(character) in _SILENT_CATEGORIES


def unspeakable(text: str) -> list[tuple[int, int]]:
    """The ranges `[start, end)` of `text` that cannot be spoken and are dropped."""
    if not _UNUSUAL.search(text):
        return []
    # 1. Signs that some rule will say, where they stand, and the marks of notes, which none will.
    spoken: set[int] = set()
    for pattern in (*_SPOKEN_SIGNS, HANDLE, MAIL_OR_WEB):
        for match in pattern.finditer(text):
            spoken.update(range(*match.span()))
    marks: set[int] = set()
    for match in _NOTE_MARK.finditer(text):
        if match[1] not in _MEASURES:
            marks.update(range(*match.span(2)))
    # 2. Every other character decides for itself.
    silent = [
        index
        for index, character in enumerate(text)
        if index not in spoken and (index in marks or _never_spoken(character))
    ]
    # 3. Neighbours make a range.
    ranges: list[tuple[int, int]] = []
    for index in silent:
        if ranges and ranges[-1][1] == index:
            ranges[-1] = (ranges[-1][0], index + 1)
        else:
            ranges.append((index, index + 1))
    return ranges


def _never_spoken(character: str) -> bool:
    """Whether a character is silent unless a rule for its place says it."""
    if character.isalnum() or character == " ":
        return False
    return character in _ORNAMENTS or is_silent(character)


@rule("unspeakable")
def drop_unspeakable(text: str, _: Context) -> str:
    """Ornaments, emoji, control characters, marks of notes: nothing is said. "left_right" is two words."""
    for start, end in reversed(unspeakable(text)):
        before = text[start - 1 : start]
        after = text[end : end + 1]
        gap = " " if before.isalnum() and after.isalnum() else ""
        if text[start:end] == "|" and before == after == " ":  # "Serves 6 | Prep: 20 min"
            gap = ","
        text = text[:start] + gap + text[end:]
    return text


def foreign_scripts(text: str) -> dict[str, str]:
    """Words in scripts that the model cannot say as they are, with the script's name: {"Ἀθῆναι": "Greek"}.

    They are kept and read by their transliteration; the plan lists them. Letters of formulas (π, Δ) are no words.
    """
    if text.isascii():
        return {}
    found: dict[str, str] = {}
    for word in re.findall(r"[^\W\d_]{2,}|[\u2e80-\u9fff\uac00-\ud7af]", text):
        foreign = next((character for character in word if not _LATIN_LIKE.match(character)), None)
        if foreign is not None:
            name = unicodedata.name(foreign, "UNKNOWN").split()[0]
            found[word] = {"CJK": "Chinese"}.get(name, name.capitalize())
    return found


_BULLET = regexp(r"^\s*[-–—+>]\s+(?=\w)", re.M)
_ITEM_NUMBER = regexp(r"^\s*\(?(\d{1,2})[.)]\s+(?=\w)", re.M)
_FOR_LINE_BREAKS = regexp(r"\n")


_TICK_BOX = regexp(r"^(\s*(?:[-*+•]\s+)?)(?:\[([ xX✓✔])\]|([☐☑☒]))\s+(?=\w)", re.M)
_FOR_TICK_BOXES = regexp(r"[\[☐☑☒]")


@rule("tick-boxes", needs=_FOR_TICK_BOXES)
def tick_boxes(text: str, _: Context) -> str:
    """The box before an item: "[x] Buy milk" is "done: Buy milk"; an empty one is silent."""
    return _TICK_BOX.sub(lambda match: match[1] + ("" if (match[2] or match[3]) in " ☐" else "done: "), text)


@rule("line-breaks", needs=_FOR_LINE_BREAKS)
def break_lines(text: str, context: Context) -> str:
    """A line break is a full stop in a heading, a comma in prose (addresses, lists), no more than a space in verse."""
    if "\n" not in text:
        return text
    if context.kind != BlockKind.VERSE:
        text = _ITEM_NUMBER.sub(r"\1, ", _BULLET.sub("", text))
    first, *rest = text.split("\n")
    for line in rest:
        mark = ""
        if first.rstrip()[-1:].isalnum() or first.rstrip()[-1:] in "’')”\"":
            mark = {BlockKind.HEADING: ".", BlockKind.VERSE: ""}.get(context.kind, ",")
        first = f"{first.rstrip()}{mark} {line}"
    return first


_NUMERO = regexp(r"\b[Nn]º\s?(?=\d)")  # "nº 5"
_FOR_SHAPES = regexp("[^\x00-\u02af\u2010-\u2027]|[ªº]")


@rule("shapes", needs=_FOR_SHAPES)
def plain_shapes(text: str, _: Context) -> str:
    """Ligatures, roman numeral signs, raised, circled, full-width and mathematical letters are plain ones."""
    text = _NUMERO.sub("number ", text)
    text = _DEGREE_LIKE.sub("°", unicodedata.normalize("NFC", text))
    text = _SHAPES.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    return _OTHER_DIGITS.sub(lambda match: _digit(match[0]), text)


def _digit(character: str) -> str:
    """The digits of a number sign of any script that is not written with digits."""
    if character.isascii() or unicodedata.category(character) not in ("No", "Nl") or character in SUPERSCRIPTS:
        return character
    if character in _SPOKEN_SYMBOLS or "\u2080" <= character <= "\u2089":
        return character
    value = unicodedata.numeric(character, None)
    return character if value is None or value != int(value) else f" {int(value)} "


_FOR_QUOTES = regexp("[^\x00-\x7f]|`")


@rule("quotes", needs=_FOR_QUOTES)
def plain_quotes(text: str, _: Context) -> str:
    """One kind of quotation mark, apostrophe and space."""
    text = _BETWEEN_QUOTES.sub(lambda match: match[0][0], text)
    return _MARK.sub(lambda match: _MARKS[match[0]], text)


_IN_WORD = regexp(r"\[([^\W\d_])\](?=[^\W\d_])|(?<=[^\W\d_])\[([^\W\d_]{1,4})\]")
# Small words that an editor put in belong to the sentence; "[sic]" and "[laughs]" stand beside it.
_INSERTED = regexp(
    r"\[((?i:the|an?|was|is|were|are|be|been|had|has|have|his|her|their|its|my|your|our|he|she|it|they|we|of|to|in|on|"
    r"at|"
    r"for|by|and|or|but|that|who|which|this|these|those|not|as|with|from))\]|\[([.,;:!?])\]"
)
_FOR_EDITORS_BRACKETS = regexp(r"\[")


@rule("editors-brackets", needs=_FOR_EDITORS_BRACKETS)
def editors_brackets(text: str, _: Context) -> str:
    """[w]hen, wait[ed], [the]: an editor's brackets inside of words and around small ones are silent."""
    text = _INSERTED.sub(lambda match: match[1] or match[2], text)
    return _IN_WORD.sub(lambda match: match[1] or match[2], text)


_FOR_DASHES = regexp(r"[―⸺—–….-](?:(?<=[―⸺—–…])|(?<=-)-|(?<=\s-)\s|(?<=\.)\s?\.|(?<=\bA-)Z\b)")


@rule("dashes", needs=_FOR_DASHES)
def plain_dashes(text: str, _: Context) -> str:
    """Two hyphens, a bar or a spaced hyphen are a dash; an en dash between words a hyphen; trailing dots three."""
    text = _LETTER_SPAN.sub(lambda m: f"{m[0][0]} to {m[0][-1]}", _SPACED_NUMBERS.sub(_dash_or_range, text))
    text = re.sub(r"\s*(?:-{2,}|[―⸺—]+)\s*|(?<!\d)\s+[-–]\s+|(?<=\d)\s+[-–]\s+(?=\D)", "—", text)
    text = re.sub(r"(?<=[^\W\d])–(?=[^\W\d])", "-", text)
    text = re.sub(r"(?<![\w%°\s.])–|(?<=\.)–(?!\d)|(?<=\w)–(?![\w$£€(.])|(?<=\s)–(?!\d)", "—", text)
    return re.sub(r"\s*…(?:\s*…)*|\.(?:\s?\.){2,}", "...", text)


def _dash_or_range(match: re.Match[str]) -> str:
    """ "10 - 12 men" is a range; "in 1905 - 3 years later" has a dash, because no range falls."""
    falls = int(match[3].replace(",", "")) <= int(match[1].replace(",", ""))
    return f"{match[1]}—{match[3]}" if falls else match[0]


_FOR_BRACKETS = regexp(r"[()\[\]{}]")


@rule("brackets", needs=_FOR_BRACKETS)
def open_brackets(text: str, _: Context) -> str:
    """Brackets are heard as the pauses of commas."""
    text = re.sub(r"^\s*[(\[{]\s*", "", text)
    text = re.sub(r"(?<=[.!?;:,—\"])\s*[(\[{]\s*", " ", text)
    text = re.sub(r"\s*[(\[{]\s*", ", ", text)
    text = re.sub(r"\s*[)\]}](?=\s*(?:[.!?;:,—]|$))", "", text)
    return re.sub(r"(?<=[.!?])\s*[)\]}]\s*", " ", re.sub(r"(?<![.!?])\s*[)\]}]\s*", ", ", text))


_FOR_TIDYING = regexp(
    r"[\s,;:—–](?:(?<=\s)(?:[\s,.;:!?]|$)|(?<=,)(?:\s*[,.;:!?—]|$)|(?<=[;:]),|(?<=—)[,\s]|(?<=[^\S ])|"
    r"(?<=–)|(?<=^[\s,]))"
)


@rule("tidy", needs=_FOR_TIDYING)
def tidy(text: str, _: Context) -> str:
    """Single spaces, none before punctuation, no two pauses for one."""
    text = re.sub(r"\s+", " ", text.replace("–", "-"))
    text = re.sub(r"\s+(?=[,.;:!?])", "", text)
    text = re.sub(r",(?:\s*,)+", ",", text)
    text = re.sub(r",\s*(?=[.;:!?—])", "", text)
    text = re.sub(r"(?<=[;:]),|(?<=—)[,\s]+", "", text)
    return text.strip(" ,") if text.startswith((" ", ",")) else text.strip()
