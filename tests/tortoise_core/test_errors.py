"""Who catches an error of the library's catches its kinds, and no others."""

import pytest

from tortoise_core import errors
from tortoise_core.errors import (
    AudioError,
    CheckpointError,
    ConfigError,
    DamagedWeightsError,
    OutOfMemoryError,
    TextError,
    TortoiseError,
)

KINDS = [TextError, AudioError, CheckpointError, DamagedWeightsError, ConfigError, OutOfMemoryError]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_the_librarys_and_of_one_kind(kind):
    above = [other for other in KINDS if other is not kind and issubclass(kind, other)]
    assert above == ([CheckpointError] if kind is DamagedWeightsError else [])
    assert issubclass(kind, TortoiseError)
    assert not issubclass(kind, ValueError | OSError | RuntimeError | MemoryError)


def test_there_are_no_others():
    told = {kind.__name__ for kind in (TortoiseError, *KINDS)}
    assert {name for name in vars(errors) if name.endswith("Error")} == told
