"""Makes a read-along of a book's own EPUB: marks its files, writes their overlays, adds the audio.

Must not know where texts and times came from, nor how the audio was encoded.
"""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tasks.errors import BadInputError
from tasks.ingest.archive import parse_xml, resolve
from tasks.package.readalong.archive import Original
from tasks.package.readalong.clips import Clip, SpokenChapter, SpokenText, clips_of
from tasks.package.readalong.documents import UnfitDocumentError, read_document
from tasks.package.readalong.epub2.upgrade import as_epub3
from tasks.package.readalong.markings import MarkedDocument, OtherTextError, marked
from tasks.package.readalong.package_file import (
    ACTIVE_CLASS,
    NewItem,
    Overlay,
    PackageFile,
    read_package_file,
    with_overlays,
)
from tasks.package.readalong.smil import Pair, duration_ms, smil

_CONTAINER = "META-INF/container.xml"
_FOLDER = "talepress"  # of our files, beside the package file
_STYLE = f".{ACTIVE_CLASS} {{ background-color: rgba(255, 196, 0, 0.4); }}\n"
_ELSEWHERE = "it stands in no text of the book: words in place of a table, a listing or a formula"
_METAS = (
    ("schema:accessMode", "auditory"),
    ("schema:accessibilityFeature", "synchronizedAudioText"),
)


@dataclass(frozen=True)
class AudioMember:
    """An audio file to go into the book."""

    path: Path
    milliseconds: int  # its length, rounded down
    media_type: str  # "audio/mp4"
    name: str  # in the book: "audio-001.m4a"


@dataclass(frozen=True)
class Unpaired:
    """What is spoken and not highlighted, and why."""

    text: str
    reason: str


@dataclass
class ReadAlong:
    """A book with its overlays, ready to be written."""

    original: Original
    changed: dict[str, bytes] = field(default_factory=dict)
    added: dict[str, bytes | Path] = field(default_factory=dict)
    pairs: int = 0
    played: set[int] = field(default_factory=set)  # numbers of the audio files that something is lit up to
    unpaired: list[Unpaired] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Writes the book to a new file."""
        self.original.write_with(path, self.changed, self.added)


def build(
    data: bytes, name: str, chapters: Sequence[SpokenChapter], audio: Sequence[AudioMember], grain: str, narrator: str
) -> ReadAlong:
    """Makes the read-along of an EPUB.

    Args:
        data: the original file.
        name: what messages call it.
        chapters: what is spoken, in the order of speech; sentences or words.
        audio: the audio files, by the numbers that the texts name.
        grain: "s" where the texts are sentences, "w" where they are words.
        narrator: who reads, as it is shown to people.

    Raises `BadInputError` for a book that cannot become one, with the reason.
    """
    original, opf = opened(data, name)
    result = ReadAlong(original)
    if original.is_signed:
        result.warnings.append(f"{name} was signed; its signature holds no longer and is left out")
    package = read_package_file(result.original.read(opf), name)
    items = _items(package, opf, result.original)
    sounds = {number: _href(member.name) for number, member in enumerate(audio)}
    lengths = {number: member.milliseconds for number, member in enumerate(audio)}
    overlays: dict[str, Overlay] = {}
    numbers = itertools.count(1)  # of marked files
    for group in _groups(chapters):
        texts = [text for chapter in group for text in chapter.texts()]
        documents = _mark(result, texts, items, grain, opf)
        clips = _clips(result, texts, documents, lengths)
        for path, document in documents.items():
            overlay = _overlay(result, next(numbers), path, document, clips, sounds, opf)
            if overlay is not None:
                overlays[items[path]] = overlay
                result.changed[path] = document.data
    if not overlays:
        raise BadInputError(f"{name} cannot become a read-along: {_first_reason(result)}")
    _add_rest(result, package, overlays, audio, sounds, narrator, opf)
    return result


def require_fit(name: str, data: bytes) -> None:
    """Raises `BadInputError` for a book file that cannot become a read-along, as `build` does, before any audio is."""
    original, opf = opened(data, name)
    read_package_file(original.read(opf), name)


def opened(data: bytes, name: str) -> tuple[Original, str]:
    """Opens a book as EPUB 3, and finds the path of its package file. Raises `BadInputError`."""
    original = Original(data)
    opf = _package_path(original, name)
    return as_epub3(original, opf, name), opf


def _package_path(original: Original, name: str) -> str:
    """Finds the package file that the container names first."""
    container = original.name_of(_CONTAINER)
    root, _ = parse_xml(original.read(container)) if container else (None, "")
    for rootfile in () if root is None else root.iter("{*}rootfile"):
        found = original.name_of(resolve("", rootfile.get("full-path") or ""))
        if found is not None:
            return found
    raise BadInputError(f"{name} cannot become a read-along: its container names no package file")


def _items(package: PackageFile, opf: str, original: Original) -> dict[str, str]:
    """Maps the names of the book's files to the ids of their items in the manifest."""
    items: dict[str, str] = {}
    for item in package.items:
        found = original.name_of(resolve(opf, item.attributes.get("href", "")))
        if found is not None and item.attributes.get("id"):
            items.setdefault(found, item.attributes["id"])
    return items


def _groups(chapters: Sequence[SpokenChapter]) -> Iterator[list[SpokenChapter]]:
    """Yields chapters one by one; together where they share a file, which gets all of its marks at once."""
    last = {document: number for number, chapter in enumerate(chapters) for document in chapter.documents}
    group: list[SpokenChapter] = []
    end = 0
    for number, chapter in enumerate(chapters):
        group.append(chapter)
        end = max([end, number, *(last[document] for document in chapter.documents)])
        if number == end:
            yield group
            group = []


def _mark(
    result: ReadAlong, texts: Sequence[SpokenText], items: Mapping[str, str], grain: str, opf: str
) -> dict[str, MarkedDocument]:
    """Marks every file that something is spoken from. Returns the marked ones by name."""
    by_file: dict[str, dict[int, SpokenText]] = {}
    for index, text in enumerate(texts):
        if not text.places:
            result.unpaired.append(Unpaired(text.text, _ELSEWHERE))
        else:
            by_file.setdefault(text.document, {})[index] = text
    documents: dict[str, MarkedDocument] = {}
    for path, own in by_file.items():
        name = result.original.name_of(path)
        reason = f"{path} is not in the book's manifest"
        if name is not None and name in items:
            style = _relative(posixpath.join(posixpath.dirname(opf), _FOLDER, "style.css"), name)
            try:
                documents[name] = marked(read_document(result.original.read(name)), own, grain, style)
                continue
            except UnfitDocumentError as error:
                reason = f"{path} {error}"
            except OtherTextError:
                reason = f"{path} does not hold the text as it was read"
        result.warnings.append(f"{reason}: nothing in it is highlighted")
        result.unpaired += [Unpaired(text.text, reason) for text in own.values()]
    return documents


def _clips(
    result: ReadAlong,
    texts: Sequence[SpokenText],
    documents: Mapping[str, MarkedDocument],
    lengths_ms: Mapping[int, int],
) -> dict[tuple[int, int], Clip]:
    """Makes the clips of all marks, and names the texts that have none."""
    starts: dict[int, list[int]] = {}
    for document in documents.values():
        for mark in document.marks:
            starts.setdefault(mark.text, []).append(mark.first_place)
    clips = clips_of(texts, starts, lengths_ms)
    _name_unpaired(result, texts, starts, clips)
    return clips


def _name_unpaired(
    result: ReadAlong,
    texts: Sequence[SpokenText],
    starts: Mapping[int, Sequence[int]],
    clips: Mapping[tuple[int, int], Clip],
) -> None:
    """Names the texts of marked files of which no part is highlighted."""
    named = {text.text for text in result.unpaired}
    for index, text in enumerate(texts):
        if index not in starts and text.places and text.text not in named:
            result.unpaired.append(Unpaired(text.text, f"no mark can be put where it stands in {text.document}"))
        elif index in starts and not any((index, number) in clips for number in range(len(starts[index]))):
            result.unpaired.append(Unpaired(text.text, "the audio is too short for a clip of its own"))


def _overlay(
    result: ReadAlong,
    number: int,
    path: str,
    document: MarkedDocument,
    clips: Mapping[tuple[int, int], Clip],
    sounds: Mapping[int, str],
    opf: str,
) -> Overlay | None:
    """Writes the overlay of one marked file; None where nothing in it has a clip."""
    lit = [(mark, clip) for mark in document.marks if (clip := clips.get((mark.text, mark.number))) is not None]
    pairs = [
        Pair(mark.id, posixpath.basename(sounds[clip.audio]), clip.begin_ms, clip.end_ms, mark.note)
        for mark, clip in lit
    ]
    if not pairs:
        return None
    href = _href(f"text-{number:03d}.smil")
    member = posixpath.join(posixpath.dirname(opf), href)
    result.added[member] = smil(_relative(path, member), pairs).encode()
    result.pairs += len(pairs)
    result.played |= {clip.audio for _, clip in lit}
    return Overlay(NewItem(f"talepress-text-{number:03d}", href, "application/smil+xml"), duration_ms(pairs))


def _add_rest(
    result: ReadAlong,
    package: PackageFile,
    overlays: Mapping[str, Overlay],
    audio: Sequence[AudioMember],
    sounds: Mapping[int, str],
    narrator: str,
    opf: str,
) -> None:
    """Adds stylesheet and audio, and names all that is new in the package file."""
    folder = posixpath.dirname(opf)
    used = sorted(result.played)
    others = [NewItem("talepress-style", _href("style.css"), "text/css")]
    others += [NewItem(f"talepress-audio-{n + 1:03d}", sounds[n], audio[n].media_type) for n in used]
    result.added[posixpath.join(folder, _href("style.css"))] = _STYLE.encode()
    for number in used:
        result.added[posixpath.join(folder, sounds[number])] = audio[number].path
    result.changed[opf] = with_overlays(package, overlays, others, [*_METAS, ("media:narrator", narrator)])


def _href(name: str) -> str:
    return f"{_FOLDER}/{name}"


def _relative(target: str, base: str) -> str:
    """Returns the address of one file of the archive as another names it."""
    return quote(posixpath.relpath(target, posixpath.dirname(base) or "."))


def _first_reason(result: ReadAlong) -> str:
    return result.unpaired[0].reason if result.unpaired else "nothing in it is spoken"
