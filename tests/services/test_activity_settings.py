"""Offices, places, seasons, activities, groups and units: what hangs on something keeps it, and a copy is whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.database import db, write_transaction
from app.models.activities import Activity, CapacityScope, CapacityScopeUnit, Group, TariffVersion, Unit
from app.models.bookings import CapacityCounter, Opening
from app.rules.combinations import Requirement
from app.rules.states import EnrolmentStatus
from app.rules.tariff_grids import unit_code
from app.services import activity_copies, activity_settings, council_settings
from app.services.activity_copies import CopyInput, PricesOfCopy
from app.services.activity_settings import ActivityInput, GroupInput, UnitInput
from app.services.catalogue import catalogue
from app.services.council_settings import OfficeInput, SeasonInput, SiteInput
from app.services.errors import NameTaken, NotFound, PrefixTaken, StillUsed, Usage, UsageKind
from tests import factories
from tests.factories import WEDNESDAY, make_activity, make_openings, make_planning, save

NEXT_YEAR = SeasonInput("2027-2028", date(2027, 9, 1), date(2028, 8, 31))


def usages(error: pytest.ExceptionInfo[StillUsed]) -> set[Usage]:
    return set(error.value.usages)


def make_season() -> int:
    with write_transaction() as session:
        return council_settings.save_season(session, None, NEXT_YEAR)


def test_what_an_activity_stands_on_is_kept_while_it_does(sqlite_app: Flask) -> None:
    activity = make_activity()
    row = activity_settings.find_activity(activity.id)
    for delete, id_ in (
        (council_settings.delete_office, row.office_id),
        (council_settings.delete_site, row.site_id),
        (council_settings.delete_season, row.season_id),
    ):
        with pytest.raises(StillUsed) as refused, write_transaction() as session:
            delete(session, id_)
        assert usages(refused) == {Usage(UsageKind.ACTIVITY, 1)}
    with write_transaction() as session:
        activity_settings.delete_activity(session, activity.id)
    with write_transaction() as session:
        council_settings.delete_office(session, row.office_id)
        council_settings.delete_site(session, row.site_id)
        council_settings.delete_season(session, row.season_id)
    assert not (council_settings.offices() or council_settings.sites() or council_settings.seasons())


def test_names_and_prefixes_are_taken_once(sqlite_app: Flask) -> None:
    with write_transaction() as session:
        council_settings.save_office(session, None, OfficeInput("pop", "Enfance", None))
        council_settings.save_site(session, None, SiteInput("École", "1 rue"))
    for refused, save_one in (
        (PrefixTaken, lambda s: council_settings.save_office(s, None, OfficeInput("POP", "Jeunesse", None))),
        (NameTaken, lambda s: council_settings.save_office(s, None, OfficeInput("caj", "Enfance", None))),
        (NameTaken, lambda s: council_settings.save_site(s, None, SiteInput("École", "2 rue"))),
    ):
        with pytest.raises(refused), write_transaction() as session:
            save_one(session)


def test_prefix_stays_once_an_invoice_bears_it(sqlite_app: Flask) -> None:
    planning = make_planning()
    office = council_settings.find_office(activity_settings.find_activity(planning.activity.id).office_id)
    typed = OfficeInput("enf", office.name, office.payfip_number)
    factories.make_invoice(planning.family, 1_000, prefix=office.prefix, payfip_number=office.payfip_number or "")
    with pytest.raises(StillUsed), write_transaction() as session:
        council_settings.save_office(session, office.id, typed)
    with write_transaction() as session:
        council_settings.save_office(session, office.id, replace(typed, prefix=office.prefix, name="Petite enfance"))
    assert council_settings.find_office(office.id).name == "Petite enfance"


def test_season_never_ends_before_its_openings(sqlite_app: Flask) -> None:
    planning = make_planning()
    season = council_settings.seasons()[0]
    with pytest.raises(StillUsed) as refused, write_transaction() as session:
        council_settings.save_season(session, season.id, SeasonInput("x", season.starts_on, WEDNESDAY))
    (usage,) = refused.value.usages
    assert usage.kind is UsageKind.OPENING_OUTSIDE and usage.count
    last = max(day for day, _name in planning.openings)
    with write_transaction() as session:
        council_settings.save_season(session, season.id, SeasonInput("Court", season.starts_on, last))
    assert council_settings.find_season(season.id).ends_on == last


def test_unit_that_was_booked_or_that_a_rule_names_is_kept(sqlite_app: Flask) -> None:
    planning = make_planning()
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    with pytest.raises(StillUsed) as refused, write_transaction() as session:
        activity_settings.delete_unit(session, planning.activity.units["Matin"])
    kinds = {usage.kind for usage in refused.value.usages}
    assert kinds == {UsageKind.BOOKING, UsageKind.COMBINATION, UsageKind.TARIFF}


def test_unit_that_nothing_names_goes_with_its_openings_and_places(sqlite_app: Flask) -> None:
    activity = make_activity(needs={}, prices=(), places=None)
    unit_id = activity.units["Repas"]
    with write_transaction() as session:
        scope_id = factories.add_scope(session, "Cantine", 12, [unit_id], [activity.group_id])
    make_openings(activity, [WEDNESDAY])
    assert db.session.scalar(select(func.count()).select_from(CapacityCounter)) == 1
    with write_transaction() as session:
        activity_settings.delete_unit(session, unit_id)
    assert unit_id not in catalogue().units and not catalogue().scopes
    assert db.session.get(CapacityScope, scope_id) is None
    assert db.session.scalar(select(func.count()).select_from(Opening)) == 2


def test_group_and_activity_are_kept_while_a_child_is_enrolled_or_asked(sqlite_app: Flask) -> None:
    activity = make_activity()
    family = factories.make_family()
    factories.enrol(factories.make_child(family), family, activity, EnrolmentStatus.REQUESTED)
    for delete, id_ in (
        (activity_settings.delete_group, activity.group_id),
        (activity_settings.delete_activity, activity.id),
    ):
        with pytest.raises(StillUsed) as refused, write_transaction() as session:
            delete(session, id_)
        assert usages(refused) == {Usage(UsageKind.ENROLMENT, 1)}


def test_what_is_not_there_is_refused(sqlite_app: Flask) -> None:
    for command in (
        lambda s: activity_settings.delete_unit(s, 99),
        lambda s: activity_settings.save_group(s, None, 99, GroupInput("3–5 ans", 3, 5)),
        lambda s: activity_settings.save_unit(s, 99, 99, UnitInput("Matin", time(7), time(9), False, 1, None)),
        lambda s: council_settings.delete_season(s, 99),
        lambda s: activity_copies.copy_activity(s, 99, CopyInput(1, "Mercredi", PricesOfCopy.NONE)),
    ):
        with pytest.raises(NotFound), write_transaction() as session:
            command(session)


def test_activity_changes_season_only_while_it_is_empty(sqlite_app: Flask) -> None:
    planning = make_planning()
    season_id = make_season()
    row = activity_settings.find_activity(planning.activity.id)
    typed = ActivityInput(
        row.name,
        row.description,
        season_id,
        row.site_id,
        row.office_id,
        row.position,
        row.on_request,
        None,
        row.waiting_hours,
    )
    with pytest.raises(StillUsed), write_transaction() as session:
        activity_settings.save_activity(session, row.id, typed)
    empty = make_activity("Musique")
    row = activity_settings.find_activity(empty.id)
    with write_transaction() as session:
        activity_settings.save_activity(session, row.id, replace(typed, name="Musique"))
    assert catalogue().activities[empty.id].season.name == "2027-2028"


@pytest.mark.parametrize("prices", PricesOfCopy)
def test_copy_brings_groups_units_rules_prices_and_places(sqlite_app: Flask, prices: PricesOfCopy) -> None:
    model = make_activity(ages=(6, 11))
    make_openings(model, [WEDNESDAY])
    season_id = make_season()
    with write_transaction() as session:
        copy_id = activity_copies.copy_activity(session, model.id, CopyInput(season_id, "Mercredi", prices))
    before, copy = catalogue().activities[model.id], catalogue().activities[copy_id]
    assert [unit.name for unit in copy.units] == [unit.name for unit in before.units]
    assert not {unit.id for unit in copy.units} & {unit.id for unit in before.units}
    assert [(group.name, group.ages.min_age, group.ages.max_age) for group in copy.groups] == [("Les enfants", 6, 11)]
    assert copy.notices == before.notices
    new = {unit.name: unit.id for unit in copy.units}
    assert copy.combinations == (Requirement(new["Repas"], frozenset({new["Matin"], new["Après-midi"]})),)
    days = db.session.scalars(select(TariffVersion.starts_on).where(TariffVersion.activity_id == copy_id)).all()
    assert len(days) == (prices is not PricesOfCopy.NONE)
    if prices is PricesOfCopy.VERSION:
        (version,) = copy.tariffs
        assert version.starts_on == NEXT_YEAR.starts_on
        assert set(version.grid.by_code) == {unit_code(id_) for id_ in new.values()}
    else:
        assert copy.tariffs == ()
    scopes = [scope for scope in catalogue().scopes if scope.units & set(new.values())]
    assert [(scope.name, scope.places, scope.units) for scope in scopes] == [
        ("Mercredi\u00a0: la journée", 20, frozenset(new.values()))
    ]
    assert not db.session.scalar(select(func.count()).where(Opening.unit_id.in_(new.values())))
    with pytest.raises(NameTaken), write_transaction() as session:
        activity_copies.copy_activity(session, model.id, CopyInput(season_id, "Mercredi", prices))


def test_places_that_two_activities_share_are_shared_by_their_copies(sqlite_app: Flask) -> None:
    first, second = make_activity(places=None), make_activity("Périscolaire", places=None)
    with write_transaction() as session:
        units = [first.units["Repas"], second.units["Repas"]]
        factories.add_scope(session, "Cantine", 50, units, [first.group_id, second.group_id])
    season_id = make_season()
    copies = []
    for model, name in ((first, "Mercredi"), (second, "Périscolaire")):
        with write_transaction() as session:
            copies.append(
                activity_copies.copy_activity(session, model.id, CopyInput(season_id, name, PricesOfCopy.NONE))
            )
    meals = set(db.session.scalars(select(Unit.id).where(Unit.activity_id.in_(copies), Unit.name == "Repas")))
    (shared,) = [scope for scope in catalogue().scopes if scope.units & meals]
    assert shared.units == meals
    assert shared.groups == set(db.session.scalars(select(Group.id).where(Group.activity_id.in_(copies))))
    assert len(catalogue().scopes) == 2 and db.session.scalar(select(func.count(CapacityScopeUnit.unit_id))) == 4
    assert db.session.scalar(select(func.count(Activity.id))) == 4
