"""What the staff may do with a planning cell beyond what its parents may, and what is asked of them for it.

Source: product.md section 5, docs/rules/staff_bookings.md.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum, auto

from app.rules.calendars import Calendar
from app.rules.cells import Action, Cell, CellFacts, Reason, judge
from app.rules.states import BookingStatus


class Demand(StrEnum):
    """What is asked of the staff who go beyond a reason of a cell."""

    REASON = auto()
    CONFIRMATION = auto()  # a reason, and « yes » once they have read by how much the places are exceeded


class ListAnswer(StrEnum):
    """What an agent answers for a family that waits, or is offered a place."""

    REMOVE = auto()  # off the list, or the offer taken back
    ACCEPT = auto()  # what is offered


LIST_ANSWERS: Mapping[Action, ListAnswer] = {
    Action.ACCEPT: ListAnswer.ACCEPT,
    Action.DECLINE: ListAnswer.REMOVE,
    Action.LEAVE_LIST: ListAnswer.REMOVE,
}
"""By what the cell allows."""


class Became(StrEnum):
    """What the staff made of a booking, in the words of the mail."""

    BOOKED = auto()
    CANCELLED = auto()
    CANCELLED_CHARGED = auto()
    CANCELLED_BY_STRUCTURE = auto()
    WITHDRAWN = auto()
    MARKED = auto()  # « Présence spéciale »
    UNMARKED = auto()


BOOKING: Mapping[Reason, Demand] = {
    Reason.OTHER_AUDIENCE: Demand.REASON,
    Reason.STAFF_ONLY: Demand.REASON,
    Reason.NOT_OPEN_YET: Demand.REASON,
    Reason.TOO_LATE_TO_BOOK: Demand.REASON,
    Reason.DOCUMENT_MISSING: Demand.REASON,
    Reason.KEPT_BY_SERVICE: Demand.REASON,
    Reason.FULL: Demand.CONFIRMATION,
    Reason.BREAKS_COMBINATION: Demand.REASON,
    Reason.OVERLAPS: Demand.REASON,
    Reason.CANCELLED_LATE: Demand.REASON,
    Reason.JUSTIFIED: Demand.REASON,
}
"""What keeps parents from booking and not the staff; all else keeps everybody."""

CANCELLING: Mapping[Reason, Demand] = {
    Reason.TOO_LATE_TO_CANCEL: Demand.REASON,
    Reason.STAFF_ONLY: Demand.REASON,
    Reason.CLOSED: Demand.REASON,
    Reason.BLOCKED_FAMILY: Demand.REASON,
    Reason.BREAKS_COMBINATION: Demand.REASON,
    Reason.OVERLAPS: Demand.REASON,
}
"""The same of giving back what is held."""


_THEIRS = frozenset({Action.BOOK, Action.CANCEL, Action.WITHDRAW, Action.LEAVE_LIST, Action.ACCEPT, Action.DECLINE})
"""What an agent does in a cell; joining a list and paying are the family's own affair."""


def judge_for_staff(facts: CellFacts, now: datetime, calendar: Calendar) -> Cell:
    """The cell that the parents see, with what the staff may do in it and the reasons that they go beyond by doing it.

    The same judgement is made again without each reason that does not bind them, until nothing stands in the way or
    something that binds everybody.
    """
    seen = judge(facts, now, calendar)
    is_held = facts.holding or facts.held_by_other_family
    overruled = CANCELLING if is_held else BOOKING
    cell, left = seen, facts
    beyond: list[Reason] = []
    while cell.reason is not None and cell.reason in overruled and cell.reason not in beyond:
        beyond.append(cell.reason)
        left = _without(left, cell.reason)
        cell = judge(left, now, calendar)
    if cell.reason is Reason.TOO_FEW_DAYS:
        return replace(cell, beyond=tuple(beyond))  # there is no price: more days must be chosen
    if cell.reason is not None:
        return replace(seen, actions=frozenset())
    # How a booking is cancelled, the staff say themselves: no hour makes it late.
    actions = frozenset(Action.CANCEL if each is Action.CANCEL_LATE else each for each in cell.actions) & _THEIRS
    if beyond:
        actions -= {Action.ACCEPT}  # what keeps the family from an offered place keeps the staff from it too
    return replace(seen, actions=actions, beyond=tuple(beyond))


def may_mark(facts: CellFacts, now: datetime, calendar: Calendar) -> bool:
    """Whether the staff may mark a booking as special, or take the mark back: it is to come, and on no invoice."""
    return facts.standing is BookingStatus.CONFIRMED and Action.CANCEL in judge_for_staff(facts, now, calendar).actions


def _without(facts: CellFacts, reason: Reason) -> CellFacts:
    """The facts as if a reason did not stand."""
    match reason:
        case Reason.OTHER_AUDIENCE | Reason.NOT_OPEN_YET:
            return replace(facts, opening_rule=None)
        case Reason.STAFF_ONLY:
            # Marked by the staff, or a deadline that never lets parents act.
            return replace(facts, is_special=False, opening_rule=None, book_rule=None, cancel_rule=None)
        case Reason.TOO_LATE_TO_BOOK:
            return replace(facts, book_rule=None)
        case Reason.TOO_LATE_TO_CANCEL:
            return replace(facts, cancel_rule=None)
        case Reason.DOCUMENT_MISSING:
            return replace(facts, lacks_document=False)
        case Reason.KEPT_BY_SERVICE | Reason.FULL:
            return replace(facts, places_left=None)
        case Reason.BREAKS_COMBINATION | Reason.OVERLAPS:
            return replace(facts, violation=None)
        case Reason.CLOSED:
            return replace(facts, is_open=True)
        case Reason.BLOCKED_FAMILY:
            return replace(facts, may_act=True)
        case _:
            # What was given up too late stays charged on an invoice: there it is booked by nobody.
            return facts if facts.is_invoiced else replace(facts, was_late=False)
