"""Says in a book's warnings what was left out by a guess, so that nothing is lost in silence. Must not know formats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from storage.records import Book, MarkupKind, Skip
from tasks.ingest.events import GuessedSkip
from tasks.ingest.latex import LATEX
from tasks.ingest.prose import is_prose
from tasks.ingest.skips import SkipRule

_MUCH = 0.02  # of a book's words
_FIRST_WORDS = 8
_LOSS = "guesses leave out "  # how the warning begins that a run repeats at its end


def warn_of_guesses(book: Book) -> Book:
    """Returns the book with its warnings of guesses, and plain skips in place of guessed ones.

    There is one warning for each skip rule that guessed; one that `losses` finds where guesses took much of the book,
    or prose; and one of formulas, which are said in words of ours.
    """
    # 1. Sort the guessed skips by their rules. Of formulas nothing is lost: they are said, or announced.
    guessed: dict[str, list[Skip]] = {}
    for skip in book.skipped:
        if isinstance(skip, GuessedSkip):
            guessed.setdefault(skip.rule, []).append(skip)
    formulas = [skip.text for skip in guessed.pop(SkipRule.MATHML, [])] + _respelled_formulas(book)
    # 2. Warn of each rule with its share of all the words that the file holds, spoken or not.
    spoken = (block.text for chapter in book.chapters for block in chapter.blocks)
    words = max(_words(spoken) + _words(skip.text for skip in book.skipped), 1)
    warnings = [_warning(rule, skips, words) for rule, skips in guessed.items()]
    # 3. Warn of all of them together where they take too much, or prose. A title that the file declares is not lost.
    everything = [skip.text for skips in guessed.values() for skip in skips if skip.text.strip() != book.title]
    share = _words(everything) / words
    prose = next((text for text in everything if is_prose(text)), "")
    if share > _MUCH or prose:
        found = f", prose among them: {_first_words(prose)!r}" if prose else ""
        warnings.append(f"{_LOSS}{share:.1%} of the book's words{found}; look at what is skipped")
    # 4. Warn of formulas.
    if formulas:
        warnings.append(_formula_warning(formulas))
    # 5. Make plain skips of the guessed ones: beyond this stage nobody asks.
    skipped = tuple(
        Skip(skip.text, skip.rule, skip.chapter_index, skip.source) if isinstance(skip, GuessedSkip) else skip
        for skip in book.skipped
    )
    return replace(book, skipped=skipped, warnings=(*book.warnings, *warnings))


def losses(warnings: Iterable[str]) -> tuple[str, ...]:
    """Returns those of a book's warnings that a run repeats at its end: guesses took much of the book, or prose."""
    return tuple(warning for warning in warnings if warning.startswith(_LOSS))


def _warning(rule: str, skips: Sequence[Skip], words: int) -> str:
    """Says what one skip rule took by a guess, how much of the book, and how it is read all the same."""
    share = _words(skip.text for skip in skips) / words
    longest = max(skips, key=lambda skip: len(skip.text))
    more = f" and {len(skips) - 1} more" if len(skips) > 1 else ""
    return (
        f"left out by a guess as {rule}: {_first_words(longest.text)!r}{more}, {share:.1%} of the words; "
        f'ingest.also_read = ["{rule}"] has it read'
    )


def _respelled_formulas(book: Book) -> list[str]:
    """Returns the formulas in LaTeX that have simple words."""
    return [
        text
        for chapter in book.chapters
        for block in chapter.blocks
        for note in block.markup
        if note.kind == MarkupKind.RESPELL and LATEX.fullmatch(text := block.text[note.start : note.end])
    ]


def _formula_warning(formulas: Sequence[str]) -> str:
    """Says how many formulas there are, and what becomes of them."""
    how_many = "1 formula is" if len(formulas) == 1 else f"{len(formulas)} formulas are"
    return (
        f"{how_many} said in words where simple, else announced as such: {_first_words(formulas[0])!r}; listen to "
        "them, or give their words as docs/markup.md shows"
    )


def _words(texts: Iterable[str]) -> int:
    """Counts the words of some texts."""
    return sum(len(text.split()) for text in texts)


def _first_words(text: str) -> str:
    """Returns the first words of a text."""
    words = text.split()
    return " ".join(words[:_FIRST_WORDS]) + ("…" if len(words) > _FIRST_WORDS else "")
