"""Postal code and town help each other while an address is typed."""

from flask import Blueprint, Response, request

from app.forms.fields import CommuneForm
from app.htmx import render_fragment
from app.rules.addresses import is_postal_code
from app.services import families

blueprint = Blueprint("communes", __name__)


@blueprint.get("/communes")
def suggest() -> Response:
    """The communes of the postal code, or the postal codes of the commune, to choose from; alone, it is filled in."""
    postal_code = "".join(request.args.get("postal_code", "").split())
    city = request.args.get("city", "").strip()
    choices = families.communes_of_postal_code(postal_code) if is_postal_code(postal_code) else ()
    if not postal_code and city:
        choices = families.communes_named(city)
    only = choices[0] if len(choices) == 1 else None
    return render_fragment(
        "public/communes/_suggestions.html",
        form=CommuneForm(
            formdata=None,
            meta={"csrf": False},
            postal_code=only.postal_code if only else postal_code,
            city=only.name if only else city,
        ),
        choices=choices,
        fills_postal_code=only is not None and not postal_code,
        fills_city=only is not None and not city,
    )
