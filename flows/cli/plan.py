"""`talepress plan`: what would be spoken and what would be skipped, without speaking. Writes what `--write` names.

Knows nothing of how a plan is made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli.books import BookArgument
from flows.cli.console import emit_json, emit_table, tell
from flows.cli.options import Options, with_options_of
from flows.order.request import Reading
from tasks.counting import counted

MAX_EXAMPLES_SHOWN = 10


@with_options_of(Reading, only=Reading.model_fields.keys() - {"book"})
def plan(
    options: Options,
    book: BookArgument,
    diff: Annotated[
        Path | None, typer.Option(help="Another book file or a plan's JSON: show what has changed.")
    ] = None,
    write: Annotated[Path | None, typer.Option(help="Write a plan file to edit, for `--plan`.")] = None,
    write_cast: Annotated[
        Path | None, typer.Option(help="Write a cast file with a play's speakers to edit, for `--cast`.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object with every utterance.")] = False,
) -> None:
    """Shows chapter by chapter what will be spoken, what is skipped by which rule, and what to look at before."""
    from flows.actions.plan import compare, make_plan
    from flows.order.books import named_book
    from flows.services import open_services, read_settings

    with named_book(book, read_settings().ingest) as path:
        reading = Reading.from_values({**options, "book": str(path)})
        with open_services(read_settings(**reading.overrides)) as services:
            manuscript, planned = make_plan(services, reading)
            changes = compare(services, planned, diff, reading) if diff else None
    if write is not None:
        from tasks.annotate.plan_file import write_plan

        _write(write, write_plan(manuscript.book, [chapter["first_words"] for chapter in planned["chapters"]]))
    if write_cast is not None:
        from tasks.annotate import casting
        from tasks.errors import BadInputError

        if not planned["speakers"]:
            raise BadInputError(
                f'{reading.book} has no speakers with labels such as "TOM.", so there is no cast to write'
            )
        _write(write_cast, casting.write_cast(planned["title"], planned["speakers"], manuscript.narrator))
    if json:
        emit_json(planned if changes is None else {**planned, "diff": changes})
    elif changes is not None:
        _print_diff(changes)
    else:
        _print_plan(planned)


def _write(path: Path, text: str) -> None:
    """Writes a file that the user named. Raises `OutputError`."""
    from tasks.disk import output_errors
    from tasks.errors import OutputError

    if not path.parent.is_dir():
        raise OutputError(f"{path}: there is no folder {path.parent}; make it, or name another file")
    with output_errors(path):
        path.write_text(text, "utf-8")
    tell(f"wrote {path}")


def _print_plan(planned: dict[str, Any]) -> None:
    from flows.order.report import clock

    rows = [
        [number, chapter["title"], chapter["words"], clock(chapter["seconds"]), chapter["first_words"]]
        for number, chapter in enumerate(planned["chapters"], start=1)
    ]
    title = f"{planned['title']}, {', '.join(planned['authors']) or 'unknown author'}"
    emit_table(title, ["#", "chapter", "words", "about", "first words"], rows)
    rules: dict[str, int] = {}
    for skipped in planned["skipped"]:
        rules[skipped["rule"]] = rules.get(skipped["rule"], 0) + len(skipped["text"])
    if rules:
        emit_table("skipped", ["rule", "characters"], [[rule, rules[rule]] for rule in sorted(rules)])
    if planned["suspicious"]:
        found = [[row["kind"], row["text"], row["count"], "\n".join(row["examples"])] for row in planned["suspicious"]]
        emit_table("to look at", ["kind", "what", "times", "for example"], found)
    if planned["cast"]:
        who = [[name, count] for name, count in planned["cast"]["quotations"].items()]
        who += [["by markup", planned["cast"]["marked"]], ["by nobody named", planned["cast"]["unattributed"]]]
        emit_table("cast", ["who speaks", "quotations"], who)
    if planned["speakers"]:
        rows = [[name, count] for name, count in planned["speakers"].items()]
        emit_table("speakers (--write-cast FILE gives each a voice)", ["who speaks", "speeches"], rows)
    coverage = planned["coverage"]
    print(
        f"about {clock(planned['forecast_seconds'])} of audio, {planned['words']} words; of "
        f"{coverage['source_chars']} characters {coverage['spoken_chars']} are spoken, {coverage['skipped_chars']} "
        f"skipped, {coverage['unaccounted_chars']} unaccounted for"
    )
    if rendered := planned["rendered"]:
        print(_rendered_sentence(rendered))
    for warning in planned["warnings"]:
        tell(f"warning: {warning}")


def _rendered_sentence(rendered: dict[str, Any]) -> str:
    """How much of what would be spoken is there already. A text that occurs twice is to be rendered once."""
    from flows.order.report import clock

    if not rendered["to_render"]:
        return f"all {counted(rendered['utterances'], 'utterance')} are already rendered"
    missing = rendered["utterances"] - rendered["rendered"]
    texts = "" if missing == rendered["to_render"] else f" ({rendered['to_render']} different texts)"
    return (
        f"{rendered['rendered']} of {counted(rendered['utterances'], 'utterance')} are already rendered; "
        f"{missing} to render{texts}, about {clock(rendered['seconds'])} of speech"
    )


def _print_diff(changes: dict[str, Any]) -> None:
    from flows.order.report import clock

    chapters = changes["chapters"]
    utterances = changes["utterances"]
    rows = [["added", title, ""] for title in chapters["added"]]
    rows += [["removed", title, ""] for title in chapters["removed"]]
    rows += [["renamed", row["title"], f"from {row['from']}"] for row in chapters["renamed"]]
    rows += [
        ["changed", row["title"], f"{row['added']} added, {row['removed']} removed, {row['changed']} changed"]
        for row in chapters["changed"]
    ]
    if chapters["reordered"]:
        rows.append(["reordered", "", "chapters are in another order"])
    if rows:
        emit_table("chapters", ["", "chapter", "utterances"], rows)
    shown = changes["examples"][:MAX_EXAMPLES_SHOWN]
    if shown:
        emit_table("for example", ["before", "after"], [[row["before"], row["after"]] for row in shown])
    print(
        f"utterances: {utterances['added']} added, {utterances['removed']} removed, {utterances['changed']} changed, "
        f"{utterances['unchanged']} unchanged; about {clock(changes['new_seconds'])} of new speech; "
        f"{clock(changes['seconds_before'])} in all before, {clock(changes['seconds_after'])} after"
    )
