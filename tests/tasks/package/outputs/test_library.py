"""What a library is told of a book, and where it looks for it."""

import json
from dataclasses import replace

import pytest

from tasks.errors import TalepressError
from tasks.package.audio.recordings import EncodedAudio
from tasks.package.output import Draft
from tasks.package.outputs import find_outputs, library
from tasks.package.outputs.library import library_folder, metadata_of, plan_library
from tests.tasks.audio import RATE
from tests.tasks.package.conftest import BOOK, PACKAGE, PNG, STARTS, STEM, TITLES, TOTAL


def of(content, **changes):
    return replace(content, book=replace(BOOK, **changes))


def test_all_that_is_known_of_a_book_is_told_under_the_librarys_names(content):
    made = of(content, identifiers=("asin:B00ABC1234", "urn:isbn:9780306406157"), title="Oz", language="en-GB")
    ends = (*STARTS[1:], TOTAL)
    assert metadata_of(made) == {
        "title": "Oz",
        "subtitle": "A Tale",
        "authors": ["L. Frank Baum", "Anon"],
        "narrators": ["Talepress ann (AI voice)"],
        "series": ["The Oz Books #1"],
        "genres": ["Audiobook", "Fantasy", "Fiction / Classics"],
        "tags": ["AI voice"],
        "publishedYear": "1900",
        "publisher": "Geo. M. Hill",
        "description": f"Narrated by a synthetic voice (Talepress, ann). {BOOK.description.strip()}",
        "isbn": "9780306406157",
        "asin": "B00ABC1234",
        "language": "en-GB",
        "explicit": False,
        "abridged": False,
        "chapters": [
            {"id": number, "start": round(start / RATE, 3), "end": round(end / RATE, 3), "title": title}
            for number, (start, end, title) in enumerate(zip(STARTS, ends, TITLES, strict=True))
        ],
    }


def test_what_is_not_known_is_null_and_no_empty_text(content):
    empty = of(
        content, subtitle="", series="", date="", publisher="", identifier="", identifiers=(), language="", authors=()
    )
    found = metadata_of(empty)
    nulls = ("subtitle", "publishedYear", "publisher", "isbn", "asin", "language")
    assert {name: found[name] for name in nulls} == dict.fromkeys(nulls)
    assert (found["series"], found["authors"]) == ([], [])
    assert metadata_of(of(content, series_position=""))["series"] == ["The Oz Books"]


@pytest.mark.parametrize(
    ("changes", "folder"),
    [
        ({}, "L. Frank Baum, Anon/The Oz Books/1 - Oz"),
        ({"series_position": ""}, "L. Frank Baum, Anon/The Oz Books/Oz"),
        ({"series": ""}, "L. Frank Baum, Anon/Oz"),
        ({"authors": (), "series": ""}, "Unknown author/Oz"),
        ({"authors": ("../..",), "series": "/a/b", "title": "..//"}, "book/a b/1"),
    ],
)
def test_a_book_lies_in_the_folders_of_its_author_and_series(content, changes, folder):
    assert library_folder(of(content, **{"title": "Oz", **changes})).as_posix() == folder


def test_parts_have_the_titles_name_and_their_number(content):
    hours = 115_000 / RATE / 3600  # the first chapter alone, then the others
    short = replace(of(content, title="Oz"), settings=PACKAGE.model_copy(update={"part_hours": hours}))
    assert [one.file.path.name for one in plan_library(short, STEM)] == ["Oz (part 1 of 2).m4b", "Oz (part 2 of 2).m4b"]
    (whole,) = plan_library(of(content, title="Oz"), "Stem")
    assert whole.file.path.as_posix() == "Stem (library)/L. Frank Baum, Anon/The Oz Books/1 - Oz/Oz.m4b"


@pytest.fixture
def output(monkeypatch):
    """The output without its audio, which costs a second."""
    monkeypatch.setattr(library, "plan_library", lambda content, stem: ())
    return next(output for output in find_outputs(["library", "manifest"]) if output.kind == "library")


@pytest.mark.parametrize(
    ("cover", "names"),
    [
        (PNG, ["cover.png", "metadata.json"]),
        (b"\xff\xd8\xff rest", ["cover.jpg", "metadata.json"]),
        (None, ["metadata.json"]),
    ],
)
def test_the_files_beside_the_audio_are_read_back(output, content, store, tmp_path, cover, names):
    draft = Draft(tmp_path, STEM, of(content, cover=cover, title="Öz"), store, EncodedAudio(tmp_path, {}))
    folder = tmp_path / f"{STEM} (library)" / library_folder(draft.content)
    folder.mkdir(parents=True)
    paths = output.write(draft)
    assert sorted(path.name for path in paths) == names == sorted(path.name for path in folder.iterdir())
    text = (folder / "metadata.json").read_text("utf-8")
    assert json.loads(text)["title"] == "Öz" and '"Öz"' in text
    output.check(draft, paths)
    for path in paths:
        with pytest.raises(TalepressError, match=rf"{path.name}: did not read back as it was written"):
            output.check(draft, tuple(other for other in paths if other != path))
        data = path.read_bytes()
        path.write_bytes(data + b" ")
        with pytest.raises(TalepressError, match=rf"{path.name}: did not read back as it was written"):
            output.check(draft, paths)
        path.write_bytes(data)
