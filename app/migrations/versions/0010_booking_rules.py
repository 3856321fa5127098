"""booking rules: a notice rule is a document

Revision ID: 0010
Revises: 0009
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_BEFORE = sa.table(
    "activity_notice_rule",
    sa.column("id", sa.Integer),
    sa.column("activity_id", sa.Integer),
    sa.column("action", sa.String),
    sa.column("kind", sa.String),
    sa.column("count", sa.Integer),
    sa.column("at", sa.Time),
    sa.column("weekday", sa.Integer),
)


def upgrade() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.select(_BEFORE).order_by(_BEFORE.c.id)).all()
    op.drop_table("activity_notice_rule")
    table = op.create_table(
        "activity_notice_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("deadline", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activity.id"],
            name=op.f("fk_activity_notice_rule_activity_id_activity"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_notice_rule")),
        sa.UniqueConstraint("activity_id", "deadline", name=op.f("uq_activity_notice_rule_activity_id_deadline")),
    )
    for row in rows:
        line = {"is": "NoticeLine", "notice": _notice(row)}
        rule = json.dumps({"is": "NoticeRule", "lines": [line]}, ensure_ascii=False)
        values = {"activity_id": row.activity_id, "deadline": row.action, "rule": rule}
        connection.execute(sa.insert(table).values(values))


def _notice(row) -> dict[str, object]:
    """The notice of a row, as app/rules/notice_documents.py writes it."""
    if row.kind == "hours_before":
        return {"is": "HoursBefore", "hours": row.count}
    at = row.at.isoformat()
    if row.kind == "weekday_before":
        return {"is": "WeekdayBefore", "weeks": row.count, "weekday": row.weekday, "at": at}
    days = {"is": "DaysBefore", "count": row.count, "at": at}
    return days | {"counted": "working"} if row.kind == "working_days_before" else days
