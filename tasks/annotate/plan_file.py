"""Writes the plan as a file that people edit, and changes a book by it: chapters and corrections of the text.

Chapters can be renamed, dropped, put in another order. Text that is left out goes to the book's skips under a named
rule, so the ledger still adds up. The plan that `talepress plan` prints is `tasks/plan`'s. Must not know commands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from storage.records import Block, Book, Chapter, Skip
from tasks.annotate.edits import Edit, apply_edits
from tasks.annotate.pls import toml_string
from tasks.errors import BadInputError
from tasks.ingest.skips import SkipRule
from tortoise_core.plain_data import parse_toml

_CHAPTER_KEYS = {"number": int, "title": str, "read": bool}
_TYPE_NAMES = {int: "a whole number", str: "a text in quotation marks", bool: "true or false"}
_CORRECTION_KEYS = {"chapter": int, "find": str, "replace": str}


@dataclass(frozen=True)
class PlannedChapter:
    """One `[[chapter]]`: a chapter of the book by its number, under a title."""

    index: int  # from 0, in the book
    title: str
    read: bool
    line: int


@dataclass(frozen=True)
class Correction:
    """One `[[correction]]`: a text that gives way to another everywhere in a chapter, or in all."""

    find: str
    replacement: str
    chapter_index: int | None
    line: int


@dataclass(frozen=True)
class PlanFile:
    """A plan file. Chapters that it does not name are dropped."""

    name: str
    source_sha256: str
    chapters: tuple[PlannedChapter, ...]
    corrections: tuple[Correction, ...] = ()


def write_plan(book: Book, first_words: Sequence[str]) -> str:
    """Writes the text of a plan file that changes nothing yet, with the first words of each chapter beside it."""
    parts = [
        f"# The plan of {_comment(book.title)}. Give it to `talepress make BOOK --plan FILE`, or to `talepress plan`.\n"
        "# Rename a chapter by its title, put chapters in another order, drop one with read = false or delete it.\n"
        "# Correct the text with tables such as this (without `chapter`: in the whole book):\n"
        "#   [[correction]]\n#   chapter = 3\n"
        '#   find = "teh lamp"\n#   replace = "the lamp"\n',
        f"book = {toml_string(book.source_sha256)}\n",
    ]
    for chapter, words in zip(book.chapters, first_words, strict=True):
        parts.append(
            f"[[chapter]]  # {_comment(words)}\nnumber = {chapter.index + 1}\n"
            f"title = {toml_string(chapter.title)}\nread = true\n"
        )
    return "\n".join(parts)


def read_plan(path: Path) -> PlanFile:
    """Reads a plan file. Raises `BadInputError` that names the line."""
    try:
        text = path.read_text("utf-8-sig")
        content = parse_toml(text)
    except (OSError, ValueError) as error:
        raise BadInputError(f"plan {path} cannot be read: {error}") from error
    if unknown := sorted(set(content) - {"book", "chapter", "correction"}):
        raise BadInputError(f"plan {path.name}: {unknown[0]!r} is unknown: write [[chapter]] and [[correction]]")
    chapters = []
    corrections = []
    for row, line in _tables(content, "chapter", text, path.name):
        _check_keys(row, _CHAPTER_KEYS, {"number"}, f"plan {path.name}, line {line}")
        chapters.append(PlannedChapter(row["number"] - 1, row.get("title", ""), row.get("read", True), line))
    for row, line in _tables(content, "correction", text, path.name):
        _check_keys(row, _CORRECTION_KEYS, {"find", "replace"}, f"plan {path.name}, line {line}")
        if not row["find"].strip():
            raise BadInputError(f"plan {path.name}, line {line}: find is empty: write the text that is to be corrected")
        chapter = row.get("chapter")
        corrections.append(Correction(row["find"], row["replace"], None if chapter is None else chapter - 1, line))
    if not chapters:
        raise BadInputError(f"plan {path.name}: it names no chapter, so nothing would be read")
    return PlanFile(path.name, str(content.get("book", "")), tuple(chapters), tuple(corrections))


def apply_plan(book: Book, plan: PlanFile) -> Book:
    """Changes a book by a plan file: its chapters, their order and titles, and corrections of the text.

    Raises `BadInputError`, naming the line, for a plan of another book, a chapter that is not there or named twice, a
    correction that finds nothing.
    """
    if plan.source_sha256 and plan.source_sha256 != book.source_sha256:
        raise BadInputError(
            f"plan {plan.name} was written for another book: write a new one with `talepress plan --write`"
        )
    # 1. Correct the text.
    skips: list[Skip] = []
    corrected = _correct_chapters(book, plan, skips)
    # 2. Put the chapters into the plan's order.
    placed: dict[int, int] = {}  # index in the book to index in the plan
    chapters: list[Chapter] = []
    for row in plan.chapters:
        if not 0 <= row.index < len(book.chapters):
            raise _error(plan, row.line, f"there is no chapter {row.index + 1}: the book has {len(book.chapters)}")
        if row.index in placed:
            raise _error(plan, row.line, f"chapter {row.index + 1} is named twice")
        placed[row.index] = len(chapters) if row.read else -1
        if row.read:
            chapter = corrected[row.index]
            chapters.append(replace(chapter, index=len(chapters), title=row.title.strip() or chapter.title))
    # 3. What the plan leaves out becomes skips.
    for chapter in corrected:
        if placed.get(chapter.index, -1) < 0:
            skips += [
                Skip(block.text, SkipRule.PLAN_DROPPED, source=block.source) for block in chapter.blocks if block.text
            ]
    if not chapters:
        raise BadInputError(f"plan {plan.name}: every chapter is dropped, so nothing would be read")
    # 4. Earlier skips go with their chapters.
    moved = [_renumber(skip, placed) for skip in (*book.skipped, *skips)]
    return replace(book, chapters=tuple(chapters), skipped=tuple(moved))


def _renumber(skip: Skip, placed: Mapping[int, int]) -> Skip:
    """Gives a skip the new number of its chapter, or none where the chapter is dropped."""
    if skip.chapter_index is None:
        return skip
    place = placed.get(skip.chapter_index, -1)
    return replace(skip, chapter_index=place if place >= 0 else None)


def _correct_chapters(book: Book, plan: PlanFile, skips: list[Skip]) -> list[Chapter]:
    """Makes every correction in the chapters, one after another."""
    chapters = list(book.chapters)
    for correction in plan.corrections:
        pattern = re.compile(r"\s+".join(re.escape(word) for word in correction.find.split()))
        is_in_text = False
        for index, chapter in enumerate(chapters):
            if correction.chapter_index not in (None, index) or not any(pattern.search(b.text) for b in chapter.blocks):
                continue
            is_in_text = True
            blocks = [_correct(block, pattern, correction, index, skips) for block in chapter.blocks]
            chapters[index] = replace(chapter, blocks=tuple(block for block in blocks if block is not None))
        if not is_in_text:
            raise _error(plan, correction.line, f"{correction.find!r} is not in the text that it should correct")
    return chapters


def _correct(
    block: Block, pattern: re.Pattern[str], correction: Correction, chapter_index: int, skips: list[Skip]
) -> Block | None:
    """Makes one correction in a block. Returns `None` where no text remains."""
    matches = list(pattern.finditer(block.text))
    if not matches:
        return block
    replacement = " ".join(correction.replacement.split())
    skips += [Skip(match[0], SkipRule.PLAN_CORRECTED, chapter_index, block.source) for match in matches]
    changed = apply_edits(block, [Edit(match.start(), match.end(), replacement) for match in matches])
    return changed if changed.text else None


def _tables(content: Mapping[str, Any], name: str, text: str, file: str) -> list[tuple[dict[str, Any], int]]:
    """Returns the tables of a name, each with the line of its header."""
    rows = content.get(name, [])
    header = re.compile(rf"\s*\[\[\s*{name}\s*\]\]")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if header.match(line)]
    if not isinstance(rows, list) or len(rows) != len(lines):
        raise BadInputError(f"plan {file}: write each {name} as a table [[{name}]]")
    return list(zip(rows, lines, strict=True))


def _check_keys(row: Mapping[str, Any], known: Mapping[str, type], needed: set[str], where: str) -> None:
    for key, value in row.items():
        if key not in known:
            raise BadInputError(f"{where}: {key!r} is unknown: use {', '.join(known)}")
        if type(value) is not known[key]:
            raise BadInputError(f"{where}: {key} = {value!r} must be {_TYPE_NAMES[known[key]]}")
    if missing := sorted(needed - set(row)):
        raise BadInputError(f"{where}: {missing[0]} is missing")


def _error(plan: PlanFile, line: int, message: str) -> BadInputError:
    return BadInputError(f"plan {plan.name}, line {line}: {message}")


def _comment(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
