"""The calendar of a family at its secret address: telephones read it without signing in."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, request
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.config import Config
from app.integrations.calendars import ASK_AGAIN_AFTER, MIMETYPE, write_calendar
from app.services import agendas

blueprint = Blueprint("agendas", __name__)


@blueprint.get("/agenda/<secret>.ics")
def read(secret: str) -> BaseResponse:
    """Names, days, hours and places, nothing else; unknown or revoked: 404."""
    agenda = agendas.read_feed(secret)
    config: Config = current_app.config["PORTAL"]
    # Of the day, so that what has not changed is not sent again.
    written_at = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    body = write_calendar(
        f"Famille {agenda.family_name}", agenda.visits, urlsplit(config.base_url).hostname or "", written_at
    )
    response = Response(body, content_type=MIMETYPE)
    response.add_etag()
    response.cache_control.private = True
    response.cache_control.max_age = int(ASK_AGAIN_AFTER.total_seconds()) // 6
    return response.make_conditional(request)
