"""What is stored about one child over some days: read once for the page, and again by the save in its transaction.

`services.judgements` turns it into cells.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, cached_property
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.models.attendances import Attendance, ValidatedDay, locks_opening
from app.models.bookings import (
    Booking,
    BookingEvent,
    BookingPriceChange,
    CapacityCounter,
    Opening,
    PriceChangeReason,
)
from app.models.enrolments import Enrolment
from app.models.invoices import InvoicedBooking
from app.models.waiting_lists import WaitingEntry
from app.rules.attendances import NOT_SEEN, Seen
from app.rules.audiences import Audience
from app.rules.booking_requests import answer_until, first_status
from app.rules.calendars import DayKind, whole_weeks
from app.rules.capacity import Left, Room, Slot, covering, left_of, room
from app.rules.combinations import (
    CombinationRule,
    WeekCount,
    is_of_week,
)
from app.rules.deadlines import LONGEST_NOTICE, Deadline, Occasion, cancel_limits
from app.rules.paid_bookings import USUAL_MINUTES, keep_until, status_to_pay
from app.rules.reaches import DaySpan
from app.rules.required_documents import keeps_from_booking
from app.rules.states import ACTIVE_STATUSES, BookingStatus, CancelClass, EnrolmentStatus
from app.services.audiences import audiences_of
from app.services.catalogue import Catalogue, UnitInfo, catalogue
from app.services.families import FamilyRef
from app.services.held_places import paying_since
from app.services.households import (
    EnrolledChild,
    FamilyPrices,
    load_prices,
    month_span,
    read_children,
    spans_to_tell,
)
from app.services.proposed_prices import ProposedPrices, Wanted
from app.services.required_documents import AskedDocument, keeping_from_booking


@dataclass(frozen=True, slots=True)
class OpeningInfo:
    """An opening of a group that the child is enrolled in."""

    id: int
    unit: UnitInfo
    group_id: int
    day: date
    is_open: bool
    closing_reason: str | None

    @property
    def slot(self) -> Slot:
        """What capacity scopes look at."""
        return Slot(self.unit.id, self.group_id)

    @property
    def wanted(self) -> Wanted:
        """What prices look at."""
        return Wanted(self.id, self.unit, self.day)


@dataclass(frozen=True, slots=True)
class PriceChange:
    """That the price of a booking changed after it was made: what it was before (cents), and why."""

    from_cents: int
    reason: PriceChangeReason


@dataclass(frozen=True, slots=True)
class HeldBooking:
    """A booking of the child that is active, or was cancelled too late; whichever family made it.

    `waiting_id`: of the entry that it waits with for a place, or was offered one by, until `kept_until`.
    """

    id: int
    opening_id: int
    family_id: int
    day: date
    slot: Slot
    price_cents: int
    price_explanation: str
    price_change: PriceChange | None  # the last one
    is_invoiced: bool
    status: BookingStatus
    waiting_id: int | None
    kept_until: datetime | None  # the place, for who is offered it or has to pay it
    paying_since: datetime | None  # the last attempt to pay it that has no result
    special_note: str | None = None
    is_justified: bool = False  # cancelled too late, or absent, and not charged any more
    seen: Seen = NOT_SEEN  # what the staff recorded that day
    is_locked: bool = False  # and validated
    came_unbooked: bool = False  # it was made for who came without a booking


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request that the family has in an opening no more."""

    status: BookingStatus  # refused, or expired
    reason: str | None
    waited: bool  # for a place, not for a decision
    was_to_pay: bool  # its place was kept for a payment that did not come


@dataclass(frozen=True, slots=True)
class EnrolmentInfo:
    """An accepted enrolment of the child through the family."""

    id: int
    activity_id: int
    group_id: int
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class PlanningFacts:
    """What is stored about one child, through one family, over some days.

    ``staff_class``: the staff act, and this is how what they give back is cancelled; None: the parents act.
    """

    family: FamilyRef
    child_id: int
    enrolments: tuple[EnrolmentInfo, ...]
    openings: Mapping[int, OpeningInfo]
    held: Mapping[int, HeldBooking]  # by opening id: what holds a place
    waiting: Mapping[int, HeldBooking]  # by opening id: what waits for one, and counts for nothing yet
    late: Mapping[int, HeldBooking]  # by opening id: cancelled too late, nothing booked there since
    answers: Mapping[int, Answer]  # by opening id: what the family asked for there last and did not get
    left: Mapping[tuple[date, int], Left]  # by day and capacity scope
    prices: FamilyPrices
    site_days: Mapping[int, frozenset[date]]  # by site, where a notice counts them
    audiences: Mapping[int, frozenset[Audience]]  # of the child, by activity, where a notice asks
    catalogue: Catalogue
    missing_documents: Mapping[int, tuple[AskedDocument, ...]]  # by activity: what keeps from booking it
    staff_class: CancelClass | None = None
    openings_by_day: Mapping[date, tuple[OpeningInfo, ...]] = field(init=False)

    def __post_init__(self) -> None:
        by_day: dict[date, list[OpeningInfo]] = {}
        for opening in self.openings.values():
            by_day.setdefault(opening.day, []).append(opening)
        object.__setattr__(self, "openings_by_day", {day: tuple(rows) for day, rows in by_day.items()})

    def holds(self, opening_id: int) -> bool:
        """Whether this family holds a booking in the opening."""
        booking = self.held.get(opening_id)
        return booking is not None and booking.family_id == self.family.id

    def waits(self, opening_id: int) -> bool:
        """Whether this family waits for a place in the opening."""
        booking = self.waiting.get(opening_id)
        return booking is not None and booking.family_id == self.family.id

    def may_wait(self, opening: OpeningInfo) -> bool:
        """Whether the child has no place in the opening, and there is none, but a list to wait on."""
        has_list = self.catalogue.activities[opening.unit.activity_id].has_waiting_list
        if opening.id in self.held or not has_list or self.by_staff:  # the staff book, or do not
            return False
        left = self.room(opening).left
        return left is not None and left <= 0

    def waiting_choices(self, proposed: Mapping[date, Collection[int]]) -> frozenset[int]:
        """What is chosen on days of which something is full, and would wait with it: a day waits as a whole."""
        found: set[int] = set()
        for day, ids in proposed.items():
            chosen = frozenset(ids) - self.held_ids(day)
            if any(self.may_wait(self.openings[id_]) for id_ in chosen):
                found |= chosen
        return frozenset(found)

    def is_invoiced(self, opening_id: int) -> bool:
        """Whether what this family holds, or has cancelled too late, in the opening is on an issued invoice."""
        booking = self.own_booking(opening_id)
        return booking is not None and booking.is_invoiced

    def own_booking(self, opening_id: int) -> HeldBooking | None:
        """What this family has to pay there, or would: what it holds, waits for, or has cancelled too late."""
        booking = self.held.get(opening_id) or self.waiting.get(opening_id) or self.late.get(opening_id)
        return booking if booking is not None and booking.family_id == self.family.id else None

    @property
    def by_staff(self) -> bool:
        """Whether the staff act for the family, and not its parents."""
        return self.staff_class is not None

    def special_note(self, opening_id: int) -> str | None:
        """What the staff say of a presence of this family that they marked as special."""
        booking = self.held.get(opening_id)
        return booking.special_note if booking is not None and booking.family_id == self.family.id else None

    def cancelled_late(self, proposed: Mapping[date, Collection[int]], now: datetime) -> frozenset[int]:
        """The openings that this family would give back, and go on paying for, if it held the proposed ones."""
        return frozenset(
            id_
            for day, ids in proposed.items()
            for id_ in self.held_ids(day) - frozenset(ids)
            if self.held[id_].status is BookingStatus.CONFIRMED and self._is_charged(self.openings[id_], now)
        )

    def _is_charged(self, opening: OpeningInfo, now: datetime) -> bool:
        if self.staff_class is not None:
            return self.staff_class is CancelClass.LATE_CHARGED
        notices = self.catalogue.activities[opening.unit.activity_id].notices
        rules = notices.get(Deadline.CANCEL), notices.get(Deadline.CANCEL_LATE)
        return cancel_limits(*rules, self.occasion_of(opening), self.catalogue.calendar).is_charged_at(now)

    def occasion_of(self, opening: OpeningInfo) -> Occasion:
        """An opening, as deadlines look at it."""
        activity = self.catalogue.activities[opening.unit.activity_id]
        return Occasion(
            opening.day,
            opening.unit.starts_at,
            opening.unit.id,
            self.site_days.get(activity.site_id, frozenset()),
            self.audiences.get(activity.id, frozenset()),
        )

    def held_by_other(self, opening_id: int) -> bool:
        """Whether the child's other family holds it, or waits for it."""
        booking = self.held.get(opening_id) or self.waiting.get(opening_id)
        return booking is not None and booking.family_id != self.family.id

    def held_ids(self, day: date) -> frozenset[int]:
        """The openings of a day that this family holds for the child."""
        return frozenset(o.id for o in self.openings_by_day.get(day, ()) if self.holds(o.id))

    def waiting_ids(self, day: date) -> frozenset[int]:
        """The openings of a day that this family waits for with the child."""
        return frozenset(o.id for o in self.openings_by_day.get(day, ()) if self.waits(o.id))

    def slots_held(self, day: date) -> frozenset[Slot]:
        """All that the child holds on a day, through any family."""
        return frozenset(booking.slot for booking in self.held.values() if booking.day == day)

    def absences(self) -> Mapping[date, set[int]]:
        """The units that the child gave up too late, through any family; by day."""
        found: dict[date, set[int]] = {}
        for booking in self.late.values():
            found.setdefault(booking.day, set()).add(booking.slot.unit_id)
        return found

    def slots_after(self, day: date, proposed: Collection[int]) -> frozenset[Slot]:
        """All that the child would hold on a day if this family held exactly the proposed openings."""
        others = {
            b.slot
            for b in self.held.values()
            if b.day == day and not (self.holds(b.opening_id) and b.opening_id in self.openings)
        }
        return frozenset(others | {self.openings[id_].slot for id_ in proposed})

    def room(self, opening: OpeningInfo) -> Room:
        """How many more children parents can put there, counting this one only where it is not counted yet."""
        scopes = self.catalogue.scopes
        counted = {scope.id for slot in self.slots_held(opening.day) for scope in covering(slot, scopes)}
        left = {scope.id: self.left[opening.day, scope.id] for scope in scopes if (opening.day, scope.id) in self.left}
        return room(opening.slot, counted, left, scopes)

    def over_places(self, opening: OpeningInfo) -> int:
        """How many children more than places there would be with this one."""
        scopes = self.catalogue.scopes
        counted = {scope.id for slot in self.slots_held(opening.day) for scope in covering(slot, scopes)}
        left = (
            self.left[opening.day, scope.id].whole if (opening.day, scope.id) in self.left else scope.places
            for scope in covering(opening.slot, scopes)
            if scope.id not in counted
        )  # fmt: skip
        return max((1 - each for each in left), default=0)

    def proposed_prices(
        self, proposed: Mapping[date, Collection[int]], late: Collection[int] = frozenset()
    ) -> ProposedPrices:
        """The family's prices if it held exactly the proposed openings on these days for the child.

        `late` are the openings, of those given back, that go on being charged.
        """
        added: list[Wanted] = []
        asked: list[Wanted] = []
        given_back: set[int] = set()
        for day, ids in proposed.items():
            held = self.held_ids(day)
            queued = self.waiting_choices({day: ids})
            for opening in (self.openings[id_] for id_ in ids if id_ not in held):
                counts = opening.id not in queued and self.first_status(opening) is BookingStatus.CONFIRMED
                (added if counts else asked).append(opening.wanted)
            given_back |= {self.held[id_].id for id_ in held if id_ not in ids}
            # What the staff book again is not charged as an absence any more; what was justified costs nothing already.
            again = [self.late[id_] for id_ in ids if id_ in self.late]
            given_back |= {booking.id for booking in again if not booking.is_justified}
        charged = given_back & {self.held[id_].id for id_ in late}
        # What waits for the staff, for its payment or on a list costs nothing yet.
        known = self.prices.booked.keys()
        return ProposedPrices(
            self.prices, self.child_id, added, known & (given_back - charged), known & charged, asked
        )  # fmt: skip

    @cached_property
    def combinations(self) -> tuple[CombinationRule, ...]:
        """The rules of what the child is enrolled in."""
        activity_ids = dict.fromkeys(enrolment.activity_id for enrolment in self.enrolments)
        return tuple(rule for id_ in activity_ids for rule in self.catalogue.activities[id_].combinations)

    @cached_property
    def week_counts(self) -> tuple[WeekCount, ...]:
        """Those of whole weeks."""
        return tuple(rule for rule in self.combinations if isinstance(rule, WeekCount))

    def is_of_week(self, day: date, opening_ids: Iterable[int]) -> bool:
        """Whether a rule of the week counts one of these openings of a day."""
        units = [self.openings[id_].unit.id for id_ in opening_ids]
        return is_of_week(self.week_counts, day, units, self.catalogue.calendar)

    def first_status(self, opening: OpeningInfo, price_cents: int | None = None) -> BookingStatus:
        """As what a tick is stored: booked at once, asked for by a parent, or kept until it is paid.

        `price_cents`: None where nobody has asked yet.
        """
        if self.by_staff:
            return BookingStatus.CONFIRMED
        activity = self.catalogue.activities[opening.unit.activity_id]
        waiting = (
            self.catalogue.units[held.slot.unit_id].activity_id
            for held in self.held.values()
            if held.day == opening.day and held.status is BookingStatus.REQUESTED
        )
        otherwise = first_status(on_request=activity.on_request, is_beside_request=activity.id in waiting)
        return status_to_pay(
            otherwise, is_paid_at_booking=activity.is_paid_at_booking(opening.day), price_cents=price_cents
        )

    def keep_until(self, opening: OpeningInfo, now: datetime) -> datetime:
        """Until when a place that is booked now is kept for its payment: as long as what the child has to pay on that
        day already, so that none of it is left alone.
        """
        minutes = self.catalogue.activities[opening.unit.activity_id].pay_within_minutes
        beside = [
            held.kept_until
            for held in self.held.values()
            if held.day == opening.day
            and held.family_id == self.family.id
            and held.status is BookingStatus.AWAITING_PAYMENT
            and held.kept_until is not None
        ]
        return keep_until(now, minutes or USUAL_MINUTES, beside)

    def answer_until(self, opening: OpeningInfo, proposed: Collection[int]) -> datetime:
        """Until when a request waits for the staff, beside the others of its day and activity that are proposed."""
        beside = (each for each in self.openings_by_day[opening.day] if each.id in proposed)
        units = [
            each.unit
            for each in (*beside, opening)
            if each.unit.activity_id == opening.unit.activity_id
            and (each.id not in self.held or self.held[each.id].status is BookingStatus.REQUESTED)
        ]
        return answer_until(opening.day, [unit.starts_at for unit in units])

    def enrolment_for(self, opening: OpeningInfo) -> EnrolmentInfo | None:
        """The enrolment that lets the child into the opening on its day."""
        for enrolment in self.enrolments:
            if enrolment.group_id == opening.group_id and enrolment.starts_on <= opening.day <= enrolment.ends_on:
                return enrolment
        return None

    def documents_missing(self, opening: OpeningInfo) -> tuple[AskedDocument, ...]:
        """What keeps from booking the opening; never from a meal on a day of class."""
        enrolment = self.enrolment_for(opening)
        missing = self.missing_documents.get(opening.unit.activity_id, ())
        if not missing or enrolment is None:
            return ()
        if opening.unit.is_meal and self.catalogue.calendar.kind(opening.day) is DayKind.SCHOOL_DAY:
            return ()
        return tuple(
            each for each in missing if keeps_from_booking(opening.day, enrolment.starts_on, each.info.grace_days)
        )


def load_facts(
    session: Session,
    family: FamilyRef,
    child_id: int,
    days: Sequence[date],
    shown: Collection[int] = (),
    month: date | None = None,
    children: Sequence[EnrolledChild] | None = None,
    staff_class: CancelClass | None = None,
) -> PlanningFacts:
    """Read the facts of some days, and of their whole weeks, in a constant number of queries.

    A save locks what it will change before. `staff_class`: see `PlanningFacts`.

    With `month` the prices of all that the family has in it are read too, for its total. `children`: where they were
    read already.

    `shown` are the openings that the form was made of: those of an enrolment that has ended since are read too, so
    that the save can say so instead of not knowing them.
    """
    now_catalogue = catalogue()
    days = whole_weeks(days)
    if children is None:
        children = read_children(session, [family.id])
    enrolments = tuple(_enrolments(children, child_id, DaySpan(min(days), max(days))))
    units = now_catalogue.units
    asked: dict[str, object] = {"days": days, "groups": list({enrolment.group_id for enrolment in enrolments})}
    if shown:
        asked |= {"shown": list(shown), "family": family.id, "child": child_id}
    openings = {
        id_: OpeningInfo(id_, units[unit_id], group_id, day, is_open, closing_reason)
        for id_, unit_id, group_id, day, is_open, closing_reason in session.execute(
            _openings(with_shown=bool(shown)), asked
        )
    }
    left = {
        (day, scope_id): left_of(places, online_places, taken)
        for day, scope_id, places, online_places, taken in session.execute(_COUNTERS, {"days": days})
    }
    held, waiting, late, answers = _load_held(session, family.id, child_id, days)
    priced = DaySpan(min(days), max(days))
    activity_ids = {opening.unit.activity_id for opening in openings.values()}
    if month is not None:
        whole = month_span(month)
        priced = DaySpan(min(priced.first, whole.first), max(priced.last, whole.last))
        activity_ids |= now_catalogue.activities_on(priced.first, priced.last)
    spans = spans_to_tell(activity_ids, priced)
    prices = load_prices(session, [family.id], spans, children=children)[family.id]
    asking = [now_catalogue.activities[id_] for id_ in {each.unit.activity_id for each in openings.values()}]
    sites = {a.site_id for a in asking if any(rule.counts_site_days for rule in a.notices.values())}
    open_at = site_days(session, now_catalogue, sites, days)
    audiences = {
        activity.id: audiences_of(prices.household, child_id, activity)
        for activity in asking
        if any(rule.audiences for rule in activity.notices.values())
    }
    return PlanningFacts(
        family, child_id, enrolments, openings, held, waiting, late, answers, left, prices, open_at, audiences,
        now_catalogue,
        keeping_from_booking(family.id, child_id, {each.id for each in asking}), staff_class,
    )  # fmt: skip


# What every planning asks is made once: that takes longer than to ask.
_DAYS: BindParameter[Sequence[date]] = bindparam("days", expanding=True)

_COUNTERS = select(
    CapacityCounter.day,
    CapacityCounter.scope_id,
    CapacityCounter.places,
    CapacityCounter.online_places,
    CapacityCounter.taken,
).where(CapacityCounter.day.in_(_DAYS))


@cache
def _openings(*, with_shown: bool) -> Select[tuple[int, int, int, date, bool, str | None]]:
    offered: ColumnElement[bool] = Opening.group_id.in_(bindparam("groups", expanding=True))
    if with_shown:
        earlier = select(Enrolment.group_id).where(
            Enrolment.family_id == bindparam("family"),
            Enrolment.child_id == bindparam("child"),
            or_(
                Enrolment.status.in_([EnrolmentStatus.ACCEPTED, EnrolmentStatus.ENDED]),
                Enrolment.ended_at.is_not(None),  # before it began: it is cancelled
            ),
        )
        offered |= Opening.id.in_(bindparam("shown", expanding=True)) & Opening.group_id.in_(earlier)
    return select(
        Opening.id, Opening.unit_id, Opening.group_id, Opening.day, Opening.is_open, Opening.closing_reason
    ).where(Opening.day.in_(_DAYS), offered)


def site_days(
    session: Session, known: Catalogue, sites: Collection[int], days: Collection[date]
) -> Mapping[int, frozenset[date]]:
    """By site, the days up to these on which it receives children. One query, none where no site is asked."""
    if not sites:
        return {}
    site_of = {group.id: a.site_id for a in known.activities.values() if a.site_id in sites for group in a.groups}
    found: dict[int, set[date]] = {site_id: set() for site_id in sites}
    within = Opening.day.between(min(days) - LONGEST_NOTICE, max(days))
    rows = select(Opening.group_id, Opening.day).where(Opening.group_id.in_(site_of), Opening.is_open, within)
    for group_id, day in session.execute(rows.distinct()):
        found[site_of[group_id]].add(day)
    return {site_id: frozenset(found_days) for site_id, found_days in found.items()}


def _enrolments(children: Iterable[EnrolledChild], child_id: int, days: DaySpan) -> Iterator[EnrolmentInfo]:
    for each in children:
        if each.child_id != child_id or each.enrolment_id is None:
            continue
        assert each.activity_id and each.group_id and each.starts_on and each.ends_on
        if each.starts_on <= days.last and each.ends_on >= days.first:
            yield EnrolmentInfo(each.enrolment_id, each.activity_id, each.group_id, each.starts_on, each.ends_on)


_ANSWERED = frozenset({BookingStatus.REFUSED, BookingStatus.EXPIRED})
_LATE = (CancelClass.LATE_CHARGED, CancelClass.JUSTIFIED)


def _load_held(
    session: Session, family_id: int, child_id: int, days: Sequence[date]
) -> tuple[dict[int, HeldBooking], dict[int, HeldBooking], dict[int, HeldBooking], dict[int, Answer]]:
    """What the child holds, and waits for, and where it holds nothing what was cancelled too late, and what the family
    asked for and did not get; by opening. One query.
    """
    rows = session.execute(_held(), {"child": child_id, "days": days})
    held: dict[int, HeldBooking] = {}
    waiting: dict[int, HeldBooking] = {}
    late: dict[int, HeldBooking] = {}
    answers: dict[int, Answer] = {}
    for row in rows:
        if row.status in _ANSWERED:
            if row.family_id == family_id:
                answers[row.opening_id] = Answer(
                    row.status, row.answer, row.waiting_id is not None, row.kept_until is not None
                )
            continue
        answers.pop(row.opening_id, None)  # what was asked again is what counts
        found = waiting if row.status is BookingStatus.WAITING else held if row.status in ACTIVE_STATUSES else late
        found[row.opening_id] = HeldBooking(
            row.id, row.opening_id, row.family_id, row.day, Slot(row.unit_id, row.group_id),
            row.price_cents, row.price_explanation,
            None if row.from_cents is None else PriceChange(row.from_cents, row.reason), row.is_invoiced,
            row.status, row.waiting_id, row.offered_until if row.status is BookingStatus.OFFERED else row.kept_until,
            row.paying_since,
            row.special_note,
            row.cancel_class is CancelClass.JUSTIFIED or bool(row.is_justified),
            Seen(row.turnout, bool(row.is_justified), row.arrived_at, row.left_at),
            row.validated is not None,
            bool(row.came_unbooked),
        )  # fmt: skip
    return held, waiting, {id_: booking for id_, booking in late.items() if id_ not in held}, answers


@cache
def _held() -> Select[Any]:
    change = aliased(BookingPriceChange)
    last_change = (
        select(func.max(BookingPriceChange.id))
        .where(BookingPriceChange.booking_id == Booking.id)
        .correlate(Booking)
        .scalar_subquery()
    )
    answer = (
        select(BookingEvent.reason)
        .where(
            BookingEvent.booking_id == Booking.id,
            BookingEvent.to_status == Booking.status,
            Booking.status.in_(_ANSWERED),
        )
        .correlate(Booking)
        .scalar_subquery()
    )
    return (
        select(
            Booking.id, Booking.opening_id, Booking.family_id, Booking.day, Opening.unit_id, Opening.group_id,
            Booking.price_cents, Booking.price_explanation, change.from_cents, change.reason,
            InvoicedBooking.booking_id.is_not(None).label("is_invoiced"), Booking.status, answer.label("answer"),
            Booking.waiting_id, WaitingEntry.offered_until, Booking.kept_until, paying_since().label("paying_since"),
            Booking.special_note, Booking.cancel_class, Attendance.turnout, Attendance.is_justified,
            Attendance.arrived_at, Attendance.left_at, Attendance.came_unbooked, ValidatedDay.id.label("validated"),
        )
        .join(Opening, Opening.id == Booking.opening_id)
        .outerjoin(InvoicedBooking, InvoicedBooking.booking_id == Booking.id)
        .outerjoin(change, change.id == last_change)
        .outerjoin(WaitingEntry, WaitingEntry.id == Booking.waiting_id)
        .outerjoin(Attendance, Attendance.booking_id == Booking.id)
        .outerjoin(ValidatedDay, locks_opening())
        .where(
            Booking.child_id == bindparam("child"),
            Booking.day.in_(_DAYS),
            or_(Booking.status.in_(ACTIVE_STATUSES | _ANSWERED), Booking.cancel_class.in_(_LATE)),
        )
        .order_by(Booking.id)
    )  # fmt: skip
