"""What a voice is made of, as text and back."""

import pytest

from tasks.errors import BadInputError
from tasks.voices.recipes import mix_recipe, options_of, parse_mix, parts_in, random_recipe, seed_in


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("joe&slt", {"joe": 0.5, "slt": 0.5}),
        ("joe&slt:0.3", {"joe": 0.7, "slt": 0.3}),
        (" joe : .25 & slt : 0.75 ", {"joe": 0.25, "slt": 0.75}),
        ("a-1&b_2&c:0.5", {"a-1": 0.25, "b_2": 0.25, "c": 0.5}),
        ("a:0.333333&b:0.333333&c:0.333334", {"a": 0.333333, "b": 0.333333, "c": 0.333334}),
        ("a:0.5&b:0.50009", {"a": 0.5, "b": 0.50009}),
    ],
)
def test_a_mix_is_read_with_the_shares_that_nobody_gave(text, parts):
    found = parse_mix(text)
    assert [name for name, _ in found] == list(parts)
    assert dict(found) == pytest.approx(parts)
    assert dict(parts_in(mix_recipe(found))) == pytest.approx(parts, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "name two voices or more"),
        ("joe", "name two voices or more"),
        ("joe:1", "name two voices or more"),
        ("joe&", "name two voices or more"),
        ("joe&slt&", "name two voices or more"),
        ("joe&&slt", "name two voices or more"),
        ("joe&Slt", "name two voices or more"),
        ("joe&slt:x", "name two voices or more"),
        ("joe&slt:-0.1", "name two voices or more"),
        ("joe&../slt", "name two voices or more"),
        ("joe&joe", "a voice is in it twice"),
        ("joe:0.4&joe:0.6", "a voice is in it twice"),
        ("joe&slt:1", "the shares come to 1; let all be above 0"),
        ("joe&slt:1.2", "the shares come to 1.2"),
        ("joe:0.5&slt:0.4", "the shares come to 0.9"),
        ("joe:0.5&slt:0.5002", "the shares come to 1.0002"),
        ("joe:0&slt:1", "the shares come to 1; let all be above 0"),
        ("joe:0&slt", "the shares come to 0; let all be above 0"),
    ],
)
def test_what_is_no_mix_is_refused(text, message):
    with pytest.raises(BadInputError, match=message):
        parse_mix(text)


@pytest.mark.parametrize("voices", range(2, 17))
def test_a_mix_of_even_shares_is_read_back_from_its_recipe(voices):
    """Shares are written with six digits: three thirds come to 0.999999."""
    parts = parse_mix("&".join(f"v{number}" for number in range(voices)))
    assert dict(parts_in(mix_recipe(parts))) == pytest.approx(dict(parts), abs=1e-6)


def test_recipes_say_where_a_voice_came_from():
    """They are in the database: written otherwise, older ones are read no more."""
    assert mix_recipe((("joe", 0.7), ("slt", 0.30000004))) == "mix joe:0.7&slt:0.3"
    assert random_recipe(5) == "random 5"
    assert (seed_in("random 5"), seed_in("mix joe:0.7&slt:0.3")) == (5, None)
    assert (parts_in("random 5"), parts_in("mix joe:0.7&slt:0.3")) == ((), (("joe", 0.7), ("slt", 0.3)))
    assert options_of("random 5") == "--random 5"
    assert options_of("mix joe:0.7&slt:0.3") == "--mix 'joe:0.7&slt:0.3'"
