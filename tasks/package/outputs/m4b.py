"""Publishes the audiobook as M4B: AAC audio, chapters, tags, cover. One file, or a folder of parts of a very long book.

The AAC encoder puts one frame of 1,024 samples before the audio. ffmpeg notes that in the file's edit list, so players
that heed it start at our sample 0, and chapter marks hold to the sample. Players that do not are off by that frame.
This module must not know of books beyond their tags and chapters.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from mutagen import MutagenError
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm

from configs.settings import PackageSettings
from storage.artifacts import ArtifactStore
from storage.records import Master
from tasks.errors import TalepressError
from tasks.package.audio.covers import JPEG, PNG, image_type
from tasks.package.audio.encode import BITEXACT, Stretch, encode
from tasks.package.audio.ffmpeg import run_ffmpeg
from tasks.package.audio.languages import three_letters
from tasks.package.audio.marks import ChapterMark, ffmetadata, marks_in, parse_ffmetadata
from tasks.package.audio.tags import Tags, tagging_errors
from tasks.package.content import EditionContent
from tasks.package.output import Draft, Output
from tasks.package.parts import Parts
from tasks.package.timeline import AudioFile, in_one_file

AAC_FRAME = 1024  # samples
MARK_SECONDS = 0.001  # the resolution of the chapter track that ffmpeg writes
AUDIOBOOK_KIND = 2  # the `stik` media kind
SHORT_DESCRIPTION_CHARS = 255  # readers cut `desc` here
KILOBIT_BYTES = 125
_IMAGE_FORMATS = {JPEG: MP4Cover.FORMAT_JPEG, PNG: MP4Cover.FORMAT_PNG}


def encode_m4b(folder: Path, store: ArtifactStore, masters: Iterable[Master], settings: PackageSettings) -> None:
    """Encodes each part as an AAC file without chapter marks; see `Output.encode`."""
    codec = ("-c:a", "aac", "-b:a", f"{settings.aac_bitrate_kbps}k")
    parts = Parts(settings.part_hours)
    for part, chapters in groupby(masters, lambda master: parts.next(master.samples / master.sample_rate)):
        stretches = (_stretch(master, first=number == 0) for number, master in enumerate(chapters))
        encode(folder / _encoded_name(part), store, stretches, codec, container="ipod", ffmpeg=settings.ffmpeg)


def lay_out_m4b(content: EditionContent, stem: str) -> tuple[AudioFile, ...]:
    """Lays all chapters into one file, or into as many parts as they need; see `Output.lay_out`."""
    chapters = content.timeline.chapters
    parts = Parts(content.settings.part_hours)
    numbered = [(parts.next(chapter.samples / content.sample_rate), place) for place, chapter in enumerate(chapters)]
    held = [[place for _, place in group] for _, group in groupby(numbered, lambda pair: pair[0])]
    paths = [Path(f"{stem}{M4B.suffix}")]
    if len(held) > 1:
        folder = Path(f"{stem}{M4B.parts_suffix}")
        paths = [folder / f"{stem} (part {number} of {len(held)}).m4b" for number in range(1, len(held) + 1)]
    return tuple(
        in_one_file(content.timeline, M4B.kind, path, places) for path, places in zip(paths, held, strict=True)
    )


def write_m4b(draft: Draft) -> tuple[Path, ...]:
    """Adds chapter marks and tags to the encoded audio; see `Output.write`."""
    content = draft.content
    files = draft.audio_of(M4B.kind)
    for part, file in enumerate(files):
        path = draft.folder / file.path
        path.parent.mkdir(exist_ok=True)
        marks = ffmetadata(marks_in(content.timeline, file), content.sample_rate)
        audio = draft.encoded[M4B.kind] / _encoded_name(part)
        add_marks(audio, path, marks, three_letters(content.tags.language), ffmpeg=content.settings.ffmpeg)
        write_tags(path, _tags_of_part(content.tags, part, len(files)), part + 1, len(files))
    return tuple(draft.folder / file.path for file in files)


def _stretch(master: Master, *, first: bool) -> Stretch:
    """All of a master; from its first word on where a file begins with it: players need no silence there."""
    head = master.placed[0].start_sample if first and master.placed else 0
    return Stretch(master, head, master.samples)


def _encoded_name(part: int) -> str:
    return f"part {part + 1}.m4a"


def _tags_of_part(tags: Tags, part: int, parts: int) -> Tags:
    """Puts the number of a part behind the title; a book in one file has none."""
    return tags if parts == 1 else replace(tags, title=f"{tags.title} (part {part + 1} of {parts})")


def add_marks(audio: Path, path: Path, metadata: str, language: str, *, ffmpeg: str) -> None:
    """Copies encoded audio into an M4B file with the chapter marks of an ffmetadata text.

    `language` is that of the audio track, an ISO 639-2 code; "" leaves it undetermined. For `ffmpeg` see `ffmpeg_path`.
    """
    track = ("-metadata:s:a:0", f"language={language}") if language else ()
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write(metadata)
        file.flush()
        run_ffmpeg(
            [
                *("-i", f"file:{audio}", "-f", "ffmetadata", "-i", file.name),
                *("-map", "0:a", "-map_metadata", "1", "-map_chapters", "1", "-c:a", "copy", *track, *BITEXACT),
                *("-movflags", "+faststart", "-brand", "M4B ", "-f", "ipod", f"file:{path}"),
            ],
            chosen=ffmpeg,
        )


def write_tags(path: Path, tags: Tags, part: int = 1, parts: int = 1) -> None:
    """Adds iTunes atoms to a finished MP4 file, in place. Raises `OSError` (disk full) or `TalepressError`.

    ffmpeg's own muxer keeps only some of these atoms. Freeform atoms are named as audiobook libraries look for them.
    """
    texts = {
        "\xa9nam": tags.title,
        "\xa9alb": tags.title,
        "\xa9ART": tags.author,
        "aART": tags.author,
        "\xa9wrt": tags.narrator,  # audiobook libraries read the composer as the narrator
        "\xa9day": tags.year,
        "\xa9gen": "; ".join(tags.genres),  # in one text: readers see the first of several only
        "cprt": tags.rights,
        "sonm": tags.sort_title,
        "soal": tags.sort_title,
        "soar": tags.sort_author,
        "soaa": tags.sort_author,
        "desc": tags.description[:SHORT_DESCRIPTION_CHARS],
        "ldes": tags.description,
        "\xa9too": "Talepress",
    }
    freeform = {
        "NARRATOR": tags.narrator,
        "NARRATION": tags.narration,
        "SUBTITLE": tags.subtitle,
        "PUBLISHER": tags.publisher,
        "LANGUAGE": tags.language,
        "ISBN": tags.isbn,
        "ASIN": tags.asin,
        "IDENTIFIERS": "; ".join(tags.identifiers),
        "SERIES": tags.series,
        "SERIES-PART": tags.series_part,
    }
    with tagging_errors(path):
        file = MP4(path)
        for atom, text in texts.items():
            if text:
                file[atom] = [text]
        for name, text in freeform.items():
            if text:
                file[f"----:com.apple.iTunes:{name}"] = [MP4FreeForm(text.encode("utf-8"))]
        file["stik"] = [AUDIOBOOK_KIND]
        file["disk"] = [(part, parts)]
        if tags.cover is not None:
            file["covr"] = [MP4Cover(tags.cover, imageformat=_IMAGE_FORMATS[image_type(tags.cover)])]
        file.save()


def check_m4b(path: Path, marks: Sequence[ChapterMark], sample_rate: int, tags: Tags, *, ffmpeg: str = "") -> None:
    """Reads a file back with mutagen and with ffmpeg. Raises `TalepressError` where it is not as meant."""
    try:
        file = MP4(path)
    except MutagenError as error:
        raise TalepressError(
            f"{path}: was written, but cannot be read back ({error}); run the same command again"
        ) from error
    seconds = marks[-1].end_sample / sample_rate
    if file.info is None or abs(file.info.length - seconds) > 2 * AAC_FRAME / sample_rate:
        raise TalepressError(f"{path}: does not last {seconds:.3f} s as it should; run the same command again")
    if file.info.channels != 1 or file.info.sample_rate != sample_rate:
        raise TalepressError(
            f"{path}: says {file.info.channels} channels at {file.info.sample_rate} Hz and not 1 at {sample_rate}: "
            "this ffmpeg cannot be used; leave package.ffmpeg empty for the packaged one"
        )
    if file.tags is None or file.tags.get("\xa9nam") != [tags.title]:
        raise TalepressError(f"{path}: the title did not read back; run the same command again")
    quicktime = parse_ffmetadata(run_ffmpeg(["-i", f"file:{path}", "-f", "ffmetadata", "-"], chosen=ffmpeg))
    if [title for title, _, _ in quicktime] != [mark.title for mark in marks]:
        raise TalepressError(f"{path}: {len(quicktime)} chapters read back, not as the {len(marks)} that were written")
    nero_starts = [chapter.start for chapter in file.chapters or ()]
    for starts in ([start for _, start, _ in quicktime], nero_starts):
        for start, mark in zip(starts, marks, strict=False):  # Nero chapters may be fewer
            if abs(start - mark.start_sample / sample_rate) > MARK_SECONDS:
                raise TalepressError(f"{path}: chapter {mark.title!r} starts at {start:.4f} s, not where it was put")


def _check(draft: Draft, paths: tuple[Path, ...]) -> None:
    content = draft.content
    for part, (path, file) in enumerate(zip(paths, draft.audio_of(M4B.kind), strict=True)):
        tags = _tags_of_part(content.tags, part, len(paths))
        marks = marks_in(content.timeline, file)
        check_m4b(path, marks, content.sample_rate, tags, ffmpeg=content.settings.ffmpeg)


def _forecast_bytes(seconds: float, settings: PackageSettings) -> float:
    return seconds * settings.aac_bitrate_kbps * KILOBIT_BYTES


M4B = Output(
    kind="m4b",
    suffix=".m4b",
    write=write_m4b,
    check=_check,
    forecast_bytes=_forecast_bytes,
    encode=encode_m4b,
    lay_out=lay_out_m4b,
    settings=("aac_bitrate_kbps", "part_hours"),
    parts_suffix=" (M4B)",
)
