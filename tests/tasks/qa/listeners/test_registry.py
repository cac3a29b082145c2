"""Which listener a name stands for."""

import sys
from types import ModuleType

import pytest

from tasks.errors import BadInputError
from tasks.models.catalogue import SHIPPED_FOLDER
from tasks.qa.listeners import registry, whisper
from tasks.qa.listeners.registry import LISTENERS, get_listener

MODEL = SHIPPED_FOLDER / "tortoise_mini"


def test_each_name_is_a_listener_of_its_own_kind():
    assert set(LISTENERS) == {"built-in", "light", "whisper"}
    assert get_listener("built-in", MODEL).digest.startswith("built-in ")
    pytest.importorskip("pocketsphinx")  # it has no wheels for every Python
    light = get_listener("light", MODEL).digest
    assert light.startswith("light ") and " light " in light


def test_whisper_is_made_with_the_model_behind_the_colon(monkeypatch):
    monkeypatch.setitem(sys.modules, "faster_whisper", ModuleType("faster_whisper"))
    monkeypatch.setattr(whisper, "version", lambda name: "1.2")
    monkeypatch.setattr(registry, "policy_of", lambda kind: None)
    monkeypatch.setattr(registry, "_made", {})
    assert get_listener("whisper:a:b", MODEL).digest.endswith(" a:b")
    assert get_listener("whisper:a:b", MODEL) is get_listener("whisper:a:b", MODEL)
    assert get_listener("whisper:c", MODEL) is not get_listener("whisper:a:b", MODEL)


def test_each_model_and_each_name_has_a_listener_of_its_own(monkeypatch, tmp_path):
    """What one model has heard must not be kept as another's."""
    monkeypatch.setattr(registry, "policy_of", lambda kind: None)
    monkeypatch.setattr(registry, "_made", {})
    for kind in LISTENERS:
        monkeypatch.setitem(LISTENERS, kind, lambda model, name, kind=kind: [kind, model, name])
    asked = [(listen, tmp_path / folder) for listen in ("built-in", "light", "whisper:a") for folder in ("a", "b")]
    found = [get_listener(*one) for one in asked]
    assert [[":".join(filter(None, (kind, name))), model] for kind, model, name in found] == [
        list(one) for one in asked
    ]
    assert all(get_listener(*one) is made for one, made in zip(asked, found, strict=True))


@pytest.mark.parametrize("name", ["", ":", "whisper", "whisper:", "built-in:x", "light:x", "Built-in", "ears"])
def test_what_is_no_name_is_refused_with_all_names(name):
    with pytest.raises(BadInputError, match=r'use "off", "built-in", "light", or "whisper:MODEL"'):
        get_listener(name, MODEL)


def test_two_threads_do_not_load_the_same_networks_twice(monkeypatch):
    """Whoever looks whether a listener is there, and makes one, is alone."""

    class Lock:
        held = False

        def __enter__(self):
            self.held = True

        def __exit__(self, *trouble):
            self.held = False

    class Made(dict):
        def __contains__(self, key):
            return lock.held and super().__contains__(key)

        def __setitem__(self, key, value):
            assert lock.held
            super().__setitem__(key, value)

    lock = Lock()
    monkeypatch.setattr(registry, "_lock", lock)
    monkeypatch.setattr(registry, "_made", Made())
    first = get_listener("built-in", MODEL)
    assert get_listener("built-in", MODEL) is first and not lock.held
