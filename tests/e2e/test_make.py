"""`talepress make` as a person uses it: with a private Prefect server, twice, and side by side."""

import json
import logging
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.conftest import RUN

pytestmark = pytest.mark.timeout(3000)


def test_make_twice_with_a_server_of_its_own(talepress, server_environment):
    del talepress.environment["PREFECT_API_URL"]  # PREFECT_HOME stays: its database is there, so the start is quick
    first = talepress("make", "book.md", "--out", "out", "--json", TALEPRESS_EXECUTION__SERVER_START_TIMEOUT_S="800")
    assert first.code == 0, first.err
    assert set(first.json) >= {
        "files",
        "chapters",
        "utterances",
        "audio_seconds",
        "wall_seconds",
        "rtf",
        "flagged",
        "coverage",
    }
    assert (first.json["utterances"], first.json["rendered"], first.json["flagged"]) == (10, 10, 0)
    assert first.json["coverage"]["unaccounted_chars"] == 0
    allowed = ("starting Prefect", "synthesize: ", "master: ", "package: ")
    assert [line for line in first.err.splitlines() if not line.startswith(allowed)] == []
    log = Path(server_environment["PREFECT_HOME"]) / "server.log"
    assert "Traceback" not in log.read_text("utf-8")

    second = talepress("make", "book.md", "--out", "out", "--json")
    assert second.code == 0, second.err
    assert second.json["rendered"] == 0
    assert second.json["files"] == first.json["files"]
    assert "nothing to render" in second.err
    assert "Prefect" not in second.err  # it was not even started

    retried = talepress("retry", "book.md", "--json")  # what the last run was asked for, its folder too
    assert (retried.code, retried.json["rendered"], retried.json["files"]) == (0, 0, first.json["files"])
    assert "Prefect" not in retried.err


def test_a_second_process_on_the_same_book_is_refused(talepress):
    slow = {
        **talepress.environment,
        "TALEPRESS_SYNTHESIZE__MODEL": '{"seconds_per_request": 60}',
        "TALEPRESS_SYNTHESIZE__BATCH_SIZE": "1",
    }
    first = subprocess.Popen(
        [sys.executable, "-c", RUN, "make", "book.md", "--out", "out"],
        cwd=talepress.folder,
        env=slow,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while database_runs(talepress) != [("running",)]:
            assert first.poll() is None
            time.sleep(0.2)
        second = talepress("make", "book.md", "--out", "out", "--json")
    finally:
        first.kill()
        first.wait()
    assert second.code == 2
    assert second.out == ""
    assert len(second.err.splitlines()) == 1
    assert "another process works on 'The Small Book'" in second.err

    status = json.loads(talepress("status", "book.md", "--json").out)
    assert status["runs"][0]["state"] == "interrupted"


def test_what_our_packages_log_is_kept_with_the_run(talepress, server_environment):
    """Level INFO, which nobody sees at the terminal; loggers pass on warnings alone unless they are set."""
    ended = talepress("make", "book.md", "--out", "out", "--json")
    assert ended.code == 0, ended.err
    assert "to speak" not in ended.err
    request = urllib.request.Request(
        f"{server_environment['PREFECT_API_URL']}/logs/filter",
        data=json.dumps({"logs": {"level": {"le_": logging.INFO}}, "limit": 200}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        logs = json.load(answer)
    assert "book: 10 of 10 utterances to speak" in {
        log["message"] for log in logs if log["name"] == "flows.run.story" and log["flow_run_id"]
    }


def database_runs(talepress):
    try:
        with sqlite3.connect(talepress.home / "talepress.db") as connection:
            return connection.execute("SELECT state FROM runs").fetchall()
    except sqlite3.OperationalError:  # not made yet
        return []
