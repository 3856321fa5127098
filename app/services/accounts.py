"""Accounts: sign-up and its review, confirmation by mail, sign-in, sessions.

Whatever the address typed at sign-up or sign-in, the answer is the same: nobody learns who has an account.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.database import db, take_turns
from app.models.accounts import SignInEvent, SignInFailure, StaffRole, TokenPurpose, User, UserSession, UserToken
from app.models.families import Child, Consent, ConsentText, Family, FamilyAddress, FamilyChild, Guardian, Title
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.states import FamilyStatus, check_transition
from app.services.catalogue import catalogue
from app.services.credentials import hash_secret, new_secret
from app.services.errors import AlreadyDecided, EmailTaken, LinkExpired, NotFound, OwnFamily, TooManyAttempts
from app.services.families import AddressInput, own_family_ids
from app.services.mails import queue_mail

ACTIVATION_VALIDITY = timedelta(days=7)
PASSWORD_RESET_VALIDITY = timedelta(hours=1)
LINK_EVERY = timedelta(minutes=2)  # asked for more often, a link is not sent again: nobody's letter box is flooded
PARENT_SESSION = timedelta(days=30)
STAFF_SESSION = timedelta(hours=12)
STAFF_IDLE = timedelta(minutes=30)
SAME_SIGN_UP_WITHIN = timedelta(minutes=5)
SEEN_EVERY = timedelta(minutes=5)  # a session's "last seen" is written no more often than this
THROTTLE_WINDOW = timedelta(minutes=15)
MAX_FAILURES_PER_ACCOUNT_AND_PLACE = 8
MAX_FAILURES_PER_PLACE = 200  # a whole village may share a mobile operator's address


@dataclass(frozen=True, slots=True)
class SignUp:
    """What a parent sent after the three steps."""

    address: AddressInput
    title: Title
    last_name: str
    first_name: str
    email: str
    consent_text_id: int


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """Who a session belongs to."""

    session_id: int
    user_id: int
    email: str
    display_name: str
    roles: frozenset[Role]
    needs_touch: bool  # "last seen" should be written again

    @property
    def is_staff(self) -> bool:
        """Whether the user has a role at the council."""
        return bool(self.roles)


def normalise_email(email: str) -> str:
    """The form under which addresses are stored, compared and written to: lower case, an accented domain as IDNA."""
    name, at, domain = email.strip().lower().rpartition("@")
    try:
        return f"{name}{at}{domain.encode('idna').decode()}"
    except UnicodeError:  # no domain at all: nobody has such an address
        return f"{name}{at}{domain}"


def current_consent_text() -> ConsentText | None:
    """The text on personal data that a family must accept today."""
    return db.session.scalar(
        select(ConsentText)
        .where(ConsentText.starts_on <= clock.today())
        .order_by(ConsentText.starts_on.desc(), ConsentText.id.desc())
        .limit(1)
    )


def request_sign_up(session: Session, sign_up: SignUp) -> None:
    """Record a family that waits for activation; its address and the council are told by mail.

    An address that is known already records nothing new; it gets a mail saying so, and the screen says the same. The
    same form sent twice (a double tap) is one request.
    """
    email = normalise_email(sign_up.email)
    take_turns(session, email)
    if _has_just_signed_up(session, email):
        return
    if _is_known(session, email):
        if not _was_just_mailed(session, email, "sign_up_known"):
            queue_mail(session, "sign_up_known", email)
        return
    check_transition(None, FamilyStatus.PENDING)
    family = Family(status=FamilyStatus.PENDING, last_name=sign_up.last_name, first_name=sign_up.first_name)
    family.guardians.append(
        Guardian(title=sign_up.title, last_name=sign_up.last_name, first_name=sign_up.first_name, email=email)
    )
    family.addresses.append(sign_up.address.as_row(starts_on=clock.today()))
    session.add(family)
    session.flush()
    session.add(Consent(family_id=family.id, text_id=sign_up.consent_text_id, given_at=clock.now()))
    queue_mail(session, "sign_up_received", email, family_id=family.id, family=family)
    queue_mail(session, "sign_up_to_review", catalogue().council.email, family_id=family.id, family=family)


def accept_sign_up(session: Session, family_id: int, decided_by: int) -> None:
    """Activate a waiting family and invite its parent by mail to confirm the account.

    Raises NotFound, AlreadyDecided (another agent was faster) and OwnFamily.
    """
    family = _pending_family(session, family_id, decided_by)
    _decide(family, FamilyStatus.ACTIVE, decided_by)
    guardian = family.guardians[0]
    assert guardian.email is not None  # a sign-up always has one
    take_turns(session, guardian.email)
    user = session.scalar(select(User).where(User.email == guardian.email))
    if user is None:
        user = User(email=guardian.email, display_name=guardian.full_name)
        session.add(user)
    guardian.user = user
    session.flush()
    send_activation(session, user, family)


def refuse_sign_up(session: Session, family_id: int, decided_by: int, reason: str) -> None:
    """Refuse a waiting family, with the reason that the mail will give. Raises like `accept_sign_up`."""
    family = _pending_family(session, family_id, decided_by)
    _decide(family, FamilyStatus.REFUSED, decided_by)
    family.refusal_reason = reason
    email = family.guardians[0].email
    assert email is not None
    queue_mail(session, "sign_up_refused", email, family_id=family.id, family=family, reason=reason)


def correct_email(session: Session, family_id: int, email: str) -> None:
    """Give a family that never confirmed its account the right address; its last mail is sent there again.

    Raises NotFound when there is no such family or its account is confirmed, EmailTaken when another has the address.
    """
    family = session.get(Family, family_id, with_for_update=True)
    if family is None or family.status not in (FamilyStatus.PENDING, FamilyStatus.ACTIVE):
        raise NotFound("family")
    guardian = family.guardians[0]
    if guardian.user is not None and guardian.user.password_hash is not None:
        raise NotFound("unconfirmed account")
    email = normalise_email(email)
    take_turns(session, email)
    if email != guardian.email and _is_known(session, email):
        raise EmailTaken(email)
    guardian.email = email
    if guardian.user is not None:
        guardian.user.email = email
        session.flush()
        send_activation(session, guardian.user, family)
    elif family.status is FamilyStatus.PENDING:
        queue_mail(session, "sign_up_received", email, family_id=family.id, family=family)


def send_activation(session: Session, user: User, family: Family) -> None:
    """Send the link that confirms the account; links sent before stop working."""
    secret = _issue_token(session, user, TokenPurpose.ACTIVATION, ACTIVATION_VALIDITY)
    queue_mail(
        session, "activation", user.email, family_id=family.id, secret=secret, family=family,
        expires_at=clock.now() + ACTIVATION_VALIDITY,
    )  # fmt: skip


def open_link(secret: str, purpose: TokenPurpose) -> User:
    """Whose one-time link it is. Raises LinkExpired."""
    return _valid_token(db.session(), secret, purpose).user


def confirm_account(session: Session, secret: str, password_hash: str) -> User:
    """Use an activation link: the account gets its password. Raises LinkExpired."""
    token = _valid_token(session, secret, TokenPurpose.ACTIVATION)
    token.used_at = clock.now()
    token.user.password_hash = password_hash
    return token.user


def request_activation(session: Session, email: str) -> None:
    """Send a new activation link to an account that waits for one; a confirmed account is told to sign in.

    An unknown address gets nothing: whoever asks sees the same answer.
    """
    take_turns(session, normalise_email(email))
    user = session.scalar(select(User).where(User.email == normalise_email(email)))
    if user is None:
        return
    family = _family_of_user(session, user.id)
    if family is None:
        return
    if user.password_hash is None:
        if not _was_just_sent(session, user, TokenPurpose.ACTIVATION, ACTIVATION_VALIDITY):
            send_activation(session, user, family)
    elif not _was_just_mailed(session, user.email, "activation_not_needed"):
        queue_mail(session, "activation_not_needed", user.email, family_id=family.id)


def request_password_reset(session: Session, email: str) -> None:
    """Send the link of a forgotten password; an account that was never confirmed gets its activation link instead."""
    take_turns(session, normalise_email(email))
    user = session.scalar(select(User).where(User.email == normalise_email(email)))
    if user is not None and user.password_hash is None:
        request_activation(session, email)
    elif user is not None and not _was_just_sent(session, user, TokenPurpose.PASSWORD_RESET, PASSWORD_RESET_VALIDITY):
        secret = _issue_token(session, user, TokenPurpose.PASSWORD_RESET, PASSWORD_RESET_VALIDITY)
        queue_mail(
            session, "password_reset", user.email, secret=secret, expires_at=clock.now() + PASSWORD_RESET_VALIDITY
        )


def reset_password(session: Session, secret: str, password_hash: str) -> User:
    """Use a link of a forgotten password: the new one counts and every session of the user ends. Raises LinkExpired."""
    token = _valid_token(session, secret, TokenPurpose.PASSWORD_RESET)
    token.used_at = clock.now()
    token.user.password_hash = password_hash
    session.execute(delete(UserSession).where(UserSession.user_id == token.user_id))
    queue_mail(session, "password_changed", token.user.email)
    return token.user


def personal_words_of(user_id: int) -> tuple[str, ...]:
    """What somebody who knows the user would try as a password: names, towns and addresses of the families."""
    user = db.session.get_one(User, user_id)
    words = [user.email, user.display_name]
    families = select(Guardian.family_id).where(Guardian.user_id == user_id)
    guardians = db.session.execute(
        select(Guardian.last_name, Guardian.first_name).where(Guardian.family_id.in_(families))
    )
    children = db.session.execute(
        select(Child.last_name, Child.first_name)
        .join(FamilyChild, FamilyChild.child_id == Child.id)
        .where(FamilyChild.family_id.in_(families))
    )
    addresses = db.session.execute(
        select(FamilyAddress.street, FamilyAddress.city).where(FamilyAddress.family_id.in_(families))
    )
    words += [word for rows in (guardians, children, addresses) for row in rows for word in row]
    return tuple(words)


def find_credentials(email: str) -> tuple[int, str | None] | None:
    """Id and password hash of an address, or None."""
    row = db.session.execute(select(User.id, User.password_hash).where(User.email == normalise_email(email))).first()
    return None if row is None else (row[0], row[1])


def check_throttle(email: str, place: str) -> None:
    """Raise TooManyAttempts when this address was mistyped too often from this place in the last 15 minutes."""
    since = clock.now() - THROTTLE_WINDOW
    for subject, limit in _throttle_subjects(email, place):
        times = db.session.scalars(
            select(SignInFailure.at)
            .where(SignInFailure.subject_hash == subject, SignInFailure.at > since)
            .order_by(SignInFailure.at.desc())
            .limit(limit)
        ).all()
        if len(times) >= limit:
            raise TooManyAttempts(times[-1] + THROTTLE_WINDOW)


def record_failure(session: Session, email: str, place: str) -> None:
    """Count a failed sign-in and forget those that no longer matter."""
    session.execute(delete(SignInFailure).where(SignInFailure.at <= clock.now() - THROTTLE_WINDOW))
    for subject, _limit in _throttle_subjects(email, place):
        session.add(SignInFailure(subject_hash=subject, at=clock.now()))


def open_session(session: Session, user_id: int, device: str) -> str:
    """Start a session for a user, note it for « Historique », and return the token for its cookie.

    The user's expired sessions are forgotten.
    """
    is_staff = session.scalar(select(func.count()).select_from(StaffRole).where(StaffRole.user_id == user_id))
    token = new_secret()
    now = clock.now()
    session.execute(delete(UserSession).where(UserSession.user_id == user_id, UserSession.expires_at <= now))
    session.add(
        UserSession(
            token_hash=hash_secret(token),
            user_id=user_id,
            device=device[:200],
            created_at=now,
            last_seen_at=now,
            expires_at=now + (STAFF_SESSION if is_staff else PARENT_SESSION),
        )
    )
    session.add(SignInEvent(user_id=user_id, at=now, device=device[:200]))
    return token


def read_session(token: str) -> SignedInUser | None:
    """Who the session's token belongs to, or None when it ended. One query."""
    rows = db.session.execute(
        select(UserSession, User, StaffRole.role)
        .join(User, UserSession.user_id == User.id)
        .outerjoin(StaffRole, StaffRole.user_id == User.id)
        .where(UserSession.token_hash == hash_secret(token))
    ).all()
    if not rows:
        return None
    user_session, user, _role = rows[0]
    roles = frozenset(role for _session, _user, role in rows if role is not None)
    now = clock.now()
    if user_session.expires_at <= now or (roles and user_session.last_seen_at + STAFF_IDLE <= now):
        return None
    needs_touch = user_session.last_seen_at <= now - SEEN_EVERY
    return SignedInUser(user_session.id, user.id, user.email, user.display_name, roles, needs_touch)


def touch_session(session: Session, session_id: int) -> None:
    """Note that a session is in use; asked for at most every five minutes."""
    session.execute(update(UserSession).where(UserSession.id == session_id).values(last_seen_at=clock.now()))


def end_session(session: Session, session_id: int) -> None:
    """Sign out: the cookie is worth nothing from now on."""
    session.execute(delete(UserSession).where(UserSession.id == session_id))


def _has_just_signed_up(session: Session, email: str) -> bool:
    recent = (
        select(Guardian.id)
        .join(Family)
        .where(
            Guardian.email == email,
            Family.status == FamilyStatus.PENDING,
            Family.created_at > clock.now() - SAME_SIGN_UP_WITHIN,
        )
    )
    return session.scalar(recent.limit(1)) is not None


def _is_known(session: Session, email: str) -> bool:
    if session.scalar(select(User.id).where(User.email == email)) is not None:
        return True
    waiting: ColumnElement[bool] = or_(Family.status == FamilyStatus.PENDING, Family.status == FamilyStatus.ACTIVE)
    known = select(Guardian.id).join(Family).where(Guardian.email == email, waiting).limit(1)
    return session.scalar(known) is not None


def _pending_family(session: Session, family_id: int, decided_by: int) -> Family:
    family = session.scalar(select(Family).where(Family.id == family_id).with_for_update())
    if family is None:
        raise NotFound("family")
    if family.status is not FamilyStatus.PENDING:
        raise AlreadyDecided
    if family.id in own_family_ids(decided_by):
        raise OwnFamily
    return family


def _decide(family: Family, status: FamilyStatus, decided_by: int) -> None:
    check_transition(family.status, status)
    family.status = status
    family.decided_at = clock.now()
    family.decided_by_id = decided_by


def _family_of_user(session: Session, user_id: int) -> Family | None:
    return session.scalar(
        select(Family)
        .join(Guardian)
        .where(Guardian.user_id == user_id, Family.status == FamilyStatus.ACTIVE)
        .order_by(Family.id)
        .limit(1)
    )


def _was_just_sent(session: Session, user: User, purpose: TokenPurpose, validity: timedelta) -> bool:
    fresh = clock.now() + validity - LINK_EVERY
    unused = (UserToken.user_id == user.id, UserToken.purpose == purpose, UserToken.used_at.is_(None))
    return session.scalar(select(UserToken.id).where(*unused, UserToken.expires_at > fresh).limit(1)) is not None


def _was_just_mailed(session: Session, email: str, template: str) -> bool:
    mailed = select(OutboxMail.id).where(OutboxMail.recipient == email, OutboxMail.template == template)
    return session.scalar(mailed.where(OutboxMail.created_at > clock.now() - LINK_EVERY).limit(1)) is not None


def _issue_token(session: Session, user: User, purpose: TokenPurpose, validity: timedelta) -> str:
    session.execute(
        delete(UserToken).where(UserToken.user_id == user.id, UserToken.purpose == purpose, UserToken.used_at.is_(None))
    )
    secret = new_secret()
    session.add(
        UserToken(token_hash=hash_secret(secret), user_id=user.id, purpose=purpose, expires_at=clock.now() + validity)
    )
    return secret


def _valid_token(session: Session, secret: str, purpose: TokenPurpose) -> UserToken:
    token = session.scalar(
        select(UserToken)
        .where(UserToken.token_hash == hash_secret(secret), UserToken.purpose == purpose)
        .with_for_update()
    )
    if token is None or token.used_at is not None or token.expires_at <= clock.now():
        raise LinkExpired
    return token


def _throttle_subjects(email: str, place: str) -> tuple[tuple[str, int], ...]:
    return (
        (hash_secret(f"{normalise_email(email)} {place}"), MAX_FAILURES_PER_ACCOUNT_AND_PLACE),
        (hash_secret(f"* {place}"), MAX_FAILURES_PER_PLACE),
    )
