"""Imports of families: what is made, that nothing is made twice or forgotten, and that it can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app import clock
from app.database import Base, db, write_transaction
from app.jobs import imports
from app.models.enrolments import Enrolment
from app.models.families import Child, ClaimCode, Consent, ConsentText, Family, FamilyQuotient, Guardian, Title
from app.models.family_imports import FamilyImport, ImportedFamily, ImportedState, ImportOutcome, ImportStatus
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.imports import Trace
from app.rules.retention import DataClass
from app.rules.states import FamilyStatus
from app.services import claims, counter_families, family_imports, import_views, purges
from app.services.credentials import hash_code
from app.services.errors import AlreadyDecided, ImportUsed, NotFound
from app.services.family_imports import Step
from tests import factories
from tests.client import recorder
from tests.family_files import ALONE, HUGO, LEA, WRONG, begin_import, work_off


@pytest.fixture
def agent(app: Flask) -> int:
    return factories.make_staff(Role.FILE_CLERK)


def states(import_id: int) -> dict[int, ImportedState]:
    db.session.rollback()
    rows = db.session.execute(
        select(ImportedFamily.first_line, ImportedFamily.state).where(ImportedFamily.import_id == import_id)
    )
    return {row.first_line: row.state for row in rows}


def status(import_id: int) -> ImportStatus:
    db.session.rollback()
    return db.session.scalars(select(FamilyImport.status).where(FamilyImport.id == import_id)).one()


def order(import_id: int, agent: int, *, mails_codes: bool = False, verifies_quotients: bool = False) -> None:
    with write_transaction() as session:
        family_imports.order(session, import_id, agent, mails_codes=mails_codes, verifies_quotients=verifies_quotients)


def imported(agent: int, *rows: dict[str, str], **how: bool) -> int:
    import_id = begin_import(agent, *rows)
    work_off()
    order(import_id, agent, **how)
    work_off()
    return import_id


def count(table: type[Base]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_file_is_checked_without_making_anything_then_its_families_are_made(agent: int) -> None:
    import_id = begin_import(agent, LEA, ALONE, HUGO, WRONG)
    assert begin_import(agent, LEA, ALONE, HUGO, WRONG) == import_id  # a double tap
    work_off()
    assert states(import_id) == {2: ImportedState.READY, 3: ImportedState.READY, 5: ImportedState.WRONG}
    assert count(Family) == 0
    view = import_views.read_import(import_id)
    assert (view.wanted_count, view.wanted_adults, view.wanted_children, view.total) == (2, 3, 2, 3)
    (wrong,) = import_views.families_of(import_id, ImportedState.WRONG, 1).rows
    assert {(each.heading, each.sentence) for each in wrong.problems} == {
        ("Civilité adulte 1", "Écrivez M. ou Mme, rien d’autre."),
        ("Tél. portable adulte 1", "Un numéro de téléphone a dix chiffres, par exemple 06 00 00 00 00."),
        ("Commune", "Au code postal 80110 correspondent\u00a0: Démuin, Moreuil."),
        ("Date de naissance enfant", "Cette date n’est pas encore arrivée. Vérifiez l’année."),
    }
    order(import_id, agent, mails_codes=True)
    order(import_id, agent)  # a double tap
    work_off()
    assert status(import_id) is ImportStatus.CREATED
    lea = db.session.scalars(select(Family).where(Family.last_name == "TEST")).one()
    assert [(each.first_name, each.email, each.user_id) for each in lea.guardians] == [
        ("Fabrice", "fabrice@example.org", None), ("Odette", None, None),
    ]  # fmt: skip
    assert [(each.full_name, each.birth_date) for each in lea.children] == [
        ("Hugo TEST", date(2017, 3, 2)), ("Léa TEST", date(2019, 5, 14)),
    ]  # fmt: skip
    assert (lea.mobile_phone, lea.fund_number, lea.fund_holder_name) == ("+33612345678", "1234567", "TEST Fabrice")
    assert (lea.addresses[0].number, lea.addresses[0].city, lea.decided_by_id) == ("12", "Démuin", agent)
    (quotient,) = lea.quotients
    assert (quotient.value_cents, quotient.starts_on, quotient.verified_at) == (81_250, date(2026, 10, 1), None)
    assert count(Consent) == 0
    codes = list(import_views.codes_of(import_id))
    assert [(each.guardian_name, each.email) for each in codes] == [
        ("Fabrice TEST", "fabrice@example.org"), ("Odette L’HÔTE", ""), ("Alix SEULE", ""),
    ]  # fmt: skip
    (mail,) = db.session.scalars(select(OutboxMail))
    assert (mail.template, mail.recipient, mail.secret) == ("family_imported", "fabrice@example.org", codes[0].code)
    assert codes[0].code not in mail.body
    with write_transaction() as session:
        text_id = session.scalars(select(ConsentText.id)).one()
        claims.claim(session, hash_code(codes[1].code), "odette@example.org", text_id)
    assert [each.guardian_name for each in import_views.codes_of(import_id)] == ["Fabrice TEST", "Alix SEULE"]


def test_verified_quotients_count_until_their_usual_end(agent: int) -> None:
    imported(agent, LEA, verifies_quotients=True)
    quotient = db.session.scalars(select(FamilyQuotient)).one()
    assert quotient.ends_on == date(2027, 1, 31) and quotient.verified_by_id == agent


def test_who_is_there_already_is_left_aside_unless_the_agent_says_otherwise(agent: int) -> None:
    imported(agent, {**LEA, "email_1": ""}, ALONE)
    other = {**ALONE, "family": "20", "street_line": "9 rue Neuve"}
    child = {
        **ALONE, "family": "21", "last_name_1": "TEST", "first_name_1": "Camille", "child_first_name": "léa",
        "child_birth_date": "14/05/2019",
    }  # fmt: skip
    twice = {**child, "family": "22", "child_first_name": "Hugo", "last_name_1": "AUTRE"}
    again = {**twice, "family": "23"}
    import_id = begin_import(agent, other, child, twice, again)
    work_off()
    alike = import_views.families_of(import_id, ImportedState.ALIKE, 1).rows
    assert [(row.first_line, [each.name for each in row.alike], row.alike_line) for row in alike] == [
        (2, ["SEULE Alix"], None), (3, ["TEST Fabrice"], None), (5, [], 4),
    ]  # fmt: skip
    assert not any(row.is_wanted for row in alike)
    with write_transaction() as session:
        family_imports.choose(session, import_id, {row.id for row in alike}, {alike[0].id})
    order(import_id, agent)
    with pytest.raises(AlreadyDecided), write_transaction() as session:
        family_imports.choose(session, import_id, {alike[1].id}, {alike[1].id})
    work_off()
    assert states(import_id) == {
        2: ImportedState.CREATED, 3: ImportedState.ALIKE, 4: ImportedState.CREATED, 5: ImportedState.ALIKE,
    }  # fmt: skip
    with pytest.raises(NotFound):
        import_views.read_import(import_id + 1)


def test_what_came_since_the_check_is_seen_when_families_are_made(agent: int) -> None:
    import_id = begin_import(agent, LEA, ALONE, {**ALONE, "family": "9", "last_name_1": "NOUVELLE"})
    work_off()
    with write_transaction() as session:
        family = Family(status=FamilyStatus.ACTIVE, last_name="Seule", first_name="Alix")
        family.guardians = [
            Guardian(title=Title.MADAM, last_name="Seule", first_name="Alix"),
            Guardian(title=Title.MADAM, last_name="Autre", first_name="Sacha", email="fabrice@example.org"),
        ]
        session.add(family)
    order(import_id, agent)
    work_off()
    assert status(import_id) is ImportStatus.CREATED
    rows = db.session.execute(select(ImportedFamily.state, ImportedFamily.outcome).order_by(ImportedFamily.id)).all()
    assert [tuple(row) for row in rows] == [
        (ImportedState.FAILED, ImportOutcome.EMAIL_TAKEN), (ImportedState.FAILED, ImportOutcome.ALIKE_SINCE),
        (ImportedState.CREATED, None),
    ]  # fmt: skip


def test_killed_anywhere_and_done_twice_no_family_is_made_twice(agent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MADE_AT_ONCE", 1)
    import_id = begin_import(agent, LEA, ALONE)
    step = Step(import_id, ImportStatus.CHECKING)
    raw = family_imports.next_raw(db.session(), step, 10)
    readings = imports.read_families([each.lines for each in raw])
    db.session.rollback()
    with pytest.raises(OSError), write_transaction() as session:
        family_imports.store_checks(session, import_id, raw, readings)
        raise OSError
    work_off()
    with write_transaction() as session:  # another process had read the same families
        family_imports.store_checks(session, import_id, raw, readings)
    order(import_id, agent)
    step = Step(import_id, ImportStatus.CREATING)
    raw = family_imports.next_raw(db.session(), step, 10)
    readings = imports.read_families([each.lines for each in raw])
    db.session.rollback()
    wanted = [
        family_imports.ToMake(each.id, reading.family, tuple(imports._code() for _ in range(reading.adult_count)))
        for each, reading in zip(raw, readings, strict=True)
    ]
    with pytest.raises(OSError), write_transaction() as session:
        family_imports.make(session, import_id, wanted)
        raise OSError
    imports.take(step)
    assert count(Family) == 1
    with write_transaction() as session:
        family_imports.make(session, import_id, wanted)
    work_off()
    assert count(Family) == 2 and count(ClaimCode) == 3 and status(import_id) is ImportStatus.CREATED


def test_a_family_that_cannot_be_made_is_named_and_others_go_on(agent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import_id = begin_import(agent, LEA, ALONE)
    work_off()
    order(import_id, agent)
    made = counter_families.create_families

    def breaks(
        session: Session, brought: list[counter_families.BroughtFamily], *more: Any, **how: Any
    ) -> Sequence[Family]:
        if any(each.name == "TEST Fabrice" for each in brought):
            raise ValueError("a fault of ours")
        return made(session, brought, *more, **how)

    monkeypatch.setattr(family_imports, "create_families", breaks)
    work_off()
    assert states(import_id) == {2: ImportedState.FAILED, 3: ImportedState.CREATED}


def test_an_import_is_undone_until_a_family_does_something(agent: int) -> None:
    import_id = imported(agent, LEA, HUGO, ALONE, mails_codes=True)
    before = {table: count(table) for table in (Family, Guardian, Child, ClaimCode, OutboxMail)}
    assert all(before.values())
    lea = db.session.scalars(select(Family).where(Family.last_name == "TEST")).one()
    child_id = lea.children[0].id
    setup = factories.FamilySetup(lea.id, lea.guardians[0].id, 1, "", lea.name)
    enrolment_id = factories.enrol(child_id, setup, factories.make_activity())
    with pytest.raises(ImportUsed), write_transaction() as session:
        family_imports.undo(session, import_id, agent)
    used, total = import_views.used_families(import_id)
    assert total == 1 and used[0].name == "TEST Fabrice" and Trace.ENROLMENT in used[0].traces
    with write_transaction() as session:
        session.execute(delete(Enrolment).where(Enrolment.id == enrolment_id))
    with write_transaction() as session:
        family_imports.undo(session, import_id, agent)
        family_imports.undo(session, import_id, agent)
    work_off()
    assert status(import_id) is ImportStatus.UNDONE
    assert {count(table) for table in before} == {0}
    assert set(states(import_id).values()) == {ImportedState.DELETED}


def test_a_file_that_waits_too_long_is_purged_and_abandoned(agent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    waits, done = begin_import(agent, LEA), imported(agent, ALONE)
    later = clock.now() + timedelta(days=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    monkeypatch.setattr(clock, "today", lambda: later.date())
    with write_transaction() as session:
        run_id = purges.begin_purge(session)
        assert purges.purge_next(session, run_id, DataClass.IMPORTS).count == 2
    rows = db.session.execute(select(ImportedFamily.content, ImportedFamily.report, ImportedFamily.codes)).all()
    assert len(rows) == 2 and all(tuple(row) == (None, None, None) for row in rows)
    assert status(waits) is ImportStatus.ABANDONED and status(done) is ImportStatus.CREATED
    assert not list(import_views.codes_of(done))


def test_statements_do_not_grow_with_the_families(agent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def batch(size: int, first: int) -> list[int]:
        monkeypatch.setattr(imports, "MADE_AT_ONCE", 100)
        monkeypatch.setattr(imports, "hash_code", lambda code: code)  # slow on purpose
        rows = []
        for number in range(first, first + size):
            letters = "".join(chr(ord("a") + int(digit)) for digit in str(number))
            rows += [
                {**row, "family": str(number), "last_name_1": f"Nom {letters}", "email_1": f"n{number}@example.org",
                 "first_name_2": f"Odette {letters}", "child_birth_date": row["child_birth_date"]}
                for row in (LEA, {**LEA, "child_first_name": "Hugo"})
            ]  # fmt: skip
        import_id = begin_import(agent, *rows)
        counts = []
        for next_status in (ImportStatus.CHECKING, ImportStatus.CREATING, ImportStatus.UNDOING):
            recorder.statements = []
            imports.take(Step(import_id, next_status))
            # SQLite gives back the ids of new rows one by one.
            is_sqlite = db.engine.dialect.name == "sqlite"
            counts.append(sum(not (is_sqlite and each.startswith("INSERT")) for each in recorder.statements))
            recorder.statements = None
            work_off()
            if next_status is ImportStatus.CHECKING:
                order(import_id, agent, mails_codes=True)
            elif next_status is ImportStatus.CREATING:
                with write_transaction() as session:
                    family_imports.undo(session, import_id, agent)
        return counts

    batch(1, 100)  # what a process reads once
    assert batch(2, 200) == batch(20, 300)
