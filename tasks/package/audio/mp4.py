"""Chapters and tags of MP4 files. It must not know books beyond what a label says.

The AAC encoder puts one frame of 1,024 samples before the audio. ffmpeg notes that in the file's edit list, so players
that heed it start at our sample 0, and chapter marks hold to the sample. Players that do not are off by that frame.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm

from tasks.package.audio.covers import JPEG, PNG, image_type
from tasks.package.audio.encode import BITEXACT
from tasks.package.audio.ffmpeg import run_ffmpeg
from tasks.package.audio.label import Label
from tasks.package.audio.languages import three_letters
from tasks.package.audio.marks import ffmetadata
from tasks.package.audio.tags import tagging_errors

AUDIOBOOK_KIND = 2  # the `stik` media kind
SHORT_DESCRIPTION_CHARS = 255  # readers cut `desc` here
FREEFORM = "----:com.apple.iTunes:"

_IMAGE_FORMATS = {JPEG: MP4Cover.FORMAT_JPEG, PNG: MP4Cover.FORMAT_PNG}


def label_mp4(audio: Path, path: Path, label: Label, *, ffmpeg: str) -> None:
    """Writes encoded audio into an M4B file with chapters and tags. Raises `OSError` (disk full), `TalepressError`."""
    language = three_letters(label.tags.language)
    track = ("-metadata:s:a:0", f"language={language}") if language else ()
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write(ffmetadata(label.marks, label.sample_rate))
        file.flush()
        run_ffmpeg(
            [
                *("-i", f"file:{audio}", "-f", "ffmetadata", "-i", file.name),
                *("-map", "0:a", "-map_metadata", "1", "-map_chapters", "1", "-c:a", "copy", *track, *BITEXACT),
                *("-movflags", "+faststart", "-brand", "M4B ", "-f", "ipod", f"file:{path}"),
            ],
            chosen=ffmpeg,
        )
    write_mp4_tags(path, label)


def write_mp4_tags(path: Path, label: Label) -> None:
    """Adds iTunes atoms to a finished MP4 file, in place. Raises `OSError` (disk full) or `TalepressError`.

    ffmpeg's own muxer keeps only some of these atoms. Freeform atoms are named as audiobook libraries look for them.
    """
    with tagging_errors(path):
        file = MP4(path)
        for atom, value in _atoms(label).items():
            file[atom] = [value]
        file.save()


def read_mp4_tags(path: Path) -> dict[str, object]:
    """Reads the atoms of a file, each one's first value by its name. Raises `MutagenError`."""
    tags = MP4(path).tags
    return {name: values[0] for name, values in tags.items() if isinstance(values, list)} if tags else {}


def mp4_tags(label: Label) -> dict[str, object]:
    """Returns what `read_mp4_tags` reads from a file with this label."""
    return _atoms(label)


def _atoms(label: Label) -> dict[str, object]:
    """Makes the atoms of a label by name; an atom without a value is left out."""
    tags = label.tags
    texts = {
        "\xa9nam": label.title,
        "\xa9alb": tags.title,
        "\xa9ART": tags.author,
        "aART": tags.author,
        "\xa9wrt": tags.narrator,  # audiobook libraries read the composer as the narrator
        "\xa9day": tags.year,
        "\xa9gen": "; ".join(tags.genres),  # in one text: readers see the first of several only
        "cprt": tags.rights,
        "sonm": tags.sort_title if label.is_part else "",
        "soal": tags.sort_title,
        "soar": tags.sort_author,
        "soaa": tags.sort_author,
        "desc": tags.description[:SHORT_DESCRIPTION_CHARS],
        "ldes": tags.description,
        "\xa9too": "Talepress",
    }
    atoms: dict[str, object] = {atom: text for atom, text in texts.items() if text}
    for name, text in label.named_texts.items():
        atoms[FREEFORM + name] = MP4FreeForm(text.encode("utf-8"))
    atoms["stik"] = AUDIOBOOK_KIND
    atoms["disk" if label.is_part else "trkn"] = (label.number, label.count)
    if tags.cover is not None:
        atoms["covr"] = MP4Cover(tags.cover, imageformat=_IMAGE_FORMATS[image_type(tags.cover)])
    return atoms
