"""The blue buttons of a child: its sections, the people around it, who read its health data, and the certification."""

from collections.abc import Callable

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock, labels
from app.access import current_account, current_family
from app.blueprints.family.members import active_family
from app.database import db, write_transaction
from app.filters import NBSP, spaced
from app.forms.child_files import (
    SECTION_FORMS,
    ContactForm,
    FileForm,
    SchoolForm,
    filled,
    school_year_note,
    vaccinations_form,
)
from app.htmx import go_to, render_page
from app.rules.changes import Merge
from app.rules.child_files import HEALTH_SECTIONS, SectionKind, read_past_classes
from app.rules.school_years import school_year_of
from app.services import authorisations, child_files, contacts
from app.services.catalogue import catalogue
from app.services.families import ChildView, child_of

blueprint = Blueprint("child_files", __name__, url_prefix="/ma-famille")

SLUGS = {
    SectionKind.SCHOOL: "ecole",
    SectionKind.DOCTOR: "medecin",
    SectionKind.VACCINATIONS: "vaccinations",
    SectionKind.HEALTH: "sante",
    SectionKind.DIET: "alimentation",
    SectionKind.INSURANCE: "assurance",
    SectionKind.AUTHORISATIONS: "autorisations",
}
"""The addresses of the sections that are one form; the people around the child are a list with its own views."""


def _edit(kind: SectionKind) -> Callable[[int], Response]:
    def edit_section(child_id: int) -> Response:
        child = child_of(current_family().id, child_id)
        return _section_page(child, kind, _section_form(child, kind))

    edit_section.__doc__ = f"The section « {labels.label(kind)} » of a child."
    return edit_section


def _save(kind: SectionKind) -> Callable[[int], BaseResponse]:
    def save_section(child_id: int) -> BaseResponse:
        family = active_family()
        child = child_of(family.id, child_id)
        form = _section_form(child, kind)
        if not form.validate():
            return _section_page(child, kind, form, status=422)
        merged = _store(family.id, family.guardian_id, child, kind, form)
        if merged.conflicts:
            form.add_conflicts(merged.conflicts, _values(child, kind))
            return _section_page(child, kind, form, status=409)
        flash(
            f"{labels.label(kind)}{NBSP}: c’est enregistré." if merged.changes else "Rien n’a changé.",
            "success" if merged.changes else "info",
        )
        return go_to(url_for("family.members.show_child", child_id=child_id))

    save_section.__doc__ = f"Store the section « {labels.label(kind)} »; it holds at once."
    return save_section


for _kind, _slug in SLUGS.items():
    _address = f"/enfants/<int:child_id>/{_slug}"
    blueprint.add_url_rule(_address, f"edit_{_kind}", _edit(_kind), methods=["GET"])
    blueprint.add_url_rule(_address, f"save_{_kind}", _save(_kind), methods=["POST"])


@blueprint.get("/enfants/<int:child_id>/personnes")
def show_contacts(child_id: int) -> Response:
    """The people around the child, in the order of call."""
    child = child_of(current_family().id, child_id)
    return render_page(
        "family/child_files/contacts.html", layout="family", family=current_family(), child=child,
        contacts=contacts.contacts_of(child_id),
    )  # fmt: skip


@blueprint.get("/enfants/<int:child_id>/personnes/nouvelle")
def new_contact(child_id: int) -> Response:
    """Add somebody."""
    child = child_of(current_family().id, child_id)
    return _contact_page(child, None, filled(ContactForm, {}))


@blueprint.post("/enfants/<int:child_id>/personnes/nouvelle")
def add_contact(child_id: int) -> BaseResponse:
    """Store somebody new."""
    family = active_family()
    child, form = child_of(family.id, child_id), filled(ContactForm, {})
    if not form.validate():
        return _contact_page(child, None, form, status=422)
    values = form.values()
    with write_transaction() as session:
        contacts.add_contact(session, family.id, child_id, values)
    flash(f"{values['first_name']} est dans la liste.", "success")
    return go_to(url_for("family.child_files.show_contacts", child_id=child_id))


@blueprint.get("/enfants/<int:child_id>/personnes/<int:contact_id>")
def edit_contact(child_id: int, contact_id: int) -> Response:
    """Change somebody, or remove them."""
    child = child_of(current_family().id, child_id)
    contact = contacts.contact_of(child_id, contact_id)
    return _contact_page(child, contact_id, filled(ContactForm, contact.values()))


@blueprint.post("/enfants/<int:child_id>/personnes/<int:contact_id>")
def save_contact(child_id: int, contact_id: int) -> BaseResponse:
    """Store what changed."""
    family = active_family()
    child = child_of(family.id, child_id)
    contact = contacts.contact_of(child_id, contact_id)
    form = filled(ContactForm, contact.values())
    if not form.validate():
        return _contact_page(child, contact_id, form, status=422)
    with write_transaction() as session:
        merged = contacts.save_contact(session, family.id, child_id, contact_id, form.shown(), form.values())
    if merged.conflicts:
        form.add_conflicts(merged.conflicts, contacts.contact_of(child_id, contact_id).values())
        return _contact_page(child, contact_id, form, status=409)
    flash("Vos modifications sont enregistrées.", "success")
    return go_to(url_for("family.child_files.show_contacts", child_id=child_id))


@blueprint.post("/enfants/<int:child_id>/personnes/<int:contact_id>/retirer")
def remove_contact(child_id: int, contact_id: int) -> BaseResponse:
    """Take somebody off the list."""
    family = active_family()
    child_of(family.id, child_id)
    name = contacts.contact_of(child_id, contact_id).first_name
    with write_transaction() as session:
        contacts.remove_contact(session, family.id, child_id, contact_id)
    flash(f"{name} n’est plus dans la liste.", "success")
    return go_to(url_for("family.child_files.show_contacts", child_id=child_id))


@blueprint.post("/enfants/<int:child_id>/personnes/<int:contact_id>/monter")
def call_earlier(child_id: int, contact_id: int) -> BaseResponse:
    """One place up in the order of call."""
    family = active_family()
    child_of(family.id, child_id)
    with write_transaction() as session:
        contacts.call_earlier(session, family.id, child_id, contact_id)
    return go_to(url_for("family.child_files.show_contacts", child_id=child_id))


@blueprint.get("/enfants/<int:child_id>/consultations")
def show_health_accesses(child_id: int) -> Response:
    """« Qui a consulté »: who of the staff read the child's health data."""
    child = child_of(current_family().id, child_id)
    return render_page(
        "family/child_files/health_accesses.html", layout="family", child=child,
        accesses=child_files.health_accesses_of(child_id, request.args.get("page", 1, type=int)),
    )  # fmt: skip


@blueprint.post("/certification")
def certify() -> BaseResponse:
    """« Je certifie que mon dossier est à jour. »"""
    family = active_family()
    with write_transaction() as session:
        child_files.certify(session, family.id, family.guardian_id)
    flash(spaced("Merci ! Vous avez certifié que votre dossier est à jour."), "success")
    return go_to(url_for("family.members.show"))


def _section_form(child: ChildView, kind: SectionKind) -> FileForm:
    values = _values(child, kind)
    if kind is SectionKind.VACCINATIONS:
        return filled(vaccinations_form(child_files.asked_vaccines(child.birth_date), child.birth_date), values)
    form = filled(SECTION_FORMS[kind], values)
    if isinstance(form, SchoolForm):
        form.offer([school.name for school in catalogue().schools if school.is_offered], values)
    return form


def _values(child: ChildView, kind: SectionKind) -> child_files.Values:
    if kind is SectionKind.AUTHORISATIONS:
        year = school_year_of(clock.today())
        return authorisations.answer_values(authorisations.answers_of_children([child.id], year)[child.id])
    return child_files.section_of(db.session(), child.id, kind)


def _store(family_id: int, guardian_id: int, child: ChildView, kind: SectionKind, form: FileForm) -> Merge:
    shown, typed = form.shown(), form.values()
    with write_transaction() as session:
        if kind is SectionKind.AUTHORISATIONS:
            year = school_year_of(clock.today())
            return authorisations.save_answers(session, family_id, child.id, year, guardian_id, shown, typed)
        user_id = current_account().user_id
        return child_files.save_section(session, family_id, child.id, kind, user_id, shown, typed)


def _section_page(child: ChildView, kind: SectionKind, form: FileForm, status: int = 200) -> Response:
    file = child_files.read_file(child)
    return render_page(
        "family/child_files/section.html", layout="family", status=status, family=current_family(), child=child,
        kind=kind, form=form, is_health=kind in HEALTH_SECTIONS, file=file,
        vaccinations=file.vaccinations if kind is SectionKind.VACCINATIONS else None,
        past=read_past_classes(file.sections[kind]) if kind is SectionKind.SCHOOL else (),
        note=school_year_note() if kind is SectionKind.AUTHORISATIONS else None,
    )  # fmt: skip


def _contact_page(child: ChildView, contact_id: int | None, form: FileForm, status: int = 200) -> Response:
    return render_page(
        "family/child_files/contact.html", layout="family", status=status, family=current_family(), child=child,
        contact_id=contact_id, form=form,
    )  # fmt: skip
