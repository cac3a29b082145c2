"""A feed says all that podcast programs and shops ask for, and nothing that XML cannot hold."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from lxml import etree

from storage.records import EditionFile
from tasks.errors import BadInputError, TalepressError
from tasks.package.audio.label import Label
from tasks.package.audio.recordings import EncodedAudio
from tasks.package.output import Draft
from tasks.package.outputs import feed as feed_module
from tasks.package.outputs import find_outputs
from tasks.package.outputs.audio_files import PlannedFile
from tasks.package.outputs.feed import ITUNES, PODCAST, chapters_of, feed_of, require_url
from tasks.package.timeline import AudioFile, HeldChapter
from tests.tasks.audio import RATE
from tests.tasks.package.conftest import BOOK, PACKAGE, PNG

URL = "https://example.org/oz"
FOLDER = "https://example.org/oz/Oz%20%28feed%29"
NAMES = {ITUNES: "itunes:", PODCAST: "podcast:"}


def episode(content, number, title, samples=90 * RATE, held=()):
    path = Path("Oz (feed)") / f"0{number} A & B.mp3"
    recording = SimpleNamespace(key=f"key {number}")
    return PlannedFile(
        AudioFile("feed", path, samples, held, "k"), recording, Label(content.tags, title, number, 2, False, (), RATE)
    )


@pytest.fixture
def draft(tmp_path, content, store):
    """A folder in which two episodes lie, of other lengths."""
    book = replace(BOOK, title="Oz & <Co>", rights="© & all", language="de")
    settings = PACKAGE.model_copy(update={"feed_url": URL})
    made = Draft(tmp_path, "Oz", replace(content, book=book, settings=settings), store, EncodedAudio(tmp_path, {}))
    (tmp_path / "Oz (feed)").mkdir()
    for number in (1, 2):
        (tmp_path / episode(content, number, "").file.path).write_bytes(bytes(100 * number))
    return made


def listed(element):
    """The children of an element by their names with prefixes: text and attributes."""
    found = {}
    for child in element:
        name = etree.QName(child)
        found[f"{NAMES.get(name.namespace, '')}{name.localname}"] = ((child.text or "").strip(), dict(child.attrib))
    return found


def feed(draft, *titles):
    titles = titles or ("One & two", "Three")
    planned = tuple(
        episode(draft.content, number, title, (89 + number) * RATE + RATE * 6 // 10)
        for number, title in enumerate(titles, 1)
    )
    return etree.fromstring(feed_of(draft, planned))


def test_the_book_is_told_with_all_that_shops_ask_for(draft):
    rss = feed(draft)
    (channel,) = rss
    found = listed(channel)
    episodes = [found.pop("item"), *channel.findall("item")][1:]
    assert rss.get("version") == "2.0" and len(episodes) == 2
    assert found == {
        "title": ("Oz & <Co>", {}),
        "link": (URL, {}),
        "description": (f"Narrated by a synthetic voice (Talepress, ann). {BOOK.description.strip()}", {}),
        "language": ("de", {}),
        "copyright": ("© & all", {}),
        "itunes:author": ("L. Frank Baum, Anon", {}),
        "itunes:type": ("serial", {}),
        "itunes:explicit": ("false", {}),
        "itunes:category": ("", {"text": "Arts"}),
        "podcast:medium": ("audiobook", {}),
        "podcast:person": ("Talepress ann (AI voice)", {"role": "narrator"}),
        "itunes:image": ("", {"href": f"{FOLDER}/cover.png"}),
    }
    (below,) = channel.find(f"{{{ITUNES}}}category")
    assert (below.tag, below.get("text")) == (f"{{{ITUNES}}}category", "Books")


def test_an_episode_is_told_with_all_that_programs_ask_for(draft):
    first, second = (listed(item) for item in feed(draft).iter("item"))
    assert first == {
        "title": ("One & two", {}),
        "description": (f"Narrated by a synthetic voice (Talepress, ann). {BOOK.description.strip()}", {}),
        "guid": ("key 1", {"isPermaLink": "false"}),
        "pubDate": ("Thu, 01 Jan 2026 00:00:00 +0000", {}),
        "enclosure": ("", {"url": f"{FOLDER}/01%20A%20%26%20B.mp3", "length": "100", "type": "audio/mpeg"}),
        "itunes:duration": ("91", {}),
        "itunes:episode": ("1", {}),
        "itunes:episodeType": ("full", {}),
        "podcast:chapters": (
            "",
            {"url": f"{FOLDER}/01%20A%20%26%20B.chapters.json", "type": "application/json+chapters"},
        ),
    }
    assert (second["guid"][0], second["pubDate"][0]) == ("key 2", "Thu, 01 Jan 2026 00:01:00 +0000")
    assert (second["enclosure"][1]["length"], second["itunes:duration"][0]) == ("200", "92")
    assert second["itunes:episode"][0] == "2"


@pytest.mark.parametrize("where", ["files", "beside"])
def test_a_transcript_is_linked_whether_this_run_has_written_it_or_one_before(draft, where):
    captions = EditionFile("captions", "Oz (captions)/Oz (feed)/02 A & B.vtt", "a" * 64, 1)
    first, second = (listed(item) for item in feed(replace(draft, **{where: (captions,)})).iter("item"))
    url = "https://example.org/oz/Oz%20%28captions%29/Oz%20%28feed%29/02%20A%20%26%20B.vtt"
    assert "podcast:transcript" not in first
    assert second["podcast:transcript"] == ("", {"url": url, "type": "text/vtt"})


def test_what_a_book_does_not_have_is_left_out(draft):
    bare = replace(draft.content, book=replace(BOOK, rights="", authors=(), cover=None, language=""))
    found = listed(feed(replace(draft, content=bare))[0])
    assert found["language"] == ("en", {})  # which a feed must have
    assert not {"copyright", "itunes:author", "itunes:image"} & set(found)


@pytest.mark.parametrize("base", [URL, f"{URL}/"])
def test_addresses_lie_below_the_feeds_own_with_or_without_its_last_slash(draft, base):
    draft = replace(draft, content=replace(draft.content, settings=PACKAGE.model_copy(update={"feed_url": base})))
    (first, _) = (listed(item) for item in feed(draft).iter("item"))
    assert first["enclosure"][1]["url"] == f"{FOLDER}/01%20A%20%26%20B.mp3"


@pytest.mark.parametrize("odd", ["\0", "\x08", "\x0b", "\x1f", "\ud800", "\udfff", "\ufffe", "\uffff"])
def test_whatever_stands_in_titles_the_feed_is_xml(draft, odd):
    book = replace(BOOK, title=f"O{odd}z", description=f"a{odd}b", publisher=odd)
    found = feed(replace(draft, content=replace(draft.content, book=book)), f"O{odd}ne", "Two\nlines\tof it")
    assert found.find("channel/title").text.replace(" ", "") == "Oz"
    assert [item.find("title").text for item in found.iter("item")] == ["One", "Two\nlines\tof it"]
    assert found.find("channel/description").text.endswith(" ab")


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://a.org", True),
        ("http://a.org", True),
        ("", False),
        ("ftp://a.org", False),
        ("a.org", False),
        ("//a.org", False),
    ],
)
def test_a_feed_needs_an_address_of_the_web(url, fits):
    settings = PACKAGE.model_copy(update={"feed_url": url})
    if fits:
        require_url(settings)
        return
    with pytest.raises(BadInputError, match=r"set package\.feed_url"):
        require_url(settings)


def test_the_headings_inside_an_episode_are_its_chapters(content, draft):
    """The first words are the beginning whatever they are; a heading right behind them is no chapter of its own."""
    master = content.masters[0]
    (placed,) = master.placed

    def said(number, start, text, heading):
        utterance = replace(placed.utterance, index=number, text=text, is_heading=heading)
        return replace(placed, utterance=utterance, start_sample=start, end_sample=start + 10)

    several = (
        said(0, 500, "I", True),
        said(1, 600, "The Title", True),
        said(2, 700, "Words.", False),
        said(3, 2 * RATE, "A\n heading", True),
        said(4, 3 * RATE, "Words.", False),
        said(5, 4 * RATE + RATE // 3, "Last", True),
    )
    draft = replace(draft, content=replace(content, masters=(replace(master, placed=several),)))

    def chapters(*held):
        made = json.loads(chapters_of(draft, episode(content, 1, "One", held=held)))
        assert made["version"] == "1.2.0"
        return [(one["startTime"], one["title"]) for one in made["chapters"]]

    title = master.title
    assert chapters(HeldChapter(0, RATE)) == [(0, title), (3.0, "A heading"), (5.333, "Last")]
    assert chapters(HeldChapter(0, 0, 3)) == [(0, title), (4.333, "Last")]
    assert chapters(HeldChapter(0, 0, 0, 5)) == [(0, title), (2.0, "A heading")]
    assert chapters(HeldChapter(0, 0, 2, 3), HeldChapter(0, RATE, 3)) == [(0, title), (3.0, title), (5.333, "Last")]
    assert chapters(HeldChapter(0, RATE, 0, 0)) == [(0, title)]


def test_the_files_beside_the_episodes_are_read_back(content, draft, monkeypatch):
    planned = tuple(episode(draft.content, number, f"T{number}", held=(HeldChapter(number, 0),)) for number in (1, 2))
    monkeypatch.setattr(feed_module, "_plan", lambda content, stem: planned)
    monkeypatch.setattr(feed_module, "write_planned", lambda *given: ())
    monkeypatch.setattr(feed_module, "check_planned", lambda *given: None)
    (output,) = (output for output in find_outputs(["feed", "manifest"]) if output.kind == "feed")
    paths = output.write(draft)
    names = ["01 A & B.chapters.json", "02 A & B.chapters.json", "cover.png", "feed.xml"]
    assert sorted(path.name for path in paths) == names
    assert (draft.folder / "Oz (feed)" / "cover.png").read_bytes() == PNG
    output.check(draft, paths)
    for path in paths:
        with pytest.raises(TalepressError, match="did not read back as it was written"):
            output.check(draft, tuple(other for other in paths if other != path))
        data = path.read_bytes()
        path.write_bytes(data + b" ")
        with pytest.raises(TalepressError, match="did not read back as it was written"):
            output.check(draft, paths)
        path.write_bytes(data)
    jpeg = replace(draft, content=replace(draft.content, book=replace(BOOK, cover=b"\xff\xd8\xff rest")))
    assert "cover.jpg" in [path.name for path in output.write(jpeg)]
    assert listed(feed(jpeg)[0])["itunes:image"][1]["href"].endswith("/cover.jpg")


def test_another_address_is_another_feed():
    """The address stands in the files, so those that are there are not taken for the new ones."""
    here, there = (
        feed_module.FEED.shape(PACKAGE.model_copy(update={"feed_url": url})) for url in (URL, "https://b.example/")
    )
    assert here != there
    assert {**here, "feed_url": ""} == {**there, "feed_url": ""}
