"""What is due and not paid: who is reminded of what and when, and what an office does not ask for any more.

Money is integer cents. Source: domain.md sections 5.1 and 5.6, docs/rules/debts.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, auto

LAST_LEVEL = 3


class HoldKind(StrEnum):
    """Why an invoice is not reminded of."""

    DISPUTE = auto()
    PLAN = auto()  # paid as agreed, until a day


class DebtMoveKind(StrEnum):
    """How an office stops asking for what is due."""

    WRITE_OFF = auto()  # « admission en non-valeur »: nobody will be asked any more
    TRANSFER = auto()  # to the Treasury, which asks from then on


class EntryKind(StrEnum):
    """What moves a family's account, in the order in which what moved on a day is told."""

    INVOICE = auto()
    CREDIT_NOTE = auto()
    PAYMENT = auto()
    REVERSAL = auto()  # a payment counts no more
    REFUND = auto()  # money that the office kept went back
    WRITE_OFF = auto()
    TRANSFER = auto()
    CANCELLED = auto()  # a write-off or transfer was: the invoice is due again


@dataclass(frozen=True, slots=True)
class ReminderRule:
    """How an office reminds: how many days after the due date each level may leave, and of how little it does not."""

    is_on: bool = True
    days: tuple[int, int, int] = (15, 30, 45)
    minimum_cents: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.days[0] < self.days[1] < self.days[2] or self.minimum_cents < 0:
            raise ValueError("a level leaves after the one before, and the minimum is no debt of the office")

    def rest_before(self, level: int) -> timedelta:
        """How long nothing leaves after the level before: what lies between the two."""
        return timedelta(days=self.days[level - 1] - self.days[level - 2]) if level > 1 else timedelta()


@dataclass(frozen=True, slots=True)
class Debt:
    """An invoice, as reminders look at it: what is due on it, since when, and the last level that its family got.

    ``held_until``: the last day of a plan; ``is_disputed``; ``is_under_way``: it is being
    paid online, or will be collected.
    """

    invoice_id: int
    due_on: date
    balance_cents: int
    last_level: int = 0
    last_sent_on: date | None = None
    is_disputed: bool = False
    held_until: date | None = None
    is_under_way: bool = False


def next_level(rule: ReminderRule, debt: Debt, today: date) -> int | None:
    """The level that an invoice is due for on a day, looking at it alone; None: nothing leaves.

    One level after the other, never one twice, and each as long after the one before as the rule keeps them apart:
    who begins to remind late does not send all levels at once.
    """
    level = debt.last_level + 1
    if not rule.is_on or level > LAST_LEVEL or debt.balance_cents <= 0:
        return None
    if debt.is_disputed or debt.is_under_way or (debt.held_until is not None and today <= debt.held_until):
        return None
    if today < debt.due_on + timedelta(days=rule.days[level - 1]):
        return None
    if debt.last_sent_on is not None and today < debt.last_sent_on + rule.rest_before(level):
        return None
    return level


def due_reminders(
    rule: ReminderRule, debts: Iterable[Debt], credit_cents: int, today: date
) -> Mapping[int, tuple[Debt, ...]]:
    """What a family is to be reminded of by an office on a day: the invoices of each level, oldest due date first.

    ``credit_cents`` is what the office keeps for the family. Where it covers what a level would ask for, or leaves less
    than the minimum, nothing of the level leaves.
    """
    found: dict[int, list[Debt]] = {}
    for debt in sorted(debts, key=lambda each: (each.due_on, each.invoice_id)):
        level = next_level(rule, debt, today)
        if level is not None:
            found.setdefault(level, []).append(debt)
    least_cents = max(rule.minimum_cents, 1)
    return {
        level: tuple(of_level)
        for level, of_level in sorted(found.items())
        if sum(debt.balance_cents for debt in of_level) - credit_cents >= least_cents
    }


class MoveObstacle(StrEnum):
    """Why what is due on an invoice cannot be written off or transferred."""

    NOTHING_DUE = auto()
    UNDER_WAY = auto()  # somebody pays it online, or it will be collected
    NOT_DUE_YET = auto()


def move_obstacle(balance_cents: int, due_on: date, today: date, *, is_under_way: bool) -> MoveObstacle | None:
    """What keeps an office from not asking any more for what is due on an invoice; None: nothing does."""
    if balance_cents <= 0:
        return MoveObstacle.NOTHING_DUE
    if is_under_way:
        return MoveObstacle.UNDER_WAY
    return MoveObstacle.NOT_DUE_YET if today <= due_on else None
