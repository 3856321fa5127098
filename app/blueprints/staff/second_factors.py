"""« Double vérification »: an agent's app for one-time codes, and the codes for who lost it."""

from flask import Blueprint, Response, flash, make_response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, resumed_at
from app.database import write_transaction
from app.forms.sign_in import WRONG_CODE
from app.forms.staff_agents import SetUpForm
from app.htmx import go_to, render_page
from app.services import second_factors
from app.services.catalogue import catalogue
from app.services.errors import WrongCode
from app.step_up import ask_to_confirm, confirmed_lately

blueprint = Blueprint("second_factor", __name__, url_prefix="/mon-compte/double-verification")


def _start_address() -> str:
    return url_for("staff.second_factor.show")


@blueprint.get("")
def show() -> Response:
    """Whether it is in place, and what can be done."""
    return _page()


@blueprint.post("")
@resumed_at(_start_address)
@confirmed_lately
def change() -> BaseResponse:
    """Begin to set it up, renew the recovery codes, or take it away: each has its button."""
    user_id = current_account().user_id
    if "commencer" in request.form and not current_account().has_second_factor:
        with write_transaction() as session:
            second_factors.begin_set_up(session, user_id)
        return go_to(url_for("staff.second_factor.set_up"))
    if "codes" in request.form and current_account().has_second_factor:
        with write_transaction() as session:
            codes = second_factors.renew_recovery_codes(session, user_id)
        return _codes_page(codes)
    if "retirer" in request.form and current_account().has_second_factor:
        with write_transaction() as session:
            second_factors.turn_off_second_factor(session, user_id)
        flash("La double vérification est retirée.", "success")
        return go_to(url_for("staff.second_factor.show"))
    return _page(status=422)


@blueprint.get("/application")
def set_up() -> BaseResponse:
    """The secret for the app, as an image and as text, and its first code."""
    return ask_to_confirm() or _set_up_page(SetUpForm())


@blueprint.get("/application/image.svg")
def show_image() -> BaseResponse:
    """The secret as an image that apps read."""
    answer = ask_to_confirm()
    if answer is not None:
        return answer
    account = current_account()
    image = second_factors.qr_code_of(second_factors.secret_to_set_up(account.user_id), account.email)
    response = make_response(image)
    response.mimetype = "image/svg+xml"
    return response


@blueprint.post("/application")
@confirmed_lately
def finish_set_up() -> BaseResponse:
    """The first code proves that the app works; the recovery codes are shown once."""
    form = SetUpForm()
    if not form.validate():
        return _set_up_page(form, status=422)
    try:
        with write_transaction() as session:
            codes = second_factors.finish_set_up(session, current_account().user_id, form.code.data)
    except WrongCode:
        form.code.errors = [WRONG_CODE]
        return _set_up_page(form, status=422)
    return _codes_page(codes)


def _page(status: int = 200) -> Response:
    account = current_account()
    return render_page(
        "staff/second_factors/show.html", layout="staff", status=status, is_on=account.has_second_factor,
        is_required=catalogue().council.requires_second_factor,
        codes_left=second_factors.recovery_codes_left(account.user_id),
    )  # fmt: skip


def _set_up_page(form: SetUpForm, status: int = 200) -> Response:
    secret = second_factors.secret_to_set_up(current_account().user_id)
    return render_page(
        "staff/second_factors/set_up.html", layout="staff", status=status, form=form,
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
    )  # fmt: skip


def _codes_page(codes: tuple[str, ...]) -> Response:
    return render_page("staff/second_factors/codes.html", layout="staff", codes=codes)
