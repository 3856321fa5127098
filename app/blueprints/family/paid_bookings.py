"""« À régler »: the places that are kept for the family until it has paid them, paid together or taken back."""

import logging

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, current_family, resumed_at
from app.blueprints.online_payments import payment_addresses, payment_gateway
from app.database import db, write_transaction
from app.forms.bookings import key_of_choices
from app.forms.keys import new_key
from app.forms.paid_bookings import read_shown_bookings, read_taken_back
from app.htmx import go_to, render_page
from app.integrations.payments import PaymentRefused, PaymentUnavailable
from app.jobs.payments import ask_payment_site
from app.services import bookings, held_places, payments
from app.services.booking_reports import report_save
from app.services.errors import FamilyNotActive, PlacesMoved

blueprint = Blueprint("paid_bookings", __name__, url_prefix="/mes-reservations/a-regler")

logger = logging.getLogger(__name__)


def _address() -> str:
    return url_for("family.paid_bookings.show")


@blueprint.get("")
def show() -> Response:
    """What is kept, what it costs together and until when; after a save, with what else it did."""
    return _page()


@blueprint.post("/payer")
@resumed_at(_address)
def pay() -> BaseResponse:
    """Off to the payment site, or back to the page with the reason why not."""
    gateway, shown = payment_gateway(), read_shown_bookings(request.form)
    if not current_family().may_act:
        raise FamilyNotActive
    if gateway is None:
        return _page(status=422, problem="offline")
    account = current_account()
    try:
        with write_transaction() as session:
            started = payments.start_places_basket(
                session, current_family(), account.user_id, account.email, shown, payment_addresses(gateway)
            )
        address = ask_payment_site(gateway, started)
    except PlacesMoved:
        return _page(status=409, problem="moved")
    except (PaymentRefused, PaymentUnavailable) as error:
        logger.error("the payment site opened no payment: %s", error)
        problem = "refused" if isinstance(error, PaymentRefused) else "unavailable"
        return _page(status=503, problem=problem)
    return go_to(address)


@blueprint.post("/<int:child_id>/retirer")
@resumed_at(lambda child_id: _address())
def take_back(child_id: int) -> BaseResponse:
    """Give back what is kept for a child on a day, by the rules of its planning."""
    proposal = read_taken_back(request.form)
    key = key_of_choices(request.form, child_id, proposal)
    with write_transaction() as session:
        bookings.save(session, current_family(), current_account().user_id, child_id, key, proposal)
    return go_to(url_for("family.paid_bookings.show", enfant=child_id, enregistrement=key))


def _page(*, status: int = 200, problem: str | None = None) -> Response:
    is_online = payment_gateway() is not None
    child_id = request.args.get("enfant", 0, type=int)
    outcome = bookings.read_outcome(current_account().user_id, request.args.get("enregistrement"), child_id)
    return render_page(
        "family/paid_bookings/show.html",
        layout="family",
        status=status,
        to_pay=held_places.what_to_pay(db.session(), current_family().id, is_online=is_online),
        is_online=is_online,
        report=None if outcome is None else report_save(outcome),
        idempotency_key=new_key(),
        problem=problem,
    )
