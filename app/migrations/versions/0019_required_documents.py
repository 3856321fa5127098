"""required documents: what is asked, and what was handed in

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "required_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("instructions", sa.String(), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("demand", sa.String(length=40), nullable=False),
        sa.Column("wanted", sa.String(length=40), nullable=False),
        sa.Column("min_age", sa.Integer(), nullable=True),
        sa.Column("max_age", sa.Integer(), nullable=True),
        sa.Column("levels", sa.String(), nullable=False),
        sa.Column("validity", sa.String(length=40), nullable=False),
        sa.Column("validity_months", sa.Integer(), nullable=True),
        sa.Column("validity_until", sa.Date(), nullable=True),
        sa.Column("is_health", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_asked", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_required_document")),
        sa.UniqueConstraint("name", name=op.f("uq_required_document_name")),
    )
    op.create_table(
        "required_document_activity",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["required_document.id"],
            name=op.f("fk_required_document_activity_document_id_required_document"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_required_document_activity_activity_id_activity")
        ),
        sa.PrimaryKeyConstraint("document_id", "activity_id", name=op.f("pk_required_document_activity")),
    )  # fmt: skip
    op.create_table(
        "submitted_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("guardian_id", sa.Integer(), nullable=True),
        sa.Column("child_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("handed_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_in_by_id", sa.Integer(), nullable=False),
        sa.Column("by_staff", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("refusal_reason", sa.String(), nullable=True),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("file_key", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("file_bytes", sa.Integer(), nullable=False),
        sa.Column("page_count", sa.Integer(), nullable=False),
        sa.Column("told_soon_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"], ["required_document.id"], name=op.f("fk_submitted_document_document_id_required_document")
        ),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_submitted_document_family_id_family"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["guardian_id"],
            ["guardian.id"],
            name=op.f("fk_submitted_document_guardian_id_guardian"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_submitted_document_child_id_child"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["handed_in_by_id"], ["user_account.id"], name=op.f("fk_submitted_document_handed_in_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_submitted_document_decided_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submitted_document")),
        sa.UniqueConstraint("family_id", "key", name=op.f("uq_submitted_document_family_id_key")),
        sa.UniqueConstraint("path", name=op.f("uq_submitted_document_path")),
    )
    op.create_index(op.f("ix_submitted_document_document_id"), "submitted_document", ["document_id"])
    op.create_index(op.f("ix_submitted_document_status"), "submitted_document", ["status"])
    op.create_index("ix_submitted_document_child", "submitted_document", ["child_id"])
