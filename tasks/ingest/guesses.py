"""Says in a book's warnings what was left out by a guess, so that nothing is lost in silence. Must not know formats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from storage.records import Book, Skip
from tasks.ingest.events import GuessedSkip
from tasks.ingest.prose import is_prose

_MUCH = 0.02  # of a book's words
_FIRST_WORDS = 8


def warn_of_guesses(book: Book) -> Book:
    """Returns the book with a warning for each skip rule that guessed, and plain skips.

    A warning more says where guesses took much of the book, or prose.
    """
    guessed: dict[str, list[GuessedSkip]] = {}  # by skip rule
    for skip in book.skipped:
        if isinstance(skip, GuessedSkip):
            guessed.setdefault(skip.rule, []).append(skip)
    if not guessed:
        return book
    words = _words(skip.text for skip in book.skipped) + _words(
        block.text for chapter in book.chapters for block in chapter.blocks
    )
    warnings = [_warning(rule, skips, words) for rule, skips in guessed.items()]
    everything = [skip for skips in guessed.values() for skip in skips]
    share = _words(skip.text for skip in everything) / max(words, 1)
    prose = next((skip.text for skip in everything if is_prose(skip.text)), "")
    if share > _MUCH or prose:
        found = f", prose among them: {_first_words(prose)!r}" if prose else ""
        warnings.append(f"guesses leave out {share:.1%} of the book's words{found}; look at what is skipped")
    skipped = tuple(
        Skip(skip.text, skip.rule, skip.chapter_index, skip.source) if isinstance(skip, GuessedSkip) else skip
        for skip in book.skipped
    )
    return replace(book, skipped=skipped, warnings=(*book.warnings, *warnings))


def _warning(rule: str, skips: Sequence[Skip], words: int) -> str:
    """Says what one skip rule took by a guess, how much of the book, and how it is read all the same."""
    share = _words(skip.text for skip in skips) / max(words, 1)
    longest = max(skips, key=lambda skip: len(skip.text))
    more = f" and {len(skips) - 1} more" if len(skips) > 1 else ""
    return (
        f"left out by a guess as {rule}: {_first_words(longest.text)!r}{more}, {share:.1%} of the words; "
        f'ingest.also_read = ["{rule}"] has it read'
    )


def _words(texts: Iterable[str]) -> int:
    """Counts the words of some texts."""
    return sum(len(text.split()) for text in texts)


def _first_words(text: str) -> str:
    """Returns the first words of a text."""
    words = text.split()
    return " ".join(words[:_FIRST_WORDS]) + ("…" if len(words) > _FIRST_WORDS else "")
