"""« Tarifs »: the grids of prices, in dated versions."""

import time
from collections.abc import Callable

from flask import Blueprint, Response, flash, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.access import reach, requires
from app.database import write_transaction
from app.filters import day_long, euros
from app.forms.staff_tariffs import TariffForm, read_tariff_form, tariff_form
from app.grid_labels import Names, family_words, sections_of
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.rules.tariff_grids import Grid, unit_code
from app.services import tariff_drafts, tariffs
from app.services.catalogue import ActivityInfo
from app.services.errors import DayTaken, VersionBegun
from app.services.tariff_comparisons import compare
from app.services.tariffs import Effect, TariffInput, VersionState, VersionView

blueprint = Blueprint("tariffs", __name__)

REPRICE_SECONDS = 5  # how long one request goes on; what is left waits for « Continuer »


@blueprint.get("")
@requires(Capability.EDIT_TARIFFS)
def show() -> Response:
    """All activities, with their versions."""
    return render_page(
        "staff/tariffs/list.html", layout="staff",
        activities=tariffs.tariffs_by_activity(reach(Capability.EDIT_TARIFFS)), drafts=tariff_drafts.draft_ids(),
    )  # fmt: skip


@blueprint.get("/<int:version_id>")
@requires(Capability.EDIT_TARIFFS)
def show_version(version_id: int) -> Response:
    """A version, and what is still to be repriced."""
    version = tariffs.read_version(version_id)
    is_to_come = version.state is VersionState.TO_COME
    return render_page(
        "staff/tariffs/version.html",
        layout="staff",
        version=version,
        sections=sections_of(version.prices, names_of(version.activity, version.prices)),
        rules=family_words(version.prices),
        pending=tariffs.pending_effect(version.activity),
        deletion=tariffs.effect_of_deletion(version) if is_to_come else None,
    )


@blueprint.get("/<int:version_id>/comparer")
@requires(Capability.EDIT_TARIFFS)
def compare_version(version_id: int) -> Response:
    """What a version would have changed for the bookings of the last year."""
    version = tariffs.read_version(version_id)
    return render_page("staff/tariffs/compare.html", layout="staff", version=version, found=compare(version))


@blueprint.get("/activites/<int:activity_id>/nouvelle")
@requires(Capability.EDIT_TARIFFS)
def new_version(activity_id: int) -> Response:
    """A new version, filled in from the one to copy or from the latest."""
    activity = tariffs.read_activity(activity_id)
    model = tariffs.version_to_copy(activity, request.args.get("copie", type=int))
    form = tariff_form(None, model, activity.usual_units)
    return _form_page(activity, None, model, form)


@blueprint.post("/activites/<int:activity_id>/nouvelle")
@requires(Capability.EDIT_TARIFFS)
def add_version(activity_id: int) -> BaseResponse:
    """Keep a new version, once its effect is confirmed."""
    activity = tariffs.read_activity(activity_id)
    model = tariffs.version_to_copy(activity, request.args.get("copie", type=int))
    return _save(activity, None, model, lambda session, typed: tariffs.add_version(session, activity_id, typed))


@blueprint.get("/<int:version_id>/modifier")
@requires(Capability.EDIT_TARIFFS)
def edit_version(version_id: int) -> Response:
    """Change a version to come."""
    version = tariffs.read_version(version_id)
    if version.state is not VersionState.TO_COME:
        raise VersionBegun
    form = tariff_form(version.starts_on, version, version.activity.usual_units)
    return _form_page(version.activity, version, version, form)


@blueprint.post("/<int:version_id>/modifier")
@requires(Capability.EDIT_TARIFFS)
def change_version(version_id: int) -> BaseResponse:
    """Keep a changed version, once its effect is confirmed."""
    version = tariffs.read_version(version_id)
    if version.state is not VersionState.TO_COME:
        raise VersionBegun

    def change(session: Session, typed: TariffInput) -> int:
        tariffs.change_version(session, version_id, typed)
        return version_id

    return _save(version.activity, version, version, change)


@blueprint.post("/<int:version_id>/supprimer")
@requires(Capability.EDIT_TARIFFS)
def delete_version(version_id: int) -> BaseResponse:
    """Delete a version to come."""
    version = tariffs.read_version(version_id)
    with write_transaction() as session:
        tariffs.delete_version(session, version_id)
    left = reprice_for_a_while(version.activity.id)
    flash(f"La version du {day_long(version.starts_on)} est supprimée.{left_sentence(left)}", "success")
    return go_to(url_for("staff.tariffs.show"))


@blueprint.post("/activites/<int:activity_id>/prix")
@requires(Capability.EDIT_TARIFFS)
def reprice(activity_id: int) -> BaseResponse:
    """Go on bringing the prices of bookings up to date."""
    activity = tariffs.read_activity(activity_id)
    left = reprice_for_a_while(activity_id)
    flash(f"Prix mis à jour.{left_sentence(left)}", "info" if left else "success")
    version = tariffs.version_to_copy(activity, request.args.get("version", type=int))
    return go_to(
        url_for("staff.tariffs.show_version", version_id=version.id) if version else url_for("staff.tariffs.show")
    )


def names_of(activity: ActivityInfo, grid: Grid) -> Names:
    """What the prices of a grid of an activity are called."""
    return Names(grid, {unit_code(unit.id): unit.name for unit in activity.units})


def _save(
    activity: ActivityInfo, version: VersionView | None, model: VersionView | None,
    command: Callable[[Session, TariffInput], int],
) -> BaseResponse:  # fmt: skip
    form = read_tariff_form(request.form, activity.usual_units, model)
    if "ajouter" in request.form or "retirer" in request.form:
        return _resized(activity, version, model, form)
    if "brouillon" in request.form:
        return _keep_as_draft(activity, version, model, form)
    typed = form.tariff_input()
    if typed is None:
        return _form_page(activity, version, model, form, status=422)
    effect = tariffs.effect_of_input(activity, typed, version)
    if effect.count and request.form.get("confirmer") != signature_of(effect):
        return _form_page(activity, version, model, form, effect=effect)
    try:
        with write_transaction() as session:
            version_id = command(session, typed)
    except DayTaken:
        form.refuse_day()
        return _form_page(activity, version, model, form, status=422)
    left = reprice_for_a_while(activity.id)
    flash(f"Les tarifs de « {activity.name} » sont enregistrés.{done_sentence(effect, left)}", "success")
    return go_to(url_for("staff.tariffs.show_version", version_id=version_id))


def _resized(
    activity: ActivityInfo, version: VersionView | None, model: VersionView | None, form: TariffForm
) -> Response:
    if "ajouter" in request.form:
        form.add_row()
    else:
        form.remove_row(request.form.get("retirer", -1, type=int))
    return _form_page(activity, version, model, form)


def _keep_as_draft(
    activity: ActivityInfo, version: VersionView | None, model: VersionView | None, form: TariffForm
) -> BaseResponse:
    """Go on with what was typed in the activity's draft, where every rule can be written."""
    grid = form.grid_input()
    if grid is None:
        return _form_page(activity, version, model, form, status=422)
    with write_transaction() as session:
        draft_id, is_new = tariff_drafts.open_draft(session, activity.id, grid)
        is_its_own = model is not None and model.id == draft_id
        if is_its_own:
            tariff_drafts.replace_draft(session, draft_id, grid)
    if not is_new and not is_its_own:
        form.refuse_draft()
        return _form_page(activity, version, model, form, status=422)
    flash("Enregistré dans le brouillon.", "success")
    return go_to(url_for("staff.tariff_drafts.show", draft_id=draft_id))


def reprice_for_a_while(activity_id: int) -> int:
    """Reprice in short transactions for a while; returns how many families are left."""
    until = time.monotonic() + REPRICE_SECONDS
    left = tariffs.pending_effect(tariffs.read_activity(activity_id)).families
    while left and time.monotonic() < until:
        with write_transaction() as session:
            left = tariffs.reprice_next(session, left)
    return len(left)


def signature_of(effect: Effect) -> str:
    """What was confirmed: another effect is shown again."""
    return f"{effect.count}:{effect.difference_cents}"


def done_sentence(effect: Effect, left: int) -> str:
    """What has been done to bookings."""
    if not effect.count:
        return ""
    word = "réservations changent" if effect.count > 1 else "réservation change"
    return f" {effect.count} {word} de prix ({euros(effect.difference_cents)} en tout).{left_sentence(left)}"


def left_sentence(left: int) -> str:
    """How many families are still to be repriced."""
    return f" Il reste {left} famille{'s' if left > 1 else ''} à mettre à jour." if left else ""


def _form_page(
    activity: ActivityInfo, version: VersionView | None, model: VersionView | None, form: TariffForm, *,
    effect: Effect | None = None, status: int = 200,
) -> Response:  # fmt: skip
    return render_page(
        "staff/tariffs/edit.html", layout="staff", status=status, activity=activity, version=version, model=model,
        form=form, effect=effect, signature=signature_of(effect) if effect else None,
    )  # fmt: skip
