"""what really happened on the day

Revision ID: 0033
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0031"
branch_labels = None
depends_on = None

VALIDATED = sa.text("reopened_at IS NULL")


def upgrade() -> None:
    """Attendance, its log, and the days that were validated."""
    op.create_table(
        "attendance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("came_unbooked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("lifted_booking_id", sa.Integer(), nullable=True),
        sa.Column("turnout", sa.String(length=40), nullable=True),
        sa.Column("is_justified", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("arrived_at", sa.Time(), nullable=True),
        sa.Column("left_at", sa.Time(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("meant_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["child_id"], ["child.id"], name=op.f("fk_attendance_child_id_child")),
        sa.ForeignKeyConstraint(["opening_id"], ["opening.id"], name=op.f("fk_attendance_opening_id_opening")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_attendance_booking_id_booking")),
        sa.ForeignKeyConstraint(
            ["lifted_booking_id"], ["booking.id"], name=op.f("fk_attendance_lifted_booking_id_booking")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_attendance_recorded_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_attendance_booking_id")),
        sa.UniqueConstraint("child_id", "opening_id", name=op.f("uq_attendance_child_id_opening_id")),
    )
    op.create_index(op.f("ix_attendance_opening_id"), "attendance", ["opening_id"])
    op.create_index(op.f("ix_attendance_lifted_booking_id"), "attendance", ["lifted_booking_id"])
    op.create_table(
        "attendance_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attendance_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("turnout", sa.String(length=40), nullable=True),
        sa.Column("is_justified", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("arrived_at", sa.Time(), nullable=True),
        sa.Column("left_at", sa.Time(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("meant_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["attendance_id"], ["attendance.id"], name=op.f("fk_attendance_event_attendance_id_attendance")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_attendance_event_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_event")),
        sa.UniqueConstraint("client_id", name=op.f("uq_attendance_event_client_id")),
    )
    op.create_index(op.f("ix_attendance_event_attendance_id"), "attendance_event", ["attendance_id"])
    op.create_table(
        "validated_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("validated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("validated_by_id", sa.Integer(), nullable=False),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_by_id", sa.Integer(), nullable=True),
        sa.Column("reopen_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_id"], ["activity_group.id"], name=op.f("fk_validated_day_group_id_activity_group")
        ),
        sa.ForeignKeyConstraint(
            ["validated_by_id"], ["user_account.id"], name=op.f("fk_validated_day_validated_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["reopened_by_id"], ["user_account.id"], name=op.f("fk_validated_day_reopened_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_validated_day")),
    )
    op.create_index(
        "uq_validated_day", "validated_day", ["group_id", "day"], unique=True, sqlite_where=VALIDATED,
        postgresql_where=VALIDATED,
    )  # fmt: skip
    op.create_index("ix_validated_day_day", "validated_day", ["day"])
