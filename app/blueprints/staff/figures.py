"""« Chiffres »: hours and children for the declarations to the CAF, revenue and what is due, on screen and as files."""

from typing import Any

from flask import Blueprint, Response, request

from app import clock
from app.access import current_capabilities, reach, reached_activities, reached_offices, requires
from app.downloads import send_table
from app.figure_labels import NO_ACTIVITY, axes_told, figures_table, revenue_table, untold_words
from app.forms.fields import id_of
from app.forms.figures import Period, chosen_period, periods_offered
from app.forms.sheets import asked_words, read_asked
from app.htmx import render_page
from app.rules.capabilities import Capability
from app.services import attendance_months, figures, revenues
from app.services.catalogue import ActivityInfo, catalogue
from app.services.offices import OfficeView
from app.services.sheet_scopes import SheetScope, sheet_scope

blueprint = Blueprint("figures", __name__)


@blueprint.get("")
@requires(Capability.VIEW_FIGURES)
def show() -> Response:
    """Hours and children of a span of days, cut each way."""
    period, scope, office = _asked(Capability.VIEW_FIGURES)
    least = _least_children(scope)
    found = figures.read_figures(scope, period.first, period.last, least_children=least)
    own = current_capabilities()
    return render_page(
        "staff/figures/show.html", layout="staff", found=found, axes=axes_told(found), period=period, scope=scope,
        periods=_periods(Capability.VIEW_FIGURES), offices=_offices(Capability.VIEW_FIGURES), office=office,
        arguments=_arguments(period, office), hours_of=attendance_months.hours_of, untold=untold_words(least),
        may_name=Capability.DECLARE_FIGURES in own, may_see_money=Capability.VIEW_PAYMENTS in own,
        may_see_months=bool(own & {Capability.VIEW_DAY_PLANNING, Capability.ISSUE_INVOICES}),
        may_see_places=Capability.VIEW_DAY_PLANNING in own, may_tick=Capability.TAKE_ATTENDANCE in own,
        may_set=Capability.EDIT_SETTINGS in own, rule=catalogue().figures, is_masked=bool(least),
    )  # fmt: skip


@blueprint.get("/fichier")
@requires(Capability.VIEW_FIGURES)
def show_file() -> Response:
    """The same for a spreadsheet."""
    period, scope, _ = _asked(Capability.VIEW_FIGURES)
    least = _least_children(scope)
    found = figures.read_figures(scope, period.first, period.last, least_children=least)
    return send_table(figures_table(found, least), f"chiffres-{period.code}")


@blueprint.get("/sans-regime")
@requires(Capability.DECLARE_FIGURES)
def show_without_regime() -> Response:
    """Who keeps the declaration from being made, with the way to the families' files."""
    period, scope, office = _asked(Capability.DECLARE_FIGURES)
    page = request.args.get("page", 1, type=int)
    return render_page(
        "staff/figures/without_regime.html", layout="staff", period=period, arguments=_arguments(period, office),
        children=figures.children_without_regime(scope, period.first, period.last, page),
        may_see_families=Capability.VIEW_FAMILIES in current_capabilities(),
    )  # fmt: skip


@blueprint.get("/recettes")
@requires(Capability.VIEW_PAYMENTS)
def show_revenues() -> Response:
    """What was invoiced, taken back and paid; what is due, by its age."""
    period, office_ids, office = _money_asked()
    found = revenues.read_revenues(office_ids, period.first, period.last)
    return render_page(
        "staff/figures/revenues.html", layout="staff", found=found, months=revenues.by_month(found),
        activities=revenues.by_activity(found), whole=revenues.total_of(found), debts=revenues.debts_by_age(office_ids),
        period=period, periods=_periods(Capability.VIEW_PAYMENTS), offices=reached_offices(Capability.VIEW_PAYMENTS),
        office=office, arguments=_arguments(period, office), no_activity=NO_ACTIVITY,
        may_see_hours=Capability.VIEW_FIGURES in current_capabilities(),
    )  # fmt: skip


@blueprint.get("/recettes/fichier")
@requires(Capability.VIEW_PAYMENTS)
def show_revenues_file() -> Response:
    """The same by month and activity, for a spreadsheet."""
    period, office_ids, _ = _money_asked()
    return send_table(
        revenue_table(revenues.read_revenues(office_ids, period.first, period.last)), f"recettes-{period.code}"
    )


def _asked(capability: Capability) -> tuple[Period, SheetScope, OfficeView | None]:
    """The days, what they are asked of, and the office where one is chosen."""
    period = _period(capability)
    office = _office(_offices(capability))
    reached = tuple(
        activity for activity in reached_activities(capability) if office is None or activity.office_id == office.id
    )
    return period, sheet_scope(reached, read_asked(request.args), period.first, period.last), office


def _money_asked() -> tuple[Period, frozenset[int], OfficeView | None]:
    offices = reached_offices(Capability.VIEW_PAYMENTS)
    office = _office(offices)
    return (
        _period(Capability.VIEW_PAYMENTS),
        frozenset(each.id for each in offices if office is None or each.id == office.id), office,
    )  # fmt: skip


def _periods(capability: Capability) -> Any:
    seasons = {each.season.id: each.season for each in _activities(capability)}
    return periods_offered(clock.today(), seasons.values())


def _period(capability: Capability) -> Period:
    return chosen_period(request.args.get("periode", ""), clock.today(), _periods(capability))


def _activities(capability: Capability) -> tuple[ActivityInfo, ...]:
    if capability is not Capability.VIEW_PAYMENTS:
        return reached_activities(capability)
    ids = {office.id for office in reached_offices(capability)}
    return tuple(activity for activity in catalogue().activities.values() if activity.office_id in ids)


def _offices(capability: Capability) -> tuple[OfficeView, ...]:
    """Those that have activities within reach."""
    ids = {activity.office_id for activity in reached_activities(capability)}
    return tuple(office for office in reached_offices(capability) if office.id in ids)


def _office(offices: tuple[OfficeView, ...]) -> OfficeView | None:
    wanted = id_of(request.args.get("service"))
    return next((office for office in offices if office.id == wanted), None)


def _least_children(scope: SheetScope) -> int:
    """How small a group may be: 0 for who may name all of them."""
    may_name = reach(Capability.DECLARE_FIGURES)
    return 0 if all(may_name.covers(activity) for activity in scope.activities) else catalogue().figures.least_children


def _arguments(period: Period, office: OfficeView | None) -> dict[str, Any]:
    found: dict[str, Any] = {"periode": period.code, **asked_words(read_asked(request.args))}
    return found if office is None else {**found, "service": office.id}
