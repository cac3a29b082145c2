"""What synthesis sees to before it speaks, what it commits of a batch, and what is spoken again."""

from contextlib import contextmanager, nullcontext
from dataclasses import replace
from types import SimpleNamespace

import pytest

from flows.order.order import prepare
from flows.order.request import Request, Retrial
from flows.run import synthesis
from flows.run.synthesis import _commit, _Ear, _items, _next_attempt, _refuse_takes, _UnderWay, _Unfinished, speak
from flows.services import open_services, read_settings
from storage.errors import NotFoundError
from storage.hearing import HeardWord, Hearing, HowHeard
from storage.records import Decision, DecisionKind, Take, Verdict
from tasks.errors import TalepressError
from tasks.qa.listeners.reasons import reasons_of
from tasks.qa.verdict import DOUBT, HEARD, HEARD_SEVERITY
from tasks.synthesize.keys import take_key
from tasks.synthesize.render import SpokenBatch
from tests.storage.repository.test_decisions import NOW


@pytest.fixture
def order(voiced_home, book, tmp_path):
    """An order whose run has begun, and the run's row."""
    with open_services(read_settings()) as services:
        order = prepare(services, Request(book=str(book), out=str(tmp_path / "out")))
        with services.database.unit_of_work() as uow:
            uow.books.save(order.book, order.script)
            uow.books.assign_keys(order.source, order.keyed)
            run_id = uow.runs.start(order.source, "book_to_audio", {})
            uow.commit()
        yield order, SimpleNamespace(run_id=run_id, done=1, total=10)


def takes_of(key, *doubts):
    """Takes of one text, doubted so much each."""
    sound = Take("", key, 0, 1, "a" * 64, 24_000, 1000, Verdict.OK)
    return [
        replace(sound, key=take_key(key, n), attempt=n, verdict=Verdict.DOUBTFUL, scores={DOUBT: doubt})
        for n, doubt in enumerate(doubts)
    ]


@pytest.mark.parametrize(
    ("word", "used"),
    [((), 1), ((DecisionKind.REJECT, 1), 2), ((DecisionKind.CHOOSE, 0), 0), ((DecisionKind.REJECT, 2), 1)],
    ids=["nobody", "the best is rejected", "the worst is chosen", "another is rejected"],
)
@pytest.mark.parametrize("refused", [False, True], ids=["by people", "by this run"])
def test_of_a_texts_takes_the_best_is_used_that_nobody_rejects(order, word, used, refused):
    order, tracker = order
    key = order.keyed[0].key
    takes = takes_of(key, 3.0, 1.0, 2.0)
    database = order.services.database
    unwanted = frozenset()
    with database.unit_of_work() as uow:
        uow.takes.add(takes[:2])
        if word and refused and word[0] is DecisionKind.REJECT:
            unwanted = frozenset({takes[word[1]].key})
        uow.commit()
    if word and not unwanted:
        with database.unit_of_work() as uow:
            uow.takes.add(takes)
            uow.decisions.add(order.source, Decision(word[0], "Ann", NOW, take_key=takes[word[1]].key))
            uow.commit()
    _commit(order, {key}, SpokenBatch(tuple(takes[2:]), 0.0), tracker, unwanted)
    with database.snapshot() as uow:
        assert uow.takes.choices(order.source) == {key: takes[used].key}
        assert (uow.runs.get(tracker.run_id).done, uow.runs.get(tracker.run_id).total) == (1, 10)


@pytest.mark.parametrize("committed", [True, False])
def test_receipts_are_dropped_when_the_rows_are_there_and_not_before(order, committed, monkeypatch):
    order, tracker = order
    key = order.keyed[0].key
    (take,) = takes_of(key, 1.0)
    order.services.store.give_receipts({take.key: take.audio_sha256})
    if not committed:
        tracker = SimpleNamespace(run_id="nobody's", done=1, total=10)
    with nullcontext() if committed else pytest.raises(NotFoundError):
        _commit(order, {key}, SpokenBatch((take,), 0.0), tracker, frozenset())
    assert (order.services.store.receipts([take.key]) == {}) is committed


@pytest.mark.parametrize(
    ("made", "rejected", "attempt"),
    [
        ((), (), 0),
        ((0,), (), 1),
        ((0, 1), (), 2),
        ((1,), (), 0),  # the first was lost: it is spoken again, with its own seed
        ((0, 2), (), 1),
        ((), (0,), 1),  # it would come out the same
        ((1,), (0,), 2),
        ((0,), (1, 2), 3),
        ((0,), (0,), 1),
    ],
)
def test_the_next_attempt_is_the_first_that_is_neither_there_nor_rejected(made, rejected, attempt):
    takes = takes_of("k", *[0.0] * 3)
    assert _next_attempt("k", [takes[n] for n in made], {take_key("k", n) for n in rejected}) == attempt
    assert _next_attempt("k", [takes[n] for n in made], {take_key("other", n) for n in range(5)}) not in made


def test_what_is_spoken_carries_its_text_its_voice_and_its_attempt(order):
    order, _ = order
    first, second, *_ = order.keyed
    with order.services.database.unit_of_work() as uow:
        uow.takes.add([*takes_of(first.key, 1.0), *takes_of(second.key, 1.0)])
        word = Decision(DecisionKind.REJECT, "Ann", NOW, take_key=take_key(second.key, 1))
        uow.takes.add(takes_of(second.key, 1.0, 1.0))
        uow.decisions.add(order.source, word)
        uow.takes.mark_lost([take_key(second.key, 1)])
        uow.commit()
    voiced = replace(second, utterance=replace(second.utterance, voice="low"))
    items = _items(order, [voiced, first])
    assert [(item.utterance_key, item.spoken, item.attempt, item.voice) for item in items] == [
        (second.key, second.utterance.spoken, 2, "low"),
        (first.key, first.utterance.spoken, 1, ""),
    ]


@pytest.mark.parametrize(("only", "refused"), [("", []), ("1:1", [0]), ("1:1,1:2", [0, 1]), ("1:3", [])])
def test_takes_of_places_that_a_retrial_names_are_refused_for_good_and_no_others(order, only, refused):
    order, _ = order
    utterances = order.keyed[:2]
    with order.services.database.unit_of_work() as uow:
        for item in utterances:
            uow.takes.add(takes_of(item.key, 1.0, 2.0))
        uow.commit()
    asked = replace(order, request=Retrial(book=order.request.book, out=order.request.out, only=only))
    expected = {take_key(utterances[n].key, attempt) for n in refused for attempt in (0, 1)}
    assert _refuse_takes(asked, utterances) == expected
    with order.services.database.snapshot() as uow:
        assert uow.takes.rejected(order.source) == expected
        words = uow.decisions.holding(order.source)
    assert {word.who for word in words} == ({"talepress retry --only"} if refused else set())


def test_a_request_that_is_no_retrial_refuses_nothing(order):
    order, _ = order
    with order.services.database.unit_of_work() as uow:
        uow.takes.add(takes_of(order.keyed[0].key, 1.0))
        uow.commit()
    assert _refuse_takes(order, order.keyed) == frozenset()


def test_a_chapter_is_done_once_all_of_its_texts_are_and_is_told_once(order):
    order, _ = order
    chapters = {chapter: [i for i in order.keyed if i.utterance.chapter_index == chapter] for chapter in order.chapters}
    todo = [chapters[0][0], *chapters[1]]
    unfinished = _Unfinished(order, todo)
    assert unfinished.chapters_done() == [2], "nothing of it is to be spoken"
    assert (bool(unfinished), unfinished.title) == (True, order.book.chapters[0].title)
    unfinished.finish({item.key for item in chapters[1][:-1]})
    assert unfinished.chapters_done() == []
    unfinished.finish({chapters[0][0].key, chapters[1][-1].key})
    assert unfinished.chapters_done() == [0, 1]
    assert (unfinished.chapters_done(), bool(unfinished), unfinished.title) == ([], False, "")


def test_a_text_of_several_chapters_is_waited_for_in_each(order):
    order, _ = order
    first = order.keyed[0]
    last = next(item for item in order.keyed if item.utterance.chapter_index == 2)
    again = replace(last, key=first.key)
    same = SimpleNamespace(chapters=(0, 2), book=order.book, keyed=(first, again))
    unfinished = _Unfinished(same, [first])
    assert unfinished.chapters_done() == []
    unfinished.finish({first.key})
    assert unfinished.chapters_done() == [0, 2]


def test_where_the_engine_is_says_the_first_chapter_of_the_batches_that_are_out(order):
    order, _ = order
    under_way = _UnderWay(order)
    items = {item.utterance_key: item for item in _items(order, order.keyed)}
    first = order.keyed[0]
    last = order.keyed[-1]
    middle = next(item for item in order.keyed if item.utterance.chapter_index == 1)
    assert under_way.title == ""
    mixed = ((items[last.key], items[middle.key]),)
    early = ((items[first.key],),)
    for batches in (mixed, early):
        under_way.begin(batches)
    assert under_way.title == order.book.chapters[1].title
    under_way.end(SpokenBatch(tuple(takes_of(last.key, 1.0)), 0.0))
    assert under_way.title == order.book.chapters[0].title
    under_way.end(SpokenBatch(tuple(takes_of(first.key, 1.0)), 0.0))
    assert under_way.title == ""


class Ended:
    """The future of a job that has ended."""

    def __init__(self, batch):
        self._batch = batch

    def add_done_callback(self, ended):
        ended(self)

    def result(self, raise_on_failure):
        return self._batch


@pytest.fixture
def speaker(order, monkeypatch):
    """Speaks in pretence, two texts a job and two jobs at once: with `doubts` by key and attempt, and some are lost."""
    order, tracker = order
    speaker = SimpleNamespace(order=order, tracker=tracker, doubts={}, lost=(), imported=[])
    speaker.jobs = []
    speaker.names = []
    speaker.finished = []
    speaker.titles = []
    settings = order.services.settings
    small = settings.synthesize.model_copy(update={"batch_size": 2})
    order.services.settings = settings.model_copy(update={"synthesize": small})

    @contextmanager
    def make_runner(execution, trial):
        assert (execution, trial.batches) == (settings.execution, ())
        yield SimpleNamespace(in_flight=lambda: 2)

    def submit_job(asked, runner, batches, name):
        assert (asked.source, runner.in_flight()) == (order.source, 2)
        asked_for = [(item.utterance_key, item.attempt) for items in batches for item in items]
        speaker.jobs.append(asked_for)
        speaker.names.append(name)
        takes = [
            take_of(key, attempt, speaker.doubts.get((key, attempt), 0.0))
            for key, attempt in asked_for
            if key not in speaker.lost
        ]
        return Ended(SpokenBatch(tuple(takes), 1.0, {take.key: Hearing("ears", (), 1.0) for take in takes}))

    def spoken(finished, batch, title):
        tracker.done += len(finished)
        speaker.finished.append(finished)
        speaker.titles.append(title)

    def speak_them(utterances, stop=lambda: False):
        for chapter in speak(order, utterances, tracker, stop):
            with order.services.database.snapshot() as uow:
                keys = {item.key for item in utterances if item.utterance.chapter_index == chapter}
                assert keys <= uow.takes.choices(order.source).keys(), "its rows are not there"
                assert uow.runs.get(tracker.run_id).done == tracker.done
            yield chapter

    tracker.done = 0
    tracker.spoken = spoken
    tracker.speaking = speaker.titles.append
    monkeypatch.setattr(synthesis, "import_pytorch", lambda asked: speaker.imported.append("torch"))
    monkeypatch.setattr(synthesis, "make_runner", make_runner)
    monkeypatch.setattr(synthesis, "submit_job", submit_job)
    speaker.speak = speak_them
    return speaker


def take_of(key, attempt, doubt):
    verdict = Verdict.DOUBTFUL if doubt else Verdict.OK
    return Take(take_key(key, attempt), key, attempt, 1, "a" * 64, 24_000, 1000, verdict, scores={DOUBT: doubt})


def attempts_at(speaker, item):
    return [attempt for job in speaker.jobs for key, attempt in job if key == item.key]


def used_for(speaker, item):
    with speaker.order.services.database.snapshot() as uow:
        return uow.takes.choices(speaker.order.source)[item.key]


def test_chapters_are_done_in_order_once_all_of_their_rows_are_there(speaker):
    order = speaker.order
    assert list(speaker.speak(order.keyed)) == [0, 1, 2]
    assert sorted(asked for job in speaker.jobs for asked in job) == sorted((item.key, 0) for item in order.keyed)
    assert {len(job) for job in speaker.jobs} == {2}
    assert set().union(*speaker.finished) == {item.key for item in order.keyed}
    one, _, three = (order.book.chapters[chapter].title for chapter in order.chapters)
    assert (speaker.titles[:3], speaker.titles[-2:]) == ([one, one, one], [three, ""])
    assert speaker.names[-1].startswith("speak ch ")
    with order.services.database.snapshot() as uow:
        assert len(list(uow.hearings.of_book(order.source))) == len(order.keyed)


def test_what_was_spoken_before_goes_to_mastering_first_with_torch_imported_whole(speaker):
    """A run that is continued masters at once what was spoken before, while its first batch would import PyTorch."""
    chapters = speaker.speak(speaker.order.keyed[-1:])
    assert (next(chapters), speaker.imported, speaker.jobs) == (0, ["torch"], [])
    assert list(chapters) == [1, 2]


def test_where_nothing_is_to_be_spoken_no_network_is_loaded(speaker):
    assert list(speaker.speak(())) == [0, 1, 2]
    assert (speaker.imported, speaker.jobs) == ([], [])


def test_what_is_doubtful_is_spoken_again_as_often_as_is_allowed_and_the_best_is_used(speaker):
    first, second, third, *_ = speaker.order.keyed
    assert speaker.order.services.settings.qa.retakes == 2
    speaker.doubts = {(first.key, 0): 2.0, (first.key, 1): 1.0, (first.key, 2): 3.0, (second.key, 0): 1.0}
    assert list(speaker.speak(speaker.order.keyed)) == [0, 1, 2]
    assert [attempts_at(speaker, item) for item in (first, second, third)] == [[0, 1, 2], [0, 1], [0]]
    assert [used_for(speaker, item) for item in (first, second)] == [take_key(first.key, 1), take_key(second.key, 1)]
    assert sum(map(len, speaker.finished)) == len(speaker.order.keyed), "each is finished once"


def test_once_it_is_to_stop_no_more_is_spoken_and_what_is_under_way_is_kept(speaker):
    speaker.doubts = {(item.key, 0): 1.0 for item in speaker.order.keyed}
    assert list(speaker.speak(speaker.order.keyed, stop=lambda: True)) == []
    assert len(speaker.jobs) == 2
    with speaker.order.services.database.snapshot() as uow:
        assert len(uow.takes.audio()) == 4


def test_in_long_books_several_batches_go_out_in_one_task_run(speaker, monkeypatch):
    counted = []

    def pairs(step):
        assert step == 120
        return SimpleNamespace(pieces=2, begin=lambda: counted.append("begun"), end=lambda: counted.append("ended"))

    monkeypatch.setattr(synthesis, "Grain", pairs)
    assert list(speaker.speak(speaker.order.keyed)) == [0, 1, 2]
    assert [len(job) for job in speaker.jobs] == [4, 4, 2]
    assert sorted(counted) == ["begun"] * 3 + ["ended"] * 3


def test_batches_hold_as_many_texts_and_seconds_as_the_settings_say(order):
    order, _ = order
    settings = order.services.settings

    for seconds, sizes in ((1000.0, [4, 4, 2]), (0.1, [1] * 10)):
        limits = settings.synthesize.model_copy(update={"batch_size": 4, "batch_seconds": seconds})
        order.services.settings = settings.model_copy(update={"synthesize": limits})
        assert [len(batch) for batch in iter(synthesis._backlog(order, order.keyed).next_batch, None)] == sizes


def test_an_utterance_that_nobody_spoke_is_an_error_that_names_its_chapter(speaker):
    speaker.lost = [speaker.order.keyed[-1].key]
    with pytest.raises(TalepressError, match="The Small Book: nobody spoke all of chapter 'Chapter Three'"):
        list(speaker.speak(speaker.order.keyed))


def test_a_take_that_is_asked_for_by_its_place_is_used_though_the_older_one_is_as_good(speaker):
    order = speaker.order
    first = order.keyed[0]
    list(speaker.speak(order.keyed))
    asked = Retrial(book=order.request.book, out=order.request.out, only="1:1")
    list(speak(replace(order, request=asked), [first], speaker.tracker, lambda: False))
    assert used_for(speaker, first) == take_key(first.key, 1)


WRONG = Hearing("ears", (HeardWord(0, 2, HowHeard.MISSING, 0.0, 0.1, 1.0),), 0.5)


@pytest.mark.parametrize(
    ("preset", "heard", "last"),
    [("standard", None, 2), ("standard", Hearing("ears", (), 1.0), 2), ("standard", WRONG, 5), ("fast", WRONG, 2)],
)
def test_what_the_ear_doubts_is_spoken_more_often_where_the_preset_takes_its_time(order, preset, heard, last):
    order, _ = order
    settings = order.services.settings
    chosen = settings.synthesize.model_copy(update={"preset": preset})
    order.services.settings = settings.model_copy(update={"synthesize": chosen})
    key = order.keyed[0].key

    def again(attempt, doubt):
        take = take_of(key, attempt, doubt)
        return _Ear(order).to_repeat(SpokenBatch((take,), 0.0, {take.key: heard} if heard else {}))

    assert [again(attempt, 1.0) for attempt in (0, last - 1, last)] == [{key}, {key}, set()]
    assert again(0, 0.0) == set()


def test_a_name_that_is_always_heard_alike_is_doubted_no_more(order):
    """What was heard of this book before counts, and so does each batch, its own takes among it."""
    order, tracker = order
    item = next(item for item in order.keyed if "dragon" in item.utterance.spoken)
    start = item.utterance.spoken.index("dragon")
    word = HeardWord(start, start + 6, HowHeard.DOUBTFUL, 0.0, 0.1, 1.0, "drogon")
    heard = Hearing("ears", (word,), 0.8)
    takes = [
        replace(take_of(item.key, n, 1.0), reasons=reasons_of([word], item.utterance.spoken), scores=SCORES)
        for n in range(3)
    ]
    before = SpokenBatch(tuple(takes[:1]), 1.0, {takes[0].key: heard})
    assert _Ear(order).heard(before) == before
    _commit(order, set(), before, tracker, frozenset())
    now = SpokenBatch(tuple(takes[1:]), 1.0, {take.key: heard for take in takes[1:]})
    ear = _Ear(order)
    batch = ear.heard(now)
    assert [take.verdict for take in batch.takes] == [Verdict.OK, Verdict.OK]
    assert (batch.hearings, ear.to_repeat(batch)) == (now.hearings, set())


SCORES = {DOUBT: float(HEARD_SEVERITY), HEARD: 0.8}
