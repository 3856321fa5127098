"""Mes inscriptions: what each child is enrolled in, and a new request."""

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, current_family
from app.database import write_transaction
from app.forms.enrolments import EnrolmentForm
from app.htmx import go_to, render_page
from app.services import enrolments, families
from app.services.catalogue import catalogue
from app.services.errors import EnrolmentBlocked, NotFound

blueprint = Blueprint("enrolments", __name__, url_prefix="/mes-inscriptions")


@blueprint.get("")
def show() -> Response:
    """The enrolments of each child."""
    family = current_family()
    return render_page(
        "family/enrolments/show.html",
        layout="family",
        family=family,
        children=families.children_of(family.id),
        enrolments=enrolments.enrolments_of(family.id),
    )


@blueprint.get("/<int:child_id>/nouvelle")
def new_request(child_id: int) -> Response:
    """What the child may ask for."""
    return _offers_page(child_id)


@blueprint.post("/<int:child_id>/nouvelle")
def request_enrolment(child_id: int) -> BaseResponse:
    """Ask for an activity."""
    form = EnrolmentForm()
    activity_id = form.activity_id.data if form.validate() else None
    if activity_id is None:
        raise NotFound("activity")
    try:
        with write_transaction() as session:
            enrolments.request_enrolment(session, current_family(), current_account().user_id, child_id, activity_id)
    except EnrolmentBlocked as refusal:
        return _offers_page(child_id, refusal, status=422)
    name = catalogue().activities[activity_id].name
    flash(f"Votre demande d’inscription est envoyée : {name}. Nous vous répondrons par courriel.", "success")
    return go_to(url_for("family.enrolments.show"))


def _offers_page(child_id: int, refusal: EnrolmentBlocked | None = None, *, status: int = 200) -> Response:
    family = current_family()
    child = families.child_of(family.id, child_id)
    return render_page(
        "family/enrolments/new.html",
        layout="family",
        status=status,
        family=family,
        child=child,
        offers=enrolments.offers_for(family, child),
        refusal=refusal,
    )
