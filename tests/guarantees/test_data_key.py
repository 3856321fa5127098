"""A copy of the database shows nothing of a child's health, and its key can be replaced, whatever happens meanwhile."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from app import create_app
from app.crypto import WrongDataKey, cipher, new_key, replace_keys, split_keys
from app.database import db, write_transaction
from app.forms.child_files import SECTION_FORMS
from app.integrations.communes import read_communes
from app.models.absences import AbsenceJustification, AbsenceReason
from app.models.accounts import CalendarFeed, SecondFactor
from app.models.activities import Office
from app.models.bookings import Booking
from app.models.cash_desks import Refund
from app.models.changes import ChangeRequest, FileChange
from app.models.child_files import ChildSection
from app.models.councils import Installation
from app.models.direct_debits import DebitBatch, DebitLine, DebitMandate, DebitSettings
from app.models.families import Family, FamilyChild, Guardian
from app.models.family_imports import FamilyImport, ImportedFamily, ImportedState, ImportStatus
from app.models.retention import ErasureRequest
from app.models.urgent_messages import UrgentMessage
from app.rules.absences import JustificationStatus
from app.rules.child_files import SectionKind
from app.rules.direct_debits import DebitSequence
from app.rules.file_fields import FileKind
from app.rules.states import ChangeStatus, ErasureCause, ErasureStatus
from app.services import child_files, data_keys, reference_data
from app.services.consents import write_first_consent_text
from app.services.data_keys import Place, encrypted_columns, encrypted_tables, finish_rotation, reencrypt_next
from app.services.installations import InstallationRefused, install_data_key
from app.services.mails import queue_mail
from app.start import prepare
from tests import factories
from tests.conftest import DATA_KEY, make_config
from tests.postgres import server_binaries
from tests.served import ROOT, environment

MARK = "marqueur"
NEW_KEY = new_key()
NO_FILE = Path("not-used")


def fill_every_section(children: int = 1) -> list[int]:
    """Families whose children have a marked word in every field of every section; returns the children's ids."""
    ids = []
    for number in range(children):
        family = factories.make_family(email=f"famille{number}@example.org")
        child_id = factories.make_child(family, "Léa")
        for kind in SectionKind:
            fields = vars(SECTION_FORMS[kind]) if kind in SECTION_FORMS else {"dose_1": None, "remarks": None}
            typed = {name: f"{MARK}-{kind}-{name}" for name in fields if not name.startswith("_")}
            with write_transaction() as session:
                child_files.save_section(session, family.family_id, child_id, kind, family.user_id, {}, typed)
        with write_transaction() as session:
            session.get_one(Family, family.family_id).fund_number = f"{MARK}-{number}"
            queue_mail(session, "sign_up_known", "x@example.org", secret=f"{MARK}-lien")
        ids.append(child_id)
    return ids


def fill_every_other_column(child_id: int) -> None:
    """A marked word in each encrypted column besides: second factor, calendar, custody, an aid, a request and what it changed, a message, an
    urgent one, a refused erasure, a file that is imported, the note of
    a booking, a justified absence."""
    family_id, user_id = db.session.execute(
        select(Guardian.family_id, Guardian.user_id).where(Guardian.user_id.is_not(None)).limit(1)
    ).one()
    agent_id = factories.make_user("agent@example.org")
    family = factories.FamilySetup(family_id, 0, user_id, "")
    factories.make_aid(family, child_id, agent_id, reason=f"{MARK}-motif")
    factories.hand_in(family, f"{factories.make_document()}-{child_id}", MARK.encode())
    planning = factories.make_planning()
    factories.save(planning.family, planning.child_id, book=[planning.opening(factories.WEDNESDAY, "Matin")])
    invoice_id = factories.make_invoice(family)
    factories.write_message(family, MARK.encode(), subject=f"{MARK}-objet", body=f"{MARK}-message")
    with write_transaction() as session:
        session.scalars(select(Booking)).one().special_note = f"{MARK}-presence"
        illness = AbsenceReason(name="Maladie", position=1)
        session.add(illness)
        session.flush()
        session.add(
            AbsenceJustification(
                family_id=family_id, reason_id=illness.id, status=JustificationStatus.REFUSED, key="essai",
                sent_by_id=user_id, remark=f"{MARK}-remarque", refusal_reason=f"{MARK}-motif", file_key=f"{MARK}-cle",
                file_name=f"{MARK}-certificat.pdf",
            )
        )  # fmt: skip
        session.add(
            Refund(
                number="pop-R261100001", office_id=session.scalars(select(Office.id)).first(), family_id=family_id,
                amount_cents=100, holder=f"{MARK}-titulaire", iban=f"{MARK}-iban", reason="essai", made_by_id=agent_id,
                form_key="essai",
            )
        )  # fmt: skip
        brought = FamilyImport(
            file_name="familles.csv", digest="essai", line_count=1, ignored="", status=ImportStatus.CHECKED,
            asked_by_id=agent_id,
        )  # fmt: skip
        session.add(brought)
        session.flush()
        session.add(
            ImportedFamily(
                import_id=brought.id, first_line=2, state=ImportedState.CREATED, content=f"{MARK}-ligne",
                report=f"{MARK}-rapport", codes=f"{MARK}-code",
            )
        )  # fmt: skip
        office_id = session.scalars(select(Office.id)).first()
        session.add(
            DebitSettings(
                office_id=office_id, is_on=True, creditor_identifier="FR72ZZZ123456", creditor_name="Régie", bic="",
                iban=f"{MARK}-creancier",
            )
        )  # fmt: skip
        mandate = DebitMandate(
            office_id=office_id, family_id=family_id, reference="pop-M000001-1", holder=f"{MARK}-titulaire",
            iban=f"{MARK}-mandat", signed_on=factories.MONDAY, recorded_by_id=agent_id,
        )  # fmt: skip
        batch = DebitBatch(
            office_id=office_id, reference="pop-PRLV00001", collected_on=factories.MONDAY, made_by_id=agent_id,
            creditor_identifier="FR72ZZZ123456", creditor_name="Régie", iban=f"{MARK}-lot", bic="", form_key="essai",
        )  # fmt: skip
        session.add_all([mandate, batch])
        session.flush()
        batch.lines.append(
            DebitLine(
                family_id=family_id, invoice_id=invoice_id, mandate_id=mandate.id, amount_cents=100,
                mandate_reference="pop-M000001-1", signed_on=factories.MONDAY, holder=f"{MARK}-ligne",
                iban=f"{MARK}-compte", sequence=DebitSequence.FIRST,
            )
        )  # fmt: skip
        session.add(SecondFactor(user_id=user_id, secret=f"{MARK}-totp"))
        session.add(
            UrgentMessage(
                key="essai", audience="Mercredi", subject="Fermé", body=f"{MARK}-urgence", sent_by_id=agent_id
            )
        )
        session.add(
            ErasureRequest(
                family_id=family_id, cause=ErasureCause.ASKED, status=ErasureStatus.REFUSED, asked_by_id=user_id,
                refusal_reason=f"{MARK}-motif",
            )
        )  # fmt: skip
        session.add(
            CalendarFeed(user_id=user_id, family_id=family_id, secret=f"{MARK}-agenda", secret_hash="of the secret")
        )
        session.get_one(FamilyChild, (family_id, child_id)).custody = f"{MARK}-garde"
        session.add(
            ChangeRequest(
                family_id=family_id, kind=FileKind.COORDINATES, status=ChangeStatus.PENDING, body=f"{MARK}-demande",
                asked_by_id=user_id,
            )
        )  # fmt: skip
        session.add(
            FileChange(
                family_id=family_id, kind=FileKind.COORDINATES, subject_id=family_id, body=f"{MARK}-change",
                changed_by_id=user_id,
            )
        )  # fmt: skip


def dump() -> str:
    """Everything that the database holds, as its own tool writes it."""
    url = db.engine.url
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database))) as connection:
            return "\n".join(connection.iterdump())
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    binaries = server_binaries()
    assert binaries is not None
    return subprocess.run(
        [binaries / "pg_dump", "--inserts", address], check=True, capture_output=True, text=True
    ).stdout


def rotate_all() -> int:
    """What the command does, until nothing is left; how many values were written anew."""
    changed, place = 0, Place()
    while place is not None:
        with write_transaction() as session:
            step = reencrypt_next(session, place)
        changed, place = changed + step.changed, step.next_place
    return changed


def read_all(children: list[int]) -> None:
    """Every marked word can be read."""
    db.session.expire_all()
    for number, child_id in enumerate(children):
        assert len(db.session.scalars(select(ChildSection.body).where(ChildSection.child_id == child_id)).all()) == 8
        values = child_files.section_of(db.session(), child_id, SectionKind.HEALTH)
        assert values["food_allergies"] == f"{MARK}-health-food_allergies"
        fund_numbers = db.session.scalars(select(Family.fund_number))
        assert f"{MARK}-{number}" in fund_numbers


def test_dump_shows_nothing_of_any_section(app: Flask) -> None:
    (child_id,) = fill_every_section()
    fill_every_other_column(child_id)
    written = dump()
    assert "TEST" in written and "child_section" in written
    assert MARK not in written
    for table in encrypted_tables():
        for column in encrypted_columns(table):
            stored = db.session.execute(text(f"SELECT {column.name} FROM {table.name}")).scalars().all()
            assert stored and all(value is None or value.startswith("gAAAA") for value in stored), (table, column)


@pytest.mark.parametrize("content", ["", "rien", f"{NEW_KEY},rien"], ids=["empty", "no key", "one of two"])
def test_lost_broken_or_other_key_is_refused_where_only_a_section_is_encrypted(
    sqlite_app: Flask, tmp_path: Path, content: str
) -> None:
    with write_transaction() as session:
        install_data_key(session, DATA_KEY, NO_FILE)
    child_id = factories.make_child(factories.make_family())
    with write_transaction() as session:
        session.add(ChildSection(child_id=child_id, kind=SectionKind.HEALTH, body="{}"))
    key_file = tmp_path / "data_key"
    with pytest.raises(InstallationRefused, match="DATA_KEY manque"), write_transaction() as session:
        install_data_key(session, None, key_file)
    assert not key_file.exists()
    key_file.write_text(content)
    with pytest.raises(InstallationRefused, match="pas de clé valable"), write_transaction() as session:
        install_data_key(session, None, key_file)
    key_file.write_text(NEW_KEY)
    with pytest.raises(InstallationRefused, match="n’est pas la clé"), write_transaction() as session:
        install_data_key(session, None, key_file)
    assert key_file.read_text() == NEW_KEY


def test_rotation_that_breaks_off_is_read_with_both_keys_and_completed(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_keys, "BATCH_ROWS", 3)
    with write_transaction() as session:
        install_data_key(session, DATA_KEY, NO_FILE)
    children = fill_every_section(2)
    with write_transaction() as session:
        install_data_key(session, f"{NEW_KEY},{DATA_KEY}", NO_FILE)
    with write_transaction() as session:  # a batch, and then the power fails in the second one
        step = reencrypt_next(session, Place())
    assert step.changed and step.next_place is not None
    with pytest.raises(OSError), write_transaction() as session:
        reencrypt_next(session, step.next_place)
        raise OSError
    read_all(children)
    for too_few in (DATA_KEY, NEW_KEY):
        with pytest.raises(InstallationRefused, match="il faut les deux"), write_transaction() as session:
            install_data_key(session, too_few, NO_FILE)
    with write_transaction() as session:
        install_data_key(session, f"{NEW_KEY},{DATA_KEY}", NO_FILE)
    assert rotate_all() > 0 and rotate_all() == 0
    with write_transaction() as session:
        finish_rotation(session)
    with write_transaction() as session:
        install_data_key(session, NEW_KEY, NO_FILE)
    read_all(children)
    with pytest.raises(InstallationRefused), write_transaction() as session:
        install_data_key(session, DATA_KEY, NO_FILE)


def test_what_somebody_writes_meanwhile_is_kept(app: Flask) -> None:
    (child_id,) = fill_every_section()
    cipher.use_key(f"{NEW_KEY},{DATA_KEY}")
    with write_transaction() as session:
        row = session.get_one(ChildSection, (child_id, SectionKind.DIET))
        row.body = '{"diets":"no_meat"}'
    rotate_all()
    cipher.use_key(NEW_KEY)
    assert child_files.section_of(db.session(), child_id, SectionKind.DIET) == {"diets": "no_meat"}


def test_portal_that_serves_takes_the_new_key_of_its_file_at_once(tmp_path: Path) -> None:
    key_file = tmp_path / "data_key"
    key_file.write_text(DATA_KEY)
    cipher.follow(key_file)
    before = cipher.encrypt("avant")
    replace_keys(key_file, (NEW_KEY, DATA_KEY))
    after = cipher.encrypt("après")
    assert (cipher.decrypt(before), cipher.decrypt(after)) == ("avant", "après")
    assert cipher.is_current(after) and not cipher.is_current(before)
    replace_keys(key_file, (NEW_KEY,))
    assert cipher.decrypt(after) == "après"
    with pytest.raises(WrongDataKey):
        cipher.decrypt(before)
    key_file.unlink()
    assert cipher.decrypt(after) == "après"  # what serves goes on; the next start refuses
    cipher.use_key(DATA_KEY)


# The command as it is, but that the process dies in the third batch, as when the power fails.
DIES = """
import os, signal
from app.services import data_keys
data_keys.BATCH_ROWS = 3
do, done = data_keys.reencrypt_next, []
def die_in_the_third(session, place):
    step = do(session, place)
    session.flush()
    done.append(step)
    if len(done) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return step
data_keys.reencrypt_next = die_in_the_third
"""
RUN = """
from wsgi import app
result = app.test_cli_runner().invoke(args=["rotate-data-key", "--yes"])
print(result.output, result.exception or "")
raise SystemExit(result.exit_code)
"""


def rotate_in_a_process(instance: Path, code: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command as the council's IT does."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**environment(instance), "DEMO": "0", "ESPACE_FAMILLE_NOW": "", **settings}, text=True,
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """A new installation on a SQLite file, ready to serve, with few communes."""
    whole = read_communes()
    few = replace(whole, communes=tuple(c for c in whole.communes if c.insee_code.startswith("80")))
    monkeypatch.setattr(reference_data, "read_communes", lambda: few)
    app = create_app(make_config(tmp_path, f"sqlite:///{tmp_path / 'espace-famille.sqlite3'}"))
    prepare(app, may_build_demo=False)
    with app.app_context(), write_transaction() as session:
        write_first_consent_text(session, factories.MONDAY)
    return app


def test_command_that_is_killed_is_run_again(portal: Flask, tmp_path: Path) -> None:
    key_file = tmp_path / "data_key"
    key_file.write_text(DATA_KEY)
    with portal.app_context():
        children = fill_every_section(2)
        db.session.remove()
        db.engine.dispose()
    killed = rotate_in_a_process(tmp_path, DIES + RUN)
    assert killed.returncode == -signal.SIGKILL, killed.stderr + killed.stdout
    both = split_keys(key_file.read_text())
    assert len(both) == 2 and both[1] == DATA_KEY and key_file.stat().st_mode & 0o777 == 0o600
    with portal.app_context():
        cipher.use_key(",".join(both))
        stored = db.session.execute(text("SELECT body FROM child_section")).scalars().all()
        assert len({cipher.is_current(body) for body in stored}) == 2  # in the middle of it
        read_all(children)
        db.session.remove()
    again = rotate_in_a_process(tmp_path, RUN)
    assert again.returncode == 0 and "La nouvelle clé est en service" in again.stdout, again.stderr + again.stdout
    assert key_file.read_text() == both[0] and not (tmp_path / "data_key.new").exists()
    with portal.app_context():
        cipher.use_key(both[0])
        read_all(children)
        assert db.session.get_one(Installation, 1).next_key_check is None
        db.session.remove()
        db.engine.dispose()
    cipher.use_key(DATA_KEY)


def test_command_wants_the_new_key_in_the_setting_first(portal: Flask, tmp_path: Path) -> None:
    config = portal.config["PORTAL"]
    with portal.app_context():
        children = fill_every_section()
    runner = portal.test_cli_runner()
    one = runner.invoke(args=["rotate-data-key", "--yes"])
    assert one.exit_code == 1 and "mettez-y d’abord une nouvelle clé" in one.output
    assert "DATA_KEY=" in one.output and DATA_KEY not in one.output
    portal.config["PORTAL"] = replace(config, data_key=f"{NEW_KEY},{DATA_KEY}")
    assert runner.invoke(args=["rotate-data-key"], input="non\n").exit_code == 1
    two = runner.invoke(args=["rotate-data-key"], input="oui\n")
    assert two.exit_code == 0 and "Enlevez maintenant l’ancienne clé de DATA_KEY" in two.output
    assert not (tmp_path / "data_key").exists()
    with portal.app_context():
        cipher.use_key(NEW_KEY)
        read_all(children)
        db.session.remove()
        db.engine.dispose()
    cipher.use_key(DATA_KEY)
