"""Records are frozen, documented, and travel between processes."""

from __future__ import annotations

import dataclasses
import pickle
from datetime import UTC, datetime

import pytest

from storage import dropped, hearing, records
from tests.storage.builders import make_book, make_script, make_take

STORED = {  # as databases of users have them
    records.BlockKind: "heading paragraph quote list_item verse table_row scene_break",
    records.PauseKind: "clause sentence paragraph verse_line stanza scene heading chapter",
    records.Verdict: "ok doubtful",
    records.DecisionKind: "approve choose reject correct note approve-chapter approve-book withdraw",
    records.Reach: "place book always",
    records.LedgerState: "spoken skipped unaccounted",
    records.MarkupKind: "phonemes respell say-as voice direction pause language",
    records.RunState: "running done flagged review failed stopped",
    dropped.InboxState: "received running review made delivered failed",
    hearing.HowHeard: "said missing added doubtful",
}
RECORDS = [value for value in vars(records).values() if dataclasses.is_dataclass(value)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_records_are_frozen_and_documented(record):
    assert record.__dataclass_params__.frozen
    assert record.__doc__


def test_records_travel_between_processes():
    book = make_book()
    for value in (book, make_script(book), make_take("k")):
        assert pickle.loads(pickle.dumps(value)) == value


def test_seconds_of_a_take():
    assert make_take("k", samples=36_000, sample_rate=24_000).seconds == 1.5


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
def test_words_that_databases_hold_do_not_change(kind):
    assert [value.name.lower().replace("_", "-") for value in kind] == [
        word.replace("_", "-") for word in STORED[kind].split()
    ]
    assert [value.value for value in kind] == STORED[kind].split()


SAY_SOMETHING = {  # all other defaults are nothing: empty, 0, False or None
    ("InboxItem", "attempt"): 1,
    ("InboxItem", "state"): dropped.InboxState.RECEIVED,
    ("Decision", "reach"): records.Reach.PLACE,
}


def test_what_nobody_says_of_a_record_is_nothing():
    """Rows of before a field was there have its default, and so has whatever does not care."""
    of_modules = [*vars(records).values(), *vars(dropped).values(), *vars(hearing).values()]
    found = {}
    for record in filter(dataclasses.is_dataclass, of_modules):
        for field in dataclasses.fields(record):
            if field.default is not dataclasses.MISSING and (field.default or isinstance(field.default, str)):
                found[record.__name__, field.name] = field.default
    assert {name: value for name, value in found.items() if value != ""} == SAY_SOMETHING


@pytest.mark.parametrize("state", records.RunState)
def test_a_run_is_under_way_while_a_living_process_is_at_it(state):
    run = make_run(state=state)
    assert run.is_under_way is (state is records.RunState.RUNNING)
    assert not dataclasses.replace(run, interrupted=True).is_under_way


def make_run(state):
    now = datetime(2026, 11, 30, tzinfo=UTC)
    return records.Run("r", "s", "book_to_audio", state, now, now, None, 0, 0, "", {}, interrupted=False)
