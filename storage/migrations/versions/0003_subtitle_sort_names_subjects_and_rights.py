"""subtitle, sort names, subjects and rights of books

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXTS = ("subtitle", "sort_title", "rights")
LISTS = ("sort_authors", "subjects")


def upgrade() -> None:
    # A book is saved anew whenever its file is read, so the empty values of old rows last until then.
    with op.batch_alter_table("books", schema=None) as batch_op:
        for name in TEXTS:
            batch_op.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=""))
        for name in LISTS:
            batch_op.add_column(sa.Column(name, sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("books", schema=None) as batch_op:
        for name in TEXTS:
            batch_op.alter_column(name, existing_type=sa.Text(), server_default=None)
        for name in LISTS:
            batch_op.alter_column(name, existing_type=sa.JSON(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("books", schema=None) as batch_op:
        for name in (*TEXTS, *LISTS):
            batch_op.drop_column(name)
