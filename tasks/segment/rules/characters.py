"""Rules for single characters: what cannot be spoken, quotes, dashes, brackets, line breaks, spaces."""

from __future__ import annotations

import re
import unicodedata

from storage.records import BlockKind
from tasks.segment.rules.base import Context

UNSPEAKABLE_RULE = "unspeakable-character"

# Symbols that some rule gives words to; every other symbol is silent.
_SPOKEN_SYMBOLS = frozenset("$£€¥¢%&@#+=<>×÷±°§¶©№−/½¼¾⅓⅔⅛⅜⅝⅞⅕⅖⅗⅘⅙⅚~*℃℉")
_SILENT_PUNCTUATION = frozenset("\\_•·◦▪‣⁂※†‡‖‗⸻")
_SILENT_CATEGORIES = frozenset({"So", "Sk", "Sm", "Sc", "Co", "Cn", "Cc", "Cf", "Cs"})
# An asterisk is "times" between numbers and a tilde is "about" before one; anywhere else they are ornaments.
_SPOKEN_STAR = re.compile(r"(?<=\d)\s*\*\s*(?=\d)")
_SPOKEN_TILDE = re.compile(r"(?<![\w~])~(?=[$£€]?\d)")
_UNUSUAL = re.compile("[^\\w\\s,.;:!?'\"“”‘’—–()…-]|_")
_QUOTES = str.maketrans({**dict.fromkeys("“”„‟«»〝〞", '"'), **dict.fromkeys("‘’‚‛‹›ʼ`´", "'")})
_LIGATURES = re.compile("[\ufb00-\ufb06]")


def is_silent(character: str) -> bool:
    """Whether no rule has words for the character, wherever it stands."""
    if character in "\n\t" or character in _SPOKEN_SYMBOLS:
        return False
    return character in _SILENT_PUNCTUATION or unicodedata.category(character) in _SILENT_CATEGORIES


def unspeakable(text: str) -> list[tuple[int, int]]:
    """The ranges `[start, end)` of `text` that cannot be spoken and are dropped."""
    if not _UNUSUAL.search(text):
        return []
    spoken_ornaments = {
        index for pattern in (_SPOKEN_STAR, _SPOKEN_TILDE) for m in pattern.finditer(text) for index in range(*m.span())
    }
    ranges: list[tuple[int, int]] = []
    for index, character in enumerate(text):
        if character.isalnum() or character == " ":
            continue
        ornament = character in "*~" and index not in spoken_ornaments
        if ornament or is_silent(character):
            if ranges and ranges[-1][1] == index:
                ranges[-1] = (ranges[-1][0], index + 1)
            else:
                ranges.append((index, index + 1))
    return ranges


def drop_unspeakable(text: str, _: Context) -> str:
    """Ornaments, emoji, control characters: nothing is said. Between letters they leave a space: "left_right"."""
    for start, end in reversed(unspeakable(text)):
        inside = text[start - 1 : start].isalnum() and text[end : end + 1].isalnum()
        text = text[:start] + (" " if inside else "") + text[end:]
    return text


def break_lines(text: str, context: Context) -> str:
    """A line break is a full stop in a heading, a comma in prose (addresses), no more than a space in verse."""
    if "\n" not in text:
        return text
    first, *rest = text.split("\n")
    for line in rest:
        mark = ""
        if first.rstrip()[-1:].isalnum() or first.rstrip()[-1:] in "’')”\"":
            mark = {BlockKind.HEADING: ".", BlockKind.VERSE: ""}.get(context.kind, ",")
        first = f"{first.rstrip()}{mark} {line}"
    return first


def plain_quotes(text: str, _: Context) -> str:
    """One kind of quotation mark and apostrophe; ligatures are their letters."""
    text = _LIGATURES.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = re.sub(r"(?<=[“‘])\s+(?=[“‘])|(?<=[”’])\s+(?=[”’])", "", text)
    return text.translate(_QUOTES)


def plain_dashes(text: str, _: Context) -> str:
    """Two hyphens, a bar or a spaced hyphen are a dash; dots that trail off are three."""
    text = re.sub(r"\s*(?:-{2,}|[―⸺—]+)\s*|\s+[-–]\s+", "—", text)
    text = re.sub(r"(?<=\D)–|–(?=\D)", "—", text)
    return re.sub(r"\s*…(?:\s*…)*|\.(?:\s?\.){2,}", "...", text)


def open_brackets(text: str, _: Context) -> str:
    """Brackets are heard as the pauses of commas."""
    text = re.sub(r"^\s*[(\[{]\s*", "", text)
    text = re.sub(r"(?<=[.!?;:,—\"])\s*[(\[{]\s*", " ", text)
    text = re.sub(r"\s*[(\[{]\s*", ", ", text)
    text = re.sub(r"\s*[)\]}](?=\s*(?:[.!?;:,—]|$))", "", text)
    return re.sub(r"(?<=[.!?])\s*[)\]}]\s*", " ", re.sub(r"(?<![.!?])\s*[)\]}]\s*", ", ", text))


def tidy(text: str, _: Context) -> str:
    """Single spaces, none before punctuation, no two pauses for one."""
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s+(?=[,.;:!?])", "", text)
    text = re.sub(r",(?:\s*,)+", ",", text)
    text = re.sub(r",\s*(?=[.;:!?—])", "", text)
    text = re.sub(r"(?<=[;:]),|(?<=—)[,\s]+", "", text)
    return text.strip(" ,") if text.startswith((" ", ",")) else text.strip()
