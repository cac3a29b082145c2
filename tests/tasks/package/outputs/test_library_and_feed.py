"""What goes out of the door: the folder that libraries read, and the podcast feed, read back by a podcast program."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import podcastparser
import pytest

from tasks.errors import BadInputError
from tasks.package.edition import publish_edition
from tasks.package.outputs import find_outputs
from tasks.package.outputs.feed import _xml_text
from tests.tasks.audio import RATE
from tests.tasks.package.conftest import BOOK, LENGTHS, PACKAGE, PNG, STEM, TITLES, TOTAL

URL = "https://example.org/books/oz"


@pytest.fixture(scope="module")
def edition(tmp_path_factory, store, content):
    settings = PACKAGE.model_copy(update={"outputs": ("m4b", "library", "feed", "manifest"), "feed_url": URL})
    out = tmp_path_factory.mktemp("door")
    return out, publish_edition(out, store, replace(content, settings=settings)).edition


def test_the_folder_of_a_library(edition, content):
    out, made = edition
    folder = out / f"{STEM} (library)" / "L. Frank Baum, Anon" / "The Oz Books" / f"1 - {STEM}"
    assert sorted(path.name for path in folder.iterdir()) == [f"{STEM}.m4b", "cover.png", "metadata.json"]
    assert (folder / "cover.png").read_bytes() == PNG
    by_kind = {file.kind: file for file in made.files if file.path.endswith(".m4b")}
    assert by_kind["library"].sha256 == by_kind["m4b"].sha256
    about = json.loads((folder / "metadata.json").read_text("utf-8"))
    assert about["authors"] == ["L. Frank Baum", "Anon"]
    assert (about["narrators"], about["tags"]) == (["Talepress ann (AI voice)"], ["AI voice"])
    assert (about["series"], about["publishedYear"], about["isbn"]) == (["The Oz Books #1"], "1900", "9780306406157")
    assert [chapter["title"] for chapter in about["chapters"]] == list(TITLES)
    assert about["chapters"][-1]["end"] == pytest.approx(TOTAL / RATE, abs=1e-3)


def test_a_podcast_program_reads_the_feed(edition, content):
    out, _ = edition
    folder = out / f"{STEM} (feed)"
    with (folder / "feed.xml").open("rb") as file:
        feed = podcastparser.parse(f"{URL}/feed.xml", file)
    assert (feed["title"], feed["link"], feed["type"]) == (BOOK.title, URL, "serial")
    assert feed["description"].startswith("Narrated by a synthetic voice (Talepress, ann).")
    episodes = sorted(feed["episodes"], key=lambda episode: episode["number"])
    assert [(one["number"], one["title"]) for one in episodes] == list(enumerate(TITLES, start=1))
    assert len({one["guid"] for one in episodes}) == 3
    assert [two["published"] - one["published"] for one, two in pairwise(episodes)] == [60, 60]
    for episode, path in zip(episodes, sorted(folder.glob("*.mp3")), strict=True):
        (enclosure,) = episode["enclosures"]
        assert enclosure["file_size"] == path.stat().st_size
        assert enclosure["mime_type"] == "audio/mpeg"
        assert enclosure["url"].startswith(f"{URL}/Oz%20The%20Wizard")
        assert abs(episode["total_time"] - (0.5 + 9_000 / RATE + 2.0)) <= 1  # the profile's head and tail
        chapters = json.loads(path.with_suffix(".chapters.json").read_text("utf-8"))
        assert chapters["chapters"] == [{"startTime": 0, "title": episode["title"]}]
    assert len(LENGTHS) == len(episodes)


def test_transcripts_are_linked_where_there_are_captions(tmp_path, edition, content, store):
    from storage.records import EditionFile
    from tasks.package.audio.recordings import EncodedAudio
    from tasks.package.output import Draft
    from tasks.package.outputs.feed import _plan, feed_of

    out, _ = edition
    settings = PACKAGE.model_copy(update={"feed_url": URL})
    captions = EditionFile("captions", f"{STEM} (captions)/{STEM} (feed)/01 Title; page.vtt", "a" * 64, 1)
    draft = Draft(out, STEM, replace(content, settings=settings), store, EncodedAudio(tmp_path, {}), files=(captions,))
    text = feed_of(draft, _plan(draft.content, STEM)).decode()
    assert text.count("podcast:transcript") == 1
    assert text.count("podcast:chapters") == 3 and text.count(".chapters.json") == 3
    assert f"{URL}/Oz%20The%20Wizard%20%3D%201%3B2%233%20%28captions%29/" in text


def test_a_feed_without_an_address_is_refused_before_anything_is_spoken():
    (feed,) = (output for output in find_outputs(["feed", "manifest"]) if output.kind == "feed")
    with pytest.raises(BadInputError, match=r"set package\.feed_url"):
        feed.require(PACKAGE)
    feed.require(PACKAGE.model_copy(update={"feed_url": URL}))


def test_the_second_feed_has_the_same_bytes(edition, tmp_path, content, store):
    out, _ = edition
    settings = PACKAGE.model_copy(update={"outputs": ("feed", "manifest"), "feed_url": URL})
    publish_edition(tmp_path, store, replace(content, settings=settings))
    for name in ("feed.xml", "01 Title; page.mp3"):
        path = Path(f"{STEM} (feed)") / name
        assert (tmp_path / path).read_bytes() == (out / path).read_bytes()


@pytest.mark.parametrize("odd", ["\0", "\x1f", "\ud800", "\udfff", "\r"])
def test_what_xml_cannot_hold_is_left_out_of_a_feed(odd):
    assert _xml_text(f"Oz{odd} & <b>\t") == "Oz & <b>\t"
