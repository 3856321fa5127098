"""The second factor of the staff: an app that makes one-time codes (TOTP), and recovery codes for who lost it."""

import io
import re
import secrets
from hmac import compare_digest

import pyotp
import segno
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.accounts import RecoveryCode, SecondFactor, User
from app.rules.sign_ins import CODE_SECONDS, usable_steps
from app.services.catalogue import catalogue
from app.services.credentials import hash_secret
from app.services.errors import NotFound, WrongCode
from app.services.mails import queue_mail

RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
_GROUPS, _GROUP_LENGTH = 4, 4  # about 80 bits: too many to try, even for who has the database


def begin_set_up(session: Session, user_id: int) -> None:
    """Make the secret that the app will hold; it counts once a first code proved that it does.

    Raises NotFound for who has a second factor already.
    """
    row = _row(session, user_id)
    if row is not None and row.confirmed_at is not None:
        raise NotFound("second factor to set up")
    if row is None:
        session.add(SecondFactor(user_id=user_id, secret=pyotp.random_base32()))
    else:
        row.secret = pyotp.random_base32()


def secret_to_set_up(user_id: int) -> str:
    """The secret that waits for its first code. Raises NotFound."""
    row = db.session.get(SecondFactor, user_id)
    if row is None or row.confirmed_at is not None:
        raise NotFound("second factor to set up")
    return row.secret


def qr_code_of(secret: str, email: str) -> bytes:
    """The secret as an image (SVG) that apps read."""
    issuer = f"Espace famille {catalogue().council.name}"
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)
    image = io.BytesIO()
    segno.make(address, micro=False).save(image, kind="svg", scale=5, border=4, light="#fff")
    return image.getvalue()


def finish_set_up(session: Session, user_id: int, code: str) -> tuple[str, ...]:
    """From now on the app's code is asked at sign-in; returns the recovery codes, which nobody can read again.

    Raises WrongCode, and NotFound where nothing is being set up.
    """
    row = _row(session, user_id)
    if row is None or row.confirmed_at is not None:
        raise NotFound("second factor to set up")
    row.last_step = _step_of(row, code)
    row.confirmed_at = clock.now()
    queue_mail(session, "second_factor_on", session.get_one(User, user_id).email)
    return renew_recovery_codes(session, user_id)


def use_code(session: Session, user_id: int, typed: str) -> None:
    """Accept a code of the app or a recovery code, once. Raises WrongCode."""
    row = _row(session, user_id)
    if row is None or row.confirmed_at is None:
        raise WrongCode
    code = re.sub(r"[\s-]", "", typed).lower()
    if code.isdigit():
        row.last_step = _step_of(row, code)
        return
    unused = session.scalar(
        select(RecoveryCode).where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == hash_secret(f"{user_id} {code}"),
            RecoveryCode.used_at.is_(None),
        )
    )
    if unused is None:
        raise WrongCode
    unused.used_at = clock.now()
    queue_mail(
        session, "recovery_code_used", session.get_one(User, user_id).email, left=count_recovery_codes(session, user_id)
    )


def renew_recovery_codes(session: Session, user_id: int) -> tuple[str, ...]:
    """New recovery codes; those made before stop working."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = tuple(_new_code() for _number in range(RECOVERY_CODES))
    session.add_all(
        RecoveryCode(user_id=user_id, code_hash=hash_secret(f"{user_id} {code.replace('-', '')}")) for code in codes
    )
    return codes


def count_recovery_codes(session: Session, user_id: int) -> int:
    """How many recovery codes were not used yet."""
    unused = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return session.scalar(unused) or 0


def recovery_codes_left(user_id: int) -> int:
    """The same, for a page."""
    return count_recovery_codes(db.session(), user_id)


def remove_second_factor(session: Session, user_id: int) -> None:
    """Ask for no code any more; the secret and the recovery codes are forgotten. The caller tells the user."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))


def turn_off_second_factor(session: Session, user_id: int) -> None:
    """The user's own wish: ask for no code any more, and say so by mail."""
    remove_second_factor(session, user_id)
    queue_mail(session, "second_factor_off", session.get_one(User, user_id).email)


def has_second_factor(user_id: int) -> bool:
    """Whether a code is asked after the password."""
    confirmed = select(SecondFactor.user_id).where(
        SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None)
    )
    return db.session.scalar(confirmed) is not None


def _row(session: Session, user_id: int) -> SecondFactor | None:
    session.execute(select(User.id).where(User.id == user_id).with_for_update())  # also where there is no row yet
    return session.scalar(select(SecondFactor).where(SecondFactor.user_id == user_id))


def _step_of(row: SecondFactor, code: str) -> int:
    code = re.sub(r"\s", "", code)
    totp = pyotp.TOTP(row.secret)
    for step in usable_steps(clock.now(), row.last_step):
        if compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return step
    raise WrongCode


def _new_code() -> str:
    groups = ("".join(secrets.choice(_LETTERS) for _letter in range(_GROUP_LENGTH)) for _group in range(_GROUPS))
    code = "-".join(groups)
    # One of digits alone would be taken for a code of the app.
    return code if not code.replace("-", "").isdigit() else _new_code()


assert pyotp.TOTP("A" * 32).interval == CODE_SECONDS
