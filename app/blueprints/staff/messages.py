"""Messages: what families write, answering, and who deals with what."""

from collections.abc import Callable

from flask import Blueprint, Response, flash, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.access import FAMILY_IN_QUERY, current_account, reach, requires, takes_files
from app.blueprints.attachments import kept, receive_attachment, send_attachment
from app.database import write_transaction
from app.filters import NBSP
from app.forms.fields import id_of
from app.forms.messages import AssignForm, MessageForm, NoteForm, StaffAnswerForm
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.rules.messages import ThreadState
from app.services import families, message_inbox
from app.services.catalogue import catalogue
from app.services.errors import OwnFamily, ThreadMoved
from app.services.message_inbox import InboxFilter
from app.services.message_threads import ThreadView, Written

blueprint = Blueprint("messages", __name__)

_STATE_IN_ADDRESS = {
    "a-repondre": ThreadState.TO_ANSWER,
    "repondus": ThreadState.ANSWERED,
    "clos": ThreadState.CLOSED,
    "tous": None,
}
_MOVED = (
    f"Quelqu’un a écrit dans cet échange entre-temps{NBSP}: relisez-le ci-dessous. Votre texte est resté, rien n’est "
    "envoyé. Envoyez-le encore une fois s’il convient toujours."
)


@blueprint.get("")
@requires(Capability.ANSWER_MESSAGES)
def show() -> Response:
    """The inbox: what waits for an answer, unless the address asks for something else."""
    user_id, family_id = current_account().user_id, id_of(request.args.get(FAMILY_IN_QUERY)) or None
    where = reach(Capability.ANSWER_MESSAGES)
    word = request.args.get("etat", "tous" if family_id else "a-repondre")
    word = word if word in _STATE_IN_ADDRESS else "a-repondre"
    recipient_id, is_mine = id_of(request.args.get("destinataire")) or None, "moi" in request.args
    wanted = InboxFilter(_STATE_IN_ADDRESS[word], recipient_id, user_id if is_mine else None, family_id)
    return render_page(
        "staff/messages/show.html",
        layout="staff",
        found=message_inbox.inbox(user_id, wanted, request.args.get("page", 1, type=int), where),
        counts=message_inbox.inbox_counts(user_id, where),
        states=_STATE_IN_ADDRESS,
        word=word,
        wanted=wanted,
        recipients=catalogue().recipients,
        family=families.family_ref(family_id) if family_id else None,
        others={
            name: request.args[name] for name in ("destinataire", "moi", FAMILY_IN_QUERY) if request.args.get(name)
        },
    )  # fmt: skip


@blueprint.get("/<int:thread_id>")
@requires(Capability.ANSWER_MESSAGES)
def show_thread(thread_id: int) -> Response:
    """A thread with its notes, and the forms to go on with it."""
    return _thread_page(_thread(thread_id))


@blueprint.post("/<int:thread_id>")
@requires(Capability.ANSWER_MESSAGES)
@takes_files
def answer(thread_id: int) -> BaseResponse:
    """Answer the family."""
    thread = _thread(thread_id)
    form = StaffAnswerForm(thread.last_id)
    is_valid = form.validate()
    received = receive_attachment(form.files) if is_valid else None
    if not is_valid or form.files.errors:
        return _thread_page(thread, form, status=422)
    try:
        with kept(received) as file:
            with write_transaction() as session:
                sent = message_inbox.answer_family(
                    session, thread_id, current_account().user_id,
                    Written(form.content.data or "", form.once(file.digest, thread_id), file.file), seen=form.seen_id,
                )  # fmt: skip
            file.is_named = sent.is_new
    except ThreadMoved:
        thread = _thread(thread_id)
        form.seen.data = str(thread.last_id)
        form.form_errors = [_MOVED]
        return _thread_page(thread, form, status=409)
    flash(f"Votre réponse est envoyée{NBSP}: un courriel prévient la famille qu’elle l’attend ici.", "success")
    return go_to(url_for("staff.messages.show"))


@blueprint.post("/<int:thread_id>/note")
@requires(Capability.ANSWER_MESSAGES)
def add_note(thread_id: int) -> BaseResponse:
    """Write something for colleagues."""
    thread = _thread(thread_id)
    form = NoteForm()
    if not form.validate():
        return _thread_page(thread, note=form, status=422)
    written = Written(form.note.data or "", form.once(thread_id))
    return _do(
        thread_id, "La note est enregistrée.",
        lambda session, user_id: message_inbox.add_note(session, thread_id, user_id, written),
    )  # fmt: skip


@blueprint.post("/<int:thread_id>/attribution")
@requires(Capability.ANSWER_MESSAGES)
def assign(thread_id: int) -> BaseResponse:
    """Give the thread to an agent."""
    thread = _thread(thread_id)
    form = AssignForm(message_inbox.answering_agents(thread.line.family_id), thread.assigned_to_id)
    if not form.validate():
        return _thread_page(thread, assignment=form, status=422)
    agent_id = form.agent_id
    try:
        return _do(
            thread_id, "L’échange est attribué." if agent_id else "L’échange n’est plus attribué.",
            lambda session, user_id: message_inbox.assign_thread(session, thread_id, user_id, agent_id),
        )  # fmt: skip
    except OwnFamily:
        form.agent.errors = [f"C’est la famille de cet agent{NBSP}: choisissez un collègue."]
        return _thread_page(_thread(thread_id), assignment=form, status=422)


@blueprint.post("/<int:thread_id>/cloture")
@requires(Capability.ANSWER_MESSAGES)
def close(thread_id: int) -> BaseResponse:
    """Close the thread, as it was read."""
    seen = id_of(request.form.get("seen"))
    try:
        return _do(
            thread_id, f"L’échange est clos{NBSP}: un nouveau message de la famille le rouvrira.",
            lambda session, user_id: message_inbox.close_thread(session, thread_id, user_id, seen=seen),
        )  # fmt: skip
    except ThreadMoved:
        flash(f"Quelqu’un a écrit dans cet échange entre-temps{NBSP}: relisez-le avant de le clore.", "warning")
        return go_to(url_for("staff.messages.show_thread", thread_id=thread_id))


@blueprint.post("/<int:thread_id>/reouverture")
@requires(Capability.ANSWER_MESSAGES)
def reopen(thread_id: int) -> BaseResponse:
    """Open a closed thread again."""
    return _do(
        thread_id, "L’échange est rouvert.",
        lambda session, user_id: message_inbox.reopen_thread(session, thread_id, user_id),
    )  # fmt: skip


@blueprint.get("/pieces/<int:message_id>")
@requires(Capability.ANSWER_MESSAGES)
def show_file(message_id: int) -> Response:
    """What was attached to a message."""
    return send_attachment(*message_inbox.file_for_staff(message_id, current_account().user_id))


@blueprint.get("/famille/<int:family_id>")
@requires(Capability.ANSWER_MESSAGES)
def new_message(family_id: int) -> Response:
    """Write to a family first."""
    return _new_page(family_id, MessageForm(catalogue().recipients, formdata=None))


@blueprint.post("/famille/<int:family_id>")
@requires(Capability.ANSWER_MESSAGES)
@takes_files
def send(family_id: int) -> BaseResponse:
    """Begin a thread with a family."""
    form = MessageForm(catalogue().recipients)
    is_valid = form.validate()
    received = receive_attachment(form.files) if is_valid else None
    if not is_valid or form.files.errors:
        return _new_page(family_id, form, status=422)
    with kept(received) as file:
        with write_transaction() as session:
            sent = message_inbox.start_for_family(
                session, family_id, current_account().user_id, id_of(form.recipient.data), form.subject.data,
                Written(form.content.data or "", form.once(file.digest, family_id), file.file),
            )  # fmt: skip
        file.is_named = sent.is_new
    flash(f"Le message est envoyé{NBSP}: un courriel prévient la famille qu’il l’attend ici.", "success")
    return go_to(url_for("staff.messages.show_thread", thread_id=sent.thread_id))


def _thread(thread_id: int) -> ThreadView:
    return message_inbox.thread_for_staff(thread_id, current_account().user_id)


def _do(thread_id: int, sentence: str, command: Callable[[Session, int], object]) -> BaseResponse:
    with write_transaction() as session:
        command(session, current_account().user_id)
    flash(sentence, "success")
    return go_to(url_for("staff.messages.show_thread", thread_id=thread_id))


def _thread_page(
    thread: ThreadView, form: StaffAnswerForm | None = None, note: NoteForm | None = None,
    assignment: AssignForm | None = None, *, status: int = 200,
) -> Response:  # fmt: skip
    agents = message_inbox.answering_agents(thread.line.family_id)
    is_free = thread.line.is_left or thread.assigned_to_id is None
    return render_page(
        "staff/messages/thread.html",
        layout="staff",
        status=status,
        thread=thread,
        form=form or StaffAnswerForm(thread.last_id, is_sent=False),
        note=note or NoteForm(is_sent=False),
        assignment=assignment or AssignForm(agents, thread.assigned_to_id, is_sent=False),
        readers=message_inbox.readers_of(thread.line.family_id),
        may_take=is_free and current_account().user_id in agents,
    )


def _new_page(family_id: int, form: MessageForm, *, status: int = 200) -> Response:
    family = families.family_ref(family_id)
    families.check_not_own(family_id, current_account().user_id)
    return render_page(
        "staff/messages/new.html", layout="staff", status=status, form=form, family=family,
        readers=message_inbox.readers_of(family_id),
    )  # fmt: skip
