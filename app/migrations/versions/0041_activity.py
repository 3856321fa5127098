"""the last activity of a family whose trace a purge took

Revision ID: 0041
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("family", sa.Column("active_on", sa.Date(), nullable=True))
