"""A run's report: its JSON, its Markdown page, and that text of a book cannot break either."""

import json
from dataclasses import replace

import pytest

from flows.order.report import FlaggedTake, RunReport, Work, clock, report_json, report_markdown
from flows.order.resources import PeakMemory
from storage.records import Coverage, Edition, EditionFile, RunState

REPORT = RunReport(
    title="A | *Book*",
    authors=("Ann", "Bob"),
    narrator="slt",
    state=RunState.FLAGGED,
    edition=Edition(
        files=(EditionFile("m4b", "out/book.m4b", "ab" * 32, 1000),),
        seconds=3725.4,
        chapters=(("Same", 0.0, 100.0), ("Same", 100.0, 3725.4)),
    ),
    kept=("out/other.m4b",),
    replaced=(),
    chapter_indices=(1, 4),
    utterances=20,
    work=Work(takes=4, take_seconds=10.0, synthesis_seconds=5.0, engine_seconds=4.5),
    wall_seconds=9.0,
    memory=PeakMemory(3 << 20, None),
    flagged=(FlaggedTake(4, "Same", 2, "He said\n<b>|no|</b>.", ("too long: 9 s", "clipping")),),
    coverage=Coverage(source_chars=10, spoken_chars=7, skipped_chars=3, unaccounted_chars=0),
)


def test_the_json_holds_what_the_command_promises():
    result = json.loads(json.dumps(report_json(REPORT)))
    assert result["files"] == [{"kind": "m4b", "path": "out/book.m4b", "sha256": "ab" * 32, "bytes": 1000}]
    assert (result["kept"], result["replaced"]) == (["out/other.m4b"], [])
    assert [chapter["chapter"] for chapter in result["chapters"]] == [2, 5]
    assert (result["utterances"], result["rendered"], result["flagged"], result["state"]) == (20, 4, 1, "flagged")
    assert (result["audio_seconds"], result["wall_seconds"], result["rtf"]) == (3725.4, 9.0, 0.5)
    assert (result["synthesis_seconds"], result["engine_seconds"]) == (5.0, 4.5)
    assert result["memory"] == {"resident_bytes": 3 << 20, "gpu_bytes": None}
    assert "At most 3 MiB of memory" in report_markdown(REPORT)
    assert result["flagged_takes"][0]["reason"] == "too long: 9 s; clipping"
    assert sum(result["coverage"][name] for name in ("spoken_chars", "skipped_chars")) == 10


def test_no_rendering_no_real_time_factor():
    idle = replace(REPORT, work=Work())
    assert report_json(idle)["rtf"] is None
    assert "0 rendered by this run." in report_markdown(idle)


def test_the_markdown_counts_flagged_takes_by_chapter_not_by_title():
    page = report_markdown(REPORT)
    assert "| 2 | Same | 0:00:00 | 0:01:40 | 0 |" in page
    assert "| 5 | Same | 0:01:40 | 1:00:25 | 1 |" in page


def test_book_text_cannot_break_the_page():
    page = report_markdown(REPORT)
    assert "# A \\| \\*Book\\*" in page
    (row,) = [line for line in page.splitlines() if "too long" in line]
    assert row == "| Same | He said \\<b\\>\\|no\\|\\</b\\>. | too long: 9 s; clipping |"


def test_a_long_list_is_cut_and_says_so():
    many = replace(REPORT, flagged=REPORT.flagged * 250)
    page = report_markdown(many)
    assert page.count("too long") == 200
    assert "50 more in the table artifact" in page


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00:00"), (59.6, "0:01:00"), (3599, "0:59:59"), (90000, "25:00:00")]
)
def test_clock(seconds, shown):
    assert clock(seconds) == shown
