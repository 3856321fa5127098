import threading
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from app import clock
from app.database import db, write_transaction
from app.models.child_files import ChildAuthorisation, ChildContact, SafetyNotice
from app.models.families import Guardian
from app.rules.child_files import SectionKind, SectionState
from app.rules.vaccinations import VaccinationStatus
from app.services import authorisations, child_files, contacts, notices
from app.services.errors import NotFound
from app.services.families import child_of
from tests import factories
from tests.factories import FamilySetup

PEANUT = {"has_allergies": "yes", "food_allergies": "arachide", "has_care_plan": "no", "has_treatment": "no"}


@pytest.fixture
def family(app: Flask) -> FamilySetup:
    return factories.make_family()


@pytest.fixture
def child_id(family: FamilySetup) -> int:
    return factories.make_child(family, "Léa")


def save(family: FamilySetup, child_id: int, kind: SectionKind, typed: dict[str, str], shown: dict[str, str]):
    with write_transaction() as session:
        return child_files.save_section(session, family.family_id, child_id, kind, family.user_id, shown, typed)


def stored(child_id: int, kind: SectionKind = SectionKind.HEALTH):
    return child_files.section_of(db.session(), child_id, kind)


def test_new_child_has_everything_to_fill_in(family, child_id) -> None:
    file = child_files.read_file(child_of(family.family_id, child_id))
    assert set(file.states.values()) == {SectionState.EMPTY}
    assert file.gauge.percent == 0 and not file.gauge.is_complete


def test_section_holds_at_once_and_is_told_once(family, child_id) -> None:
    assert not save(family, child_id, SectionKind.HEALTH, PEANUT, {}).conflicts
    save(family, child_id, SectionKind.HEALTH, {**PEANUT, "reaction": "stylo"}, PEANUT)
    assert stored(child_id)["food_allergies"] == "arachide" and stored(child_id)["reaction"] == "stylo"
    assert child_files.read_file(child_of(family.family_id, child_id)).states[SectionKind.HEALTH] is SectionState.DONE
    (notice,) = notices.list_unseen(1).rows
    assert (notice.child_id, notice.kind) == (child_id, SectionKind.HEALTH)


def test_nothing_of_health_stands_in_the_database_in_clear(family, child_id) -> None:
    save(family, child_id, SectionKind.HEALTH, PEANUT, {})
    save(family, child_id, SectionKind.DIET, {"diets": "no_pork"}, {})
    rows = str(db.session.execute(text("SELECT * FROM child_section")).all())
    assert "arachide" not in rows and "no_pork" not in rows and "allergies" not in rows


def test_other_parent_is_never_overwritten(family, child_id) -> None:
    save(family, child_id, SectionKind.HEALTH, PEANUT, {})
    merged = save(family, child_id, SectionKind.HEALTH, {**PEANUT, "food_allergies": "œuf"}, {})
    assert merged.conflicts["food_allergies"].stored == "arachide"
    assert stored(child_id)["food_allergies"] == "arachide"
    other = save(family, child_id, SectionKind.HEALTH, {"food_allergies": "arachide", "needs": "calme"}, PEANUT)
    assert not other.conflicts and stored(child_id) == {**PEANUT, "needs": "calme"}


def test_two_parents_at_once_lose_nothing(app: Flask, family, child_id) -> None:
    barrier = threading.Barrier(2)
    results = []

    def write(value: str) -> None:
        with app.app_context():
            barrier.wait()
            results.append(save(family, child_id, SectionKind.DOCTOR, {"name": value, "phone": ""}, {}))

    threads = [threading.Thread(target=write, args=(f"Dr {name}",)) for name in ("Un", "Deux")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    assert sorted(len(result.conflicts) for result in results) == [0, 1]
    winner = next(result for result in results if not result.conflicts)
    assert stored(child_id, SectionKind.DOCTOR) == {"name": winner.changes["name"].after}


def test_contact_is_added_once_ordered_and_removed(family, child_id) -> None:
    first = factories.make_contact(family.family_id, child_id, "Odette")
    assert factories.make_contact(family.family_id, child_id, "Odette") == first
    second = factories.make_contact(family.family_id, child_id, "René", "+33600000002")
    with write_transaction() as session:
        contacts.call_earlier(session, family.family_id, child_id, second)
    assert [contact.id for contact in contacts.contacts_of(child_id)] == [second, first]
    with write_transaction() as session:
        contacts.remove_contact(session, family.family_id, child_id, second)
    assert [contact.id for contact in contacts.contacts_of(child_id)] == [first]


def test_contact_of_another_child_is_not_found(family, child_id) -> None:
    contact_id = factories.make_contact(family.family_id, child_id)
    other = factories.make_child(family, "Hugo")
    with pytest.raises(NotFound):
        contacts.contact_of(other, contact_id)
    with pytest.raises(NotFound), write_transaction() as session:
        contacts.remove_contact(session, family.family_id, other, contact_id)
    assert db.session.scalars(select(ChildContact.id)).all() == [contact_id]


def test_changed_contact_of_two_parents_conflicts(family, child_id) -> None:
    contact_id = factories.make_contact(family.family_id, child_id)
    shown = contacts.contact_of(child_id, contact_id).values()

    def change(values):
        with write_transaction() as session:
            return contacts.save_contact(session, family.family_id, child_id, contact_id, shown, {**shown, **values})

    assert not change({"may_collect": "no"}).conflicts
    assert change({"phone": "+33600000009"}).changes  # another field: both are kept
    assert change({"phone": "+33600000003"}).conflicts["phone"].stored == "+33600000009"
    contact = contacts.contact_of(child_id, contact_id)
    assert (contact.may_collect, contact.phone) == (False, "+33600000009")


def test_authorisations_keep_every_signature_and_end_with_the_school_year(family, child_id) -> None:
    guardian_id = db.session.scalars(select(Guardian.id).where(Guardian.family_id == family.family_id)).one()

    def answer(year: int, shown, typed):
        with write_transaction() as session:
            return authorisations.save_answers(
                session, family.family_id, child_id, year, guardian_id, shown, {"leaves_at": "", **typed}
            )

    answer(2026, {}, {"leave_alone": "yes", "leaves_at": "17:30", "outings": "yes"})
    answer(
        2026, {"leave_alone": "yes", "leaves_at": "17:30", "outings": "yes"}, {"leave_alone": "no", "outings": "yes"}
    )
    found = authorisations.answers_of_children([child_id], 2026)[child_id]
    assert [(view.kind, view.is_allowed, view.detail) for view in found] == [
        ("leave_alone", False, ""), ("outings", True, ""),
    ]  # fmt: skip
    assert authorisations.answers_of_children([child_id], 2027)[child_id] == ()
    assert len(db.session.scalars(select(ChildAuthorisation)).all()) == 3
    assert answer(2026, {}, {"outings": "no"}).conflicts["outings"].stored == "yes"


def test_vaccinations_follow_the_day_of_birth_and_the_first_day(app: Flask) -> None:
    planning = factories.make_planning()
    child = child_of(planning.family.family_id, planning.child_id)
    dtp, _ror = child_files.asked_vaccines(date(2019, 5, 14))
    values = {f"dose_{dtp.id}": "2020-01-01"}
    save(planning.family, child.id, SectionKind.VACCINATIONS, values, {})
    state = child_files.read_file(child).vaccinations
    assert state.status in (VaccinationStatus.PROVISIONAL, VaccinationStatus.MISSING) and state.missing == ("ROR",)
    save(planning.family, child.id, SectionKind.VACCINATIONS, {"contra_indicated": "yes"}, values)
    assert child_files.read_file(child).vaccinations.status is VaccinationStatus.CONTRA_INDICATED


def test_certification_is_once_a_school_year(family) -> None:
    guardian_id = db.session.scalars(select(Guardian.id).where(Guardian.family_id == family.family_id)).one()
    assert child_files.certification_of(family.family_id) is None
    for _ in range(2):
        with write_transaction() as session:
            child_files.certify(session, family.family_id, guardian_id)
    certification = child_files.certification_of(family.family_id)
    assert certification is not None and certification.at == clock.now() and "TEST" in certification.by


def test_notice_seen_twice_keeps_the_first(family, child_id) -> None:
    factories.make_contact(family.family_id, child_id)
    notice_id = db.session.scalars(select(SafetyNotice.id)).one()
    first, second = factories.make_staff(), factories.make_staff()
    for agent in (first, second):
        with write_transaction() as session:
            notices.mark_seen(session, {notice_id: clock.now()}, agent)
    assert db.session.get_one(SafetyNotice, notice_id).seen_by_id == first
    assert notices.list_unseen(1).rows == ()


def test_change_made_after_the_list_was_shown_still_waits(family, child_id) -> None:
    contact_id = factories.make_contact(family.family_id, child_id)
    (shown,) = notices.list_unseen(1).rows
    clock.start_at(clock.now() + timedelta(minutes=1), frozen=True)
    with write_transaction() as session:
        contacts.remove_contact(session, family.family_id, child_id, contact_id)
    read = notices.read_token(shown.token)
    assert read is not None and notices.read_token("1 hier") is None
    agent = factories.make_staff()
    with write_transaction() as session:
        assert notices.mark_seen(session, dict([read]), agent) == 0
    assert notices.count_unseen() == 1
