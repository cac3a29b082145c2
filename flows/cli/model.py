"""`talepress model`: list, import, fetch and verify models, and listen to what their parts do to a recording.

Knows nothing of what is inside a weights file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from flows.cli.console import emit_json, emit_table, tell

app = typer.Typer(help="The models that can speak.", rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Name = Annotated[str, typer.Option(help="What to call the model.")]
PUBLISHED_NAME = "tortoise_v2"


@app.command("list")
def list_models(json: Json = False) -> None:
    """Lists the models that come with the program and those that were imported."""
    from flows.services import read_settings
    from tasks.models.catalogue import installed_models

    settings = read_settings()
    rows: list[dict[str, Any]] = [
        {
            "name": model.name,
            "origin": model.origin,
            "path": str(model.path),
            "parameters": model.parameters,
            "presets": list(model.presets),
            "configured": model.name == settings.synthesize.model,
        }
        for model in installed_models(settings.storage)
    ]
    if json:
        emit_json({"models": rows})
        return
    columns = ["name", "origin", "parameters", "presets", "configured", "path"]
    table = [
        [r["name"], r["origin"], f"{r['parameters']:,}", ", ".join(r["presets"]), "*" * r["configured"], r["path"]]
        for r in rows
    ]
    emit_table("", columns, table)


@app.command("import")
def import_model(
    folder: Annotated[Path, typer.Argument(help="Folder with the published .pth files.")],
    name: Name = PUBLISHED_NAME,
    json: Json = False,
) -> None:
    """Turns the published .pth files into a model folder: all of it, or nothing."""
    from flows.services import read_settings
    from tasks.models.catalogue import new_model_folder
    from tortoise_core.checkpoints import import_published

    out = new_model_folder(read_settings().storage, name)
    import_published(folder, out)
    _show_installed(name, out, json=json)


@app.command("pull")
def pull_model(name: Name = PUBLISHED_NAME, json: Json = False) -> None:
    """Fetches the published files from the model hub and imports them."""
    from flows.services import read_settings
    from tasks.models.catalogue import new_model_folder
    from tortoise_core.checkpoints import pull

    out = new_model_folder(read_settings().storage, name)
    pull(out)
    _show_installed(name, out, json=json)


@app.command("verify")
def verify_model(
    name: Annotated[str | None, typer.Argument(help="The model's name; the configured one if not given.")] = None,
    json: Json = False,
) -> None:
    """Checks that a model's files are whole, unchanged and fit their configuration."""
    from flows.services import read_settings
    from tasks.models.catalogue import find_model
    from tortoise_core.checkpoints import verify
    from tortoise_core.inference.front_end import load_front_end

    settings = read_settings()
    model = find_model(settings.storage, name or settings.synthesize.model)
    verify(model.path)
    digest = load_front_end(model.path).digest
    if json:
        emit_json({"name": model.name, "digest": digest, "ok": True})
    else:
        tell(f"{model.name} is sound (digest {digest[:12]})")


@app.command("resynthesize")
def resynthesize_clip(
    clip: Annotated[Path, typer.Argument(help="A recording of speech: WAV, FLAC, MP3, ...")],
    out: Annotated[Path, typer.Option(help="The WAV file to write.")],
    through: Annotated[
        Literal["vocoder", "codes"],
        typer.Option(help="vocoder: mel, vocoder; codes: dVAE, diffusion decoder, vocoder."),
    ] = "codes",
    voice: Annotated[str | None, typer.Option(help="Who speaks; the recording's own voice if not given.")] = None,
    reference: Annotated[list[Path] | None, typer.Option(help="Or a clip of who speaks; may be repeated.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Evaluations of the diffusion decoder.")] = None,
    json: Json = False,
) -> None:
    """Speaks a recording again through the acoustic half of the configured model, to hear what each part costs."""
    from flows.actions.resynthesize import resynthesize
    from flows.services import open_services, read_settings

    with open_services(read_settings()) as services:
        done = resynthesize(services, clip, out, through, voice=voice, references=reference or (), steps=steps)
    if json:
        emit_json(done.json())
    else:
        tell(f"{done.path}: {done.seconds:.1f} s of audio in {done.wall_seconds:.1f} s")


def _show_installed(name: str, path: Path, *, json: bool) -> None:
    from tortoise_core.inference.front_end import load_front_end

    if json:
        emit_json({"name": name, "path": str(path), "digest": load_front_end(path).digest})
    else:
        tell(f"installed {name} in {path}; set synthesize.model to {name!r} to use it")
