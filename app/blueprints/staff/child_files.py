"""The files of children, as the staff read them; health data only after the reading was noted."""

from flask import Blueprint, Response

from app.access import current_capabilities, record_health_access, requires
from app.forms.changes import custody_words
from app.forms.child_files import SECTION_FORMS, readable, school_year_note, vaccinations_form
from app.htmx import render_page
from app.rules.capabilities import Capability
from app.rules.child_files import HEALTH_SECTIONS, SectionKind
from app.services import child_files, file_parts
from app.services.families import families_of_child, find_child

blueprint = Blueprint("child_files", __name__)

_PLAIN_SECTIONS = (SectionKind.SCHOOL, SectionKind.INSURANCE)


@blueprint.get("/<int:child_id>")
@requires(Capability.VIEW_CHILD_FILES)
def show(child_id: int) -> Response:
    """Who is around a child, what its parents allow, school and insurance."""
    child = find_child(child_id)
    file = child_files.read_file(child)
    return render_page(
        "staff/child_files/show.html",
        layout="staff",
        child=child,
        file=file,
        families=families_of_child(child_id),
        sections={kind: readable(SECTION_FORMS[kind], file.sections[kind]) for kind in _PLAIN_SECTIONS},
        note=school_year_note(),
        custody=[(name, custody_words(answers)) for name, answers in file_parts.custody_of(child_id)],
        may_book=Capability.REVIEW_BOOKINGS in current_capabilities(),
        may_read_health=Capability.VIEW_HEALTH in current_capabilities(),
    )


@blueprint.get("/<int:child_id>/sante")
@requires(Capability.VIEW_HEALTH)
def show_health(child_id: int) -> Response:
    """The health data of a child; the family sees who read it."""
    child = find_child(child_id)
    record_health_access(child_id)
    file = child_files.read_file(child)
    asked = child_files.asked_vaccines(child.birth_date)
    forms = {**SECTION_FORMS, SectionKind.VACCINATIONS: vaccinations_form(asked, child.birth_date)}
    return render_page(
        "staff/child_files/health.html",
        layout="staff",
        child=child,
        vaccinations=file.vaccinations,
        sections={kind: readable(forms[kind], file.sections[kind]) for kind in SectionKind if kind in HEALTH_SECTIONS},
    )
