"""A fault of a setting is a sentence: which setting, who has said it, and what would have been right."""

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from configs.faults import explain, nearest


class Pauses(BaseModel):
    model_config = ConfigDict(extra="forbid")
    clause: float = 0.2


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid")
    retakes: int = 1
    pauses: Pauses = Pauses()


class All(BaseModel):
    qa: Section = Section()


def said(values, overrides=None, files=()):
    with pytest.raises(ValidationError) as caught:
        All.model_validate(values)
    (detail,) = caught.value.errors()
    return explain(detail, overrides or {}, files, All)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"qa": {"retakes": "x"}}, "bad setting qa.retakes = 'x' (from nowhere): input should be a valid integer, "),
        ({"qa": {"retake": 1}}, "unknown setting qa.retake (from nowhere): did you mean retakes?"),
        ({"qa": {"colour": 1}}, "unknown setting qa.colour (from nowhere): known are retakes, pauses"),
        ({"qa": {"pauses": {"klause": 1}}}, "unknown setting qa.pauses.klause (from nowhere): did you mean clause?"),
    ],
)
def test_what_is_wrong_and_what_would_be_right(values, sentence):
    assert said(values).startswith(sentence)


def test_the_strongest_source_that_holds_it_is_named(monkeypatch, tmp_path):
    wrong = {"qa": {"pauses": {"clause": "x"}}}
    files = [tmp_path / "weak.toml", tmp_path / "strong.toml", tmp_path / "other.toml"]
    for file in files[:2]:
        file.write_text("[qa.pauses]\nclause = 'x'\n")
    files[2].write_text("qa = 3\n")
    assert f"(from {files[1]})" in said(wrong, {"qa": {"retakes": 1}}, files)
    assert f"(from {files[0]})" in said(wrong, files=files[:1])
    monkeypatch.setenv("TALEPRESS_QA__PAUSES__CLAUSE", "x")
    assert "(from environment variable TALEPRESS_QA__PAUSES__CLAUSE)" in said(wrong, files=files)
    assert "(from the command line)" in said(wrong, wrong, files)


def test_a_hint_is_one_name_that_is_near_or_all_that_there_are():
    assert nearest("sede", ["seed", "sides", "x"]) == "did you mean seed?"
    assert nearest("qqq", ["seed", "x"]) == "known are seed, x"


def test_a_variable_in_small_letters_is_named_as_well(monkeypatch):
    monkeypatch.setenv("talepress_qa__pauses__clause", "x")
    assert "(from environment variable TALEPRESS_QA__PAUSES__CLAUSE)" in said({"qa": {"pauses": {"clause": "x"}}})
