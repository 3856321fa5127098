"""The dashboard: what a family should do first, and what comes next."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, true

from app import clock
from app.database import db
from app.models.bookings import Opening
from app.models.families import Family
from app.models.publications import TextAcceptance
from app.models.urgent_messages import UrgentMessage
from app.rules.audiences import Audience
from app.rules.booking_periods import TOLD_BEFORE, BookingPeriod, coming_periods
from app.rules.child_files import Reminder
from app.rules.deadlines import Deadline, Occasion
from app.rules.enrolments import age_day, fitting_group
from app.rules.file_gaps import FileGaps
from app.rules.publications import ReadingChild
from app.rules.states import EnrolmentStatus
from app.rules.windows import WindowState, judge_windows
from app.services import change_requests, child_files, held_places, messages, waiting_views
from app.services.audiences import audiences_of
from app.services.carried_months import CarriedRow, CarriedView, carried_rows, carried_views
from app.services.catalogue import ActivityInfo, catalogue
from app.services.child_files import ChildGlance
from app.services.enrolments import EnrolmentView, enrolments_of
from app.services.families import ChildView, file_gaps_of
from app.services.households import household_for_audiences
from app.services.invoices import Due, due_of
from app.services.next_days import NextDay, next_days
from app.services.required_documents import AskedDocument, FamilyDocuments, KnownChild
from app.services.texts_to_accept import Acceptance, AskedText, KnownFamily, acceptances, texts_of_family
from app.services.urgent_messages import ShownMessage, may_be_shown_to, shown_messages

NEWS_FOR = timedelta(days=30)  # a refusal is shown this long

_LIVE = (EnrolmentStatus.REQUESTED, EnrolmentStatus.WAITING, EnrolmentStatus.ACCEPTED)


@dataclass(frozen=True, slots=True)
class ChildNews:
    """What matters now about a child."""

    child: ChildView
    next_days: tuple[NextDay, ...]
    accepted: tuple[EnrolmentView, ...]  # enrolments that open the planning
    requested: tuple[EnrolmentView, ...]
    refused: tuple[EnrolmentView, ...]  # lately, and not asked for again
    insurance: Reminder | None  # that ends soon, or has ended

    @property
    def is_enrolled_nowhere(self) -> bool:
        """Whether nothing was asked for, so that nothing can be booked."""
        return not self.accepted and not self.requested

    @property
    def may_book_first(self) -> bool:
        """Whether the child is enrolled but expected nowhere in the coming two weeks."""
        return bool(self.accepted) and not self.next_days


@dataclass(frozen=True, slots=True)
class ComingBookings:
    """A booking period of an activity that opens soon, for a child that is enrolled there."""

    child: ChildView
    activity_name: str
    period: BookingPeriod
    holidays: str | None  # the school holidays in which all its days lie


@dataclass(frozen=True, slots=True)
class ComingEnrolments:
    """An activity for which a child may be enrolled soon."""

    child: ChildView
    activity_name: str
    opens: datetime


@dataclass(frozen=True, slots=True)
class Dashboard:
    """All that the dashboard shows: what a section wants to say first gets a field here."""

    urgent: tuple[ShownMessage, ...]
    gaps: FileGaps
    due: Due
    carried: tuple[CarriedView, ...]  # what waits for a later invoice
    missing_documents: tuple[AskedDocument, ...]  # that must be handed in
    ending_documents: tuple[AskedDocument, ...]  # that count and end soon, the first one first
    texts: tuple[AskedText, ...]  # that must be accepted
    waiting_changes: int  # of the file, for the staff to decide
    unread_messages: int  # of the staff, by the parent who looks
    pay_until: datetime | None  # the first time by which a place that is kept must be paid
    answer_until: datetime | None  # the first time by which an offered place must be accepted
    children: tuple[ChildNews, ...]
    coming_bookings: tuple[ComingBookings, ...]
    coming_enrolments: tuple[ComingEnrolments, ...]


def dashboard_of(family_id: int, user_id: int) -> Dashboard:
    """What matters now to a family, and to one parent. Seven queries, two more where something may open soon."""
    enrolments: defaultdict[int, list[EnrolmentView]] = defaultdict(list)
    for enrolment in enrolments_of(family_id):
        enrolments[enrolment.child_id].append(enrolment)
    days: defaultdict[int, list[NextDay]] = defaultdict(list)
    for day in next_days(family_id):
        days[day.child_id].append(day)
    glances = child_files.children_at_a_glance(family_id)
    news = tuple(_news(each, days[each.child.id], enrolments[each.child.id]) for each in glances)
    coming = _Coming(family_id, news, enrolments)
    children = [
        KnownChild(glance.child, frozenset(row.activity_id for row in (*each.accepted, *each.requested)), glance.level)
        for glance, each in zip(glances, news, strict=True)
    ]
    documents = FamilyDocuments(family_id, children=children).asked()
    small = _small_things(family_id, user_id)
    known = KnownFamily([ReadingChild(each.activities, each.level) for each in children], small.accepted)
    return Dashboard(
        urgent=small.urgent,
        gaps=file_gaps_of(family_id),
        due=due_of(family_id),
        carried=small.carried,
        missing_documents=tuple(each for each in documents if each.is_missing),
        ending_documents=tuple(
            sorted((each for each in documents if each.is_expiring), key=lambda each: each.valid_until or date.max)
        ),
        texts=tuple(each for each in texts_of_family(family_id, known) if each.is_to_do),
        waiting_changes=small.waiting_changes,
        unread_messages=small.unread_messages,
        pay_until=small.pay_until,
        answer_until=small.answer_until,
        children=news,
        coming_bookings=coming.bookings(),
        coming_enrolments=coming.enrolments(),
    )


@dataclass(frozen=True, slots=True)
class _SmallThings:
    """Some counts, and some rows of which a family has few."""

    waiting_changes: int
    unread_messages: int
    urgent: tuple[ShownMessage, ...]
    accepted: Mapping[int, Acceptance]
    carried: tuple[CarriedView, ...]
    pay_until: datetime | None
    answer_until: datetime | None


def _small_things(family_id: int, user_id: int) -> _SmallThings:
    """One query: what is joined are a few rows each."""
    counts = (change_requests.count_waiting(family_id), messages.count_unread(family_id, user_id))
    pay_until = held_places.first_kept_until(family_id).scalar_subquery()
    answer_until = waiting_views.first_offered_until(family_id).scalar_subquery()
    carried = carried_rows(family_id).subquery()
    rows = db.session.execute(
        select(
            *(each.scalar_subquery() for each in counts),
            UrgentMessage,
            TextAcceptance,
            pay_until,
            answer_until,
            *carried.c,
        )
        .select_from(Family)
        .outerjoin(carried, true())
        .outerjoin(UrgentMessage, may_be_shown_to(family_id))
        .outerjoin(TextAcceptance, TextAcceptance.family_id == Family.id)
        .where(Family.id == family_id)
    ).all()
    urgent = dict.fromkeys(row[2] for row in rows if row[2] is not None)
    accepted = dict.fromkeys(row[3] for row in rows if row[3] is not None)
    waits = dict.fromkeys(tuple(row[6:]) for row in rows if row[6] is not None)
    return _SmallThings(
        rows[0][0], rows[0][1], shown_messages(urgent), acceptances(accepted),
        carried_views(CarriedRow(*row) for row in waits), rows[0][4], rows[0][5],
    )  # fmt: skip


class _Coming:
    """What opens soon. What no activity asks is not read: openings, and what the family is to its audiences."""

    def __init__(
        self, family_id: int, news: Sequence[ChildNews], enrolments: Mapping[int, Sequence[EnrolmentView]]
    ) -> None:
        self._now = clock.now()
        self._activities = catalogue().activities
        self._news = news
        named: set[Audience] = set()
        for activity in self._with_rule().values():
            named |= activity.notices[Deadline.OPENING].audiences
        for activity in self._with_windows():
            named |= {each for window in activity.enrolment_rules.windows for each in window.audiences}
        self._household = None
        if named:
            children = {
                each.child.id: (each.child.birth_date, _activities_of(enrolments[each.child.id])) for each in news
            }
            self._household = household_for_audiences(db.session(), family_id, children)

    def bookings(self) -> tuple[ComingBookings, ...]:
        """The booking periods of what the children are enrolled in. One query where there may be any."""
        activities = self._with_rule()
        groups = {each.group_id for news in self._news for each in news.accepted if each.activity_id in activities}
        openings = _openings(groups) if groups else {}
        calendar, found = catalogue().calendar, []
        for news in self._news:
            for each in news.accepted:
                activity = activities.get(each.activity_id)
                if activity is None:
                    continue
                audiences = self._audiences(news.child, activity)
                units = {unit.id: unit for unit in activity.units}
                occasions = [
                    Occasion(day, units[unit_id].starts_at, unit_id, audiences=audiences)
                    for day, unit_id in openings.get(each.group_id, ())
                    if unit_id in units and each.starts_on <= day <= each.ends_on
                ]
                for period in coming_periods(activity.notices[Deadline.OPENING], occasions, calendar, self._now):
                    holidays = calendar.school_holiday(period.first)
                    is_within = holidays is not None and holidays.covers(period.last)
                    name = holidays.name if holidays is not None and is_within else None
                    found.append(ComingBookings(news.child, activity.name, period, name))
        return tuple(sorted(found, key=lambda coming: coming.period.opens))

    def enrolments(self) -> tuple[ComingEnrolments, ...]:
        """The windows that open soon, of activities that receive children of this age and were not asked for."""
        found = []
        for activity in self._with_windows():
            rules, season = activity.enrolment_rules, activity.season
            starts_on = max(self._now.date(), season.starts_on)
            for news in self._news:
                if any(each.activity_id == activity.id for each in (*news.accepted, *news.requested)):
                    continue
                born = news.child.birth_date
                if fitting_group(born, age_day(rules, starts_on, season.starts_on), activity.group_ages) is None:
                    continue
                answer = judge_windows(rules.windows, self._audiences(news.child, activity), self._now)
                if answer.state is WindowState.NOT_YET and answer.at and answer.at <= self._now + TOLD_BEFORE:
                    found.append(ComingEnrolments(news.child, activity.name, answer.at))
        return tuple(sorted(found, key=lambda coming: coming.opens))

    def _with_rule(self) -> Mapping[int, ActivityInfo]:
        ids = {each.activity_id for news in self._news for each in news.accepted}
        return {id_: self._activities[id_] for id_ in sorted(ids) if Deadline.OPENING in self._activities[id_].notices}

    def _with_windows(self) -> Sequence[ActivityInfo]:
        today = self._now.date()
        return [
            each for each in self._activities.values() if each.enrolment_rules.windows and each.season.ends_on >= today
        ]

    def _audiences(self, child: ChildView, activity: ActivityInfo) -> frozenset[Audience]:
        return frozenset() if self._household is None else audiences_of(self._household, child.id, activity)


def _activities_of(enrolments: Sequence[EnrolmentView]) -> frozenset[int]:
    return frozenset(each.activity_id for each in enrolments if each.status is EnrolmentStatus.ACCEPTED)


def _openings(group_ids: set[int]) -> Mapping[int, Sequence[tuple[date, int]]]:
    """The days and units that are open to groups from now on. One query."""
    found: defaultdict[int, list[tuple[date, int]]] = defaultdict(list)
    rows = db.session.execute(
        select(Opening.group_id, Opening.day, Opening.unit_id).where(
            Opening.day >= clock.today(), Opening.group_id.in_(group_ids), Opening.is_open
        )
    )
    for group_id, day, unit_id in rows:
        found[group_id].append((day, unit_id))
    return found


def _news(glance: ChildGlance, days: list[NextDay], enrolments: list[EnrolmentView]) -> ChildNews:
    current = [enrolment for enrolment in enrolments if not enrolment.is_over]
    asked = {enrolment.activity_id for enrolment in current if enrolment.status in _LIVE}
    since = clock.now() - NEWS_FOR
    return ChildNews(
        child=glance.child,
        insurance=glance.insurance,
        next_days=tuple(days),
        accepted=tuple(enrolment for enrolment in current if enrolment.may_book),
        requested=tuple(e for e in current if e.status in (EnrolmentStatus.REQUESTED, EnrolmentStatus.WAITING)),
        refused=tuple(
            enrolment
            for enrolment in current
            if enrolment.status is EnrolmentStatus.REFUSED
            and enrolment.activity_id not in asked
            and enrolment.decided_at is not None
            and enrolment.decided_at >= since
        ),
    )
