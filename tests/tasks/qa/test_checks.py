"""Each check sees its own fault, and none doubts good speech."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.qa import checks
from tasks.qa.checks import CHECKS, Rendering, rms_dbfs, runs, window_levels_dbfs
from tests.tasks.audio import RATE, tone

TEXT = "Twenty-eight characters long"  # two seconds at 14 characters per second


def rendering(audio, speech=None, text=TEXT, **facts):
    audio = np.asarray(audio, dtype=np.float32)
    return Rendering(audio, audio if speech is None else speech, RATE, text, **facts)


def good():
    speech = tone(2.0)
    quiet = np.zeros(RATE // 5, dtype=np.float32)
    return rendering(np.concatenate([quiet, speech, quiet]), speech)


def test_good_speech_gives_no_reason(settings):
    assert {name: check(good(), settings.qa).reason for name, check in CHECKS.items()} == dict.fromkeys(CHECKS, "")


@pytest.mark.parametrize(
    ("name", "bad", "reason"),
    [
        ("rms_dbfs", rendering(tone(2.0, peak=0.001)), "silence: -63 dBFS"),
        ("clipped_share", rendering(np.clip(30 * tone(2.0), -1, 1)), "clipping"),
        ("dc_offset", rendering(tone(2.0) + 0.05), "constant offset of +0.050"),
        ("seconds_per_char", rendering(tone(8.0)), "too long: 8.0 s for 28 characters"),
        ("seconds_per_char", rendering(tone(0.3)), "too short: 0.3 s for 28 characters"),
        ("inner_silence_s", rendering(np.concatenate([tone(1.0), np.zeros(2 * RATE), tone(1.0)])), "silence of 2.0 s"),
        ("tail_db", rendering(tone(2.0)), "cut off"),
        ("hit_length_cap", rendering(tone(2.0), hit_length_cap=True), "length cap"),
        ("spelled_per_char", rendering(tone(2.0), spelled=-14.0), "misspelled: -0.50 nats a character"),
        ("bad_samples", rendering(tone(2.0), bad_samples=3), "3 samples are no numbers"),
    ],
)
def test_each_check_sees_its_fault(name, bad, reason, settings):
    finding = CHECKS[name](bad, settings.qa)
    assert reason in finding.reason
    assert finding.severity > 0


def test_an_end_that_is_louder_than_the_rest_and_still_silent_is_not_cut_off(settings):
    quiet = tone(2.0, peak=1e-5)
    quiet[-2400:] = tone(0.1, peak=1e-3)
    assert checks.tail(rendering(quiet), settings.qa).score > settings.qa.max_tail_db
    assert not checks.tail(rendering(quiet), settings.qa).reason
    assert checks.tail(rendering(100 * quiet), settings.qa).reason


def test_very_short_texts_may_take_their_time(settings):
    assert not checks.duration(rendering(tone(1.4), text="No."), settings.qa).reason
    assert checks.duration(rendering(tone(3.0), text="No."), settings.qa).reason


def test_what_is_spelled_well_enough_or_not_at_all_is_not_doubted(settings):
    assert not checks.spelling(rendering(tone(2.0), spelled=-9.0), settings.qa).reason
    assert not checks.spelling(rendering(tone(2.0)), settings.qa).reason
    assert not checks.spelling(rendering(tone(0.4), text="No.", spelled=-2.5), settings.qa).reason
    assert checks.spelling(rendering(tone(0.4), text="No.", spelled=-4.0), settings.qa).reason


def test_a_few_samples_at_full_scale_are_no_clipping(settings):
    audio = tone(2.0)
    audio[::1000] = 1.0
    assert checks.clipping(rendering(audio), settings.qa).score == 0


@pytest.mark.parametrize(("length", "share"), [(2, 0.0), (3, 3 / 1000), (4, 4 / 1000)])
def test_clipping_is_three_samples_at_full_scale_in_a_row(settings, length, share):
    audio = np.zeros(1000)
    audio[500 : 500 + length] = 1.0
    assert checks.clipping(rendering(audio), settings.qa).score == pytest.approx(share)


@pytest.mark.parametrize(("offset", "doubted"), [(-0.05, True), (0.05, True), (-0.01, False), (0.01, False)])
def test_an_offset_to_either_side_is_doubted(settings, offset, doubted):
    finding = checks.dc_offset(rendering(tone(2.0) + offset), settings.qa)
    assert finding.score == pytest.approx(offset, abs=1e-4)
    assert bool(finding.reason) is doubted


def test_thresholds_come_from_the_settings(settings):
    strict = settings.qa.model_copy(update={"min_rms_dbfs": -1.0})
    assert checks.speech_level(good(), strict).reason


@given(st.floats(-90, 0))
def test_level_of_a_known_signal(level):
    audio = np.full(1000, 10 ** (level / 20))
    assert rms_dbfs(audio) == pytest.approx(level, abs=1e-6)
    assert window_levels_dbfs(audio, RATE) == pytest.approx([level] * 2, abs=1e-6)


def test_level_of_nothing():
    assert rms_dbfs(np.zeros(0)) == rms_dbfs(np.zeros(9)) == -144
    assert len(window_levels_dbfs(np.zeros(0), RATE)) == 0


@given(st.lists(st.booleans(), max_size=50))
def test_runs_are_the_true_stretches(flags):
    found = runs(np.array(flags, dtype=bool))
    rebuilt = [False] * len(flags)
    for start, end in found:
        assert start < end
        rebuilt[start:end] = [True] * (end - start)
    assert rebuilt == flags
    assert all(first[1] < second[0] for first, second in pairwise(found))


def exact(settings, **values):
    return settings.qa.model_copy(update=values)


def test_at_a_threshold_nothing_is_doubted_and_beyond_it_all(settings):
    """Numbers without rounding: halves, quarters, and lengths in whole samples."""
    half = np.full(RATE, 0.5)
    level = rms_dbfs(half)
    assert not checks.speech_level(rendering(half), exact(settings, min_rms_dbfs=level)).reason
    assert checks.speech_level(rendering(half), exact(settings, min_rms_dbfs=level + 1e-9)).reason
    assert not checks.dc_offset(rendering(half), exact(settings, max_dc_offset=0.5)).reason
    assert checks.dc_offset(rendering(half), exact(settings, max_dc_offset=0.4999)).reason
    flat = np.zeros(1024)
    flat[:4] = -1.0
    assert not checks.clipping(rendering(flat), exact(settings, max_clipped_share=4 / 1024)).reason
    assert checks.clipping(rendering(flat), exact(settings, max_clipped_share=3.9 / 1024)).reason
    holed = np.concatenate([half, np.zeros(RATE), half])
    assert not checks.inner_silence(rendering(holed), exact(settings, max_inner_silence_s=1.0)).reason
    assert checks.inner_silence(rendering(holed), exact(settings, max_inner_silence_s=0.99)).reason
    assert not checks.tail(rendering(half), exact(settings, max_tail_db=0.0)).reason
    assert checks.tail(rendering(half), exact(settings, max_tail_db=-0.1)).reason


@pytest.mark.parametrize(
    ("samples", "reason"), [(54_000, ""), (54_001, "too long"), (24_000, ""), (23_999, "too short")]
)
def test_how_long_a_text_of_four_characters_may_last(settings, samples, reason):
    pace = exact(settings, max_seconds_per_char=0.5, min_seconds_per_char=0.25, duration_slack_s=0.25)
    finding = checks.duration(rendering(np.zeros(samples), text="Nona"), pace)
    assert finding.reason.partition(":")[0] == reason
    assert finding.score == pytest.approx(samples / RATE / 4)


def test_how_well_a_text_of_four_characters_must_be_spelled(settings):
    lenient = exact(settings, min_spelled_per_char=-0.5)
    assert not checks.spelling(rendering(tone(1), text="Nona", spelled=-4.0), lenient).reason
    assert checks.spelling(rendering(tone(1), text="Nona", spelled=-4.01), lenient).reason
    assert checks.spelling(rendering(tone(1), text="Nona", spelled=-2.0), lenient).score == -0.5
    assert checks.spelling(rendering(tone(1), text="", spelled=-2.6), lenient).score == -2.6


@pytest.mark.parametrize(
    ("name", "bad", "severity"),
    [
        ("rms_dbfs", rendering(np.zeros(9)), 2),
        ("clipped_share", rendering(np.ones(9)), 1),
        ("dc_offset", rendering(np.ones(9)), 1),
        ("seconds_per_char", rendering(tone(8.0)), 2),
        ("seconds_per_char", rendering(tone(0.3)), 2),
        ("inner_silence_s", rendering(np.zeros(3 * RATE)), 1),
        ("tail_db", rendering(tone(2.0)), 1),
        ("spelled_per_char", rendering(tone(2.0), spelled=-99.0), 1),
        ("hit_length_cap", rendering(tone(2.0), hit_length_cap=True), 2),
        ("bad_samples", rendering(tone(2.0), bad_samples=1), 2),
        ("holds_direction", rendering(tone(2.0), may_hold_direction=True), 2),
    ],
)
def test_what_is_worse_than_what(settings, name, bad, severity):
    assert CHECKS[name](bad, settings.qa).severity == severity


def test_scores_of_facts(settings):
    assert checks.length_cap(rendering(tone(1.0), hit_length_cap=True), settings.qa).score == 1
    assert checks.direction(rendering(tone(1.0), may_hold_direction=True), settings.qa).score == 1
    assert checks.direction(rendering(tone(1.0)), settings.qa).score == 0
    assert checks.bad_samples(rendering(tone(1.0), bad_samples=3), settings.qa).score == 3


def test_only_what_is_inside_the_speech_or_at_the_end_of_all_counts(settings):
    speech = tone(1.0)
    around = np.concatenate([np.zeros(2 * RATE), speech, np.zeros(2 * RATE)]).astype(np.float32)
    assert not checks.inner_silence(rendering(around, speech), settings.qa).reason
    assert checks.inner_silence(rendering(speech, around), settings.qa).reason
    assert not checks.tail(rendering(around, speech), settings.qa).reason
    loud_end = np.concatenate([speech, np.zeros(RATE), tone(0.03)]).astype(np.float32)
    assert checks.tail(rendering(loud_end, speech), settings.qa).score == pytest.approx(0, abs=0.5)
    late = np.concatenate([speech, tone(0.03), np.zeros(round(0.03 * RATE))]).astype(np.float32)
    assert checks.tail(rendering(late, speech), settings.qa).score < -90


@pytest.mark.parametrize(("value", "clipped"), [(0.9985, False), (0.9995, True), (-0.9995, True)])
def test_what_full_scale_is(settings, value, clipped):
    assert bool(checks.clipping(rendering(np.full(9, value)), settings.qa).score) == clipped
