"""Publishing a finished book in further forms: of the masters that are there, beside what lies there already."""

import json
from importlib import import_module
from pathlib import Path

import mutagen
import pytest

from flows.order.request import Publication, Request, Retrial
from flows.services import open_services, read_settings
from tasks.errors import BadInputError, TransientError
from tasks.package.audio import recordings
from tasks.package.place import Replace
from tests.flows.samples import add_voice

pytestmark = [pytest.mark.usefixtures("prefect_server", "voiced_home"), pytest.mark.timeout(900)]


@pytest.fixture
def asked(book, tmp_path):
    return {"book": str(book), "out": str(tmp_path / "out")}


@pytest.fixture
def encoded(monkeypatch):
    """The containers of what is encoded."""
    containers = []
    encode = recordings.encode

    def note(targets, *arguments, **named):
        containers.extend(target.container for target in targets)
        encode(targets, *arguments, **named)

    monkeypatch.setattr(recordings, "encode", note)
    return containers


def publish(asked, kinds):
    from flows.publish import publish as flow

    return flow(Publication(**asked, kinds=kinds))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_book_that_is_not_spoken_is_not_published(asked, misbehave, monkeypatch):
    from flows.book_to_audio import book_to_audio

    with pytest.raises(BadInputError, match="never made"):
        publish(asked, "mp3")
    monkeypatch.setenv("TALEPRESS_EXECUTION__TASK_RETRIES", "0")
    misbehave('{"faults": [{"kind": "transient", "text": ""}]}')
    with pytest.raises(TransientError):
        book_to_audio(Request(**asked))
    with pytest.raises(BadInputError, match="10 of 10 utterances are not spoken yet: finish the book with `talepress"):
        publish(asked, "mp3")


@pytest.mark.parametrize(
    ("door", "kind", "replaced"),
    [
        ("publish", Publication, Replace.SAME_READING),
        ("retry_failed", Retrial, Replace.SAME_READING),
        ("book_to_audio", Request, Replace.NONE),
    ],
)
def test_a_door_says_which_edition_its_own_may_replace(asked, monkeypatch, door, kind, replaced):
    given = []
    monkeypatch.setattr("flows.run.story.run_request", lambda *arguments: given.append(arguments))
    monkeypatch.setattr("flows.order.existing.last_request", lambda *_: Request(**asked))
    getattr(import_module(f"flows.{door}"), door).fn(kind(**asked))
    ((request, flow, _, replacing),) = given
    assert (request, flow, replacing) == (Request(**asked), door, replaced)


def test_a_form_that_names_the_book_alone_publishes_what_was_made_last(asked, voiced_home):
    from flows.book_to_audio import book_to_audio

    add_voice(voiced_home, "low", 80)
    made = book_to_audio(Request(**asked, voice="low", chapters="2"))
    done = publish({"book": asked["book"]}, "")
    assert (done.edition, done.narrator, done.chapter_indices) == (made.edition, "Talepress low (AI voice)", (1,))


def test_further_kinds_come_of_the_same_masters_and_lie_beside_the_first(asked, tmp_path, encoded, book):
    from flows.book_to_audio import book_to_audio

    made = book_to_audio(Request(**asked))
    encoded.clear()
    done = publish(asked, "mp3, opus")
    assert (done.rendered, [file.kind for file in done.edition.files]) == (0, ["mp3"] * 3 + ["opus"] * 3 + ["manifest"])
    assert sorted(encoded) == ["mp3"] * 3 + ["opus"] * 3
    manifest = json.loads(Path(done.edition.files[-1].path).read_text("utf-8"))
    assert [row["kind"] for row in manifest["files"]] == ["m4b"] + ["mp3"] * 3 + ["opus"] * 3
    assert Path(made.edition.files[0].path).exists()

    before = contents(tmp_path / "out")
    encoded.clear()
    assert publish(asked, "mp3,opus").edition == done.edition
    again = book_to_audio(Request(**asked))
    assert (again.rendered, again.edition.files[0]) == (0, made.edition.files[0])
    assert encoded == []
    assert contents(tmp_path / "out") == before

    with open_services(read_settings()) as services:
        assert list(services.settings.storage.folder.glob("encoded/*")) == []
        with services.database.snapshot() as uow:
            assert [run.flow for run in uow.runs.of(manifest["book"]["source_sha256"])].count("publish") == 2


def test_a_sentence_that_changes_is_encoded_again_with_its_chapter(asked, book, encoded, monkeypatch):
    from flows.book_to_audio import book_to_audio

    monkeypatch.setenv("TALEPRESS_PACKAGE__OUTPUTS", '["m4b", "mp3", "manifest"]')
    book_to_audio(Request(**asked))
    encoded.clear()
    book.write_text(book.read_text("utf-8").replace("birds sang", "birds slept"), "utf-8")
    again = book_to_audio(Request(**asked))
    assert again.rendered == 1
    assert sorted(encoded) == ["ipod", "mp3"]
    assert again.edition.files[0].path.endswith(f" [{again.edition.files[0].path[-13:-5]}].m4b")  # of another book file


def test_credits_are_spoken_once_and_lie_with_the_files_for_a_shop(asked, encoded, monkeypatch):
    from flows.book_to_audio import book_to_audio

    book_to_audio(Request(**asked))
    done = publish(asked, "acx")
    names = [Path(file.path).name for file in done.edition.files if file.kind == "acx"]
    assert names == [
        "Opening credits.mp3",
        "01 Chapter One.mp3",
        "02 Chapter Two.mp3",
        "03 Chapter Three.mp3",
        "Closing credits.mp3",
        "Retail sample.mp3",
    ]
    opening = mutagen.File(done.edition.files[0].path)
    assert opening.info.length > 2.75  # more than silence
    assert opening.tags["TIT2"] == "Opening credits"
    manifest = json.loads(Path(done.edition.files[-1].path).read_text("utf-8"))
    assert [row["chapters"] for row in manifest["files"] if "credits" in row["file"]] == [[], []]

    encoded.clear()
    with open_services(read_settings()) as services, services.database.snapshot() as uow:
        takes = len(uow.takes.audio())
    assert publish(asked, "acx").edition == done.edition
    assert encoded == []
    monkeypatch.setenv("TALEPRESS_PACKAGE__CLOSING", "That was all.")
    again = publish(asked, "acx")
    assert encoded == ["mp3"]  # the closing credits
    with open_services(read_settings()) as services, services.database.snapshot() as uow:
        assert len(uow.takes.audio()) == takes + 1
    assert again.replaced == (done.edition.files[4].path,)
