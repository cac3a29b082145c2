"""Audio to be encoded, known by a key of all that shapes it: what is there already is not encoded again.

It must not know tags, chapters, nor where files are published.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path

from storage.artifacts import ArtifactStore
from tasks import stopping
from tasks.disk import publish
from tasks.package.audio.encode import Stretch, Target, encode
from tasks.package.audio.ffmpeg import ffmpeg_version

# Raise it when equal stretches become other audio.
RECORDING_FORMAT_VERSION = 1
PARTIAL = ".partial"


@dataclass(frozen=True)
class Recording:
    """One file's audio: stretches of masters one after another, and how they are encoded."""

    stretches: Iterable[Stretch]  # a tuple, or an iterator that waits until each master is made and has no key yet
    codec: tuple[str, ...]  # ffmpeg's arguments
    container: str  # ffmpeg's name of the file format
    ffmpeg: str  # which one, see `ffmpeg_path`

    @property
    def key(self) -> str:
        """The sha256 (64 hexadecimal digits) of all that the encoded bytes depend on."""
        return _key(self, self.stretches)


@dataclass(frozen=True)
class EncodedAudio:
    """Where the encoded audio of recordings lies: in a folder of its own, or in files that are published already."""

    folder: Path
    published: Mapping[str, Path]  # by key: files with the same audio, under whatever tags

    def find(self, key: str) -> Path | None:
        """Returns the file with a recording's audio; None where it is not encoded yet."""
        own = self.folder / key
        return own if own.exists() else self.published.get(key)

    def encode(self, store: ArtifactStore, recordings: Sequence[Recording]) -> None:
        """Encodes recordings of the same stretches, unless they are found, and decodes their masters once for all.

        One whose masters are not all known comes alone, and is encoded in any case. Raises as
        `tasks.package.audio.encode.encode`. A file that is there is whole: it was renamed when it was.
        """
        stopping.check()
        missing = [one for one in recordings if not isinstance(one.stretches, tuple) or self.find(one.key) is None]
        if not missing:
            return
        targets = [Target(self.folder / f"{id(one)}{PARTIAL}", one.codec, one.container) for one in missing]
        used: list[Stretch] = []
        try:
            encode(targets, store, _noting(missing[0].stretches, used), ffmpeg=missing[0].ffmpeg)
            for one, target in zip(missing, targets, strict=True):
                publish(target.path, self.folder / _key(one, used))
        finally:
            for target in targets:
                target.path.unlink(missing_ok=True)


def encode_side_by_side(
    encoded: EncodedAudio, store: ArtifactStore, recordings: Sequence[Recording], tell: Callable[[int, int], None]
) -> None:
    """Encodes recordings whose masters are all there: those of the same sound together, and of such groups as many at
    a time as there are processors. The longest are begun first: begun last, one would keep a single processor busy.

    `tell` is told how many are done, and of how many. Raises the first error; what was encoded until then stays.
    """
    groups: dict[str, list[Recording]] = {}
    for one in recordings:
        groups.setdefault(json.dumps([one.ffmpeg, _described(one.stretches)]), []).append(one)
    longest_first = sorted(groups.values(), key=lambda group: -sum(one.samples for one in group[0].stretches))
    with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="encoding") as pool:
        running = {pool.submit(copy_context().run, encoded.encode, store, group): len(group) for group in longest_first}
        done = 0
        try:
            for future in as_completed(running):
                future.result()
                done += running[future]
                tell(done, len(recordings))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _noting(stretches: Iterable[Stretch], used: list[Stretch]) -> Iterator[Stretch]:
    """Passes stretches on, and keeps a list of them."""
    for stretch in stretches:
        used.append(stretch)
        yield stretch


def _described(stretches: Iterable[Stretch]) -> list[list[object]]:
    """Says what is heard in stretches, as JSON-ready values."""
    return [
        [
            *(one.master.audio_sha256, one.start, one.stop, one.gain_db),
            one.ceiling_dbtp if one.gain_db > 0 else None,
            *(one.room or ()),
        ]
        for one in stretches
    ]


def _key(recording: Recording, stretches: Iterable[Stretch]) -> str:
    content = {
        "version": RECORDING_FORMAT_VERSION,
        "stretches": _described(stretches),
        "codec": recording.codec,
        "container": recording.container,
        "ffmpeg": ffmpeg_version(recording.ffmpeg),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
