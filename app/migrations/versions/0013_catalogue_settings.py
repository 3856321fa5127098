"""catalogue settings: places that parents may take online, and when the last ones are said

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("capacity_scope") as batch_op:
        batch_op.add_column(sa.Column("online_places", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("last_places", sa.Integer(), server_default="3", nullable=False))
    with op.batch_alter_table("capacity_counter") as batch_op:
        batch_op.add_column(sa.Column("online_places", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("is_set_by_hand", sa.Boolean(), server_default=sa.false(), nullable=False))
