"""Turns W3C pronunciation lexicons (PLS 1.0) into our own lexicon files. Must not know where files lie."""

from __future__ import annotations

import json

from lxml import etree

from tasks.annotate.vocabulary import ALPHABETS
from tasks.errors import BadInputError
from tasks.ingest.archive import safe_parser

_ALPHABETS = {name: name for name in ALPHABETS} | {
    "x-arpabet": "arpabet",
    "xsampa": "x-sampa",
    "x-amazon-x-sampa": "x-sampa",
}


def pls_to_toml(data: bytes, name: str) -> tuple[str, int]:
    """Turns a PLS file into the text of a lexicon file, and counts its entries.

    Of several pronunciations the preferred one is taken, else the first (PLS 1.0, section 4.9).

    Raises:
        BadInputError: the file is no PLS, is not well-formed, or uses an alphabet that Talepress does not know.
    """
    # 1. Read the XML without following anything that it points to.
    try:
        root = etree.fromstring(data, safe_parser())
    except etree.XMLSyntaxError as error:
        raise BadInputError(f"{name} is not well-formed XML: {error.msg}") from error
    if etree.QName(root).localname != "lexicon":
        raise BadInputError(f"{name} is no pronunciation lexicon: its root element is {etree.QName(root).localname!r}")
    # 2. One entry for each spelling of each word.
    entries = []
    for lexeme in root.iter("{*}lexeme"):
        choices = [child for child in lexeme.iterchildren("{*}phoneme", "{*}alias") if _text(child)]
        if not choices:
            continue
        best = next((child for child in choices if child.get("prefer") == "true"), choices[0])
        means = "say" if etree.QName(best).localname == "alias" else _alphabet(best, root, name)
        for grapheme in lexeme.iterchildren("{*}grapheme"):
            if _text(grapheme):
                entries.append(
                    f"[[entry]]\nword = {toml_string(_text(grapheme))}\n{means} = {toml_string(_text(best))}\n"
                )
    return "\n".join([f"# imported from {' '.join(name.split())}\n", *entries]), len(entries)


def _alphabet(phoneme: etree._Element, root: etree._Element, name: str) -> str:
    written = (phoneme.get("alphabet") or root.get("alphabet") or "ipa").strip().lower()
    if written not in _ALPHABETS:
        line = phoneme.sourceline
        raise BadInputError(f"{name}, line {line}: alphabet {written!r} is unknown: use one of {', '.join(ALPHABETS)}")
    return _ALPHABETS[written]


def _text(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())


def toml_string(text: str) -> str:
    """Writes a text as a TOML basic string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
