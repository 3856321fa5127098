"""imports of families from a file

Revision ID: 0043
Revises: 0049
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "family_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("ignored", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ordered_by_id", sa.Integer(), nullable=True),
        sa.Column("mails_codes", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("verifies_quotients", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        *(
            sa.ForeignKeyConstraint([column], ["user_account.id"], name=op.f(f"fk_family_import_{column}_user_account"))
            for column in ("asked_by_id", "ordered_by_id", "undone_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_import")),
    )
    op.create_index(op.f("ix_family_import_status"), "family_import", ["status"])
    op.create_table(
        "imported_family",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("first_line", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("is_wanted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("adult_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("child_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("content", sa.String(), nullable=True),
        sa.Column("report", sa.String(), nullable=True),
        sa.Column("codes", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("family_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["family_import.id"], name=op.f("fk_imported_family_import_id_family_import"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_imported_family_family_id_family"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_family")),
    )  # fmt: skip
    op.create_index("ix_imported_family_import_id_state", "imported_family", ["import_id", "state", "id"])
    op.create_index(op.f("ix_imported_family_family_id"), "imported_family", ["family_id"])
