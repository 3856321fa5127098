"""credit notes and drafts of invoices

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

OPEN = sa.text("ended_at IS NULL")
PAID = sa.text("credit_line_id IS NULL")


def exactly_one(*columns: str) -> str:
    return " + ".join(f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)" for column in columns) + " = 1"


def upgrade() -> None:
    op.add_column("invoice_line", sa.Column("is_absence", sa.Boolean(), server_default=sa.false(), nullable=False))
    # Until here only the words on the paper said which lines charge an absence.
    op.execute(
        sa.text(
            "UPDATE invoice_line SET is_absence = true"
            " WHERE label LIKE '%(absence)' OR label LIKE '%(absence prévenue trop tard)'"
        )
    )

    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("left_because", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_correction_asked_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["user_account.id"], name=op.f("fk_correction_ended_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_correction_family_id_family")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    with op.batch_alter_table("correction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_correction_family_id"), ["family_id"], unique=False)
        batch_op.create_index("ix_correction_open", ["id"], unique=False, sqlite_where=OPEN, postgresql_where=OPEN)

    op.create_table(
        "credit_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("correction_id", sa.Integer(), nullable=True),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("total_cents", sa.Integer(), nullable=False),
        sa.Column("payer_name", sa.String(), nullable=False),
        sa.Column("payer_address", sa.String(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(), nullable=True),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("total_cents >= 0", name=op.f("ck_credit_note_total")),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["correction.id"], name=op.f("fk_credit_note_correction_id_correction")
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_credit_note_family_id_family")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_credit_note_invoice_id_invoice")),
        sa.ForeignKeyConstraint(
            ["issued_by_id"], ["user_account.id"], name=op.f("fk_credit_note_issued_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_credit_note_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note")),
        sa.UniqueConstraint("form_key", name=op.f("uq_credit_note_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_credit_note_number")),
    )
    with op.batch_alter_table("credit_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credit_note_correction_id"), ["correction_id"], unique=False)
        batch_op.create_index("ix_credit_note_family_issued", ["family_id", "issued_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_credit_note_invoice_id"), ["invoice_id"], unique=False)

    op.create_table(
        "credit_allocation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("credit_note_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_credit_allocation_positive")),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_note.id"], name=op.f("fk_credit_allocation_credit_note_id_credit_note")
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_credit_allocation_invoice_id_invoice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_allocation")),
    )
    with op.batch_alter_table("credit_allocation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credit_allocation_credit_note_id"), ["credit_note_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_credit_allocation_invoice_id"), ["invoice_id"], unique=False)

    op.create_table(
        "credit_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("credit_note_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("child_name", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("days", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_cents", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_cents = quantity * unit_cents", name=op.f("ck_credit_line_amount")),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_note.id"], name=op.f("fk_credit_line_credit_note_id_credit_note")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["invoice_line.id"], name=op.f("fk_credit_line_line_id_invoice_line")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_line")),
    )
    with op.batch_alter_table("credit_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credit_line_credit_note_id"), ["credit_note_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_credit_line_line_id"), ["line_id"], unique=False)

    op.create_table(
        "correction_booking",
        sa.Column("correction_id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_correction_booking_booking_id_booking")),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["correction.id"], name=op.f("fk_correction_booking_correction_id_correction")
        ),
        sa.PrimaryKeyConstraint("correction_id", "booking_id", name=op.f("pk_correction_booking")),
    )
    with op.batch_alter_table("correction_booking", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_correction_booking_booking_id"), ["booking_id"], unique=False)

    op.create_table(
        "credited_booking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("credit_line_id", sa.Integer(), nullable=True),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_credited_booking_booking_id_booking")),
        sa.ForeignKeyConstraint(
            ["credit_line_id"], ["credit_line.id"], name=op.f("fk_credited_booking_credit_line_id_credit_line")
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["invoice_line.id"], name=op.f("fk_credited_booking_line_id_invoice_line")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credited_booking")),
    )
    with op.batch_alter_table("credited_booking", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credited_booking_booking_id"), ["booking_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_credited_booking_credit_line_id"), ["credit_line_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_credited_booking_line_id"), ["line_id"], unique=False)

    with op.batch_alter_table("aid_use", schema=None) as batch_op:
        batch_op.add_column(sa.Column("credit_line_id", sa.Integer(), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_aid_use_line_id_day"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_aid_use_credit_line_id_day"), ["credit_line_id", "day"])
        batch_op.create_index(
            "uq_aid_use_line_day", ["line_id", "day"], unique=True, sqlite_where=PAID, postgresql_where=PAID
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_aid_use_credit_line_id_credit_line"), "credit_line", ["credit_line_id"], ["id"]
        )

    with op.batch_alter_table("invoiced_booking", schema=None) as batch_op:
        batch_op.add_column(sa.Column("credit_note_id", sa.Integer(), nullable=True))
        batch_op.drop_constraint(batch_op.f("ck_invoiced_booking_one_place"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_invoiced_booking_one_place"), exactly_one("line_id", "run_id", "credit_note_id")
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_invoiced_booking_credit_note_id_credit_note"), "credit_note", ["credit_note_id"], ["id"]
        )

    with op.batch_alter_table("stored_pdf", schema=None) as batch_op:
        batch_op.add_column(sa.Column("credit_note_id", sa.Integer(), nullable=True))
        batch_op.drop_constraint(batch_op.f("ck_stored_pdf_one_subject"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_stored_pdf_one_subject"), exactly_one("invoice_id", "payment_id", "credit_note_id")
        )
        batch_op.create_unique_constraint(batch_op.f("uq_stored_pdf_credit_note_id"), ["credit_note_id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_stored_pdf_credit_note_id_credit_note"), "credit_note", ["credit_note_id"], ["id"]
        )
