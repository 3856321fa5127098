"""enrolment_rules: who may be enrolled in an activity, when, and how it is decided

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("activity", sa.Column("enrolment_rules", sa.String(), nullable=True))
    # As app/rules/enrolment_documents.py writes rules that ask nothing.
    op.execute('UPDATE activity SET enrolment_rules = \'{"is": "EnrolmentRules"}\'')
    with op.batch_alter_table("activity") as batch_op:
        batch_op.alter_column("enrolment_rules", existing_type=sa.String(), nullable=False)
