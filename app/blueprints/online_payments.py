"""Off to the payment site: what the sections share that a parent pays from."""

from flask import current_app, url_for

from app.config import Config
from app.integrations.payments import PaymentGateway
from app.services.payments import PaymentAddresses


def payment_gateway() -> PaymentGateway | None:
    """The payment site; None where nothing is paid online."""
    gateway: PaymentGateway | None = current_app.extensions["payments"]
    return gateway


def payment_addresses(gateway: PaymentGateway) -> PaymentAddresses:
    """Where the payment site reports to and sends the payer back."""
    config: Config = current_app.config["PORTAL"]
    return PaymentAddresses(
        notify_url=config.base_url + url_for("public.payments.note_outcome"),
        return_url=config.base_url + url_for("public.payments.return_by_form"),
        mode=gateway.mode.value,
    )
