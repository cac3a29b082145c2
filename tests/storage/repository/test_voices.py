"""Voices come back by name and model, and a name has one owner."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.errors import DuplicateError, NotFoundError
from storage.records import VoiceRecord

SLT = VoiceRecord("slt", "d" * 64, "e" * 64, "A clear voice", ("1" * 64, "2" * 64), "mini")


def test_voices_come_back_by_name_and_model(uow):
    big = replace(SLT, model_digest="v2", digest="f" * 64)
    awb = replace(SLT, name="awb", digest="a" * 64)
    for voice in (SLT, big, awb):
        uow.voices.add(voice)
    assert uow.voices.find("slt", "mini") == SLT
    assert uow.voices.find("slt", "v2") == big
    assert uow.voices.find("slt", "v3") is None
    assert uow.voices.list() == (awb, SLT, big)
    assert uow.voices.list("mini") == (awb, SLT)


def test_the_same_voice_again_is_welcome_another_of_that_name_is_not(uow):
    uow.voices.add(SLT)
    uow.voices.add(SLT)
    with pytest.raises(DuplicateError, match="'slt'"):
        uow.voices.add(replace(SLT, digest="0" * 64))
    assert uow.voices.list() == (SLT,)


def test_removing_a_voice(uow):
    uow.voices.add(SLT)
    uow.voices.add(replace(SLT, model_digest="v2"))
    uow.voices.remove("slt")
    assert uow.voices.list() == ()
    with pytest.raises(NotFoundError, match="'slt'"):
        uow.voices.remove("slt")


@pytest.mark.parametrize("name", ["'; DROP TABLE voices; --", "../x", "%", "_", "a\x01b", "ſlt", ""])
def test_hostile_names_are_only_text(uow, name):
    uow.voices.add(SLT)
    uow.voices.add(replace(SLT, name=name))
    assert uow.voices.find(name, "mini") == replace(SLT, name=name)
    uow.voices.remove(name)
    assert uow.voices.list() == (SLT,)


def test_the_models_of_a_voice_are_listed_in_one_order_however_they_were_added(uow):
    voices = [replace(SLT, model_digest=digest) for digest in ("v3", "v1", "v2")]
    for voice in voices:
        uow.voices.add(voice)
    assert [voice.model_digest for voice in uow.voices.list()] == ["v1", "v2", "v3"]
