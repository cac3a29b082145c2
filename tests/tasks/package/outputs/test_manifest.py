"""The manifest: utterances, files, and the form that older programs read."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import mutagen
import pytest

from configs.settings import PackageSettings, SignatureSettings
from storage.records import Decision, DecisionKind, EditionFile, Reach
from tasks.errors import TalepressError
from tasks.package.audio.ffmpeg import run_ffmpeg
from tasks.package.output import Draft
from tasks.package.outputs.manifest import check_manifest, manifest_text, write_manifest
from tasks.package.timeline import AudioFile, HeldChapter, TimedWord
from tests.tasks.audio import RATE
from tests.tasks.package.conftest import BOOK, HEADINGS, LENGTHS, SPOKEN, STEM, TITLES, TOTAL, files_of
from tortoise_core.inference.interface import sampling_values

AUDIOBOOK = EditionFile("m4b", "Oz.m4b", "a" * 64, 10)
CHAPTER = EditionFile("flac", "Oz (FLAC)/01 One.flac", "b" * 64, 20)


def describe(*arguments):
    return json.loads("".join(manifest_text(*arguments)))


@pytest.fixture(scope="module")
def manifest(published):
    (path,) = files_of(published, "manifest")
    return json.loads(Path(path).read_text("utf-8"))


def test_every_utterance_with_its_place_and_seed(manifest, content):
    assert (manifest["voice"]["digest"], manifest["model"]["digest"]) == (content.voice.digest, content.model_digest)
    assert [chapter["title"] for chapter in manifest["chapters"]] == list(TITLES)
    assert [(row["chapter"], row["samples"]) for row in manifest["chapters"]] == list(enumerate(LENGTHS, start=1))
    for number, chapter in enumerate(manifest["chapters"]):
        (spoken,) = chapter["utterances"]
        assert (spoken["seed"], spoken["verdict"], spoken["reasons"]) == (2**62 + number, "doubtful", ["too long"])
        assert (spoken["start_sample"], spoken["end_sample"]) == (HEADINGS[number], HEADINGS[number] + 9_000)
        assert (spoken["text"], spoken["origin"], spoken["voice"]) == ("Words number 0.", f"EPUB/{number}.xhtml", "ann")
        assert "words" not in spoken


def test_every_file_with_its_hash_and_what_it_holds(manifest, published):
    (path,) = files_of(published, "manifest")
    assert [(row["kind"], row["file"], row["sha256"], row["bytes"]) for row in manifest["files"]] == [
        (file.kind, str(Path(file.path).relative_to(Path(path).parent)), file.sha256, file.bytes)
        for file in sorted(published.files, key=lambda file: file.kind)
        if file.kind != "manifest"
    ]
    *chapters, audiobook = manifest["files"]
    assert (audiobook["samples"], [held["position"] for held in audiobook["chapters"]]) == (TOTAL, [0, 1, 2])
    for held, chapter, first in zip(audiobook["chapters"], manifest["chapters"], SPOKEN, strict=True):
        assert chapter["utterances"][0]["start_sample"] + held["add"] == first
    assert [row["chapters"] for row in chapters] == [[{"position": n, "add": 0}] for n in range(3)]


def test_what_wrote_the_files_is_named_and_no_time_of_day(content):
    described = describe(content, (AUDIOBOOK, CHAPTER), ())
    assert list(described) == [
        "format", "made_with", "book", "voice", "model", "settings", "sample_rate", "files", "chapters",
    ]  # fmt: skip
    assert described["made_with"]["ffmpeg"] in run_ffmpeg(["-version"])
    assert described["settings"]["aac_bitrate_kbps"] == 96
    assert "ffmpeg" not in described["settings"]  # a path


def test_words_that_are_timed_are_listed(content):
    first = HEADINGS[0]
    timed = replace(content, words={(0, 0): (TimedWord(0, 5, first + 10, first + 20),)})
    (spoken,) = describe(timed, (), ())["chapters"][0]["utterances"]
    word = {"start": 0, "end": 5, "start_sample": first + 10, "end_sample": first + 20, "estimated": False}
    assert spoken["words"] == [word]


def test_a_manifest_that_is_not_as_meant_is_found_out(tmp_path, content, store):
    draft = Draft(tmp_path, STEM, content, store, {}, files=(AUDIOBOOK, CHAPTER))
    paths = write_manifest(draft)
    check_manifest(draft, paths)
    with pytest.raises(TalepressError, match="did not read back"):
        check_manifest(replace(draft, files=(AUDIOBOOK,)), paths)


def test_an_edition_is_described_with_all_that_it_is_made_of(content):
    described = describe(content, (AUDIOBOOK,), ())
    assert described["format"] == 2
    assert described["book"] == {
        "title": BOOK.title,
        "authors": ["L. Frank Baum", "Anon"],
        "language": "en",
        "identifier": "urn:uuid:9780306406151",
        "source_sha256": "ab" * 32,
    }
    assert described["voice"] == {"name": "ann", "digest": "v" * 64}
    assert described["model"] == {
        "name": "mini",
        "digest": "m" * 64,
        "sampling": sampling_values(content.sampling),
    }
    assert described["sample_rate"] == RATE
    assert described["made_with"]["talepress"] == metadata.version("talepress")
    assert described["made_with"]["mutagen"] == mutagen.version_string
    assert described["files"] == [{"kind": "m4b", "file": "Oz.m4b", "sha256": "a" * 64, "bytes": 10}]
    assert "decisions" not in described
    second = described["chapters"][1]
    (spoken,) = second.pop("utterances")
    assert second == {
        "chapter": 2,
        "title": TITLES[1],
        "master_sha256": content.masters[1].audio_sha256,
        "samples": LENGTHS[1],
        "loudness_lufs": -19.0,
        "true_peak_dbtp": -3.5,
    }
    take = content.takes["take 1"]
    assert spoken == {
        "text": "Words number 0.",
        "spoken": content.masters[1].placed[0].utterance.spoken,
        "origin": "EPUB/1.xhtml",
        "block": 0,
        "start": 0,
        "end": 15,
        "heading": True,
        "voice": "ann",
        "start_sample": HEADINGS[1],
        "end_sample": HEADINGS[1] + 9_000,
        "take": "take 1",
        "audio_sha256": take.audio_sha256,
        "seed": take.seed,
        "attempt": take.attempt,
        "verdict": "doubtful",
        "reasons": ["too long"],
    }


def test_no_path_of_this_machine_is_published(content):
    """Who keeps the key of a certificate where is nobody's concern."""
    signature = SignatureSettings(certificate="/home/ann/ann.pem", key="/home/ann/ann.key")
    settings = content.settings.model_copy(update={"signature": signature, "ffmpeg": ""})
    described = describe(replace(content, settings=settings), (), ())
    assert set(described["settings"]) == set(PackageSettings.model_fields) - {"ffmpeg", "outputs", "signature"}
    assert "/home/ann" not in json.dumps(described)


def decided(kind, **values):
    return Decision(kind, "Ann", datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), **values)


@pytest.mark.parametrize(
    ("decision", "shown"),
    [
        (
            decided(DecisionKind.CORRECT, chapter="One", text="Dr.", reach=Reach.BOOK, written="Dr.", value="drive"),
            {"what": "correct", "reach": "book", "chapter": "One", "text": "Dr.", "written": "Dr.", "value": "drive"},
        ),
        (
            decided(DecisionKind.APPROVE, chapter="One", text="Words.", take_key="t", reach=Reach.BOOK),
            {"what": "approve", "chapter": "One", "text": "Words.", "take": "t"},
        ),
        (
            decided(DecisionKind.APPROVE_CHAPTER, chapter="One", text="digest", take_key="t"),
            {"what": "approve-chapter", "chapter": "One"},
        ),
        (decided(DecisionKind.APPROVE_BOOK, text="digest", take_key="t"), {"what": "approve-book"}),
    ],
)
def test_decisions_of_people_are_listed_without_what_is_empty(content, decision, shown):
    (found,) = describe(replace(content, decisions=(decision,)), (), ())["decisions"]
    assert found == {"who": "Ann", "at": "2026-01-02T03:04:05+00:00", **shown}


def test_a_piece_of_a_chapter_says_which_utterances_are_in_it(content):
    held = (HeldChapter(0, 7), HeldChapter(1, 8, 2), HeldChapter(2, 9, 0, 3))
    audio = AudioFile("m4b", Path("Oz.m4b"), 1234, held, "key")
    (listed, other) = describe(content, (AUDIOBOOK, CHAPTER), (audio,))["files"]
    assert (listed["audio"], listed["samples"]) == ("key", 1234)
    assert listed["chapters"] == [
        {"position": 0, "add": 7},
        {"position": 1, "add": 8, "first": 2, "end": None},
        {"position": 2, "add": 9, "first": 0, "end": 3},
    ]
    assert set(other) == {"kind", "file", "sha256", "bytes"}


def test_files_are_listed_in_one_order_and_more_in_the_file_is_found_out(tmp_path, content, store):
    first = Draft(tmp_path, STEM, content, store, {}, files=(AUDIOBOOK, CHAPTER))
    (path,) = write_manifest(first)
    text = path.read_text("utf-8")
    assert write_manifest(replace(first, files=(CHAPTER,), beside=(AUDIOBOOK,))) == (path,)
    assert path.read_text("utf-8") == text
    assert [row["kind"] for row in json.loads(text)["files"]] == ["flac", "m4b"]
    path.write_text(text + " ", "utf-8")
    with pytest.raises(TalepressError, match="did not read back"):
        check_manifest(first, (path,))
