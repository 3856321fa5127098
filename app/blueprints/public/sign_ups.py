"""Creating an account, in the guide's three steps.

What was typed stays in the browser's session, as typed, until it is sent or given up: going back loses nothing. A step
is done when what was typed there is valid; nobody gets to a later step before.
"""

from flask import Blueprint, Response, redirect, request, session, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.access import home_address
from app.database import write_transaction
from app.even_answers import evenly
from app.forms.sign_ups import FamilyForm, GuardianForm, SendForm
from app.htmx import go_to, render_page
from app.models.families import Title
from app.services import sign_ups
from app.services.sign_ups import SignUp

blueprint = Blueprint("sign_ups", __name__, url_prefix="/creer-un-compte")

_STATE = "sign_up"
_FAMILY = "family"
_GUARDIAN = "guardian"


@blueprint.before_request
def leave_if_signed_in_or_given_up() -> BaseResponse | None:
    """Someone who has an account needs no other; ANNULER forgets what was typed."""
    if current_user.is_authenticated:
        return redirect(home_address())
    if request.method == "POST" and "annuler" in request.form:
        session.pop(_STATE, None)
        return go_to(url_for("public.sign_in.show"))
    return None


@blueprint.get("")
def show() -> Response:
    """Step 1: the family."""
    return _family_page(FamilyForm(_typed(_FAMILY)))


@blueprint.post("")
def save_family() -> BaseResponse:
    """Keep step 1; on to step 2 when it is valid."""
    form = FamilyForm()
    form.accepted_text_id = _text_id()
    _keep(_FAMILY, form.typed())
    if not form.validate():
        return _family_page(form, status=422)
    return go_to(url_for("public.sign_ups.show_guardian"))


@blueprint.get("/parent")
def show_guardian() -> BaseResponse:
    """Step 2: the parent."""
    if _valid_family() is None:
        return redirect(url_for("public.sign_ups.show"))
    return _guardian_page(GuardianForm(_typed(_GUARDIAN)))


@blueprint.post("/parent")
def save_guardian() -> BaseResponse:
    """Keep step 2; on to step 3 when it is valid, or back to step 1 whatever was typed."""
    form = GuardianForm()
    _keep(_GUARDIAN, form.typed())
    if "precedente" in request.form:
        return go_to(url_for("public.sign_ups.show"))
    if not form.validate():
        return _guardian_page(form, status=422)
    return go_to(url_for("public.sign_ups.show_check"))


@blueprint.get("/verification")
def show_check() -> BaseResponse:
    """Step 3: check what will be sent."""
    family, guardian = _valid_family(), _valid_guardian()
    if family is None or guardian is None:
        return redirect(_first_incomplete_step(family))
    return render_page("public/sign_ups/check.html", layout="public", form=SendForm(), family=family, guardian=guardian)


@blueprint.post("/verification")
def send() -> BaseResponse:
    """Send the request, and thank: in the same words whether or not the address is known."""
    if "precedente" in request.form:
        return go_to(url_for("public.sign_ups.show_guardian"))
    family, guardian = _valid_family(), _valid_guardian()
    if family is None or guardian is None or family.accepted_text_id is None:
        return go_to(_first_incomplete_step(family))
    sign_up = SignUp(
        address=family.address(),
        title=Title(guardian.title.data),
        last_name=guardian.last_name.data,
        first_name=guardian.first_name.data,
        email=guardian.email.data,
        consent_text_id=family.accepted_text_id,
    )
    with evenly(), write_transaction() as database_session:
        sign_ups.request_sign_up(database_session, sign_up)
    session.pop(_STATE, None)
    return go_to(url_for("public.sign_ups.thank"))


@blueprint.get("/merci")
def thank() -> Response:
    """What happens next."""
    return render_page("public/sign_ups/thanks.html", layout="public")


def _typed(step: str) -> MultiDict[str, str] | None:
    state = session.get(_STATE, {}).get(step)
    return None if state is None else MultiDict(state)


def _keep(step: str, typed: dict[str, str]) -> None:
    session[_STATE] = {**session.get(_STATE, {}), step: typed}


def _text_id() -> int | None:
    text = sign_ups.current_consent_text()
    return None if text is None else text.id


def _valid_family() -> FamilyForm | None:
    typed = _typed(_FAMILY)
    if typed is None:
        return None
    form = FamilyForm(typed, meta={"csrf": False})
    form.accepted_text_id = _text_id()
    return form if form.validate() else None


def _valid_guardian() -> GuardianForm | None:
    typed = _typed(_GUARDIAN)
    if typed is None:
        return None
    form = GuardianForm(typed, meta={"csrf": False})
    return form if form.validate() else None


def _first_incomplete_step(family: FamilyForm | None) -> str:
    return url_for("public.sign_ups.show" if family is None else "public.sign_ups.show_guardian")


def _family_page(form: FamilyForm, *, status: int = 200) -> Response:
    text = sign_ups.current_consent_text()
    if text is not None:
        form.show_text(text.id)
    return render_page("public/sign_ups/family.html", layout="public", status=status, form=form, consent_text=text)


def _guardian_page(form: GuardianForm, *, status: int = 200) -> Response:
    return render_page("public/sign_ups/guardian.html", layout="public", status=status, form=form)
