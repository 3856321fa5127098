"""« Parents »: the adults of the family as bands, one to add, one to change."""

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, current_family, resumed_at
from app.blueprints.family.members import active_family, save_part
from app.database import write_transaction
from app.filters import spaced
from app.forms.changes import DuplicateForm, fill_part
from app.forms.guardians import GuardianForm
from app.htmx import go_to, render_page
from app.rules.file_fields import FileKind
from app.services import changes, guardians, invitations
from app.services.guardians import FAMILY_HOME, GuardianView
from app.step_up import confirmed_lately

blueprint = Blueprint("guardians", __name__, url_prefix="/ma-famille/parents")


@blueprint.get("")
def show() -> Response:
    """The adults of the family."""
    family = current_family()
    return render_page(
        "family/members/guardians.html", layout="family", family=family, guardians=guardians.guardians_of(family.id),
        may_add=changes.may_add(FileKind.NEW_GUARDIAN), invitations=invitations.invitations_of(family.id),
    )  # fmt: skip


@blueprint.get("/nouveau")
def new_guardian() -> Response:
    """« Ajouter un parent »."""
    return _page(None, _new_form())


@blueprint.post("/nouveau")
def add_guardian() -> BaseResponse:
    """Add an adult to the family, or ask for it."""
    family, form, duplicate = active_family(), _new_form(), DuplicateForm()
    if not form.validate():
        return _page(None, form, status=422)
    with write_transaction() as session:
        added = changes.add_person(
            session, family.id, current_account().user_id, FileKind.NEW_GUARDIAN, form.values(),
            is_confirmed=duplicate.is_other_person.data,
        )  # fmt: skip
    if added.namesake is not None:
        return _page(None, form, status=422, duplicate=duplicate)
    flash(
        "Votre demande est envoyée. Nous vous écrirons quand elle sera traitée."
        if added.is_asked
        else "Cette personne fait maintenant partie de votre famille.",
        "success",
    )
    return go_to(url_for("family.guardians.show"))


@blueprint.get("/<int:guardian_id>")
def edit_guardian(guardian_id: int) -> Response:
    """Everything about an adult."""
    guardian = guardians.guardian_of(current_family().id, guardian_id)
    return _page(guardian, _form_of(guardian))


@blueprint.post("/<int:guardian_id>")
def save_guardian(guardian_id: int) -> BaseResponse:
    """Store what changed, or ask for what waits."""
    family = active_family()
    guardian = guardians.guardian_of(family.id, guardian_id)
    form = _form_of(guardian)
    if not form.validate():
        return _page(guardian, form, status=422)
    if save_part(FileKind.GUARDIAN, guardian_id, form).conflicts:
        return _page(guardian, form, status=409)
    return go_to(url_for("family.guardians.show"))


def _guardian_address(guardian_id: int) -> str:
    return url_for("family.guardians.edit_guardian", guardian_id=guardian_id)


@blueprint.post("/<int:guardian_id>/invitation")
@resumed_at(_guardian_address)
@confirmed_lately
def invite_guardian(guardian_id: int) -> BaseResponse:
    """« Inviter à se connecter »."""
    family = active_family()
    with write_transaction() as session:
        email = invitations.invite(session, family.id, guardian_id, current_account().user_id)
    flash(spaced(f"L’invitation est envoyée à {email} : elle est valable sept jours."), "success")
    return go_to(_guardian_address(guardian_id))


@blueprint.post("/<int:guardian_id>/invitation/retirer")
@resumed_at(_guardian_address)
def withdraw_invitation(guardian_id: int) -> BaseResponse:
    """The link that was sent stops working."""
    family = active_family()
    with write_transaction() as session:
        invitations.withdraw(session, family.id, guardian_id)
    flash("L’invitation est retirée. Son lien ne fonctionne plus.", "success")
    return go_to(_guardian_address(guardian_id))


def _new_form() -> GuardianForm:
    form = GuardianForm()
    fill_part(form, {"home": FAMILY_HOME})
    return form


def _form_of(guardian: GuardianView) -> GuardianForm:
    family_id = current_family().id
    form = GuardianForm()
    if guardian.has_login:
        del form.email
    part = changes.part_of(family_id, FileKind.GUARDIAN, guardian.id)
    fill_part(form, part.values, read_only=part.read_only, pending=part.pending)
    return form


def _page(
    guardian: GuardianView | None, form: GuardianForm, status: int = 200, duplicate: DuplicateForm | None = None
) -> Response:
    family = current_family()
    return render_page(
        "family/members/guardian.html", layout="family", status=status, family=family, guardian=guardian,
        form=form, duplicate=duplicate, may_add=changes.may_add(FileKind.NEW_GUARDIAN),
        invitation=invitations.invitations_of(family.id).get(guardian.id) if guardian else None,
        shares_email=guardian is not None and guardians.shares_email(family.id, guardian.id, guardian.email),
    )  # fmt: skip
