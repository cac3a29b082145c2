"""A run with a listener: takes that do not say their text are spoken again, and people see what was heard of them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from flows.order.request import Request
from flows.services import open_services, read_settings
from storage.records import RunState, Verdict
from tasks.synthesize.engines import ENGINES
from tortoise_core.inference.fake import FAKE, FakeEngine

RECORDING = Path(__file__).parents[1] / "tasks" / "align" / "recordings" / "slt"
TEXT, WORDS = json.loads(RECORDING.with_suffix(".json").read_text("utf-8")).values()
AUDIO, RATE = soundfile.read(RECORDING.with_suffix(".flac"), dtype="float32")
LAMPS = next((round(start * RATE), round(end * RATE)) for word, start, end in WORDS if word == "lamps")


class Reader(FakeEngine):
    """Says the text of a recording with its recorded voice, at first without a word; all else as the fake engine."""

    def __init__(self):
        super().__init__()
        self.takes_without_a_word = 1

    def _speak_one(self, request):
        result = super()._speak_one(request)
        if request.text != TEXT:
            return result
        audio = AUDIO
        if self.takes_without_a_word:
            self.takes_without_a_word -= 1
            audio = np.concatenate([AUDIO[: LAMPS[0]], AUDIO[LAMPS[1] :]])
        return replace(result, audio=audio, sample_rate=RATE)


@pytest.fixture
def reader(voiced_home, monkeypatch):
    """The engine of the next runs."""
    engine = Reader()
    monkeypatch.setitem(ENGINES, "fake", replace(FAKE, load=lambda model, device, precision: engine))
    monkeypatch.setenv("TALEPRESS_QA__LISTEN", "built-in")
    return engine


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "lamps.md"
    path.write_text(f"# Lamps\n\n{TEXT}\n", "utf-8")
    return path


def takes_of_the_text():
    """Each take of the recording's text, with what was heard of it."""
    with open_services(read_settings()) as services, services.database.unit_of_work() as uow:
        (source,) = uow.books.sources()
        heard = [hearing for spoken, hearing in uow.hearings.of_book(source) if spoken == TEXT]
        (item,) = [item for item in uow.books.keyed(source) if item.utterance.spoken == TEXT]
        return uow.takes.of([item.key])[item.key], heard


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.timeout(900)
def test_a_take_without_a_word_is_spoken_again_and_told_with_its_place(reader, book, tmp_path, talepress):
    from flows.book_to_audio import book_to_audio

    report = book_to_audio(Request(book=str(book), out=str(tmp_path / "out")))
    (first, second), heard = takes_of_the_text()
    assert first.verdict is Verdict.DOUBTFUL and "may have dropped 'lamps' at 0:00" in first.reasons
    assert (second.attempt, second.verdict, second.reasons) == (1, Verdict.OK, ())
    assert {hearing.score < 0.9 for hearing in heard} == {True, False}
    manifest = json.loads(Path(report.edition.files[1].path).read_text("utf-8"))
    used = {item["audio_sha256"] for chapter in manifest["chapters"] for item in chapter["utterances"]}
    assert second.audio_sha256 in used and first.audio_sha256 not in used
    # Of the heading there are only takes of the fake engine's tones, of which nobody can hear a word.
    (flagged,) = report.flagged
    assert (report.state, flagged.text) == (RunState.FLAGGED, "Lamps")
    assert "may have dropped 'Lamps' at 0:00" in flagged.reasons

    worst, best = talepress("worst", book, "--json").json["takes"]
    assert (worst["place"], worst["text"]) == ("1:1", "Lamps") and worst["score"] < 0.3 and worst["reasons"]
    assert (best["place"], best["take"], best["reasons"]) == ("1:2", second.key, [])
    table = talepress("worst", book, "-n", "1").out
    assert "1:1" in table and "may have dropped" in table and "1:2" not in table


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.timeout(900)
def test_where_nobody_listens_a_lost_word_passes_and_worst_says_that_nobody_heard_it(
    reader, book, tmp_path, talepress, monkeypatch
):
    from flows.book_to_audio import book_to_audio

    monkeypatch.setenv("TALEPRESS_QA__LISTEN", "off")
    assert book_to_audio(Request(book=str(book), out=str(tmp_path / "out"))).state is RunState.DONE
    (only,), heard = takes_of_the_text()
    assert only.verdict is Verdict.OK and heard == []
    ended = talepress("worst", book)
    assert ended.code == 2 and 'nobody has listened to a take of it; set qa.listen = "built-in"' in ended.err
