"""Errors are of the kinds by which exit codes and retries are chosen."""

import pytest

from tasks import errors
from tasks.errors import TalepressError

KINDS = {
    "BadInputError": ["TalepressError"],
    "UnreadableBookError": ["BadInputError", "TalepressError"],
    "UnknownVoiceError": ["BadInputError", "TalepressError"],
    "OutputError": ["BadInputError", "TalepressError"],
    "CoverageError": ["TalepressError"],
    "TransientError": ["TalepressError"],
    "EngineMemoryError": ["TransientError", "TalepressError"],
}


def test_every_error_is_here():
    found = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert found == {"TalepressError", *KINDS}


@pytest.mark.parametrize("name", KINDS)
def test_an_error_is_caught_as_these_and_as_no_other(name):
    kinds = [kind.__name__ for kind in getattr(errors, name).__mro__[1:]]
    assert kinds == [*KINDS[name], "Exception", "BaseException", "object"]
    with pytest.raises(TalepressError, match="why"):
        raise getattr(errors, name)("why")
