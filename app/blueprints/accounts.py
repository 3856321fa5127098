"""« Mon compte », behind the parents' door and behind the staff's: password, address, devices, hats, closing."""

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, forget_sign_in, own_families, resumed_at, safe_next
from app.database import write_transaction
from app.even_answers import evenly
from app.filters import spaced
from app.forms.accounts import WRONG_PASSWORD, ClosingForm, EmailChangeForm, PasswordChangeForm
from app.forms.sign_in import WRONG_CODE
from app.htmx import go_to, leave_for, render_page
from app.kept_forms import read_kept, show_again
from app.known_devices import attempt_for
from app.services import accounts, closings, email_changes, second_factors, sessions
from app.services.credentials import hash_password, password_matches
from app.services.errors import TooManyAttempts, WrongCode, WrongPassword
from app.services.throttles import check_throttle, record_failure
from app.step_up import account_layout, ask_to_confirm, confirm_form, confirm_page, confirmed_lately

blueprint = Blueprint("account", __name__, url_prefix="/mon-compte")

STAFF_HAT = "gestion"


@blueprint.get("")
def show() -> Response:
    """What can be done with one's account."""
    return _page("show", devices=sessions.devices_of(current_account()))


@blueprint.get("/mot-de-passe")
def edit_password() -> BaseResponse:
    """Choose another password."""
    return _code_first() or _page("password", form=PasswordChangeForm(), retry_at=None)


@blueprint.post("/mot-de-passe")
def change_password() -> BaseResponse:
    """Set it; the other sessions end."""
    account, form = current_account(), PasswordChangeForm()
    form.personal_words = accounts.personal_words_of(account.user_id)
    answer = _code_first() or _refusal("password", form)
    if answer is not None:
        return answer
    password_hash = hash_password(form.password.data)
    with write_transaction() as session:
        accounts.change_password(session, account.user_id, password_hash, account.session_id)
    flash("Votre mot de passe est changé. Vos autres appareils sont déconnectés.", "success")
    return go_to(url_for(".show"))


@blueprint.get("/adresse-email")
def edit_email() -> BaseResponse:
    """Give another address."""
    return _code_first() or _page("email", form=EmailChangeForm(), retry_at=None)


@blueprint.post("/adresse-email")
def change_email() -> BaseResponse:
    """Send the link that confirms it; the answer is the same whoever has the address."""
    account, form = current_account(), EmailChangeForm()
    form.present_email = account.email
    answer = _code_first() or _refusal("email", form)
    if answer is not None:
        return answer
    with evenly(), write_transaction() as session:
        email_changes.request_email_change(session, account.user_id, form.email.data)
    flash(
        spaced(f"Un courriel part vers {form.email.data} : ouvrez son lien pour confirmer. D’ici là, rien ne change."),
        "success",
    )
    return go_to(url_for(".show"))


@blueprint.get("/appareils")
def show_devices() -> Response:
    """Where one is signed in."""
    return _devices_page()


def _devices_address(session_id: int | None = None) -> str:
    return url_for(".show_devices")


@blueprint.post("/appareils")
@resumed_at(_devices_address)
@confirmed_lately
def sign_out_everywhere() -> BaseResponse:
    """End every session, this one too."""
    if "partout" not in request.form:
        return _devices_page(status=422)
    with write_transaction() as session:
        sessions.end_sessions(session, current_account().user_id)
    forget_sign_in()
    flash("Vous êtes déconnecté partout.", "success")
    return leave_for(url_for("public.sign_in.show"))


@blueprint.post("/appareils/<int:session_id>")
@resumed_at(_devices_address)
@confirmed_lately
def sign_out_device(session_id: int) -> BaseResponse:
    """End the session of one browser."""
    with write_transaction() as session:
        sessions.end_device(session, current_account().user_id, session_id)
    flash("Cet appareil est déconnecté.", "success")
    return go_to(url_for(".show_devices"))


@blueprint.get("/fermer")
def show_closing() -> BaseResponse:
    """What closing one's account means."""
    return ask_to_confirm() or _closing_page(ClosingForm())


@blueprint.post("/fermer")
@confirmed_lately
def close_account() -> BaseResponse:
    """Close it, and sign out."""
    form = ClosingForm()
    if not form.validate() or current_account().is_staff:
        return _closing_page(form, status=422)
    with write_transaction() as session:
        closings.close_account(session, current_account().user_id)
    forget_sign_in()
    flash("Votre compte est fermé. Un courriel vous le confirme.", "success")
    return leave_for(url_for("public.sign_in.show"))


@blueprint.post("/role")
def wear_hat() -> BaseResponse:
    """Act as an agent, or in the name of another of one's families."""
    account, wanted = current_account(), request.form.get("role", "")
    families = {str(family.id): family.id for family in own_families()}
    if wanted != STAFF_HAT and wanted not in families:
        abort(404)
    if wanted == STAFF_HAT and not account.is_staff:
        abort(404)
    with write_transaction() as session:
        sessions.wear_hat(session, account.session_id, families.get(wanted))
    return leave_for(url_for("staff.home.show" if wanted == STAFF_HAT else "family.dashboard.show"))


@blueprint.get("/confirmation")
def ask_password() -> Response:
    """A sensitive change wants the password again."""
    return confirm_page(confirm_form(suite=safe_next(request.args.get("suite"))))


@blueprint.post("/confirmation")
def confirm() -> BaseResponse:
    """On to where the person was."""
    account, form = current_account(), confirm_form()
    if not form.validate():
        return confirm_page(form, status=422)
    attempt = attempt_for(account.email)
    try:
        check_throttle(attempt)
        _check_password(form.password.data)
        with write_transaction() as session:
            if account.has_second_factor:
                second_factors.use_code(session, account.user_id, form.code.data)
            sessions.confirm_session(session, account.session_id)
    except TooManyAttempts as refusal:
        return confirm_page(form, status=429, retry_at=refusal.retry_at)
    except (WrongPassword, WrongCode) as refusal:
        with write_transaction() as session:
            record_failure(session, attempt)
        if isinstance(refusal, WrongPassword):
            form.password.errors = [WRONG_PASSWORD]
        else:
            form.code.errors = [WRONG_CODE]
        return confirm_page(form, status=422)
    kept = read_kept(form.kept.data)
    return go_to(safe_next(form.suite.data) or url_for(".show")) if kept is None else show_again(kept)


def _code_first() -> BaseResponse | None:
    # These forms ask for the password themselves; a second factor is asked for before.
    return ask_to_confirm() if current_account().has_second_factor else None


def _check_password(typed: str) -> None:
    _user_id, password_hash = accounts.find_credentials(current_account().email) or (None, None)
    if not password_matches(password_hash, typed):
        raise WrongPassword


def _refusal(template: str, form: PasswordChangeForm | EmailChangeForm) -> Response | None:
    """The form again, where something typed is wrong; the present password last, and not too often."""
    if not form.validate():
        return _page(template, status=422, form=form, retry_at=None)
    attempt = attempt_for(current_account().email)
    try:
        check_throttle(attempt)
        _check_password(form.present_password.data)
    except TooManyAttempts as refusal:
        return _page(template, status=429, form=form, retry_at=refusal.retry_at)
    except WrongPassword:
        with write_transaction() as session:
            record_failure(session, attempt)
        form.present_password.errors = [WRONG_PASSWORD]
        return _page(template, status=422, form=form, retry_at=None)
    return None


def _devices_page(status: int = 200) -> Response:
    return _page("devices", status=status, devices=sessions.devices_of(current_account()))


def _closing_page(form: ClosingForm, status: int = 200) -> BaseResponse:
    account = current_account()
    if account.is_staff:
        return redirect(url_for(".show"))
    return _page("closing", status=status, form=form, families=closings.read_closing(account.user_id))


def _page(template: str, *, status: int = 200, **context: object) -> Response:
    return render_page(
        f"account/{template}.html", layout=account_layout(), status=status, account=current_account(), **context
    )
