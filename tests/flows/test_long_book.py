"""However long a book is and however fast its engine, Prefect's server has few task runs to record."""

import time
from uuid import UUID

import pytest

from tests.flows.samples import add_voice

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]

CHAPTERS = 30  # of the 200 that a long book has; `tests/flows/run/test_grain.py` counts what becomes of any length
UTTERANCES = 15  # of a chapter
MOST_A_SECOND = 5.0
PAGE = 200  # task runs that Prefect lists at once


def long_book(path):
    """A book of short paragraphs, none like another."""
    lines = ["---", "title: The Long Book", "author: Ann Author", "---", ""]
    for chapter in range(CHAPTERS):
        lines += [f"## Chapter {chapter + 1}", ""]
        for number in range(UTTERANCES):
            lines += [f"In chapter {chapter}, apple {number} fell from the tree at the gate.", ""]
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.mark.usefixtures("prefect_server")
def test_a_long_book_has_few_task_runs_and_slow_ones(home, tmp_path, monkeypatch):
    from prefect.client.orchestration import get_client

    from flows.book_to_audio import book_to_audio
    from flows.order.request import Request
    from flows.run.server import settle

    add_voice(home)
    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__BATCH_SIZE", "2")  # as the smallest card may need it
    monkeypatch.setenv("TALEPRESS_PACKAGE__OUTPUTS", '["manifest"]')  # to encode all of it tells nothing of task runs
    began = time.monotonic()
    state = book_to_audio(
        Request(book=str(long_book(tmp_path / "long.md")), out=str(tmp_path / "out"), voice="tone"), return_state=True
    )
    seconds = time.monotonic() - began
    assert state.is_completed(), state
    flow_run_id = state.state_details.flow_run_id
    settle(UUID(str(flow_run_id)))
    with get_client(sync_client=True) as client:
        body = {"flow_runs": {"id": {"any_": [str(flow_run_id)]}}}
        count = client.request("POST", "/task_runs/count", json=body).json()
        pages = [{**body, "limit": PAGE, "offset": offset} for offset in range(0, count, PAGE)]
        runs = [run for page in pages for run in client.request("POST", "/task_runs/filter", json=page).json()]
    names = [run["name"] for run in runs]
    assert count < CHAPTERS * UTTERANCES / 2  # fewer than batches
    assert count / seconds <= MOST_A_SECOND
    assert any(name.startswith("speak ch 1: ") for name in names), names
    assert any(name.startswith("master ch ") for name in names), names
