"""The form of a deployment on Prefect's page: what may be chosen is listed, with a word on each choice.

The choices are those of the library at the time of deploying; `talepress deploy` brings them up to date. Knows nothing
of Prefect.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from flows.services import Services
from tasks.voices.catalogue import credit_of, shipped_voices

WHOLE_PATH = "The whole path, beginning with /."


@dataclass(frozen=True)
class Choices:
    """What a field of a request may hold, each value with a word on it, and which one holds where none is given."""

    words: Mapping[str, str]
    default: str

    def sentence(self, default: str = "") -> str:
        """All choices for a person to read; `default` is what holds where none is given, if not the library's own."""
        listed = "; ".join(f"{value}: {word}" if word else value for value, word in self.words.items())
        return f"{listed}. If not given: {default or self.default}."


def choices_of(services: Services) -> dict[str, Choices]:
    """Looks up the voices and presets of the configured model. Raises as `Services`."""
    settings = services.settings.synthesize
    digest = services.front_end.digest
    voices = {voice.name: voice.credit.description for voice in shipped_voices()}
    for voice in services.added_voices():
        if voice.model_digest == digest:
            voices[voice.name] = credit_of(voice).description
    return {"voice": Choices(voices, settings.voice), "preset": Choices(_presets(services), settings.preset)}


def _presets(services: Services) -> dict[str, str]:
    """Says of each preset how much work it is."""
    model = services.front_end
    first, *others = model.presets
    least = model.relative_work(model.settings(first))
    words = {first: "the fastest"}
    for name in others:
        times = model.relative_work(model.settings(name)) / least
        best = "the best, " if name == others[-1] else ""
        words[name] = f"{best}{times:.1f} times the work of {first}"
    return words


def with_choices(schema: Mapping[str, Any], choices: Mapping[str, Choices]) -> dict[str, Any]:
    """Returns a flow's parameter schema as a form for people.

    The fields of that name are choices, "" among them, and of paths it is said how they are written: a command makes
    them whole, a form cannot.
    """
    changed = deepcopy(dict(schema))
    for model in changed.get("definitions", {}).values():
        for name, field in model.get("properties", {}).items():
            if name in choices:
                field["enum"] = ["", *choices[name].words]
                field["description"] = f"{field['description']} {choices[name].sentence(model.get('if_not_given', ''))}"
            if field.get("format") == "path":
                field["description"] = f"{field['description']} {WHOLE_PATH}"
    return changed
