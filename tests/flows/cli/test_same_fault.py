"""The same fault has the same exit code in every command that meets it, and one line."""

import shutil
import sqlite3

import pytest

from tests.flows.samples import write_clip

COMMANDS = {
    "make": ["make", "book.md"],
    "plan": ["plan", "book.md"],
    "status": ["status"],
    "retry": ["retry", "book.md"],
    "report": ["report", "book.md"],
    "say": ["say", "Good morning.", "--out", "said.wav"],
    "book list": ["book", "list"],
    "book remove": ["book", "remove", "book.md", "--yes"],
    "clean": ["clean"],
    "clean --remove": ["clean", "--remove", "left", "--yes"],
    "voice list": ["voice", "list"],
    "voice add": ["voice", "add", "new", "clip.wav"],
    "bench": ["bench", "--seconds", "1"],
    "verify": ["maintain", "verify"],
}
WITHOUT_AUDIO = {"status", "book list", "voice list", "retry", "report", "book remove"}  # of a book never made


def damage_database(home):
    (home / "talepress.db").write_bytes(b"junk" * 1000)


def outdate_program(home):
    with sqlite3.connect(home / "talepress.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def unmount_store(home):
    shutil.rmtree(home / "artifacts")


def misspell_setting(home):
    (home.parent / "talepress.toml").write_text("[qa]\nretakes = -1\n", "utf-8")


def block_home(home):
    shutil.rmtree(home)
    home.write_text("a file", "utf-8")


@pytest.mark.parametrize(
    ("break_it", "words", "code", "unaware"),
    [
        (damage_database, "talepress.db", 3, set()),
        (outdate_program, "talepress.db", 3, set()),
        (unmount_store, "artifact store", 2, WITHOUT_AUDIO),
        (misspell_setting, "qa.retakes", 2, set()),
        (block_home, "home", 2, set()),
    ],
)
def test_the_same_fault_has_the_same_exit_code_everywhere(
    talepress, voiced_home, book, tmp_path, break_it, words, code, unaware
):
    write_clip(tmp_path / "clip.wav")
    break_it(voiced_home)
    ended = {name: talepress(*arguments) for name, arguments in COMMANDS.items()}
    seen = {name: one for name, one in ended.items() if words in one.err}
    assert {name: one.code for name, one in seen.items()} == dict.fromkeys(seen, code)
    assert [name for name, one in ended.items() if len(one.err.splitlines()) > 1] == []
    assert not [name for name, one in ended.items() if "Traceback" in one.err or "unexpected" in one.err]
    assert set(COMMANDS) - set(seen) == unaware
