"""A payment site for the tests of pages: it says at once what the test tells it to say (a pytest plugin).

    def test_parent_pays(client, payment_site): ...
        payment_site.outcome = PaymentOutcome.REFUSED       # what it tells of every operation
        payment_site.fault = PaymentUnavailable("down")     # it does not answer

The protocol of PayFiP is tried elsewhere, against the simulator that ships with the project.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask

from app import clock
from app.integrations.payments import (
    AskedPayment,
    GatewayMode,
    PaymentOutcome,
    PaymentReading,
    PaymentRequest,
)

ORIGIN = "https://paiement.example.org"


@dataclass
class PaymentSite:
    """A PaymentGateway whose answers the test chooses."""

    outcome: PaymentOutcome = PaymentOutcome.PENDING
    fault: Exception | None = None
    mode: GatewayMode = GatewayMode.TEST
    payment_origin: str = ORIGIN
    asked: dict[str, PaymentRequest] = field(default_factory=dict)  # by operation id
    looked_up: list[str] = field(default_factory=list)

    @property
    def last_operation(self) -> str:
        """The id of the operation that was opened last."""
        return list(self.asked)[-1]

    def ask(self, request: PaymentRequest) -> AskedPayment:
        """See PaymentGateway."""
        if self.fault is not None:
            raise self.fault
        operation_id = f"operation-{len(self.asked) + 1:04}"
        self.asked[operation_id] = request
        return AskedPayment(operation_id, f"{ORIGIN}/payer?idop={operation_id}")

    def look_up(self, operation_id: str) -> PaymentReading:
        """See PaymentGateway."""
        self.looked_up.append(operation_id)
        if self.fault is not None:
            raise self.fault
        request = self.asked.get(operation_id)
        if request is None or self.outcome in (PaymentOutcome.PENDING, PaymentOutcome.UNKNOWN):
            outcome = PaymentOutcome.UNKNOWN if request is None else self.outcome
            return PaymentReading(outcome, None, None, None, None, None, None, {})
        paid_at = clock.now() if self.outcome.is_paid else None
        return PaymentReading(
            self.outcome, request.amount_cents, request.reference, request.client_number, self.mode.value, None, paid_at,
            {},
        )  # fmt: skip


@pytest.fixture
def payment_site(app: Flask) -> Iterator[PaymentSite]:
    """The payment site of the application under test."""
    yield from _site_of(app)


@pytest.fixture
def sqlite_payment_site(sqlite_app: Flask) -> Iterator[PaymentSite]:
    """The same where the database makes no difference."""
    yield from _site_of(sqlite_app)


def _site_of(app: Flask) -> Iterator[PaymentSite]:
    site = PaymentSite()
    app.extensions["payments"] = site
    yield site
    app.extensions["payments"] = None
