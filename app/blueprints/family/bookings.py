"""Mes réservations: the list of people, then the planning of one child, ticked, checked and saved."""

from collections.abc import Sequence
from datetime import date, timedelta

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, current_family, resumed_at
from app.database import db, write_transaction
from app.forms.bookings import key_of_choices, read_day, read_proposal
from app.forms.keys import new_key
from app.htmx import go_to, render_fragment, render_page, wants_fragment
from app.services import aids, bookings, held_places, next_days, planning
from app.services.booking_reports import report_save
from app.services.errors import NotFound
from app.services.families import ChildView
from app.services.households import EnrolledChild, people_of, read_children
from app.services.planning import Proposal
from app.services.verdicts import NOT_DONE, Result

blueprint = Blueprint("bookings", __name__, url_prefix="/mes-reservations")


@blueprint.get("")
def show_children() -> Response:
    """The people of the family, with what each has booked next, and until when something must be paid."""
    family_id = current_family().id
    return render_page(
        "family/bookings/children.html", layout="family", children=next_days.children_with_next_days(family_id),
        pay_until=db.session.scalar(held_places.first_kept_until(family_id)),
    )  # fmt: skip


@blueprint.get("/<int:child_id>")
def show_week(child_id: int) -> Response:
    """The planning of a child around a day; after a save, with what it did and did not do.

    Choices that stand in the address (a session ended before they were saved) are shown as not saved yet.
    """
    child, children = _child_and_all(child_id)
    proposal = read_proposal(request.args) if "shown" in request.args else None
    day = request.args.get("jour")
    if day is None:
        next_day = planning.next_open_day(current_family(), child_id, clock.today())
        return _week_page(child, children, next_day, proposal)
    return _week_page(child, children, read_day(day, clock.today()), proposal)


def _address_with_choices(child_id: int) -> str:
    day = read_day(request.form.get("jour"), clock.today()).isoformat()
    return url_for(
        "family.bookings.show_week",
        child_id=child_id,
        jour=day,
        shown=request.form.get("shown", ""),
        t=request.form.getlist("t"),
    )


@blueprint.post("/<int:child_id>/verification")
@resumed_at(_address_with_choices)
def check_week(child_id: int) -> Response:
    """What saving these ticks would do. Reads only; htmx gets the judgements alone."""
    child, children = _child_and_all(child_id)
    day = read_day(request.form.get("jour"), clock.today())
    proposal = read_proposal(request.form)
    if wants_fragment():
        week = planning.build_week(current_family(), child, day, proposal, children=children)
        return render_fragment("family/bookings/_week_check.html", week=week)
    return _week_page(child, children, day, proposal)


@blueprint.post("/<int:child_id>")
@resumed_at(_address_with_choices)
def save_week(child_id: int) -> BaseResponse:
    """Save the ticks, then show the planning with what was done, or what is to be paid now."""
    proposal = read_proposal(request.form)
    key = key_of_choices(request.form, child_id, proposal)
    with write_transaction() as session:
        outcome = bookings.save(session, current_family(), current_account().user_id, child_id, key, proposal)
    if outcome.count(Result.TO_PAY) and not outcome.count(*NOT_DONE):
        return go_to(url_for("family.paid_bookings.show", enfant=child_id, enregistrement=key))
    day = read_day(request.form.get("jour"), clock.today())
    return go_to(url_for("family.bookings.show_week", child_id=child_id, jour=day.isoformat(), enregistrement=key))


def _child_and_all(child_id: int) -> tuple[ChildView, Sequence[EnrolledChild]]:
    """The child, and all of its family. One query; raises NotFound for another family's child."""
    children = read_children(db.session(), [current_family().id])
    child = next((each for each in people_of(children) if each.id == child_id), None)
    if child is None:
        raise NotFound("child")
    return child, children


def _week_page(
    child: ChildView, children: Sequence[EnrolledChild], day: date, proposal: Proposal | None = None
) -> Response:
    outcome = bookings.read_outcome(current_account().user_id, request.args.get("enregistrement"), child.id)
    report = report_save(outcome) if outcome is not None else None
    week = planning.build_week(current_family(), child, day, proposal, report.messages if report else None, children)
    address = url_for("family.bookings.show_week", child_id=child.id)
    return render_page(
        "family/bookings/week.html",
        layout="family",
        week=week,
        report=report,
        came_back="shown" in request.args,
        siblings=people_of(children),
        expected_aids=aids.expected_aids(current_family().id, child.id, week.days[0].day, week.days[-1].day),
        aids_href=url_for("family.members.show_child", child_id=child.id, _anchor="aids"),
        form_action=address,
        waiting_url=url_for("family.waiting_lists.join", child_id=child.id) if current_family().may_act else None,
        has_answers=any(
            cell.waiting_id for activity in week.activities for row in activity.rows for cell in row.cells if cell
        ),
        check_url=url_for("family.bookings.check_week", child_id=child.id),
        idempotency_key=new_key(),
        previous_href=f"{address}?jour={day - timedelta(days=7)}",
        next_href=f"{address}?jour={day + timedelta(days=7)}",
        today_href=f"{address}?jour={clock.today()}",
    )
