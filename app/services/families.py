"""The family file: coordinates, children. Everything is loaded through the family that asks."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.accounts import User
from app.models.enrolments import Enrolment
from app.models.families import Child, Family, FamilyAddress, FamilyChild, FamilyQuotient, Guardian, Regime
from app.models.reference_data import Commune, CommunePostalCode
from app.rules.quotients import Quotient
from app.rules.states import FamilyStatus
from app.rules.texts import fold
from app.services.errors import NotFound


@dataclass(frozen=True, slots=True)
class CommuneChoice:
    """A commune that a postal code stands for."""

    insee_code: str
    name: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class AddressInput:
    """An address as typed, its commune found."""

    number: str
    repetition: str
    street: str
    complement: str
    commune: CommuneChoice

    def as_row(self, starts_on: date) -> FamilyAddress:
        """The address as it holds from a day on."""
        return FamilyAddress(
            starts_on=starts_on,
            number=self.number,
            repetition=self.repetition,
            street=self.street,
            complement=self.complement,
            postal_code=self.commune.postal_code,
            city=self.commune.name,
            insee_code=self.commune.insee_code,
        )


@dataclass(frozen=True, slots=True)
class QuotientInput:
    """A quotient that a parent declares: counts only once the staff verified it."""

    value_cents: int
    month: date  # its first day


@dataclass(frozen=True, slots=True)
class CoordinatesInput:
    """The form « Coordonnées »."""

    last_name: str
    first_name: str
    address: AddressInput
    home_phone: str | None
    mobile_phone: str | None
    regime: Regime
    fund_number: str | None
    fund_holder_name: str | None
    quotient: QuotientInput | None


@dataclass(frozen=True, slots=True)
class ChildInput:
    """The identity of a child."""

    last_name: str
    first_name: str
    birth_date: date


@dataclass(frozen=True, slots=True)
class QuotientView:
    """The quotient that the family gave last, and whether the staff verified it."""

    value_cents: int
    month: date
    is_verified: bool
    refusal_reason: str | None  # why the staff refused it; it does not count then


@dataclass(frozen=True, slots=True)
class FamilyRef:
    """The signed-in family, as every parents' page needs it. One query."""

    id: int
    name: str
    status: FamilyStatus
    guardian_id: int

    @property
    def may_act(self) -> bool:
        """Whether the family may change anything, or only look."""
        return self.status is FamilyStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class ChildView:
    """A child of the family."""

    id: int
    last_name: str
    first_name: str
    birth_date: date

    @property
    def full_name(self) -> str:
        """« Léa TEST »."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True)
class CoordinatesView:
    """All that « Coordonnées » shows."""

    last_name: str
    first_name: str
    address: FamilyAddress | None
    home_phone: str | None
    mobile_phone: str | None
    regime: Regime | None
    fund_number: str | None
    fund_holder_name: str | None
    quotient: QuotientView | None


def families_of_user(user_id: int) -> tuple[FamilyRef, ...]:
    """The families of which a user is a guardian and which were ever active, oldest first."""
    rows = db.session.execute(
        select(Family.id, Family.last_name, Family.first_name, Family.status, Guardian.id)
        .join(Guardian, Guardian.family_id == Family.id)
        .where(Guardian.user_id == user_id, Family.status.in_([FamilyStatus.ACTIVE, FamilyStatus.CLOSED]))
        .order_by(Family.status, Family.id)
    )
    return tuple(FamilyRef(id_, f"{last} {first}", status, guardian) for id_, last, first, status, guardian in rows)


def own_family_ids(user_id: int) -> frozenset[int]:
    """The families of a member of the staff, by login or by address: a colleague decides on them."""
    own_email = select(User.email).where(User.id == user_id).scalar_subquery()
    return frozenset(
        db.session.scalars(
            select(Guardian.family_id).where(or_(Guardian.user_id == user_id, Guardian.email == own_email))
        )
    )


def children_of(family_id: int) -> tuple[ChildView, ...]:
    """The children of a family, eldest first."""
    rows = db.session.scalars(
        select(Child)
        .join(FamilyChild, FamilyChild.child_id == Child.id)
        .where(FamilyChild.family_id == family_id)
        .order_by(Child.birth_date, Child.id)
    )
    return tuple(ChildView(row.id, row.last_name, row.first_name, row.birth_date) for row in rows)


def child_of(family_id: int, child_id: int) -> ChildView:
    """A child of the family. Raises NotFound for any other child."""
    row = db.session.scalar(
        select(Child)
        .join(FamilyChild, FamilyChild.child_id == Child.id)
        .where(FamilyChild.family_id == family_id, Child.id == child_id)
    )
    if row is None:
        raise NotFound("child")
    return ChildView(row.id, row.last_name, row.first_name, row.birth_date)


def find_child(child_id: int) -> ChildView:
    """A child, for the staff. Raises NotFound."""
    row = db.session.get(Child, child_id)
    if row is None:
        raise NotFound("child")
    return ChildView(row.id, row.last_name, row.first_name, row.birth_date)


def families_of_child(child_id: int) -> tuple[tuple[int, str], ...]:
    """The id and the name of each family that a child belongs to, for the staff."""
    rows = db.session.scalars(
        select(Family)
        .join(FamilyChild, FamilyChild.family_id == Family.id)
        .where(FamilyChild.child_id == child_id)
        .order_by(Family.id)
    )
    return tuple((row.id, row.name) for row in rows)


def has_enrolments(child_id: int) -> bool:
    """Whether anything was ever asked for the child, through any family."""
    return db.session.scalar(select(Enrolment.id).where(Enrolment.child_id == child_id).limit(1)) is not None


def quotients_of(family_id: int) -> tuple[Quotient, ...]:
    """The quotients of a family that were not refused, as the price rules read them."""
    rows = db.session.scalars(
        select(FamilyQuotient)
        .where(FamilyQuotient.family_id == family_id, FamilyQuotient.refused_at.is_(None))
        .order_by(FamilyQuotient.starts_on, FamilyQuotient.id)
    )
    return tuple(Quotient(row.value_cents, row.starts_on, row.ends_on, row.verified_at is not None) for row in rows)


def quotients_of_families(session: Session, family_ids: Collection[int]) -> Mapping[int, Sequence[Quotient]]:
    """The same for many families, by family; nothing for one that has none. One query."""
    found: defaultdict[int, list[Quotient]] = defaultdict(list)
    rows = select(FamilyQuotient).where(FamilyQuotient.family_id.in_(family_ids), FamilyQuotient.refused_at.is_(None))
    rows = rows.order_by(FamilyQuotient.starts_on, FamilyQuotient.id)
    for row in session.scalars(rows) if family_ids else ():
        found[row.family_id].append(Quotient(row.value_cents, row.starts_on, row.ends_on, row.verified_at is not None))
    return found


def coordinates_of(family_id: int) -> CoordinatesView:
    """What « Coordonnées » shows of a family. Raises NotFound."""
    family = db.session.get(Family, family_id)
    if family is None:
        raise NotFound("family")
    latest = max(family.quotients, key=lambda row: (row.starts_on, row.id), default=None)
    return CoordinatesView(
        last_name=family.last_name,
        first_name=family.first_name,
        address=_address_on(family.addresses, clock.today()),
        home_phone=family.home_phone,
        mobile_phone=family.mobile_phone,
        regime=family.regime,
        fund_number=family.fund_number,
        fund_holder_name=family.fund_holder_name,
        quotient=_quotient_view(latest) if latest else None,
    )


def save_coordinates(session: Session, family_id: int, typed: CoordinatesInput) -> None:
    """Store « Coordonnées ». A changed address starts today; a changed quotient waits for the staff to verify it."""
    family = session.get_one(Family, family_id, with_for_update=True)
    family.last_name = typed.last_name
    family.first_name = typed.first_name
    family.home_phone = typed.home_phone
    family.mobile_phone = typed.mobile_phone
    family.regime = typed.regime
    family.fund_number = typed.fund_number
    family.fund_holder_name = typed.fund_holder_name
    _save_address(session, family, typed.address)
    if typed.quotient is not None:
        _declare_quotient(session, family, typed.quotient)


def verify_quotient(session: Session, family_id: int, month: date, verified_by: int) -> None:
    """Confirm the quotient that a family declared last for a month: from now on it lowers prices. Raises NotFound."""
    row = session.scalar(
        select(FamilyQuotient)
        .where(FamilyQuotient.family_id == family_id, FamilyQuotient.starts_on == month)
        .order_by(FamilyQuotient.id.desc())
        .limit(1)
    )
    if row is None:
        raise NotFound("quotient")
    row.verified_at = clock.now()
    row.verified_by_id = verified_by


def add_child(session: Session, family_id: int, typed: ChildInput) -> int:
    """Add a child to a family and return its id; the same child sent twice (a double tap) is one."""
    session.execute(select(Family.id).where(Family.id == family_id).with_for_update())
    for present in children_of(family_id):
        if _same_child(present, typed):
            return present.id
    child = Child(last_name=typed.last_name, first_name=typed.first_name, birth_date=typed.birth_date)
    session.add(child)
    session.flush()
    session.add(FamilyChild(family_id=family_id, child_id=child.id))
    return child.id


def _same_child(present: ChildView, typed: ChildInput) -> bool:
    names = ((present.first_name, typed.first_name), (present.last_name, typed.last_name))
    return present.birth_date == typed.birth_date and all(fold(one) == fold(other) for one, other in names)


def save_child(session: Session, family_id: int, child_id: int, typed: ChildInput) -> None:
    """Correct a child's identity, until the first enrolment: from then on its age has decided something.

    Raises NotFound for a child of another family, and for one that is enrolled.
    """
    child = session.scalar(
        select(Child)
        .join(FamilyChild, FamilyChild.child_id == Child.id)
        .where(FamilyChild.family_id == family_id, Child.id == child_id)
        .with_for_update(of=Child)  # a request for an enrolment waits, or has been made
    )
    if child is None or has_enrolments(child_id):
        raise NotFound("child")
    child.last_name = typed.last_name
    child.first_name = typed.first_name
    child.birth_date = typed.birth_date


def communes_of_postal_code(postal_code: str) -> tuple[CommuneChoice, ...]:
    """The communes that share a postal code, by name; none for an unknown code."""
    return _communes(db.session(), CommunePostalCode.postal_code == postal_code)


def communes_named(name: str) -> tuple[CommuneChoice, ...]:
    """The communes of a name (case, accents and hyphens do not matter), with each of their postal codes."""
    return _communes(db.session(), Commune.folded_name == fold(name))


def _communes(session: Session, condition: object) -> tuple[CommuneChoice, ...]:
    rows = session.execute(
        select(Commune.insee_code, Commune.name, CommunePostalCode.postal_code)
        .join(CommunePostalCode, CommunePostalCode.insee_code == Commune.insee_code)
        .where(condition)  # type: ignore[arg-type]
        .order_by(Commune.name, CommunePostalCode.postal_code)
        .limit(60)
    )
    return tuple(CommuneChoice(*row) for row in rows)


def _address_on(addresses: Sequence[FamilyAddress], day: date) -> FamilyAddress | None:
    started = [address for address in addresses if address.starts_on <= day]
    return started[-1] if started else None


_ADDRESS_FIELDS = ("number", "repetition", "street", "complement", "postal_code", "city", "insee_code")


def _save_address(session: Session, family: Family, typed: AddressInput) -> None:
    today = clock.today()
    new = typed.as_row(starts_on=today)
    present = _address_on(family.addresses, today)
    if present is not None and all(getattr(present, name) == getattr(new, name) for name in _ADDRESS_FIELDS):
        return
    if present is not None and present.starts_on == today:
        for name in _ADDRESS_FIELDS:
            setattr(present, name, getattr(new, name))
        return
    family.addresses.append(new)


def _quotient_view(row: FamilyQuotient) -> QuotientView:
    return QuotientView(row.value_cents, row.starts_on, row.verified_at is not None, row.refusal_reason)


def _declare_quotient(session: Session, family: Family, typed: QuotientInput) -> None:
    of_month = [row for row in family.quotients if row.starts_on == typed.month]
    latest = max(of_month, key=lambda row: row.id, default=None)
    if latest is not None and latest.value_cents == typed.value_cents:
        return
    if latest is not None and latest.verified_at is None and latest.refused_at is None:
        latest.value_cents = typed.value_cents
        latest.declared_at = clock.now()
        return
    family.quotients.append(
        FamilyQuotient(value_cents=typed.value_cents, starts_on=typed.month, declared_at=clock.now())
    )
