"""family pricing: a line of an invoice says what kind it is, and of which item, activity, child and day

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
    with op.batch_alter_table("invoice_line") as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=40), server_default="unit", nullable=False))
        batch_op.add_column(sa.Column("item", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("activity_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("child_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("first_day", sa.Date(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_invoice_line_activity_id_activity"), "activity", ["activity_id"], ["id"]
        )
        batch_op.create_foreign_key(batch_op.f("fk_invoice_line_child_id_child"), "child", ["child_id"], ["id"])
