"""The demo council: what product.md section 2 promises, whatever the day on which it is built."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, text

from app import clock
from app.database import db, write_transaction
from app.demo.aids import AIDED
from app.demo.council import ACCOUNTS, CERTIFIED, COUNCIL_NAME, PASSWORD, build_demo
from app.demo.families import FAMILIES, TEST_FAMILY, WAITING_FAMILIES
from app.integrations.communes import read_communes
from app.models.accounts import StaffRole, User
from app.models.activities import Office, Site
from app.models.bookings import Booking, BookingEvent, CapacityCounter
from app.models.councils import Council
from app.models.enrolments import Enrolment
from app.models.families import Child, ConsentText, Family, FamilyChild, FamilyQuotient, Guardian
from app.models.invoices import CarriedMonth, RunStatus, StoredPdf
from app.models.mails import MailStatus, OutboxMail
from app.rules.allocation import InvoiceState
from app.rules.capabilities import Role
from app.rules.cash_desks import PaymentMode
from app.rules.quotients import QuotientOutcome
from app.rules.required_documents import DocumentState
from app.rules.states import BookingStatus, EnrolmentStatus, FamilyStatus
from app.services import aids, reference_data
from app.services.accounts import find_credentials
from app.services.carried_months import carried_of
from app.services.catalogue import catalogue, forget_catalogue
from app.services.change_requests import pending_requests, requests_of_family
from app.services.checks import find_inconsistencies
from app.services.credentials import password_matches
from app.services.day_planning import read_day_planning
from app.services.document_decisions import family_to_warn, pending_submissions
from app.services.enrolments import enrolments_of, offers_for, pending_enrolments
from app.services.families import children_of, families_of_user
from app.services.held_places import what_to_pay
from app.services.invoices import Due, InvoiceView, due_of, invoice_of, invoices_of, payments_of
from app.services.reference_data import refresh_reference_data
from app.services.required_documents import asked_of_family
from app.services.run_views import runs
from app.services.tax_certificates import certificates_of, unfinished_publication
from app.services.waiting_views import lists_of_day, lists_of_family
from tests.conftest import TestBed
from tests.long import IS_LONG

NOW = datetime(2026, 11, 23, 8, 30)


@pytest.fixture(autouse=True)
def few_communes(monkeypatch):
    whole = read_communes()
    few = replace(whole, communes=tuple(c for c in whole.communes if c.insee_code.startswith("80")))
    monkeypatch.setattr(reference_data, "read_communes", lambda: few)


def build(now: datetime = NOW, more_families: int = 0) -> None:
    clock.start_at(now, frozen=True)
    with write_transaction() as session:
        session.execute(delete(ConsentText))  # that of the tests
        refresh_reference_data(session)
        build_demo(session, more_families)


def guide_family() -> Family:
    return db.session.scalars(select(Family).where(Family.last_name == "TEST")).one()


def test_the_demo_is_complete_and_consistent_on_both_databases(app: Flask) -> None:
    build()
    assert find_inconsistencies(db.session()) == ()
    council = db.session.get_one(Council, 1)
    assert (council.name, council.school_zone, council.is_demo) == (COUNCIL_NAME, "B", True)
    assert clock.now().replace(tzinfo=None) == NOW  # as it was


AWKWARD_DAYS = (
    datetime(2028, 2, 29, 18), datetime(2027, 7, 14, 9), datetime(2027, 8, 31, 23, 50),
    datetime(2026, 10, 25, 2, 30),  # the night when the clocks change
    datetime(2026, 1, 1, 0, 5), datetime(2027, 2, 22, 12), datetime(2027, 4, 30, 9), datetime(2027, 9, 1, 7),
    datetime(2026, 10, 4, 22), datetime(2027, 3, 28, 2, 30),
)  # fmt: skip


@pytest.mark.parametrize("now", AWKWARD_DAYS if IS_LONG else AWKWARD_DAYS[:4], ids=str)
def test_it_can_be_built_on_any_day(sqlite_app: Flask, now: datetime) -> None:
    build(now)
    assert find_inconsistencies(db.session()) == ()
    today = now.date()
    monday = today - timedelta(days=today.weekday())
    days = db.session.scalars(
        select(Booking.day).where(Booking.family_id == guide_family().id, Booking.status == BookingStatus.CONFIRMED)
    ).all()
    assert any(monday - timedelta(weeks=4) <= day < today for day in days)
    assert any(today < day <= monday + timedelta(weeks=6) for day in days)
    assert len(pending_enrolments()) == 2
    latest = db.session.scalar(select(func.max(BookingEvent.at)))
    assert latest is not None and latest.astimezone(UTC) <= clock.now().astimezone(UTC)


def test_it_is_the_same_each_time(sqlite_bed: TestBed, demo: Flask) -> None:
    first = _facts()
    db.session.remove()
    sqlite_bed.refresh()
    build()
    assert _facts() == first


def _facts() -> list[tuple[object, ...]]:
    statements = (
        "SELECT child_id, family_id, opening_id, day, status, price_cents, created_at FROM booking ORDER BY id",
        "SELECT last_name, first_name, birth_date FROM child ORDER BY id",
        "SELECT day, scope_id, places, taken FROM capacity_counter ORDER BY day, scope_id",
        "SELECT recipient, template, status, created_at FROM outbox_mail ORDER BY id",
        "SELECT number, family_id, issued_on, total_cents, issued_at FROM invoice ORDER BY id",
        "SELECT receipt_number, family_id, mode, amount_cents, received_on, recorded_at FROM payment ORDER BY id",
    )
    return [tuple(row) for statement in statements for row in db.session.execute(text(statement))]


@pytest.fixture(scope="module")
def kept_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "demo.sqlite3"


@pytest.fixture
def demo(sqlite_app: Flask, kept_demo: Path) -> Flask:
    """The demo on SQLite: built once, copied for each test."""
    database = db.engine.url.database
    assert database is not None
    if kept_demo.exists():
        db.engine.dispose()
        shutil.copyfile(kept_demo, database)
        forget_catalogue()
    else:
        build()
        db.session.remove()
        db.engine.dispose()
        shutil.copyfile(database, kept_demo)
    return sqlite_app


def test_every_account_signs_in_with_the_one_password(demo: Flask) -> None:
    roles = {
        "agent@example.org": Role.FILE_CLERK, "regie@example.org": Role.REGISSEUR,
        "animation@example.org": Role.YOUTH_WORKER, "admin@example.org": Role.ADMINISTRATOR,
        "direction@example.org": Role.SITE_DIRECTOR,
    }  # fmt: skip
    for account in ACCOUNTS:
        found = find_credentials(account.email)
        assert found is not None
        assert password_matches(found[1], PASSWORD)
        held = db.session.execute(
            select(StaffRole.role, Site.name).outerjoin(Site).where(StaffRole.user_id == found[0])
        )
        assert held.tuples().all() == ([(roles[account.email], account.site)] if account.email in roles else [])
    assert [account.email for account in ACCOUNTS if account.site] == ["direction@example.org"]


def test_the_family_of_the_guide(demo: Flask) -> None:
    user_id = find_credentials("parent@example.org")[0]  # type: ignore[index]
    (ref,) = families_of_user(user_id)
    family = guide_family()
    assert (ref.id, ref.name) == (family.id, "TEST Fabrice")
    address = family.addresses[-1]
    assert (address.number, address.street, address.postal_code, address.city) == (
        "12", "Rue des Tilleuls", "80110", "Démuin",
    )  # fmt: skip
    assert family.fund_number == "123456"
    assert family.quotients[-1].verified_at is not None
    guardians = db.session.scalars(select(Guardian).where(Guardian.family_id == family.id).order_by(Guardian.id)).all()
    assert [guardian.user_id is not None for guardian in guardians] == [True, False]
    children = {child.first_name: child.id for child in children_of(family.id)}
    assert set(children) == {"Léa", "Hugo"}
    for child_id in children.values():
        statuses = db.session.scalars(select(Enrolment.status).where(Enrolment.child_id == child_id)).all()
        assert statuses and set(statuses) == {EnrolmentStatus.ACCEPTED}
        days = db.session.scalars(select(Booking.day).where(Booking.child_id == child_id)).all()
        assert min(days) < NOW.date() < max(days)


def test_offices_share_a_payfip_number_as_in_the_guide(demo: Flask) -> None:
    numbers = {row.prefix: row.payfip_number for row in db.session.scalars(select(Office))}
    assert numbers.keys() == {"pop", "AN", "caj"}
    assert numbers["pop"] == numbers["AN"] != numbers["caj"]


def test_the_units_of_the_contract(demo: Flask) -> None:
    units = {
        (activity.name, unit.name): (f"{unit.starts_at:%H:%M}", f"{unit.ends_at:%H:%M}")
        for activity in catalogue().activities.values()
        for unit in activity.units
    }
    assert units.items() >= {
        ("Mercredi", "Matin"): ("07:30", "11:45"), ("Mercredi", "Repas"): ("12:15", "13:15"),
        ("Mercredi", "Après-midi"): ("13:45", "18:00"), ("Périscolaire", "Acc matin"): ("07:00", "09:00"),
        ("Périscolaire", "Acc soir"): ("16:30", "19:00"),
    }.items()  # fmt: skip
    assert any(name == "CAJ vacances" for name, _unit in units)


def test_a_dozen_families_book_two_whole_months_and_more(demo: Flask) -> None:
    assert db.session.scalar(select(func.count()).where(Family.status == FamilyStatus.ACTIVE)) == len(FAMILIES) == 13
    assert set(db.session.scalars(select(Booking.family_id).distinct())) == set(
        db.session.scalars(select(Family.id).where(Family.status == FamilyStatus.ACTIVE))
    )
    archived, present = date(2020, 8, 31), Booking.day > date(2025, 3, 31)
    in_spring = Booking.day.between(date(2025, 3, 1), date(2025, 3, 31))
    earlier = db.session.scalars(select(func.max(Booking.day)).where(~present, ~in_spring)).one()
    assert earlier is not None and earlier <= archived
    spring = select(Family.last_name).join(Booking, Booking.family_id == Family.id).where(in_spring).distinct()
    assert db.session.scalars(spring).all() == [CERTIFIED]
    first, last = db.session.execute(select(func.min(Booking.day), func.max(Booking.day)).where(present)).one()
    assert date(2026, 9, 7) <= first <= date(2026, 9, 11)
    assert date(2026, 12, 28) <= last <= date(2027, 1, 3)
    assert db.session.scalar(select(func.count()).where(Booking.status == BookingStatus.CANCELLED))


def test_some_days_are_full_and_none_is_oversold(demo: Flask) -> None:
    left = db.session.scalars(
        select(CapacityCounter.places - CapacityCounter.taken).where(CapacityCounter.day > NOW.date())
    ).all()
    assert 0 in left
    assert min(left) == 0


def test_the_stories_that_screens_need(demo: Flask) -> None:
    outcomes = set(db.session.scalars(select(Booking.price_outcome).distinct()))
    assert outcomes == {QuotientOutcome.VERIFIED, QuotientOutcome.MISSING, QuotientOutcome.UNVERIFIED}
    without = select(func.count()).where(
        Family.status == FamilyStatus.ACTIVE, Family.id.not_in(select(FamilyQuotient.family_id))
    )
    assert db.session.scalar(without) == 1
    shared = select(FamilyChild.child_id).group_by(FamilyChild.child_id).having(func.count() == 2)
    (child_id,) = db.session.scalars(shared).all()
    assert db.session.get_one(Child, child_id).first_name == "Noé"
    assert len(set(db.session.scalars(select(Booking.family_id).where(Booking.child_id == child_id)))) == 2


def invoices_by_number() -> dict[str, InvoiceView]:
    families = db.session.scalars(select(Family.id)).all()
    return {view.number: view for family_id in families for view in invoices_of(family_id)}


def test_the_invoices_of_the_guide(demo: Flask) -> None:
    found = invoices_by_number()
    pop, leisure = found["pop-F200300001"], found["AN-F191100001"]
    assert {pop.family_id, leisure.family_id} == {guide_family().id}
    assert (pop.issued_on, pop.total_cents, pop.balance_cents) == (date(2020, 3, 1), 35_00, 15_00)
    assert (leisure.issued_on, leisure.total_cents, leisure.balance_cents) == (date(2019, 11, 30), 6_20, 6_20)
    assert pop.payfip_number == leisure.payfip_number
    (receipt,) = (view for view in payments_of(guide_family().id) if view.received_on.year == 2020)
    assert (receipt.receipt_number, receipt.mode, receipt.amount_cents) == ("pop-Q200300001", PaymentMode.CASH, 20_00)
    assert due_of(guide_family().id) == Due(2, 21_20)
    assert all(line.explanation for line in invoice_of(guide_family().id, pop.id).lines)


def test_a_family_waits_for_an_invoice_that_is_not_too_small(demo: Flask) -> None:
    rows = db.session.scalars(select(CarriedMonth).where(CarriedMonth.settled_at.is_(None))).all()
    assert rows and all(0 < row.total_cents < 3_00 for row in rows)
    told = [each.amount_cents for row in rows for each in carried_of(row.family_id)]
    assert told == [row.total_cents for row in rows]


def test_a_holiday_aid_is_a_line_that_its_fund_owes(demo: Flask) -> None:
    family = db.session.scalars(select(Family).where(Family.last_name == AIDED[0])).one()
    (aid,) = aids.aids_of_family(family.id)
    assert aid.child_name.startswith(AIDED[1]) and aid.used_days > 0 and aid.left.days == 30 - aid.used_days
    statement = aids.statement_of(aid.fund_id, date(2026, 1, 1), NOW.date())
    assert statement.total_cents == aid.used_cents


def test_invoices_of_each_state_of_the_last_two_months(demo: Flask) -> None:
    found = invoices_by_number().values()
    recent = {view.state for view in found if view.month == date(2026, 10, 1)}
    assert recent == {InvoiceState.UNPAID, InvoiceState.PAID}
    settled = [view for view in found if view.month == date(2026, 9, 1) and view.state is InvoiceState.PAID]
    assert {view.office_name for view in settled} == {"Service périscolaire", "Service des accueils de loisirs"}
    assert guide_family().id in {view.family_id for view in settled}
    assert {view.office_name for view in found if view.month == date(2026, 10, 1)} == set(
        db.session.scalars(select(Office.name))
    )
    overpaid = [
        view
        for family_id in db.session.scalars(select(Family.id)).all()
        for view in payments_of(family_id)
        if view.unallocated_cents
    ]
    assert [view.unallocated_cents for view in overpaid] == [6_00]  # 10 €, of which 4 € went back
    assert all(run.status is RunStatus.ISSUED for run in runs(1).rows)


def test_a_family_has_the_tax_certificate_of_last_year(demo: Flask) -> None:
    family = db.session.scalars(select(Family).where(Family.last_name == CERTIFIED)).one()
    (certificate,) = certificates_of(family.id)
    assert certificate.year == 2025 and certificate.total_cents > 0
    assert unfinished_publication(db.session()) is None
    assert not certificates_of(guide_family().id)


def test_the_archived_season_is_only_history(demo: Flask) -> None:
    family = families_of_user(find_credentials("parent@example.org")[0])[0]  # type: ignore[index]
    child = next(child for child in children_of(family.id) if child.first_name == "Léa")
    assert all(offer.activity.season.starts_on.year >= 2026 for offer in offers_for(family, child))
    over = [view for view in enrolments_of(family.id) if view.is_over]
    assert sorted(view.activity_name for view in over) == ["Mercredi", "Périscolaire"]
    planning = read_day_planning(NOW.date())
    names = [activity.name for activity in planning.scope.offered]
    assert len(names) == len(set(names))


def test_papers_are_left_to_the_worker(demo: Flask) -> None:
    assert db.session.scalar(select(func.count()).select_from(StoredPdf)) == 0


def test_work_waits_for_the_staff(demo: Flask) -> None:
    waiting = db.session.scalars(select(Family.last_name).where(Family.status == FamilyStatus.PENDING)).all()
    assert sorted(waiting) == sorted(plan.last_name for plan in WAITING_FAMILIES)
    assert len(pending_enrolments()) == 2
    queued = db.session.scalars(
        select(OutboxMail.recipient).where(
            OutboxMail.status == MailStatus.QUEUED, OutboxMail.template == "sign_up_received"
        )
    ).all()
    assert sorted(queued) == sorted(plan.email for plan in WAITING_FAMILIES)
    (asked,) = pending_requests()
    refused = next(each for each in requests_of_family(asked.family_id) if each.refusal_reason)
    assert asked.family_name == refused.family_name == "TEST Fabrice" and asked.has_address


def test_children_wait_for_places_and_one_waits_for_its_payment(demo: Flask) -> None:
    family_id = guide_family().id
    offered, waiting = lists_of_family(family_id).days
    assert offered.is_offered and offered.words == waiting.words == "Après-midi"
    assert (waiting.rank, {each.rank for each in lists_of_day(waiting.day)}) == (2, {1, 2, 3})
    (kept,) = what_to_pay(db.session(), family_id, is_online=True).days
    assert (kept.child_name, kept.activity_name, kept.obstacle) == ("Hugo TEST", "Atelier théâtre", None)


def test_documents_of_each_state_and_one_for_the_queue(demo: Flask) -> None:
    (waiting,) = pending_submissions()
    assert waiting.family_name == "BERNARD Claire"
    family_id = db.session.scalars(select(Family.id).where(Family.last_name == TEST_FAMILY.last_name)).one()
    asked = asked_of_family(family_id)
    assert {DocumentState.ACCEPTED, DocumentState.REFUSED} <= {each.state for each in asked}
    assert sum(each.is_missing for each in asked) == 2 and sum(each.is_expiring for each in asked) == 1
    assert any(each.info.template for each in asked)
    assert family_to_warn(db.session()) is None  # told already: a demo that starts changes nothing


def test_all_addresses_are_invented(demo: Flask) -> None:
    addresses = [*db.session.scalars(select(User.email)), *db.session.scalars(select(Guardian.email))]
    assert all(address.endswith("@example.org") for address in addresses if address)


def test_the_larger_demo_is_consistent_too(sqlite_app: Flask) -> None:
    build(more_families=10)
    assert find_inconsistencies(db.session()) == ()
    assert db.session.scalar(select(func.count()).where(Family.status == FamilyStatus.ACTIVE)) == 13 + 10
    found = find_credentials("parent0010@example.org")
    assert found is not None
    assert password_matches(found[1], PASSWORD)
    assert len(families_of_user(found[0])) == 1
    assert (db.session.scalar(select(func.count()).select_from(Booking)) or 0) > 700
