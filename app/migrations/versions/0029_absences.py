"""absences that families justify

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("activity") as batch_op:
        batch_op.add_column(sa.Column("justify_days", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("absence_days_kept", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "absence_reason",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("needs_proof", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("is_offered", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence_reason")),
        sa.UniqueConstraint("name", name=op.f("uq_absence_reason_name")),
    )
    op.create_table(
        "absence_justification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("reason_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("remark", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_by_id", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("refusal_reason", sa.String(), nullable=True),
        sa.Column("difference_cents", sa.Integer(), server_default="0", nullable=False),
        sa.Column("path", sa.String(), nullable=True),
        sa.Column("file_key", sa.String(), nullable=True),
        sa.Column("file_name", sa.String(), nullable=True),
        sa.Column("file_bytes", sa.Integer(), nullable=True),
        sa.Column("page_count", sa.Integer(), nullable=True),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_absence_justification_family_id_family"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["reason_id"], ["absence_reason.id"], name=op.f("fk_absence_justification_reason_id_absence_reason")
        ),
        sa.ForeignKeyConstraint(
            ["sent_by_id"], ["user_account.id"], name=op.f("fk_absence_justification_sent_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_absence_justification_decided_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence_justification")),
        sa.UniqueConstraint("family_id", "key", name=op.f("uq_absence_justification_family_id_key")),
        sa.UniqueConstraint("path", name=op.f("uq_absence_justification_path")),
    )
    op.create_index(op.f("ix_absence_justification_reason_id"), "absence_justification", ["reason_id"])
    op.create_index("ix_absence_justification_status", "absence_justification", ["status"])
    op.create_table(
        "justified_absence",
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("justification_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_justified_absence_booking_id_booking")),
        sa.ForeignKeyConstraint(
            ["justification_id"],
            ["absence_justification.id"],
            name=op.f("fk_justified_absence_justification_id_absence_justification"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_justified_absence")),
    )
    op.create_index(op.f("ix_justified_absence_justification_id"), "justified_absence", ["justification_id"])
