"""Whether the portal works, for the machine that watches it."""

from flask import Blueprint, Response, current_app, jsonify

from app import clock
from app.config import Config
from app.jobs.backups import last_made
from app.services import health

blueprint = Blueprint("health", __name__)


@blueprint.get("/sante")
def show() -> tuple[Response, int]:
    """200, or 503 when the database or the worker does not answer. Late mail, pending payments, invoice runs that
    fail and the age of the last backup are only fields."""
    database = health.read_database()
    worker_is_alive = current_app.extensions["worker"].is_alive
    is_well = database.answers and worker_is_alive
    config: Config = current_app.config["PORTAL"]
    backup_at = last_made(config.backup_folder)
    body = jsonify(
        status="ok" if is_well else "error",
        database="ok" if database.answers else "error",
        worker="ok" if worker_is_alive else "error",
        mail={"oldest_waiting_seconds": database.oldest_mail_seconds},
        payments={"oldest_pending_seconds": database.oldest_payment_seconds},
        invoices={"stuck_runs": database.stuck_runs},
        backup={"age_seconds": None if backup_at is None else max(0, int((clock.now() - backup_at).total_seconds()))},
    )
    return body, 200 if is_well else 503
