"""the counter, deposits and reversals

Revision ID: 0035
Revises: 0034
"""

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

PARIS = ZoneInfo("Europe/Paris")


def upgrade() -> None:
    with op.batch_alter_table("payment") as batch_op:
        batch_op.add_column(sa.Column("bank", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("drawer", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("voucher_count", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("value_on", sa.Date(), nullable=True))
    op.create_table(
        "cash_desk",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("ceiling_cents", sa.Integer(), nullable=True),
        sa.Column("float_cents", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_cash_desk_office_id_office"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("office_id", name=op.f("pk_cash_desk")),
    )
    op.create_table(
        "office_mode",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=40), nullable=False),
        sa.Column("is_taken", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_office_mode_office_id_office"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("office_id", "mode", name=op.f("pk_office_mode")),
    )
    op.create_table(
        "cash_keeper",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_cash_keeper_office_id_office"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_keeper")),
    )
    op.create_index(op.f("ix_cash_keeper_office_id"), "cash_keeper", ["office_id"])
    op.create_table(
        "payment_reversal",
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reversed_by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_payment_reversal_payment_id_payment")),
        sa.ForeignKeyConstraint(
            ["reversed_by_id"], ["user_account.id"], name=op.f("fk_payment_reversal_reversed_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_payment_reversal")),
    )
    op.create_table(
        "refund",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("iban", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(), nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_refund_positive")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_refund_office_id_office")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_refund_family_id_family")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user_account.id"], name=op.f("fk_refund_made_by_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("number", name=op.f("uq_refund_number")),
        sa.UniqueConstraint("form_key", name=op.f("uq_refund_form_key")),
    )
    op.create_index(op.f("ix_refund_family_id"), "refund", ["family_id"])
    op.create_table(
        "refund_share",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("refund_id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("credit_note_id", sa.Integer(), nullable=True),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_refund_share_positive")),
        sa.CheckConstraint("(payment_id IS NULL) <> (credit_note_id IS NULL)", name=op.f("ck_refund_share_one_source")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_refund_share_refund_id_refund")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_refund_share_payment_id_payment")),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_note.id"], name=op.f("fk_refund_share_credit_note_id_credit_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_share")),
    )
    op.create_index(op.f("ix_refund_share_refund_id"), "refund_share", ["refund_id"])
    op.create_index(op.f("ix_refund_share_credit_note_id"), "refund_share", ["credit_note_id"])
    op.create_index(op.f("ix_refund_share_payment_id"), "refund_share", ["payment_id"])
    op.create_table(
        "deposit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=40), nullable=False),
        sa.Column("total_cents", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("keeper_name", sa.String(), nullable=False),
        sa.Column("form_key", sa.String(), nullable=False),
        sa.CheckConstraint("total_cents >= 0", name=op.f("ck_deposit_not_negative")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_deposit_office_id_office")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user_account.id"], name=op.f("fk_deposit_made_by_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit")),
        sa.UniqueConstraint("number", name=op.f("uq_deposit_number")),
        sa.UniqueConstraint("form_key", name=op.f("uq_deposit_form_key")),
    )
    op.create_index(op.f("ix_deposit_office_id"), "deposit", ["office_id"])
    op.create_table(
        "deposit_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deposit_id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("reversed_id", sa.Integer(), nullable=True),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.CheckConstraint("(payment_id IS NULL) <> (reversed_id IS NULL)", name=op.f("ck_deposit_item_one_subject")),
        sa.CheckConstraint("(amount_cents > 0) = (payment_id IS NOT NULL)", name=op.f("ck_deposit_item_sign")),
        sa.ForeignKeyConstraint(["deposit_id"], ["deposit.id"], name=op.f("fk_deposit_item_deposit_id_deposit")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_deposit_item_payment_id_payment")),
        sa.ForeignKeyConstraint(
            ["reversed_id"],
            ["payment_reversal.payment_id"],
            name=op.f("fk_deposit_item_reversed_id_payment_reversal"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_item")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_deposit_item_payment_id")),
        sa.UniqueConstraint("reversed_id", name=op.f("uq_deposit_item_reversed_id")),
    )
    op.create_index(op.f("ix_deposit_item_deposit_id"), "deposit_item", ["deposit_id"])
    subjects = ("payment_id", "reversed_id", "refund_id", "deposit_id")
    one_subject = " + ".join(f"CASE WHEN {name} IS NULL THEN 0 ELSE 1 END" for name in subjects) + " = 1"
    op.create_table(
        "journal_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("mode", sa.String(length=40), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("reversed_id", sa.Integer(), nullable=True),
        sa.Column("refund_id", sa.Integer(), nullable=True),
        sa.Column("deposit_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(one_subject, name=op.f("ck_journal_line_one_subject")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_journal_line_office_id_office")),
        sa.ForeignKeyConstraint(["agent_id"], ["user_account.id"], name=op.f("fk_journal_line_agent_id_user_account")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_journal_line_payment_id_payment")),
        sa.ForeignKeyConstraint(
            ["reversed_id"],
            ["payment_reversal.payment_id"],
            name=op.f("fk_journal_line_reversed_id_payment_reversal"),
        ),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_journal_line_refund_id_refund")),
        sa.ForeignKeyConstraint(["deposit_id"], ["deposit.id"], name=op.f("fk_journal_line_deposit_id_deposit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_line")),
        sa.UniqueConstraint("office_id", "n", name=op.f("uq_journal_line_office_id_n")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_journal_line_payment_id")),
        sa.UniqueConstraint("reversed_id", name=op.f("uq_journal_line_reversed_id")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_journal_line_refund_id")),
        sa.UniqueConstraint("deposit_id", name=op.f("uq_journal_line_deposit_id")),
    )
    op.create_index("ix_journal_line_office_day", "journal_line", ["office_id", "day"])
    _write_down_what_was_received()


def _write_down_what_was_received() -> None:
    """The journal begins with all that was received before there was one, in the order in which it was recorded."""
    connection = op.get_bind()
    payment = sa.table(
        "payment",
        *(sa.column(name, sa.Integer()) for name in ("id", "office_id", "amount_cents", "recorded_by_id")),
        sa.column("mode", sa.String()),
        sa.column("recorded_at", sa.DateTime(timezone=True)),
    )
    line = sa.table(
        "journal_line",
        *(sa.column(name) for name in ("office_id", "n", "kind", "mode", "amount_cents", "agent_id", "payment_id")),
        sa.column("day", sa.Date()),
        sa.column("at", sa.DateTime(timezone=True)),
    )
    last: Counter[int] = Counter()
    rows = connection.execute(sa.select(payment).order_by(payment.c.id)).all()
    for start in range(0, len(rows), 1_000):
        lines = []
        for row in rows[start : start + 1_000]:
            last[row.office_id] += 1
            at: datetime = row.recorded_at
            moment = at.replace(tzinfo=UTC) if at.tzinfo is None else at
            lines.append(
                {
                    "office_id": row.office_id, "n": last[row.office_id], "day": moment.astimezone(PARIS).date(),
                    "at": at, "kind": "receipt", "mode": row.mode, "amount_cents": row.amount_cents,
                    "agent_id": row.recorded_by_id, "payment_id": row.id,
                }
            )  # fmt: skip
        connection.execute(sa.insert(line), lines)
