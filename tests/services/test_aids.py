"""Aids in invoice runs: lines of their own, a ledger that is never spent twice, and a statement that adds up."""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import clock
from app.database import db, write_transaction
from app.integrations.tables import TableFormat, write_table
from app.models.activities import Activity, Office
from app.models.aids import AidUse
from app.models.invoices import Invoice, InvoiceLine
from app.rules.aids import AidBalance
from app.rules.bills import LineKind
from app.rules.calendars import DayKind
from app.rules.capabilities import Role
from app.services import aids, invoice_runs, papers
from app.services.checks import find_inconsistencies
from app.services.errors import AidSpent, NameTaken, NotFound, OwnFamily
from tests.factories import (
    A_FUND,
    NOW,
    ActivitySetup,
    FamilySetup,
    PlanningSetup,
    add_family,
    an_aid,
    book_past,
    enrol,
    issue,
    make_activity,
    make_aid,
    make_child,
    make_credit,
    make_openings,
    make_planning,
    make_staff,
    order_run,
    prepared_drafts,
    save,
)

OCTOBER = date(2026, 10, 1)
WEDNESDAYS = [date(2026, 10, 7), date(2026, 10, 14)]
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)


@pytest.fixture
def planning(app: Flask) -> PlanningSetup:
    """Léa came on two mornings of October, at 4,20 €."""
    made = make_planning()
    book_past(made.family, made.child_id, made.activity, WEDNESDAYS)
    return made


@pytest.fixture
def staff_id(app: Flask) -> int:
    return make_staff(Role.REGISSEUR)


def other_office(planning: PlanningSetup, child_id: int) -> ActivitySetup:
    """« Musique », of another office, where a child came on the same two days, in the evening."""
    music = make_activity("Musique", {"Soir": (time(18), time(19))}, needs={})
    with write_transaction() as session:
        office = Office(prefix="AN", name="Accueils de loisirs", payfip_number="000002")
        session.add(office)
        session.flush()
        session.get_one(Activity, music.id).office_id = office.id
    enrol(child_id, planning.family, music)
    book_past(planning.family, child_id, music, WEDNESDAYS, units=["Soir"])
    return music


def totals() -> list[int]:
    return list(db.session.scalars(select(Invoice.total_cents).order_by(Invoice.id)))


def used(aid_id: int) -> int:
    return db.session.scalar(select(func.sum(AidUse.amount_cents)).where(AidUse.aid_id == aid_id)) or 0


def test_an_aid_is_a_line_and_its_fund_owes_it(planning: PlanningSetup, staff_id: int) -> None:
    unit = f"unit-{planning.activity.units['Matin']}"
    fund_id, aid_id = make_aid(
        planning.family, planning.child_id, staff_id, amounts={unit: 300}, percent_hundredths=0, ceiling_cents=500
    )
    (entry,) = prepared_drafts(planning.activity, OCTOBER, staff_id)
    assert entry.total_cents == 340 and not db.session.scalars(select(AidUse)).all()
    issue(planning.activity, OCTOBER, staff_id)
    lines = db.session.scalars(select(InvoiceLine).order_by(InvoiceLine.position)).all()
    assert [(line.label, line.days, line.amount_cents) for line in lines] == [
        ("Mercredi, Matin", "7 et 14 octobre 2026", 840),
        ("Aide aux temps libres (CAF de la Somme)", "7 octobre 2026", -300),
        ("Aide aux temps libres (CAF de la Somme)", "14 octobre 2026", -200),
    ]
    assert totals() == [340]
    (view,) = aids.aids_of_child(planning.family.family_id, planning.child_id)
    assert (view.left, view.used_cents, view.used_days) == (AidBalance(0, None), 500, 2) and view.is_spent
    statement = aids.statement_of(fund_id, FIRST, LAST)
    # Two debtors: what the family owes and what the fund owes are what was had.
    assert statement.total_cents + totals()[0] == 840 and statement.total_cents == used(aid_id) == 500
    (claim,) = statement.claims
    assert (claim.child_name, claim.days) == ("TEST Léa", tuple(WEDNESDAYS))
    assert claim.invoice_numbers == tuple(db.session.scalars(select(Invoice.number)))
    assert aids.statement_of(fund_id, date(2026, 10, 1), date(2026, 10, 31)).claims == ()
    assert find_inconsistencies(db.session()) == ()


def test_an_invoice_that_aids_pay_whole_is_issued_and_settled(planning: PlanningSetup, staff_id: int) -> None:
    make_aid(planning.family, planning.child_id, staff_id, percent_hundredths=100_00)
    issue(planning.activity, OCTOBER, staff_id)
    assert totals() == [0]
    issue(planning.activity, OCTOBER, staff_id)
    assert totals() == [0]


def test_only_the_days_of_the_aid_are_paid(planning: PlanningSetup, staff_id: int) -> None:
    make_aid(planning.family, planning.child_id, staff_id, day_kinds=frozenset({DayKind.SCHOOL_HOLIDAY}))
    make_aid(planning.family, planning.child_id, staff_id, starts_on=WEDNESDAYS[1], most_days=1)
    stranger, child_id = add_family(planning)
    make_aid(stranger, child_id, staff_id, percent_hundredths=100_00)
    issue(planning.activity, OCTOBER, staff_id)
    assert totals() == [840 - 210]


def test_a_ceiling_holds_over_two_children_and_two_offices(planning: PlanningSetup, staff_id: int) -> None:
    family, tom_id = planning.family, make_child(planning.family, "Tom")
    enrol(tom_id, family, planning.activity)
    book_past(family, tom_id, planning.activity, [day - timedelta(days=1) for day in WEDNESDAYS])
    music = other_office(planning, planning.child_id)
    _, lea_aid = make_aid(family, planning.child_id, staff_id, percent_hundredths=100_00, ceiling_cents=1_000)
    _, tom_aid = make_aid(family, tom_id, staff_id, percent_hundredths=50_00, ceiling_cents=300, name="Autre aide")
    issue(planning.activity, OCTOBER, staff_id)
    assert totals() == [4 * 420 - 840 - 300]
    issue(music, OCTOBER, staff_id)
    assert totals()[1] == 840 - 160
    assert (used(lea_aid), used(tom_aid)) == (1_000, 300)
    assert find_inconsistencies(db.session()) == ()


def test_two_offices_that_invoice_at_once_never_spend_an_aid_twice(
    app: Flask, planning: PlanningSetup, staff_id: int
) -> None:
    music = other_office(planning, planning.child_id)
    _, aid_id = make_aid(planning.family, planning.child_id, staff_id, percent_hundredths=100_00, ceiling_cents=1_000)

    def run(activity: ActivitySetup) -> int:
        with app.app_context():
            first = issue(activity, OCTOBER, staff_id)
            # Where the other office spent the aid since it was prepared, nothing is issued: it is prepared anew.
            return len(first or issue(activity, OCTOBER, staff_id))

    with ThreadPoolExecutor(2) as threads:
        done = [threads.submit(Context().run, run, activity) for activity in (planning.activity, music)]
        assert [each.result(timeout=60) for each in done] == [1, 1]
    db.session.rollback()
    assert used(aid_id) == 1_000 and sum(totals()) == 2 * 840 - 1_000
    assert find_inconsistencies(db.session()) == ()


def test_a_run_that_dies_spends_nothing(planning: PlanningSetup, staff_id: int) -> None:
    _, aid_id = make_aid(planning.family, planning.child_id, staff_id)
    office_id = db.session.get_one(Activity, planning.activity.id).office_id
    run_id = order_run(office_id, OCTOBER, staff_id, FIRST, LAST)
    with pytest.raises(RuntimeError), write_transaction() as session:
        invoice_runs.issue_next(session, run_id)
        raise RuntimeError  # the process dies before the commit
    assert used(aid_id) == 0
    for _ in range(2):
        with write_transaction() as session:
            invoice_runs.issue_next(session, run_id)
    assert used(aid_id) == 420 and totals() == [420]


def test_an_aid_never_promises_less_than_it_has_paid(planning: PlanningSetup, staff_id: int) -> None:
    family = planning.family
    _, aid_id = make_aid(family, planning.child_id, staff_id)
    issue(planning.activity, OCTOBER, staff_id)

    def change(**changes: object) -> None:
        with write_transaction() as session:
            aids.change_aid(session, family.family_id, staff_id, aid_id, an_aid(**changes))

    for wrong in (
        {"ceiling_cents": 419}, {"most_days": 1}, {"ends_on": WEDNESDAYS[0]}, {"starts_on": WEDNESDAYS[1]},
    ):  # fmt: skip
        with pytest.raises(AidSpent):
            change(**wrong)
    change(ends_on=WEDNESDAYS[1], ceiling_cents=420, most_days=2)
    assert aids.find_aid(family.family_id, aid_id).left == AidBalance(0, 0)


def test_who_may_give_what_to_whom(planning: PlanningSetup, staff_id: int) -> None:
    stranger, strangers_child_id = add_family(planning)
    fund_id, aid_id = make_aid(stranger, strangers_child_id, staff_id)

    def add(family: FamilySetup, user_id: int, child_id: int, fund: int) -> None:
        with write_transaction() as session:
            aids.add_aid(session, family.family_id, user_id, child_id, fund, an_aid())

    with pytest.raises(NotFound):
        add(planning.family, staff_id, strangers_child_id, fund_id)
    with pytest.raises(NotFound):
        add(planning.family, staff_id, planning.child_id, 987_654)
    with pytest.raises(OwnFamily):
        add(planning.family, planning.family.user_id, planning.child_id, fund_id)
    with pytest.raises(NotFound):
        aids.find_aid(planning.family.family_id, aid_id)
    with pytest.raises(NameTaken), write_transaction() as session:
        aids.save_fund(session, None, A_FUND)
    with pytest.raises(NotFound), write_transaction() as session:
        aids.save_fund(session, 987_654, replace(A_FUND, name="Autre"))


def test_the_statement_as_a_table_adds_up(planning: PlanningSetup, staff_id: int) -> None:
    fund_id, _ = make_aid(planning.family, planning.child_id, staff_id, name="=Aide")
    issue(planning.activity, OCTOBER, staff_id)
    with write_table(TableFormat.CSV, papers.statement_table(aids.statement_of(fund_id, FIRST, LAST))) as file:
        head, row, total = csv.reader(file.read().decode("utf-8-sig").splitlines(), delimiter=";")
    assert head[0] == "Enfant" and row[0] == "TEST Léa" and row[4] == "'=Aide" and row[-1] == "4,20"
    assert total == ["Total", "", "", "", "", "", "2", "", "4,20"]
    paper = papers.statement_paper(aids.statement_of(fund_id, FIRST, LAST))
    assert (paper.total_cents, paper.recipient_lines[0]) == (420, "CAF de la Somme")
    assert sum(line.amount_cents for line in paper.lines) == paper.total_cents


def test_what_is_given_back_later_changes_no_statement_that_was_claimed(planning: PlanningSetup, staff_id: int) -> None:
    fund_id, _ = make_aid(planning.family, planning.child_id, staff_id)
    (invoice_id,) = issue(planning.activity, OCTOBER, staff_id)
    clock.start_at(clock.now() + timedelta(days=30), frozen=True)
    make_credit(invoice_id, staff_id)
    assert aids.statement_of(fund_id, FIRST, LAST).total_cents == 420
    (claim,) = aids.statement_of(fund_id, LAST + timedelta(days=1), LAST + timedelta(days=31)).claims
    assert (list(claim.days), claim.amount_cents) == (WEDNESDAYS[:1], -210)
    first, last = FIRST, LAST + timedelta(days=31)
    whole, page = aids.statement_of(fund_id, first, last), aids.statement_page(fund_id, first, last, 1)
    assert page.claims.rows == whole.claims and page.claims.total == 1
    assert (page.total_cents, page.day_count) == (whole.total_cents, whole.day_count) == (210, 1)


def test_a_long_statement_is_read_page_by_page(planning: PlanningSetup, staff_id: int) -> None:
    families = [(planning.family, planning.child_id), *(add_family(planning, f"VOISIN {n % 7}") for n in range(27))]
    activity = make_activity("Foot", places=None, needs={})
    for number, (family, child_id) in enumerate(families):
        enrol(child_id, family, activity)
        fund_id, _ = make_aid(family, child_id, staff_id, percent_hundredths=10_00 + number)
    openings = make_openings(activity, [date(2026, 9, 9)])
    clock.start_at(datetime(2026, 8, 20, 9), frozen=True)
    for family, child_id in families:
        save(family, child_id, book=list(openings.values()))
    clock.start_at(NOW, frozen=True)
    issue(activity, date(2026, 9, 1), staff_id)
    whole = aids.statement_of(fund_id, FIRST, LAST)
    first, second = (aids.statement_page(fund_id, FIRST, LAST, number) for number in (1, 2))
    assert first.claims.rows + second.claims.rows == whole.claims
    assert (len(first.claims.rows), first.claims.total) == (25, 28)
    for page in (first, second):
        assert (page.total_cents, page.day_count) == (whole.total_cents, whole.day_count)
    empty = aids.statement_page(fund_id, date(2026, 1, 1), date(2026, 1, 31), 1)
    assert (empty.claims.rows, empty.total_cents, empty.day_count) == ((), 0, 0)


def test_aid_lines_say_what_they_are(planning: PlanningSetup, staff_id: int) -> None:
    _, aid_id = make_aid(planning.family, planning.child_id, staff_id)
    issue(planning.activity, OCTOBER, staff_id)
    line = db.session.scalars(select(InvoiceLine).where(InvoiceLine.kind == LineKind.AID)).one()
    assert (line.item, line.child_id, line.quantity, line.unit_cents) == (str(aid_id), planning.child_id, 2, -210)
