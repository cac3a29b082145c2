"""A book of three short chapters, and one edition of it for all tests that only look: encoding takes a second."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from configs.settings import PackageSettings, ReadAlongSettings, SignatureSettings
from storage.artifacts import ArtifactStore
from storage.records import Block, BlockKind, Book, Chapter, Master, PlacedUtterance, Take, Verdict, VoiceRecord
from tasks.package.content import EditionContent
from tasks.package.edition import publish_edition
from tasks.synthesize.render import encode_flac
from tests.tasks.audio import RATE, utterance
from tortoise_core.inference.presets import SamplingSettings

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fccf"
    "c0f01f00050001ffa5e60e4d0000000049454e44ae426082"
)
TITLES = ("Title; page", "1. The = Cyc\\lone", "2. #Munchkins’ “Council”")
BOOK = Book(
    title='Oz: The "Wizard" = 1;2#3\\',
    authors=("L. Frank Baum", "Anon"),
    language="en",
    source_sha256="ab" * 32,
    chapters=tuple(
        Chapter(n, title, (Block(BlockKind.HEADING, "Words number 0.", f"EPUB/{n}.xhtml"),))
        for n, title in enumerate(TITLES)
    ),
    identifier="urn:uuid:9780306406151",
    identifiers=("urn:uuid:9780306406151", "urn:isbn:978-0-306-40615-7"),
    subtitle="A Tale",
    sort_title="Oz",
    sort_authors=("Baum, L. Frank", "Anon"),
    subjects=("Fantasy", "Fiction / Classics"),
    rights="Public domain.",
    series="The Oz Books",
    series_position="1",
    publisher="Geo. M. Hill",
    date="1900-05-17T00:00:00Z",
    description="A girl, a dog. " * 30,
    cover=PNG,
    cover_media_type="image/jpeg",  # wrong, as it often is
)
STEM = "Oz The Wizard = 1;2#3"
PACKAGE = PackageSettings(
    outputs=("m4b", "flac", "manifest"),
    name="{title} (chapters {chapters})",
    ffmpeg="",
    aac_bitrate_kbps=96,
    part_hours=23.0,
    profiles={},
    narrator="",
    narration="AI voice",
    disclosure="Narrated by a synthetic voice (Talepress, {voice}).",
    opening="{title}.",
    closing="The end.",
    feed_url="",
    readalong=ReadAlongSettings(grain="sentence", bitrate_kbps=64, epubcheck=False),
    signature=SignatureSettings(certificate="", key=""),
)
HEADINGS = (10_101, 12_345, 11_111)  # first sample of the heading in its chapter
LENGTHS = (50_001, 70_007, 40_013)
SPOKEN = (0, 39_900 + 12_345, 39_900 + 70_007 + 11_111)  # first samples of the headings in the book's audio
TOTAL = sum(LENGTHS) - HEADINGS[0]  # samples of the book's audio, which begins with the first word
STARTS = (0, *SPOKEN[1:])  # of the chapter marks


def chapter(store, index, samples, heading):
    """Faint noise with a click at the first sample of the heading."""
    audio = 1e-4 * np.random.default_rng(index).standard_normal(samples)
    audio[heading] = 0.9
    placed = PlacedUtterance(utterance(0, chapter=index, heading=True), f"take {index}", heading, heading + 9_000)
    address = store.put_bytes(encode_flac(audio, RATE))
    return Master(index, TITLES[index], address, RATE, samples, -19.0, -3.5, (placed,))


@pytest.fixture(scope="package")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("edition")


@pytest.fixture(scope="package")
def store(place):
    return ArtifactStore(place / "artifacts")


@pytest.fixture(scope="package")
def content(store):
    masters = tuple(chapter(store, n, LENGTHS[n], HEADINGS[n]) for n in range(3))
    takes = {
        f"take {n}": Take(f"take {n}", f"u{n}", n, 2**62 + n, "f" * 64, RATE, 9_000, Verdict.DOUBTFUL, ("too long",))
        for n in range(3)
    }
    voice = VoiceRecord("ann", "v" * 64, "l" * 64)
    return EditionContent(BOOK, masters, MappingProxyType(takes), voice, "mini", "m" * 64, SamplingSettings(), PACKAGE)


@pytest.fixture(scope="package")
def published(place, store, content):
    return publish_edition(place / "out", store, content).edition


def files_of(edition, kind):
    """The paths of an edition's files of one kind."""
    return [file.path for file in edition.files if file.kind == kind]


def asking(content, *outputs):
    """The same content with other outputs asked for."""
    return replace(content, settings=content.settings.model_copy(update={"outputs": outputs}))
