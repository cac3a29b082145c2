"""People decide, and runs heed it: what is spoken anew, what is published, what the manifest says."""

import json
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.order.request import Publication, Request, Retrial
from flows.services import open_services, read_settings
from storage.records import Reach, RunState
from tasks.errors import BadInputError
from tasks.ingest.book import identity_of
from tasks.review.desk import Desk
from tasks.segment.corrected import Sayer

pytestmark = [pytest.mark.usefixtures("prefect_server", "voiced_home"), pytest.mark.timeout(900)]

SILENT_DRAGON = '{"faults": [{"kind": "silence", "text": "dragon"}]}'


@pytest.fixture
def run(book, tmp_path):
    """Runs a flow of the book by its name."""
    from flows.run.deployments import find_flow

    def start(name, *, return_state=False, **options):
        kinds = {"retry-failed": Retrial, "publish": Publication}
        request = kinds.get(name, Request)(book=str(book), out=str(tmp_path / "out"), **options)
        return find_flow(name)(request, return_state=return_state)

    return start


@pytest.fixture
def desk(book):
    """Opens Ann's desk on the book."""

    @contextmanager
    def opened(who="Ann"):
        with open_services(read_settings()) as services:
            model = services.front_end
            sayer = Sayer(services.settings.segment, model.token_count, model.max_text_tokens, "en")
            yield Desk(services.database, identity_of(book, services.settings.ingest), who, sayer)

    return opened


def manifest_of(report):
    (path,) = [file.path for file in report.edition.files if file.kind == "manifest"]
    return json.loads(Path(path).read_text("utf-8"))


def takes_of(manifest):
    rows = [(c, u, row) for c, part in enumerate(manifest["chapters"]) for u, row in enumerate(part["utterances"])]
    return {(c, u): row["take"] for c, u, row in rows}


def test_a_doubtful_book_waits_for_a_person_and_is_published_with_the_word(run, desk, misbehave, tmp_path):
    from prefect.artifacts import Artifact

    misbehave(SILENT_DRAGON)
    state = run("book-to-audio", review="flagged", return_state=True)
    assert (state.type.value, state.name) == ("COMPLETED", "AwaitingReview")
    report = state.result()
    assert state.message == f"1 doubtful take is to be heard: {report.review}"
    assert (report.state, report.edition.files, len(report.edition.chapters)) == (RunState.REVIEW, (), 3)
    assert not list((tmp_path / "out").glob("*.m4b"))
    assert f"({report.review})" in Artifact.get(f"review-{report.review.split('/')[-1]}").data

    with desk() as ann:
        assert ann.approve((1, 1), 2).value == "choose"
    report = run("publish", review="flagged")
    assert (report.state, report.flagged, report.rendered) == (RunState.DONE, (), 0)
    manifest = manifest_of(report)
    (word,) = manifest["decisions"]
    chosen = manifest["chapters"][1]["utterances"][1]
    assert (word["what"], word["who"], word["take"], chosen["attempt"]) == ("choose", "Ann", chosen["take"], 1)
    assert run("retry-failed", review="flagged").rendered == 0  # the person's word ends the matter


@pytest.mark.slow
def test_a_book_without_doubts_publishes_by_itself_and_a_strict_one_waits_for_all(run, desk, tmp_path):
    assert run("book-to-audio", review="all").state is RunState.REVIEW
    with desk() as ann:
        ann.approve_chapter(0)
    assert run("publish", review="all").waits_for == "2 of 3 chapters are to be approved"
    with desk() as ann:
        ann.approve_book()
    assert run("publish", review="all").state is RunState.DONE
    before = sorted((tmp_path / "out").glob("*.m4b"))
    assert run("book-to-audio", review="flagged").state is RunState.DONE
    assert sorted((tmp_path / "out").glob("*.m4b")) == before


@pytest.mark.slow
def test_a_rejected_take_is_spoken_again_and_nothing_is_published_meanwhile(run, desk):
    report = run("book-to-audio")
    before = takes_of(manifest_of(report))
    with desk() as ann:
        assert ann.reject((0, 1)) is None
    with pytest.raises(BadInputError, match="1 of 10 utterances are not spoken yet"):
        run("publish")
    held = run("retry-failed", reason="rejected", hold=True)
    assert (held.state, held.rendered, held.waits_for) == (RunState.REVIEW, 1, "the new takes are to be heard")
    published = run("publish")
    after = takes_of(manifest_of(published))
    assert [place for place in before if before[place] != after[place]] == [(0, 1)]
    assert published.edition.files[0].path == report.edition.files[0].path  # in place of the first


@pytest.mark.slow
def test_a_corrected_word_is_said_otherwise_where_it_reaches_and_nowhere_else(run, desk, book, misbehave):
    misbehave(SILENT_DRAGON)
    before = takes_of(manifest_of(run("book-to-audio")))
    misbehave()
    with desk() as ann:
        corrected = ann.correct((1, 3), "A new day began slowly, and the birds zang.", Reach.PLACE)
        assert (corrected.words, corrected.sentences) == ((("sang", "zang"),), 1)
        corrected = ann.correct((0, 1), "Dr. Smythe paid $5 for three apples.", Reach.BOOK)
        assert (corrected.words, corrected.sentences) == ((("Smith", "Smythe"),), 1)
    report = run("book-to-audio")
    assert report.rendered == 2  # the doubtful take of another sentence is kept
    manifest = manifest_of(report)
    after = takes_of(manifest)
    assert [place for place in before if before[place] != after[place]] == [(0, 1), (1, 3)]
    assert {(word["reach"], word["value"]) for word in manifest["decisions"]} == {
        ("place", "A new day began slowly, and the birds zang."),
        ("book", "Smythe"),
    }
    book.write_text(book.read_text("utf-8").replace("Small Book", "Little Book"), "utf-8")
    with open_services(read_settings()) as services, services.database.snapshot() as uow:
        assert [word.value for word in uow.decisions.always()] == []
    assert takes_of(manifest_of(run("book-to-audio")))[1, 3] == before[1, 3]  # another book


@pytest.mark.slow
def test_decisions_hold_when_the_book_is_cut_otherwise(run, desk, monkeypatch):
    run("book-to-audio")
    with desk() as ann:
        ann.reject((2, 1))
    spoken = takes_of(manifest_of(run("book-to-audio")))[2, 1]
    with desk() as ann:
        ann.correct((2, 1), "This is the end of the tale, and everybody went home.", Reach.PLACE)
    monkeypatch.setenv("TALEPRESS_SEGMENT__MAX_CHARS", "40")  # other utterances before it
    manifest = manifest_of(run("book-to-audio"))
    assert len(takes_of(manifest)) > 10
    last = manifest["chapters"][2]["utterances"][1]
    assert last["text"].startswith("This is the end") and last["take"] != spoken
