"""documents: templates to download; the mails that tell of a new version of a text

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the tables."""
    with op.batch_alter_table("required_document") as batch_op:
        batch_op.add_column(sa.Column("template_path", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("template_bytes", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("template_pages", sa.Integer(), nullable=True))
        batch_op.create_unique_constraint(op.f("uq_required_document_template_path"), ["template_path"])
    op.create_table(
        "text_mailing",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["text_version.id"],
            name=op.f("fk_text_mailing_version_id_text_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_text_mailing")),
    )
    op.create_table(
        "text_recipient",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_text_recipient_family_id_family"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["text_version.id"],
            name=op.f("fk_text_recipient_version_id_text_version"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "family_id", name=op.f("pk_text_recipient")),
    )  # fmt: skip
    op.create_index(op.f("ix_text_recipient_family_id"), "text_recipient", ["family_id"])
    op.create_index(op.f("ix_text_recipient_queued_at"), "text_recipient", ["queued_at"])
