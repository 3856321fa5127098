"""« Parents »: the adults of the family as bands, one to add, one to change."""

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_family
from app.blueprints.family.members import active_family
from app.database import write_transaction
from app.forms.guardians import GuardianForm
from app.htmx import go_to, render_page
from app.services import guardians
from app.services.guardians import FAMILY_HOME, GuardianView

blueprint = Blueprint("guardians", __name__, url_prefix="/ma-famille/parents")


@blueprint.get("")
def show() -> Response:
    """The adults of the family."""
    family = current_family()
    return render_page(
        "family/members/guardians.html", layout="family", family=family, guardians=guardians.guardians_of(family.id)
    )


@blueprint.get("/nouveau")
def new_guardian() -> Response:
    """« Ajouter un parent »."""
    return _page(None, _new_form())


@blueprint.post("/nouveau")
def add_guardian() -> BaseResponse:
    """Add an adult to the family."""
    family, form = active_family(), _new_form()
    if not form.validate():
        return _page(None, form, status=422)
    with write_transaction() as session:
        guardians.add_guardian(session, family.id, form.values())
    flash("Cette personne fait maintenant partie de votre famille.", "success")
    return go_to(url_for("family.guardians.show"))


@blueprint.get("/<int:guardian_id>")
def edit_guardian(guardian_id: int) -> Response:
    """Everything about an adult."""
    guardian = guardians.guardian_of(current_family().id, guardian_id)
    return _page(guardian, _form_of(guardian))


@blueprint.post("/<int:guardian_id>")
def save_guardian(guardian_id: int) -> BaseResponse:
    """Store what changed."""
    family = active_family()
    guardian = guardians.guardian_of(family.id, guardian_id)
    form = _form_of(guardian)
    if not form.validate():
        return _page(guardian, form, status=422)
    with write_transaction() as session:
        merged = guardians.save_guardian(session, family.id, guardian_id, form.shown(), form.values())
    if merged.conflicts:
        guardian = guardians.guardian_of(family.id, guardian_id)
        form.add_conflicts(merged.conflicts, guardian.values)
        return _page(guardian, form, status=409)
    flash(
        "Vos modifications sont enregistrées." if merged.changes else "Rien n’a changé.",
        "success" if merged.changes else "info",
    )
    return go_to(url_for("family.guardians.show"))


def _new_form() -> GuardianForm:
    form = GuardianForm()
    form.fill({"home": FAMILY_HOME})
    return form


def _form_of(guardian: GuardianView) -> GuardianForm:
    form = GuardianForm()
    if guardian.has_login:
        del form.email
    form.fill(guardian.values)
    return form


def _page(guardian: GuardianView | None, form: GuardianForm, status: int = 200) -> Response:
    return render_page(
        "family/members/guardian.html", layout="family", status=status, family=current_family(), guardian=guardian,
        form=form,
    )  # fmt: skip
