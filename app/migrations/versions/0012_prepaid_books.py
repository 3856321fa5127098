"""prepaid books, and days that are closed without an invoice because they cost nothing

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "prepaid_book",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("units", sa.String(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("bought_on", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("price_cents", sa.Integer(), nullable=False),
        sa.Column("price_outcome", sa.String(), nullable=False),
        sa.Column("price_explanation", sa.String(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sold_by_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(), nullable=False),
        sa.CheckConstraint("last_day >= bought_on", name=op.f("ck_prepaid_book_days")),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_prepaid_book_family_id_family"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_prepaid_book_child_id_child"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_prepaid_book_activity_id_activity")),
        sa.ForeignKeyConstraint(["line_id"], ["invoice_line.id"], name=op.f("fk_prepaid_book_line_id_invoice_line")),
        sa.ForeignKeyConstraint(
            ["sold_by_id"], ["user_account.id"], name=op.f("fk_prepaid_book_sold_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prepaid_book")),
        sa.UniqueConstraint("line_id", name=op.f("uq_prepaid_book_line_id")),
        sa.UniqueConstraint("sold_by_id", "form_key", name=op.f("uq_prepaid_book_sold_by_id_form_key")),
    )
    with op.batch_alter_table("prepaid_book", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_prepaid_book_family_id"), ["family_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_prepaid_book_child_id"), ["child_id"], unique=False)
    op.create_table(
        "prepaid_book_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("price_cents", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["book_id"], ["prepaid_book.id"], name=op.f("fk_prepaid_book_event_book_id_prepaid_book"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_prepaid_book_event_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prepaid_book_event")),
    )  # fmt: skip
    with op.batch_alter_table("prepaid_book_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_prepaid_book_event_book_id"), ["book_id"], unique=False)
    with op.batch_alter_table("invoiced_booking", schema=None) as batch_op:
        batch_op.add_column(sa.Column("run_id", sa.Integer(), nullable=True))
        batch_op.alter_column("line_id", existing_type=sa.Integer(), nullable=True)
        batch_op.create_foreign_key(
            batch_op.f("fk_invoiced_booking_run_id_invoice_run"), "invoice_run", ["run_id"], ["id"]
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_invoiced_booking_one_place"), "(line_id IS NULL) <> (run_id IS NULL)"
        )
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.add_column(sa.Column("book_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_booking_book_id_prepaid_book"), "prepaid_book", ["book_id"], ["id"])
        batch_op.create_index(
            "ix_booking_book", ["book_id"], unique=False, sqlite_where=sa.text("book_id IS NOT NULL"),
            postgresql_where=sa.text("book_id IS NOT NULL"),
        )  # fmt: skip
