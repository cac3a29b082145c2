"""what voices without recordings were made of

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("voices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("recipe", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("voices", schema=None) as batch_op:
        batch_op.alter_column("recipe", existing_type=sa.Text(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("voices", schema=None) as batch_op:
        batch_op.drop_column("recipe")
