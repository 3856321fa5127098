"""« Simuler un prix »: the staff answer a family that asks what it would pay."""

from flask import Blueprint, Response, request

from app.access import requires
from app.forms.simulations import SimulationForm
from app.htmx import render_page
from app.rules.capabilities import Capability
from app.services.simulations import simulate, typed_quotient

blueprint = Blueprint("simulations", __name__)


@blueprint.get("")
@requires(Capability.VIEW_FAMILIES)
def show() -> Response:
    """What a typical week would cost over a month, for any quotient."""
    form = SimulationForm(request.args)
    simulation = None
    if form.is_fair():
        typed = form.quotient_cents
        simulation = simulate(form.wish(), () if typed is None else (typed_quotient(typed),), residence=form.residence)
    return render_page(
        "staff/simulations/show.html", layout="staff", form=form, simulation=simulation,
        status=422 if form.errors else 200,
    )  # fmt: skip
