"""« Mes journées »: the month to print for the fridge, and the address of the calendar."""

from datetime import timedelta

from flask import Blueprint, Response, current_app, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, current_family, resumed_at
from app.blueprints.family.members import active_family
from app.config import Config
from app.database import write_transaction
from app.forms.bookings import read_day
from app.htmx import go_to, render_page
from app.rules.calendars import add_months
from app.services import agendas, families

blueprint = Blueprint("agendas", __name__, url_prefix="/mes-reservations")


@blueprint.get("/mois")
def show_month() -> Response:
    """Who comes when in a month, all children together."""
    first = read_day(request.args.get("jour"), clock.today()).replace(day=1)
    next_first, family_id = add_months(first, 1), current_family().id
    return render_page(
        "family/agendas/month.html", layout="family", first=first, next_first=next_first,
        previous_first=add_months(first, -1), children=families.children_of(family_id),
        visits=agendas.visits_of(family_id, first, next_first - timedelta(days=1)),
    )  # fmt: skip


@blueprint.get("/agenda")
def show_feed() -> Response:
    """The address that a telephone follows, if there is one."""
    secret = agendas.feed_secret(current_account().user_id, current_family().id)
    config: Config = current_app.config["PORTAL"]
    address = None if secret is None else config.base_url + url_for("public.agendas.read", secret=secret)
    return render_page("family/agendas/feed.html", layout="family", address=address, family=current_family())


def _address() -> str:
    return url_for("family.agendas.show_feed")


@blueprint.post("/agenda")
@resumed_at(_address)
def renew_feed() -> BaseResponse:
    """A new address in the place of the one before."""
    family = active_family()
    with write_transaction() as session:
        agendas.renew_feed(session, current_account().user_id, family.id)
    flash("Votre adresse est prête. Une adresse plus ancienne ne fonctionne plus.", "success")
    return go_to(_address())


@blueprint.post("/agenda/supprimer")
@resumed_at(_address)
def forget_feed() -> BaseResponse:
    """The address stops working."""
    family = active_family()
    with write_transaction() as session:
        agendas.forget_feeds(session, current_account().user_id, family.id)
    flash("L’adresse ne fonctionne plus.", "success")
    return go_to(_address())
