"""mails: templates, reminders, urgent messages

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_text",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["user_account.id"], name=op.f("fk_mail_text_changed_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_mail_text")),
    )
    op.create_table(
        "urgent_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("sent_by_id", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["sent_by_id"], ["user_account.id"], name=op.f("fk_urgent_message_sent_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_urgent_message")),
        sa.UniqueConstraint("key", name=op.f("uq_urgent_message_key")),
    )
    op.create_index(op.f("ix_urgent_message_sent_at"), "urgent_message", ["sent_at"])
    op.create_table(
        "urgent_recipient",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_urgent_recipient_family_id_family"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["urgent_message.id"],
            name=op.f("fk_urgent_recipient_message_id_urgent_message"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", "family_id", name=op.f("pk_urgent_recipient")),
    )  # fmt: skip
    op.create_index(op.f("ix_urgent_recipient_family_id"), "urgent_recipient", ["family_id"])
    op.create_index(op.f("ix_urgent_recipient_queued_at"), "urgent_recipient", ["queued_at"])
    with op.batch_alter_table("outbox_mail") as batch_op:
        batch_op.add_column(sa.Column("doubts", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("urgent_message_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_outbox_mail_urgent_message_id_urgent_message"), "urgent_message", ["urgent_message_id"], ["id"]
        )
        batch_op.create_index(op.f("ix_outbox_mail_urgent_message_id"), ["urgent_message_id"])
