"""Settings that are added, changed and deleted one by one, all by the same three pages: a list, a form, a refusal.

What differs between an office, a place, a season, a group and a unit is its `Setting`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import Blueprint, Response, flash, url_for
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.access import requires
from app.blueprints.staff.seen import read_anew, shown_marks
from app.database import write_transaction
from app.htmx import go_to, render_page
from app.labels import label
from app.rules.capabilities import Capability
from app.services.errors import NameTaken, OfficeHeld, PrefixTaken, StillUsed, UnfitToPay
from app.setting_labels import cannot_change, cannot_delete, cannot_move


@dataclass(frozen=True, slots=True)
class Way:
    """A page that one came from and goes back to."""

    label: str
    href: str


class Setting(ABC):
    """A kind of thing that the staff set. `code` names its blueprint."""

    code: ClassVar[str]
    argument: ClassVar[str]  # of its addresses
    parent_argument: ClassVar[str] = ""  # of the address of a new one, where it belongs to something
    new_title: ClassVar[str]
    edit_title: ClassVar[str]
    saved: ClassVar[str]
    deleted: ClassVar[str]
    name_taken: ClassVar[str]
    template: ClassVar[str] = "staff/settings/setting.html"

    @abstractmethod
    def find(self, id_: int) -> Any:
        """One that there is. Raises NotFound."""

    @abstractmethod
    def form(self, row: Any | None, parent_id: int | None) -> FlaskForm:
        """The form of one that there is, or of a new one. Raises NotFound for what it would belong to."""

    @abstractmethod
    def way_back(self, row: Any | None, parent_id: int | None) -> Way:
        """Where it is listed."""

    @abstractmethod
    def save(self, session: Session, row: Any | None, parent_id: int | None, form: Any) -> int:
        """Add or change one. Raises NameTaken, PrefixTaken, StillUsed."""

    @abstractmethod
    def delete(self, session: Session, id_: int) -> None:
        """Delete one. Raises NotFound, StillUsed."""

    def context(self, row: Any | None) -> dict[str, object]:
        """What its template shows besides the form."""
        return {}

    def after_save(self, row: Any | None, parent_id: int | None, id_: int) -> str:
        """The address of the page that follows."""
        return self.way_back(row, parent_id).href

    def after_delete(self, row: Any) -> str:
        """The address of the page that follows."""
        return self.way_back(row, None).href


def setting_blueprint(setting: Setting) -> Blueprint:
    """The pages of a setting's form: new, change, delete."""
    blueprint = Blueprint(setting.code, __name__)
    new_rule = f"/nouveau/<int:{setting.parent_argument}>" if setting.parent_argument else "/nouveau"
    rule = f"/<int:{setting.argument}>"

    @blueprint.get(new_rule)
    @requires(Capability.EDIT_SETTINGS)
    def new(**arguments: int) -> Response:
        return setting_page(setting, None, _parent(setting, arguments))

    @blueprint.post(new_rule)
    @requires(Capability.EDIT_SETTINGS)
    def add(**arguments: int) -> BaseResponse:
        return _save(setting, None, _parent(setting, arguments))

    @blueprint.get(rule)
    @requires(Capability.EDIT_SETTINGS)
    def edit(**arguments: int) -> Response:
        return setting_page(setting, setting.find(arguments[setting.argument]), None)

    @blueprint.post(rule)
    @requires(Capability.EDIT_SETTINGS)
    def save(**arguments: int) -> BaseResponse:
        return _save(setting, setting.find(arguments[setting.argument]), None)

    @blueprint.post(f"{rule}/supprimer")
    @requires(Capability.EDIT_SETTINGS)
    def delete(**arguments: int) -> BaseResponse:
        return _delete(setting, setting.find(arguments[setting.argument]))

    return blueprint


def _parent(setting: Setting, arguments: dict[str, int]) -> int | None:
    return arguments[setting.parent_argument] if setting.parent_argument else None


def _save(setting: Setting, row: Any | None, parent_id: int | None) -> BaseResponse:
    form: Any = setting.form(row, parent_id)
    if not form.validate():
        return setting_page(setting, row, parent_id, form, status=422)
    is_moved = False
    try:
        with write_transaction() as session:
            if row is not None:
                form, is_moved = read_anew(session, lambda: setting.form(setting.find(row.id), parent_id))
            id_ = 0 if is_moved else setting.save(session, row, parent_id, form)
    except NameTaken:
        form.name.errors = [setting.name_taken]
        return setting_page(setting, row, parent_id, form, status=422)
    except PrefixTaken:
        form.prefix.errors = ["Un autre service a déjà ce préfixe."]
        return setting_page(setting, row, parent_id, form, status=422)
    except UnfitToPay as error:
        form.bookings.errors = [label(error.unfit)]
        return setting_page(setting, row, parent_id, form, status=422)
    except OfficeHeld as error:
        form.office_id.errors = [cannot_move(error.usages)]
        return setting_page(setting, row, parent_id, form, status=422)
    except StillUsed as error:
        form.form_errors = [cannot_change(error.usages)]
        return setting_page(setting, row, parent_id, form, status=422)
    if is_moved:
        return setting_page(setting, row, parent_id, form, status=409)
    flash(setting.saved, "success")
    return go_to(setting.after_save(row, parent_id, id_))


def _delete(setting: Setting, row: Any) -> BaseResponse:
    href = setting.after_delete(row)
    try:
        with write_transaction() as session:
            setting.delete(session, row.id)
    except StillUsed as error:
        flash(cannot_delete(error.usages), "error")
        return go_to(url_for(f"staff.settings.{setting.code}.edit", **{setting.argument: row.id}))
    flash(setting.deleted, "success")
    return go_to(href)


def setting_page(
    setting: Setting,
    row: Any | None,
    parent_id: int | None,
    form: FlaskForm | None = None,
    *,
    status: int = 200,
    **more: object,
) -> Response:
    """The page of a setting's form; `more` is what another form on it shows, in the place of its `context`."""
    if form is None:
        form = setting.form(row, parent_id)
    section = f"staff.settings.{setting.code}"
    if row is None:
        parent: dict[str, Any] = {setting.parent_argument: parent_id} if setting.parent_argument else {}
        form_href, delete_href = url_for(f"{section}.add", **parent), None
    else:
        form_href, delete_href = (
            url_for(f"{section}.{view}", **{setting.argument: row.id}) for view in ("save", "delete")
        )
    return render_page(
        setting.template, layout="staff", status=status, **{**setting.context(row), **more}, setting=setting, row=row,
        form=form, shown=shown_marks(form, is_moved=status == 409), way_back=setting.way_back(row, parent_id),
        form_href=form_href, delete_href=delete_href,
    )  # fmt: skip


def options(rows: Sequence[Any]) -> dict[int, str]:
    """What a list of choices shows."""
    return {row.id: row.name for row in rows}
