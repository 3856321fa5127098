"""What a command may answer instead of doing its work; `app/errors.py` gives each its status and French sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, auto

from app.rules.baskets import Unpayable
from app.rules.debts import MoveObstacle
from app.rules.enrolments import Blocker
from app.rules.erasures import Obstacle
from app.rules.handed_in_files import FileRefusal
from app.rules.invoicing import OddityKind
from app.rules.paid_bookings import Unfit


class DomainError(Exception):
    """Base of the refusals that a person should read about."""


class NotFound(DomainError):
    """There is no such object, or not for this family: the answer is 404 either way."""


class NoRoomForFile(DomainError):
    """The family has handed in as much as anybody may: `refusal` says what."""

    def __init__(self, refusal: FileRefusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class TextChanged(DomainError):
    """Another version of a text is in force than the one that was read."""


class AlreadyDecided(DomainError):
    """Another agent decided in the meantime."""


class AbsencesMoved(DomainError):
    """An absence cannot be justified any more: another parent did, it is invoiced, or its time is over."""


class SettingMoved(DomainError):
    """Another agent stored other rules than those that the form was made of."""


class ImportUsed(DomainError):
    """A family of an import did something since: the import is not undone."""


class RequestChanged(DomainError):
    """The family asks for something else than what the agent read."""


class UnknownCommune(DomainError):
    """An address whose postal code and name are of no commune that we know (any more)."""


class ModeNotTaken(DomainError):
    """The office does not take this mode of payment (any more)."""


class AlreadyReversed(DomainError):
    """A payment that counts no more is not reversed again."""


class PartlyRefunded(DomainError):
    """Some of a payment went back to the family: it cannot be reversed as a whole."""


class MandateExists(DomainError):
    """The family has a mandate for this office: it is ended before another is recorded."""


class DebitMoved(DomainError):
    """A collection is not what was shown any more, or what is asked comes too early or too late for it."""


class DebitTooHigh(DomainError):
    """A line of a collection asks for more than is due on its invoice by now."""


class NothingToHandIn(DomainError):
    """What was to be handed in is not in hand any more, or comes to less than nothing."""


class OwnFamily(DomainError):
    """Nobody decides on their own family."""


class MoveRefused(DomainError):
    """What is due on an invoice cannot be written off or transferred: `obstacle` says why."""

    def __init__(self, obstacle: MoveObstacle) -> None:
        super().__init__(obstacle)
        self.obstacle = obstacle


class YearNotOver(DomainError):
    """The certificates of a year are published once it is over, and not those of a year that is too long ago."""


class FamilyNotActive(DomainError):
    """The family's account is not active: it may look, but change nothing."""


class EmailTaken(DomainError):
    """The address belongs to another account or to another waiting family."""


class LinkExpired(DomainError):
    """A one-time link that was used, has expired or never existed."""


class TooManyAttempts(DomainError):
    """Too many failed sign-ins; `retry_at` says when to try again (at most 15 minutes later)."""

    def __init__(self, retry_at: datetime) -> None:
        super().__init__(f"retry at {retry_at:%H:%M}")
        self.retry_at = retry_at


class WrongPassword(DomainError):
    """The present password was not the right one."""


class WrongCode(DomainError):
    """A one-time or recovery code that is wrong, was used already, or is of another moment."""


class StaffAccount(DomainError):
    """The account has a role at the council: an administrator deactivates it."""


class OwnAccount(DomainError):
    """Nobody changes their own roles."""


class NameTaken(DomainError):
    """Something else of this kind bears the name already."""


class PrefixTaken(DomainError):
    """Another office's numbers begin with this already."""


class UsageKind(StrEnum):
    """What can hang on something that the staff set."""

    ACTIVITY = auto()
    ENROLMENT = auto()
    BOOKING = auto()
    PLACE = auto()  # that a child holds on a day to come
    INVOICE = auto()
    AGENT = auto()
    AID = auto()
    NOTICE = auto()
    COMBINATION = auto()
    TARIFF = auto()
    REQUIRED_DOCUMENT = auto()  # that is asked
    SUBMITTED_DOCUMENT = auto()  # that a family handed in
    PUBLICATION = auto()
    TEXT_TO_ACCEPT = auto()
    TEXT_VERSION = auto()  # which includes a file
    TEXT_ACCEPTANCE = auto()
    MESSAGE_THREAD = auto()
    JUSTIFICATION = auto()  # of absences
    CARRIED_MONTH = auto()  # of a family, that an invoice of the office is still to ask for
    RUN = auto()  # an invoice run that is under way
    OPENING_OUTSIDE = auto()  # on a day that would be outside of the season


@dataclass(frozen=True, slots=True)
class Usage:
    """How many of a kind hang on it."""

    kind: UsageKind
    count: int


class StillUsed(DomainError):
    """Something hangs on what was to be deleted or changed; `usages` say what."""

    def __init__(self, usages: Sequence[Usage]) -> None:
        super().__init__(", ".join(f"{usage.count} {usage.kind}" for usage in usages))
        self.usages = tuple(usages)


@dataclass(frozen=True, slots=True)
class BookedDay:
    """A day on which children hold a booking: their names."""

    day: date
    child_names: tuple[str, ...]


class DaysBooked(DomainError):
    """Days that were to be closed have active bookings; `days` say whose."""

    def __init__(self, days: Sequence[BookedDay]) -> None:
        super().__init__(f"{len(days)} days")
        self.days = tuple(days)


class PlacesExceeded(DomainError):
    """There is no place left in these openings: the staff go beyond them once they have said that they will."""

    def __init__(self, opening_ids: frozenset[int]) -> None:
        super().__init__(", ".join(map(str, sorted(opening_ids))))
        self.opening_ids = opening_ids


class ClosureMoved(DomainError):
    """A closure would cancel something else than was read."""


class AidSpent(DomainError):
    """An aid would promise less than it has paid, or not be for a day that it paid for."""


class BookSettled(DomainError):
    """A prepaid book that is invoiced, or paid for a day that is: nobody takes it back."""


class PriceMoved(DomainError):
    """Something costs another price by now than the form showed: it is shown again."""


class LastAdministrator(DomainError):
    """Somebody must be left who can administer."""


class TooManyInvitations(DomainError):
    """Several invitations went to this address lately: nobody's letter box is flooded."""


class TooManyMessages(DomainError):
    """The family sent many messages lately; `retry_at` says when it may send another one."""

    def __init__(self, retry_at: datetime) -> None:
        super().__init__(f"retry at {retry_at}")
        self.retry_at = retry_at


class ThreadMoved(DomainError):
    """Somebody wrote in a thread since the agent read it: they read it before they answer."""


class RankingMoved(DomainError):
    """Requests, places or what is known of the families changed since the agent read the ranking."""


class GroupFull(DomainError):
    """The group of an enrolment has no place left: only a reason lets the staff go beyond it."""

    def __init__(self, group_name: str, places: int, enrolled: int) -> None:
        super().__init__(group_name)
        self.group_name = group_name
        self.places = places
        self.enrolled = enrolled


class EnrolmentOver(DomainError):
    """The enrolment is not accepted, or is over: there is nothing to end."""


class OfferGone(DomainError):
    """A place that was offered is not any more: the time to answer has passed, or the day has changed."""


class EndMoved(DomainError):
    """The end of an enrolment would cancel something else than was read."""


class CorrectionMoved(DomainError):
    """What would be taken back of an invoice is not what was read: something of it was credited meanwhile."""


class DraftMoved(DomainError):
    """Another agent changed the draft of a grid in the meantime."""


class OtherFamily(DomainError):
    """A form that was opened in the name of one family, and sent in the name of another."""


class SharedEmail(DomainError):
    """Another adult of the family signs in with this address."""


class ForgedForm(DomainError):
    """A form that none of our pages can have sent."""


class ErasureHeld(DomainError):
    """Something must be ended before a family is erased; `obstacles` say what and how much."""

    def __init__(self, obstacles: Mapping[Obstacle, int]) -> None:
        super().__init__(", ".join(obstacles))
        self.obstacles = obstacles


class EnrolmentBlocked(DomainError):
    """A child may not ask for an activity; `blockers` say why."""

    def __init__(self, blockers: tuple[Blocker, ...]) -> None:
        super().__init__(", ".join(each.kind for each in blockers))
        self.blockers = blockers


class VersionBegun(DomainError):
    """Prices that are in force or past: another version can follow them, nothing changes them."""


class DayTaken(DomainError):
    """The activity has prices that begin on this day already, or the day has passed."""


class OfficeHeld(StillUsed):
    """What an activity has to be invoiced keeps it with its office; `usages` say what."""


class UnfitToPay(DomainError):
    """The bookings of an activity cannot be paid when they are made; `unfit` says why."""

    def __init__(self, unfit: Unfit) -> None:
        super().__init__(unfit)
        self.unfit = unfit


class PlacesMoved(DomainError):
    """What a family holds and has to pay is not what the form showed any more, or is being paid already."""


class NothingToPay(DomainError):
    """None of the ticked invoices can be paid online now; `unpayable` says why, one by one."""

    def __init__(self, unpayable: Sequence[Unpayable]) -> None:
        super().__init__(", ".join(f"{each.invoice_id}: {each.reason}" for each in unpayable))
        self.unpayable = tuple(unpayable)


class DayNotTicked(DomainError):
    """Some children of a day were not ticked, and nobody has said what they were; `children`: how many."""

    def __init__(self, children: int) -> None:
        super().__init__(str(children))
        self.children = children


class DayNotValidated(DomainError):
    """The day is not validated: there is nothing to open again."""


class DayInvoiced(DomainError):
    """Something of the day is on an invoice: a credit note corrects it."""


class PoolGone(DomainError):
    """What was prepared of an invoice run is not there (yet, or any more), or has nothing of what is accepted."""


class OdditiesLeft(DomainError):
    """A run has what must be settled, or accepted with a word, before it is issued: `kinds`."""

    def __init__(self, kinds: tuple[OddityKind, ...]) -> None:
        super().__init__(kinds)
        self.kinds = kinds


class RunUnderWay(DomainError):
    """The month is being invoiced just now: what it is made of stays as it is until then."""
