"""« Combien vais-je payer ? »: a parent simulates a month."""

from flask import Blueprint, Response, request

from app import clock
from app.access import current_family
from app.forms.simulations import SimulationForm
from app.htmx import render_page
from app.rules.price_facts import residence_on
from app.services.families import quotients_of
from app.services.price_facts import facts_of
from app.services.simulations import simulate, typed_quotient

blueprint = Blueprint("simulations", __name__, url_prefix="/combien-vais-je-payer")


@blueprint.get("")
def show() -> Response:
    """What a typical week would cost over a month, with the family's quotients or the one typed."""
    family_id = current_family().id
    facts = facts_of(family_id)
    form = SimulationForm(request.args, residence_on(facts.residences, clock.today()))
    simulation = None
    if form.is_fair():
        typed = form.quotient_cents
        quotients = quotients_of(family_id) if typed is None else (typed_quotient(typed),)
        simulation = simulate(form.wish(), quotients, facts=facts, residence=form.residence)
    return render_page(
        "family/simulations/show.html", layout="family", form=form, simulation=simulation,
        status=422 if form.errors else 200,
    )  # fmt: skip
