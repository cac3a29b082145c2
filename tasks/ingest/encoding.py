"""Makes text of a file's bytes: finds the encoding and says which, repairs what programs did to it on its way.

Must not know formats or what the text means.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter

from charset_normalizer import from_bytes

# UTF-32 first: its little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What "latin-1" on a label means in practice (WHATWG Encoding Standard, section 4.2).
_MEANT_BY = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "shift_jis": "cp932"}
# Codecs that are no encodings of text files; some of them take quadratic time.
_NOT_FOR_FILES = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})
_LATIN = ("cp1252", "mac_roman", "cp850", "cp437", "iso8859_15", "cp1250", "iso8859_2")  # the earlier wins a tie
_SAMPLE_BYTES = 256 * 1024
_LATIN_SHARE = 0.25  # a text in Latin letters has fewer bytes beyond ASCII than this, of all that are no space
_MOSTLY = 0.8  # of the places beyond ASCII: a file that is UTF-8 but for a few
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_OPENING = "“‘„«¿¡‚‹"
_CLOSING = "”’»›…"
_DASHES = "–—"


# What old files mean by the control characters 128 to 159 (HTML 5, section 13.2.5.80).
C1 = {code: bytes([code]).decode("cp1252", errors="ignore") or chr(code) for code in range(0x80, 0xA0)}
_C1_QUOTE = re.compile("[\x80\x82-\x84\x86-\x9f]")
_DOS_END = re.compile("\x1a[\x1a\0\\s]*$")
_TERMINAL = re.compile("\x1b\\[[0-9;]*[A-Za-z]")  # colours and the like
_AS_CP1252 = {character: code for code, character in C1.items()} | {chr(code): code for code in range(0x80, 0x100)}
_CONTINUES = "".join(character for character, code in _AS_CP1252.items() if code < 0xC0)
_TWICE = re.compile(f"[\u00c2-\u00df][{_CONTINUES}]|[\u00e0-\u00ef][{_CONTINUES}]{{2}}")
_LOST_APOSTROPHE = re.compile("(?<=[A-Za-z])\ufffd(?=(?:t|s|d|m|ll|re|ve)\\b)")


def decode(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """Decodes a file. Returns its text in NFC with line ends `\\n`, and the name of the encoding.

    A byte-order mark wins, then the declared encoding, then UTF-16 by its zero bytes, UTF-8, and UTF-8 with a few bytes
    of cp1252 in it. Of the rest, texts in Latin letters are decoded by that code page which puts letters inside words
    and quotation marks at their edges, others by what charset-normalizer finds likely. This never fails: undefined
    bytes become U+FFFD.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _clean(data.decode(encoding, errors="replace")), encoding.removesuffix("-sig")
    for candidate in (_usable(declared, data), _wide(data), "utf-8"):
        if candidate is None:
            continue
        try:
            return _clean(data.decode(candidate)), candidate
        except (UnicodeError, LookupError):
            continue
    if _is_mostly_utf8(data):
        return _clean(_with_strays(data)), "utf-8 with cp1252 in places"
    guess = _guess(data)
    return _clean(data.decode(guess, errors="replace")), guess


def _usable(declared: str | None, data: bytes) -> str | None:
    """Returns the codec of a declared encoding, or `None` where the file cannot be in it."""
    try:
        name = codecs.lookup(declared or "").name
    except (LookupError, ValueError):
        return None
    if name.replace("_", "-") in _NOT_FOR_FILES or (name.startswith(("utf-16", "utf-32")) and 0 not in data):
        return None
    return _MEANT_BY.get(name, name)


def _wide(data: bytes) -> str | None:
    """Recognises UTF-16 without its mark, of which every other byte is zero in Western text. `None` for other text."""
    sample = data[:_SAMPLE_BYTES]
    even = sample[0::2].count(0)
    odd = sample[1::2].count(0)
    half = len(sample) // 2
    if odd > half * 0.4 and even < half * 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.4 and odd < half * 0.1 else None


def _is_mostly_utf8(data: bytes) -> bool:
    """Tells whether most bytes beyond ASCII form well-formed UTF-8."""
    good = _UTF8_CHARACTER.findall(data)
    strays = len(_BEYOND_ASCII.findall(data)) - sum(map(len, good))
    return len(good) >= _MOSTLY * (len(good) + strays)


def _with_strays(data: bytes) -> str:
    """Decodes UTF-8 whose ill-formed bytes are those of cp1252."""

    def stray(error: UnicodeError) -> tuple[str | bytes, int]:
        assert isinstance(error, UnicodeDecodeError)
        return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end

    codecs.register_error("talepress-cp1252", stray)
    return data.decode("utf-8", errors="talepress-cp1252")


def _guess(data: bytes) -> str:
    """Returns the most likely encoding of a file that no mark, label or UTF explains."""
    sample = _telling_sample(data)
    if len(_BEYOND_ASCII.findall(sample)) <= _LATIN_SHARE * len(b"".join(sample.split())):
        return max(_LATIN, key=lambda encoding: _plausibility(sample.decode(encoding, errors="replace")))
    best = from_bytes(sample).best()
    return "cp1252" if best is None else best.encoding


def _telling_sample(data: bytes) -> bytes:
    """Returns a short file whole, of a long one the lines that hold more than ASCII: the first may come late."""
    if len(data) <= _SAMPLE_BYTES:
        return data
    lines = []
    size = 0
    for line in data.split(b"\n"):
        if _BEYOND_ASCII.search(line):
            lines.append(line)
            size += len(line)
            if size > _SAMPLE_BYTES:
                break
    return b"\n".join(lines)[: 2 * _SAMPLE_BYTES]


def _plausibility(text: str) -> int:
    """Scores how well the characters beyond ASCII fit where they stand. Higher is better."""
    padded = f" {text} "
    contexts = Counter(
        (padded[at - 1], padded[at], padded[at + 1]) for at in range(1, len(padded) - 1) if padded[at] > "\x7f"
    )
    return sum(times * _fit(*context) for context, times in contexts.items())


def _fit(before: str, character: str, after: str) -> int:
    """Scores one character between its neighbours."""
    in_word = before.isalpha() or after.isalpha()
    inside = before.isalpha() and after.isalpha()
    if character == "\ufffd" or unicodedata.category(character) in ("Cc", "Co", "Cn"):
        return -6
    if character.isalpha():
        if character.isupper() and before.islower():
            return -3
        return 2 if in_word and unicodedata.name(character, "").startswith("LATIN") else -1
    if character in _OPENING:
        return 2 if not before.isalnum() and not after.isspace() else -3
    if character in _CLOSING:
        return 2 if not before.isspace() and (character == "’" or not inside) else -2
    return 1 if character in _DASHES or character == "\xa0" else -3 if in_word else 0


def _clean(text: str) -> str:
    """Puts text into NFC, with line ends `\\n`, without marks of terminals and of the end of DOS files."""
    text = _TERMINAL.sub("", _DOS_END.sub("", text))
    if _C1_QUOTE.search(text):  # else U+0085 alone is a line's end
        text = text.translate(C1)
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def repair(text: str, name: str) -> tuple[str, tuple[str, ...]]:
    """Repairs letters that a program lost or mistook before. Returns the text, and a warning for each kind of repair.

    UTF-8 that was taken for cp1252 and saved again, "donâ€™t", becomes "don’t"; a replacement character U+FFFD becomes
    an apostrophe where the word can have no other, and is named elsewhere.
    """
    warnings = []
    mistaken = 0

    def taken_back(match: re.Match[str]) -> str:
        nonlocal mistaken
        try:
            character = bytes(_AS_CP1252[character] for character in match[0]).decode("utf-8")
        except UnicodeDecodeError:
            return match[0]
        if not _is_western(character):
            return match[0]
        mistaken += 1
        return character

    text = _TWICE.sub(taken_back, text)
    if mistaken:
        warnings.append(
            f"{name}: {mistaken} characters were UTF-8 that a program had taken for cp1252; they are put right"
        )
    lost = text.count("\ufffd")
    text, apostrophes = _LOST_APOSTROPHE.subn("’", text)
    if lost:
        warnings.append(
            f"{name}: {lost} characters were lost before, when the file was saved; {apostrophes} of them were "
            "apostrophes, the others are left out"
        )
    return text, tuple(warnings)


def _is_western(character: str) -> bool:
    """Tells whether a character is one of those that Western texts have beyond ASCII."""
    code = ord(character)
    return 0xA0 <= code <= 0x17F or 0x2010 <= code <= 0x2044 or code in (0x20AC, 0x2122, 0x2212, 0xFB01, 0xFB02)
