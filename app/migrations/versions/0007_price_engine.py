"""price engine: a version of prices holds its grid as a document

Revision ID: 0007
Revises: 0006
"""

import json
from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_VERSION = sa.table("tariff_version", sa.column("id", sa.Integer), sa.column("grid", sa.String))
_UNIT = sa.table("unit", sa.column("id", sa.Integer), sa.column("is_meal", sa.Boolean))
_BRACKET = sa.table(
    "tariff_bracket",
    sa.column("version_id", sa.Integer),
    sa.column("unit_id", sa.Integer),
    sa.column("qf_from_cents", sa.Integer),
    sa.column("qf_below_cents", sa.Integer),
    sa.column("amount_cents", sa.Integer),
)


def upgrade() -> None:
    op.add_column("tariff_version", sa.Column("grid", sa.String(), nullable=True))
    connection = op.get_bind()
    meals = set(connection.scalars(sa.select(_UNIT.c.id).where(_UNIT.c.is_meal)))
    brackets = defaultdict(lambda: defaultdict(list))
    rows = sa.select(_BRACKET).order_by(_BRACKET.c.version_id, _BRACKET.c.unit_id, _BRACKET.c.qf_from_cents)
    for version_id, unit_id, low, below, cents in connection.execute(rows):
        brackets[version_id][unit_id].append((low, below, cents))
    for version_id in connection.scalars(sa.select(_VERSION.c.id)).all():
        items = [_item(unit_id, lines, unit_id in meals) for unit_id, lines in brackets[version_id].items()]
        document = json.dumps({"is": "Grid", "items": items}, ensure_ascii=False)
        connection.execute(sa.update(_VERSION).where(_VERSION.c.id == version_id).values(grid=document))
    op.drop_table("tariff_bracket")
    with op.batch_alter_table("tariff_version") as batch_op:
        batch_op.alter_column("grid", existing_type=sa.String(), nullable=False)


def _item(unit_id: int, lines: list[tuple[int, int | None, int]], is_meal: bool) -> dict[str, object]:
    """The item of a unit, as app/rules/grid_documents.py writes it."""
    if len(lines) == 1 and lines[0][:2] == (0, None):
        rate = {"is": "Table", "axes": [], "values": [[[], lines[0][2]]]}
    else:
        spans = [
            {"is": "Span", "code": f"q{place}", "low": low, "below": below}
            for place, (low, below, _) in enumerate(lines, 1)
        ]
        values = [[[f"q{place}"], cents] for place, (_, _, cents) in enumerate(lines, 1)]
        rate = {
            "is": "Table",
            "axes": [{"is": "NumberAxis", "criterion": "quotient", "spans": spans}],
            "values": values,
        }
    item: dict[str, object] = {"is": "Item", "code": f"unit-{unit_id}", "rate": rate}
    return item | {"nature": "meal"} if is_meal else item
