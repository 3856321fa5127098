"""Urgent messages: whom they concern, sending them once, and what became of them.

The families are written down as the agent sends; the worker queues their mails a few families at a time, so that no
transaction is long. A family whose child has another home is told through each of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, func, insert, or_, select, true
from sqlalchemy.orm import Session

from app import clock
from app.database import db, take_turns
from app.filters import day_long
from app.models.accounts import User
from app.models.bookings import Booking, Opening
from app.models.enrolments import Enrolment
from app.models.families import Family, Guardian
from app.models.mails import MailStatus, OutboxMail
from app.models.urgent_messages import UrgentMessage, UrgentRecipient
from app.rules.messages import URGENT_FOR, is_urgent_shown
from app.rules.states import HOLDING_STATUSES, EnrolmentStatus, FamilyStatus
from app.services.catalogue import catalogue
from app.services.errors import ForgedForm, NotFound
from app.services.families import hold_at_hand
from app.services.mail_texts import PORTAL_MARK, write_mail
from app.services.mails import queue_mail
from app.services.pages import Page, page_of
from app.services.reached_things import urgent_message_within
from app.services.staff_scopes import EVERYWHERE, StaffScope

TEMPLATE = "urgent_message"
FAMILIES_AT_ONCE = 25


@dataclass(frozen=True, slots=True)
class Audience:
    """A place, an activity or a group to write to."""

    code: str  # « site-1 », « activity-2 », « group-3 »
    name: str
    group_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Concerned:
    """A family that would be written to."""

    family_id: int
    name: str
    phones: tuple[str, ...]
    has_email: bool


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message that was sent."""

    id: int
    subject: str
    audience: str
    sent_at: datetime
    sent_by: str
    families: int


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """A message that a family still sees on the dashboard."""

    subject: str
    text: str
    day: date | None
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message, opened: what was written, and what became of its mails."""

    row: MessageRow
    text: str
    waiting_families: int  # whose mails are not queued yet
    mails: dict[MailStatus, int]
    without_email: tuple[Concerned, ...]


def audiences(reach: StaffScope = EVERYWHERE) -> tuple[Audience, ...]:
    """What can be written to within reach: activities of seasons that are not over, by place.

    A place is offered as a whole where all that it has is within reach.
    """
    places: defaultdict[tuple[int, str], list[Audience]] = defaultdict(list)
    for activity in catalogue().activities.values():
        if activity.season.ends_on < clock.today():
            continue
        whole = Audience(f"activity-{activity.id}", activity.name, frozenset(each.id for each in activity.groups))
        groups = [
            Audience(f"group-{group.id}", f"{activity.name}, {group.name}", frozenset({group.id}))
            for group in activity.groups
        ]
        places[activity.site_id, activity.site_name] += [whole, *(groups if len(groups) > 1 else ())]
    found: list[Audience] = []
    for (site_id, site_name), inside in places.items():
        everybody = frozenset[int]().union(*(each.group_ids for each in inside))
        found += [Audience(f"site-{site_id}", f"Tout le lieu d’accueil {site_name}", everybody), *inside]
    reached = reach.group_ids
    return tuple(each for each in found if each.group_ids <= reached)


def find_audience(code: str) -> Audience:
    """Raises NotFound."""
    for audience in audiences():
        if audience.code == code:
            return audience
    raise NotFound("audience")


def families_concerned(audience: Audience, day: date | None) -> tuple[Concerned, ...]:
    """The families with a child expected that day, or enrolled today where no day is told, by name. Two queries."""
    return _families(Family.id.in_(_family_ids(audience, day)))


def families_of(family_ids: Collection[int]) -> tuple[Concerned, ...]:
    """Some families as they would be written to, or called, by name. Two queries, none for nobody."""
    return _families(Family.id.in_(family_ids)) if family_ids else ()


def preview(subject: str, text: str, base_url: str) -> tuple[str, str]:
    """The subject and the text of the mail, as families will read it."""
    words = write_mail(TEMPLATE, {"subject": subject, "text": text})
    return words.subject, words.body.replace(PORTAL_MARK, base_url)


def send_message(
    session: Session, agent_id: int, key: str, audience: Audience, day: date | None, subject: str, text: str
) -> int:
    """Write down a message and for whom it is; returns its id. The same form sent twice is one message.

    Raises ForgedForm where nobody is concerned: the page offers no button then.
    """
    take_turns(session, f"urgent message {key}")
    known = session.scalar(select(UrgentMessage.id).where(UrgentMessage.key == key))
    if known is not None:
        return known
    family_ids = list(session.scalars(select(Family.id).where(Family.id.in_(_family_ids(audience, day)))))
    if not family_ids:
        raise ForgedForm
    told = audience.name if day is None else f"{audience.name}, {day_long(day)}"
    message = UrgentMessage(key=key, audience=told, day=day, subject=subject, body=text, sent_by_id=agent_id)
    session.add(message)
    session.flush()
    session.execute(insert(UrgentRecipient), [{"message_id": message.id, "family_id": id_} for id_ in family_ids])
    return message.id


def has_unqueued(session: Session) -> bool:
    """Whether families wait for their mails: asked before taking the write lock."""
    return (
        session.scalar(select(UrgentRecipient.family_id).where(UrgentRecipient.queued_at.is_(None)).limit(1))
        is not None
    )


def queue_some(session: Session) -> int:
    """Queue the mails of some families that wait; returns how many families. Two workers never take the same."""
    found = session.scalars(
        select(UrgentRecipient)
        .where(UrgentRecipient.queued_at.is_(None))
        .order_by(UrgentRecipient.message_id, UrgentRecipient.family_id)
        .limit(FAMILIES_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    family_ids = hold_at_hand(session, {row.family_id for row in found})
    rows = [row for row in found if row.family_id in family_ids]
    emails: defaultdict[int, list[str]] = defaultdict(list)
    for family_id, email in session.execute(
        select(Guardian.family_id, Guardian.email)
        .where(Guardian.family_id.in_(family_ids), Guardian.email.is_not(None))
        .order_by(Guardian.id)
    ):
        emails[family_id].append(email)
    for row in rows:
        message = session.get_one(UrgentMessage, row.message_id)
        for email in dict.fromkeys(emails[row.family_id]):
            mail = queue_mail(
                session, TEMPLATE, email, family_id=row.family_id, subject=message.subject, text=message.body
            )
            mail.urgent_message_id = message.id
        row.queued_at = clock.now()
    return len(rows)


def may_be_shown_to(family_id: int) -> ColumnElement[bool]:
    """Whether a family may still see a message: a condition, to be a part of another statement."""
    own = select(UrgentRecipient.message_id).where(UrgentRecipient.family_id == family_id)
    is_late = or_(UrgentMessage.day >= clock.today(), UrgentMessage.sent_at > clock.now() - URGENT_FOR)
    return UrgentMessage.id.in_(own) & is_late


def shown_messages(found: Iterable[UrgentMessage]) -> tuple[ShownMessage, ...]:
    """Of those, what the family sees, the latest first."""
    now = clock.now()
    shown = [each for each in found if is_urgent_shown(each.day, each.sent_at, now)]
    shown.sort(key=lambda each: (each.sent_at, each.id), reverse=True)
    return tuple(ShownMessage(each.subject, each.body, each.day, each.sent_at) for each in shown)


def sent_messages(page: int, reach: StaffScope = EVERYWHERE) -> Page[MessageRow]:
    """The messages to families within reach, latest first. Two queries."""
    within = true() if reach.is_everywhere else urgent_message_within(reach)
    total = db.session.scalar(select(func.count(UrgentMessage.id)).where(within)) or 0
    place: Page[MessageRow] = page_of(page, total)
    rows = db.session.execute(_messages().where(within).offset(place.offset).limit(place.size))
    return place.filled(tuple(_row(*row) for row in rows))


def read_message(message_id: int) -> MessageView:
    """Raises NotFound. Five queries."""
    found = db.session.execute(_messages().where(UrgentMessage.id == message_id)).first()
    if found is None:
        raise NotFound("message")
    of_message = UrgentRecipient.message_id == message_id
    waiting = db.session.scalar(select(func.count()).where(of_message, UrgentRecipient.queued_at.is_(None))) or 0
    counts = db.session.execute(
        select(OutboxMail.status, func.count())
        .where(OutboxMail.urgent_message_id == message_id)
        .group_by(OutboxMail.status)
    )
    concerned = _families(Family.id.in_(select(UrgentRecipient.family_id).where(of_message)))
    return MessageView(
        _row(*found), found[0].body, waiting, {row[0]: row[1] for row in counts},
        tuple(each for each in concerned if not each.has_email),
    )  # fmt: skip


def _family_ids(audience: Audience, day: date | None) -> Select[tuple[int]]:
    if day is None:
        return (
            select(Enrolment.family_id)
            .where(
                Enrolment.group_id.in_(audience.group_ids),
                Enrolment.status == EnrolmentStatus.ACCEPTED,
                Enrolment.starts_on <= clock.today(),
                Enrolment.ends_on >= clock.today(),
            )
            .distinct()
        )
    return (
        select(Booking.family_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(Opening.day == day, Opening.group_id.in_(audience.group_ids), Booking.status.in_(HOLDING_STATUSES))
        .distinct()
    )


def _families(which: ColumnElement[bool]) -> tuple[Concerned, ...]:
    guardians: defaultdict[int, list[Guardian]] = defaultdict(list)
    for guardian in db.session.scalars(select(Guardian).join(Family).where(which).order_by(Guardian.id)):
        guardians[guardian.family_id].append(guardian)
    families = db.session.scalars(
        select(Family).where(which, Family.status != FamilyStatus.REFUSED).order_by(Family.last_name, Family.id)
    )
    return tuple(
        Concerned(
            family.id, family.name, _phones(family, guardians[family.id]),
            any(guardian.email for guardian in guardians[family.id]),
        )
        for family in families
    )  # fmt: skip


def _phones(family: Family, guardians: Sequence[Guardian]) -> tuple[str, ...]:
    """All of a family, mobiles first."""
    mobile = [family.mobile_phone, *(each.mobile_phone for each in guardians)]
    other = [family.home_phone, *(each.home_phone for each in guardians), *(each.work_phone for each in guardians)]
    return tuple(dict.fromkeys(number for number in (*mobile, *other) if number))


def _messages() -> Select[tuple[UrgentMessage, str, int]]:
    families = (
        select(func.count())
        .where(UrgentRecipient.message_id == UrgentMessage.id)
        .correlate(UrgentMessage)
        .scalar_subquery()
    )
    return (
        select(UrgentMessage, User.display_name, families)
        .join(User, User.id == UrgentMessage.sent_by_id)
        .order_by(UrgentMessage.sent_at.desc(), UrgentMessage.id.desc())
    )


def _row(message: UrgentMessage, sent_by: str, families: int) -> MessageRow:
    return MessageRow(message.id, message.subject, message.audience, message.sent_at, sent_by, families)
