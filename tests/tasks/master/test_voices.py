"""Every shipped voice comes to the target loudness, by ffmpeg's meter as well as by ours.

`voices/NAME.ogg` has three stretches of 5 s of each voice as it was stitched, one from each of the sample book's first
three chapters, around the chapter's largest peak (tortoise_mini, preset fast).
"""

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tasks.master.chapter import master_chapter
from tasks.master.meters import measure
from tasks.package.audio.ffmpeg import ffmpeg_path
from tasks.stitch.assemble import StitchedChapter
from tasks.voices.catalogue import shipped_voices
from tests.tasks.audio import RATE

RECORDINGS = Path(__file__).parent / "voices"
VOICES = sorted(path.stem for path in RECORDINGS.glob("*.ogg"))
STRETCHES = 3


def ebur128(path):
    """Integrated loudness (LUFS) and true peak (dBTP) by ffmpeg."""
    measuring = ["-hide_banner", "-nostdin", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
    text = subprocess.run([ffmpeg_path(), *measuring], capture_output=True, text=True, check=True).stderr
    summary = text[text.rindex("Summary:") :]
    return [float(re.search(rf"{name}:\s+(-?[\d.]+) ", summary)[1]) for name in ("I", "Peak")]


def stretches(voice):
    audio, rate = soundfile.read(RECORDINGS / f"{voice}.ogg")
    assert rate == RATE
    return np.split(audio, STRETCHES)


def test_there_is_a_recording_of_every_shipped_voice():
    assert sorted(voice.name for voice in shipped_voices()) == VOICES


@pytest.mark.parametrize("voice", VOICES)
def test_chapters_have_the_target_loudness_and_that_of_their_neighbours(voice, store, settings, tmp_path):
    figures = []
    for number, audio in enumerate(stretches(voice)):
        path = tmp_path / f"{number}.flac"
        soundfile.write(path, audio, RATE, subtype="PCM_24")
        master = master_chapter(store, StitchedChapter(path, RATE, len(audio), ()), "", number, settings.master)
        figures.append(ebur128(store.path(master.audio_sha256)))
        assert [master.loudness_lufs, master.true_peak_dbtp] == pytest.approx(figures[-1], abs=0.2)
    for loudness, peak in figures:
        assert loudness == pytest.approx(settings.master.target_lufs, abs=0.5), figures
        assert peak <= settings.master.ceiling_dbtp + 0.2, figures
    for (one, _), (next_one, _) in pairwise(figures):
        assert one == pytest.approx(next_one, abs=0.5), figures


def test_the_recordings_are_hard_cases():
    """With one linear gain, joe's peaks would stand 8 dB over the ceiling."""
    over = {voice: max(np.diff(measure([audio], RATE))[0] for audio in stretches(voice)) for voice in VOICES}
    assert over["joe"] > 21, over
    assert over["slt"] < 15, over
