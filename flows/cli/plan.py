"""`talepress plan`: what would be spoken and what would be skipped, without speaking. Writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli._console import emit_json, emit_table, tell


def plan(
    book: Annotated[Path, typer.Argument(help="EPUB, text or Markdown file.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object with every utterance.")] = False,
) -> None:
    """Shows chapter by chapter what will be spoken, what is skipped by which rule, and the forecast of audio length."""
    from flows._wiring import open_services, read_settings
    from tasks.ingest.book import read_book
    from tasks.segment.plan import plan as plan_of
    from tasks.segment.script import write_script
    from tasks.synthesize.batches import CHARS_PER_SECOND

    with open_services(read_settings()) as services:
        settings = services.settings
        content = read_book(book, settings.ingest)
        engine = services.engine
        script = write_script(content, settings.segment, engine.token_count, engine.max_text_tokens)
    planned = plan_of(content, script, 1 / CHARS_PER_SECOND, settings.stitch)
    if json:
        emit_json(planned)
    else:
        _print_plan(planned)


def _print_plan(planned: dict[str, Any]) -> None:
    from flows._reporting import clock

    rows = [
        [number, chapter["title"], len(chapter["utterances"]), clock(chapter["seconds"])]
        for number, chapter in enumerate(planned["chapters"], start=1)
    ]
    title = f"{planned['title']}, {', '.join(planned['authors']) or 'unknown author'}"
    emit_table(title, ["#", "chapter", "utterances", "about"], rows)
    rules: dict[str, int] = {}
    for skipped in planned["skipped"]:
        rules[skipped["rule"]] = rules.get(skipped["rule"], 0) + len(skipped["text"])
    if rules:
        emit_table("skipped", ["rule", "characters"], [[rule, rules[rule]] for rule in sorted(rules)])
    coverage = planned["coverage"]
    print(
        f"about {clock(planned['forecast_seconds'])} of audio; of {coverage['source_chars']} characters "
        f"{coverage['spoken_chars']} are spoken, {coverage['skipped_chars']} skipped, "
        f"{coverage['unaccounted_chars']} unaccounted for"
    )
    for warning in planned["warnings"]:
        tell(f"warning: {warning}")
