"""« Réglages › Motifs d’absence », and per activity « Justifier une absence »."""

from typing import Any

from flask import Blueprint, Response, flash, url_for
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.access import requires
from app.blueprints.staff.seen import read_anew, shown_marks
from app.blueprints.staff.setting_forms import Setting, Way, setting_blueprint
from app.database import write_transaction
from app.filters import NBSP
from app.forms.absences import ReasonForm, RuleForm
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import absence_settings, deadline_settings
from app.services.catalogue import ActivityInfo, catalogue


class ReasonSetting(Setting):
    """A reason for which a family may be excused."""

    code, argument = "absence_reasons", "reason_id"
    new_title, edit_title = "Ajouter un motif d’absence", "Modifier un motif d’absence"
    saved, deleted = "Le motif est enregistré.", "Le motif est supprimé."
    name_taken = "Un motif porte déjà ce nom."

    def find(self, id_: int) -> Any:
        """Raises NotFound."""
        return absence_settings.find_reason(id_)

    def form(self, row: Any | None, parent_id: int | None) -> FlaskForm:
        """Of a reason, or of a new one, which comes last."""
        last = max((each.position for each in catalogue().absence_reasons), default=0)
        return ReasonForm(row, next_position=last + 1)

    def way_back(self, row: Any | None, parent_id: int | None) -> Way:
        """The list."""
        return Way("Motifs d’absence", url_for("staff.settings.absence_reasons.show"))

    def save(self, session: Session, row: Any | None, parent_id: int | None, form: Any) -> int:
        """Raises NameTaken."""
        return absence_settings.save_reason(session, row.id if row else None, form.typed())

    def delete(self, session: Session, id_: int) -> None:
        """Raises NotFound, StillUsed."""
        absence_settings.delete_reason(session, id_)


absence_reasons = setting_blueprint(ReasonSetting())
blueprint = Blueprint("absences", __name__)


@absence_reasons.get("")
@requires(Capability.EDIT_SETTINGS)
def show() -> Response:
    """The reasons, in their order."""
    return render_page("staff/settings/absence_reasons.html", layout="staff", reasons=catalogue().absence_reasons)


@blueprint.get("/<int:activity_id>")
@requires(Capability.EDIT_SETTINGS)
def edit(activity_id: int) -> Response:
    """Until when an absence of an activity is justified, and what stays charged."""
    activity = deadline_settings.read_activity(activity_id)
    return _page(activity, RuleForm(activity.absences))


@blueprint.post("/<int:activity_id>")
@requires(Capability.EDIT_SETTINGS)
def save(activity_id: int) -> BaseResponse:
    """Store it."""
    activity = deadline_settings.read_activity(activity_id)
    form = RuleForm(activity.absences)
    if not form.validate():
        return _page(activity, form, status=422)
    with write_transaction() as session:
        form, is_moved = read_anew(session, lambda: RuleForm(deadline_settings.read_activity(activity_id).absences))
        if not is_moved:
            absence_settings.save_rule(session, activity_id, form.typed())
    if is_moved:
        return _page(activity, form, status=409)
    flash(f"«{NBSP}{activity.name}{NBSP}», justifier une absence{NBSP}: la règle est enregistrée.", "success")
    return go_to(url_for("staff.settings.deadlines.show"))


def _page(activity: ActivityInfo, form: RuleForm, *, status: int = 200) -> Response:
    return render_page(
        "staff/settings/absence_rule.html", layout="staff", status=status, activity=activity, form=form,
        shown=shown_marks(form, is_moved=status == 409),
    )  # fmt: skip
