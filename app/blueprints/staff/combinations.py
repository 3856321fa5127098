"""« Réglages › Combinaisons »: which units go together on a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import requires
from app.blueprints.staff.seen import seen_mark
from app.combination_labels import combination_rule_words, combination_sentence, days_count
from app.database import write_transaction
from app.filters import NBSP, day_long
from app.forms.staff_combinations import CombinationsForm, combinations_form, read_combinations_form
from app.htmx import go_to, render_fragment, render_page, wants_fragment
from app.rules.capabilities import Capability
from app.rules.combination_documents import combinations_document
from app.rules.combinations import CombinationRule, Combinations
from app.services import combination_settings, deadline_settings
from app.services.catalogue import ActivityInfo, catalogue
from app.services.combination_settings import WeekPreview
from app.services.errors import SettingMoved

blueprint = Blueprint("combinations", __name__)


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """A choice of a day in words, and why it cannot be had."""

    units: str  # « Matin + Repas »
    problem: str | None


@dataclass(frozen=True, slots=True)
class WeekView:
    """A week in words, with the numbers of its days that may be chosen, and why others may not."""

    title: str  # « Exemple, semaine du lundi 19 octobre 2026, avec 5 jours d’ouverture »
    choices: Sequence[ChoiceView]


@dataclass(frozen=True, slots=True)
class PreviewView:
    """Rules in words, and the choices of a day and of weeks that they allow and refuse."""

    rule_words: Sequence[str]
    allowed: Sequence[ChoiceView]
    refused: Sequence[ChoiceView]
    weeks: Sequence[WeekView]


@blueprint.get("")
@requires(Capability.EDIT_SETTINGS)
def show() -> Response:
    """The rules of all activities, in words."""
    return render_page(
        "staff/settings/combinations.html", layout="staff", rule_words=_rule_words,
        activities=deadline_settings.current_activities(),
    )  # fmt: skip


@blueprint.get("/<int:activity_id>")
@requires(Capability.EDIT_SETTINGS)
def edit(activity_id: int) -> Response:
    """The rules of an activity, with the choices that they allow."""
    activity = deadline_settings.read_activity(activity_id)
    rules = Combinations(activity.combinations, activity.may_overlap)
    return _page(activity, combinations_form(rules, activity.units), rules)


@blueprint.post("/<int:activity_id>")
@requires(Capability.EDIT_SETTINGS)
def save(activity_id: int) -> BaseResponse:
    """Store the rules; the buttons that change their number only show the form again."""
    activity = deadline_settings.read_activity(activity_id)
    form = read_combinations_form(request.form, activity.units)
    if form.changed(request.form):
        return _page(activity, form, None)
    rules = form.combinations()
    if rules is None:
        return _page(activity, form, None, status=422)
    try:
        with write_transaction() as session:
            combination_settings.save_combinations(session, activity_id, rules, request.form.get("seen", ""))
    except SettingMoved:
        return _page(deadline_settings.read_activity(activity_id), form, rules, status=409)
    flash(f"«{NBSP}{activity.name}{NBSP}»{NBSP}: les combinaisons sont enregistrées.", "success")
    return go_to(url_for(".edit", activity_id=activity_id))


@blueprint.post("/<int:activity_id>/apercu")
@requires(Capability.EDIT_SETTINGS)
def preview(activity_id: int) -> Response:
    """What the rules as they are typed would allow. Reads only; htmx gets the preview alone."""
    activity = deadline_settings.read_activity(activity_id)
    form = read_combinations_form(request.form, activity.units)
    rules = form.combinations()
    if wants_fragment():
        return render_fragment("staff/settings/_combinations_preview.html", shown=_shown(activity, rules))
    return _page(activity, form, rules, status=200 if rules is not None else 422)


def _page(activity: ActivityInfo, form: CombinationsForm, rules: Combinations | None, status: int = 200) -> Response:
    stored = Combinations(activity.combinations, activity.may_overlap)
    is_moved = status == 409
    return render_page(
        "staff/settings/activity_combinations.html", layout="staff", status=status, activity=activity, form=form,
        shown=_shown(activity, rules), seen=seen_mark(combinations_document(stored), is_moved=is_moved),
        stored_words=_rule_words(activity, stored.rules) if is_moved else None,
    )  # fmt: skip


def _shown(activity: ActivityInfo, rules: Combinations | None) -> PreviewView | None:
    if rules is None:
        return None
    names = {unit.id: unit.name for unit in activity.units}
    weeks = combination_settings.preview_weeks(activity, rules.rules, catalogue().calendar)
    views = [
        ChoiceView(
            " + ".join(names[id_] for id_ in choice.unit_ids),
            None if choice.violation is None else combination_sentence(choice.violation, names),
        )
        for choice in combination_settings.preview(activity, rules.rules)
    ]
    return PreviewView(
        _rule_words(activity, rules.rules),
        [view for view in views if view.problem is None],
        [view for view in views if view.problem is not None],
        [_week(week, names) for week in weeks],
    )


def _week(week: WeekPreview, names: Mapping[int, str]) -> WeekView:
    choices = [
        ChoiceView(
            days_count(choice.days), None if choice.violation is None else combination_sentence(choice.violation, names)
        )
        for choice in week.choices
    ]
    title = f"Exemple, semaine du {day_long(week.monday)}, avec {days_count(week.open_days)} d’ouverture"
    return WeekView(title, choices)


def _rule_words(activity: ActivityInfo, rules: Sequence[CombinationRule]) -> list[str]:
    names = {unit.id: unit.name for unit in activity.units}
    return [combination_rule_words(rule, names) for rule in rules]
