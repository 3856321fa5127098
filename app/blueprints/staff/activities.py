"""« Réglages › Activités »: activities with their groups and units, and their copy to the next season."""

from typing import Any

from flask import Response, flash, url_for
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.access import requires
from app.blueprints.staff.setting_forms import Setting, Way, options, setting_blueprint
from app.database import write_transaction
from app.filters import NBSP
from app.forms.staff_catalogue import ActivityForm, CopyForm, GroupForm, ScopeForm, UnitForm
from app.forms.staff_outings import OutingForm
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import (
    activity_copies,
    activity_settings,
    council_settings,
    deadline_settings,
    outings,
    scope_settings,
)
from app.services.catalogue import ActivityInfo, catalogue
from app.services.errors import NameTaken


class ActivitySetting(Setting):
    """An activity of a season."""

    code, argument = "activities", "activity_id"
    new_title, edit_title = "Ajouter une activité", "Modifier une activité"
    saved, deleted = "L’activité est enregistrée.", "L’activité est supprimée."
    name_taken = "Une activité de cette saison porte déjà ce nom."

    def find(self, id_: int) -> Any:
        """Raises NotFound."""
        return activity_settings.find_activity(id_)

    def form(self, row: Any | None, parent_id: int | None) -> FlaskForm:
        """Of an activity, or of a new one."""
        return ActivityForm.of(row, activity_settings.next_activity_position()).offer(
            options(council_settings.seasons()), options(council_settings.sites()), options(council_settings.offices())
        )

    def way_back(self, row: Any | None, parent_id: int | None) -> Way:
        """The activity itself; the list for a new one."""
        if row is None:
            return Way("Activités", url_for("staff.settings.activities.show"))
        return _way_to(row.id, row.name)

    def save(self, session: Session, row: Any | None, parent_id: int | None, form: Any) -> int:
        """Raises NameTaken, StillUsed."""
        return activity_settings.save_activity(session, row.id if row else None, form.typed())

    def delete(self, session: Session, id_: int) -> None:
        """Raises NotFound, StillUsed."""
        activity_settings.delete_activity(session, id_)

    def after_save(self, row: Any | None, parent_id: int | None, id_: int) -> str:
        """A new activity needs groups and units next."""
        return url_for("staff.settings.activities.show_one", activity_id=id_)

    def after_delete(self, row: Any) -> str:
        """The list: the activity is gone."""
        return url_for("staff.settings.activities.show")


class GroupSetting(Setting):
    """A group of an activity."""

    code, argument, parent_argument = "groups", "group_id", "activity_id"
    new_title, edit_title = "Ajouter un groupe", "Modifier un groupe"
    saved, deleted = "Le groupe est enregistré.", "Le groupe est supprimé."
    name_taken = "Un groupe de cette activité porte déjà ce nom."

    def find(self, id_: int) -> Any:
        """Raises NotFound."""
        return activity_settings.find_group(id_)

    def form(self, row: Any | None, parent_id: int | None) -> FlaskForm:
        """Of a group, or of a new one."""
        return GroupForm.of(row)

    def way_back(self, row: Any | None, parent_id: int | None) -> Way:
        """The activity."""
        return _way_to_activity(row, parent_id)

    def save(self, session: Session, row: Any | None, parent_id: int | None, form: Any) -> int:
        """Raises NameTaken."""
        return activity_settings.save_group(
            session, row.id if row else None, _activity_id(row, parent_id), form.typed()
        )

    def delete(self, session: Session, id_: int) -> None:
        """Raises NotFound, StillUsed."""
        activity_settings.delete_group(session, id_)


class UnitSetting(Setting):
    """A unit of an activity."""

    code, argument, parent_argument = "units", "unit_id", "activity_id"
    new_title, edit_title = "Ajouter un temps d’accueil", "Modifier un temps d’accueil"
    saved, deleted = "Le temps d’accueil est enregistré.", "Le temps d’accueil est supprimé."
    name_taken = "Un temps d’accueil de cette activité porte déjà ce nom."

    def find(self, id_: int) -> Any:
        """Raises NotFound."""
        return activity_settings.find_unit(id_)

    def form(self, row: Any | None, parent_id: int | None) -> FlaskForm:
        """Of a unit, or of a new one."""
        return UnitForm.of(row, activity_settings.next_unit_position(parent_id) if parent_id else 0)

    def way_back(self, row: Any | None, parent_id: int | None) -> Way:
        """The activity."""
        return _way_to_activity(row, parent_id)

    def save(self, session: Session, row: Any | None, parent_id: int | None, form: Any) -> int:
        """Raises NameTaken."""
        return activity_settings.save_unit(session, row.id if row else None, _activity_id(row, parent_id), form.typed())

    def delete(self, session: Session, id_: int) -> None:
        """Raises NotFound, StillUsed."""
        activity_settings.delete_unit(session, id_)


class OutingSetting(Setting):
    """An outing of an activity: a unit of one day, with what it has of its own."""

    code, argument, parent_argument = "outings", "outing_id", "activity_id"
    new_title, edit_title = "Ajouter une sortie", "Modifier une sortie"
    saved, deleted = "La sortie est enregistrée.", "La sortie est retirée."
    name_taken = "Un temps d’accueil ou une sortie de cette activité porte déjà ce nom."
    template = "staff/settings/outing.html"

    def find(self, id_: int) -> Any:
        """Raises NotFound."""
        return outings.find_outing(id_)

    def form(self, row: Any | None, parent_id: int | None) -> FlaskForm:
        """Of an outing, or of a new one."""
        return OutingForm.of(row, deadline_settings.read_activity(_activity_id(row, parent_id)))

    def way_back(self, row: Any | None, parent_id: int | None) -> Way:
        """The activity."""
        return _way_to_activity(row, parent_id)

    def save(self, session: Session, row: Any | None, parent_id: int | None, form: Any) -> int:
        """Raises NameTaken, StillUsed."""
        return outings.save_outing(session, row, _activity_id(row, parent_id), form.typed())

    def delete(self, session: Session, id_: int) -> None:
        """Raises NotFound, StillUsed."""
        outings.withdraw_outing(session, id_)


class ScopeSetting(Setting):
    """Places that units and groups share."""

    code, argument, parent_argument = "scopes", "scope_id", "activity_id"
    new_title, edit_title = "Ajouter des places", "Modifier des places"
    saved, deleted = "Les places sont enregistrées.", "Ces places ne limitent plus rien."
    name_taken = ""
    template = "staff/settings/scope.html"

    def find(self, id_: int) -> Any:
        """Raises NotFound."""
        return scope_settings.find_scope(id_)

    def form(self, row: Any | None, parent_id: int | None) -> FlaskForm:
        """Of places, or of new ones."""
        return ScopeForm.of(row, self._activity(row, parent_id))

    def way_back(self, row: Any | None, parent_id: int | None) -> Way:
        """The activity."""
        activity = self._activity(row, parent_id)
        return _way_to(activity.id, activity.name)

    def save(self, session: Session, row: Any | None, parent_id: int | None, form: Any) -> int:
        """Nothing is refused: fewer places than bookings cancel none."""
        return scope_settings.save_scope(session, row.id if row else None, form.typed())

    def after_save(self, row: Any | None, parent_id: int | None, id_: int) -> str:
        """The page that says which days have more children than places, where there are any."""
        if scope_settings.overfull_days(id_):
            return url_for("staff.settings.scopes.edit", scope_id=id_)
        return self.way_back(row, parent_id).href

    def context(self, row: Any | None) -> dict[str, object]:
        """The days with more children than places."""
        return {"overfull": scope_settings.overfull_days(row.id) if row is not None else ()}

    def delete(self, session: Session, id_: int) -> None:
        """Raises NotFound, StillUsed."""
        scope_settings.delete_scope(session, id_)

    def _activity(self, row: Any | None, parent_id: int | None) -> ActivityInfo:
        if row is not None:
            return scope_settings.activity_of_scope(row)
        return deadline_settings.read_activity(parent_id or 0)


blueprint = setting_blueprint(ActivitySetting())
scopes = setting_blueprint(ScopeSetting())
groups = setting_blueprint(GroupSetting())
units = setting_blueprint(UnitSetting())
outing_pages = setting_blueprint(OutingSetting())


@blueprint.get("", endpoint="show")
@requires(Capability.EDIT_SETTINGS)
def show() -> Response:
    """The activities, season by season."""
    by_season: dict[int, list[ActivityInfo]] = {}
    for activity in catalogue().activities.values():
        by_season.setdefault(activity.season.id, []).append(activity)
    return render_page(
        "staff/settings/activities.html", layout="staff", seasons=council_settings.seasons(), by_season=by_season
    )


@blueprint.get("/<int:activity_id>/fiche")
@requires(Capability.EDIT_SETTINGS)
def show_one(activity_id: int) -> Response:
    """An activity with all that is set for it."""
    activity = deadline_settings.read_activity(activity_id)
    return render_page(
        "staff/settings/activity.html", layout="staff", activity=activity,
        row=activity_settings.find_activity(activity_id), openings=activity_settings.opening_span(activity),
        scopes=scope_settings.scopes_of_activity(activity), outings_open=outings.outings_open(activity),
    )  # fmt: skip


@blueprint.get("/<int:activity_id>/copie")
@requires(Capability.EDIT_SETTINGS)
def new_copy(activity_id: int) -> Response:
    """The form of a copy."""
    return _copy_page(deadline_settings.read_activity(activity_id), None)


@blueprint.post("/<int:activity_id>/copie")
@requires(Capability.EDIT_SETTINGS)
def copy(activity_id: int) -> BaseResponse:
    """Copy an activity."""
    activity = deadline_settings.read_activity(activity_id)
    form = _copy_form(activity)
    if not form.validate():
        return _copy_page(activity, form, status=422)
    try:
        with write_transaction() as session:
            copy_id = activity_copies.copy_activity(session, activity_id, form.typed())
    except NameTaken:
        form.name.errors = ["Une activité de cette saison porte déjà ce nom."]
        return _copy_page(activity, form, status=422)
    flash(
        "L’activité est copiée. Les dates que nomment ses délais et ses périodes d’inscription ont avancé avec la "
        f"saison{NBSP}: relisez-les, puis générez ses ouvertures.",
        "success",
    )
    return go_to(url_for(".show_one", activity_id=copy_id))


def _copy_form(activity: ActivityInfo) -> CopyForm:
    seasons = council_settings.seasons()
    later = [each for each in seasons if each.starts_on > activity.season.starts_on]
    first = later[-1].id if later else activity.season.id
    return CopyForm(data={"name": activity.name, "season_id": str(first)}).offer(options(seasons))


def _copy_page(activity: ActivityInfo, form: CopyForm | None, status: int = 200) -> Response:
    return render_page(
        "staff/settings/activity_copy.html", layout="staff", status=status, activity=activity,
        form=form or _copy_form(activity), way_back=_way_to(activity.id, activity.name),
    )  # fmt: skip


def _way_to(activity_id: int, name: str) -> Way:
    return Way(name, url_for("staff.settings.activities.show_one", activity_id=activity_id))


def _activity_id(row: Any, parent_id: int | None) -> int:
    """The activity that one belongs to, or that a new one will."""
    activity_id: int = row.activity.id if parent_id is None else parent_id
    return activity_id


def _way_to_activity(row: Any | None, parent_id: int | None) -> Way:
    activity = row.activity if row is not None else deadline_settings.read_activity(parent_id or 0)
    return _way_to(activity.id, activity.name)
