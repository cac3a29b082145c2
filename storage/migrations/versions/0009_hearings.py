"""what listeners heard of takes

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hearings",
        sa.Column("take_key", sa.Text(), nullable=False),
        sa.Column("listener", sa.Text(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["take_key"], ["takes.key"], name=op.f("fk_hearings_take_key_takes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("take_key", name=op.f("pk_hearings")),
    )


def downgrade() -> None:
    op.drop_table("hearings")
