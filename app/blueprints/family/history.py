"""Historique: sign-ins and online payments, by week or by month."""

from flask import Blueprint, Response, request

from app import clock
from app.access import current_account, current_family
from app.forms.bookings import read_day
from app.htmx import render_page
from app.services import histories
from app.services.histories import Span

blueprint = Blueprint("history", __name__, url_prefix="/historique")


@blueprint.get("")
def show() -> Response:
    """A week or a month of it; the present month unless the address says otherwise."""
    span = Span.WEEK if request.args.get("periode") == Span.WEEK else Span.MONTH
    today = clock.today()
    period = histories.period_around(read_day(request.args.get("jour"), today), span)
    return render_page(
        "family/history/show.html",
        layout="family",
        history=histories.history_of(current_account().user_id, current_family().id, period),
        spans=Span,
        today=today,
    )
