"""Sign-in and sign-out. An unknown address, an unconfirmed account and a wrong password get the same answer."""

from datetime import datetime

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.access import home_address, safe_next, sign_in, sign_out
from app.database import write_transaction
from app.forms.sign_in import SignInForm
from app.htmx import go_to, leave_for, render_page
from app.kept_forms import read_kept, show_again
from app.services import accounts, throttles
from app.services.credentials import password_matches
from app.services.errors import TooManyAttempts

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
    sign_in(user_id)
    kept = read_kept(form.kept.data)
    if kept is not None and _wanted_page(kept.path):
        return show_again(kept)
    return go_to(_wanted_page(form.suite.data) or home_address())


@blueprint.post("/deconnexion")
def sign_out_user() -> BaseResponse:
    """End the session."""
    sign_out()
    flash("Vous êtes déconnecté. À bientôt !", "success")
    return leave_for(url_for("public.sign_in.show"))


def _check(email: str, password: str) -> int | None:
    place = request.remote_addr or ""
    throttles.check_throttle(email, place)
    user_id, password_hash = accounts.find_credentials(email) or (None, None)
    # Also for an unknown address: the answer must take as long.
    if password_matches(password_hash, password):
        return user_id
    with write_transaction() as session:
        throttles.record_failure(session, email, place)
    return None


def _wanted_page(suite: str | None) -> str | None:
    # The page of another door, left by somebody else on this device, would only answer 403.
    address = safe_next(suite)
    is_staff_page = (address or "").startswith("/gestion")
    return address if is_staff_page == current_user.user.is_staff else None


def _page(form: SignInForm, *, status: int = 200, refused: bool = False, retry_at: datetime | None = None) -> Response:
    return render_page(
        "public/sign_in/show.html", layout="public", status=status, form=form, refused=refused, retry_at=retry_at
    )
