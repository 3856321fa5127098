"""Enrolments, for the staff: ending one from the family's file."""

from flask import Blueprint, Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, requires
from app.blueprints.enrolment_ends import answer_end
from app.forms.enrolment_ends import EndForm
from app.htmx import render_page
from app.rules.capabilities import Capability
from app.services import enrolments
from app.services.enrolment_ends import EndPlan
from app.services.enrolments import EnrolmentView
from app.services.families import family_ref, find_child

blueprint = Blueprint("enrolments", __name__)


@blueprint.get("/<int:enrolment_id>/fin")
@requires(Capability.REVIEW_ENROLMENTS)
def edit_end(enrolment_id: int) -> Response:
    """From which day on, and what that would do."""
    enrolment = enrolments.find_enrolment(enrolment_id)
    return _page(enrolment, EndForm(enrolment.ends_on, asks_reason=True, formdata=None), None)


@blueprint.post("/<int:enrolment_id>/fin")
@requires(Capability.REVIEW_ENROLMENTS)
def end(enrolment_id: int) -> BaseResponse:
    """Show what the end would do, or end the enrolment."""
    enrolment = enrolments.find_enrolment(enrolment_id)
    return answer_end(
        family_ref(enrolment.family_id), enrolment, current_account().user_id, by_staff=True,
        page=lambda form, plan, status: _page(enrolment, form, plan, status),
        after=url_for("staff.families.show", family_id=enrolment.family_id),
    )  # fmt: skip


def _page(enrolment: EnrolmentView, form: EndForm, plan: EndPlan | None, status: int = 200) -> Response:
    return render_page(
        "staff/enrolments/end.html", layout="staff", status=status, enrolment=enrolment,
        child=find_child(enrolment.child_id), form=form, plan=plan,
    )  # fmt: skip
