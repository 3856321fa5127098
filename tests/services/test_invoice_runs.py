"""Invoice runs: what is prepared, what issuing writes, and that nothing is invoiced twice, forgotten or unseen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app import clock
from app.database import db, write_transaction
from app.jobs.invoices import go_on
from app.models.activities import Activity, TariffVersion
from app.models.bookings import Booking
from app.models.families import Family, FamilyAddress
from app.models.invoices import (
    Invoice,
    InvoicedBooking,
    InvoiceLine,
    InvoiceRun,
    InvoiceRunDraft,
    InvoiceRunOddity,
    RunAcceptance,
    RunStatus,
)
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.cash_desks import PaymentMode
from app.rules.invoicing import DraftStanding, InvoiceDraft, OddityKind
from app.rules.states import BookingStatus, CancelClass, FamilyStatus
from app.rules.tariff_grids import DaysDeduction, Grid, Item, Period, flat, unit_code
from app.services import invoice_drafts, invoice_runs, payments, run_pools, run_views
from app.services.checks import find_inconsistencies
from app.services.errors import NotFound, OdditiesLeft, PoolGone
from app.services.invoice_runs import Step, issue_next, next_step
from app.services.invoices import due_of
from app.services.money_checks import wrong_money
from app.services.run_views import Wanted, runs
from tests.factories import (
    ActivitySetup,
    FamilySetup,
    PlanningSetup,
    accept_all,
    add_family,
    book_past,
    enrol,
    issue,
    make_activity,
    make_child,
    make_family,
    make_planning,
    make_staff,
    order_run,
    prepare_run,
    prepared_drafts,
)

OCTOBER = date(2026, 10, 1)
WEDNESDAYS = [date(2026, 10, day) for day in (7, 14)]
FIRST = date(2026, 11, 2)


@pytest.fixture
def planning(app: Flask) -> PlanningSetup:
    """Léa came on two mornings of October, at 4,20 €, for want of a quotient."""
    made = make_planning()
    book_past(made.family, made.child_id, made.activity, WEDNESDAYS)
    return made


@pytest.fixture
def staff_id(app: Flask) -> int:
    return make_staff(Role.REGISSEUR)


def office_of(activity: ActivitySetup) -> int:
    return db.session.get_one(Activity, activity.id).office_id


def start(activity: ActivitySetup, staff_id: int) -> int:
    """A run that is prepared, accepted and about to be issued."""
    return order_run(office_of(activity), OCTOBER, staff_id, FIRST)


def prepare(activity: ActivitySetup, staff_id: int, instead_of: int | None = None) -> int:
    """Begin to prepare October."""
    with write_transaction() as session:
        return invoice_runs.prepare(session, office_of(activity), OCTOBER, staff_id, instead_of=instead_of)


def order(run_id: int, staff_id: int) -> None:
    with write_transaction() as session:
        invoice_runs.issue(session, run_id, FIRST, FIRST + timedelta(days=30), staff_id)


def store(batch: run_pools.Batch | None) -> None:
    assert batch is not None
    with write_transaction() as session:
        run_pools.store_batch(session, batch)


def status_of(run_id: int) -> RunStatus:
    db.session.rollback()
    return db.session.get_one(InvoiceRun, run_id).status


def pool(run_id: int) -> list[tuple[int, str, str]]:
    """All that was prepared of families."""
    db.session.rollback()
    rows = db.session.execute(
        select(InvoiceRunDraft.family_id, InvoiceRunDraft.fingerprint, InvoiceRunDraft.lines)
        .where(InvoiceRunDraft.run_id == run_id)
        .order_by(InvoiceRunDraft.family_id)
    )
    return [tuple(row) for row in rows]


def issue_some(run_id: int, limit: int = 50) -> int:
    with write_transaction() as session:
        return issue_next(session, run_id, limit)


def more_families(planning: PlanningSetup, count: int) -> list[FamilySetup]:
    made = []
    for number in range(count):
        family, child_id = add_family(planning, f"FAMILLE {number}")
        with write_transaction() as session:
            template = session.scalars(select(Booking).where(Booking.child_id == planning.child_id)).first()
            assert template is not None
            session.add(
                Booking(
                    child_id=child_id, family_id=family.family_id, enrolment_id=template.enrolment_id,
                    opening_id=template.opening_id, day=template.day, status=BookingStatus.CONFIRMED, price_cents=420,
                    price_outcome=template.price_outcome,
                )
            )  # fmt: skip
        made.append(family)
    return made


def test_what_is_prepared_invoices_nothing_and_names_what_is_odd(planning, staff_id) -> None:
    run_id = prepare_run(office_of(planning.activity), OCTOBER, staff_id)
    (row,) = run_views.families_of_pool(run_id, Wanted(), 1).rows
    assert (row.name, row.standing, row.total_cents) == ("TEST Fabrice", DraftStanding.INVOICED, 840)
    assert list(row.oddities) == [OddityKind.QUOTIENT_MISSING]
    (line,) = row.lines
    assert (line.child_name, line.activity_name, line.name, line.days) == (
        "Léa TEST", "Mercredi", "Matin", tuple(WEDNESDAYS),
    )  # fmt: skip
    assert (line.quantity, line.unit_price_cents, line.amount_cents) == (2, 420, 840)
    view = run_views.read_pool(run_id, office_of(planning.activity))
    assert (view.invoiced.count, view.invoiced.total_cents) == (1, 840)
    assert [(group.kind, group.count, group.is_open) for group in view.groups] == [
        (OddityKind.QUOTIENT_MISSING, 1, True), (OddityKind.DAY_NOT_VALIDATED, 2, True),
    ]  # fmt: skip
    assert db.session.scalar(select(func.count()).select_from(Invoice)) == 0


def test_an_issued_invoice_says_who_what_and_why(planning, staff_id) -> None:
    (invoice_id,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    invoice = db.session.get_one(Invoice, invoice_id)
    assert (invoice.number, invoice.total_cents, invoice.issued_on) == ("pop-F261100001", 840, FIRST)
    assert (invoice.payer_name, invoice.payer_address) == ("TEST Fabrice", "12 rue des Tilleuls\n80110 Démuin")
    (line,) = invoice.lines
    assert (line.child_name, line.label, line.days) == ("Léa TEST", "Mercredi, Matin", "7 et 14 octobre 2026")
    assert (line.quantity, line.unit_cents, line.amount_cents) == (2, 420, 840)
    assert "maximum" in line.explanation
    mail = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "invoice_issued")).one()
    assert mail.recipient == planning.family.email
    assert "pop-F261100001" in mail.subject + mail.body
    (run,) = runs(1).rows
    assert (run.status, run.invoice_count, run.total_cents) == (RunStatus.ISSUED, 1, 840)
    assert run.ended_at is not None


def test_a_later_change_of_the_family_leaves_the_invoice_as_it_was(planning, staff_id) -> None:
    (invoice_id,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    with write_transaction() as session:
        session.scalars(select(FamilyAddress)).one().street = "autre rue"
    assert db.session.get_one(Invoice, invoice_id).payer_address == "12 rue des Tilleuls\n80110 Démuin"


def test_a_second_run_finds_nothing_left(planning, staff_id) -> None:
    assert len(issue(planning.activity, OCTOBER, staff_id, FIRST)) == 1
    assert prepared_drafts(planning.activity, OCTOBER, staff_id) == ()
    assert issue(planning.activity, OCTOBER, staff_id, FIRST) == []
    assert db.session.scalar(select(func.count()).select_from(InvoicedBooking)) == 2
    assert find_inconsistencies(db.session()) == ()


def test_two_workers_that_take_turns_invoice_each_family_once(planning, staff_id) -> None:
    more_families(planning, 4)
    run_id = start(planning.activity, staff_id)
    assert prepare(planning.activity, staff_id) == run_id
    while issue_some(run_id, 1) + issue_some(run_id, 2):
        pass
    numbers = db.session.scalars(select(Invoice.number).order_by(Invoice.number)).all()
    assert numbers == [f"pop-F26110000{n}" for n in range(1, 6)]
    assert len(set(db.session.scalars(select(Invoice.family_id)))) == 5
    assert next_step(db.session()) is None


def test_a_run_and_a_payment_of_the_same_family_do_not_wait_for_each_other(
    app, planning, staff_id, monkeypatch
) -> None:
    """The run holds the office and names the family in its invoice; the payment holds the family and wants a number."""
    run_id, office_id = start(planning.activity, staff_id), office_of(planning.activity)
    has_office, has_family = threading.Event(), threading.Event()
    issue_one, next_number = invoice_runs._issue, payments.next_number

    def issue_later(*arguments) -> Invoice:
        has_office.set()
        has_family.wait(timeout=0.5)  # SQLite has one writer: the payment comes after the run
        return issue_one(*arguments)

    def number_later(*arguments) -> str:
        has_family.set()
        return next_number(*arguments)

    monkeypatch.setattr(invoice_runs, "_issue", issue_later)
    monkeypatch.setattr(payments, "next_number", number_later)

    def issue_all() -> int:
        return issue_some(run_id)

    def take_cash() -> int:
        assert has_office.wait(timeout=10)
        with write_transaction() as session:
            return payments.record_counter_payment(
                session, office_id=office_id, family_id=planning.family.family_id, mode=PaymentMode.CASH,
                amount_cents=500, received_on=FIRST, reference="", recorded_by=staff_id,
            )  # fmt: skip

    def within_app(action: Callable[[], int]) -> int:
        with app.app_context():
            return action()

    with ThreadPoolExecutor(2) as threads:
        done = [threads.submit(Context().run, within_app, action) for action in (issue_all, take_cash)]
        assert done[0].result(timeout=30) == 1
        assert done[1].result(timeout=30)
    assert find_inconsistencies(db.session()) == ()


def test_an_interrupted_run_is_taken_up_where_it_stopped(planning, staff_id) -> None:
    more_families(planning, 4)
    run_id = start(planning.activity, staff_id)
    assert issue_some(run_id, 2) == 2
    with pytest.raises(RuntimeError), write_transaction() as session:
        issue_next(session, run_id, 2)
        raise RuntimeError  # the process dies before the commit
    assert next_step(db.session()) == Step(run_id, RunStatus.ISSUING)
    while issue_some(run_id, 2):
        pass
    numbers = db.session.scalars(select(Invoice.number).order_by(Invoice.number)).all()
    assert numbers == [f"pop-F26110000{n}" for n in range(1, 6)]
    assert db.session.get_one(InvoiceRun, run_id).status is RunStatus.ISSUED


def test_only_what_costs_something_is_invoiced(planning, staff_id) -> None:
    with write_transaction() as session:
        late, in_time = session.scalars(select(Booking).order_by(Booking.id)).all()
        late.status, late.cancel_class = BookingStatus.CANCELLED, CancelClass.LATE_CHARGED
        in_time.status, in_time.cancel_class = BookingStatus.CANCELLED, CancelClass.IN_TIME
    (invoice_id,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    (line,) = db.session.get_one(Invoice, invoice_id).lines
    assert (line.quantity, line.amount_cents) == (1, 420)
    assert line.label != "Mercredi, Matin"  # says that it is an absence
    assert line.is_absence


def test_a_month_that_is_not_over_is_invoiced_up_to_yesterday_and_its_rest_later(planning, staff_id) -> None:
    clock.start_at(clock.now().replace(year=2026, month=10, day=8), frozen=True)
    today = clock.today()
    (first,) = issue(planning.activity, OCTOBER, staff_id, today)
    clock.start_at(clock.now().replace(month=11, day=2), frozen=True)
    (second,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    days = [db.session.get_one(Invoice, id_).lines[0].days for id_ in (first, second)]
    assert days == ["7 octobre 2026", "14 octobre 2026"]


def test_a_family_that_owes_nothing_gets_no_invoice(planning, staff_id) -> None:
    with write_transaction() as session:
        for booking in session.scalars(select(Booking)):
            booking.price_cents = 0
    assert issue(planning.activity, OCTOBER, staff_id, FIRST) == []


def test_lines_differ_where_prices_or_reasons_do(planning, staff_id) -> None:
    with write_transaction() as session:
        session.scalars(select(Booking).order_by(Booking.id).limit(1)).one().price_cents = 210
    issue(planning.activity, OCTOBER, staff_id, FIRST)
    rows = db.session.execute(select(InvoiceLine.unit_cents, InvoiceLine.quantity).order_by(InvoiceLine.unit_cents))
    assert [tuple(row) for row in rows] == [(210, 1), (420, 1)]


def test_an_unknown_office_is_refused(app: Flask, staff_id: int) -> None:
    with pytest.raises(NotFound), write_transaction() as session:
        invoice_runs.prepare(session, 999, OCTOBER, staff_id)


# --- Prepared, seen, then issued --------------------------------------------------------------------------------------


def test_a_preparation_killed_anywhere_is_taken_up_and_comes_to_the_same(planning, staff_id) -> None:
    more_families(planning, 6)
    whole = prepare_run(office_of(planning.activity), OCTOBER, staff_id)
    wanted = pool(whole)
    assert len(wanted) == 7
    run_id = prepare(planning.activity, staff_id, instead_of=whole)
    looked_at = 0
    while (batch := run_pools.draft_batch(db.session(), run_id, limit=2)) is not None:
        with pytest.raises(RuntimeError), write_transaction() as session:
            run_pools.store_batch(session, batch)
            raise RuntimeError  # the process dies before the commit
        assert db.session.get_one(InvoiceRun, run_id).done_count == looked_at
        store(run_pools.draft_batch(db.session(), run_id, limit=2))
        store(batch)  # what the other process had drafted comes too late
        looked_at += len(batch.family_ids)
        assert db.session.get_one(InvoiceRun, run_id).done_count == looked_at <= 7
    assert status_of(run_id) is RunStatus.PREPARED
    assert pool(run_id) == wanted
    assert pool(whole) == []


def test_nothing_odd_slips_through_until_it_is_settled_or_accepted_with_a_word(planning, staff_id) -> None:
    run_id = prepare_run(office_of(planning.activity), OCTOBER, staff_id)
    with pytest.raises(OdditiesLeft) as refused:
        order(run_id, staff_id)
    assert refused.value.kinds == (OddityKind.QUOTIENT_MISSING, OddityKind.DAY_NOT_VALIDATED)
    with pytest.raises(PoolGone), write_transaction() as session:
        run_pools.accept(session, run_id, OddityKind.NO_PRICE, "Il n’y en a pas", staff_id)
    for word in ("Elle paie le maximum", "Elle ne donne pas son quotient"):
        with write_transaction() as session:
            run_pools.accept(session, run_id, OddityKind.QUOTIENT_MISSING, word, staff_id)
    with pytest.raises(OdditiesLeft) as refused:
        order(run_id, staff_id)
    assert refused.value.kinds == (OddityKind.DAY_NOT_VALIDATED,)
    accept_all(run_id, staff_id)
    order(run_id, staff_id)
    while issue_some(run_id):
        pass
    kept = db.session.execute(
        select(RunAcceptance.kind, RunAcceptance.count, RunAcceptance.reason).order_by(RunAcceptance.id)
    )
    assert [tuple(row) for row in kept] == [
        (OddityKind.QUOTIENT_MISSING, 1, "Elle ne donne pas son quotient"),
        (OddityKind.DAY_NOT_VALIDATED, 2, "Vu avec la régie."),
    ]
    # What was prepared goes with the end of the run.
    for table in (InvoiceRunDraft, InvoiceRunOddity):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0


def test_what_nobody_has_seen_is_not_issued(planning, staff_id) -> None:
    changed, gone, *others = more_families(planning, 4)
    run_id = start(planning.activity, staff_id)
    newcomer = more_families(planning, 1)
    with write_transaction() as session:
        for family, values in ((changed, {"price_cents": 300}), (gone, {"status": BookingStatus.CANCELLED})):
            for booking in session.scalars(select(Booking).where(Booking.family_id == family.family_id)):
                for name, value in values.items():
                    setattr(booking, name, value)
                booking.cancel_class = CancelClass.IN_TIME if family is gone else None
    while issue_some(run_id, 2):
        pass
    invoiced = set(db.session.scalars(select(Invoice.family_id)))
    assert invoiced == {planning.family.family_id, *(family.family_id for family in others)}
    left = run_views.changed_families(run_id, 1)
    assert {row.family_id for row in left.rows} == {changed.family_id, gone.family_id}
    assert all(row.lines == () for row in left.rows)
    # The next run takes what is left, and who came since.
    assert issue(planning.activity, OCTOBER, staff_id, FIRST)
    now = set(db.session.scalars(select(Invoice.family_id)))
    assert now - invoiced == {changed.family_id, newcomer[0].family_id}
    assert run_views.changed_families(run_id, 1).total == 0  # they were looked at since
    assert list(wrong_money(db.session())) == []


def test_days_to_come_that_a_family_books_meanwhile_change_nothing_that_was_seen(planning, staff_id) -> None:
    clock.start_at(clock.now().replace(year=2026, month=10, day=8), frozen=True)
    run_id = order_run(office_of(planning.activity), OCTOBER, staff_id, clock.today())
    with write_transaction() as session:
        later = session.scalars(select(Booking).where(Booking.day == WEDNESDAYS[1])).one()
        later.status, later.cancel_class = BookingStatus.CANCELLED, CancelClass.IN_TIME
    while issue_some(run_id):
        pass
    assert db.session.scalars(select(Invoice.total_cents)).all() == [420]
    assert run_views.changed_families(run_id, 1).total == 0


def test_only_the_last_preparation_may_be_issued(planning, staff_id) -> None:
    first = prepare_run(office_of(planning.activity), OCTOBER, staff_id)
    assert prepare(planning.activity, staff_id) == first  # it is there to be read
    accept_all(first, staff_id)
    second = prepare(planning.activity, staff_id, instead_of=first)
    assert prepare(planning.activity, staff_id, instead_of=first) == second  # a double tap
    assert prepare(planning.activity, staff_id, instead_of=second) == second  # it has not come to anything yet
    for run_id in (first, second):
        with pytest.raises(PoolGone):
            order(run_id, staff_id)
        with pytest.raises(PoolGone), write_transaction() as session:
            run_pools.accept(session, run_id, OddityKind.QUOTIENT_MISSING, "Vu", staff_id)
    assert (status_of(first), status_of(second)) == (RunStatus.CANCELLED, RunStatus.PREPARING)
    assert db.session.get_one(InvoiceRun, first).replaced_by_id == second
    assert run_views.read_run(first).invoice_count == 0


def test_a_preparation_is_given_up_at_any_time_and_an_issue_never(planning, staff_id) -> None:
    more_families(planning, 2)
    early = prepare(planning.activity, staff_id)
    batch = run_pools.draft_batch(db.session(), early, limit=2)
    for _ in range(2):
        with write_transaction() as session:
            invoice_runs.give_up(session, early, staff_id)
    store(batch)  # what the worker had in hand comes too late
    assert (status_of(early), pool(early), run_pools.draft_batch(db.session(), early, limit=2)) == (
        RunStatus.CANCELLED, [], None,
    )  # fmt: skip
    late = prepare_run(office_of(planning.activity), OCTOBER, staff_id)
    with write_transaction() as session:
        invoice_runs.give_up(session, late, staff_id)
    assert (pool(late), next_step(db.session())) == ([], None)
    run_id = start(planning.activity, staff_id)
    order(run_id, staff_id)  # a double tap
    issue_some(run_id, 1)
    with pytest.raises(PoolGone), write_transaction() as session:
        invoice_runs.give_up(session, run_id, staff_id)
    while issue_some(run_id, 1):
        pass
    order(run_id, staff_id)
    assert status_of(run_id) is RunStatus.ISSUED
    assert db.session.scalar(select(func.count()).select_from(Invoice)) == 3
    assert list(wrong_money(db.session())) == []


@pytest.mark.parametrize("action", ["prepare", "issue", "give up"])
def test_two_agents_at_once_begin_one_run_and_issue_it_once(app, planning, staff_id, action: str) -> None:
    """Whatever two agents press at the same time, one run is under way, and each family is invoiced once at most."""
    more_families(planning, 3)
    office_id = office_of(planning.activity)
    if action != "prepare":
        prepared = prepare_run(office_id, OCTOBER, staff_id)
        accept_all(prepared, staff_id)
    together = threading.Barrier(2)

    def press(give_up: bool) -> str:
        with app.app_context():
            together.wait(timeout=10)
            try:
                with write_transaction() as session:
                    if action == "prepare":
                        invoice_runs.prepare(session, office_id, OCTOBER, staff_id)
                    elif give_up:
                        invoice_runs.give_up(session, prepared, staff_id)
                    else:
                        invoice_runs.issue(session, prepared, FIRST, FIRST, staff_id)
            except PoolGone:
                return "refused"
            return "done"

    with ThreadPoolExecutor(2) as threads:
        sent = [threads.submit(Context().run, press, action == "give up" and second) for second in (False, True)]
        answers = sorted(each.result(timeout=30) for each in sent)
    assert answers == (["done", "refused"] if action == "give up" else ["done", "done"])
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(InvoiceRun)) == 1
    (run_id,) = db.session.scalars(select(InvoiceRun.id))
    while issue_some(run_id):
        pass
    wanted = {"prepare": {0}, "issue": {4}, "give up": {0, 4}}[action]
    assert db.session.scalar(select(func.count()).select_from(Invoice)) in wanted
    assert list(wrong_money(db.session())) == []


def test_thousands_of_families_are_counted_paged_and_searched_in_the_database(app, planning, staff_id) -> None:
    run_id = prepare_run(office_of(planning.activity), OCTOBER, staff_id)
    (template,) = db.session.scalars(select(InvoiceRunDraft).where(InvoiceRunDraft.run_id == run_id))
    with write_transaction() as session:
        families = [
            Family(last_name=f"N{number:04}", first_name="A", status=FamilyStatus.ACTIVE) for number in range(3_000)
        ]
        session.add_all(families)
        session.flush()
        session.execute(
            insert(InvoiceRunDraft),
            [
                {
                    "run_id": run_id,
                    "family_id": family.id,
                    "standing": DraftStanding.INVOICED,
                    "total_cents": 100,
                    "fingerprint": "",
                    "lines": template.lines,
                }
                for family in families
            ],
        )
    page = run_views.families_of_pool(run_id, Wanted(), 121)
    assert (page.total, page.count, len(page.rows)) == (3_001, 121, 1)
    assert page.rows[0].name == "TEST Fabrice"
    found = run_views.families_of_pool(run_id, Wanted("n012"), 1)
    assert [row.name for row in found.rows] == [f"N012{n} A" for n in range(10)]
    assert run_views.families_of_pool(run_id, Wanted(kind=OddityKind.QUOTIENT_MISSING), 1).total == 1
    assert run_views.read_pool(run_id, office_of(planning.activity)).invoiced.count == 3_001


def test_a_deduction_that_pays_all_of_an_invoice_is_granted_once(app, staff_id) -> None:
    """Three days at 1,00 €, less 3,00 € from three days on: an invoice of 0,00 €. The two days after are due."""
    activity = make_activity("Vacances", {"Matin": (time(8), time(12))}, needs={}, notice=None)
    unit = unit_code(activity.units["Matin"])
    with write_transaction() as session:
        session.scalars(select(TariffVersion)).one().grid = Grid(
            items=(Item(unit, flat(100)),),
            deductions=(DaysDeduction("three_days", Period.WEEK, frozenset({unit}), ((3, 300),)),),
        )
    family = make_family()
    child_id = make_child(family)
    enrol(child_id, family, activity)
    november, monday = date(2026, 11, 1), date(2026, 11, 16)
    book_past(family, child_id, activity, [monday + timedelta(days=offset) for offset in range(5)])
    clock.start_at(datetime.combine(monday + timedelta(days=3), time(9)), frozen=True)
    (prepared,) = prepared_drafts(activity, november, staff_id)
    assert (prepared.standing, prepared.total_cents) == (DraftStanding.INVOICED, 0)
    issue(activity, november, staff_id)
    clock.start_at(datetime.combine(monday + timedelta(days=7), time(9)), frozen=True)
    issue(activity, november, staff_id)
    db.session.rollback()
    made = db.session.scalars(select(Invoice).order_by(Invoice.id)).all()
    assert [[line.amount_cents for line in invoice.lines] for invoice in made] == [[300, -300], [200]]
    assert [invoice.total_cents for invoice in made] == [0, 200]
    assert (due_of(family.family_id).count, due_of(family.family_id).amount_cents) == (1, 200)
    mails = db.session.scalars(select(OutboxMail.body).where(OutboxMail.template == "invoice_issued")).all()
    assert "Vous n’avez rien à payer\u202f: une réduction couvre tout." in mails[0].replace("\u00a0", "\u202f")
    assert find_inconsistencies(db.session()) == ()


def break_drafting_of(family_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drafting one family raises, in PostgreSQL's way: its transaction is spoilt."""
    draft = invoice_drafts.drafts_of

    def drafts_of(
        session: Session, office_id: int, month: date, family_ids: Collection[int], *, lock: bool
    ) -> dict[int, InvoiceDraft]:
        if family_id in family_ids:
            with suppress(IntegrityError):
                session.execute(insert(InvoicedBooking).values(booking_id=1))
            raise KeyError(family_id)
        return draft(session, office_id, month, family_ids, lock=lock)

    for module in (invoice_runs, run_pools):
        monkeypatch.setattr(module, "drafts_of", drafts_of)


def work_on_runs() -> None:
    while go_on():
        pass
    db.session.rollback()


def test_a_family_that_cannot_be_drafted_keeps_nobody_from_being_prepared(planning, staff_id, monkeypatch) -> None:
    broken, *_ = more_families(planning, 3)
    run_id = prepare(planning.activity, staff_id)
    with monkeypatch.context() as patch:
        break_drafting_of(broken.family_id, patch)
        work_on_runs()
        assert status_of(run_id) is RunStatus.PREPARED
        found = {row.family_id: row for row in run_views.families_of_pool(run_id, Wanted(), 1).rows}
        assert len(found) == 4
        row = found.pop(broken.family_id)
        assert (list(row.oddities), row.standing, row.lines) == ([OddityKind.NOT_DRAFTED], DraftStanding.NOTHING, ())
        assert {row.standing for row in found.values()} == {DraftStanding.INVOICED}
        with pytest.raises(OdditiesLeft):
            order(run_id, staff_id)
        accept_all(run_id, staff_id)
        order(run_id, staff_id)
        work_on_runs()
        assert status_of(run_id) is RunStatus.ISSUED
        assert [row.family_id for row in run_views.changed_families(run_id, 1).rows] == [broken.family_id]
    assert db.session.scalar(select(func.count()).select_from(Invoice)) == 3
    (later,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    assert db.session.get_one(Invoice, later).family_id == broken.family_id
    assert list(wrong_money(db.session())) == []


def test_a_family_that_cannot_be_issued_is_left_aside_and_said(planning, staff_id, monkeypatch) -> None:
    broken, *_ = more_families(planning, 3)
    run_id = start(planning.activity, staff_id)
    with monkeypatch.context() as patch:
        break_drafting_of(broken.family_id, patch)
        work_on_runs()
    assert status_of(run_id) is RunStatus.ISSUED
    assert [row.family_id for row in run_views.changed_families(run_id, 1).rows] == [broken.family_id]
    assert db.session.scalar(select(func.count()).select_from(Invoice)) == 3
    assert read_numbers() == [f"pop-F26110000{n}" for n in range(1, 4)]
    issue(planning.activity, OCTOBER, staff_id, FIRST)
    assert read_numbers() == [f"pop-F26110000{n}" for n in range(1, 5)]
    assert list(wrong_money(db.session())) == []


def read_numbers() -> list[str]:
    return list(db.session.scalars(select(Invoice.number).order_by(Invoice.number)))


def test_a_database_that_is_away_leaves_no_family_aside(planning, staff_id, monkeypatch) -> None:
    run_id = start(planning.activity, staff_id)

    def drafts_of(*_arguments: object, **_named: object) -> None:
        raise OperationalError("SELECT", {}, OSError())

    with monkeypatch.context() as patch:
        patch.setattr(invoice_runs, "drafts_of", drafts_of)
        assert [go_on(), go_on()] == [True, False]
    assert status_of(run_id) is RunStatus.ISSUING
    assert not go_on()  # it rests
    wait(minutes=1)
    assert go_on()
    assert len(read_numbers()) == 1


def test_a_run_that_cannot_go_on_lets_the_others_pass_and_is_tried_again(planning, staff_id, monkeypatch) -> None:
    first = start(planning.activity, staff_id)
    with write_transaction() as session:
        second = invoice_runs.prepare(session, office_of(planning.activity), date(2026, 9, 1), staff_id)
    hold = invoice_runs._hold

    def broken(session: Session, run_id: int) -> InvoiceRun:
        if run_id == first:
            raise KeyError(run_id)
        return hold(session, run_id)

    with monkeypatch.context() as patch:
        patch.setattr(invoice_runs, "_hold", broken)
        work_on_runs()
        assert (status_of(first), status_of(second)) == (RunStatus.ISSUING, RunStatus.PREPARED)
        assert run_views.stuck_runs() == ()
        for minutes in (1, 1, 10, 10):
            assert not go_on()
            wait(minutes)
            work_on_runs()
        (stuck,) = run_views.stuck_runs()
        assert (stuck.id, stuck.failure_count, stuck.retry_at) == (first, 5, clock.now() + timedelta(hours=1))
        assert (run_views.stuck_runs([]), run_views.count_stuck(db.session())) == ((), 1)
    wait(minutes=60)
    work_on_runs()
    assert status_of(first) is RunStatus.ISSUED
    assert run_views.stuck_runs() == ()


def wait(minutes: int) -> None:
    clock.start_at(clock.now() + timedelta(minutes=minutes), frozen=True)


def test_a_step_that_succeeds_makes_failures_forgotten(planning, staff_id, monkeypatch) -> None:
    more_families(planning, 30)
    run_id = start(planning.activity, staff_id)
    with monkeypatch.context() as patch:
        patch.setattr(invoice_runs, "_hold", fail)
        assert go_on()
    wait(minutes=1)
    assert go_on()
    run = run_views.read_run(run_id)
    assert (run.is_at_work, run.done_count, run.failure_count, run.retry_at) == (True, 20, 0, None)


def fail(*_arguments: object) -> None:
    raise KeyError
