"""The options of a command out of the fields of a request, so that they are declared once, in `flows/order/request.py`.

Knows nothing of what a field means.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

Options = dict[str, Any]  # the values given on the command line, by field name; paths absolute


def with_options_of(
    model: type[BaseModel], *, only: Collection[str] = (), defaults: Mapping[str, str | None] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Makes a decorator: in place of the parameter `options: Options`, a command has one option per field of `model`.

    A field that the model requires is the command's argument, unless `defaults` says what stands for it.

    Args:
        model: whose fields; their descriptions are the help, their `position` the order.
        only: the names of the fields to use; all if empty.
        defaults: what is assumed for a field that is not given; None: nothing, and `options` does not hold it.
    """
    fields = {name: field for name, field in model.model_fields.items() if not only or name in only}
    in_order = sorted(fields, key=lambda name: _extra(fields[name])["position"])
    parameters_of_fields = [_parameter(name, fields[name], defaults or {}) for name in in_order]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(command, eval_str=True).parameters.values():
            one = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            parameters += parameters_of_fields if parameter.name == "options" else [one]

        @functools.wraps(command)
        def run(**given: Any) -> None:
            values = {name: given.pop(name) for name in in_order}
            options = {name: _plain(value) for name, value in values.items() if value not in (None, [])}
            command(options=options, **given)

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return decorate


def _parameter(name: str, field: FieldInfo, defaults: Mapping[str, str | None]) -> inspect.Parameter:
    """Makes the parameter of a field, as Typer wants to see it."""
    kind: Any = Path if _extra(field).get("format") == "path" else field.annotation
    if get_origin(kind) is tuple:  # `tuple[str, ...]`: the option may be repeated
        kind = list[get_args(kind)[0]]  # type: ignore[misc]
    default: Any = defaults.get(name)
    # Named, because Typer would add `--no-...` to one that is on or off.
    flag = _extra(field).get("flag") or f"--{name.replace('_', '-')}"
    info: Any = typer.Option(flag, help=field.description)
    if field.is_required() and name not in defaults:
        info = typer.Argument(help=field.description)
        default = inspect.Parameter.empty
    elif kind is bool:
        default = field.default
    else:
        kind = kind | None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, info])


def _extra(field: FieldInfo) -> dict[str, Any]:
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    return dict(extra)


def _plain(value: Any) -> Any:
    """Returns a value as a request holds it: an absolute path as text."""
    return str(value.absolute()) if isinstance(value, Path) else value
