"""How the command shows a run's report."""

from dataclasses import replace

import pytest

from flows.cli.console import ExitCode
from flows.cli.report import exit_code_for, show_report
from flows.order.report import report_markdown
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
