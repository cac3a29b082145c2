"""`talepress book`: which book a name means. What is forgotten, and what stays: tests/flows/cli/test_clean.py."""

import pytest

from flows.services import open_services, read_settings
from storage.records import RunState
from tests.storage.builders import make_book, make_script

ALIKE = ("abcd1" + "0" * 59, "abcd2" + "0" * 59)


@pytest.fixture
def library(voiced_home):
    with open_services(read_settings()) as services, services.database.unit_of_work() as uow:
        for number, source in enumerate(ALIKE):
            book = make_book(source, title=f"Book {number}")
            uow.books.save(book, make_script(book))
        uow.runs.finish(uow.runs.start(ALIKE[0], "book_to_audio", {}), RunState.FLAGGED)
        uow.commit()


def titles(talepress):
    return [row["title"] for row in talepress("book", "list", "--json").json["books"]]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("name", [ALIKE[0], "abcd1", "ABCD1"])
def test_a_book_is_named_by_the_beginning_of_its_id(talepress, name):
    ended = talepress("book", "remove", name, "--yes", "--json")
    assert ended.json == {"removed": ALIKE[0], "title": "Book 0"}
    assert titles(talepress) == ["Book 1"]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("abcd", "more than one book begins so"),
        ("abc", "no such book"),
        ("bcd1", "no such book"),
        ("", "no such book"),
        ("dead", "no such book"),
    ],
)
def test_what_names_no_one_book_forgets_none(talepress, name, why):
    ended = talepress("book", "remove", name, "--yes")
    assert (ended.code, why in ended.err) == (2, True)
    assert sorted(titles(talepress)) == ["Book 0", "Book 1"]


@pytest.mark.usefixtures("library")
def test_a_file_that_was_never_made_names_no_book(talepress, book):
    assert talepress("book", "remove", book, "--yes").code == 2


@pytest.mark.usefixtures("library")
def test_the_list_says_by_which_id_a_book_is_named_and_how_its_last_run_ended(talepress):
    rows = {row["title"]: row for row in talepress("book", "list", "--json").json["books"]}
    assert rows["Book 0"] == {
        "id": ALIKE[0],
        "title": "Book 0",
        "authors": ["A. Writer", "B. Writer"],
        "last_run": "flagged",
    }
    assert rows["Book 1"]["last_run"] is None
    table = talepress("book", "list").out
    assert "abcd1000" in table and "abcd10000" not in table and "A. Writer, B. Writer" in table
