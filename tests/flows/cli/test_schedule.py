"""What `talepress schedule` asks before it asks a server."""

import pytest

from flows.cli.schedule import local_timezone
from flows.operate import schedules
from flows.operate.schedules import Planned


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


@pytest.fixture
def server(voiced_home, monkeypatch):
    """A server that has these schedules; returns what is asked for."""
    asked = []
    planned = [
        Planned("oz-1", "book-to-audio", {"book": "/oz.epub"}, "0 1 * * *", "UTC", True, "2026-12-01T01:00+00:00"),
        Planned("own", "sweep", {}, "every 0:05:00", "UTC", False, "2026-12-01T01:05+00:00"),
    ]
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.setattr("flows.cli.launch.use_server", lambda settings: asked.append("server"))
    monkeypatch.setattr(schedules, "add_schedule", lambda *given: asked.append(given) or "oz-1")
    monkeypatch.setattr(schedules, "list_schedules", lambda: planned)
    monkeypatch.setattr(schedules, "remove_schedule", lambda name: asked.append(name) or "book-to-audio")
    return asked


def test_a_book_is_made_by_the_clock_as_it_would_be_now(server, talepress, book, tmp_path):
    ended = talepress("schedule", "add", book, "--cron", "0 1 * * *", "--voice", "slt")
    request = {"book": str(book), "out": str(tmp_path / "audiobooks"), "voice": "slt"}
    assert server == ["server", ("book-to-audio", "book", request, "0 1 * * *", "Europe/Berlin")]
    told = "oz-1: book-to-audio at 0 1 * * * (Europe/Berlin); `talepress schedule remove oz-1` ends it\n"
    assert (ended.code, ended.out, ended.err) == (0, "", told)
    as_json = talepress("schedule", "add", book, "--cron", "0 1 * * *", "--timezone", "UTC", "--out", "o", "--json")
    assert as_json.json == {"name": "oz-1", "door": "book-to-audio", "cron": "0 1 * * *", "timezone": "UTC"}
    other = {"book": str(book), "out": str(tmp_path / "o")}
    assert server[3] == ("book-to-audio", "book", other, "0 1 * * *", "UTC")


def test_the_books_of_a_folder_are_made_by_another_door(server, talepress, tmp_path):
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "a.fb2").write_text("x")
    talepress("schedule", "add", tmp_path / "shelf", "--cron", "0 1 * * *", "--out", "o")
    request = {"book": str(tmp_path / "shelf"), "out": str(tmp_path / "o")}
    assert server == ["server", ("make-folder", "shelf", request, "0 1 * * *", "Europe/Berlin")]


@pytest.mark.parametrize(
    ("options", "title", "request_"),
    [
        ([], "retry  ", {}),
        (["--reason", "short", "--preset", "fast"], "retry short fast", {"reason": "short", "preset": "fast"}),
    ],
)
def test_what_is_flagged_is_retried_by_the_clock(server, talepress, options, title, request_):
    talepress("schedule", "retry", "--cron", "0 3 * * 0", "--timezone", "UTC", *options)
    assert server == ["server", ("retry-flagged", title, request_, "0 3 * * 0", "UTC")]


@pytest.mark.parametrize("options", [["--reason", "ugly"], ["--preset", "best"]])
def test_a_retry_that_makes_no_sense_is_refused_by_day(server, talepress, options):
    assert (talepress("schedule", "retry", "--cron", "0 3 * * 0", *options).code, server) == (2, [])


def test_what_runs_by_itself_is_listed_and_removed(server, talepress, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    lines = talepress("schedule", "list").out.splitlines()
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "│" in line]
    assert cells == [
        ["oz-1", "book-to-audio", "/oz.epub", "0 1 * * * (UTC)", "2026-12-01T01:00+00:00"],
        ["own", "sweep", "", "every 0:05:00 (UTC)", "paused"],
    ]
    assert [row["name"] for row in talepress("schedule", "list", "--json").json["schedules"]] == ["oz-1", "own"]
    assert talepress("schedule", "remove", "oz-1").err == "removed oz-1, which ran book-to-audio\n"
    assert server[-2:] == ["server", "oz-1"]


@pytest.mark.parametrize(
    ("link", "zone"), [("/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"), ("/etc/somewhere", "UTC")]
)
def test_the_zone_is_read_where_the_machine_keeps_it(monkeypatch, link, zone):
    monkeypatch.setenv("TZ", "")
    monkeypatch.setattr("pathlib.Path.resolve", lambda path: link if str(path) == "/etc/localtime" else path)
    assert local_timezone() == zone
