"""Enrolments: what a child may ask for, the request, and the staff's decision."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, ScalarSelect, func, select, tuple_
from sqlalchemy.orm import Session, aliased, joinedload

from app import clock
from app.database import db
from app.models.activities import Group
from app.models.bookings import Opening
from app.models.enrolments import Enrolment
from app.models.families import Child, Family
from app.rules.calendars import DayKind
from app.rules.child_files import SectionKind, SectionState, insurance_state
from app.rules.enrolment_rules import Allocation
from app.rules.enrolments import Applicant, AskedActivity, Blocker, age_day, blockers, fitting_group, level_in
from app.rules.price_facts import residence_on
from app.rules.quotients import QuotientOutcome, quotient_on
from app.rules.school_years import school_year_of
from app.rules.states import EnrolmentStatus, check_transition
from app.services import child_files
from app.services.audiences import audiences_of
from app.services.catalogue import ActivityInfo, GroupInfo, catalogue
from app.services.errors import AlreadyDecided, EnrolmentBlocked, FamilyNotActive, GroupFull, NotFound
from app.services.families import ChildView, FamilyRef, check_not_own, child_of, lock_children, stays_active
from app.services.households import households_of
from app.services.invoices import overdue_of
from app.services.mails import queue_mail
from app.services.offered_prices import OfferedPrice, offered_prices
from app.services.prices import reprice_siblings
from app.services.required_documents import FamilyDocuments
from app.services.staff_scopes import EVERYWHERE, StaffScope
from app.services.texts_to_accept import FamilyTexts

WAITING_STATUSES = (EnrolmentStatus.REQUESTED, EnrolmentStatus.WAITING)
"""What the family may still take back."""


@dataclass(frozen=True, slots=True)
class EnrolmentView:
    """An enrolment of a child through a family."""

    id: int
    family_id: int
    child_id: int
    activity_id: int
    activity_name: str
    season_name: str
    site_name: str
    group_id: int
    group_name: str
    starts_on: date
    ends_on: date
    status: EnrolmentStatus
    requested_at: datetime
    decided_at: datetime | None
    refusal_reason: str | None
    rank: int | None  # among those decided together
    rank_reason: str | None
    despite_reason: str | None  # why it was accepted beyond the places of its group
    end_reason: str | None  # where the staff ended it early
    is_over: bool  # its last day has passed
    line: int | None = None  # on the waiting list without a rank: how many wait there, itself and those before it

    @property
    def may_book(self) -> bool:
        """Whether it opens the planning."""
        return self.status is EnrolmentStatus.ACCEPTED and not self.is_over

    @property
    def may_end(self) -> bool:
        """Whether the parents may end it themselves."""
        return self.may_book and catalogue().activities[self.activity_id].enrolment_rules.parents_may_end

    @property
    def waits(self) -> bool:
        """Whether it is a request that may still be taken back."""
        return self.status in WAITING_STATUSES and not self.is_over


@dataclass(frozen=True, slots=True)
class PendingEnrolment:
    """A request that waits for the staff, with what they need to decide."""

    enrolment: EnrolmentView
    family_name: str
    child_name: str
    birth_date: date
    enrolled: int  # children whose enrolment in its group is accepted and not over


@dataclass(frozen=True, slots=True)
class Offer:
    """An activity, as one child of one family may ask for it."""

    activity: ActivityInfo
    group: GroupInfo | None  # by the child's age; None when no group receives it
    starts_on: date
    ends_on: date
    blockers: tuple[Blocker, ...]
    prices: tuple[OfferedPrice, ...]
    outcome: QuotientOutcome  # why these prices: anything but VERIFIED is the maximum

    @property
    def is_open(self) -> bool:
        """Whether it can be asked for now."""
        return not self.blockers


def enrolments_of(family_id: int) -> tuple[EnrolmentView, ...]:
    """All enrolments of a family's children through this family, latest request first. One query."""
    rows = db.session.execute(
        select(Enrolment, _line())
        .where(Enrolment.family_id == family_id)
        .order_by(Enrolment.requested_at.desc(), Enrolment.id.desc())
    )
    return tuple(view_of(row, line) for row, line in rows)


def _line() -> ScalarSelect[int]:
    """How many wait in the group of an enrolment up to itself, by arrival, which is how such a list is ranked."""
    other = aliased(Enrolment)
    is_before = tuple_(other.requested_at, other.id) <= tuple_(Enrolment.requested_at, Enrolment.id)
    return (
        select(func.count(other.id))
        .where(other.group_id == Enrolment.group_id, other.status == EnrolmentStatus.WAITING, is_before)
        .where(other.ends_on >= clock.today())
        .correlate(Enrolment)
        .scalar_subquery()
    )


def offers_for(family: FamilyRef, child: ChildView) -> tuple[Offer, ...]:
    """Every activity whose season is not over, with what keeps the child from it and what it costs this family."""
    today = clock.today()
    asked = [each for each in catalogue().activities.values() if each.groups and each.season.ends_on >= today]
    file = _ApplicantFile(db.session(), family, child, asked)
    return tuple(file.offer(activity, with_prices=True) for activity in asked)


def request_enrolment(session: Session, family: FamilyRef, user_id: int, child_id: int, activity_id: int) -> int:
    """Ask for an activity, from today or the first day of its season to its last day, and return the request's id.

    Where the activity says so it is accepted at once, or waits when its group is full. Raises NotFound for another
    family's child or an unknown activity, EnrolmentBlocked when a rule forbids it, FamilyNotActive when the family may
    only look.
    """
    if not stays_active(session, family.id):
        raise FamilyNotActive
    # Locked, so that two requests at once (a double tap) make one; all of them, since an enrolment moves their prices.
    lock_children(session, [family.id])
    child = child_of(family.id, child_id)
    activity = catalogue().activities.get(activity_id)
    if activity is None:
        raise NotFound("activity")
    offer = _ApplicantFile(session, family, child, [activity]).offer(activity)
    if offer.blockers or offer.group is None:
        raise EnrolmentBlocked(offer.blockers)
    check_transition(None, EnrolmentStatus.REQUESTED)
    enrolment = Enrolment(
        child_id=child_id,
        family_id=family.id,
        activity_id=activity_id,
        group_id=offer.group.id,
        starts_on=offer.starts_on,
        ends_on=offer.ends_on,
        status=EnrolmentStatus.REQUESTED,
        requested_at=clock.now(),
        requested_by_id=user_id,
    )
    session.add(enrolment)
    session.flush()
    if activity.enrolment_rules.allocation is Allocation.AUTOMATIC:
        _decide_at_once(session, enrolment)
    return enrolment.id


def withdraw(session: Session, family: FamilyRef, enrolment_id: int) -> None:
    """Take back a request that waits. Raises NotFound for another family's, AlreadyDecided, FamilyNotActive."""
    if not stays_active(session, family.id):
        raise FamilyNotActive
    enrolment = session.scalar(
        select(Enrolment).where(Enrolment.id == enrolment_id, Enrolment.family_id == family.id).with_for_update()
    )
    if enrolment is None:
        raise NotFound("enrolment")
    if enrolment.status not in WAITING_STATUSES:
        raise AlreadyDecided
    check_transition(enrolment.status, EnrolmentStatus.CANCELLED)
    enrolment.status = EnrolmentStatus.CANCELLED
    enrolment.decided_at = clock.now()


def enrolment_of(family_id: int, enrolment_id: int) -> EnrolmentView:
    """An enrolment of the family. Raises NotFound for any other."""
    row = db.session.scalar(select(Enrolment).where(Enrolment.id == enrolment_id, Enrolment.family_id == family_id))
    if row is None:
        raise NotFound("enrolment")
    return view_of(row)


def find_enrolment(enrolment_id: int) -> EnrolmentView:
    """Any enrolment, for the staff. Raises NotFound."""
    row = db.session.get(Enrolment, enrolment_id)
    if row is None:
        raise NotFound("enrolment")
    return view_of(row)


def places_left(session: Session, group_ids: Collection[int]) -> Mapping[int, int]:
    """How many more children each group may enrol, where it has a limit; below 0 when the staff went over it."""
    known = catalogue()
    limits = {
        id_: limit
        for id_ in group_ids
        if (limit := known.activities[known.groups[id_].activity_id].enrolment_rules.places_of(id_)) is not None
    }
    taken = enrolled_by_group(session, limits)
    return {id_: limit - taken.get(id_, 0) for id_, limit in limits.items()}


def enrolled_by_group(session: Session, group_ids: Collection[int]) -> Mapping[int, int]:
    """How many children are enrolled in each group, today or later. One query."""
    rows = session.execute(
        select(Enrolment.group_id, func.count(Enrolment.child_id.distinct()))
        .where(
            Enrolment.group_id.in_(group_ids),
            Enrolment.status == EnrolmentStatus.ACCEPTED,
            Enrolment.ends_on >= clock.today(),
        )
        .group_by(Enrolment.group_id)
    )
    return {row[0]: row[1] for row in rows}


def lock_groups(session: Session, group_ids: Collection[int]) -> None:
    """Hold the places of some groups until the commit, in the order of their ids (PostgreSQL)."""
    session.execute(select(Group.id).where(Group.id.in_(group_ids)).order_by(Group.id).with_for_update(key_share=True))


def _decide_at_once(session: Session, enrolment: Enrolment) -> None:
    lock_groups(session, [enrolment.group_id])
    left = places_left(session, [enrolment.group_id]).get(enrolment.group_id)
    if left is not None and left <= 0:
        check_transition(enrolment.status, EnrolmentStatus.WAITING)
        enrolment.status = EnrolmentStatus.WAITING
        return
    _admit(session, [enrolment], None)
    reprice_siblings(session, [enrolment.family_id], enrolment.activity_id)
    tell_parents(session, enrolment, "enrolment_accepted")


class _ApplicantFile:
    """What enrolments look at of a child and its family: what no rule of the activities asks is not read."""

    def __init__(
        self, session: Session, family: FamilyRef, child: ChildView, activities: Sequence[ActivityInfo]
    ) -> None:
        self.child = child
        self.household = households_of(session, [family.id])[family.id]
        self.existing: dict[int, list[EnrolmentStatus]] = {}
        rows = session.execute(
            select(Enrolment.activity_id, Enrolment.status).where(
                Enrolment.family_id == family.id, Enrolment.child_id == child.id
            )
        )
        for activity_id, status in rows:
            self.existing.setdefault(activity_id, []).append(status)
        rules = [activity.enrolment_rules for activity in activities]
        self.school: Mapping[str, str] = {}
        self.texts = FamilyTexts(session, family.id)
        if self.texts.looks_at_levels or any(each.levels for each in rules):
            self.school = child_files.section_of(session, child.id, SectionKind.SCHOOL)
        self.is_insured = not any(each.needs_insurance for each in rules) or self._insured(session)
        asks = any(each.needs_certification for each in rules)
        self.is_certified = not asks or child_files.certification_of(family.id) is not None
        asks = any(each.most_unpaid_cents is not None for each in rules)
        self.unpaid_cents = overdue_of(session, family.id) if asks else 0
        self.documents = FamilyDocuments(family.id)
        keeps_away = self.documents.may_keep_away or self.texts.may_keep_away
        self.school_meals = _with_school_meals(session, activities, always=keeps_away)

    def offer(self, activity: ActivityInfo, *, with_prices: bool = False) -> Offer:
        """The activity as the child may ask for it."""
        season, now = activity.season, clock.now()
        starts_on = max(now.date(), season.starts_on)
        rules = activity.enrolment_rules
        level = level_in(self.school, school_year_of(now.date()))
        applicant = Applicant(
            birth_date=self.child.birth_date,
            existing=self.existing.get(activity.id, ()),
            level=level_in(self.school, school_year_of(starts_on)),
            residence=residence_on(self.household.residences, now.date()),
            audiences=audiences_of(self.household, self.child.id, activity),
            is_certified=self.is_certified,
            is_insured=self.is_insured,
            unpaid_cents=self.unpaid_cents,
            missing_documents=tuple(
                dict.fromkeys(each.info.name for each in self.documents.keeping_from(self.child.id, activity.id))
            ),
            unaccepted_texts=tuple(each.info.name for each in self.texts.keeping_from(level, activity.id)),
        )
        asked = AskedActivity(
            activity.group_ages, season.starts_on, season.ends_on, rules, activity.id in self.school_meals
        )
        age_counts_on = age_day(rules, starts_on, season.starts_on)
        group_id = fitting_group(self.child.birth_date, age_counts_on, activity.group_ages)
        return Offer(
            activity=activity,
            group=None if group_id is None else catalogue().groups[group_id],
            starts_on=starts_on,
            ends_on=season.ends_on,
            blockers=blockers(applicant, asked, now),
            prices=offered_prices(activity, self.household, self.child.id, starts_on) if with_prices else (),
            outcome=quotient_on(self.household.quotients, starts_on).outcome,
        )

    def _insured(self, session: Session) -> bool:
        values = child_files.section_of(session, self.child.id, SectionKind.INSURANCE)
        return insurance_state(values, clock.today()) is SectionState.DONE


def _with_school_meals(session: Session, activities: Sequence[ActivityInfo], *, always: bool) -> frozenset[int]:
    """The activities with meals on days of class, among those that keep anybody away. One query, or none.

    Meals of which no opening is known yet may be school meals: nobody is kept from them either.
    """
    activity_of = {
        unit.id: activity.id
        for activity in activities
        if always or activity.enrolment_rules.keeps_away
        for unit in activity.units
        if unit.is_meal
    }
    if not activity_of:
        return frozenset()
    calendar = catalogue().calendar
    days: dict[int, set[bool]] = {activity_id: set() for activity_id in activity_of.values()}
    rows = session.execute(select(Opening.unit_id, Opening.day).where(Opening.unit_id.in_(activity_of)).distinct())
    for unit_id, day in rows:
        days[activity_of[unit_id]].add(calendar.kind(day) is DayKind.SCHOOL_DAY)
    return frozenset(id_ for id_, found in days.items() if True in found or not found)


def pending_enrolments(
    only: int | None = None, *, at_most: int | None = None, reach: StaffScope = EVERYWHERE
) -> tuple[PendingEnrolment, ...]:
    """The requests within reach that wait for the staff, oldest first; with `only`, that one if it waits. One query."""
    other = aliased(Enrolment)
    enrolled = (
        select(func.count(other.child_id.distinct()))
        .where(
            other.group_id == Enrolment.group_id,
            other.status == EnrolmentStatus.ACCEPTED,
            other.ends_on >= clock.today(),
        )
        .scalar_subquery()
    )
    wanted = select(Enrolment, enrolled).where(is_in_queue(), reach.has_activity(Enrolment.activity_id))
    if only is not None:
        wanted = wanted.where(Enrolment.id == only)
    rows = db.session.execute(
        wanted.options(joinedload(Enrolment.child), joinedload(Enrolment.family))
        .order_by(Enrolment.requested_at, Enrolment.id)
        .limit(at_most)
    )
    return tuple(
        PendingEnrolment(view_of(row), row.family.name, row.child.full_name, row.child.birth_date, count)
        for row, count in rows
    )


def is_in_queue() -> ColumnElement[bool]:
    """Whether a request waits for a decision of its own, and not with others in a ranking."""
    activities = catalogue().activities.values()
    ranked = [each.id for each in activities if each.enrolment_rules.allocation is Allocation.RANKED]
    return (Enrolment.status == EnrolmentStatus.REQUESTED) & Enrolment.activity_id.not_in(ranked)


def waits_here(activity: ActivityInfo) -> ColumnElement[bool]:
    """Whether a request is to be decided together with others of the activity, or waits there for a place."""
    is_ranked = activity.enrolment_rules.allocation is Allocation.RANKED
    statuses = WAITING_STATUSES if is_ranked else (EnrolmentStatus.WAITING,)
    return (Enrolment.activity_id == activity.id) & Enrolment.status.in_(statuses)


def accept_together(session: Session, activity_id: int, enrolments: Sequence[Enrolment], decided_by: int) -> None:
    """Accept requests of an activity and tell each of the families once."""
    _admit(session, enrolments, decided_by)
    for enrolment in enrolments:
        tell_parents(session, enrolment, "enrolment_accepted")
    reprice_siblings(session, {enrolment.family_id for enrolment in enrolments}, activity_id)


def accept_enrolment(session: Session, enrolment_id: int, decided_by: int, despite: str | None = None) -> None:
    """Accept a request and tell the parents. `despite`: the reason for going beyond the places of its group.

    Raises NotFound, AlreadyDecided, OwnFamily, and GroupFull where there is no place left and no reason.
    """
    enrolment = _requested(session, enrolment_id, decided_by)
    full = _full_group(session, enrolment)
    if full is not None and not despite:
        raise full
    enrolment.despite_reason = despite if full is not None else None
    _admit(session, [enrolment], decided_by)
    reprice_siblings(session, [enrolment.family_id], enrolment.activity_id)
    tell_parents(session, enrolment, "enrolment_accepted")


def refuse_enrolment(session: Session, enrolment_id: int, decided_by: int, reason: str) -> None:
    """Refuse a request, with the reason that the mail gives. Raises like `accept_enrolment`."""
    enrolment = _requested(session, enrolment_id, decided_by)
    _decide(enrolment, EnrolmentStatus.REFUSED, decided_by)
    enrolment.refusal_reason = reason
    tell_parents(session, enrolment, "enrolment_refused")


def put_on_waiting_list(session: Session, enrolment_id: int, decided_by: int) -> None:
    """Let one request wait for a place, and tell the parents their place in the line. Raises like `refuse_enrolment`.

    « Attributions » decides on it from then on, with the others that wait.
    """
    enrolment = _requested(session, enrolment_id, decided_by)
    check_transition(enrolment.status, EnrolmentStatus.WAITING)
    enrolment.status = EnrolmentStatus.WAITING
    # Not who decided: nobody has, and what a family withdraws is known by that.
    enrolment.listed_at, enrolment.listed_by_id = clock.now(), decided_by
    session.flush()
    tell_parents(session, enrolment, "enrolment_waiting")


def view_of(row: Enrolment, line: int | None = None) -> EnrolmentView:
    """An enrolment with the words of its activity; `line`: how many wait up to it, where it waits."""
    known = catalogue()
    activity = known.activities[row.activity_id]
    return EnrolmentView(
        id=row.id,
        family_id=row.family_id,
        child_id=row.child_id,
        activity_id=row.activity_id,
        activity_name=activity.name,
        season_name=activity.season.name,
        site_name=activity.site_name,
        group_id=row.group_id,
        group_name=known.groups[row.group_id].name,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        status=row.status,
        requested_at=row.requested_at,
        decided_at=row.decided_at,
        refusal_reason=row.refusal_reason,
        rank=row.rank,
        rank_reason=row.rank_reason,
        despite_reason=row.despite_reason,
        end_reason=row.end_reason,
        is_over=row.ends_on < clock.today(),
        line=line if row.status is EnrolmentStatus.WAITING and row.rank is None else None,
    )


def _requested(session: Session, enrolment_id: int, decided_by: int) -> Enrolment:
    """A request that waits for a decision, locked as a decision on many of them is: children, groups, the request.

    All of the family's children, as a save does: the prices of all of them may move.
    """
    found = session.execute(
        select(Enrolment.family_id, Enrolment.activity_id).where(Enrolment.id == enrolment_id)
    ).one_or_none()
    if found is not None:
        lock_children(session, [found.family_id])
        lock_groups(session, [group.id for group in catalogue().activities[found.activity_id].groups])
    enrolment = session.scalar(select(Enrolment).where(Enrolment.id == enrolment_id).with_for_update())
    if enrolment is None:
        raise NotFound("enrolment")
    if enrolment.status is not EnrolmentStatus.REQUESTED:
        raise AlreadyDecided
    check_not_own(enrolment.family_id, decided_by)
    return enrolment


def _full_group(session: Session, enrolment: Enrolment) -> GroupFull | None:
    """The group that the child would come to, where it has no place left. Who is there through another home has one."""
    there = session.scalars(
        select(Enrolment).where(
            Enrolment.child_id == enrolment.child_id, Enrolment.status == EnrolmentStatus.ACCEPTED,
            Enrolment.activity_id == enrolment.activity_id, Enrolment.ends_on >= clock.today(),
        )
    )  # fmt: skip
    if any(_is_beside(enrolment, other) for other in there):
        return None
    left = places_left(session, [enrolment.group_id]).get(enrolment.group_id)
    if left is None or left > 0:
        return None
    known = catalogue()
    places = known.activities[enrolment.activity_id].enrolment_rules.places_of(enrolment.group_id) or 0
    return GroupFull(known.groups[enrolment.group_id].name, places, places - left)


def _admit(session: Session, enrolments: Sequence[Enrolment], decided_by: int | None) -> None:
    """Accept requests. A child has one group in an activity: that of its other home where it is there already."""
    child_ids = {each.child_id for each in enrolments}
    session.execute(select(Child.id).where(Child.id.in_(child_ids)).order_by(Child.id).with_for_update())
    there = list(
        session.scalars(
            select(Enrolment).where(Enrolment.child_id.in_(child_ids), Enrolment.status == EnrolmentStatus.ACCEPTED)
        )
    )
    for enrolment in enrolments:
        for other in there:
            if _is_beside(enrolment, other):
                enrolment.group_id = other.group_id
        _decide(enrolment, EnrolmentStatus.ACCEPTED, decided_by)
        there.append(enrolment)


def _is_beside(enrolment: Enrolment, other: Enrolment) -> bool:
    is_same = (enrolment.child_id, enrolment.activity_id) == (other.child_id, other.activity_id)
    return is_same and enrolment.starts_on <= other.ends_on and other.starts_on <= enrolment.ends_on


def _decide(enrolment: Enrolment, status: EnrolmentStatus, decided_by: int | None) -> None:
    check_transition(enrolment.status, status)
    enrolment.status = status
    enrolment.decided_at = clock.now()
    enrolment.decided_by_id = decided_by


def tell_parents(session: Session, enrolment: Enrolment, template: str, plan: object = None) -> None:
    """Write to the adults of the family what became of an enrolment; `plan`: what its end does."""
    child = session.get_one(Child, enrolment.child_id)
    family = session.get_one(Family, enrolment.family_id)
    recipients = [guardian.email for guardian in family.guardians if guardian.email]
    line = session.scalar(select(_line()).where(Enrolment.id == enrolment.id))
    for email in recipients:
        queue_mail(
            session, template, email, family_id=family.id, child=ChildView(
                child.id, child.last_name, child.first_name, child.birth_date
            ), enrolment=view_of(enrolment, line), plan=plan,
        )  # fmt: skip
