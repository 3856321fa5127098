"""how often an invoice run failed, and until when it rests

Revision ID: 0049
Revises: 0040
"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invoice_run", sa.Column("failure_count", sa.Integer(), server_default="0", nullable=False))
    op.add_column("invoice_run", sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True))
