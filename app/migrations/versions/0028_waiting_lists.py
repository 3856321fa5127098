"""waiting lists of bookings

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Entries with their moves, what of the bookings belongs to one, and how long an activity waits for an answer."""
    op.create_table(
        "waiting_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("bound_to_id", sa.Integer(), nullable=True),
        sa.Column("wants_booking", sa.Boolean(), nullable=False),
        sa.Column("waits_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_waiting_entry_family_id_family")),
        sa.ForeignKeyConstraint(["child_id"], ["child.id"], name=op.f("fk_waiting_entry_child_id_child")),
        sa.ForeignKeyConstraint(
            ["bound_to_id"], ["waiting_entry.id"], name=op.f("fk_waiting_entry_bound_to_id_waiting_entry")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_entry")),
    )
    live = sa.text("ended_at IS NULL")
    op.create_index("ix_waiting_entry_live", "waiting_entry", ["day"], sqlite_where=live, postgresql_where=live)
    op.create_index("ix_waiting_entry_family", "waiting_entry", ["family_id"])
    op.create_table(
        "waiting_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("from_rank", sa.Integer(), nullable=False),
        sa.Column("to_rank", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["waiting_entry.id"], name=op.f("fk_waiting_move_entry_id_waiting_entry")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_waiting_move_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_move")),
    )
    op.create_index(op.f("ix_waiting_move_entry_id"), "waiting_move", ["entry_id"])
    waits = sa.text("waiting_id IS NOT NULL")
    with op.batch_alter_table("booking") as batch_op:
        batch_op.add_column(sa.Column("waiting_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_booking_waiting_id_waiting_entry"), "waiting_entry", ["waiting_id"], ["id"]
        )
        batch_op.create_index(
            "ix_booking_waiting", ["waiting_id"], unique=False, sqlite_where=waits, postgresql_where=waits
        )
    with op.batch_alter_table("activity") as batch_op:
        batch_op.add_column(sa.Column("waiting_hours", sa.Integer(), nullable=True))
