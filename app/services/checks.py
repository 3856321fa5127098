"""Whether the stored bookings agree with each other: asked by tests, drills and whoever doubts a database."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.bookings import Booking, BookingEvent, CapacityCounter, Opening
from app.models.enrolments import Enrolment
from app.rules.capacity import Slot, covering
from app.rules.combinations import violations
from app.rules.pricing import tariff_on
from app.rules.states import ACTIVE_STATUSES, HOLDING_STATUSES, BookingStatus
from app.services.catalogue import Catalogue, catalogue


class Problem(StrEnum):
    """What can be wrong."""

    COUNTER = auto()  # a counter is not the number of distinct children that hold a place
    OVERSOLD = auto()  # more taken than there are places: right only where staff exceeded them
    BOOKED_TWICE = auto()  # a child has two active bookings of one opening, or of one unit on one day
    LOG = auto()  # a booking's log does not end with its status
    PRICE = auto()  # a price that the tariff of that day does not have
    ENROLMENT = auto()  # a booking that its enrolment does not cover
    COMBINATION = auto()  # the bookings of a day break a combination rule


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """One thing that is wrong, and where; without names."""

    problem: Problem
    where: str


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    child_id: int
    family_id: int
    opening_id: int
    day: date
    status: BookingStatus
    price_cents: int
    slot: Slot
    opening_day: date
    enrolment: tuple[int, int, int, date, date]  # child, family, group, first and last day


def find_inconsistencies(session: Session) -> tuple[Inconsistency, ...]:
    """Everything that is wrong with the bookings; empty when all agree. Reads all bookings: not for a page."""
    known = catalogue()
    rows = _read_bookings(session)
    return (
        *_wrong_counters(session, known, rows),
        *_booked_twice(rows),
        *_wrong_logs(session, rows),
        *_wrong_prices(known, rows),
        *_uncovered(rows),
        *_broken_combinations(known, rows),
    )


def _read_bookings(session: Session) -> list[_Row]:
    statement = (
        select(
            Booking.id, Booking.child_id, Booking.family_id, Booking.opening_id, Booking.day, Booking.status,
            Booking.price_cents, Opening.unit_id, Opening.group_id, Opening.day,
            Enrolment.child_id, Enrolment.family_id, Enrolment.group_id, Enrolment.starts_on, Enrolment.ends_on,
        )
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Enrolment, Enrolment.id == Booking.enrolment_id)
        .order_by(Booking.id)
    )  # fmt: skip
    return [
        _Row(id_, child, family, opening, day, status, cents, Slot(unit, group), opening_day, tuple(enrolment))
        for id_, child, family, opening, day, status, cents, unit, group, opening_day, *enrolment in session.execute(
            statement
        )
    ]


def _wrong_counters(session: Session, known: Catalogue, rows: list[_Row]) -> Iterator[Inconsistency]:
    children: defaultdict[tuple[date, int], set[int]] = defaultdict(set)
    for row in rows:
        if row.status in HOLDING_STATUSES:
            for scope in covering(row.slot, known.scopes):
                children[row.opening_day, scope.id].add(row.child_id)
    counters = {
        (day, scope_id): (taken, places)
        for day, scope_id, taken, places in session.execute(
            select(CapacityCounter.day, CapacityCounter.scope_id, CapacityCounter.taken, CapacityCounter.places)
        )
    }
    for key in sorted(children.keys() | counters.keys()):
        taken, places = counters.get(key, (0, 0))
        where = f"scope {key[1]} on {key[0]}"
        if taken != len(children[key]):
            yield Inconsistency(Problem.COUNTER, f"{where}: {taken} counted, {len(children[key])} booked")
        if taken > places:
            yield Inconsistency(Problem.OVERSOLD, f"{where}: {taken} of {places}")


def _booked_twice(rows: list[_Row]) -> Iterator[Inconsistency]:
    held = Counter((row.child_id, row.opening_day, row.slot.unit_id) for row in rows if row.status in ACTIVE_STATUSES)
    for (child_id, day, unit_id), count in held.items():
        if count > 1:
            yield Inconsistency(Problem.BOOKED_TWICE, f"child {child_id}, unit {unit_id} on {day}: {count} times")


def _wrong_logs(session: Session, rows: list[_Row]) -> Iterator[Inconsistency]:
    last = select(func.max(BookingEvent.id)).group_by(BookingEvent.booking_id)
    statement = select(BookingEvent.booking_id, BookingEvent.to_status).where(BookingEvent.id.in_(last))
    ended = {row[0]: row[1] for row in session.execute(statement)}
    for row in rows:
        if ended.get(row.id) is not row.status:
            yield Inconsistency(Problem.LOG, f"booking {row.id} is {row.status}, its log says {ended.get(row.id)}")


def _wrong_prices(known: Catalogue, rows: list[_Row]) -> Iterator[Inconsistency]:
    amounts: dict[tuple[int, date], frozenset[int]] = {}
    for row in rows:
        key = (row.slot.unit_id, row.opening_day)
        if key not in amounts:
            amounts[key] = _amounts(known, *key)
        if row.price_cents not in amounts[key]:
            yield Inconsistency(Problem.PRICE, f"booking {row.id}: {row.price_cents} cents")


def _amounts(known: Catalogue, unit_id: int, day: date) -> frozenset[int]:
    tariff = tariff_on(known.activity_of_unit(unit_id).tariffs, day)
    return frozenset(line.amount_cents for line in tariff.lines if line.unit_id == unit_id) if tariff else frozenset()


def _uncovered(rows: list[_Row]) -> Iterator[Inconsistency]:
    for row in rows:
        child_id, family_id, group_id, starts_on, ends_on = row.enrolment
        fits = (child_id, family_id, group_id) == (row.child_id, row.family_id, row.slot.group_id)
        if not fits or row.day != row.opening_day or not starts_on <= row.day <= ends_on:
            yield Inconsistency(Problem.ENROLMENT, f"booking {row.id}")


def _broken_combinations(known: Catalogue, rows: list[_Row]) -> Iterator[Inconsistency]:
    requirements = tuple(rule for activity in known.activities.values() for rule in activity.requirements)
    units: defaultdict[tuple[int, date], set[int]] = defaultdict(set)
    for row in rows:
        if row.status in ACTIVE_STATUSES:
            units[row.child_id, row.opening_day].add(row.slot.unit_id)
    for (child_id, day), chosen in units.items():
        if violations(chosen, requirements):
            yield Inconsistency(Problem.COMBINATION, f"child {child_id} on {day}")
