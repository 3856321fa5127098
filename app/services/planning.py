"""The planning of a child, as the page draws it: a week of cells, judged by the rules that a save obeys too.

What is judged, and how, is in `services.judgements`; here it becomes rows, words and a summary.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select

from app import clock, labels
from app.cell_labels import (
    BOOKED_MEANWHILE,
    LOST_MEANWHILE,
    beyond_sentence,
    cell_deadline,
    cell_label,
    cell_reason,
    refusal,
)
from app.combination_labels import broken_rule, broken_week, combination_sentence
from app.database import db
from app.filters import NBSP, day_medium
from app.models.bookings import Opening, PriceChangeReason
from app.models.enrolments import Enrolment
from app.price_labels import explained, is_included
from app.rules.attendances import NOT_SEEN
from app.rules.calendars import DayKind, week_of
from app.rules.cells import Action, Cell, CellState, Reason
from app.rules.choices import Choices, Shown, read_choices
from app.rules.combinations import WEEKLY, Violation
from app.rules.states import BookingStatus, CancelClass, EnrolmentStatus
from app.services import waiting_views
from app.services.families import ChildView, FamilyRef
from app.services.households import EnrolledChild, month_span
from app.services.judgements import DayJudgement, judge_days, mark_packages
from app.services.planning_facts import Answer, OpeningInfo, PlanningFacts, load_facts
from app.services.proposed_prices import BookLeft, ProposedPrices
from app.services.required_documents import AskedDocument

COUNTED_DOWN = timedelta(hours=24)
"""How long before bookings open the page counts the time down."""


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
    total_cents: int  # what the child's day costs as it is ticked


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell, judged, with what it says."""

    opening_id: int
    day: DayView
    cell: Cell
    holding: bool
    is_late: bool  # unticking it frees the place, and the price stays
    ticked: bool
    is_asked: bool  # what ticking it makes waits for the staff
    is_to_pay: bool  # … or for its payment
    may_wait: bool  # it is full: ticking it asks about the waiting list
    waiting_id: int | None  # of the entry that waits, or is offered the place, where it may be answered
    places_left: int | None
    price_cents: int | None
    is_included: bool  # in the price of another cell
    state_label: str
    reason_text: str | None
    effects: tuple[str, ...]  # what ticking it would trigger
    message: str | None  # what a save did or did not do here, or what changed since the form was shown
    over_places: int  # for the staff, who go beyond places here: how many children more there would be
    answer: str | None  # that the staff refused what was asked, and why
    detail: str | None  # « Modifiable jusqu’au lundi à 12 h »


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
    asked: int  # more, which the staff decide
    asked_cents: int  # what these would cost
    to_pay: int  # more, whose places are kept until they are paid
    to_pay_cents: int  # now
    to_wait: int  # choices of days that are full: the save asks about the waiting list
    removed: int
    absences: int  # of those removed are not any more: cancelled too late, the price stays
    amount_cents: int  # by how much the family's bill changes
    effects: tuple[str, ...]  # the packages that this triggers or breaks, and whose prices change besides
    month: date
    is_whole: bool  # all activities of the family are told of, and not the reader's alone
    month_cents: int  # what the family's month costs with these choices
    invoiced_cents: int  # what invoices hold of it already
    books: tuple[BookLeft, ...]  # of the child, with what is left of each beside these choices
    problems: tuple[str, ...]
    beyond: tuple[str, ...]  # what the staff go beyond with these choices

    @property
    def has_changes(self) -> bool:
        """Whether saving would change anything."""
        changes = self.added or self.asked or self.to_pay or self.to_wait or self.removed or self.absences
        return bool(changes)


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
class ComingOpening:
    """The next moment at which something of the week opens to bookings, by the portal's clock."""

    opens: datetime
    activity_names: tuple[str, ...]
    now: datetime

    @property
    def is_near(self) -> bool:
        """Whether somebody may be waiting for it in front of the page."""
        return self._left <= COUNTED_DOWN

    @property
    def left_ms(self) -> int:
        """How long it is until then, in milliseconds: the page counts it down, whatever the phone's clock says."""
        return math.ceil(self._left / timedelta(milliseconds=1))

    @property
    def _left(self) -> timedelta:
        return self.opens.astimezone(UTC) - self.now.astimezone(UTC)


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
    missing_documents: tuple[AskedDocument, ...]  # that keep from booking some of its days
    coming: ComingOpening | None  # where some of its days are not open to bookings yet
    pay_until: datetime | None  # the first time by which something that is held in it must be paid

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
    children: Sequence[EnrolledChild] | None = None,
    staff_class: CancelClass | None = None,
    activity_ids: Collection[int] | None = None,
) -> Week:
    """The week around `day` for a child; with a proposal, as it would be judged on saving. Writes nothing.

    `staff_class`: the staff act for the family, see `PlanningFacts`. `activity_ids`: those that the reader may know of,
    None for all: of others nothing is shown, summed up or sent with the form, though they weigh on what is judged.
    """
    now = clock.now()
    days = week_of(day)
    showed = {shown.opening_id for shown in proposal.shown} if proposal else ()
    facts = load_facts(
        db.session(), family, child.id, days, showed, month=day, children=children, staff_class=staff_class
    )
    told = {o.id for o in facts.openings.values() if activity_ids is None or o.unit.activity_id in activity_ids}
    choices = _read(facts, proposal) if proposal else None
    ticked_by_day = {d: _proposed_on(facts, d, choices) for d in days}
    late = facts.cancelled_late(ticked_by_day, now)
    prices = facts.proposed_prices(ticked_by_day, late)
    judged = judge_days(facts, ticked_by_day, prices, now)
    news = _news(facts, choices, judged) if choices else {}
    messages = {**(messages or {}), **news}
    shown = _CellPrices(facts, prices, judged)
    waits_on = {held.day for id_, held in facts.waiting.items() if facts.waits(id_)}
    by_entry = waiting_views.ranks(db.session(), waits_on)
    mark_packages(facts, judged, shown.triggering, now)
    shown_day = _shown_day(facts, day, days)
    day_views = tuple(
        _day_view(
            facts, told, d, judged[d], ticked_by_day[d], now.date(), shown=d == shown_day, messages=messages,
            total_cents=shown.total_cents(told, d, ticked_by_day[d] | late),
        )
        for d in days
    )  # fmt: skip
    cell_views = {
        opening.id: _cell_view(
            facts, opening, view, judged[view.day], ticked_by_day[view.day], shown.of(opening),
            messages.get(opening.id), by_entry, activity_ids,
        )
        for view in day_views
        for opening in facts.openings_by_day.get(view.day, ())
        if opening.id in told
    }  # fmt: skip
    activities = _activity_views(facts, day_views, cell_views, activity_ids)
    return Week(
        child=child,
        days=day_views,
        activities=activities,
        summary=_summary(facts, judged, ticked_by_day, late, prices, day, news, activity_ids),
        shown=write_shown(facts, cell_views),
        price_reasons=_price_reasons(facts, shown, told),
        changed_prices=_changed_prices(facts, told),
        missing_documents=tuple(
            dict.fromkeys(
                document
                for day_judged in judged.values()
                for id_, cell in day_judged.cells.items()
                if cell.reason is Reason.DOCUMENT_MISSING and id_ in told
                for document in facts.documents_missing(facts.openings[id_])
            )
        ),
        coming=_coming(activities, now),
        pay_until=min(
            (
                cell.kept_until
                for day_judged in judged.values()
                for id_, cell in day_judged.cells.items()
                if Action.PAY in cell.actions and cell.kept_until is not None and id_ in told
            ),
            default=None,
        ),
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
    """The openings that the form lets change, with their known state: « 12,13h,15c ».

    h: held; c: held, and cancelling it is charged.
    """
    return ",".join(
        f"{id_}{'c' if view.is_late else 'h' if facts.holds(id_) else ''}"
        for id_, view in sorted(cells.items())
        if view.cell.can_be_ticked
    )


def _read(facts: PlanningFacts, proposal: Proposal) -> Choices:
    """What a proposal means by now, as a save will read it; what this week does not know of it is left out."""
    shown = [each for each in proposal.shown if each.opening_id in facts.openings]
    ids = {each.opening_id for each in shown}
    return read_choices(shown, proposal.ticked & ids, {id_ for id_ in ids if facts.holds(id_) or facts.waits(id_)})


def _proposed_on(facts: PlanningFacts, day: date, choices: Choices | None) -> frozenset[int]:
    held = facts.held_ids(day)
    if choices is None:
        return held
    here = {opening.id for opening in facts.openings_by_day.get(day, ())}
    return (held - choices.removals) | (choices.additions & here)


def _news(facts: PlanningFacts, choices: Choices, judged: Mapping[date, DayJudgement]) -> dict[int, str]:
    """By opening: what somebody else did since the form was shown, and which choices a save would refuse by now."""
    news = dict.fromkeys(choices.lost, LOST_MEANWHILE) | dict.fromkeys(choices.appeared, BOOKED_MEANWHILE)
    for id_ in choices.additions | choices.removals:
        cell = judged[facts.openings[id_].day].cells[id_]
        if not cell.can_be_ticked and cell.state is not CellState.NOT_ALLOWED:
            news[id_] = refusal(
                cell.reason or Reason.CLOSED, None, cell.refusing_instant, facts.catalogue.council.phone
            )
    return news


def _cell_view(
    facts: PlanningFacts,
    opening: OpeningInfo,
    day: DayView,
    judgement: DayJudgement,
    proposed: frozenset[int],
    price: "_CellPrice",
    message: str | None,
    ranks: Mapping[int, int],
    activity_ids: Collection[int] | None,
) -> CellView:
    cell = judgement.cells[opening.id]
    holding = facts.holds(opening.id) or facts.waits(opening.id)
    status = None if holding else facts.first_status(opening, price.cents)
    violation = judgement.broken.get(opening.id)
    broken = _broken_sentence(facts, violation, activity_ids) if violation else None
    own = facts.held.get(opening.id) or facts.waiting.get(opening.id)
    rank = None if own is None or own.waiting_id is None else ranks.get(own.waiting_id)
    return CellView(
        opening_id=opening.id,
        day=day,
        cell=cell,
        holding=holding,
        is_late=Action.CANCEL_LATE in cell.actions,
        ticked=opening.id in proposed,
        is_asked=status is BookingStatus.REQUESTED,
        is_to_pay=status is BookingStatus.AWAITING_PAYMENT,
        may_wait=Action.JOIN_LIST in cell.actions and not facts.by_staff,
        waiting_id=own.waiting_id if own and cell.actions & _ANSWERS else None,
        places_left=facts.room(opening).left,
        price_cents=price.cents,
        is_included=is_included(price.explanation),
        state_label=cell_label(cell, rank),
        reason_text=cell_reason(
            cell,
            broken,
            opening.closing_reason,
            facts.catalogue.council.phone,
            facts.special_note(opening.id),
            NOT_SEEN if own is None else own.seen,
        ),
        effects=price.effects,
        message=message,
        over_places=facts.over_places(opening) if Reason.FULL in cell.beyond else 0,
        answer=_answer_sentence(facts.answers.get(opening.id)),
        detail=cell_deadline(cell),
    )


_ANSWERS = frozenset({Action.ACCEPT, Action.DECLINE, Action.LEAVE_LIST})


def _answer_sentence(answer: Answer | None) -> str | None:
    if answer is None:
        return None
    if answer.was_to_pay:
        return f"Place rendue{NBSP}: le paiement n’est pas arrivé à temps."
    if answer.waited:
        return "Liste d’attente terminée : aucune place n’a été prise à temps.".replace(" :", f"{NBSP}:")
    if answer.status is BookingStatus.EXPIRED:
        return "Demande restée sans réponse."
    return f"Demande refusée{NBSP}: {answer.reason}" if answer.reason else "Demande refusée."


def _broken_sentence(facts: PlanningFacts, violation: Violation, activity_ids: Collection[int] | None) -> str:
    return combination_sentence(violation, facts.catalogue.unit_names(violation.breach, activity_ids))


def _concerns(facts: PlanningFacts, violation: Violation, activity_ids: Collection[int] | None) -> bool:
    """Whether anything that breaks a rule is of some activities."""
    units = facts.catalogue.units
    broken = (units[id_].activity_id for id_ in (violation.unit_id, *violation.any_of))
    return activity_ids is None or any(id_ in activity_ids for id_ in broken)


@dataclass(frozen=True, slots=True)
class _CellPrice:
    """What a cell says of its price: what it costs as it is ticked, or would cost more; None: it says nothing."""

    cents: int | None
    explanation: str = ""
    effects: tuple[str, ...] = ()


class _CellPrices:
    """The prices of all cells of a week under the proposed choices, each asked for once."""

    def __init__(self, facts: PlanningFacts, prices: ProposedPrices, judged: Mapping[date, DayJudgement]) -> None:
        self._facts = facts
        self._booked = prices.prices.booked
        self._found = {
            opening.id: self._ask(facts, prices, opening, judged[opening.day]) for opening in facts.openings.values()
        }
        self.triggering = frozenset(id_ for id_, price in self._found.items() if price.effects)

    def of(self, opening: OpeningInfo) -> _CellPrice:
        """What the cell of an opening says."""
        return self._found[opening.id]

    def total_cents(self, told: Collection[int], day: date, due: Collection[int]) -> int:
        """What the cells of a day cost that are told of and `due`, with what was cancelled too late before.

        What waits for the staff, or on a list, costs nothing yet, as in the total of the month.
        """
        found = 0
        for opening in self._facts.openings_by_day.get(day, ()):
            booking = self._facts.own_booking(opening.id)
            late = self._facts.late.get(opening.id)
            is_due = opening.id in due or (late is not None and not late.is_justified)
            if opening.id in told and is_due and (booking is None or booking.id in self._booked):
                found += self._found[opening.id].cents or 0
        return found

    @staticmethod
    def _ask(facts: PlanningFacts, prices: ProposedPrices, opening: OpeningInfo, judgement: DayJudgement) -> _CellPrice:
        if facts.held_by_other(opening.id):
            return _CellPrice(None)
        booking = facts.own_booking(opening.id)
        if booking is not None and booking.is_justified and not prices.is_chosen(opening.id):
            return _CellPrice(None)
        if booking is not None and not prices.is_chosen(opening.id):
            moved = prices.moved_share(booking.id)
            if moved is not None:
                return _CellPrice(moved.amount_cents, explained(moved.steps))
            return _CellPrice(booking.price_cents, booking.price_explanation)
        if prices.is_chosen(opening.id):
            share = prices.share_of(opening.id)
            return _CellPrice(None) if share is None else _CellPrice(share.amount_cents, explained(share.steps))
        # Nobody asks what it would cost to tick what cannot be.
        more = prices.one_more(opening.wanted) if judgement.cells[opening.id].actions else None
        return _CellPrice(None) if more is None else _CellPrice(more.amount_cents, more.explanation, more.effects)


def _day_view(
    facts: PlanningFacts,
    told: Collection[int],
    day: date,
    judgement: DayJudgement,
    proposed: frozenset[int],
    today: date,
    *,
    shown: bool,
    messages: Mapping[int, str],
    total_cents: int,
) -> DayView:
    calendar = facts.catalogue.calendar
    openings = [opening for opening in facts.openings_by_day.get(day, ()) if opening.id in told]
    return DayView(
        day=day,
        kind=calendar.kind(day),
        note=labels.day_note(calendar, day),
        is_today=day == today,
        is_shown=shown,
        booked=sum(1 for o in openings if o.id in proposed or facts.held_by_other(o.id)),
        to_see=sum(1 for o in openings if judgement.cells[o.id].state is CellState.NOT_ALLOWED or o.id in messages),
        is_closed=not any(o.is_open or o.id in facts.held for o in openings),
        total_cents=total_cents,
    )


def _activity_views(
    facts: PlanningFacts,
    days: Sequence[DayView],
    cells: Mapping[int, CellView],
    activity_ids: Collection[int] | None,
) -> tuple[ActivityView, ...]:
    by_place = {(o.unit.id, o.day): cells[o.id] for o in facts.openings.values() if o.id in cells}
    group_of = {enrolment.activity_id: enrolment.group_id for enrolment in facts.enrolments}
    views = []
    for activity in facts.catalogue.activities.values():
        if activity.id not in group_of or (activity_ids is not None and activity.id not in activity_ids):
            continue
        rows = tuple(
            RowView(
                unit.id, unit.name, unit.starts_at, unit.ends_at, tuple(by_place.get((unit.id, d.day)) for d in days)
            )
            for unit in activity.units
            if unit.day is None or any((unit.id, d.day) in by_place for d in days)
        )
        group = facts.catalogue.groups[group_of[activity.id]]
        views.append(ActivityView(activity.id, activity.name, group.name, rows))
    return tuple(views)


def _coming(activities: Sequence[ActivityView], now: datetime) -> ComingOpening | None:
    opens = {
        (cell.cell.book_from, activity.name)
        for activity in activities
        for row in activity.rows
        for cell in row.cells
        if cell is not None and cell.cell.reason is Reason.NOT_OPEN_YET and cell.cell.book_from is not None
    }
    if not opens:
        return None
    first = min(at for at, _ in opens)
    return ComingOpening(first, tuple(activity.name for activity in activities if (first, activity.name) in opens), now)


def _price_reasons(facts: PlanningFacts, shown: _CellPrices, told: Collection[int]) -> tuple[PriceReason, ...]:
    """For what is booked the kept explanation, for what may be booked the one of today's price."""
    found: dict[int, dict[str, None]] = {}
    for opening in sorted(facts.openings.values(), key=lambda o: (o.day, o.unit.starts_at)):
        explanation = shown.of(opening).explanation
        if explanation and opening.id in told:
            found.setdefault(opening.unit.activity_id, {})[explanation] = None
    activities = facts.catalogue.activities
    return tuple(PriceReason(activities[id_].name, tuple(found[id_])) for id_ in activities if id_ in found)


def _changed_prices(facts: PlanningFacts, told: Collection[int]) -> tuple[ChangedPrice, ...]:
    units = facts.catalogue.units
    own = [facts.own_booking(id_) for id_ in (*facts.held, *facts.late) if id_ in told]
    changed = [b for b in own if b is not None and not b.is_justified and b.price_change is not None]
    return tuple(
        ChangedPrice(b.day, units[b.slot.unit_id].name, b.price_change.from_cents, b.price_cents, b.price_change.reason)
        for b in sorted(changed, key=lambda b: (b.day, units[b.slot.unit_id].starts_at))
        if b.price_change is not None
    )


def _summary(
    facts: PlanningFacts,
    judged: Mapping[date, DayJudgement],
    ticked: Mapping[date, frozenset[int]],
    late: Collection[int],
    prices: ProposedPrices,
    month: date,
    news: Mapping[int, str],
    activity_ids: Collection[int] | None,
) -> Summary:
    removed = 0
    problems: dict[str, None] = {}
    for day, judgement in judged.items():
        held = facts.held_ids(day)
        removed += len((held - ticked[day]).difference(late))
        for violation in judgement.broken.values():
            if not _concerns(facts, violation, activity_ids):
                continue
            if violation.breach in WEEKLY:
                names = facts.catalogue.unit_names(violation.breach)
                problems[broken_week(week_of(day)[0], violation, names)] = None
            else:
                problems[broken_rule(day, _broken_sentence(facts, violation, activity_ids))] = None
    changed = {id_ for day, ids in ticked.items() for id_ in facts.held_ids(day) ^ ids}
    beyond = [
        f"{day_medium(opening.day).capitalize()}, {opening.unit.name}{NBSP}: {sentence}"
        for opening in sorted((facts.openings[id_] for id_ in changed), key=lambda o: (o.day, o.unit.starts_at))
        if (sentence := beyond_sentence(judged[opening.day].cells[opening.id], facts.over_places(opening)))
    ]
    queued = facts.waiting_choices(ticked)
    for opening in sorted((facts.openings[id_] for id_ in news), key=lambda o: (o.day, o.unit.starts_at)):
        problems[broken_rule(opening.day, f"{opening.unit.name}. {news[opening.id]}")] = None
    by_status: defaultdict[BookingStatus, list[int]] = defaultdict(list)
    for id_ in prices.asked.keys() - queued:
        share = prices.share_of(id_)
        cents = None if share is None else share.amount_cents
        by_status[facts.first_status(facts.openings[id_], cents)].append(cents or 0)
    asked, to_pay = by_status[BookingStatus.REQUESTED], by_status[BookingStatus.AWAITING_PAYMENT]
    return Summary(
        added=len(prices.added) + len(by_status[BookingStatus.CONFIRMED]),
        asked=len(asked),
        asked_cents=sum(asked),
        to_pay=len(to_pay),
        to_pay_cents=sum(to_pay),
        to_wait=len(queued),
        removed=removed,
        absences=len(late),
        amount_cents=prices.change_cents,
        effects=prices.effects(),
        month=month,
        is_whole=activity_ids is None,
        month_cents=prices.total_cents(month_span(month), activity_ids),
        invoiced_cents=prices.invoiced_cents(month_span(month), activity_ids),
        books=tuple(book for book in prices.books(activity_ids) if book.last_day >= clock.today()),
        problems=tuple(problems),
        beyond=tuple(beyond),
    )
