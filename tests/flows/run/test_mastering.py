"""Masters are made once, and come in reading order; what is published is not made again."""

import errno
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from flows.order.existing import chosen_takes, edition_content, find_master, recorded_edition
from flows.order.order import prepare
from flows.order.request import Request
from flows.progress import Progress, listening
from flows.run import mastering
from flows.run.mastering import Mastering, master_chapters, publish
from flows.services import open_services, read_settings
from storage.records import Edition, EditionFile, Master, PlacedUtterance
from tasks import stopping
from tasks.errors import OutputError, TalepressError
from tasks.package.audio.recordings import EncodedAudio
from tasks.package.edition import Published
from tasks.package.existing import file_sha256
from tasks.package.place import Replace
from tests.flows.order.spoken import speak


@pytest.fixture
def order(voiced_home, book, tmp_path):
    """Three chapters, all spoken."""
    with open_services(read_settings()) as services:
        order = prepare(services, Request(book=str(book), out=str(tmp_path / "out")))
        speak(order)
        yield order


@pytest.fixture
def made(order, monkeypatch):
    """Masters chapters in pretence. Returns the numbers of those that were made, task run by task run."""
    calls = []

    def stitch(asked, jobs):
        assert asked is order
        calls.append([job.chapter_index for job in jobs])
        for job in jobs:
            assert job.working == order.working_folder / f"{job.chapter_index:05d}.flac"
            assert job.title == order.book.chapters[job.chapter_index].title
        return [master_of(order, job) for job in jobs]

    monkeypatch.setattr(mastering, "_stitch_and_master", stitch)
    return calls


def master_of(order, job):
    address = order.services.store.put_bytes(f"chapter {job.chapter_index}".encode())
    placed = tuple(PlacedUtterance(cue.utterance, cue.take.key, 0, 1000) for cue in job.cues)
    return Master(job.chapter_index, job.title, address, 24_000, 1000, -19.0, -3.5, placed)


def known(order, chapter):
    return find_master(order, chapter, chosen_takes(order, chapter))[1]


def test_chapters_are_mastered_once_and_each_by_its_own_key(order, made):
    masters = master_chapters(order, (2, 0))
    assert (made, [master.chapter_index for master in masters]) == ([[2, 0]], [2, 0])
    assert [known(order, chapter) for chapter in (2, 0)] == masters
    assert known(order, 1) is None
    again = master_chapters(order, (0, 1, 2))
    assert (made, [master.chapter_index for master in again]) == ([[2, 0], [1]], [0, 1, 2])
    assert [again[0], again[2]] == [masters[1], masters[0]]
    assert master_chapters(order, (1,)) == [again[1]]
    assert len(made) == 2


def test_a_master_whose_audio_is_gone_is_made_again(order, made):
    (master,) = master_chapters(order, (1,))
    order.services.store.path(master.audio_sha256).unlink()
    master_chapters(order, (1,))
    assert made == [[1], [1]]


def test_where_mastering_fails_no_row_is_kept(order, monkeypatch):
    def fail(*_):
        raise TalepressError("no room")

    monkeypatch.setattr(mastering, "_stitch_and_master", fail)
    with pytest.raises(TalepressError):
        master_chapters(order, (0,))
    assert known(order, 0) is None


def test_masters_come_in_reading_order_whatever_was_spoken_first(order, made):
    with Mastering(order, encode=False) as work:
        for chapter in (2, 0, 1):
            work.begin(chapter)
        assert [master.chapter_index for master in work.finish()] == [0, 1, 2]
        assert not work.failed()
    assert sorted(chapter for run in made for chapter in run) == [0, 1, 2]


def test_a_chapter_that_fails_ends_the_run_with_its_error(order, monkeypatch):
    def stitch(asked, jobs):
        if jobs[0].chapter_index == 1:
            raise TalepressError("no room")
        return [master_of(order, job) for job in jobs]

    monkeypatch.setattr(mastering, "_stitch_and_master", stitch)
    with pytest.raises(TalepressError, match="no room"), Mastering(order, encode=False) as work:
        for chapter in order.chapters:
            work.begin(chapter)
        try:
            work.finish()
        finally:
            assert work.failed()
    assert known(order, 0) is not None


@pytest.fixture
def in_parts(order, made, monkeypatch):
    """An order whose M4B is in parts of one chapter each, on two processors."""
    monkeypatch.setattr(mastering.os, "cpu_count", lambda: 2)
    package = order.services.settings.package.model_copy(update={"part_hours": 1e-9, "outputs": ("m4b", "manifest")})
    order.services.settings = order.services.settings.model_copy(update={"package": package})
    return order


def test_parts_are_encoded_side_by_side(in_parts, monkeypatch):
    both = threading.Barrier(2, timeout=20)
    encoded = []

    def encode(self, store, recordings):
        (chapters,) = ([stretch.master.chapter_index for stretch in one.stretches] for one in recordings)
        if chapters < [2]:
            both.wait()  # breaks where the second part waits for the first
        encoded.append(chapters)

    monkeypatch.setattr(EncodedAudio, "encode", encode)
    with Mastering(in_parts, encode=True) as work:
        for chapter in in_parts.chapters:
            work.begin(chapter)
        work.finish()
    assert sorted(encoded) == [[0], [1], [2]]


def test_an_encoder_that_fails_is_known_while_chapters_are_still_spoken(in_parts, monkeypatch):
    def encode(self, store, recordings):
        raise TalepressError("no encoder")

    monkeypatch.setattr(EncodedAudio, "encode", encode)
    with pytest.raises(TalepressError, match="no encoder"), Mastering(in_parts, encode=True) as work:
        work.begin(0)
        deadline = time.monotonic() + 20
        while not work.failed() and time.monotonic() < deadline:
            time.sleep(0.01)
        work.finish()  # two chapters are never begun


def test_chapters_that_are_put_together_are_mastered_in_one_task_run_and_the_rest_at_the_end(order, made, monkeypatch):
    counted = []

    class Pairs:
        pieces = 2

        def __init__(self, step):
            assert step == 50

        def begin(self):
            counted.append("begun")

        def end(self):
            counted.append("ended")

    monkeypatch.setattr(mastering, "Grain", Pairs)
    told = []
    with listening(told.append), Mastering(order, encode=False) as work:
        for chapter in (1, 0, 2):
            work.begin(chapter)
        work.finish()
    assert (made, sorted(counted)) == ([[1, 0], [2]], ["begun"] * 2 + ["ended"] * 2)
    titles = [chapter.title for chapter in order.book.chapters]
    assert told == [Progress("master", 2, 3, titles[0]), Progress("master", 3, 3, titles[2])]


@pytest.fixture
def encoding(order, made, monkeypatch):
    """Two outputs that have masters encoded, in pretence. Returns what came to each, what was encoded, and where."""
    streams = {"m4b": [], "mp3": []}
    encoded = []

    def output(kind):
        def stream(masters, settings):
            assert settings == order.services.settings.package
            for master in masters:
                streams[kind].append(master.chapter_index)
                yield f"{kind} {master.chapter_index}"

        return SimpleNamespace(stream=stream)

    class EncodedAudio(SimpleNamespace):
        def encode(self, store, recordings):
            assert self.folder.is_dir()
            encoded.append((store, self.folder, self.published, recordings))

    outputs = tuple(map(output, streams))
    monkeypatch.setattr(mastering, "find_outputs", lambda kinds: outputs)
    monkeypatch.setattr(mastering, "published_audio", lambda out, content, given: (out, content.book, given))
    monkeypatch.setattr(mastering, "EncodedAudio", lambda *given: EncodedAudio(folder=given[0], published=given[1]))
    return streams, encoded, (order.services.store, order.encoded_folder, (order.out, order.book, outputs))


def test_each_output_has_masters_encoded_in_reading_order_as_they_come(order, encoding):
    streams, encoded, where = encoding
    with Mastering(order, encode=True) as work:
        for chapter in (2, 1, 0):
            work.begin(chapter)
        work.finish()
    assert streams == {"m4b": [0, 1, 2], "mp3": [0, 1, 2]}
    assert sorted(recording for *_, (recording,) in encoded) == sorted(f"{k} {n}" for k in streams for n in range(3))
    assert all(given[:3] == where for given in encoded)


def test_nothing_is_encoded_where_that_is_not_wanted(order, encoding):
    with Mastering(order, encode=False) as work:
        for chapter in order.chapters:
            work.begin(chapter)
        work.finish()
    assert encoding[:2] == ({"m4b": [], "mp3": []}, [])
    assert not order.encoded_folder.exists()


@pytest.mark.parametrize("place", ["an encoder", "what gives it its work"])
def test_an_encoder_that_fails_ends_the_run_with_its_error(order, encoding, monkeypatch, place):
    def fail(*_):
        raise OSError(errno.ENOSPC, "no room")

    if place == "an encoder":
        monkeypatch.setattr(mastering, "EncodedAudio", lambda *_: SimpleNamespace(encode=fail))
    else:
        monkeypatch.setattr(mastering, "find_outputs", lambda kinds: (SimpleNamespace(stream=fail),))
    with pytest.raises(OutputError), Mastering(order, encode=True) as work:
        for chapter in order.chapters:
            work.begin(chapter)
        try:
            work.finish()
        finally:
            assert work.failed()


def test_encoders_that_wait_for_chapters_end_with_a_run_that_fails(order, encoding):
    with pytest.raises(TalepressError, match="cut short"), Mastering(order, encode=True):
        raise TalepressError("cut short")
    assert encoding[1] == []


def test_a_task_run_masters_chapters_by_the_settings_and_may_be_tried_again(order, monkeypatch):
    jobs = [SimpleNamespace(chapter_index=chapter) for chapter in (1, 2)]
    given = []

    def with_options(**options):
        return lambda store, quoted, *settings: given.append((options, store, quoted.unquote(), *settings)) or "masters"

    monkeypatch.setattr(mastering, "stitch_and_master", SimpleNamespace(with_options=with_options))
    assert mastering._stitch_and_master(order, jobs) == "masters"
    ((options, *asked),) = given
    settings = order.services.settings
    assert (options["task_run_name"], options["retries"]) == ("master ch 2-3", settings.execution.task_retries)
    assert asked == [order.services.store, jobs, settings.stitch, settings.master]


def test_a_user_who_asks_for_the_end_need_not_wait_for_chapters(order, made, monkeypatch):
    monkeypatch.setattr(stopping, "check", lambda: (_ for _ in ()).throw(stopping.Stopped()))
    with pytest.raises(stopping.Stopped), Mastering(order, encode=False) as work:
        work.finish()  # no chapter was ever begun
    assert made == []


@pytest.fixture
def packaged(order, made, monkeypatch):
    """Publishes in pretence. Returns the masters, and what was packaged."""
    masters = tuple(master_chapters(order, order.chapters))
    asked = []

    def package(out, store, content, encoded, replacing, tell):
        assert store is order.services.store
        asked.append((out, content.unquote(), encoded, replacing))
        tell(3, 4)
        return Published(Edition((), 1.0, ()), ("old",))

    def with_options(*, task_run_name, retries, **_):
        assert (task_run_name, retries) == ("package", order.services.settings.execution.task_retries)
        return package

    task = SimpleNamespace(with_options=with_options)
    monkeypatch.setattr(mastering, "package_task", task)
    monkeypatch.setattr(mastering, "make_credits", lambda order: masters[:1])
    return masters, asked


def record(order, masters):
    """Writes down that an edition of these masters was published, with a file."""
    order.out.mkdir(exist_ok=True)
    file = order.out / "The Small Book.m4b"
    file.write_bytes(b"audio")
    key, _ = recorded_edition(order, edition_content(order, masters))
    edition = Edition((EditionFile("m4b", str(file), file_sha256(file), 5),), 1.0, ())
    with order.services.database.unit_of_work() as uow:
        run = uow.runs.start(order.source, "book_to_audio", order.record)
        uow.editions.save(run, edition, key)
        uow.commit()
    return key, edition, file


def test_what_lies_there_as_it_was_published_is_not_published_again(order, packaged):
    masters, asked = packaged
    key, edition, _ = record(order, masters)
    assert publish(order, masters, Replace.NONE) == (key, Published(edition, ()))
    assert asked == []


def test_a_file_that_was_changed_is_published_again_and_known_as_ours(order, packaged):
    masters, asked = packaged
    key, edition, file = record(order, masters)
    file.write_bytes(b"other")
    assert publish(order, masters, Replace.SAME_READING) == (key, Published(Edition((), 1.0, ()), ("old",)))
    ((out, content, encoded, replacing),) = asked
    assert (out, encoded, replacing) == (order.out, order.encoded_folder, Replace.SAME_READING)
    assert (content.written, content.credits) == (frozenset({edition.files[0].sha256}), masters[:1])
    assert content.masters == masters


def test_an_edition_has_all_that_its_outputs_want_to_know(order, packaged, monkeypatch):
    masters, asked = packaged
    monkeypatch.setattr(
        mastering, "with_details", lambda given, content: replace(content, words={(0, 0): ()} if given is order else {})
    )
    publish(order, masters, Replace.NONE)
    ((_, content, _, _),) = asked
    assert (content.words, content.masters, content.credits) == ({(0, 0): ()}, masters, masters[:1])


def test_what_was_never_published_replaces_nothing_of_ours(order, packaged):
    masters, asked = packaged
    told = []
    with listening(told.append):
        key, published = publish(order, masters, Replace.NONE)
    assert told == [Progress("package", 3, 4)]
    assert key == recorded_edition(order, edition_content(order, masters))[0]
    assert (published.replaced, asked[0][1].written) == (("old",), frozenset())
    elsewhere = replace(order, request=order.request.model_copy(update={"out": f"{order.out}-2"}))
    assert publish(elsewhere, masters, Replace.NONE)[0] != key
