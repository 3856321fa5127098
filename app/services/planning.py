"""The planning of a child: what a week shows, judged by the same rules that a save obeys.

`load_facts()` reads what is stored about one child over some days; `judge_day()` turns it, with the choices proposed
for that day, into cells. `services.bookings.save()` calls both again inside its transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app import clock, labels
from app.database import db
from app.models.bookings import Booking, BookingPriceChange, CapacityCounter, Opening, PriceChangeReason
from app.models.enrolments import Enrolment
from app.models.invoices import InvoicedBooking
from app.rules.calendars import DayKind, week_of
from app.rules.capacity import Slot, covering, places_left
from app.rules.cells import Cell, CellFacts, CellState, judge
from app.rules.choices import Shown
from app.rules.combinations import Requirement, Violation, violations
from app.rules.pricing import NoPrice, Price, Quotient, price
from app.rules.states import ACTIVE_STATUSES, EnrolmentStatus
from app.services.catalogue import Catalogue, UnitInfo, catalogue
from app.services.families import ChildView, FamilyRef, quotients_of


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


@dataclass(frozen=True, slots=True)
class PriceChange:
    """That the price of a booking changed after it was made: what it was before (cents), and why."""

    from_cents: int
    reason: PriceChangeReason


@dataclass(frozen=True, slots=True)
class HeldBooking:
    """An active booking of the child, whichever family made it."""

    id: int
    opening_id: int
    family_id: int
    day: date
    slot: Slot
    price_cents: int
    price_explanation: str
    price_change: PriceChange | None  # the last one
    is_invoiced: bool


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
    """What is stored about one child, through one family, over some days."""

    family: FamilyRef
    child_id: int
    enrolments: tuple[EnrolmentInfo, ...]
    openings: Mapping[int, OpeningInfo]
    held: Mapping[int, HeldBooking]  # by opening id
    left: Mapping[tuple[date, int], int]  # places left by day and capacity scope
    quotients: tuple[Quotient, ...]
    catalogue: Catalogue
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

    def is_invoiced(self, opening_id: int) -> bool:
        """Whether what this family holds in the opening is on an issued invoice."""
        return self.holds(opening_id) and self.held[opening_id].is_invoiced

    def held_by_other(self, opening_id: int) -> bool:
        """Whether the child's other family holds it."""
        booking = self.held.get(opening_id)
        return booking is not None and booking.family_id != self.family.id

    def held_ids(self, day: date) -> frozenset[int]:
        """The openings of a day that this family holds for the child."""
        return frozenset(o.id for o in self.openings_by_day.get(day, ()) if self.holds(o.id))

    def slots_held(self, day: date) -> frozenset[Slot]:
        """All that the child holds on a day, through any family."""
        return frozenset(booking.slot for booking in self.held.values() if booking.day == day)

    def slots_after(self, day: date, proposed: Collection[int]) -> frozenset[Slot]:
        """All that the child would hold on a day if this family held exactly the proposed openings."""
        others = {
            b.slot
            for b in self.held.values()
            if b.day == day and not (self.holds(b.opening_id) and b.opening_id in self.openings)
        }
        return frozenset(others | {self.openings[id_].slot for id_ in proposed})

    def places_left(self, opening: OpeningInfo) -> int | None:
        """How many more children the opening can take, counting this one only where it is not counted yet."""
        scopes = self.catalogue.scopes
        counted = {scope.id for slot in self.slots_held(opening.day) for scope in covering(slot, scopes)}
        left = {scope.id: self.left[opening.day, scope.id] for scope in scopes if (opening.day, scope.id) in self.left}
        return places_left(opening.slot, counted, left, scopes)

    def price_of(self, opening: OpeningInfo) -> Price | None:
        """What the opening costs this family, or None where no price is set for it."""
        activity = self.catalogue.activities[opening.unit.activity_id]
        try:
            return price(opening.unit.id, opening.day, activity.tariffs, self.quotients)
        except NoPrice:
            return None

    def enrolment_for(self, opening: OpeningInfo) -> EnrolmentInfo | None:
        """The enrolment that lets the child into the opening on its day."""
        for enrolment in self.enrolments:
            if enrolment.group_id == opening.group_id and enrolment.starts_on <= opening.day <= enrolment.ends_on:
                return enrolment
        return None


def load_facts(
    session: Session, family: FamilyRef, child_id: int, days: Sequence[date], *, lock: bool = False
) -> PlanningFacts:
    """Read the facts of some days in a constant number of queries; with `lock`, hold the counters until the commit."""
    now_catalogue = catalogue()
    enrolments = tuple(
        EnrolmentInfo(*row)
        for row in session.execute(
            select(Enrolment.id, Enrolment.activity_id, Enrolment.group_id, Enrolment.starts_on, Enrolment.ends_on)
            .where(
                Enrolment.family_id == family.id,
                Enrolment.child_id == child_id,
                Enrolment.status == EnrolmentStatus.ACCEPTED,
                Enrolment.starts_on <= max(days),
                Enrolment.ends_on >= min(days),
            )
            .order_by(Enrolment.id)
        )
    )
    units = now_catalogue.units
    group_ids = {enrolment.group_id for enrolment in enrolments}
    openings = {
        id_: OpeningInfo(id_, units[unit_id], group_id, day, is_open, closing_reason)
        for id_, unit_id, group_id, day, is_open, closing_reason in session.execute(
            select(
                Opening.id, Opening.unit_id, Opening.group_id, Opening.day, Opening.is_open, Opening.closing_reason
            ).where(Opening.day.in_(days), Opening.group_id.in_(group_ids))
        )
    }
    # Read after the lock, so that what is counted is what is changed.
    left = _load_left(session, days, lock=lock)
    held = _load_held(session, child_id, days)
    return PlanningFacts(family, child_id, enrolments, openings, held, left, quotients_of(family.id), now_catalogue)


def _load_held(session: Session, child_id: int, days: Sequence[date]) -> dict[int, HeldBooking]:
    change = aliased(BookingPriceChange)
    last_change = (
        select(func.max(BookingPriceChange.id))
        .where(BookingPriceChange.booking_id == Booking.id)
        .correlate(Booking)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Booking.id, Booking.opening_id, Booking.family_id, Booking.day, Opening.unit_id, Opening.group_id,
            Booking.price_cents, Booking.price_explanation, change.from_cents, change.reason,
            InvoicedBooking.booking_id.is_not(None).label("is_invoiced"),
        )
        .join(Opening, Opening.id == Booking.opening_id)
        .outerjoin(InvoicedBooking, InvoicedBooking.booking_id == Booking.id)
        .outerjoin(change, change.id == last_change)
        .where(Booking.child_id == child_id, Booking.day.in_(days), Booking.status.in_(ACTIVE_STATUSES))
    )  # fmt: skip
    return {
        row.opening_id: HeldBooking(
            row.id, row.opening_id, row.family_id, row.day, Slot(row.unit_id, row.group_id),
            row.price_cents, row.price_explanation,
            None if row.from_cents is None else PriceChange(row.from_cents, row.reason), row.is_invoiced,
        )
        for row in rows
    }  # fmt: skip


def _load_left(session: Session, days: Sequence[date], *, lock: bool) -> dict[tuple[date, int], int]:
    counters = (
        select(CapacityCounter.day, CapacityCounter.scope_id, CapacityCounter.places - CapacityCounter.taken)
        .where(CapacityCounter.day.in_(days))
        .order_by(CapacityCounter.id)
    )
    if lock:
        counters = counters.with_for_update()
    return {(day, scope_id): left for day, scope_id, left in session.execute(counters)}


@dataclass(frozen=True, slots=True)
class DayJudgement:
    """The cells of a day under proposed choices, and the rules that these choices break anew."""

    cells: Mapping[int, Cell]  # by opening id
    broken: Mapping[int, Violation]  # by opening id, for the cells that are « non autorisée »


def judge_day(facts: PlanningFacts, day: date, proposed: Collection[int], now: datetime) -> DayJudgement:
    """Judge every opening of a day if this family held exactly the openings `proposed` on it.

    A broken rule counts only if the present bookings did not break it already: nobody is barred from undoing.
    """
    requirements = _requirements(facts)
    before = frozenset(violations({slot.unit_id for slot in facts.slots_held(day)}, requirements))
    chosen = facts.slots_after(day, proposed)
    after = violations({slot.unit_id for slot in chosen}, requirements)
    by_unit = {violation.unit_id: violation for violation in after if violation not in before}
    cells = {}
    broken = {}
    for opening in facts.openings_by_day.get(day, ()):
        violation = by_unit.get(opening.unit.id) if opening.slot in chosen else None
        cells[opening.id] = judge(_cell_facts(facts, opening, violation), now, facts.catalogue.calendar)
        # What has started breaks nothing any more: its cell says so, and the save must agree with the screen.
        if violation is not None and cells[opening.id].state is CellState.NOT_ALLOWED:
            broken[opening.id] = violation
    return DayJudgement(cells, broken)


def _requirements(facts: PlanningFacts) -> tuple[Requirement, ...]:
    activity_ids = dict.fromkeys(enrolment.activity_id for enrolment in facts.enrolments)
    return tuple(rule for id_ in activity_ids for rule in facts.catalogue.activities[id_].requirements)


def _cell_facts(facts: PlanningFacts, opening: OpeningInfo, violation: Violation | None) -> CellFacts:
    activity = facts.catalogue.activities[opening.unit.activity_id]
    return CellFacts(
        day=opening.day,
        starts_at=opening.unit.starts_at,
        is_open=opening.is_open,
        holding=facts.holds(opening.id),
        is_invoiced=facts.is_invoiced(opening.id),
        held_by_other_family=facts.held_by_other(opening.id),
        is_enrolled=facts.enrolment_for(opening) is not None,
        may_act=facts.family.may_act,
        has_price=facts.price_of(opening) is not None,
        places_left=facts.places_left(opening),
        book_rule=activity.book_rule,
        cancel_rule=activity.cancel_rule,
        violation=violation,
    )


# --- What the page shows -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DayView:
    """A day of the week: what it is, and what the strip of days says of it."""

    day: date
    kind: DayKind
    note: str | None  # « Vacances de Noël », « Férié : Jour de l’an »
    is_today: bool
    is_shown: bool  # the day that a phone shows
    booked: int
    to_see: int
    is_closed: bool  # nothing is offered to the child that day


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell, judged, with what it says."""

    opening_id: int
    day: DayView
    cell: Cell
    holding: bool
    ticked: bool
    places_left: int | None
    price_cents: int | None
    state_label: str
    reason_text: str | None
    message: str | None  # what a save did or did not do here
    detail: str | None  # « Modifiable jusqu’à lundi à 12 h »


@dataclass(frozen=True, slots=True)
class RowView:
    """A unit over the seven days; None where it is not offered."""

    unit_id: int
    name: str
    starts_at: time
    ends_at: time
    cells: tuple[CellView | None, ...]


@dataclass(frozen=True, slots=True)
class ActivityView:
    """An activity that the child is enrolled in, with its rows."""

    activity_id: int
    name: str
    group_name: str
    rows: tuple[RowView, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """What the proposed choices would do."""

    added: int
    removed: int
    amount_cents: int  # cost of the additions less that of the removals
    problems: tuple[str, ...]

    @property
    def has_changes(self) -> bool:
        """Whether saving would change anything."""
        return bool(self.added or self.removed)


@dataclass(frozen=True, slots=True)
class PriceReason:
    """Why the prices of an activity are what they are, each explanation once."""

    activity_name: str
    explanations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangedPrice:
    """A booking whose price changed after it was made. Amounts in cents."""

    day: date
    unit_name: str
    from_cents: int
    to_cents: int
    reason: PriceChangeReason


@dataclass(frozen=True, slots=True)
class Week:
    """A week of one child's planning, as the page draws it."""

    child: ChildView
    days: tuple[DayView, ...]
    activities: tuple[ActivityView, ...]
    summary: Summary
    shown: str
    price_reasons: tuple[PriceReason, ...]
    changed_prices: tuple[ChangedPrice, ...]

    @property
    def first_day(self) -> date:
        """Its Monday."""
        return self.days[0].day

    @property
    def shown_day(self) -> DayView:
        """The day that a phone shows."""
        return next(day for day in self.days if day.is_shown)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Choices not saved yet: the form's ticks among the openings that it showed."""

    shown: tuple[Shown, ...]
    ticked: frozenset[int]


def build_week(
    family: FamilyRef,
    child: ChildView,
    day: date,
    proposal: Proposal | None = None,
    messages: Mapping[int, str] | None = None,
) -> Week:
    """The week around `day` for a child; with a proposal, as it would be judged on saving. Writes nothing."""
    now = clock.now()
    days = week_of(day)
    facts = load_facts(db.session(), family, child.id, days)
    ticked_by_day = {d: _proposed_on(facts, d, proposal) for d in days}
    judged = {d: judge_day(facts, d, ticked_by_day[d], now) for d in days}
    shown_day = _shown_day(facts, day, days)
    day_views = tuple(
        _day_view(facts, d, judged[d], ticked_by_day[d], now.date(), shown=d == shown_day, messages=messages or {})
        for d in days
    )
    cell_views = {
        opening.id: _cell_view(
            facts, opening, view, judged[view.day], ticked_by_day[view.day], (messages or {}).get(opening.id)
        )
        for view in day_views
        for opening in facts.openings_by_day.get(view.day, ())
    }
    return Week(
        child=child,
        days=day_views,
        activities=_activity_views(facts, day_views, cell_views),
        summary=_summary(facts, judged, ticked_by_day),
        shown=write_shown(facts, cell_views),
        price_reasons=_price_reasons(facts, cell_views),
        changed_prices=_changed_prices(facts),
    )


def next_open_day(family: FamilyRef, child_id: int, since: date) -> date:
    """The next day, within a month, on which something is open to the child; `since` when there is none."""
    found = db.session.scalar(
        select(func.min(Opening.day))
        .join(Enrolment, Enrolment.group_id == Opening.group_id)
        .where(
            Enrolment.family_id == family.id,
            Enrolment.child_id == child_id,
            Enrolment.status == EnrolmentStatus.ACCEPTED,
            Opening.day.between(since, since + timedelta(days=31)),
            Opening.day.between(Enrolment.starts_on, Enrolment.ends_on),
            Opening.is_open,
        )
    )
    return found or since


def _shown_day(facts: PlanningFacts, day: date, days: Sequence[date]) -> date:
    """The day that a phone shows: the one asked for, or the nearest later, else earlier, day that offers something."""
    offered = [d for d in days if d in facts.openings_by_day]
    if not offered or day in offered:
        return day
    return next((d for d in offered if d > day), offered[-1])


def write_shown(facts: PlanningFacts, cells: Mapping[int, CellView]) -> str:
    """The openings that the form lets change, with their known state: « 12,13h,15 » (h: held)."""
    return ",".join(
        f"{id_}{'h' if facts.holds(id_) else ''}" for id_, view in sorted(cells.items()) if view.cell.actions
    )


def _proposed_on(facts: PlanningFacts, day: date, proposal: Proposal | None) -> frozenset[int]:
    held = facts.held_ids(day)
    if proposal is None:
        return held
    known = {shown.opening_id for shown in proposal.shown}
    here = {opening.id for opening in facts.openings_by_day.get(day, ())}
    return frozenset((held - known) | (proposal.ticked & here))


def _cell_view(
    facts: PlanningFacts,
    opening: OpeningInfo,
    day: DayView,
    judgement: DayJudgement,
    proposed: frozenset[int],
    message: str | None,
) -> CellView:
    cell = judgement.cells[opening.id]
    holding = facts.holds(opening.id)
    violation = judgement.broken.get(opening.id)
    alternatives = [facts.catalogue.units[id_].name for id_ in sorted(violation.any_of)] if violation else []
    return CellView(
        opening_id=opening.id,
        day=day,
        cell=cell,
        holding=holding,
        ticked=opening.id in proposed,
        places_left=facts.places_left(opening),
        price_cents=_shown_price(facts, opening),
        state_label=labels.cell_label(cell),
        reason_text=labels.cell_reason(cell, opening.unit.name, alternatives, opening.closing_reason),
        message=message,
        detail=labels.cell_deadline(cell),
    )


def _shown_price(facts: PlanningFacts, opening: OpeningInfo) -> int | None:
    booking = facts.held.get(opening.id)
    if booking is not None:
        return booking.price_cents if booking.family_id == facts.family.id else None
    found = facts.price_of(opening)
    return found.amount_cents if found else None


def _day_view(
    facts: PlanningFacts,
    day: date,
    judgement: DayJudgement,
    proposed: frozenset[int],
    today: date,
    *,
    shown: bool,
    messages: Mapping[int, str],
) -> DayView:
    calendar = facts.catalogue.calendar
    openings = facts.openings_by_day.get(day, ())
    return DayView(
        day=day,
        kind=calendar.kind(day),
        note=labels.day_note(calendar, day),
        is_today=day == today,
        is_shown=shown,
        booked=sum(1 for o in openings if o.id in proposed or facts.held_by_other(o.id)),
        to_see=sum(1 for o in openings if judgement.cells[o.id].state is CellState.NOT_ALLOWED or o.id in messages),
        is_closed=not any(o.is_open or o.id in facts.held for o in openings),
    )


def _activity_views(
    facts: PlanningFacts, days: Sequence[DayView], cells: Mapping[int, CellView]
) -> tuple[ActivityView, ...]:
    by_place = {(o.unit.id, o.day): cells[o.id] for o in facts.openings.values()}
    group_of = {enrolment.activity_id: enrolment.group_id for enrolment in facts.enrolments}
    views = []
    for activity in facts.catalogue.activities.values():
        if activity.id not in group_of:
            continue
        rows = tuple(
            RowView(
                unit.id, unit.name, unit.starts_at, unit.ends_at, tuple(by_place.get((unit.id, d.day)) for d in days)
            )
            for unit in activity.units
        )
        group = facts.catalogue.groups[group_of[activity.id]]
        views.append(ActivityView(activity.id, activity.name, group.name, rows))
    return tuple(views)


def _price_reasons(facts: PlanningFacts, cells: Mapping[int, CellView]) -> tuple[PriceReason, ...]:
    """For what is booked the kept explanation, for what may be booked the one of today's price."""
    found: dict[int, dict[str, None]] = {}
    for opening in sorted(facts.openings.values(), key=lambda o: (o.day, o.unit.starts_at)):
        if facts.holds(opening.id):
            explanation = facts.held[opening.id].price_explanation
        else:
            price_now = facts.price_of(opening) if cells[opening.id].cell.actions else None
            explanation = labels.price_explanation(price_now) if price_now else ""
        if explanation:
            found.setdefault(opening.unit.activity_id, {})[explanation] = None
    activities = facts.catalogue.activities
    return tuple(PriceReason(activities[id_].name, tuple(found[id_])) for id_ in activities if id_ in found)


def _changed_prices(facts: PlanningFacts) -> tuple[ChangedPrice, ...]:
    units = facts.catalogue.units
    changed = [b for b in facts.held.values() if b.family_id == facts.family.id and b.price_change is not None]
    return tuple(
        ChangedPrice(b.day, units[b.slot.unit_id].name, b.price_change.from_cents, b.price_cents, b.price_change.reason)
        for b in sorted(changed, key=lambda b: (b.day, units[b.slot.unit_id].starts_at))
        if b.price_change is not None
    )


def _summary(
    facts: PlanningFacts, judged: Mapping[date, DayJudgement], ticked: Mapping[date, frozenset[int]]
) -> Summary:
    added = removed = amount = 0
    problems: list[str] = []
    for day, judgement in judged.items():
        held = facts.held_ids(day)
        for id_ in ticked[day] - held:
            found = facts.price_of(facts.openings[id_])
            added += 1
            amount += found.amount_cents if found else 0
        for id_ in held - ticked[day]:
            removed += 1
            amount -= facts.held[id_].price_cents
        for violation in judgement.broken.values():
            alternatives = [facts.catalogue.units[id_].name for id_ in sorted(violation.any_of)]
            problems.append(labels.broken_rule(day, facts.catalogue.units[violation.unit_id].name, alternatives))
    return Summary(added, removed, amount, tuple(problems))
