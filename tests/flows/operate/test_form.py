"""The form of a deployment lists what may be chosen."""

import re
from types import SimpleNamespace

import pytest

from flows.operate import form
from flows.operate.form import Choices, choices_of, with_choices
from flows.run.deployments import find_flow
from flows.services import open_services, read_settings

SCHEMA = {
    "type": "object",
    "properties": {"request": {"$ref": "#/definitions/Request"}},
    "definitions": {
        "Request": {
            "properties": {
                "voice": {"type": "string", "description": "Who reads."},
                "book": {"type": "string", "description": "The book file.", "format": "path"},
                "locale": {"type": "string", "description": "Of dates."},
            }
        }
    },
}


def test_fields_with_choices_list_them_with_a_word_on_each():
    made = with_choices(SCHEMA, {"voice": Choices({"anna": "Danish woman", "bo": ""}, "bo")})
    fields = made["definitions"]["Request"]["properties"]
    assert fields["voice"]["enum"] == ["", "anna", "bo"]
    assert fields["voice"]["description"] == "Who reads. anna: Danish woman; bo. If not given: bo."
    assert fields["book"]["description"] == "The book file. The whole path, beginning with /."
    assert fields["locale"] == SCHEMA["definitions"]["Request"]["properties"]["locale"]
    assert "enum" not in SCHEMA["definitions"]["Request"]["properties"]["voice"]


@pytest.mark.parametrize("name", ["retry-failed", "publish"])
def test_what_is_left_out_of_a_form_about_a_made_book_is_as_in_its_last_run(name):
    made = with_choices(find_flow(name).parameters.model_dump(), {"voice": Choices({"bo": ""}, "bo")})
    (form,) = made["definitions"].values()
    assert form["properties"]["voice"]["description"].endswith("bo. If not given: as in the last run.")
    assert form["properties"]["review"]["default"] == form["properties"]["out"]["default"] == ""
    assert form["properties"]["review"]["enum"][0] == ""


def test_voices_that_were_added_can_be_chosen(voiced_home):
    with open_services(read_settings()) as services:
        choices = choices_of(services)
    assert choices["voice"].default == "tone"
    assert {"slt", "tone"} <= set(choices["voice"].words)
    assert choices["voice"].words["slt"] == "American woman"
    assert choices["preset"].default in choices["preset"].words
    first, *others = choices["preset"].words.values()
    assert first == "the fastest" and others[-1].startswith("the best, ")
    assert all(re.search(r"\d\.\d times the work of ultra_fast$", words) for words in others)


def test_presets_are_told_by_their_work_and_voices_of_other_models_are_no_choice(monkeypatch):
    work = {"quick": 2.0, "good": 5.0, "fine": 8.0}
    model = SimpleNamespace(
        digest="d", presets=tuple(work), settings=str.upper, relative_work=lambda s: work[s.lower()]
    )
    credits = {"joe": "American man", "ann": "calm", "old": "of another model"}

    def voice(name, digest):
        return SimpleNamespace(name=name, model_digest=digest, credit=SimpleNamespace(description=credits[name]))

    monkeypatch.setattr(form, "shipped_voices", lambda: (voice("joe", ""),))
    monkeypatch.setattr(form, "credit_of", lambda voice: voice.credit)
    services = SimpleNamespace(
        front_end=model,
        settings=SimpleNamespace(synthesize=SimpleNamespace(voice="ann", preset="good")),
        added_voices=lambda: (voice("ann", "d"), voice("old", "another")),
    )
    assert choices_of(services) == {
        "voice": Choices({"joe": "American man", "ann": "calm"}, "ann"),
        "preset": Choices(
            {
                "quick": "the fastest",
                "good": "2.5 times the work of quick",
                "fine": "the best, 4.0 times the work of quick",
            },
            "good",
        ),
    }
