"""Messages between families and the council: who reads what, what counts once, and what nobody overlooks."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from app import clock
from app.database import db, write_transaction
from app.models.families import Family, Guardian, Title
from app.models.mails import OutboxMail
from app.models.messages import Message, MessageThread
from app.rules.capabilities import Role
from app.rules.messages import MOST_MESSAGES, ThreadState
from app.rules.states import FamilyStatus
from app.services import families, message_inbox, message_settings, message_threads, messages
from app.services.errors import (
    FamilyNotActive,
    NameTaken,
    NotFound,
    OwnFamily,
    StillUsed,
    ThreadMoved,
    TooManyMessages,
)
from app.services.histories import Span, history_of, period_around
from app.services.history_sources import HistoryKind
from app.services.message_inbox import InboxFilter
from app.services.message_threads import Written
from tests import factories
from tests.factories import answer_message, make_family, make_recipient, make_staff, share_child, write_message


def second_parent(family: factories.FamilySetup) -> int:
    """Another adult of the family, with a login."""
    user_id = factories.make_user("autre.parent@example.org", "Claire TEST")
    with write_transaction() as session:
        session.add(
            Guardian(
                family_id=family.family_id, user_id=user_id, title=Title.MADAM, last_name="TEST", first_name="Claire",
                email="autre.parent@example.org",
            )
        )  # fmt: skip
    return user_id


def mails(template: str) -> list[OutboxMail]:
    db.session.rollback()
    return list(db.session.scalars(select(OutboxMail).where(OutboxMail.template == template).order_by(OutboxMail.id)))


def reply(
    family: factories.FamilySetup, thread_id: int, body: str = "Merci", key: str = "reply"
) -> message_threads.Sent:
    with write_transaction() as session:
        return messages.answer(
            session, families.family_ref(family.family_id), family.user_id, thread_id, Written(body, key)
        )


def test_what_is_written_is_read_by_its_family_alone_and_is_unreadable_in_the_database(app: Flask) -> None:
    family, other = make_family(), make_family("AUTRE")
    share_child(factories.make_child(family), other)
    sent = write_message(family, b"%PDF", subject="Allergie", body="Léa ne mange pas d’arachides")
    thread = messages.thread_of_family(family.family_id, family.user_id, sent.thread_id)
    assert (thread.line.subject, thread.messages[0].body) == ("Allergie", "Léa ne mange pas d’arachides")
    with pytest.raises(NotFound):
        messages.thread_of_family(other.family_id, other.user_id, sent.thread_id)
    with pytest.raises(NotFound):
        messages.file_of_family(other.family_id, sent.message_id)
    assert messages.threads_of_family(other.family_id, other.user_id, 1).total == 0
    stored = db.session.execute(
        text("SELECT subject, body FROM message JOIN message_thread ON message_thread.id = thread_id")
    ).one()
    assert "Allergie" not in stored[0] and "arachides" not in stored[1]


def test_recipient_is_told_who_wrote_and_the_text_only_where_it_is_set_so(sqlite_app: Flask) -> None:
    family = make_family()
    sent = write_message(family, subject="Allergie", body="Sans arachides")
    (mail,) = mails("message_received")
    assert (
        mail.recipient == "enfance@example.org"
        and mail.subject == f"Nouveau message de la famille {family_name(family)}"
    )
    assert "Allergie" not in mail.body + mail.subject and mail.secret == "Objet : Allergie"
    assert f"/gestion/messages/{sent.thread_id}" in mail.body
    make_recipient("Cantine", mails_text=True, position=2)
    write_message(family, recipient="Cantine", subject="Repas", body="Sans arachides")
    assert mails("message_received")[-1].secret == "Objet : Repas\n\nSans arachides"
    stored = db.session.execute(text("SELECT secret, body FROM outbox_mail")).all()
    assert not any("arachides" in f"{row[0]} {row[1]}" for row in stored)
    make_recipient("Accueil", email="", position=3)
    write_message(family, recipient="Accueil")
    assert len(mails("message_received")) == 2


def family_name(family: factories.FamilySetup) -> str:
    return families.family_ref(family.family_id).name


def test_each_parent_has_their_own_unread_answers(sqlite_app: Flask) -> None:
    family, staff_id = make_family(), make_staff(Role.FILE_CLERK)
    other_id = second_parent(family)
    thread_id = write_message(family).thread_id
    first = answer_message(thread_id, staff_id)
    answer_message(thread_id, staff_id)
    assert {mail.recipient for mail in mails("message_answered")} == {family.email, "autre.parent@example.org"}
    assert not any("Voici la réponse" in mail.body + mail.subject for mail in mails("message_answered"))
    ids = family.family_id
    assert (messages.unread_count(ids, family.user_id), messages.unread_count(ids, other_id)) == (2, 2)
    assert messages.threads_of_family(ids, other_id, 1).rows[0].unread == 2
    with write_transaction() as session:
        assert messages.mark_read(session, ids, family.user_id, thread_id) == first.message_id
    assert (messages.unread_count(ids, family.user_id), messages.unread_count(ids, other_id)) == (0, 2)
    thread = messages.thread_of_family(ids, other_id, thread_id)
    assert [message.is_unread for message in thread.messages] == [False, True, True] and thread.unread == 2
    with write_transaction() as session:  # answering reads
        messages.answer(session, families.family_ref(ids), other_id, thread_id, Written("Merci", "k"))
    assert messages.unread_count(ids, other_id) == 0


def test_notes_are_for_colleagues(sqlite_app: Flask) -> None:
    family, staff_id = make_family(), make_staff(Role.FILE_CLERK)
    thread_id = write_message(family).thread_id
    with write_transaction() as session:
        note = message_inbox.add_note(session, thread_id, staff_id, Written("À voir avec la régie", "n"))
    assert len(messages.thread_of_family(family.family_id, family.user_id, thread_id).messages) == 1
    assert messages.unread_count(family.family_id, family.user_id) == 0 and not mails("message_answered")
    assert [m.is_note for m in message_inbox.thread_for_staff(thread_id, staff_id).messages] == [False, True]
    assert message_inbox.thread_for_staff(thread_id, staff_id).line.state is ThreadState.TO_ANSWER
    with pytest.raises(NotFound):
        messages.file_of_family(family.family_id, note.message_id)


def test_a_form_that_comes_twice_writes_once(sqlite_app: Flask) -> None:
    family, staff_id = make_family(), make_staff(Role.FILE_CLERK)
    first, second = (write_message(family, key="same") for _ in range(2))
    assert first.message_id == second.message_id and (first.is_new, second.is_new) == (True, False)
    replies = [reply(family, first.thread_id) for _ in range(2)]
    assert replies[0].message_id == replies[1].message_id
    for _ in range(2):  # the second one has not seen the first one, which is its own
        with write_transaction() as session:
            message_inbox.answer_family(
                session, first.thread_id, staff_id, Written("Oui", "key"), seen=replies[0].message_id
            )
    assert len(db.session.scalars(select(Message)).all()) == 3
    assert len(mails("message_answered")) == 1


def test_two_taps_at_once_write_once(app: Flask, outside_context: Callable[..., object]) -> None:
    family = make_family()
    recipient_id = make_recipient()
    ready, errors = threading.Barrier(2), []

    def tap() -> None:
        with app.app_context():
            ready.wait()
            try:
                with write_transaction() as session:
                    messages.start_thread(
                        session, families.family_ref(family.family_id), family.user_id, recipient_id, "S",
                        Written("B", "same"),
                    )  # fmt: skip
            except Exception as error:
                errors.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=outside_context, args=(tap,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and len(db.session.scalars(select(Message)).all()) == 1


def test_two_agents_answer_and_the_second_reads_the_first(app: Flask) -> None:
    family, one, two = make_family(), make_staff(Role.FILE_CLERK), make_staff(Role.REGISSEUR)
    sent = write_message(family)
    with write_transaction() as session:
        message_inbox.answer_family(session, sent.thread_id, one, Written("Oui", "a"), seen=sent.message_id)
    for act in (
        lambda session: message_inbox.answer_family(
            session, sent.thread_id, two, Written("Non", "b"), seen=sent.message_id
        ),
        lambda session: message_inbox.close_thread(session, sent.thread_id, two, seen=sent.message_id),
    ):
        with pytest.raises(ThreadMoved), write_transaction() as session:
            act(session)
    assert len(mails("message_answered")) == 1


def test_who_writes_opens_a_closed_thread_again(sqlite_app: Flask) -> None:
    family, staff_id = make_family(), make_staff(Role.FILE_CLERK)
    sent = write_message(family)
    with write_transaction() as session:
        message_inbox.close_thread(session, sent.thread_id, staff_id, seen=sent.message_id)
    thread = messages.thread_of_family(family.family_id, family.user_id, sent.thread_id)
    assert thread.line.state is ThreadState.CLOSED and thread.closed_at is not None
    reply(family, sent.thread_id)
    thread = messages.thread_of_family(family.family_id, family.user_id, sent.thread_id)
    assert thread.line.state is ThreadState.TO_ANSWER and thread.closed_at is None
    with write_transaction() as session:
        message_inbox.close_thread(session, sent.thread_id, staff_id, seen=thread.last_id)
        message_inbox.reopen_thread(session, sent.thread_id, staff_id)
    assert message_inbox.thread_for_staff(sent.thread_id, staff_id).line.state is ThreadState.TO_ANSWER


def test_a_family_writes_only_so_fast(sqlite_app: Flask) -> None:
    family = make_family()
    thread_id = write_message(family).thread_id
    _within, most = MOST_MESSAGES[0]
    for number in range(most - 1):
        reply(family, thread_id, key=str(number))
    with pytest.raises(TooManyMessages) as refused:
        reply(family, thread_id, key="one too many")
    assert refused.value.retry_at == clock.now() + timedelta(hours=1)
    assert reply(family, thread_id, key="0").is_new is False  # what came before is not refused
    clock.start_at(clock.now() + timedelta(hours=1, seconds=1), frozen=True)
    assert reply(family, thread_id, key="later").is_new


def test_a_closed_family_and_a_recipient_off_the_list(sqlite_app: Flask) -> None:
    family, staff_id = make_family(), make_staff(Role.FILE_CLERK)
    thread_id = write_message(family).thread_id
    recipient_id = make_recipient(is_offered=False)
    ref = families.family_ref(family.family_id)
    with pytest.raises(NotFound), write_transaction() as session:
        messages.start_thread(session, ref, family.user_id, recipient_id, "S", Written("B", "k"))
    assert reply(family, thread_id).is_new  # what was begun goes on
    with write_transaction() as session:
        session.get_one(Family, family.family_id).status = FamilyStatus.CLOSED
    with pytest.raises(FamilyNotActive):
        reply(family, thread_id, key="closed")
    with pytest.raises(FamilyNotActive), write_transaction() as session:
        message_inbox.start_for_family(session, family.family_id, staff_id, recipient_id, "S", Written("B", "k"))


def test_an_agent_reads_nothing_of_their_own_family(sqlite_app: Flask) -> None:
    family, staff_id = make_family(), make_staff(Role.FILE_CLERK, email="agent.parent@example.org")
    own = make_family("AGENT", email="agent.parent@example.org", user_id=staff_id)
    share_child(factories.make_child(own), family)  # the other home of the agent's child
    mine, theirs, strangers = (write_message(each).thread_id for each in (own, family, make_family("AUTRE")))
    for thread_id in (mine, theirs):
        with pytest.raises(OwnFamily):
            message_inbox.thread_for_staff(thread_id, staff_id)
        with pytest.raises(OwnFamily), write_transaction() as session:
            message_inbox.add_note(session, thread_id, staff_id, Written("B", "k"))
    assert [line.id for line in message_inbox.inbox(staff_id, InboxFilter(), 1).rows] == [strangers]
    assert message_inbox.inbox_counts(staff_id)[ThreadState.TO_ANSWER] == 1
    queued = message_inbox.threads_to_answer(families.own_family_ids(staff_id), at_most=9)
    assert [line.subject for line in queued] == ["", "", "Une question"]
    colleague = make_staff(Role.FILE_CLERK)
    with pytest.raises(OwnFamily), write_transaction() as session:
        message_inbox.assign_thread(session, theirs, colleague, staff_id)


def test_the_inbox_is_filtered_and_threads_are_given_to_agents(sqlite_app: Flask) -> None:
    family, clerk, kitchen = make_family(), make_staff(Role.FILE_CLERK), make_staff(Role.KITCHEN)
    first = write_message(family).thread_id
    clock.start_at(clock.now() + timedelta(minutes=5), frozen=True)
    second = write_message(make_family("AUTRE"), recipient="Régie").thread_id
    regie = make_recipient("Régie")
    answer_message(first, clerk)

    def found(wanted: InboxFilter) -> list[int]:
        return [line.id for line in message_inbox.inbox(clerk, wanted, 1).rows]

    assert set(found(InboxFilter())) == {first, second} and found(InboxFilter(recipient_id=regie)) == [second]
    assert found(InboxFilter(state=ThreadState.TO_ANSWER)) == [second] and found(
        InboxFilter(state=ThreadState.ANSWERED)
    ) == [first]
    assert found(InboxFilter(family_id=family.family_id)) == [first] and found(InboxFilter(assigned_to_id=clerk)) == []
    able = message_inbox.answering_agents(family.family_id)
    assert clerk in able and kitchen not in able
    with pytest.raises(NotFound), write_transaction() as session:
        message_inbox.assign_thread(session, second, clerk, kitchen)
    with write_transaction() as session:
        message_inbox.assign_thread(session, first, clerk, clerk)
    assert found(InboxFilter(assigned_to_id=clerk)) == [first]
    reply(family, first)  # who has the thread is told too
    assert len({mail.recipient for mail in mails("message_received")}) == 2
    with write_transaction() as session:
        message_inbox.assign_thread(session, first, clerk, None)
    assert found(InboxFilter(assigned_to_id=clerk)) == []


def test_the_staff_begin_a_thread(sqlite_app: Flask) -> None:
    family, staff_id = make_family(), make_staff(Role.FILE_CLERK)
    recipient_id = make_recipient()
    for _ in range(2):
        with write_transaction() as session:
            sent = message_inbox.start_for_family(
                session, family.family_id, staff_id, recipient_id, "Vos papiers", Written("Bonjour", "once")
            )
    assert messages.unread_count(family.family_id, family.user_id) == 1 and len(mails("message_answered")) == 1
    assert message_inbox.thread_for_staff(sent.thread_id, staff_id).line.state is ThreadState.ANSWERED
    assert message_inbox.readers_of(family.family_id) and db.session.get_one(MessageThread, sent.thread_id).subject


def test_recipients_are_set_in_their_order_and_kept_while_somebody_wrote_to_them(sqlite_app: Flask) -> None:
    make_recipient("Régie", position=2)
    make_recipient("Accueil", position=1)
    unused = make_recipient("Cantine", position=3)
    assert [each.name for each in messages.offered_recipients()] == ["Accueil", "Régie", "Cantine"]
    with pytest.raises(NameTaken), write_transaction() as session:
        message_settings.save_recipient(session, unused, replace(factories.A_RECIPIENT, name="Régie"))
    activity = factories.make_activity("Mercredi")
    make_recipient("Cantine", position=3, activity_id=activity.id)
    assert messages.offered_recipients()[-1].title == "Cantine (Mercredi)"
    with pytest.raises(NotFound), write_transaction() as session:
        message_settings.save_recipient(session, unused, replace(factories.A_RECIPIENT, activity_id=999))
    write_message(make_family(), recipient="Régie")
    regie = make_recipient("Régie")
    with pytest.raises(StillUsed), write_transaction() as session:
        message_settings.delete_recipient(session, regie)
    with write_transaction() as session:
        message_settings.delete_recipient(session, unused)
    assert [each.name for each in messages.offered_recipients()] == ["Accueil", "Régie"]


def test_history_says_to_whom_one_wrote(app: Flask) -> None:
    family, staff_id = make_family(), make_staff(Role.FILE_CLERK)
    answer_message(write_message(family).thread_id, staff_id)
    period = period_around(clock.today(), Span.WEEK)
    events = history_of(family.user_id, family.family_id, period, HistoryKind.MESSAGES, 1).page.rows
    assert [(event.act, event.what) for event in events] == [("wrote", "Service enfance")]
