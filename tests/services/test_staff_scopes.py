"""Where an agent may act: the offices of a role that names an office, a site, both or neither."""

from flask import Flask

from app.services.catalogue import catalogue
from app.services.staff_scopes import StaffScope
from tests import factories


def reached(*places: tuple[int | None, int | None]) -> list[int]:
    return [office.id for office in StaffScope(frozenset(places)).offices()]


def test_offices_are_those_of_the_role_or_of_the_activities_at_its_site(sqlite_app: Flask) -> None:
    planning = factories.make_planning()
    factories.make_invoice(planning.family, 100, prefix="AN")
    activity = catalogue().activities[planning.activity.id]
    office_id, site_id = activity.office_id, activity.site_id
    assert len(reached((None, None))) == 2 and reached() == []
    assert reached((office_id, None)) == [office_id]
    assert reached((None, site_id)) == [office_id] == reached((office_id, site_id))
    assert reached((None, site_id + 99)) == [] == reached((office_id + 99, site_id))
