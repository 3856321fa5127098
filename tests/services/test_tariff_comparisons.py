"""A version of prices to come against the one in force, on last year's bookings."""

from datetime import date

import pytest

from app.database import write_transaction
from app.services import tariffs
from app.services.tariff_comparisons import Comparison, compare
from app.services.tariffs import TariffInput
from tests import factories

pytestmark = pytest.mark.usefixtures("app")
OCTOBER_DAYS = [date(2026, 10, 7), date(2026, 10, 14)]


def comparison(activity: factories.ActivitySetup, *prices: tuple[int, int | None, int]) -> Comparison:
    grid = factories.make_grid(activity.units.values(), prices)
    with write_transaction() as session:
        version_id = tariffs.add_version(session, activity.id, TariffInput(date(2027, 1, 1), grid))
    found = compare(tariffs.read_version(version_id))
    assert found is not None
    return found


def test_who_pays_more_and_who_pays_less() -> None:
    activity = factories.make_activity()  # 2.10 below a quotient of 600, else 4.20
    poor, rich = factories.make_family(quotient_cents=50_000), factories.make_family("AUTRE", quotient_cents=90_000)
    for family, days in ((poor, OCTOBER_DAYS), (rich, [date(2026, 11, 4), date(2026, 11, 18)])):
        child_id = factories.make_child(family)
        factories.enrol(child_id, family, activity)
        factories.book_past(family, child_id, activity, days)
    found = comparison(activity, (0, 60_000, 100), (60_000, None, 720))
    assert (found.bookings, found.now_cents, found.then_cents) == (4, 1_260, 1_640)
    assert (found.paying_more, found.paying_less, found.paying_the_same) == (1, 1, 0)
    assert [(band.above_cents, band.to_cents) for band in found.bands if band.families] == [(-500, 0), (500, 2_000)]
    assert sum(band.families for band in found.bands) == 2


def test_nothing_changes_and_nothing_is_booked() -> None:
    planning = factories.make_planning()
    assert comparison(planning.activity, (0, None, 1)).bookings == 0
    factories.book_past(planning.family, planning.child_id, planning.activity, OCTOBER_DAYS)
    found = compare(tariffs.read_version(tariffs.tariffs_by_activity()[0].versions[-1].id))
    assert found is not None
    assert (found.now_cents, found.then_cents, found.paying_the_same) == (840, 840, 1)
