"""first schema

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "books",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_sha256", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("date", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("cover", sa.LargeBinary(), nullable=True),
        sa.Column("cover_media_type", sa.Text(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_books")),
        sa.UniqueConstraint("source_sha256", name=op.f("uq_books_source_sha256")),
    )
    op.create_table(
        "masters",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("audio_sha256", sa.Text(), nullable=False),
        sa.Column("sample_rate", sa.Integer(), nullable=False),
        sa.Column("samples", sa.BigInteger(), nullable=False),
        sa.Column("loudness_lufs", sa.Double(), nullable=False),
        sa.Column("true_peak_dbtp", sa.Double(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_masters")),
    )
    op.create_table(
        "takes",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("utterance_key", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("audio_sha256", sa.Text(), nullable=False),
        sa.Column("sample_rate", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Enum("ok", "doubtful", name="verdict", native_enum=False, length=16), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("attempt >= 0", name=op.f("ck_takes_attempt")),
        sa.CheckConstraint("samples > 0 AND sample_rate > 0", name=op.f("ck_takes_audio")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_takes")),
        sa.UniqueConstraint("utterance_key", "attempt", name=op.f("uq_takes_utterance_key_attempt")),
        sa.UniqueConstraint("utterance_key", "key", name=op.f("uq_takes_utterance_key_key")),
    )
    op.create_table(
        "voices",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("model_digest", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("latents_sha256", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("clips", sa.JSON(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", "model_digest", name=op.f("pk_voices")),
    )
    op.create_table(
        "chapters",
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name=op.f("fk_chapters_book_id_books"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("book_id", "index", name=op.f("pk_chapters")),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("chapter_index", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("chars", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("spoken", "skipped", "unaccounted", name="ledgerstate", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["book_id"], ["books.id"], name=op.f("fk_ledger_entries_book_id_books"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("book_id", "position", name=op.f("pk_ledger_entries")),
    )
    op.create_table(
        "placements",
        sa.Column("master_key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("utterance_index", sa.Integer(), nullable=False),
        sa.Column("take_key", sa.Text(), nullable=False),
        sa.Column("start_sample", sa.BigInteger(), nullable=False),
        sa.Column("end_sample", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["master_key"], ["masters.key"], name=op.f("fk_placements_master_key_masters"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("master_key", "position", name=op.f("pk_placements")),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("running", "done", "flagged", "failed", name="runstate", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name=op.f("fk_runs_book_id_books"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_runs_book_id_started_at"), ["book_id", "started_at"], unique=False)
        batch_op.create_index(
            "uq_runs_running_book",
            ["book_id"],
            unique=True,
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )

    op.create_table(
        "skips",
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("chapter_index", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name=op.f("fk_skips_book_id_books"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("book_id", "position", name=op.f("pk_skips")),
    )
    op.create_table(
        "blocks",
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("chapter_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "heading",
                "paragraph",
                "quote",
                "list_item",
                "verse",
                "table_row",
                "scene_break",
                name="blockkind",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["book_id", "chapter_index"],
            ["chapters.book_id", "chapters.index"],
            name=op.f("fk_blocks_book_id_chapter_index_chapters"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("book_id", "chapter_index", "index", name=op.f("pk_blocks")),
    )
    op.create_table(
        "editions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("content_key", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("published_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_editions_run_id_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editions")),
        sa.UniqueConstraint("run_id", name=op.f("uq_editions_run_id")),
    )
    with op.batch_alter_table("editions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_editions_content_key"), ["content_key"], unique=False)

    op.create_table(
        "utterances",
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("chapter_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block_index", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("spoken", sa.Text(), nullable=False),
        sa.Column(
            "pause",
            sa.Enum(
                "clause",
                "sentence",
                "paragraph",
                "scene",
                "heading",
                "chapter",
                name="pausekind",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("is_heading", sa.Boolean(), nullable=False),
        sa.Column("utterance_key", sa.Text(), nullable=True),
        sa.Column("chosen_take_key", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "chosen_take_key IS NULL OR utterance_key IS NOT NULL", name=op.f("ck_utterances_choice_needs_key")
        ),
        sa.ForeignKeyConstraint(
            ["book_id", "chapter_index"],
            ["chapters.book_id", "chapters.index"],
            name=op.f("fk_utterances_book_id_chapter_index_chapters"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["utterance_key", "chosen_take_key"],
            ["takes.utterance_key", "takes.key"],
            name=op.f("fk_utterances_utterance_key_chosen_take_key_takes"),
        ),
        sa.PrimaryKeyConstraint("book_id", "chapter_index", "index", name=op.f("pk_utterances")),
    )
    with op.batch_alter_table("utterances", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_utterances_book_id_utterance_key"), ["book_id", "utterance_key"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_utterances_chosen_take_key"), ["chosen_take_key"], unique=False)

    op.create_table(
        "edition_chapters",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("start", sa.Double(), nullable=False),
        sa.Column("end", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name=op.f("fk_edition_chapters_edition_id_editions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name=op.f("pk_edition_chapters")),
    )
    op.create_table(
        "edition_files",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name=op.f("fk_edition_files_edition_id_editions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "position", name=op.f("pk_edition_files")),
    )


def downgrade() -> None:
    op.drop_table("edition_files")
    op.drop_table("edition_chapters")
    with op.batch_alter_table("utterances", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_utterances_chosen_take_key"))
        batch_op.drop_index(batch_op.f("ix_utterances_book_id_utterance_key"))

    op.drop_table("utterances")
    with op.batch_alter_table("editions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_editions_content_key"))

    op.drop_table("editions")
    op.drop_table("blocks")
    op.drop_table("skips")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_runs_running_book",
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )
        batch_op.drop_index(batch_op.f("ix_runs_book_id_started_at"))

    op.drop_table("runs")
    op.drop_table("placements")
    op.drop_table("ledger_entries")
    op.drop_table("chapters")
    op.drop_table("voices")
    op.drop_table("takes")
    op.drop_table("masters")
    op.drop_table("books")
