"""A forgotten password: the same mechanics as the activation, with a link of one hour."""

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

blueprint = Blueprint("passwords", __name__)


@blueprint.errorhandler(LinkExpired)
def show_expired(_error: LinkExpired) -> Response:
    """A link that was used, has expired or never existed: how to get a new one."""
    return render_page("public/passwords/expired.html", layout="public", status=410, form=LinkForm())


@blueprint.get("/mot-de-passe-oublie")
def ask_link() -> Response:
    """Ask for a link."""
    return _ask_page(LinkForm())


@blueprint.post("/mot-de-passe-oublie")
def send_link() -> BaseResponse:
    """Send a link if there is such an account; the answer is the same in any case."""
    form = LinkForm()
    if not form.validate():
        return _ask_page(form, status=422)
    with evenly(), write_transaction() as session:
        links.request_password_reset(session, form.email.data)
    return go_to(url_for("public.passwords.show_sent"))


@blueprint.get("/mot-de-passe-oublie/lien-envoye")
def show_sent() -> Response:
    """What to expect after asking for a link."""
    return render_page("public/passwords/sent.html", layout="public")


@blueprint.get("/mot-de-passe/<secret>")
def show(secret: str) -> Response:
    """Choose a new password."""
    user = links.open_link(secret, TokenPurpose.PASSWORD_RESET)
    return _page(PasswordForm(), user.email)


@blueprint.post("/mot-de-passe/<secret>")
def reset(secret: str) -> BaseResponse:
    """Set the new password, end every session of the user, and sign in here."""
    user = links.open_link(secret, TokenPurpose.PASSWORD_RESET)
    form = PasswordForm()
    form.personal_words = accounts.personal_words_of(user.id)
    if not form.validate():
        return _page(form, user.email, status=422)
    password_hash = hash_password(form.password.data)
    with write_transaction() as session:
        user_id = links.reset_password(session, secret, password_hash).id
    answer = enter(user_id)
    flash("Votre mot de passe est changé. Vos autres appareils sont déconnectés.", "success")
    return answer


def _ask_page(form: LinkForm, *, status: int = 200) -> Response:
    return render_page("public/passwords/ask_link.html", layout="public", status=status, form=form)


def _page(form: PasswordForm, email: str, *, status: int = 200) -> Response:
    return render_page("public/passwords/show.html", layout="public", status=status, form=form, email=email)
