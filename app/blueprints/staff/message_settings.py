"""« Réglages › Destinataires des messages »."""

from typing import Any

from flask import Response, url_for
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from app.access import requires
from app.blueprints.staff.setting_forms import Setting, Way, options, setting_blueprint
from app.forms.messages import RecipientForm
from app.htmx import render_page
from app.rules.capabilities import Capability
from app.services import council_settings, message_settings
from app.services.catalogue import catalogue


class RecipientSetting(Setting):
    """Somebody at the council to whom families write."""

    code, argument = "message_recipients", "recipient_id"
    new_title, edit_title = "Ajouter un destinataire", "Modifier un destinataire"
    saved, deleted = "Le destinataire est enregistré.", "Le destinataire est supprimé."
    name_taken = "Un destinataire porte déjà ce nom."

    def find(self, id_: int) -> Any:
        """Raises NotFound."""
        return message_settings.find_recipient(id_)

    def form(self, row: Any | None, parent_id: int | None) -> FlaskForm:
        """Of a recipient, or of a new one, which comes last."""
        names = {id_: f"{each.name} ({each.season.name})" for id_, each in catalogue().activities.items()}
        last = max((each.position for each in catalogue().recipients), default=0)
        return RecipientForm(row, names, options(council_settings.offices()), next_position=last + 1)

    def way_back(self, row: Any | None, parent_id: int | None) -> Way:
        """The list."""
        return Way("Destinataires des messages", url_for("staff.settings.message_recipients.show"))

    def save(self, session: Session, row: Any | None, parent_id: int | None, form: Any) -> int:
        """Raises NameTaken."""
        return message_settings.save_recipient(session, row.id if row else None, form.typed())

    def delete(self, session: Session, id_: int) -> None:
        """Raises NotFound, StillUsed."""
        message_settings.delete_recipient(session, id_)


message_recipients = setting_blueprint(RecipientSetting())


@message_recipients.get("")
@requires(Capability.EDIT_SETTINGS)
def show() -> Response:
    """To whom families write, in their order."""
    return render_page("staff/settings/message_recipients.html", layout="staff", recipients=catalogue().recipients)
