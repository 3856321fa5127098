"""Closing one's account: what it means for each family, and doing it; opening a closed file again."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.accounts import StaffRole, User, UserToken
from app.models.activities import Activity, Unit
from app.models.bookings import Booking, Opening
from app.models.families import Child, Family, Guardian, GuardianInvitation
from app.rules.states import DECIDED_STATUSES, FamilyStatus, check_transition
from app.services.agendas import forget_feeds
from app.services.booking_requests import withdraw_requests
from app.services.errors import NotFound, StaffAccount
from app.services.families import check_not_own, families_of_user
from app.services.invoices import Due, due_of
from app.services.mails import queue_mail
from app.services.second_factors import remove_second_factor
from app.services.sessions import end_sessions
from app.services.waiting_lists import days_of, enter


@dataclass(frozen=True, slots=True)
class ComingDays:
    """The days on which a child is expected at an activity."""

    child_name: str
    activity_name: str
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class FamilyClosing:
    """What becomes of a family when this user's account is closed."""

    name: str
    is_closed: bool  # already
    file_closes: bool  # nobody else could sign in for it
    due: Due
    bookings: tuple[ComingDays, ...]


def read_closing(user_id: int) -> tuple[FamilyClosing, ...]:
    """What closing the account would do, family by family."""
    return tuple(
        FamilyClosing(
            family.name,
            not family.may_act,
            family.may_act and not _others_sign_in(db.session(), family.id, user_id),
            due_of(family.id),
            _coming_days(family.id),
        )
        for family in families_of_user(user_id)
    )


def close_account(session: Session, user_id: int) -> None:
    """Close a parent's account for good. Their address is free again; what they did keeps their name.

    A family for which nobody else could sign in is closed: what is booked and what is due stays as it is, what waits
    for the staff, or for its payment, is withdrawn. Raises StaffAccount for who has a role at the council.
    """
    own = select(Guardian.family_id).where(Guardian.user_id == user_id).distinct()
    days = (days_of(session, family_id) for family_id in session.scalars(own).all())
    enter(session, set().union(*days), alone=True)  # what a family asked for is withdrawn where it is closed
    families = session.scalars(
        select(Family)
        .join(Guardian)
        .where(Guardian.user_id == user_id)
        .order_by(Family.id)
        .with_for_update(of=Family, key_share=True)  # two adults who leave at once: the second is the last
    ).all()
    user = session.get_one(User, user_id, with_for_update=True)
    if session.scalar(select(StaffRole.id).where(StaffRole.user_id == user_id).limit(1)) is not None:
        raise StaffAccount
    closed = []
    for family in families:
        if family.status is FamilyStatus.ACTIVE and not _others_sign_in(session, family.id, user_id):
            check_transition(family.status, FamilyStatus.CLOSED)
            family.status = FamilyStatus.CLOSED
            closed.append(family)
            withdraw_requests(session, family.id, user_id)
            adults = select(Guardian.id).where(Guardian.family_id == family.id)
            session.execute(delete(GuardianInvitation).where(GuardianInvitation.guardian_id.in_(adults)))
    for guardian in session.scalars(select(Guardian).where(Guardian.user_id == user_id)):
        guardian.user_id = None
    queue_mail(session, "account_closed", user.email, families=closed)
    end_sessions(session, user_id)
    forget_feeds(session, user_id)
    remove_second_factor(session, user_id)
    session.execute(delete(UserToken).where(UserToken.user_id == user_id))
    user.password_hash = None
    user.closed_at = clock.now()
    user.email = f"compte-ferme-{user_id}"  # no address at all: nobody signs in with it, nobody writes to it
    session.flush()


def reopen_family(session: Session, family_id: int, reopened_by: int) -> None:
    """Open a closed file again, at the family's demand; its adults get a login by a code or an invitation.

    Raises NotFound for a file that is not closed, as when a colleague was faster, and OwnFamily.
    """
    family = session.scalar(select(Family).where(Family.id == family_id).with_for_update(key_share=True))
    if family is None or family.status is not FamilyStatus.CLOSED:
        raise NotFound("closed family")
    check_not_own(family_id, reopened_by)
    check_transition(family.status, FamilyStatus.ACTIVE)
    family.status = FamilyStatus.ACTIVE
    session.flush()


def _others_sign_in(session: Session, family_id: int, user_id: int) -> bool:
    others = (
        select(Guardian.id)
        .join(User, Guardian.user_id == User.id)
        .where(Guardian.family_id == family_id, User.id != user_id, User.password_hash.is_not(None))
    )
    return session.scalar(others.limit(1)) is not None


def _coming_days(family_id: int) -> tuple[ComingDays, ...]:
    rows = db.session.execute(
        select(Child, Activity.name, Opening.day)
        .select_from(Booking)
        .join(Opening, Booking.opening_id == Opening.id)
        .join(Unit, Opening.unit_id == Unit.id)
        .join(Activity, Unit.activity_id == Activity.id)
        .join(Child, Booking.child_id == Child.id)
        .where(Booking.family_id == family_id, Booking.status.in_(DECIDED_STATUSES), Opening.day >= clock.today())
        .order_by(Child.birth_date, Child.id, Activity.position, Activity.id, Opening.day)
    )
    days: dict[tuple[str, str], list[date]] = {}
    for child, activity_name, day in rows:
        days.setdefault((child.full_name, activity_name), []).append(day)
    return tuple(ComingDays(child, activity, tuple(sorted(set(found)))) for (child, activity), found in days.items())
