"""« Réglages › Délais »: from when and until when parents may book, until when they may cancel, free or charged."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from app.absence_labels import rule_words
from app.access import requires
from app.blueprints.staff.seen import read_anew, seen_mark, shown_marks
from app.database import write_transaction
from app.filters import NBSP
from app.forms.reminders import ReminderSettingForm
from app.forms.staff_deadlines import DeadlineForm, deadline_form, read_deadline_form
from app.htmx import go_to, render_fragment, render_page, wants_fragment
from app.labels import label
from app.notice_labels import DEADLINE_TITLES, FREE_UNTIL_THEN, WITHOUT_RULE, instant_words, line_words
from app.rules.capabilities import Capability
from app.rules.deadlines import Deadline, NoticeRule, paris_moment
from app.rules.notice_documents import notice_document
from app.services import deadline_settings
from app.services.catalogue import ActivityInfo, catalogue
from app.services.deadline_settings import PreviewLine
from app.services.errors import SettingMoved

blueprint = Blueprint("deadlines", __name__)

WORDS = {
    "ouverture": Deadline.OPENING,
    "reservation": Deadline.BOOK,
    "annulation": Deadline.CANCEL,
    "annulation-facturee": Deadline.CANCEL_LATE,
}
_CODES = {deadline: word for word, deadline in WORDS.items()}


@dataclass(frozen=True, slots=True)
class PreviewDay:
    """What a rule gives for units of a day, in words."""

    line: PreviewLine
    words: str
    audience: str  # « » for everybody


@dataclass(frozen=True, slots=True)
class PreviewView:
    """A rule and what it gives, in words."""

    rule_words: Sequence[str]
    days: Sequence[PreviewDay]
    unused: Sequence[int]  # places of lines, from 0


def _reminder_form() -> ReminderSettingForm:
    return ReminderSettingForm(obj=catalogue().council)


def _list_page(form: ReminderSettingForm, status: int = 200) -> Response:
    return render_page(
        "staff/settings/deadlines.html", layout="staff", status=status, form=form,
        activities=deadline_settings.current_activities(), titles=DEADLINE_TITLES, codes=_CODES,
        rule_words=_rule_words, without_rule=WITHOUT_RULE, absence_words=rule_words,
        shown=shown_marks(form, is_moved=status == 409),
    )  # fmt: skip


@blueprint.get("")
@requires(Capability.EDIT_SETTINGS)
def show() -> Response:
    """The rules of all activities, in words, and the reminder before they end."""
    return _list_page(_reminder_form())


@blueprint.post("/rappel")
@requires(Capability.EDIT_SETTINGS)
def save_reminders() -> BaseResponse:
    """Store whether parents may be reminded, and how long before."""
    form = _reminder_form()
    if not form.validate():
        return _list_page(form, status=422)
    with write_transaction() as session:
        form, is_moved = read_anew(session, _reminder_form)
        if not is_moved:
            deadline_settings.save_reminders(
                session, is_on=form.reminds_of_weeks.data, hours=form.reminder_hours.data or 0
            )
    if is_moved:
        return _list_page(form, status=409)
    flash("Le rappel est enregistré.", "success")
    return go_to(url_for(".show"))


@blueprint.get("/<int:activity_id>")
@requires(Capability.EDIT_SETTINGS)
def edit(activity_id: int) -> Response:
    """One rule of an activity, with what it gives on real days."""
    activity, deadline = deadline_settings.read_activity(activity_id), _asked()
    rule = activity.notices.get(deadline)
    return _page(activity, deadline_form(deadline, rule, activity.units), rule or NoticeRule(()))


@blueprint.post("/<int:activity_id>")
@requires(Capability.EDIT_SETTINGS)
def save(activity_id: int) -> BaseResponse:
    """Store a rule; the buttons that change its number of lines only show the form again."""
    activity, deadline = deadline_settings.read_activity(activity_id), _asked()
    form = read_deadline_form(request.form, deadline, activity.units)
    if form.changed(request.form):
        return _page(activity, form, None)
    rule = form.rule()
    if rule is None:
        return _page(activity, form, None, status=422)
    try:
        with write_transaction() as session:
            deadline_settings.save_rule(session, activity_id, deadline, rule, request.form.get("seen", ""))
    except SettingMoved:
        return _page(deadline_settings.read_activity(activity_id), form, rule, status=409)
    flash(
        f"«{NBSP}{activity.name}{NBSP}», {DEADLINE_TITLES[deadline].lower()}{NBSP}: la règle est enregistrée.",
        "success",
    )
    return go_to(url_for(".edit", activity_id=activity_id, pour=_CODES[deadline]))


@blueprint.post("/<int:activity_id>/apercu")
@requires(Capability.EDIT_SETTINGS)
def preview(activity_id: int) -> Response:
    """What the rule as it is typed would give. Reads only; htmx gets the preview alone."""
    activity, deadline = deadline_settings.read_activity(activity_id), _asked()
    form = read_deadline_form(request.form, deadline, activity.units)
    rule = form.rule()
    if wants_fragment():
        return render_fragment(
            "staff/settings/_deadline_preview.html", without_rule=WITHOUT_RULE[deadline],
            shown=_shown(activity, deadline, rule),
        )  # fmt: skip
    return _page(activity, form, rule, status=200 if rule is not None else 422)


def _asked() -> Deadline:
    deadline = WORDS.get(request.args.get("pour", "reservation"))
    if deadline is None:
        raise NotFound
    return deadline


def _page(activity: ActivityInfo, form: DeadlineForm, rule: NoticeRule | None, status: int = 200) -> Response:
    deadline = form.deadline
    stored, is_moved = activity.notices.get(deadline) or NoticeRule(()), status == 409
    return render_page(
        "staff/settings/deadline.html", layout="staff", status=status, activity=activity, form=form,
        title=DEADLINE_TITLES[deadline], code=_CODES[deadline], without_rule=WITHOUT_RULE[deadline],
        shown=_shown(activity, deadline, rule), seen=seen_mark(notice_document(stored), is_moved=is_moved),
        stored_words=_rule_words(activity, deadline, stored) if is_moved else None,
    )  # fmt: skip


def _shown(activity: ActivityInfo, deadline: Deadline, rule: NoticeRule | None) -> PreviewView | None:
    if rule is None:
        return None
    found = deadline_settings.preview(activity, deadline, rule)
    days = [
        PreviewDay(
            line,
            FREE_UNTIL_THEN
            if line.is_free
            else instant_words(line.instant, paris_moment(line.day, line.units[0].starts_at), deadline),
            ("les autres" if line.audience is None else label(line.audience)) if rule.audiences else "",
        )
        for line in found.lines
    ]
    return PreviewView(_rule_words(activity, deadline, rule), days, found.unused)


def _rule_words(activity: ActivityInfo, deadline: Deadline, rule: NoticeRule | None) -> list[str]:
    names = {unit.id: unit.name for unit in activity.units}
    return [] if rule is None else [line_words(line, deadline, names) for line in rule.lines]
