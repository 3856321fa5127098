"""Contacter la structure: the form, the family's threads, and answering in one."""

from datetime import datetime

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, current_family, takes_files
from app.blueprints.attachments import kept, receive_attachment, send_attachment
from app.database import write_transaction
from app.filters import hour_sentence, moment, spaced
from app.forms.fields import id_of
from app.forms.messages import AnswerForm, MessageForm
from app.htmx import go_to, render_page
from app.services import messages
from app.services.errors import FamilyNotActive, NotFound, TooManyMessages
from app.services.message_threads import ThreadView, Written

blueprint = Blueprint("messages", __name__, url_prefix="/contact")


def show_section() -> Response:
    """The section, at the address that is everybody's (`public.legal.contact`)."""
    recipients = messages.offered_recipients()
    wanted = request.args.get("destinataire", "")
    only = str(recipients[0].id) if len(recipients) == 1 else wanted
    return _section_page(MessageForm(recipients, formdata=None, data={"recipient": only}))


@blueprint.post("")
@takes_files
def send() -> BaseResponse:
    """Write to a recipient."""
    family = current_family()
    if not family.may_act:
        raise FamilyNotActive
    form = MessageForm(messages.offered_recipients())
    is_valid = form.validate()
    received = receive_attachment(form.files) if is_valid else None
    if not is_valid or form.files.errors:
        return _section_page(form, status=422)
    try:
        with kept(received) as file:
            with write_transaction() as session:
                sent = messages.start_thread(
                    session, family, current_account().user_id, id_of(form.recipient.data), form.subject.data,
                    Written(form.content.data or "", form.once(file.digest, family.id), file.file),
                )  # fmt: skip
            file.is_named = sent.is_new
    except TooManyMessages as error:
        form.content.errors = [_too_many(error.retry_at)]
        return _section_page(form, status=429)
    except NotFound:  # taken off the list since
        form.recipient.errors = ["Ce destinataire n’est plus dans la liste : choisissez-en un autre."]
        return _section_page(form, status=422)
    flash("Votre message est envoyé. Un courriel vous dira quand une réponse vous attend ici.", "success")
    return go_to(url_for("family.messages.show", thread_id=sent.thread_id))


@blueprint.get("/<int:thread_id>")
def show(thread_id: int) -> Response:
    """A thread, and the form to answer in it."""
    return _thread_page(_thread(thread_id), AnswerForm(formdata=None))


@blueprint.post("/<int:thread_id>")
@takes_files
def answer(thread_id: int) -> BaseResponse:
    """Answer in a thread."""
    family, thread = current_family(), _thread(thread_id)
    if not family.may_act:
        raise FamilyNotActive
    form = AnswerForm()
    is_valid = form.validate()
    received = receive_attachment(form.files) if is_valid else None
    if not is_valid or form.files.errors:
        return _thread_page(thread, form, status=422)
    try:
        with kept(received) as file:
            with write_transaction() as session:
                sent = messages.answer(
                    session, family, current_account().user_id, thread_id,
                    Written(form.content.data or "", form.once(file.digest, thread_id), file.file),
                )  # fmt: skip
            file.is_named = sent.is_new
    except TooManyMessages as error:
        form.content.errors = [_too_many(error.retry_at)]
        return _thread_page(thread, form, status=429)
    flash("Votre réponse est envoyée.", "success")
    return go_to(url_for("family.messages.show", thread_id=thread_id))


@blueprint.post("/<int:thread_id>/lu")
def read(thread_id: int) -> BaseResponse:
    """Open a thread that has something new: it is read then. A closed family reads, and nothing is stored."""
    family, first = current_family(), None
    if family.may_act:
        with write_transaction() as session:
            first = messages.mark_read(session, family.id, current_account().user_id, thread_id)
    anchor = None if first is None else f"message-{first}"
    return go_to(url_for("family.messages.show", thread_id=thread_id, _anchor=anchor))


@blueprint.get("/pieces/<int:message_id>")
def show_file(message_id: int) -> Response:
    """What was attached to a message of the family."""
    return send_attachment(*messages.file_of_family(current_family().id, message_id))


def _thread(thread_id: int) -> ThreadView:
    return messages.thread_of_family(current_family().id, current_account().user_id, thread_id)


def _too_many(retry_at: datetime) -> str:
    when = f"à {hour_sentence(retry_at)}" if retry_at.date() == clock.today() else moment(retry_at)
    return spaced(
        "Votre famille nous a écrit beaucoup de messages en peu de temps. Votre texte reste ici : envoyez-le "
        f"{when}, ou appelez-nous si c’est urgent."
    )


def _section_page(form: MessageForm, *, status: int = 200) -> Response:
    family = current_family()
    threads = messages.threads_of_family(family.id, current_account().user_id, request.args.get("page", 1, type=int))
    return render_page(
        "family/messages/show.html",
        layout="family",
        status=status,
        form=form,
        family=family,
        threads=threads,
        unread=messages.unread_count(family.id, current_account().user_id),
    )


def _thread_page(thread: ThreadView, form: AnswerForm, *, status: int = 200) -> Response:
    return render_page(
        "family/messages/thread.html",
        layout="family",
        status=status,
        thread=thread,
        form=form,
        family=current_family(),
        user_id=current_account().user_id,
    )
