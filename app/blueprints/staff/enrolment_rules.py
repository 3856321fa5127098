"""« Réglages › Inscriptions »: who may ask for an activity, when, and how requests are decided."""

from collections.abc import Sequence

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import requires
from app.blueprints.staff.seen import seen_mark
from app.database import write_transaction
from app.enrolment_labels import rules_words
from app.filters import NBSP
from app.forms.staff_enrolment_rules import EnrolmentRulesForm, enrolment_rules_form, read_enrolment_rules_form
from app.htmx import go_to, render_fragment, render_page, wants_fragment
from app.rules.capabilities import Capability
from app.rules.enrolment_documents import enrolment_document
from app.rules.enrolment_rules import EnrolmentRules
from app.services import deadline_settings, enrolment_settings
from app.services.catalogue import ActivityInfo, catalogue
from app.services.errors import SettingMoved
from app.services.price_facts import residence_words

blueprint = Blueprint("enrolment_rules", __name__)


@blueprint.get("")
@requires(Capability.EDIT_SETTINGS)
def show() -> Response:
    """The rules of all activities, in words."""
    return render_page(
        "staff/settings/enrolments.html", layout="staff", rules_words=rules_words,
        activities=deadline_settings.current_activities(),
    )  # fmt: skip


@blueprint.get("/<int:activity_id>")
@requires(Capability.EDIT_SETTINGS)
def edit(activity_id: int) -> Response:
    """The rules of an activity, with what they ask in words."""
    activity = deadline_settings.read_activity(activity_id)
    form = enrolment_rules_form(activity.enrolment_rules, activity, residence_words())
    return _page(activity, form, activity.enrolment_rules)


@blueprint.post("/<int:activity_id>")
@requires(Capability.EDIT_SETTINGS)
def save(activity_id: int) -> BaseResponse:
    """Store the rules; the buttons that change the number of windows only show the form again."""
    activity = deadline_settings.read_activity(activity_id)
    form = read_enrolment_rules_form(request.form, activity, residence_words())
    if form.changed(request.form):
        return _page(activity, form, None)
    rules = form.rules()
    if rules is None:
        return _page(activity, form, None, status=422)
    try:
        with write_transaction() as session:
            enrolment_settings.save_enrolment_rules(session, activity_id, rules, request.form.get("seen", ""))
    except SettingMoved:
        return _page(deadline_settings.read_activity(activity_id), form, rules, status=409)
    flash(f"«{NBSP}{activity.name}{NBSP}»{NBSP}: les règles d’inscription sont enregistrées.", "success")
    return go_to(url_for(".edit", activity_id=activity_id))


@blueprint.post("/<int:activity_id>/apercu")
@requires(Capability.EDIT_SETTINGS)
def preview(activity_id: int) -> Response:
    """What the rules as they are typed would ask. Reads only; htmx gets the preview alone."""
    activity = deadline_settings.read_activity(activity_id)
    form = read_enrolment_rules_form(request.form, activity, residence_words())
    rules = form.rules()
    if wants_fragment():
        return render_fragment(
            "staff/settings/_enrolments_preview.html", shown=_shown(activity, rules), warning=_warning(rules)
        )
    return _page(activity, form, rules, status=200 if rules is not None else 422)


def _page(
    activity: ActivityInfo, form: EnrolmentRulesForm, rules: EnrolmentRules | None, status: int = 200
) -> Response:
    stored, is_moved = activity.enrolment_rules, status == 409
    return render_page(
        "staff/settings/activity_enrolments.html", layout="staff", status=status, activity=activity, form=form,
        shown=_shown(activity, rules), warning=_warning(rules),
        seen=seen_mark(enrolment_document(stored), is_moved=is_moved),
        stored_words=_shown(activity, stored) if is_moved else None,
    )  # fmt: skip


def _shown(activity: ActivityInfo, rules: EnrolmentRules | None) -> Sequence[str] | None:
    return None if rules is None else tuple(rules_words(activity, rules))


def _warning(rules: EnrolmentRules | None) -> str | None:
    """Nobody is a resident as long as no commune is listed."""
    if rules is None or catalogue().residences:
        return None
    asks = rules.residences or any(window.audiences for window in rules.windows)
    return "Personne n’est reconnu comme habitant tant qu’aucune commune n’est désignée." if asks else None
