"""« Répéter une semaine »: a typical week over many, for one or several children, seen before it is saved."""

import hashlib
from collections.abc import Sequence
from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, current_family, resumed_at
from app.blueprints.family.members import active_family
from app.database import db, write_transaction
from app.forms.bookings import read_day
from app.forms.keys import new_key, read_key
from app.forms.repeats import RepeatForm, key_of_child
from app.htmx import go_to, render_page
from app.services import bookings, repeats
from app.services.booking_reports import report_save
from app.services.errors import NotFound
from app.services.families import ChildView
from app.services.households import EnrolledChild, people_of, read_children
from app.services.repeats import ChildPlan
from app.services.verdicts import DONE, SaveOutcome

blueprint = Blueprint("repeats", __name__, url_prefix="/mes-reservations/<int:child_id>/repeter")


@blueprint.get("")
def show(child_id: int) -> Response:
    """The form, filled in with the week that the planning showed."""
    children, form, offered = _read(child_id)
    return _form_page(_child(children, child_id), form, offered)


@blueprint.get("/apercu")
def preview(child_id: int) -> Response:
    """What these choices would do, child by child. Reads only."""
    children, form, offered = _read(child_id)
    if not form.validate():
        return _form_page(_child(children, child_id), form, offered, status=422)
    plans = repeats.plan(current_family(), children, form.child_ids, form.wish())
    return _preview_page(child_id, form, plans)


def _address_again(child_id: int) -> str:
    names = ("faire", "semaine", "du", "au", "rythme", "enfants")
    query = urlencode([(name, value) for name in names for value in request.form.getlist(name)])
    return f"{url_for('family.repeats.preview', child_id=child_id)}?{query}"


@blueprint.post("")
@resumed_at(_address_again)
def save(child_id: int) -> BaseResponse:
    """Save what the preview showed, child by child; where it would do something else by now, show that instead."""
    family, user_id = active_family(), current_account().user_id
    children, form, offered = _read(child_id)
    key = read_key(request.form.get("cle"))
    if not form.validate():
        return _form_page(_child(children, child_id), form, offered, status=422)
    done_href = url_for("family.repeats.show_done", child_id=child_id, cle=key)
    plans = repeats.plan(family, children, form.child_ids, form.wish())
    # The answer to the first time was lost, or it is under way still (a double tap): what is left of it is saved.
    saved = {outcome.child_id for outcome in _outcomes(children, key) if outcome is not None}
    left = [each for each in plans if each.child.id not in saved]
    seen = request.form.get("vu", "").split(".")
    if any(_seen(each) not in seen for each in left):
        return _preview_page(child_id, form, left, status=409)
    for each in left:
        if each.proposal.shown:
            with write_transaction() as session:
                key_here = key_of_child(key, each.child.id)
                bookings.save(session, family, user_id, each.child.id, key_here, each.proposal)
    return go_to(done_href)


@blueprint.get("/fait")
def show_done(child_id: int) -> BaseResponse:
    """What was saved and what was not, child by child."""
    children = read_children(db.session(), [current_family().id])
    child = _child(children, child_id)
    outcomes = _outcomes(children, request.args.get("cle", ""))
    pairs = zip(people_of(children), outcomes, strict=True)
    reports = [(each, report_save(outcome)) for each, outcome in pairs if outcome is not None]
    if not reports:
        return go_to(url_for("family.bookings.show_week", child_id=child_id))
    return render_page("family/repeats/done.html", layout="family", child=child, reports=reports)


def _read(child_id: int) -> tuple[Sequence[EnrolledChild], RepeatForm, repeats.Offer]:
    children = read_children(db.session(), [current_family().id])
    _child(children, child_id)
    first = read_day(request.values.get("jour"), clock.today())
    offered = repeats.offer(children, clock.today())
    enrolled = {each.child_id for each in children if each.enrolment_id is not None}
    who = [each for each in people_of(children) if each.id in enrolled or each.id == child_id]
    usual = repeats.week_booked(current_family(), child_id, first), max(first, clock.today())
    return children, RepeatForm(request.values, offered, who, child_id, usual), offered


def _child(children: Sequence[EnrolledChild], child_id: int) -> ChildView:
    """Raises NotFound for another family's child."""
    child = next((each for each in people_of(children) if each.id == child_id), None)
    if child is None:
        raise NotFound("child")
    return child


def _outcomes(children: Sequence[EnrolledChild], key: str) -> list[SaveOutcome | None]:
    """What was saved under the key of a preview, for each child of the family."""
    user_id = current_account().user_id
    return [bookings.read_outcome(user_id, key_of_child(key, each.id), each.id) for each in people_of(children)]


def _seen(plan: ChildPlan) -> str:
    """What a preview said of a child, in short: another one is not saved unseen."""
    said = plan.child.id, plan.proposal.shown, plan.outcome.as_json()
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def _form_page(child: ChildView, form: RepeatForm, offered: repeats.Offer, status: int = 200) -> Response:
    return render_page(
        "family/repeats/show.html", layout="family", status=status, child=child, form=form, units=offered.units
    )


def _preview_page(child_id: int, form: RepeatForm, plans: Sequence[ChildPlan], status: int = 200) -> Response:
    return render_page(
        "family/repeats/preview.html", layout="family", status=status, is_late=status == 409, child_id=child_id,
        form=form, plans=[(each, report_save(each.outcome)) for each in plans], seen=".".join(map(_seen, plans)),
        key=new_key(),
        change_cents=sum(each.outcome.change_cents for each in plans),
        does_something=any(each.outcome.count(*DONE) for each in plans),
    )  # fmt: skip
