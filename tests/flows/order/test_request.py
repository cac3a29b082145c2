"""A request: checked with words, plain for a form, and read back from the rows of earlier versions."""

import pytest
from pydantic import ValidationError

from flows.order.batch import FlaggedRequest, FolderRequest
from flows.order.request import ONCE, Publication, Reading, Request, Retrial
from tasks.errors import BadInputError
from tasks.package.outputs import OUTPUTS

OLD_ROW = {
    "book": "/books/a.epub",
    "out": "/out",
    "voice": "slt",
    "preset": "fast",
    "chapters": "2-3",
    "plan": None,
    "cast": None,
    "lexicon": None,
    "locale": None,
    "force": False,
}


def test_what_is_not_given_is_empty():
    request = Request(book="/books/a.epub", out="/out")
    assert set(request.model_dump(exclude={"book", "out"}).values()) == {"", False, "none"}


def test_a_row_of_a_version_that_knew_none_is_read():
    assert Request.from_record(OLD_ROW) == Request(
        book="/books/a.epub", out="/out", voice="slt", preset="fast", chapters="2-3"
    )
    assert Request.from_record({**OLD_ROW, "force": "False"}).force is False


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"book": "a.epub"}, "book 'a.epub' is not an absolute path"),
        ({"plan": "plan.toml"}, "plan 'plan.toml' is not an absolute path"),
        ({"book": "/b\udce9.epub"}, "is not UTF-8: rename the file"),
        ({"chapters": "1;2"}, "--chapters '1;2' cannot be used: 1, 1-3 or 1,4-5; all if not given."),
        ({"force": "perhaps"}, "--force 'perhaps' cannot be used"),
        ({"colour": "red"}, "there is no option 'colour': options are book, voice,"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(change, words):
    with pytest.raises(BadInputError) as error:
        Request.from_values({"book": "/books/a.epub", "out": "/out", **change})
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_value_is_named():
    with pytest.raises(BadInputError, match="out is missing: Folder for the audiobook"):
        Request.from_values({"book": "/books/a.epub"})


@pytest.mark.parametrize("chapters", ["", "1", "1-3", "1,4-5", " 5 - 6 , 1 "])
def test_selections_that_can_be_chosen_can_be_asked_for(chapters):
    assert Request(book="/b", out="/o", chapters=chapters).chapters == chapters


def test_the_form_has_a_plain_field_with_words_for_everything():
    schema = Request.model_json_schema()
    fields = schema["properties"]
    assert schema["required"] == ["book", "out"]
    assert {field["type"] for field in fields.values()} == {"string", "boolean"}  # no "or null", no nested box
    assert all(field["title"] and field["description"].endswith(".") for field in fields.values())
    assert sorted(field["position"] for field in fields.values()) == list(range(len(fields)))
    assert [name for name, field in fields.items() if field.get("format") == "path"] == [
        "book",
        "plan",
        "cast",
        "lexicon",
        "out",
    ]


def test_a_run_is_named_by_book_and_voice():
    assert Request(book="/books/Emma.epub", out="/out", voice="slt").label == "Emma · slt"
    assert Request(book="/books/Emma.epub", out="/out").label == "Emma"


def test_what_is_asked_for_goes_over_the_settings():
    reading = Reading(book="/b", voice="joe", locale="en-GB")
    assert reading.overrides == {"synthesize": {"voice": "joe", "preset": ""}, "segment": {"locale": "en-GB"}}


def test_the_help_of_publish_names_every_kind():
    described = Publication.model_fields["kinds"].description or ""
    names, _, _ = described.partition(": ")[2].partition(";")
    assert names.split(", ") == [output.kind for output in OUTPUTS if output.kind != "manifest"]


@pytest.mark.parametrize(
    ("only", "places"),
    [("", ()), ("1:1", ((0, 0),)), ("20:18,20:22,3:1", ((19, 17), (19, 21), (2, 0)))],
)
def test_places_count_from_one_for_people(only, places):
    assert Retrial(book="/b.epub", only=only).places == places


@pytest.mark.parametrize("only", ["1", "1:", ":1", "1:1,", "a:b", "1:1;2:2", "-1:1", "1234567:1", "1:1234567", "1:1 "])
def test_what_names_no_place_is_refused(only):
    with pytest.raises(BadInputError, match="--only"):
        Retrial.from_values({"book": "/b.epub", "only": only})


@pytest.mark.parametrize(
    ("values", "directions"),
    [
        ({}, ()),
        ({"plan": "/p/mine.toml"}, ("plan mine",)),
        (
            {"lexicon": "/l/names.csv", "cast": "/c/village.toml", "plan": "/p/mine.toml", "locale": "en-GB"},
            ("plan mine", "cast village", "lexicon names", "en-GB"),
        ),
        ({"voice": "joe", "preset": "fast", "chapters": "1"}, ()),
    ],
)
def test_directions_say_what_is_asked_for_besides_voice_and_preset(values, directions):
    assert Request(book="/b.epub", out="/out", **values).directions == directions


def test_what_was_asked_for_one_run_alone_is_not_asked_for_again():
    once = {"only": "1:1", "reason": "short", "hold": True, "kinds": "mp3", "overwrite": True}
    assert once.keys() == ONCE
    row = {**OLD_ROW, **once, "review": "all"}
    again = Request.from_record(row)
    assert (again.overwrite, again.review, again.chapters) == (False, "all", "2-3")
    retrial = Retrial.from_record(row)
    assert (retrial.only, retrial.reason, retrial.hold, retrial.overwrite) == ("", "", False, False)
    assert Publication.from_record(row).kinds == ""


@pytest.mark.parametrize(
    ("kinds", "outputs"),
    [
        ("", None),
        ("mp3", ("mp3", "manifest")),
        (" mp3 , opus,mp3", ("mp3", "opus", "manifest")),
        ("manifest,mp3", ("manifest", "mp3")),
    ],
)
def test_a_manifest_is_published_with_whatever_is_asked_for(kinds, outputs):
    asked = Publication(book="/b.epub", kinds=kinds, voice="joe")
    assert asked.overrides["package"] == {"outputs": outputs}
    assert asked.overrides["synthesize"] == {"voice": "joe", "preset": ""}


@pytest.mark.parametrize("path", ["out", "./out", "~/out"])
@pytest.mark.parametrize("kind", [Request, Retrial, Publication, FolderRequest])
def test_whatever_file_or_folder_is_asked_for_is_written_whole(kind, path):
    """A worker runs in a folder of its own."""
    fields = kind.model_json_schema()["properties"]
    paths = [name for name, field in fields.items() if field.get("format") == "path"]
    assert set(paths) == {"book", "out", "plan", "cast", "lexicon"}
    for name in paths:
        with pytest.raises(BadInputError, match=f"{name} '{path}' is not an absolute path"):
            kind.from_values({"book": "/b.epub", "out": "/out", name: path})


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Request, ["none", "flagged", "all"]),
        (FolderRequest, ["none", "flagged", "all"]),
        (Retrial, ["", "none", "flagged", "all"]),
        (Publication, ["", "none", "flagged", "all"]),
    ],
)
def test_what_must_be_heard_before_it_is_published_is_one_of_a_few_words(kind, words):
    asked = {"book": "/b.epub", "out": "/out"}
    assert [kind.from_values({**asked, "review": word}).review for word in words] == words
    with pytest.raises(BadInputError, match="--review 'some' cannot be used: What a person must hear before"):
        kind.from_values({**asked, "review": "some"})


@pytest.mark.parametrize("kind", [Reading, Request, FolderRequest, FlaggedRequest, Retrial, Publication])
def test_every_field_of_a_form_has_a_place_of_its_own_and_nothing_else_is_taken(kind):
    fields = kind.model_json_schema()["properties"]
    places = [field["position"] for field in fields.values()]
    assert len(set(places)) == len(places)
    assert [name for name, field in fields.items() if "flag" in field] == ["kinds"] * (kind is Publication)
    with pytest.raises(ValidationError, match="colour"):
        kind.model_validate({name: "/x" for name in ("book", "out") if name in fields} | {"colour": "red"})


@pytest.mark.parametrize("kinds", ["mp3;opus", ",mp3", "mp3,", "mp3,,opus", "MP3", "m p3", "-m4b"])
def test_what_names_no_kind_of_files_is_refused(kinds):
    with pytest.raises(BadInputError, match=f"--as '{kinds}' cannot be used"):
        Publication.from_values({"book": "/b.epub", "kinds": kinds})


@pytest.mark.parametrize("kind", [Retrial, Publication])
def test_the_folder_of_the_last_run_is_used_where_none_is_given(kind):
    assert kind.from_values({"book": "/b.epub"}).out == ""
