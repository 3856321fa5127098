"""« Listes d'attente »: who waits for a day, in which order, what is offered; moving or removing an entry, and why."""

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, reach, requires
from app.database import db, write_transaction
from app.filters import NBSP
from app.forms.bookings import read_day
from app.forms.staff_waiting_lists import MoveForm, RemovalForm
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import waiting_moves, waiting_views
from app.services.errors import RankingMoved
from app.services.waiting_views import WaitingDay

blueprint = Blueprint("waiting_lists", __name__)


@blueprint.get("")
@requires(Capability.REVIEW_BOOKINGS)
def show() -> Response:
    """The days on which somebody waits, and the lists of one of them."""
    where = reach(Capability.REVIEW_BOOKINGS)
    days = waiting_views.listed_days(where)
    day = read_day(request.args.get("jour"), days[0].day if days else clock.today())
    activity_id = request.args.get("activite", type=int)
    activities = {each.id: each.name for each in where.activities() if each.has_waiting_list}
    return render_page(
        "staff/waiting_lists/show.html", layout="staff", days=days, day=day, activities=activities,
        activity_id=activity_id, entries=waiting_views.lists_of_day(day, activity_id, where),
    )  # fmt: skip


@blueprint.get("/<int:entry_id>")
@requires(Capability.REVIEW_BOOKINGS)
def edit(entry_id: int) -> Response:
    """One entry, how it was moved, and the form that moves it."""
    entry = waiting_views.find_entry(entry_id)
    return _entry_page(entry, MoveForm.of(entry))


@blueprint.post("/<int:entry_id>")
@requires(Capability.REVIEW_BOOKINGS)
def move(entry_id: int) -> BaseResponse:
    """Give an entry another rank, for a reason that is kept."""
    entry = waiting_views.find_entry(entry_id)
    form = MoveForm()
    if not form.validate():
        return _entry_page(entry, form, status=422)
    wish = form.typed()
    try:
        with write_transaction() as session:
            rank = waiting_moves.move(session, entry_id, wish, current_account().user_id)
    except RankingMoved:
        db.session.rollback()
        flash("La liste a changé depuis que vous l’avez lue. Relisez-la avant de la changer.", "warning")
        entry = waiting_views.find_entry(entry_id)
        return _entry_page(entry, MoveForm.of(entry), status=409)
    flash(f"C’est noté{NBSP}: rang {rank}.", "success")
    return go_to(url_for(".show", jour=entry.day.isoformat()))


@blueprint.get("/<int:entry_id>/retirer")
@requires(Capability.REVIEW_BOOKINGS)
def removal(entry_id: int) -> Response:
    """The form that takes an entry off its list."""
    return _removal_page(waiting_views.find_entry(entry_id), RemovalForm(formdata=None))


@blueprint.post("/<int:entry_id>/retirer")
@requires(Capability.REVIEW_BOOKINGS)
def remove(entry_id: int) -> BaseResponse:
    """Take an entry off its list, or take back what it is offered; the family reads why."""
    entry, form = waiting_views.find_entry(entry_id), RemovalForm()
    if not form.validate():
        return _removal_page(entry, form, status=422)
    with write_transaction() as session:
        waiting_moves.remove(session, entry_id, form.reason.data or "", current_account().user_id)
    flash(f"{entry.child_name} n’attend plus. La famille en est avertie.", "success")
    return go_to(url_for(".show", jour=entry.day.isoformat()))


def _removal_page(entry: WaitingDay, form: RemovalForm, status: int = 200) -> Response:
    return render_page("staff/waiting_lists/removal.html", layout="staff", status=status, entry=entry, form=form)


def _entry_page(entry: WaitingDay, form: MoveForm, status: int = 200) -> Response:
    return render_page(
        "staff/waiting_lists/entry.html", layout="staff", status=status, entry=entry, form=form,
        moves=waiting_views.moves_of(entry.entry_id),
    )  # fmt: skip
