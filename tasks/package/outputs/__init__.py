"""Lists the outputs that there are. Which of them an edition gets, the settings say; this table must not know it."""

from __future__ import annotations

from collections.abc import Iterable

from tasks.errors import BadInputError
from tasks.package.output import Output
from tasks.package.outputs.audio_files import audio_output
from tasks.package.outputs.captions import CAPTIONS
from tasks.package.outputs.feed import FEED
from tasks.package.outputs.library import LIBRARY
from tasks.package.outputs.manifest import MANIFEST
from tasks.package.outputs.readalong import READALONG

# In the order in which they are written. Each sees the files of those before it, so the manifest comes last. A kind of
# audio file has a profile of its name in `configs/profiles/publish`, and says what its file and its folder are called.
OUTPUTS = (
    audio_output("m4b", ".m4b", " (M4B)"),
    audio_output("mp3", " (MP3)", ".mp3"),
    audio_output("opus", " (Opus)", ".opus"),
    audio_output("flac", " (FLAC)", ".flac"),
    audio_output("wav", " (WAV)", ".wav"),
    audio_output("archive", " (archive).flac", " (archive)"),
    audio_output("acx", " (ACX)", " (ACX).mp3"),
    audio_output("inaudio", " (INaudio)", " (INaudio).mp3"),
    audio_output("google", " (Google)", " (Google).flac"),
    audio_output("podcast", " (podcast)", " (podcast).mp3"),
    CAPTIONS,
    READALONG,
    LIBRARY,
    FEED,
    MANIFEST,
)


def find_outputs(kinds: Iterable[str]) -> tuple[Output, ...]:
    """Looks up the outputs of the given kinds. Returns each once, in the order of `OUTPUTS`.

    Raises:
        BadInputError: there is no output of that kind, or the manifest is not among them.
    """
    asked = set(kinds)
    known = [output.kind for output in OUTPUTS]
    unknown = sorted(asked.difference(known))
    if unknown:
        raise BadInputError(f"there is no output {unknown[0]!r}: outputs (package.outputs) are {', '.join(known)}")
    if MANIFEST.kind not in asked:
        raise BadInputError(
            f"the outputs (package.outputs) lack {MANIFEST.kind!r}, which says whose the other files are: add it"
        )
    return tuple(output for output in OUTPUTS if output.kind in asked)
