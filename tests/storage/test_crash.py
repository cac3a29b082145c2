"""SIGKILL at the worst moments: what is left must be consistent, and the same work done again must complete it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from storage.artifacts import ArtifactStore
from storage.database import Database
from tests.storage.builders import SOURCE, make_book, make_take, save_keyed

REPOSITORY = Path(__file__).parents[2]
AUDIO = b"one second of audio"

PREAMBLE = """
import sys, time
from storage.artifacts import ArtifactStore
from storage.database import Database
from tests.storage.builders import make_take
database, store = Database(sys.argv[1]), ArtifactStore(sys.argv[2])
def wait_to_be_killed():
    print("now", flush=True)
    time.sleep(600)
"""


def kill_at_its_word(code: str, database_url: str, artifacts: Path) -> None:
    """Runs code until it says that the moment has come, then kills it without warning."""
    process = subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + code, database_url, str(artifacts)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "now\n"
    process.kill()
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()


def check_sound(database: Database) -> None:
    if database.engine.dialect.name != "sqlite":
        return  # a server's process was not killed
    with database.engine.connect() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []


def test_killed_between_file_and_row(database, database_url, tmp_path):
    with database.unit_of_work() as uow:
        keyed = save_keyed(uow, make_book(chapters=1, blocks=1))
        uow.commit()
    kill_at_its_word(f"store.put_bytes({AUDIO!r}); wait_to_be_killed()", database_url, tmp_path / "artifacts")

    check_sound(database)
    store = ArtifactStore(tmp_path / "artifacts")
    with database.unit_of_work() as uow:
        assert uow.takes.missing(SOURCE) == tuple(keyed)  # the file without a row does no harm
        address = store.put_bytes(AUDIO)
        store.verify(address)
        uow.takes.add([make_take(keyed[0].key, audio_sha256=address)])
        assert uow.takes.choose_acceptable(SOURCE) == 1
        uow.commit()
    with database.snapshot() as uow:
        assert [store.read(item.take.audio_sha256) for item in uow.takes.chosen(SOURCE, 0)] == [AUDIO]
    assert len([path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]) == 1


def test_killed_in_the_middle_of_a_transaction(database, database_url, tmp_path):
    code = """
with database.unit_of_work() as uow:
    uow.takes.add([make_take("committed")])
    uow.commit()
    uow.takes.add([make_take(f"lost {n}") for n in range(5000)])
    wait_to_be_killed()
"""
    kill_at_its_word(code, database_url, tmp_path / "artifacts")
    check_sound(database)
    with database.unit_of_work() as uow:  # the dead process holds no lock
        assert list(uow.takes.of(["committed", "lost 0", "lost 4999"])) == ["committed"]
        uow.takes.add([make_take("lost 0")])
        uow.commit()


def test_killed_while_a_file_is_written(database, database_url, tmp_path):
    code = """
import os
os.fsync = lambda handle: wait_to_be_killed()
store.put_bytes(os.urandom(5_000_000))
"""
    kill_at_its_word(code, database_url, tmp_path / "artifacts")
    left = [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
    assert [path.parent.name for path in left] == ["tmp"]  # half a file never has an address
