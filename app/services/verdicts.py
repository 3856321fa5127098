"""What a save would do with the choices of a form, and what it would refuse: for the save itself and for previews.

All or nothing per child and day, and per child and week for what a rule of the week counts.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from enum import StrEnum, auto

from app.rules.calendars import week_of
from app.rules.cells import GIVING_BACK, Action, Cell, Reason, broken_reason
from app.rules.choices import Choices, UnknownTick, read_choices
from app.rules.combinations import WEEKLY, Breach, Violation
from app.rules.states import BookingStatus
from app.services.errors import NotFound
from app.services.judgements import DayJudgement, judge_days
from app.services.planning import Proposal
from app.services.planning_facts import PlanningFacts
from app.services.proposed_prices import ProposedPrices


class Result(StrEnum):
    """What became of one choice."""

    BOOKED = auto()
    REQUESTED = auto()  # the staff decide; `until` says until when
    WAITING = auto()  # on the waiting list by now, or offered: the cell says how to answer
    TO_PAY = auto()  # its place is kept until it is paid
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
    GONE_SINCE = auto()  # of an answer that is read again: it was made, and is not there any more


DONE = (Result.BOOKED, Result.REQUESTED, Result.TO_PAY, Result.CANCELLED, Result.CANCELLED_LATE, Result.WITHDRAWN)
"""The results of a choice that changed something."""

MADE = frozenset({Result.BOOKED, Result.REQUESTED, Result.TO_PAY})
"""… of one by which the child has a place since, or asks for one."""

NOT_DONE = (Result.REFUSED, Result.HELD_BACK, Result.WEEK_HELD_BACK, Result.LOST)
"""… and of one that was not saved."""


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
    can_wait: bool = False  # with the rest of its day, on the waiting list: its parent has to say so


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

    def without(self, gone: Collection[int]) -> "SaveOutcome":
        """The same, once what was made in these openings is gone again: its amounts say nothing any more."""
        if not gone:
            return self
        choices = (
            replace(each, result=Result.GONE_SINCE) if each.opening_id in gone and each.result in MADE else each
            for each in self.choices
        )
        return SaveOutcome(self.child_id, tuple(choices))

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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a save would do with a proposal by these facts, and what it would refuse."""

    facts: PlanningFacts
    choices: Choices
    wishes: Mapping[date, "DayWish"]
    late: frozenset[int]  # of what is given back, the openings that go on being charged
    refused: Mapping[date, Sequence[SavedChoice]]
    prices: ProposedPrices  # of what is not refused
    beyond: Mapping[
        int, frozenset[Reason]
    ]  # of the staff: what they go beyond, by opening that is booked or given back

    @property
    def accepted(self) -> Sequence["DayWish"]:
        """The days on which something is booked or cancelled."""
        return [wish for day, wish in self.wishes.items() if wish.changes_anything and day not in self.refused]

    @property
    def exceeded(self) -> frozenset[int]:
        """The openings that are booked beyond their places."""
        return frozenset(id_ for id_, reasons in self.beyond.items() if Reason.FULL in reasons)

    def outcome(self) -> SaveOutcome:
        """What the save answers."""
        saved: list[SavedChoice] = []
        for day, wish in self.wishes.items():
            saved += wish.told(self.facts, self.choices)
            if day not in self.refused:
                saved += [self._given_back(id_) for id_ in wish.removals]
                saved += [self._added(id_, wish) for id_ in wish.additions]
        saved += [choice for day in sorted(self.refused) for choice in self.refused[day]]
        return SaveOutcome(self.facts.child_id, tuple(saved), self.prices.change_cents, self.prices.effects())

    def _given_back(self, opening_id: int) -> SavedChoice:
        held = self.facts.held[opening_id]
        if opening_id in self.late:
            late_cents = self.prices.late_cents(held.id)
            return _choice(self.facts, opening_id, Result.CANCELLED_LATE, price_cents=late_cents)
        waited = held.status is BookingStatus.REQUESTED
        return _choice(self.facts, opening_id, Result.WITHDRAWN if waited else Result.CANCELLED)

    def _added(self, opening_id: int, wish: "DayWish") -> SavedChoice:
        opening = self.facts.openings[opening_id]
        share = self.prices.share_of(opening_id)
        assert share is not None  # judged: the cell offered to book
        result = _MADE_AS[self.facts.first_status(opening, share.amount_cents)]
        waits = result is Result.REQUESTED
        until = self.facts.answer_until(opening, wish.final).isoformat() if waits else None
        return _choice(self.facts, opening_id, result, price_cents=share.amount_cents, until=until)


_MADE_AS = {
    BookingStatus.CONFIRMED: Result.BOOKED,
    BookingStatus.REQUESTED: Result.REQUESTED,
    BookingStatus.AWAITING_PAYMENT: Result.TO_PAY,
}


def judge_proposal(facts: PlanningFacts, proposal: Proposal, now: datetime) -> Verdict:
    """Judge what a form asks for. Raises NotFound for openings that the child's planning does not have."""
    ids = {shown.opening_id for shown in proposal.shown}
    if not ids <= facts.openings.keys():
        raise NotFound("openings")
    held_now = frozenset(id_ for id_ in ids if facts.holds(id_) or facts.waits(id_))
    try:
        choices = read_choices(proposal.shown, proposal.ticked, held_now)
    except UnknownTick:
        raise NotFound("openings") from None
    days = sorted({facts.openings[id_].day for id_ in ids})
    wishes = {day: DayWish(facts, day, choices) for day in days}
    # What is given back after the free deadline is charged: the rules decide it, never the form.
    late = facts.cancelled_late({day: wish.final for day, wish in wishes.items()}, now)
    agreed = {shown.opening_id for shown in proposal.shown if shown.charged}
    refused, prices, judged = _judge(facts, wishes, late, agreed, now)
    return Verdict(facts, choices, wishes, late, refused, prices, _beyond(wishes, refused, judged))


def _beyond(
    wishes: Mapping[date, "DayWish"], refused: Collection[date], judged: Mapping[date, DayJudgement]
) -> Mapping[int, frozenset[Reason]]:
    return {
        id_: frozenset(judged[day].cells[id_].beyond)
        for day, wish in wishes.items()
        if day not in refused
        for id_ in (*wish.additions, *wish.removals)
        if judged[day].cells[id_].beyond
    }


class DayWish:
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
        waiting = {id_ for id_ in held if facts.waits(id_) or facts.held[id_].status is BookingStatus.OFFERED}
        asked = {id_ for id_ in held - waiting if facts.held[id_].status is BookingStatus.REQUESTED}
        to_pay = {id_ for id_ in held - waiting if facts.held[id_].status is BookingStatus.AWAITING_PAYMENT}
        return [
            *_told(facts, held - asked - waiting - to_pay, Result.ALREADY_BOOKED),
            *_asked(facts, asked),
            *_kept(facts, to_pay),
            *_told(facts, waiting, Result.WAITING),
            *_told(facts, choices.already_gone & self.here, Result.ALREADY_CANCELLED),
            *_told(facts, choices.lost & self.here, Result.LOST),
        ]


def _judge(
    facts: PlanningFacts,
    wishes: Mapping[date, DayWish],
    late: Collection[int],
    agreed: Collection[int],
    now: datetime,
) -> tuple[dict[date, list[SavedChoice]], ProposedPrices, Mapping[date, DayJudgement]]:
    """What is refused, day by day, the prices of what is not, and the cells with it.

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
        judged = judge_days(facts, final, prices, now)
        for day, judgement in judged.items():
            if day in refused:
                continue
            wish = wishes.get(day)
            refusals = _refusals(facts, judgement, wish.additions if wish else (), wish.removals if wish else ())
            # The staff say themselves what is charged.
            unseen = () if wish is None or facts.by_staff else set(wish.removals).intersection(late) - set(agreed)
            for id_ in unseen:
                refusals.setdefault(id_, _charged_by_now(facts, id_, judgement.cells[id_]))
            if refusals:
                found[day] = refusals
                is_weekly = any(violation.breach in WEEKLY for violation in judgement.broken.values())
                days_together = together.get(week_of(day)[0], frozenset())
                if is_weekly or day in days_together:
                    bound |= days_together
        newly = (found.keys() | bound) - refused.keys()
        if not newly:
            return refused, prices, judged
        for day in newly:
            refused[day] = _not_saved(facts, wishes.get(day), found.get(day, {}))


def _bound_together(facts: PlanningFacts, wishes: Mapping[date, DayWish]) -> dict[date, frozenset[date]]:
    """By Monday, the days that are saved all or none: those with choices that a rule of the week counts."""
    found: dict[date, frozenset[date]] = {}
    for day, wish in wishes.items():
        if facts.is_of_week(day, (*wish.additions, *wish.removals)):
            monday = week_of(day)[0]
            found[monday] = found.get(monday, frozenset()) | {day}
    return found


def _not_saved(facts: PlanningFacts, wish: DayWish | None, refusals: Mapping[int, SavedChoice]) -> list[SavedChoice]:
    """What is said of a day that is refused, for itself or with its week."""
    wanted = (*wish.additions, *wish.removals) if wish else ()
    held_back = Result.HELD_BACK if refusals else Result.WEEK_HELD_BACK
    said = [refusals.get(id_) or _choice(facts, id_, held_back) for id_ in wanted]
    if wish and not wish.removals and all(each.can_wait for each in refusals.values()):
        said = [replace(each, can_wait=True) for each in said]
    # A rule may also be broken by what stays: say so on that cell.
    stays = sorted(refusals.keys() - set(wanted))
    return said + [replace(refusals[id_], result=Result.STAYS) for id_ in stays]


def _refusals(
    facts: PlanningFacts, judgement: DayJudgement, additions: Sequence[int], removals: Sequence[int]
) -> dict[int, SavedChoice]:
    refusals: dict[int, SavedChoice] = {}
    for opening_ids, actions in ((additions, {Action.BOOK}), (removals, GIVING_BACK)):
        for id_ in opening_ids:
            cell = judgement.cells[id_]
            # A full cell that would be waited for in vain is said with what is broken.
            is_in_vain = id_ in judgement.broken and Action.JOIN_LIST in cell.actions
            if not is_in_vain and (cell.actions.isdisjoint(actions) or cell.reason is Reason.TOO_FEW_DAYS):
                refusals[id_] = _refusal(facts, id_, cell)
    if facts.by_staff:
        return refusals  # a broken rule is told, and binds parents only
    for id_, violation in judgement.broken.items():
        refusals.setdefault(id_, _broken(facts, id_, violation))
    return refusals


def _broken(facts: PlanningFacts, opening_id: int, violation: Violation) -> SavedChoice:
    return replace(
        _choice(facts, opening_id, Result.REFUSED, broken_reason(violation)),
        any_of=tuple(sorted(violation.any_of)), breach=violation.breach, number=violation.number, by=violation.by,
    )  # fmt: skip


def _refusal(facts: PlanningFacts, opening_id: int, cell: Cell) -> SavedChoice:
    instant = cell.refusing_instant
    until = None if instant is None else instant.isoformat()
    refused = _choice(facts, opening_id, Result.REFUSED, cell.reason, until=until)
    return replace(refused, can_wait=Action.JOIN_LIST in cell.actions)


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


def _kept(facts: PlanningFacts, opening_ids: Iterable[int]) -> list[SavedChoice]:
    """What is kept for its payment already."""
    return [_choice(facts, id_, Result.TO_PAY, price_cents=facts.held[id_].price_cents) for id_ in sorted(opening_ids)]
