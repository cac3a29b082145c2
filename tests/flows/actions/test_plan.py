"""What a plan says is rendered already, and which plans can be compared with it."""

import json
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from flows.actions import plan
from flows.actions.plan import Rendered, compare, make_plan, rendered
from flows.order.manuscript import read_manuscript
from flows.order.request import Reading
from flows.services import open_services, read_settings
from storage.records import Coverage, PauseKind, Utterance, Verdict
from tasks.errors import BadInputError, UnknownVoiceError
from tasks.synthesize.keys import utterance_key
from tests.storage.builders import make_take

PLAN = {"title": "T", "forecast_seconds": 1.0, "chapters": [{"title": "One", "utterances": [{"spoken": "Yes."}]}]}


def utterance(index, spoken, voice=""):
    return Utterance(0, index, 0, 0, 9, spoken, spoken, PauseKind.SENTENCE, voice=voice)


def voice_of(name):
    if name == "nobody":
        raise UnknownVoiceError("unknown voice 'nobody'")
    return SimpleNamespace(digest=f"digest of {name}")


@pytest.fixture
def known(home):
    """The services of a library that has these takes."""
    takes = []

    @contextmanager
    def snapshot():
        def of(keys):
            return {key: [one for one in takes if one.utterance_key == key] for key in keys}

        yield SimpleNamespace(takes=SimpleNamespace(of=of))

    settings = read_settings()
    with open_services(settings) as real:
        services = SimpleNamespace(
            settings=settings,
            front_end=real.front_end,
            sampling=real.sampling,
            precision="int8",
            voice=voice_of,
            has_database=lambda: True,
            database=SimpleNamespace(snapshot=snapshot),
        )
        yield services, takes


SCRIPT = SimpleNamespace(
    utterances=(
        utterance(0, "It was late."),
        utterance(1, "Yes."),
        utterance(2, "Yes.", voice="ann"),
        utterance(3, "Yes."),
    )
)
MANUSCRIPT = SimpleNamespace(voices=("ann",), narrator="joe")


def key_of(services, spoken, voice):
    model = services.front_end.digest
    return utterance_key(spoken, voice_of(voice).digest, model, services.sampling, services.precision)


def test_rendered_is_what_has_a_good_take_in_its_own_voice(known):
    services, takes = known
    assert rendered(services, MANUSCRIPT, SCRIPT) == Rendered(4, 0, 3, round((12 + 4 + 4) / 14, 1))
    takes += [
        make_take(key_of(services, "Yes.", "joe"), verdict=Verdict.DOUBTFUL),
        make_take(key_of(services, "Yes.", "joe"), attempt=1),
        make_take(key_of(services, "It was late.", "joe"), verdict=Verdict.DOUBTFUL),
        make_take(key_of(services, "It was late.", "ann")),
    ]
    assert rendered(services, MANUSCRIPT, SCRIPT) == Rendered(4, 2, 2, round((12 + 4) / 14, 1))


def test_without_a_library_each_text_of_each_voice_is_to_be_rendered_once(known):
    services, _ = known
    services.has_database = lambda: False
    services.voice = None  # nobody is asked for
    assert rendered(services, MANUSCRIPT, SCRIPT) == Rendered(4, 0, 3, round((12 + 4 + 4) / 14, 1))


def test_a_voice_that_is_not_there_is_a_warning_and_the_plan_is_made(home, book, monkeypatch):
    with open_services(read_settings()) as services:
        manuscript, planned = make_plan(services, Reading(book=str(book)))
        assert planned["rendered"] == {"utterances": 10, "rendered": 0, "to_render": 10} | {
            "seconds": planned["rendered"]["seconds"]
        }
        assert (manuscript.book.title, planned["title"]) == ("The Small Book", "The Small Book")
        spoken = sum(len(one["spoken"]) for one in planned["chapters"][2]["utterances"])
        stitch = services.settings.stitch
        silence = stitch.head_s + stitch.pauses.heading + stitch.tail_s + stitch.pauses.chapter
        assert planned["chapters"][2]["seconds"] == pytest.approx(spoken / 14 + silence, abs=0.06)

        def refuse(*_):
            raise UnknownVoiceError("unknown voice 'nobody'")

        monkeypatch.setattr(plan, "rendered", refuse)
        _, planned = make_plan(services, Reading(book=str(book)))
    assert planned["rendered"] is None
    assert planned["warnings"][-1] == "how much is rendered already is not known: unknown voice 'nobody'"


def test_the_words_that_people_corrected_are_read_and_said_so(home, book, monkeypatch):
    done = []

    def script(services, book, narrator):
        done.append((book, narrator))
        return SimpleNamespace(utterances=(), ledger=(), coverage=Coverage(0, 0, 0, 0))

    def read(reading, settings, languages, *, decided):
        done.append((reading.book, languages, decided))
        return read_manuscript(reading, settings, languages)

    corrections = SimpleNamespace(lexicons=("a lexicon",))
    monkeypatch.setattr(
        plan, "read_heeded", lambda services, path: SimpleNamespace(corrections=corrections, script=script)
    )
    monkeypatch.setattr(plan, "read_manuscript", read)
    with open_services(read_settings()) as services:
        manuscript, planned = make_plan(services, Reading(book=str(book), voice="slt"))
        assert done == [
            (str(book), services.front_end.languages, ("a lexicon",)),
            (manuscript.book, manuscript.narrator),
        ]
    assert [chapter["utterances"] for chapter in planned["chapters"]] == [[], [], []]


@pytest.mark.parametrize("name", ["other.json", "other.JSON"])
def test_a_plan_is_compared_with_one_in_a_file(tmp_path, name):
    other = tmp_path / name
    other.write_text(json.dumps(PLAN), "utf-8")
    chapters = [{"title": "One", "utterances": [{"spoken": "Yes."}, {"spoken": "No, fourteen!!"}]}]
    found = compare(None, {**PLAN, "chapters": chapters, "forecast_seconds": 2.0}, other, None)
    assert found["utterances"] == {"added": 1, "removed": 0, "changed": 0, "unchanged": 1}
    assert (found["seconds_before"], found["seconds_after"], found["new_seconds"]) == (1.0, 2.0, 1.0)


def test_another_book_is_read_the_same_way_but_for_the_plan_file(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(plan, "make_plan", lambda services, reading: asked.append(reading) or (None, PLAN))
    reading = Reading(book="/a.md", plan="/plan.toml", cast="/cast.toml", voice="joe")
    assert compare("services", PLAN, tmp_path / "b.md", reading)["utterances"]["unchanged"] == 1
    assert asked == [Reading(book=str(tmp_path / "b.md"), plan="", cast="/cast.toml", voice="joe")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        ("{", "cannot be read"),
        ("[1]", "is no plan"),
        ('{"title": "T", "forecast_seconds": 1}', "is no plan"),
        *[
            (json.dumps({name: value for name, value in PLAN.items() if name != left_out}), "is no plan")
            for left_out in PLAN
        ],
        *[
            (json.dumps({**PLAN, "chapters": [*PLAN["chapters"], row]}), "is no plan")
            for row in (
                "a title",
                {"title": "One"},
                {"utterances": []},
                {"title": "One", "utterances": [{"spoken": "Yes."}, {}]},
                {"title": "One", "utterances": ["is spoken"]},
            )
        ],
        (json.dumps({**PLAN, "chapters": {}}), "is no plan"),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path, content, message):
    other = tmp_path / "other.json"
    if content is not None:
        other.write_text(content, "utf-8")
    with pytest.raises(BadInputError, match=f"other.json {message}"):
        compare(None, PLAN, other, None)
