"""« Facturation »: the preview with what is odd, the run, its progress, and the invoices."""

from datetime import date, datetime

import pytest
from sqlalchemy import func, select

from app import clock
from app.database import db, write_transaction
from app.models.activities import Group, Office
from app.models.invoices import Invoice, InvoiceRun, RunStatus
from app.models.mails import OutboxMail
from app.rules.attendances import Turnout
from app.rules.capabilities import Role
from app.services import validated_days
from app.services.invoice_runs import issue_next
from tests import factories
from tests.client import Client

RUNS = "/gestion/facturation"
DAYS = [date(2026, 10, 7), date(2026, 10, 14)]


@pytest.fixture
def regie(client: Client) -> Client:
    return client.sign_in(factories.make_staff(Role.REGISSEUR))


@pytest.fixture
def october(regie: Client) -> factories.PlanningSetup:
    planning = factories.make_planning(quotient_cents=45_000)
    factories.book_past(planning.family, planning.child_id, planning.activity, DAYS)
    other, child_id = factories.add_family(planning)
    factories.save(other, child_id, book=[planning.opening(factories.WEDNESDAY, "Matin")])
    return planning


def preview_path(month: str = "2026-10") -> str:
    return f"{RUNS}/apercu?service={db.session.scalars(select(Office.id)).one()}&mois={month}"


def numbers() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Invoice.number).order_by(Invoice.id)))


def status() -> list[RunStatus]:
    db.session.rollback()
    return list(db.session.scalars(select(InvoiceRun.status)))


def test_regie_previews_a_month_with_its_lines(regie: Client, october: factories.PlanningSetup) -> None:
    page = regie.get(RUNS)
    assert "Aucune facturation pour l’instant" in page.text
    assert "octobre 2026" in page.text
    page = regie.submit(f"{RUNS}/apercu", mois="2026-10")
    assert page.heading == "À facturer en octobre 2026, Enfance"
    for words in ("Factures 1", "Montant 4,20 €", "TEST Fabrice", "Léa TEST, Mercredi, Matin : 2 × 2,10 € = 4,20 €",
                  "7 et 14 octobre 2026", "Émettre 1 facture"):  # fmt: skip
        assert words in page.text, words
    assert numbers() == []
    assert october.family.family_id


def test_oddities_are_grouped_with_counts_and_families(regie: Client, october: factories.PlanningSetup) -> None:
    page = regie.get(preview_path("2026-11"))
    assert "Jours à venir : laissés pour une prochaine facturation 1 réservation 1 famille" in page.text
    assert "AUTRE Dominique" in page.text
    assert "Rien à facturer pour ce mois et ce service" in page.text
    factories.declare_quotient(october.family)
    other, child_id = factories.add_family(october, "MAXI")
    factories.book_past(other, child_id, october.activity, [date(2026, 10, 21)])
    page = regie.get(preview_path())
    assert "Tarif maximum : sans quotient familial 1 réservation 1 famille" in page.text
    assert "/gestion/familles/" + str(other.family_id) in page.links()
    assert "Factures 2" in page.text


def test_what_is_not_settled_is_told_before_a_run(regie: Client, october: factories.PlanningSetup) -> None:
    missed = factories.miss(october.family, october.child_id, october.activity, [date(2026, 10, 21)])
    with clock.moved():
        clock.start_at(datetime(2026, 10, 24, 10), frozen=True)
        factories.justify(october.family, missed)
    page = regie.get(preview_path())
    assert "Jours dont le pointage n’est pas validé 2" in page.text
    assert "mercredi 7 octobre, Mercredi, Les enfants 0 pointé sur 1" in page.text
    assert "Absences à décider 1" in page.text
    worker = factories.make_staff(Role.SITE_DIRECTOR)
    (group_id,) = db.session.scalars(select(Group.id))
    with write_transaction() as session:
        for day in DAYS:
            validated_days.validate_day(session, worker, group_id, day, Turnout.PRESENT)
    assert "pointage" not in regie.get(preview_path()).text


def test_run_is_issued_and_its_invoices_are_there(regie: Client, october: factories.PlanningSetup) -> None:
    regie.get(preview_path())
    page = regie.submit("run", invoice_date="31/10/2026", due_on="30/11/2026")
    assert "Facturation d’octobre 2026, Enfance" in page.heading
    assert "État En cours" in page.text and "PDF prêts 0 sur 0" in page.text
    assert "Actualiser" in page.text
    progress = page.by_id("run-progress")
    assert progress.get("data-hx-trigger") == "every 2s"
    assert page.by_id("carry-on") in list(progress.iter()), "the button would stay when the run is over"
    page = regie.submit(button="Continuer maintenant")
    page = regie.submit(button="Continuer maintenant")
    assert "Toutes les factures sont émises." in page.text
    assert "pop-F261000001" in page.text
    assert page.by_id("run-progress").get("data-hx-trigger") is None
    file = regie.get(next(link for link in page.links() if link.endswith("fichier?format=csv")))
    assert "pop-F261000001;31/10/2026;30/11/2026;10/2026;TEST Fabrice;" in file.body and "4,20;4,20" in file.body
    assert (numbers(), status()) == (["pop-F261000001"], [RunStatus.ISSUED])
    assert list(db.session.scalars(select(OutboxMail.template))) == ["invoice_issued"]
    assert "4,20 €" in regie.get(RUNS).text
    assert "Rien à facturer" in regie.get(preview_path()).text
    assert october.child_id


@pytest.mark.parametrize(
    ("invoice_date", "due_on", "said"),
    [
        ("", "30/11/2026", "la date que porteront"),
        ("31/02/2026", "30/11/2026", "la date que porteront"),
        ("01/03/2027", "01/04/2027", "trop loin"),
        ("30/09/2026", "30/11/2026", "avant le mois facturé"),
        ("31/10/2026", "30/10/2026", "avant la date des factures"),
        ("31/10/2026", "", "date limite de paiement"),
    ],
)
@pytest.mark.usefixtures("october")
def test_wrong_dates_are_refused_and_nothing_begins(regie: Client, invoice_date: str, due_on: str, said: str) -> None:
    regie.get(preview_path())
    page = regie.submit("run", status=422, invoice_date=invoice_date, due_on=due_on)
    assert said in page.text
    assert status() == []


@pytest.mark.usefixtures("october")
def test_double_submit_begins_one_run(regie: Client) -> None:
    regie.get(preview_path())
    form = regie.page
    first = regie.submit("run")
    regie.page = form
    assert regie.submit("run").path == first.path
    regie.submit(button="Continuer maintenant")
    regie.page = form
    page = regie.submit("run")
    assert (page.path, len(status())) == (RUNS, 1)
    assert "plus rien à facturer" in page.text
    assert len(numbers()) == 1


@pytest.mark.parametrize(
    "query", ["", "?service=1", "?service=1&mois=octobre", "?service=99&mois=2026-10", "?service=x&mois=2026-10"]
)
def test_preview_of_nothing_asks_again(regie: Client, query: str) -> None:
    factories.make_activity()
    assert "Choisissez un service et un mois." in regie.get(f"{RUNS}/apercu{query}", status=422).text


@pytest.mark.usefixtures("october")
def test_forged_office_or_month_begins_nothing(regie: Client) -> None:
    regie.get(preview_path())
    form = regie.page
    for fields, wanted in (({"office_id": "99"}, 404), ({"office_id": "x"}, 422), ({"month": "x"}, 422)):
        regie.page = form
        regie.submit("run", status=wanted, **fields)
    assert status() == []


def test_invoice_of_any_family_is_shown_with_its_lines(regie: Client, october: factories.PlanningSetup) -> None:
    staff_id = factories.make_staff(Role.ADMINISTRATOR)
    (invoice_id,) = factories.issue(october.activity, date(2026, 10, 1), staff_id, date(2026, 10, 31))
    page = regie.get(f"/gestion/factures/{invoice_id}")
    for words in ("Facture pop-F261000001", "À payer", "TEST Fabrice, 12 rue des Tilleuls, 80110 Démuin", "Solde dû 4,20 €",
                  "Léa TEST, Mercredi, Matin", "quotient de moins de 600", "7 et 14 octobre 2026"):  # fmt: skip
        assert words in page.text, words
    assert "en préparation" in regie.get(f"/gestion/factures/{invoice_id}/pdf").heading
    file = regie.get(f"/gestion/familles/{october.family.family_id}")
    assert "pop-F261000001 du 31/10/2026, Enfance À payer 4,20 € à payer sur 4,20 €" in file.text


def test_pages_cost_the_same_whatever_is_invoiced(regie: Client, october: factories.PlanningSetup) -> None:
    path = preview_path()
    regie.get(path)
    few = len(regie.get(path).queries)
    for number in range(4):
        family, child_id = factories.add_family(october, f"FAMILLE{number}")
        factories.book_past(
            family, child_id, october.activity, [date(2026, 9, 30 - number), date(2026, 10, 20 + number)]
        )
    assert len(regie.get(path).queries) == few <= 20
    factories.issue(october.activity, date(2026, 10, 1), factories.make_staff(Role.ADMINISTRATOR))
    run_id = db.session.scalars(select(InvoiceRun.id)).one()
    assert len(regie.get(f"{RUNS}/{run_id}").queries) <= 12
    assert len(regie.get(RUNS).queries) <= 12
    assert db.session.scalar(select(func.count(Invoice.id))) == 5
    assert len(regie.get(f"/gestion/familles/{october.family.family_id}").queries) <= 20


def test_days_that_cost_nothing_are_closed_from_the_preview(sqlite_client: Client) -> None:
    planning = factories.make_planning()
    factories.sell_books(planning.activity, "Matin", cents=0)
    factories.buy_book(planning.family, planning.child_id, planning.activity, cents=0)
    factories.save(planning.family, planning.child_id, book=[planning.opening(factories.WEDNESDAY, "Matin")])
    clock.start_at(datetime(2026, 12, 1, 9), frozen=True)
    regie = sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))
    page = regie.get(preview_path("2026-11"))
    assert "À 0,00 € seulement : ces jours sont clos sans facture" in page.text
    page = regie.submit("run")
    run_id = int(page.path.rsplit("/", 1)[1])
    with write_transaction() as session:
        issue_next(session, run_id)
    page = regie.get(preview_path("2026-11"))
    assert "Clore les jours" not in page.text and "Rien à facturer" in page.text
