"""The family file: coordinates, children. Everything is loaded through the family that asks."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, bindparam, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.accounts import User
from app.models.changes import ChangeRequest
from app.models.enrolments import Enrolment
from app.models.families import (
    Child,
    Family,
    FamilyAddress,
    FamilyChild,
    FamilyQuotient,
    Guardian,
    QuotientSource,
    Regime,
)
from app.models.reference_data import Commune, CommunePostalCode
from app.rules.file_fields import STREET_FIELDS, FileKind
from app.rules.file_gaps import FileFacts, FileGaps, find_gaps
from app.rules.quotients import Quotient, outcome_on
from app.rules.states import ChangeStatus, FamilyStatus
from app.rules.texts import fold
from app.services.errors import NotFound, OwnFamily, UnknownCommune

Values = Mapping[str, str]
"""Canonical text by name of field: codes of lists, ISO dates, cents, phones in E.164; "" is an empty field."""


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
class ChildInput:
    """The identity of a child."""

    last_name: str
    first_name: str
    birth_date: date


@dataclass(frozen=True, slots=True)
class QuotientView:
    """A quotient that the family gave, and what became of it."""

    value_cents: int
    month: date
    ends_on: date | None
    source: QuotientSource
    declared_at: datetime
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


def families_of_user(user_id: int) -> tuple[FamilyRef, ...]:
    """The families of which a user is a guardian and which were ever active, oldest first."""
    rows = db.session.execute(_OF_USER, {"user": user_id})
    return tuple(FamilyRef(id_, f"{last} {first}", status, guardian) for id_, last, first, status, guardian in rows)


# Of every page of the parents: made once, since that takes longer than to ask.
_OF_USER = (
    select(Family.id, Family.last_name, Family.first_name, Family.status, Guardian.id)
    .join(Guardian, Guardian.family_id == Family.id)
    .where(Guardian.user_id == bindparam("user"), Family.status.in_([FamilyStatus.ACTIVE, FamilyStatus.CLOSED]))
    .order_by(Family.status, Family.id)
)


def own_family_ids(user_id: int) -> frozenset[int]:
    """The families of a member of the staff, by login or by address: a colleague decides on them.

    And those of their children's other home: its custody is their own affair too. One query.
    """
    own_email = select(User.email).where(User.id == user_id).scalar_subquery()
    own = select(Guardian.family_id).where(or_(Guardian.user_id == user_id, Guardian.email == own_email))
    own_children = select(FamilyChild.child_id).where(FamilyChild.family_id.in_(own))
    return frozenset(
        db.session.scalars(own.union(select(FamilyChild.family_id).where(FamilyChild.child_id.in_(own_children))))
    )


def check_not_own(family_id: int, agent_id: int) -> None:
    """Raises OwnFamily: a colleague handles what is an agent's own family's (`own_family_ids()`), and looks at it."""
    if family_id in own_family_ids(agent_id):
        raise OwnFamily


def stays_active(session: Session, family_id: int, *, alone: bool = False) -> bool:
    """Whether the family may change something now, and until the commit (PostgreSQL): `FamilyRef` was read before, and
    an adult may have closed it since. `alone`: who comes at the same moment waits, and sees what was done.
    """
    lock = select(Family.status).where(Family.id == family_id)
    # Asked for at once: two who share it, and then want it alone, would wait for each other.
    status = session.scalar(lock.with_for_update(key_share=True) if alone else lock.with_for_update(read=True))
    return status is FamilyStatus.ACTIVE


def lock_children(session: Session, family_ids: Collection[int]) -> None:
    """Hold the children of some families until the commit, in the order of their ids (PostgreSQL).

    Who saves bookings, prices them anew or invoices them holds them: what one child has moves its siblings' prices.
    """
    children = select(FamilyChild.child_id).where(FamilyChild.family_id.in_(family_ids))
    session.execute(select(Child.id).where(Child.id.in_(children)).order_by(Child.id).with_for_update())


def hold_families(session: Session, family_ids: Collection[int]) -> None:
    """Let some families stay what they are until the commit, and hold their children; both in the order of ids."""
    lock = select(Family.id).where(Family.id.in_(family_ids)).order_by(Family.id)
    session.execute(lock.with_for_update(read=True))
    lock_children(session, family_ids)


def emails_of_adults(session: Session, family_id: int) -> tuple[str, ...]:
    """Where the adults of a family are written to, each address once. One query."""
    return emails_of_families(session, [family_id])[family_id]


def emails_of_families(session: Session, family_ids: Collection[int]) -> Mapping[int, tuple[str, ...]]:
    """The same of some families, by family: nothing for who has no address. One query."""
    found: dict[int, dict[str, None]] = {family_id: {} for family_id in family_ids}
    rows = session.execute(
        select(Guardian.family_id, Guardian.email)
        .where(Guardian.family_id.in_(family_ids), Guardian.email.is_not(None))
        .order_by(Guardian.id)
    )
    for family_id, email in rows:
        if email:
            found[family_id][email] = None
    return {family_id: tuple(emails) for family_id, emails in found.items()}


def hold_at_hand(session: Session, family_ids: Collection[int]) -> set[int]:
    """Those of some families that nobody is changing just now, held until the commit; nobody is waited for.

    For what can be done a moment later: so nothing is written for a family that is being erased.
    """
    at_hand = select(Family.id).where(Family.id.in_(family_ids)).with_for_update(key_share=True, skip_locked=True)
    return set(session.scalars(at_hand))


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


def family_ref(family_id: int) -> FamilyRef:
    """A family for which the staff act: nobody of it is signed in. Raises NotFound."""
    row = db.session.get(Family, family_id)
    if row is None:
        raise NotFound("family")
    return FamilyRef(row.id, row.name, row.status, 0)


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
    return tuple(_quotient(row) for row in rows)


def quotients_of_families(session: Session, family_ids: Collection[int]) -> Mapping[int, Sequence[Quotient]]:
    """The same for many families, by family; nothing for one that has none. One query."""
    found: defaultdict[int, list[Quotient]] = defaultdict(list)
    for row in session.scalars(_QUOTIENTS, {"families": list(family_ids)}) if family_ids else ():
        found[row.family_id].append(_quotient(row))
    return found


_QUOTIENTS = (
    select(FamilyQuotient)
    .where(FamilyQuotient.family_id.in_(bindparam("families", expanding=True)), FamilyQuotient.refused_at.is_(None))
    .order_by(FamilyQuotient.starts_on, FamilyQuotient.id)
)


def quotient_history(family_id: int) -> tuple[QuotientView, ...]:
    """All the quotients that a family gave, latest month first. One query."""
    rows = db.session.scalars(
        select(FamilyQuotient)
        .where(FamilyQuotient.family_id == family_id)
        .order_by(FamilyQuotient.starts_on.desc(), FamilyQuotient.id.desc())
    )
    return tuple(_quotient_view(row) for row in rows)


def file_gaps_of(family_id: int) -> FileGaps:
    """What a family's file lacks, and what that costs. One query."""
    has_address = select(FamilyAddress.id).where(FamilyAddress.family_id == family_id).exists()
    asked = select(ChangeRequest.body).where(
        ChangeRequest.family_id == family_id,
        ChangeRequest.kind == FileKind.COORDINATES,
        ChangeRequest.status == ChangeStatus.PENDING,
    )
    rows = db.session.execute(
        select(Family, has_address, asked.scalar_subquery(), FamilyQuotient)
        .outerjoin(FamilyQuotient, FamilyQuotient.family_id == Family.id)
        .where(Family.id == family_id)
        .order_by(FamilyQuotient.starts_on.desc(), FamilyQuotient.id.desc())
    ).all()
    family, is_located, body, _ = rows[0]
    # What was asked for is given: the family has done its part.
    given = {name: after for name, (_, after) in json.loads(body).items()} if body else {}
    regime = given.get("regime", family.regime)
    history = [_quotient_view(row) for *_, row in rows if row is not None]
    counting = [
        Quotient(view.value_cents, view.month, view.ends_on, view.is_verified)
        for view in reversed(history)
        if view.refusal_reason is None
    ]
    return find_gaps(
        FileFacts(
            has_phone=bool(family.home_phone or family.mobile_phone),
            has_address=is_located or bool(given.get("street")),
            has_regime=bool(regime),
            asks_fund=regime in (Regime.GENERAL, Regime.AGRICULTURAL),
            has_fund_number=bool(given.get("fund_number", family.fund_number)),
            quotient=outcome_on(counting, clock.today(), declines=family.declines_quotient),
            was_refused=bool(history) and history[0].refusal_reason is not None,
        )
    )


def read_coordinates(family: Family) -> dict[str, str]:
    """« Coordonnées » as canonical text by name of field: codes, ISO dates, cents, phones in E.164; "" is empty."""
    address = _address_on(family.addresses, clock.today())
    latest = max(family.quotients, key=lambda row: (row.starts_on, row.id), default=None)
    return {
        "last_name": family.last_name,
        "first_name": family.first_name,
        "home_phone": family.home_phone or "",
        "mobile_phone": family.mobile_phone or "",
        **{name: getattr(address, name) if address else "" for name in STREET_FIELDS},
        "regime": family.regime or "",
        "fund_number": family.fund_number or "",
        "fund_holder_name": family.fund_holder_name or "",
        "quotient": str(latest.value_cents) if latest else "",
        "quotient_month": latest.starts_on.isoformat() if latest else "",
        "quotient_source": latest.source if latest else "",
        "declines_quotient": "yes" if family.declines_quotient else "",
    }


def write_coordinates(session: Session, family: Family, values: Values, starts_on: date) -> None:
    """Store all fields of « Coordonnées ». A changed address holds from `starts_on`; a changed quotient waits.

    Raises UnknownCommune for an address in none that we know.
    """
    family.last_name = values["last_name"]
    family.first_name = values["first_name"]
    family.home_phone = values["home_phone"] or None
    family.mobile_phone = values["mobile_phone"] or None
    family.regime = Regime(values["regime"]) if values["regime"] else None
    family.fund_number = values["fund_number"] or None
    family.fund_holder_name = values["fund_holder_name"] or None
    family.declines_quotient = bool(values["declines_quotient"])
    _write_address(session, family, values, starts_on)
    _declare_quotient(family, values)


def add_child(session: Session, family_id: int, typed: ChildInput) -> int:
    """Add a child to a family and return its id. Whether it is there already: `changes.add_person`."""
    child = Child(last_name=typed.last_name, first_name=typed.first_name, birth_date=typed.birth_date)
    session.add(child)
    session.flush()
    session.add(FamilyChild(family_id=family_id, child_id=child.id))
    session.flush()
    return child.id


def communes_of_postal_code(postal_code: str) -> tuple[CommuneChoice, ...]:
    """The communes that share a postal code, by name; none for an unknown code."""
    return _communes(db.session(), CommunePostalCode.postal_code == postal_code)


def communes_of_postal_codes(postal_codes: Collection[str]) -> Mapping[str, Sequence[CommuneChoice]]:
    """The same of several codes; nothing for an unknown one. One query."""
    found: defaultdict[str, list[CommuneChoice]] = defaultdict(list)
    rows = db.session.execute(
        select(Commune.insee_code, Commune.name, CommunePostalCode.postal_code)
        .join(CommunePostalCode, CommunePostalCode.insee_code == Commune.insee_code)
        .where(CommunePostalCode.postal_code.in_(postal_codes))
        .order_by(Commune.name)
    )
    for row in rows:
        found[row.postal_code].append(CommuneChoice(*row))
    return found


def communes_named(name: str) -> tuple[CommuneChoice, ...]:
    """The communes of a name (case, accents and hyphens do not matter), with each of their postal codes."""
    return _communes(db.session(), Commune.folded_name == fold(name))


def _communes(session: Session, condition: ColumnElement[bool]) -> tuple[CommuneChoice, ...]:
    rows = session.execute(
        select(Commune.insee_code, Commune.name, CommunePostalCode.postal_code)
        .join(CommunePostalCode, CommunePostalCode.insee_code == Commune.insee_code)
        .where(condition)
        .order_by(Commune.name, CommunePostalCode.postal_code)
        .limit(60)
    )
    return tuple(CommuneChoice(*row) for row in rows)


def _quotient_view(row: FamilyQuotient) -> QuotientView:
    return QuotientView(
        row.value_cents, row.starts_on, row.ends_on, row.source, row.declared_at, row.verified_at is not None,
        row.refusal_reason,
    )  # fmt: skip


def _quotient(row: FamilyQuotient) -> Quotient:
    return Quotient(row.value_cents, row.starts_on, row.ends_on, row.verified_at is not None)


def _address_on(addresses: Sequence[FamilyAddress], day: date) -> FamilyAddress | None:
    started = [address for address in addresses if address.starts_on <= day]
    return started[-1] if started else None


def _write_address(session: Session, family: Family, values: Values, starts_on: date) -> None:
    present = _address_on(family.addresses, clock.today())
    if all(values[name] == (getattr(present, name) if present else "") for name in STREET_FIELDS):
        return
    found = _communes(session, CommunePostalCode.postal_code == values["postal_code"])
    commune = next((choice for choice in found if choice.name == values["city"]), None)
    if commune is None:
        raise UnknownCommune
    line = AddressInput(values["number"], values["repetition"], values["street"], values["complement"], commune)
    new = line.as_row(starts_on)
    same_day = next((row for row in family.addresses if row.starts_on == starts_on), None)
    if same_day is None:
        family.addresses.append(new)
        return
    for name in (*STREET_FIELDS, "insee_code"):
        setattr(same_day, name, getattr(new, name))


def _declare_quotient(family: Family, values: Values) -> None:
    if not values["quotient"]:
        return
    value_cents, month = int(values["quotient"]), date.fromisoformat(values["quotient_month"])
    source = QuotientSource(values["quotient_source"] or QuotientSource.DECLARED)
    of_month = [row for row in family.quotients if row.starts_on == month]
    latest = max(of_month, key=lambda row: row.id, default=None)
    if latest is not None and (latest.value_cents, latest.source) == (value_cents, source):
        return
    if latest is not None and latest.verified_at is None and latest.refused_at is None:
        latest.value_cents = value_cents
        latest.source = source
        latest.declared_at = clock.now()
        return
    family.quotients.append(
        FamilyQuotient(value_cents=value_cents, starts_on=month, source=source, declared_at=clock.now())
    )
