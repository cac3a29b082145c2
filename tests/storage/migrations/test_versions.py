"""Each revision leads a step up and down again without losing a row; a database of an earlier version opens, and
nothing in it is to be made anew (`goldens/README.md`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import alembic.command
import pytest
from sqlalchemy import Engine, inspect, text

from storage.database import Database, alembic_config, migration_connection, revisions
from storage.records import BlockKind, LedgerState, Markup, MarkupKind, PauseKind, RunState, Verdict
from storage.schema import Base

GOLDENS = Path(__file__).parents[1] / "goldens"
SOURCE = "643a7e6b82467076787c8bc9c7d52b93f25b8774e668e9a5adfed298fbfa7372"
MASTERS = [
    "b010a4fffdbd894b1273ec06f917e2552b1f9a641db5f609b422f6d46f5f40df",
    "a483ac551f3e065c1aefb56e908876bb7f7f176a6f8956e0d9518ddcd16770b4",
]
EDITION = "e5f9eb03b04eabfb8b7612bdc37cced827521fcd0d948209e665b6c3590f0431"
MODEL = "61d37abdae8da0d5ed0364a9de344c7338be8e4fb72a302422eb857ded5edeb0"


_SQLITE_DDL = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'"
_POSTGRESQL_DDL = """
SELECT conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid != 'alembic_version'::regclass
UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename != 'alembic_version'
UNION ALL SELECT table_name || ' ' || column_name, concat_ws(' ', data_type, character_maximum_length, is_nullable,
    regexp_replace(column_default, '^nextval.*', 'counted'))
FROM information_schema.columns WHERE table_schema = 'public' AND table_name != 'alembic_version'
"""


def ddl(engine: Engine) -> dict[str, str]:
    """The normalised SQL of every table and index; of PostgreSQL, of every column, constraint and index."""
    with engine.connect() as connection:
        rows = connection.execute(text(_SQLITE_DDL if engine.dialect.name == "sqlite" else _POSTGRESQL_DDL))
        return {name: " ".join(sql.replace('"', "").split()) for name, sql in rows}


def parts(sql: dict[str, str]) -> dict[str, set[str]]:
    """Statements without the order of their columns and constraints: copying a table may change it."""
    return {name: {part.strip(" ()") for part in statement.split(",")} for name, statement in sql.items()}


def test_the_migrations_lead_to_the_schema_with_checks_and_keys(database_url):
    """Alembic compares neither check constraints nor partial indexes: the SQL itself is compared too."""
    database = Database(database_url)
    migrated = ddl(database.engine)
    with migration_connection(database.engine) as connection:
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
    assert parts(migrated) == parts(ddl(database.engine))
    database.close()


def test_down_to_nothing_and_up_again(database_url):
    database = Database(database_url)
    before = ddl(database.engine)
    with migration_connection(database.engine) as connection:
        alembic.command.downgrade(alembic_config(connection), "base")
    assert set(inspect(database.engine).get_table_names()) == {"alembic_version"}
    with migration_connection(database.engine) as connection:
        alembic.command.upgrade(alembic_config(connection), "head")
    assert parts(ddl(database.engine)) == parts(before)
    database.close()


def step(engine: Engine, revision: str, *, up: bool) -> None:
    move = alembic.command.upgrade if up else alembic.command.downgrade
    with migration_connection(engine) as connection:
        move(alembic_config(connection), revision)


def rows(engine: Engine) -> dict[str, list[dict[str, object]]]:
    """All that is in the tables, as the database has it."""
    with engine.connect() as connection:
        names = set(inspect(connection).get_table_names()) - {"alembic_version"}
        found = {name: connection.execute(text(f'SELECT * FROM "{name}"')).mappings().all() for name in names}
    return {name: sorted((dict(row) for row in own), key=repr) for name, own in found.items()}


def test_each_revision_is_a_step_up_and_down_that_costs_no_row_and_no_rule(database):
    """On a recorded library, whose oldest tables have rows."""
    engine = database.engine
    step(engine, revisions()[0], up=False)
    before = [(parts(ddl(engine)), rows(engine))]
    for revision in revisions()[1:]:
        step(engine, revision, up=True)
        found = rows(engine)
        for table, own in before[-1][1].items():
            shared = [{name: row[name] for name in old} for row, old in zip(found[table], own, strict=True)]
            assert shared == own, (revision, table)
        before.append((parts(ddl(engine)), found))
    for revision in revisions()[-2::-1]:
        before.pop()
        step(engine, revision, up=False)
        assert (parts(ddl(engine)), rows(engine)) == before[-1], revision
    assert sum(map(len, before[-1][1].values())) > 50


def test_what_a_revision_adds_says_nothing_of_rows_of_before(database):
    engine = database.engine
    step(engine, revisions()[0], up=False)
    older = {table: set(own[0]) for table, own in rows(engine).items() if own}
    step(engine, revisions()[-1], up=True)
    added = {}
    for table, names in older.items():
        for row in rows(engine)[table]:
            added |= {(table, name): value for name, value in row.items() if name not in names and value}
    assert {key: value for key, value in added.items() if value != "[]"} == {}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """The recorded database, opened (and upgraded) by the present version."""
    path = tmp_path / "talepress.db"
    connection = sqlite3.connect(path)
    connection.executescript((GOLDENS / "home_469e640.sql").read_text("utf-8"))
    connection.close()
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


def test_its_book_and_script_are_read(database):
    with database.snapshot() as uow:
        book = uow.books.get(SOURCE)
        script = uow.books.script(SOURCE)
    assert (book.title, book.authors, book.cover) == ("The Lamp", ("A. Writer",), None)
    assert [chapter.title for chapter in book.chapters] == ["One", "Two"]
    assert [block.kind for block in book.chapters[1].blocks] == [
        BlockKind.HEADING,
        BlockKind.PARAGRAPH,
        BlockKind.SCENE_BREAK,
        BlockKind.PARAGRAPH,
    ]
    assert book.chapters[0].blocks[2].markup == (
        Markup(0, 10, MarkupKind.VOICE, "awb"),
        Markup(24, 24, MarkupKind.PAUSE, "1.5"),
    )
    assert [(skip.text, skip.rule, skip.chapter_index) for skip in book.skipped][7:9] == [
        ("[[skip]]", "markup", 0),
        ("(See the notes.)", "markup-skip", 0),
    ]
    spoken = script.utterances[3]
    assert (spoken.text, spoken.voice, spoken.pause, spoken.pause_s) == ("I am here,", "awb", PauseKind.CLAUSE, None)
    assert (script.utterances[4].voice, script.utterances[4].pause_s) == ("", 1.5)
    assert {entry.state for entry in script.ledger} == {LedgerState.SPOKEN, LedgerState.SKIPPED}
    assert script.coverage.unaccounted_chars == 0


def test_its_takes_are_chosen_and_none_is_missing(database):
    with database.snapshot() as uow:
        assert uow.takes.missing(SOURCE) == ()
        chosen = [item.take for chapter in (0, 1) for item in uow.takes.chosen(SOURCE, chapter)]
        (flagged,) = uow.takes.flagged(SOURCE)
        tried = uow.takes.of([flagged.take.utterance_key])[flagged.take.utterance_key]
    assert [take.verdict for take in chosen] == 9 * [Verdict.OK] + [Verdict.DOUBTFUL]
    assert [take.samples for take in chosen[:3]] == [6576, 46008, 66576]
    assert chosen[5].seed == 167164086484843590
    assert chosen[5].scores["clvp"] == 0.8911592283731391
    assert flagged.take.reasons == ("silence: -144 dBFS", "silence of 3.4 s inside")
    assert [take.attempt for take in tried] == [0, 1, 2]
    assert flagged.take == tried[1]


def test_its_masters_and_edition_are_found_by_their_keys(database):
    with database.snapshot() as uow:
        first, second = (uow.masters.find(key, SOURCE, index) for index, key in enumerate(MASTERS))
        edition = uow.editions.find(EDITION)
        assert uow.editions.latest(SOURCE) == edition
    assert (first.title, first.samples, first.loudness_lufs) == ("One", 563616, -19.047444171128223)
    assert (len(first.placed), len(second.placed)) == (7, 3)
    last = second.placed[2]
    assert (last.utterance.index, last.start_sample, last.end_sample) == (2, 253512, 334701)
    assert [(file.kind, file.bytes) for file in edition.files] == [("m4b", 365896), ("manifest", 5244)]
    assert edition.chapters == (("One", 0.0, 23.984), ("Two", 23.984, 40.429875))


def test_its_run_and_voice_are_read(database):
    with database.snapshot() as uow:
        (run,) = uow.runs.of(SOURCE)
        (voice,) = uow.voices.list()
    assert (run.state, run.done, run.total, run.interrupted) == (RunState.FLAGGED, 10, 10, False)
    assert run.request["voice"] == "slt"
    assert run.request["chapters"] is None
    assert (voice.name, voice.model_digest) == ("tone", MODEL)
    assert voice.clips == ("7ec5a59b8f8b30077917a3fc511841d3742c24c14f98cba2e98dcbd191d57f4c",)


def test_a_run_that_reads_its_book_anew_finds_its_takes_by_their_keys(database):
    with database.unit_of_work() as uow:
        keyed = uow.books.keyed(SOURCE)
        retitled = replace(uow.books.get(SOURCE), title="The Lamp, revised")
        assert uow.books.save(retitled, uow.books.script(SOURCE)) is True
        assert uow.books.assign_keys(SOURCE, keyed) == 10
        assert uow.takes.choose_acceptable(SOURCE) == 9
        (silent,) = uow.takes.missing(SOURCE)
    assert silent.utterance.text.endswith("The dragon slept.")


def test_the_oldest_schema_keeps_its_takes_on_the_way_up(database):
    url = f"sqlite:///{database.engine.url.database}"
    with migration_connection(database.engine) as connection:
        alembic.command.downgrade(alembic_config(connection), "0001")
    database.close()
    upgraded = Database(url)
    with upgraded.snapshot() as uow:
        assert len(uow.takes.chosen(SOURCE, 0)) == 7
        assert len(uow.takes.chosen(SOURCE, 1)) == 3
        assert uow.masters.find(MASTERS[0], SOURCE, 0).samples == 563616
        assert uow.editions.find(EDITION).seconds == 40.429875
        assert (uow.books.get(SOURCE).series, uow.books.get(SOURCE).identifiers) == ("", ())
    upgraded.close()
