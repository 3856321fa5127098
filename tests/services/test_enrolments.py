"""Enrolments: the offers, the request and the decision."""

from dataclasses import replace
from datetime import date, time

import pytest
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.activities import Group
from app.models.enrolments import Enrolment
from app.models.mails import OutboxMail
from app.models.price_facts import FamilyStanding
from app.rules.audiences import Audience
from app.rules.capabilities import Role
from app.rules.child_files import SectionKind
from app.rules.enrolment_rules import Allocation, EnrolmentRules, GroupPlaces
from app.rules.enrolments import EnrolmentBlocker
from app.rules.price_facts import RESIDENT
from app.rules.quotients import QuotientOutcome
from app.rules.states import EnrolmentStatus, FamilyStatus
from app.rules.tariff_grids import Standing
from app.services import enrolments
from app.services.audiences import audiences_of
from app.services.catalogue import catalogue
from app.services.child_files import certify, save_section
from app.services.enrolment_settings import save_enrolment_rules
from app.services.errors import AlreadyDecided, EnrolmentBlocked, FamilyNotActive, GroupFull, NotFound, OwnFamily
from app.services.families import child_of
from app.services.households import households_of
from app.services.price_facts import list_commune
from tests.factories import (
    MONDAY,
    WEDNESDAY,
    ActivitySetup,
    FamilySetup,
    enrol,
    make_activity,
    make_child,
    make_family,
    make_invoice,
    make_openings,
    make_staff,
    share_child,
)
from tests.html import check_text

pytestmark = pytest.mark.usefixtures("app")


def ask(family: FamilySetup, child_id: int, activity_id: int) -> int:
    with write_transaction() as session:
        return enrolments.request_enrolment(session, family.ref, family.user_id, child_id, activity_id)


def decide(enrolment_id: int, agent: int, reason: str | None = None) -> None:
    with write_transaction() as session:
        if reason is None:
            enrolments.accept_enrolment(session, enrolment_id, agent)
        else:
            enrolments.refuse_enrolment(session, enrolment_id, agent, reason)


@pytest.fixture
def activity() -> ActivitySetup:
    return make_activity(places=None, ages=(3, 11))


@pytest.fixture
def family() -> FamilySetup:
    return make_family(quotient_cents=50_000)


def test_offer_has_the_group_the_period_and_the_familys_prices(activity: ActivitySetup, family: FamilySetup) -> None:
    child = child_of(family.family_id, make_child(family))
    [offer] = enrolments.offers_for(family.ref, child)
    assert offer.is_open and offer.group and offer.group.id == activity.group_id
    assert (offer.starts_on, offer.ends_on) == (date(2026, 11, 23), date(2027, 8, 31))
    assert [(price.name, price.amount_cents) for price in offer.prices] == [
        ("Matin", 210), ("Repas", 210), ("Après-midi", 210),
    ]  # fmt: skip
    assert offer.outcome is QuotientOutcome.VERIFIED


def test_season_to_come_starts_on_its_first_day(family: FamilySetup) -> None:
    make_activity(places=None, starts_on=date(2027, 1, 4))
    [offer] = enrolments.offers_for(family.ref, child_of(family.family_id, make_child(family)))
    assert offer.starts_on == date(2027, 1, 4)


@pytest.mark.parametrize(
    ("birth_date", "blocker"),
    [(date(2024, 5, 14), EnrolmentBlocker.TOO_YOUNG), (date(2012, 5, 14), EnrolmentBlocker.TOO_OLD)],
)
def test_age_is_checked_again_on_the_request(
    activity: ActivitySetup, family: FamilySetup, birth_date: date, blocker: EnrolmentBlocker
) -> None:
    with pytest.raises(EnrolmentBlocked) as refusal:
        ask(family, make_child(family, birth_date=birth_date), activity.id)
    assert [each.kind for each in refusal.value.blockers] == [blocker]


def test_second_request_is_blocked_until_the_first_is_refused(activity: ActivitySetup, family: FamilySetup) -> None:
    child, agent = make_child(family), make_staff()
    first = ask(family, child, activity.id)
    with pytest.raises(EnrolmentBlocked):
        ask(family, child, activity.id)
    decide(first, agent, "Complet.")
    second = ask(family, child, activity.id)
    decide(second, agent)
    with pytest.raises(EnrolmentBlocked):
        ask(family, child, activity.id)


def test_each_home_of_a_child_asks_for_itself(activity: ActivitySetup, family: FamilySetup) -> None:
    other, child = make_family("AUTRE"), make_child(family)
    share_child(child, other)
    assert ask(family, child, activity.id) != ask(other, child, activity.id)
    assert len(enrolments.enrolments_of(other.family_id)) == 1


def test_a_child_has_the_group_of_its_other_home(activity: ActivitySetup, family: FamilySetup) -> None:
    other, child_id = make_family("AUTRE"), make_child(family)
    share_child(child_id, other)
    agent = make_staff(Role.FILE_CLERK)
    decide(ask(family, child_id, activity.id), agent)
    second = ask(other, child_id, activity.id)
    with write_transaction() as session:  # as a corrected birth date or other ages of the groups would have it
        big = Group(activity_id=activity.id, name="Les grands", min_age=None, max_age=None)
        session.add(big)
        session.flush()
        session.get_one(Enrolment, second).group_id = big.id
    decide(second, agent)
    assert db.session.get_one(Enrolment, second).group_id == activity.group_id


def test_nobody_asks_for_what_is_not_theirs(activity: ActivitySetup, family: FamilySetup) -> None:
    theirs = make_child(make_family("AUTRE"))
    for child, wanted in ((theirs, activity.id), (make_child(family), 999)):
        with pytest.raises(NotFound):
            ask(family, child, wanted)
    closed = make_family(status=FamilyStatus.CLOSED)
    with pytest.raises(FamilyNotActive):
        ask(closed, make_child(closed), activity.id)


def test_decision_is_taken_once_and_told_by_mail(activity: ActivitySetup, family: FamilySetup) -> None:
    agent = make_staff()
    accepted = ask(family, make_child(family), activity.id)
    refused = ask(family, make_child(family, "Hugo"), activity.id)
    assert [pending.child_name for pending in enrolments.pending_enrolments()] == ["Léa TEST", "Hugo TEST"]
    decide(accepted, agent)
    decide(refused, agent, "Le groupe est complet.")
    assert enrolments.pending_enrolments() == ()
    rows = {row.id: row for row in db.session.scalars(select(Enrolment))}
    assert rows[accepted].status is EnrolmentStatus.ACCEPTED
    assert (rows[refused].status, rows[refused].refusal_reason) == (EnrolmentStatus.REFUSED, "Le groupe est complet.")
    assert rows[accepted].decided_by_id == agent and rows[accepted].decided_at is not None
    mails = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id)).all()
    assert [(mail.template, mail.recipient) for mail in mails] == [
        ("enrolment_accepted", family.email), ("enrolment_refused", family.email),
    ]  # fmt: skip
    for mail in mails:
        assert check_text(mail.subject) == [] and check_text(mail.body.replace("[[portail]]", "https://x.org")) == []
    with pytest.raises(AlreadyDecided):
        decide(accepted, agent)
    with pytest.raises(NotFound):
        decide(999, agent)


def test_nobody_decides_on_their_own_family(activity: ActivitySetup) -> None:
    agent = make_staff(email="agent@example.org")
    family = make_family(email="agent@example.org", user_id=agent)
    enrolment = enrol(make_child(family), family, activity, EnrolmentStatus.REQUESTED)
    with pytest.raises(OwnFamily):
        decide(enrolment, agent)


def set_rules(activity: ActivitySetup, rules: EnrolmentRules) -> None:
    with write_transaction() as session:
        save_enrolment_rules(session, activity.id, rules)


def kinds(family: FamilySetup, child_id: int) -> list[EnrolmentBlocker]:
    (offer,) = enrolments.offers_for(family.ref, child_of(family.family_id, child_id))
    return [each.kind for each in offer.blockers]


def test_what_the_staff_ask_is_read_of_the_family_and_the_child(activity: ActivitySetup, family: FamilySetup) -> None:
    child = make_child(family)
    set_rules(
        activity,
        EnrolmentRules(
            levels=frozenset({"CP"}),
            residences=frozenset({"resident"}),
            needs_certification=True,
            needs_insurance=True,
            most_unpaid_cents=10_00,
        ),
    )
    make_openings(activity, [WEDNESDAY])
    make_invoice(family, 2_000, issued_on=date(2026, 10, 1))
    expected = [
        EnrolmentBlocker.CLASS_UNKNOWN, EnrolmentBlocker.NOT_RESIDENT, EnrolmentBlocker.NOT_CERTIFIED,
        EnrolmentBlocker.NOT_INSURED, EnrolmentBlocker.UNPAID,
    ]  # fmt: skip
    assert kinds(family, child) == expected
    with pytest.raises(EnrolmentBlocked) as refusal:
        ask(family, child, activity.id)
    assert [each.kind for each in refusal.value.blockers] == expected
    with write_transaction() as session:
        list_commune(session, "80237", RESIDENT)
        certify(session, family.family_id, family.guardian_id)
        for kind, values in (
            (SectionKind.SCHOOL, {"school": "École", "level": "GS", "school_year": "2025"}),
            (SectionKind.INSURANCE, {"insurer": "Assurance", "ends_on": "2027-08-31"}),
        ):
            save_section(session, family.family_id, child, kind, family.user_id, {}, values)
    set_rules(activity, replace(catalogue().activities[activity.id].enrolment_rules, most_unpaid_cents=20_00))
    assert kinds(family, child) == []


def test_no_debt_keeps_a_child_from_school_meals(family: FamilySetup) -> None:
    canteen = make_activity("Cantine", {"Repas": (time(12), time(13, 30))}, places=None, needs={})
    set_rules(canteen, EnrolmentRules(most_unpaid_cents=0, needs_insurance=True, needs_certification=True))
    make_invoice(family, 2_000, issued_on=date(2026, 10, 1))
    child = make_child(family)
    assert kinds(family, child) == []  # nobody knows yet when it opens
    make_openings(canteen, [WEDNESDAY])
    assert EnrolmentBlocker.UNPAID in kinds(family, child)
    make_openings(canteen, [MONDAY])
    assert kinds(family, child) == []


def test_automatic_enrolments_stop_at_the_groups_places(activity: ActivitySetup, family: FamilySetup) -> None:
    places = (GroupPlaces(activity.group_id, 1),)
    set_rules(activity, EnrolmentRules(allocation=Allocation.AUTOMATIC, places=places))
    first, second = make_child(family), make_child(family, "Hugo")
    accepted, waiting = ask(family, first, activity.id), ask(family, second, activity.id)
    rows = {row.id: row for row in db.session.scalars(select(Enrolment))}
    assert (rows[accepted].status, rows[accepted].decided_by_id) == (EnrolmentStatus.ACCEPTED, None)
    assert rows[waiting].status is EnrolmentStatus.WAITING
    mails = db.session.scalars(select(OutboxMail.template)).all()
    assert mails == ["enrolment_accepted"]


def test_a_parent_takes_back_what_waits_and_nothing_else(activity: ActivitySetup, family: FamilySetup) -> None:
    mine = ask(family, make_child(family), activity.id)
    other = make_family("AUTRE")
    with pytest.raises(NotFound), write_transaction() as session:
        enrolments.withdraw(session, other.ref, mine)
    with write_transaction() as session:
        enrolments.withdraw(session, family.ref, mine)
    assert enrolments.enrolment_of(family.family_id, mine).status is EnrolmentStatus.CANCELLED
    with pytest.raises(AlreadyDecided), write_transaction() as session:
        enrolments.withdraw(session, family.ref, mine)
    with pytest.raises(AlreadyDecided):
        decide(mine, make_staff())


def test_audiences_are_what_prices_know(activity: ActivitySetup, family: FamilySetup) -> None:
    earlier = make_activity(places=None, starts_on=date(2025, 9, 1), ends_on=date(2026, 8, 31))
    child, brother = make_child(family), make_child(family, "Hugo")
    info = catalogue().activities[activity.id]

    def found() -> frozenset[Audience]:
        return audiences_of(households_of(db.session(), [family.family_id])[family.family_id], child, info)

    assert found() == frozenset()
    enrol(child, family, earlier, starts_on=date(2025, 9, 1), ends_on=date(2026, 8, 31))
    enrol(brother, family, activity)
    with write_transaction() as session:
        list_commune(session, "80237", RESIDENT)
        staff = FamilyStanding(family_id=family.family_id, standing=Standing.STAFF, starts_on=date(2026, 11, 1))
        session.add(staff)
    assert found() == frozenset(Audience)


def test_one_request_is_accepted_within_the_places_or_for_a_reason(
    activity: ActivitySetup, family: FamilySetup
) -> None:
    set_rules(activity, EnrolmentRules(places=(GroupPlaces(activity.group_id, 1),)))
    agent, lea = make_staff(), make_child(family)
    first, second = ask(family, lea, activity.id), ask(family, make_child(family, "Hugo"), activity.id)
    decide(first, agent)
    with pytest.raises(GroupFull) as full:
        decide(second, agent)
    assert (full.value.places, full.value.enrolled) == (1, 1)
    other = make_family("AUTRE")
    share_child(lea, other)
    decide(ask(other, lea, activity.id), agent)  # one child, one place, whichever home asks
    with write_transaction() as session:
        enrolments.accept_enrolment(session, second, agent, "Fratrie.")
    rows = {row.id: row for row in db.session.scalars(select(Enrolment))}
    assert (rows[second].status, rows[second].despite_reason) == (EnrolmentStatus.ACCEPTED, "Fratrie.")
    assert rows[first].despite_reason is None


def test_one_request_is_put_on_the_waiting_list_with_its_place_in_the_line(
    activity: ActivitySetup, family: FamilySetup
) -> None:
    agent = make_staff()
    ids = [ask(family, make_child(family, name), activity.id) for name in ("Léa", "Hugo")]
    for enrolment_id in ids:
        with write_transaction() as session:
            enrolments.put_on_waiting_list(session, enrolment_id, agent)
    assert {each.id: each.line for each in enrolments.enrolments_of(family.family_id)} == {ids[0]: 1, ids[1]: 2}
    mails = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id)).all()
    assert [mail.template for mail in mails] == ["enrolment_waiting"] * 2 and "rang 2" in mails[1].body
    with pytest.raises(AlreadyDecided):
        decide(ids[0], agent)
