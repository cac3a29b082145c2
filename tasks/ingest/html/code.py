"""Recognises listings of programs, and says inline code in words. Must not know blocks or how a listing is skipped."""

from __future__ import annotations

import re
from itertools import takewhile

from lxml import etree

from tasks.ingest.html.elements import BLOCKS, local_name
from tasks.ingest.html.parse import lines_of, text_of
from tasks.ingest.prose import is_prose

_CODE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:code|codeblock|listing|programlisting|screen|source|highlight|prettyprint)", re.I
)
# Of a paragraph or `div`: "code" as a word of its own, as Word, InDesign and DocBook write it.
_CODE_PARAGRAPH = re.compile(
    r"(?:^|\s)(?:(?:program|code|source)[_-]?(?:listing|block|line|code|snippet|sample)s?|listing|code|screen)(?:\s|$)",
    re.I,
)
_NO_CODE_CLASS = re.compile(r"(?:^|[\s_-])(?:poem|verse|poetry|stanza|lyrics?|letter)", re.I)
_CODE_LINE = re.compile(
    r"[{};]\s*$|^\s*(?:[$>#%]\s|//|/\*|\}|@\w|<[/!?\w])|\w\(.*\)|[=!<>+*/|&-]=|:=|->|=>|\w\s=\s\S|::"
    r"|^\s*(?:def|class|import|from|return|for|while|if|else|elif|try|fn|let|var|const|int|void|public|print|echo)\b"
    r".*[:;({=]"
)
_CODE_SHARE = 0.4  # of a listing's lines look like a program's
_MAX_INLINE_CHARS = 60
# What signs in inline code are called, longer ones first.
_SIGNS = (
    (re.compile(r"^</?([\w.:-]+)\s*/?>$"), r"\1"),  # <article>: its name
    (re.compile(r"(?<=\w)\(\s*\)$"), ""),
    (re.compile(r"!==?"), " is not "),
    (re.compile(r"===?"), " equals "),
    (re.compile(r"\+\+"), " plus plus"),
    (re.compile(r"(?<!\S)--(?=\w)"), "dash dash "),
    (re.compile(r"(?<!\S)-(?=\w)"), "dash "),
    (re.compile(r"(?<!\S)\$(?=\w)"), ""),
    (re.compile(r"/"), " slash "),
    (re.compile(r"(?<=\w)\.(?=[a-zA-Z])"), " dot "),
    (re.compile(r"(?<=[a-z])(?=[A-Z])"), " "),
    (re.compile(r"[_<>(){}\[\];:,\"'`|\\]+"), " "),
)


def is_listing(element: etree._Element, tag: str) -> bool:
    """Tells whether an element is a listing of a program: by its markup, else by the look of its lines."""
    if tag in ("p", "div"):
        return _is_code_paragraph(element)
    if tag != "pre":
        return False
    names = f"{element.get('class') or ''} {element.get('data-type') or ''} {element.get('data-code-language') or ''}"
    if _NO_CODE_CLASS.search(names):
        return False
    if _CODE_CLASS.search(names) or any(local_name(inner) in ("code", "samp", "kbd") for inner in element):
        return True
    lines = [line for line in "".join(element.itertext()).split("\n") if line.strip()]
    return bool(lines) and sum(_CODE_LINE.search(line) is not None for line in lines) >= _CODE_SHARE * len(lines)


def _is_code_paragraph(element: etree._Element) -> bool:
    """Tells whether a paragraph is a line of a program by its class; prose in it is none."""
    if not _CODE_PARAGRAPH.search(element.get("class") or ""):
        return False
    if any(local_name(inner) in BLOCKS for inner in element.iterdescendants(etree.Element)):
        return False
    return not is_prose(text_of(element))


def listing_announcement(element: etree._Element) -> str:
    """Returns what is spoken in place of a listing; "" for a paragraph that goes on with the one before it."""
    if local_name(element) == "pre":
        text = "".join(element.itertext())
    elif (before := element.getprevious()) is not None and is_listing(before, local_name(before)):
        return ""
    else:
        run = [element, *takewhile(lambda other: is_listing(other, local_name(other)), element.itersiblings())]
        text = "\n".join(lines_of(paragraph) for paragraph in run)
    lines = sum(bool(line.strip()) for line in text.split("\n"))
    return f"A listing of {lines} lines is left out here." if lines > 1 else "A line of code is left out here."


def spoken_code(text: str) -> str:
    """Returns the words for inline code, "article" for `<article>`; "" where its text is spoken as it stands."""
    text = " ".join(text.split())
    if not text or len(text) > _MAX_INLINE_CHARS or not any(character.isalpha() for character in text):
        return ""
    words = text
    for pattern, replacement in _SIGNS:
        words = pattern.sub(replacement, words)
    words = " ".join(words.split())
    return "" if words == text else words
