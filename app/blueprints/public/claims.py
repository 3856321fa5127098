"""« J’ai un code famille »: an adult whose family the counter made opens their own account."""

from datetime import datetime

from flask import Blueprint, Response, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.access import home_address
from app.database import write_transaction
from app.forms.claims import ClaimForm
from app.htmx import go_to, render_page
from app.services import claims, sign_ups
from app.services.credentials import hash_code
from app.services.errors import EmailTaken, LinkExpired, TooManyAttempts
from app.services.throttles import Attempt, check_throttle, record_failure

blueprint = Blueprint("claims", __name__, url_prefix="/creer-un-compte/code")


@blueprint.before_request
def leave_if_signed_in() -> BaseResponse | None:
    """Someone who has an account needs no other."""
    return redirect(home_address()) if current_user.is_authenticated else None


@blueprint.get("")
def show() -> Response:
    """The form."""
    return _page(ClaimForm())


@blueprint.post("")
def claim() -> BaseResponse:
    """Attach a login to the adult who holds the code. A wrong, used or expired one gets the same answer."""
    form = ClaimForm()
    text = sign_ups.current_consent_text()
    form.text_id = None if text is None else text.id
    if not form.validate() or text is None:
        return _page(form, status=422)
    attempt = Attempt(f"code {form.email.data}", request.remote_addr or "", device=None)
    try:
        check_throttle(attempt)
        code_hash = hash_code(form.code.data)  # slow, and the same for any code
        with write_transaction() as session:
            claims.claim(session, code_hash, form.email.data, text.id)
    except TooManyAttempts as refusal:
        return _page(form, status=429, retry_at=refusal.retry_at)
    except EmailTaken:
        form.email.errors = ["Cette adresse est déjà celle d’un autre parent de la famille. Indiquez la vôtre."]
        return _page(form, status=422)
    except LinkExpired:
        with write_transaction() as session:
            record_failure(session, attempt)
        form.code.errors = [
            "Ce code ne fonctionne pas. Vérifiez-le sur la lettre, ou demandez-en un autre à notre guichet."
        ]
        return _page(form, status=422)
    return go_to(url_for("public.claims.thank"))


@blueprint.get("/merci")
def thank() -> Response:
    """What happens next."""
    return render_page("public/claims/thanks.html", layout="public")


def _page(form: ClaimForm, *, status: int = 200, retry_at: datetime | None = None) -> Response:
    text = sign_ups.current_consent_text()
    if text is not None:
        if form.consent_text_id.data != str(text.id):
            form.consent.data = None  # an answer to another text
        form.consent_text_id.data = str(text.id)
    return render_page(
        "public/claims/show.html", layout="public", status=status, form=form, consent_text=text, retry_at=retry_at
    )
