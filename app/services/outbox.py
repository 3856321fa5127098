"""« Courriels »: the outbox as the staff see it, and sending again what was given up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from app import clock
from app.clock import PARIS
from app.database import db
from app.models.accounts import User, UserToken
from app.models.families import Guardian, GuardianInvitation
from app.models.mails import MailResending, MailStatus, OutboxMail, ResendObstacle
from app.services.credentials import hash_secret
from app.services.errors import AlreadyDecided, ForgedForm, NotFound
from app.services.mail_kinds import ABOUT_A_FAMILY, WITH_ONE_TIME_LINK, name_of
from app.services.mail_texts import SECRET_MARK
from app.services.mails import MASKED_SECRET, complete_body
from app.services.pages import Page, page_of


@dataclass(frozen=True, slots=True)
class MailFilter:
    """Which mails to show; empty or None: whichever."""

    address: str = ""  # a part of the recipient's
    template: str | None = None
    status: MailStatus | None = None
    first: date | None = None
    last: date | None = None  # both days included


@dataclass(frozen=True, slots=True)
class MailRow:
    """A mail in the list."""

    id: int
    kind: str  # in French
    status: MailStatus
    recipient: str
    subject: str
    created_at: datetime
    sent_at: datetime | None
    next_try_at: datetime | None  # of a mail that was refused and will be tried again
    not_after: datetime | None  # what it says is over then
    error: str | None  # what the mail server answered last
    family_id: int | None


@dataclass(frozen=True, slots=True)
class Addressee:
    """To whom a mail may be sent again."""

    email: str
    name: str | None  # of an adult of the family whose address it is now


@dataclass(frozen=True, slots=True)
class Resending:
    """That an agent sent a mail again; `recipient`: the address that it had before."""

    at: datetime
    by: str
    recipient: str


@dataclass(frozen=True, slots=True)
class MailView:
    """A mail, opened."""

    row: MailRow
    body: str | None  # None: not for this member of the staff
    resendings: tuple[Resending, ...]
    obstacle: ResendObstacle | None  # of one that was given up
    addressees: tuple[Addressee, ...]  # of one that may be sent again

    @property
    def is_whole(self) -> bool:
        """Whether its links work: nothing of it is masked."""
        return self.body is not None and MASKED_SECRET not in self.body

    @property
    def is_given_up(self) -> bool:
        """Whether it may be sent again, or there is a reason why not."""
        return self.row.status is MailStatus.FAILED


def list_mails(wanted: MailFilter, page: int) -> Page[MailRow]:
    """Some mails, latest first. Two queries."""
    conditions = _conditions(wanted)
    total = db.session.scalar(select(func.count()).select_from(OutboxMail).where(*conditions)) or 0
    place: Page[MailRow] = page_of(page, total)
    mails = db.session.scalars(
        select(OutboxMail)
        .where(*conditions)
        .order_by(OutboxMail.created_at.desc(), OutboxMail.id.desc())
        .offset(place.offset)
        .limit(place.size)
    )
    return place.filled(tuple(_row(mail) for mail in mails))


def count_mails(wanted: MailFilter) -> Mapping[MailStatus, int]:
    """How many of these mails there are of each status, whatever status is wanted. One query."""
    conditions = _conditions(wanted, of_any_status=True)
    rows = db.session.execute(select(OutboxMail.status, func.count()).where(*conditions).group_by(OutboxMail.status))
    return dict.fromkeys(MailStatus, 0) | {row[0]: row[1] for row in rows}


def read_mail(mail_id: int, base_url: str, *, is_demo: bool, may_read: bool) -> MailView:
    """A mail: in the demo whole; elsewhere its text only with `may_read`, its one-time secret always masked.

    Source: product.md section 2. Raises NotFound.
    """
    session = db.session()
    mail = session.get(OutboxMail, mail_id)
    if mail is None:
        raise NotFound("mail")
    body = complete_body(mail, base_url, show_secret=is_demo) if is_demo or may_read else None
    resendings = session.execute(
        select(MailResending.at, User.display_name, MailResending.recipient)
        .join(User, User.id == MailResending.user_id)
        .where(MailResending.mail_id == mail_id)
        .order_by(MailResending.id)
    )
    obstacle, addressees = None, tuple[Addressee, ...]()
    if mail.status is MailStatus.FAILED:
        addressees = tuple(_addressees(session, mail))
        obstacle = _obstacle(session, mail, addressees)
    return MailView(_row(mail), body, tuple(Resending(*row) for row in resendings), obstacle, addressees)


def resend_mail(session: Session, mail_id: int, user_id: int, recipient: str) -> None:
    """Put a mail that was given up back into the outbox, with all its tries, and note who did.

    Raises NotFound, AlreadyDecided for one that has not failed or cannot be sent any more (somebody else sent it again
    already, its link was used meanwhile), and ForgedForm for an address that it may not go to.
    """
    mail = session.scalar(select(OutboxMail).where(OutboxMail.id == mail_id).with_for_update())
    if mail is None:
        raise NotFound("mail")
    addressees = _addressees(session, mail)
    if mail.status is not MailStatus.FAILED or _obstacle(session, mail, addressees) is not None:
        raise AlreadyDecided
    if recipient not in {each.email for each in addressees}:
        raise ForgedForm
    session.add(MailResending(mail_id=mail.id, user_id=user_id, at=clock.now(), recipient=mail.recipient))
    mail.recipient = recipient
    mail.status = MailStatus.QUEUED
    mail.attempts = mail.doubts = 0
    mail.not_before = clock.now()
    session.flush()


def _addressees(session: Session, mail: OutboxMail) -> Sequence[Addressee]:
    """Its recipient; where no adult of the family has this address any more, those that they have now."""
    if mail.family_id is None or mail.template not in ABOUT_A_FAMILY:
        return [Addressee(mail.recipient, None)]
    found: dict[str, str] = {}
    for guardian, login in session.execute(
        select(Guardian, User.email)
        .outerjoin(User, and_(User.id == Guardian.user_id, User.closed_at.is_(None)))
        .where(Guardian.family_id == mail.family_id)
        .order_by(Guardian.id)
    ):
        email = login or guardian.email
        if email:
            found.setdefault(email, guardian.full_name)
    if mail.recipient in found:
        return [Addressee(mail.recipient, found[mail.recipient])]
    return [Addressee(email, name) for email, name in found.items()]


def _obstacle(session: Session, mail: OutboxMail, addressees: Sequence[Addressee]) -> ResendObstacle | None:
    if not mail.body:
        return ResendObstacle.TEXT_ERASED
    if mail.not_after is not None and mail.not_after < clock.now():
        return ResendObstacle.TOO_LATE
    if SECRET_MARK in mail.body and mail.secret is None:
        return ResendObstacle.LINK_ERASED
    if mail.template in WITH_ONE_TIME_LINK and not _link_works(session, mail.secret or ""):
        return ResendObstacle.LINK_OVER
    return None if addressees else ResendObstacle.NO_ADDRESS


def _link_works(session: Session, secret: str) -> bool:
    hashed, now = hash_secret(secret), clock.now()
    token = select(UserToken.id).where(
        UserToken.token_hash == hashed, UserToken.used_at.is_(None), UserToken.expires_at > now
    )
    invitation = select(GuardianInvitation.guardian_id).where(
        GuardianInvitation.token_hash == hashed, GuardianInvitation.expires_at > now
    )
    return session.scalar(token) is not None or session.scalar(invitation) is not None


def _conditions(wanted: MailFilter, *, of_any_status: bool = False) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.address:
        found.append(OutboxMail.recipient.icontains(wanted.address, autoescape=True))
    if wanted.template is not None:
        found.append(OutboxMail.template == wanted.template)
    if wanted.status is not None and not of_any_status:
        found.append(OutboxMail.status == wanted.status)
    if wanted.first is not None:
        found.append(OutboxMail.created_at >= datetime.combine(wanted.first, time(), PARIS))
    if wanted.last is not None:
        found.append(OutboxMail.created_at < datetime.combine(wanted.last + timedelta(days=1), time(), PARIS))
    return found


def _row(mail: OutboxMail) -> MailRow:
    will_retry = mail.status is MailStatus.QUEUED and mail.attempts > 0
    return MailRow(
        id=mail.id,
        kind=name_of(mail.template),
        status=mail.status,
        recipient=mail.recipient,
        subject=mail.subject,
        created_at=mail.created_at,
        sent_at=mail.sent_at,
        next_try_at=mail.not_before if will_retry else None,
        not_after=mail.not_after,
        error=mail.error,
        family_id=mail.family_id,
    )
