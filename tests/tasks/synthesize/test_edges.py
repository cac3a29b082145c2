"""Silence at the edges of a take goes, but for a breath of it; the middle is untouched."""

import importlib.util
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.synthesize.edges import FADE_MS, KEPT_MS, SILENCE_DBFS, trim_edges
from tasks.synthesize.keys import CODE_FORMAT_VERSION
from tests.tasks.audio import RATE, tone

MS = RATE // 1000


@settings(max_examples=20)
@given(st.integers(0, 700), st.integers(0, 700))
def test_silence_goes_and_a_breath_of_it_stays(lead_ms, tail_ms):
    speech = tone(0.4)
    audio = np.concatenate([np.zeros(lead_ms * MS), speech, np.zeros(tail_ms * MS)]).astype(np.float32)
    trimmed = trim_edges(audio, RATE)
    assert trimmed.dtype == np.float32
    kept = min(lead_ms, KEPT_MS) + min(tail_ms, KEPT_MS)
    assert abs(len(trimmed) / MS - 400 - kept) <= 10  # silence is looked for in steps of 5 ms at either end


def test_the_middle_is_untouched_and_the_edges_are_faded():
    audio = tone(0.5)
    trimmed = trim_edges(audio, RATE)
    fade = FADE_MS * MS
    np.testing.assert_allclose(trimmed[fade:-fade], audio[fade:-fade], atol=1e-7)
    assert abs(trimmed[0]) < 1e-6
    assert np.abs(trimmed[:fade]).max() <= np.abs(audio[:fade]).max()
    assert abs(trimmed[-1]) < 0.01


def test_inner_silence_stays():
    audio = np.concatenate([tone(0.2), np.zeros(RATE), tone(0.2)]).astype(np.float32)
    assert len(trim_edges(audio, RATE)) == len(audio)


@pytest.mark.parametrize("samples", [1, 10, RATE])
def test_silence_alone_comes_back_as_it_was(samples):
    assert len(trim_edges(np.zeros(samples, dtype=np.float32), RATE)) == samples


def test_full_scale_does_not_wrap_around():
    trimmed = trim_edges(np.ones(RATE, dtype=np.float32), RATE)
    assert trimmed[RATE // 2] == pytest.approx(1.0, abs=1e-6)


def test_what_a_take_keeps_of_its_edges_changes_with_the_version_of_its_key_alone():
    assert (CODE_FORMAT_VERSION, SILENCE_DBFS, KEPT_MS, FADE_MS) == (2, -50.0, 30, 5)


@pytest.mark.parametrize(
    ("lead_ms", "tail_ms", "kept_ms"),
    [
        (106, 57, 30 + 1 + 400 + 2 + 30),  # what is left of a step of 5 ms, and a breath
        (29, 31, 29 + 400 + 1 + 30),  # no more than there is
        (0, 0, 400),
    ],
)
def test_silence_is_looked_for_in_steps_of_5_ms_at_both_ends(lead_ms, tail_ms, kept_ms):
    """Takes of one key are equal to the sample."""
    square = np.where(np.arange(400 * MS) % 48 < 24, 0.5, -0.5)
    audio = np.concatenate([np.zeros(lead_ms * MS), square, np.zeros(tail_ms * MS)]).astype(np.float32)
    assert len(trim_edges(audio, RATE)) == kept_ms * MS


def test_nobody_is_warned_of_a_program_that_is_not_needed(monkeypatch):
    """pydub warns where it finds no ffmpeg; it is given samples alone."""
    monkeypatch.setenv("PATH", "")
    for name in [name for name in sys.modules if name.partition(".")[0] == "pydub"]:
        monkeypatch.delitem(sys.modules, name)
    specification = importlib.util.find_spec("tasks.synthesize.edges")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        specification.loader.exec_module(importlib.util.module_from_spec(specification))
    assert [str(one.message) for one in said if "ffmpeg" in str(one.message)] == []
