"""Accounts: decisions on sign-ups, links, sessions."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import clock
from app.database import db, write_transaction
from app.models.accounts import StaffRole, TokenPurpose, User, UserToken
from app.models.families import ConsentText, Family, Guardian, Title
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.sign_ins import PARENT_SESSION, STAFF_IDLE, STAFF_SESSION
from app.rules.states import FamilyStatus
from app.services import links, mails, sessions, sign_ups
from app.services.credentials import hash_secret
from app.services.errors import AlreadyDecided, EmailTaken, LinkExpired, NotFound, OwnFamily
from app.services.families import AddressInput, CommuneChoice
from app.services.sign_ups import SignUp
from tests.factories import NOW, make_family, make_pending_family, make_staff, make_user
from tests.html import check_text

pytestmark = pytest.mark.usefixtures("app")


def accept(family_id: int, agent: int) -> None:
    with write_transaction() as session:
        sign_ups.accept_sign_up(session, family_id, agent)


def last_mail() -> OutboxMail:
    return db.session.scalars(select(OutboxMail).order_by(OutboxMail.id.desc())).first() or OutboxMail()


def test_the_same_sign_up_sent_twice_is_one_request() -> None:
    with write_transaction() as session:
        session.add(ConsentText(body="Texte", starts_on=clock.today()))
        session.flush()
    text = sign_ups.current_consent_text()
    assert text is not None
    commune = CommuneChoice("80570", "Moreuil", "80110")
    address = AddressInput("3", "", "rue du Moulin", "", commune)
    sign_up = SignUp(address, Title.MADAM, "DURAND", "Ève", "eve@example.org", text.id)
    for _tap in range(2):
        with write_transaction() as session:
            sign_ups.request_sign_up(session, sign_up)
    assert db.session.scalars(select(Family.last_name)).all() == ["DURAND"]
    templates = db.session.scalars(select(OutboxMail.template).order_by(OutboxMail.id)).all()
    assert templates == ["sign_up_received", "sign_up_to_review"]


def test_accepted_sign_up_gets_a_link_once() -> None:
    family_id, agent = make_pending_family(email="alix@example.org"), make_staff()
    accept(family_id, agent)
    family = db.session.get_one(Family, family_id)
    assert (family.status, family.decided_by_id) == (FamilyStatus.ACTIVE, agent)
    mail = last_mail()
    assert (mail.template, mail.recipient) == ("activation", "alix@example.org")
    # The secret is in the mail alone: the tables keep its hash.
    assert mail.secret and mail.secret not in mail.body
    assert db.session.scalars(select(UserToken)).one().token_hash == hash_secret(mail.secret)
    with pytest.raises(AlreadyDecided):
        accept(family_id, agent)


def test_refused_sign_up_is_told_why_and_gets_no_account() -> None:
    family_id, agent = make_pending_family(), make_staff()
    with write_transaction() as session:
        sign_ups.refuse_sign_up(session, family_id, agent, "Vous habitez une autre commune.")
    assert db.session.get_one(Family, family_id).status is FamilyStatus.REFUSED
    assert "Motif : Vous habitez une autre commune." in last_mail().body.replace("\u00a0", " ")
    assert db.session.scalar(select(func.count()).select_from(User)) == 1
    with pytest.raises(AlreadyDecided):
        accept(family_id, agent)


def test_nobody_decides_on_their_own_family() -> None:
    agent = make_staff(email="agent@example.org")
    family_id = make_pending_family(email="agent@example.org")
    with pytest.raises(OwnFamily):
        accept(family_id, agent)
    with pytest.raises(NotFound):
        accept(999, agent)


def test_parent_of_an_older_family_gets_the_second_with_the_same_login() -> None:
    user = make_user("alix@example.org")
    family_id = make_pending_family(email="alix@example.org")
    accept(family_id, make_staff())
    assert db.session.scalars(select(Guardian.user_id).where(Guardian.family_id == family_id)).one() == user


def test_corrected_address_gets_the_link_and_the_old_link_stops() -> None:
    family_id = make_pending_family(email="faux@example.org")
    accept(family_id, make_staff())
    old = last_mail().secret or ""
    with write_transaction() as session:
        sign_ups.correct_email(session, family_id, " Juste@example.org ")
    mail = last_mail()
    assert (mail.template, mail.recipient) == ("activation", "juste@example.org")
    with pytest.raises(LinkExpired):
        links.open_link(old, TokenPurpose.ACTIVATION)
    make_user("pris@example.org")
    with pytest.raises(EmailTaken), write_transaction() as session:
        sign_ups.correct_email(session, family_id, "pris@example.org")


def test_counter_never_corrects_the_address_of_an_agent() -> None:
    # A clerk would get the link that opens an administrator's account.
    family = make_family(user_id=make_user("admin@example.org", confirmed=False))
    with write_transaction() as session:
        session.add(StaffRole(user_id=family.user_id, role=Role.ADMINISTRATOR))
    with pytest.raises(NotFound), write_transaction() as session:
        sign_ups.correct_email(session, family.family_id, "clerk@example.org")


def test_confirmed_account_keeps_its_address() -> None:
    family = make_family()
    with pytest.raises(NotFound), write_transaction() as session:
        sign_ups.correct_email(session, family.family_id, "autre@example.org")


@pytest.mark.parametrize(
    ("is_staff", "idle", "lasts"),
    [
        (False, PARENT_SESSION - timedelta(minutes=1), True),
        (False, PARENT_SESSION, False),
        (True, STAFF_IDLE - timedelta(minutes=1), True),
        (True, STAFF_IDLE, False),
    ],
)
def test_sessions_end_by_themselves(is_staff: bool, idle: timedelta, lasts: bool) -> None:
    user = make_staff() if is_staff else make_user("parent@example.org")
    with write_transaction() as session:
        token = sessions.open_session(session, user, "essai")
    clock.start_at(NOW + idle, frozen=True)
    assert (sessions.read_session(token) is not None) is lasts


def test_staff_session_ends_after_half_a_day_even_in_use() -> None:
    agent = make_staff()
    with write_transaction() as session:
        token = sessions.open_session(session, agent, "essai")
    while (user := sessions.read_session(token)) is not None:
        with write_transaction() as session:
            sessions.touch_session(session, user.session_id)
        clock.start_at(clock.now() + timedelta(minutes=20), frozen=True)
    assert clock.now().replace(tzinfo=None) == NOW + STAFF_SESSION


def test_every_mail_is_written_in_good_french(app: Flask) -> None:
    pending, agent = make_pending_family(email="alix@example.org"), make_staff()
    refused = make_pending_family(email="refus@example.org")
    make_family(email="parent@example.org")
    accept(pending, agent)
    clock.start_at(NOW + mails.LINK_EVERY, frozen=True)
    with write_transaction() as session:
        sign_ups.refuse_sign_up(session, refused, agent, "Motif d’essai.")
        links.request_activation(session, "parent@example.org")
        links.request_password_reset(session, "parent@example.org")
        token = session.scalars(select(OutboxMail.secret).where(OutboxMail.template == "password_reset")).one()
        links.reset_password(session, token or "", "x")
    sent = db.session.scalars(select(OutboxMail)).all()
    assert {mail.template for mail in sent} == {
        "activation", "sign_up_refused", "activation_not_needed", "password_reset", "password_changed",
    }  # fmt: skip
    for mail in sent:
        body = mail.body.replace("[[portail]]", "https://example.org").replace("[[secret]]", "x")
        assert check_text(mail.subject) == [] and check_text(body) == [], mail.template
        assert "Bonjour," in body and "Communauté de communes des essais" in body
