"""A run's report: its JSON, its Markdown page, and that text of a book cannot break either."""

import json
from dataclasses import replace

import pytest

from flows.order.report import (
    ChapterLevel,
    FlaggedTake,
    RunReport,
    WholeBook,
    Work,
    clock,
    loudness_notes,
    rendered_sentence,
    report_json,
    report_markdown,
)
from flows.order.resources import PeakMemory
from storage.records import Coverage, Edition, EditionFile, RunState
from tasks.voices.catalogue import VoiceCredit

REPORT = RunReport(
    title="A | *Book*",
    authors=("Ann", "Bob"),
    narrator="slt",
    voices=(VoiceCredit("slt", "Woman", "speech of | Ann", "CC0"),),
    state=RunState.FLAGGED,
    edition=Edition(
        files=(EditionFile("m4b", "out/book.m4b", "ab" * 32, 1000),),
        seconds=3725.4,
        chapters=(("Same", 0.0, 100.0), ("Same", 100.0, 3725.4)),
    ),
    kept=("out/other.m4b",),
    replaced=(),
    cover="600 x 900, not square",
    levels=(ChapterLevel(-19.04, -3.5, misses_target=False), ChapterLevel(-21.4, -3.55, misses_target=True)),
    target_lufs=-19.0,
    chapter_indices=(1, 4),
    utterances=20,
    work=Work(takes=4, utterances=3, take_seconds=10.0, synthesis_seconds=5.0, engine_seconds=4.5),
    wall_seconds=9.0,
    memory=PeakMemory(3 << 20, None),
    flagged=(FlaggedTake(4, "Same", 2, "He said\n<b>|no|</b>.", ("too long: 9 s", "clipping: 1%")),),
    coverage=Coverage(source_chars=10, spoken_chars=7, skipped_chars=3, unaccounted_chars=0),
    whole=WholeBook(7, 90, 30, 4000.0, Coverage(50, 40, 10, 0)),
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
    assert "At most 3 MiB of memory were held. Cover: 600 x 900, not square." in report_markdown(REPORT)
    assert result["cover"] == "600 x 900, not square"
    (flagged,) = result["flagged_takes"]
    assert flagged["reason"] == "too long: 9 s; clipping: 1%"
    assert flagged["doubt"] == "is too long: may have added or repeated words; is distorted"
    assert sum(result["coverage"][name] for name in ("spoken_chars", "skipped_chars")) == 10


def test_no_rendering_no_real_time_factor():
    idle = replace(REPORT, work=Work())
    assert report_json(idle)["rtf"] is None
    assert "this run rendered nothing." in report_markdown(idle)


def test_more_takes_than_utterances_are_explained():
    assert rendered_sentence(REPORT.work) == "4 takes of 3 utterances (doubtful ones are spoken again)"
    assert rendered_sentence(Work(takes=3, utterances=3)) == "3 takes of 3 utterances"
    result = report_json(REPORT)
    assert (result["rendered"], result["rendered_utterances"]) == (4, 3)


def test_figures_of_a_part_stand_beside_those_of_the_whole_book():
    result = report_json(REPORT)
    assert result["coverage"]["source_chars"] == 10
    assert (result["whole_book"]["coverage"]["source_chars"], result["whole_book"]["utterances"]) == (50, 90)
    part = report_markdown(REPORT)
    assert "Of the chapters asked for: 10 source characters, 7 spoken" in part
    assert "Of the whole book: 50 source characters, 40 spoken" in part
    assert "asked for" not in report_markdown(replace(REPORT, whole=replace(REPORT.whole, chapters=2)))


def test_the_markdown_counts_flagged_takes_by_chapter_not_by_title():
    page = report_markdown(REPORT)
    assert "| 2 | Same | 0:00:00 | 0:01:40 | -19.0 | 0 |" in page
    assert "| 5 | Same | 0:01:40 | 1:00:25 | -21.4 | 1 |" in page


def test_a_chapter_that_misses_its_loudness_is_named():
    levels = [(chapter["loudness_lufs"], chapter["misses_target"]) for chapter in report_json(REPORT)["chapters"]]
    assert levels == [(-19.04, False), (-21.4, True)]
    (note,) = loudness_notes(REPORT)
    assert note.startswith("Chapter 5, Same, has -21.4 LUFS instead of -19.0: ")
    assert f"- {note}" in report_markdown(REPORT).splitlines()


def test_the_voices_are_told_with_origin_and_licence():
    assert report_json(REPORT)["voices"][0]["licence"] == "CC0"
    assert "| slt | Woman | speech of \\| Ann | CC0 |" in report_markdown(REPORT)


def test_book_text_cannot_break_the_page():
    page = report_markdown(REPORT)
    assert "# A \\| \\*Book\\*" in page
    (row,) = [line for line in page.splitlines() if "too long" in line]
    said = "is too long: may have added or repeated words; is distorted (too long: 9 s; clipping: 1%)"
    assert row == f"| Same | He said \\<b\\>\\|no\\|\\</b\\>. | {said} |"


def test_a_long_list_is_cut_and_says_so():
    many = replace(REPORT, flagged=REPORT.flagged * 250)
    page = report_markdown(many)
    assert page.count("too long: 9 s") == 200
    assert "50 more in the table artifact" in page


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00:00"), (59.6, "0:01:00"), (3599, "0:59:59"), (90000, "25:00:00")]
)
def test_clock(seconds, shown):
    assert clock(seconds) == shown
