"""« Fiches et états »: what the teams print or look up for a day."""

from dataclasses import dataclass

from flask import Blueprint, Response, url_for

from app.access import current_capabilities, requires
from app.filters import spaced
from app.htmx import render_page
from app.rules.capabilities import Capability

blueprint = Blueprint("sheets", __name__)


@dataclass(frozen=True, slots=True)
class Door:
    """A sheet, and what it is for."""

    label: str
    detail: str
    endpoint: str
    icon: str
    capability: Capability


DOORS = (
    Door(
        "Qui vient", "Le planning du jour ou de la semaine, à imprimer", "staff.day.show", "bookings",
        Capability.VIEW_DAY_PLANNING,
    ),
    Door(
        "Repas", spaced("Combien, de quel régime ; commander, voir ce qui a changé"), "staff.meals.show", "queue",
        Capability.PREPARE_MEALS,
    ),
)  # fmt: skip


@blueprint.get("")
@requires(*(door.capability for door in DOORS))
def show() -> Response:
    """The sheets that this agent may have."""
    own = current_capabilities()
    return render_page(
        "staff/sheets/show.html", layout="staff",
        doors=[(door, url_for(door.endpoint)) for door in DOORS if door.capability in own],
    )  # fmt: skip
