"""Confirming an account with the link of a mail. Opening the link changes nothing; sending the form uses it up."""

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import enter
from app.database import write_transaction
from app.even_answers import evenly
from app.forms.activations import LinkForm, PasswordForm
from app.htmx import go_to, render_page
from app.models.accounts import TokenPurpose
from app.services import accounts, links
from app.services.credentials import hash_password
from app.services.errors import LinkExpired

blueprint = Blueprint("activations", __name__, url_prefix="/activation")


@blueprint.errorhandler(LinkExpired)
def show_expired(_error: LinkExpired) -> Response:
    """A link that was used, has expired or never existed: how to get a new one."""
    return render_page("public/activations/expired.html", layout="public", status=410, form=LinkForm())


@blueprint.get("/<secret>")
def show(secret: str) -> Response:
    """Choose a password."""
    user = links.open_link(secret, TokenPurpose.ACTIVATION)
    return _page(PasswordForm(), user.email)


@blueprint.post("/<secret>")
def confirm(secret: str) -> BaseResponse:
    """Set the password, use the link up, and sign in."""
    user = links.open_link(secret, TokenPurpose.ACTIVATION)
    form = PasswordForm()
    form.personal_words = accounts.personal_words_of(user.id)
    if not form.validate():
        return _page(form, user.email, status=422)
    password_hash = hash_password(form.password.data)
    with write_transaction() as session:
        user_id = links.confirm_account(session, secret, password_hash).id
    answer = enter(user_id)
    flash("Votre compte est confirmé. Bienvenue !", "success")
    return answer


@blueprint.get("/nouveau-lien")
def ask_link() -> Response:
    """Ask for a new link."""
    return render_page("public/activations/new_link.html", layout="public", form=LinkForm(), sent=False)


@blueprint.post("/nouveau-lien")
def send_link() -> BaseResponse:
    """Send a new link if there is an account to confirm; the answer is the same in any case."""
    form = LinkForm()
    if not form.validate():
        return render_page("public/activations/new_link.html", layout="public", status=422, form=form, sent=False)
    with evenly(), write_transaction() as session:
        links.request_activation(session, form.email.data)
    return go_to(url_for("public.activations.show_sent"))


@blueprint.get("/lien-envoye")
def show_sent() -> Response:
    """What to expect after asking for a link."""
    return render_page("public/activations/sent.html", layout="public")


def _page(form: PasswordForm, email: str, *, status: int = 200) -> Response:
    return render_page("public/activations/show.html", layout="public", status=status, form=form, email=email)
