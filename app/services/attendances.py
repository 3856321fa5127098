"""« Pointage »: recording what happened on a day.

`record_all()` takes any number of marks at once, those of a page or those that a tablet kept without network; each is
answered. Prices that no invoice holds move in the same transaction. What happened never overwrites what was booked: who
came without a booking gets one, which carries the price and says so.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum, auto

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.models.absences import JustifiedAbsence
from app.models.accounts import User
from app.models.attendances import Attendance, AttendanceEvent, AttendanceEventKind, ValidatedDay
from app.models.bookings import Booking, BookingEvent, CapacityCounter, Opening, PriceChangeReason
from app.models.credits import CreditedBooking
from app.models.enrolments import Enrolment
from app.models.families import FamilyChild
from app.models.invoices import CarriedMonth, Invoice, InvoicedBooking, InvoiceLine, InvoiceRun, RunStatus
from app.rules.absences import Outcome
from app.rules.attendances import (
    NOT_SEEN,
    MarkFacts,
    Obstacle,
    Ruling,
    Seen,
    Turnout,
    as_decided,
    late_minutes,
    obstacle,
    rule_mark,
    standing_after,
    stay_minutes,
)
from app.rules.bills import UsageStanding
from app.rules.capabilities import Capability
from app.rules.capacity import Slot, counter_changes, covering
from app.rules.credits import CreditCause
from app.rules.quotients import QuotientOutcome
from app.rules.reaches import DaySpan
from app.rules.states import (
    ACTIVE_STATUSES,
    HOLDING_STATUSES,
    Actor,
    BookingStatus,
    CancelClass,
    EnrolmentStatus,
    check_transition,
)
from app.rules.tariff_grids import SurchargeCause, unit_code, version_on
from app.services.catalogue import ActivityInfo, UnitInfo, catalogue
from app.services.corrections import propose
from app.services.counters import Limit, lock_counters, move_counters
from app.services.families import hold_families, own_family_ids
from app.services.households import FamilyBill, load_prices, spans_to_tell
from app.services.prices import move_after
from app.services.staff_scopes import scope_of
from app.services.waiting_lists import enter, promote

_LATE = (CancelClass.LATE_CHARGED, CancelClass.JUSTIFIED)

CAME = "Noté au pointage"
"""What the log of a booking says that was made for who came without one."""
CAME_AFTER_ALL = "Venu malgré l’absence annoncée"
TAKEN_BACK = "Pointage annulé"

EXCUSED = "Absence justifiée"
"""Why something on an invoice is credited, as the family reads it."""
NOTED_ABSENT = "Absence notée au pointage"
NOTED_TIMES = "Horaires notés au pointage"


@dataclass(frozen=True, slots=True)
class Mark:
    """What an agent says of a child in an opening. An empty ``seen`` takes back what was recorded.

    ``client_id``: made where the button was pressed; the same sent again counts once. ``known``: the version that the
    page showed (0: none). ``meant_at``: when it was pressed; None: now. ``family_id``: through which a child comes that
    nobody booked, where it is enrolled through two.
    """

    client_id: str
    child_id: int
    opening_id: int
    seen: Seen
    known: int = 0
    meant_at: datetime | None = None
    family_id: int | None = None


class Result(StrEnum):
    """What became of a mark."""

    RECORDED = auto()
    ALREADY = auto()  # it had come before
    CONFLICT = auto()  # somebody else recorded something that the page did not show: see `Answer.other`
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class OtherMark:
    """What somebody else recorded. ``stays``: they did it later, so that it is still what counts."""

    seen: Seen
    by: str
    at: datetime
    stays: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one mark, and the version that stands now. ``is_unbilled``: nothing can be charged for it."""

    mark: Mark
    result: Result
    version: int = 0
    obstacle: Obstacle | None = None
    other: OtherMark | None = None
    is_unbilled: bool = False


@dataclass(frozen=True, slots=True)
class Corrected:
    """What became of the marks of a correction, and what it left to be credited."""

    answers: tuple[Answer, ...]
    correction_ids: tuple[int, ...]


def record_all(session: Session, agent_id: int, marks: Sequence[Mark]) -> tuple[Answer, ...]:
    """Record some marks, in their order, and answer each; call inside `write_transaction()`.

    The last intention wins, and what it was recorded over is told and stays in the log. Nothing raises for one mark:
    what may not be recorded is answered as refused.
    """
    return _Recording(session, agent_id).run(marks)


def correct(session: Session, agent_id: int, marks: Sequence[Mark], reason: str) -> Corrected:
    """The same after the invoice, for who may open days again: validated days and invoiced bookings are no obstacle.

    The kept prices of what is invoiced stay as the invoice says; where it says something else now, that is written down
    for the credit note (« Corrections à faire »), on which the family reads the reason.
    """
    recording = _Recording(session, agent_id, correction=reason)
    answers = recording.run(marks)
    proposed = [
        propose(session, family_id, ids, CreditCause.ATTENDANCE, reason, agent_id)
        for family_id, ids in sorted(recording.to_credit.items())
    ]
    return Corrected(answers, tuple(id_ for id_ in proposed if id_ is not None))


def record_rest(session: Session, agent_id: int, group_id: int, day: date, marks: Sequence[Mark]) -> bool:
    """Record some marks of who was not ticked on a group's day, and hold the day: whoever records anything of it waits.

    Whether it may be locked: not while its month is being invoiced.
    """
    recording = _Recording(session, agent_id, validates=(group_id, day))
    recording.run(marks)
    return not recording.run_under_way(group_id, day)


def justify(session: Session, booking_ids: Collection[int], agent_id: int, now: datetime) -> None:
    """A family's reason for recorded absences was accepted: they are not charged. The caller moves other prices."""
    rows = select(Attendance).where(Attendance.booking_id.in_(booking_ids)).order_by(Attendance.id)
    for row in session.scalars(rows.execution_options(populate_existing=True)):
        row.is_justified = True
        row.version += 1
        session.add(_event(row, AttendanceEventKind.JUSTIFIED, agent_id, now))


def timed_units(activity: ActivityInfo, day: date) -> frozenset[int]:
    """The units of an activity whose price looks at when children come and go."""
    version = version_on(activity.tariffs, day)
    if version is None:
        return frozenset()
    grid = version.grid
    hourly = {item.code for item in grid.items if item.duration is not None}
    for combination in grid.combinations:
        if combination.item in hourly:
            hourly |= combination.units
    late = [each for each in grid.surcharges if each.cause is SurchargeCause.LATE_PICKUP]
    return frozenset(
        unit.id for unit in activity.units
        if unit_code(unit.id) in hourly or any(not each.items or unit_code(unit.id) in each.items for each in late)
    )  # fmt: skip


# --- Recording ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _OpeningRow:
    id: int
    day: date
    unit: UnitInfo
    group_id: int
    is_open: bool

    @property
    def slot(self) -> Slot:
        return Slot(self.unit.id, self.group_id)


@dataclass(frozen=True, slots=True)
class _Said:
    """A mark that is not refused, and what became of it."""

    mark: Mark
    kind: AttendanceEventKind
    at: datetime


@dataclass(slots=True)
class _Place:
    """A child in an opening: what is stored, and what the marks make of it."""

    opening: _OpeningRow
    child_id: int
    row: Attendance | None
    by: str  # who recorded what is stored
    booking: Booking | None  # active
    late: Booking | None  # given up too late, and nothing booked since
    is_late_invoiced: bool
    is_invoiced: bool
    seen: Seen
    version: int
    meant_at: datetime | None
    by_id: int | None
    said: list[_Said] = field(default_factory=list)
    family_id: int | None = None  # asked for
    made: Booking | None = None
    gone: Booking | None = None

    @property
    def is_confirmed(self) -> bool:
        return self.booking is not None and self.booking.status is BookingStatus.CONFIRMED

    @property
    def is_made_here(self) -> bool:
        """Whether its booking was made because the child came."""
        row = self.row
        if row is None or row.booking_id is None:
            return False
        return row.came_unbooked or row.lifted_booking_id is not None

    @property
    def is_expected(self) -> bool:
        return self.is_confirmed and not self.is_made_here

    @property
    def is_moved(self) -> bool:
        """Whether what counts for the price has changed."""
        before = NOT_SEEN if self.row is None else self.row.seen
        return self._facts(before) != self._facts(self.seen)

    @property
    def charged_otherwise(self) -> str | None:
        """Of what is moved, why an invoice that holds its booking would ask something else; None where it would not."""
        if self.seen.is_justified:
            return EXCUSED
        activity, day = catalogue().activities[self.opening.unit.activity_id], self.opening.day
        if self.seen.turnout is Turnout.ABSENT:
            version = version_on(activity.tariffs, day)
            surcharges = () if version is None else version.grid.surcharges
            return NOTED_ABSENT if any(each.cause is SurchargeCause.ABSENT for each in surcharges) else None
        return NOTED_TIMES if self.opening.unit.id in timed_units(activity, day) else None

    @property
    def is_charged_anew(self) -> bool:
        """Whether that is more than times at which the tariff does not look: a correction is to be credited."""
        activity = catalogue().activities[self.opening.unit.activity_id]
        if self.opening.unit.id in timed_units(activity, self.opening.day):
            return self.is_moved
        before = NOT_SEEN if self.row is None else self.row.seen
        return self._facts(before)[:2] != self._facts(self.seen)[:2]

    def _facts(self, seen: Seen) -> tuple[object, ...]:
        unit = self.opening.unit
        is_there = self.is_expected or seen.turnout is Turnout.PRESENT
        standing = standing_after(UsageStanding.HAD, seen, came_unbooked=False)
        return is_there, standing, stay_minutes(unit.minutes, seen), late_minutes(unit.ends_at, seen)


class _Recording:
    """One call: what it holds, reads and writes."""

    def __init__(
        self,
        session: Session,
        agent_id: int,
        correction: str | None = None,
        validates: tuple[int, date] | None = None,
    ) -> None:
        self.session = session
        self.agent_id = agent_id
        self.correction = correction
        self.validates = validates
        self.places: dict[tuple[int, int], _Place] = {}
        self.runs: frozenset[tuple[int, date]] = frozenset()
        self.to_credit: defaultdict[int, set[int]] = defaultdict(set)  # bookings, by family

    def run(self, marks: Sequence[Mark]) -> tuple[Answer, ...]:
        """Do it."""
        waits = self._hold(marks)
        self._read(marks)
        # Two marks of one call with the same id are one.
        answers = [self._take(mark) for mark in marks]
        self._write()
        if waits:
            freed: defaultdict[date, set[Slot]] = defaultdict(set)
            for place in self.places.values():
                if place.gone is not None:
                    freed[place.opening.day].add(place.opening.slot)
            promote(self.session, freed, self.now)
        return tuple(self._finished(answer) for answer in answers)

    def run_under_way(self, group_id: int, day: date) -> bool:
        """Whether the month of a group's day is being invoiced."""
        activity = catalogue().activities[catalogue().groups[group_id].activity_id]
        return (activity.office_id, day.replace(day=1)) in self.runs

    # -- reading -------------------------------------------------------------------------------------------------

    def _hold(self, marks: Sequence[Mark]) -> bool:
        """Hold all that is looked at, in the order of a save; who validates the day holds its openings alone."""
        session = self.session
        children = {mark.child_id for mark in marks}
        opening_ids = {mark.opening_id for mark in marks}
        rows = session.execute(
            select(Opening.id, Opening.day, Opening.unit_id, Opening.group_id, Opening.is_open).where(
                Opening.id.in_(opening_ids)
            )
        ).all()
        homes = session.execute(
            select(FamilyChild.child_id, FamilyChild.family_id).where(FamilyChild.child_id.in_(children))
        )
        self.homes: defaultdict[int, set[int]] = defaultdict(set)
        for child_id, family_id in homes:
            self.homes[child_id].add(family_id)
        families = {family_id for homes_of_child in self.homes.values() for family_id in homes_of_child}
        waits = enter(session, {row.day for row in rows}, families)
        hold_families(session, families)
        if self.validates is not None:
            lock_day(session, *self.validates)
        elif opening_ids:
            lock = select(Opening.id).where(Opening.id.in_(opening_ids)).order_by(Opening.id)
            session.execute(lock.with_for_update(read=True))
        self.now = clock.now()
        units = catalogue().units
        self.openings = {
            row.id: _OpeningRow(row.id, row.day, units[row.unit_id], row.group_id, row.is_open) for row in rows
        }
        return waits

    def _read(self, marks: Sequence[Mark]) -> None:
        session = self.session
        places = {
            (mark.child_id, mark.opening_id)
            for mark in marks
            if mark.opening_id in self.openings and self.homes[mark.child_id]
        }
        children, openings = {child for child, _ in places}, {opening for _, opening in places}
        of_places = Attendance.child_id.in_(children), Attendance.opening_id.in_(openings)
        fresh = {"populate_existing": True}
        rows = {
            (row.child_id, row.opening_id): (row, by)
            for row, by in session.execute(
                select(Attendance, User.display_name)
                .join(User, User.id == Attendance.recorded_by_id)
                .where(*of_places)
                .execution_options(**fresh)
            )
        }
        active: dict[tuple[int, int], Booking] = {}
        late: dict[tuple[int, int], Booking] = {}
        for booking in session.scalars(
            select(Booking)
            .where(
                Booking.child_id.in_(children), Booking.opening_id.in_(openings),
                or_(Booking.status.in_(ACTIVE_STATUSES), Booking.cancel_class.in_(_LATE)),
            )
            .order_by(Booking.id)
            .execution_options(**fresh)
        ):  # fmt: skip
            found = active if booking.status in ACTIVE_STATUSES else late
            found[booking.child_id, booking.opening_id] = booking
        ids = {booking.id for booking in (*active.values(), *late.values())}
        invoiced = set(session.scalars(select(InvoicedBooking.booking_id).where(InvoicedBooking.booking_id.in_(ids))))
        self.invoiced = invoiced
        by_run = taken_by_runs(session, ids) if invoiced else frozenset()
        accepted = select(JustifiedAbsence.booking_id).where(JustifiedAbsence.outcome == Outcome.ACCEPTED)
        self.excused = frozenset(session.scalars(accepted.where(JustifiedAbsence.booking_id.in_(ids))))
        for child_id, opening_id in places:
            key = child_id, opening_id
            row, by = rows.get(key, (None, ""))
            present, given_up = active.get(key), late.get(key)
            self.places[key] = _Place(
                self.openings[opening_id], child_id, row, by, present, None if present is not None else given_up,
                given_up is not None and given_up.id in invoiced, present is not None and present.id in by_run,
                NOT_SEEN if row is None else row.seen,
                0 if row is None else row.version,
                None if row is None else row.meant_at,
                None if row is None else row.recorded_by_id,
            )  # fmt: skip
        self.known_ids = set(
            session.scalars(
                select(AttendanceEvent.client_id).where(
                    AttendanceEvent.client_id.in_({mark.client_id for mark in marks})
                )
            )
        )
        days = {self.openings[opening_id].day for opening_id in openings}
        self.validated = set(
            session.execute(
                select(ValidatedDay.group_id, ValidatedDay.day).where(
                    ValidatedDay.day.in_(days), ValidatedDay.reopened_at.is_(None)
                )
            ).tuples()
        )
        self.runs = months_being_issued(session)
        self.own = own_family_ids(self.agent_id)
        capability = Capability.TAKE_ATTENDANCE if self.correction is None else Capability.REOPEN_ATTENDANCE
        self.reach = scope_of(session, self.agent_id, capability)

    # -- judging -------------------------------------------------------------------------------------------------

    def _take(self, mark: Mark) -> Answer:
        place = self.places.get((mark.child_id, mark.opening_id))
        if mark.client_id in self.known_ids:
            return Answer(mark, Result.ALREADY)
        against = obstacle(mark.seen, self._facts(mark, place), clock.today())
        if against is not None or place is None:
            return Answer(mark, Result.REFUSED, obstacle=against or Obstacle.UNKNOWN)
        is_excused = place.booking is not None and place.booking.id in self.excused
        mark = replace(mark, seen=as_decided(mark.seen, is_excused=is_excused))
        if self.validates is not None and (place.seen.turnout is not None or not place.is_expected):
            return Answer(mark, Result.ALREADY)  # ticked or cancelled before the day was held
        meant_at = min(mark.meant_at or self.now, self.now)  # a tablet's clock may be wrong
        if place.version == 0 and mark.seen.turnout is None:
            return Answer(mark, Result.ALREADY)  # taken back before anybody heard of it
        ruling = rule_mark(
            known=mark.known, stored=place.version, is_others=place.by_id not in (None, self.agent_id),
            meant_at=meant_at, stored_at=place.meant_at,
        )  # fmt: skip
        other = None
        if ruling is not Ruling.RECORDED and place.meant_at is not None:
            other = OtherMark(place.seen, place.by, place.meant_at, stays=ruling is Ruling.TOO_OLD)
        self.known_ids.add(mark.client_id)
        if ruling is Ruling.TOO_OLD:
            place.said.append(_Said(mark, AttendanceEventKind.TOO_OLD, meant_at))
            return Answer(mark, Result.CONFLICT, other=other)
        place.said.append(_Said(mark, self._kind(place, mark.seen), meant_at))
        if other is not None and other.seen == mark.seen:
            other = None  # they say the same
        place.seen, place.meant_at, place.by_id = mark.seen, meant_at, self.agent_id
        place.version += 1
        place.family_id = mark.family_id or place.family_id
        return Answer(mark, Result.RECORDED if other is None else Result.CONFLICT, other=other)

    def _kind(self, place: _Place, seen: Seen) -> AttendanceEventKind:
        if self.correction is not None:
            return AttendanceEventKind.CORRECTED
        if self.validates is not None:
            return AttendanceEventKind.VALIDATED
        if seen == place.seen:
            return AttendanceEventKind.SAID_AGAIN
        if seen.turnout is None:
            return AttendanceEventKind.UNDONE
        return AttendanceEventKind.RECORDED if place.seen.turnout is None else AttendanceEventKind.CHANGED

    def _facts(self, mark: Mark, place: _Place | None) -> MarkFacts:
        if place is None:
            return MarkFacts(date.min, is_known=False)
        opening = place.opening
        activity = catalogue().activities[opening.unit.activity_id]
        return MarkFacts(
            opening.day,
            is_known=self.reach.covers(activity),
            is_own=not self.own.isdisjoint(self.homes[mark.child_id]),
            is_open=opening.is_open,
            is_expected=place.is_expected,
            is_recorded=place.seen.turnout is not None,
            is_validated=(opening.group_id, opening.day) in self.validated,
            is_invoiced=place.is_invoiced,
            run_under_way=(activity.office_id, opening.day.replace(day=1)) in self.runs,
            corrects=self.correction is not None,
        )

    def _finished(self, answer: Answer) -> Answer:
        place = self.places.get((answer.mark.child_id, answer.mark.opening_id))
        if place is None:
            return answer
        is_unbilled = (
            place.seen.turnout is Turnout.PRESENT
            and (place.row is None or place.row.booking_id is None)
            and not place.is_late_invoiced
        )
        return replace(answer, version=place.version, is_unbilled=is_unbilled)

    # -- writing -------------------------------------------------------------------------------------------------

    def _write(self) -> None:
        changed = [place for place in self.places.values() if place.said]
        if not changed:
            return
        moved = [place for place in changed if place.is_moved]
        otherwise = [(place, reason) for place in moved if (reason := place.charged_otherwise) is not None]
        for place in moved:
            if self.correction is not None and place.booking is not None and place.is_charged_anew:
                self.to_credit[place.booking.family_id].add(place.booking.id)
        enrolments = self._enrolments(moved)
        families = {id_ for place in moved if (id_ := self._payer(place, enrolments)) is not None}
        spans: Mapping[int, DaySpan] = {}
        before: Mapping[int, FamilyBill] = {}
        if families:
            days = [place.opening.day for place in moved]
            activities = {place.opening.unit.activity_id for place in moved}
            spans = spans_to_tell(activities, DaySpan(min(days), max(days)))
            before = {id_: prices.bill() for id_, prices in load_prices(self.session, families, spans).items()}
        for place in moved:
            self._change_booking(place, enrolments)
        self._move_places([place for place in moved if place.made is not None or place.gone is not None])
        for place in changed:
            self._write_row(place)
        self.session.flush()
        if families:
            new = {place.made.id for place in moved if place.made is not None}
            after = load_prices(self.session, families, spans)
            move_after(self.session, before, after, new, PriceChangeReason.ATTENDANCE, self.now)
            self.session.flush()

        if self.correction is None:
            self._tell_of_invoiced(otherwise)

    def _tell_of_invoiced(self, places: Iterable[tuple[_Place, str]]) -> None:
        """Have credited what an invoice held before it was recorded: by itself where it is excused."""
        found: defaultdict[tuple[int, str, bool], list[int]] = defaultdict(list)
        for place, reason in places:
            booking = place.booking
            if booking is not None and booking.id in self.invoiced:
                found[booking.family_id, reason, place.seen.is_justified].append(booking.id)
        for (family_id, reason, is_excused), ids in sorted(found.items()):
            propose(
                self.session, family_id, ids, CreditCause.ATTENDANCE, reason, self.agent_id, is_automatic=is_excused
            )

    def _enrolments(self, places: Collection[_Place]) -> Mapping[tuple[int, int], Enrolment]:
        """Of who came without a booking: the enrolment that lets them in, by child and opening."""
        coming = [place for place in places if place.seen.turnout is Turnout.PRESENT and place.booking is None]
        if not coming:
            return {}
        rows = self.session.scalars(
            select(Enrolment)
            .where(
                Enrolment.child_id.in_({place.child_id for place in coming}),
                Enrolment.group_id.in_({place.opening.group_id for place in coming}),
                Enrolment.status == EnrolmentStatus.ACCEPTED,
            )
            .order_by(Enrolment.id)
        ).all()
        found: dict[tuple[int, int], Enrolment] = {}
        for place in coming:
            fitting = [
                row for row in rows
                if row.child_id == place.child_id and row.group_id == place.opening.group_id
                and row.starts_on <= place.opening.day <= row.ends_on
            ]  # fmt: skip
            wanted = place.family_id or (place.late.family_id if place.late is not None else None)
            fitting.sort(key=lambda row: (row.family_id != wanted, row.id))
            if fitting:
                found[place.child_id, place.opening.id] = fitting[0]
        return found

    def _payer(self, place: _Place, enrolments: Mapping[tuple[int, int], Enrolment]) -> int | None:
        """The family whose prices may move: nobody pays for who came, is not enrolled and has no booking."""
        if place.is_confirmed and place.booking is not None:
            return place.booking.family_id
        enrolment = enrolments.get((place.child_id, place.opening.id))
        return None if enrolment is None else enrolment.family_id

    def _change_booking(self, place: _Place, enrolments: Mapping[tuple[int, int], Enrolment]) -> None:
        """Make the booking of who came without one, or end it where that is taken back."""
        if place.seen.turnout is Turnout.PRESENT and place.booking is None and not place.is_late_invoiced:
            enrolment = enrolments.get((place.child_id, place.opening.id))
            if enrolment is not None:
                place.made = self._book(place, enrolment)
        elif place.seen.turnout is None and place.is_made_here and place.booking is not None:
            self._log(place.booking, BookingStatus.CANCELLED, TAKEN_BACK)
            place.booking.status, place.booking.cancel_class = BookingStatus.CANCELLED, CancelClass.STRUCTURE
            place.gone = place.booking
            assert place.row is not None
            lifted = self.session.get(Booking, place.row.lifted_booking_id) if place.row.lifted_booking_id else None
            if lifted is not None and lifted.cancel_class is CancelClass.IN_TIME:
                self._log(lifted, BookingStatus.CANCELLED, TAKEN_BACK)
                lifted.cancel_class = CancelClass.LATE_CHARGED

    def _book(self, place: _Place, enrolment: Enrolment) -> Booking:
        check_transition(None, BookingStatus.CONFIRMED)
        booking = Booking(
            child_id=place.child_id, family_id=enrolment.family_id, enrolment_id=enrolment.id,
            opening_id=place.opening.id, day=place.opening.day, status=BookingStatus.CONFIRMED, price_cents=0,
            price_outcome=QuotientOutcome.NOT_APPLICABLE, price_explanation="", created_at=self.now,
        )  # fmt: skip
        self.session.add(booking)
        if place.late is not None and place.late.cancel_class is CancelClass.LATE_CHARGED:
            self._log(place.late, BookingStatus.CANCELLED, CAME_AFTER_ALL)
            place.late.cancel_class = CancelClass.IN_TIME
        return booking

    def _move_places(self, places: Sequence[_Place]) -> None:
        """Who came takes a place, also where none was left; a presence that is taken back frees it."""
        if not places:
            return
        slots: defaultdict[date, set[Slot]] = defaultdict(set)
        for place in places:
            slots[place.opening.day].add(place.opening.slot)
        lock_counters(self.session, slots)
        self.session.flush()
        held: defaultdict[tuple[int, date], dict[int, Slot]] = defaultdict(dict)
        for id_, child_id, day, unit_id, group_id in self.session.execute(
            select(Booking.id, Booking.child_id, Booking.day, Opening.unit_id, Opening.group_id)
            .join(Opening, Opening.id == Booking.opening_id)
            .where(
                Booking.child_id.in_({place.child_id for place in places}), Booking.day.in_(slots),
                Booking.status.in_(HOLDING_STATUSES),
            )
        ):  # fmt: skip
            held[child_id, day][id_] = Slot(unit_id, group_id)
        scopes = catalogue().scopes
        by_child: defaultdict[tuple[int, date], list[_Place]] = defaultdict(list)
        for place in places:
            by_child[place.child_id, place.opening.day].append(place)
        changes: defaultdict[date, Counter[int]] = defaultdict(Counter)
        for key, of_child in by_child.items():
            now_held = held[key]
            made = {place.made.id for place in of_child if place.made is not None}
            gone = [place.opening.slot for place in of_child if place.gone is not None]
            earlier = [slot for id_, slot in now_held.items() if id_ not in made] + gone
            changes[key[1]].update(counter_changes(earlier, list(now_held.values()), scopes))
        for day, of_day in sorted(changes.items()):
            move_counters(self.session, day, of_day, Limit.NONE)
        full = set(
            self.session.execute(
                select(CapacityCounter.day, CapacityCounter.scope_id).where(
                    CapacityCounter.day.in_(slots), CapacityCounter.taken > CapacityCounter.places
                )
            ).tuples()
        )
        for place in places:
            if place.made is not None:
                is_beyond = any((place.opening.day, s.id) in full for s in covering(place.opening.slot, scopes))
                self.session.add(
                    BookingEvent(
                        booking_id=place.made.id, from_status=None, to_status=BookingStatus.CONFIRMED,
                        actor=Actor.STAFF, user_id=self.agent_id, reason=CAME, at=self.now, beyond_places=is_beyond,
                    )
                )  # fmt: skip

    def _write_row(self, place: _Place) -> None:
        row = place.row
        if row is None:
            row = place.row = Attendance(child_id=place.child_id, opening_id=place.opening.id, version=0)
            self.session.add(row)
        row.turnout, row.is_justified = place.seen.turnout, place.seen.is_justified
        row.arrived_at, row.left_at = place.seen.arrived_at, place.seen.left_at
        row.version = place.version
        assert place.meant_at is not None and place.by_id is not None
        row.meant_at, row.recorded_by_id = place.meant_at, place.by_id
        if place.made is not None:
            row.booking_id = place.made.id
            row.came_unbooked = place.late is None
            row.lifted_booking_id = None if place.late is None else place.late.id
        elif place.gone is not None:
            row.booking_id, row.came_unbooked, row.lifted_booking_id = None, False, None
        elif place.is_confirmed and place.booking is not None and row.booking_id is None:
            row.booking_id = place.booking.id
        self.session.flush()
        for said in place.said:
            seen = said.mark.seen
            self.session.add(
                AttendanceEvent(
                    attendance_id=row.id, client_id=said.mark.client_id, kind=said.kind, turnout=seen.turnout,
                    is_justified=seen.is_justified, arrived_at=seen.arrived_at, left_at=seen.left_at,
                    user_id=self.agent_id, reason=self.correction, meant_at=said.at, at=self.now,
                )
            )  # fmt: skip

    def _log(self, booking: Booking, after: BookingStatus, reason: str) -> None:
        if booking.status is not after:
            check_transition(booking.status, after)
        self.session.add(
            BookingEvent(
                booking_id=booking.id, from_status=booking.status, to_status=after, actor=Actor.STAFF,
                user_id=self.agent_id, reason=reason, at=self.now,
            )
        )  # fmt: skip


# --- Queries --------------------------------------------------------------------------------------------------------


def _event(row: Attendance, kind: AttendanceEventKind, agent_id: int, at: datetime) -> AttendanceEvent:
    return AttendanceEvent(
        attendance_id=row.id, kind=kind, turnout=row.turnout, is_justified=row.is_justified,
        arrived_at=row.arrived_at, left_at=row.left_at, user_id=agent_id, meant_at=at, at=at,
    )  # fmt: skip


def lock_day(session: Session, group_id: int, day: date) -> None:
    """Hold a group's day: who records anything of it waits (PostgreSQL). Rows that name the openings do not."""
    lock = select(Opening.id).where(Opening.group_id == group_id, Opening.day == day).order_by(Opening.id)
    session.execute(lock.with_for_update(key_share=True))


def months_being_issued(session: Session) -> frozenset[tuple[int, date]]:
    """The offices and months that are being invoiced just now, also those that were carried forward to these."""
    rows = select(InvoiceRun.office_id, InvoiceRun.month).where(InvoiceRun.status == RunStatus.ISSUING)
    carried = (
        select(CarriedMonth.office_id, CarriedMonth.month)
        .join(InvoiceRun, InvoiceRun.office_id == CarriedMonth.office_id)
        .where(
            InvoiceRun.status == RunStatus.ISSUING, CarriedMonth.settled_at.is_(None),
            CarriedMonth.month < InvoiceRun.month,
        )
    )  # fmt: skip
    return frozenset(session.execute(rows.union(carried)).tuples())


def is_taken_by_run() -> ColumnElement[bool]:
    """That an invoice run took a booking, or that it was corrected by hand; what was paid when booked was not.

    In a statement over `InvoicedBooking` and the `Invoice` of its line, where it has one.
    """
    return or_(
        InvoicedBooking.run_id.is_not(None), Invoice.run_id.is_not(None), InvoicedBooking.credit_note_id.is_not(None),
        InvoicedBooking.booking_id.in_(select(CreditedBooking.booking_id)),
    )  # fmt: skip


def taken_by_runs(session: Session, bookings: Select[tuple[int]] | Collection[int]) -> frozenset[int]:
    """Those of some bookings that an invoice run took, or that were corrected by hand."""
    rows = (
        select(InvoicedBooking.booking_id)
        .outerjoin(InvoiceLine, InvoiceLine.id == InvoicedBooking.line_id)
        .outerjoin(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(InvoicedBooking.booking_id.in_(bookings), is_taken_by_run())
    )
    return frozenset(session.scalars(rows))
