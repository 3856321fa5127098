"""What stands in « À traiter »: a row of each kind, with all that the staff need for it, and what was decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum, auto

from app import clock
from app.models.families import QuotientSource, Regime, Title
from app.rules.states import FamilyStatus
from app.services.absences import PendingAbsences
from app.services.booking_requests import DayRequest, ScopePlaces
from app.services.change_requests import RequestView
from app.services.document_decisions import SubmissionView
from app.services.enrolments import PendingEnrolment
from app.services.erasures import RequestView as RequestToErase
from app.services.message_threads import ThreadLine


class ItemKind(StrEnum):
    """What waits."""

    SIGN_UP = auto()
    ENROLMENT = auto()
    QUOTIENT = auto()
    CHANGE = auto()
    BOOKING = auto()
    DOCUMENT = auto()
    ABSENCE = auto()
    ERASURE = auto()
    MESSAGE = auto()


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A family that may be the same as one that signed up, or a child the same as one to be enrolled."""

    family_id: int
    family_name: str
    status: FamilyStatus
    place: str  # where it lives


@dataclass(frozen=True, slots=True)
class SignUpItem:
    """A family that asks for an account."""

    id: int  # of the family
    requested_at: datetime
    waiting_days: int
    is_own: bool  # the agent's own family: a colleague decides
    family_name: str
    title: Title
    guardian_name: str
    email: str
    address: tuple[str, ...]  # its lines
    lookalikes: tuple[Lookalike, ...]
    kind: ItemKind = ItemKind.SIGN_UP

    @property
    def name(self) -> str:
        """What the row is called."""
        return self.family_name


@dataclass(frozen=True, slots=True)
class ScopeView:
    """Places that the group shares each day."""

    name: str
    places: int


@dataclass(frozen=True, slots=True)
class EnrolmentItem:
    """A child who asks for an activity."""

    id: int  # of the enrolment
    requested_at: datetime
    waiting_days: int
    is_own: bool
    request: PendingEnrolment
    age: int  # completed years on the first day
    enrolled: int  # children whose enrolment in the group is accepted and not over
    places: int | None  # how many the group may enrol; None: without limit
    scopes: tuple[ScopeView, ...]
    lookalikes: tuple[Lookalike, ...]  # families with a child of the same name and birth date
    kind: ItemKind = ItemKind.ENROLMENT

    @property
    def name(self) -> str:
        """What the row is called."""
        return self.request.child_name


@dataclass(frozen=True, slots=True)
class QuotientItem:
    """A quotient that a family declared."""

    id: int  # of the quotient
    requested_at: datetime
    waiting_days: int
    is_own: bool
    family_id: int
    family_name: str
    value_cents: int
    month: date
    source: QuotientSource
    proposed_end: date
    regime: Regime | None
    fund_number: str | None
    fund_holder_name: str | None
    previous_cents: int | None  # the verified one that counts until now
    previous_month: date | None
    lookalikes: tuple[Lookalike, ...] = ()
    kind: ItemKind = ItemKind.QUOTIENT

    @property
    def name(self) -> str:
        """What the row is called."""
        return self.family_name


@dataclass(frozen=True, slots=True)
class ChangeItem:
    """A change of its file that a family asks for."""

    id: int  # of the request
    requested_at: datetime
    waiting_days: int
    is_own: bool
    request: RequestView
    lookalikes: tuple[Lookalike, ...]  # families with somebody like the one to be added
    kind: ItemKind = ItemKind.CHANGE

    @property
    def name(self) -> str:
        """What the row is called."""
        return self.request.family_name


@dataclass(frozen=True, slots=True)
class BookingItem:
    """What a family asks for one child on one day."""

    id: int  # of its first booking
    requested_at: datetime
    waiting_days: int
    is_own: bool
    request: DayRequest
    places: tuple[ScopePlaces, ...]  # of what it would spend
    lookalikes: tuple[Lookalike, ...] = ()
    kind: ItemKind = ItemKind.BOOKING

    @property
    def name(self) -> str:
        """What the row is called."""
        return self.request.child_name

    @property
    def is_urgent(self) -> bool:
        """Whether it ends without an answer within a day."""
        return self.request.answer_until - clock.now() < timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DocumentItem:
    """A document that a family handed in; it is decided on a page of its own, where it is seen."""

    id: int  # of the version
    requested_at: datetime
    waiting_days: int
    is_own: bool
    request: SubmissionView
    lookalikes: tuple[Lookalike, ...] = ()
    kind: ItemKind = ItemKind.DOCUMENT

    @property
    def name(self) -> str:
        """What the row is called."""
        return self.request.holder.name


@dataclass(frozen=True, slots=True)
class AbsenceItem:
    """Absences that a family wants excused; they are decided on a page of their own, where the certificate is seen."""

    id: int  # of the justification
    requested_at: datetime
    waiting_days: int
    is_own: bool
    request: PendingAbsences
    lookalikes: tuple[Lookalike, ...] = ()
    kind: ItemKind = ItemKind.ABSENCE

    @property
    def name(self) -> str:
        """What the row is called."""
        return self.request.family_name


@dataclass(frozen=True, slots=True)
class ErasureItem:
    """A family that asks to be erased; it is decided on a page of its own, where the plan is read."""

    id: int  # of the request
    requested_at: datetime
    waiting_days: int
    is_own: bool
    request: RequestToErase
    lookalikes: tuple[Lookalike, ...] = ()
    kind: ItemKind = ItemKind.ERASURE

    @property
    def name(self) -> str:
        """What the row is called."""
        return self.request.family_name


@dataclass(frozen=True, slots=True)
class MessageItem:
    """A thread that waits for an answer; it is answered on a page of its own."""

    id: int  # of the thread
    requested_at: datetime
    waiting_days: int
    is_own: bool
    thread: ThreadLine
    lookalikes: tuple[Lookalike, ...] = ()
    kind: ItemKind = ItemKind.MESSAGE

    @property
    def name(self) -> str:
        """What the row is called."""
        return self.thread.family_name


Item = (
    SignUpItem
    | EnrolmentItem
    | QuotientItem
    | ChangeItem
    | BookingItem
    | DocumentItem
    | AbsenceItem
    | ErasureItem
    | MessageItem
)


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits, and how many of each kind there are: oldest first, bookings by themselves by their day."""

    items: tuple[Item, ...]
    counts: Mapping[ItemKind, int]  # of the kinds that the agent may decide on
    shown: ItemKind | None  # None: every kind
    total: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", sum(self.counts.values()))

    @property
    def hidden(self) -> int:
        """How many more wait behind those shown."""
        wanted = self.total if self.shown is None else self.counts[self.shown]
        return wanted - len(self.items)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided on a row, by whom and when."""

    kind: ItemKind
    id: int
    name: str  # of the family or child
    family_id: int
    accepted: bool
    decided_by: str | None
    decided_at: datetime | None
    activity_name: str | None = None
    is_withdrawn: bool = False  # the family took it back
    is_listed: bool = False  # it waits for a place
