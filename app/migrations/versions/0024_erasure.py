"""erasure requests and retention

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retention_choice",
        sa.Column("data", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["user_account.id"], name=op.f("fk_retention_choice_changed_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("data", name=op.f("pk_retention_choice")),
    )
    op.create_table(
        "purge_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", sa.String(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purge_run")),
    )
    op.create_table(
        "erasure_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal_reason", sa.String(), nullable=True),
        sa.Column("counts", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_erasure_request_family_id_family")),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_erasure_request_asked_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_erasure_request_decided_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_request")),
    )
    pending = sa.text("status = 'pending'")
    op.create_index(
        "uq_erasure_request_pending", "erasure_request", ["family_id"], unique=True, sqlite_where=pending,
        postgresql_where=pending,
    )  # fmt: skip
    op.create_index(op.f("ix_erasure_request_status"), "erasure_request", ["status"])
    with op.batch_alter_table("consent") as batch:
        batch.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("withdrawn_by_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_consent_withdrawn_by_id_user_account"), "user_account", ["withdrawn_by_id"], ["id"]
        )
    op.add_column("outbox_mail", sa.Column("is_last", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("invoice", sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("payment", sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True))
