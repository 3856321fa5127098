"""bookings that wait for their payment

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TO_PAY = sa.text("status = 'awaiting_payment'")


def upgrade() -> None:
    op.add_column("activity", sa.Column("pay_within_minutes", sa.Integer(), nullable=True))
    op.add_column("booking", sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_booking_to_pay", "booking", ["kept_until"], sqlite_where=TO_PAY, postgresql_where=TO_PAY)
    with op.batch_alter_table("invoice") as batch_op:
        batch_op.alter_column("run_id", existing_type=sa.Integer(), nullable=True)
    op.create_table(
        "basket_booking",
        sa.Column("basket_id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["basket_id"], ["payment_basket.id"], name=op.f("fk_basket_booking_basket_id_payment_basket")
        ),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_basket_booking_booking_id_booking")),
        sa.PrimaryKeyConstraint("basket_id", "booking_id", name=op.f("pk_basket_booking")),
    )
    op.create_index(op.f("ix_basket_booking_booking_id"), "basket_booking", ["booking_id"])
