"""direct debits: how an office collects, mandates, collections and their lines

Revision ID: 0042
Revises: 0044
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0044"
branch_labels = None
depends_on = None

_ACTIVE = sa.text("ended_at IS NULL")
_OPEN = sa.text("payment_id IS NULL AND refused_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "debit_settings",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("creditor_identifier", sa.String(), nullable=False),
        sa.Column("creditor_name", sa.String(), nullable=False),
        sa.Column("iban", sa.String(), nullable=False),
        sa.Column("bic", sa.String(), nullable=False),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_debit_settings_office_id_office"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("office_id", name=op.f("pk_debit_settings")),
    )
    op.create_table(
        "debit_mandate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("iban", sa.String(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("end_reason", sa.String(), server_default="", nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        *(
            sa.ForeignKeyConstraint([f"{name}_id"], [f"{table}.id"], name=op.f(f"fk_debit_mandate_{name}_id_{table}"))
            for name, table in (
                ("office", "office"),
                ("family", "family"),
                ("recorded_by", "user_account"),
                ("ended_by", "user_account"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debit_mandate")),
        sa.UniqueConstraint("reference", name=op.f("uq_debit_mandate_reference")),
    )
    op.create_index(op.f("ix_debit_mandate_family_id"), "debit_mandate", ["family_id"])
    op.create_index(
        "uq_debit_mandate_active", "debit_mandate", ["office_id", "family_id"], unique=True, sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )  # fmt: skip
    op.create_table(
        "debit_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("collected_on", sa.Date(), nullable=False),
        sa.Column("creditor_identifier", sa.String(), nullable=False),
        sa.Column("creditor_name", sa.String(), nullable=False),
        sa.Column("iban", sa.String(), nullable=False),
        sa.Column("bic", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by_id", sa.Integer(), nullable=True),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ordered_by_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("abandoned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("abandoned_by_id", sa.Integer(), nullable=True),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        *(
            sa.ForeignKeyConstraint([f"{name}_id"], [f"{table}.id"], name=op.f(f"fk_debit_batch_{name}_id_{table}"))
            for name, table in (
                ("office", "office"),
                ("made_by", "user_account"),
                ("sent_by", "user_account"),
                ("ordered_by", "user_account"),
                ("abandoned_by", "user_account"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debit_batch")),
        sa.UniqueConstraint("form_key", name=op.f("uq_debit_batch_form_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_debit_batch_reference")),
    )
    op.create_index(op.f("ix_debit_batch_office_id"), "debit_batch", ["office_id"])
    op.create_table(
        "debit_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("mandate_id", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("mandate_reference", sa.String(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("iban", sa.String(), nullable=False),
        sa.Column("sequence", sa.String(length=40), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("refusal", sa.String(length=40), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_by_id", sa.Integer(), nullable=True),
        sa.Column("is_in_file", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_debit_line_positive")),
        sa.CheckConstraint("(refusal IS NULL) = (refused_at IS NULL)", name=op.f("ck_debit_line_refused")),
        *(
            sa.ForeignKeyConstraint([f"{name}_id"], [f"{table}.id"], name=op.f(f"fk_debit_line_{name}_id_{table}"))
            for name, table in (
                ("batch", "debit_batch"),
                ("family", "family"),
                ("invoice", "invoice"),
                ("mandate", "debit_mandate"),
                ("payment", "payment"),
                ("refused_by", "user_account"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debit_line")),
        sa.UniqueConstraint("batch_id", "invoice_id", name=op.f("uq_debit_line_batch_id_invoice_id")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_debit_line_payment_id")),
    )
    op.create_index(op.f("ix_debit_line_family_id"), "debit_line", ["family_id"])
    op.create_index(op.f("ix_debit_line_invoice_id"), "debit_line", ["invoice_id"])
    op.create_index(op.f("ix_debit_line_mandate_id"), "debit_line", ["mandate_id"])
    op.create_index("ix_debit_line_open", "debit_line", ["invoice_id"], sqlite_where=_OPEN, postgresql_where=_OPEN)
