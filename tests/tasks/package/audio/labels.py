"""A label in which every fact is another text, so that none can stand in another's place."""

from dataclasses import replace

from tasks.package.audio.label import Label
from tasks.package.audio.marks import ChapterMark
from tasks.package.audio.tags import Tags
from tests.tasks.package.conftest import PNG

RATE = 24_000
JPEG = b"\xff\xd8\xff rest"
TAGS = Tags(
    title="The Title",
    author="The Author",
    narrator="The Narrator",
    narration="The Narration",
    year="1901",
    description="The Description" + "." * 300,
    publisher="The Publisher",
    language="de",
    isbn="9780306406157",
    asin="B00ABC1234",
    identifiers=("first", "second"),
    series="The Series",
    series_part="7",
    subtitle="The Subtitle",
    sort_title="Title, The",
    sort_author="Author, The",
    genres=("Audiobook", "Art"),
    rights="The Rights",
    cover=PNG,
)
MARKS = (
    ChapterMark("One", 0, RATE // 2),
    ChapterMark("Two", RATE // 2, 3_723 * RATE + 13),
    ChapterMark("Three", 3_723 * RATE + 13, 40_000 * RATE),
)
PART = Label(TAGS, "The Title (part 2 of 3)", 2, 3, True, MARKS, RATE)
CHAPTER = replace(PART, title="The Chapter", is_part=False, marks=MARKS[:1])
BARE = Label(Tags("The Title", "", "The Narrator", description="Spoken."), "The Title", 1, 1, True, (), RATE)
NAMED = {
    "NARRATOR": "The Narrator",
    "NARRATION": "The Narration",
    "SUBTITLE": "The Subtitle",
    "PUBLISHER": "The Publisher",
    "LANGUAGE": "de",
    "ISBN": "9780306406157",
    "ASIN": "B00ABC1234",
    "IDENTIFIERS": "first; second",
    "SERIES": "The Series",
    "SERIES-PART": "7",
}
