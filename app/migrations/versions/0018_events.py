"""events: a unit may be of one day only; a least number of days in a week is a rule, and no price

Revision ID: 0018
Revises: 0017
"""

import json
from collections import defaultdict
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ACTIVITY = sa.table("activity", sa.column("id", sa.Integer), sa.column("combinations", sa.String))
_VERSION = sa.table(
    "tariff_version",
    sa.column("id", sa.Integer), sa.column("activity_id", sa.Integer), sa.column("starts_on", sa.Date),
    sa.column("grid", sa.String),
)  # fmt: skip
_DRAFT_YEAR = 9999


def upgrade() -> None:
    """Add the day of an outing, and take `least_days` out of the grids.

    What those in force say of it becomes a rule for their days.
    """
    op.add_column("unit", sa.Column("day", sa.Date(), nullable=True))
    connection = op.get_bind()
    versions = defaultdict(list)
    for row in connection.execute(sa.select(_VERSION).order_by(_VERSION.c.activity_id, _VERSION.c.starts_on)):
        grid = json.loads(row.grid)
        least = grid.pop("least_days", [])
        if row.starts_on.year < _DRAFT_YEAR:
            versions[row.activity_id].append((row.starts_on, least))
        if least:
            text = json.dumps(grid, ensure_ascii=False)
            connection.execute(sa.update(_VERSION).where(_VERSION.c.id == row.id).values(grid=text))
    for activity_id, found in versions.items():
        rules = list(_rules(found))
        if not rules:
            continue
        activity = sa.select(_ACTIVITY.c.combinations).where(_ACTIVITY.c.id == activity_id)
        document = json.loads(connection.scalars(activity).one())
        document["rules"] = [*document.get("rules", []), *rules]
        text = json.dumps(document, ensure_ascii=False)
        connection.execute(sa.update(_ACTIVITY).where(_ACTIVITY.c.id == activity_id).values(combinations=text))


def _rules(versions: list[tuple[Any, list[dict[str, Any]]]]) -> Any:
    """As app/rules/combination_documents.py writes them; versions that say the same are one rule."""
    spans: list[list[Any]] = []  # [first version's place, last version's place, what they say]
    for place, (_, least) in enumerate(versions):
        if spans and spans[-1][2] == least:
            spans[-1][1] = place
        else:
            spans.append([place, place, least])
    for first, last, least in spans:
        span = {}
        if first:
            span["starts_on"] = versions[first][0].isoformat()
        if last + 1 < len(versions):
            span["ends_on"] = (versions[last + 1][0] - timedelta(days=1)).isoformat()
        for rule in least:
            # Prices are called « unit-12 » after their unit; those with a name of their own are nobody's booking.
            units = sorted(int(code.removeprefix("unit-")) for code in rule["units"] if code.startswith("unit-"))
            if units:
                yield {"is": "WeekCount", "days": {"is": "Days", **span, "units": units}, "least": rule["days"]}
