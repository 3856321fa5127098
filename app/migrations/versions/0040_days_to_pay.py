"""days to pay

Revision ID: 0040
Revises: 0039
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cash_desk", sa.Column("days_to_pay", sa.Integer(), server_default="30", nullable=False))
