"""What becomes of a family's data when it is erased: the one plan that the pages show and the erasure follows.

Source: RGPD articles 12-3 and 17, docs/rules/erasures.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum, auto

from app.rules.calendars import add_months
from app.rules.retention import DataClass, duration_of, kept_until


class Fate(StrEnum):
    """What becomes of a class of data."""

    ERASED = auto()
    ANONYMISED = auto()  # what is left names nobody
    KEPT = auto()


class Ground(StrEnum):
    """Why something is not erased."""

    ACCOUNTING = auto()  # Code de commerce, article L123-22
    FIGURES = auto()  # the council's figures, which name nobody
    OTHER_HOME = auto()  # a child of separated parents, whose other home goes on
    OTHER_USE = auto()  # a login that serves another family, or an agent
    PROOF = auto()  # that the request was answered


class Obstacle(StrEnum):
    """What must be ended first."""

    COMING_BOOKINGS = auto()
    TO_INVOICE = auto()
    DUE = auto()
    OVERPAID = auto()
    PAYMENT_UNDER_WAY = auto()


@dataclass(frozen=True, slots=True)
class ErasureFacts:
    """What there is of a family: how many rows of each class, and what stands against an erasure."""

    counts: Mapping[DataClass, int]
    kept_bookings: int = 0  # that took place, or lie on an invoice
    last_document_on: date | None = None  # of its invoices and payments
    shared_children: int = 0
    shared_documents: int = 0  # accepted ones of these children
    accounts_elsewhere: int = 0  # of its adults: they are agents, or of another family too
    obstacles: Mapping[Obstacle, int] = field(default_factory=dict)  # bookings, invoices, or cents


@dataclass(frozen=True, slots=True)
class PlanLine:
    """What becomes of a class."""

    data: DataClass
    fate: Fate
    count: int
    ground: Ground | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """Class by class what becomes of the data, once nothing stands against it."""

    lines: tuple[PlanLine, ...]
    exceptions: tuple[PlanLine, ...]  # what of an erased class is kept: the count is of children, documents or accounts
    obstacles: Mapping[Obstacle, int]

    @property
    def is_possible(self) -> bool:
        """Whether nothing must be ended first."""
        return not self.obstacles

    def fate_of(self, data: DataClass) -> Fate | None:
        """What becomes of a class; None where there is nothing of it."""
        return next((line.fate for line in self.lines if line.data is data), None)


def plan_erasure(facts: ErasureFacts, chosen: Mapping[DataClass, int]) -> ErasurePlan:
    """The plan; `chosen` are the durations that the staff set."""
    lines = []
    for data in DataClass:
        count = facts.counts.get(data, 0)
        if not count:
            continue
        if data is DataClass.ACCOUNTING:
            amount = duration_of(data, chosen)
            until = facts.last_document_on and kept_until(data, amount, facts.last_document_on)
            lines.append(PlanLine(data, Fate.KEPT, count, Ground.ACCOUNTING, until))
        elif data is DataClass.LOG:
            lines.append(PlanLine(data, Fate.KEPT, count, Ground.PROOF))
        elif data is DataClass.BOOKINGS and facts.kept_bookings:
            lines.append(PlanLine(data, Fate.ANONYMISED, count, Ground.FIGURES))
        else:
            lines.append(PlanLine(data, Fate.ERASED, count))
    exceptions = []
    if facts.shared_children:
        exceptions.append(PlanLine(DataClass.HEALTH, Fate.KEPT, facts.shared_children, Ground.OTHER_HOME))
    if facts.shared_documents:
        exceptions.append(PlanLine(DataClass.DOCUMENTS, Fate.KEPT, facts.shared_documents, Ground.OTHER_HOME))
    if facts.accounts_elsewhere:
        exceptions.append(PlanLine(DataClass.ACCOUNTS, Fate.KEPT, facts.accounts_elsewhere, Ground.OTHER_USE))
    obstacles = {each: facts.obstacles[each] for each in Obstacle if facts.obstacles.get(each)}
    return ErasurePlan(tuple(lines), tuple(exceptions), obstacles)


def answer_due_on(asked_on: date) -> date:
    """Until when a request is answered: within one month (RGPD article 12-3)."""
    return add_months(asked_on, 1)
