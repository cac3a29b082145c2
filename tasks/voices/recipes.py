"""What a voice without recordings is made of, as text: "mix joe:0.7&slt:0.3" or "random 5".

It must not know latents or rows: `enrol.py` makes the voices, `catalogue.py` finds those of a mix.
"""

from __future__ import annotations

import re
import shlex

from tasks.errors import BadInputError

_PART = re.compile(r"\s*(?P<name>[a-z0-9][a-z0-9_-]*)\s*(?::\s*(?P<share>\d*\.?\d+)\s*)?")
_MIX = "mix"
_RANDOM = "random"
_ROUNDING = 1e-4  # recipes have six digits: three thirds come to 0.999999

Shares = tuple[tuple[str, float], ...]  # names of voices, and how much of each; they come to 1


def parse_mix(text: str) -> Shares:
    """Reads a mix such as "joe&slt:0.3". Voices without a share divide evenly what the others leave.

    Raises `BadInputError` for anything else.
    """
    matches = [match for part in text.split("&") if (match := _PART.fullmatch(part))]
    if len(matches) < 2 or len(matches) <= text.count("&"):
        raise BadInputError(f"--mix {text!r}: name two voices or more with & between them, such as 'joe&slt:0.3'")
    given = {match["name"]: float(match["share"]) for match in matches if match["share"]}
    names = tuple(dict.fromkeys(match["name"] for match in matches))
    if len(names) < len(matches):
        raise BadInputError(f"--mix {text!r}: a voice is in it twice; name each once")
    total = sum(given.values())
    without = len(names) - len(given)
    if not all(given.values()) or (total >= 1 if without else abs(total - 1) > _ROUNDING):
        raise BadInputError(
            f"--mix {text!r}: the shares come to {total:g}; let all be above 0 and come to 1, or leave one out to be "
            "the rest"
        )
    return tuple((name, given[name] if name in given else (1 - total) / without) for name in names)


def mix_recipe(parts: Shares) -> str:
    """Writes the recipe of a mix."""
    return f"{_MIX} " + "&".join(f"{name}:{share:.6g}" for name, share in parts)


def random_recipe(seed: int) -> str:
    """Writes the recipe of a voice that a model makes up from a number."""
    return f"{_RANDOM} {seed}"


def options_of(recipe: str) -> str:
    """Writes a recipe as the option of `talepress voice add` that it came from, ready for a shell."""
    kind, _, what = recipe.partition(" ")
    return f"--{kind} {shlex.quote(what)}"


def seed_in(recipe: str) -> int | None:
    """Reads the number that a voice was made up from; None for a mix."""
    kind, _, what = recipe.partition(" ")
    return int(what) if kind == _RANDOM else None


def parts_in(recipe: str) -> Shares:
    """Reads the voices of a mix, with their shares; none for another recipe."""
    kind, _, what = recipe.partition(" ")
    return parse_mix(what) if kind == _MIX else ()
