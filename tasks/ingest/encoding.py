"""Bytes to text: finds the encoding of a text file and says which. Must not know what the text means."""

from __future__ import annotations

import codecs
import unicodedata

from charset_normalizer import from_bytes

# UTF-32 first: its little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE_BYTES = 256 * 1024


def decode(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """Text in NFC with the name of the encoding it was in.

    A byte-order mark wins, then the declared encoding, then UTF-8, then what charset-normalizer finds likely. cp1252 is
    the last resort, with U+FFFD for its five undefined bytes, so that this never fails.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _clean(data.decode(encoding, errors="replace")), encoding.removesuffix("-sig")
    for candidate in (declared, "utf-8"):
        if candidate is None:
            continue
        try:
            return _clean(data.decode(candidate)), candidate.lower()
        except (UnicodeDecodeError, LookupError):
            continue
    guess = _guess(data)
    return _clean(data.decode(guess, errors="replace")), guess


def _guess(data: bytes) -> str:
    """A likely encoding of an English book. Latin-1 is read as cp1252, its superset in all but control characters."""
    likely = ["cp1252", "mac_roman", "cp437"] if 0 not in data else ["utf_16"]
    best = from_bytes(data[:_SAMPLE_BYTES], cp_isolation=likely).best()
    return "cp1252" if best is None else best.encoding


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
