"""« Combien vais-je payer ? »: a parent simulates a month."""

from flask import Blueprint, Response, request

from app.access import current_family
from app.forms.simulations import SimulationForm
from app.htmx import render_page
from app.services.families import quotients_of
from app.services.simulations import simulate, typed_quotient

blueprint = Blueprint("simulations", __name__, url_prefix="/combien-vais-je-payer")


@blueprint.get("")
def show() -> Response:
    """What a typical week would cost over a month, with the family's quotients or the one typed."""
    form = SimulationForm(request.args)
    simulation = None
    if form.is_fair():
        typed = form.quotient_cents
        quotients = quotients_of(current_family().id) if typed is None else (typed_quotient(typed),)
        simulation = simulate(form.wish(), quotients)
    return render_page(
        "family/simulations/show.html", layout="family", form=form, simulation=simulation,
        status=422 if form.errors else 200,
    )  # fmt: skip
