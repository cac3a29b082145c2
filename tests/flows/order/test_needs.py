"""What some settings need is asked for before anything is spoken for hours."""

import importlib.util
from types import SimpleNamespace

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


@pytest.mark.usefixtures("home")
def test_an_output_looks_at_the_books_file_that_it_is_made_of_and_no_other_does(monkeypatch):
    looked = []

    def output(needs_origins):
        return SimpleNamespace(
            needs_origins=needs_origins,
            needs_words=False,
            check_source=lambda name, data: looked.append((needs_origins, name, data)),
        )

    monkeypatch.setattr(needs, "find_outputs", lambda kinds: (output(False), output(True)))
    check_needs(settings("m4b"), SAMPLE)
    assert looked == [(True, SAMPLE.name, SAMPLE.read_bytes())]


@pytest.mark.usefixtures("home")
def test_who_listens_has_the_model_of_the_settings(monkeypatch):
    monkeypatch.setattr(needs, "find_model", lambda storage, name: SimpleNamespace(path=(storage, name)))
    monkeypatch.setattr(needs, "word_timer", lambda align, path: (align, path))
    listeners = []
    monkeypatch.setattr(needs, "get_listener", lambda *asked: listeners.append(asked))
    asked = settings("readalong", qa={"listen": "ears"})
    model = (asked.storage, asked.align.model)
    assert timer_of(asked) == (asked.align, model)
    check_needs(asked, SAMPLE)
    assert listeners == [("ears", model)]
    check_needs(settings("readalong", qa={"listen": "off"}), SAMPLE)
    assert len(listeners) == 1


@pytest.mark.usefixtures("home")
def test_who_cannot_time_words_is_missed_before_anything_is_spoken(monkeypatch, book):
    def fail(*_):
        raise BadInputError("no such model")

    monkeypatch.setattr(needs, "word_timer", fail)
    with pytest.raises(BadInputError, match="no such model"):
        check_needs(settings("captions"), book)
