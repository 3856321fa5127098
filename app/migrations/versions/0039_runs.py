"""invoice runs that are prepared before they are issued

A run that was issuing has no prepared drafts: it ends where it was, and the next run takes what it left.

Revision ID: 0039
Revises: 0041
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0041"
branch_labels = None
depends_on = None

_UNDER_WAY = sa.text("status IN ('preparing', 'prepared', 'issuing')")


def upgrade() -> None:
    with op.batch_alter_table("invoice_run") as batch:
        batch.alter_column("invoice_date", existing_type=sa.Date(), nullable=True)
        batch.alter_column("due_on", existing_type=sa.Date(), nullable=True)
        batch.add_column(sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("ordered_by_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("cancelled_by_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("replaced_by_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("family_count", sa.Integer(), server_default="0", nullable=False))
        batch.add_column(sa.Column("done_count", sa.Integer(), server_default="0", nullable=False))
        for column in ("ordered_by_id", "cancelled_by_id"):
            batch.create_foreign_key(op.f(f"fk_invoice_run_{column}_user_account"), "user_account", [column], ["id"])
        batch.create_foreign_key(
            op.f("fk_invoice_run_replaced_by_id_invoice_run"), "invoice_run", ["replaced_by_id"], ["id"]
        )
    op.execute("UPDATE invoice_run SET status = 'issued', ended_at = started_at WHERE status = 'issuing'")
    op.execute("UPDATE invoice_run SET ordered_at = started_at, ordered_by_id = started_by_id")
    op.create_index(
        "uq_invoice_run_under_way", "invoice_run", ["office_id", "month"], unique=True, sqlite_where=_UNDER_WAY,
        postgresql_where=_UNDER_WAY,
    )  # fmt: skip
    op.create_table(
        "invoice_run_draft",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("standing", sa.String(length=40), nullable=False),
        sa.Column("total_cents", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("lines", sa.String(), nullable=False),
        sa.Column("is_changed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_invoice_run_draft_family_id_family")),
        sa.ForeignKeyConstraint(["run_id"], ["invoice_run.id"], name=op.f("fk_invoice_run_draft_run_id_invoice_run")),
        sa.PrimaryKeyConstraint("run_id", "family_id", name=op.f("pk_invoice_run_draft")),
    )
    op.create_index(op.f("ix_invoice_run_draft_family_id"), "invoice_run_draft", ["family_id"])
    op.create_table(
        "invoice_run_oddity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("booking_count", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=True),
        sa.Column("kept_cents", sa.Integer(), nullable=True),
        sa.Column("current_cents", sa.Integer(), nullable=True),
        sa.Column("child_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("ticked_count", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["child_id"], ["child.id"], name=op.f("fk_invoice_run_oddity_child_id_child")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_invoice_run_oddity_family_id_family")),
        sa.ForeignKeyConstraint(
            ["group_id"], ["activity_group.id"], name=op.f("fk_invoice_run_oddity_group_id_activity_group"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["invoice_run.id"], name=op.f("fk_invoice_run_oddity_run_id_invoice_run")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_invoice_run_oddity_unit_id_unit"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_run_oddity")),
    )  # fmt: skip
    op.create_index("ix_invoice_run_oddity_run_kind", "invoice_run_oddity", ["run_id", "kind"])
    op.create_index(op.f("ix_invoice_run_oddity_family_id"), "invoice_run_oddity", ["family_id"])
    op.create_index(op.f("ix_invoice_run_oddity_child_id"), "invoice_run_oddity", ["child_id"])
    op.create_table(
        "run_acceptance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["accepted_by_id"], ["user_account.id"], name=op.f("fk_run_acceptance_accepted_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["invoice_run.id"], name=op.f("fk_run_acceptance_run_id_invoice_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_acceptance")),
        sa.UniqueConstraint("run_id", "kind", name=op.f("uq_run_acceptance_run_id_kind")),
    )
