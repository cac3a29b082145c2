"""An utterance's key covers whatever its audio depends on, and stays what it was."""

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.synthesize.keys import seed_of, take_key, utterance_key
from tortoise_core.inference.presets import SamplingSettings

SETTINGS = SamplingSettings()


def test_every_input_makes_another_key():
    key = utterance_key("Hello.", "v", "m", SETTINGS)
    assert key == utterance_key("Hello.", "v", "m", SamplingSettings())
    others = {
        utterance_key("Hello!", "v", "m", SETTINGS),
        utterance_key("Hello.", "w", "m", SETTINGS),
        utterance_key("Hello.", "v", "n", SETTINGS),
        utterance_key("Hello.", "v", "m", SETTINGS, "bfloat16"),
        utterance_key("Hello.", "v", "m", SETTINGS, "float16"),
    }
    for field in fields(SamplingSettings):
        value = getattr(SETTINGS, field.name)
        changed = not value if isinstance(value, bool) else value + "x" if isinstance(value, str) else value + 1
        others.add(utterance_key("Hello.", "v", "m", replace(SETTINGS, **{field.name: changed})))
    assert len(others) == 5 + len(fields(SamplingSettings))
    assert key not in others


def test_keys_of_format_2_do_not_change():
    """Changing this value makes everybody render every book again: raise CODE_FORMAT_VERSION on purpose instead."""
    key = utterance_key("Café.", "0" * 64, "1" * 64, SETTINGS)
    assert key == "f924a27091c5fbc451825878ff0054d4aa2be3de84b121ac9fb22727ea609877"
    assert key == utterance_key("Café.", "0" * 64, "1" * 64, SETTINGS, "float32")
    assert take_key(key, 0) == "c77fa386b7d30ad3a307e80c16c369ce8067b724462d020742ce9bc9f0f5d379"
    assert seed_of(take_key(key, 0)) == 7187694167297459561
    other = utterance_key("Café.", "0" * 64, "1" * 64, SETTINGS, "bfloat16")
    assert other == "c56b2aae0ba0db31ed0a617f39ce7909f693c342698fee2aef1a519071d582e1"
    assert take_key(other, 3) == "f3de5e613a208fcfcbba648838df881652b551401210ebc4618cc75ec10e426c"
    assert seed_of(take_key(other, 3)) == 8786293283863152615
    int8, w8a8 = (utterance_key("Café.", "0" * 64, "1" * 64, SETTINGS, name) for name in ("int8", "w8a8"))
    assert int8 == "a5077815b4acf4d227ed84d75e3b241de935bd0efcf92e79796e10df3ae0ba8d"
    assert w8a8 == "87a2639655880e2ebf06a52efbb972b9b531f54bdbbd54ce64e8e7f17c15224c"


@given(st.text(), st.integers(0, 100))
def test_seeds_have_63_bits_and_differ_between_attempts(text, attempt):
    key = utterance_key(text, "v", "m", SETTINGS)
    seed = seed_of(take_key(key, attempt))
    assert 0 <= seed < 2**63
    assert seed != seed_of(take_key(key, attempt + 1))
    assert json.loads(json.dumps(seed)) == seed


def test_keys_survive_lone_surrogates():
    assert len(utterance_key("\ud800", "v", "m", SETTINGS)) == 64


def test_not_a_number_is_refused():
    with pytest.raises(ValueError, match="Out of range"):
        utterance_key("a", "v", "m", replace(SETTINGS, temperature=float("nan")))
