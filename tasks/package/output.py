"""Says what an output is: one kind of published file, as a handful of functions that packaging calls.

It must not know which outputs there are: `tasks.package.outputs` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from configs.settings import PackageSettings
from storage.artifacts import ArtifactStore
from storage.records import EditionFile, Master
from tasks.package.audio.recordings import EncodedAudio, Recording
from tasks.package.content import EditionContent
from tasks.package.timeline import AudioFile


def stream_nothing(_masters: Iterable[Master], _settings: PackageSettings) -> Iterator[Recording]:
    """Has nothing encoded: for outputs without audio."""
    return iter(())


def record_nothing(_content: EditionContent) -> tuple[Recording, ...]:
    """Has nothing encoded: for outputs without audio."""
    return ()


def accept_any_source(_name: str, _data: bytes) -> None:
    """Takes any book: for outputs that are not made of its file."""


def require_nothing(_settings: PackageSettings) -> None:
    """Takes whatever the settings say."""


def shaped_by_nothing(_settings: PackageSettings) -> Mapping[str, object]:
    """Says that no setting shapes an output's files."""
    return {}


def lay_out_nothing(_content: EditionContent, _stem: str) -> tuple[AudioFile, ...]:
    """Lays no chapter into any file: for outputs without audio."""
    return ()


def recover_nothing(_path: Path, _keys: Collection[str], _folder: Path) -> None:
    """Finds nothing: for outputs that hold no audio of several recordings in one file."""


@dataclass(frozen=True, eq=False)
class Draft:
    """An edition in the making: all that an output is given to write its files."""

    folder: Path  # where files are finished; paths in it are those in the edition's folder
    stem: str  # the edition's name; every file, or the folder of several, is named `stem` + the output's suffix
    content: EditionContent
    store: ArtifactStore  # holds the masters' audio
    encoded: EncodedAudio  # of all recordings
    audio: tuple[AudioFile, ...] = ()  # of all outputs, and of `beside`; their paths are relative to `folder`
    beside: tuple[EditionFile, ...] = ()  # files of the same audio that lie there already; paths likewise
    files: tuple[EditionFile, ...] = ()  # of the outputs before this one; paths likewise


@dataclass(frozen=True)
class Output:
    """One kind of published file.

    Functions raise `OutputError` or the `OSError` itself when the disk is full, `TalepressError` for other trouble.
    """

    kind: str  # its name in the settings and in the manifest
    suffix: str  # what follows the edition's name, in the name of the file or of the folder with its files

    # Writes the files into the draft's folder. Returns their paths in the order in which people want to see them.
    write: Callable[[Draft], tuple[Path, ...]]

    # Reads the written files back. Raises `TalepressError` where one is not as it was meant.
    check: Callable[[Draft, tuple[Path, ...]], None]

    # Bytes of the files for so many seconds of audio, rather too high than too low.
    forecast_bytes: Callable[[float, PackageSettings], float]

    # Says what is to be encoded of chapters that come one by one, in reading order. The iterator waits until each is
    # mastered: what takes long is done while other chapters are still being spoken. A recording of several chapters is
    # there with its first, and gets the others while the iterator is asked for more: encode it in a thread of its own.
    stream: Callable[[Iterable[Master], PackageSettings], Iterator[Recording]] = stream_nothing

    # The same of a whole edition, and whatever needs all of it to be known.
    recordings: Callable[[EditionContent], tuple[Recording, ...]] = record_nothing

    # Says which chapters each audio file holds, and where, before any of them is encoded. Given the edition's name.
    lay_out: Callable[[EditionContent, str], tuple[AudioFile, ...]] = lay_out_nothing

    # Takes audio that is encoded already out of a published file: the recordings of the given keys, as far as they are
    # in it, each into a file of the folder that is named as its key.
    recover: Callable[[Path, Collection[str], Path], None] = recover_nothing

    # What of the settings shapes the files, as JSON-ready values.
    shape: Callable[[PackageSettings], Mapping[str, object]] = shaped_by_nothing

    # Raises `BadInputError` for settings with which the output cannot be made, before anything is spoken.
    require: Callable[[PackageSettings], None] = require_nothing

    # Whether it wants to know when each word is heard, and where in the book's file each character stands.
    needs_words: bool = False
    needs_origins: bool = False

    # Raises `BadInputError` for a book's file (its name, its bytes) that the output cannot be made of. Asked where it
    # `needs_origins`, before anything is spoken.
    check_source: Callable[[str, bytes], None] = accept_any_source

    # What follows the edition's name where one file is not enough and a folder holds several; "": it always is.
    parts_suffix: str = ""

    def names(self, stem: str) -> tuple[str, ...]:
        """The names that the output's file, or the folder with its files, may have in an edition's folder."""
        return (f"{stem}{self.suffix}", *([f"{stem}{self.parts_suffix}"] if self.parts_suffix else []))
