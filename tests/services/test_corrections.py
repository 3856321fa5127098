"""Corrections: what is written down in one transaction is credited in another one, once, whatever happens between."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.jobs.credits import CreditJob
from app.models.activities import TariffVersion
from app.models.bookings import Booking, BookingPriceChange, PriceChangeReason
from app.models.credits import Correction, CreditNote
from app.models.invoices import Invoice
from app.rules.bills import LineKind
from app.rules.capabilities import Role
from app.rules.credits import CreditCause
from app.rules.states import BookingStatus, CancelClass
from app.rules.tariff_grids import Item, Package, Period, flat, unit_code
from app.services import corrections
from app.services.checks import Problem, find_inconsistencies
from app.services.corrections import (
    carry_out,
    count_open,
    leave,
    months_to_invoice_again,
    next_automatic,
    propose,
    read_correction,
)
from app.services.errors import AlreadyDecided, NotFound, OwnFamily
from app.services.invoices import invoices_of
from tests.factories import PlanningSetup, book_past, issue, make_planning, make_staff

OCTOBER = date(2026, 10, 1)
DAYS = [date(2026, 10, day) for day in (5, 6, 7)]
FIRST = date(2026, 11, 2)


@pytest.fixture
def planning(sqlite_app) -> PlanningSetup:  # type: ignore[no-untyped-def]
    return make_planning()


@pytest.fixture
def staff_id(sqlite_app) -> int:  # type: ignore[no-untyped-def]
    return make_staff(Role.REGISSEUR)


def bookings() -> list[Booking]:
    return list(db.session.scalars(select(Booking).order_by(Booking.day)))


def money_problems() -> list[str]:
    """The bookings are cancelled here by hand: counters and histories are another matter."""
    other = {Problem.COUNTER, Problem.LOG}
    return [str(each) for each in find_inconsistencies(db.session()) if each.problem not in other]


def ask(planning: PlanningSetup, wanted: list[int], staff_id: int, *, is_automatic: bool = False) -> int:
    with write_transaction() as session:
        for booking in session.scalars(select(Booking).where(Booking.id.in_(wanted))):
            booking.status, booking.cancel_class = BookingStatus.CANCELLED, CancelClass.STRUCTURE
        made = propose(
            session, planning.family.family_id, wanted, CreditCause.ATTENDANCE, "N’était pas là", staff_id,
            is_automatic=is_automatic,
        )  # fmt: skip
        assert made is not None
        return made


def test_a_proposal_waits_shows_what_it_would_do_and_is_done_once(planning, staff_id) -> None:
    book_past(planning.family, planning.child_id, planning.activity, DAYS)
    issue(planning.activity, OCTOBER, staff_id, FIRST)
    wanted = [bookings()[0].id]
    correction_id = ask(planning, wanted, staff_id)
    assert money_problems() == [] and count_open() == 1 and next_automatic(db.session()) is None
    view = read_correction(correction_id)
    assert (view.total_cents, view.row.child_names, view.row.invoice_numbers) == (420, ("Léa",), ("pop-F261100001",))
    with write_transaction() as session:  # the same once more changes nothing
        again = propose(
            session, planning.family.family_id, wanted, CreditCause.CLOSURE, "Neige", staff_id, is_automatic=True
        )
        assert again is None
    with pytest.raises(OwnFamily), write_transaction() as session:
        carry_out(session, correction_id, planning.family.user_id)
    with write_transaction() as session:
        (note,) = carry_out(session, correction_id, staff_id)
        assert (note.total_cents, note.issued_by_id, note.correction_id) == (420, staff_id, correction_id)
    with pytest.raises(AlreadyDecided), write_transaction() as session:
        carry_out(session, correction_id, staff_id)
    with pytest.raises(NotFound), write_transaction() as session:
        carry_out(session, 99, staff_id)
    view = read_correction(correction_id)
    assert view.lines == () and [number for _, number in view.credits] == ["pop-A261100001"]
    assert count_open() == 0 and corrections.corrections(1, is_open=False).total == 1
    assert money_problems() == []


def test_an_agent_leaves_an_invoice_as_it_is_but_never_what_the_council_closed(planning, staff_id) -> None:
    book_past(planning.family, planning.child_id, planning.activity, DAYS)
    issue(planning.activity, OCTOBER, staff_id, FIRST)
    first, second, _ = (booking.id for booking in bookings())
    by_hand, automatic = ask(planning, [first], staff_id), ask(planning, [second], staff_id, is_automatic=True)
    with write_transaction() as session:
        session.get_one(Booking, first).status = BookingStatus.CONFIRMED
        session.get_one(Booking, first).cancel_class = None
        leave(session, by_hand, staff_id, "Présent, vérifié")
    with pytest.raises(AlreadyDecided), write_transaction() as session:
        leave(session, automatic, staff_id, "Non")
    assert read_correction(by_hand).left_because == "Présent, vérifié"
    assert db.session.scalar(select(CreditNote.id)) is None and count_open() == 1


def test_a_worker_that_dies_in_between_takes_it_up_again(planning, staff_id, monkeypatch) -> None:
    book_past(planning.family, planning.child_id, planning.activity, DAYS)
    issue(planning.activity, OCTOBER, staff_id, FIRST)
    ask(planning, [bookings()[0].id], staff_id, is_automatic=True)
    with pytest.raises(RuntimeError), write_transaction() as session:
        carry_out(session, next_automatic(session) or 0)
        raise RuntimeError  # before the commit
    worker, whole = CreditJob(), corrections.carry_out
    monkeypatch.setattr(corrections, "carry_out", lambda *_: 1 / 0)
    assert worker.credit_next() and not worker.credit_next()  # it fails, and goes on
    monkeypatch.setattr(corrections, "carry_out", whole)
    assert worker.credit_next()
    assert db.session.scalars(select(CreditNote.number)).all() == ["pop-A261100001"]
    assert money_problems() == []


def test_what_was_priced_together_is_credited_whole_and_the_rest_invoiced_anew(planning, staff_id) -> None:
    """Three mornings of a week were a package; the council closes one: two are left, at their own price."""
    with write_transaction() as session:
        version = session.scalars(select(TariffVersion)).one()
        unit = unit_code(planning.activity.units["Matin"])
        package = Package("semaine", Period.WEEK, frozenset({unit}), least_days=3)
        item = Item("semaine", flat(1_000), label="Forfait semaine")
        version.grid = replace(version.grid, items=(*version.grid.items, item), packages=(package,))
    book_past(planning.family, planning.child_id, planning.activity, DAYS)
    (first,) = issue(planning.activity, OCTOBER, staff_id, FIRST)
    assert [line.kind for line in db.session.get_one(Invoice, first).lines] == [LineKind.PACKAGE]
    assert invoices_of(planning.family.family_id)[0].total_cents == 1_000
    correction_id = ask(planning, [bookings()[2].id], staff_id)
    assert read_correction(correction_id).total_cents == 1_000
    with write_transaction() as session:
        carry_out(session, correction_id, staff_id)
    ((again),) = months_to_invoice_again()
    assert (again.month, again.booking_count) == (OCTOBER, 2)
    changes = db.session.scalars(select(BookingPriceChange)).all()
    assert {each.reason for each in changes} == {PriceChangeReason.CREDITED}
    (second,) = issue(planning.activity, OCTOBER, staff_id, clock.today())
    assert db.session.get_one(Invoice, second).total_cents == 840
    assert months_to_invoice_again() == ()
    assert money_problems() == []
    assert db.session.scalars(select(Correction.ended_at)).one() is not None
