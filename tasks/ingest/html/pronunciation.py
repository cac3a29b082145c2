"""Reads a book's pronunciation lexicons (W3C PLS 1.0) into markup of blocks. Must not know how phonemes are spoken."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree

from storage.records import Block, Markup, MarkupKind
from tasks.annotate.vocabulary import SAYING_KINDS
from tasks.ingest.archive import parse_xml
from tasks.ingest.html.hints import language_of, primary

_XML_DEFAULT_ALPHABET = "ipa"
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


class Pronunciations:
    """The pronunciations of words and phrases, by spelling. Case counts, but not a capital at a sentence's start."""

    def __init__(self) -> None:
        self._by_first_word: dict[str, list[tuple[str, MarkupKind, str]]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_first_word)

    def add_lexicon(self, data: bytes, language: str) -> str:
        """Adds a PLS file's entries if it is of the book's language; earlier ones win. Returns what is wrong, or "".

        Of several pronunciations the preferred one is taken, else the first (PLS 1.0, section 4.9).
        """
        root, problem = parse_xml(data)
        if root is None or etree.QName(root).localname != "lexicon":
            return problem or "no pronunciation lexicon"
        if language and language_of(root) and primary(language_of(root)) != primary(language):
            return ""
        alphabet = (root.get("alphabet") or _XML_DEFAULT_ALPHABET).strip().lower()
        for lexeme in root.iter("{*}lexeme"):
            spoken = _pronunciation(lexeme, alphabet)
            for grapheme in lexeme.iterchildren("{*}grapheme"):
                if spoken is not None:
                    self._add(" ".join("".join(grapheme.itertext()).split()), *spoken)
        return problem

    def annotate(self, block: Block) -> tuple[Markup, ...]:
        """Returns the block's markup with that of the lexicon's words; what the text itself marks stays as it is."""
        if not self:
            return block.markup
        taken = [note for note in block.markup if note.kind in SAYING_KINDS]
        found: list[Markup] = []
        reach = 0
        for word in _WORD.finditer(block.text):
            start = word.start()
            if start < reach:
                continue
            for spelling, kind, value in self._candidates(word[0]):
                end = start + len(spelling)
                if not _same(block.text[start:end], spelling) or block.text[end : end + 1].isalnum():
                    continue
                if not any(note.start < end and start < note.end for note in taken):
                    found.append(Markup(start, end, kind, value))
                    reach = end
                break
        return tuple(sorted((*block.markup, *found), key=lambda note: (note.start, -note.end)))

    def _add(self, spelling: str, kind: MarkupKind, value: str) -> None:
        """Adds one spelling unless it is known; of those with the same first word, longer ones are tried first."""
        first = _WORD.match(spelling)
        if first is None:
            return
        entries = self._by_first_word.setdefault(first[0], [])
        if all(known != spelling for known, *_ in entries):
            entries.append((spelling, kind, value))
            entries.sort(key=lambda entry: -len(entry[0]))

    def _candidates(self, word: str) -> Iterable[tuple[str, MarkupKind, str]]:
        """Yields the entries that begin with a word, as written and with a small first letter."""
        yield from self._by_first_word.get(word, ())
        lowered = word[:1].lower() + word[1:]
        if lowered != word:
            yield from self._by_first_word.get(lowered, ())


def _pronunciation(lexeme: etree._Element, alphabet: str) -> tuple[MarkupKind, str] | None:
    """Returns the preferred, else the first pronunciation of a lexeme, as markup; `None` where it has none."""
    choices = [child for child in lexeme.iterchildren("{*}phoneme", "{*}alias") if "".join(child.itertext()).strip()]
    if not choices:
        return None
    best = next((child for child in choices if child.get("prefer") == "true"), choices[0])
    value = " ".join("".join(best.itertext()).split())
    if etree.QName(best).localname == "alias":
        return MarkupKind.RESPELL, value
    return MarkupKind.PHONEMES, f"{(best.get('alphabet') or alphabet).strip().lower()}:{value}"


def _same(text: str, spelling: str) -> bool:
    """Tells whether text is the spelling, or the spelling with a capital at its start."""
    return text.replace("\n", " ") == spelling or text[:1].lower() + text[1:].replace("\n", " ") == spelling
