"""Publishes a book as a podcast: an episode for each chapter, and the feed that lists them.

The feed is RSS 2.0 with Apple's and the podcast namespace. Nothing in it depends on the time of day: what is published
again has the same bytes. This module must not know who serves the files: `package.feed_url` says where they will be.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import quote, urljoin

from lxml import etree

from configs.publish_profiles import publish_profile
from configs.settings import PackageSettings
from tasks.errors import BadInputError, TalepressError
from tasks.package.audio.covers import JPEG, image_type
from tasks.package.audio.formats import bytes_per_second
from tasks.package.content import EditionContent
from tasks.package.output import Draft, Output
from tasks.package.outputs.audio_files import MASTER_RATE, PlannedFile, check_planned, plan_files, write_planned
from tasks.package.timeline import HeldChapter, TimedChapter

KIND = "feed"
PROFILE = "podcast"
FEED_NAME = "feed.xml"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
PODCAST = "https://podcastindex.org/namespace/1.0"
FIRST_EPISODE = datetime(2026, 1, 1, tzinfo=UTC)  # later ones follow by a minute each, so that players keep the order
_NO_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
CAPTIONS_SUFFIX = " (captions)"  # the folder of the output "captions", in which paths stand as beside it


def require_url(settings: PackageSettings) -> None:
    """Raises `BadInputError` where nobody could find the episodes."""
    if not settings.feed_url.startswith(("https://", "http://")):
        raise BadInputError(
            "a podcast feed needs the address at which its files will be found: set package.feed_url, such as "
            '"https://example.org/oz/"'
        )


def feed_of(draft: Draft, planned: tuple[PlannedFile, ...]) -> bytes:
    """Writes the feed as XML in UTF-8. The episodes must lie in the draft's folder: their sizes are in it."""
    tags = draft.content.tags
    rss = etree.Element("rss", nsmap={"itunes": ITUNES, "podcast": PODCAST}, version="2.0")
    channel = etree.SubElement(rss, "channel")
    _add(channel, "title", tags.title)
    _add(channel, "link", draft.content.settings.feed_url)
    _add(channel, "description", tags.description)
    _add(channel, "language", tags.language or "en")
    _add(channel, "copyright", tags.rights)
    _add(channel, f"{{{ITUNES}}}author", tags.author)
    _add(channel, f"{{{ITUNES}}}type", "serial")
    _add(channel, f"{{{ITUNES}}}explicit", "false")
    etree.SubElement(channel, f"{{{ITUNES}}}category", text="Arts").append(
        etree.Element(f"{{{ITUNES}}}category", text="Books")
    )
    _add(channel, f"{{{PODCAST}}}medium", "audiobook")
    _add(channel, f"{{{PODCAST}}}person", tags.narrator, role="narrator")
    if tags.cover is not None:
        etree.SubElement(channel, f"{{{ITUNES}}}image", href=_url(draft, _folder(draft) / _cover_name(tags.cover)))
    for number, one in enumerate(planned, start=1):
        channel.append(_item(draft, one, number))
    return bytes(etree.tostring(rss, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _item(draft: Draft, planned: PlannedFile, number: int) -> etree._Element:
    """Makes an episode."""
    content = draft.content
    path = planned.file.path
    item = etree.Element("item")
    _add(item, "title", planned.label.title)
    _add(item, "description", content.tags.description)
    _add(item, "guid", planned.recording.key, isPermaLink="false")
    _add(item, "pubDate", format_datetime(FIRST_EPISODE + timedelta(minutes=number - 1)))
    length = str((draft.folder / path).stat().st_size)
    etree.SubElement(item, "enclosure", url=_url(draft, path), length=length, type="audio/mpeg")
    _add(item, f"{{{ITUNES}}}duration", str(round(planned.file.samples / content.sample_rate)))
    _add(item, f"{{{ITUNES}}}episode", str(number))
    _add(item, f"{{{ITUNES}}}episodeType", "full")
    chapters = _url(draft, path.with_suffix(".chapters.json"))
    etree.SubElement(item, f"{{{PODCAST}}}chapters", url=chapters, type="application/json+chapters")
    transcript = Path(f"{draft.stem}{CAPTIONS_SUFFIX}") / path.with_suffix(".vtt")
    if any(file.path == transcript.as_posix() for file in (*draft.files, *draft.beside)):
        etree.SubElement(item, f"{{{PODCAST}}}transcript", url=_url(draft, transcript), type="text/vtt")
    return item


def chapters_of(draft: Draft, planned: PlannedFile) -> bytes:
    """Writes an episode's chapters (JSON Chapters 1.2): its beginning and the headings inside of it."""
    timeline = draft.content.timeline
    found: list[dict[str, object]] = []
    for held in planned.file.chapters:
        chapter = timeline.chapters[held.position]
        for start, title in _headings(chapter, held):
            found.append({"startTime": round((start + held.shift) / timeline.sample_rate, 3), "title": title})
    found[0]["startTime"] = 0
    return (json.dumps({"version": "1.2.0", "chapters": found}, ensure_ascii=False, indent=1) + "\n").encode()


def _headings(chapter: TimedChapter, held: HeldChapter) -> list[tuple[int, str]]:
    """Lists what a file holds of a chapter and its headings behind the first words, by their first sample."""
    utterances = held.utterances(chapter)
    found = [(utterances[0].start_sample if utterances else 0, chapter.title)]
    spoken = False
    for utterance in utterances:
        if utterance.is_heading and spoken:
            found.append((utterance.start_sample, " ".join(utterance.text.split())))
        spoken = spoken or not utterance.is_heading
    return found


def _plan(content: EditionContent, stem: str) -> tuple[PlannedFile, ...]:
    """Plans the episodes in the feed's folder."""
    planned = plan_files(PROFILE, content, stem)
    folder = Path(f"{stem}{FEED.suffix}")
    return tuple(replace(one, file=replace(one.file, kind=KIND, path=folder / one.file.path.name)) for one in planned)


def _write(draft: Draft) -> tuple[Path, ...]:
    planned = _plan(draft.content, draft.stem)
    audio = write_planned(planned, publish_profile(PROFILE, draft.content.settings), draft)
    others = _others(draft, planned)
    for path, data in others.items():
        path.write_bytes(data)
    return (*audio, *others)


def _check(draft: Draft, paths: tuple[Path, ...]) -> None:
    planned = _plan(draft.content, draft.stem)
    check_planned(planned, paths, publish_profile(PROFILE, draft.content.settings), draft)
    for path, data in _others(draft, planned).items():
        if path not in paths or path.read_bytes() != data:
            raise TalepressError(f"{path}: did not read back as it was written; run the same command again")


def _others(draft: Draft, planned: tuple[PlannedFile, ...]) -> dict[Path, bytes]:
    """The files beside the episodes, with what is in them."""
    folder = draft.folder / _folder(draft)
    files = {folder / FEED_NAME: feed_of(draft, planned)}
    for one in planned:
        files[draft.folder / one.file.path.with_suffix(".chapters.json")] = chapters_of(draft, one)
    cover = draft.content.tags.cover
    if cover is not None:
        files[folder / _cover_name(cover)] = cover
    return files


def _folder(draft: Draft) -> Path:
    return Path(f"{draft.stem}{FEED.suffix}")


def _cover_name(cover: bytes) -> str:
    return "cover.jpg" if image_type(cover) == JPEG else "cover.png"


def _url(draft: Draft, path: Path) -> str:
    base = draft.content.settings.feed_url
    return urljoin(base if base.endswith("/") else f"{base}/", quote(path.as_posix()))


def _add(parent: etree._Element, name: str, text: str, **attributes: str) -> None:
    """Adds an element with a text; none where there is no text."""
    if text:
        etree.SubElement(parent, name, attributes).text = _xml_text(text)


def _xml_text(text: str) -> str:
    """Leaves out what XML cannot hold (XML 1.0, production 2)."""
    return _NO_XML.sub("", text)


FEED = Output(
    kind=KIND,
    suffix=" (feed)",
    write=_write,
    check=_check,
    forecast_bytes=lambda seconds, settings: (
        seconds * bytes_per_second(publish_profile(PROFILE, settings), MASTER_RATE)
    ),
    recordings=lambda content: tuple(planned.recording for planned in plan_files(PROFILE, content, "")),
    lay_out=lambda content, stem: tuple(planned.file for planned in _plan(content, stem)),
    shape=lambda settings: {
        **publish_profile(PROFILE, settings).shape(),
        "feed_url": settings.feed_url,
    },
    require=require_url,
)
