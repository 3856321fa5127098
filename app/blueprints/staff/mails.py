"""« Courriels »: what the portal sent, what waits, what failed."""

from flask import Blueprint, Response, current_app, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_capabilities, requires
from app.config import Config
from app.database import write_transaction
from app.htmx import go_to, render_page
from app.models.mails import MailStatus
from app.rules.capabilities import Capability
from app.services import outbox
from app.services.catalogue import catalogue
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
    """The mails, latest first."""
    word = request.args.get("etat", "")
    status = _STATUS_IN_ADDRESS.get(word)
    return render_page(
        "staff/mails/list.html",
        layout="staff",
        mails=outbox.list_mails(status, request.args.get("page", 1, type=int)),
        counts=outbox.count_mails(),
        word=word if status else None,
        words=_STATUS_IN_ADDRESS,
        sends=_config().mail_url is not None,
    )


@blueprint.get("/<int:mail_id>")
@requires(Capability.VIEW_MAILS)
def show_mail(mail_id: int) -> BaseResponse:
    """A mail, its text where this member of the staff may read it and gave the password lately."""
    is_demo, may_read = catalogue().council.is_demo, Capability.VIEW_MAIL_SECRETS in current_capabilities()
    mail = outbox.read_mail(mail_id, _config().base_url, is_demo=is_demo, may_read=may_read)
    answer = ask_to_confirm() if may_read and not is_demo else None
    if answer is not None:
        return answer
    return render_page("staff/mails/mail.html", layout="staff", mail=mail, sends=_config().mail_url is not None)


@blueprint.post("/<int:mail_id>/reessayer")
@requires(Capability.VIEW_MAILS)
def retry(mail_id: int) -> BaseResponse:
    """Try a mail again that was given up."""
    with write_transaction() as session:
        outbox.retry_mail(session, mail_id)
    flash("Le courriel repart : nouvel essai dans un instant.", "success")
    return go_to(url_for("staff.mails.show_mail", mail_id=mail_id))


def _config() -> Config:
    config: Config = current_app.config["PORTAL"]
    return config
