"""The staff change a family's file directly: the parents' forms without policies, in the same history."""

from datetime import date

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, requires
from app.database import write_transaction
from app.forms.bases import SectionForm
from app.forms.changes import DuplicateForm, entries_of, fill_part
from app.forms.families import ChildForm, CustodyForm
from app.forms.guardians import GuardianForm
from app.forms.staff_changes import StaffCoordinatesForm
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.rules.file_fields import FileKind
from app.services import changes, families, family_files, file_histories, guardians
from app.services.guardians import FAMILY_HOME, GuardianView

blueprint = Blueprint("family_parts", __name__)


@blueprint.get("/<int:family_id>/coordonnees")
@requires(Capability.EDIT_FAMILIES)
def edit_coordinates(family_id: int) -> Response:
    """The coordinates of a family."""
    return _page(family_id, FileKind.COORDINATES, _coordinates_form(family_id))


@blueprint.post("/<int:family_id>/coordonnees")
@requires(Capability.EDIT_FAMILIES)
def save_coordinates(family_id: int) -> BaseResponse:
    """Store the coordinates of a family; a new address holds from the day that the agent says."""
    form = _coordinates_form(family_id)
    return _save(family_id, FileKind.COORDINATES, family_id, form, begins_on=form.starts_on.data)


@blueprint.get("/<int:family_id>/parents/nouveau")
@requires(Capability.EDIT_FAMILIES)
def new_guardian(family_id: int) -> Response:
    """Add an adult to a family."""
    return _page(family_id, FileKind.NEW_GUARDIAN, _new_form(FileKind.NEW_GUARDIAN))


@blueprint.post("/<int:family_id>/parents/nouveau")
@requires(Capability.EDIT_FAMILIES)
def add_guardian(family_id: int) -> BaseResponse:
    """Store a new adult."""
    return _add(family_id, FileKind.NEW_GUARDIAN)


@blueprint.get("/<int:family_id>/parents/<int:guardian_id>")
@requires(Capability.EDIT_FAMILIES)
def edit_guardian(family_id: int, guardian_id: int) -> Response:
    """An adult of a family."""
    guardian = guardians.guardian_of(family_id, guardian_id)
    return _page(family_id, FileKind.GUARDIAN, _guardian_form(guardian), guardian)


@blueprint.post("/<int:family_id>/parents/<int:guardian_id>")
@requires(Capability.EDIT_FAMILIES)
def save_guardian(family_id: int, guardian_id: int) -> BaseResponse:
    """Store an adult of a family."""
    guardian = guardians.guardian_of(family_id, guardian_id)
    return _save(family_id, FileKind.GUARDIAN, guardian_id, _guardian_form(guardian), guardian)


@blueprint.get("/<int:family_id>/enfants/nouveau")
@requires(Capability.EDIT_FAMILIES)
def new_child(family_id: int) -> Response:
    """Add a child to a family."""
    return _page(family_id, FileKind.NEW_CHILD, _new_form(FileKind.NEW_CHILD))


@blueprint.post("/<int:family_id>/enfants/nouveau")
@requires(Capability.EDIT_FAMILIES)
def add_child(family_id: int) -> BaseResponse:
    """Store a new child."""
    return _add(family_id, FileKind.NEW_CHILD)


@blueprint.get("/<int:family_id>/enfants/<int:child_id>/identite")
@requires(Capability.EDIT_FAMILIES)
def edit_child(family_id: int, child_id: int) -> Response:
    """The identity of a child."""
    return _page(family_id, FileKind.CHILD, _filled(ChildForm(), family_id, FileKind.CHILD, child_id))


@blueprint.post("/<int:family_id>/enfants/<int:child_id>/identite")
@requires(Capability.EDIT_FAMILIES)
def save_child(family_id: int, child_id: int) -> BaseResponse:
    """Store the identity of a child."""
    form = _filled(ChildForm(), family_id, FileKind.CHILD, child_id)
    return _save(family_id, FileKind.CHILD, child_id, form)


@blueprint.get("/<int:family_id>/enfants/<int:child_id>/lieu-de-vie")
@requires(Capability.EDIT_FAMILIES)
def edit_custody(family_id: int, child_id: int) -> Response:
    """With whom a child lives, as this family says."""
    return _page(family_id, FileKind.CUSTODY, _filled(CustodyForm(), family_id, FileKind.CUSTODY, child_id))


@blueprint.post("/<int:family_id>/enfants/<int:child_id>/lieu-de-vie")
@requires(Capability.EDIT_FAMILIES)
def save_custody(family_id: int, child_id: int) -> BaseResponse:
    """Store with whom a child lives."""
    form = _filled(CustodyForm(), family_id, FileKind.CUSTODY, child_id)
    return _save(family_id, FileKind.CUSTODY, child_id, form)


@blueprint.get("/<int:family_id>/modifications")
@requires(Capability.EDIT_FAMILIES)
def show_history(family_id: int) -> Response:
    """Who changed what of a family's file, and when."""
    return render_page(
        "staff/family_parts/history.html", layout="staff", family_id=family_id,
        family_name=family_files.read_family_name(family_id), history=entries_of(file_histories.history_of(family_id)),
    )  # fmt: skip


def _coordinates_form(family_id: int) -> StaffCoordinatesForm:
    form = StaffCoordinatesForm()
    stored = changes.stored_part(family_id, FileKind.COORDINATES, family_id)
    form.offer_months(clock.today(), stored["quotient_month"])
    fill_part(form, {**stored, "starts_on": clock.today().isoformat()})
    return form


def _guardian_form(guardian: GuardianView) -> GuardianForm:
    form = GuardianForm()
    if guardian.has_login:
        del form.email
    fill_part(form, guardian.values)
    return form


def _filled(form: SectionForm, family_id: int, kind: FileKind, subject_id: int) -> SectionForm:
    fill_part(form, changes.stored_part(family_id, kind, subject_id))
    return form


def _new_form(kind: FileKind) -> SectionForm:
    form = GuardianForm() if kind is FileKind.NEW_GUARDIAN else ChildForm()
    fill_part(form, {"home": FAMILY_HOME} if kind is FileKind.NEW_GUARDIAN else {})
    return form


def _save(
    family_id: int, kind: FileKind, subject_id: int, form: SectionForm, guardian: GuardianView | None = None,
    begins_on: date | None = None,
) -> BaseResponse:  # fmt: skip
    if not form.validate():
        return _page(family_id, kind, form, guardian, status=422)
    with write_transaction() as session:
        saved = changes.save_as_staff(
            session, family_id, current_account().user_id, kind, subject_id, form.shown(), form.values(),
            begins_on or clock.today(),
        )  # fmt: skip
    if saved.conflicts:
        form.add_conflicts(saved.conflicts, changes.stored_part(family_id, kind, subject_id))
        return _page(family_id, kind, form, guardian, status=409)
    flash("Le dossier est à jour." if saved.applied else "Rien n’a changé.", "success" if saved.applied else "info")
    return go_to(url_for("staff.families.show", family_id=family_id))


def _add(family_id: int, kind: FileKind) -> BaseResponse:
    form, duplicate = _new_form(kind), DuplicateForm()
    if not form.validate():
        return _page(family_id, kind, form, status=422)
    with write_transaction() as session:
        added = changes.add_person(
            session, family_id, current_account().user_id, kind, form.values(),
            is_confirmed=duplicate.is_other_person.data, is_staff=True,
        )  # fmt: skip
    if added.namesake is not None:
        return _page(family_id, kind, form, status=422, duplicate=duplicate)
    flash("Cette personne fait maintenant partie de la famille.", "success")
    return go_to(url_for("staff.families.show", family_id=family_id))


def _page(
    family_id: int, kind: FileKind, form: SectionForm, guardian: GuardianView | None = None, status: int = 200,
    duplicate: DuplicateForm | None = None,
) -> Response:  # fmt: skip
    return render_page(
        "staff/family_parts/edit.html", layout="staff", status=status, kind=kind, form=form, guardian=guardian,
        family_id=family_id, family_name=family_files.read_family_name(family_id), duplicate=duplicate,
        is_own=family_id in families.own_family_ids(current_account().user_id),
    )  # fmt: skip
