"""Small books, scripts and takes for the storage tests: records with only the fields that a test is about."""

from __future__ import annotations

from dataclasses import replace

from storage.records import (
    Block,
    BlockKind,
    Book,
    Chapter,
    Coverage,
    KeyedUtterance,
    LedgerEntry,
    LedgerState,
    PauseKind,
    Script,
    Skip,
    Take,
    Utterance,
    Verdict,
)

SOURCE = "b" * 64


def make_book(source_sha256: str = SOURCE, chapters: int = 2, blocks: int = 3, **fields) -> Book:
    book = Book(
        title="The Lamp",
        authors=("A. Writer", "B. Writer"),
        language="en-GB",
        source_sha256=source_sha256,
        chapters=tuple(
            Chapter(
                c,
                f"Chapter {c + 1}",
                tuple(Block(BlockKind.PARAGRAPH, f"Text {c}.{b}.", f"ch{c}.xhtml") for b in range(blocks)),
            )
            for c in range(chapters)
        ),
        skipped=(Skip("Contents", "nav", None, "nav.xhtml"), Skip("1", "footnote-reference", 0, "ch0.xhtml")),
        identifier="urn:isbn:1",
        publisher="Nobody",
        date="1900",
        description="A book.",
        cover=b"\xff\xd8\xff",
        cover_media_type="image/jpeg",
        warnings=("odd manifest",),
        series="The Lamps",
        series_position="2",
        identifiers=("urn:isbn:1", "asin:B1"),
        subtitle="A Tale",
        sort_title="Tale, A",
        sort_authors=("Body, No",),
        subjects=("Fiction", "Lamps"),
        rights="Public domain.",
    )
    return replace(book, **fields)


def make_script(book: Book) -> Script:
    """One utterance per block, and a ledger of one entry per block plus what ingestion skipped."""
    utterances = tuple(
        Utterance(c.index, i, i, 0, len(b.text), b.text, b.text.lower(), PauseKind.PARAGRAPH, is_heading=i == 0)
        for c in book.chapters
        for i, b in enumerate(c.blocks)
    )
    ledger = tuple(
        LedgerEntry(c.index, b.text, len(b.text), LedgerState.SPOKEN) for c in book.chapters for b in c.blocks
    ) + tuple(LedgerEntry(s.chapter_index, s.text, len(s.text), LedgerState.SKIPPED, s.rule) for s in book.skipped)
    spoken = sum(e.chars for e in ledger if e.state is LedgerState.SPOKEN)
    skipped = sum(e.chars for e in ledger if e.state is LedgerState.SKIPPED)
    return Script(utterances, ledger, Coverage(spoken + skipped, spoken, skipped, 0))


def make_take(utterance_key: str, attempt: int = 0, verdict: Verdict = Verdict.OK, **fields) -> Take:
    take = Take(
        key=f"{utterance_key}-{attempt}",
        utterance_key=utterance_key,
        attempt=attempt,
        seed=2**63 - 1 - abs(attempt),
        audio_sha256="a" * 64,
        sample_rate=24000,
        samples=36000,
        verdict=verdict,
        reasons=() if verdict is Verdict.OK else ("too long: 9.1 s for 3 words",),
        scores={"clvp": 0.25},
    )
    return replace(take, **fields)


def keyed_by_text(script: Script) -> list[KeyedUtterance]:
    """Keys as readable texts: equal spoken text, equal key."""
    return [KeyedUtterance(utterance, f"key of {utterance.spoken}") for utterance in script.utterances]


def save_keyed(uow, book: Book) -> list[KeyedUtterance]:
    """Saves a book with its script and assigns keys."""
    script = make_script(book)
    keyed = keyed_by_text(script)
    uow.books.save(book, script)
    uow.books.assign_keys(book.source_sha256, keyed)
    return keyed
