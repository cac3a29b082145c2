"""The delivery check: the same numbers as ffmpeg's own meters, and a verdict for every rule."""

import json
import re
import subprocess
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from flows.order.delivery import check_edition
from storage.artifacts import ArtifactStore
from storage.records import Master, PlacedUtterance
from tasks.delivery.check import check_files
from tasks.delivery.measure import measure_file
from tasks.delivery.pauses import known_pauses
from tasks.delivery.rules import judge, shops
from tasks.errors import BadInputError
from tasks.master.dynamics import level
from tasks.package.audio.ffmpeg import ffmpeg_path
from tasks.package.edition import publish_edition
from tasks.synthesize.render import encode_flac
from tests.tasks.audio import RATE, utterance
from tests.tasks.package.conftest import PACKAGE, TITLES, files_of
from tests.tasks.package.conftest import content as _content
from tests.tasks.package.conftest import place as _place

VOICES = Path(__file__).parents[1] / "master" / "voices"
HEAD = 12_000
TAIL = 72_000
content = _content
place = _place


@pytest.fixture(scope="package")
def store(tmp_path_factory):
    return ArtifactStore(tmp_path_factory.mktemp("artifacts"))


def master(store, index, voice):
    """A chapter that a voice reads, with room tone before, after and between, at the loudness of all masters."""
    speech, rate = soundfile.read(VOICES / f"{voice}.ogg")
    assert rate == RATE
    half = len(speech) // 2
    gap = np.zeros(24_000)
    audio = np.concatenate([np.zeros(HEAD), speech[:half], gap, speech[half:], np.zeros(TAIL)])
    audio += 10 ** (-76 / 20) * np.random.default_rng(index).standard_normal(len(audio))
    blocks = list(level(lambda: [audio], -19.0, -3.5, RATE))
    address = store.put_bytes(encode_flac(np.concatenate(blocks), RATE))
    spoken = [(HEAD, HEAD + half), (HEAD + half + len(gap), len(audio) - TAIL)]
    placed = tuple(PlacedUtterance(utterance(0, chapter=index), f"take {index}", start, end) for start, end in spoken)
    return Master(index, TITLES[index], address, RATE, len(audio), -19.0, -3.6, placed)


@pytest.fixture(scope="package")
def acx(tmp_path_factory, store, content):
    """The files of a book of two chapters, as the profile for ACX makes them."""
    masters = tuple(master(store, index, voice) for index, voice in enumerate(("slt", "joe")))
    settings = PACKAGE.model_copy(update={"outputs": ("acx", "manifest")})
    asked = replace(content, masters=masters, settings=settings)
    edition = publish_edition(tmp_path_factory.mktemp("acx"), store, asked).edition
    return [Path(path) for path in files_of(edition, "acx")]


def filtered(path, filters):
    """What ffmpeg's filters say of a file."""
    command = [
        ffmpeg_path(),
        "-hide_banner",
        "-nostats",
        "-i",
        str(path),
        "-map",
        "0:a",
        "-af",
        filters,
        "-f",
        "null",
        "-",
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


@dataclass(frozen=True)
class Metered:
    """What ffmpeg's own meters, astats and ebur128, say of a file."""

    rms_dbfs: float
    peak_dbfs: float
    lufs: float
    true_peak_dbtp: float


def metered(path, *before):
    """Has ffmpeg's meters measure a file, or what filters leave of it."""
    overall = filtered(path, ",".join([*before, "astats=measure_perchannel=none"])).partition("Overall")[2]
    stats = dict(re.findall(r"\] ([\w ]+): (-?[\d.]+)$", overall, re.MULTILINE))
    summary = filtered(path, ",".join([*before, "ebur128=peak=true"])).rpartition("Summary:")[2]
    return Metered(
        float(stats["RMS level dB"]),
        float(stats["Peak level dB"]),
        float(re.search(r"I:\s+(-?[\d.]+) LUFS", summary)[1]),
        float(re.search(r"Peak:\s+(-?[\d.]+) dBFS", summary)[1]),
    )


def hold_to_acx_by_ffmpeg(path):
    """Holds a file to ACX's limits of level, peak and noise by what ffmpeg measures, not we."""
    whole = metered(path)
    assert -23 <= whole.rms_dbfs <= -18, (path.name, whole)
    assert whole.peak_dbfs <= -3, (path.name, whole)
    assert metered(path, "atrim=end=0.5").rms_dbfs <= -60, path.name  # room tone before the first word


def test_every_number_is_what_ffmpegs_own_meters_say(acx):
    for path in acx:
        found = measure_file(path)
        by_ffmpeg = metered(path)
        assert found.rms_dbfs == pytest.approx(by_ffmpeg.rms_dbfs, abs=0.01)
        assert found.peak_dbfs == pytest.approx(by_ffmpeg.peak_dbfs, abs=0.01)
        assert found.lufs == pytest.approx(by_ffmpeg.lufs, abs=0.1)
        assert found.true_peak_dbtp == pytest.approx(by_ffmpeg.true_peak_dbtp, abs=0.15)


def test_what_the_acx_profile_makes_meets_the_numbers(acx):
    for delivery in check_files(acx, "acx"):
        assert delivery.passed, [finding for finding in delivery.findings if not finding.passed]
        assert len(delivery.findings) == 14
        hold_to_acx_by_ffmpeg(delivery.path)


@pytest.mark.parametrize("kind", ["inaudio", "google", "podcast"])
def test_what_the_other_profiles_make_meets_their_shops_numbers(kind, tmp_path, store, content):
    masters = (master(store, 0, "slt"), master(store, 1, "joe"))
    settings = PACKAGE.model_copy(update={"outputs": (kind, "manifest")})
    edition = publish_edition(tmp_path, store, replace(content, masters=masters, settings=settings)).edition
    found = check_edition(edition, settings)
    assert len(found) == len(files_of(edition, kind)) >= 2
    for delivery in found:
        assert delivery.passed, [finding for finding in delivery.findings if not finding.passed]


def test_pauses_are_those_of_the_manifest(acx, tmp_path):
    assert known_pauses(acx[-1]) == ()  # the retail sample
    for path in acx[:-1]:
        (pause,) = known_pauses(path)
        assert pause[1] - pause[0] == pytest.approx(0.9, abs=1e-3)
        assert measure_file(path, [pause]).pauses_dbfs < -60
        assert measure_file(path, [(pause[0] - 2, pause[0] - 1)]).pauses_dbfs > -40  # where somebody speaks
    assert known_pauses(tmp_path / "stranger.mp3") == ()
    (tmp_path / "x.manifest.json").write_text(json.dumps({"sample_rate": 0, "files": [], "chapters": []}))
    assert known_pauses(tmp_path / "stranger.mp3") == ()


def write(path, *, seconds=3.0, level_db=-20.0, head_s=0.7, tail_s=1.5, floor_db=-70.0, rate=44_100, channels=1):
    """A file with a tone between stretches of faint noise."""
    frames = round((head_s + seconds + tail_s) * rate)
    audio = 10 ** (floor_db / 20) * np.random.default_rng(1).standard_normal((frames, channels))
    tone = 10 ** (level_db / 20) * np.sqrt(2) * np.sin(0.05 * np.arange(round(seconds * rate)))
    audio[round(head_s * rate) :][: len(tone)] += tone[:, None]
    soundfile.write(path, audio, rate)
    return path


def failing(path, shop="acx"):
    return {finding.rule for finding in check_files([path], shop)[0].findings if not finding.passed}


def test_each_fault_is_found_by_its_rule(tmp_path):
    plain = {"format", "bitrate_mode", "tags"}  # a WAV file without tags
    path = tmp_path / "a.wav"
    assert failing(write(path)) == plain
    assert failing(write(path, head_s=0.2)) == plain | {"head_s"}
    assert failing(write(path, head_s=1.3)) == plain | {"head_s"}
    assert failing(write(path, tail_s=0.6)) == plain | {"tail_s"}
    assert failing(write(path, floor_db=-50)) == plain | {"floor_dbfs", "pauses_dbfs"}
    assert failing(write(path, level_db=-5)) == plain | {"rms_dbfs", "peak_dbfs"}
    assert failing(write(path, level_db=-28)) == plain | {"rms_dbfs"}
    assert failing(write(path, rate=22_050)) == plain | {"sample_rate"}


def test_a_name_that_some_system_does_not_take_is_found(tmp_path):
    plain = {"format", "bitrate_mode", "tags"}
    for name in ("01 Who is there?.wav", "a: b.wav", "con.wav", f"{'x' * 251}.wav"):
        assert failing(write(tmp_path / name)) == plain | {"name"}, name
    assert failing(write(tmp_path / "01 Café “Oz” – 1. (part 2).wav")) == plain
    assert failing(write(tmp_path / unicodedata.normalize("NFD", "Café.wav"))) == plain


def test_two_channels_need_twice_the_bit_rate_of_one(acx):
    one = replace(measure_file(acx[0]), bitrate_kbps=128.0)
    assert judge([one], "google")[0].passed
    (two,) = judge([replace(one, channels=2)], "google")
    assert [(one.label, one.value) for one in two.findings if not one.passed] == [("bit rate of a channel", "64 kb/s")]


def test_files_of_one_book_must_be_alike(tmp_path):
    one = write(tmp_path / "1.wav")
    two = write(tmp_path / "2.wav", channels=2)
    first, second = check_files([one, two], "acx")
    assert "same channels" not in {finding.rule for finding in first.findings}
    assert "same channels" in {finding.rule for finding in second.findings if not finding.passed}


def test_rules_measure_what_there_is(acx):
    measured = measure_file(acx[0])
    for shop in shops():
        (delivery,) = judge([measured], shop)
        assert delivery.findings
        assert all(finding.limit and finding.label for finding in delivery.findings)


def test_files_are_decoded_by_the_program_that_is_asked_for(tmp_path):
    with pytest.raises(BadInputError, match="no-such-ffmpeg"):
        check_files([write(tmp_path / "a.wav")], "acx", "no-such-ffmpeg")


def test_what_cannot_be_checked_is_refused_in_words(tmp_path):
    (tmp_path / "text.mp3").write_text("no audio")
    (tmp_path / "text.txt").write_text("no audio")
    for name in ("text.mp3", "text.txt"):
        with pytest.raises(BadInputError, match=name):
            check_files([tmp_path / name], "acx")
    with pytest.raises(BadInputError, match="no rules of 'shop': known are acx"):
        check_files([], "shop")
