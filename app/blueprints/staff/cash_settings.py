"""« Réglages › Services › Régie »: the modes that an office takes, its ceiling and float, who is named for it."""

from typing import Any

from flask import Blueprint, Response, flash, url_for
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.access import requires
from app.blueprints.staff.seen import read_anew, shown_marks
from app.blueprints.staff.setting_forms import Setting, Way, setting_blueprint
from app.database import db, write_transaction
from app.forms.cash_desks import DeskForm, KeeperForm
from app.forms.direct_debits import DebitDeskForm
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import cash_desks, council_settings, debit_mandates


class KeeperSetting(Setting):
    """Who is named for the régie of an office."""

    code, argument, parent_argument = "keepers", "keeper_id", "office_id"
    new_title, edit_title = "Nommer un régisseur ou un mandataire", "Modifier une nomination"
    saved, deleted = "La nomination est enregistrée.", "La nomination est supprimée."
    name_taken = ""

    def find(self, id_: int) -> Any:
        """Raises NotFound."""
        return cash_desks.find_keeper(id_)

    def form(self, row: Any | None, parent_id: int | None) -> FlaskForm:
        """Of somebody who is named, or of somebody new. Raises NotFound."""
        if parent_id is not None:
            council_settings.find_office(parent_id)
        return KeeperForm(row)

    def way_back(self, row: Any | None, parent_id: int | None) -> Way:
        """The page of the régie."""
        office_id = row.office_id if row else parent_id
        return Way("Régie", url_for("staff.settings.cash_desks.edit", office_id=office_id))

    def save(self, session: Session, row: Any | None, parent_id: int | None, form: Any) -> int:
        """Raises NotFound."""
        office_id = row.office_id if row else parent_id
        assert office_id is not None
        return cash_desks.save_keeper(session, row.id if row else None, office_id, form.typed())

    def delete(self, session: Session, id_: int) -> None:
        """Raises NotFound."""
        cash_desks.delete_keeper(session, id_)


keepers = setting_blueprint(KeeperSetting())
blueprint = Blueprint("cash_desks", __name__)


@blueprint.get("/<int:office_id>")
@requires(Capability.EDIT_SETTINGS)
def edit(office_id: int) -> Response:
    """What is set for a régie."""
    return _page(office_id, DeskForm.of(cash_desks.read_desk(office_id)))


@blueprint.post("/<int:office_id>")
@requires(Capability.EDIT_SETTINGS)
def save(office_id: int) -> BaseResponse:
    """Store it."""
    form = DeskForm.of(cash_desks.read_desk(office_id))
    if not form.validate():
        return _page(office_id, form, status=422)
    with write_transaction() as session:
        form, is_moved = read_anew(session, lambda: DeskForm.of(cash_desks.read_desk(office_id)))
        if not is_moved:
            cash_desks.save_desk(session, office_id, form.typed())
    if is_moved:
        return _page(office_id, form, status=409)
    flash("Les réglages de la régie sont enregistrés.", "success")
    return go_to(url_for("staff.settings.cash_desks.edit", office_id=office_id))


@blueprint.get("/<int:office_id>/prelevement")
@requires(Capability.EDIT_SETTINGS)
def edit_debits(office_id: int) -> Response:
    """How a régie collects by direct debit."""
    return _debits_page(office_id, DebitDeskForm(debit_mandates.read_debit_desk(office_id)))


@blueprint.post("/<int:office_id>/prelevement")
@requires(Capability.EDIT_SETTINGS)
def save_debits(office_id: int) -> BaseResponse:
    """Store it."""
    form = DebitDeskForm(debit_mandates.read_debit_desk(office_id))
    if not form.validate():
        return _debits_page(office_id, form, status=422)
    with write_transaction() as session:
        form, is_moved = read_anew(session, lambda: DebitDeskForm(debit_mandates.debit_desk(session, office_id)))
        if not is_moved:
            debit_mandates.save_debit_desk(session, office_id, form.typed())
    if is_moved:
        return _debits_page(office_id, form, status=409)
    flash("Les réglages du prélèvement automatique sont enregistrés.", "success")
    return go_to(url_for("staff.settings.cash_desks.edit", office_id=office_id))


def _debits_page(office_id: int, form: DebitDeskForm, status: int = 200) -> Response:
    return render_page(
        "staff/settings/cash_desk_debits.html", layout="staff", status=status, form=form,
        office=council_settings.find_office(office_id), shown=shown_marks(form, is_moved=status == 409),
        desk=debit_mandates.debit_desk(db.session(), office_id),
    )  # fmt: skip


def _page(office_id: int, form: DeskForm, status: int = 200) -> Response:
    return render_page(
        "staff/settings/cash_desk.html", layout="staff", status=status, form=form,
        office=council_settings.find_office(office_id), shown=shown_marks(form, is_moved=status == 409),
        keepers=cash_desks.keepers_of(db.session(), office_id),
        debits=debit_mandates.debit_desk(db.session(), office_id),
    )  # fmt: skip
