"""The table of outputs, and what settings may ask of it."""

from dataclasses import replace

import pytest

from configs.publish_profiles import profile_kinds
from configs.settings import load_settings
from tasks.errors import BadInputError
from tasks.package.audio import recordings
from tasks.package.outputs import OUTPUTS, find_outputs


def test_outputs_come_once_and_in_the_order_of_the_table():
    found = find_outputs(["manifest", "flac", "m4b", "flac"])
    assert [output.kind for output in found] == ["m4b", "flac", "manifest"]


def test_the_error_for_an_unknown_output_names_those_there_are():
    with pytest.raises(BadInputError, match=r"no output 'mp4': .*package\.outputs.* are m4b, mp3, .*, manifest"):
        find_outputs(["m4b", "mp4", "manifest"])


@pytest.mark.parametrize("kinds", [(), ("m4b",)])
def test_the_manifest_cannot_be_left_out(kinds):
    with pytest.raises(BadInputError, match=r"lack 'manifest'.*add it"):
        find_outputs(kinds)


def test_the_outputs_of_the_defaults_exist():
    assert [output.kind for output in find_outputs(load_settings().package.outputs)] == ["m4b", "manifest"]


def test_no_two_outputs_share_a_name():
    names = [name for output in OUTPUTS for name in output.names("Oz")]
    assert len(set(names)) == len(names)
    assert len({output.kind for output in OUTPUTS}) == len(OUTPUTS)


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: output.kind)
def test_what_is_encoded_early_is_what_the_edition_asks_for_and_by_the_chosen_ffmpeg(output, content, monkeypatch):
    """Else everything is encoded twice, or by a program that the key does not name."""
    monkeypatch.setattr(recordings, "ffmpeg_version", lambda chosen: f"version of {chosen}")
    profiles = {kind: {"tail_s": 1.25, "head_s": 0.75, "target_lufs": -21.0} for kind in profile_kinds()}
    settings = content.settings.model_copy(update={"ffmpeg": "other", "profiles": profiles})
    asked = output.recordings(replace(content, settings=settings))
    early = tuple(output.stream(iter(content.masters), settings))
    assert {one.ffmpeg for one in (*asked, *early)} <= {"other"}
    assert {one.key for one in early if isinstance(one.stretches, tuple)} <= {one.key for one in asked}
    assert {(one.codec, one.container) for one in early} <= {(one.codec, one.container) for one in asked}


def test_every_profile_belongs_to_an_output():
    assert set(profile_kinds()) - {"library"} <= {output.kind for output in OUTPUTS}


@pytest.mark.parametrize("output", find_outputs(["m4b", "flac", "manifest"]), ids=lambda output: output.kind)
def test_forecasts_are_not_below_what_was_written(output, published, content):
    written = sum(file.bytes for file in published.files if file.kind == output.kind)
    fixed = 5_000 * len(content.masters)  # headers, tags, cover, the manifest's head: they do not grow with the audio
    assert 0 < written <= output.forecast_bytes(content.seconds, content.settings) + fixed
