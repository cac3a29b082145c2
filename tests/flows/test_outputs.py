"""Outputs from settings to files: the flows take part in whatever is asked for, without knowing any of it."""

import json
import threading
from pathlib import Path

import pytest

from flows.order.request import Request
from tasks.errors import OutputError
from tasks.package import outputs as outputs_module
from tasks.package.output import Output

pytestmark = [pytest.mark.usefixtures("prefect_server", "voiced_home"), pytest.mark.timeout(900)]


@pytest.fixture
def make(book, tmp_path, monkeypatch):
    from flows.book_to_audio import book_to_audio

    def run(*outputs):
        monkeypatch.setenv("TALEPRESS_PACKAGE__OUTPUTS", json.dumps(outputs))
        return book_to_audio(Request(book=str(book), out=str(tmp_path / "out")))

    return run


def kinds(report):
    return [file.kind for file in report.edition.files]


def test_an_output_that_is_asked_for_later_is_made_of_the_same_takes(make):
    first = make("m4b", "manifest")
    assert (kinds(first), first.rendered) == (["m4b", "manifest"], 10)
    more = make("m4b", "flac", "manifest")
    assert (kinds(more), more.rendered) == (["m4b", "flac", "flac", "flac", "manifest"], 0)
    assert more.edition.files[0] == first.edition.files[0]
    assert make("flac", "manifest", "m4b").edition == more.edition
    fewer = make("m4b", "manifest")
    assert fewer.edition.files[0] == first.edition.files[0]
    named = Path(fewer.edition.files[1].path).read_text("utf-8")
    assert all(Path(file.path).name in named for file in more.edition.files[:-1])  # it stays, and stays named


class Lengths:
    """An output of the test's own, a text file with the length of each chapter, that sees chapters as they come."""

    def __init__(self):
        self.streamed = []  # chapter and the thread that saw it come
        self.output = Output(
            kind="lengths",
            suffix=".lengths.txt",
            write=self.write,
            check=self.check,
            forecast_bytes=lambda seconds, settings: 1000,
            stream=self.stream,
        )

    def stream(self, masters, settings):
        for master in masters:
            self.streamed.append((master.title, threading.current_thread().name.partition("_")[0]))
        return iter(())

    def write(self, draft):
        path = draft.folder / f"{draft.stem}.lengths.txt"
        path.write_text("".join(f"{chapter.samples}\n" for chapter in draft.content.timeline.chapters))
        return (path,)

    def check(self, draft, paths):
        assert [path.read_text().split() for path in paths] == [[str(m.samples) for m in draft.content.masters]]


def test_an_output_that_no_flow_knows_encodes_chapters_as_they_are_finished(make, monkeypatch):
    lengths = Lengths()
    monkeypatch.setattr(outputs_module, "OUTPUTS", (lengths.output, *outputs_module.OUTPUTS))
    report = make("lengths", "m4b", "manifest")
    assert kinds(report) == ["lengths", "m4b", "manifest"]
    titles = ["Chapter One", "Chapter Two", "Chapter Three"]
    assert lengths.streamed == [(title, "finishing") for title in titles]
    manifest = json.loads(Path(report.edition.files[2].path).read_text("utf-8"))
    assert [row["kind"] for row in manifest["files"]] == ["lengths", "m4b"]

    lengths.streamed.clear()
    Path(report.edition.files[0].path).unlink()
    again = make("lengths", "m4b", "manifest")  # nothing is spoken, so nothing comes one by one
    assert (again.rendered, again.edition, lengths.streamed) == (0, report.edition, [])

    manifest_path = Path(report.edition.files[2].path)
    manifest_path.unlink()  # the other files are still known as ours, and get no second edition beside them
    assert make("lengths", "m4b", "manifest").edition.files[:2] == report.edition.files[:2]
    assert manifest_path.is_file()


def test_a_disk_that_is_full_while_encoding_is_said_to_be_full(make, monkeypatch):
    lengths = Lengths()

    def fail(masters, settings):
        raise OSError(28, "No space left on device")

    broken = Output(**{**vars(lengths.output), "stream": fail})
    monkeypatch.setattr(outputs_module, "OUTPUTS", (broken, *outputs_module.OUTPUTS))
    with pytest.raises(OutputError, match="the disk is full"):
        make("lengths", "manifest")
