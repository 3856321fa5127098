"""bookings by the staff, and closures

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("booking", sa.Column("special_note", sa.String(), nullable=True))
    op.add_column("booking_event", sa.Column("beyond_places", sa.Boolean(), server_default=sa.false(), nullable=False))
