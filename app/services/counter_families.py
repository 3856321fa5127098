"""Families that the staff make: files like others, active at once, with or without e-mail.

The counter makes one from a form on paper (`create_family`); a file from another software brings many
(`create_families`), whose adults agree to the text on personal data when they open their accounts.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.clock import PARIS
from app.database import db, take_turns
from app.models.accounts import User
from app.models.families import (
    Child,
    Consent,
    Family,
    FamilyAddress,
    FamilyChild,
    FamilyQuotient,
    Guardian,
    QuotientSource,
    Regime,
    Title,
)
from app.rules.namesakes import Person, name_words
from app.rules.quotients import usual_quotient_end
from app.rules.states import FamilyStatus, check_transition
from app.rules.texts import fold
from app.services.accounts import is_known, normalise_email
from app.services.errors import EmailTaken
from app.services.families import AddressInput, ChildInput, add_child
from app.services.links import send_activation
from app.services.queue_items import Lookalike

SAME_FAMILY_WITHIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class NewAdult:
    """An adult of a family that a file brings."""

    title: str  # the code of a Title
    last_name: str
    first_name: str
    email: str | None
    mobile_phone: str | None  # E.164


@dataclass(frozen=True, slots=True)
class BroughtFamily:
    """A family that a file brings: its first adult bears its name, and its phones are the family's."""

    adults: tuple[NewAdult, ...]
    home_phone: str | None  # E.164
    address: AddressInput
    regime: str  # the code of a Regime; empty for none told
    fund_number: str
    fund_holder_name: str
    quotient_cents: int | None
    quotient_month: date | None  # its first day, with a quotient
    children: tuple[ChildInput, ...]

    @property
    def name(self) -> str:
        """« TEST Fabrice »."""
        return f"{self.adults[0].last_name} {self.adults[0].first_name}"

    @property
    def emails(self) -> tuple[str, ...]:
        """The addresses of its adults, each once."""
        return tuple(dict.fromkeys(normalise_email(adult.email) for adult in self.adults if adult.email))


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


def alike_of_each(session: Session, families: Sequence[BroughtFamily]) -> list[frozenset[int]]:
    """By place, the families, but refused ones, that have an adult of the same name, or a child who may be the same.

    Two queries. Unlike at the counter the address tells nothing: in a file many families are neighbours.
    """
    names = [{name for adult in each.adults for name in _both_orders(adult)} for each in families]
    every_name = set().union(*names)
    by_name: defaultdict[str, set[int]] = defaultdict(set)
    adults = select(Guardian.folded_name, Guardian.family_id).join(Family).where(Guardian.folded_name.in_(every_name))
    for name, family_id in session.execute(adults.where(Family.status != FamilyStatus.REFUSED)):
        by_name[name].add(family_id)
    born = {child.birth_date for each in families for child in each.children}
    by_person: defaultdict[tuple[tuple[str, ...], date], set[int]] = defaultdict(set)
    children = select(Child.last_name, Child.first_name, Child.birth_date, FamilyChild.family_id).join(
        FamilyChild, FamilyChild.child_id == Child.id
    )
    children = children.join(Family, Family.id == FamilyChild.family_id).where(Family.status != FamilyStatus.REFUSED)
    for last_name, first_name, birth_date, family_id in session.execute(children.where(Child.birth_date.in_(born))):
        by_person[name_words(Person(last_name, first_name, birth_date)), birth_date].add(family_id)
    return [
        frozenset[int]().union(
            *(by_name[name] for name in own_names),
            *(
                by_person[name_words(Person(child.last_name, child.first_name, child.birth_date)), child.birth_date]
                for child in each.children
            ),
        )
        for each, own_names in zip(families, names, strict=True)
    ]


def known_emails(session: Session, emails: Collection[str]) -> frozenset[str]:
    """The addresses that have a login, or stand in the file of a family that waits or is active. One query."""
    in_files = select(Guardian.email).join(Family).where(
        Guardian.email.in_(emails), Family.status.in_([FamilyStatus.PENDING, FamilyStatus.ACTIVE])
    )  # fmt: skip
    found = session.scalars(select(User.email).where(User.email.in_(emails)).union(in_files))
    return frozenset(email for email in found if email)


def create_families(
    session: Session, brought: Sequence[BroughtFamily], created_by: int, *, verifies_quotients: bool
) -> list[Family]:
    """Make active families, without logins; the statements do not grow with them. The caller has looked at the
    addresses and at who may be there already.

    `verifies_quotients`: the agent says that the quotients were verified, so that they count until their usual end.
    """
    check_transition(None, FamilyStatus.ACTIVE)
    now, today = clock.now(), clock.today()
    families = []
    for each in brought:
        first = each.adults[0]
        family = Family(
            status=FamilyStatus.ACTIVE, last_name=first.last_name, first_name=first.first_name,
            home_phone=each.home_phone, mobile_phone=first.mobile_phone, decided_at=now, decided_by_id=created_by,
            regime=Regime(each.regime) if each.regime else None, fund_number=each.fund_number or None,
            fund_holder_name=each.fund_holder_name or None,
        )  # fmt: skip
        family.guardians = [
            Guardian(
                title=Title(adult.title), last_name=adult.last_name, first_name=adult.first_name,
                email=normalise_email(adult.email) if adult.email else None,
                mobile_phone=(adult.mobile_phone or "") if adult is not first else "",
            )
            for adult in each.adults
        ]  # fmt: skip
        family.addresses = [each.address.as_row(starts_on=today)]
        if each.quotient_cents is not None and each.quotient_month is not None:
            ends_on = usual_quotient_end(each.quotient_month, today) if verifies_quotients else None
            family.quotients = [
                FamilyQuotient(
                    value_cents=each.quotient_cents, starts_on=each.quotient_month, ends_on=ends_on,
                    source=_SOURCES.get(each.regime, QuotientSource.DECLARED),
                    verified_at=now if verifies_quotients else None,
                    verified_by_id=created_by if verifies_quotients else None,
                )
            ]  # fmt: skip
        families.append(family)
    session.add_all(families)
    session.flush()
    rows = [
        (family.id, Child(last_name=child.last_name, first_name=child.first_name, birth_date=child.birth_date))
        for family, each in zip(families, brought, strict=True)
        for child in each.children
    ]
    session.add_all(child for _, child in rows)
    session.flush()
    session.add_all(FamilyChild(family_id=family_id, child_id=child.id) for family_id, child in rows)
    session.flush()
    return families


_SOURCES = {"general": QuotientSource.CAF, "agricultural": QuotientSource.MSA}


def _both_orders(adult: NewAdult) -> tuple[str, str]:
    return fold(f"{adult.last_name} {adult.first_name}"), fold(f"{adult.first_name} {adult.last_name}")


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
