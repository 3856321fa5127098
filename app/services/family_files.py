"""The file of a family as the staff see it: finding it, reading it, helping an account that was never confirmed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, auto

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app import clock
from app.database import db
from app.models.accounts import TokenPurpose, User, UserToken
from app.models.families import (
    Child,
    Consent,
    ConsentText,
    Family,
    FamilyAddress,
    Guardian,
    QuotientSource,
    Regime,
    Title,
)
from app.rules.addresses import StreetLine, join_street_line
from app.rules.enrolments import age_on
from app.rules.quotients import usual_quotient_end
from app.rules.states import FamilyStatus
from app.rules.texts import fold
from app.services.claim_codes import CodeView, view_of
from app.services.enrolments import EnrolmentView, enrolments_of
from app.services.errors import NotFound
from app.services.links import ACTIVATION_VALIDITY, send_activation
from app.services.pages import Page, page_of
from app.services.staff_scopes import EVERYWHERE, StaffScope

LONGEST_SEARCH = 100
"""Characters of a search that count."""


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """A family in a list."""

    id: int
    name: str
    status: FamilyStatus
    city: str
    emails: tuple[str, ...]
    children: tuple[str, ...]  # first names, eldest first


class AccountState(StrEnum):
    """Where the login of an adult stands."""

    NONE = auto()  # the adult has none
    INVITED = auto()
    INVITATION_EXPIRED = auto()
    CONFIRMED = auto()


@dataclass(frozen=True, slots=True)
class GuardianFile:
    """An adult, and their login."""

    id: int
    title: Title
    name: str
    email: str | None
    account: AccountState
    invited_at: datetime | None
    confirmed_at: datetime | None  # None: not confirmed, or by no link (made by a command)
    claim: CodeView
    is_invited_by_family: bool = False  # then it is for the family to invite again


@dataclass(frozen=True, slots=True)
class ChildFile:
    """A child; `other_families` are those of the other parent."""

    id: int
    name: str
    birth_date: date
    age: int  # completed years today
    other_families: tuple[tuple[int, str], ...]  # (id, name)


@dataclass(frozen=True, slots=True)
class QuotientFile:
    """A quotient of the family, in cents."""

    id: int
    value_cents: int
    month: date
    ends_on: date | None
    source: QuotientSource
    declared_at: datetime
    verified_at: datetime | None
    refused_at: datetime | None
    refusal_reason: str | None
    proposed_end: date  # for the agent who verifies it

    @property
    def waits(self) -> bool:
        """Whether nobody decided on it yet."""
        return self.verified_at is None and self.refused_at is None


@dataclass(frozen=True, slots=True)
class ConsentFile:
    """Which text on personal data the family accepted, and when."""

    text_of: date
    given_at: datetime
    on_paper: bool  # signed at the counter: the day counts, not the hour


@dataclass(frozen=True, slots=True)
class FamilyFile:
    """All that the staff see of a family."""

    id: int
    name: str
    status: FamilyStatus
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    refusal_reason: str | None
    address: tuple[str, ...]  # its lines
    home_phone: str | None  # E.164
    mobile_phone: str | None
    regime: Regime | None
    fund_number: str | None
    fund_holder_name: str | None
    guardians: tuple[GuardianFile, ...]
    children: tuple[ChildFile, ...]
    enrolments: tuple[EnrolmentView, ...]
    quotients: tuple[QuotientFile, ...]  # latest first
    consents: tuple[ConsentFile, ...]  # latest first

    @property
    def first_guardian(self) -> GuardianFile | None:
        """The adult who signed up."""
        return self.guardians[0] if self.guardians else None

    @property
    def may_correct_email(self) -> bool:
        """Whether the account was never confirmed, so that its address may still be corrected."""
        adult = self.first_guardian
        waits = self.status in (FamilyStatus.PENDING, FamilyStatus.ACTIVE)
        return waits and adult is not None and adult.account is not AccountState.CONFIRMED

    @property
    def may_invite_again(self) -> bool:
        """Whether there is an account that waits for its confirmation."""
        adult = self.first_guardian
        invited = (AccountState.INVITED, AccountState.INVITATION_EXPIRED)
        waits = adult is not None and adult.account in invited and not adult.is_invited_by_family
        return self.status is FamilyStatus.ACTIVE and waits


def search_families(text: str, page: int, reach: StaffScope = EVERYWHERE) -> Page[FamilyRow]:
    """The families within reach in which every word of the text is found, by name; all without text. Five queries.

    A word is part of the name of the family, of an adult or of a child (neither case nor accents matter), or of an
    e-mail address. A page that does not exist becomes the nearest one.
    """
    condition = families_with(text, reach)
    total = db.session.scalar(select(func.count()).select_from(Family).where(condition)) or 0
    place: Page[FamilyRow] = page_of(page, total)
    families = db.session.scalars(
        select(Family)
        .where(condition)
        .options(selectinload(Family.guardians), selectinload(Family.children), selectinload(Family.addresses))
        .order_by(Family.folded_name, Family.id)
        .offset(place.offset)
        .limit(place.size)
    )
    return place.filled(tuple(_row(family) for family in families))


def families_with(text: str, reach: StaffScope) -> ColumnElement[bool]:
    """The condition of the search, in any statement over `Family`."""
    return and_(reach.has_family(Family.id), *(_has_word(word) for word in text[:LONGEST_SEARCH].split()))


def read_family_file(family_id: int) -> FamilyFile:
    """The file of a family. Raises NotFound. Eight queries."""
    found = (
        db.session.execute(
            select(Family, User.display_name)
            .outerjoin(User, User.id == Family.decided_by_id)
            .where(Family.id == family_id)
            .options(
                selectinload(Family.guardians).options(
                    joinedload(Guardian.user), joinedload(Guardian.invitation), joinedload(Guardian.claim_codes)
                ),
                selectinload(Family.children).joinedload(Child.families),
                joinedload(Family.addresses),
                joinedload(Family.quotients),
            )
        )
        .unique()
        .first()
    )
    if found is None:
        raise NotFound("family")
    family, by = found
    invitations = _invitations([guardian.user_id for guardian in family.guardians if guardian.user_id is not None])
    consents = db.session.execute(
        select(ConsentText.starts_on, Consent.given_at, Consent.on_paper)
        .join(ConsentText, Consent.text_id == ConsentText.id)
        .where(Consent.family_id == family_id)
        .order_by(Consent.given_at.desc())
    )
    return FamilyFile(
        id=family.id,
        name=family.name,
        status=family.status,
        created_at=family.created_at,
        decided_at=family.decided_at,
        decided_by=by,
        refusal_reason=family.refusal_reason,
        address=address_lines(family.addresses[-1] if family.addresses else None),
        home_phone=family.home_phone,
        mobile_phone=family.mobile_phone,
        regime=family.regime,
        fund_number=family.fund_number,
        fund_holder_name=family.fund_holder_name,
        guardians=tuple(_guardian(guardian, family.status, invitations) for guardian in family.guardians),
        children=tuple(_child(child, family_id) for child in family.children),
        enrolments=enrolments_of(family_id),
        quotients=tuple(
            QuotientFile(
                row.id,
                row.value_cents,
                row.starts_on,
                row.ends_on,
                row.source,
                row.declared_at,
                row.verified_at,
                row.refused_at,
                row.refusal_reason,
                usual_quotient_end(row.starts_on, clock.today()),
            )
            for row in reversed(family.quotients)
        ),
        consents=tuple(ConsentFile(*row) for row in consents),
    )


def read_family_name(family_id: int) -> str:
    """What a family is called. Raises NotFound."""
    family = db.session.get(Family, family_id)
    if family is None:
        raise NotFound("family")
    return family.name


def resend_invitation(session: Session, family_id: int) -> str:
    """Send a new activation link to a family whose account waits for its confirmation; returns the address.

    Links sent before stop working. Raises NotFound where there is no such account, as when it was confirmed meanwhile.
    """
    family = session.scalar(
        select(Family)
        .where(Family.id == family_id, Family.status == FamilyStatus.ACTIVE)
        .with_for_update(key_share=True)
    )
    user = None if family is None else family.guardians[0].user
    if family is None or user is None or user.password_hash is not None:
        raise NotFound("unconfirmed account")
    send_activation(session, user, family)
    return user.email


def address_lines(address: FamilyAddress | None) -> tuple[str, ...]:
    """An address as on an envelope, without the name; nothing when there is none."""
    if address is None:
        return ()
    street = join_street_line(StreetLine(address.number, address.repetition, address.street))
    return tuple(line for line in (street, address.complement, f"{address.postal_code} {address.city}") if line)


def _has_word(word: str) -> ColumnElement[bool]:
    in_emails = Family.guardians.any(Guardian.email.contains(word.lower(), autoescape=True))
    folded = fold(word)
    if "@" in word or not folded:
        return in_emails
    in_children = Family.children.any(Child.folded_name.contains(folded, autoescape=True))
    return or_(
        Family.folded_name.contains(folded, autoescape=True),
        Family.guardians.any(Guardian.folded_name.contains(folded, autoescape=True)),
        in_children,
        in_emails,
    )


def _row(family: Family) -> FamilyRow:
    return FamilyRow(
        family.id,
        family.name,
        family.status,
        family.addresses[-1].city if family.addresses else "",
        tuple(guardian.email for guardian in family.guardians if guardian.email),
        tuple(child.first_name for child in family.children),
    )


def _invitations(user_ids: Collection[int]) -> dict[int, UserToken]:
    """The latest activation link of each user."""
    rows = db.session.scalars(
        select(UserToken)
        .where(UserToken.user_id.in_(user_ids), UserToken.purpose == TokenPurpose.ACTIVATION)
        .order_by(UserToken.expires_at, UserToken.id)
    )
    return {row.user_id: row for row in rows}


def _guardian(guardian: Guardian, status: FamilyStatus, invitations: dict[int, UserToken]) -> GuardianFile:
    claim = view_of(guardian, status)
    by_family = guardian.invitation
    if guardian.user is None and by_family is not None and by_family.email == guardian.email:
        is_open = by_family.expires_at > clock.now()
        state = AccountState.INVITED if is_open else AccountState.INVITATION_EXPIRED
        return GuardianFile(
            guardian.id, guardian.title, guardian.full_name, guardian.email, state, by_family.sent_at, None, claim, True
        )
    invitation = invitations.get(guardian.user_id or 0)
    if guardian.user is None:
        state = AccountState.NONE
    elif guardian.user.password_hash is not None:
        state = AccountState.CONFIRMED
    elif invitation is not None and invitation.expires_at > clock.now():
        state = AccountState.INVITED
    else:
        state = AccountState.INVITATION_EXPIRED
    return GuardianFile(
        id=guardian.id,
        title=guardian.title,
        name=guardian.full_name,
        email=guardian.email,
        account=state,
        invited_at=None if invitation is None else invitation.expires_at - ACTIVATION_VALIDITY,
        confirmed_at=None if invitation is None else invitation.used_at,
        claim=claim,
    )


def _child(child: Child, family_id: int) -> ChildFile:
    others = tuple((family.id, family.name) for family in child.families if family.id != family_id)
    return ChildFile(child.id, child.full_name, child.birth_date, age_on(child.birth_date, clock.today()), others)
