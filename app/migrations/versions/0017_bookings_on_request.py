"""bookings on request: activities whose bookings the staff decide

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ASKED = sa.text("status IN ('expired', 'requested')")


def upgrade() -> None:
    with op.batch_alter_table("activity") as batch_op:
        batch_op.add_column(sa.Column("on_request", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_booking_asked", "booking", ["day"], sqlite_where=ASKED, postgresql_where=ASKED)
