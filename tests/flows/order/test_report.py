"""A run's report: its JSON, its Markdown page, and that text of a book cannot break either."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from flows.order.report import (
    ChapterLevel,
    FlaggedTake,
    RunReport,
    WholeBook,
    Work,
    clock,
    flagged_rows,
    flagged_sentence,
    loudness_notes,
    rendered_sentence,
    report_json,
    report_markdown,
)
from flows.order.resources import PeakMemory
from storage.records import Coverage, Edition, EditionFile, RunState
from tasks.delivery.rules import Delivery, Finding
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


def test_every_figure_of_a_report_is_in_its_json():
    loud = Finding("peak", "highest peak", "-2.1 dB", "-3 dB", passed=False)
    right = Finding("rate", "sample rate", "44100 Hz", "44100 Hz", passed=True)
    report = replace(
        REPORT,
        losses=("much",),
        page="/out/page.html",
        waits_for="2 takes",
        review="http://page",
        deliveries=(Delivery(Path("/out/1.mp3"), "acx", (loud, right)), Delivery(Path("/out/2.mp3"), "acx", (right,))),
    )
    result = json.loads(json.dumps(report_json(report)))
    assert (result["title"], result["authors"], result["narrator"]) == ("A | *Book*", ["Ann", "Bob"], "slt")
    assert [result[name] for name in ("losses", "page", "waits_for", "review")] == [
        ["much"],
        "/out/page.html",
        "2 takes",
        "http://page",
    ]
    assert result["chapters"][1] == {
        "chapter": 5,
        "title": "Same",
        "start": 100.0,
        "end": 3725.4,
        "loudness_lufs": -21.4,
        "true_peak_dbtp": -3.55,
        "misses_target": True,
    }
    assert (result["target_lufs"], result["flagged_takes"][0]["utterance"]) == (-19.0, 3)
    assert result["voices"] == [
        {"name": "slt", "description": "Woman", "made_from": "speech of | Ann", "licence": "CC0"}
    ]
    assert result["coverage"] == {
        "source_chars": 10,
        "spoken_chars": 7,
        "skipped_chars": 3,
        "unaccounted_chars": 0,
    }
    whole = result["whole_book"]
    assert (whole["chapters"], whole["spoken"], whole["audio_seconds"]) == (7, 30, 4000.0)
    first, second = result["deliveries"]
    assert (first["path"], first["shop"], first["meets_the_technical_numbers"]) == ("/out/1.mp3", "acx", False)
    assert first["findings"][0] == {"rule": "peak", "value": "-2.1 dB", "limit": "-3 dB", "passed": False}
    assert second["meets_the_technical_numbers"] is True


def test_the_page_begins_with_who_reads_what_and_how_fast_it_was_made():
    page = report_markdown(REPORT)
    assert (
        "Ann, Bob, read by slt. 1:02:05 of audio, 20 utterances; this run rendered 4 takes of 3 utterances (doubtful "
        "ones are spoken again) at a real-time factor of 0.50." in page
    )
    assert "Unknown author, read by slt." in report_markdown(replace(REPORT, authors=()))
    assert "- too much" in report_markdown(replace(REPORT, losses=("too much",)))
    assert "## Flagged takes: 1\n\n| chapter | text | reason |\n|---|---|---|\n" in page
    assert "3 skipped by a named rule, 0 unaccounted for." in page


def test_no_rendering_no_real_time_factor():
    idle = replace(REPORT, work=Work())
    names = ("rtf", "rendered", "rendered_utterances", "synthesis_seconds", "engine_seconds")
    assert [report_json(idle)[name] for name in names] == [None, 0, 0, 0.0, 0.0]
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


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0:00:00"), (59.4, "0:00:59"), (59.6, "0:01:00"), (3599.6, "1:00:00"), (3661, "1:01:01"), (4e5, "111:06:40")],
)
def test_seconds_are_written_as_a_clock_shows_them(seconds, written):
    assert clock(seconds) == written


@pytest.mark.parametrize("character", "\\`*_[]<>|#")
def test_every_sign_that_means_something_is_written_as_itself(character):
    report = replace(REPORT, title=f"a{character}b\n c")
    assert report_markdown(report).startswith(f"# a\\{character}b c\n")


@pytest.mark.parametrize(
    ("takes", "utterances", "sentence"),
    [
        (0, 0, "nothing"),
        (1, 1, "1 take of 1 utterance"),
        (3, 3, "3 takes of 3 utterances"),
        (4, 3, "4 takes of 3 utterances (doubtful ones are spoken again)"),
    ],
)
def test_what_was_rendered_is_a_sentence(takes, utterances, sentence):
    assert rendered_sentence(replace(REPORT.work, takes=takes, utterances=utterances)) == sentence


def test_the_factor_is_of_what_was_spoken_and_missing_where_nothing_was():
    work = replace(REPORT.work, take_seconds=8.0, synthesis_seconds=2.0, engine_seconds=6.0)
    assert replace(REPORT, work=work).rtf == 0.25
    assert replace(REPORT, work=replace(work, take_seconds=0.0)).rtf is None
    assert report_json(replace(REPORT, work=replace(work, take_seconds=0.0)))["rtf"] is None


@pytest.mark.parametrize(("whole", "partial"), [(2, False), (3, True), (1, False)])
def test_less_than_the_book_is_said_to_be_so(whole, partial):
    report = replace(REPORT, whole=replace(REPORT.whole, chapters=whole))
    assert report.is_partial is partial
    assert ("Of the chapters asked for: " in report_markdown(report)) is partial


@pytest.mark.parametrize(("count", "shown", "more"), [(200, 200, 0), (201, 200, 1)])
def test_a_long_list_of_doubts_is_cut_on_the_page_and_whole_in_the_table(count, shown, more):
    flagged = tuple(replace(REPORT.flagged[0], utterance_index=number) for number in range(count))
    page = report_markdown(replace(REPORT, flagged=flagged))
    assert page.count("| He said ") == shown
    assert (f"... and {more} more" in page) is bool(more)
    assert [row["utterance"] for row in flagged_rows(flagged)] == list(range(1, count + 1))
    assert {row["chapter"] for row in flagged_rows(flagged)} == {5}


def test_what_waits_is_said_with_where_it_is_heard():
    assert "Not published yet" not in report_markdown(REPORT)
    page = report_markdown(replace(REPORT, waits_for="2 takes", review="http://page"))
    assert "**Not published yet: 2 takes.** [Hear and decide](http://page)" in page


def test_of_what_was_asked_for_the_doubtful_share_is_said():
    assert flagged_sentence(REPORT) == "1 of 20 utterances have doubtful takes"


def test_no_text_of_a_book_or_a_voice_is_markup_wherever_it_stands():
    texts = [f"<i>|*_`[x](y)#{number}" for number in range(14)]
    text = iter(texts)
    voice = VoiceCredit(next(text), next(text), next(text), next(text))
    report = replace(
        REPORT,
        title=next(text),
        authors=(next(text), next(text)),
        narrator=next(text),
        voices=(voice,),
        edition=replace(REPORT.edition, chapters=((next(text), 0.0, 100.0), (next(text), 100.0, 3725.4))),
        flagged=(FlaggedTake(4, next(text), 2, next(text), (next(text),)),),
        losses=(next(text),),
    )
    page = report_markdown(report)
    written = ["".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in one) for one in texts]
    assert [one for one in written if one not in page] == []
    for one in sorted(written, key=len, reverse=True):
        page = page.replace(one, "")
    assert "<i>" not in page, "a text stands somewhere as it is"


def test_seconds_have_three_digits_and_levels_two():
    edition = replace(
        REPORT.edition, seconds=3725.43219, chapters=(("Same", 0.12345, 100.98765), ("Same", 100.98765, 9.0))
    )
    levels = (ChapterLevel(-19.0449, -3.5555, misses_target=False), REPORT.levels[1])
    work = replace(REPORT.work, synthesis_seconds=5.00049, engine_seconds=4.12345)
    whole = replace(REPORT.whole, seconds=4000.12345)
    result = report_json(replace(REPORT, edition=edition, levels=levels, work=work, whole=whole, wall_seconds=9.87654))
    chapter = result["chapters"][0]
    names = ("start", "end", "loudness_lufs", "true_peak_dbtp")
    assert [chapter[name] for name in names] == [0.123, 100.988, -19.04, -3.56]
    names = ("audio_seconds", "wall_seconds", "synthesis_seconds", "engine_seconds", "rtf")
    assert [result[name] for name in names] == [3725.432, 9.877, 5.0, 4.123, 0.5]
    assert result["whole_book"]["audio_seconds"] == 4000.123
