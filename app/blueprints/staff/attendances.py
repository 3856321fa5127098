"""« Pointage »: who came, ticked on a tablet; the end of a day, and its reopening."""

from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app import attendance_labels, clock
from app.access import current_account, reached_activities, record_health_readings, requires
from app.blueprints.staff.attendance_batches import kept_in_tablet
from app.database import db, write_transaction
from app.filters import NBSP
from app.forms.attendances import (
    CorrectionForm,
    PlaceForm,
    ReopenForm,
    SearchForm,
    ValidationForm,
    marks_of_child,
    marks_of_tap,
    read_addition,
    read_tap,
)
from app.forms.bookings import read_day
from app.forms.keys import new_key
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import attendance_lists, attendance_logs, attendances, validated_days
from app.services.attendance_lists import ChildLine, GroupDay
from app.services.attendances import Answer, Mark, Result
from app.services.errors import DayInvoiced, DayNotTicked, DayNotValidated, RunUnderWay

blueprint = Blueprint("attendances", __name__)


@blueprint.get("")
@requires(Capability.TAKE_ATTENDANCE)
def show() -> Response:
    """The groups of a day, today's without a date, and the days that wait to be validated."""
    day = read_day(request.args.get("jour"), clock.today())
    session, today = db.session(), clock.today()
    mine = reached_activities(Capability.TAKE_ATTENDANCE)
    return render_page(
        "staff/attendances/show.html", layout="staff", day=day, is_today=day == today,
        groups=validated_days.groups_of_day(session, mine, day), to_validate=validated_days.days_to_tell(session, mine),
        hrefs={
            "previous": url_for(".show", jour=day - timedelta(days=1)), "today": url_for(".show"),
            "next": url_for(".show", jour=day + timedelta(days=1)),
        },
    )  # fmt: skip


@blueprint.get("/<int:group_id>/<day>")
@requires(Capability.TAKE_ATTENDANCE)
def show_group(group_id: int, day: str) -> Response:
    """The list of a group's day."""
    return _group_page(_read(group_id, day, request.args))


@blueprint.post("/<int:group_id>/<day>")
@requires(Capability.TAKE_ATTENDANCE)
def mark(group_id: int, day: str) -> BaseResponse:
    """One tap: a child is there, is not, or what was noted is taken back."""
    tap = read_tap(request.form)
    page = _read(group_id, day, request.form)
    child = next((each for each in page.children if each.child_id == tap.child_id), None)
    is_today = page.day == clock.today()
    marks = marks_of_tap(tap, child, _minute() if is_today else None)
    _record(marks, page)
    return go_to(_address(page, child))


@blueprint.get("/<int:group_id>/<day>/enfants/<int:child_id>")
@requires(Capability.TAKE_ATTENDANCE)
def edit_child(group_id: int, day: str, child_id: int) -> Response:
    """A child's day, unit by unit, with its times and all that was said of it."""
    page = _read(group_id, day, request.args)
    child = attendance_lists.find_child(page, child_id)
    return _child_page(page, child, [PlaceForm.of(place) for place in child.places])


@blueprint.post("/<int:group_id>/<day>/enfants/<int:child_id>")
@requires(Capability.TAKE_ATTENDANCE)
def save_child(group_id: int, day: str, child_id: int) -> BaseResponse:
    """Store what was noted of it, unit by unit."""
    page = _read(group_id, day, request.form)
    child = attendance_lists.find_child(page, child_id)
    forms = [PlaceForm.of(place, request.form) for place in child.places]
    are_right = [form.validate() for form in forms]  # each tells its own mistakes
    if not all(are_right):
        return _child_page(page, child, forms, status=422)
    _record(marks_of_child(request.form, child, forms), page)
    return go_to(_address(page, child))


@blueprint.post("/<int:group_id>/<day>/enfants/<int:child_id>/corriger")
@requires(Capability.REOPEN_ATTENDANCE)
def correct_child(group_id: int, day: str, child_id: int) -> BaseResponse:
    """Correct what was noted of it and is on an invoice, with a reason: the régie finds what is to be credited."""
    page = _read(group_id, day, request.form)
    child = attendance_lists.find_child(page, child_id)
    forms, form = [PlaceForm.of(place, request.form) for place in child.places], CorrectionForm()
    are_right = [form.validate(), *(each.validate() for each in forms)]  # each tells its own mistakes
    if not all(are_right):
        return _child_page(page, child, forms, form, status=422)
    attendance_lists.check_correction(db.session(), current_account().user_id, page, child)
    marks = marks_of_child(request.form, child, forms)
    if not marks:
        flash("Rien n’a changé dans le pointage.", "info")
        return go_to(_address(page, child))
    with write_transaction() as session:
        made = attendances.correct(session, current_account().user_id, marks, form.reason.data or "")
    for sentence in attendance_labels.told(made.answers, page.units):
        flash(sentence, "warning")
    if any(answer.result is Result.REFUSED for answer in made.answers):
        page = _read(group_id, day, request.form)
        child = attendance_lists.find_child(page, child_id)
        return _child_page(page, child, [PlaceForm.of(place, request.form) for place in child.places], form, status=409)
    flash(attendance_labels.TO_CREDIT if made.correction_ids else attendance_labels.CORRECTED, "success")
    return go_to(_address(page, child))


@blueprint.get("/<int:group_id>/<day>/ajouter")
@requires(Capability.TAKE_ATTENDANCE)
def search(group_id: int, day: str) -> Response:
    """Look for a child that came and is not on the list."""
    page = _read(group_id, day, request.args)
    form = SearchForm(formdata=request.args)
    words = form.q.data or ""
    if not form.validate():
        return render_page("staff/attendances/add.html", layout="staff", status=422, page=page, form=form, found=())
    found = attendance_lists.search_children(db.session(), current_account().user_id, group_id, page.day, words)
    record_health_readings(attendance_lists.children_with_health((each.child_id, each.health) for each in found))
    openings = attendance_lists.openings_to_add(db.session(), page)
    return render_page(
        "staff/attendances/add.html", layout="staff", page=page, form=form, found=found, key=new_key(),
        openings=openings, is_over=attendance_lists.places_over(
            db.session(), group_id, page.day, [unit.id for unit in openings.values()]
        ),
    )  # fmt: skip


@blueprint.post("/<int:group_id>/<day>/ajouter")
@requires(Capability.TAKE_ATTENDANCE)
def add(group_id: int, day: str) -> BaseResponse:
    """Note that a child came who was not booked."""
    added = read_addition(request.form)
    page = _read(group_id, day, request.form)
    known = attendance_lists.openings_of(db.session(), page)
    if not added.opening_ids:
        flash("Choisissez au moins un temps d’accueil.", "warning")
        return go_to(url_for(".search", group_id=group_id, day=page.day, q=request.form.get("q", "")[:60]))
    answers = _record(added.marks(known), page)
    if any(answer.is_unbilled for answer in answers):
        flash(
            f"Présence notée. Elle ne sera pas facturée telle quelle{NBSP}: l’enfant n’a pas d’inscription ce jour-là, "
            "ou une demande en cours. La facturation est prévenue.",
            "warning",
        )
    return go_to(f"{_address(page)}#enfant-{added.child_id}")


@blueprint.get("/<int:group_id>/<day>/valider")
@requires(Capability.TAKE_ATTENDANCE)
def ask_validation(group_id: int, day: str) -> Response:
    """Before a day is validated: who is not ticked."""
    return _validation_page(_read(group_id, day, request.args, whole=True), ValidationForm(formdata=None))


@blueprint.post("/<int:group_id>/<day>/valider")
@requires(Capability.TAKE_ATTENDANCE)
def validate(group_id: int, day: str) -> BaseResponse:
    """Lock a day."""
    page = _read(group_id, day, request.form, whole=True)
    form = ValidationForm()
    if page.unticked and not form.validate():
        return _validation_page(page, form, status=422)
    rest = form.turnout() if page.unticked else None
    try:
        with write_transaction() as session:
            validated_days.validate_day(session, current_account().user_id, group_id, page.day, rest)
    except DayNotTicked:
        db.session.rollback()
        flash("La liste a changé depuis que vous l’avez lue. Relisez-la avant de valider.", "warning")
        return _validation_page(
            _read(group_id, day, request.form, whole=True), ValidationForm(formdata=None), status=409
        )
    except RunUnderWay:
        flash(attendance_labels.RUN_UNDER_WAY, "error")
        return go_to(_address(page))
    flash("Journée validée. Elle est verrouillée.", "success")
    return go_to(_address(page))


@blueprint.post("/<int:group_id>/<day>/rouvrir")
@requires(Capability.REOPEN_ATTENDANCE)
def reopen(group_id: int, day: str) -> BaseResponse:
    """Open a validated day again, with a reason that is kept."""
    page = _read(group_id, day, request.form, whole=True)
    form = ReopenForm()
    if not form.validate():
        return _group_page(page, form, status=422)
    try:
        with write_transaction() as session:
            validated_days.reopen_day(session, current_account().user_id, group_id, page.day, form.reason.data or "")
    except DayNotValidated:
        flash("Cette journée est déjà ouverte.", "info")
    except RunUnderWay:
        flash(attendance_labels.RUN_UNDER_WAY, "error")
    except DayInvoiced:
        flash(attendance_labels.INVOICED_DAY, "error")
    else:
        flash("Journée rouverte. Pensez à la valider à nouveau.", "success")
    return go_to(_address(page))


def _read(group_id: int, day: str, asked: MultiDict[str, str], *, whole: bool = False) -> GroupDay:
    """A group's day; and its unit that an address or a form names, unless the whole day is meant."""
    unit = asked.get("temps", "")
    unit_id = int(unit) if unit.isdecimal() and len(unit) < 10 and not whole else None
    return attendance_lists.read_group_day(
        db.session(), current_account().user_id, group_id, read_day(day, clock.today()), unit_id
    )


def _minute() -> time:
    return clock.now().time().replace(second=0, microsecond=0)


def _record(marks: Sequence[Mark], page: GroupDay) -> tuple[Answer, ...]:
    with write_transaction() as session:
        answers = attendances.record_all(session, current_account().user_id, marks)
    for sentence in attendance_labels.told(answers, page.units):
        flash(sentence, "warning")
    return answers


def _address(page: GroupDay, child: ChildLine | None = None, day: date | None = None) -> str:
    anchor = None if child is None else f"enfant-{child.child_id}"
    return url_for(
        ".show_group", group_id=page.group.id, day=day or page.day, temps=page.unit.id if page.unit else None,
        _anchor=anchor,
    )  # fmt: skip


def _note_reading(children: Iterable[ChildLine]) -> None:
    record_health_readings(
        attendance_lists.children_with_health((child.child_id, child.care.health) for child in children)
    )


def _group_page(page: GroupDay, form: ReopenForm | None = None, status: int = 200) -> Response:
    _note_reading(page.children)
    times = page.unit or (page.units[0] if len(page.units) == 1 else None)
    shown = render_page(
        "staff/attendances/group.html", layout="staff", status=status, page=page, key=new_key(),
        sent_at=round(clock.now().timestamp() * 1000),
        form=form or ReopenForm(formdata=None), is_today=page.day == clock.today(),
        by_hour=times is not None and page.day == clock.today(),
        hrefs={
            "previous": _address(page, day=page.day - timedelta(days=1)),
            "next": _address(page, day=page.day + timedelta(days=1)),
        },
    )  # fmt: skip
    return kept_in_tablet(shown)


def _child_page(
    page: GroupDay,
    child: ChildLine,
    forms: Sequence[PlaceForm],
    form: CorrectionForm | None = None,
    status: int = 200,
) -> Response:
    _note_reading([child])
    may_correct = attendance_lists.may_correct(db.session(), current_account().user_id, page, child)
    log = attendance_logs.log_of(db.session(), child.child_id, [place.opening_id for place in child.places])
    return render_page(
        "staff/attendances/child.html", layout="staff", status=status, page=page, child=child, key=new_key(),
        lines=list(zip(child.places, forms, strict=True)), log=log,
        correction=(form or CorrectionForm(formdata=None)) if may_correct else None, back_href=_address(page, child),
    )  # fmt: skip


def _validation_page(page: GroupDay, form: ValidationForm, status: int = 200) -> Response:
    return render_page(
        "staff/attendances/validate.html", layout="staff", status=status, page=page, form=form,
        back_href=_address(page),
    )  # fmt: skip
