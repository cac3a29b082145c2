"""A run that is killed with SIGKILL at its worst moments is finished by the same command, and nothing is done twice."""

import json
import signal
import sqlite3
from pathlib import Path

import pytest
from mutagen.mp4 import MP4

from tests.flows.samples import add_voice

pytestmark = pytest.mark.timeout(3000)

# Notes every text that the engine is asked to speak.
LOGGED = """
from tortoise_core.inference.fake import FakeEngine
speak = FakeEngine.speak
def logged(self, requests):
    with open("spoken.log", "a") as log:
        log.writelines(request.text + "\\n" for request in requests)
    return speak(self, requests)
FakeEngine.speak = logged
"""

# Kills the process at the n-th call of a function or method, before it does anything.
KILL = """
import importlib, os, signal
module, owner, name, calls = {module!r}, {owner!r}, {name!r}, {calls}
place = importlib.import_module(module)
place = getattr(place, owner) if owner else place
original, count = getattr(place, name), 0
def deadly(*args, **kwargs):
    global count
    count += 1
    if count == calls:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*args, **kwargs)
setattr(place, name, deadly)
"""


def kill_at(module, name, calls, owner=""):
    return LOGGED + KILL.format(module=module, owner=owner, name=name, calls=calls)


def spoken(talepress):
    return (talepress.folder / "spoken.log").read_text("utf-8").splitlines()


def database(talepress, query):
    with sqlite3.connect(talepress.home / "talepress.db") as connection:
        return connection.execute(query).fetchall()


def sounds(result):
    """The audio of an edition: every utterance's take, and the bytes of the M4B."""
    files = {file["kind"]: Path(file["path"]) for file in result["files"]}
    manifest = json.loads(files["manifest"].read_text("utf-8"))
    takes = [item["audio_sha256"] for chapter in manifest["chapters"] for item in chapter["utterances"]]
    return takes, files["m4b"].read_bytes()


def test_killed_at_the_worst_moments_and_finished_by_the_same_command(talepress):
    one_by_one = {"TALEPRESS_SYNTHESIZE__BATCH_SIZE": "1", "TALEPRESS_EXECUTION__THREADS": "1"}
    make = ["make", "book.md", "--out", "out", "--json"]

    # The third batch is spoken, its file is in the store, its row is not written.
    killed = talepress(*make, before=kill_at("storage.repository.takes", "add", 3, "Takes"), **one_by_one)
    assert killed.code == -signal.SIGKILL
    assert database(talepress, "SELECT count(*) FROM takes") == [(2,)]
    assert len(spoken(talepress)) == 3

    # Again, in the middle of speaking: what lay in the store without a row has one now, and two are spoken.
    killed = talepress(*make, before=kill_at("tasks.synthesize.render", "trim_edges", 3), **one_by_one)
    assert killed.code == -signal.SIGKILL
    assert database(talepress, "SELECT count(*) FROM takes") == [(5,)]

    # Between the chapter's finished audio and its row, while other chapters are still being spoken.
    masters = database(talepress, "SELECT count(*) FROM masters")
    killed = talepress(*make, before=kill_at("storage.repository.masters", "save", 1, "Masters"), **one_by_one)
    assert killed.code == -signal.SIGKILL
    assert database(talepress, "SELECT count(*) FROM masters") == masters

    # The manifest is published, the audiobook is not.
    killed = talepress(*make, before=kill_at("tasks.package.edition", "publish", 2), **one_by_one)
    assert killed.code == -signal.SIGKILL
    assert not list((talepress.folder / "out").glob("[!.]*.m4b"))

    finished = talepress(*make, before=LOGGED, **one_by_one)
    assert finished.code == 0, finished.err
    assert finished.json["rendered"] == 0
    texts = spoken(talepress)
    assert len(set(texts)) == 10
    assert len(texts) <= 10 + 3  # each of the first three kills cost the batch in flight and nothing else
    assert database(talepress, "PRAGMA integrity_check") == [("ok",)]
    assert database(talepress, "SELECT state, count(*) FROM runs GROUP BY state ORDER BY state") == [
        ("done", 1),
        ("failed", 4),
    ]
    assert not list((talepress.folder / "out").glob(".*"))  # no half-made files are left
    assert not list((talepress.home / "work").iterdir())

    # The same book made without a break sounds the same, to the byte.
    other = talepress.folder / "other"
    add_voice(other)
    unbroken = talepress("make", "book.md", "--out", "unbroken", "--json", TALEPRESS_HOME=str(other))
    assert unbroken.code == 0, unbroken.err
    assert unbroken.json["rendered"] == 10
    assert sounds(unbroken.json) == sounds(finished.json)
    assert [chapter["title"] for chapter in finished.json["chapters"]] == [
        "Chapter One",
        "Chapter Two",
        "Chapter Three",
    ]
    assert MP4(finished.json["files"][0]["path"]).info.length == pytest.approx(finished.json["audio_seconds"], abs=0.1)
