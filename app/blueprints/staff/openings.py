"""« Réglages › Activités › Ouvertures »: generated from weekdays and the school calendar, edited on a year calendar."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import requires
from app.database import write_transaction
from app.filters import NBSP, spaced
from app.forms.staff_openings import CLOSE, OPEN, DayPlacesForm, DaysForm, OpeningsForm
from app.htmx import go_to, render_fragment, render_page, wants_fragment
from app.rules.capabilities import Capability
from app.rules.openings import OpeningPlan
from app.services import deadline_settings, opening_calendars, openings, scope_settings
from app.services.catalogue import ActivityInfo
from app.services.errors import DaysBooked
from app.setting_labels import plan_lines

blueprint = Blueprint("openings", __name__)


@blueprint.get("/<int:activity_id>")
@requires(Capability.EDIT_SETTINGS)
def edit(activity_id: int) -> Response:
    """The form that generates openings."""
    activity = deadline_settings.read_activity(activity_id)
    return _page(activity, OpeningsForm.of(activity), None)


@blueprint.post("/<int:activity_id>")
@requires(Capability.EDIT_SETTINGS)
def save(activity_id: int) -> BaseResponse:
    """Generate openings."""
    activity = deadline_settings.read_activity(activity_id)
    form = OpeningsForm.of(activity)
    if not form.validate():
        return _page(activity, form, None, status=422)
    with write_transaction() as session:
        plan = openings.generate(session, activity_id, form.wish())
    flash(" ".join(plan_lines(plan, done=True)), "success")
    return go_to(url_for(".show_year", activity_id=activity_id))


@blueprint.post("/<int:activity_id>/apercu")
@requires(Capability.EDIT_SETTINGS)
def preview(activity_id: int) -> Response:
    """What generating would do. Reads only; htmx gets the preview alone."""
    activity = deadline_settings.read_activity(activity_id)
    form = OpeningsForm.of(activity)
    plan = openings.preview(activity_id, form.wish()) if form.validate() else None
    if wants_fragment():
        return render_fragment("staff/settings/_openings_preview.html", **_shown(form, plan))
    return _page(activity, form, plan, status=200 if plan is not None else 422)


@blueprint.get("/<int:activity_id>/calendrier")
@requires(Capability.EDIT_SETTINGS)
def show_year(activity_id: int) -> Response:
    """The year of an activity, and a day of it."""
    activity = deadline_settings.read_activity(activity_id)
    return _year_page(activity, _asked(activity))


@blueprint.post("/<int:activity_id>/calendrier/jours")
@requires(Capability.EDIT_SETTINGS)
def change_days(activity_id: int) -> BaseResponse:
    """Open, close or take away days by hand."""
    activity = deadline_settings.read_activity(activity_id)
    form = DaysForm.of(activity, None, is_sent=True)
    if not form.validate():
        return _year_page(activity, None, days_form=form, status=422)
    wanted, action = form.days(), form.action.data
    try:
        with write_transaction() as session:
            if action == OPEN:
                openings.open_days(session, activity_id, wanted)
                changed = len(wanted.days)
            elif action == CLOSE:
                changed = openings.close_days(session, activity_id, wanted, form.reason.data)
            else:
                changed = openings.withdraw_days(session, activity_id, wanted)
    except DaysBooked as error:
        return _year_page(activity, None, days_form=form, booked=error, status=409)
    word = "ouvert" if action == OPEN else "fermé" if action == CLOSE else "retiré"
    said = f"{changed}{NBSP}jour{'s' if changed > 1 else ''} {word}{'s' if changed > 1 else ''}."
    flash(said if changed else spaced("Aucune ouverture ces jours-là : rien n’a changé."), "success")
    return go_to(url_for(".show_year", activity_id=activity_id, jour=wanted.days[0]))


@blueprint.post("/<int:activity_id>/calendrier/places")
@requires(Capability.EDIT_SETTINGS)
def change_places(activity_id: int) -> BaseResponse:
    """Give single days other places."""
    activity = deadline_settings.read_activity(activity_id)
    form = _places_form(activity, None, is_sent=True)
    if not form.validate():
        return _year_page(activity, None, places_form=form, status=422)
    scope_id = int(form.scope.data)
    with write_transaction() as session:
        changed = scope_settings.set_day_places(session, scope_id, form.days(), *form.numbers())
    over = [each for each in scope_settings.overfull_days(scope_id) if each.day in form.days()]
    said = f"Places enregistrées pour {changed}{NBSP}jour{'s' if changed > 1 else ''}."
    if over:
        count = f"{len(over)}{NBSP}jour{'s ont' if len(over) > 1 else ' a'}"
        said += f" {count} maintenant plus d’enfants que de places{NBSP}: rien n’est annulé."
    flash(said, "warning" if over else "success")
    return go_to(url_for(".show_year", activity_id=activity_id, jour=form.days()[0]))


def _asked(activity: ActivityInfo) -> date | None:
    """The day of the season that the address names."""
    try:
        day = date.fromisoformat(request.args.get("jour", ""))
    except ValueError:
        return None
    return day if activity.season.starts_on <= day <= activity.season.ends_on else None


def _places_form(activity: ActivityInfo, day: date | None, *, is_sent: bool) -> DayPlacesForm:
    scopes = {scope.id: scope.name for scope in scope_settings.scopes_of_activity(activity)}
    return DayPlacesForm.of(activity, scopes, day, is_sent=is_sent)


def _shown(form: OpeningsForm, plan: OpeningPlan | None) -> dict[str, Any]:
    known_until = opening_calendars.calendar_ends_on()
    ends_on = form.ends_on.data
    is_beyond = ends_on is not None and known_until is not None and ends_on > known_until
    return {
        "lines": None if plan is None else plan_lines(plan, done=False),
        "days": () if plan is None else plan.days,
        "known_until": known_until if is_beyond else None,
    }


def _page(activity: ActivityInfo, form: OpeningsForm, plan: OpeningPlan | None, status: int = 200) -> Response:
    return render_page(
        "staff/settings/openings.html", layout="staff", status=status, activity=activity, form=form,
        **_shown(form, plan),
    )  # fmt: skip


def _year_page(
    activity: ActivityInfo,
    day: date | None,
    *,
    days_form: DaysForm | None = None,
    places_form: DayPlacesForm | None = None,
    booked: DaysBooked | None = None,
    status: int = 200,
) -> Response:
    closing_href = None
    if days_form is not None and booked is not None and days_form.action.data == CLOSE:
        first, last = days_form.span()
        closing_href = url_for(
            "staff.closures.new", ou=f"activity-{activity.id}", du=first, au=last, motif=days_form.reason.data
        )
    return render_page(
        "staff/settings/year.html", layout="staff", status=status, activity=activity,
        months=opening_calendars.read_year(activity),
        detail=None if day is None else opening_calendars.read_day(activity, day),
        days_form=days_form or DaysForm.of(activity, day, is_sent=False),
        places_form=places_form or _places_form(activity, day, is_sent=False),
        booked=() if booked is None else booked.days, closing_href=closing_href,
    )  # fmt: skip
