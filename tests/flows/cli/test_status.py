"""`talepress status` and `talepress report` of a book of which a part was asked for and whose run was stopped."""

import re
from datetime import UTC, datetime

import lxml.html
import pytest

from flows.actions.box import PartNote, note_of, save_note
from storage.records import RunState
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
