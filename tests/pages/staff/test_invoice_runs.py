"""« Facturation »: what is prepared with what is odd, the run, its progress, and the invoices."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import func, select, update

from app import clock
from app.database import db, write_transaction
from app.models.accounts import StaffRole
from app.models.activities import Group, Office
from app.models.bookings import Booking
from app.models.families import Child
from app.models.invoices import Invoice, InvoiceRun, RunStatus, StoredPdf
from app.models.mails import OutboxMail
from app.rules.attendances import Turnout
from app.rules.capabilities import Role
from app.services import cash_desks, invoice_runs, run_pools, validated_days
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


def prepare(month: str = "2026-10") -> str:
    """Prepare a month as the worker does; the path of its page."""
    office_id, regisseur_id = db.session.scalars(select(Office.id)).one(), regisseur()
    return f"{RUNS}/{factories.prepare_run(office_id, date.fromisoformat(f'{month}-01'), regisseur_id)}"


def again(path: str) -> str:
    """What was prepared is prepared anew."""
    run_id = int(path.rsplit("/", 1)[1])
    with write_transaction() as session:
        run = session.get_one(InvoiceRun, run_id)
        invoice_runs.prepare(session, run.office_id, run.month, regisseur(), instead_of=run_id)
    return prepare()


def accept_all(path: str) -> None:
    factories.accept_all(int(path.rsplit("/", 1)[1]), regisseur())


def issue_at_once(path: str) -> None:
    """Have what was prepared issued, as the worker does it."""
    run_id, looked_at = int(path.rsplit("/", 1)[1]), 1
    factories.accept_all(run_id, regisseur())
    with write_transaction() as session:
        invoice_runs.issue(session, run_id, date(2026, 11, 2), date(2026, 12, 2), regisseur())
    while looked_at:
        with write_transaction() as session:
            looked_at = invoice_runs.issue_next(session, run_id)


def regisseur() -> int:
    return db.session.scalars(select(StaffRole.user_id).order_by(StaffRole.id)).all()[0]


def numbers() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Invoice.number).order_by(Invoice.id)))


def status() -> list[RunStatus]:
    db.session.rollback()
    return list(db.session.scalars(select(InvoiceRun.status)))


def test_regie_prepares_a_month_and_reads_its_lines(regie: Client, october: factories.PlanningSetup) -> None:
    page = regie.get(RUNS)
    assert "Aucune facturation pour l’instant" in page.text and "est signalé ici pendant 18 mois" in page.text
    page = regie.submit("prepare", mois="2026-10")
    assert page.heading == "Facturation d’octobre 2026, Enfance"
    assert "0 famille préparée sur 1" in page.text and "Rien n’est facturé à cette étape" in page.text
    assert page.by_id("run-progress").get("data-hx-trigger") == "every 2s"
    page = regie.submit("carry-on")
    assert "1 famille préparée sur 1" in page.text
    page = regie.submit("carry-on")
    for words in ("À vérifier", "Factures 1", "Montant 4,20 €", "TEST Fabrice", "7 et 14 octobre 2026",
                  "Léa TEST, Mercredi, Matin : 2 × 2,10 € = 4,20 €", "Émettre 1 facture"):  # fmt: skip
        assert words in page.text, words
    assert page.by_id("run-progress").get("data-hx-trigger") is None
    assert (numbers(), status()) == ([], [RunStatus.PREPARED])
    assert october.family.family_id


def test_a_run_that_fails_says_so_where_the_regie_looks_and_is_tried_again(regie, october, monkeypatch) -> None:
    run_page = regie.get(RUNS) and regie.submit("prepare", mois="2026-10")
    with monkeypatch.context() as patch:
        patch.setattr(run_pools, "draft_batch", fail)
        for _ in range(2):
            page = regie.submit("carry-on")
            assert (
                "Cette facturation n’a pas pu avancer." in page.text and page.by_id("carry-on-now").text == "Réessayer"
            )
        assert "n’avance plus" not in page.text and "n’avance plus" not in regie.get("/gestion/a-traiter").text
        regie.get(run_page.path)
        page = regie.submit("carry-on")
    assert "3 essais de suite ont échoué. Prochain essai : 23/11/2026 à 08:40." in page.text
    assert "Rien n’est facturé." in page.text and "son journal dit pourquoi" in page.text
    queue = regie.get("/gestion/a-traiter")
    assert "La facturation d’octobre 2026, Enfance, n’avance plus." in queue.text
    regie.get(run_page.path)
    page = regie.submit("carry-on")
    assert "n’avance plus" not in page.text and status() == [RunStatus.PREPARED]
    assert "n’avance plus" not in regie.get("/gestion/a-traiter").text


def fail(*_arguments: object) -> None:
    raise KeyError


def test_oddities_are_grouped_with_counts_and_families(regie: Client, october: factories.PlanningSetup) -> None:
    page = regie.get(prepare("2026-11"))
    assert "Jours à venir 1 famille" in page.text and "Laissés pour une prochaine facturation du mois." in page.text
    assert "AUTRE Dominique" in page.text
    assert "Rien à facturer pour ce mois et ce service" in page.text
    factories.declare_quotient(october.family)
    other, child_id = factories.add_family(october, "MAXI")
    factories.book_past(other, child_id, october.activity, [date(2026, 10, 21)])
    path = prepare()
    page = regie.get(path)
    assert "Tarif maximum, sans quotient familial 1 famille" in page.text
    assert "/gestion/familles/" + str(other.family_id) in page.links()
    assert "Factures 2" in page.text
    page = regie.get(f"{path}?voir=sans-quotient")
    assert "MAXI" in page.text and "TEST Fabrice" not in page.text
    assert "TEST Fabrice" in regie.submit("filter", voir="", q="test").text
    assert "Aucune famille ne correspond" in regie.submit("filter", q="personne").text


def test_what_is_not_settled_is_told_before_a_run(regie: Client, october: factories.PlanningSetup) -> None:
    missed = factories.miss(october.family, october.child_id, october.activity, [date(2026, 10, 21)])
    with clock.moved():
        clock.start_at(datetime(2026, 10, 24, 10), frozen=True)
        factories.justify(october.family, missed)
    path = prepare()
    page = regie.get(path)
    assert "Jours dont le pointage n’est pas validé 2 jours" in page.text
    assert "Absences à décider 1 absence" in page.text
    page = regie.get(f"{path}?voir=jours-non-valides")
    assert "mercredi 7 octobre, Mercredi, Les enfants 0 pointé sur 1" in page.text
    worker = factories.make_staff(Role.SITE_DIRECTOR)
    (group_id,) = db.session.scalars(select(Group.id))
    with write_transaction() as session:
        for day in DAYS:
            validated_days.validate_day(session, worker, group_id, day, Turnout.PRESENT)
    assert "pointage" not in regie.get(again(path)).text


@pytest.mark.usefixtures("october")
def test_what_is_odd_is_accepted_with_a_word_before_anything_is_issued(regie: Client) -> None:
    path = prepare()
    page = regie.get(path)
    assert "Avant d’émettre, réglez ou acceptez : jours dont le pointage n’est pas validé." in page.text
    page = regie.submit("issue", status=422)
    assert "Rien n’est émis : il reste à régler, ou à accepter avec un mot" in page.text
    assert status() == [RunStatus.PREPARED]
    page = regie.submit("accept-jours-non-valides", status=422, reason=" ")
    assert "Dites en quelques mots pourquoi c’est bien ainsi." in page.text
    page = regie.submit("accept-jours-non-valides", status=422, reason="x" * 201)
    assert page.value("reason", "accept-jours-non-valides") == "x" * 201
    page = regie.submit("accept-jours-non-valides", reason="Feuilles papier relues")
    assert "« Feuilles papier relues »" in page.text and "Avant d’émettre, réglez" not in page.text
    page = regie.submit("issue")
    regie.submit("carry-on")
    page = regie.submit("carry-on")
    assert "Accepté avant l’émission" in page.text and "« Feuilles papier relues »" in page.text
    assert len(numbers()) == 1


@pytest.mark.usefixtures("october")
def test_what_was_accepted_elsewhere_or_never_was_is_refused(regie: Client) -> None:
    path = prepare()
    regie.get(path)
    form = regie.page
    regie.submit("accept-jours-non-valides", status=404, quoi="autre", reason="Vu")
    regie.page = form
    assert "relisez" in regie.submit("accept-jours-non-valides", status=409, quoi="sans-tarif", reason="Vu").text
    regie.page = form
    regie.submit("accept-jours-non-valides", reason="Vu")
    page = regie.submit("again")
    assert page.path != path and "En préparation" in page.text
    regie.submit("carry-on")
    page = regie.submit("carry-on")
    assert page.value("reason", "accept-jours-non-valides") == "Vu", "what was typed before is proposed"
    assert "Le mot d’une préparation précédente est repris." in page.text
    assert status() == [RunStatus.CANCELLED, RunStatus.PREPARED]
    regie.page = form
    assert "relisez" in regie.submit("issue", status=409).text
    page = regie.get(path)
    assert "Préparation abandonnée" in page.text and "Voir celle qui la remplace" in page.text
    page = regie.get(RUNS)
    assert path not in page.links() and "octobre 2026" in page.text  # the one that counts alone
    assert numbers() == []


@pytest.mark.usefixtures("october")
def test_a_preparation_is_given_up_and_begun_again(regie: Client) -> None:
    path = prepare()
    regie.get(path)
    page = regie.submit("give-up")
    assert "La préparation est abandonnée : rien n’a été facturé." in page.text and "Abandonnée" in page.text
    assert "Rien n’a été facturé" in regie.get(path).text
    regie.get(RUNS)
    regie.submit("prepare", mois="2026-10")
    page = regie.submit("give-up")
    assert status() == [RunStatus.CANCELLED] * 2


@pytest.mark.usefixtures("october")
def test_the_last_word_of_each_kind_is_proposed_however_many_preparations_lie_between(regie: Client) -> None:
    regie.get(prepare())
    regie.submit("accept-jours-non-valides", reason="Vu")
    regie.submit("again")
    regie.get(prepare())
    regie.submit("give-up")
    path = prepare()
    assert regie.get(path).value("reason", "accept-jours-non-valides") == "Vu"
    regie.submit("accept-jours-non-valides", reason="Relu")
    regie.submit("again")
    path = prepare()
    assert regie.get(path).value("reason", "accept-jours-non-valides") == "Relu"
    issue_at_once(path)
    assert "Relu" not in regie.get(prepare()).text, "what was issued is settled"


def test_what_no_run_took_is_told_and_prepared_from_the_list(regie: Client, october: factories.PlanningSetup) -> None:
    path = prepare()
    accept_all(path)
    with write_transaction() as session:
        session.execute(update(Child).where(Child.id == october.child_id).values(first_name="Léah"))
    assert "Restent à facturer" not in regie.get(RUNS).text
    issue_at_once(path)
    assert numbers() == []
    page = regie.get(RUNS)
    assert "Restent à facturer" in page.text and "Octobre 2026, Enfance 1 famille, 2 réservations" in page.text
    assert "1 famille laissée de côté" in page.text
    assert "Octobre 2026, Enfance" in regie.get("/gestion/corrections").text
    regie.get(RUNS)
    page = regie.submit(f"left-{db.session.scalars(select(Office.id)).one()}-2026-10")
    assert page.heading == "Facturation d’octobre 2026, Enfance" and "En préparation" in page.text
    issue_at_once(prepare())
    assert len(numbers()) == 1
    page = regie.get(RUNS)
    assert "Restent à facturer" not in page.text and "laissée de côté" not in page.text


def test_what_no_run_took_in_another_office_is_not_told(regie: Client, october: factories.PlanningSetup) -> None:
    factories.issue(october.activity, date(2026, 10, 1), regisseur())
    factories.book_past(october.family, october.child_id, october.activity, [date(2026, 10, 21)])
    assert "Restent à facturer" in regie.get(RUNS).text
    with write_transaction() as session:
        other = Office(name="Sports", prefix="spo")
        session.add(other)
        session.flush()
        session.execute(update(StaffRole).where(StaffRole.user_id == regisseur()).values(office_id=other.id))
    assert "Restent à facturer" not in regie.get(RUNS).text
    assert "Restent à facturer" not in regie.get("/gestion/corrections").text


def test_run_is_issued_and_its_invoices_are_there(regie: Client, october: factories.PlanningSetup) -> None:
    path = prepare()
    accept_all(path)
    assert regie.get(path).value("due_on", "issue") == "2026-12-23"  # in 30 days
    with write_transaction() as session:
        office_id = session.scalars(select(Office.id)).one()
        cash_desks.save_desk(session, office_id, replace(cash_desks.read_desk(office_id), days_to_pay=20))
    assert regie.get(path).value("due_on", "issue") == "2026-12-13"
    page = regie.submit("issue", invoice_date="31/10/2026", due_on="30/11/2026")
    assert "Facturation d’octobre 2026, Enfance" in page.heading
    assert "État En cours" in page.text
    assert "0 famille traitée sur 1" in page.text and "Actualiser" in page.text
    progress = page.by_id("run-progress")
    assert progress.get("data-hx-trigger") == "every 2s"
    assert page.by_id("carry-on") in list(progress.iter()), "the button would stay when the run is over"
    page = regie.submit("carry-on")
    page = regie.submit("carry-on")
    assert "Toutes les factures sont émises." in page.text
    assert "pop-F261000001" in page.text
    assert page.by_id("run-progress").get("data-hx-trigger") is None
    assert "0 PDF prêt sur 1" in page.text
    assert page.by_id("run-papers").get("data-hx-trigger") == "every 5s"
    with write_transaction() as session:
        invoice_id = session.scalars(select(Invoice.id)).one()
        session.add(StoredPdf(invoice_id=invoice_id, path="factures/1.pdf", sha256="0" * 64))
    page = regie.get(path)
    assert "Le PDF est prêt." in page.text and page.by_id("run-papers").get("data-hx-trigger") is None
    file = regie.get(next(link for link in page.links() if link.endswith("fichier?format=csv")))
    assert "pop-F261000001;31/10/2026;30/11/2026;10/2026;TEST Fabrice;" in file.body and "4,20;4,20" in file.body
    assert (numbers(), status()) == (["pop-F261000001"], [RunStatus.ISSUED])
    assert list(db.session.scalars(select(OutboxMail.template))) == ["invoice_issued"]
    assert "4,20 €" in regie.get(RUNS).text
    assert "Rien à facturer" in regie.get(prepare()).text
    assert october.child_id


def test_families_that_changed_are_left_and_said(regie: Client, october: factories.PlanningSetup) -> None:
    path = prepare()
    accept_all(path)
    with write_transaction() as session:
        session.scalars(select(Booking).where(Booking.day == DAYS[0])).one().price_cents = 100
    regie.get(path)
    regie.submit("issue")
    regie.submit("carry-on")
    page = regie.submit("carry-on")
    assert "Laissées de côté 1 famille" in page.text
    told = "Cette famille a changé depuis la préparation, ou sa facture n’a pas pu être calculée : elle n’a pas été"
    assert f"{told} facturée." in page.text
    assert "TEST Fabrice" in page.text and numbers() == []
    regie.submit("again")
    regie.submit("carry-on")
    page = regie.submit("carry-on")
    assert "Montant 3,10 €" in page.text
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
    path = prepare()
    accept_all(path)
    regie.get(path)
    page = regie.submit("issue", status=422, invoice_date=invoice_date, due_on=due_on)
    assert said in page.text
    assert status() == [RunStatus.PREPARED]


@pytest.mark.usefixtures("october")
def test_double_submit_begins_one_run_and_issues_it_once(regie: Client) -> None:
    regie.get(RUNS)
    form = regie.page
    first = regie.submit("prepare", mois="2026-10")
    regie.page = form
    assert regie.submit("prepare", mois="2026-10").path == first.path
    regie.submit("carry-on")
    regie.submit("carry-on")
    accept_all(first.path)
    form = regie.get(first.path)
    for _ in range(2):
        regie.page = form
        assert regie.submit("issue").path == first.path
    regie.submit("carry-on")
    regie.submit("carry-on")
    regie.page = form
    assert "Toutes" not in regie.submit("issue").text
    assert (status(), len(numbers())) == ([RunStatus.ISSUED], 1)


@pytest.mark.usefixtures("october")
def test_forged_office_or_month_begins_nothing(regie: Client) -> None:
    regie.get(RUNS)
    form = regie.page
    for fields, wanted in (
        ({"service": "99"}, 404), ({"service": "x"}, 422), ({"service": ""}, 422), ({"mois": "octobre"}, 422),
        ({"mois": ""}, 422), ({"service": "1" * 30}, 422),
    ):  # fmt: skip
        regie.page = form
        page = regie.submit("prepare", status=wanted, **fields)
        assert wanted == 404 or "Choisissez un service et un mois." in page.text
    assert status() == []


def test_a_month_to_invoice_again_is_chosen_already(regie: Client, october: factories.PlanningSetup) -> None:
    office_id = db.session.scalars(select(Office.id)).one()
    page = regie.get(f"{RUNS}?service={office_id}&mois=2024-02")
    assert page.value("mois", "prepare") == "2024-02"
    assert october.child_id


def test_the_runs_come_in_pages(regie: Client, october: factories.PlanningSetup) -> None:
    office_id = db.session.scalars(select(Office.id)).one()
    with write_transaction() as session:
        session.add_all(
            InvoiceRun(
                office_id=office_id, month=date(2020 + number // 12, number % 12 + 1, 1), status=RunStatus.CANCELLED,
                started_by_id=regisseur(), cancelled_by_id=regisseur(), ended_at=clock.now(),
            )
            for number in range(60)
        )  # fmt: skip
    page = regie.get(RUNS)
    assert "Page 1 sur 3" in page.text and "décembre 2024" in page.text
    page = regie.get(f"{RUNS}?page=3")
    assert "janvier 2020" in page.text and "décembre 2024" not in page.text
    assert len(page.queries) <= 12
    assert october.child_id


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
    path = prepare()
    regie.get(path)
    few = len(regie.get(path).queries)
    for number in range(4):
        family, child_id = factories.add_family(october, f"FAMILLE{number}")
        factories.book_past(
            family, child_id, october.activity, [date(2026, 9, 30 - number), date(2026, 10, 20 + number)]
        )
    path = again(path)
    assert len(regie.get(path).queries) == few <= 20
    for shown in ("sans-quotient", "jours-non-valides", "a-facturer", "absences-a-decider", "autre"):
        assert len(regie.get(f"{path}?voir={shown}&q=").queries) <= 20
    accept_all(path)
    assert len(regie.get(path).queries) <= few
    regie.submit("issue")
    run_id = int(path.rsplit("/", 1)[1])
    for _ in range(2):
        with write_transaction() as session:
            invoice_runs.issue_next(session, run_id)
    assert len(regie.get(f"{RUNS}/{run_id}").queries) <= 14
    assert len(regie.get(RUNS).queries) <= 12
    assert db.session.scalar(select(func.count(Invoice.id))) == 5
    assert len(regie.get(f"/gestion/familles/{october.family.family_id}").queries) <= 20


def test_days_that_cost_nothing_are_closed_by_a_run(sqlite_client: Client) -> None:
    planning = factories.make_planning()
    factories.sell_books(planning.activity, "Matin", cents=0)
    factories.buy_book(planning.family, planning.child_id, planning.activity, cents=0)
    factories.save(planning.family, planning.child_id, book=[planning.opening(factories.WEDNESDAY, "Matin")])
    clock.start_at(datetime(2026, 12, 1, 9), frozen=True)
    regie = sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))
    path = prepare("2026-11")
    page = regie.get(path)
    assert "À 0,00 € seulement 1 famille" in page.text and "Ces jours seront clos sans facture." in page.text
    accept_all(path)
    regie.get(path)
    page = regie.submit("issue")
    with write_transaction() as session:
        invoice_runs.issue_next(session, int(path.rsplit("/", 1)[1]))
    regie.submit("carry-on")
    page = regie.get(prepare("2026-11"))
    assert "Clore les jours" not in page.text and "Rien à facturer" in page.text
