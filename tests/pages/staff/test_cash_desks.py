"""« Régie »: modes and details, reversal, refund, deposits, the journal, the statement, exports and settings."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select, text, update

from app import clock
from app.database import db, write_transaction
from app.models.accounts import StaffRole, UserSession
from app.models.cash_desks import Deposit, JournalLine, Refund
from app.models.invoices import Invoice, InvoicedBooking, InvoiceLine
from app.models.mails import OutboxMail
from app.models.payments import Payment
from app.rules.capabilities import Role
from app.rules.cash_desks import PaymentMode
from app.rules.credits import CreditCause
from app.services import cash_desks, cash_papers, credits, deposits, payments
from app.services.checks import Problem, find_inconsistencies
from app.services.credits import CreditHead
from app.services.invoices import invoices_of
from tests import factories
from tests.client import Client
from tests.html import check_text

DESK = "/gestion/regie"
SETTINGS = "/gestion/reglages/regies"


@pytest.fixture
def regie(sqlite_client: Client) -> Client:
    return sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))


@pytest.fixture
def debtor(sqlite_client: Client) -> factories.FamilySetup:
    """A family that owes 4,20 € of September and 8,40 € of October."""
    planning = factories.make_planning()
    agent_id = factories.make_staff(Role.ADMINISTRATOR)
    for days in ([date(2026, 9, 9)], [date(2026, 10, 7), date(2026, 10, 14)]):
        factories.book_past(planning.family, planning.child_id, planning.activity, days)
        factories.issue(planning.activity, days[0].replace(day=1), agent_id, date(2026, days[0].month + 1, 1))
    return planning.family


def counter(family: factories.FamilySetup) -> str:
    return f"/gestion/encaissements/guichet/{family.family_id}"


@pytest.fixture
def office_id(debtor: factories.FamilySetup) -> int:
    return db.session.execute(text("SELECT id FROM office WHERE prefix = 'pop'")).scalar_one()


def take(client: Client, page: str, **fields: str) -> None:
    client.get(page)
    client.submit("payment", **{"mode": "cash", **fields})


def assert_money_is_right() -> None:
    of_money = (Problem.CASH_DESK, Problem.ALLOCATION, Problem.NUMBERS)
    assert not [each for each in find_inconsistencies(db.session()) if each.problem in of_money]


def test_the_counter_takes_what_the_office_takes(sqlite_client: Client, office_id: int, debtor) -> None:
    admin = sqlite_client.sign_in(factories.make_staff(Role.ADMINISTRATOR))
    page = admin.get("/gestion/reglages/services")
    assert f"{SETTINGS}/{office_id}" in page.links()
    admin.get(f"{SETTINGS}/{office_id}")
    page = admin.submit("setting", status=422, ceiling="beaucoup")
    assert "Écrivez un montant en euros" in page.text
    page = admin.submit("setting", status=422, ceiling="", minimum="150")
    assert "ne peut pas dépasser 100,00 €" in page.text and page.value("minimum", "setting") == "150"
    assert admin.submit("setting", minimum="15").value("minimum", "setting") == "15"
    assert cash_desks.minimum_of(db.session(), office_id) == 1_500
    assert admin.submit("setting", minimum="").value("minimum", "setting") == ""
    assert cash_desks.minimum_of(db.session(), office_id) is None
    page = admin.submit("setting", status=422, days_to_pay="130")
    assert "De 1 à 120 jours." in page.text and page.value("days_to_pay", "setting") == "130"
    assert cash_desks.last_day_to_pay(db.session(), office_id, date(2026, 12, 1)) == date(2026, 12, 31)
    assert admin.submit("setting", days_to_pay="20").value("days_to_pay", "setting") == "20"
    assert cash_desks.last_day_to_pay(db.session(), office_id, date(2026, 12, 1)) == date(2026, 12, 21)
    page = admin.submit(
        "setting", ceiling="10", float_="50,00", takes_cesu="y", note_cesu="seulement la garde des moins de 6 ans"
    )
    assert "sont enregistrés" in page.text
    admin.get(f"{SETTINGS}/nominations/nouveau/{office_id}")
    page = admin.submit("setting", name="Jeanne MARTIN", role="keeper", starts_on="2026-01-01")
    assert "Jeanne MARTIN, régisseur depuis le 01/01/2026" in page.text
    page = admin.get(counter(debtor))
    assert "CESU : seulement la garde des moins de 6 ans" in page.text
    assert "Nombre de titres" in admin.submit("payment", status=422, mode="cesu", amount="4").text
    page = admin.submit("payment", mode="cesu", amount="4", voucher_count="2")
    assert "Précisions 2 titres" in page.text
    take(admin, counter(debtor), amount="8")
    page = admin.get(f"{DESK}?service={office_id}")
    assert "(8,00 €) approchent du plafond de 10,00 €" in page.text and "Jeanne MARTIN, régisseur" in page.text
    home = admin.get("/gestion/a-traiter")
    assert "(8,00 €) approchent du plafond de 10,00 €" in home.text and f"{DESK}?service={office_id}" in home.links()
    take(admin, counter(debtor), amount="0,60")
    assert "CESU 4,00 €" in admin.get(f"{DESK}?service={office_id}").text
    with write_transaction() as session:
        session.execute(text("UPDATE cash_desk SET ceiling_cents = 800"))
    assert "dépassent le plafond de 8,00 €" in admin.get(f"{DESK}?service={office_id}").text
    assert "dépassent le plafond de 8,00 €" in admin.get("/gestion/a-traiter").text
    admin.sign_in(factories.make_staff(Role.FILE_CLERK))
    assert "plafond" not in admin.get("/gestion/a-traiter").text  # who does not collect
    assert_money_is_right()


def test_a_payment_is_reversed_not_edited(regie: Client, debtor) -> None:
    take(regie, counter(debtor), amount="5")
    regie.submit("reversal", status=422, kind="mistake", reason="")
    page = regie.submit("reversal", kind="unpaid", reason="Provision insuffisante")
    assert "est annulé : ses factures sont de nouveau à payer" in page.text
    assert "Impayé" in page.text and "Motif Provision insuffisante" in page.text and "reversal" not in page.body
    assert "4,20 € 4,20 €" in regie.get(counter(debtor)).text
    assert "Impayé" in regie.get("/gestion/encaissements").text
    mail = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "payment_reversed")).one()
    assert (mail.recipient, mail.family_id) == (debtor.email, debtor.family_id)
    assert "5,00" in mail.subject and "Motif\u00a0: Provision insuffisante" in mail.body
    due = [f"{view.number}, avant le {view.due_on:%d/%m/%Y}" for view in invoices_of(debtor.family_id)]
    assert (
        len(due) == 2 and all(line in mail.body for line in due) and mail.body.index(due[1]) < mail.body.index(due[0])
    )
    assert check_text(mail.subject) == [] and check_text(mail.body) == []
    assert_money_is_right()


def test_the_mail_of_a_reversal_says_where_nothing_is_due_again(regie: Client, debtor) -> None:
    take(regie, counter(debtor), amount="12,60")
    first = db.session.scalars(select(Payment.id)).one()
    office, agent_id = db.session.get_one(Payment, first).office_id, factories.make_user("autre@example.org")
    with write_transaction() as session:
        payments.record_counter_payment(
            session, office_id=office, family_id=debtor.family_id, mode=PaymentMode.CASH, amount_cents=1_260,
            received_on=clock.today(), reference="", recorded_by=agent_id,
        )  # fmt: skip
    regie.get(f"/gestion/encaissements/{first}")
    regie.submit("reversal", kind="mistake", reason="Saisi deux fois")
    mail = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "payment_reversed")).one()
    assert "Vous n’avez rien de plus à régler." in mail.body and "De nouveau à régler" not in mail.body


def test_what_is_too_much_goes_back_by_transfer(regie: Client, debtor) -> None:
    regie.get(counter(debtor))
    regie.submit("payment", status=422, mode="cash", amount="20")
    regie.submit("payment", keep_surplus="y")
    page = regie.get(f"/gestion/encaissements/remboursement/{debtor.family_id}")
    assert "7,40 €" in page.text
    page = regie.submit("refund", status=422, amount="8", iban="FR76 3000 6000 0112 3456 7890 188", reason="Trop payé")
    assert "Il ne reste que 7,40 € à rembourser" in page.text and "Cet IBAN n’est pas juste" in page.text
    page = regie.submit("refund", amount="7,40", iban="FR76 3000 6000 0112 3456 7890 189", reason="Trop payé")
    assert "Remboursement enregistré : 7,40 € par virement." in page.text and len(page.queries) <= 20
    assert "IBAN FR76 … 0189" in page.text and "3000" not in page.text and "Motif Trop payé" in page.text
    assert db.session.scalars(select(Refund.amount_cents)).all() == [740]
    stored = db.session.execute(text("SELECT iban FROM refund")).scalar_one()
    assert stored.startswith("gAAAA")
    page = regie.get(f"/gestion/encaissements/remboursement/{debtor.family_id}")
    assert "Rien à rembourser" in page.text
    assert_money_is_right()


def test_an_office_that_takes_no_mode_has_no_form_but_says_so(
    sqlite_client: Client, regie: Client, debtor, office_id: int
) -> None:
    address = f"{counter(debtor)}?service={office_id}"
    regie.get(address)
    typed = {"mode": "cash", "amount": "4,20", "office_id": str(office_id)}
    with write_transaction() as session:
        taken = cash_desks.read_desk(office_id)
        none = tuple(replace(each, is_taken=False) for each in taken.modes)
        cash_desks.save_desk(session, office_id, replace(taken, modes=none))
    page = regie.submit("payment", status=422, **typed)  # the form was open while the modes were taken away
    for answer in (page, regie.get(address)):
        assert "Ce service ne prend aucun mode de règlement au guichet." in answer.text
        assert "Un administrateur choisit les modes" in answer.text
        assert not answer.all("form", id="payment") and not answer.all("div", class_="error")
    assert db.session.scalar(select(Payment.id)) is None
    admin = sqlite_client.sign_in(factories.make_staff(Role.ADMINISTRATOR))
    assert f"{SETTINGS}/{office_id}" in admin.get(address).links()


def test_a_refund_is_found_and_its_iban_read(sqlite_client: Client, regie: Client, debtor, office_id: int) -> None:
    regie.get(counter(debtor))
    regie.submit("payment", status=422, mode="cash", amount="20")
    regie.submit("payment", keep_surplus="y")
    payment_id = db.session.scalars(select(Payment.id)).one()
    family = f"/gestion/familles/{debtor.family_id}"
    page = regie.get(family)
    new = f"/gestion/encaissements/remboursement/{debtor.family_id}?service={office_id}"
    assert "7,40 € en avoir" in page.text and new in page.links()
    regie.get(new)
    page = regie.submit("refund", amount="7,40", iban="FR76 3000 6000 0112 3456 7890 189", reason="Trop payé")
    refund_id = db.session.scalars(select(Refund.id)).one()
    refund = f"/gestion/encaissements/remboursements/{refund_id}"
    assert {family, f"/gestion/encaissements/{payment_id}", f"{refund}/iban"} <= set(page.links())
    for address in (family, f"/gestion/encaissements/{payment_id}", f"{DESK}/journal?service={office_id}"):
        page = regie.get(address)
        assert refund in page.links() and "en avoir" not in page.text and len(page.queries) <= 20, address
    assert "FR76 3000 6000 0112 3456 7890 189" in regie.get(f"{refund}/iban").text
    with write_transaction() as session:
        session.execute(update(UserSession).values(confirmed_at=None))
    regie.get(f"{refund}/iban", status=303)
    with write_transaction() as session:
        session.execute(update(UserSession).values(confirmed_at=clock.now()))
        session.add(StaffRole(user_id=debtor.user_id, role=Role.REGISSEUR))
    parent = sqlite_client.sign_in(debtor.user_id)
    page = parent.get(refund)
    assert "IBAN FR76 … 0189" in page.text and f"{refund}/iban" not in page.links()
    parent.get(f"{refund}/iban", status=403)
    with write_transaction() as session:
        session.execute(update(Refund).values(holder="", iban="", reason="", purged_at=clock.now()))
    page = parent.get(refund)
    assert "IBAN Effacé" in page.text
    sqlite_client.sign_in(factories.make_staff(Role.ADMINISTRATOR)).get(f"{refund}/iban", status=404)


def test_what_credit_notes_left_is_refunded(regie: Client, debtor, office_id: int) -> None:
    take(regie, counter(debtor), amount="12,60")
    invoice_id = db.session.scalars(select(Invoice.id).order_by(Invoice.id)).first()
    credit_id = factories.make_credit(invoice_id, factories.make_staff(Role.ADMINISTRATOR))
    credit = f"/gestion/factures/avoirs/{credit_id}"
    page = regie.get(f"/gestion/familles/{debtor.family_id}")
    assert "4,20 € en avoir" in page.text and "dont 4,20 € encore disponibles" in page.text
    assert credit in page.links()
    regie.get(f"/gestion/encaissements/remboursement/{debtor.family_id}?service={office_id}")
    page = regie.submit("refund", amount="4,20", iban="FR76 3000 6000 0112 3456 7890 189", reason="Il part")
    assert credit in page.links()
    page = regie.get(credit)
    assert any("/remboursements/" in link for link in page.links())
    assert_money_is_right()


def test_cash_is_handed_in_with_its_slip(regie: Client, debtor, office_id: int) -> None:
    take(regie, counter(debtor), amount="5")
    take(regie, counter(debtor), amount="3")
    first = db.session.scalars(select(Payment.id).order_by(Payment.id)).first()
    page = regie.get(f"{DESK}/versements/nouveau?service={office_id}&mode=cash")
    assert "En caisse : 8,00 €, 2 règlements." in page.text
    page = regie.submit("deposit", button="Verser ce qui est coché", payment=str(first))
    assert "le bordereau est prêt" in page.text
    assert "Montant 5,00 €" in page.text
    slip = regie.get(next(link for link in page.links() if link.endswith("/pdf")))
    assert slip.headers["Content-Type"] == "application/pdf"
    regie.get(f"/gestion/encaissements/{first}")
    page = regie.submit("reversal", kind="given_back", reason="Payé deux fois")
    assert "le prochain versement le déduit" in page.text
    page = regie.get(f"{DESK}/versements/nouveau?service={office_id}&mode=cash")
    assert "Annulé après un versement : à déduire" in page.text and "En caisse : -2,00 €" in page.text.replace("−", "-")
    assert db.session.scalars(select(Deposit.total_cents)).all() == [500]
    page = regie.get(f"{DESK}/journal?service={office_id}&nature=reversal")
    assert "Annulation Payé deux fois" in page.text and "pop-V" not in page.text
    page = regie.get(f"{DESK}/journal?service={office_id}")
    assert "Versement, espèces : -5,00 €" in page.text.replace("−", "-")
    assert "Aucune ligne" in regie.get(f"{DESK}/journal?service={office_id}&jour=2026-11-01").text
    assert_money_is_right()


def test_what_is_ticked_is_kept_from_page_to_page(regie: Client, debtor, office_id: int) -> None:
    agent_id = factories.make_staff(Role.REGISSEUR)
    with write_transaction() as session:
        for cents in range(1, 104):
            payments.record_counter_payment(
                session, office_id=office_id, family_id=debtor.family_id, mode=PaymentMode.CASH, amount_cents=cents,
                received_on=clock.today(), reference="", recorded_by=agent_id,
            )  # fmt: skip
    choice = f"{DESK}/versements/nouveau?service={office_id}&mode=cash"
    page = regie.get(choice)
    assert "En caisse : 53,56 €, 103 règlements." in page.text and "d’une page à l’autre" in page.text
    first = [box.get("value") for box in page.all("input", name="payment")]
    assert len(first) == 100 and len(page.queries) <= 20
    page = regie.submit("deposit", button="Suivante", status=200, payment=first[:2])
    assert "Coché sur d’autres pages : 2 règlements, 0,03 €." in page.text and len(page.queries) <= 20
    ids = [box.get("value") for box in page.all("input", name="payment", type="checkbox")]
    assert len(ids) == 3 and "1,03 €" in page.text and "53,56 €" in page.text
    page = regie.submit("deposit", button="Précédente", status=200, payment=[*first[:2], *ids])
    assert "Coché sur d’autres pages : 3 règlements, 3,06 €." in page.text
    assert [box.get("value") for box in page.all("input", name="payment") if box.get("checked") is not None] == first[
        :2
    ]
    kept = page
    with write_transaction() as session:  # a colleague hands one in
        wish = deposits.DepositInput(office_id, PaymentMode.CASH, clock.today(), {int(first[0])}, None)
        deposits.hand_in(session, wish, agent_id, "a colleague")
    page = regie.submit("deposit", button="Suivante", status=200)
    assert "Un règlement coché n’est plus en caisse : il n’est plus dans votre choix." in page.text
    assert "Coché sur d’autres pages : 2 règlements, 1,03 €." in page.text
    page = regie.submit("deposit", button="Verser ce qui est coché")
    assert "Montant 3,08 €" in page.text
    regie.page = kept  # a second tap, of an older page of the same choice
    assert regie.submit("deposit", button="Verser ce qui est coché").path == page.path
    assert db.session.scalars(select(Deposit.total_cents).order_by(Deposit.id)).all() == [1, 308]
    assert "En caisse : 50,47 €, 98 règlements." in regie.get(choice).text
    page = regie.submit("deposit", button="Tout verser : 50,47 €")
    assert "Montant 50,47 €" in page.text and "Page 1 sur 4" in page.text and len(page.queries) <= 20
    assert "1,00 €" in regie.get(f"{page.path}?page=4").text
    slip = cash_papers.slip_paper(deposits.read_deposit(int(page.path.rpartition("/")[2]), [office_id]))
    assert len(slip.lines) == 98
    assert_money_is_right()


def test_the_month_is_stated_and_exported(regie: Client, debtor, office_id: int) -> None:
    with write_transaction() as session:
        session.execute(text("UPDATE family SET last_name = '=HYPERLINK(1)'"))
    take(regie, counter(debtor), amount="5")
    page = regie.get(f"{DESK}/releve?service={office_id}&mois=2026-11")
    assert "Espèces 1 encaissement 0,00 € 5,00 € 0,00 € 0,00 € 0,00 € 5,00 €" in page.text
    assert "Factures émises 1 pour 8,40 €" in page.text
    assert regie.get(f"{DESK}/releve/pdf?service={office_id}&mois=2026-11").headers["Content-Type"] == "application/pdf"
    regie.get(f"{DESK}/exports")
    days = f"service={office_id}&du=2026-11-01&au=2026-11-30"
    for kind, said in (("journal", "Encaissement"), ("receipts", "pop-Q261100001"), ("invoices", "pop-F261100001")):
        answer = regie.get(f"{DESK}/exports/fichier?quoi={kind}&{days}&format=csv")
        assert said in answer.body and "'=HYPERLINK(1)" in answer.body
    assert (
        "Ce jour est avant le premier"
        in regie.get(f"{DESK}/exports/fichier?quoi=journal&du=2026-11-02&au=2026-11-01", status=422).text
    )
    assert db.session.scalar(select(JournalLine.n)) == 1


def test_credit_notes_of_a_period_are_exported(regie: Client, debtor, office_id: int) -> None:
    invoice = db.session.scalars(select(Invoice).order_by(Invoice.id)).first()
    bookings = db.session.scalars(
        select(InvoicedBooking.booking_id)
        .join(InvoiceLine, InvoiceLine.id == InvoicedBooking.line_id)
        .where(InvoiceLine.invoice_id == invoice.id)
    ).all()
    head = CreditHead(CreditCause.CLOSURE, "=Erreur", factories.make_staff())
    with write_transaction() as session:
        credits.hold_for_credit(session, debtor.family_id, [office_id])
        credits.take_back(session, bookings, head)
    days = f"service={office_id}&du=2026-11-01&au=2026-11-30"
    answer = regie.get(f"{DESK}/exports/fichier?quoi=credits&{days}&format=csv")
    assert answer.body.startswith("\ufeffAvoir;Date;Facture;Famille;") and "'=Erreur" in answer.body
    assert "4,20" in answer.body and invoice.number in answer.body


def test_an_office_of_others_is_not_there(regie: Client, debtor, office_id: int) -> None:
    with write_transaction() as session:
        session.execute(text("UPDATE staff_role SET office_id = :id WHERE role = 'regisseur'"), {"id": office_id})
    assert regie.get(f"{DESK}?service={office_id}").status == 200
    for page in ("", "/journal", "/releve", "/exports", "/versements/nouveau"):
        regie.get(f"{DESK}{page}?service={office_id + 1}", status=404)
    take(regie, counter(debtor), amount="5")
