"""Saving a planning: one transaction, idempotent, all or nothing per child and day, by the screen's own rules.

Per child and week for what a rule of the week counts.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum, auto

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.bookings import Booking, BookingEvent, Opening, SaveReceipt
from app.price_labels import explained
from app.rules.calendars import week_of
from app.rules.capacity import Slot, counter_changes
from app.rules.cells import GIVING_BACK, Action, Cell, Reason, broken_reason
from app.rules.choices import Choices, UnknownTick, read_choices
from app.rules.combinations import WEEKLY, Breach
from app.rules.states import Actor, BookingStatus, CancelClass, check_transition
from app.services.counters import lock_counters, move_counters
from app.services.errors import FamilyNotActive, NotFound
from app.services.families import FamilyRef, child_of, lock_children, stays_active
from app.services.judgements import DayJudgement, judge_days
from app.services.places import enter_bookings
from app.services.planning import Proposal
from app.services.planning_facts import PlanningFacts, load_facts
from app.services.prices import PriceChangeReason, change_price
from app.services.proposed_prices import ProposedPrices

MAX_OPENINGS_PER_SAVE = 500
RECEIPTS_KEPT = timedelta(days=2)


class Result(StrEnum):
    """What became of one choice."""

    BOOKED = auto()
    REQUESTED = auto()  # the staff decide; `until` says until when
    CANCELLED = auto()
    CANCELLED_LATE = auto()  # the place is freed, the price stays due
    WITHDRAWN = auto()  # a request that the staff had not decided yet
    REFUSED = auto()  # this choice cannot be had; `reason` says why
    HELD_BACK = auto()  # could be had, but another choice of the same day could not
    WEEK_HELD_BACK = auto()  # could be had, but another choice of a week whose days are counted could not
    STAYS = auto()  # nobody asked for a change of it; `reason` is the rule that the choices would have broken on it
    ALREADY_BOOKED = auto()  # somebody else of the family was faster
    ALREADY_CANCELLED = auto()
    LOST = auto()  # the parent kept it, but it was cancelled meanwhile


@dataclass(frozen=True, slots=True)
class SavedChoice:
    """One choice of a save, and what became of it."""

    opening_id: int
    day: str  # ISO date
    unit_id: int
    result: Result
    reason: Reason | None = None
    any_of: tuple[int, ...] = ()  # the other units that the broken rule is about
    breach: Breach = Breach.REQUIRES  # of that rule
    number: int = 0  # how many units or days it asks for
    by: int = 0  # how many days are missing, or too many
    until: str | None = None  # ISO moment of the deadline that has passed, of the opening to come, or of the answer
    price_cents: int = 0


@dataclass(frozen=True, slots=True)
class SaveOutcome:
    """All that a save did and did not do."""

    child_id: int
    choices: tuple[SavedChoice, ...]
    change_cents: int = 0  # by how much the family's bill changed
    effects: tuple[str, ...] = ()  # packages triggered or broken, other bookings whose price moved: in sentences

    def count(self, *results: Result) -> int:
        """How many choices ended with one of these results."""
        return sum(1 for choice in self.choices if choice.result in results)

    def as_json(self) -> str:
        """For the receipt."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "SaveOutcome":
        """From the receipt."""
        data = json.loads(text)
        choices = (
            SavedChoice(
                **{
                    **row,
                    "result": Result(row["result"]),
                    "reason": Reason(row["reason"]) if row["reason"] else None,
                    "any_of": tuple(row["any_of"]),
                    "breach": Breach(row.get("breach", Breach.REQUIRES)),
                }
            )
            for row in data["choices"]
        )
        return cls(data["child_id"], tuple(choices), data.get("change_cents", 0), tuple(data.get("effects", ())))


def save(session: Session, family: FamilyRef, user_id: int, child_id: int, key: str, proposal: Proposal) -> SaveOutcome:
    """Book and cancel what the form asks for; call inside `write_transaction()`.

    The same `key` sent again by the same user changes nothing and answers the same. Raises NotFound for another
    family's child and for openings that the child's planning does not have, FamilyNotActive when it may only look.
    """
    # Locked in this order (PostgreSQL): what places are of, shared with other saves; the family, so that it stays what
    # it is; its children, whose parents save one after the other, since what one has moves the prices of all; the
    # counters in id order.
    enter_bookings(session)
    may_act = stays_active(session, family.id)
    lock_children(session, [family.id])
    receipt = session.scalar(select(SaveReceipt).where(SaveReceipt.user_id == user_id, SaveReceipt.key == key))
    if receipt is not None:
        return SaveOutcome.from_json(receipt.outcome)
    if not may_act:
        raise FamilyNotActive
    child_of(family.id, child_id)
    now = clock.now()
    outcome = _apply(session, family, user_id, child_id, proposal, now)
    session.execute(delete(SaveReceipt).where(SaveReceipt.saved_at < now - RECEIPTS_KEPT))
    session.add(SaveReceipt(user_id=user_id, key=key, outcome=outcome.as_json(), saved_at=now))
    return outcome


def read_outcome(user_id: int, key: str | None, child_id: int) -> SaveOutcome | None:
    """What an earlier save of this child's planning answered; None when it is too old, or somebody else's."""
    if not key:
        return None
    receipt = db.session.scalar(select(SaveReceipt).where(SaveReceipt.user_id == user_id, SaveReceipt.key == key))
    outcome = None if receipt is None else SaveOutcome.from_json(receipt.outcome)
    return outcome if outcome is not None and outcome.child_id == child_id else None


def _apply(
    session: Session, family: FamilyRef, user_id: int, child_id: int, proposal: Proposal, now: datetime
) -> SaveOutcome:
    ids = {shown.opening_id for shown in proposal.shown}
    if not ids and not proposal.ticked:
        return SaveOutcome(child_id, ())  # a week of which nothing can be ticked: there is a button all the same
    if not ids or len(ids) > MAX_OPENINGS_PER_SAVE:
        raise NotFound("openings")
    slots: dict[date, set[Slot]] = {}
    for day, unit_id, group_id in session.execute(
        select(Opening.day, Opening.unit_id, Opening.group_id).where(Opening.id.in_(ids))
    ):
        slots.setdefault(day, set()).add(Slot(unit_id, group_id))
    if not slots:
        raise NotFound("openings")
    days = sorted(slots)
    lock_counters(session, slots)
    # Read after the locks, so that what is judged is what is changed.
    facts = load_facts(session, family, child_id, days, ids)
    if not ids <= facts.openings.keys():
        raise NotFound("openings")
    held_now = frozenset(id_ for id_ in ids if facts.holds(id_))
    try:
        choices = read_choices(proposal.shown, proposal.ticked, held_now)
    except UnknownTick:
        raise NotFound("openings") from None
    wishes = {day: _DayWish(facts, day, choices) for day in days}
    # What is given back after the free deadline is charged: the rules decide it, never the form.
    late = facts.cancelled_late({day: wish.final for day, wish in wishes.items()}, now)
    agreed = {shown.opening_id for shown in proposal.shown if shown.charged}
    refused, prices = _judge(facts, wishes, late, agreed, now)
    saved: list[SavedChoice] = []
    with session.no_autoflush:  # the bookings of all days go in together, not day by day before each counter
        for day, wish in wishes.items():
            saved += wish.told(facts, choices)
            if wish.changes_anything and day not in refused:
                saved += _save_day(session, facts, wish, late, prices, user_id, now)
        saved += [choice for day in sorted(refused) for choice in refused[day]]
    move_prices(session, prices, now)
    return SaveOutcome(child_id, tuple(saved), prices.change_cents, prices.effects())


class _DayWish:
    """What a form asks for on one day."""

    def __init__(self, facts: PlanningFacts, day: date, choices: Choices) -> None:
        self.day = day
        here = {opening.id for opening in facts.openings_by_day[day]}
        self.here = frozenset(here)
        self.additions = sorted(choices.additions & here)
        self.removals = sorted(choices.removals & here)
        self.held = facts.held_ids(day)

    @property
    def changes_anything(self) -> bool:
        """Whether there is anything to book or cancel."""
        return bool(self.additions or self.removals)

    @property
    def final(self) -> frozenset[int]:
        """What the family would hold."""
        return frozenset((self.held - set(self.removals)) | set(self.additions))

    def told(self, facts: PlanningFacts, choices: Choices) -> list[SavedChoice]:
        """What somebody else did meanwhile."""
        held = choices.already_held & self.here
        asked = {id_ for id_ in held if facts.held[id_].status is BookingStatus.REQUESTED}
        return [
            *_told(facts, held - asked, Result.ALREADY_BOOKED),
            *_asked(facts, asked),
            *_told(facts, choices.already_gone & self.here, Result.ALREADY_CANCELLED),
            *_told(facts, choices.lost & self.here, Result.LOST),
        ]


def _judge(
    facts: PlanningFacts,
    wishes: Mapping[date, _DayWish],
    late: Collection[int],
    agreed: Collection[int],
    now: datetime,
) -> tuple[dict[date, list[SavedChoice]], ProposedPrices]:
    """What is refused, day by day, and the prices of what is not.

    A day that is refused takes its price from the others (too few days are left): so they are judged again without it.
    What is given back `late` is refused unless the form said so: nobody is charged for what was shown as free.
    """
    refused: dict[date, list[SavedChoice]] = {}
    together = _bound_together(facts, wishes)
    while True:
        final = {day: wish.held if day in refused else wish.final for day, wish in wishes.items()}
        prices = facts.proposed_prices(final, late)
        found: dict[date, dict[int, SavedChoice]] = {}
        bound: set[date] = set()
        for day, judgement in judge_days(facts, final, prices, now).items():
            if day in refused:
                continue
            wish = wishes.get(day)
            refusals = _refusals(facts, judgement, wish.additions if wish else (), wish.removals if wish else ())
            for id_ in set(wish.removals if wish else ()).intersection(late) - set(agreed):
                refusals.setdefault(id_, _charged_by_now(facts, id_, judgement.cells[id_]))
            if refusals:
                found[day] = refusals
                is_weekly = any(violation.breach in WEEKLY for violation in judgement.broken.values())
                days_together = together.get(week_of(day)[0], frozenset())
                if is_weekly or day in days_together:
                    bound |= days_together
        newly = (found.keys() | bound) - refused.keys()
        if not newly:
            return refused, prices
        for day in newly:
            refused[day] = _not_saved(facts, wishes.get(day), found.get(day, {}))


def _bound_together(facts: PlanningFacts, wishes: Mapping[date, _DayWish]) -> dict[date, frozenset[date]]:
    """By Monday, the days that are saved all or none: those with choices that a rule of the week counts."""
    found: dict[date, frozenset[date]] = {}
    for day, wish in wishes.items():
        if facts.is_of_week(day, (*wish.additions, *wish.removals)):
            monday = week_of(day)[0]
            found[monday] = found.get(monday, frozenset()) | {day}
    return found


def _not_saved(facts: PlanningFacts, wish: _DayWish | None, refusals: Mapping[int, SavedChoice]) -> list[SavedChoice]:
    """What is said of a day that is refused, for itself or with its week."""
    wanted = (*wish.additions, *wish.removals) if wish else ()
    held_back = Result.HELD_BACK if refusals else Result.WEEK_HELD_BACK
    said = [refusals.get(id_) or _choice(facts, id_, held_back) for id_ in wanted]
    # A rule may also be broken by what stays: say so on that cell.
    stays = sorted(refusals.keys() - set(wanted))
    return said + [replace(refusals[id_], result=Result.STAYS) for id_ in stays]


def _save_day(
    session: Session,
    facts: PlanningFacts,
    wish: _DayWish,
    late: Collection[int],
    prices: ProposedPrices,
    user_id: int,
    now: datetime,
) -> list[SavedChoice]:
    saved = []
    for opening_id in wish.removals:
        held = facts.held[opening_id]
        if opening_id in late:
            _cancel(session, facts, opening_id, user_id, now, cancel_class=CancelClass.LATE_CHARGED)
            saved.append(_choice(facts, opening_id, Result.CANCELLED_LATE, price_cents=prices.late_cents(held.id)))
        else:
            _cancel(session, facts, opening_id, user_id, now)
            waited = held.status is BookingStatus.REQUESTED
            saved.append(_choice(facts, opening_id, Result.WITHDRAWN if waited else Result.CANCELLED))
    for opening_id in wish.additions:
        saved.append(_book(session, facts, prices, opening_id, wish.final, user_id, now))
    _spend(session, facts, wish.day, wish.final)
    return saved


def move_prices(session: Session, prices: ProposedPrices, now: datetime) -> None:
    """Give the family's other bookings, and what is cancelled too late, the price that the new choices leave them."""
    moved = {each.booking_id: each.share for each in prices.moved()}
    if not moved:
        return
    for booking in session.scalars(select(Booking).where(Booking.id.in_(moved)).order_by(Booking.id)):
        is_late = booking.id in prices.late
        reason = PriceChangeReason.CANCELLED_LATE if is_late else PriceChangeReason.OTHER_BOOKINGS
        change_price(session, booking, moved[booking.id], reason, now)


def _refusals(
    facts: PlanningFacts, judgement: DayJudgement, additions: Sequence[int], removals: Sequence[int]
) -> dict[int, SavedChoice]:
    refusals: dict[int, SavedChoice] = {}
    for opening_ids, actions in ((additions, {Action.BOOK}), (removals, GIVING_BACK)):
        for id_ in opening_ids:
            cell = judgement.cells[id_]
            if cell.actions.isdisjoint(actions) or cell.reason is Reason.TOO_FEW_DAYS:
                refusals[id_] = _refusal(facts, id_, cell)
    for id_, violation in judgement.broken.items():
        broken = replace(
            _choice(facts, id_, Result.REFUSED, broken_reason(violation)),
            any_of=tuple(sorted(violation.any_of)), breach=violation.breach, number=violation.number, by=violation.by,
        )  # fmt: skip
        refusals.setdefault(id_, broken)
    return refusals


def _refusal(facts: PlanningFacts, opening_id: int, cell: Cell) -> SavedChoice:
    instant = cell.refusing_instant
    until = None if instant is None else instant.isoformat()
    return _choice(facts, opening_id, Result.REFUSED, cell.reason, until=until)


def _charged_by_now(facts: PlanningFacts, opening_id: int, cell: Cell) -> SavedChoice:
    until = None if cell.cancel_until is None else cell.cancel_until.isoformat()
    return _choice(facts, opening_id, Result.REFUSED, Reason.CHARGED_BY_NOW, until=until)


def _choice(
    facts: PlanningFacts,
    opening_id: int,
    result: Result,
    reason: Reason | None = None,
    *,
    until: str | None = None,
    price_cents: int = 0,
) -> SavedChoice:
    opening = facts.openings[opening_id]
    return SavedChoice(
        opening_id, opening.day.isoformat(), opening.unit.id, result, reason, until=until, price_cents=price_cents
    )


def _told(facts: PlanningFacts, opening_ids: Iterable[int], result: Result) -> list[SavedChoice]:
    return [_choice(facts, id_, result) for id_ in sorted(opening_ids)]


def _asked(facts: PlanningFacts, opening_ids: Iterable[int]) -> list[SavedChoice]:
    """What waits already."""
    found = []
    for id_ in sorted(opening_ids):
        opening = facts.openings[id_]
        until = facts.answer_until(opening, facts.held_ids(opening.day)).isoformat()
        price_cents = facts.held[id_].price_cents
        found.append(_choice(facts, id_, Result.REQUESTED, until=until, price_cents=price_cents))
    return found


def _book(
    session: Session,
    facts: PlanningFacts,
    prices: ProposedPrices,
    opening_id: int,
    proposed: Collection[int],
    user_id: int,
    now: datetime,
) -> SavedChoice:
    opening = facts.openings[opening_id]
    price = prices.share_of(opening_id)
    enrolment = facts.enrolment_for(opening)
    assert price is not None and enrolment is not None  # judged: the cell offered to book
    status = facts.first_status(opening)
    waits = status is BookingStatus.REQUESTED
    check_transition(None, status)
    booking = Booking(
        child_id=facts.child_id,
        family_id=facts.family.id,
        enrolment_id=enrolment.id,
        opening_id=opening_id,
        day=opening.day,
        status=status,
        price_cents=price.amount_cents,
        price_outcome=price.outcome,
        price_explanation=explained(price.steps),
        book_id=None if waits else price.line.book,
        created_at=now,
    )
    booking.events.append(BookingEvent(from_status=None, to_status=status, actor=Actor.PARENT, user_id=user_id, at=now))
    session.add(booking)
    return _choice(
        facts, opening_id, Result.REQUESTED if waits else Result.BOOKED, price_cents=price.amount_cents,
        until=facts.answer_until(opening, proposed).isoformat() if waits else None,
    )  # fmt: skip


def cancel_bookings(
    session: Session,
    facts: PlanningFacts,
    opening_ids: Collection[int],
    actor: Actor,
    user_id: int,
    reason: str | None,
    now: datetime,
) -> None:
    """Cancel in time what the family holds in these openings, free their places and move the other prices.

    The caller judged them by these facts, under the locks of a save: the family, its children, the counters.
    """
    left: dict[date, frozenset[int]] = {}
    for day in facts.openings_by_day:
        held = facts.held_ids(day)
        given_back = held & set(opening_ids)
        if given_back:
            left[day] = held - given_back
            for opening_id in sorted(given_back):
                _cancel(session, facts, opening_id, user_id, now, actor, reason)
            _spend(session, facts, day, left[day])
    move_prices(session, facts.proposed_prices(left), now)


def _cancel(
    session: Session,
    facts: PlanningFacts,
    opening_id: int,
    user_id: int,
    now: datetime,
    actor: Actor = Actor.PARENT,
    reason: str | None = None,
    cancel_class: CancelClass = CancelClass.IN_TIME,
) -> None:
    booking = session.get_one(Booking, facts.held[opening_id].id)
    check_transition(booking.status, BookingStatus.CANCELLED)
    was_asked = booking.status is BookingStatus.REQUESTED
    session.add(
        BookingEvent(
            booking_id=booking.id,
            from_status=booking.status,
            to_status=BookingStatus.CANCELLED,
            actor=actor,
            user_id=user_id,
            reason=reason,
            at=now,
        )
    )
    booking.status = BookingStatus.CANCELLED
    booking.cancel_class = None if was_asked else cancel_class
    session.flush()


def _spend(session: Session, facts: PlanningFacts, day: date, final: Iterable[int]) -> None:
    changes = counter_changes(facts.slots_held(day), facts.slots_after(day, frozenset(final)), facts.catalogue.scopes)
    move_counters(session, day, changes)
