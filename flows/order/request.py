"""What a person asks for, declared once: a flow's one parameter, the form on Prefect's page, a command's options, a
run's record.

Values are plain, and "not given" is the empty value of its type, so that the form has a simple field for each. A path
is absolute, because a worker runs in a folder of its own. To add an option, add a field here and use it where it
matters. Must not know how a book is read or spoken, nor Prefect.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flows.order.chapters import SELECTION
from tasks.errors import BadInputError

ABSOLUTE = "^/"
ABSOLUTE_OR_EMPTY = "^(/|$)"


def form_hints(position: int, *, path: bool = False, flag: str = "") -> dict[str, Any]:
    """Returns how a form shows a field: its place from the top, and whether it is a path. The command line follows.

    `flag` is the name of the command's option where the field's own cannot be it.
    """
    return {"position": position, **({"format": "path"} if path else {}), **({"flag": flag} if flag else {})}


class Reading(BaseModel):
    """Which book is to be read, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    book: str = Field(
        title="Book", description="The book file.", pattern=ABSOLUTE, json_schema_extra=form_hints(0, path=True)
    )
    voice: str = Field(
        "", title="Voice", description="Who reads; see `talepress voice list`.", json_schema_extra=form_hints(2)
    )
    preset: str = Field(
        "",
        title="Preset",
        description="One of the model's presets; see `talepress model list`.",
        json_schema_extra=form_hints(3),
    )
    plan: str = Field(
        "",
        title="Plan file",
        description="A plan file; `talepress plan --write` makes one.",
        pattern=ABSOLUTE_OR_EMPTY,
        json_schema_extra=form_hints(5, path=True),
    )
    cast: str = Field(
        "",
        title="Cast file",
        description="A cast file: which voice speaks for which character.",
        pattern=ABSOLUTE_OR_EMPTY,
        json_schema_extra=form_hints(6, path=True),
    )
    lexicon: str = Field(
        "",
        title="Lexicon",
        description="A lexicon file, besides those of the library.",
        pattern=ABSOLUTE_OR_EMPTY,
        json_schema_extra=form_hints(7, path=True),
    )
    locale: str = Field(
        "",
        title="Locale",
        description="en-US or en-GB: how dates and numbers are read.",
        json_schema_extra=form_hints(8),
    )
    force: bool = Field(
        False,
        title="Any language",
        description="Read even a book in a language that is not spoken.",
        json_schema_extra=form_hints(9),
    )

    @property
    def overrides(self) -> dict[str, dict[str, Any]]:
        """The settings that are asked for, by section and key; an empty one leaves the configured value."""
        return {"synthesize": {"voice": self.voice, "preset": self.preset}, "segment": {"locale": self.locale}}

    @classmethod
    def from_values(cls, values: Mapping[str, object], *, in_file: bool = False) -> Self:
        """Makes a request of values by field name. Raises `BadInputError` that names the first wrong one.

        It is named as the command's option, or where the values stand in a file of people's, as the key there.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise BadInputError(cls._explain(error.errors()[0], in_file=in_file)) from error

    @classmethod
    def _explain(cls, detail: Any, *, in_file: bool) -> str:
        """Puts one of pydantic's errors into a sentence."""
        name = str(detail["loc"][0])
        field = cls.model_fields.get(name)
        if field is None:
            return f"there is no option {name!r}: options are {', '.join(cls.model_fields)}"
        if detail["type"] == "missing":
            return f"{name} is missing: {field.description}"
        if detail["type"] == "string_unicode":
            return f"{name} {detail['input']!r} is not UTF-8: rename the file"
        if detail.get("ctx", {}).get("pattern") in (ABSOLUTE, ABSOLUTE_OR_EMPTY):
            return f"{name} {detail['input']!r} is not an absolute path: write it whole, beginning with /"
        hints: Any = field.json_schema_extra or {}
        named = name if in_file else hints.get("flag") or f"--{name.replace('_', '-')}"
        return f"{named} {detail['input']!r} cannot be used: {field.description}"


class Request(Reading):
    """What one run of a book is asked to make."""

    out: str = Field(
        title="Output folder",
        description="Folder for the audiobook.",
        pattern=ABSOLUTE,
        json_schema_extra=form_hints(1, path=True),
    )
    chapters: str = Field(
        "",
        title="Chapters",
        description="1, 1-3 or 1,4-5; all if not given.",
        pattern=f"^({SELECTION})?$",
        json_schema_extra=form_hints(4),
    )
    overwrite: bool = Field(
        False,
        title="Overwrite",
        description="Replace an audiobook of this book that has the name already; else the new one gets another name.",
        json_schema_extra=form_hints(10),
    )

    review: Literal["none", "flagged", "all"] = Field(
        "none",
        title="Review",
        description="What a person must hear before it is published: none, flagged (doubtful takes), all.",
        json_schema_extra=form_hints(11),
    )

    @property
    def directions(self) -> tuple[str, ...]:
        """Says what is asked for of the reading besides voice and preset, for people: "cast village", "en-GB"."""
        files = {"plan": self.plan, "cast": self.cast, "lexicon": self.lexicon}
        return (*(f"{kind} {Path(file).stem}" for kind, file in files.items() if file), *filter(None, [self.locale]))

    @classmethod
    def from_record(cls, record: Mapping[str, object]) -> Self:
        """Makes the request of an earlier run of its row. Rows of older versions hold None for what was not given.

        What was asked for that run alone (`ONCE`) is left out.
        """
        lasting = {name: value for name, value in record.items() if name not in ONCE and value is not None}
        return cls.from_values(lasting)

    @property
    def label(self) -> str:
        """The name of a run with this request, for people."""
        return f"{Path(self.book).stem} · {self.voice}" if self.voice else Path(self.book).stem


AS_LAST = "as in the last run"  # what holds where a form of a book that was made is left empty
KIND = r"\s*[a-z0-9]+\s*"
PLACE = r"[0-9]{1,6}:[0-9]{1,6}"


class Again(Request):
    """What a run of a book that was made is asked for; what is not given is as in its last run."""

    model_config = ConfigDict(json_schema_extra={"if_not_given": AS_LAST})

    out: str = Field(
        "",
        title="Output folder",
        description=f"Folder for the audiobook; {AS_LAST} if not given.",
        pattern=ABSOLUTE_OR_EMPTY,
        json_schema_extra=form_hints(1, path=True),
    )
    review: Literal["", "none", "flagged", "all"] = Field(  # type: ignore[assignment]  # "": not given
        "",
        title="Review",
        description="What a person must hear before it is published: none, flagged (doubtful takes), all; "
        f"{AS_LAST} if not given.",
        json_schema_extra=form_hints(11),
    )


class Retrial(Again):
    """What a run is asked for that speaks utterances of an earlier one once more; all doubtful ones if nothing else."""

    only: str = Field(
        "",
        title="Only",
        description="Chapter and utterance, such as 20:18,20:22; `talepress report` shows them.",
        pattern=f"^({PLACE}(,{PLACE})*)?$",
        json_schema_extra=form_hints(12),
    )
    reason: str = Field(
        "",
        title="Reason",
        description="What the checks doubt: misspelled, short, ...; or rejected: what people rejected or corrected; "
        "several with commas between.",
        json_schema_extra=form_hints(13),
    )

    hold: bool = Field(
        False,
        title="Hold",
        description="Publish nothing, so that the new takes can be heard first; see `talepress review`.",
        json_schema_extra=form_hints(14),
    )

    @property
    def places(self) -> tuple[tuple[int, int], ...]:
        """The places of `only`: chapter and utterance, from 0."""
        pairs = (place.split(":") for place in self.only.split(",") if place)
        return tuple((int(chapter) - 1, int(index) - 1) for chapter, index in pairs)


class Publication(Again):
    """What a run is asked for that publishes further files of a book that is spoken."""

    kinds: str = Field(
        "",
        title="As",
        description="Kinds of files, with commas between: m4b, mp3, opus, flac, wav, archive, acx, inaudio, google, "
        "podcast, captions, readalong, library, feed; if not given, those of the settings.",
        pattern=f"^({KIND}(,{KIND})*)?$",
        json_schema_extra=form_hints(12, flag="--as"),
    )

    @property
    def overrides(self) -> dict[str, dict[str, Any]]:
        """As for any request, and which outputs are published. The manifest is always among them."""
        asked = [kind.strip() for kind in self.kinds.split(",") if kind.strip()]
        outputs = tuple(dict.fromkeys([*asked, "manifest"])) if asked else None
        return {**super().overrides, "package": {"outputs": outputs}}


ONCE = frozenset(Retrial.model_fields | Publication.model_fields) - frozenset(Request.model_fields) | {"overwrite"}
