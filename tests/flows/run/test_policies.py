"""What Prefect tries again, how long it waits, and that its pool of threads is bounded."""

from types import SimpleNamespace

import pytest
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from configs.settings import load_settings
from flows.run import policies
from storage.errors import (
    DatabaseBusyError,
    DatabaseFullError,
    DatabaseLostError,
    StoreLostError,
    StoreUnavailableError,
)
from tasks.errors import BadInputError, EngineMemoryError, TransientError


@pytest.fixture
def execution():
    return load_settings(execution={"task_retries": 2, "retry_backoff_s": 0.01}).execution


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize(
    ("error", "attempts"),
    [(TransientError, 3), (EngineMemoryError, 3), (DatabaseBusyError, 3), (BadInputError, 1), (ValueError, 1)],
)
def test_only_transient_failures_are_tried_again(execution, error, attempts):
    tries = []

    @task
    def fails():
        tries.append(1)
        raise error("again?")

    @flow
    def run():
        return fails.with_options(**policies.retrying(execution))(return_state=True).is_failed()

    assert run()
    assert len(tries) == attempts


CUT_SHORT = (TransientError, EngineMemoryError, DatabaseBusyError, DatabaseLostError, StoreLostError)


@pytest.mark.parametrize("error", [*CUT_SHORT, StoreUnavailableError, DatabaseFullError, BadInputError, OSError])
def test_what_another_try_may_mend_is_transient_and_nothing_else(error):
    state = SimpleNamespace(result=lambda raise_on_failure: error("again?"))
    assert policies.is_transient(None, None, state) is (error in CUT_SHORT)


def test_waits_double_and_are_jittered(execution):
    options = policies.retrying(execution)
    assert options["retry_delay_seconds"](3) == [0.01, 0.02, 0.04]
    assert options["retry_jitter_factor"] > 0


def test_prefect_keeps_no_results_and_no_task_run_has_a_tag(execution):
    options = policies.retrying(execution)
    for kept in (options, policies.ONCE):
        assert (kept["persist_result"], kept["cache_policy"]) == (False, NO_CACHE)
    assert (options["retries"], options["retry_condition_fn"]) == (2, policies.is_transient)
    assert "tags" not in options
    assert policies.BOOK_FLOW == {"flow_run_name": "{request.label}", "persist_result": False}
