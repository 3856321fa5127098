"""Calendars: what their secret address tells, and when it stops telling."""

from datetime import timedelta

import pytest

from app.database import write_transaction
from app.models.families import Family, Guardian
from app.rules.states import FamilyStatus
from app.services import accounts, agendas
from app.services.credentials import hash_password
from app.services.errors import NotFound
from tests import factories


def make_feed(family: factories.FamilySetup) -> str:
    with write_transaction() as session:
        agendas.renew_feed(session, family.user_id, family.family_id)
    secret = agendas.feed_secret(family.user_id, family.family_id)
    assert secret is not None
    return secret


def test_confirmed_bookings_are_told_as_visits(app: object) -> None:
    planning = factories.make_planning()
    wanted = [planning.opening(factories.WEDNESDAY, name) for name in ("Matin", "Repas")]
    factories.save(planning.family, planning.child_id, book=wanted)
    agenda = agendas.read_feed(make_feed(planning.family))
    assert [(v.child_name, v.activity_name, v.day, v.unit_names) for v in agenda.visits] == [
        ("Léa", "Mercredi", factories.WEDNESDAY, ("Matin", "Repas"))
    ]
    stranger, _ = factories.add_family(planning, "AUTRE")
    assert agendas.read_feed(make_feed(stranger)).visits == ()
    factories.save(planning.family, planning.child_id, cancel=wanted)
    assert agendas.read_feed(make_feed(planning.family)).visits == ()


def test_a_new_address_ends_the_one_before(app: object) -> None:
    family = factories.make_family()
    first = make_feed(family)
    second = make_feed(family)
    assert agendas.read_feed(second).family_name == "TEST Fabrice"
    with pytest.raises(NotFound):
        agendas.read_feed(first)


@pytest.mark.parametrize("how", ["left", "closed", "password", "forgotten"])
def test_an_address_ends_with_what_it_stood_for(app: object, how: str) -> None:
    family = factories.make_family()
    secret = make_feed(family)
    with write_transaction() as session:
        match how:
            case "left":
                session.get_one(Guardian, family.guardian_id).user_id = None
            case "closed":
                session.get_one(Family, family.family_id).status = FamilyStatus.CLOSED
            case "password":
                accounts.change_password(session, family.user_id, hash_password("quatre chevaux sans rapport"), 0)
            case _:
                agendas.forget_feeds(session, family.user_id, family.family_id)
    with pytest.raises(NotFound):
        agendas.read_feed(secret)


def test_a_month_holds_its_first_and_its_last_day(app: object) -> None:
    planning = factories.make_planning()
    factories.save(planning.family, planning.child_id, book=[planning.opening(factories.WEDNESDAY, "Matin")])
    day, family_id, night = factories.WEDNESDAY, planning.family.family_id, timedelta(days=1)
    assert len(agendas.visits_of(family_id, day, day)) == 1
    assert agendas.visits_of(family_id, day - night, day - night) == agendas.visits_of(
        family_id, day + night, day + night
    )
