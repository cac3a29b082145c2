"""What is refused because of settings or the machine, in one line, before anything is done. Wrong uses: the table of
test_wrong_uses.py."""

import pytest

from tasks import disk
from tests.flows.cli.test_wrong_uses import tree


@pytest.mark.parametrize(
    "arguments",
    [
        ["make", "missing.epub"],
        ["make", "book.md"],
        ["say", "Hello.", "--out", "x.wav"],
        ["voice", "add", "n", "no.wav"],
    ],
)
@pytest.mark.usefixtures("book")
def test_a_fresh_data_folder_is_not_even_made(talepress, home, arguments):
    assert talepress(*arguments).code == 2  # the second and third: the profile's voice is not there
    assert not home.exists()


@pytest.mark.parametrize("arguments", [["plan", "book.md"], ["make", "book.md"], ["status"], ["voice", "list"]])
@pytest.mark.usefixtures("book")
def test_what_is_no_database_url_is_refused_with_the_setting_to_change(talepress, home, monkeypatch, arguments):
    monkeypatch.setenv("TALEPRESS_STORAGE__DATABASE_URL", "postgresql:/ann:secret@host/talepress")
    ended = talepress(*arguments)
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "storage.database_url" in ended.err
    assert "secret" not in ended.err
    assert not home.exists()


@pytest.mark.usefixtures("voiced_home", "book")
def test_a_disk_without_room_is_found_before_work_starts(talepress, monkeypatch, tmp_path):
    usage = disk.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda place: usage._replace(free=1000))
    before = tree(tmp_path)
    ended = talepress("make", "book.md")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "MiB" in ended.err
    assert tree(tmp_path) == before


@pytest.mark.usefixtures("voiced_home", "book")
def test_a_wrong_setting_is_named(talepress, monkeypatch):
    monkeypatch.setenv("TALEPRESS_QA__RETAKES", "many")
    ended = talepress("make", "book.md")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "TALEPRESS_QA__RETAKES" in ended.err


@pytest.mark.usefixtures("voiced_home", "book")
@pytest.mark.parametrize(
    ("outputs", "message"),
    [('["m4b", "mp4", "manifest"]', "no output 'mp4': outputs (package.outputs) are m4b, "), ('["m4b"]', "add it")],
)
def test_an_output_that_cannot_be_is_refused_before_work_starts(talepress, monkeypatch, tmp_path, outputs, message):
    monkeypatch.setenv("TALEPRESS_PACKAGE__OUTPUTS", outputs)
    before = tree(tmp_path)
    ended = talepress("make", "book.md")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert message in ended.err
    assert tree(tmp_path) == before


@pytest.mark.usefixtures("voiced_home", "book")
def test_every_output_needs_room(talepress, monkeypatch, tmp_path):
    usage = disk.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda place: usage._replace(free=4_000_000))
    monkeypatch.setattr("flows.order.order.DATA_BYTES_PER_SECOND", 0)  # takes and masters need none of it
    monkeypatch.setattr("tasks.package.outputs.audio_files.MASTER_RATE", 500_000)
    monkeypatch.setenv("TALEPRESS_PACKAGE__OUTPUTS", '["flac", "manifest"]')
    ended = talepress("make", "book.md")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "MiB are needed and 3 MiB are free" in ended.err


@pytest.mark.usefixtures("home")
def test_an_error_that_nobody_foresaw_is_one_line_too_and_a_failure(talepress, monkeypatch, book):
    def broken(*arguments, **options):
        raise KeyError("surprise")

    monkeypatch.setattr("flows.actions.plan.read_manuscript", broken)
    ended = talepress("plan", book)
    assert (ended.code, len(ended.err.splitlines())) == (3, 1)
    assert "KeyError" in ended.err and "surprise" in ended.err
    assert "Traceback" in talepress("--verbose", "plan", book).err


@pytest.mark.parametrize("option", ["--lexicon", "--cast", "--plan", "--diff"])
@pytest.mark.usefixtures("home")
def test_what_is_nested_too_deeply_is_named(talepress, tmp_path, book, option):
    deep = tmp_path / ("deep.json" if option == "--diff" else "deep.toml")
    nested = "[" * 100_000 + "]" * 100_000
    deep.write_text(nested if option == "--diff" else f"a = {nested}")
    ended = talepress("plan", book, option, deep)
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "deep." in ended.err
    assert "nested too deeply" in ended.err


@pytest.mark.usefixtures("home")
def test_settings_that_are_nested_too_deeply_are_named(talepress, tmp_path):
    (tmp_path / "talepress.toml").write_text("a = " + "[" * 100_000 + "]" * 100_000)
    ended = talepress("status")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "talepress.toml cannot be read: it is nested too deeply" in ended.err
