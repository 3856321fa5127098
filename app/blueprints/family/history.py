"""Historique: sign-ins, online payments and what else the parents did, by week, month and kind; for download too."""

from flask import Blueprint, Response, request

from app import clock
from app.access import current_account, current_family
from app.downloads import send_table
from app.forms.bookings import read_day
from app.history_labels import KIND_WORDS, history_file_name, history_table
from app.htmx import render_page
from app.services import histories
from app.services.histories import Period, Span
from app.services.history_sources import HistoryKind

blueprint = Blueprint("history", __name__, url_prefix="/historique")


@blueprint.get("")
def show() -> Response:
    """A week or a month of it; the present month, and all kinds, unless the address says otherwise."""
    period, kind = _asked()
    page = request.args.get("page", 1, type=int)
    return render_page(
        "family/history/show.html",
        layout="family",
        history=histories.history_of(current_account().user_id, current_family().id, period, kind, page),
        spans=Span,
        kinds=KIND_WORDS,
        today=clock.today(),
    )


@blueprint.get("/fichier")
def show_file() -> Response:
    """The same, whole, for a spreadsheet."""
    period, kind = _asked()
    events = histories.whole_history(current_account().user_id, current_family().id, period, kind)
    return send_table(history_table(events), history_file_name(period))


def _asked() -> tuple[Period, HistoryKind | None]:
    span = Span.WEEK if request.args.get("periode") == Span.WEEK else Span.MONTH
    asked = request.args.get("genre", "")
    kind = HistoryKind(asked) if asked in set(HistoryKind) else None
    return histories.period_around(read_day(request.args.get("jour"), clock.today()), span), kind
