"""The audio formats that there are: how ffmpeg encodes them, how they are labelled and read back.

It must not know which files an edition has, nor how loud or long they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from configs.publish_profiles import AS_MASTERED, PublishProfile
from tasks.package.audio import id3, mp4, vorbis
from tasks.package.audio.label import Label

PCM_BYTES = 2  # of a sample
MANY = 100_000


@dataclass(frozen=True)
class AudioFormat:
    """One audio format, as a handful of functions."""

    suffix: str
    container: str  # ffmpeg's name
    codec: Callable[[PublishProfile], tuple[str, ...]]  # ffmpeg's arguments
    label: Callable[[Path, Path, Label, str], None]  # of encoded audio, the file to write, its label, which ffmpeg
    read: Callable[[Path], Mapping[str, object]]  # the tags that a file has
    wanted: Callable[[Label], Mapping[str, object]]  # the tags that it shall have
    lossless: bool = False
    has_chapters: bool = True
    max_chapters: int = MANY
    frame: int = 0  # samples by which a reader may find the file longer: what the codec works on at once


def codec_arguments(profile: PublishProfile) -> tuple[str, ...]:
    """Returns ffmpeg's arguments for a profile's audio."""
    rate = () if profile.sample_rate == AS_MASTERED else ("-ar", str(profile.sample_rate))
    return (*FORMATS[profile.format].codec(profile), *rate)


def bytes_per_second(profile: PublishProfile, sample_rate: int) -> float:
    """Forecasts the size of a profile's files, rather too high than too low. `sample_rate` is the masters', in Hz."""
    if profile.bitrate_kbps:
        return 1.1 * profile.bitrate_kbps * 1000 / 8
    return PCM_BYTES * float(sample_rate if profile.sample_rate == AS_MASTERED else profile.sample_rate)


def _lossy(encoder: str, *more: str) -> Callable[[PublishProfile], tuple[str, ...]]:
    return lambda profile: ("-c:a", encoder, "-b:a", f"{profile.bitrate_kbps}k", *more)


def _lossless(encoder: str, *more: str) -> Callable[[PublishProfile], tuple[str, ...]]:
    return lambda profile: ("-c:a", encoder, *more)


FORMATS = {
    "m4b": AudioFormat(
        suffix=".m4b",
        container="ipod",
        codec=_lossy("aac"),
        label=lambda audio, path, label, ffmpeg: mp4.label_mp4(audio, path, label, ffmpeg=ffmpeg),
        read=mp4.read_mp4_tags,
        wanted=mp4.mp4_tags,
        max_chapters=255,  # Nero's list of chapters counts in one byte
        frame=2 * 1024,
    ),
    "mp3": AudioFormat(
        suffix=".mp3",
        container="mp3",
        # The Info header is what tells players length and delay; without it they are late by a frame.
        codec=_lossy("libmp3lame", "-write_xing", "1", "-id3v2_version", "0"),
        label=lambda audio, path, label, ffmpeg: id3.label_mp3(audio, path, label),
        read=id3.read_id3,
        wanted=id3.id3_tags,
        frame=2 * 1152,
    ),
    "opus": AudioFormat(
        suffix=".opus",
        container="opus",
        codec=_lossy("libopus"),
        label=lambda audio, path, label, ffmpeg: vorbis.label_opus(audio, path, label),
        read=vorbis.read_vorbis,
        wanted=vorbis.vorbis_tags,
        max_chapters=vorbis.MAX_CHAPTERS,
        frame=960,
    ),
    "flac": AudioFormat(
        suffix=".flac",
        container="flac",
        codec=_lossless("flac", "-compression_level", "8", "-sample_fmt", "s16"),
        label=lambda audio, path, label, ffmpeg: vorbis.label_flac(audio, path, label),
        read=vorbis.read_vorbis,
        wanted=vorbis.vorbis_tags,
        max_chapters=vorbis.MAX_CHAPTERS,
        lossless=True,
    ),
    "wav": AudioFormat(
        suffix=".wav",
        container="wav",
        codec=_lossless("pcm_s16le"),
        label=lambda audio, path, label, ffmpeg: id3.label_wav(audio, path, label),
        read=id3.read_id3,
        wanted=id3.id3_tags,
        lossless=True,
        has_chapters=False,
    ),
}
