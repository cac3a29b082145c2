"""Each number of each shop: taken at its limit, refused beyond it, and said in words."""

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.delivery.measure import Measured
from tasks.delivery.rules import judge, shops
from tasks.errors import BadInputError

PERFECT = Measured(
    path=Path("01 One.mp3"),
    format="mp3",
    bitrate_mode="constant",
    bitrate_kbps=192.0,
    channels=1,
    sample_rate=44_100,
    seconds=60.0,
    rms_dbfs=-20.0,
    peak_dbfs=-3.5,
    true_peak_dbtp=-3.4,
    lufs=-19.0,
    lufs_per_ear=-16.0,
    floor_dbfs=-65.0,
    pauses_dbfs=-63.0,
    head_s=0.7,
    tail_s=2.0,
    tags=("title", "album", "artist"),
)
LOUDNESS = [("rms_dbfs", -23.0, -18.0), ("peak_dbfs", None, -3.0), ("floor_dbfs", None, -60.0)]
PLACES = [("pauses_dbfs", None, -60.0), ("head_s", 0.5, 1.0), ("tail_s", 1.0, 5.0), ("channels", None, 2)]
LIMITS = {  # as the shops publish them; written down once more, so that a slip in the file shows
    "acx": [*LOUDNESS, *PLACES, ("sample_rate", 44_100, 44_100), ("bitrate_kbps", 192, None), ("seconds", None, 7200)],
    "inaudio": [*LOUDNESS, *PLACES, ("sample_rate", 44_100, 44_100)],
    "google": [("peak_dbfs", None, 0.0), ("head_s", 0.1, None), ("tail_s", 0.1, None), ("sample_rate", 44_100, None),
               ("bitrate_kbps", 128, None)],
    "apple": [("true_peak_dbtp", None, -1.0), ("sample_rate", 44_100, None), ("seconds", None, 82_800)],
    "podcast": [("lufs_per_ear", -17.0, -15.0), ("true_peak_dbtp", None, -1.0), ("sample_rate", 44_100, None)],
}  # fmt: skip


@pytest.mark.parametrize("shop", LIMITS)
def test_a_number_may_be_at_its_limit_and_no_hundredth_beyond(shop):
    assert judge([PERFECT], shop)[0].passed
    judged = {finding.rule for finding in judge([PERFECT], shop)[0].findings}
    named = {"channel_kbps" if (shop, name) == ("google", "bitrate_kbps") else name for name, _, _ in LIMITS[shop]}
    assert judged - {"format", "bitrate_mode", "name", "tags"} == named
    for name, least, most in LIMITS[shop]:
        for limit, step in ((least, -1), (most, 1)):
            if limit is None:
                continue
            for off, passes in ((0.0, True), (0.004 * step, True), (0.01 * step, False)):
                assert judge([replace(PERFECT, **{name: limit + off})], shop)[0].passed == passes, (name, limit, off)


@pytest.mark.parametrize(
    ("shop", "formats", "modes", "tags"),
    [
        ("acx", {"mp3"}, {"constant"}, {"title", "album", "artist"}),
        ("inaudio", {"mp3", "flac"}, {"constant", "lossless"}, {"title", "album", "artist"}),
        (
            "google",
            {"mp3", "flac", "wav", "m4a", "m4b"},
            {"constant", "lossless", "variable"},
            {"title", "album", "artist"},
        ),
        ("apple", {"mp3", "flac", "wav", "m4a", "m4b"}, {"constant", "lossless"}, {"title", "album", "artist"}),
        ("podcast", {"mp3", "m4a"}, {"constant", "lossless", "variable"}, {"title", "album"}),
    ],
)
def test_what_a_file_may_be_and_must_have(shop, formats, modes, tags):
    def passing(name, values):
        return {value for value in values if judge([replace(PERFECT, **{name: value})], shop)[0].passed}

    assert passing("format", {"mp3", "flac", "wav", "m4a", "m4b", "opus", "ogg"}) == formats
    assert passing("bitrate_mode", {"constant", "lossless", "variable"}) == modes
    needed = {tag for tag in PERFECT.tags if not passing("tags", {tuple(t for t in PERFECT.tags if t != tag)})}
    assert needed == tags


@pytest.mark.parametrize("shop", LIMITS)
def test_only_what_must_be_alike_is_compared_with_the_first_file(shop):
    alike = {"channels", "sample_rate"} | ({"format"} if shop == "apple" else set())
    for name, value in (("channels", 2), ("sample_rate", 48_000), ("format", "m4b"), ("seconds", 61.0)):
        other = replace(PERFECT, **{name: value}, bitrate_kbps=384.0)
        first, second, third = judge([PERFECT, other, PERFECT], shop)
        found = {finding.rule: finding for finding in second.findings if finding.rule.startswith("same ")}
        assert set(found) == ({f"same {name}"} if name in alike else set())
        for finding in found.values():
            assert (finding.value, finding.limit, finding.passed) == (str(value), str(getattr(PERFECT, name)), False)
        assert not any(finding.rule.startswith("same ") for one in (first, third) for finding in one.findings)


def test_findings_are_said_with_units():
    (delivery,) = judge([replace(PERFECT, tags=(), path=Path("con.mp3"))], "acx")
    assert (delivery.shop, delivery.passed) == ("ACX", False)
    assert [(one.label, one.value, one.limit, one.passed) for one in delivery.findings] == [
        ("RMS", "-20 dBFS", "-23 to -18 dBFS", True),
        ("peak", "-3.5 dBFS", "at most -3 dBFS", True),
        ("noise floor, quietest half second", "-65 dBFS", "at most -60 dBFS", True),
        ("noise floor, pauses", "-63 dBFS", "at most -60 dBFS", True),
        ("silence before", "0.7 s", "0.5 to 1 s", True),
        ("silence after", "2 s", "1 to 5 s", True),
        ("sample rate", "44100 Hz", "44100 Hz", True),
        ("bit rate", "192 kb/s", "at least 192 kb/s", True),
        ("length", "60 s", "at most 7200 s", True),
        ("channels", "1", "at most 2", True),
        ("format", "mp3", "mp3", True),
        ("bit rate is", "constant", "constant", True),
        ("file name", "con.mp3", "one that every system and upload page takes", False),
        ("tags", "none", "title, album, artist", False),
    ]
    loudness = next(one for one in judge([PERFECT], "podcast")[0].findings if one.rule == "lufs_per_ear")
    assert (loudness.value, loudness.limit) == ("-16 LUFS", "-17 to -15 LUFS")


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("01 Café “Oz” – 1. (part 2)", True),
        ("Cafe\u0301", True),  # as macOS writes it
        ("x" * 250, True),
        ("x" * 251, False),
        ("01 Who is there?", False),
        ("a: b", False),
        ("con", False),
        (" a", False),
    ],
)
def test_a_name_is_one_that_every_system_takes(name, passes):
    (delivery,) = judge([replace(PERFECT, path=Path(f"{name}.mp3"))], "acx")
    assert {one.rule for one in delivery.findings if not one.passed} == (set() if passes else {"name"})


def test_shops_that_are_known_and_one_that_is_not():
    assert set(shops()) == set(LIMITS)
    with pytest.raises(BadInputError, match=r"^there are no rules of 'shop': known are acx, "):
        judge([PERFECT], "shop")
