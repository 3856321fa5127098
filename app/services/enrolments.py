"""Enrolments: what a child may ask for, the request, and the staff's decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.database import db
from app.models.enrolments import Enrolment
from app.models.families import Child, Family
from app.rules.bills import Household
from app.rules.enrolments import EnrolmentBlocker, blockers, fitting_group
from app.rules.quotients import QuotientOutcome, quotient_on
from app.rules.states import EnrolmentStatus, check_transition
from app.services.catalogue import ActivityInfo, GroupInfo, catalogue
from app.services.errors import AlreadyDecided, EnrolmentBlocked, FamilyNotActive, NotFound, OwnFamily
from app.services.families import ChildView, FamilyRef, child_of, own_family_ids, stays_active
from app.services.households import households_of
from app.services.mails import queue_mail
from app.services.offered_prices import OfferedPrice, offered_prices
from app.services.prices import reprice_siblings


@dataclass(frozen=True, slots=True)
class EnrolmentView:
    """An enrolment of a child through a family."""

    id: int
    family_id: int
    child_id: int
    activity_id: int
    activity_name: str
    site_name: str
    group_id: int
    group_name: str
    starts_on: date
    ends_on: date
    status: EnrolmentStatus
    requested_at: datetime
    decided_at: datetime | None
    refusal_reason: str | None
    is_over: bool  # its last day has passed

    @property
    def may_book(self) -> bool:
        """Whether it opens the planning."""
        return self.status is EnrolmentStatus.ACCEPTED and not self.is_over


@dataclass(frozen=True, slots=True)
class PendingEnrolment:
    """A request that waits for the staff, with what they need to decide."""

    enrolment: EnrolmentView
    family_name: str
    child_name: str
    birth_date: date


@dataclass(frozen=True, slots=True)
class Offer:
    """An activity, as one child of one family may ask for it."""

    activity: ActivityInfo
    group: GroupInfo | None  # by the child's age; None when no group receives it
    starts_on: date
    ends_on: date
    blockers: tuple[EnrolmentBlocker, ...]
    prices: tuple[OfferedPrice, ...]
    outcome: QuotientOutcome  # why these prices: anything but VERIFIED is the maximum

    @property
    def is_open(self) -> bool:
        """Whether it can be asked for now."""
        return not self.blockers


def enrolments_of(family_id: int) -> tuple[EnrolmentView, ...]:
    """All enrolments of a family's children through this family, latest request first. One query."""
    rows = db.session.scalars(
        select(Enrolment)
        .where(Enrolment.family_id == family_id)
        .order_by(Enrolment.requested_at.desc(), Enrolment.id.desc())
    )
    return tuple(_view(row) for row in rows)


def offers_for(family: FamilyRef, child: ChildView) -> tuple[Offer, ...]:
    """Every activity whose season is not over, with what keeps the child from it and what it costs this family."""
    household = households_of(db.session(), [family.id])[family.id]
    existing: dict[int, list[EnrolmentStatus]] = {}
    rows = db.session.execute(
        select(Enrolment.activity_id, Enrolment.status).where(
            Enrolment.family_id == family.id, Enrolment.child_id == child.id
        )
    )
    for activity_id, status in rows:
        existing.setdefault(activity_id, []).append(status)
    today = clock.today()
    return tuple(
        _offer(activity, child, existing.get(activity.id, ()), household, today)
        for activity in catalogue().activities.values()
        if activity.groups and activity.season.ends_on >= today
    )


def request_enrolment(session: Session, family: FamilyRef, user_id: int, child_id: int, activity_id: int) -> int:
    """Ask for an activity, from today or the first day of its season to its last day, and return the request's id.

    The group is that of the child's age on the first day. Raises NotFound for another family's child or an unknown
    activity, EnrolmentBlocked when a rule forbids it, FamilyNotActive when the family may only look.
    """
    if not stays_active(session, family.id):
        raise FamilyNotActive
    # Locked, so that two requests at once (a double tap) make one.
    session.execute(select(Child.id).where(Child.id == child_id).with_for_update())
    child = child_of(family.id, child_id)
    activity = catalogue().activities.get(activity_id)
    if activity is None:
        raise NotFound("activity")
    existing = session.scalars(
        select(Enrolment.status).where(
            Enrolment.family_id == family.id, Enrolment.child_id == child_id, Enrolment.activity_id == activity_id
        )
    ).all()
    offer = _offer(activity, child, existing, None, clock.today())
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
    return enrolment.id


def pending_enrolments(only: int | None = None, *, at_most: int | None = None) -> tuple[PendingEnrolment, ...]:
    """The requests that wait for the staff, oldest first; with `only`, that request alone if it waits. One query."""
    wanted = select(Enrolment).where(Enrolment.status == EnrolmentStatus.REQUESTED)
    if only is not None:
        wanted = wanted.where(Enrolment.id == only)
    rows = db.session.scalars(
        wanted.options(joinedload(Enrolment.child), joinedload(Enrolment.family))
        .order_by(Enrolment.requested_at, Enrolment.id)
        .limit(at_most)
    )
    return tuple(
        PendingEnrolment(_view(row), row.family.name, row.child.full_name, row.child.birth_date) for row in rows
    )


def accept_enrolment(session: Session, enrolment_id: int, decided_by: int) -> None:
    """Accept a request and tell the parents. Raises NotFound, AlreadyDecided and OwnFamily."""
    enrolment = _requested(session, enrolment_id, decided_by)
    _decide(enrolment, EnrolmentStatus.ACCEPTED, decided_by)
    reprice_siblings(session, enrolment.family_id, enrolment.activity_id)
    _tell_parents(session, enrolment, "enrolment_accepted")


def refuse_enrolment(session: Session, enrolment_id: int, decided_by: int, reason: str) -> None:
    """Refuse a request, with the reason that the mail gives. Raises like `accept_enrolment`."""
    enrolment = _requested(session, enrolment_id, decided_by)
    _decide(enrolment, EnrolmentStatus.REFUSED, decided_by)
    enrolment.refusal_reason = reason
    _tell_parents(session, enrolment, "enrolment_refused")


def _offer(
    activity: ActivityInfo,
    child: ChildView,
    existing: Sequence[EnrolmentStatus],
    household: Household | None,
    today: date,
) -> Offer:
    """The offer to a child; without a household its prices are not asked."""
    season = activity.season
    starts_on = max(today, season.starts_on)
    birth_date = child.birth_date
    group_id = fitting_group(birth_date, starts_on, activity.group_ages)
    return Offer(
        activity=activity,
        group=None if group_id is None else catalogue().groups[group_id],
        starts_on=starts_on,
        ends_on=season.ends_on,
        blockers=blockers(birth_date, activity.group_ages, season.starts_on, season.ends_on, today, existing),
        prices=() if household is None else offered_prices(activity, household, child.id, starts_on),
        outcome=quotient_on(() if household is None else household.quotients, starts_on).outcome,
    )


def _view(row: Enrolment) -> EnrolmentView:
    known = catalogue()
    activity = known.activities[row.activity_id]
    return EnrolmentView(
        id=row.id,
        family_id=row.family_id,
        child_id=row.child_id,
        activity_id=row.activity_id,
        activity_name=activity.name,
        site_name=activity.site_name,
        group_id=row.group_id,
        group_name=known.groups[row.group_id].name,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        status=row.status,
        requested_at=row.requested_at,
        decided_at=row.decided_at,
        refusal_reason=row.refusal_reason,
        is_over=row.ends_on < clock.today(),
    )


def _requested(session: Session, enrolment_id: int, decided_by: int) -> Enrolment:
    enrolment = session.scalar(select(Enrolment).where(Enrolment.id == enrolment_id).with_for_update())
    if enrolment is None:
        raise NotFound("enrolment")
    if enrolment.status is not EnrolmentStatus.REQUESTED:
        raise AlreadyDecided
    if enrolment.family_id in own_family_ids(decided_by):
        raise OwnFamily
    return enrolment


def _decide(enrolment: Enrolment, status: EnrolmentStatus, decided_by: int) -> None:
    check_transition(enrolment.status, status)
    enrolment.status = status
    enrolment.decided_at = clock.now()
    enrolment.decided_by_id = decided_by


def _tell_parents(session: Session, enrolment: Enrolment, template: str) -> None:
    child = session.get_one(Child, enrolment.child_id)
    family = session.get_one(Family, enrolment.family_id)
    recipients = [guardian.email for guardian in family.guardians if guardian.email]
    for email in recipients:
        queue_mail(
            session, template, email, family_id=family.id, child=ChildView(
                child.id, child.last_name, child.first_name, child.birth_date
            ), enrolment=_view(enrolment),
        )  # fmt: skip
