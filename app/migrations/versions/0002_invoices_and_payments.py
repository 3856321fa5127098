"""invoices and payments

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_document_series_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_series")),
        sa.UniqueConstraint("office_id", "kind", "month", name=op.f("uq_document_series_office_id_kind_month")),
    )
    op.create_table(
        "invoice_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("invoice_date", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_family_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_invoice_run_office_id_office")),
        sa.ForeignKeyConstraint(
            ["started_by_id"], ["user_account.id"], name=op.f("fk_invoice_run_started_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_run")),
    )
    with op.batch_alter_table("invoice_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invoice_run_status"), ["status"], unique=False)

    op.create_table(
        "sign_in_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_sign_in_event_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_event")),
    )
    with op.batch_alter_table("sign_in_event", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_event_user_at", ["user_id", "at"], unique=False)

    op.create_table(
        "invoice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("total_cents", sa.Integer(), nullable=False),
        sa.Column("payer_name", sa.String(), nullable=False),
        sa.Column("payer_address", sa.String(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_invoice_family_id_family")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_invoice_office_id_office")),
        sa.ForeignKeyConstraint(["run_id"], ["invoice_run.id"], name=op.f("fk_invoice_run_id_invoice_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("number", name=op.f("uq_invoice_number")),
    )
    with op.batch_alter_table("invoice", schema=None) as batch_op:
        batch_op.create_index("ix_invoice_family_issued", ["family_id", "issued_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_invoice_run_id"), ["run_id"], unique=False)

    op.create_table(
        "payment_basket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("public_token", sa.String(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("client_number", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("operation_id", sa.String(), nullable=True),
        sa.Column("redirect_url", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_payment_basket_family_id_family")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_payment_basket_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_basket")),
        sa.UniqueConstraint("operation_id", name=op.f("uq_payment_basket_operation_id")),
        sa.UniqueConstraint("public_token", name=op.f("uq_payment_basket_public_token")),
        sa.UniqueConstraint("reference", name=op.f("uq_payment_basket_reference")),
    )
    with op.batch_alter_table("payment_basket", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_basket_family_id"), ["family_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_basket_next_check_at"), ["next_check_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_basket_state"), ["state"], unique=False)

    op.create_table(
        "basket_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("basket_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["basket_id"], ["payment_basket.id"], name=op.f("fk_basket_event_basket_id_payment_basket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_basket_event")),
    )
    with op.batch_alter_table("basket_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_basket_event_basket_id"), ["basket_id"], unique=False)

    op.create_table(
        "basket_invoice",
        sa.Column("basket_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["basket_id"], ["payment_basket.id"], name=op.f("fk_basket_invoice_basket_id_payment_basket")
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_basket_invoice_invoice_id_invoice")),
        sa.PrimaryKeyConstraint("basket_id", "invoice_id", name=op.f("pk_basket_invoice")),
    )
    op.create_table(
        "invoice_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("child_name", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("days", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_cents", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("explanation", sa.String(), nullable=False),
        sa.CheckConstraint("amount_cents = quantity * unit_cents", name=op.f("ck_invoice_line_amount")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_line_invoice_id_invoice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_line")),
    )
    with op.batch_alter_table("invoice_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invoice_line_invoice_id"), ["invoice_id"], unique=False)

    op.create_table(
        "payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("receipt_number", sa.String(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=40), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("basket_id", sa.Integer(), nullable=True),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("form_key", sa.String(), nullable=True),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_payment_positive")),
        sa.ForeignKeyConstraint(["basket_id"], ["payment_basket.id"], name=op.f("fk_payment_basket_id_payment_basket")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_payment_family_id_family")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_payment_office_id_office")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_payment_recorded_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("basket_id", "office_id", name=op.f("uq_payment_basket_id_office_id")),
        sa.UniqueConstraint("form_key", name=op.f("uq_payment_form_key")),
        sa.UniqueConstraint("receipt_number", name=op.f("uq_payment_receipt_number")),
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_family_id"), ["family_id"], unique=False)

    op.create_table(
        "payment_allocation",
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_payment_allocation_positive")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_payment_allocation_invoice_id_invoice")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_payment_allocation_payment_id_payment")),
        sa.PrimaryKeyConstraint("payment_id", "invoice_id", name=op.f("pk_payment_allocation")),
    )
    with op.batch_alter_table("payment_allocation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_allocation_invoice_id"), ["invoice_id"], unique=False)

    op.create_table(
        "stored_pdf",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=True),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(invoice_id IS NULL) <> (payment_id IS NULL)", name=op.f("ck_stored_pdf_one_subject")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_stored_pdf_invoice_id_invoice")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_stored_pdf_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_pdf")),
        sa.UniqueConstraint("invoice_id", name=op.f("uq_stored_pdf_invoice_id")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_stored_pdf_payment_id")),
    )
    op.create_table(
        "booking_price_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("from_cents", sa.Integer(), nullable=False),
        sa.Column("to_cents", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_booking_price_change_booking_id_booking")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_price_change")),
    )
    with op.batch_alter_table("booking_price_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_booking_price_change_booking_id"), ["booking_id"], unique=False)

    op.create_table(
        "invoiced_booking",
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_invoiced_booking_booking_id_booking")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["invoice_line.id"], name=op.f("fk_invoiced_booking_line_id_invoice_line")
        ),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_invoiced_booking")),
    )
    with op.batch_alter_table("invoiced_booking", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invoiced_booking_line_id"), ["line_id"], unique=False)

    # Without a batch, which would copy millions of rows. Bookings of version 0001 tell their price without its reason.
    op.add_column("booking", sa.Column("price_explanation", sa.String(), nullable=False, server_default=""))

    with op.batch_alter_table("family_quotient", schema=None) as batch_op:
        batch_op.add_column(sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("refused_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("refusal_reason", sa.String(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_family_quotient_refused_by_id_user_account"), "user_account", ["refused_by_id"], ["id"]
        )
