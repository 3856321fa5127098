"""What a planning cell shows and allows: derived, never stored.

Source: product.md section 5, docs/rules/cells.md.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum, auto

from app.rules.attendances import Turnout
from app.rules.calendars import Calendar
from app.rules.combinations import Breach, Violation
from app.rules.deadlines import (
    CancelLimits,
    Never,
    NoticeRule,
    Occasion,
    cancel_limits,
    instant,
    is_for_others,
    is_in_time,
    paris_moment,
)
from app.rules.states import BookingStatus


class CellState(StrEnum):
    """The look of a cell, as in the guide's legend, and « place proposée »."""

    AVAILABLE = auto()
    PRESENT = auto()
    SPECIAL = auto()  # a presence outside the normal course, by the staff
    ABSENT = auto()
    IMPOSSIBLE = auto()
    NOT_ALLOWED = auto()
    FULL = auto()
    RECORDED = auto()  # « réel »: attendance was recorded and locked
    REQUESTED = auto()
    TO_PAY = auto()
    INVOICED = auto()
    WAITING = auto()
    OFFERED = auto()


class Reason(StrEnum):
    """Why a parent may not do what the cell would otherwise offer."""

    CLOSED = auto()
    PAST = auto()
    NOT_OPEN_YET = auto()
    OTHER_AUDIENCE = auto()
    TOO_LATE_TO_BOOK = auto()
    TOO_LATE_TO_CANCEL = auto()
    CHARGED_BY_NOW = auto()  # of a save: cancelling was free when the form was shown, and is not any more
    STAFF_ONLY = auto()
    INVOICED = auto()
    NOT_ENROLLED = auto()
    NO_PRICE = auto()
    HELD_BY_OTHER_FAMILY = auto()
    BREAKS_COMBINATION = auto()
    OVERLAPS = auto()
    RECORDED = auto()
    CANCELLED_LATE = auto()
    JUSTIFIED = auto()  # cancelled too late, and not charged any more
    CANCELLED_BY_OTHER_FAMILY = auto()  # too late: the place was given up, and is charged there
    OFFER_EXPIRED = auto()
    PAYMENT_EXPIRED = auto()
    PAYMENT_UNDER_WAY = auto()  # somebody of the family is on the payment site for it
    TOO_FEW_DAYS = auto()
    DOCUMENT_MISSING = auto()  # the family has to hand in a document first
    FULL = auto()
    KEPT_BY_SERVICE = auto()  # what places are left, the staff give
    BLOCKED_FAMILY = auto()


class Action(StrEnum):
    """What a parent may do with a cell."""

    BOOK = auto()
    CANCEL = auto()
    CANCEL_LATE = auto()  # the child does not come: the place is freed, the price stays
    WITHDRAW = auto()  # a request that waits for the staff
    JOIN_LIST = auto()
    LEAVE_LIST = auto()
    ACCEPT = auto()  # an offered place
    DECLINE = auto()
    PAY = auto()


GIVING_BACK = frozenset({Action.CANCEL, Action.CANCEL_LATE, Action.WITHDRAW})
"""What unticking does."""


class Badge(StrEnum):
    """What a cell says besides its state."""

    LAST_PLACES = auto()
    PACKAGE = auto()  # « déclenche un forfait »
    INVOICED = auto()  # where the state says something else


@dataclass(frozen=True, slots=True)
class CellFacts:
    """All that is known of one child, unit and day.

    ``holding``: this family holds a booking there, ``is_invoiced``: on an issued invoice; ``held_by_other_family``: the
    child's other family does.
    ``may_act``: False when the family may only look. ``has_price``: False when no tariff says what it costs.
    ``lacks_document``: a document that keeps from booking that day is not in order.
    ``places_left``: None for no limit; ``is_last``: they are the last ones, ``is_kept``: parents have none, but the
    service keeps some (rules.capacity). A missing notice rule
    allows at any time before the unit starts. ``violation``: of this unit in the *proposed* choice of the day; None
    when it is not chosen or breaks nothing; ``waits_in_vain``: nor is anything waited for beside it on that day, so
    that a list would never give it. ``is_too_little``: chosen, but its price asks for more days than are.
    ``standing`` of what is held; ``kept_until``: of an offer, or of a place that is to be paid, ``is_paying``: which
    somebody is doing; ``is_special``: the staff marked it. ``attendance`` is what they recorded, and ``is_locked`` when
    they validated it, ``came_unbooked`` when the booking was made for who came without one.
    ``was_late``: what the family cancelled last was too late; it is charged unless ``is_justified``;
    ``other_was_late``: what the child's other family did.
    ``late_rule``: until when a parent may still cancel though it is charged; none: not at all.
    """

    occasion: Occasion
    is_open: bool
    holding: bool
    is_invoiced: bool
    held_by_other_family: bool
    is_enrolled: bool
    has_price: bool
    may_act: bool
    places_left: int | None
    opening_rule: NoticeRule | None
    book_rule: NoticeRule | None
    cancel_rule: NoticeRule | None
    violation: Violation | None
    is_too_little: bool = False
    is_last: bool = False
    is_kept: bool = False
    has_waiting_list: bool = False
    triggers_package: bool = False
    standing: BookingStatus = BookingStatus.CONFIRMED
    kept_until: datetime | None = None
    is_paying: bool = False
    is_special: bool = False
    attendance: Turnout | None = None
    is_locked: bool = False
    came_unbooked: bool = False
    was_late: bool = False
    other_was_late: bool = False
    is_justified: bool = False
    lacks_document: bool = False
    waits_in_vain: bool = False
    late_rule: NoticeRule | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """The judgement: one state, the reason of what is not allowed, the allowed actions, and the instants for them.

    ``book_from``, ``book_until`` and ``cancel_until`` (free of charge) are aware in Paris, never after the start of the
    unit, and None without a notice rule; ``charged_until``, that of a cancellation that is charged, is None where there
    is none after ``cancel_until``. They are given even when they have passed: « il fallait réserver avant… ».
    ``beyond``: the reasons that the staff go beyond by acting here (rules.staff_bookings); parents never do.
    """

    state: CellState
    reason: Reason | None
    actions: frozenset[Action]
    badges: frozenset[Badge]
    book_from: datetime | None
    book_until: datetime | None
    cancel_until: datetime | None
    charged_until: datetime | None
    kept_until: datetime | None = None
    has_started: bool = False
    beyond: tuple[Reason, ...] = ()

    @property
    def can_be_ticked(self) -> bool:
        """Whether it has a checkbox: to book, cancel or withdraw, or to be asked about the waiting list."""
        return self.can_be_saved or Action.JOIN_LIST in self.actions

    @property
    def can_be_saved(self) -> bool:
        """Whether a save books, cancels or withdraws it."""
        return not self.actions.isdisjoint((Action.BOOK, *GIVING_BACK))

    @property
    def refusing_instant(self) -> datetime | None:
        """The instant that makes the reason one: a deadline that has passed, or the opening that is to come."""
        match self.reason:
            case Reason.NOT_OPEN_YET:
                return self.book_from
            case Reason.TOO_LATE_TO_BOOK:
                return self.book_until
            case Reason.TOO_LATE_TO_CANCEL:
                return self.charged_until or self.cancel_until
            case Reason.OFFER_EXPIRED | Reason.PAYMENT_EXPIRED:
                return self.kept_until
            case _:
                return None


def judge(facts: CellFacts, now: datetime, calendar: Calendar) -> Cell:
    """One state, reason and set of actions from the facts and the clock. The first line that applies decides.

    What was recorded: 1. attendance that was validated is ``RECORDED``; 2. an absence is ``ABSENT``, recorded or
    cancelled too late; 3. a presence without booking, or one that the staff marked, is ``SPECIAL``; 4. any other
    presence is as it was booked. None can be changed.

    A held cell: 1. the unit has started (``PAST``); then the parent may act unless 2. it is invoiced, 3. the other
    family holds it, 4. the family may only look, 5. the day was closed since (staff settle it;
    what is only asked for, or waits, can be taken back), 6. somebody is paying it, the offer or the
    time to pay has passed, or, of a confirmed one, only the staff cancel or it is too late to, even charged. Its state
    is that of its standing; on an invoice it is ``INVOICED``, with that reason whatever the hour. Over 2 to 6, a broken
    combination makes what is confirmed, requested or to pay ``NOT_ALLOWED`` with the same actions.

    A free cell: 1. closed, 2. started, 3. the family may only look, 4. not enrolled, 5. without a price, 6. bookings
    are open to other families, only the staff book, 7. bookings are not open yet, 8. too late to book, or a document is
    missing (``IMPOSSIBLE``); 9. no place left to parents (``FULL``, with the list to join where there is one;
    ``NOT_ALLOWED`` where it would be waited for in vain);
    10. chosen in a broken combination, or on too few days (``NOT_ALLOWED``, it can still be ticked or unticked); else
    ``AVAILABLE``.
    """
    start = paris_moment(facts.occasion.day, facts.occasion.starts_at)
    opening, book = (
        None if rule is None else instant(rule, facts.occasion, calendar)
        for rule in (facts.opening_rule, facts.book_rule)
    )
    cancel = cancel_limits(facts.cancel_rule, facts.late_rule, facts.occasion, calendar)
    has_started = now.astimezone(UTC) >= start.astimezone(UTC)
    recorded = _recorded(facts)
    if recorded is not None:
        state, reason, actions = recorded
    elif facts.holding or facts.held_by_other_family:
        state, reason, actions = _held(facts, has_started, _held_barred(facts, now, cancel))
        if Action.CANCEL in actions and facts.standing is BookingStatus.CONFIRMED and cancel.is_charged_at(now):
            actions = frozenset({Action.CANCEL_LATE})
    else:
        barred = _not_theirs(facts, calendar) or _too_early(now, opening)
        state, reason, actions = _free(facts, has_started, barred or _too_late(now, book, Reason.TOO_LATE_TO_BOOK))
    book_from, book_until, cancel_until = (
        None if isinstance(each, Never) else each for each in (opening, book, cancel.free)
    )
    badges = _badges(facts, state, actions)
    return Cell(
        state, reason, actions, badges, book_from, book_until, cancel_until, cancel.charged, facts.kept_until,
        has_started,
    )  # fmt: skip


_Judgement = tuple[CellState, Reason | None, frozenset[Action]]
_NOTHING: frozenset[Action] = frozenset()

_STATE_OF = {
    BookingStatus.CONFIRMED: CellState.PRESENT,
    BookingStatus.REQUESTED: CellState.REQUESTED,
    BookingStatus.WAITING: CellState.WAITING,
    BookingStatus.OFFERED: CellState.OFFERED,
    BookingStatus.AWAITING_PAYMENT: CellState.TO_PAY,
}
_ASKED = frozenset({BookingStatus.REQUESTED, BookingStatus.WAITING})
_JUDGED_TOGETHER = frozenset({BookingStatus.CONFIRMED, BookingStatus.REQUESTED, BookingStatus.AWAITING_PAYMENT})

_ACTIONS_OF = {
    BookingStatus.CONFIRMED: frozenset({Action.CANCEL}),
    BookingStatus.REQUESTED: frozenset({Action.WITHDRAW}),
    BookingStatus.WAITING: frozenset({Action.LEAVE_LIST}),
    BookingStatus.OFFERED: frozenset({Action.ACCEPT, Action.DECLINE}),
    BookingStatus.AWAITING_PAYMENT: frozenset({Action.PAY, Action.CANCEL}),
}


def _recorded(facts: CellFacts) -> _Judgement | None:
    held = facts.holding or facts.held_by_other_family
    if facts.attendance is not None and facts.is_locked:
        return CellState.RECORDED, Reason.RECORDED, _NOTHING
    if facts.attendance is Turnout.ABSENT:
        return CellState.ABSENT, Reason.RECORDED, _NOTHING
    if facts.was_late and not held:
        return CellState.ABSENT, Reason.JUSTIFIED if facts.is_justified else Reason.CANCELLED_LATE, _NOTHING
    if facts.other_was_late and not held:
        return CellState.ABSENT, Reason.CANCELLED_BY_OTHER_FAMILY, _NOTHING
    if facts.attendance is Turnout.PRESENT and (not held or facts.standing is BookingStatus.CONFIRMED):
        is_special = not held or facts.came_unbooked or facts.is_special
        state = CellState.INVOICED if facts.is_invoiced else CellState.PRESENT
        return CellState.SPECIAL if is_special else state, Reason.RECORDED, _NOTHING
    if facts.is_special and held:
        return CellState.SPECIAL, Reason.STAFF_ONLY, _NOTHING
    return None


def _held_barred(facts: CellFacts, now: datetime, cancel: CancelLimits) -> Reason | None:
    match facts.standing:
        case BookingStatus.CONFIRMED:
            return None if cancel.is_charged_at(now) else _too_late(now, cancel.free, Reason.TOO_LATE_TO_CANCEL)
        case BookingStatus.OFFERED:
            return _too_late(now, facts.kept_until, Reason.OFFER_EXPIRED)
        case BookingStatus.AWAITING_PAYMENT if facts.is_paying:
            return Reason.PAYMENT_UNDER_WAY
        case BookingStatus.AWAITING_PAYMENT:
            return _too_late(now, facts.kept_until, Reason.PAYMENT_EXPIRED)
        case _:
            return None


def _held(facts: CellFacts, has_started: bool, barred: Reason | None) -> _Judgement:
    state = CellState.INVOICED if facts.is_invoiced else _STATE_OF[facts.standing]
    if has_started:
        return state, Reason.INVOICED if facts.is_invoiced else Reason.PAST, _NOTHING
    reason = None
    if facts.is_invoiced:
        reason = Reason.INVOICED
    elif facts.held_by_other_family:
        reason = Reason.HELD_BY_OTHER_FAMILY
    elif not facts.may_act:
        reason = Reason.BLOCKED_FAMILY
    elif not facts.is_open and facts.standing not in _ASKED:
        reason = Reason.CLOSED
    else:
        reason = barred
    actions = _ACTIONS_OF[facts.standing] if reason is None else _NOTHING
    if facts.violation is not None and facts.standing in _JUDGED_TOGETHER:
        return CellState.NOT_ALLOWED, broken_reason(facts.violation), actions
    return state, reason, actions


def broken_reason(violation: Violation) -> Reason:
    """The reason that a broken rule is."""
    return Reason.OVERLAPS if violation.breach is Breach.OVERLAPS else Reason.BREAKS_COMBINATION


def _free(facts: CellFacts, has_started: bool, barred: Reason | None) -> _Judgement:
    if not facts.is_open:
        return CellState.IMPOSSIBLE, Reason.CLOSED, _NOTHING
    if has_started:
        return CellState.IMPOSSIBLE, Reason.PAST, _NOTHING
    if not facts.may_act:
        return CellState.IMPOSSIBLE, Reason.BLOCKED_FAMILY, _NOTHING
    if not facts.is_enrolled:
        return CellState.IMPOSSIBLE, Reason.NOT_ENROLLED, _NOTHING
    if not facts.has_price:
        return CellState.IMPOSSIBLE, Reason.NO_PRICE, _NOTHING
    if barred is not None:
        return CellState.IMPOSSIBLE, barred, _NOTHING
    if facts.lacks_document:
        return CellState.IMPOSSIBLE, Reason.DOCUMENT_MISSING, _NOTHING
    if facts.places_left is not None and facts.places_left <= 0:
        actions = frozenset({Action.JOIN_LIST}) if facts.has_waiting_list else _NOTHING
        if facts.violation is not None and facts.has_waiting_list and facts.waits_in_vain:
            return CellState.NOT_ALLOWED, broken_reason(facts.violation), actions
        return CellState.FULL, Reason.KEPT_BY_SERVICE if facts.is_kept else Reason.FULL, actions
    actions = frozenset({Action.BOOK})
    if facts.violation is not None:
        return CellState.NOT_ALLOWED, broken_reason(facts.violation), actions
    if facts.is_too_little:
        return CellState.NOT_ALLOWED, Reason.TOO_FEW_DAYS, actions
    return CellState.AVAILABLE, None, actions


def _badges(facts: CellFacts, state: CellState, actions: frozenset[Action]) -> frozenset[Badge]:
    found = set()
    if facts.is_last and Action.BOOK in actions:
        found.add(Badge.LAST_PLACES)
    if facts.triggers_package and Action.BOOK in actions:
        found.add(Badge.PACKAGE)
    if facts.is_invoiced and state is not CellState.INVOICED:
        found.add(Badge.INVOICED)
    return frozenset(found)


def _not_theirs(facts: CellFacts, calendar: Calendar) -> Reason | None:
    rule = facts.opening_rule
    is_theirs = rule is None or not rule.audiences or not is_for_others(rule, facts.occasion, calendar)
    return None if is_theirs else Reason.OTHER_AUDIENCE


def _too_early(now: datetime, opening: datetime | Never | None) -> Reason | None:
    if isinstance(opening, Never):
        return Reason.STAFF_ONLY
    return Reason.NOT_OPEN_YET if opening is not None and now.astimezone(UTC) < opening.astimezone(UTC) else None


def _too_late(now: datetime, until: datetime | Never | None, reason: Reason) -> Reason | None:
    if isinstance(until, Never):
        return Reason.STAFF_ONLY
    return None if until is None or is_in_time(now, until) else reason
