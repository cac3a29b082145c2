"""Books made for measurements: as many utterances as asked for, no two alike."""

import pytest

from configs.settings import load_settings
from tasks.ingest.book import read_book
from tasks.segment.script import write_script
from tests.bench.books import write_book
from tortoise_core.inference.fake import FakeEngine


@pytest.mark.parametrize("short", [False, True], ids=["natural", "short"])
def test_a_book_has_so_many_utterances_and_no_two_alike(tmp_path, short):
    settings = load_settings()
    engine = FakeEngine()
    book = read_book(write_book(tmp_path / "book.md", 250, short=short), settings.ingest)
    script = write_script(book, settings.segment, engine.token_count, engine.max_text_tokens)
    spoken = [utterance.spoken for utterance in script.utterances]
    assert len(spoken) == len(set(spoken)) == 250
    assert len(book.chapters) == 3
    lengths = sorted(len(text) for text in spoken if not text.startswith("Chapter"))
    assert lengths[-1] < 16 if short else 30 < lengths[0] < 60 < lengths[-1] < 180, lengths
