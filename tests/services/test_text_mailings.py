"""Mails that tell families of a version of a text: to those that must accept it, once, when it is in force."""

import json
from datetime import datetime, time, timedelta
from itertools import product

from flask import Flask
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.child_files import ChildSection
from app.models.families import Family
from app.models.mails import OutboxMail
from app.rules.child_files import SectionKind
from app.rules.publications import Readership, concerns
from app.rules.required_documents import DocumentDemand
from app.rules.states import EnrolmentStatus, FamilyStatus
from app.services import families, text_mailings, text_settings, texts_to_accept
from app.services.catalogue import catalogue
from app.services.publications import children_of_family, concerned_families, is_concerned
from app.services.text_settings import VersionInput
from tests.factories import FamilySetup, enrol, make_activity, make_child, make_family, make_staff, make_text


def tell_all() -> list[tuple[str, str]]:
    """All that the worker queues: to whom, with which subject."""
    while text_mailings.has_unqueued(db.session()):
        with write_transaction() as session:
            assert text_mailings.queue_some(session)
    mails = select(OutboxMail.recipient, OutboxMail.subject).where(OutboxMail.template == text_mailings.TEMPLATE)
    return [(recipient, subject) for recipient, subject in db.session.execute(mails.order_by(OutboxMail.id))]


def write_version(text_id: int, *, days: int = 0, is_told: bool = True) -> None:
    agent = make_staff()
    starts_on = clock.today() + timedelta(days=days)
    with write_transaction() as session:
        text_settings.add_version(session, text_id, agent, VersionInput("Article 2", None, starts_on, is_told))


def accept(family: FamilySetup, text_id: int) -> None:
    ref = families.family_ref(family.family_id)
    _, version = texts_to_accept.text_of_family(family.family_id, text_id)
    with write_transaction() as session:
        texts_to_accept.accept(session, ref, family.user_id, text_id, version.id, device="essai")


def test_families_are_told_of_a_new_version_once_and_only_those_who_must_accept_it(app: Flask) -> None:
    accepted, late, done = (make_family(name) for name in ("PREMIER", "SECOND", "TROISIÈME"))
    make_family("FERMÉE", status=FamilyStatus.CLOSED)
    text = make_text()  # told to nobody
    accept(accepted, text)
    assert tell_all() == []
    write_version(text)
    accept(done, text)
    told = [
        (accepted.email, "Un texte a changé\u00a0: Règlement intérieur"),
        (late.email, "Un texte à accepter\u00a0: Règlement intérieur"),
    ]
    assert tell_all() == told == tell_all()
    body = db.session.scalars(select(OutboxMail.body).where(OutboxMail.recipient == accepted.email)).one()
    assert (
        f"/documentation/textes/{text}" in body and "l’accepter à nouveau" in body and "Sans votre accord" not in body
    )
    make_family("NOUVELLE")
    write_version(text, is_told=False)
    assert tell_all() == told


def test_a_version_is_told_when_it_is_in_force_and_not_when_another_one_is(sqlite_app: Flask) -> None:
    family = make_family()
    text = make_text(demand=DocumentDemand.BLOCKS_ENROLMENT)
    for days in (7, 8):
        write_version(text, days=days)
    assert tell_all() == []
    clock.start_at(datetime.combine(clock.today() + timedelta(days=9), time(6)), frozen=True)
    assert [recipient for recipient, _ in tell_all()] == [family.email]
    assert "aucune nouvelle demande d’inscription" in db.session.scalars(select(OutboxMail.body)).one()
    write_version(text)
    with write_transaction() as session:
        assert text_mailings.queue_some(session)  # written down
    accept(family, text)
    assert len(tell_all()) == 1


def test_a_version_that_comes_twice_is_one_and_is_told_once(sqlite_app: Flask) -> None:
    family = make_family()
    text = make_text()
    write_version(text, is_told=False)
    accept(family, text)
    write_version(text, is_told=False)
    (info,) = catalogue().texts
    assert len(info.versions) == 2 and tell_all() == []
    for _ in range(2):
        write_version(text, days=1)
    clock.start_at(datetime.combine(clock.today() + timedelta(days=1), time(8)), frozen=True)
    (info,) = catalogue().texts
    assert len(info.versions) == 3 and len(tell_all()) == 1


def test_the_database_and_the_rule_agree_on_whom_a_readership_concerns(app: Flask) -> None:
    activities = [make_activity(name, places=None) for name in ("Judo", "Chant")]
    for place, (level, activity, status) in enumerate(
        product((None, "CE2", "CP"), (None, *activities), (EnrolmentStatus.ACCEPTED, EnrolmentStatus.REFUSED))
    ):
        family = make_family(f"FAMILLE {'abcdefghijklmnopqr'[place]}")
        child = make_child(family)
        if activity is not None:
            enrol(child, family, activity, status)
        if level is not None:
            body = json.dumps({"level": level, "school_year": "2026"})
            with write_transaction() as session:
                session.add(ChildSection(child_id=child, kind=SectionKind.SCHOOL, body=body))
    make_family("SANS ENFANT")
    ids = frozenset(activity.id for activity in activities)
    for wanted, levels in product((None, frozenset[int](), frozenset({activities[0].id}), ids), ((), ("CE2",))):
        readership = Readership(wanted, frozenset(levels))
        session = db.session()
        found = set(session.scalars(select(Family.id).where(is_concerned(session, readership))))
        every = set(session.scalars(select(Family.id)))
        assert found == {id_ for id_ in every if concerns(readership, children_of_family(id_, [readership]))}
        assert concerned_families(session, readership).count == len(found)
    assert catalogue().activities.keys() >= ids
