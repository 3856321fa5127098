"""Ma famille: its people as bands, its coordinates, its children."""

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_family
from app.database import write_transaction
from app.forms.families import ChildForm, CoordinatesForm, amount_typed, month_code
from app.htmx import go_to, render_page
from app.models.families import Regime
from app.rules.phones import format_phone
from app.services import child_files, families
from app.services.errors import FamilyNotActive, NotFound
from app.services.families import CoordinatesInput, CoordinatesView, FamilyRef

blueprint = Blueprint("members", __name__, url_prefix="/ma-famille")


@blueprint.get("")
def show() -> Response:
    """The people of the family."""
    family = current_family()
    children = families.children_of(family.id)
    return render_page(
        "family/members/show.html", layout="family", family=family, children=children,
        files=child_files.read_files(children), certified_at=child_files.certified_at(family.id),
    )  # fmt: skip


@blueprint.get("/famille")
def show_family() -> Response:
    """The family's own file."""
    return render_page("family/members/family.html", layout="family", family=current_family())


@blueprint.get("/coordonnees")
def show_coordinates() -> Response:
    """The form « Coordonnées »."""
    view = families.coordinates_of(current_family().id)
    return _coordinates_page(_filled_form(view), view)


@blueprint.post("/coordonnees")
def save_coordinates() -> BaseResponse:
    """Store « Coordonnées »."""
    family = active_family()
    view = families.coordinates_of(family.id)
    form = _with_months(CoordinatesForm(), view)
    if not form.validate():
        return _coordinates_page(form, view, status=422)
    with write_transaction() as session:
        families.save_coordinates(session, family.id, _coordinates_input(form))
    flash("Vos modifications sont enregistrées.", "success")
    return go_to(url_for("family.members.show_family"))


@blueprint.get("/enfants/nouveau")
def new_child() -> Response:
    """« Ajouter une personne »: a child."""
    return render_page("family/members/new_child.html", layout="family", form=ChildForm())


@blueprint.post("/enfants/nouveau")
def add_child() -> BaseResponse:
    """Add the child to the family."""
    family, form = active_family(), ChildForm()
    if not form.validate():
        return render_page("family/members/new_child.html", layout="family", status=422, form=form)
    with write_transaction() as session:
        child_id = families.add_child(session, family.id, form.child())
    flash(f"{form.first_name.data} fait maintenant partie de votre famille.", "success")
    return go_to(url_for("family.members.show_child", child_id=child_id))


@blueprint.get("/enfants/<int:child_id>")
def show_child(child_id: int) -> Response:
    """A child: identity, and the way to enrolments and bookings."""
    child = families.child_of(current_family().id, child_id)
    is_editable = current_family().may_act and not families.has_enrolments(child_id)
    return render_page(
        "family/members/child.html", layout="family", child=child, is_editable=is_editable,
        file=child_files.read_file(child),
    )  # fmt: skip


@blueprint.get("/enfants/<int:child_id>/identite")
def edit_child(child_id: int) -> Response:
    """Correct a child's identity, until the first enrolment."""
    child = families.child_of(active_family().id, child_id)
    if families.has_enrolments(child_id):
        raise NotFound("child that may be corrected")
    form = ChildForm(last_name=child.last_name, first_name=child.first_name, birth_date=child.birth_date)
    return render_page("family/members/edit_child.html", layout="family", child=child, form=form)


@blueprint.post("/enfants/<int:child_id>/identite")
def save_child(child_id: int) -> BaseResponse:
    """Store the corrected identity."""
    family, form = active_family(), ChildForm()
    child = families.child_of(family.id, child_id)
    if not form.validate():
        return render_page("family/members/edit_child.html", layout="family", status=422, child=child, form=form)
    with write_transaction() as session:
        families.save_child(session, family.id, child_id, form.child())
    flash("Vos modifications sont enregistrées.", "success")
    return go_to(url_for("family.members.show_child", child_id=child_id))


def active_family() -> FamilyRef:
    """The signed-in family, which may change its file. Raises FamilyNotActive for one that may only look."""
    family = current_family()
    if not family.may_act:
        raise FamilyNotActive
    return family


def _filled_form(view: CoordinatesView) -> CoordinatesForm:
    address, quotient = view.address, view.quotient
    form = CoordinatesForm(
        obj=address,
        last_name=view.last_name,
        first_name=view.first_name,
        home_phone=format_phone(view.home_phone) if view.home_phone else "",
        mobile_phone=format_phone(view.mobile_phone) if view.mobile_phone else "",
        regime=view.regime.value if view.regime else "",
        fund_number=view.fund_number or "",
        fund_holder_name=view.fund_holder_name or "",
        quotient=amount_typed(quotient.value_cents) if quotient else "",
        quotient_month=month_code(quotient.month if quotient else None),
    )
    return _with_months(form, view)


def _with_months(form: CoordinatesForm, view: CoordinatesView) -> CoordinatesForm:
    form.offer_months(clock.today(), view.quotient.month if view.quotient else None)
    return form


def _coordinates_input(form: CoordinatesForm) -> CoordinatesInput:
    home_phone, mobile_phone = form.phones()
    return CoordinatesInput(
        last_name=form.last_name.data,
        first_name=form.first_name.data,
        address=form.address(),
        home_phone=home_phone,
        mobile_phone=mobile_phone,
        regime=Regime(form.regime.data),
        fund_number=form.fund_number.data or None,
        fund_holder_name=form.fund_holder_name.data or None,
        quotient=form.quotient_input(),
    )


def _coordinates_page(form: CoordinatesForm, view: CoordinatesView, *, status: int = 200) -> Response:
    return render_page(
        "family/members/coordinates.html", layout="family", status=status, form=form, quotient=view.quotient
    )
