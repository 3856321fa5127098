"""« Réglages › Services, Lieux d’accueil, Saisons »: what activities stand on."""

from typing import Any

from flask import Response, url_for
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from app.access import requires
from app.blueprints.staff.setting_forms import Setting, Way, setting_blueprint
from app.forms.staff_catalogue import OfficeForm, SeasonForm, SiteForm
from app.htmx import render_page
from app.rules.capabilities import Capability
from app.services import council_settings


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

    def find(self, id_: int) -> Any:
        """Raises NotFound."""
        return council_settings.find_site(id_)

    def form(self, row: Any | None, parent_id: int | None) -> FlaskForm:
        """Of a place, or of a new one."""
        return SiteForm(obj=row)

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
