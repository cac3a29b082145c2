"""How TorToise is had as an engine: with networks, by the precision that its device is best at."""

import pytest

from tortoise_core.errors import ConfigError
from tortoise_core.inference import engine, tortoise
from tortoise_core.inference.engine_kind import EngineKind
from tortoise_core.inference.fake import FAKE
from tortoise_core.inference.front_end import load_front_end
from tortoise_core.inference.tortoise import TORTOISE


def test_what_is_known_of_an_engine_before_it_is_loaded():
    assert (TORTOISE.has_networks, TORTOISE.model_folders) == (True, True)
    assert (FAKE.has_networks, FAKE.model_folders, FAKE.resynthesis) == (False, False, None)
    assert TORTOISE.front_end is load_front_end
    assert (TORTOISE.precision("bfloat16", "cpu"), FAKE.precision("bfloat16", "cuda")) == ("bfloat16", "float32")
    plain = EngineKind(FAKE.front_end, FAKE.load, FAKE.precision)
    assert (plain.has_networks, plain.model_folders, plain.resynthesis) == (True, True, None)


@pytest.mark.parametrize(("part", "loader"), [("load", "load_engine"), ("resynthesis", "load_resynthesis")])
def test_an_engine_is_loaded_where_and_as_it_is_asked_for(monkeypatch, part, loader):
    asked = []
    monkeypatch.setattr(engine, loader, lambda *arguments: asked.append(arguments))
    monkeypatch.setattr(tortoise, "choose_precision", lambda *arguments: f"the best of {arguments}")
    getattr(TORTOISE, part)("folder", "cuda:1", "auto")
    assert asked == [("folder", "cuda:1", "the best of ('auto', 'cuda:1')")]


def test_a_precision_that_there_is_not_is_refused_before_anything_is_loaded():
    with pytest.raises(ConfigError, match="no precision 'float16'"):
        TORTOISE.load("no such folder", "cpu", "float16")
