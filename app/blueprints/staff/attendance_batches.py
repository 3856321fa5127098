"""« Pointage » without network: the service worker that keeps a day's lists, and what a tablet sends of its ticks."""

from flask import Blueprint, Response, current_app, jsonify, request

from app import clock
from app.access import current_account, requires
from app.assets import Assets
from app.attendance_labels import REFUSALS, seen_words
from app.database import write_transaction
from app.forms.attendance_batches import read_batch, seen_as_sent
from app.rules.capabilities import Capability
from app.services import attendance_batches
from app.services.attendance_batches import Answered
from app.services.attendances import Result
from app.services.errors import ForgedForm

blueprint = Blueprint("attendance_batches", __name__)

SCOPE = "/gestion/pointage"
"""All that the service worker looks at: the lists of « Pointage », and what they load."""


def kept_in_tablet(page: Response) -> Response:
    """A page that the service worker may keep for the day, and shows to nobody but this agent."""
    page.headers["X-Kept-For"] = str(current_account().user_id)
    return _stamped(page)


@blueprint.get("/travail-hors-connexion.js")
@requires(Capability.TAKE_ATTENDANCE)
def send_worker_file() -> Response:
    """The service worker, under one name, and asked for anew each time."""
    static: Assets = current_app.extensions["assets"]
    response = static.response(static.url("js/attendance-worker.js").removeprefix("/static/"))
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("HX-Request")  # at the door, who is not signed in is led away as the asking wants it
    response.headers["Service-Worker-Allowed"] = SCOPE
    return response


@blueprint.post("/envoi")
@requires(Capability.TAKE_ATTENDANCE)
def receive() -> Response:
    """Record what a tablet kept, and answer each tick."""
    batch = read_batch(request.get_json(silent=True))
    agent_id = current_account().user_id
    if batch.agent_id != agent_id:
        raise ForgedForm  # ticked by who was signed in before
    with write_transaction() as session:
        answers = attendance_batches.record_ticks(session, agent_id, batch.ticks)
    return _stamped(jsonify(answers=[_as_json(answered) for answered in answers]))


def _stamped(answer: Response) -> Response:
    """By it a tablet knows how wrong its clock is."""
    answer.headers["X-Sent-At"] = str(round(clock.now().timestamp() * 1000))
    return answer


def _as_json(answered: Answered) -> dict[str, object]:
    answer = answered.answer
    told: dict[str, object] = {"id": answer.mark.client_id, "result": "done", "unit": answered.unit_name}
    if answer.obstacle is not None:
        told |= {"result": "refused", "reason": REFUSALS[answer.obstacle]}
    elif answer.result is Result.CONFLICT and answer.other is not None:
        other = answer.other
        told |= {
            "result": "conflict", "version": answer.version, "mine": seen_words(answer.mark.seen),
            "meant": seen_as_sent(answer.mark.seen),
            "other": {
                "by": other.by, "at": f"{other.at.astimezone(clock.PARIS):%H:%M}", "words": seen_words(other.seen),
                "stays": other.stays, "seen": seen_as_sent(other.seen),
            },
        }  # fmt: skip
    return told
