"""Lists the outputs that there are. Which of them an edition gets, the settings say; this table must not know it."""

from __future__ import annotations

from collections.abc import Iterable

from tasks.errors import BadInputError
from tasks.package.output import Output
from tasks.package.outputs.flac import FLAC
from tasks.package.outputs.m4b import M4B
from tasks.package.outputs.manifest import MANIFEST

# In the order in which they are written. Each sees the files of those before it, so the manifest comes last.
OUTPUTS = (
    M4B,
    FLAC,
    MANIFEST,
)


def find_outputs(kinds: Iterable[str]) -> tuple[Output, ...]:
    """Looks up the outputs of the given kinds. Returns each once, in the order of `OUTPUTS`.

    Raises:
        BadInputError: there is no output of that kind, or the manifest is not among them.
    """
    asked = set(kinds)
    known = [output.kind for output in OUTPUTS]
    unknown = sorted(asked.difference(known))
    if unknown:
        raise BadInputError(f"there is no output {unknown[0]!r}: outputs (package.outputs) are {', '.join(known)}")
    if MANIFEST.kind not in asked:
        raise BadInputError(
            f"the outputs (package.outputs) lack {MANIFEST.kind!r}, which says whose the other files are: add it"
        )
    return tuple(output for output in OUTPUTS if output.kind in asked)
