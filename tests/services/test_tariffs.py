"""Prices in versions: what may change, and how bookings follow."""

from datetime import date

import pytest
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.bookings import Booking
from app.rules.tariff_grids import Grid, Item, Table, unit_code
from app.rules.tariff_grids import flat as one_price
from app.services import tariffs
from app.services.catalogue import catalogue
from app.services.errors import DayTaken, NotFound, VersionBegun
from app.services.tariffs import TariffInput, VersionState
from tests import factories

pytestmark = pytest.mark.usefixtures("app")
JANUARY = date(2027, 1, 1)


def flat(activity: factories.ActivitySetup, cents: int, day: date = JANUARY) -> TariffInput:
    return TariffInput(day, Grid(tuple(Item(unit_code(id_), one_price(cents)) for id_ in activity.units.values())))


def add(activity: factories.ActivitySetup, typed: TariffInput) -> int:
    with write_transaction() as session:
        return tariffs.add_version(session, activity.id, typed)


def reprice(activity: factories.ActivitySetup) -> int:
    """Batches that it took."""
    left, batches = tariffs.pending_effect(tariffs.read_activity(activity.id)).families, 0
    while left:
        with write_transaction() as session:
            left = tariffs.reprice_next(session, left)
        batches += 1
    return batches


def prices() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(select(Booking.price_cents).order_by(Booking.id)))


def test_versions_follow_one_another() -> None:
    activity = factories.make_activity()
    version_id = add(activity, flat(activity, 500))
    (each,) = tariffs.tariffs_by_activity()
    assert [version.state for version in each.versions] == [VersionState.TO_COME, VersionState.IN_FORCE]
    clock.start_at(factories.NOW.replace(year=2027, month=1, day=4), frozen=True)
    db.session.rollback()
    (each,) = tariffs.tariffs_by_activity()
    assert [version.state for version in each.versions] == [VersionState.IN_FORCE, VersionState.PAST]
    with pytest.raises(VersionBegun), write_transaction() as session:
        tariffs.delete_version(session, version_id)
    with pytest.raises(VersionBegun), write_transaction() as session:
        tariffs.change_version(session, version_id, flat(activity, 1, date(2027, 3, 1)))


def test_a_day_is_taken_once_and_never_in_the_past() -> None:
    activity = factories.make_activity()
    first = add(activity, flat(activity, 500))
    second = add(activity, flat(activity, 600, date(2027, 2, 1)))
    for day in (JANUARY, date(2026, 11, 22)):
        with pytest.raises(DayTaken):
            add(activity, flat(activity, 1, day))
    with pytest.raises(DayTaken), write_transaction() as session:
        tariffs.change_version(session, second, flat(activity, 600))
    with write_transaction() as session:
        tariffs.change_version(session, first, flat(activity, 550))
    rates = [version.grid.items[0].rate for version in catalogue().activities[activity.id].tariffs[1:]]
    assert [rate.values[()] for rate in rates if isinstance(rate, Table)] == [550, 600]


def test_grid_with_a_hole_or_without_a_unit_is_never_kept() -> None:
    activity = factories.make_activity()
    units = list(activity.units.values())
    complete = flat(activity, 1).grid.items
    holes = factories.make_grid(units, [(100, None, 1)]).items
    for items in (holes, (), complete[:-1], (*complete, Item(unit_code(999), one_price(1)))):
        with pytest.raises(ValueError, match="grid"):
            add(activity, TariffInput(JANUARY, Grid(items)))
    for action in (lambda s: tariffs.add_version(s, 99, flat(activity, 1)), lambda s: tariffs.delete_version(s, 99)):
        with pytest.raises(NotFound), write_transaction() as session:
            action(session)


def test_only_bookings_from_its_first_day_on_and_not_invoiced_change() -> None:
    planning = factories.make_planning()
    agent_id = factories.make_staff()
    factories.book_past(planning.family, planning.child_id, planning.activity, [date(2026, 10, 7)])
    factories.issue(planning.activity, date(2026, 10, 1), agent_id)
    days = (factories.WEDNESDAY, factories.NEXT_WEDNESDAY)
    factories.save(planning.family, planning.child_id, book=[planning.opening(day, "Matin") for day in days])
    typed = flat(planning.activity, 500, date(2026, 12, 1))
    effect = tariffs.effect_of_input(tariffs.read_activity(planning.activity.id), typed)
    assert (effect.families, effect.count, effect.difference_cents) == ((planning.family.family_id,), 1, 80)
    assert prices() == [420, 420, 420]
    version_id = add(planning.activity, typed)
    assert reprice(planning.activity) == 1
    assert prices() == [420, 420, 500]
    assert tariffs.effect_of_deletion(tariffs.read_version(version_id)).difference_cents == -80


def test_many_families_are_repriced_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tariffs, "FAMILIES_PER_BATCH", 2)
    planning = factories.make_planning()
    families = [factories.add_family(planning, f"FAMILLE{number}") for number in range(5)]
    for family, child_id in families:
        factories.save(family, child_id, book=[planning.opening(factories.NEXT_WEDNESDAY, "Matin")])
    add(planning.activity, flat(planning.activity, 500, date(2026, 12, 1)))
    assert reprice(planning.activity) == 3
    assert prices() == [500] * 5
    assert reprice(planning.activity) == 0
