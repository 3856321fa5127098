"""reminders before a booking deadline, mails that are sent again, and families told before a purge

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and columns."""
    with op.batch_alter_table("council") as batch_op:
        batch_op.add_column(sa.Column("reminds_of_weeks", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.add_column(sa.Column("reminder_hours", sa.Integer(), server_default="12", nullable=False))
    with op.batch_alter_table("guardian") as batch_op:
        batch_op.add_column(sa.Column("wants_reminders", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "week_reminder",
        sa.Column("guardian_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("monday", sa.Date(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["guardian_id"], ["guardian.id"], name=op.f("fk_week_reminder_guardian_id_guardian"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_week_reminder_child_id_child"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_week_reminder_activity_id_activity"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("guardian_id", "child_id", "activity_id", "monday", name=op.f("pk_week_reminder")),
    )
    with op.batch_alter_table("outbox_mail") as batch_op:
        batch_op.add_column(sa.Column("not_after", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "mail_resending",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mail_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mail_id"], ["outbox_mail.id"], name=op.f("fk_mail_resending_mail_id_outbox_mail"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_mail_resending_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_resending")),
    )
    with op.batch_alter_table("mail_resending") as batch_op:
        batch_op.create_index(op.f("ix_mail_resending_mail_id"), ["mail_id"], unique=False)
    with op.batch_alter_table("family") as batch_op:
        batch_op.add_column(sa.Column("purge_told_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("purge_run") as batch_op:
        batch_op.add_column(sa.Column("told", sa.Integer(), server_default="0", nullable=False))
