"""Chapters are stitched and mastered one after another, and no file in the making is left."""

from pathlib import Path

from tasks.master.task import StitchJob, stitch_and_master
from tests.tasks.audio import cue, tone


def test_each_chapter_comes_back_as_its_master_and_its_working_file_goes(store, settings, tmp_path):
    cues = [cue(store, tone(0.2)), cue(store, tone(0.3), 1)]
    jobs = [
        StitchJob(cues[:1], "One", 4, tmp_path / "4.flac"),
        StitchJob(cues, "Two", 7, tmp_path / "7.flac"),
    ]
    one, two = stitch_and_master.fn(store, jobs, settings.stitch, settings.master)
    assert [(made.title, made.chapter_index, len(made.placed)) for made in (one, two)] == [("One", 4, 1), ("Two", 7, 2)]
    assert store.is_whole(one.audio_sha256) and store.is_whole(two.audio_sha256)
    assert [path for path in Path(tmp_path).glob("*.flac")] == []


def test_prefect_keeps_nothing_of_it():
    task = stitch_and_master
    assert (task.name, task.persist_result, task.retries) == ("stitch and master", False, 0)
