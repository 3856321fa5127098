"""« Courriels »: what the portal sent, what waits, what failed."""

from flask import Blueprint, Response, current_app, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, current_capabilities, requires
from app.config import Config
from app.database import write_transaction
from app.forms.staff_mails import MailFilterForm, ResendForm
from app.htmx import go_to, render_page
from app.models.mails import MailStatus
from app.rules.capabilities import Capability
from app.services import outbox
from app.services.catalogue import catalogue
from app.services.errors import AlreadyDecided
from app.services.outbox import MailFilter, MailView
from app.step_up import ask_to_confirm

blueprint = Blueprint("mails", __name__)

_STATUS_IN_ADDRESS = {
    "en-attente": MailStatus.QUEUED,
    "en-cours": MailStatus.SENDING,
    "envoyes": MailStatus.SENT,
    "echecs": MailStatus.FAILED,
    "perimes": MailStatus.EXPIRED,
}


@blueprint.get("")
@requires(Capability.VIEW_MAILS)
def show() -> Response:
    """The mails that the address asks for, latest first."""
    word = request.args.get("etat", "")
    status = _STATUS_IN_ADDRESS.get(word)
    form = MailFilterForm(formdata=request.args)
    is_valid = form.validate()
    wanted = MailFilter(status=status)
    if is_valid:
        wanted = MailFilter(form.adresse.data, form.genre.data or None, status, form.du.data, form.au.data)
    asked = {name: request.args[name] for name in ("adresse", "genre", "du", "au") if request.args.get(name)}
    return render_page(
        "staff/mails/list.html",
        layout="staff",
        status=200 if is_valid else 422,
        form=form,
        mails=outbox.list_mails(wanted, request.args.get("page", 1, type=int)),
        counts=outbox.count_mails(wanted),
        word=word if status else None,
        words=_STATUS_IN_ADDRESS,
        asked=asked,
        sends=_config().mail_url is not None,
    )


@blueprint.get("/<int:mail_id>")
@requires(Capability.VIEW_MAILS)
def show_mail(mail_id: int) -> BaseResponse:
    """A mail, its text where this member of the staff may read it and gave the password lately."""
    mail = _read(mail_id)
    answer = ask_to_confirm() if mail.body is not None and not catalogue().council.is_demo else None
    return answer or _mail_page(mail, ResendForm(mail.addressees, formdata=None))


@blueprint.post("/<int:mail_id>/renvoyer")
@requires(Capability.VIEW_MAILS)
def resend(mail_id: int) -> BaseResponse:
    """Send a mail again that was given up, perhaps to the address that the family has now."""
    mail = _read(mail_id)
    if not mail.is_given_up:
        raise AlreadyDecided
    form = ResendForm(mail.addressees)
    if not form.validate():
        return _mail_page(mail, form, status=422)
    with write_transaction() as session:
        outbox.resend_mail(session, mail_id, current_account().user_id, form.recipient.data)
    flash("Le courriel repart\u00a0: nouvel essai dans un instant.", "success")
    return go_to(url_for("staff.mails.show_mail", mail_id=mail_id))


def _read(mail_id: int) -> MailView:
    is_demo, may_read = catalogue().council.is_demo, Capability.VIEW_MAIL_SECRETS in current_capabilities()
    return outbox.read_mail(mail_id, _config().base_url, is_demo=is_demo, may_read=may_read)


def _mail_page(mail: MailView, form: ResendForm, status: int = 200) -> Response:
    return render_page(
        "staff/mails/mail.html", layout="staff", status=status, mail=mail, form=form,
        sends=_config().mail_url is not None,
    )  # fmt: skip


def _config() -> Config:
    config: Config = current_app.config["PORTAL"]
    return config
