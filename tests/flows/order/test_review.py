"""The page of one book without a server: where it lies, and that it is whole or not there at all."""

import errno
import io
import shlex
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from flows.order import review
from flows.order.existing import chosen_takes, find_master
from flows.order.order import prepare
from flows.order.request import Request
from flows.order.review import gather, has_doubts, page_path, write_page
from flows.services import open_services, read_settings
from storage.records import Edition, EditionFile, Master, PlacedUtterance, Take, Verdict
from tasks.errors import OutputError
from tasks.synthesize.keys import take_key
from tests.flows.order.spoken import speak

SILENT = "silence: -80 dBFS"


@pytest.fixture
def order(voiced_home, book, tmp_path, monkeypatch):
    """Three chapters; a take of the first and one of the last are doubtful. Nothing is mastered."""
    monkeypatch.setattr(review, "MOST_SOUNDS", 0)
    with open_services(read_settings()) as services:
        order = prepare(services, Request(book=str(book), out=str(tmp_path / "out")))
        speak(order, {(0, 1): SILENT, (2, 0): SILENT})
        yield order


def edition(*files):
    return Edition(tuple(EditionFile(kind, path, "0" * 64, 1) for kind, path in files), 3725.0, ())


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ([("m4b", "/out/A.m4b"), ("manifest", "/out/A.manifest.json")], "/out/A.report.html"),
        ([("m4b", "/out/A.m4b")], None),
        ([], None),
    ],
)
def test_the_page_lies_beside_the_edition_by_its_name(order, files, path):
    beside_nothing = order.out / "book.report.html"
    found = page_path(order, edition(*files))
    assert str(found) == (path or str(beside_nothing))
    assert page_path(order, None) == beside_nothing


def test_doubts_are_those_of_the_orders_chapters(order):
    assert has_doubts(order)
    assert not has_doubts(replace(order, chapters=(1,)))


def test_what_is_doubtful_is_shown_with_its_neighbours_and_how_it_is_spoken_again(order):
    page = gather(order, None)
    assert [(passage.place, passage.chapter) for passage in page.passages] == [
        ("1:2", order.book.chapters[0].title),
        ("3:1", order.book.chapters[2].title),
    ]
    texts = [item.utterance.text for item in order.keyed if item.utterance.chapter_index == 0]
    first, last = page.passages
    assert (first.before, first.text, first.after) == tuple(texts[0:3])
    assert last.before == ""
    assert [take.chosen for take in first.takes] == [True]
    assert page.command == f"talepress retry {order.request.book} --only 1:2,3:1"
    assert [(chapter.number, chapter.flagged, chapter.loudness) for chapter in page.chapters] == [
        (1, 1, "not finished"),
        (2, 0, "not finished"),
        (3, 1, "not finished"),
    ]
    assert sum(chapter.utterances for chapter in page.chapters) == len(order.keyed)
    assert (page.length, page.files) == ("not finished", ())
    done = gather(order, edition(("m4b", "/out/A.m4b")))
    assert (done.length, done.files) == ("1:02:05", ("/out/A.m4b",))


def test_how_it_is_spoken_again_is_written_as_a_shell_reads_it(order):
    asked = order.request.model_copy(update={"book": "/books/it's `here` & there.md"})
    words = shlex.split(gather(replace(order, request=asked), None).command)
    assert words == ["talepress", "retry", asked.book, "--only", "1:2,3:1"]


def test_a_book_without_doubts_has_nothing_to_speak_again(order):
    page = gather(replace(order, chapters=(1,)), None)
    assert (page.passages, page.command) == ((), "")


def test_a_page_is_written_whole_or_the_older_one_stays(order, tmp_path, monkeypatch):
    path = tmp_path / "new folder" / "page.html"
    write_page(order, None, path)
    before = path.read_text("utf-8")
    assert "The Small Book" in before

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(review, "publish", fail)
    with pytest.raises(KeyboardInterrupt):
        write_page(replace(order, chapters=(1,)), None, path)
    assert path.read_text("utf-8") == before
    assert [file.name for file in path.parent.iterdir()] == ["page.html"]


def test_a_page_that_cannot_be_written_is_said_in_words(order, tmp_path, monkeypatch):
    """A run goes on without its page where it knows that this is all that failed."""

    def fail(*_):
        raise OSError(errno.ENOSPC, "no room")

    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OutputError):
        write_page(order, None, tmp_path / "file" / "page.html")
    monkeypatch.setattr(review, "publish", fail)
    with pytest.raises(OutputError):
        write_page(order, None, tmp_path / "page.html")


@pytest.fixture
def mastered(order):
    """The same order where the first two chapters have masters: half a second of silence, then each utterance 2 s."""
    rate = 24_000
    for chapter in (0, 1):
        cues = chosen_takes(order, chapter)
        key, _ = find_master(order, chapter, cues)
        placed = tuple(
            PlacedUtterance(cue.utterance, cue.take.key, rate // 2 + 2 * rate * n, rate // 2 + 2 * rate * (n + 1))
            for n, cue in enumerate(cues)
        )
        audio = order.services.store.put_bytes(f"chapter {chapter}".encode())
        with order.services.database.unit_of_work() as uow:
            uow.masters.save(key, Master(chapter, "", audio, rate, 60 * rate, -19.04, -3.46, placed))
            uow.commit()
    return order


def test_times_are_those_of_the_audiobook_which_starts_with_the_first_word(mastered):
    """As far as chapters are finished: where a later one begins is not known before."""
    order = mastered
    page = gather(order, None)
    shown = [(chapter.start, chapter.length, chapter.loudness, chapter.peak) for chapter in page.chapters]
    assert shown == [
        ("0:00:00", "0:01:00", "-19.0 LUFS", "-3.5 dBTP"),
        ("0:01:00", "0:01:00", "-19.0 LUFS", "-3.5 dBTP"),
        ("", "", "not finished", ""),
    ]
    assert [passage.start for passage in page.passages] == ["0:00:02", ""]
    later = gather(replace(order, chapters=(1, 2)), None)
    assert [chapter.start for chapter in later.chapters] == ["0:00:00", ""]
    unfinished = gather(replace(order, chapters=(2, 0)), None)
    assert [chapter.start for chapter in unfinished.chapters] == ["", ""]
    assert [passage.start for passage in unfinished.passages] == ["", ""]


def test_a_page_names_what_is_read_by_whom_and_what_was_left_out(order):
    loss = "guesses leave out 5.1% of the book's words; look at what is skipped"
    warned = replace(order, book=replace(order.book, warnings=("there is no table of contents", loss)))
    page = gather(warned, None)
    assert (page.title, page.authors, page.narrator) == ("The Small Book", "Ann Author", "Talepress tone (AI voice)")
    assert (page.losses, page.voices) == ((loss,), order.voice_credits)


def test_a_chapter_that_is_not_all_spoken_shows_none_of_its_doubts(order):
    first = order.keyed[0]
    with order.services.database.unit_of_work() as uow:
        uow.takes.mark_lost([take.key for take in uow.takes.of([first.key])[first.key]])
        uow.commit()
    page = gather(order, None)
    assert [passage.place for passage in page.passages] == ["3:1"]
    assert [chapter.flagged for chapter in page.chapters] == [0, 0, 1]


def test_all_takes_of_a_doubtful_text_are_shown_the_chosen_one_first_with_sound_until_there_is_enough(
    order, monkeypatch
):
    samples = np.zeros(2400, "float32")
    sound = io.BytesIO()
    soundfile.write(sound, samples, 24_000, format="FLAC")
    audio = order.services.store.put_bytes(sound.getvalue())
    key = order.keyed[1].key
    others = [
        Take(take_key(key, number), key, number, 1, audio, 24_000, 2400, Verdict.DOUBTFUL, ("too long: 9 s",))
        for number in (1, 2, 3)
    ]
    with order.services.database.unit_of_work() as uow:
        uow.takes.add(others)
        uow.takes.choose(order.source, {key: others[1].key})
        uow.commit()
    order.services.store.path(order.services.store.put_bytes(b"a take")).unlink()
    monkeypatch.setattr(review, "MOST_SOUNDS", 2)
    monkeypatch.setattr(review, "opus_of", lambda audio, rate: (len(audio), rate))
    monkeypatch.setattr(review, "outline_of", lambda audio, columns: ((len(audio), columns),))
    (passage, _) = gather(order, None).passages
    heard = ((2400, 24_000), ((2400, 300),))
    silent = (None, ())
    assert [(take.attempt, take.chosen, (take.opus, take.outline)) for take in passage.takes] == [
        (2, True, heard),
        (0, False, silent),  # its file is gone
        (1, False, heard),
        (3, False, silent),  # there is enough
    ]
    assert (passage.takes[0].seconds, passage.takes[0].reasons) == (0.1, ("too long: 9 s",))
