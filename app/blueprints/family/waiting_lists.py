"""Mes listes d'attente: what the family waits for, with its ranks; joining, answering offers, leaving."""

from collections.abc import Iterable
from datetime import date

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, current_family
from app.blueprints.family.members import active_family
from app.database import write_transaction
from app.filters import NBSP, day_medium
from app.forms.bookings import read_day
from app.forms.waiting_lists import accepts, read_binding, read_openings, wants_booking
from app.htmx import go_to, render_page
from app.services import families, waiting_views, waiting_wishes

blueprint = Blueprint("waiting_lists", __name__, url_prefix="/mes-reservations/listes-d-attente")


@blueprint.get("")
def show() -> Response:
    """All that the family waits for."""
    lists = waiting_views.lists_of_family(current_family().id)
    return render_page("family/waiting_lists/show.html", layout="family", lists=lists, family=current_family())


@blueprint.post("/<int:child_id>/rejoindre")
def join(child_id: int) -> BaseResponse:
    """Wait for what a save could not book: its days that are ticked, each as a whole."""
    family = active_family()
    child = families.child_of(family.id, child_id)
    day = read_day(request.form.get("jour"), clock.today())
    week = url_for("family.bookings.show_week", child_id=child.id, jour=day.isoformat())
    opening_ids = read_openings(request.form)
    if not opening_ids:
        flash("Rien n’est en liste d’attente\u00a0: aucun jour n’était coché.", "info")
        return go_to(week)
    with write_transaction() as session:
        joined = waiting_wishes.join(
            session, family, current_account().user_id, child.id, opening_ids,
            wants_booking=wants_booking(request.form),
        )  # fmt: skip
    if joined.waiting:
        flash(f"En liste d’attente{NBSP}: {_days(joined.waiting)}. Le planning dit votre rang.", "success")
    if joined.given:
        flash(f"Une place était libre{NBSP}: {_days(joined.given)}. Elle est pour vous.", "success")
    if joined.refused:
        flash(f"La liste d’attente n’est plus possible{NBSP}: {_days(joined.refused)}.", "error")
    return go_to(week)


@blueprint.post("/<int:entry_id>")
def answer(entry_id: int) -> BaseResponse:
    """Take an offered place, decline it, or leave the list."""
    family, user_id, takes = current_family(), current_account().user_id, accepts(request.form)
    with write_transaction() as session:
        act = waiting_wishes.accept if takes else waiting_wishes.leave
        act(session, family, user_id, entry_id)
    flash("La place est réservée." if takes else f"C’est noté{NBSP}: vous n’attendez plus cette place.", "success")
    return go_to(_back())


@blueprint.post("/fratrie")
def bind() -> BaseResponse:
    """Brothers and sisters on one day: together only, or each by itself."""
    family = active_family()
    day, together = read_binding(request.form)
    with write_transaction() as session:
        waiting_wishes.bind(session, family, day, together=together)
    flash(
        "Vos enfants auront leur place ensemble, ou pas du tout." if together else "Chacun attend maintenant pour soi.",
        "success",
    )
    return go_to(url_for("family.waiting_lists.show"))


def _back() -> str:
    """Where the button was pressed: the planning of a child, or the list."""
    child_id = request.form.get("enfant", "")
    if not child_id.isdecimal() or len(child_id) > 9:
        return url_for("family.waiting_lists.show")
    day = read_day(request.form.get("jour"), clock.today())
    return url_for("family.bookings.show_week", child_id=int(child_id), jour=day.isoformat())


def _days(days: Iterable[date]) -> str:
    return ", ".join(day_medium(day) for day in days)
