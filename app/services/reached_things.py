"""Whether an agent's role reaches what an address names: a family, a child, an activity, and what hangs on these."""

from collections.abc import Callable, Mapping

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import InstrumentedAttribute

from app.database import db
from app.models.activities import TariffVersion, Unit
from app.models.bookings import Booking, Opening
from app.models.closures import Closure, ClosureOpening
from app.models.enrolments import Enrolment
from app.models.families import Family, FamilyChild, FamilyQuotient
from app.models.messages import Message, MessageThread
from app.models.prepaid_books import PrepaidBook
from app.models.urgent_messages import UrgentMessage, UrgentRecipient
from app.services.staff_scopes import StaffScope

_Condition = Callable[[StaffScope, int], ColumnElement[bool]]


def is_reached(scope: StaffScope, argument: str, id_: int) -> bool:
    """Whether what an argument of an address names is within a scope; what is of no place always is. One query."""
    if argument == "activity_id":
        return id_ in scope.activity_ids
    if argument not in _THINGS:
        return True
    return bool(db.session.scalar(select(_THINGS[argument](scope, id_))))


def closure_within(scope: StaffScope) -> ColumnElement[bool]:
    """A condition: all that a closure closed is of groups within a scope."""
    closed = select(ClosureOpening.opening_id).join(Opening, Opening.id == ClosureOpening.opening_id)
    return ~closed.where(
        ClosureOpening.closure_id == Closure.id, Opening.group_id.not_in(scope.group_ids)
    ).exists()  # fmt: skip


def urgent_message_within(scope: StaffScope) -> ColumnElement[bool]:
    """A condition: all families that an urgent message is for are within a scope."""
    told = select(UrgentRecipient.family_id).where(UrgentRecipient.message_id == UrgentMessage.id)
    return ~told.where(~scope.has_family(UrgentRecipient.family_id)).exists()


def _of_family(family: InstrumentedAttribute[int], key: InstrumentedAttribute[int]) -> _Condition:
    return lambda scope, id_: exists().where(key == id_, scope.has_family(family))


def _of_activity(activity: InstrumentedAttribute[int], key: InstrumentedAttribute[int]) -> _Condition:
    return lambda scope, id_: exists().where(key == id_, scope.has_activity(activity))


def _waits_within(scope: StaffScope, id_: int) -> ColumnElement[bool]:
    units = select(Booking.id).join(Opening, Opening.id == Booking.opening_id).join(Unit, Unit.id == Opening.unit_id)
    return units.where(Booking.waiting_id == id_, scope.has_activity(Unit.activity_id)).exists()


def _message_within(scope: StaffScope, id_: int) -> ColumnElement[bool]:
    thread = select(MessageThread.id).join(Message, Message.thread_id == MessageThread.id)
    return thread.where(Message.id == id_, scope.has_family(MessageThread.family_id)).exists()


_THINGS: Mapping[str, _Condition] = {
    "family_id": _of_family(Family.id, Family.id),
    "child_id": _of_family(FamilyChild.family_id, FamilyChild.child_id),
    "quotient_id": _of_family(FamilyQuotient.family_id, FamilyQuotient.id),
    "thread_id": _of_family(MessageThread.family_id, MessageThread.id),
    "message_id": _message_within,
    "enrolment_id": _of_activity(Enrolment.activity_id, Enrolment.id),
    "version_id": _of_activity(TariffVersion.activity_id, TariffVersion.id),
    "draft_id": _of_activity(TariffVersion.activity_id, TariffVersion.id),
    "book_id": _of_activity(PrepaidBook.activity_id, PrepaidBook.id),
    "entry_id": _waits_within,
    "closure_id": lambda scope, id_: exists().where(Closure.id == id_, closure_within(scope)),
    "urgent_message_id": lambda scope, id_: exists().where(UrgentMessage.id == id_, urgent_message_within(scope)),
}
