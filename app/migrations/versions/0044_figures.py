"""figures

Revision ID: 0044
Revises: 0043
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "figure_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("wednesday_day_minutes", sa.Integer(), nullable=True),
        sa.Column("wednesday_half_minutes", sa.Integer(), nullable=True),
        sa.Column("holiday_day_minutes", sa.Integer(), nullable=True),
        sa.Column("holiday_half_minutes", sa.Integer(), nullable=True),
        sa.Column("bracket_limits", sa.String(), nullable=False),
        sa.Column("least_children", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_figure_settings_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_settings")),
    )
