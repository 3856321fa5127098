"""Sign-in, in one step or two, and sign-out.

An unknown address, an unconfirmed account and a wrong password get the same answer.
"""

from datetime import datetime

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.access import begin_second_step, half_signed_in, home_address, own_families, safe_next, sign_in, sign_out
from app.database import write_transaction
from app.filters import spaced
from app.forms.sign_in import WRONG_CODE, CodeForm, SignInForm
from app.htmx import go_to, leave_for, render_page
from app.kept_forms import read_kept, show_again
from app.known_devices import attempt_for
from app.models.accounts import TokenPurpose
from app.services import accounts, links, second_factors
from app.services.credentials import password_matches
from app.services.errors import LinkExpired, TooManyAttempts, WrongCode
from app.services.throttles import check_throttle, record_failure

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/connexion")
def show() -> BaseResponse:
    """The form; someone already signed in goes home."""
    if current_user.is_authenticated:
        return redirect(home_address())
    return _page(SignInForm(suite=safe_next(request.args.get("suite"))))


@blueprint.post("/connexion")
def sign_in_user() -> BaseResponse:
    """Sign in, then go where the parent wanted to go."""
    form = SignInForm()
    if not form.validate():
        return _page(form, status=422)
    try:
        user_id = _check(form.email.data, form.password.data)
    except TooManyAttempts as refusal:
        return _page(form, status=429, retry_at=refusal.retry_at)
    if user_id is None:
        return _page(form, status=422, refused=True)
    if second_factors.has_second_factor(user_id):
        begin_second_step(user_id)
        if not form.kept.data:
            return go_to(url_for("public.sign_in.show_code", suite=safe_next(form.suite.data)))
        return _code_page(CodeForm(formdata=None, suite=form.suite.data, kept=form.kept.data))
    sign_in(user_id)
    return _go_on(form)


@blueprint.get("/connexion/code")
def show_code() -> BaseResponse:
    """The second step: the code of the app."""
    if half_signed_in() is None:
        return redirect(url_for("public.sign_in.show"))
    return _code_page(CodeForm(suite=safe_next(request.args.get("suite"))))


@blueprint.post("/connexion/code")
def check_code() -> BaseResponse:
    """Sign in with the right code, then go where the agent wanted to go."""
    form = CodeForm()
    secret = half_signed_in()
    try:
        user = links.open_link(secret or "", TokenPurpose.SECOND_STEP)
    except LinkExpired:
        return _begin_again(form)
    if not form.validate():
        return _code_page(form, status=422)
    attempt = attempt_for(user.email)
    try:
        check_throttle(attempt)
        with write_transaction() as session:
            second_factors.use_code(session, user.id, form.code.data)
            user_id = links.finish_second_step(session, secret or "")
    except TooManyAttempts as refusal:
        return _code_page(form, status=429, retry_at=refusal.retry_at)
    except WrongCode:
        with write_transaction() as session:
            record_failure(session, attempt)
        form.code.errors = [WRONG_CODE]
        return _code_page(form, status=422)
    except LinkExpired:  # between the two looks: used in another tab, or the password was changed
        return _begin_again(form)
    sign_in(user_id)
    return _go_on(form)


@blueprint.post("/deconnexion")
def sign_out_user() -> BaseResponse:
    """End the session."""
    sign_out()
    flash("Vous êtes déconnecté. À bientôt !", "success")
    return leave_for(url_for("public.sign_in.show"))


def _begin_again(form: CodeForm) -> BaseResponse:
    flash(spaced("Vous avez attendu trop longtemps : connectez-vous à nouveau."), "warning")
    return go_to(url_for("public.sign_in.show", suite=safe_next(form.suite.data)))


def _check(email: str, password: str) -> int | None:
    attempt = attempt_for(email)
    check_throttle(attempt)
    user_id, password_hash = accounts.find_credentials(email) or (None, None)
    # Also for an unknown address: the answer must take as long.
    if password_matches(password_hash, password):
        return user_id
    with write_transaction() as session:
        record_failure(session, attempt)
    return None


def _go_on(form: SignInForm | CodeForm) -> BaseResponse:
    """Signed in: to what was typed before, to the page that was wanted, or home."""
    kept = read_kept(form.kept.data)
    if kept is not None and _wanted_page(kept.path):
        return show_again(kept)
    return go_to(_wanted_page(form.suite.data) or home_address())


def _wanted_page(suite: str | None) -> str | None:
    # The page of another door, left by somebody else on this device, would only answer 403.
    address = safe_next(suite)
    if address is None or address.startswith("/invitation/"):
        return address
    may_pass = current_user.user.is_staff if address.startswith("/gestion") else bool(own_families())
    return address if may_pass else None


def _page(form: SignInForm, *, status: int = 200, refused: bool = False, retry_at: datetime | None = None) -> Response:
    return render_page(
        "public/sign_in/show.html", layout="public", status=status, form=form, refused=refused, retry_at=retry_at
    )


def _code_page(form: CodeForm, *, status: int = 200, retry_at: datetime | None = None) -> Response:
    return render_page("public/sign_in/code.html", layout="public", status=status, form=form, retry_at=retry_at)
