"""`talepress voice`: list, add and remove voices. Knows nothing of how a voice is made."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.console import Yes, emit_json, emit_table, require_consent, tell

app = typer.Typer(help="The voices that can read.", rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Name = Annotated[str, typer.Argument(help="The voice's name.")]


@app.command("list")
def list_voices(json: Json = False) -> None:
    """Lists the voices that the configured model can use, which reads by default, and those of other models."""
    from flows.services import open_services, read_settings
    from tasks.voices.catalogue import credit_of, shipped_voices

    settings = read_settings()
    default = settings.synthesize.voice
    with open_services(settings) as services:
        added = services.added_voices()
        digest = services.front_end.digest
    voices = [(voice.credit, "shipped", True) for voice in shipped_voices()]
    voices += [(credit_of(voice), "added", voice.model_digest == digest) for voice in added]
    if json:
        emit_json(
            {
                "voices": [
                    {**asdict(c), "origin": origin, "usable": usable, "configured": c.name == default}
                    for c, origin, usable in voices
                ]
            }
        )
        return
    rows = [
        [
            c.name,
            (origin if usable else "added, for another model") + " (default)" * (c.name == default),
            c.description,
            c.made_from,
            c.licence,
        ]
        for c, origin, usable in voices
    ]
    emit_table("", ["name", "origin", "description", "made from", "licence of that"], rows)


@app.command("add")
def add_voice(
    name: Name,
    clips: Annotated[list[Path] | None, typer.Argument(help="Recordings of one speaker.")] = None,
    mix: Annotated[str, typer.Option(help="A mix of other voices in place of recordings: 'joe&slt:0.3'.")] = "",
    random: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="SEED", help="A voice that the model makes up from a number; the embedded one cannot."
        ),
    ] = None,
    description: Annotated[str, typer.Option(help="What to show beside the name.")] = "",
    json: Json = False,
) -> None:
    """Makes a voice for the configured model: from recordings, of other voices, or from a number."""
    from flows.actions.voices import add_voice as add
    from flows.services import open_services, read_settings
    from tasks.voices.catalogue import credit_of

    with open_services(read_settings()) as services:
        voice, advice = add(services, name, clips or [], mix=mix, seed=random, description=description)
    credit = credit_of(voice)
    for doubt in advice:
        tell(f"warning: {doubt}")
    if json:
        emit_json(
            {
                "name": voice.name,
                "digest": voice.digest,
                "clips": len(voice.clips),
                "made_from": credit.made_from,
                "advice": list(advice),
            }
        )
    else:
        tell(f"added voice {voice.name}, made from {credit.made_from}")


@app.command("remove")
def remove_voice(name: Name, yes: Yes = False, json: Json = False) -> None:
    """Forgets a voice that was added. What was spoken with it stays."""
    from flows.services import open_services, read_settings
    from tasks.voices.catalogue import check_removable

    with open_services(read_settings()) as services:
        check_removable(name, services.added_voices())
        require_consent(f"forget the voice {name}; what was spoken with it stays", yes=yes)
        with services.database.unit_of_work() as uow:
            uow.voices.remove(name)
            uow.commit()
    if json:
        emit_json({"removed": name})
    else:
        tell(f"removed voice {name}")
