"""« Réglages › Services, Lieux d’accueil, Saisons »: what activities stand on."""

from typing import Any

from flask import Response, flash, request, url_for
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.access import requires
from app.blueprints.staff.seen import seen_mark
from app.blueprints.staff.setting_forms import Setting, Way, setting_blueprint
from app.database import write_transaction
from app.forms.staff_catalogue import OfficeForm, SeasonForm, SiteForm
from app.forms.staff_deadlines import DeadlineForm, deadline_form, read_deadline_form
from app.htmx import go_to, render_page
from app.notice_labels import line_words
from app.rules.capabilities import Capability
from app.rules.deadlines import Deadline
from app.rules.notice_documents import notice_document
from app.services import council_settings
from app.services.catalogue import UnitInfo, catalogue
from app.services.council_settings import SiteRow
from app.services.errors import SettingMoved


class OfficeSetting(Setting):
    """An office that invoices."""

    code, argument = "offices", "office_id"
    new_title, edit_title = "Ajouter un service", "Modifier un service"
    saved, deleted = "Le service est enregistré.", "Le service est supprimé."
    name_taken = "Un service porte déjà ce nom."

    def find(self, id_: int) -> Any:
        """Raises NotFound."""
        return council_settings.find_office(id_)

    def form(self, row: Any | None, parent_id: int | None) -> FlaskForm:
        """Of an office, or of a new one."""
        return OfficeForm(obj=row)

    def way_back(self, row: Any | None, parent_id: int | None) -> Way:
        """The list."""
        return Way("Services", url_for("staff.settings.offices.show"))

    def save(self, session: Session, row: Any | None, parent_id: int | None, form: Any) -> int:
        """Raises NameTaken, PrefixTaken, StillUsed."""
        return council_settings.save_office(session, row.id if row else None, form.typed())

    def delete(self, session: Session, id_: int) -> None:
        """Raises NotFound, StillUsed."""
        council_settings.delete_office(session, id_)


class SiteSetting(Setting):
    """A place where children are received."""

    code, argument = "sites", "site_id"
    new_title, edit_title = "Ajouter un lieu d’accueil", "Modifier un lieu d’accueil"
    saved, deleted = "Le lieu est enregistré.", "Le lieu est supprimé."
    name_taken = "Un lieu porte déjà ce nom."
    template = "staff/settings/site.html"

    def find(self, id_: int) -> Any:
        """Raises NotFound."""
        return council_settings.find_site(id_)

    def form(self, row: Any | None, parent_id: int | None) -> FlaskForm:
        """Of a place, or of a new one."""
        return SiteForm.of(row)

    def way_back(self, row: Any | None, parent_id: int | None) -> Way:
        """The list."""
        return Way("Lieux d’accueil", url_for("staff.settings.sites.show"))

    def save(self, session: Session, row: Any | None, parent_id: int | None, form: Any) -> int:
        """Raises NameTaken."""
        return council_settings.save_site(session, row.id if row else None, form.typed())

    def delete(self, session: Session, id_: int) -> None:
        """Raises NotFound, StillUsed."""
        council_settings.delete_site(session, id_)


class SeasonSetting(Setting):
    """The dates that activities belong to."""

    code, argument = "seasons", "season_id"
    new_title, edit_title = "Ajouter une saison", "Modifier une saison"
    saved, deleted = "La saison est enregistrée.", "La saison est supprimée."
    name_taken = "Une saison porte déjà ce nom."

    def find(self, id_: int) -> Any:
        """Raises NotFound."""
        return council_settings.find_season(id_)

    def form(self, row: Any | None, parent_id: int | None) -> FlaskForm:
        """Of a season, or of a new one."""
        return SeasonForm(obj=row)

    def way_back(self, row: Any | None, parent_id: int | None) -> Way:
        """The list."""
        return Way("Saisons", url_for("staff.settings.seasons.show"))

    def save(self, session: Session, row: Any | None, parent_id: int | None, form: Any) -> int:
        """Raises NameTaken, StillUsed."""
        return council_settings.save_season(session, row.id if row else None, form.typed())

    def delete(self, session: Session, id_: int) -> None:
        """Raises NotFound, StillUsed."""
        council_settings.delete_season(session, id_)


offices = setting_blueprint(OfficeSetting())
sites = setting_blueprint(SiteSetting())
seasons = setting_blueprint(SeasonSetting())


@offices.get("", endpoint="show")
@requires(Capability.EDIT_SETTINGS)
def show_offices() -> Response:
    """The offices."""
    return render_page("staff/settings/offices.html", layout="staff", offices=council_settings.offices())


@sites.get("", endpoint="show")
@requires(Capability.EDIT_SETTINGS)
def show_sites() -> Response:
    """The places."""
    return render_page("staff/settings/sites.html", layout="staff", sites=council_settings.sites())


@seasons.get("", endpoint="show")
@requires(Capability.EDIT_SETTINGS)
def show_seasons() -> Response:
    """The seasons."""
    return render_page("staff/settings/seasons.html", layout="staff", seasons=council_settings.seasons())


@sites.get("/<int:site_id>/traiteur", endpoint="edit_meal_notice")
@requires(Capability.EDIT_SETTINGS)
def edit_meal_notice(site_id: int) -> Response:
    """Until when the caterer of a place takes orders."""
    site = council_settings.find_site(site_id)
    return _meal_notice_page(site, deadline_form(Deadline.MEAL, site.meal_notice, _meals_of(site_id)))


@sites.post("/<int:site_id>/traiteur", endpoint="save_meal_notice")
@requires(Capability.EDIT_SETTINGS)
def save_meal_notice(site_id: int) -> BaseResponse:
    """Store it; the buttons that change its number of lines only show the form again."""
    site = council_settings.find_site(site_id)
    form = read_deadline_form(request.form, Deadline.MEAL, _meals_of(site_id))
    if form.changed(request.form):
        return _meal_notice_page(site, form)
    rule = form.rule()
    if rule is None:
        return _meal_notice_page(site, form, status=422)
    try:
        with write_transaction() as session:
            council_settings.save_meal_notice(session, site_id, rule, request.form.get("seen", ""))
    except SettingMoved:
        return _meal_notice_page(council_settings.find_site(site_id), form, status=409)
    flash("La limite de commande est enregistrée.", "success")
    return go_to(url_for("staff.settings.sites.edit", site_id=site_id))


def _meals_of(site_id: int) -> tuple[UnitInfo, ...]:
    here = (each for each in catalogue().activities.values() if each.site_id == site_id)
    return tuple(unit for activity in here for unit in activity.units if unit.is_meal)


def _meal_notice_page(site: SiteRow, form: DeadlineForm, status: int = 200) -> Response:
    names = {unit.id: unit.name for unit in _meals_of(site.id)}
    words = [line_words(line, Deadline.MEAL, names) for line in site.meal_notice.lines]
    return render_page(
        "staff/settings/meal_notice.html", layout="staff", status=status, site=site, form=form, words=words,
        is_moved=status == 409, units=_meals_of(site.id),
        seen=seen_mark(notice_document(site.meal_notice), is_moved=status == 409),
    )  # fmt: skip
