"""« Rappel avant la fin des réservations »: what each parent chooses for themselves."""

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, current_family, resumed_at
from app.blueprints.family.members import active_family
from app.database import write_transaction
from app.forms.reminders import ReminderForm
from app.htmx import go_to, render_page
from app.services import reminders

blueprint = Blueprint("reminders", __name__, url_prefix="/mes-reservations")


@blueprint.get("/rappel")
def edit() -> Response:
    """What it is, and whether one wants it."""
    family = current_family()
    wanted = reminders.wants_reminders(family.id, current_account().user_id)
    return render_page(
        "family/reminders/edit.html", layout="family", form=ReminderForm(data={"wanted": wanted}), family=family,
        email=current_account().email,
    )  # fmt: skip


def _address() -> str:
    return url_for("family.reminders.edit")


@blueprint.post("/rappel")
@resumed_at(_address)
def save() -> BaseResponse:
    """Store the choice."""
    form, family = ReminderForm(), active_family()
    with write_transaction() as session:
        reminders.choose_reminders(session, family.id, current_account().user_id, wanted=form.wanted.data)
    if form.wanted.data:
        flash("C’est noté\u00a0: nous vous écrirons avant la fin des réservations d’une semaine vide.", "success")
    else:
        flash("C’est noté\u00a0: vous ne recevrez pas ce rappel.", "success")
    return go_to(_address())
