"""Where the payment site reports to, and where it sends the payer's browser. Neither needs to be signed in.

What they bring proves nothing but that the payment site may be asked. They come from another site: app/access.py lets
these addresses through, and the browser's return may write even by GET.
"""

import logging
from collections.abc import Mapping

from flask import Blueprint, Response, abort, current_app, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.extensions import csrf
from app.htmx import go_to, render_page
from app.integrations.payfip import read_operation_id
from app.integrations.payments import PaymentGateway, PaymentRefused, PaymentUnavailable
from app.jobs.payments import settle
from app.services import payments

blueprint = Blueprint("payments", __name__)

logger = logging.getLogger(__name__)


@blueprint.get("/paiement/retour")
def return_by_link() -> BaseResponse:
    """The payer's browser comes back by a link, or asks again for news of a payment."""
    return _show_outcome(request.args)


@blueprint.post("/paiement/retour")
@csrf.exempt
def return_by_form() -> BaseResponse:
    """The payer's browser comes back by a form of the payment site."""
    return _show_outcome(request.form)


@blueprint.post("/paiement/notification")
@csrf.exempt
def note_outcome() -> tuple[str, int]:
    """The payment site says that an operation has an outcome; 503 makes it say so again."""
    operation_id = read_operation_id(request.values)
    if operation_id is None:
        logger.warning("a notification without an operation")
        return "", 200
    try:
        token = _settle(operation_id)
    except PaymentUnavailable as error:
        logger.warning("the payment site notified, but does not tell the outcome: %s", error)
        return "", 503
    except PaymentRefused as error:
        logger.error("the payment site notified, but refuses to tell the outcome: %s", error)
        return "", 200
    if token is None:
        logger.warning("a notification of an operation that is none of ours")
    return "", 200


@blueprint.get("/paiements/<public_token>")
def show(public_token: str) -> Response:
    """What became of a payment."""
    result = payments.result_of(public_token)
    started, next_invoice_ids = session.get("next_payment", ("", ()))
    return render_page(
        "public/payments/show.html",
        layout="public",
        result=result,
        refresh_href=_refresh_address(public_token, result.operation_id),
        next_invoice_ids=next_invoice_ids if started == public_token else (),
    )


def _show_outcome(fields: Mapping[str, str]) -> BaseResponse:
    operation_id = read_operation_id(fields)
    if operation_id is None:
        abort(404)
    try:
        token = _settle(operation_id)
    except (PaymentUnavailable, PaymentRefused) as error:
        # The payer reads that we wait for news; the worker asks again.
        logger.warning("a payer came back, but the payment site does not tell the outcome: %s", error)
        token = payments.token_of(operation_id)
    if token is None:
        abort(404)
    return go_to(url_for("public.payments.show", public_token=token))


def _settle(operation_id: str) -> str | None:
    gateway: PaymentGateway | None = current_app.extensions["payments"]
    if gateway is None:
        raise PaymentUnavailable("no payment site is set up any more")
    return settle(gateway, operation_id)


def _refresh_address(public_token: str, operation_id: str | None) -> str:
    if operation_id is None:
        return url_for("public.payments.show", public_token=public_token)
    return url_for("public.payments.return_by_link", idOp=operation_id)
