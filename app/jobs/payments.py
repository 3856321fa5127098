"""Asking the payment site, always outside any transaction.

`settle()` is the one way in for the site's notification, the return of the payer's browser and our own clock: the
message proves nothing, so the site itself is asked what happened.
"""

import logging

from app.database import db, write_transaction
from app.integrations.payments import PaymentGateway, PaymentRefused, PaymentUnavailable
from app.services import paid_bookings, payments
from app.services.payments import StartedBasket

logger = logging.getLogger(__name__)


def ask_payment_site(gateway: PaymentGateway, started: StartedBasket) -> str:
    """Open the operation of a basket, keep it, and return the address where the payer pays.

    Raises PaymentRefused or PaymentUnavailable; the basket has then ended and its invoices are free again.
    """
    try:
        asked = gateway.ask(started.request)
    except (PaymentRefused, PaymentUnavailable) as error:
        with write_transaction() as session:
            payments.record_not_asked(session, started.basket_id, str(error))
        raise
    with write_transaction() as session:
        payments.record_asked(session, started.basket_id, asked)
    return asked.redirect_url


def settle(gateway: PaymentGateway, operation_id: str) -> str | None:
    """Ask the payment site what became of an operation and record it, once; returns its basket's public token.

    None for an operation that is none of ours. Raises PaymentUnavailable when the site does not answer.
    """
    if not payments.is_worth_asking(operation_id):
        return None
    db.session.rollback()  # no transaction stays open while the network is waited for
    reading = gateway.look_up(operation_id)
    with write_transaction() as session:
        return payments.record_reading(session, operation_id, reading)


def check_pending(gateway: PaymentGateway, limit: int = 20) -> int:
    """Ask about the operations whose time has come, `limit` at most; returns how many were asked about."""
    operation_ids = payments.baskets_to_check(db.session(), limit)
    for operation_id in operation_ids:
        try:
            settle(gateway, operation_id)
        except (PaymentUnavailable, PaymentRefused) as error:
            logger.warning("the payment site did not tell about an operation: %s", error)
            with write_transaction() as session:
                payments.postpone_check(session, operation_id)
    return len(operation_ids)


def release_places() -> bool:
    """Release the places that one family did not pay in time; whether there was any. Told in the same transaction."""
    family_id = paid_bookings.family_with_overdue(db.session())
    if family_id is None:
        return False
    with write_transaction() as session:
        paid_bookings.release_overdue(session, family_id)
    return True


def end_forgotten() -> int:
    """End the attempts that nobody will hear of any more; returns how many. Their money would still be taken."""
    if not payments.has_forgotten(db.session()):
        return 0
    with write_transaction() as session:
        return payments.end_forgotten(session)
