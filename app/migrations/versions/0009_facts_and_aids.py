"""what prices depend on, and aids with their ledger

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("family", schema=None) as batch_op:
        batch_op.add_column(sa.Column("declines_quotient", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("family_child", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_dependent", sa.Boolean(), server_default=sa.true(), nullable=False))
    _create_facts()
    _create_aids()


def _create_facts() -> None:
    op.create_table(
        "residence_commune",
        sa.Column("insee_code", sa.String(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["insee_code"], ["commune.insee_code"], name=op.f("fk_residence_commune_insee_code_commune")
        ),
        sa.PrimaryKeyConstraint("insee_code", name=op.f("pk_residence_commune")),
    )
    op.create_table(
        "family_residence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("word", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_family_residence_family_id_family"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_residence")),
        sa.UniqueConstraint("family_id", "starts_on", name=op.f("uq_family_residence_family_id_starts_on")),
    )
    op.create_table(
        "family_standing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=True),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_family_standing_family_id_family"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_family_standing_child_id_child"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_standing")),
    )
    with op.batch_alter_table("family_standing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_family_standing_family_id"), ["family_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_family_standing_child_id"), ["child_id"], unique=False)


def _create_aids() -> None:
    op.create_table(
        "aid_fund",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("is_council", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aid_fund")),
        sa.UniqueConstraint("name", name=op.f("uq_aid_fund_name")),
    )
    op.create_table(
        "child_aid",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fund_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("amounts", sa.String(), nullable=False),
        sa.Column("percent_hundredths", sa.Integer(), nullable=False),
        sa.Column("day_kinds", sa.String(), nullable=False),
        sa.Column("ceiling_cents", sa.Integer(), nullable=True),
        sa.Column("most_days", sa.Integer(), nullable=True),
        sa.Column("floor_cents", sa.Integer(), nullable=False),
        sa.Column("is_cumulative", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_child_aid_days")),
        sa.ForeignKeyConstraint(["fund_id"], ["aid_fund.id"], name=op.f("fk_child_aid_fund_id_aid_fund")),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_child_aid_family_id_family"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_child_aid_child_id_child"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_child_aid_created_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_child_aid")),
    )
    with op.batch_alter_table("child_aid", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_child_aid_fund_id"), ["fund_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_child_aid_family_id"), ["family_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_child_aid_child_id"), ["child_id"], unique=False)
    op.create_table(
        "aid_use",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("aid_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["aid_id"], ["child_aid.id"], name=op.f("fk_aid_use_aid_id_child_aid")),
        sa.ForeignKeyConstraint(["line_id"], ["invoice_line.id"], name=op.f("fk_aid_use_line_id_invoice_line")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aid_use")),
        sa.UniqueConstraint("line_id", "day", name=op.f("uq_aid_use_line_id_day")),
    )
    with op.batch_alter_table("aid_use", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_aid_use_aid_id"), ["aid_id"], unique=False)
