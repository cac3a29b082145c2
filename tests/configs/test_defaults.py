"""What is shipped where nobody has said anything: another number here, and every listener hears another book."""

import os

import pytest

from configs.settings import load_settings


@pytest.fixture
def shipped(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("TALEPRESS_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return load_settings()


def test_how_texts_are_read_and_cut(shipped):
    limits = {name for name in type(shipped.ingest).model_fields if "max" in name}
    assert shipped.ingest.model_dump(exclude=limits) == {
        "also_read": (),
        "notes": "skip",
        "tables": "rows",
        "ruby": "base",
        "code": "announce",
    }
    assert shipped.segment.model_dump() == {
        "max_chars": 180,
        "min_chars": 25,
        "locale": "auto",
        "markup": True,
        "heteronyms": True,
        "lexicons": (),
    }


def test_how_they_are_spoken_and_judged(shipped):
    assert shipped.synthesize.model_dump(exclude={"sampling", "model", "preset", "voice"}) == {
        "engine": "tortoise",
        "device": "auto",
        "precision": "auto",
        "sampler": "preset",
        "diffusion_steps": 0,
        "batch_size": 16,
        "batch_seconds": 120.0,
    }
    assert shipped.qa.model_dump() == {
        "retakes": 2,
        "listen": "off",
        "retakes_by_ear": {"standard": 5, "high_quality": 9},
        "min_rms_dbfs": -50.0,
        "max_clipped_share": 0.001,
        "max_dc_offset": 0.02,
        "min_seconds_per_char": 0.025,
        "max_seconds_per_char": 0.18,
        "duration_slack_s": 1.5,
        "max_inner_silence_s": 1.5,
        "max_tail_db": -12.0,
        "min_spelled_per_char": -0.35,
    }


def test_how_a_book_is_put_together(shipped):
    assert (shipped.stitch.head_s, shipped.stitch.tail_s) == (0.5, 1.0)
    assert shipped.align.model_dump() == {"method": "speller", "model": "tortoise_mini"}
    package = shipped.package
    assert (package.outputs, package.aac_bitrate_kbps, package.part_hours) == (("m4b", "manifest"), 96, 23.0)
    assert (package.name, package.narrator, package.narration) == ("{title} (chapters {chapters})", "", "AI voice")
    assert package.disclosure == "Narrated by a synthetic voice (Talepress, {voice})."
    assert package.readalong.model_dump() == {"grain": "sentence", "bitrate_kbps": 64, "epubcheck": False}
    assert package.signature.model_dump() == {"certificate": "", "key": ""}


def test_how_runs_behave_on_a_box(shipped):
    assert shipped.execution.model_dump() == {
        "runner": "threads",
        "threads": 3,
        "dask_address": "",
        "dask_workers": 0,
        "task_retries": 3,
        "retry_backoff_s": 2.0,
        "retry_jitter": 0.5,
        "max_flagged_share": 0.05,
        "server_start_timeout_s": 300.0,
    }
    assert shipped.production.model_dump() == {
        "host": "127.0.0.1",
        "port": 4200,
        "workers": 0,
        "tries": 3,
        "keep_days": 30,
    }
    assert shipped.inbox.model_dump() == {"folder": "", "outbox": "", "settle_s": 30.0, "ahead": 20}
    assert shipped.review.model_dump() == {"host": "127.0.0.1", "port": 4210, "address": ""}
    assert shipped.notify.addresses == ()


@pytest.mark.parametrize(
    ("profile", "changes"),
    [
        ("gpu", {"synthesize": {"device": "cuda", "batch_size": 64, "batch_seconds": 600.0}}),
        (
            "test",
            {
                "synthesize": {"engine": "fake", "voice": "tone"},
                "execution": {"task_retries": 1, "retry_backoff_s": 0.05},
            },
        ),
    ],
)
def test_what_a_profile_changes(shipped, monkeypatch, profile, changes):
    wanted = load_settings(**changes)
    assert wanted != shipped
    monkeypatch.setenv("TALEPRESS_PROFILE", profile)
    assert load_settings() == wanted
