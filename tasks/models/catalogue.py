"""Which models there are: those that come with the program (`configs/models`) and those imported into the data folder.

Knows nothing of what is inside a model.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import configs
from configs.settings import StorageSettings
from tasks.disk import require_writable
from tasks.errors import BadInputError

SHIPPED_FOLDER = Path(configs.__file__).parent / "models"
MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class InstalledModel:
    """A model on this machine. `path` is its folder."""

    name: str
    origin: str  # "shipped" or "imported"
    path: Path

    @property
    def parameters(self) -> int:
        """How many numbers its networks hold, counted from the headers of their files. Raises `CheckpointError`."""
        from tortoise_core.checkpoints import read_manifest
        from tortoise_core.checkpoints.weights import read_shapes

        manifest = read_manifest(self.path)
        return sum(shape.numel() for role in manifest.networks for shape in read_shapes(manifest.path(role)).values())

    @property
    def presets(self) -> tuple[str, ...]:
        """The names of its presets, the cheapest first. Raises `CheckpointError`."""
        from tortoise_core.inference.front_end import load_front_end

        return load_front_end(self.path).presets


def installed_models(storage: StorageSettings) -> tuple[InstalledModel, ...]:
    """Lists all models, those that come with the program first."""
    return tuple(
        InstalledModel(folder.name, origin, folder)
        for origin, place in (("shipped", SHIPPED_FOLDER), ("imported", storage.models))
        for folder in sorted(place.glob("*/"))
        if any((folder / manifest).is_file() for manifest in ("model.json", "model.toml"))
    )


def find_model(storage: StorageSettings, name: str) -> InstalledModel:
    """Finds the model of that name. Raises `BadInputError`."""
    models = installed_models(storage)
    for model in models:
        if model.name == name:
            return model
    known = ", ".join(model.name for model in models)
    raise BadInputError(f"unknown model {name!r}: use one of {known}, or add one: `talepress model import FOLDER`")


def how_to_mend(folder: Path) -> str:
    """The commands that replace a damaged model folder by a sound one."""
    if folder.absolute().parent == SHIPPED_FOLDER.absolute():
        return (
            "it comes with the program: install Talepress again, or in a checkout run "
            f"`git checkout -- configs/models/{folder.name}`"
        )
    return (
        f"run `rm -r {shlex.quote(str(folder))}`, then `talepress model pull --name {folder.name}`, or "
        f"`talepress model import FOLDER --name {folder.name}` where FOLDER has the published files"
    )


def new_model_folder(storage: StorageSettings, name: str) -> Path:
    """Returns the folder for a new model. Raises `BadInputError` for a name that is taken or malformed."""
    if not MODEL_NAME.fullmatch(name):
        raise BadInputError(f"{name!r} cannot name a model: use up to 64 letters, digits, '.', '-' and '_'")
    if any(model.name == name for model in installed_models(storage)):
        raise BadInputError(f"there is a model {name!r} already: choose another --name")
    require_writable(storage.models)
    return storage.models / name
