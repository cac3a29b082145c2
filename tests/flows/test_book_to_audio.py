"""The flows against Prefect's test server, with the fake engine."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import lxml.html
import pytest
from mutagen.mp4 import MP4

from flows.order.request import Request, Retrial
from flows.progress import listening
from flows.services import open_services, read_settings
from storage.records import RunState
from storage.repository.books import Books
from tasks.errors import BadInputError, CoverageError, TalepressError, TransientError, UnknownVoiceError
from tasks.synthesize.keys import utterance_key
from tests.flows.cli.test_plan import ordered
from tests.flows.samples import add_voice
from tests.tasks.audio import SlowWords
from tortoise_core.inference.fake import FakeEngine

# The server's first start alone can take minutes on a machine that is busy with other things.
pytestmark = [pytest.mark.usefixtures("prefect_server", "voiced_home"), pytest.mark.timeout(900)]


@pytest.fixture
def make(book, tmp_path):
    from flows.book_to_audio import book_to_audio

    def run(*, return_state=False, **options):
        request = Request(book=str(book), out=str(tmp_path / "out"), **options)
        return book_to_audio(request, return_state=return_state)

    return run


@pytest.fixture
def retry(book, tmp_path):
    from flows.retry_failed import retry_failed

    return lambda **options: retry_failed(Retrial(book=str(book), out=str(tmp_path / "out"), **options))


def runs_of(report):
    with open_services(read_settings()) as services, services.database.snapshot() as uow:
        source = json.loads(Path(report.edition.files[1].path).read_text("utf-8"))["book"]["source_sha256"]
        return uow.runs.of(source), uow.editions.latest(source), source


def test_a_book_becomes_an_edition_and_a_second_run_renders_nothing(make):
    from prefect.artifacts import Artifact

    report = make()
    assert (report.state, report.rendered, report.utterances, report.flagged) == (RunState.DONE, 10, 10, ())
    m4b = MP4(report.edition.files[0].path)
    assert m4b.tags["\xa9nam"] == ["The Small Book"]
    assert [chapter.title for chapter in m4b.chapters] == ["Chapter One", "Chapter Two", "Chapter Three"]
    assert m4b.info.length == pytest.approx(report.edition.seconds, abs=0.1)
    runs, edition, source = runs_of(report)
    assert edition == report.edition
    assert [(run.flow, run.state, run.done, run.total) for run in runs] == [("book_to_audio", RunState.DONE, 10, 10)]
    assert runs[0].request["voice"] == "tone"
    assert Artifact.get(f"progress-{source[:16]}").data == 100.0
    assert "| 2 | Chapter Two |" in Artifact.get(f"report-{source[:16]}").data
    assert json.loads(Artifact.get(f"flagged-{source[:16]}").data) == []

    again = make()
    assert (again.rendered, again.edition) == (0, report.edition)


def test_chosen_chapters_make_an_edition_of_their_own_from_the_same_takes(make):
    first = make(chapters="2")
    assert [title for title, _, _ in first.edition.chapters] == ["Chapter Two"]
    assert first.edition.chapters[0][1] == 0.0
    two = make(chapters="2-3")
    assert [title for title, _, _ in two.edition.chapters] == ["Chapter Two", "Chapter Three"]
    assert (first.rendered, two.rendered) == (4, 2)


def test_a_finished_audiobook_stays_where_another_is_made(make, book, tmp_path):
    def names(report):
        return [Path(path).name for path in (report.edition.files[0].path, *report.kept, *report.replaced)]

    add_voice(tmp_path / "home", "low", pitch_hz=80)
    whole = make()
    audio = Path(whole.edition.files[0].path).read_bytes()
    assert names(whole) == ["The Small Book.m4b"]
    assert names(make(chapters="1")) == ["The Small Book (chapters 1).m4b"]
    assert names(make(chapters="1-3")) == ["The Small Book.m4b"]  # all of them
    assert names(make(voice="low")) == ["The Small Book (read by low).m4b", "The Small Book.m4b"]
    lexicon = tmp_path / "words.toml"
    lexicon.write_text("[[entry]]\nword = 'dragon'\nsay = 'dray gone'\n")
    said = make(lexicon=str(lexicon))
    assert names(said) == ["The Small Book (lexicon words).m4b", "The Small Book.m4b"]
    assert Path(whole.edition.files[0].path).read_bytes() == audio

    report = make(lexicon=str(lexicon), voice="low", overwrite=True)
    assert names(report) == [
        "The Small Book (read by low).m4b",
        "The Small Book.m4b",
        "The Small Book (read by low).m4b",
    ]
    Path(whole.edition.files[0].path).rename(tmp_path / "mine.m4b")
    assert names(make()) == ["The Small Book.m4b"]


def test_editions_may_be_laid_out_in_folders(make, monkeypatch, tmp_path):
    first = make()
    monkeypatch.setenv("TALEPRESS_PACKAGE__NAME", "{author}/{series}/{title} (read by {voice})")
    second = make()
    assert second.edition.files[0].path == str(tmp_path / "out" / "Ann Author" / "The Small Book (read by tone).m4b")
    assert second.edition.files[0].sha256 == first.edition.files[0].sha256
    assert make().edition == second.edition


def test_doubtful_takes_are_flagged_and_a_retry_mends_them(make, retry, misbehave):
    from prefect.artifacts import Artifact

    misbehave('{"faults": [{"kind": "silence", "text": "dragon"}]}')
    report = make()
    assert report.state is RunState.FLAGGED
    assert [(take.chapter, "dragon" in take.text) for take in report.flagged] == [("Chapter Two", True)]
    assert "silence" in report.flagged[0].reasons[0]
    assert report.rendered == 10 + read_settings().qa.retakes
    source = runs_of(report)[2]
    assert "silence" in Artifact.get(f"report-{source[:16]}").data
    assert [row["title"] for row in json.loads(Artifact.get(f"flagged-{source[:16]}").data)] == ["Chapter Two"]

    state = make(return_state=True)
    assert (state.type.value, state.name, state.message) == (
        "COMPLETED",
        "Flagged",
        "1 of 10 utterances have doubtful takes",
    )
    page = Path(report.page).read_text("utf-8")
    assert report.page == str(Path(report.edition.files[0].path).with_suffix(".report.html"))
    assert "nothing is heard; has a gap inside (silence: " in lxml.html.document_fromstring(page).text_content()
    assert page.count("<audio") == 1 + read_settings().qa.retakes
    assert "talepress retry" in page and "--only 2:2" in page

    still = retry()
    assert (still.state, len(still.flagged)) == (RunState.FLAGGED, 1)
    misbehave()
    mended = retry()
    assert (mended.state, mended.flagged, mended.rendered) == (RunState.DONE, (), 1)
    assert mended.edition.files[0].sha256 != report.edition.files[0].sha256
    assert mended.replaced == (report.edition.files[0].path,) == (mended.edition.files[0].path,)
    assert "The checks doubt nothing." in Path(report.page).read_text("utf-8")
    assert make().rendered == 0


def test_a_place_that_is_named_is_spoken_again_and_its_new_take_is_used(make, retry):
    report = make()
    manifest = Path(report.edition.files[1].path)
    before = takes_of(manifest)
    again = retry(only="1:2,3:1")
    assert (again.state, again.rendered, again.work.utterances) == (RunState.DONE, 2, 2)
    changed = [place for place, take in takes_of(manifest).items() if take != before[place]]
    assert changed == [(0, 1), (2, 0)]
    later = make()
    assert (later.rendered, takes_of(manifest)) == (0, takes_of(Path(again.edition.files[1].path)))
    with pytest.raises(BadInputError, match="9:1"):
        retry(only="9:1")


def test_what_is_doubted_for_one_reason_is_spoken_again(make, retry, misbehave):
    misbehave('{"faults": [{"kind": "silence", "text": "dragon"}, {"kind": "too_long", "text": "birds"}]}')
    assert len(make().flagged) == 2
    misbehave()
    assert [take.reasons[0][:7] for take in retry(reason="silence").flagged] == ["too lon"]
    again = retry(reason="silence")  # as at night, of books that are flagged for something else
    assert (again.state, again.rendered, len(again.flagged)) == (RunState.FLAGGED, 0, 1)


def takes_of(manifest):
    """The takes of an edition by chapter and utterance, from 0."""
    chapters = json.loads(manifest.read_text("utf-8"))["chapters"]
    return {(c, u): row["take"] for c, chapter in enumerate(chapters) for u, row in enumerate(chapter["utterances"])}


def test_a_transient_failure_is_tried_again(make, misbehave):
    misbehave('{"faults": [{"kind": "transient", "text": "dragon", "times": 1}]}')
    assert make().state is RunState.DONE


def test_a_failure_is_recorded_and_what_was_finished_is_kept(make, misbehave, monkeypatch):
    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__BATCH_SIZE", "2")
    misbehave('{"faults": [{"kind": "transient", "text": "dragon"}]}')
    with pytest.raises(TransientError, match="dragon"):
        make()
    with open_services(read_settings()) as services, services.database.snapshot() as uow:
        (book,) = uow.books.summaries()
    misbehave()
    report = make()
    runs, _, _ = runs_of(report)
    assert [run.state for run in runs] == [RunState.DONE, RunState.FAILED]
    assert "dragon" in runs[1].message
    assert 0 < book.chosen < 10
    assert report.rendered == 10 - book.chosen


def test_a_retake_that_is_lost_ends_the_run_at_once(make, misbehave, monkeypatch):
    """Nothing is pending and a chapter waits: without the check its master would be waited for for ever."""
    misbehave('{"faults": [{"kind": "silence", "text": "dragon"}]}')
    monkeypatch.setattr("tasks.synthesize.batches.Backlog.put_back", lambda backlog, key: None)
    with pytest.raises(TalepressError, match="nobody spoke all of chapter 'Chapter Two'"):
        make()


def test_a_book_that_lost_text_on_the_way_is_not_done(make, monkeypatch):
    coverage = Books.coverage
    monkeypatch.setattr(Books, "coverage", lambda *asked: replace(coverage(*asked), unaccounted_chars=3))
    with pytest.raises(CoverageError, match="3 characters"):
        make()


def test_takes_whose_audio_is_gone_are_spoken_again(make):
    report = make()
    manifest = json.loads(Path(report.edition.files[1].path).read_text("utf-8"))
    lost = manifest["chapters"][0]["utterances"][0]["audio_sha256"]
    with open_services(read_settings()) as services:
        services.store.path(lost).unlink()
    assert make().rendered == 1


TWO_VOICES = """# One

It was late. "Good morning," said Dr. Smith.

[[voice low]]Nobody heard him.[[/voice]]

# Two

Nobody heard him.
"""


def test_each_take_is_spoken_by_its_own_voice(book, tmp_path, voiced_home, make, monkeypatch):
    monkeypatch.setattr("tasks.align.direction.listener", SlowWords)
    add_voice(voiced_home, "low", 90)
    add_voice(voiced_home, "high", 220)
    book.write_text(TWO_VOICES, "utf-8")
    cast = tmp_path / "cast.toml"
    cast.write_text('[characters."Dr. Smith"]\nvoice = "high"\ndirection = "I am sad"\n', "utf-8")
    report = make(cast=str(cast))
    assert (report.state, report.flagged) == (RunState.DONE, ())
    assert [chapter.title for chapter in MP4(report.edition.files[0].path).chapters] == ["One", "Two"]

    with open_services(read_settings()) as services, services.database.snapshot() as uow:
        source = json.loads(Path(report.edition.files[1].path).read_text("utf-8"))["book"]["source_sha256"]
        chosen = [cue for chapter in (0, 1) for cue in uow.takes.chosen(source, chapter)]
        digests = {name: services.voice(name).digest for name in ("tone", "low", "high [I am sad,]")}
        engine = services.engine
        preset = services.settings.synthesize.preset
    assert len(set(digests.values())) == 3
    assert [(cue.utterance.text, cue.utterance.voice) for cue in chosen] == [
        ("One", ""),
        ("It was late.", ""),
        ('"Good morning,"', "high [I am sad,]"),
        ("said Dr. Smith.", ""),
        ("Nobody heard him.", "low"),
        ("Two", ""),
        ("Nobody heard him.", ""),
    ]
    assert [cue.take.utterance_key for cue in chosen] == [
        utterance_key(
            cue.utterance.spoken, digests[cue.utterance.voice or "tone"], engine.digest, engine.settings(preset)
        )
        for cue in chosen
    ]
    assert chosen[2].take.seconds < 1.5  # of almost two: the direction is cut out
    assert chosen[4].take.audio_sha256 != chosen[6].take.audio_sha256  # the same words in two voices

    manifest = json.loads(Path(report.edition.files[1].path).read_text("utf-8"))
    listed = [row for chapter in manifest["chapters"] for row in chapter["utterances"]]
    assert [(row["take"], row["voice"]) for row in listed] == [
        (cue.take.key, cue.utterance.voice or "tone") for cue in chosen
    ]
    again = make(cast=str(cast))
    assert (again.rendered, again.edition) == (0, report.edition)


def test_an_unknown_voice_stops_the_flow_before_anything_is_saved(make):
    with pytest.raises(UnknownVoiceError, match="nobody"):
        make(voice="nobody")
    with open_services(read_settings()) as services, services.database.snapshot() as uow:
        assert uow.books.summaries() == ()


@pytest.mark.parametrize("batch", [1, 4])
def test_the_chapter_that_is_shown_is_the_one_being_spoken(make, book, tmp_path, monkeypatch, batch):
    """Of a batch with texts of several chapters, it is the first of those."""
    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__BATCH_SIZE", str(batch))
    monkeypatch.setenv("TALEPRESS_EXECUTION__THREADS", "1")
    order = ordered(book, tmp_path / "out")
    chapters = {u.spoken: order.book.chapters[u.chapter_index].title for u in order.script.utterances}
    titles = list(dict.fromkeys(chapters.values()))
    shown = []
    seen = []
    speak = FakeEngine.speak

    def watched(engine, requests):
        spoken = {chapters[request.text] for request in requests}
        seen.append((shown[-1], next(title for title in titles if title in spoken)))
        return speak(engine, requests)

    monkeypatch.setattr(FakeEngine, "speak", watched)
    with listening(lambda progress: shown.append(progress.detail) if progress.stage == "synthesize" else None):
        make()
    assert len(seen) == -(-10 // batch)
    assert [title for title, _ in seen] == [title for _, title in seen]


def test_rows_are_committed_while_a_run_works(make, book, monkeypatch):
    """Whoever asks for the status meanwhile, and the next run after a kill, know only what is committed."""
    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__BATCH_SIZE", "2")
    source = hashlib.sha256(book.read_bytes()).hexdigest()
    run_rows = []
    masters = []

    def look(progress):
        with open_services(read_settings()) as services, services.database.snapshot() as uow:
            if progress.stage == "synthesize":
                run_rows.extend((run.state, run.done, run.total) for run in uow.runs.of(source))
            if progress.stage == "master":
                with services.database.engine.connect() as connection:
                    rows = connection.exec_driver_sql("SELECT count(*) FROM masters").scalar_one()
                masters.append((progress.done, rows))

    with listening(look):
        make()
    done = [done for _, done, _ in run_rows]
    assert done == sorted(done)
    assert {(state, total) for state, done, total in run_rows if done} == {(RunState.RUNNING, 10)}
    assert set(done) & set(range(1, 10)), "no row between the first and the last utterance"
    assert [announced for announced, _ in masters] == [1, 2, 3]
    assert all(rows >= announced for announced, rows in masters), masters
