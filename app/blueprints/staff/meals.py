"""« Repas »: what the kitchen makes or orders for a place, on a day or in a week, and what changed since the order."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock, meal_labels
from app.access import current_account, reached_activities, record_health_access, requires
from app.database import db, write_transaction
from app.downloads import send_made, send_table
from app.filters import spaced
from app.forms.bookings import read_day
from app.forms.meals import AdultsForm
from app.htmx import go_to, render_page
from app.jobs.pdfs import print_now
from app.rules.calendars import ONE_DAY, week_of
from app.rules.capabilities import Capability
from app.services import meal_papers, meals
from app.services.catalogue import SiteInfo
from app.services.errors import NotFound, SettingMoved
from app.services.meals import MealSheet, NamedMeal

blueprint = Blueprint("meals", __name__)

WEEK = "semaine"


@blueprint.get("")
@requires(Capability.PREPARE_MEALS)
def show() -> Response:
    """The meals of a place, tomorrow's without a date; the names only where they are asked for."""
    return _page(None)


@blueprint.get("/fichier")
@requires(Capability.PREPARE_MEALS)
def meals_file() -> Response:
    """The same for a spreadsheet, with what was ordered."""
    sheet = _sheet(_site())
    return send_table(meal_papers.meals_table(sheet), f"repas-{sheet.first.isoformat()}")


@blueprint.get("/pdf")
@requires(Capability.PREPARE_MEALS)
def meals_pdf() -> Response:
    """The same on paper, with the names where they are asked for."""
    site = _site()
    sheet, named = _sheet(site), _named(site)
    paper = meal_papers.meal_paper(sheet, named)
    db.session.rollback()  # no transaction stays open while the child process works
    content = print_now("meals.html", {"sheet": paper})
    return send_made(content, "application/pdf", f"repas-{sheet.first.isoformat()}.pdf")


@blueprint.post("/commande")
@requires(Capability.PREPARE_MEALS)
def order() -> BaseResponse:
    """Order what the page showed."""
    site, activities = _site(), reached_activities(Capability.PREPARE_MEALS)
    try:
        with write_transaction() as session:
            count = meals.order_meals(
                session, site, activities, request.form.getlist("repas"), current_account().user_id
            )
    except SettingMoved:
        db.session.rollback()
        flash(
            spaced("Rien n’est commandé : les nombres ont changé depuis que vous les avez lus. Relisez-les."), "warning"
        )
        return _page(None, status=409)
    if count:
        flash("La commande est enregistrée, avec votre nom et l’heure.", "success")
    else:
        flash("Rien n’a changé depuis la dernière commande.", "info")
    return go_to(url_for(".show", **_address(site)))


@blueprint.post("/<int:meal_unit_id>/adultes")
@requires(Capability.PREPARE_MEALS)
def save_adults(meal_unit_id: int) -> BaseResponse:
    """Say how many of the team eat this meal."""
    unit, site = meals.find_meal(meal_unit_id, reached_activities(Capability.PREPARE_MEALS))
    form = AdultsForm(prefix=f"adultes-{unit.id}")
    if not form.validate():
        return _page(form, status=422)
    with write_transaction() as session:
        meals.set_adults(session, unit, _day(), int(form.count.data), current_account().user_id)
    flash("Le nombre d’adultes est enregistré.", "success")
    return go_to(url_for(".show", **_address(site)))


def _day() -> date:
    return read_day(request.args.get("jour"), clock.today() + ONE_DAY)


def _is_week() -> bool:
    return request.args.get("vue") == WEEK


def _sites() -> tuple[SiteInfo, ...]:
    return meals.sites_with_meals(reached_activities(Capability.PREPARE_MEALS))


def _site() -> SiteInfo:
    """The place asked for, else the first. Raises NotFound where the agent's roles reach none with meals."""
    sites = _sites()
    asked = request.args.get("lieu", type=int)
    found = next((site for site in sites if asked in (None, site.id)), None)
    if found is None:
        raise NotFound("site")
    return found


def _span() -> tuple[date, date]:
    """The first and the last day that are asked for."""
    week = week_of(_day())
    return (week[0], week[-1]) if _is_week() else (_day(), _day())


def _sheet(site: SiteInfo) -> MealSheet:
    return meals.read_meals(site, *_span(), reached_activities(Capability.PREPARE_MEALS))


def _named(site: SiteInfo) -> tuple[NamedMeal, ...] | None:
    """The children whose meal has a name, where they are asked for: who reads it is noted first."""
    if request.args.get("noms") != "1":
        return None
    found = meals.named_meals(site, *_span(), reached_activities(Capability.PREPARE_MEALS))
    if found:
        record_health_access(*(each.child_id for each in found))
    return found


def _address(site: SiteInfo, day: date | None = None) -> dict[str, Any]:
    address = {"lieu": site.id, "jour": (day or _day()).isoformat()}
    return address | ({"vue": WEEK} if _is_week() else {})


def _page(form: AdultsForm | None, status: int = 200) -> Response:
    sites = _sites()
    if not sites:
        return render_page("staff/meals/none.html", layout="staff")
    site = _site()
    sheet = _sheet(site)
    step = ONE_DAY * (7 if _is_week() else 1)
    days = {"previous": _day() - step, "next": _day() + step}
    forms = {}
    for service in sheet.services if not _is_week() else ():
        prefix = f"adultes-{service.unit.id}"
        if form is not None and form.count.name.startswith(f"{prefix}-"):
            forms[service.unit.id] = form
        else:
            forms[service.unit.id] = AdultsForm(None, prefix=prefix, data={"count": str(service.adults)})
    return render_page(
        "staff/meals/show.html", layout="staff", status=status, sites=sites, sheet=sheet, day=_day(),
        is_week=_is_week(), named=_named(site), forms=forms, words=meal_labels, now=clock.now(),
        address=_address(site), hrefs={name: url_for(".show", **_address(site, day)) for name, day in days.items()},
        may_order=sheet.last >= clock.today(), today=clock.today(),
    )  # fmt: skip
