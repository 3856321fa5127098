"""Families that the counter makes, from a form on paper: files like others, active at once, with or without e-mail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.clock import PARIS
from app.database import db, take_turns
from app.models.accounts import User
from app.models.families import Child, Consent, Family, FamilyAddress, FamilyChild, Guardian, Title
from app.rules.states import FamilyStatus, check_transition
from app.rules.texts import fold
from app.services.accounts import is_known, normalise_email
from app.services.errors import EmailTaken
from app.services.families import AddressInput, ChildInput, add_child
from app.services.links import send_activation
from app.services.queue_items import Lookalike

SAME_FAMILY_WITHIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class NewFamily:
    """What an agent copies from the paper."""

    title: str  # the code of a Title
    last_name: str
    first_name: str
    email: str | None
    mobile_phone: str | None  # E.164
    home_phone: str | None
    address: AddressInput
    children: tuple[ChildInput, ...]
    consent_on: date  # the day on which the paper was signed
    consent_text_id: int


def lookalikes_of(new: NewFamily) -> tuple[Lookalike, ...]:
    """The families, but refused ones, that may be the same: an adult's name, a child's name and birth, or the address.

    Three queries.
    """
    names = {fold(f"{new.last_name} {new.first_name}"), fold(f"{new.first_name} {new.last_name}")}
    ids = set(db.session.scalars(select(Guardian.family_id).where(Guardian.folded_name.in_(names))))
    ids |= set(_families_of_children(new.children))
    street = fold(new.address.street)
    living_near = select(FamilyAddress).where(
        FamilyAddress.insee_code == new.address.commune.insee_code, FamilyAddress.number == new.address.number,
    )  # fmt: skip
    for address in db.session.scalars(living_near):
        if fold(address.street) == street and address.repetition == new.address.repetition:
            ids.add(address.family_id)
    found = db.session.scalars(
        select(Family)
        .where(Family.id.in_(ids), Family.status != FamilyStatus.REFUSED)
        .options(joinedload(Family.addresses))
        .order_by(Family.folded_name, Family.id)
        .limit(10)
    ).unique()
    return tuple(
        Lookalike(family.id, family.name, family.status, family.addresses[-1].city if family.addresses else "")
        for family in found
    )


def create_family(session: Session, new: NewFamily, created_by: int) -> int:
    """Make an active family and return its id; with an e-mail, its adult is invited to open an account.

    The same form sent twice (a double tap) makes one. Raises EmailTaken.
    """
    email = normalise_email(new.email) if new.email else None
    take_turns(session, f"counter {fold(new.last_name)}")
    tapped = _just_created(session, new, created_by)
    if tapped is not None:
        return tapped
    if email is not None:
        take_turns(session, email)
        if is_known(session, email):
            raise EmailTaken(email)
    check_transition(None, FamilyStatus.ACTIVE)
    now = clock.now()
    family = Family(
        status=FamilyStatus.ACTIVE, last_name=new.last_name, first_name=new.first_name, home_phone=new.home_phone,
        mobile_phone=new.mobile_phone, decided_at=now, decided_by_id=created_by,
    )  # fmt: skip
    guardian = Guardian(title=Title(new.title), last_name=new.last_name, first_name=new.first_name, email=email)
    family.guardians.append(guardian)
    family.addresses.append(new.address.as_row(starts_on=clock.today()))
    session.add(family)
    session.flush()
    signed_at = datetime.combine(new.consent_on, time(12), PARIS)
    session.add(Consent(family_id=family.id, text_id=new.consent_text_id, given_at=signed_at, on_paper=True))
    for child in new.children:
        add_child(session, family.id, child)
    if email is not None:
        guardian.user = User(email=email, display_name=guardian.full_name)
        session.flush()
        send_activation(session, guardian.user, family)
    return family.id


def _families_of_children(children: Iterable[ChildInput]) -> Iterable[int]:
    alike = [
        (Child.folded_name == fold(f"{child.last_name} {child.first_name}")) & (Child.birth_date == child.birth_date)
        for child in children
    ]
    if not alike:
        return ()
    return db.session.scalars(select(FamilyChild.family_id).join(Child).where(or_(*alike)))


def _just_created(session: Session, new: NewFamily, created_by: int) -> int | None:
    recent = session.scalars(
        select(Family)
        .where(
            Family.decided_by_id == created_by,
            Family.status == FamilyStatus.ACTIVE,
            Family.folded_name == fold(f"{new.last_name} {new.first_name}"),
            Family.created_at > clock.now() - SAME_FAMILY_WITHIN,
        )
        .order_by(Family.id)
    )
    return next((family.id for family in recent if family.addresses[-1].street == new.address.street), None)
