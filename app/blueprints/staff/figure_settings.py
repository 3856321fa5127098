"""« Réglages › Chiffres »: how hours are capped, where brackets begin, how small a group may be."""

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import requires
from app.blueprints.staff.seen import read_anew, shown_marks
from app.database import write_transaction
from app.forms.figures import FigureRuleForm
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import figure_settings
from app.services.catalogue import catalogue

blueprint = Blueprint("figures", __name__)


@blueprint.get("")
@requires(Capability.EDIT_SETTINGS)
def edit() -> Response:
    """How figures are counted."""
    return _page(FigureRuleForm(catalogue().figures))


@blueprint.post("")
@requires(Capability.EDIT_SETTINGS)
def save() -> BaseResponse:
    """Store it."""
    form = FigureRuleForm(catalogue().figures)
    if not form.validate():
        return _page(form, status=422)
    with write_transaction() as session:
        form, is_moved = read_anew(session, lambda: FigureRuleForm(catalogue().figures))
        if not is_moved:
            figure_settings.save_rule(session, form.typed())
    if is_moved:
        return _page(form, status=409)
    flash("Le calcul des chiffres est enregistré.", "success")
    return go_to(url_for("staff.settings.show"))


def _page(form: FigureRuleForm, status: int = 200) -> Response:
    return render_page(
        "staff/settings/figures.html", layout="staff", status=status, form=form,
        shown=shown_marks(form, is_moved=status == 409),
    )  # fmt: skip
