"""Health and fund numbers cannot be read in the database, and the portal does not start with another key."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import select, text

from app.crypto import WrongDataKey, cipher
from app.database import Base, EncryptedText, db, write_transaction
from app.models.councils import Installation
from app.models.families import Family, Regime
from app.models.mails import OutboxMail
from app.services.installations import InstallationRefused, install_data_key
from app.services.mails import queue_mail
from tests import factories
from tests.conftest import DATA_KEY

FUND_NUMBER = "7654321X"
OTHER_KEY = Fernet.generate_key().decode()


def keep_a_secret() -> int:
    family = factories.make_family()
    with write_transaction() as session:
        install_data_key(session, DATA_KEY, Path("not-used"))
        row = session.get_one(Family, family.family_id)
        row.regime, row.fund_number = Regime.GENERAL, FUND_NUMBER
    return family.family_id


def test_encrypted_columns_are_what_they_say(app: Flask) -> None:
    found = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, EncryptedText)
    }
    assert found == {
        "booking.special_note", "calendar_feed.secret", "change_request.body", "child_aid.reason", "child_section.body", "family.fund_number",
        "erasure_request.refusal_reason", "family_child.custody", "file_change.body", "imported_family.codes", "imported_family.content", "imported_family.report", "outbox_mail.secret", "second_factor.secret",
        "message.body", "message.file_key", "message.file_name", "message_thread.subject", "urgent_message.body",
        "absence_justification.file_key", "absence_justification.file_name", "absence_justification.refusal_reason",
        "absence_justification.remark", "debit_batch.iban", "debit_line.holder", "debit_line.iban", "debit_mandate.holder",
        "debit_mandate.iban", "debit_settings.iban", "refund.holder", "refund.iban", "submitted_document.file_key", "submitted_document.file_name",
    }  # fmt: skip


def test_fund_number_and_secrets_of_links_are_unreadable_in_the_database(app: Flask) -> None:
    family_id = keep_a_secret()
    with write_transaction() as session:
        queue_mail(session, "sign_up_known", "x@example.org", secret="un-secret-de-lien")
    stored = db.session.execute(text("SELECT fund_number FROM family WHERE id = :id"), {"id": family_id}).scalar_one()
    assert FUND_NUMBER not in stored and stored.startswith("gAAAA")
    secret = db.session.execute(text("SELECT secret FROM outbox_mail")).scalar_one()
    assert "un-secret-de-lien" not in secret
    db.session.expire_all()
    assert db.session.get_one(Family, family_id).fund_number == FUND_NUMBER
    assert db.session.scalars(select(OutboxMail.secret)).one() == "un-secret-de-lien"


def test_database_file_holds_no_secret_in_clear(sqlite_app: Flask) -> None:
    keep_a_secret()
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    path = db.engine.url.database
    assert path is not None
    content = Path(path).read_bytes()
    assert b"TEST" in content and FUND_NUMBER.encode() not in content


def test_the_same_text_is_never_stored_twice_alike(app: Flask) -> None:
    assert cipher.encrypt(FUND_NUMBER) != cipher.encrypt(FUND_NUMBER)


def test_another_key_is_refused_once_something_is_encrypted(app: Flask, tmp_path: Path) -> None:
    keep_a_secret()
    with pytest.raises(InstallationRefused, match="n’est pas la clé"), write_transaction() as session:
        install_data_key(session, OTHER_KEY, tmp_path / "data_key")
    (tmp_path / "data_key").write_text(OTHER_KEY)
    with pytest.raises(InstallationRefused, match="n’est pas la clé"), write_transaction() as session:
        install_data_key(session, None, tmp_path / "data_key")
    cipher.use_key(DATA_KEY)
    with write_transaction() as session:
        install_data_key(session, DATA_KEY, tmp_path / "data_key")


def test_lost_key_is_refused_and_never_made_anew(app: Flask, tmp_path: Path) -> None:
    keep_a_secret()
    with pytest.raises(InstallationRefused, match="DATA_KEY manque"), write_transaction() as session:
        install_data_key(session, None, tmp_path / "data_key")
    assert not (tmp_path / "data_key").exists()


def test_check_of_the_key_that_was_wiped_does_not_let_another_key_in(app: Flask, tmp_path: Path) -> None:
    keep_a_secret()
    with write_transaction() as session:
        session.delete(session.get_one(Installation, 1))
    with pytest.raises(InstallationRefused), write_transaction() as session:
        install_data_key(session, OTHER_KEY, tmp_path / "data_key")


def test_first_start_makes_a_key_that_only_its_owner_reads(app: Flask, tmp_path: Path) -> None:
    with write_transaction() as session:
        install_data_key(session, None, tmp_path / "data_key")
    assert (tmp_path / "data_key").stat().st_mode & 0o777 == 0o600
    key = (tmp_path / "data_key").read_text()
    with write_transaction() as session:
        install_data_key(session, None, tmp_path / "data_key")
    assert (tmp_path / "data_key").read_text() == key


def test_changed_ciphertext_is_noticed(app: Flask) -> None:
    token = cipher.encrypt("texte")
    middle = len(token) // 2
    tampered = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    with pytest.raises(WrongDataKey):
        cipher.decrypt(tampered)
