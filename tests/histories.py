"""Histories of a small council: what its parents and its staff do in any order, and what must be true all along.

`tests/guarantees/test_booking_histories.py` lives through them step by step, and with many people at once; `script/drill`
does so for longer. To add something that people do: one more function in PARENTS, HOSTILE or STAFF.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import chain, pairwise
from random import Random
from threading import Thread
from time import monotonic

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.clock import PARIS
from app.database import db, write_transaction
from app.models.absences import AbsenceJustification
from app.models.activities import Activity, ActivityNoticeRule, TariffVersion
from app.models.bookings import Booking, BookingEvent, BookingPriceChange, CapacityCounter, Opening
from app.models.enrolments import Enrolment
from app.models.families import FamilyQuotient, Guardian, Title
from app.models.invoices import InvoicedBooking
from app.models.waiting_lists import LIVE, WaitingEntry
from app.rules.absences import AbsenceState, JustificationStatus
from app.rules.calendars import week_of
from app.rules.capacity import Slot, covering
from app.rules.choices import Shown
from app.rules.combinations import (
    EVERY_DAY,
    CombinationRule,
    Combinations,
    DayCount,
    Exclusion,
    Hours,
    Requirement,
    Together,
    WeekCount,
    overlaps,
    violations,
)
from app.rules.deadlines import (
    Days,
    DaysBefore,
    Deadline,
    HoursBefore,
    Never,
    NoticeRule,
    Occasion,
    instant,
    is_in_time,
    paris_moment,
    simple_rule,
)
from app.rules.reaches import DaySpan
from app.rules.states import (
    ACTIVE_STATUSES,
    BOOKING_TRANSITIONS,
    HOLDING_STATUSES,
    Actor,
    BookingStatus,
    CancelClass,
    EnrolmentStatus,
    FamilyStatus,
)
from app.rules.tariff_grids import Item, Package, Period, flat, unit_code
from app.rules.waiting_lists import Entry, bundles, fits
from app.services import (
    absence_decisions,
    absences,
    bookings,
    closures,
    combination_settings,
    deadline_settings,
    enrolment_ends,
    enrolments,
    openings,
    staff_bookings,
    waiting_lists,
    waiting_moves,
    waiting_views,
    waiting_wishes,
)
from app.services import quotients as quotient_decisions
from app.services.absences import JustificationInput
from app.services.bookings import StaffSave
from app.services.catalogue import catalogue
from app.services.checks import Problem, find_inconsistencies
from app.services.closures import ClosureWish
from app.services.errors import DomainError, NotFound
from app.services.families import FamilyRef
from app.services.households import load_prices, spans_to_tell
from app.services.openings import DaysInput
from app.services.places import stop_bookings
from app.services.planning import Proposal
from app.services.scope_settings import ScopeInput, save_scope, set_day_places
from app.services.verdicts import Result, SavedChoice, SaveOutcome
from tests import factories
from tests.factories import ActivitySetup
from tests.tills import Till, go_and_pay, money_wrongs, news, work_on_payments

PLACES = 2
WEEKS = 3
DAYS = tuple(sorted(chain(factories.wednesdays(WEEKS), factories.wednesdays(WEEKS, date(2026, 11, 26)))))
_EVENING = {"Peinture": (time(16, 30), time(18, 30))}  # the afternoon ends at 18:00: a child has one or the other
_NIGHT = {"Bassin": (time(18, 45), time(19, 45))}
_AN_HOUR_BEFORE = simple_rule(HoursBefore(1))
_MONTHS = tuple(date(2026, month, 1) for month in range(2, 11))


@dataclass(frozen=True, slots=True)
class Parent:
    """Somebody who saves the planning of a child."""

    user_id: int
    family: FamilyRef
    child_id: int


@dataclass(frozen=True, slots=True)
class Council:
    """Who and what there is, by ids: it may be sent to other processes."""

    parents: tuple[Parent, ...]
    closed: Parent  # of a family whose file was closed
    staff_id: int
    wednesday: ActivitySetup
    workshop: ActivitySetup
    pool: ActivitySetup  # paid when it is booked
    excursion: ActivitySetup  # nobody is enrolled there
    reason_id: int  # for which an absence is excused

    @property
    def activities(self) -> tuple[ActivitySetup, ...]:
        """Those that children are enrolled in."""
        return self.wednesday, self.workshop, self.pool


def make_council(rivals: int = 1) -> Council:
    """Two parents of Léa in one family and one in her other home, who has a child of their own, and rival families.

    « Mercredi » has few places, fewer lunches and fewer still for parents on one day; « Atelier » is also on Thursdays,
    at an hour of « Mercredi », and cheaper for two days of a week. « Piscine », with one place, is paid when it is booked.
    What is cancelled too late is charged, and may be justified.
    """
    wednesday = factories.make_activity(places=PLACES)
    workshop = factories.make_activity("Atelier", _EVENING, places=PLACES, needs={}, prices=((0, None, 300),))
    factories.give_list(wednesday)
    pool = factories.make_activity(
        "Piscine", _NIGHT, places=1, needs={}, prices=((0, 60_000, 250), (60_000, None, 350))
    )
    factories.let_pay_at_booking(pool)
    excursion = factories.make_activity("Sortie", {"Journée": (time(9), time(17))}, needs={})
    wednesdays = [day for day in DAYS if day.weekday() == 2]
    with write_transaction() as session:
        factories.add_scope(session, "Repas", PLACES, [wednesday.units["Repas"]], [wednesday.group_id])
        version = session.scalars(select(TariffVersion).where(TariffVersion.activity_id == workshop.id)).one()
        package = Package("semaine", Period.WEEK, frozenset({unit_code(workshop.units["Peinture"])}), least_days=2)
        version.grid = replace(
            version.grid, items=(*version.grid.items, Item("semaine", flat(500))), packages=(package,)
        )
        for activity in (wednesday, workshop):
            late = ActivityNoticeRule(activity_id=activity.id, deadline=Deadline.CANCEL_LATE, rule=_AN_HOUR_BEFORE)
            session.add(late)
            row = session.get_one(Activity, activity.id)
            row.justify_days, row.absence_days_kept = 7, int(activity is workshop)
    factories.make_openings(wednesday, wednesdays)
    factories.make_openings(workshop, DAYS)
    factories.make_openings(pool, wednesdays)
    factories.make_openings(excursion, wednesdays)
    family, other = factories.make_family(), factories.make_family("SEPARE", "Dominique")
    lea, hugo = factories.make_child(family), factories.make_child(other, "Hugo")
    factories.share_child(lea, other)
    for child_id, home, activity in (
        (lea, family, wednesday), (lea, family, workshop), (lea, family, pool), (lea, other, wednesday),
        (hugo, other, wednesday), (hugo, other, workshop), (hugo, other, pool),
    ):  # fmt: skip
        factories.enrol(child_id, home, activity)
    second = factories.make_user("second-parent@example.org")
    with write_transaction() as session:
        adult = Guardian(title=Title.MISTER, last_name="TEST", first_name="Second", user_id=second)
        adult.family_id = family.family_id
        session.add(adult)
    parents = [
        Parent(family.user_id, family.ref, lea), Parent(second, family.ref, lea),
        Parent(other.user_id, other.ref, lea), Parent(other.user_id, other.ref, hugo),
    ]  # fmt: skip
    for number in range(rivals):
        rival = factories.make_family(f"RIVALE {number}", "Alix")
        child_id = factories.make_child(rival, "Sacha", last_name=f"RIVALE {number}")
        for activity in (wednesday, workshop, pool):
            factories.enrol(child_id, rival, activity)
        parents.append(Parent(rival.user_id, rival.ref, child_id))
    gone = factories.make_family("PARTIE", "Alix", status=FamilyStatus.CLOSED)
    gone_child = factories.make_child(gone, "Noé", last_name="PARTIE")
    factories.enrol(gone_child, gone, wednesday)
    closed = Parent(gone.user_id, gone.ref, gone_child)
    reason_id = factories.make_absence_reason()
    return Council(tuple(parents), closed, factories.make_staff(), wednesday, workshop, pool, excursion, reason_id)


# --- What is stored -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BookingRow:
    """A booking, and the price kept with it (cents)."""

    id: int
    child_id: int
    family_id: int
    opening_id: int
    status: BookingStatus
    cancel_class: CancelClass | None
    price_cents: int
    waiting_id: int | None

    @property
    def is_active(self) -> bool:
        """Whether it is one of the at most one per child and opening."""
        return self.status in ACTIVE_STATUSES

    @property
    def holds(self) -> bool:
        """Whether it has a place."""
        return self.status in HOLDING_STATUSES


@dataclass(frozen=True, slots=True)
class EventRow:
    """A line of the log of bookings."""

    id: int
    booking_id: int
    before: BookingStatus | None
    after: BookingStatus
    actor: Actor
    user_id: int | None
    at: datetime

    @property
    def is_of_staff_alone(self) -> bool:
        """Whether the staff gave a cancelled booking another class."""
        return self.before is self.after is BookingStatus.CANCELLED and self.actor is Actor.STAFF


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """A unit that opens for a group on a day."""

    id: int
    day: date
    unit_id: int
    group_id: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class CounterRow:
    """The places of a scope on a day."""

    places: int
    online_places: int | None
    taken: int

    @property
    def limit(self) -> int:
        """How many of them parents may take."""
        return self.places if self.online_places is None else min(self.places, self.online_places)


@dataclass(frozen=True)
class Books:
    """All that histories change, as it is stored at one moment."""

    bookings: Mapping[int, BookingRow]
    events: Sequence[EventRow]
    openings: Mapping[int, OpeningRow]
    counters: Mapping[tuple[date, int], CounterRow] = field(compare=False)  # a save may make those that are missing
    price_changes: Sequence[tuple[int, int, int]]  # booking, from and to (cents)
    enrolments: Sequence[tuple[int, int, int, EnrolmentStatus]]  # child, family, group
    entries: Mapping[int, tuple[int, int, datetime | None]]  # of lists: their turn, their bundle, offered until
    invoiced: frozenset[int]  # bookings

    def held(self, parent: Parent) -> frozenset[int]:
        """The openings that the parent's family holds for the child."""
        whose = (parent.child_id, parent.family.id)
        return frozenset(
            b.opening_id
            for b in self.bookings.values()
            if b.holds and b.status is not BookingStatus.OFFERED and (b.child_id, b.family_id) == whose
        )

    def status(self, parent: Parent, opening_id: int) -> BookingStatus | None:
        """As what the parent's family holds an opening for the child."""
        whose = (parent.child_id, parent.family.id, opening_id)
        found = (b for b in self.bookings.values() if (b.child_id, b.family_id, b.opening_id) == whose and b.holds)
        return next((b.status for b in found), None)

    def offered(self, parent: Parent) -> list[OpeningRow]:
        """The openings that the planning of the child has or had."""
        groups = {
            group
            for child, family, group, status in self.enrolments
            if (child, family) == (parent.child_id, parent.family.id)
            and status in (EnrolmentStatus.ACCEPTED, EnrolmentStatus.ENDED)
        }
        return [opening for opening in self.openings.values() if opening.group_id in groups]

    def units_by_day(self) -> Mapping[tuple[int, date], set[int]]:
        """The units that each child has on each day, through any family."""
        found: defaultdict[tuple[int, date], set[int]] = defaultdict(set)
        for row in self.bookings.values():
            if row.holds:
                opening = self.openings[row.opening_id]
                found[row.child_id, opening.day].add(opening.unit_id)
        return found


def read_books(session: Session) -> Books:
    """Read all of it. Eight queries."""
    events = session.execute(
        select(
            BookingEvent.id, BookingEvent.booking_id, BookingEvent.from_status, BookingEvent.to_status,
            BookingEvent.actor, BookingEvent.user_id, BookingEvent.at,
        ).order_by(BookingEvent.id)
    )  # fmt: skip
    rows = session.execute(
        select(
            Booking.id, Booking.child_id, Booking.family_id, Booking.opening_id, Booking.status, Booking.cancel_class,
            Booking.price_cents, Booking.waiting_id,
        )
    )  # fmt: skip
    opened = session.execute(
        select(Opening.id, Opening.day, Opening.unit_id, Opening.group_id, Opening.is_open).order_by(Opening.id)
    )
    counters = session.execute(
        select(
            CapacityCounter.day, CapacityCounter.scope_id, CapacityCounter.places, CapacityCounter.online_places,
            CapacityCounter.taken,
        )
    )  # fmt: skip
    changes = session.execute(
        select(BookingPriceChange.booking_id, BookingPriceChange.from_cents, BookingPriceChange.to_cents).order_by(
            BookingPriceChange.id
        )
    )
    enrolled = session.execute(
        select(Enrolment.child_id, Enrolment.family_id, Enrolment.group_id, Enrolment.status).order_by(Enrolment.id)
    )
    entries = select(WaitingEntry.id, WaitingEntry.position, WaitingEntry.bound_to_id, WaitingEntry.offered_until)
    return Books(
        {row[0]: BookingRow(*row) for row in rows}, [EventRow(*row) for row in events],
        {row[0]: OpeningRow(*row) for row in opened},
        {(day, scope_id): CounterRow(*rest) for day, scope_id, *rest in counters},
        list(changes.tuples()), list(enrolled.tuples()),
        {id_: (position, bound_to or id_, until) for id_, position, bound_to, until in session.execute(entries)},
        frozenset(session.scalars(select(InvoicedBooking.booking_id))),
    )  # fmt: skip


# --- What must be true ----------------------------------------------------------------------------------------------


@dataclass
class Record:
    """What the staff did that makes right what would be wrong otherwise."""

    exceeded: dict[tuple[date, int], int] = field(default_factory=dict)  # children where they left fewer places
    broken: dict[tuple[int, date], frozenset[tuple[int, str]]] = field(default_factory=dict)  # by rules set later
    overlapping: frozenset[tuple[int, date]] = frozenset()  # children and days that they booked so

    def note(self, books: Books) -> None:
        """After something that the staff did."""
        self.exceeded = {key: row.taken for key, row in books.counters.items() if row.taken > row.limit}
        self.broken = _broken_rules(books)
        self.overlapping = _overlapping(books)

    def narrow(self, books: Books) -> None:
        """After anything else: what has been put right stays so."""
        self.exceeded = {
            key: min(most, books.counters[key].taken)
            for key, most in self.exceeded.items()
            if books.counters[key].taken > books.counters[key].limit
        }
        now = _broken_rules(books)
        self.broken = {key: now[key] for key in self.broken.keys() & now.keys()}
        self.overlapping &= _overlapping(books)


def wrongs(session: Session, books: Books, record: Record) -> list[str]:
    """What is not as it must be at any moment; none where all is well."""
    return [
        *_wrong_counters(books, record),
        *_doubles(books),
        *_wrong_days(books, record),
        *_wrong_logs(books),
        *_wrong_prices(session, books),
    ]


def deep_wrongs(session: Session, *besides: Problem) -> list[str]:
    """The same by the application's own checks, but for what only a `Record` can tell."""
    told = (Problem.OVERSOLD, Problem.COMBINATION, *besides)
    return [f"{each.problem}: {each.where}" for each in find_inconsistencies(session) if each.problem not in told]


def _wrong_counters(books: Books, record: Record) -> Iterator[str]:
    children: defaultdict[tuple[date, int], set[int]] = defaultdict(set)
    scopes = catalogue().scopes
    for row in books.bookings.values():
        if row.status in HOLDING_STATUSES:
            opening = books.openings[row.opening_id]
            for scope in scopes:
                if opening.unit_id in scope.units and opening.group_id in scope.groups:
                    children[opening.day, scope.id].add(row.child_id)
    for key in children.keys() | books.counters.keys():
        counter = books.counters.get(key)
        if counter is None or counter.taken != len(children[key]):
            yield f"counter {key}: {counter}, {len(children[key])} children"
        elif counter.taken > counter.limit and counter.taken > record.exceeded.get(key, -1):
            yield f"counter {key}: {counter}, nobody of the staff went over it"


def _doubles(books: Books) -> Iterator[str]:
    seen: set[tuple[int, date, int]] = set()
    for row in books.bookings.values():
        opening = books.openings[row.opening_id]
        place = (row.child_id, opening.day, opening.unit_id)
        if row.is_active and place in seen:
            yield f"child, day and unit {place}: booked twice"
        if row.is_active:
            seen.add(place)


def _overlapping(books: Books) -> frozenset[tuple[int, date]]:
    """The children and days with units of two activities at the same hours."""
    hours = {
        id_: Hours(unit.activity_id, unit.starts_at, unit.ends_at) for id_, unit in catalogue().units.items()
    }  # fmt: skip
    return frozenset(key for key, unit_ids in books.units_by_day().items() if overlaps(unit_ids, hours))


def _wrong_days(books: Books, record: Record) -> Iterator[str]:
    for child_id, day in _overlapping(books) - record.overlapping:
        yield f"child {child_id} on {day}: units overlap"
    for key, found in _broken_rules(books).items():
        if not found <= record.broken.get(key, frozenset()):
            yield f"child and day {key}: {sorted(found)} was saved against a rule"


def _rules() -> tuple[CombinationRule, ...]:
    return tuple(rule for activity in catalogue().activities.values() for rule in activity.combinations)


def _broken_rules(books: Books) -> dict[tuple[int, date], frozenset[tuple[int, str]]]:
    """By child and day, the units that break a rule as it is now, and how."""
    rules = _rules()
    offered: defaultdict[date, set[int]] = defaultdict(set)
    for opening in books.openings.values():
        if opening.is_open:
            offered[opening.day].add(opening.unit_id)
    chosen = books.units_by_day()
    broken = {
        key: frozenset((each.unit_id, each.breach.value) for each in found)
        for key, unit_ids in chosen.items()
        if (found := violations(unit_ids, rules, offered[key[1]]))
    }
    # Of a week, told by its Monday: too many days. What is too few depends on what could be had at the time.
    for rule in rules:
        if isinstance(rule, WeekCount) and rule.most is not None:
            weeks: defaultdict[tuple[int, date], set[date]] = defaultdict(set)
            for (child_id, day), unit_ids in chosen.items():
                if unit_ids & rule.days.units:
                    weeks[child_id, week_of(day)[0]].add(day)
            broken |= {key: frozenset({(len(days), "days")}) for key, days in weeks.items() if len(days) > rule.most}
    return broken


def _wrong_logs(books: Books) -> Iterator[str]:
    of_booking: defaultdict[int, list[EventRow]] = defaultdict(list)
    for event in books.events:
        of_booking[event.booking_id].append(event)
    for row in books.bookings.values():
        steps = of_booking[row.id]
        is_whole = (
            bool(steps)
            and steps[0].before is None
            and steps[-1].after is row.status
            and all(following.before is step.after for step, following in pairwise(steps))
            and all(step.after in BOOKING_TRANSITIONS[step.before] or step.is_of_staff_alone for step in steps)
            and all(step.actor is Actor.SYSTEM or step.user_id is not None for step in steps)
        )
        if not is_whole:
            yield f"booking {row.id} is {row.status}, its log: {steps}"


def _wrong_prices(session: Session, books: Books) -> Iterator[str]:
    if not books.bookings:
        return
    family_ids = {row.family_id for row in books.bookings.values()}
    spans = spans_to_tell(catalogue().activities, DaySpan(DAYS[0], DAYS[-1]))
    for family_id, prices in load_prices(session, family_ids, spans).items():
        shares = prices.bill().shares
        for row in books.bookings.values():
            is_charged = row.status is BookingStatus.CONFIRMED or row.cancel_class is CancelClass.LATE_CHARGED
            if row.family_id == family_id and is_charged and row.id not in books.invoiced:
                cents = shares[row.id].amount_cents if row.id in shares else None
                if cents != row.price_cents:
                    yield f"booking {row.id} keeps {row.price_cents} cents, the engine says {cents}"
    kept = {row.id: row.price_cents for row in books.bookings.values()}
    last = {booking_id: to_cents for booking_id, _, to_cents in books.price_changes}
    for booking_id, to_cents in last.items():
        if kept[booking_id] != to_cents:
            yield f"booking {booking_id}: {kept[booking_id]} cents, changed to {to_cents}"


def step_wrongs(before: Books, after: Books, actor: Actor, user_id: int | None) -> Iterator[str]:
    """What one step of somebody left that is not told, or told as somebody else's."""
    told = {event.booking_id: event for event in after.events[len(before.events) :]}
    given = given_by_lists(before, after)
    for id_, row in after.bookings.items():
        earlier = before.bookings.get(id_)
        if (None if earlier is None else earlier.status) is not row.status:
            event = told.pop(id_, None)
            is_theirs = event is not None and (id_ in given or (event.actor, event.user_id) == (actor, user_id))
            if not is_theirs or event is None or event.at != clock.now():
                yield f"booking {id_} became {row.status}: {event}"
        elif earlier is not None and earlier.cancel_class is not row.cancel_class:
            event = told.pop(id_, None)
            if event is None or not event.is_of_staff_alone:
                yield f"booking {id_} became {row.cancel_class}: {event}"
        changes = [change for change in after.price_changes[len(before.price_changes) :] if change[0] == id_]
        if earlier is not None and bool(changes) != (earlier.price_cents != row.price_cents):
            yield f"booking {id_}: {earlier.price_cents} to {row.price_cents} cents, told {changes}"
    if told:
        yield f"events without a change: {told}"
    if not before.bookings.keys() <= after.bookings.keys() or after.events[: len(before.events)] != before.events:
        yield "history was rewritten"


def given_by_lists(before: Books, after: Books) -> frozenset[int]:
    """The bookings that moved by themselves in a step, whoever made it: lists booked, offered or ended them by the
    clock, or their place was not paid in time.
    """
    new = after.events[len(before.events) :]
    return frozenset(
        event.booking_id
        for event in new
        if event.actor is Actor.SYSTEM
        and (
            after.bookings[event.booking_id].waiting_id is not None
            or (event.before, event.after) == (BookingStatus.AWAITING_PAYMENT, BookingStatus.EXPIRED)
        )
    )


def list_wrongs(session: Session, before: Books, after: Books) -> Iterator[str]:
    """What lists gave in a step too late, or to somebody behind those whose turn it was."""
    given: set[int] = set()  # entries
    for event in after.events[len(before.events) :]:
        row = after.bookings[event.booking_id]
        if row.waiting_id is None or event.after not in (BookingStatus.OFFERED, BookingStatus.CONFIRMED):
            continue
        opening = after.openings[row.opening_id]
        _, _, until = after.entries[row.waiting_id]
        if event.actor is Actor.SYSTEM:
            given.add(row.waiting_id)
            if not _may(opening, Deadline.BOOK):
                yield f"{opening} became {event.after} at {clock.now()}, after its deadline"
        if event.after is BookingStatus.OFFERED and (until is None or not _may(opening, Deadline.BOOK, until)):
            yield f"{opening} is offered until {until}"
        if event.before is BookingStatus.OFFERED and (until is None or not is_in_time(clock.now(), until)):
            yield f"{opening} was offered until {until}, and taken at {clock.now()}"
        is_alone = event.actor is Actor.SYSTEM and event.after is BookingStatus.CONFIRMED
        if is_alone and not _may(opening, Deadline.CANCEL):
            yield f"{opening} was booked for who cannot cancel it any more"
    if given:
        yield from _overtaken(session, before, after, given)


def _overtaken(session: Session, before: Books, after: Books, given: Collection[int]) -> Iterator[str]:
    """Who waited already, comes before somebody who was given places, and would have had them."""
    waiting = waiting_lists.read_entries(session, WaitingEntry.day >= clock.today())
    by_id = {each.entry.id: each for each in waiting if each.entry.id in before.entries}
    turns = {bundle: max(after.entries[id_][0] for id_ in after.entries if after.entries[id_][1] == bundle)
             for bundle in {after.entries[id_][1] for id_ in given}}  # fmt: skip
    for winner, turn in turns.items():
        taken = _places_of(after, [row for row in after.bookings.values() if _bundle(after, row) == winner])
        family_ids = {row.family_id for row in after.bookings.values() if _bundle(after, row) == winner}
        for bundle in bundles(each.entry for each in waiting):
            needs = {need for entry in bundle for need in entry.needs}
            is_earlier = bundle[-1].position < turn and all(entry.id in by_id for entry in bundle)
            if not is_earlier or not needs & taken.keys() or by_id[bundle[0].id].row.family_id in family_ids:
                continue
            with suppress(_Undo), write_transaction() as writing:
                for (day, scope_id), count in taken.items():
                    counter = CapacityCounter.day == day, CapacityCounter.scope_id == scope_id
                    writing.scalars(select(CapacityCounter).where(*counter)).one().taken -= count
                writing.flush()
                if may_come(writing, bundle):
                    yield f"entries {[entry.id for entry in bundle]} were overtaken by those of {winner}"
                raise _Undo
    session.rollback()


class _Undo(Exception):
    """Nothing of it is kept."""


def _bundle(books: Books, row: BookingRow) -> int | None:
    return None if row.waiting_id is None else books.entries[row.waiting_id][1]


def _places_of(books: Books, rows: Collection[BookingRow]) -> Counter[tuple[date, int]]:
    """The places that some bookings hold, by day and scope, and nothing else of their children does."""
    ids = {row.id for row in rows}
    scopes = catalogue().scopes
    held: defaultdict[tuple[int, date], set[int]] = defaultdict(set)
    mine: defaultdict[tuple[int, date], set[int]] = defaultdict(set)
    for row in books.bookings.values():
        if row.holds:
            opening = books.openings[row.opening_id]
            covered = {scope.id for scope in covering(Slot(opening.unit_id, opening.group_id), scopes)}
            (mine if row.id in ids else held)[row.child_id, opening.day] |= covered
    return Counter((day, scope) for (child, day), found in mine.items() for scope in found - held[child, day])


def save_wrongs(before: Books, after: Books, parent: Parent, proposal: Proposal, outcome: SaveOutcome) -> Iterator[str]:
    """What a save did that its form did not ask for, that nobody may, or that it does not tell."""
    yield from step_wrongs(before, after, Actor.PARENT, parent.user_id)
    results: defaultdict[Result, set[int]] = defaultdict(set)
    given = given_by_lists(before, after)
    served = {after.bookings[id_].family_id for id_ in given}
    to_pay = {id_ for id_ in before.held(parent) if before.status(parent, id_) is BookingStatus.AWAITING_PAYMENT}
    for choice in outcome.choices:
        if choice.result is Result.TO_PAY and choice.opening_id in to_pay:
            continue  # it was kept already
        results[choice.result].add(choice.opening_id)
        if choice.result in (Result.BOOKED, Result.TO_PAY):
            yield from _wrongly_booked(after, parent, choice)
        elif choice.result in _CANCELLED and choice.opening_id not in to_pay:
            yield from _wrongly_cancelled(before, choice)
        elif choice.reason == "full" and not given:
            yield from _wrongly_full(before, parent, choice)
    whose = (parent.child_id, parent.family.id)
    moved: defaultdict[Result, set[int]] = defaultdict(set)
    for id_, row in after.bookings.items():
        earlier = before.bookings.get(id_)
        if earlier is not None and earlier.status is row.status:
            if earlier.price_cents != row.price_cents and row.family_id not in {parent.family.id, *served}:
                yield f"another family's booking {id_} changed its price"
            continue
        if id_ in given:
            continue
        if (row.child_id, row.family_id) != whose:
            yield f"booking {id_} of somebody else became {row.status}"
        is_late = row.cancel_class is CancelClass.LATE_CHARGED
        cancelled = Result.CANCELLED_LATE if is_late else Result.CANCELLED
        made = Result.TO_PAY if row.status is BookingStatus.AWAITING_PAYMENT else Result.BOOKED
        moved[made if earlier is None else cancelled].add(row.opening_id)
    shown_free = {each.opening_id for each in proposal.shown if not each.held}
    shown_held = {each.opening_id for each in proposal.shown} - shown_free
    for result in (Result.BOOKED, Result.TO_PAY):
        if moved[result] != results[result] or not moved[result] <= shown_free & proposal.ticked:
            yield f"{result}: {moved[result]}, told {results[result]}, asked {shown_free & proposal.ticked}"
    for result in _CANCELLED:
        if moved[result] != results[result] or not moved[result] <= shown_held - proposal.ticked:
            yield f"{result}: {moved[result]}, told {results[result]}"
    for day in {opening.day for id_, opening in before.openings.items() if id_ in shown_free | shown_held}:
        here = {id_ for id_, opening in before.openings.items() if opening.day == day}
        done = here & set().union(*(results[each] for each in (Result.BOOKED, Result.TO_PAY, *_CANCELLED)))
        left = here & (results[Result.REFUSED] | results[Result.HELD_BACK] | results[Result.WEEK_HELD_BACK])
        if done and left:
            yield f"half a day was saved on {day}: {done} and not {left}"
    if not any(moved.values()) and not given and before != after:
        yield "nothing was booked or cancelled, but something changed"


_CANCELLED = (Result.CANCELLED, Result.CANCELLED_LATE)


def _limits(opening: OpeningRow, deadline: Deadline) -> datetime | Never | None:
    known = catalogue()
    unit = known.units[opening.unit_id]
    rule = known.activities[unit.activity_id].notices.get(deadline)
    return None if rule is None else instant(rule, Occasion(opening.day, unit.starts_at, unit.id), known.calendar)


def _may(opening: OpeningRow, deadline: Deadline, at: datetime | None = None) -> bool:
    """Whether the deadline lets parents act now; or until some moment, which may be the start itself."""
    until, moment = _limits(opening, deadline), at or clock.now()
    start = paris_moment(opening.day, catalogue().units[opening.unit_id].starts_at)
    has_begun = moment >= start if at is None else moment > start
    return not isinstance(until, Never) and not has_begun and (until is None or is_in_time(moment, until))


def _wrongly_booked(after: Books, parent: Parent, choice: SavedChoice) -> Iterator[str]:
    opening = after.openings[choice.opening_id]
    kept = [
        row.price_cents
        for row in after.bookings.values()
        if row.holds and (row.child_id, row.opening_id) == (parent.child_id, opening.id)
    ]
    enrolled = {
        group
        for child, family, group, status in after.enrolments
        if (child, family, status) == (parent.child_id, parent.family.id, EnrolmentStatus.ACCEPTED)
    }
    if kept != [choice.price_cents]:
        yield f"opening {opening.id} was told at {choice.price_cents} cents, kept at {kept}"
    if not opening.is_open or opening.group_id not in enrolled or not _may(opening, Deadline.BOOK):
        yield f"{opening} was booked at {clock.now()}"


def _wrongly_cancelled(before: Books, choice: SavedChoice) -> Iterator[str]:
    opening = before.openings[choice.opening_id]
    is_late = not _may(opening, Deadline.CANCEL)
    may_late = _may(opening, Deadline.CANCEL_LATE) and _limits(opening, Deadline.CANCEL_LATE) is not None
    if is_late is not (choice.result is Result.CANCELLED_LATE) or (is_late and not may_late):
        yield f"{opening}: {choice.result} at {clock.now()}"


def _wrongly_full(before: Books, parent: Parent, choice: SavedChoice) -> Iterator[str]:
    opening = before.openings[choice.opening_id]
    mine = {
        (before.openings[row.opening_id].unit_id, before.openings[row.opening_id].group_id)
        for row in before.bookings.values()
        if row.holds and row.child_id == parent.child_id and before.openings[row.opening_id].day == opening.day
    }
    for scope in catalogue().scopes:
        covers = opening.unit_id in scope.units and opening.group_id in scope.groups
        is_counted = any(unit in scope.units and group in scope.groups for unit, group in mine)
        counter = before.counters.get((opening.day, scope.id))
        if covers and not is_counted and counter is not None and counter.taken >= counter.limit:
            return
    yield f"{opening} was refused as full"


# --- What people do -------------------------------------------------------------------------------------------------

StaffAction = Callable[[Session, Council, Books, Random], None]


def some_form(books: Books, parent: Parent, rng: Random) -> Proposal | None:
    """A form of some days as it was shown a moment ago: a cell may have changed since, some of them are toggled."""
    days = set(rng.sample(DAYS, rng.randint(1, 3)))
    cells = [opening for opening in books.offered(parent) if opening.day in days]
    if not cells:
        return None
    held = books.held(parent)
    # Half of the forms were shown late, and said of what is held that cancelling it is charged.
    is_late = rng.random() < 0.5
    shown = tuple(
        Shown(each.id, is_held, charged=is_late and is_held)
        for each in cells
        for is_held in [(each.id in held) != (rng.random() < 0.08)]
    )
    return Proposal(shown, frozenset(each.opening_id for each in shown if each.held != (rng.random() < 0.35)))


def save(parent: Parent, key: str, proposal: Proposal) -> SaveOutcome:
    """As the view does it."""
    with write_transaction() as session:
        return bookings.save(session, parent.family, parent.user_id, parent.child_id, key, proposal)


def join_list(council: Council, books: Books, parent: Parent, rng: Random) -> None:
    """Wait for some units of a day, full or not."""
    cells = [each for each in books.offered(parent) if each.group_id == council.wednesday.group_id]
    day = rng.choice(DAYS)
    wanted = [each.id for each in cells if each.day == day and rng.random() < 0.6]
    if wanted:
        with write_transaction() as session:
            waiting_wishes.join(
                session, parent.family, parent.user_id, parent.child_id, wanted, wants_booking=rng.random() < 0.5
            )


def answer_list(parent: Parent, rng: Random) -> None:
    """Take or decline an offer, leave a list, or bind the children of a family together."""
    live = select(WaitingEntry).where(LIVE, WaitingEntry.family_id == parent.family.id).order_by(WaitingEntry.id)
    entries = [(each.id, each.day, each.offered_until) for each in db.session.scalars(live)]
    db.session.rollback()
    if not entries:
        return
    entry_id, day, offered_until = rng.choice(entries)
    with write_transaction() as session:
        if offered_until is not None and rng.random() < 0.6:
            waiting_wishes.accept(session, parent.family, parent.user_id, entry_id)
        elif rng.random() < 0.7:
            waiting_wishes.leave(session, parent.family, parent.user_id, entry_id)
        else:
            waiting_wishes.bind(session, parent.family, day, together=rng.random() < 0.7)


def work_on_lists() -> Iterator[None]:
    """What the worker does, one transaction after the other: end what is over, look again at who could not come."""
    while (family_id := waiting_lists.family_with_due(db.session())) is not None:
        with write_transaction() as session:
            waiting_lists.expire_due(session, family_id)
        yield
    for day in waiting_lists.days_to_look_at(db.session()):
        with write_transaction() as session:
            waiting_lists.look_at(session, day)
        yield
    db.session.rollback()


def unserved(session: Session) -> list[str]:
    """Those who wait although their places are free and they may come: there are none after any step."""
    entries = waiting_lists.read_entries(session, WaitingEntry.day >= clock.today())
    free = [bundle for bundle in bundles(each.entry for each in entries) if may_come(session, bundle)]
    return [f"entries {[entry.id for entry in bundle]} wait for free places" for bundle in free]


def may_come(session: Session, bundle: Sequence[Entry]) -> bool:
    """Whether the places of a bundle are there and a save made now would book it."""
    ids = [entry.id for entry in bundle]
    waiting = waiting_lists.read_entries(session, WaitingEntry.id.in_(ids))
    if not fits(bundle, waiting_lists._left(session, {each.row.day: set() for each in waiting})):
        return False
    by_child: defaultdict[int, list[waiting_lists._Waiting]] = defaultdict(list)
    for each in waiting:
        by_child[each.row.child_id].append(each)
    family = waiting_lists._family_ref(session, waiting[0].row.family_id)
    return all(
        waiting_lists._judge_promotion(session, family, each, clock.now()) is not None for each in by_child.values()
    )


def justify(council: Council, parent: Parent, key: str, rng: Random) -> None:
    """Ask that some of what was cancelled too late is not charged."""
    found = absences.absences_of(parent.family.id).absences
    wanted = {id_ for each in found if rng.random() < 0.7 for id_ in each.booking_ids}
    wanted = wanted if rng.random() < 0.1 else {
        id_ for each in found if each.state is AbsenceState.TO_JUSTIFY for id_ in each.booking_ids if id_ in wanted
    }  # fmt: skip
    db.session.rollback()
    if wanted:
        typed = JustificationInput(frozenset(wanted), council.reason_id, "", key)
        with write_transaction() as session:
            absences.send(session, parent.family, parent.user_id, typed, None)


def ask_enrolment(session: Session, council: Council, parent: Parent, rng: Random) -> None:
    """Ask for an activity, whether or not the child has it."""
    activity_id = rng.choice(council.activities).id
    enrolments.request_enrolment(session, parent.family, parent.user_id, parent.child_id, activity_id)


def hostile_forms(council: Council, books: Books, parent: Parent, rng: Random) -> Mapping[str, tuple[Parent, Proposal]]:
    """Forms that no page of ours holds: whoever sends them reads an error, and nothing changes."""
    own = some_form(books, parent, rng) or Proposal((), frozenset())
    foreign = next(each.id for each in books.openings.values() if each.group_id == council.excursion.group_id)
    stranger = rng.choice([each for each in council.parents if each.family.id != parent.family.id])
    own_children = {each.child_id for each in council.parents if each.family.id == parent.family.id}
    strangers_child = next(each.child_id for each in council.parents if each.child_id not in own_children)
    theirs = next((id_ for id_ in books.held(stranger) if id_ not in {o.id for o in books.offered(parent)}), foreign)
    cells = tuple(
        Shown(each.id, False) for each in books.openings.values() if each.group_id == council.wednesday.group_id
    )

    def besides(*more: Shown, ticked: Collection[int] = ()) -> tuple[Parent, Proposal]:
        return parent, Proposal((*own.shown, *more), own.ticked | set(ticked))

    return {
        "a group where the child is not": besides(Shown(foreign, False), ticked=[foreign]),
        "another family's booking": besides(Shown(theirs, True)),
        "an opening that is none": besides(Shown(999_999_999, False), ticked=[999_999_999]),
        "ticked, never shown": besides(ticked=[foreign]),
        "another family's child": (
            replace(parent, child_id=strangers_child),
            Proposal(cells, frozenset(each.opening_id for each in cells)),
        ),
        "a closed family": (council.closed, Proposal(cells, frozenset(each.opening_id for each in cells))),
        "ticked, nothing shown": (parent, Proposal((), frozenset({foreign}))),
        "too much": (parent, Proposal(tuple(Shown(id_, False) for id_ in range(1, 502)), frozenset())),
    }


def contradictory_form(books: Books, parent: Parent, rng: Random) -> Proposal | None:
    """A form that shows its openings twice, held and free, and that would remove what the family does not hold."""
    own = some_form(books, parent, rng)
    if own is None:
        return None
    return Proposal((*own.shown, *(Shown(each.opening_id, not each.held) for each in own.shown)), own.ticked)


def _set_day_places(session: Session, council: Council, books: Books, rng: Random) -> None:
    scope = rng.choice(catalogue().scopes)
    places = rng.choice([None, 0, 1, 2, 3])
    online = rng.choice([None, None, 1]) if places is not None else None
    set_day_places(session, scope.id, rng.sample(DAYS, 2), places, online)


def _change_scope(session: Session, council: Council, books: Books, rng: Random) -> None:
    scope = rng.choice([each for each in catalogue().scopes if each.groups == {council.wednesday.group_id}])
    units = [id_ for id_ in council.wednesday.units.values() if rng.random() < 0.7] or [
        council.wednesday.units["Repas"]
    ]
    typed = ScopeInput(scope.name, rng.randint(1, 3), rng.choice([None, 1]), 0, frozenset(units), scope.groups)
    save_scope(session, scope.id, typed)


def _some_days(council: Council, rng: Random) -> tuple[int, DaysInput]:
    activity = rng.choice(council.activities)
    units = rng.sample(sorted(activity.units.values()), rng.randint(1, len(activity.units)))
    days = rng.sample([day for day in DAYS if activity is council.workshop or day.weekday() == 2], 1)
    return activity.id, DaysInput(frozenset(units), frozenset({activity.group_id}), tuple(days))


def _close_days(session: Session, council: Council, books: Books, rng: Random) -> None:
    openings.close_days(session, *_some_days(council, rng), "Travaux")


def _open_days(session: Session, council: Council, books: Books, rng: Random) -> None:
    openings.open_days(session, *_some_days(council, rng))


def _withdraw_days(session: Session, council: Council, books: Books, rng: Random) -> None:
    openings.withdraw_days(session, *_some_days(council, rng))


def _change_deadline(session: Session, council: Council, books: Books, rng: Random) -> None:
    notices: list[NoticeRule] = [
        NoticeRule(()), simple_rule(Never()), simple_rule(HoursBefore(2)), factories.THE_DAY_BEFORE,
        simple_rule(DaysBefore(7, time(12))),
    ]  # fmt: skip
    deadline = rng.choice([Deadline.BOOK, Deadline.CANCEL, Deadline.CANCEL_LATE])
    deadline_settings.save_rule(session, rng.choice(council.activities).id, deadline, rng.choice(notices))


def _change_combinations(session: Session, council: Council, books: Books, rng: Random) -> None:
    morning, lunch, afternoon = (council.wednesday.units[name] for name in ("Matin", "Repas", "Après-midi"))
    every = frozenset({morning, lunch, afternoon})
    rules: list[CombinationRule] = [
        Requirement(lunch, frozenset({morning, afternoon})), Exclusion(frozenset({morning, afternoon})),
        Together(frozenset({morning, lunch})), DayCount(every, least=2), DayCount(every, most=2),
    ]  # fmt: skip
    chosen = tuple(rng.sample(rules, rng.randint(0, 2)))
    combination_settings.save_combinations(session, council.wednesday.id, Combinations(chosen))


def _change_days_of_week(session: Session, council: Council, books: Books, rng: Random) -> None:
    evenings = Days(units=frozenset(council.workshop.units.values()))
    rules = (), (WeekCount(evenings, most=1),), (WeekCount(evenings, least=EVERY_DAY),)
    combination_settings.save_combinations(session, council.workshop.id, Combinations(rng.choice(rules)))


def _end_enrolment(session: Session, council: Council, books: Books, rng: Random) -> None:
    parent = rng.choice(council.parents)
    accepted = session.scalars(
        select(Enrolment.id)
        .where(
            Enrolment.child_id == parent.child_id, Enrolment.family_id == parent.family.id,
            Enrolment.status == EnrolmentStatus.ACCEPTED,
        )
        .order_by(Enrolment.id)
    ).all()  # fmt: skip
    if not accepted:
        return
    chosen, from_day = rng.choice(accepted), rng.choice(DAYS)
    plan = enrolment_ends.plan_end(session, parent.family, chosen, from_day, by_staff=True)
    enrolment_ends.end_enrolment(
        session, parent.family, chosen, from_day, user_id=council.staff_id, reason="Déménagement",
        fingerprint=plan.fingerprint, by_staff=True,
    )  # fmt: skip


def _accept_enrolment(session: Session, council: Council, books: Books, rng: Random) -> None:
    asked = session.scalars(
        select(Enrolment.id).where(Enrolment.status == EnrolmentStatus.REQUESTED).order_by(Enrolment.id)
    ).all()
    if asked:
        enrolments.accept_enrolment(session, rng.choice(asked), council.staff_id)


def _accept_quotient(session: Session, council: Council, books: Books, rng: Random) -> None:
    family_id, month = rng.choice(council.parents).family.id, rng.choice(_MONTHS)
    known = select(FamilyQuotient.id).where(FamilyQuotient.family_id == family_id, FamilyQuotient.starts_on == month)
    if session.scalar(known) is None:
        row = FamilyQuotient(family_id=family_id, value_cents=rng.choice([45_000, 90_000]), starts_on=month)
        session.add(row)
        session.flush()
        quotient_decisions.accept_quotient(session, row.id, council.staff_id, date(2027, 8, 31))


_AS_STAFF_CANCEL = (CancelClass.IN_TIME, CancelClass.LATE_CHARGED, CancelClass.STRUCTURE)


def _save_for_family(session: Session, council: Council, books: Books, rng: Random) -> None:
    """An agent acts on a planning, over all places where it must be."""
    parent = rng.choice([*council.parents, council.closed])
    proposal = some_form(books, parent, rng)
    if proposal is not None:
        every = frozenset(shown.opening_id for shown in proposal.shown)
        said = StaffSave("La famille a appelé", rng.choice(_AS_STAFF_CANCEL), every)
        key = f"agent-{rng.getrandbits(64):016x}"
        staff_bookings.save_for_family(
            session, parent.family, council.staff_id, parent.child_id, key, proposal, said
        )  # fmt: skip


def _close_for_strike(session: Session, council: Council, books: Books, rng: Random) -> None:
    """Close a day of an activity, whatever is booked there, or open again what was closed so."""
    done = closures.closures().rows
    if done and rng.random() < 0.3:
        closures.reopen(session, rng.choice(done).id, council.staff_id)
        return
    activity = rng.choice(council.activities)
    codes = [f"activity-{activity.id}", *(f"unit-{id_}" for id_ in activity.units.values() if len(activity.units) > 1)]
    day = rng.choice(DAYS)
    wish = ClosureWish(closures.find_place(rng.choice(codes)), day, day, "Grève")
    closures.close(session, wish, council.staff_id, closures.plan_closure(session, wish).fingerprint)


def _move_entry(session: Session, council: Council, books: Books, rng: Random) -> None:
    live = select(WaitingEntry).where(LIVE, WaitingEntry.offered_until.is_(None)).order_by(WaitingEntry.id)
    rows = session.scalars(live).all()
    if rows:
        row = rng.choice(rows)
        seen = waiting_views.ranks(session, [row.day]).get(row.id, 1)
        wish = waiting_moves.MoveInput(seen, rng.randint(1, 3), "Fratrie")
        waiting_moves.move(session, row.id, wish, council.staff_id)


def _decide_absences(session: Session, council: Council, books: Books, rng: Random) -> None:
    """Accept some of the absences that a family wants excused, and refuse the others."""
    waiting = select(AbsenceJustification).where(AbsenceJustification.status == JustificationStatus.WAITING)
    rows = session.scalars(waiting.order_by(AbsenceJustification.id)).all()
    if rows:
        row = rng.choice(rows)
        accepted = [each.booking_id for each in row.absences if rng.random() < 0.7]
        absence_decisions.decide(session, row.id, council.staff_id, accepted, "Certificat illisible")


STAFF: tuple[StaffAction, ...] = (
    _set_day_places, _close_for_strike, _change_scope, _close_days, _open_days, _withdraw_days, _change_deadline, _end_enrolment,
    _accept_enrolment, _accept_quotient, _move_entry, _decide_absences,
)  # fmt: skip
"""What the staff may do beside savers without making wrong what these were judged by."""

ALONE: tuple[StaffAction, ...] = (_change_combinations, _change_days_of_week, _save_for_family)
"""What counts for those who save afterwards only: who saves at the same moment was judged by the rule before.

What agents book against rules and beyond places too.
"""


def next_moments() -> list[datetime]:
    """Moments to come at which something begins or ends to be possible: deadlines, units that start, midnight."""
    now = clock.now()
    hours = (time(0), time(7, 30), time(10), time(10, 0, 1), time(12, 15), time(16, 30), time(16, 30, 1))
    around = (DAYS[0] + timedelta(days=offset) for offset in range(-2, (DAYS[-1] - DAYS[0]).days + 2))
    return [moment for day in around for hour in hours if (moment := datetime.combine(day, hour, PARIS)) > now]


def wait(rng: Random) -> None:
    """Let some time pass, often to the second after which something is too late, or to the minute in which a place that
    is to be paid is not kept any more.
    """
    if rng.random() < 0.4:
        clock.start_at(clock.now() + timedelta(minutes=rng.choice([5, 19, 20, 25])), frozen=True)
    elif moments := next_moments():
        clock.start_at(rng.choice(moments[:12]), frozen=True)


def staff_act(action: StaffAction, council: Council, record: Record, rng: Random) -> None:
    """One thing that the staff do, or are refused; what it makes right is on record as of the same moment."""
    try:
        with write_transaction() as session:
            action(session, council, read_books(session), rng)
            record.note(read_books(session))
    except DomainError:
        pass


def live_at_once(app: Flask, council: Council, seconds: float) -> Counter[str]:
    """Let every parent save in a thread of their own, beside the staff; how often what was answered.

    Raises AssertionError for what the staff find wrong while nobody saves, between two things that they do.
    """
    end = monotonic() + seconds
    told: Counter[str] = Counter()
    errors: list[BaseException] = []

    def run(act: Callable[[Random], None], number: int) -> None:
        rng = Random(number)
        try:
            with app.app_context():
                while monotonic() < end and not errors:
                    act(rng)
        except BaseException as error:
            errors.append(error)

    def parent_acts(number: int, rng: Random) -> None:
        parent = council.parents[number]
        if rng.random() < 0.4:
            with suppress(DomainError):
                dice = rng.random()
                if dice < 0.4:
                    join_list(council, read_books(db.session()), parent, rng)
                elif dice < 0.6:
                    answer_list(parent, rng)
                elif dice < 0.8:
                    go_and_pay(till, parent.family, parent.user_id, rng)
                elif dice < 0.9:
                    news(till, rng)
                else:
                    work_on_payments(till)
            return
        proposal = some_form(read_books(db.session()), parent, rng)
        if proposal is not None:
            with suppress(NotFound):  # the staff took an opening away since
                outcome = save(parent, f"crowd-{number:03}-{rng.getrandbits(64):016x}", proposal)
                told.update(choice.result.value for choice in outcome.choices)

    record, till = Record(), Till()

    def staff_act_and_look(rng: Random) -> None:
        if rng.random() < 0.2:
            wait(rng)
        action = rng.choice(STAFF)
        # Money confirms what is kept without moving places: it waits while the staff look.
        with suppress(DomainError), till.lock, write_transaction() as session:
            if rng.random() < 0.5 and action not in _MOVES_PLACES:
                action(session, council, read_books(session), rng)
                return
            stop_bookings(session)
            books = read_books(session)
            # The worker is one of the parents here: what is kept too long has not met it yet.
            found = [*wrongs(session, books, record), *deep_wrongs(session, Problem.HELD)]
            assert not found, found
            with session.begin_nested():
                action(session, council, books, rng)
            record.note(read_books(session))
            assert not record.broken, record.broken

    threads = [
        Thread(target=run, args=(partial(parent_acts, number), number)) for number in range(len(council.parents))
    ]
    threads.append(Thread(target=run, args=(staff_act_and_look, len(threads))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    work_on_payments(till)
    found = [*wrongs(db.session(), read_books(db.session()), record), *deep_wrongs(db.session())]
    found += money_wrongs(db.session(), till)
    assert not found, found
    return told


_MOVES_PLACES = (_set_day_places, _change_scope)
