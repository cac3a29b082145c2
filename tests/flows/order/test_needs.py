"""What some settings need is asked for before anything is spoken for hours."""

import importlib.util

import pytest

from flows.order import needs
from flows.order.needs import check_needs, check_runner, timer_of
from flows.services import read_settings
from tasks.errors import BadInputError
from tests.tasks.ingest.conftest import SAMPLE


def settings(*outputs, **sections):
    return read_settings(package={"outputs": [*outputs, "manifest"]}, **sections)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("runner", "installed", "fits"), [("threads", False, True), ("dask", True, True), ("dask", False, False)]
)
def test_dask_is_needed_where_it_shall_run_the_batches(monkeypatch, runner, installed, fits):
    found = importlib.util.find_spec("json") if installed else None
    monkeypatch.setattr(needs, "find_spec", lambda name: found)
    asked = read_settings(execution={"runner": runner})
    if fits:
        check_runner(asked)
    else:
        for check in (lambda: check_runner(asked), lambda: check_needs(asked, SAMPLE)):
            with pytest.raises(BadInputError, match=r"talepress\[dask\]"):
                check()


@pytest.mark.usefixtures("home")
def test_nobody_listens_for_words_that_no_output_wants(book):
    assert timer_of(settings("m4b")) is None
    check_needs(settings("m4b"), book)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("name", ["a text", "no file at all"])
def test_only_an_epub_becomes_a_read_along(book, tmp_path, name):
    path = book if name == "a text" else tmp_path / "none.epub"
    with pytest.raises(BadInputError, match="only an EPUB can become a read-along"):
        check_needs(settings("readalong", align={"method": "pocketsphinx"}), path)


@pytest.mark.usefixtures("home")
def test_a_listener_that_is_not_there_is_missed_at_once(book):
    with pytest.raises(BadInputError):
        check_needs(settings("m4b", qa={"listen": "no such listener"}), book)
