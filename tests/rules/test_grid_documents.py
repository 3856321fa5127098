"""A grid read back from its document gives the same prices."""

import json

import pytest

from app.rules.grid_documents import UnreadableGrid, grid_document, read_grid
from app.rules.tariff_grids import Grid
from tests.rules.published_grids import GRIDS
from tests.rules.worked_grids import AFTER_SCHOOL, CLUB, HOLIDAYS, WEDNESDAY

WORKED = {"wednesday": WEDNESDAY, "after_school": AFTER_SCHOOL, "holidays": HOLIDAYS, "club": CLUB}


@pytest.mark.parametrize("grid", [pytest.param(grid, id=name) for name, grid in (WORKED | dict(GRIDS)).items()])
def test_every_kind_of_grid_is_written_and_read_back(grid: Grid) -> None:
    document = json.loads(json.dumps(grid_document(grid)))
    again = read_grid(document)
    assert grid_document(again) == document
    assert {code: type(item.rate) for code, item in again.by_code.items()} == {
        code: type(item.rate) for code, item in grid.by_code.items()
    }
    assert (again.modifiers, again.packages, again.surcharges, again.rounding) == (
        grid.modifiers, grid.packages, grid.surcharges, grid.rounding,
    )  # fmt: skip


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({}, id="empty"),
        pytest.param({"is": "Rocket"}, id="unknown kind"),
        pytest.param({"is": "Grid", "items": [{"is": "Item", "code": "a"}]}, id="without rate"),
        pytest.param(
            {"is": "Grid", "items": [{"is": "Item", "code": "a", "rate": None, "meal_cents": 1.5}]}, id="float"
        ),
        pytest.param({"is": "Grid", "items": [], "rounding": "euro"}, id="unknown word"),
    ],
)
def test_what_is_no_grid_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(UnreadableGrid):
        read_grid(document)
