"""when the words of a take are spoken

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "word_times",
        sa.Column("take_key", sa.Text(), nullable=False),
        sa.Column("timer", sa.Text(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["take_key"], ["takes.key"], name=op.f("fk_word_times_take_key_takes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("take_key", "timer", name=op.f("pk_word_times")),
    )


def downgrade() -> None:
    op.drop_table("word_times")
