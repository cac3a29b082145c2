"""TOML and JSON of strangers are read or refused with a `ValueError`."""

import pytest

from tortoise_core.plain_data import parse_json, parse_toml


def test_what_is_good_is_read():
    assert parse_json('{"a": [1, null]}') == {"a": [1, None]}
    assert parse_toml("a = [1]\n[b]\nc = 2\n") == {"a": [1], "b": {"c": 2}}


@pytest.mark.parametrize("parse", [parse_json, parse_toml])
@pytest.mark.parametrize("text", ["{", "a = ", '"', "\x00"])
def test_what_is_none_is_a_value_error(parse, text):
    with pytest.raises(ValueError):  # each parser has words of its own
        parse(text)


@pytest.mark.parametrize(("parse", "text"), [(parse_json, "[" * 100_000), (parse_toml, "a = " + "[" * 100_000)])
def test_what_is_nested_too_deeply_is_a_value_error(parse, text):
    with pytest.raises(ValueError, match="it is nested too deeply"):
        parse(text)
