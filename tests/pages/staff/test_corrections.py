"""« Corrections à faire » and the correction of a line: seen before it is done, done once, nobody for their own family."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from app.database import db
from app.models.bookings import Booking
from app.models.credits import CreditNote
from app.models.invoices import Invoice, InvoicedBooking, InvoiceLine
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.services.checks import find_inconsistencies
from app.services.invoices import invoices_of
from tests import factories
from tests.client import Answer, Client, form_fields

OCTOBER = date(2026, 10, 1)
DAYS = [date(2026, 10, day) for day in (7, 14, 21)]


@pytest.fixture
def october(sqlite_app) -> factories.PlanningSetup:  # type: ignore[no-untyped-def]
    planning = factories.make_planning()
    factories.book_past(planning.family, planning.child_id, planning.activity, DAYS)
    factories.issue(planning.activity, OCTOBER, factories.make_staff(Role.REGISSEUR), date(2026, 11, 2))
    return planning


@pytest.fixture
def regie(sqlite_client: Client, october: factories.PlanningSetup) -> Client:
    return sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))


SEE = "Voir ce que cela donne"


def address() -> str:
    line = db.session.scalars(select(InvoiceLine).order_by(InvoiceLine.id)).first()
    assert line is not None
    return f"/gestion/corrections/facture/{line.invoice_id}/ligne/{line.id}"


def keys() -> list[str]:
    return [str(id_) for id_ in db.session.scalars(select(Booking.id).order_by(Booking.day))]


def read(regie: Client, **wish: str | list[str]) -> Answer:
    """What a correction would do."""
    regie.get(address())
    return regie.submit("correction", status=200, button=SEE, **wish)


def correct(regie: Client, **wish: str | list[str]) -> Answer:
    """Read it, and do it: the credit note."""
    read(regie, **wish)
    return regie.submit("correcting")


def test_days_are_not_charged_any_more(regie: Client, october: factories.PlanningSetup) -> None:
    invoice_id = db.session.scalars(select(Invoice.id)).one()
    assert "Corriger" in regie.get(f"/gestion/factures/{invoice_id}").text
    regie.get(address())
    page = regie.submit("correction", motif="", status=422, button=SEE)
    assert "Cochez ce qui est à reprendre" in page.text and "Dites pourquoi" in page.text
    page = read(regie, quoi=[keys()[0]], suite="nothing", motif="Erreur de notre part")
    assert "4,20" in page.text and db.session.scalar(select(CreditNote.id)) is None
    assert page.path == address()  # a reason stands in no address
    fields = form_fields(page.form("correcting"))
    note = regie.submit("correcting")
    assert "Erreur de notre part" in note.text and "Avoir pop-A261100001" in note.text
    again = regie.post(address(), fields, status=303)  # the same form once more
    assert again.headers["Location"].endswith("/1")
    (invoice,) = invoices_of(october.family.family_id)
    assert invoice.balance_cents == 840
    assert factories.issue(october.activity, OCTOBER, factories.make_staff(Role.REGISSEUR)) == []
    assert find_inconsistencies(db.session()) == ()


def test_another_price_is_invoiced_at_once_and_never_priced_anew(
    regie: Client, october: factories.PlanningSetup
) -> None:
    regie.get(address())
    page = regie.submit(
        "correction", quoi=[keys()[0]], suite="at_price", prix="zéro", motif="Tarif", status=422, button=SEE
    )
    assert "nouveau prix en euros" in page.text
    correct(regie, quoi=[keys()[0]], suite="at_price", prix="2,10", motif="Tarif de la fratrie")
    new, old = invoices_of(october.family.family_id)
    assert (old.total_cents, old.balance_cents, new.total_cents, new.balance_cents) == (1_260, 840, 210, 210)
    assert db.session.scalars(select(Booking.price_cents).order_by(Booking.day)).all() == [210, 420, 420]
    assert [mail.template for mail in db.session.scalars(select(OutboxMail).order_by(OutboxMail.id))][-2:] == [
        "credit_issued", "invoice_issued",
    ]  # fmt: skip
    assert find_inconsistencies(db.session()) == ()


def test_the_next_run_takes_what_is_invoiced_again(regie: Client, october: factories.PlanningSetup) -> None:
    correct(regie, quoi=[keys()[0]], suite="again", motif="Facturé deux fois")
    assert "Restent à facturer" in regie.get("/gestion/corrections").text
    (second,) = factories.issue(october.activity, OCTOBER, factories.make_staff(Role.REGISSEUR))
    assert db.session.get_one(Invoice, second).total_cents == 420
    assert db.session.scalars(select(InvoicedBooking.booking_id)).all()
    assert find_inconsistencies(db.session()) == ()


def test_what_was_credited_meanwhile_is_read_again(regie: Client, october: factories.PlanningSetup) -> None:
    page = read(regie, quoi=[keys()[0]], suite="nothing", motif="Erreur")
    fields = dict(form_fields(page.form("correcting")))
    page = regie.post(address(), {**fields, "motif": "Autre chose"}, status=409)
    assert "a changé" in page.text
    regie.post(address(), fields, status=303)
    regie.post(address(), {**fields, "cle": "autre"}, status=422)  # that day is on the line no more
    assert db.session.scalars(select(CreditNote.number)).all() == ["pop-A261100001"]


def test_a_proposal_is_credited_or_left_with_a_reason(regie: Client, october: factories.PlanningSetup) -> None:
    invoice_id = db.session.scalars(select(Invoice.id)).one()
    agent = factories.make_staff(Role.YOUTH_WORKER)
    first = factories.make_correction(invoice_id, agent)
    assert "N’était pas là" in regie.get("/gestion/corrections").text
    assert "Corrections à faire 1" in regie.get("/gestion/facturation").text
    regie.get(f"/gestion/corrections/{first}")
    page = regie.submit("leave", because="", status=422)
    assert "Dites pourquoi" in page.text
    regie.submit("leave", because="Vérifié")
    assert "Vérifié" in regie.get(f"/gestion/corrections/{first}").text
    second = factories.make_correction(invoice_id, agent)
    assert "4,20" in regie.get(f"/gestion/corrections/{second}").text
    fields = form_fields(regie.get(f"/gestion/corrections/{second}").form("credit"))
    regie.submit("credit")
    assert "pop-A2611" in regie.get(f"/gestion/corrections/{second}").text
    regie.post(f"/gestion/corrections/{second}/avoir", fields, status=409)
    assert second and "Corrections faites" in regie.get("/gestion/corrections?faites=1").text


def test_the_family_reads_its_credit_notes(sqlite_client: Client, october: factories.PlanningSetup) -> None:
    invoice_id = db.session.scalars(select(Invoice.id)).one()
    credit_id = factories.make_credit(invoice_id, factories.make_staff(Role.REGISSEUR))
    parent = sqlite_client.sign_in(october.family.user_id)
    assert "8,40" in parent.get("/mes-factures").text
    assert "Avoir" in parent.get(f"/mes-factures/{invoice_id}").text
    page = parent.get(f"/mes-factures/avoirs/{credit_id}")
    assert "Fermé par la neige" in page.text and "déduits de la facture" in page.text
    assert "pop-A2611" in parent.get("/mes-factures?soldees=1").text
    assert "en préparation" in parent.get(f"/mes-factures/avoirs/{credit_id}/pdf").text
