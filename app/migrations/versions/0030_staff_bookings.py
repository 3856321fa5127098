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
    """Add the columns, and the tables of closures."""
    op.add_column("booking", sa.Column("special_note", sa.String(), nullable=True))
    op.add_column("booking_event", sa.Column("beyond_places", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "closure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by_id", sa.Integer(), nullable=False),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["closed_by_id"], ["user_account.id"], name=op.f("fk_closure_closed_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["reopened_by_id"], ["user_account.id"], name=op.f("fk_closure_reopened_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
    )
    op.create_index(op.f("ix_closure_closed_at"), "closure", ["closed_at"])
    op.create_table(
        "closure_opening",
        sa.Column("closure_id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["closure_id"], ["closure.id"], name=op.f("fk_closure_opening_closure_id_closure"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["opening.id"], name=op.f("fk_closure_opening_opening_id_opening"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("closure_id", "opening_id", name=op.f("pk_closure_opening")),
    )
    op.create_index(op.f("ix_closure_opening_opening_id"), "closure_opening", ["opening_id"])
