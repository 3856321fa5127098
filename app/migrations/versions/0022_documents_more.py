"""documents: the days of grace of one that blocks bookings

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("required_document", sa.Column("grace_days", sa.Integer(), server_default="0", nullable=False))
