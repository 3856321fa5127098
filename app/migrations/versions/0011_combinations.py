"""combinations: the rules of an activity are a document

Revision ID: 0011
Revises: 0010
"""

import json
from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ACTIVITY = sa.table("activity", sa.column("id", sa.Integer), sa.column("combinations", sa.String))
_UNIT = sa.table("unit", sa.column("id", sa.Integer), sa.column("activity_id", sa.Integer))
_RULE = sa.table("combination_rule", sa.column("id", sa.Integer), sa.column("unit_id", sa.Integer))
_LINK = sa.table("combination_rule_unit", sa.column("rule_id", sa.Integer), sa.column("unit_id", sa.Integer))


def upgrade() -> None:
    op.add_column("activity", sa.Column("combinations", sa.String(), nullable=True))
    connection = op.get_bind()
    activity_of = dict(connection.execute(sa.select(_UNIT.c.id, _UNIT.c.activity_id)).tuples().all())
    any_of = defaultdict(list)
    for rule_id, unit_id in connection.execute(sa.select(_LINK).order_by(_LINK.c.unit_id)):
        any_of[rule_id].append(unit_id)
    rules = defaultdict(list)
    for rule_id, unit_id in connection.execute(sa.select(_RULE).order_by(_RULE.c.id)):
        rule = {"is": "Requirement", "unit_id": unit_id, "any_of": any_of[rule_id]}
        if set(any_of[rule_id]) - {unit_id}:
            rules[activity_of[unit_id]].append(rule)
    for activity_id in connection.scalars(sa.select(_ACTIVITY.c.id)).all():
        # As app/rules/combination_documents.py writes it.
        document = {"is": "Combinations", **({"rules": rules[activity_id]} if rules[activity_id] else {})}
        text = json.dumps(document, ensure_ascii=False)
        connection.execute(sa.update(_ACTIVITY).where(_ACTIVITY.c.id == activity_id).values(combinations=text))
    op.drop_table("combination_rule_unit")
    op.drop_table("combination_rule")
    with op.batch_alter_table("activity") as batch_op:
        batch_op.alter_column("combinations", existing_type=sa.String(), nullable=False)
