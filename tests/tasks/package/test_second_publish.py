"""All kinds of files twice: the same bytes; of a chapter that changed, only what holds it is encoded and written."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from storage.artifacts import ArtifactStore
from tasks.package.audio import recordings
from tasks.package.edition import publish_edition
from tasks.package.place import Replace
from tasks.synthesize.render import encode_flac
from tests.bench.publishing import KINDS, RATE, content_of, epub, hashes

CHAPTERS = 3
CHANGED = 1  # index of the chapter
BY_CHAPTER = ("MP3", "Opus", "FLAC", "WAV", "ACX", "INaudio", "Google", "podcast", "feed")

SUFFIXES = {
    "m4b": ".m4b", "mp3": "(MP3)", "opus": "(Opus)", "flac": "(FLAC)", "wav": "(WAV)", "archive": "(archive).flac",
    "acx": "(ACX)", "inaudio": "(INaudio)", "google": "(Google)", "podcast": "(podcast)", "captions": "(captions)",
    "readalong": "(read-along).epub", "library": "(library)", "feed": "(feed)",
}  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """What an edition of all kinds is made of: three chapters of some seconds; and its store."""
    folder = tmp_path_factory.mktemp("book")
    store = ArtifactStore(folder / "artifacts")
    return content_of(epub(folder / "book.epub", 0.004, CHAPTERS), store, 23.0, KINDS), store


@pytest.fixture(scope="module")
def first(book, tmp_path_factory):
    """The edition, and what was encoded for it."""
    content, store = book
    out = tmp_path_factory.mktemp("first")
    publish_edition(out, store, content)
    return out, hashes(out)


@pytest.fixture
def encoded(monkeypatch):
    """The masters of every recording that is encoded."""
    found = []
    before = recordings.encode

    def encode(path, store, stretches, *arguments, **options):
        kept = list(stretches)
        found.append({one.master.chapter_index for one in kept})
        before(path, store, kept, *arguments, **options)

    monkeypatch.setattr(recordings, "encode", encode)
    return found


def test_all_kinds_have_the_same_bytes_when_they_are_made_again_from_nothing(book, first, tmp_path, encoded):
    content, store = book
    _, published = first
    publish_edition(tmp_path, store, content)
    assert encoded
    assert hashes(tmp_path) == published
    for kind in KINDS:
        assert any(SUFFIXES[kind] in name for name in published), kind


def changed(content, store):
    """The book with a sentence of one chapter read anew, a little longer."""
    old = content.masters[CHANGED]
    with store.open(old.audio_sha256) as file:
        audio, _ = soundfile.read(file, dtype="float32")
    more = RATE // 10
    audio = np.concatenate([audio, audio[:more]])
    last = old.placed[-1]
    placed = (*old.placed[:-1], replace(last, end_sample=last.end_sample + more))
    master = replace(old, audio_sha256=store.put_bytes(encode_flac(audio, RATE)), samples=len(audio), placed=placed)
    return replace(content, masters=(*content.masters[:CHANGED], master, *content.masters[CHANGED + 1 :]))


def test_one_changed_chapter_is_encoded_alone_with_what_holds_the_book(book, first, encoded):
    content, store = book
    out, published = first
    publish_edition(out, store, changed(content, store), replacing=Replace.ANY)
    assert encoded and all(CHANGED in held for held in encoded)
    now = hashes(out)
    same = {name for name in published if now[name] == published[name]}
    for folder in BY_CHAPTER:
        own = [name for name in published if f"({folder})/" in name and name.count("/") == 1 and "captions" not in name]
        numbered = [name for name in own if name.split("/")[1][:2].isdigit() and not name.endswith((".json", ".xml"))]
        assert len(numbered) == CHAPTERS, folder
        assert [name in same for name in sorted(numbered)] == [number != CHANGED for number in range(CHAPTERS)], folder
    whole = [name for name in published if name.endswith((".m4b", "(archive).flac", ".epub", "feed.xml"))]
    assert len(whole) == 5 and not same & set(whole)


@pytest.fixture(scope="module")
def beside(book, tmp_path_factory):
    """Chapters as FLAC, and then, of the same reading, captions alone; and what was told of the first."""
    content, store = book
    out = tmp_path_factory.mktemp("beside")

    def publish(*kinds, tell=lambda done, total: None):
        asked = replace(content, settings=content.settings.model_copy(update={"outputs": (*kinds, "manifest")}))
        edition = publish_edition(out, store, asked, tell=tell).edition
        manifest = next(Path(file.path) for file in edition.files if file.kind == "manifest")
        return edition, json.loads(manifest.read_text("utf-8"))["files"]

    told = []
    return out, publish("flac", tell=lambda done, total: told.append((done, total))), publish("captions"), told


def test_files_of_other_outputs_that_lie_beside_are_described_as_before(beside):
    _, (_, before), (_, after), _ = beside
    assert len(before) == CHAPTERS and all(row["chapters"] and row["samples"] and row["audio"] for row in before)
    assert [row for row in after if row["kind"] == "flac"] == before


def test_captions_follow_audio_that_lies_beside(beside):
    out, (flac, _), (captions, _), _ = beside
    names = {Path(file.path).with_suffix("").name for file in flac.files if file.kind == "flac"}
    made = {Path(file.path).relative_to(out) for file in captions.files if file.kind == "captions"}
    assert {path.parts[1].rpartition(" ")[2] for path in made} == {"(FLAC)"}
    assert {path.name.removesuffix(".srt") for path in made if path.suffix == ".srt"} == names


def test_who_waits_is_told_of_each_recording(beside):
    *_, told = beside
    assert told[-1] == (CHAPTERS, CHAPTERS) and [done for done, _ in told] == sorted(done for done, _ in told)
