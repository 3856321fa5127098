"""« Ce qui compte pour les prix »: the staff tell where a family lives for its prices, and which standings it has."""

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, current_capabilities, requires
from app.database import write_transaction
from app.forms.changes import fill_part
from app.forms.price_facts import ChildFactsForm, DatedFactsForm, FamilyFactsForm
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.rules.file_fields import FileKind
from app.services import changes, families, family_files, price_facts

blueprint = Blueprint("price_facts", __name__)


@blueprint.get("/<int:family_id>/prix")
@requires(Capability.VERIFY_QUOTIENTS)
def show(family_id: int) -> Response:
    """All that the prices of a family depend on, besides its quotients."""
    return render_page(
        "staff/price_facts/show.html", layout="staff", family_id=family_id,
        family_name=family_files.read_family_name(family_id), facts=price_facts.read_facts(family_id),
        may_read_history=Capability.EDIT_FAMILIES in current_capabilities(),
    )  # fmt: skip


@blueprint.get("/<int:family_id>/prix/famille")
@requires(Capability.VERIFY_QUOTIENTS)
def edit_family(family_id: int) -> Response:
    """Where a family lives for its prices, and its standings."""
    return _page(family_id, FileKind.PRICE_FACTS, family_id, _form(family_id, FileKind.PRICE_FACTS, family_id))


@blueprint.post("/<int:family_id>/prix/famille")
@requires(Capability.VERIFY_QUOTIENTS)
def save_family(family_id: int) -> BaseResponse:
    """Store them; what is not invoiced yet is priced again."""
    return _save(family_id, FileKind.PRICE_FACTS, family_id)


@blueprint.get("/<int:family_id>/prix/enfants/<int:child_id>")
@requires(Capability.VERIFY_QUOTIENTS)
def edit_child(family_id: int, child_id: int) -> Response:
    """The standings of a child, and whether it counts among its siblings."""
    form = _form(family_id, FileKind.CHILD_PRICE_FACTS, child_id)
    return _page(family_id, FileKind.CHILD_PRICE_FACTS, child_id, form)


@blueprint.post("/<int:family_id>/prix/enfants/<int:child_id>")
@requires(Capability.VERIFY_QUOTIENTS)
def save_child(family_id: int, child_id: int) -> BaseResponse:
    """Store them."""
    return _save(family_id, FileKind.CHILD_PRICE_FACTS, child_id)


def _form(family_id: int, kind: FileKind, subject_id: int) -> DatedFactsForm:
    family_files.read_family_name(family_id)
    form = FamilyFactsForm() if kind is FileKind.PRICE_FACTS else ChildFactsForm()
    present = clock.today().replace(day=1)
    fill_part(form, {**changes.stored_part(family_id, kind, subject_id), "starts_on": present.isoformat()})
    return form


def _save(family_id: int, kind: FileKind, subject_id: int) -> BaseResponse:
    form = _form(family_id, kind, subject_id)
    if not form.validate():
        return _page(family_id, kind, subject_id, form, status=422)
    with write_transaction() as session:
        saved = changes.save_as_staff(
            session, family_id, current_account().user_id, kind, subject_id, form.shown(), form.values(),
            form.begins_on,
        )  # fmt: skip
    if saved.conflicts:
        form.add_conflicts(saved.conflicts, changes.stored_part(family_id, kind, subject_id))
        return _page(family_id, kind, subject_id, form, status=409)
    if saved.applied:
        flash("C’est enregistré. Les prix de ce qui n’est pas encore facturé sont recalculés.", "success")
    else:
        flash("Rien n’a changé.", "info")
    return go_to(url_for("staff.price_facts.show", family_id=family_id))


def _page(family_id: int, kind: FileKind, subject_id: int, form: DatedFactsForm, status: int = 200) -> Response:
    family_name = family_files.read_family_name(family_id)
    facts = price_facts.read_facts(family_id)
    is_of_child = kind is FileKind.CHILD_PRICE_FACTS
    child = next((each for each in facts.children if each.id == subject_id), None) if is_of_child else None
    return render_page(
        "staff/price_facts/edit.html", layout="staff", status=status, kind=kind, form=form, family_id=family_id,
        family_name=family_name, facts=facts, child=child,
        is_own=family_id in families.own_family_ids(current_account().user_id),
    )  # fmt: skip
