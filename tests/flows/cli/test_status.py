"""`talepress status` and `talepress report` of a book of which a part was asked for and whose run was stopped."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import lxml.html
import pytest

from flows.actions.box import PartNote, RunNote, note_of, save_note
from flows.cli import status
from storage.records import Run, RunState
from storage.summaries import BookSummary, ChapterSummary
from tests.flows.cli.test_plan import ordered


@pytest.fixture
def stopped(voiced_home, book, tmp_path):
    """The second chapter was asked for, and nothing spoken before the user stopped the run."""
    order = ordered(book, tmp_path / "out", chapters="2")
    with order.services.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        run_id = uow.runs.start(order.source, "book_to_audio", order.record)
        uow.books.assign_keys(order.source, order.keyed)
        uow.runs.finish(run_id, RunState.STOPPED, "stopped by the user")
        uow.commit()
    return book


def test_what_was_asked_for_stands_beside_the_whole_book(talepress, stopped):
    (row,) = talepress("status", "--json").json["books"]
    assert (row["chosen"], row["keyed"], row["utterances"]) == (0, 4, 10)
    lines = talepress("status", stopped).out.splitlines()
    assert [cell.strip() for cell in lines[2].split("┃")[3:6]] == ["spoken", "asked for", "utterances"]
    assert [cell.strip() for cell in lines[5].split("│")[2:6]] == ["Chapter Two", "0", "4", "4"]
    assert "last run: make, chapters 2, " in lines[-1] and lines[-1].endswith("UTC: stopped by the user")


@pytest.mark.usefixtures("stopped")
def test_books_are_shown_while_prefects_server_does_not_answer(talepress, voiced_home):
    part = PartNote("Prefect", 7, 1, "http://127.0.0.1:1", "log")
    save_note(voiced_home, note_of("http://127.0.0.1:1/api", datetime.now(UTC), (part,)))
    ended = talepress("status")
    assert (ended.code, "0 of 4" in ended.out, "process 7" in ended.out) == (0, True, True)
    assert re.search(r"^talepress up, since \d{4}-\d\d-\d\d \d\d:\d\d UTC *$", ended.out, re.MULTILINE)
    assert "which runs are under way is not known: Prefect's server does not answer at" in ended.err
    result = talepress("status", "--json").json
    assert (len(result["books"]), result["up"]["runs"]) == (1, None)


@pytest.mark.usefixtures("stopped")
def test_the_books_are_a_table_in_an_ordinary_terminal(talepress, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = talepress("status").out.splitlines()
    assert any(all(head in line for head in ("title", "authors", "chapters", "spoken", "flagged")) for line in lines)
    assert any("0 of 4" in line for line in lines)


def test_a_book_that_is_a_folder_of_html_is_known_by_its_folder(voiced_home, talepress, tmp_path):
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "index.html").write_text("<title>Pages</title><h1>One</h1><p>The apple fell from the tree.</p>", "utf-8")
    order = ordered(folder, tmp_path / "out")
    order.services.database.transact(lambda uow: uow.books.save(order.book, order.script))
    assert talepress("status", folder, "--json").json["title"] == "Pages"


def test_a_page_of_a_book_that_is_not_finished_says_so(talepress, stopped, tmp_path):
    ended = talepress("report", stopped)
    assert (ended.code, ended.out.strip()) == (0, str(tmp_path / "out" / "book.report.html"))
    text = lxml.html.parse(ended.out.strip()).getroot().text_content()
    assert "Chapter Two" in text and "not finished" in text and "Chapter One" not in text
    assert "1 recording that you added" in text  # whose voice it is
    chosen = talepress("report", stopped, "--out", tmp_path / "elsewhere.html", "--json")
    assert chosen.json == {"page": str(tmp_path / "elsewhere.html")}
    assert (tmp_path / "elsewhere.html").exists()


def test_a_book_that_was_never_made_has_no_page(talepress, voiced_home, book):
    ended = talepress("report", book)
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "was never made" in ended.err


NOW = datetime(2026, 11, 9, 8, 5, tzinfo=UTC)
BOOK = BookSummary("b" * 64, "Oz", ("Ann", "Bob"), 1, 49, 36, 12, 3, 3725.0, RunState.DONE)
RUN = Run("r" * 32, "b" * 64, "retry_failed", RunState.DONE, NOW, NOW, NOW, 12, 36, "", {}, interrupted=False)


@pytest.mark.parametrize(
    ("run", "line"),
    [
        (RUN, "retry, the whole book, 2026-11-09 08:05 UTC: done"),
        (
            replace(RUN, flow="book_to_audio", request={"chapters": "2-3"}),
            "make, chapters 2-3, 2026-11-09 08:05 UTC: done",
        ),
        (
            replace(RUN, flow="publish", message="3 files"),
            "publish, the whole book, 2026-11-09 08:05 UTC: done, 3 files",
        ),
        (
            replace(RUN, flow="other", message="done with it"),
            "other, the whole book, 2026-11-09 08:05 UTC: done with it",
        ),
        (
            replace(RUN, state=RunState.RUNNING, interrupted=True, message="x"),
            "retry, the whole book, 2026-11-09 08:05 UTC: interrupted, x",
        ),
    ],
)
def test_how_the_last_run_ended_is_a_line_and_files_have_one_each(capsys, run, line):
    chapter = ChapterSummary(0, "One", 49, 36, 12, 3, 3725.0)
    edition = SimpleNamespace(files=(SimpleNamespace(kind="m4b", path="/o/Oz.m4b"),))
    status._print_book(BOOK, (chapter,), (run, replace(RUN, flow="publish")), edition)
    out = capsys.readouterr().out
    assert out.splitlines()[-2:] == [f"last run: {line}", "m4b: /o/Oz.m4b"]
    cells = [[cell.strip() for cell in row.split("│")[1:-1]] for row in out.splitlines() if "│" in row]
    assert cells == [["1", "One", "12", "36", "49", "3", "1:02:05"]]


def test_what_was_asked_for_in_part_is_told_beside_the_whole():
    assert status._spoken(BOOK) == "12 of 36 (49 in all)"
    assert status._spoken(replace(BOOK, keyed=49)) == "12 of 49"


def test_what_a_program_learns_of_runs():
    assert status._run_json(RUN) == {
        "id": "r" * 32,
        "flow": "retry_failed",
        "state": "done",
        "started_at": NOW.isoformat(),
        "finished_at": NOW.isoformat(),
        "done": 12,
        "total": 36,
        "message": "",
    }
    under_way = replace(RUN, state=RunState.RUNNING, finished_at=None)
    assert (status._run_json(under_way)["state"], status._run_json(under_way)["finished_at"]) == ("running", None)
    assert status._run_json(replace(under_way, interrupted=True))["state"] == "interrupted"


@pytest.mark.usefixtures("stopped")
def test_what_runs_on_this_box_is_shown_with_the_books(talepress, voiced_home, monkeypatch):
    parts = (PartNote("worker desk", 7, 1, "", "log"), PartNote("review", 0, 3, "http://r", "log"))
    save_note(voiced_home, note_of("http://127.0.0.1:1/api", NOW, parts))
    asked = []
    run = RunNote("Oz", "book-to-audio", "Running", "2026-11-09T08:06:00+00:00")
    monkeypatch.setattr("flows.actions.box.runs_under_way", lambda api: asked.append(api) or [run])
    monkeypatch.setenv("COLUMNS", "120")
    out = talepress("status").out
    cells = [[cell.strip() for cell in row.split("│")[1:-1]] for row in out.splitlines() if "│" in row]
    assert cells[:3] == [
        ["worker desk", "process 7", "1", ""],
        ["review", "being started again", "3", "http://r"],
        ["Oz", "book-to-audio", "Running", "2026-11-09 08:06 UTC"],
    ]
    up = talepress("status", "--json").json["up"]
    assert (up["runs"][0]["name"], [part["pid"] for part in up["parts"]]) == ("Oz", [7, 0])
    assert asked == ["http://127.0.0.1:1/api"] * 2


@pytest.mark.usefixtures("voiced_home")
def test_one_book_for_a_program_has_its_chapters_runs_and_files(talepress, stopped):
    shown = talepress("status", stopped, "--json").json
    assert (shown["title"], shown["edition"]) == ("The Small Book", None)
    assert [(chapter["title"], chapter["keyed"]) for chapter in shown["chapters"]][1] == ("Chapter Two", 4)
    assert [(run["state"], run["message"]) for run in shown["runs"]] == [("stopped", "stopped by the user")]
