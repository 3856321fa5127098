"""what is not paid: reminders, write-offs and transfers; tax certificates, and what each line of an invoice is for

The lines of invoices that exist get their nature as their price has it in the last grid of their activity that knows
it; absences, fees and surcharges, and what no grid knows any more, are other: a certificate rather counts too little.

Revision ID: 0036
Revises: 0035
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

DRAFT = "9999-12-31"
CARRIED = ("unit", "combination", "package", "book", "book_sale")
TAKEN_OFF = ("aid", "deduction")
ABSENCE = "%(absence prévenue trop tard)"


def upgrade() -> None:
    _add_natures()
    op.create_table(
        "reminder_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_by_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_reminder_run_office_id_office")),
        sa.ForeignKeyConstraint(
            ["sent_by_id"], ["user_account.id"], name=op.f("fk_reminder_run_sent_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_run")),
        sa.UniqueConstraint("form_key", name=op.f("uq_reminder_run_form_key")),
    )
    op.create_table(
        "reminder_settings",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("first_days", sa.Integer(), nullable=False),
        sa.Column("second_days", sa.Integer(), nullable=False),
        sa.Column("third_days", sa.Integer(), nullable=False),
        sa.Column("minimum_cents", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["user_account.id"], name=op.f("fk_reminder_settings_changed_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_reminder_settings_office_id_office"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("office_id", name=op.f("pk_reminder_settings")),
    )
    op.create_table(
        "tax_publication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sends_mails", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by_id", sa.Integer(), nullable=False),
        sa.Column("last_family_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_tax_publication_office_id_office")),
        sa.ForeignKeyConstraint(
            ["started_by_id"], ["user_account.id"], name=op.f("fk_tax_publication_started_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_publication")),
    )
    with op.batch_alter_table("tax_publication", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tax_publication_ended_at"), ["ended_at"], unique=False)

    op.create_table(
        "reminder_letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_reminder_letter_family_id_family")),
        sa.ForeignKeyConstraint(["run_id"], ["reminder_run.id"], name=op.f("fk_reminder_letter_run_id_reminder_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_letter")),
        sa.UniqueConstraint("run_id", "family_id", name=op.f("uq_reminder_letter_run_id_family_id")),
    )
    with op.batch_alter_table("reminder_letter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reminder_letter_family_id"), ["family_id"], unique=False)

    op.create_table(
        "tax_certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("payer_name", sa.String(), nullable=False),
        sa.Column("payer_address", sa.String(), nullable=False),
        sa.Column("total_cents", sa.Integer(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("path", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_tax_certificate_family_id_family")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_tax_certificate_office_id_office")),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["tax_publication.id"], name=op.f("fk_tax_certificate_publication_id_tax_publication")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_certificate")),
        sa.UniqueConstraint(
            "family_id",
            "office_id",
            "year",
            "version",
            name=op.f("uq_tax_certificate_family_id_office_id_year_version"),
        ),
    )
    with op.batch_alter_table("tax_certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tax_certificate_publication_id"), ["publication_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tax_certificate_year"), ["year"], unique=False)

    op.create_table(
        "debt_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column("cancels_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_debt_move_positive")),
        sa.ForeignKeyConstraint(["cancels_id"], ["debt_move.id"], name=op.f("fk_debt_move_cancels_id_debt_move")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_debt_move_invoice_id_invoice")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_debt_move_recorded_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debt_move")),
        sa.UniqueConstraint("cancels_id", name=op.f("uq_debt_move_cancels_id")),
    )
    with op.batch_alter_table("debt_move", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_debt_move_invoice_id"), ["invoice_id"], unique=False)
        batch_op.create_index("ix_debt_move_recorded", ["recorded_on", "id"], unique=False)

    op.create_table(
        "invoice_hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(kind = 'plan') = (until IS NOT NULL)", name=op.f("ck_invoice_hold_until")),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["user_account.id"], name=op.f("fk_invoice_hold_ended_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_hold_invoice_id_invoice")),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_invoice_hold_made_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_hold")),
    )
    with op.batch_alter_table("invoice_hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invoice_hold_invoice_id"), ["invoice_id"], unique=False)

    op.create_table(
        "invoice_reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("balance_cents", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_invoice_reminder_family_id_family")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_reminder_invoice_id_invoice")),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["reminder_letter.id"], name=op.f("fk_invoice_reminder_letter_id_reminder_letter")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["reminder_run.id"], name=op.f("fk_invoice_reminder_run_id_reminder_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_reminder")),
        sa.UniqueConstraint("invoice_id", "level", name=op.f("uq_invoice_reminder_invoice_id_level")),
    )
    with op.batch_alter_table("invoice_reminder", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invoice_reminder_family_id"), ["family_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invoice_reminder_letter_id"), ["letter_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invoice_reminder_run_id"), ["run_id"], unique=False)

    op.create_table(
        "tax_certificate_child",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("child_name", sa.String(), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("paid_cents", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["tax_certificate.id"],
            name=op.f("fk_tax_certificate_child_certificate_id_tax_certificate"),
        ),
        sa.ForeignKeyConstraint(["child_id"], ["child.id"], name=op.f("fk_tax_certificate_child_child_id_child")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_certificate_child")),
        sa.UniqueConstraint(
            "certificate_id", "child_id", name=op.f("uq_tax_certificate_child_certificate_id_child_id")
        ),
    )
    with op.batch_alter_table("tax_certificate_child", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tax_certificate_child_child_id"), ["child_id"], unique=False)


def _add_natures() -> None:
    for name in ("care_cents", "meal_cents", "other_cents"):
        op.add_column("invoice_line", sa.Column(name, sa.Integer(), nullable=True))
    lines = sa.table(
        "invoice_line", *(sa.column(name, sa.Integer()) for name in ("activity_id", "quantity", "amount_cents")),
        *(sa.column(name, sa.Integer()) for name in ("care_cents", "meal_cents", "other_cents")),
        sa.column("kind", sa.String()), sa.column("item", sa.String()), sa.column("label", sa.String()),
    )  # fmt: skip
    connection = op.get_bind()
    connection.execute(sa.update(lines).values(care_cents=0, meal_cents=0))
    had = lines.c.kind.in_(CARRIED) & lines.c.label.not_like(ABSENCE)
    for (activity_id, code), (nature, meal_cents) in _natures(connection).items():
        of_item = had & (lines.c.activity_id == activity_id) & (lines.c.item == code)
        if nature == "meal":
            connection.execute(sa.update(lines).where(of_item).values(meal_cents=lines.c.amount_cents))
        elif nature == "care":
            meal = lines.c.quantity * meal_cents
            meal = sa.case((meal < lines.c.amount_cents, meal), else_=lines.c.amount_cents)
            connection.execute(
                sa.update(lines).where(of_item).values(care_cents=lines.c.amount_cents - meal, meal_cents=meal)
            )
    connection.execute(sa.update(lines).where(lines.c.kind.in_(TAKEN_OFF)).values(care_cents=lines.c.amount_cents))
    connection.execute(
        sa.update(lines).values(other_cents=lines.c.amount_cents - lines.c.care_cents - lines.c.meal_cents)
    )
    with op.batch_alter_table("invoice_line") as batch_op:
        for name in ("care_cents", "meal_cents", "other_cents"):
            batch_op.alter_column(name, existing_type=sa.Integer(), nullable=False)
        batch_op.create_check_constraint(
            op.f("ck_invoice_line_natures"), "care_cents + meal_cents + other_cents = amount_cents"
        )


def _natures(connection: sa.Connection) -> dict[tuple[int, str], tuple[str, int]]:
    """By activity and name of a price: care, meal or other, and the cents of a price of care that are its meal."""
    found: dict[tuple[int, str], tuple[str, int]] = {}
    rows = connection.execute(
        sa.text("SELECT activity_id, grid FROM tariff_version WHERE starts_on < :draft ORDER BY starts_on"),
        {"draft": DRAFT},
    )
    for activity_id, grid in rows:
        items: list[dict[str, Any]] = json.loads(grid).get("items", [])
        for item in items:
            found[activity_id, item["code"]] = item.get("nature", "care"), item.get("meal_cents", 0)
    return found
