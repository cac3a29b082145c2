"""Regular expressions that are compiled when they are first used: the rules for text have some 600.

Compiling them all takes a sixth of a second, in every process that speaks a sentence or plans a book, and a text meets
few of them. Must not know what they find.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Lazy:
    """Stands for a compiled pattern, whose attributes become its own when the first of them is asked for."""

    def __init__(self, source: str | bytes, flags: int) -> None:
        self.pattern = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # for whoever copies or pickles it
            raise AttributeError(name)
        compiled = re.compile(self.pattern, self._flags)
        self.__dict__.update({own: getattr(compiled, own) for own in dir(compiled) if not own.startswith("_")})
        return getattr(compiled, name)


def regexp(source: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Does what `re.compile` does, but late: a wrong pattern is found by its first use."""
    return cast("re.Pattern[AnyStr]", _Lazy(source, flags))
