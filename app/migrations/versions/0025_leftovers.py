"""why an enrolment was accepted beyond the places, and who put one on the waiting list

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table("enrolment") as batch_op:
        batch_op.add_column(sa.Column("despite_reason", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("listed_by_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_enrolment_listed_by_id_user_account"), "user_account", ["listed_by_id"], ["id"]
        )
