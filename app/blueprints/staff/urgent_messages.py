"""« Messages urgents »: to the families of a place, an activity or a group, perhaps of one day."""

from flask import Blueprint, Response, current_app, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, reach, requires
from app.config import Config
from app.database import write_transaction
from app.forms.urgent_messages import AudienceForm, UrgentMessageForm
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import urgent_messages
from app.services.urgent_messages import Concerned

blueprint = Blueprint("urgent_messages", __name__)


@blueprint.get("")
@requires(Capability.SEND_URGENT_MESSAGES)
def show() -> Response:
    """What was sent."""
    where = reach(Capability.SEND_URGENT_MESSAGES)
    sent = urgent_messages.sent_messages(request.args.get("page", 1, type=int), where)
    return render_page("staff/urgent_messages/list.html", layout="staff", messages=sent)


@blueprint.get("/nouveau")
@requires(Capability.SEND_URGENT_MESSAGES)
def new() -> Response:
    """Choose to whom, see who they are, and write."""
    form = AudienceForm(urgent_messages.audiences(reach(Capability.SEND_URGENT_MESSAGES)), formdata=request.args)
    if not request.args:
        return _page(form)
    if not form.validate():
        return _page(form, status=422)
    return _page(form, UrgentMessageForm(formdata=None))


@blueprint.post("/apercu")
@requires(Capability.SEND_URGENT_MESSAGES)
def preview() -> Response:
    """What the families will read; nothing is sent."""
    form = AudienceForm(urgent_messages.audiences(reach(Capability.SEND_URGENT_MESSAGES)), formdata=request.args)
    if not form.validate():
        return _page(form, status=422)
    written = UrgentMessageForm()
    if not written.validate():
        return _page(form, written, status=422)
    return _page(form, written, shows_mail=True)


@blueprint.post("/nouveau")
@requires(Capability.SEND_URGENT_MESSAGES)
def send() -> BaseResponse:
    """Send it, once."""
    form = AudienceForm(urgent_messages.audiences(reach(Capability.SEND_URGENT_MESSAGES)), formdata=request.args)
    if not form.validate():
        return _page(form, status=422)
    written = UrgentMessageForm()
    if not written.validate():
        return _page(form, written, status=422)
    with write_transaction() as session:
        message_id = urgent_messages.send_message(
            session, current_account().user_id, written.once(form.cible.data, form.jour.data),
            urgent_messages.find_audience(form.cible.data), form.jour.data, written.subject.data,
            written.text.data or "",
        )  # fmt: skip
    flash("Le message part.", "success")
    return go_to(url_for("staff.urgent_messages.show_message", urgent_message_id=message_id))


@blueprint.get("/<int:urgent_message_id>")
@requires(Capability.SEND_URGENT_MESSAGES)
def show_message(urgent_message_id: int) -> Response:
    """A message and what became of it."""
    return render_page(
        "staff/urgent_messages/message.html", layout="staff", message=urgent_messages.read_message(urgent_message_id)
    )


def _page(
    form: AudienceForm, written: UrgentMessageForm | None = None, *, shows_mail: bool = False, status: int = 200
) -> Response:
    families: tuple[Concerned, ...] = ()
    mail = None
    if written is not None:
        families = urgent_messages.families_concerned(urgent_messages.find_audience(form.cible.data), form.jour.data)
        if shows_mail:
            config: Config = current_app.config["PORTAL"]
            mail = urgent_messages.preview(written.subject.data, written.text.data or "", config.base_url)
    return render_page(
        "staff/urgent_messages/new.html", layout="staff", status=status, form=form, written=written,
        families=families, without_email=[each for each in families if not each.has_email], mail=mail,
    )  # fmt: skip
