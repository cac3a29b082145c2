"""Writes the files of `files.toml`. Must not know what is right about them."""

from __future__ import annotations

import re
from pathlib import Path

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK

from tests.tasks.ingest.builders import page, write_epub
from tests.tasks.ingest.formats.pdfs import Setter

_FB2 = (
    '<?xml version="1.0" encoding="utf-8"?><FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0" '
    'xmlns:l="http://www.w3.org/1999/xlink"><description><title-info><book-title>A Test</book-title><lang>en</lang>'
    "</title-info></description><body>{body}</body></FictionBook>"
)
_RAISED = re.compile(r"\^([^^]+)\^")


def write(folder: Path, format_: str, body: str) -> Path:
    """Writes a file of a format ("txt", "md", "html", "epub", "docx", "fb2", "pdf") into `folder`."""
    path = folder / f"book.{format_}"
    body = body.removeprefix("\n")
    if format_ == "epub":
        pages = body.split("\n===\n")
        return write_epub(path, {f"p{number}.xhtml": page(text) for number, text in enumerate(pages)})
    if format_ == "docx":
        return _write_docx(path, body.splitlines())
    if format_ == "pdf":
        return _write_pdf(path, body.splitlines())
    if format_ == "html":
        body = f'<!DOCTYPE html><html lang="en"><head><title>A Test</title></head><body>{body}</body></html>'
    if format_ == "fb2":
        body = _FB2.format(body=body)
    path.write_bytes(body.encode())
    return path


def _write_docx(path: Path, lines: list[str]) -> Path:
    """A Word file. A line: H|heading, C|centred and bold, L|bullet, B|page break, P|paragraph; ^raised^ text."""
    document = docx.Document()
    for line in lines:
        kind, text = line.split("|", 1)
        style = {"H": "Heading 1", "L": "List Bullet"}.get(kind, "Normal")
        paragraph = document.add_paragraph(style=style)
        if kind == "B":
            paragraph.add_run().add_break(WD_BREAK.PAGE)
        if kind == "C":
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        for index, part in enumerate(_RAISED.split(text)):
            run = paragraph.add_run(part)
            run.bold = True if kind == "C" else None
            run.font.superscript = True if index % 2 else None
    document.save(str(path))
    return path


def _write_pdf(path: Path, lines: list[str]) -> Path:
    """A PDF. A line: "page HEAD|FOOT", "h HEADING" or "p PARAGRAPH", whose words may be cut at "|"."""
    setter = Setter()
    for line in lines:
        kind, text = line.split(" ", 1)
        if kind == "page":
            setter.page(*text.split("|"))
        elif kind == "h":
            setter.heading(text)
        else:
            setter.paragraph(text)
    return setter.save(path)
