"""« Attributions »: requests that are ranked and decided together, and waiting lists."""

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, reach, requires
from app.database import db, write_transaction
from app.enrolment_labels import ranking_words
from app.filters import NBSP
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import allocations
from app.services.errors import RankingMoved

blueprint = Blueprint("allocations", __name__)


@blueprint.get("")
@requires(Capability.REVIEW_ENROLMENTS)
def show() -> Response:
    """The activities with requests to decide together."""
    return render_page(
        "staff/allocations/list.html",
        layout="staff",
        summaries=allocations.summaries(reach(Capability.REVIEW_ENROLMENTS)),
    )


@blueprint.get("/<int:activity_id>")
@requires(Capability.REVIEW_ENROLMENTS)
def show_plan(activity_id: int) -> Response:
    """The ranking, and what a decision would do."""
    return _plan_page(activity_id)


@blueprint.post("/<int:activity_id>/tirage")
@requires(Capability.REVIEW_ENROLMENTS)
def draw(activity_id: int) -> BaseResponse:
    """Draw the seed that decides between equals, once."""
    with write_transaction() as session:
        allocations.draw_seed(session, activity_id, current_account().user_id)
    return go_to(url_for(".show_plan", activity_id=activity_id))


@blueprint.post("/<int:activity_id>")
@requires(Capability.REVIEW_ENROLMENTS)
def decide(activity_id: int) -> BaseResponse:
    """Decide all requests as they were shown; where that has changed, show it again."""
    try:
        with write_transaction() as session:
            plan = allocations.decide_together(
                session, activity_id, current_account().user_id, request.form.get("vu", "")
            )
    except RankingMoved:
        flash("Le classement a changé depuis que vous l’avez lu. Relisez-le avant de décider.", "warning")
        return _plan_page(activity_id, status=409)
    waiting = plan.count - plan.taken
    flash(
        f"{plan.taken} demande{'s' if plan.taken > 1 else ''} acceptée{'s' if plan.taken > 1 else ''}, "
        f"{waiting} sur liste d’attente{NBSP}: les familles sont prévenues par courriel.",
        "success",
    )
    return go_to(url_for(".show"))


def _plan_page(activity_id: int, status: int = 200) -> Response:
    plan = allocations.read_plan(db.session(), activity_id, current_account().user_id)
    return render_page(
        "staff/allocations/plan.html", layout="staff", status=status, plan=plan,
        criteria=ranking_words(plan.ranking),
    )  # fmt: skip
