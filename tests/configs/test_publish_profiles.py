"""Profiles of published audio, and what settings may change in them."""

import pytest

from configs.publish_profiles import AS_MASTERED, PublishProfile, check_profiles, profile_kinds, publish_profile
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
        ({"mp3": {"folder": "x"}}, "package.profiles.mp3.folder cannot be changed"),
        ({"mp3": {}, "flac": {"per": "word"}}, "package.profiles.flac.per = 'word'"),
        ({"mp3": {"sample_rate": 7999}}, "package.profiles.mp3.sample_rate = 7999"),
        ({"mp3": {"sample_rate": 48001}}, "package.profiles.mp3.sample_rate = 48001"),
        ({"mp3": {"target_lufs": -40.1}}, "package.profiles.mp3.target_lufs = -40.1"),
        ({"mp3": {"target_lufs": -8.9}}, "package.profiles.mp3.target_lufs = -8.9"),
        ({"mp3": {"ceiling_dbtp": 0.1}}, "package.profiles.mp3.ceiling_dbtp = 0.1"),
        ({"mp3": {"ceiling_dbtp": -20.1}}, "package.profiles.mp3.ceiling_dbtp = -20.1"),
        ({"mp3": {"head_s": 30.1}}, "package.profiles.mp3.head_s = 30.1"),
        ({"mp3": {"tail_s": -0.1}}, "package.profiles.mp3.tail_s = -0.1"),
        ({"mp3": {"max_minutes": 1441}}, "package.profiles.mp3.max_minutes = 1441"),
        ({"mp3": {"sample_s": 601}}, "package.profiles.mp3.sample_s = 601"),
        ({"mp3": {"bitrate_kbps": -1}}, "package.profiles.mp3.bitrate_kbps = -1"),
    ],
)
def test_changes_that_make_no_sense_are_refused_in_words(changes, message):
    with pytest.raises(SettingsError, match=message):
        check_profiles(package(**changes))


def test_the_values_at_the_bounds_are_taken():
    least = {"sample_rate": 8000, "target_lufs": -40, "ceiling_dbtp": -20, "head_s": 0, "tail_s": 0, "bitrate_kbps": 0}
    most = {"sample_rate": 48000, "target_lufs": -9, "ceiling_dbtp": 0, "head_s": 30, "tail_s": 30, "bitrate_kbps": 320}
    for values in (least, {**most, "max_minutes": 1440, "sample_s": 600}):
        assert publish_profile("mp3", package(mp3=values)).model_dump(include=set(values)) == values


def test_of_the_m4b_alone_the_bitrate_is_a_setting_of_all_and_its_profile_says_more():
    changed = load_settings(package={"aac_bitrate_kbps": 64, "profiles": {"m4b": {"bitrate_kbps": 48}}}).package
    assert publish_profile("m4b", changed).bitrate_kbps == 48
    assert publish_profile("mp3", changed).bitrate_kbps == publish_profile("mp3", package()).bitrate_kbps


def test_kinds_are_sorted_and_what_few_profiles_say_has_a_default():
    assert list(profile_kinds()) == sorted(profile_kinds())
    bare = PublishProfile(format="flac", per="book", folder="X")
    assert bare.shape() == {
        "format": "flac",
        "per": "book",
        "folder": "X",
        "bitrate_kbps": 0,
        "sample_rate": "as mastered",
        "target_lufs": "as mastered",
        "ceiling_dbtp": -1.0,
        "head_s": "as mastered",
        "tail_s": "as mastered",
        "shop": "",
        "sample_s": 0.0,
        "credits": False,
    }


SHOPS = {"sample_rate": 44_100, "head_s": 0.75, "tail_s": 2.0}
SHIPPED = {
    "acx": ("mp3", "chapter", "ACX", {"bitrate_kbps": 192, "max_minutes": 120.0, "shop": "acx", "sample_s": 300.0,
                                      "credits": True, **SHOPS}),
    "archive": ("flac", "book", "archive", {}),
    "flac": ("flac", "chapter", "FLAC", {}),
    "google": ("flac", "chapter", "Google", {"shop": "google", **SHOPS}),
    "inaudio": ("mp3", "chapter", "INaudio", {"bitrate_kbps": 192, "shop": "inaudio", "sample_s": 300.0,
                                              "credits": True, **SHOPS}),
    "library": ("m4b", "book", "library", {"bitrate_kbps": 96}),
    "m4b": ("m4b", "book", "M4B", {"bitrate_kbps": 96}),
    "mp3": ("mp3", "chapter", "MP3", {"bitrate_kbps": 96}),
    "opus": ("opus", "chapter", "Opus", {"bitrate_kbps": 48}),
    "podcast": ("mp3", "chapter", "podcast", {"bitrate_kbps": 96, "sample_rate": 44_100, "target_lufs": -19.0,
                                              "head_s": 0.5, "tail_s": 2.0, "shop": "podcast"}),
    "wav": ("wav", "chapter", "WAV", {}),
}  # fmt: skip


@pytest.mark.parametrize("kind", SHIPPED)
def test_what_is_shipped_of_each_kind(kind):
    """Another value, and every edition of that kind is made anew, or a shop refuses it."""
    form, per, folder, own = SHIPPED[kind]
    plain = PublishProfile(format=form, per=per, folder=folder)
    assert publish_profile(kind, package()) == plain.model_copy(update=own)


def test_every_kind_is_here():
    assert set(SHIPPED) == set(profile_kinds())
