"""« Mes données »: withdrawing the consent, asking to be erased, and taking that back."""

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import retention_labels
from app.access import current_account, current_family, resumed_at
from app.blueprints.family.members import active_family
from app.database import db, write_transaction
from app.filters import NBSP
from app.forms.erasures import ErasureForm, KeepingAgainForm, KeepingForm, WithdrawalForm
from app.htmx import go_to, render_page
from app.rules.states import ErasureCause, ErasureStatus
from app.services import erasures
from app.services.errors import AlreadyDecided, FamilyNotActive
from app.services.sign_ups import current_consent_text
from app.step_up import confirmed_lately

blueprint = Blueprint("erasures", __name__, url_prefix="/mes-donnees/effacement")

_CONSENT = "accord"  # in the address: the parent comes to withdraw the consent


def _address() -> str:
    return url_for("family.erasures.show", motif=request.args.get("motif"))


@blueprint.get("")
def show() -> Response:
    """What would become of the data; what must be ended first."""
    return _page(_form())


@blueprint.post("")
@resumed_at(_address)
@confirmed_lately
def ask() -> BaseResponse:
    """Ask it, or withdraw the consent, which asks it too."""
    form, family_id, user_id = _form(), current_family().id, current_account().user_id
    if not form.validate():
        return _page(form, status=422)
    with write_transaction() as session:
        if isinstance(form, WithdrawalForm):
            erasures.withdraw_consent(session, family_id, user_id)
        else:
            erasures.ask_erasure(session, family_id, user_id, ErasureCause.ASKED)
    flash("Votre demande est envoyée. Vous aurez la réponse dans le mois, par courriel.", "success")
    return go_to(url_for("family.data_exports.show"))


@blueprint.get("/annuler")
def show_keeping() -> Response:
    """Take the request back."""
    return _keeping_page(_keeping_form())


@blueprint.post("/annuler")
def keep() -> BaseResponse:
    """The family stays."""
    family, form, text = active_family(), _keeping_form(), current_consent_text()
    if not form.validate():
        return _keeping_page(form, status=422)
    with write_transaction() as session:
        erasures.withdraw_request(session, family.id, current_account().user_id, agrees_to=text.id if text else None)
    flash(f"Votre demande est annulée{NBSP}: votre dossier reste comme il est.", "success")
    return go_to(url_for("family.data_exports.show"))


def _form() -> ErasureForm:
    if not current_family().may_act:
        raise FamilyNotActive
    return WithdrawalForm() if request.args.get("motif") == _CONSENT else ErasureForm()


def _keeping_form() -> KeepingForm:
    waiting = erasures.request_of(current_family().id)
    if waiting is None or waiting.status is not ErasureStatus.PENDING:
        raise AlreadyDecided
    return KeepingAgainForm() if waiting.cause is ErasureCause.CONSENT_WITHDRAWN else KeepingForm()


def _page(form: ErasureForm, status: int = 200) -> Response:
    return render_page(
        "family/erasures/show.html", layout="family", status=status, form=form, words=retention_labels,
        withdraws=isinstance(form, WithdrawalForm), plan=erasures.plan_of(db.session(), current_family().id),
    )  # fmt: skip


def _keeping_page(form: KeepingForm, status: int = 200) -> Response:
    return render_page(
        "family/erasures/keep.html", layout="family", status=status, form=form, text=current_consent_text()
    )
