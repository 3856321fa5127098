"""The calendar of a family at its secret address: telephones read it without signing in."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app

from app import clock
from app.config import Config
from app.integrations.calendars import MIMETYPE, write_calendar
from app.services import agendas

blueprint = Blueprint("agendas", __name__)


@blueprint.get("/agenda/<secret>.ics")
def read(secret: str) -> Response:
    """Names, days, hours and places, nothing else; unknown or revoked: 404."""
    agenda = agendas.read_feed(secret)
    config: Config = current_app.config["PORTAL"]
    body = write_calendar(
        f"Famille {agenda.family_name}", agenda.visits, urlsplit(config.base_url).hostname or "", clock.now()
    )
    response = Response(body, content_type=MIMETYPE)
    response.headers["Cache-Control"] = "no-store"
    return response
