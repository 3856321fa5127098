"""minimum of invoices

Revision ID: 0038
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

OPEN = sa.text("settled_at IS NULL")


def upgrade() -> None:
    op.add_column("cash_desk", sa.Column("minimum_cents", sa.Integer(), nullable=True))
    op.add_column("invoice_run", sa.Column("whatever_it_is", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "carried_month",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("total_cents", sa.Integer(), nullable=False),
        sa.Column("days_cents", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("carried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invoice_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("invoice_id IS NULL OR settled_at IS NOT NULL", name=op.f("ck_carried_month_settled")),
        sa.CheckConstraint("total_cents >= 0", name=op.f("ck_carried_month_not_negative")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_carried_month_family_id_family")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_carried_month_invoice_id_invoice")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_carried_month_office_id_office")),
        sa.ForeignKeyConstraint(["run_id"], ["invoice_run.id"], name=op.f("fk_carried_month_run_id_invoice_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carried_month")),
    )
    op.create_index("ix_carried_month_invoice_id", "carried_month", ["invoice_id"])
    op.create_index(
        "uq_carried_month_open", "carried_month", ["family_id", "office_id", "month"], unique=True, sqlite_where=OPEN,
        postgresql_where=OPEN,
    )  # fmt: skip
