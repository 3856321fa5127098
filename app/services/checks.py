"""Whether the stored bookings, invoices and payments agree: asked by tests, drills and whoever doubts a database.

Bookings and places are looked at here, money in `services.money_checks`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.models.absences import JustifiedAbsence
from app.models.attendances import Attendance
from app.models.bookings import TO_PAY, Booking, BookingEvent, CapacityCounter, Opening
from app.models.credits import (
    CreditedBooking,
)
from app.models.enrolments import Enrolment
from app.models.families import Family
from app.models.waiting_lists import LIVE, WaitingEntry
from app.rules.absences import Outcome
from app.rules.attendances import Turnout
from app.rules.capacity import Slot, covering
from app.rules.combinations import Hours, overlaps, violations
from app.rules.invoicing import is_charged
from app.rules.states import (
    ACTIVE_STATUSES,
    DECIDED_STATUSES,
    HOLDING_STATUSES,
    Actor,
    BookingStatus,
    CancelClass,
    FamilyStatus,
)
from app.rules.tariff_grids import Table, unit_code, version_on
from app.services.catalogue import Catalogue, catalogue
from app.services.inconsistencies import Inconsistency as Inconsistency
from app.services.inconsistencies import Problem as Problem
from app.services.money_checks import wrong_money


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A scope that has more children than places on a day because the staff wanted it so; the log keeps why."""

    day: date
    scope_id: int
    taken: int
    places: int


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    child_id: int
    family_id: int
    opening_id: int
    day: date
    status: BookingStatus
    cancel_class: CancelClass | None
    price_cents: int
    slot: Slot
    opening_day: date
    enrolment: tuple[int, int, int, date, date]  # child, family, group, first and last day


def find_inconsistencies(session: Session) -> tuple[Inconsistency, ...]:
    """Everything that is wrong; empty when all agree. Reads all bookings and invoices: not for a page."""
    known = catalogue()
    rows = _read_bookings(session)
    return (
        *_wrong_counters(session, known, rows),
        *_booked_twice(rows),
        *_wrong_logs(session, rows),
        *_wrong_prices(session, known, rows),
        *_wrong_waiting(session),
        *_uncovered(rows),
        *_broken_combinations(session, known, rows),
        *_overlapping(session, known, rows),
        *_wrong_absences(session),
        *_wrongly_held(session),
        *wrong_money(session),
    )


def _read_bookings(session: Session) -> list[_Row]:
    statement = (
        select(
            Booking.id, Booking.child_id, Booking.family_id, Booking.opening_id, Booking.day, Booking.status,
            Booking.cancel_class, Booking.price_cents, Opening.unit_id, Opening.group_id, Opening.day,
            Enrolment.child_id, Enrolment.family_id, Enrolment.group_id, Enrolment.starts_on, Enrolment.ends_on,
        )
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Enrolment, Enrolment.id == Booking.enrolment_id)
        .order_by(Booking.id)
    )  # fmt: skip
    return [
        _Row(id_, child, family, opening, day, status, cancel, cents, Slot(unit, group), opening_day, tuple(enrolment))
        for (
            id_, child, family, opening, day, status, cancel, cents, unit, group, opening_day, *enrolment
        ) in session.execute(statement)
    ]  # fmt: skip


def find_exceeded(session: Session) -> tuple[Exceeded, ...]:
    """Where the staff went beyond the places, and only they: what is not wrong. Reads all bookings: not for a page."""
    scopes = _read_scopes(session, catalogue(), _read_bookings(session))
    return tuple(Exceeded(*key, each.taken, each.places) for key, each in sorted(scopes.items()) if each.is_exceeded)


@dataclass(slots=True)
class _ScopeDay:
    """What a counter says of a scope on a day, and what the bookings do."""

    taken: int = 0
    places: int = 0
    children: set[int] = field(default_factory=set)
    beyond: set[int] = field(default_factory=set)  # of them, those for whom the staff went beyond the places

    @property
    def is_exceeded(self) -> bool:
        """Whether there are more children than places, and no more than the staff wanted."""
        return 0 < self.taken - self.places <= len(self.beyond)


def _read_scopes(session: Session, known: Catalogue, rows: list[_Row]) -> dict[tuple[date, int], _ScopeDay]:
    beyond = set(session.scalars(select(BookingEvent.booking_id).where(BookingEvent.beyond_places)))
    found: defaultdict[tuple[date, int], _ScopeDay] = defaultdict(_ScopeDay)
    for row in rows:
        if row.status in HOLDING_STATUSES:
            for scope in covering(row.slot, known.scopes):
                found[row.opening_day, scope.id].children.add(row.child_id)
                if row.id in beyond:
                    found[row.opening_day, scope.id].beyond.add(row.child_id)
    counters = select(CapacityCounter.day, CapacityCounter.scope_id, CapacityCounter.taken, CapacityCounter.places)
    for day, scope_id, taken, places in session.execute(counters):
        found[day, scope_id].taken, found[day, scope_id].places = taken, places
    return found


def _wrong_counters(session: Session, known: Catalogue, rows: list[_Row]) -> Iterator[Inconsistency]:
    for (day, scope_id), each in sorted(_read_scopes(session, known, rows).items()):
        where = f"scope {scope_id} on {day}"
        if each.taken != len(each.children):
            yield Inconsistency(Problem.COUNTER, f"{where}: {each.taken} counted, {len(each.children)} booked")
        if each.taken > each.places and not each.is_exceeded:
            yield Inconsistency(Problem.OVERSOLD, f"{where}: {each.taken} of {each.places}")


def _booked_twice(rows: list[_Row]) -> Iterator[Inconsistency]:
    held = Counter(
        (row.child_id, row.opening_day, row.slot.unit_id)
        for row in rows
        if row.status in ACTIVE_STATUSES or is_charged(row.status, row.cancel_class)
    )
    for (child_id, day, unit_id), count in held.items():
        if count > 1:
            yield Inconsistency(Problem.BOOKED_TWICE, f"child {child_id}, unit {unit_id} on {day}: {count} times")


def _wrong_logs(session: Session, rows: list[_Row]) -> Iterator[Inconsistency]:
    """What is kept of an erased family has no log any more."""
    last = select(func.max(BookingEvent.id)).group_by(BookingEvent.booking_id)
    statement = select(BookingEvent.booking_id, BookingEvent.to_status).where(BookingEvent.id.in_(last))
    ended = {row[0]: row[1] for row in session.execute(statement)}
    erased = set(session.scalars(select(Family.id).where(Family.status == FamilyStatus.ERASED)))
    for row in rows:
        if row.family_id not in erased and ended.get(row.id) is not row.status:
            yield Inconsistency(Problem.LOG, f"booking {row.id} is {row.status}, its log says {ended.get(row.id)}")


def _wrong_prices(session: Session, known: Catalogue, rows: list[_Row]) -> Iterator[Inconsistency]:
    """A price that no family could pay: negative, or none of the amounts of a unit's plain table.

    What an agent credited may have any other price: the one that was agreed.
    """
    corrected = set(session.scalars(select(CreditedBooking.booking_id)))
    amounts: dict[tuple[int, date], frozenset[int] | None] = {}
    for row in rows:
        key = (row.slot.unit_id, row.opening_day)
        if key not in amounts:
            amounts[key] = _amounts(known, *key)
        possible = amounts[key]
        is_wrong = possible is not None and row.price_cents not in possible and row.id not in corrected
        if row.price_cents < 0 or is_wrong:
            yield Inconsistency(Problem.PRICE, f"booking {row.id}: {row.price_cents} cents")


def _amounts(known: Catalogue, unit_id: int, day: date) -> frozenset[int] | None:
    """All amounts that a unit may cost; None where other rules than its table have a say."""
    tariffs = known.activity_of_unit(unit_id).tariffs
    if any(each.grid.credit_books for each in tariffs):
        return None  # a book pays whatever later grids say
    version = version_on(tariffs, day)
    item = version.grid.by_code.get(unit_code(unit_id)) if version is not None else None
    if version is None or item is None:
        return frozenset()
    is_plain = isinstance(item.rate, Table) and version.grid.is_plain and item.is_plain
    return frozenset(item.rate.values.values()) if is_plain and isinstance(item.rate, Table) else None


def _uncovered(rows: list[_Row]) -> Iterator[Inconsistency]:
    for row in rows:
        child_id, family_id, group_id, starts_on, ends_on = row.enrolment
        is_over = row.status not in ACTIVE_STATUSES  # an enrolment that ends early leaves what it cancelled behind
        fits = (child_id, family_id, group_id) == (row.child_id, row.family_id, row.slot.group_id)
        if not fits or row.day != row.opening_day or not (is_over or starts_on <= row.day <= ends_on):
            yield Inconsistency(Problem.ENROLMENT, f"booking {row.id}")


def _wrong_waiting(session: Session) -> Iterator[Inconsistency]:
    """What waits has an entry that waits, what is offered one that says until when, and no entry is of nothing."""
    waiting = [BookingStatus.WAITING, BookingStatus.OFFERED]
    rows = session.execute(
        select(Booking.id, Booking.status, WaitingEntry.id, WaitingEntry.ended_at, WaitingEntry.offered_until)
        .outerjoin(WaitingEntry, WaitingEntry.id == Booking.waiting_id)
        .where(Booking.status.in_(waiting))
        .order_by(Booking.id)
    )
    alive: set[int] = set()
    for id_, status, entry_id, ended_at, offered_until in rows:
        if entry_id is None or ended_at is not None:
            yield Inconsistency(Problem.WAITING, f"booking {id_}: {status} without an entry that waits")
            continue
        alive.add(entry_id)
        if (status is BookingStatus.OFFERED) != (offered_until is not None):
            yield Inconsistency(Problem.WAITING, f"booking {id_}: {status}, its entry is offered until {offered_until}")
    for entry_id in session.scalars(select(WaitingEntry.id).where(LIVE).order_by(WaitingEntry.id)):
        if entry_id not in alive:
            yield Inconsistency(Problem.WAITING, f"entry {entry_id}: nothing waits")


def _by_reason(session: Session) -> set[int]:
    """The bookings that the staff accepted, made or cancelled for a reason that the log keeps."""
    rows = select(BookingEvent.booking_id).where(
        BookingEvent.to_status.in_([BookingStatus.CONFIRMED, BookingStatus.CANCELLED]),
        BookingEvent.actor == Actor.STAFF, BookingEvent.reason.is_not(None),
    )  # fmt: skip
    return set(session.scalars(rows))


def _broken_combinations(session: Session, known: Catalogue, rows: list[_Row]) -> Iterator[Inconsistency]:
    """By the rules as they are now: one that the staff set later may be broken by what was booked before.

    A day on which the staff booked or cancelled something for a reason is as they wanted it.
    """
    by_reason = _by_reason(session)
    wanted = {(row.child_id, row.opening_day) for row in rows if row.id in by_reason}
    rules = tuple(rule for activity in known.activities.values() for rule in activity.combinations)
    units: defaultdict[tuple[int, date], set[int]] = defaultdict(set)
    for row in rows:
        if row.status in DECIDED_STATUSES:  # the staff may refuse a part of what waits
            units[row.child_id, row.opening_day].add(row.slot.unit_id)
    for (child_id, day), chosen in units.items():
        if (child_id, day) not in wanted and violations(chosen, rules):
            yield Inconsistency(Problem.COMBINATION, f"child {child_id} on {day}")


def _overlapping(session: Session, known: Catalogue, rows: list[_Row]) -> Iterator[Inconsistency]:
    """By the hours as they are now; what the staff accepted for a reason that the log keeps is left out."""
    by_reason = _by_reason(session)
    days: defaultdict[tuple[int, date], set[int]] = defaultdict(set)
    for row in rows:
        if row.status in HOLDING_STATUSES and row.id not in by_reason:
            days[row.child_id, row.opening_day].add(row.slot.unit_id)
    hours = {
        unit.id: Hours(activity.id, unit.starts_at, unit.ends_at, activity.may_overlap)
        for activity in known.activities.values()
        for unit in activity.units
    }
    for (child_id, day), units in days.items():
        if len(units) > 1 and overlaps(units, hours):
            yield Inconsistency(Problem.OVERLAP, f"child {child_id} on {day}")


_IS_EXCUSED_OR_CAME = Attendance.is_justified | (Attendance.turnout == Turnout.PRESENT)


def _wrong_absences(session: Session) -> Iterator[Inconsistency]:
    rows = session.execute(
        select(Booking.id, Booking.status, Booking.cancel_class, JustifiedAbsence.outcome, _IS_EXCUSED_OR_CAME)
        .outerjoin(JustifiedAbsence, JustifiedAbsence.booking_id == Booking.id)
        .outerjoin(Attendance, Attendance.booking_id == Booking.id)
        .where((Booking.cancel_class == CancelClass.JUSTIFIED) | JustifiedAbsence.booking_id.is_not(None))
        .order_by(Booking.id)
    )
    for booking_id, status, cancel_class, outcome, is_settled in rows:
        is_accepted, is_lifted = outcome is Outcome.ACCEPTED, cancel_class is CancelClass.JUSTIFIED
        if (is_accepted and is_charged(status, cancel_class) and not is_settled) or (is_lifted and not is_accepted):
            yield Inconsistency(Problem.ABSENCE, f"booking {booking_id} is {cancel_class}, decided {outcome}")


HELD_TOO_LONG = timedelta(days=1)
"""The worker releases places within seconds: one that is kept a day too long is a worker that does not run."""


def _wrongly_held(session: Session) -> Iterator[Inconsistency]:
    rows = select(Booking.id, Booking.kept_until).where(TO_PAY).order_by(Booking.id)
    for id_, kept_until in session.execute(rows):
        if kept_until is None or kept_until + HELD_TOO_LONG < clock.now():
            yield Inconsistency(Problem.HELD, f"booking {id_}: kept until {kept_until}")
