"""voices, pauses and markup of the text

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Scripts are written anew whenever a book is opened, so the values of old rows last until then.
    with op.batch_alter_table("books", schema=None) as batch_op:
        batch_op.add_column(sa.Column("series", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("series_position", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("identifiers", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("books", schema=None) as batch_op:
        batch_op.alter_column("series", existing_type=sa.Text(), server_default=None)
        batch_op.alter_column("series_position", existing_type=sa.Text(), server_default=None)
        batch_op.alter_column("identifiers", existing_type=sa.JSON(), server_default=None)
    with op.batch_alter_table("utterances", schema=None) as batch_op:
        batch_op.add_column(sa.Column("voice", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("pause_s", sa.Double(), nullable=True))
    with op.batch_alter_table("utterances", schema=None) as batch_op:
        batch_op.alter_column("voice", existing_type=sa.Text(), server_default=None)
    with op.batch_alter_table("blocks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("markup", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("blocks", schema=None) as batch_op:
        batch_op.alter_column("markup", existing_type=sa.JSON(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("blocks", schema=None) as batch_op:
        batch_op.drop_column("markup")
    with op.batch_alter_table("utterances", schema=None) as batch_op:
        batch_op.drop_column("pause_s")
        batch_op.drop_column("voice")
    with op.batch_alter_table("books", schema=None) as batch_op:
        batch_op.drop_column("identifiers")
        batch_op.drop_column("series_position")
        batch_op.drop_column("series")
