"""What `talepress schedule` asks before it asks a server."""

import pytest

from flows.cli.schedule import local_timezone


@pytest.mark.parametrize("zone", ["Europe/Berlin", ":America/New_York"])
def test_the_time_zone_is_this_machines(monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    assert local_timezone() == zone.removeprefix(":")
    monkeypatch.delenv("TZ")
    assert local_timezone()


@pytest.mark.usefixtures("voiced_home")
def test_without_a_server_the_remedy_is_told(talepress, book):
    for command in (["schedule", "add", book, "--cron", "0 1 * * *"], ["schedule", "list"], ["drain"], ["deploy"]):
        refused = talepress(*command)
        assert (refused.code, "start `talepress up`" in refused.err) == (2, True), refused.err


@pytest.mark.usefixtures("home")
def test_a_book_that_is_not_there_is_refused(talepress, tmp_path):
    refused = talepress("schedule", "add", tmp_path / "nothing.epub", "--cron", "0 1 * * *")
    assert (refused.code, "nothing.epub is not there" in refused.err) == (2, True)


@pytest.mark.usefixtures("voiced_home")
@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "shelf: it holds no file yet that is a book by its name (.azw, "),
        (["a.md"], "; what may be anything is left out (1 .md): schedule such a file by its own name, or drop it into"),
        (["a.fb2", "b.TXT"], "shelf: what may be anything is left out (1 .txt): "),
        (["a.fb2", "cover.jpg"], ""),
    ],
)
def test_what_a_scheduled_folder_would_leave_out_is_told_by_day(talepress, tmp_path, names, words):
    (tmp_path / "shelf").mkdir()
    for name in names:
        (tmp_path / "shelf" / name).write_text("x")
    *told, refused = talepress("schedule", "add", tmp_path / "shelf", "--cron", "0 1 * * *").err.splitlines()
    assert "start `talepress up`" in refused  # no server is there
    assert len(told) == bool(words) and words in "".join(told), told


@pytest.mark.usefixtures("voiced_home")
def test_a_folder_that_is_no_library_is_refused_by_day(talepress, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    refused = talepress("schedule", "add", tmp_path, "--cron", "0 1 * * *")
    assert (refused.code, "is no library" in refused.err) == (2, True), refused.err


@pytest.mark.usefixtures("home")
def test_a_voice_that_nobody_has_is_refused_by_day(talepress, book):
    refused = talepress("schedule", "add", book, "--cron", "0 1 * * *", "--voice", "nobody")
    assert (refused.code, "nobody" in refused.err, "server" in refused.err) == (2, True, False), refused.err
