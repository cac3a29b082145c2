"""Credits are spoken until nobody doubts them, remembered once their rows are there, and mastered each time."""

from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.order.credits import CLOSING, OPENING, credit_utterances
from flows.order.order import prepare
from flows.order.request import Request
from flows.run import credits
from flows.run.credits import make_credits
from flows.services import open_services, read_settings
from storage.records import Master, Take, Verdict
from tasks.qa.verdict import DOUBT
from tasks.synthesize.keys import take_key
from tasks.synthesize.render import SpokenBatch


@pytest.fixture
def order(voiced_home, book, tmp_path):
    with open_services(read_settings(package={"outputs": ["acx", "manifest"]})) as services:
        yield prepare(services, Request(book=str(book), out=str(tmp_path / "out")))


@pytest.fixture
def speaker(order, monkeypatch):
    """Speaks in pretence. `doubts` are those of each attempt, `attempts` what was asked for, call by call."""
    store = order.services.store
    speaker = SimpleNamespace(doubts={}, attempts=[], imported=[])

    @contextmanager
    def make_runner(execution, trial):
        assert (execution.dask_workers, trial.batches) == (1, ())
        yield "runner"

    def submit_job(asked, runner, batches, name):
        assert (asked, runner, name, speaker.imported[-1]) == (order, "runner", "speak credits", "torch")
        (items,) = batches
        speaker.attempts.append([item.attempt for item in items])
        takes = []
        for item in items:
            key = take_key(item.utterance_key, item.attempt)
            doubt = speaker.doubts.get(item.attempt, 0.0)
            verdict = Verdict.DOUBTFUL if doubt else Verdict.OK
            audio = store.put_bytes(f"{key} {item.spoken}".encode())
            takes.append(
                Take(key, item.utterance_key, item.attempt, 1, audio, 24_000, 1000, verdict, scores={DOUBT: doubt})
            )
        store.give_receipts({take.key: take.audio_sha256 for take in takes})
        return SimpleNamespace(result=lambda: SpokenBatch(tuple(takes), 0.0))

    monkeypatch.setattr(credits, "import_pytorch", lambda asked: speaker.imported.append("torch"))
    monkeypatch.setattr(credits, "make_runner", make_runner)
    monkeypatch.setattr(credits, "submit_job", submit_job)
    return speaker


def takes_of(order):
    """The takes that credits are made of, by key, and the receipts that are left of all their attempts."""
    utterances = credit_utterances(order, OPENING)
    takes = credits._takes(order, utterances)
    assert set(takes) == {item.key for item in utterances}
    keys = [take_key(item.key, attempt) for item in utterances for attempt in range(9)]
    return list(takes.values()), order.services.store.receipts(keys)


@pytest.mark.parametrize(
    ("doubts", "attempts", "used"),
    [({}, [0], 0), ({0: 2.0}, [0, 1], 1), ({0: 2.0, 1: 1.0, 2: 3.0}, [0, 1, 2], 1)],
    ids=["sound", "doubtful once", "doubtful to the end"],
)
def test_credits_are_spoken_until_none_is_doubted_as_often_as_is_allowed(order, speaker, doubts, attempts, used):
    assert order.services.settings.qa.retakes == 2
    speaker.doubts = doubts
    takes, receipts = takes_of(order)
    assert [set(call) for call in speaker.attempts] == [{attempt} for attempt in attempts]
    assert ({take.attempt for take in takes}, receipts) == ({used}, {})


def spoil(path):
    path.chmod(0o644)
    path.write_bytes(b"X" * path.stat().st_size)


@pytest.mark.parametrize("damage", [Path.unlink, spoil], ids=["gone", "damaged"])
def test_what_is_sound_is_not_spoken_again_and_what_is_lost_is_with_the_seed_that_it_had(order, speaker, damage):
    speaker.doubts = {0: 1.0}
    takes, _ = takes_of(order)
    assert takes_of(order)[0] == takes
    assert len(speaker.attempts) == 2
    damage(order.services.store.path(takes[0].audio_sha256))
    again, _ = takes_of(order)
    assert speaker.attempts[2:] == [[1]]
    assert again == takes
    assert order.services.store.is_whole(takes[0].audio_sha256)


@pytest.mark.parametrize(("there", "following"), [([], 0), ([0], 1), ([1], 0), ([2, 0], 1), ([1, 0, 2], 3)])
def test_the_next_attempt_is_the_first_of_which_there_is_no_take(there, following):
    takes = [Take("k", "u", attempt, 1, "a" * 64, 24_000, 1000, Verdict.OK) for attempt in there]
    assert credits._attempts(takes) == following


def test_receipts_are_dropped_when_the_rows_are_there_and_not_before(order, speaker, monkeypatch):
    def fail(*_, **__):
        raise OSError("the database is gone")

    monkeypatch.setattr(credits, "_keep", fail)
    with pytest.raises(OSError, match="is gone"):
        takes_of(order)
    (item, *_) = credit_utterances(order, OPENING)
    assert order.services.store.receipts([take_key(item.key, 0)])


def test_each_of_the_credits_is_mastered_under_its_title(order, speaker, monkeypatch):
    made = []

    def with_options(**options):
        def master(store, quoted, stitch, settings):
            (job,) = quoted.unquote()
            made.append((options["task_run_name"], options["retries"], job, stitch, settings))
            return [Master(0, "", f"{len(made)}" * 64, 24_000, 1000, -19.0, -3.5, ())]

        return master

    monkeypatch.setattr(credits, "stitch_and_master", SimpleNamespace(with_options=with_options))
    masters = make_credits(order)
    assert [(master.title, master.audio_sha256[0]) for master in masters] == [(OPENING, "1"), (CLOSING, "2")]
    settings = order.services.settings
    for title, (name, retries, job, *given) in zip((OPENING, CLOSING), made, strict=True):
        assert (name, retries, given) == (
            f"master {title}",
            settings.execution.task_retries,
            [settings.stitch, settings.master],
        )
        assert (job.title, job.chapter_index, job.working) == (title, 0, order.working_folder / f"{title}.flac")
        utterances = credit_utterances(order, title)
        assert [cue.utterance for cue in job.cues] == [item.utterance for item in utterances]
        assert [cue.take.utterance_key for cue in job.cues] == [item.key for item in utterances]


def test_nothing_is_spoken_where_no_output_wants_credits(voiced_home, book, speaker):
    with open_services(read_settings()) as services:
        assert make_credits(prepare(services, Request(book=str(book), out=str(book.parent)))) == ()
    assert speaker.attempts == []
