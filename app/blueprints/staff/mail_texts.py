"""« Réglages › Textes des courriels »: the words of each kind of mail, with their preview."""

from itertools import groupby

from flask import Blueprint, Response, current_app, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, requires
from app.blueprints.staff.seen import read_anew, shown_marks
from app.config import Config
from app.database import write_transaction
from app.filters import spaced
from app.forms.mail_texts import MailTextForm
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import mail_texts
from app.services.catalogue import catalogue
from app.services.mail_kinds import MAIL_KINDS
from app.services.mail_texts import EditedText, Preview

blueprint = Blueprint("mail_texts", __name__)


@blueprint.get("")
@requires(Capability.EDIT_SETTINGS)
def show() -> Response:
    """The kinds of mail, by topic."""
    topics = [(topic, list(kinds)) for topic, kinds in groupby(MAIL_KINDS.values(), key=lambda kind: kind.topic)]
    return render_page(
        "staff/settings/mail_texts.html", layout="staff", topics=topics, changed=catalogue().mail_texts.keys()
    )


@blueprint.get("/<code>")
@requires(Capability.EDIT_SETTINGS)
def edit(code: str) -> Response:
    """A text, with what it looks like."""
    edited = mail_texts.edited_text(code)
    return _page(edited, MailTextForm(edited.kind, edited.words), mail_texts.preview(edited.kind, edited.words, _url()))


@blueprint.post("/<code>/apercu")
@requires(Capability.EDIT_SETTINGS)
def preview(code: str) -> Response:
    """What was typed, with sample data; nothing is stored."""
    edited = mail_texts.edited_text(code)
    form = MailTextForm(edited.kind, edited.words)
    if not form.validate():
        return _page(edited, form, status=422)
    return _page(edited, form, mail_texts.preview(edited.kind, form.words(), _url()))


@blueprint.post("/<code>")
@requires(Capability.EDIT_SETTINGS)
def save(code: str) -> BaseResponse:
    """Store the staff's words."""
    edited = mail_texts.edited_text(code)
    form = MailTextForm(edited.kind, edited.words)
    if not form.validate():
        return _page(edited, form, status=422)
    with write_transaction() as session:
        form, is_moved = read_anew(session, lambda: MailTextForm(edited.kind, mail_texts.words_of(edited.kind)))
        if not is_moved:
            mail_texts.save_text(session, code, form.words(), current_account().user_id)
    if is_moved:
        return _page(mail_texts.edited_text(code), form, status=409)
    flash("Le texte est enregistré\u00a0: les prochains courriels le portent.", "success")
    return go_to(url_for("staff.settings.mail_texts.edit", code=code))


@blueprint.post("/<code>/origine")
@requires(Capability.EDIT_SETTINGS)
def restore(code: str) -> BaseResponse:
    """Go back to the text as it comes."""
    with write_transaction() as session:
        mail_texts.restore_text(session, code)
    flash("Le texte d’origine est rétabli.", "success")
    return go_to(url_for("staff.settings.mail_texts.edit", code=code))


def _page(edited: EditedText, form: MailTextForm, preview: Preview | None = None, status: int = 200) -> Response:
    return render_page(
        "staff/settings/mail_text.html", layout="staff", status=status, edited=edited, form=form, preview=preview,
        shown=shown_marks(form, is_moved=status == 409),
        meanings={variable.name: spaced(variable.meaning) for variable in edited.kind.variables},
    )  # fmt: skip


def _url() -> str:
    config: Config = current_app.config["PORTAL"]
    return config.base_url
