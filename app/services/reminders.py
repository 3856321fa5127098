"""The reminder before a booking deadline: who wants it, whom the worker writes to. Source: docs/rules/reminders.md."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from app import clock
from app.database import db, take_turns
from app.models.accounts import User
from app.models.bookings import Booking, Opening, WeekReminder
from app.models.families import Family, Guardian
from app.models.mails import MailStatus, OutboxMail
from app.rules.audiences import Audience
from app.rules.bills import Household
from app.rules.calendars import week_of
from app.rules.changes import Change
from app.rules.deadlines import Deadline, Occasion
from app.rules.file_fields import FileKind
from app.rules.reminders import LOOKS_AHEAD, WeekToBook, bookable_until, week_to_remind_of
from app.rules.states import ACTIVE_STATUSES, FamilyStatus
from app.services.audiences import audiences_of
from app.services.catalogue import ActivityInfo, catalogue
from app.services.errors import NotFound
from app.services.file_histories import log_change
from app.services.households import EnrolledChild, households_of, read_children
from app.services.mails import queue_mail
from app.services.planning_facts import site_days

TEMPLATE = "week_reminder"
_IN_ONE_TRANSACTION = timedelta(minutes=1)  # a mail and what it tells are written
BATCH_FAMILIES = 50
_YES_OR_NO = {True: "Oui", False: "Non"}


@dataclass(frozen=True, slots=True)
class EmptyWeek:
    """A week in which a child has nothing in an activity, as its mail tells it."""

    child_id: int
    child_name: str
    activity_id: int
    activity_name: str
    monday: date
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Parent:
    """An adult who wants to be reminded."""

    guardian_id: int
    family_id: int
    email: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Some families: what their parents are to be reminded of now, and the last family that was looked at."""

    due: Sequence[tuple[Parent, tuple[EmptyWeek, ...]]]
    last_family_id: int


# --- Who wants it ---------------------------------------------------------------------------------------------------


def wants_reminders(family_id: int, user_id: int) -> bool:
    """What an adult of the family chose. One query."""
    return bool(db.session.scalar(select(Guardian.wants_reminders).where(*_is(family_id, user_id))))


def choose_reminders(session: Session, family_id: int, user_id: int, *, wanted: bool) -> None:
    """Store what an adult of the family chooses for themselves, and log it where it changes. Raises NotFound."""
    guardian = session.scalar(select(Guardian).where(*_is(family_id, user_id)))
    if guardian is None:
        raise NotFound("guardian")
    if guardian.wants_reminders != wanted:
        change = Change(_YES_OR_NO[guardian.wants_reminders], _YES_OR_NO[wanted])
        log_change(session, family_id, FileKind.REMINDERS, guardian.id, {"wanted": change}, user_id)
    guardian.wants_reminders = wanted
    if not wanted:  # what waits for the mail server does not leave any more
        own = select(User.email).where(User.id == user_id).scalar_subquery()
        session.execute(
            update(OutboxMail)
            .where(
                OutboxMail.template == TEMPLATE, OutboxMail.family_id == family_id, OutboxMail.recipient == own,
                OutboxMail.status == MailStatus.QUEUED,
            )
            .values(status=MailStatus.EXPIRED)
        )  # fmt: skip
    session.flush()


def take_back_queued(session: Session, activity_id: int) -> None:
    """What waits for the mail server and tells of an activity does not leave any more: its deadline is another one.
    The worker tells those weeks again, by the rules as they are then.
    """
    to_come = WeekReminder.monday >= week_of(clock.today())[0]
    families = select(Guardian.family_id).join(WeekReminder, WeekReminder.guardian_id == Guardian.id)
    families = families.where(WeekReminder.activity_id == activity_id, to_come)
    waiting = OutboxMail.template == TEMPLATE, OutboxMail.status == MailStatus.QUEUED
    rows = session.execute(
        select(OutboxMail.id, OutboxMail.family_id, OutboxMail.created_at).where(
            *waiting, OutboxMail.family_id.in_(families)
        )
    ).all()
    if not rows:
        return
    session.execute(
        update(OutboxMail).where(OutboxMail.id.in_([row.id for row in rows])).values(status=MailStatus.EXPIRED),
        execution_options={"synchronize_session": False},
    )
    guardians = select(Guardian.id).where(Guardian.family_id.in_({row.family_id for row in rows}))
    session.execute(
        delete(WeekReminder).where(
            WeekReminder.guardian_id.in_(guardians),
            to_come,
            WeekReminder.sent_at >= min(row.created_at for row in rows) - _IN_ONE_TRANSACTION,
        ),
        execution_options={"synchronize_session": False},
    )


def _is(family_id: int, user_id: int) -> tuple[ColumnElement[bool], ...]:
    return Guardian.family_id == family_id, Guardian.user_id == user_id


# --- Whom the worker writes to --------------------------------------------------------------------------------------


@dataclass
class Outlook:
    """What can be booked in the coming weeks: read once for all the batches of a round, judged once for each group and
    audiences.
    """

    now: datetime
    openings: Mapping[int, Sequence[tuple[date, int]]]  # by group
    site_days: Mapping[int, frozenset[date]]
    _judged: dict[tuple[int, frozenset[Audience]], list[tuple[date, datetime]]] = field(default_factory=dict)

    def bookable(self, activity: ActivityInfo, group_id: int, own: frozenset[Audience]) -> list[tuple[date, datetime]]:
        """The days of a group that a child of these audiences may book, and until when."""
        key = (group_id, own)
        if key not in self._judged:
            self._judged[key] = list(self._judge(activity, group_id, own))
        return self._judged[key]

    def _judge(
        self, activity: ActivityInfo, group_id: int, own: frozenset[Audience]
    ) -> Iterable[tuple[date, datetime]]:
        known = catalogue()
        for day, unit_id in self.openings.get(group_id, ()):
            occasion = Occasion(
                day, known.units[unit_id].starts_at, unit_id, self.site_days.get(activity.site_id, frozenset()), own
            )
            rules = activity.notices.get(Deadline.OPENING), activity.notices.get(Deadline.BOOK)
            until = bookable_until(*rules, occasion, known.calendar, self.now)
            if until is not None:
                yield day, until


def read_outlook(session: Session) -> Outlook:
    """What can be booked from this week on. Two queries at most."""
    known = catalogue()
    openings: defaultdict[int, list[tuple[date, int]]] = defaultdict(list)
    days = set()
    for group_id, day, unit_id in session.execute(
        select(Opening.group_id, Opening.day, Opening.unit_id).where(_is_near(Opening.day), Opening.is_open)
    ):
        openings[group_id].append((day, unit_id))
        days.add(day)
    activities = {known.groups[group_id].activity_id for group_id in openings}
    sites = {
        known.activities[id_].site_id
        for id_ in activities
        if any(rule.counts_site_days for rule in known.activities[id_].notices.values())
    }
    return Outlook(clock.now(), openings, site_days(session, known, sites, days))


def is_wanted(session: Session) -> bool:
    """Whether anybody wants to be reminded: asked before anything else is read. One query."""
    wanted = select(Guardian.id).where(Guardian.wants_reminders).limit(1)
    return catalogue().council.reminds_of_weeks and session.scalar(wanted) is not None


def next_batch(session: Session, outlook: Outlook, after: int) -> Batch | None:
    """Whom to write to among the next families; None where none is left. Reads only: a constant number of queries."""
    parents = _parents(session, after)
    if not parents:
        return None
    family_ids = sorted({parent.family_id for parent in parents})
    children = [each for each in read_children(session, family_ids) if each.enrolment_id is not None]
    booked = _booked_weeks(session, {child.child_id for child in children})
    told = _told_weeks(session, [parent.guardian_id for parent in parents])
    households = _households(session, family_ids, children)
    by_family: defaultdict[int, list[EnrolledChild]] = defaultdict(list)
    for child in children:
        by_family[child.family_id].append(child)
    due = []
    for parent in parents:
        found = _empty_weeks(
            by_family[parent.family_id], outlook, booked, told[parent.guardian_id], households.get(parent.family_id)
        )
        if found:
            due.append((parent, found))
    return Batch(due, max(family_ids))


def send_reminders(session: Session, batch: Batch) -> int:
    """Queue one mail a parent and note what it tells, once whatever else runs; returns how many mails there are."""
    take_turns(session, "week reminders")
    told = _told_weeks(session, [parent.guardian_id for parent, _ in batch.due])
    still_wanted = _who_still_wants(session, batch)
    count = 0
    for parent, found in batch.due:
        if parent.guardian_id not in still_wanted:
            continue
        weeks = [each for each in found if each.monday not in told[parent.guardian_id][each.child_id, each.activity_id]]
        if not weeks:
            continue
        for each in weeks:
            session.add(
                WeekReminder(
                    guardian_id=parent.guardian_id, child_id=each.child_id, activity_id=each.activity_id,
                    monday=each.monday, sent_at=clock.now(),
                )
            )  # fmt: skip
        queue_mail(
            session, TEMPLATE, parent.email, family_id=parent.family_id,
            not_after=min(each.deadline for each in weeks), weeks=weeks,
        )  # fmt: skip
        count += 1
    session.flush()
    return count


def _who_still_wants(session: Session, batch: Batch) -> frozenset[int]:
    """Of the adults of a batch, which was read before: their family may have been erased or closed since, and waits for
    the commit where it is just now.
    """
    family_ids = {parent.family_id for parent, _ in batch.due}
    active = session.scalars(
        select(Family.id)
        .where(Family.id.in_(family_ids), Family.status == FamilyStatus.ACTIVE)
        .order_by(Family.id)
        .with_for_update(read=True)
    ).all()
    return frozenset(
        session.scalars(
            select(Guardian.id)
            .join(User, User.id == Guardian.user_id)
            .where(Guardian.family_id.in_(active), Guardian.wants_reminders, User.closed_at.is_(None))
        )
    )


def _is_near(day: Any) -> ColumnElement[bool]:
    """The days of the weeks that are looked at, whole ones: what this week's past days had counts too."""
    today = clock.today()
    near: ColumnElement[bool] = day.between(week_of(today)[0], week_of(today + LOOKS_AHEAD)[-1])
    return near


def _parents(session: Session, after: int) -> Sequence[Parent]:
    wanting = Guardian.wants_reminders, User.closed_at.is_(None)
    families = (
        select(Family.id)
        .join(Guardian, Guardian.family_id == Family.id)
        .join(User, User.id == Guardian.user_id)
        .where(Family.id > after, Family.status == FamilyStatus.ACTIVE, *wanting)
        .distinct()
        .order_by(Family.id)
        .limit(BATCH_FAMILIES)
    )
    rows = session.execute(
        select(Guardian.id, Guardian.family_id, User.email)
        .join(User, User.id == Guardian.user_id)
        .where(Guardian.family_id.in_(families), *wanting)
        .order_by(Guardian.id)
    )
    return [Parent(*row) for row in rows]


def _booked_weeks(session: Session, child_ids: Collection[int]) -> Mapping[tuple[int, int], set[date]]:
    """The Mondays of the weeks in which a child has something in an activity."""
    units = catalogue().units
    found: defaultdict[tuple[int, int], set[date]] = defaultdict(set)
    rows = session.execute(
        select(Booking.child_id, Opening.unit_id, Booking.day)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(Booking.child_id.in_(child_ids), _is_near(Booking.day), Booking.status.in_(ACTIVE_STATUSES))
    )
    for child_id, unit_id, day in rows:
        found[child_id, units[unit_id].activity_id].add(week_of(day)[0])
    return found


def _told_weeks(session: Session, guardian_ids: Collection[int]) -> Mapping[int, Mapping[tuple[int, int], set[date]]]:
    """The Mondays that each of these adults was told, by child and activity."""
    found: defaultdict[int, defaultdict[tuple[int, int], set[date]]] = defaultdict(lambda: defaultdict(set))
    rows = session.execute(
        select(WeekReminder.guardian_id, WeekReminder.child_id, WeekReminder.activity_id, WeekReminder.monday).where(
            WeekReminder.guardian_id.in_(guardian_ids), WeekReminder.monday >= week_of(clock.today())[0]
        )
    )
    for guardian_id, child_id, activity_id, monday in rows:
        found[guardian_id][child_id, activity_id].add(monday)
    return found


def _asks_audiences(activity: ActivityInfo) -> bool:
    return any(rule.audiences for rule in activity.notices.values())


def _households(
    session: Session, family_ids: Collection[int], children: Sequence[EnrolledChild]
) -> Mapping[int, Household]:
    """What families are to the audiences that rules name; nothing is read where they name none."""
    known = catalogue().activities
    if not any(_asks_audiences(known[child.activity_id]) for child in children if child.activity_id is not None):
        return {}
    return households_of(session, family_ids)


def _empty_weeks(
    children: Iterable[EnrolledChild],
    outlook: Outlook,
    booked: Mapping[tuple[int, int], set[date]],
    told: Mapping[tuple[int, int], set[date]],
    household: Household | None,
) -> tuple[EmptyWeek, ...]:
    known, days = catalogue(), defaultdict[tuple[int, int], list[tuple[date, datetime]]](list)
    names = {}
    for child in children:
        assert child.activity_id and child.group_id and child.starts_on and child.ends_on
        activity = known.activities[child.activity_id]
        own = frozenset[Audience]()
        if household is not None and _asks_audiences(activity):
            own = audiences_of(household, child.child_id, activity)
        names[child.child_id] = child.first_name
        days[child.child_id, activity.id] += [
            each for each in outlook.bookable(activity, child.group_id, own)
            if child.starts_on <= each[0] <= child.ends_on
        ]  # fmt: skip
    found = []
    for (child_id, activity_id), bookable in days.items():
        week: WeekToBook | None = week_to_remind_of(
            bookable, booked[child_id, activity_id], told[child_id, activity_id], outlook.now,
            known.council.reminder_hours,
        )  # fmt: skip
        if week is not None:
            name = known.activities[activity_id].name
            found.append(EmptyWeek(child_id, names[child_id], activity_id, name, week.monday, week.deadline))
    return tuple(sorted(found, key=lambda each: (each.deadline, each.child_id, each.activity_id)))
