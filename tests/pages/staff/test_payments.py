"""« Encaissements »: money at the counter and where it goes, the lists, the life of online payments."""

from datetime import date

import pytest
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.integrations.payments import AskedPayment, PaymentOutcome, PaymentReading
from app.models.invoices import Invoice
from app.models.payments import BasketInvoice, Payment, PaymentAllocation, PaymentBasket
from app.rules.baskets import BasketState
from app.rules.capabilities import Role
from app.services import payments
from app.services.payments import PaymentAddresses
from tests import factories
from tests.client import Client

PAYMENTS = "/gestion/encaissements"


@pytest.fixture
def regie(client: Client) -> Client:
    return client.sign_in(factories.make_staff(Role.REGISSEUR))


@pytest.fixture
def debtor(regie: Client) -> factories.FamilySetup:
    """A family that owes 4,20 € of September and 8,40 € of October."""
    planning = factories.make_planning()
    agent_id = factories.make_staff(Role.ADMINISTRATOR)
    for days in ([date(2026, 9, 9)], [date(2026, 10, 7), date(2026, 10, 14)]):
        factories.book_past(planning.family, planning.child_id, planning.activity, days)
        factories.issue(planning.activity, days[0].replace(day=1), agent_id, date(2026, days[0].month + 1, 1))
    return planning.family


def counter(family: factories.FamilySetup) -> str:
    return f"{PAYMENTS}/guichet/{family.family_id}"


def stored() -> list[tuple[str, int, list[int]]]:
    """Receipt, amount, and what went to each invoice, oldest first."""
    db.session.rollback()
    found = []
    for payment in db.session.scalars(select(Payment).order_by(Payment.id)):
        shares = db.session.scalars(
            select(PaymentAllocation.amount_cents)
            .where(PaymentAllocation.payment_id == payment.id)
            .order_by(PaymentAllocation.invoice_id)
        )
        found.append((payment.receipt_number, payment.amount_cents, list(shares)))
    return found


def invoice_ids(page_links: list[str]) -> list[int]:
    return [int(link.rsplit("/", 1)[1]) for link in page_links if link.startswith("/gestion/factures/")]


def start_online(family: factories.FamilySetup) -> tuple[int, str]:
    """A parent goes to the payment site for all that is due; returns the basket and its reference."""
    ids = [view.id for view in payments.invoices_of(family.family_id)]
    addresses = PaymentAddresses("https://example.org/n", "https://example.org/r", "T")
    with write_transaction() as session:
        started = payments.start_basket(session, family.ref, family.user_id, family.email, ids, addresses)
    with write_transaction() as session:
        payments.record_asked(session, started.basket_id, AskedPayment("op-1", "https://example.org/pay"))
    return started.basket_id, started.request.reference


def reading(reference: str, amount_cents: int) -> PaymentReading:
    return PaymentReading(
        outcome=PaymentOutcome.PAID_CARD, amount_cents=amount_cents, reference=reference, client_number="000001",
        mode="T", means=None, paid_at=clock.now(), raw={},
    )  # fmt: skip


def test_cash_pays_the_oldest_invoice_first(regie: Client, debtor: factories.FamilySetup) -> None:
    regie.get(f"/gestion/familles/{debtor.family_id}")
    assert counter(debtor) in regie.page.links()  # type: ignore[union-attr]
    page = regie.get(counter(debtor))
    assert "pop-F261000001 01/10/2026 4,20 € 4,20 € pop-F261100001 01/11/2026 8,40 € 8,40 €" in page.text
    page = regie.submit("payment", mode="cash", amount="10")
    assert "Règlement enregistré : reçu pop-Q261100001, 10,00 €." in page.text
    assert "pop-F261000001 : 4,20 €" in page.text
    assert "pop-F261100001 : 5,80 €" in page.text
    assert stored() == [("pop-Q261100001", 1000, [420, 580])]
    file = regie.get(f"/gestion/familles/{debtor.family_id}").text
    assert "Payée en partie 2,60 € à payer sur 8,40 €" in file
    assert "pop-Q261100001 le 23/11/2026, espèces 10,00 €" in file


def test_allocation_is_shown_before_and_changed_by_hand(regie: Client, debtor: factories.FamilySetup) -> None:
    page = regie.get(counter(debtor))
    first, second = invoice_ids(page.links())
    page = regie.submit("payment", button="Voir la répartition", status=200, mode="cheque", amount="5,00",
                        reference="0001234", bank="Banque des essais")  # fmt: skip
    assert (page.value(f"invoice-{first}", "payment"), page.value(f"invoice-{second}", "payment")) == ("4,20", "0,80")
    assert stored() == []
    page = regie.submit("payment", **{f"invoice-{first}": "1,00", f"invoice-{second}": "4,00"})
    assert "Précisions n° 0001234, Banque des essais, TEST" in page.text
    assert stored() == [("pop-Q261100001", 500, [100, 400])]


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        (("9", ""), "Il ne reste que 4,20 € à payer sur cette facture."),
        (("0", "1"), "au-dessus de zéro"),
        (("beaucoup", ""), "Écrivez un montant en euros"),
        (("-1", ""), "Écrivez un montant en euros"),
        (("4,20", "8,40"), "La répartition dépasse le montant reçu (10,00 €)."),
    ],
)
def test_wrong_allocation_is_refused_beside_its_field(
    regie: Client, debtor: factories.FamilySetup, shares: tuple[str, str], said: str
) -> None:
    first, second = invoice_ids(regie.get(counter(debtor)).links())
    page = regie.submit("payment", status=422, mode="cash", amount="10",
                        **{f"invoice-{first}": shares[0], f"invoice-{second}": shares[1]})  # fmt: skip
    assert said in page.text
    assert page.value(f"invoice-{first}", "payment") == shares[0]
    assert stored() == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"mode": None}, "Choisissez le mode"),
        ({"mode": "online_card"}, "Choisissez une réponse de la liste"),
        ({"amount": ""}, "Indiquez le montant reçu"),
        ({"amount": "dix"}, "Écrivez un montant en euros"),
        ({"amount": "0"}, "de 0,01 €"),
        ({"mode": "cheque", "bank": "Banque des essais"}, "Indiquez le numéro du chèque."),
        ({"mode": "cheque", "reference": "12"}, "Indiquez la banque du chèque."),
        ({"mode": "cheque", "reference": "12", "bank": "B", "drawer": ""}, "Indiquez qui a signé le chèque."),
        ({"mode": "cesu"}, "Choisissez une réponse de la liste"),
        ({"received_on": "24/11/2026"}, "pas encore arrivée"),
        ({"received_on": "01/01/2020"}, "trop ancienne"),
        ({"received_on": "32/01/2026"}, "Indiquez le jour"),
        ({"amount": "20"}, "C’est plus que ce qui est dû (12,60 €)"),
    ],
)
def test_wrong_payment_is_refused(
    regie: Client, debtor: factories.FamilySetup, fields: dict[str, str | None], said: str
) -> None:
    regie.get(counter(debtor))
    page = regie.submit("payment", status=422, **{"mode": "cash", "amount": "5", **fields})
    assert said in page.text
    assert stored() == []


def test_surplus_is_kept_when_it_is_meant_and_flagged(regie: Client, debtor: factories.FamilySetup) -> None:
    regie.get(counter(debtor))
    regie.submit("payment", status=422, mode="cash", amount="20")
    page = regie.submit("payment", keep_surplus="y")
    assert "Trop-perçu : 7,40 €" in page.text
    assert stored() == [("pop-Q261100001", 2000, [420, 840])]
    assert "Trop-perçu : 7,40 €" in regie.get(f"{PAYMENTS}?etat=trop-percus").text
    assert "Rien à payer pour ce service" in regie.get(counter(debtor)).text


def test_double_tap_records_once(regie: Client, debtor: factories.FamilySetup) -> None:
    form = regie.get(counter(debtor))
    first = regie.submit("payment", mode="cash", amount="4,20")
    regie.page = form
    assert regie.submit("payment", mode="cash", amount="4,20").path == first.path
    assert len(stored()) == 1


def test_nobody_takes_money_of_their_own_family(client: Client) -> None:
    agent_id = factories.make_staff(Role.REGISSEUR, email="regie@example.org")
    family = factories.make_family(user_id=agent_id)
    factories.make_activity()
    assert "votre propre famille" in client.sign_in(agent_id).get(counter(family), status=403).text


def test_payments_are_listed_and_filtered(regie: Client, debtor: factories.FamilySetup) -> None:
    assert "Aucun règlement pour l’instant" in regie.get(PAYMENTS).text
    regie.get(counter(debtor))
    regie.submit("payment", mode="cash", amount="4,20")
    page = regie.get(PAYMENTS)
    assert "pop-Q261100001 23/11/2026 TEST Fabrice Enfance Espèces 4,20 €" in page.text
    assert "Aucun trop-perçu" in regie.get(f"{PAYMENTS}?etat=trop-percus").text
    assert "Famille TEST Fabrice" in regie.get(f"{PAYMENTS}?famille={debtor.family_id}").text
    regie.get(f"{PAYMENTS}?famille=99", status=404)
    assert f"{PAYMENTS}/fichier?format=xlsx" in page.links()
    assert "pop-Q261100001;23/11/2026;Enfance;TEST Fabrice;Espèces;" in regie.get(f"{PAYMENTS}/fichier").body
    assert len(regie.get(f"{PAYMENTS}/fichier?etat=trop-percus").body.splitlines()) == 1
    receipt = next(link for link in page.links() if link.startswith(f"{PAYMENTS}/") and link[-1].isdigit())
    assert "en préparation" in regie.get(f"{receipt}/pdf").heading


def test_online_payment_tells_its_life(regie: Client, debtor: factories.FamilySetup) -> None:
    assert "Aucun paiement en ligne" in regie.get(f"{PAYMENTS}/en-ligne").text
    _basket_id, reference = start_online(debtor)
    page = regie.get(f"{PAYMENTS}/en-ligne?etat=en-attente")
    for words in ("TEST Fabrice", reference, "12,60 €", "23/11/2026 à 08:30 : Paiement préparé",
                  "Parent envoyé vers le site de paiement", "Prochaine question au site de paiement 23/11/2026 à 08:32"):  # fmt: skip
        assert words in page.text, words
    with write_transaction() as session:
        payments.record_reading(session, "op-1", reading(reference, 1000))
    assert "réponse différente de la demande : montant" in regie.get(f"{PAYMENTS}/en-ligne").text
    regie.get(counter(debtor))
    regie.submit("payment", mode="cash", amount="4,20")
    with write_transaction() as session:
        payments.record_reading(session, "op-1", reading(reference, 1260))
    page = regie.get(f"{PAYMENTS}/en-ligne")
    assert "trop-perçu : 4,20 €" in page.text
    assert "Aucun paiement en attente" in regie.get(f"{PAYMENTS}/en-ligne?etat=en-attente").text
    assert "Carte bancaire en ligne" in regie.get(PAYMENTS).text
    assert "Trop-perçu : 4,20 €" in regie.get(PAYMENTS).text
    assert db.session.scalars(select(PaymentBasket)).one().reference == reference


def test_lists_cost_the_same_whatever_was_paid(regie: Client, debtor: factories.FamilySetup) -> None:
    regie.get(counter(debtor))
    few: dict[str, int] = {}
    for _payment in range(3):
        regie.get(counter(debtor))
        regie.submit("payment", mode="cash", amount="1")
        for path in (PAYMENTS, f"{PAYMENTS}/en-ligne", counter(debtor)):
            cost = len(regie.get(path).queries)
            assert few.setdefault(path, cost) == cost <= 12, path


def test_online_payments_come_in_pages(regie: Client, debtor: factories.FamilySetup) -> None:
    with write_transaction() as session:
        invoice_id = session.scalars(select(Invoice.id).where(Invoice.family_id == debtor.family_id)).first() or 0
        for number in range(30):
            session.add(
                PaymentBasket(
                    family_id=debtor.family_id, user_id=debtor.user_id, email="x@example.org", client_number="000001",
                    reference=f"REF{number:03d}", public_token=f"token-{number}", amount_cents=100, mode="T",
                    state=BasketState.CANCELLED, created_at=clock.now(),
                    invoices=[BasketInvoice(invoice_id=invoice_id, amount_cents=100)],
                )
            )  # fmt: skip
    first = regie.get(f"{PAYMENTS}/en-ligne")
    assert "Page 1 sur 2" in first.text and "REF029" in first.text and "REF004" not in first.text
    assert "REF004" in regie.get(f"{PAYMENTS}/en-ligne?page=2").text
