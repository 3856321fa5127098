"""family files

Revision ID: 0003
Revises: 0002
"""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "school",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("is_offered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school")),
        sa.UniqueConstraint("name", name=op.f("uq_school_name")),
    )
    obligations = op.create_table(
        "vaccine_obligation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("born_from", sa.Date(), nullable=True),
        sa.Column("born_before", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vaccine_obligation")),
    )
    # What the law asks today (CSP L3111-2; decree 2024-694): settings from now on.
    since_2018, since_2025 = date(2018, 1, 1), date(2025, 1, 1)
    op.bulk_insert(
        obligations,
        [
            {"name": "Diphtérie, tétanos, poliomyélite (DTP)", "born_from": None, "born_before": None},
            {"name": "Coqueluche", "born_from": since_2018, "born_before": None},
            {"name": "Haemophilus influenzae b", "born_from": since_2018, "born_before": None},
            {"name": "Hépatite B", "born_from": since_2018, "born_before": None},
            {"name": "Pneumocoque", "born_from": since_2018, "born_before": None},
            {"name": "Rougeole, oreillons, rubéole (ROR)", "born_from": since_2018, "born_before": None},
            {"name": "Méningocoque C", "born_from": since_2018, "born_before": since_2025},
            {"name": "Méningocoques ACWY", "born_from": since_2025, "born_before": None},
            {"name": "Méningocoque B", "born_from": since_2025, "born_before": None},
        ],
    )
    op.create_table(
        "child_contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("other_phone", sa.String(), nullable=True),
        sa.Column("may_collect", sa.Boolean(), nullable=False),
        sa.Column("may_be_called", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_child_contact_child_id_child"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_child_contact")),
    )
    with op.batch_alter_table("child_contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_child_contact_child_id"), ["child_id"], unique=False)

    op.create_table(
        "child_section",
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["user_account.id"], name=op.f("fk_child_section_changed_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_child_section_child_id_child"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("child_id", "kind", name=op.f("pk_child_section")),
    )
    op.create_table(
        "health_access",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_health_access_child_id_child"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_health_access_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_access")),
    )
    with op.batch_alter_table("health_access", schema=None) as batch_op:
        batch_op.create_index("ix_health_access_child_at", ["child_id", "at"], unique=False)

    op.create_table(
        "safety_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_safety_notice_child_id_child"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_safety_notice_family_id_family"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["seen_by_id"], ["user_account.id"], name=op.f("fk_safety_notice_seen_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_notice")),
    )
    with op.batch_alter_table("safety_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_safety_notice_child_id"), ["child_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_safety_notice_seen_at"), ["seen_at"], unique=False)

    op.create_table(
        "child_authorisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("school_year", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("is_allowed", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("signed_by_id", sa.Integer(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_child_authorisation_child_id_child"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["signed_by_id"], ["guardian.id"], name=op.f("fk_child_authorisation_signed_by_id_guardian")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_child_authorisation")),
    )
    with op.batch_alter_table("child_authorisation", schema=None) as batch_op:
        batch_op.create_index("ix_child_authorisation_child_year", ["child_id", "school_year"], unique=False)

    op.create_table(
        "file_certification",
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("school_year", sa.Integer(), nullable=False),
        sa.Column("certified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("guardian_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_file_certification_family_id_family"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["guardian_id"], ["guardian.id"], name=op.f("fk_file_certification_guardian_id_guardian")
        ),
        sa.PrimaryKeyConstraint("family_id", "school_year", name=op.f("pk_file_certification")),
    )
    with op.batch_alter_table("family_quotient", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_family_quotient_family_id_starts_on"), type_="unique")
        batch_op.create_index(batch_op.f("ix_family_quotient_family_id"), ["family_id"], unique=False)

    with op.batch_alter_table("guardian", schema=None) as batch_op:
        batch_op.add_column(sa.Column("situation", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("birth_date", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("number", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("repetition", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("street", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("complement", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("postal_code", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("city", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("occupation", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("profession", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("employer", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("home_phone", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("work_phone", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("mobile_phone", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("work_mobile_phone", sa.String(), server_default="", nullable=False))
