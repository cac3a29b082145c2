"""What a person asks for, declared once: a flow's one parameter, the form on Prefect's page, a command's options, a
run's record.

Values are plain, and "not given" is the empty value of its type, so that the form has a simple field for each. A path
is absolute, because a worker runs in a folder of its own. To add an option, add a field here and use it where it
matters. Must not know how a book is read or spoken, nor Prefect.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flows.order.chapters import SELECTION
from tasks.errors import BadInputError

ABSOLUTE = "^/"
ABSOLUTE_OR_EMPTY = "^(/|$)"


def shown(position: int, *, path: bool = False) -> dict[str, Any]:
    """How a form shows a field: its place from the top, and whether it is a path. The command line follows both."""
    return {"position": position, **({"format": "path"} if path else {})}


class Reading(BaseModel):
    """Which book is to be read, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    book: str = Field(
        title="Book", description="The book file.", pattern=ABSOLUTE, json_schema_extra=shown(0, path=True)
    )
    voice: str = Field(
        "", title="Voice", description="Who reads; see `talepress voice list`.", json_schema_extra=shown(2)
    )
    preset: str = Field(
        "",
        title="Preset",
        description="One of the model's presets; see `talepress model list`.",
        json_schema_extra=shown(3),
    )
    plan: str = Field(
        "",
        title="Plan file",
        description="A plan file; `talepress plan --write` makes one.",
        pattern=ABSOLUTE_OR_EMPTY,
        json_schema_extra=shown(5, path=True),
    )
    cast: str = Field(
        "",
        title="Cast file",
        description="A cast file: which voice speaks for which character.",
        pattern=ABSOLUTE_OR_EMPTY,
        json_schema_extra=shown(6, path=True),
    )
    lexicon: str = Field(
        "",
        title="Lexicon",
        description="A lexicon file, besides those of the library.",
        pattern=ABSOLUTE_OR_EMPTY,
        json_schema_extra=shown(7, path=True),
    )
    locale: str = Field(
        "",
        title="Locale",
        description="en-US or en-GB: how dates and numbers are read.",
        json_schema_extra=shown(8),
    )
    force: bool = Field(
        False,
        title="Any language",
        description="Read even a book in a language that is not spoken.",
        json_schema_extra=shown(9),
    )

    @property
    def overrides(self) -> dict[str, dict[str, str]]:
        """The settings that are asked for, by section and key; an empty one leaves the configured value."""
        return {"synthesize": {"voice": self.voice, "preset": self.preset}, "segment": {"locale": self.locale}}

    @classmethod
    def checked(cls, values: Mapping[str, object]) -> Self:
        """A request for these values by field name. Raises `BadInputError` that names the first wrong one."""
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise BadInputError(cls._explain(error.errors()[0])) from error

    @classmethod
    def _explain(cls, detail: Any) -> str:
        """One of pydantic's errors in a sentence."""
        name = str(detail["loc"][0])
        field = cls.model_fields.get(name)
        if field is None:
            return f"{name!r} is not something that can be asked for: {', '.join(cls.model_fields)} are"
        if detail["type"] == "missing":
            return f"{name} is missing: {field.description}"
        if detail["type"] == "string_unicode":
            return f"{name} {detail['input']!r} is not UTF-8: rename the file"
        if detail.get("ctx", {}).get("pattern") in (ABSOLUTE, ABSOLUTE_OR_EMPTY):
            return f"{name} {detail['input']!r} is not an absolute path"
        return f"--{name.replace('_', '-')} {detail['input']!r} cannot be used: {field.description}"


class Request(Reading):
    """What one run of a book is asked to make."""

    out: str = Field(
        title="Output folder",
        description="Folder for the audiobook.",
        pattern=ABSOLUTE,
        json_schema_extra=shown(1, path=True),
    )
    chapters: str = Field(
        "",
        title="Chapters",
        description="1, 1-3 or 1,4-5; all if not given.",
        pattern=f"^({SELECTION})?$",
        json_schema_extra=shown(4),
    )

    overwrite: bool = Field(
        False,
        title="Overwrite",
        description="Replace an audiobook of this book that has the name already; else the new one gets another name.",
        json_schema_extra=shown(10),
    )

    @property
    def directions(self) -> tuple[str, ...]:
        """What is said about the reading besides voice and preset, for people: "cast village", "en-GB"."""
        files = {"plan": self.plan, "cast": self.cast, "lexicon": self.lexicon}
        return (*(f"{kind} {Path(file).stem}" for kind, file in files.items() if file), *filter(None, [self.locale]))

    @classmethod
    def recorded(cls, record: Mapping[str, object]) -> Self:
        """The request of an earlier run from its row. Rows of older versions hold None for what was not given."""
        return cls.checked({name: value for name, value in record.items() if value is not None})

    @property
    def label(self) -> str:
        """The name of a run with this request, for people."""
        return f"{Path(self.book).stem} · {self.voice}" if self.voice else Path(self.book).stem
