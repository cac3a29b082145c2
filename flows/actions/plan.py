"""`talepress plan`: the plan of a book, what of it is rendered already, how it differs from another. Renders nothing.

Writes nothing either: where there is no database nothing is rendered, and none is made to find that out. Knows nothing
of how a plan is shown.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flows.order.heeded import read_heeded
from flows.order.manuscript import Manuscript, read_manuscript
from flows.order.request import Reading
from flows.services import Services
from storage.records import Script, Verdict
from tasks.errors import BadInputError, UnknownVoiceError
from tasks.plan.plan import plan
from tasks.plan.plan_diff import diff_plans
from tasks.synthesize.batches import CHARS_PER_SECOND, speech_seconds
from tasks.synthesize.keys import utterance_key
from tortoise_core.plain_data import parse_json

_PLAN_KEYS = frozenset({"chapters", "forecast_seconds", "title"})


@dataclass(frozen=True)
class Rendered:
    """How much of a book is rendered. `seconds` is the forecast of the speech that is still to be rendered."""

    utterances: int
    rendered: int
    to_render: int  # texts: one that occurs twice is rendered once
    seconds: float


def make_plan(services: Services, reading: Reading) -> tuple[Manuscript, dict[str, Any]]:
    """Reads the book as it is to be read, and plans it: see `tasks.plan.plan.plan`, with `rendered` besides."""
    settings = services.settings
    model = services.front_end
    heeded = read_heeded(services, Path(reading.book))
    manuscript = read_manuscript(reading, settings, model.languages, decided=heeded.corrections.lexicons)
    script = heeded.script(services, manuscript.book, manuscript.narrator)
    planned = plan(manuscript.book, script, 1 / CHARS_PER_SECOND, settings.stitch, manuscript.findings)
    try:
        planned["rendered"] = asdict(rendered(services, manuscript, script))
    except UnknownVoiceError as error:
        planned["rendered"] = None
        planned["warnings"].append(f"how much is rendered already is not known: {error}")
    return manuscript, planned


def rendered(services: Services, manuscript: Manuscript, script: Script) -> Rendered:
    """Counts what a run would find rendered. Raises `UnknownVoiceError`."""
    if not services.has_database():
        texts = {(utterance.voice, utterance.spoken) for utterance in script.utterances}
        seconds = sum(speech_seconds(spoken) for _, spoken in texts)
        return Rendered(len(script.utterances), 0, len(texts), round(seconds, 1))
    model = services.front_end
    digests = {name: services.voice(name).digest for name in manuscript.voices}
    digests[""] = services.voice(manuscript.narrator).digest
    keys = [
        utterance_key(u.spoken, digests[u.voice], model.digest, services.sampling, services.precision)
        for u in script.utterances
    ]
    with services.database.snapshot() as uow:
        takes = uow.takes.of(keys)
    spoken = {key for key, found in takes.items() if any(take.verdict is Verdict.OK for take in found)}
    missing = {key: u.spoken for key, u in zip(keys, script.utterances, strict=True) if key not in spoken}
    seconds = sum(speech_seconds(text) for text in missing.values())
    return Rendered(len(keys), sum(key in spoken for key in keys), len(missing), round(seconds, 1))


def compare(services: Services, planned: dict[str, Any], other: Path, reading: Reading) -> dict[str, Any]:
    """Compares with another plan, a JSON file or a book file that is read the same way but for the plan."""
    if other.suffix.lower() == ".json":
        before = _read_json(other)
    else:
        _, before = make_plan(services, reading.model_copy(update={"book": str(other), "plan": ""}))
    return diff_plans(before, planned, 1 / CHARS_PER_SECOND)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = parse_json(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadInputError(f"{path} cannot be read: {error}") from error
    rows = content.get("chapters") if isinstance(content, dict) else None
    if not isinstance(rows, list) or not set(content) >= _PLAN_KEYS or not all(map(_is_chapter, rows)):
        raise BadInputError(f"{path} is no plan: `talepress plan BOOK --json` prints one")
    return dict(content)


def _is_chapter(row: object) -> bool:
    utterances = row.get("utterances") if isinstance(row, dict) and "title" in row else None
    return isinstance(utterances, list) and all(isinstance(u, dict) and "spoken" in u for u in utterances)
