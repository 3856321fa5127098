"""Ma famille: its people as bands, its coordinates, its children, and what it asked the staff to change."""

from typing import TypeVar

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, current_family
from app.database import write_transaction
from app.file_labels import saved_sentence
from app.filters import NBSP
from app.forms.bases import SectionForm
from app.forms.changes import DuplicateForm, cards_of, fill_part
from app.forms.families import ChildForm, CoordinatesForm, CustodyForm
from app.htmx import go_to, render_page
from app.rules.file_fields import FileKind
from app.services import aids, change_requests, changes, child_files, families, price_facts
from app.services.changes import Part, Saved
from app.services.errors import AlreadyDecided, FamilyNotActive
from app.services.families import ChildView, FamilyRef

blueprint = Blueprint("members", __name__, url_prefix="/ma-famille")

Form = TypeVar("Form", bound=SectionForm)


@blueprint.get("")
def show() -> Response:
    """The people of the family, what its file lacks, and what it asked for."""
    family = current_family()
    children = families.children_of(family.id)
    return render_page(
        "family/members/show.html", layout="family", family=family, children=children,
        files=child_files.read_files(children), certification=child_files.certification_of(family.id),
        gaps=families.file_gaps_of(family.id), requests=cards_of(change_requests.requests_of_family(family.id)),
        may_add=changes.may_add(FileKind.NEW_CHILD),
    )  # fmt: skip


@blueprint.post("/demandes/<int:request_id>/retirer")
def withdraw_request(request_id: int) -> BaseResponse:
    """« Retirer ma demande »."""
    family = active_family()
    try:
        with write_transaction() as session:
            change_requests.withdraw(session, family.id, request_id)
    except AlreadyDecided:
        flash(f"Trop tard{NBSP}: cette demande est déjà traitée. Voyez la réponse ci-dessous.", "warning")
    else:
        flash("Votre demande est retirée. Rien ne change dans votre dossier.", "success")
    return go_to(url_for("family.members.show"))


@blueprint.get("/famille")
def show_family() -> Response:
    """The family's own file."""
    return render_page("family/members/family.html", layout="family", family=current_family())


@blueprint.get("/coordonnees")
def show_coordinates() -> Response:
    """The form « Coordonnées »."""
    return _coordinates_page(_coordinates_form())


@blueprint.post("/coordonnees")
def save_coordinates() -> BaseResponse:
    """Store « Coordonnées », or ask for what waits."""
    family, form = active_family(), _coordinates_form()
    if not form.validate():
        return _coordinates_page(form, status=422)
    saved = save_part(FileKind.COORDINATES, family.id, form)
    if saved.conflicts:
        return _coordinates_page(form, status=409)
    return go_to(url_for("family.members.show_family"))


@blueprint.get("/enfants/nouveau")
def new_child() -> Response:
    """« Ajouter une personne »: a child."""
    return _new_child_page(_new_child_form())


@blueprint.post("/enfants/nouveau")
def add_child() -> BaseResponse:
    """Add the child to the family, or ask for it."""
    family, form, duplicate = active_family(), _new_child_form(), DuplicateForm()
    if not form.validate():
        return _new_child_page(form, status=422)
    with write_transaction() as session:
        added = changes.add_person(
            session, family.id, current_account().user_id, FileKind.NEW_CHILD, form.values(),
            is_confirmed=duplicate.is_other_person.data,
        )  # fmt: skip
    if added.namesake is not None:
        return _new_child_page(form, duplicate, status=422)
    if added.is_asked or added.subject_id is None:
        flash("Votre demande est envoyée. Nous vous écrirons quand elle sera traitée.", "success")
        return go_to(url_for("family.members.show"))
    flash(f"{form.first_name.data} fait maintenant partie de votre famille.", "success")
    return go_to(url_for("family.members.show_child", child_id=added.subject_id))


@blueprint.get("/enfants/<int:child_id>")
def show_child(child_id: int) -> Response:
    """A child: identity, and the way to enrolments and bookings."""
    family = current_family()
    child = families.child_of(family.id, child_id)
    return render_page(
        "family/members/child.html", layout="family", child=child, family=family, file=child_files.read_file(child),
        waits=any(view.is_about_child(child_id) for view in change_requests.requests_of_family(family.id)),
        aids=aids.aids_of_child(family.id, child_id),
    )  # fmt: skip


@blueprint.get("/enfants/<int:child_id>/identite")
def edit_child(child_id: int) -> Response:
    """Correct a child's identity; once the child is enrolled the staff approve, unless they chose otherwise."""
    return _part_page(child_id, FileKind.CHILD, *_child_form(child_id))


@blueprint.post("/enfants/<int:child_id>/identite")
def save_child(child_id: int) -> BaseResponse:
    """Store the corrected identity, or ask for it."""
    return _save_of_child(child_id, FileKind.CHILD, *_child_form(child_id))


@blueprint.get("/enfants/<int:child_id>/lieu-de-vie")
def edit_custody(child_id: int) -> Response:
    """With whom a child lives."""
    return _part_page(child_id, FileKind.CUSTODY, *_custody_form(child_id))


@blueprint.post("/enfants/<int:child_id>/lieu-de-vie")
def save_custody(child_id: int) -> BaseResponse:
    """Store with whom a child lives, or ask for it."""
    return _save_of_child(child_id, FileKind.CUSTODY, *_custody_form(child_id))


def active_family() -> FamilyRef:
    """The signed-in family, which may change its file. Raises FamilyNotActive for one that may only look."""
    family = current_family()
    if not family.may_act:
        raise FamilyNotActive
    return family


def save_part(kind: FileKind, subject_id: int, form: SectionForm) -> Saved:
    """Store what was typed in a valid form and tell what became of it; on conflict the form tells it."""
    family_id = current_family().id
    with write_transaction() as session:
        saved = changes.save(
            session, family_id, current_account().user_id, kind, subject_id, form.shown(), form.values()
        )
    if saved.conflicts:
        form.add_conflicts(saved.conflicts, changes.part_of(family_id, kind, subject_id).values)
    else:
        sentence = saved_sentence(kind, saved.applied, saved.asked, saved.withdrawn)
        flash(sentence, "success" if saved.applied or saved.asked or saved.withdrawn else "info")
    return saved


def _coordinates_form() -> CoordinatesForm:
    family_id = current_family().id
    part, form = changes.part_of(family_id, FileKind.COORDINATES, family_id), CoordinatesForm()
    form.offer_months(clock.today(), part.stored["quotient_month"])
    fill_part(form, part.values, read_only=part.read_only, pending=part.pending)
    return form


def _coordinates_page(form: CoordinatesForm, status: int = 200) -> Response:
    family = current_family()
    return render_page(
        "family/members/coordinates.html", layout="family", status=status, form=form, family=family,
        quotients=families.quotient_history(family.id), gaps=families.file_gaps_of(family.id),
        facts=price_facts.read_facts(family.id),
    )  # fmt: skip


def _new_child_form() -> ChildForm:
    form = ChildForm()
    fill_part(form, {})
    return form


def _new_child_page(form: ChildForm, duplicate: DuplicateForm | None = None, status: int = 200) -> Response:
    return render_page(
        "family/members/new_child.html", layout="family", status=status, form=form, duplicate=duplicate,
        may_add=changes.may_add(FileKind.NEW_CHILD),
    )  # fmt: skip


def _child_form(child_id: int) -> tuple[ChildForm, Part]:
    return _filled(child_id, FileKind.CHILD, ChildForm())


def _custody_form(child_id: int) -> tuple[CustodyForm, Part]:
    return _filled(child_id, FileKind.CUSTODY, CustodyForm())


def _filled(child_id: int, kind: FileKind, form: Form) -> tuple[Form, Part]:
    family_id = current_family().id
    part = changes.part_of(family_id, kind, child_id)
    fill_part(form, part.values, read_only=part.read_only, pending=part.pending)
    return form, part


def _save_of_child(child_id: int, kind: FileKind, form: SectionForm, part: Part) -> BaseResponse:
    active_family()
    if not form.validate():
        return _part_page(child_id, kind, form, part, status=422)
    if save_part(kind, child_id, form).conflicts:
        return _part_page(child_id, kind, form, part, status=409)
    return go_to(url_for("family.members.show_child", child_id=child_id))


def _part_page(child_id: int, kind: FileKind, form: SectionForm, part: Part, status: int = 200) -> Response:
    child: ChildView = families.child_of(current_family().id, child_id)
    template = "edit_child" if kind is FileKind.CHILD else "custody"
    return render_page(
        f"family/members/{template}.html", layout="family", status=status, child=child, form=form, part=part,
        family=current_family(),
    )  # fmt: skip
