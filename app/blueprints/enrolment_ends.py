"""The end of an enrolment, the same behind both doors: its day is typed, what it does is read, then it is done."""

from collections.abc import Callable

from flask import Response, flash, request
from werkzeug.wrappers import Response as BaseResponse

from app.database import db, write_transaction
from app.filters import day_long
from app.forms.enrolment_ends import EndForm
from app.htmx import go_to
from app.services import enrolment_ends
from app.services.enrolment_ends import EndPlan
from app.services.enrolments import EnrolmentView
from app.services.errors import EndMoved
from app.services.families import FamilyRef

_CONFIRM = "confirmer"


def answer_end(
    family: FamilyRef,
    enrolment: EnrolmentView,
    user_id: int,
    *,
    by_staff: bool,
    page: Callable[[EndForm, EndPlan | None, int], Response],
    after: str,
) -> BaseResponse:
    """What a form of the end answers: what the day would do, or that it is done."""
    form = EndForm(enrolment.ends_on, asks_reason=by_staff)
    day = form.from_day.data if form.validate() else None
    if day is None:
        return page(form, None, 422)
    if _CONFIRM not in request.form:
        return _read(family, enrolment, form, by_staff=by_staff, page=page)
    try:
        with write_transaction() as session:
            plan = enrolment_ends.end_enrolment(
                session, family, enrolment.id, day, user_id=user_id, reason=form.reason.data if by_staff else "",
                fingerprint=form.vu.data or "", by_staff=by_staff,
            )  # fmt: skip
    except EndMoved:
        flash("Les réservations ont changé depuis que vous les avez lues. Relisez-les avant de confirmer.", "warning")
        return _read(family, enrolment, form, by_staff=by_staff, page=page, status=409)
    flash(
        "L’inscription est annulée." if plan.never_begins else f"L’inscription prend fin le {day_long(plan.last_day)}.",
        "success",
    )
    return go_to(after)


def _read(
    family: FamilyRef,
    enrolment: EnrolmentView,
    form: EndForm,
    *,
    by_staff: bool,
    page: Callable[[EndForm, EndPlan | None, int], Response],
    status: int = 200,
) -> Response:
    assert form.from_day.data is not None
    plan = enrolment_ends.plan_end(db.session(), family, enrolment.id, form.from_day.data, by_staff=by_staff)
    form.vu.data = plan.fingerprint
    return page(form, plan, status)
