"""Profiles of published audio, and what settings may change in them."""

import pytest

from configs.publish_profiles import AS_MASTERED, check_profiles, profile_kinds, publish_profile
from configs.settings import SettingsError, load_settings


def package(**profiles):
    return load_settings(package={"profiles": profiles}).package


def test_every_profile_loads():
    assert {"m4b", "mp3", "acx", "library", "podcast", "archive", "google", "inaudio"} <= set(profile_kinds())
    for kind in profile_kinds():
        profile = publish_profile(kind, package())
        assert (profile.bitrate_kbps == 0) == (profile.format in ("flac", "wav"))


def test_settings_change_single_values():
    plain = publish_profile("mp3", package())
    assert (plain.per, plain.sample_rate) == ("chapter", AS_MASTERED)
    changed = publish_profile("mp3", package(mp3={"bitrate_kbps": 64, "per": "book"}))
    assert changed == plain.model_copy(update={"bitrate_kbps": 64, "per": "book"})
    assert publish_profile("m4b", load_settings(package={"aac_bitrate_kbps": 64}).package).bitrate_kbps == 64


def test_what_came_later_is_in_the_keys_of_those_files_alone_that_it_changes():
    """Else every edition of before would be made anew."""
    mp3 = publish_profile("mp3", package())
    assert mp3.shape().keys() == type(mp3).model_fields.keys() - {"max_minutes"}
    assert mp3.model_copy(update={"max_minutes": 90.0}).shape() == {**mp3.shape(), "max_minutes": 90.0}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mp4": {}}, "unknown setting package.profiles.mp4: profiles are acx, "),
        ({"mp3": {"bitrate": 64}}, "package.profiles.mp3.bitrate = 64: known are format"),
        ({"mp3": {"bitrate_kbps": 900}}, "package.profiles.mp3.bitrate_kbps = 900: input should be less"),
        ({"mp3": {"format": "opus"}}, "package.profiles.mp3.format cannot be changed"),
    ],
)
def test_changes_that_make_no_sense_are_refused_in_words(changes, message):
    with pytest.raises(SettingsError, match=message):
        check_profiles(package(**changes))
