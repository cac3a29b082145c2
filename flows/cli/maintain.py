"""`talepress maintain`: checks a library's files, and puts a damaged one together again. Knows nothing of how."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from flows.cli.console import ExitCode, emit_json, tell
from tasks.counting import counted

app = typer.Typer(help="Checks a library's files, and mends what is damaged.", rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("verify")
def verify_library(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended.")] = False, json: Json = False
) -> None:
    """Reads every take, master and voice of every book, and says which are gone or damaged. Exit code 3 if any is."""
    from flows.actions import maintain
    from flows.services import open_services, read_settings

    with open_services(read_settings()) as services:
        health = maintain.verify(services)
        after = maintain.repair(services, health) if repair and not health.ok else health
    if json:
        emit_json({"ok": after.ok, "repaired": after is not health, **asdict(health)})
    else:
        for line in health.describe():
            tell(line)
        if after is not health:
            tell("repaired; the next `talepress make` of each book makes again what is missing")
        for _, fault in after.damaged_voices if after is not health else ():
            tell(f"not repaired: {fault}")
    raise typer.Exit(ExitCode.DONE if after.ok else ExitCode.FAILED)


@app.command("rebuild")
def rebuild_library(json: Json = False) -> None:
    """Makes the rows of takes anew from the tags of their audio files, after a database was lost."""
    from flows.actions.maintain import rebuild
    from flows.services import open_services, read_settings

    with open_services(read_settings()) as services:
        done = rebuild(services)
    if json:
        emit_json(asdict(done))
        return
    tell(f"takes that are known again: {done.takes}, from {counted(done.files, 'file')}; damaged: {done.damaged}")
    tell("add your own voices again from the same clips, then make your books again: what is known is not spoken")


@app.command("restore")
def restore_database(json: Json = False) -> None:
    """Puts the newest sound backup in the place of a broken or missing database; a sound one stays."""
    from flows.services import read_settings
    from storage.database import database_name
    from storage.database import restore_database as restore

    url = read_settings().storage.database
    restored = restore(url)
    if restored is None:
        if json:
            emit_json({"restored": None, "aside": None})
        else:
            tell(f"{database_name(url)} is sound: nothing was restored")
        return
    copy, aside = restored
    if json:
        emit_json({"restored": str(copy), "aside": None if aside is None else str(aside)})
        return
    tell(f"restored {copy}" + ("" if aside is None else f"; the broken database lies in {aside}"))
    tell("`talepress maintain rebuild` adds the takes that were made since")


@app.command("sweep")
def sweep_runs(json: Json = False) -> None:
    """Finds runs on Prefect's server whose process is gone, and has them started again where tries are left."""
    from flows.cli.launch import use_server
    from flows.services import open_services, read_settings

    settings = read_settings()
    use_server(settings)
    from flows.operate.sweep import sweep

    with open_services(settings) as services:
        swept = sweep(services)
    if json:
        emit_json(asdict(swept))
    else:
        tell(swept.sentence())


@app.command("adopt-store")
def adopt_store(json: Json = False) -> None:
    """Takes the artifact store that is there now for the library's: after its audio was lost or put together anew."""
    from flows.services import open_services, read_settings
    from storage.pairing import adopt_store as adopt

    with open_services(read_settings()) as services:
        store = adopt(services.database, services.settings.storage.artifacts)
    if json:
        emit_json({"store": store.place, "identity": store.identity()})
    else:
        tell(f"{store.place} is the library's artifact store now; what it lacks is made again by `talepress make`")


@app.command("copy-database")
def copy_database(
    url: Annotated[
        str, typer.Argument(help="An empty database: postgresql+psycopg://user@host/name, or sqlite:///FILE.")
    ],
    json: Json = False,
) -> None:
    """Copies the library's database into an empty one, SQLite to PostgreSQL or back. The audio stays in its store."""
    from flows.actions import maintain
    from flows.services import open_services, read_settings
    from storage.database import database_name

    with open_services(read_settings()) as services:
        counts = maintain.copy_database(services, url)
    if json:
        emit_json({"database": database_name(url), "rows": counts})
        return
    rows = sum(counts.values())
    tell(f"{rows} rows of {len(counts)} tables are in {database_name(url)}, compared with the originals")
    tell("set storage.database_url to it (TALEPRESS_STORAGE__DATABASE_URL); the old database was not changed")
