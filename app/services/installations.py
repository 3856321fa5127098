"""Making a database ready to serve: its council's row, the check of DATA_KEY, the mode (demo or real)."""

from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.crypto import BadDataKey, WrongDataKey, cipher, make_key_file
from app.database import Base, EncryptedText
from app.models.accounts import User
from app.models.councils import Council, Installation
from app.models.families import Family

_CHECK_TEXT = "espace-famille"


class InstallationRefused(Exception):
    """The portal must not start on this database with these settings; the text says what to do."""


def is_empty(session: Session) -> bool:
    """Whether nobody has an account or asked for one: a database in which the demo council may be built."""
    return not any(session.scalar(select(func.count()).select_from(table)) for table in (User, Family))


def is_demo(session: Session) -> bool:
    """Whether the database holds the demo council."""
    return bool(session.scalar(select(Council.is_demo)))


def make_council(session: Session) -> Council:
    """The council's row, made with neutral words on the first start; `create-admin` and the demo fill it in."""
    council = session.get(Council, 1)
    if council is None:
        council = Council(
            id=1,
            name="Espace famille",
            school_zone="B",
            address="",
            email="contact@example.org",
            phone="+33300000000",
            dpo_email="dpo@example.org",
        )
        session.add(council)
        session.flush()
    return council


def install_data_key(session: Session, given: str | None, key_file: Path) -> None:
    """Give the cipher the keys of this database; make one only where nothing was ever encrypted.

    While the key is replaced, notes with which key rows are written from now on: the portal does not start again
    without it. Raises InstallationRefused when rows are encrypted with a key that is not there, or with another one.
    """
    check = session.get(Installation, 1)
    _take_keys(session, given, key_file)
    if check is not None and _opens(check):
        is_noted = check.next_key_check is not None and cipher.is_current(check.next_key_check)
        if not cipher.is_current(check.data_key_check) and not is_noted:
            check.next_key_check = cipher.encrypt(_CHECK_TEXT)
        return
    # A check that is gone proves nothing about the key: no better than a wrong one.
    if _has_encrypted_rows(session):
        raise InstallationRefused(
            "DATA_KEY n’est pas la clé avec laquelle cette base a été chiffrée. Remettez la clé d’origine : "
            "sans elle, les données chiffrées ne peuvent pas être lues. Pendant un changement de clé, il faut les deux."
        )
    session.merge(Installation(id=1, data_key_check=cipher.encrypt(_CHECK_TEXT), next_key_check=None))


def opens_with_these_keys(session: Session) -> bool:
    """Whether the cipher has the keys that this database was written with; where nothing was encrypted yet, any do."""
    check = session.get(Installation, 1)
    return not _has_encrypted_rows(session) if check is None else _opens(check)


def _take_keys(session: Session, given: str | None, key_file: Path) -> None:
    if given is not None:
        cipher.use_key(given)
        return
    if not key_file.exists():
        if _has_encrypted_rows(session):
            raise InstallationRefused(
                "La base contient des données chiffrées, mais la clé DATA_KEY manque. "
                f"Remettez la clé d’origine dans DATA_KEY ou dans le fichier « {key_file.name} » du dossier d’instance."
            )
        make_key_file(key_file)
    try:
        cipher.follow(key_file)
    except BadDataKey:
        raise InstallationRefused(
            f"Le fichier « {key_file.name} » du dossier d’instance ne contient pas de clé valable. Remettez la clé "
            "d’origine : sans elle, les données chiffrées ne peuvent pas être lues."
        ) from None


def _opens(check: Installation) -> bool:
    try:
        for token in filter(None, (check.data_key_check, check.next_key_check)):
            cipher.decrypt(token)
    except WrongDataKey:
        return False
    return True


def _has_encrypted_rows(session: Session) -> bool:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            # Read as stored: the key may be missing.
            if isinstance(column.type, EncryptedText):
                found = session.scalar(select(func.count(column)).where(column.is_not(None)).limit(1))
                if found:
                    return True
    return False
