"""A typical week over many weeks, for one or several children: what it would book or give back, judged as a save will.

Each child's part is saved by `services.bookings.save()`, like a week of the planning.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import select

from app import clock
from app.database import db
from app.models.bookings import Booking, Opening
from app.rules.calendars import week_of
from app.rules.choices import Shown
from app.rules.repeats import LONGEST_REPEAT, Rhythm, TypicalWeek, repeated
from app.rules.states import HOLDING_STATUSES
from app.services.catalogue import UnitInfo, catalogue
from app.services.families import ChildView, FamilyRef
from app.services.households import BookedUsage, EnrolledChild, FamilyPrices, people_of, usage_of
from app.services.planning import Proposal
from app.services.planning_facts import load_facts
from app.services.verdicts import SaveOutcome, Verdict, judge_proposal


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be repeated, between two days, both included; `gives_back`: cancelled instead of booked."""

    week: TypicalWeek
    first: date
    last: date
    rhythm: Rhythm = Rhythm.EVERY_WEEK
    gives_back: bool = False


@dataclass(frozen=True, slots=True)
class OfferedUnit:
    """A unit that the family's children may book, and the days of the week on which it opens (0 is Monday)."""

    unit: UnitInfo
    activity_name: str
    weekdays: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a family can repeat: the units, and the last day on which any of them opens."""

    units: tuple[OfferedUnit, ...]
    last_day: date


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """What a wish means for a child: the choices to be saved, and what a save would answer to them now."""

    child: ChildView
    proposal: Proposal
    outcome: SaveOutcome
    has_already: int  # units that the child has there already
    closed_days: tuple[date, ...]
    charged: int  # bookings that can only be cancelled at their price: left alone


@dataclass(slots=True)
class _Promised:
    """What the children who were looked at before would have, for the prices of the next one."""

    added: dict[int, BookedUsage] = field(default_factory=dict)
    given_back: set[int] = field(default_factory=set)
    moved: dict[int, int] = field(default_factory=dict)  # new prices in cents, by booking

    def beside(self, prices: FamilyPrices) -> FamilyPrices:
        """The prices of the family as if all that were saved."""
        kept = {key: each for key, each in prices.booked.items() if key not in self.given_back}
        told = {key: each for key, each in self.added.items() if each.usage.activity_id in prices.tariffs}
        booked = {
            key: replace(each, price_cents=self.moved.get(key, each.price_cents))
            for key, each in (kept | told).items()
        }  # fmt: skip
        return replace(prices, booked=booked)

    def note(self, verdict: Verdict) -> None:
        """Remember what a verdict would save."""
        facts, prices = verdict.facts, verdict.prices
        for wish in verdict.accepted:
            self.given_back |= {facts.held[id_].id for id_ in wish.removals}
        self.moved |= {each.booking_id: each.share.amount_cents for each in prices.moved()}
        for opening_id, wanted in prices.added.items():
            share = prices.share_of(opening_id)
            if share is not None:
                # No booking has such a key, nor has another child's choice of the same opening.
                key = -(facts.child_id * 10**10 + opening_id)
                usage = usage_of(key, facts.child_id, wanted.unit, wanted.day)
                self.added[key] = BookedUsage(usage, opening_id, share.amount_cents, None)


def offer(children: Iterable[EnrolledChild], since: date) -> Offer:
    """What the children of a family can repeat from a day on. One query."""
    group_ids = {child.group_id for child in children if child.group_id is not None}
    opens = select(Opening.unit_id, Opening.day).where(
        Opening.group_id.in_(group_ids), Opening.is_open, Opening.day.between(since, since + LONGEST_REPEAT)
    )
    weekdays: dict[int, set[int]] = {}
    last_day = since
    for unit_id, day in db.session.execute(opens.distinct()):
        weekdays.setdefault(unit_id, set()).add(day.weekday())
        last_day = max(last_day, day)
    known = catalogue()
    units = [
        OfferedUnit(unit, activity.name, tuple(sorted(weekdays[unit.id])))
        for activity in known.activities.values()
        for unit in activity.units
        if unit.id in weekdays and unit.day is None
    ]
    return Offer(tuple(units), last_day)


def week_booked(family: FamilyRef, child_id: int, day: date) -> TypicalWeek:
    """The units that the family holds for a child in the week of a day. One query."""
    rows = db.session.execute(
        select(Booking.day, Opening.unit_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(
            Booking.family_id == family.id,
            Booking.child_id == child_id,
            Booking.status.in_(HOLDING_STATUSES),
            Booking.day.in_(week_of(day)),
        )
    )
    return TypicalWeek.of((day.weekday(), unit_id) for day, unit_id in rows)


def plan(
    family: FamilyRef, children: Sequence[EnrolledChild], child_ids: Collection[int], wish: Wish
) -> tuple[ChildPlan, ...]:
    """What a wish would do for each of these children, in the order in which they are saved. Writes nothing.

    A constant number of queries for each child. Only days from today on count.
    """
    now = clock.now()
    days = dict(repeated(wish.week, max(wish.first, now.date()), wish.last, wish.rhythm))
    promised = _Promised()
    plans = []
    for child in people_of(children):
        if child.id not in child_ids:
            continue
        plans.append(_plan_child(family, child, children, days, wish, promised, now))
    return tuple(plans)


def _plan_child(
    family: FamilyRef,
    child: ChildView,
    children: Sequence[EnrolledChild],
    days: Mapping[date, Collection[int]],
    wish: Wish,
    promised: _Promised,
    now: datetime,
) -> ChildPlan:
    nothing = ChildPlan(child, Proposal((), frozenset()), SaveOutcome(child.id, ()), 0, (), 0)
    if not days:
        return nothing
    facts = load_facts(db.session(), family, child.id, list(days), children=children)
    facts = replace(facts, prices=promised.beside(facts.prices))
    wanted = [
        opening
        for day, units in days.items()
        for opening in facts.openings_by_day.get(day, ())
        if opening.unit.id in units and facts.enrolment_for(opening) is not None
    ]
    if wish.gives_back:
        held = {opening.id: opening.day for opening in wanted if facts.holds(opening.id)}
        left = {day: facts.held_ids(day) - held.keys() for day in days}
        charged = facts.cancelled_late(left, now)
        shown = tuple(Shown(id_, held=True) for id_ in sorted(held.keys() - charged))
        found = replace(nothing, proposal=Proposal(shown, frozenset()), charged=len(charged))
    else:
        free = [opening for opening in wanted if opening.id not in facts.held]
        shown = tuple(Shown(opening.id, held=False) for opening in free if opening.is_open)
        found = replace(
            nothing,
            proposal=Proposal(shown, frozenset(each.opening_id for each in shown)),
            has_already=len(wanted) - len(free),
            closed_days=tuple(sorted({opening.day for opening in free if not opening.is_open})),
        )
    if not shown:
        return found
    verdict = judge_proposal(facts, found.proposal, now)
    promised.note(verdict)
    return replace(found, outcome=verdict.outcome())
