"""The numbers of invoices and receipts: gapless within an office, a kind and a month, and never going back."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.activities import Office
from app.models.invoices import DocumentSeries
from app.rules.numbers import DocumentKind
from app.services.documents import next_number, next_numbers

pytestmark = pytest.mark.usefixtures("app")


def make_office(prefix: str = "pop") -> int:
    with write_transaction() as session:
        office = Office(prefix=prefix, name=f"Service {prefix}", payfip_number="000001")
        session.add(office)
        session.flush()
        return office.id


def take(office_id: int, day: date, kind: DocumentKind = DocumentKind.INVOICE) -> str:
    with write_transaction() as session:
        return next_number(session, office_id, kind, day)


def test_numbers_follow_each_other_by_office_kind_and_month() -> None:
    pop, leisure = make_office(), make_office("AN")
    november = date(2026, 11, 30)
    assert [take(pop, november) for _ in range(3)] == ["pop-F261100001", "pop-F261100002", "pop-F261100003"]
    assert take(pop, november, DocumentKind.RECEIPT) == "pop-Q261100001"
    assert take(leisure, november) == "AN-F261100001"
    assert take(pop, date(2026, 12, 1)) == "pop-F261200001"


def test_several_are_taken_at_once() -> None:
    pop, november = make_office(), date(2026, 11, 30)
    take(pop, november)
    with write_transaction() as session:
        assert next_numbers(session, pop, DocumentKind.INVOICE, november, 2) == ["pop-F261100002", "pop-F261100003"]
    assert take(pop, november) == "pop-F261100004"


def test_a_number_never_goes_back_to_an_earlier_month() -> None:
    pop = make_office()
    assert take(pop, date(2026, 12, 1)) == "pop-F261200001"
    assert take(pop, date(2026, 11, 30)) == "pop-F261200002"


def test_what_is_rolled_back_leaves_no_gap() -> None:
    pop = make_office()
    with pytest.raises(RuntimeError), write_transaction() as session:
        next_number(session, pop, DocumentKind.INVOICE, date(2026, 11, 30))
        raise RuntimeError
    assert take(pop, date(2026, 11, 30)) == "pop-F261100001"
    assert db.session.scalars(select(DocumentSeries.last_number)).all() == [1]
