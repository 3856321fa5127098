"""The month of docs/rules/worked_month.md through the services: every number of its tables, to the cent, on each database."""

from __future__ import annotations

from datetime import date

import pytest

from app import clock
from app.database import db, write_transaction
from app.rules.attendances import Seen, Turnout
from app.rules.cash_desks import PaymentDetails, PaymentMode, ReversalKind
from app.services import absence_decisions, attendances, closures, quotients, validated_days
from app.services.attendances import Mark, Result
from app.services.closures import ClosureWish
from app.services.deposits import DepositInput, hand_in
from app.services.payments import record_counter_payment
from app.services.reversals import reverse_payment
from tests import factories
from tests.factories import ActivitySetup, FamilySetup
from tests.worked_month import SEPTEMBER, Acts, live


class Services(Acts):
    """Everybody acts where the portal's forms would end."""

    def book(self, family: FamilySetup, child_id: int, opening_ids: list[int]) -> None:
        """See Acts."""
        outcome = factories.save(family, child_id, book=opening_ids)
        assert all(choice.result.name == "BOOKED" for choice in outcome.choices), outcome

    def cancel(self, family: FamilySetup, child_id: int, on: date, opening_ids: list[int], *, is_late: bool) -> None:
        """See Acts."""
        if is_late:
            factories.save(family, child_id, charged=opening_ids)
        else:
            factories.save(family, child_id, cancel=opening_ids)

    def accept_quotient(self, family: FamilySetup, value_cents: int) -> None:
        """See Acts."""
        quotient_id = factories.declare_quotient(family, value_cents, SEPTEMBER)
        with write_transaction() as session:
            quotients.accept_quotient(session, quotient_id, self.month.agent_id, date(2027, 1, 31))

    def come(self, family: FamilySetup, child_id: int, on: date, opening_id: int) -> None:
        """See Acts."""
        mark = Mark(f"{child_id} {on}", child_id, opening_id, Seen(Turnout.PRESENT))
        with write_transaction() as session:
            (answer,) = attendances.record_all(session, self.month.agent_id, [mark])
        assert answer.result is Result.RECORDED and not answer.is_unbilled, answer

    def justify(self, family: FamilySetup, booking_ids: list[int]) -> int:
        """See Acts."""
        return factories.justify(family, booking_ids)

    def accept_certificate(self, sent_id: int, booking_ids: list[int]) -> None:
        """See Acts."""
        with write_transaction() as session:
            absence_decisions.decide(session, sent_id, self.month.agent_id, booking_ids, None)

    def close(self, activity: ActivitySetup, on: date) -> None:
        """See Acts."""
        wish = ClosureWish(closures.find_place(f"activity-{activity.id}"), on, on, "Grève")
        with write_transaction() as session:
            closures.close(session, wish, self.month.agent_id, closures.plan_closure(session, wish).fingerprint)

    def validate(self, group_id: int, on: date) -> None:
        """See Acts."""
        with write_transaction() as session:
            validated_days.validate_day(session, self.month.agent_id, group_id, on, Turnout.PRESENT)

    def issue(self, month: date) -> None:
        """See Acts."""
        factories.issue(self.month.activities["Mercredi"], month, self.month.agent_id)

    def pay(self, family: FamilySetup, mode: PaymentMode, amount_cents: int, vouchers: int | None) -> None:
        """See Acts."""
        details = PaymentDetails("essai", "Banque", family.name, vouchers, clock.today())
        with write_transaction() as session:
            record_counter_payment(
                session, office_id=self.month.office_id, family_id=family.family_id, mode=mode,
                amount_cents=amount_cents, received_on=clock.today(), reference="", recorded_by=self.month.agent_id,
                details=details,
            )  # fmt: skip

    def hand_in(self, mode: PaymentMode, amount_cents: int) -> None:
        """See Acts."""
        typed = DepositInput(self.month.office_id, mode, None, None, amount_cents)
        with write_transaction() as session:
            hand_in(session, typed, self.month.agent_id, f"{mode} {clock.now()}")

    def reverse_unpaid(self, payment_id: int) -> None:
        """See Acts."""
        with write_transaction() as session:
            reverse_payment(session, payment_id, self.month.agent_id, ReversalKind.UNPAID, "Chèque sans provision")


@pytest.mark.usefixtures("app")
def test_the_month_that_was_worked_by_hand() -> None:
    live(Services)
    db.session.rollback()
