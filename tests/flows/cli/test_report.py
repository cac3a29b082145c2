"""How the command shows a run's report."""

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from flows.cli.console import ExitCode
from flows.cli.report import exit_code_for, show_report
from flows.order.report import FlaggedTake, Work, report_markdown
from flows.order.request import Request
from storage.records import EditionFile, RunState
from tests.flows.order.test_report import REPORT


def test_a_line_for_each_kind_of_file(capsys):
    files = [("m4b", "out/Oz.m4b"), ("flac", "out/Oz (FLAC)/01 One.flac"), ("flac", "out/Oz (FLAC)/02 Two.flac")]
    edition = replace(REPORT.edition, files=tuple(EditionFile(kind, path, "ab" * 32, 1) for kind, path in files))
    show_report(replace(REPORT, edition=edition), json=False)
    assert capsys.readouterr().out.splitlines()[-2:] == ["m4b: out/Oz.m4b", "flac: 2 files in out/Oz (FLAC)"]


def test_voices_and_chapters_of_another_loudness_are_shown(capsys):
    show_report(REPORT, json=False)
    shown = " ".join(capsys.readouterr().out.split())
    assert "Woman; made from speech of | Ann; CC0" in shown
    assert "Chapter 5, Same, has -21.4 LUFS instead of -19.0" in shown


def test_a_run_says_at_its_end_what_guesses_left_out(capsys):
    loss = "guesses leave out 5.1% of the book's words; look at what is skipped"
    show_report(replace(REPORT, losses=(loss,)), json=False)
    assert f"warning: {loss} (`talepress plan BOOK` lists it)" in capsys.readouterr().err.splitlines()[-1]
    assert loss in report_markdown(replace(REPORT, losses=(loss,)))
    show_report(REPORT, json=False)
    assert "guesses" not in capsys.readouterr().err


def test_what_was_kept_and_where_doubtful_takes_are_heard_is_told_at_the_end(capsys):
    """An audiobook of before is never replaced in silence, and whoever has something to hear knows where."""
    report = replace(REPORT, kept=("out/A.m4b",), replaced=("out/B.m4b",), page="out/A.report.html")
    code = show_report(report, json=False)
    shown = capsys.readouterr()
    assert code is ExitCode.FLAGGED
    assert "kept as it was: out/A.m4b (another audiobook; --overwrite replaces it)" in shown.err
    assert "replaced: out/B.m4b" in shown.err
    assert shown.out.splitlines()[-1] == "to hear and judge: out/A.report.html"
    assert "is too long: may have added" in " ".join(shown.out.split())


@pytest.mark.parametrize("state", RunState)
def test_a_command_is_done_when_the_book_is_and_in_no_other_state(state):
    assert exit_code_for(replace(REPORT, state=state)) == (0 if state is RunState.DONE else 1)


def test_a_run_that_waits_for_people_says_for_what_and_where(capsys):
    report = replace(REPORT, state=RunState.REVIEW, waits_for="3 takes", review="http://page", page="out/A.report.html")
    assert show_report(report, json=False) is ExitCode.FLAGGED
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "not published yet: 3 takes",
        "hear and decide: http://page (`talepress review serve` opens the page)",
    ]


def test_the_first_twenty_doubtful_takes_are_shown_and_the_rest_counted(capsys):
    takes = tuple(FlaggedTake(0, "One", n, f"text {n}.", ("too long: 9 s",)) for n in range(22))
    show_report(replace(REPORT, flagged=takes), json=False)
    out = capsys.readouterr().out
    assert "text 19." in out and "text 20." not in out and "... and 2 more" in out
    show_report(replace(REPORT, flagged=takes[:20]), json=False)
    out = capsys.readouterr().out
    assert "text 19." in out and "... and" not in out
    show_report(replace(REPORT, flagged=()), json=False)
    assert "flagged takes (" not in capsys.readouterr().out


def test_what_was_made_is_counted_beside_the_whole(capsys):
    show_report(REPORT, json=False)
    shown = " ".join(capsys.readouterr().out.split())
    for words in ("chapters │ 2 of the book's 7", "utterances │ 20 of the book's 90", "wall time │ 9.0 s"):
        assert words in shown
    assert "audio │ 1:02:05 (3725.4 s)" in shown and "real-time factor │ 0.50" in shown
    idle = replace(REPORT, work=Work(), replaced=("out/a", "out/b"))
    show_report(idle, json=False)
    captured = capsys.readouterr()
    assert "nothing, every take was there already" in captured.out and "real-time factor │ - " in captured.out
    assert captured.err.splitlines()[-2:] == [
        "replaced: 2 files in out",
        "nothing to render: every take was there already",
    ]


def test_the_page_is_written_with_what_the_last_run_was_asked_for(home, book, talepress, monkeypatch):
    asked = []
    request = Request(book=str(book), out="/out", voice="slt")

    @contextmanager
    def named(name, settings):
        yield Path(name)

    def report(services, request, out):
        asked.append((services.settings.synthesize.voice, request, out))
        return Path("/page.html")

    monkeypatch.setattr("flows.order.books.named_book", named)
    monkeypatch.setattr(
        "flows.order.existing.last_request", lambda services, options, kind: asked.append(options) or request
    )
    monkeypatch.setattr("flows.actions.report.report_book", report)
    ended = talepress("report", book, "--out", "p.html")
    assert (ended.code, ended.out, ended.err) == (0, "/page.html\n", "")
    assert asked == [{"book": str(book)}, ("slt", request, Path("p.html"))]
    assert talepress("report", book, "--json").json == {"page": "/page.html"}
