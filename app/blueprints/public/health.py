"""Whether the portal works, for the machine that watches it."""

from flask import Blueprint, Response, current_app, jsonify

from app.services import health

blueprint = Blueprint("health", __name__)


@blueprint.get("/sante")
def show() -> tuple[Response, int]:
    """200, or 503 when the database or the worker does not answer. Late mail and pending payments are only fields."""
    database = health.read_database()
    worker_is_alive = current_app.extensions["worker"].is_alive
    is_well = database.answers and worker_is_alive
    body = jsonify(
        status="ok" if is_well else "error",
        database="ok" if database.answers else "error",
        worker="ok" if worker_is_alive else "error",
        mail={"oldest_waiting_seconds": database.oldest_mail_seconds},
        payments={"oldest_pending_seconds": database.oldest_payment_seconds},
    )
    return body, 200 if is_well else 503
