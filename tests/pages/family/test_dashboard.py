"""The dashboard: what to do first, the next days, and the sections."""

import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import select, update

from app import clock
from app.database import write_transaction
from app.models.activities import Activity, ActivityNoticeRule
from app.models.bookings import Booking
from app.models.child_files import ChildSection
from app.models.families import Family, Regime
from app.models.invoices import CarriedMonth
from app.rules.audiences import Audience
from app.rules.capabilities import Role
from app.rules.child_files import SectionKind
from app.rules.deadlines import Days, Deadline, FixedMoment, NoticeLine, NoticeRule
from app.rules.enrolment_rules import EnrolmentRules
from app.rules.price_facts import RESIDENT
from app.rules.required_documents import DocumentDemand, DocumentScope
from app.rules.states import EnrolmentStatus, FamilyStatus
from app.rules.windows import Window
from app.services import document_decisions, urgent_messages
from app.services.cash_desks import read_desk, save_desk
from app.services.catalogue import Readers
from app.services.enrolment_settings import save_enrolment_rules
from app.services.enrolments import refuse_enrolment
from app.services.price_facts import list_commune
from tests.client import Client
from tests.factories import (
    WEDNESDAY,
    FamilySetup,
    PlanningSetup,
    add_family,
    ask_change,
    book_past,
    enrol,
    hand_in,
    issue,
    make_activity,
    make_child,
    make_document,
    make_family,
    make_openings,
    make_planning,
    make_staff,
    make_text,
    save,
    set_notice,
)


def complete(family: FamilySetup) -> None:
    with write_transaction() as session:
        session.execute(update(Family).where(Family.id == family.family_id).values(regime=Regime.OTHER))


def test_new_family_is_told_how_to_begin(client: Client) -> None:
    page = client.sign_in(make_family().user_id).get("/tableau-de-bord")
    assert "Ajoutez votre enfant" in page.text
    assert "Il manque votre régime allocataire et votre quotient familial." in page.text
    for path in ("/ma-famille/enfants/nouveau", "/ma-famille/coordonnees", "/ma-famille", "/mes-inscriptions"):
        assert path in page.links()


def test_child_without_enrolment_and_family_without_quotient(client: Client) -> None:
    family = make_family()
    complete(family)
    make_child(family)
    page = client.sign_in(family.user_id).get("/tableau-de-bord")
    assert "Il manque votre quotient familial. Vous payez le tarif maximum." in page.text
    assert "Aucune inscription en cours pour Léa." in page.text


def test_enrolled_is_not_booked(client: Client) -> None:
    planning = make_planning(quotient_cents=50_000)
    complete(planning.family)
    page = client.sign_in(planning.family.user_id).get("/tableau-de-bord")
    assert "Inscrire n’est pas réserver : choisissez les jours de Léa." in page.text
    assert "quotient" not in page.text


def test_next_days_are_said_in_words(client: Client) -> None:
    planning = make_planning(quotient_cents=50_000)
    complete(planning.family)
    book = [planning.opening(WEDNESDAY, unit) for unit in ("Matin", "Repas")]
    save(planning.family, planning.child_id, book=book)
    page = client.sign_in(planning.family.user_id).get("/tableau-de-bord")
    assert "mercredi 25 novembre : Matin, Repas" in page.text
    assert "À faire" not in page.text
    assert "1 jour réservé" in page.text


def test_refusal_is_shown(client: Client) -> None:
    activity, family, agent = make_activity(places=None), make_family(), make_staff()
    enrolment = enrol(make_child(family), family, activity, EnrolmentStatus.REQUESTED)
    client.sign_in(family.user_id)
    assert "Nous étudions votre demande d’inscription : Mercredi." in client.get("/tableau-de-bord").text
    with write_transaction() as session:
        refuse_enrolment(session, enrolment, agent, "Le groupe est complet.")
    assert "Mercredi : la demande pour Léa n’a pas été acceptée." in client.get("/tableau-de-bord").text


def test_insurance_that_ended_is_said_once_with_its_button(client: Client) -> None:
    planning = make_planning(quotient_cents=50_000)
    other = make_child(planning.family, "Tom")
    with write_transaction() as session:
        for child_id, day in ((planning.child_id, "2026-11-01"), (other, "2027-08-31")):
            body = json.dumps({"insurer": "Assurances des essais", "ends_on": day})
            session.add(ChildSection(child_id=child_id, kind=SectionKind.INSURANCE, body=body))
    page = client.sign_in(planning.family.user_id).get("/tableau-de-bord")
    assert "Léa : L’assurance a pris fin le 01/11/2026." in page.text
    assert "Tom : L’assurance" not in page.text
    assert f"/ma-famille/enfants/{planning.child_id}/assurance" in page.links()


def test_changes_that_wait_are_counted(client: Client) -> None:
    family = make_family()
    ask_change(family)
    assert (
        "1 demande de modification attend notre validation."
        in client.sign_in(family.user_id).get("/tableau-de-bord").text
    )


def test_bookings_that_open_soon_are_told_with_their_hour(client: Client) -> None:
    planning = make_planning()
    winter = [date(2027, 2, 24), date(2027, 3, 3)]
    make_openings(planning.activity, winter)
    set_notice(planning.activity, Deadline.OPENING, FixedMoment(date(2026, 11, 30), time(8, 30)))
    client.sign_in(planning.family.user_id)
    told = "Mercredi : les réservations du mercredi 25 novembre au mercredi 3 mars ouvrent lundi 30 novembre à 8 h 30"
    assert told in client.get("/tableau-de-bord").text
    line = NoticeLine(FixedMoment(date(2026, 11, 30), time(8, 30)), Days(starts_on=winter[0]))
    with write_transaction() as session:
        is_it = ActivityNoticeRule.activity_id == planning.activity.id, ActivityNoticeRule.deadline == Deadline.OPENING
        session.scalars(select(ActivityNoticeRule).where(*is_it)).one().rule = NoticeRule((line,))
    page = client.get("/tableau-de-bord")
    assert "Mercredi : les réservations des vacances d’hiver ouvrent lundi 30 novembre à 8 h 30 pour Léa." in page.text
    assert len(client.get("/tableau-de-bord").queries) <= 12
    clock.start_at(datetime(2026, 11, 30, 8, 30), frozen=True)
    assert "Bientôt" not in client.sign_in(planning.family.user_id).get("/tableau-de-bord").text


def test_enrolments_that_open_soon_are_told_to_those_whom_they_are_for(client: Client) -> None:
    planning = make_planning()
    activity = make_activity("Stages", places=None)
    monday, friday = date(2026, 11, 30), date(2026, 12, 4)
    windows = (
        Window(monday, time(8, 30), audiences=frozenset({Audience.RESIDENTS})),
        Window(friday, time(9)),
    )
    with write_transaction() as session:
        save_enrolment_rules(session, activity.id, EnrolmentRules(windows=windows))
    page = client.sign_in(planning.family.user_id).get("/tableau-de-bord")
    assert "Stages : les inscriptions ouvrent vendredi 4 décembre à 9 h pour Léa." in page.text
    page = client.get("/tableau-de-bord")
    assert len(page.queries) <= 12
    with write_transaction() as session:
        list_commune(session, "80237", RESIDENT)
    client.get("/tableau-de-bord")
    page = client.get("/tableau-de-bord")
    assert "Stages : les inscriptions ouvrent lundi 30 novembre à 8 h 30 pour Léa." in page.text


def test_closed_file_is_told_so(client: Client) -> None:
    page = client.sign_in(make_family(status=FamilyStatus.CLOSED).user_id).get("/tableau-de-bord")
    assert "Votre dossier est fermé" in page.text
    assert "Ajoutez votre enfant" not in page.text


def test_queries_do_not_grow_with_the_family(client: Client) -> None:
    planning = make_planning()
    client.sign_in(planning.family.user_id)
    pages = ("/tableau-de-bord", "/ma-famille", "/mes-inscriptions", f"/mes-inscriptions/{planning.child_id}/nouvelle",
             "/ma-famille/coordonnees")  # fmt: skip
    client.get("/tableau-de-bord")
    before = [len(client.get(path).queries) for path in pages]
    for number in range(4):
        enrol(make_child(planning.family, f"Enfant{'abcd'[number]}"), planning.family, planning.activity)
    make_activity("Périscolaire", places=None)
    client.get("/tableau-de-bord")
    after = [len(client.get(path).queries) for path in pages]
    assert after == before
    assert max(after) <= 12


def tell(planning: PlanningSetup, subject: str, day: date | None = None) -> None:
    """An urgent message to the families of the activity, or to those who come that day."""
    agent = make_staff()
    with write_transaction() as session:
        whole = urgent_messages.find_audience(f"activity-{planning.activity.id}")
        urgent_messages.send_message(session, agent, subject, whole, day, subject, "Plus d’eau.\n\nVenez à 16 h.")


def test_an_urgent_message_is_shown_to_whom_it_was_sent_until_it_is_over(client: Client) -> None:
    planning = make_planning()
    save(planning.family, planning.child_id, book=[planning.opening(WEDNESDAY, "Matin")])
    enrolled, _ = add_family(planning, "AUTRE")
    tell(planning, "Mercredi matin fermé", WEDNESDAY)
    tell(planning, "Les poux reviennent")
    text = client.sign_in(planning.family.user_id).get("/tableau-de-bord").text
    assert text.index("Messages urgents") < text.index("Les poux reviennent") < text.index("Mercredi matin fermé")
    assert "Pour le mercredi 25 novembre 2026. Envoyé lundi 23 novembre à 8 h 30." in text
    assert text.index("Mercredi matin fermé") < text.rindex("Venez à 16 h.") < text.index("Les prochains jours")
    text = client.sign_in(enrolled.user_id).get("/tableau-de-bord").text
    assert "Message urgent" in text and "Les poux reviennent" in text and "Mercredi matin" not in text
    assert "urgent" not in client.sign_in(make_family("VOISIN").user_id).get("/tableau-de-bord").text
    clock.start_at(datetime.combine(WEDNESDAY, time(23, 59)), frozen=True)
    assert "Mercredi matin fermé" in client.sign_in(planning.family.user_id).get("/tableau-de-bord").text
    clock.start_at(datetime.combine(WEDNESDAY + timedelta(days=1), time(8, 30)), frozen=True)
    assert "urgent" not in client.sign_in(planning.family.user_id).get("/tableau-de-bord").text


def test_documents_that_are_missing_refused_or_end_soon(sqlite_client: Client) -> None:
    family = make_family()
    child = make_child(family)
    insurance = make_document(demand=DocumentDemand.MANDATORY)
    make_document("Photo", demand=DocumentDemand.OPTIONAL)
    client = sqlite_client.sign_in(family.user_id)
    page = client.get("/tableau-de-bord")
    assert "Attestation d’assurance, Léa TEST : document à envoyer." in page.text and "1 document manquant" in page.text
    assert page.links().count(f"/mes-documents/{insurance}-{child}") == 1
    proof = make_document("Justificatif de domicile", scope=DocumentScope.FAMILY, demand=DocumentDemand.MANDATORY)
    assert "2 documents à envoyer." in client.get("/tableau-de-bord").text
    agent, version, other = make_staff(), hand_in(family, f"{proof}"), hand_in(family, f"{insurance}-{child}")
    assert "Ce que nous vous demandons d’envoyer" in client.get("/tableau-de-bord").text  # both wait for the staff
    with write_transaction() as session:
        document_decisions.refuse(session, version, agent, "Illisible.")
        last_day = clock.today() + timedelta(days=20)
        document_decisions.accept(session, other, agent, dated_on=None, valid_until=last_day)
    text = client.get("/tableau-de-bord").text
    assert "Justificatif de domicile : votre envoi n’a pas été accepté." in text
    assert "Attestation d’assurance, Léa TEST : ce document expire le 13/12/2026." in text
    assert "1 document manquant, 1 expire le 13/12/2026" in text


def test_the_fullest_dashboard_asks_twelve_queries(client: Client) -> None:
    planning = make_planning()
    carry(planning, [date(2026, 10, 7)])
    make_openings(planning.activity, [date(2027, 2, 24)])
    set_notice(planning.activity, Deadline.OPENING, FixedMoment(date(2026, 11, 30), time(8, 30)))
    stages = make_activity("Stages", places=None)
    window = Window(date(2026, 11, 30), time(8, 30), audiences=frozenset({Audience.RESIDENTS, Audience.SIBLINGS}))
    with write_transaction() as session:
        save_enrolment_rules(session, stages.id, EnrolmentRules(windows=(window,)))
        list_commune(session, "80237", RESIDENT)
        body = json.dumps({"level": "CE2", "school_year": "2026"})
        session.add(ChildSection(child_id=planning.child_id, kind=SectionKind.SCHOOL, body=body))
    for levels in (frozenset({"CE2"}), frozenset[str]()):
        make_text(f"Texte {len(levels)}", Readers(levels=levels))
        make_document(f"Pièce {len(levels)}", levels=tuple(levels), demand=DocumentDemand.MANDATORY)
    tell(planning, "Fermé")
    client.sign_in(planning.family.user_id).get("/tableau-de-bord")
    page = client.get("/tableau-de-bord")
    for words in ("Fermé", "2 documents manquants", "Texte 1", "Texte 0", "Stages : les inscriptions ouvrent", "fév",
                  "4,20 € sur une prochaine facture"):  # fmt: skip
        assert words in page.text, words
    assert len(page.queries) <= 12, (len(page.queries), page.queries)


def carry(planning: PlanningSetup, days: list[date]) -> None:
    """October comes to less than the minimum of its office."""
    book_past(planning.family, planning.child_id, planning.activity, days)
    agent_id = make_staff(Role.REGISSEUR)
    with write_transaction() as session:
        office_id = session.get_one(Activity, planning.activity.id).office_id
        save_desk(session, office_id, replace(read_desk(office_id), minimum_cents=1_500))
    issue(planning.activity, date(2026, 10, 1), agent_id)


def test_the_tile_of_invoices_tells_what_waits_for_a_later_one(client: Client) -> None:
    planning = make_planning()
    carry(planning, [date(2026, 10, 7), date(2026, 10, 14)])
    client.sign_in(planning.family.user_id)
    assert "Mes factures Rien à payer ; 8,40 € sur une prochaine facture" in client.get("/tableau-de-bord").text
    # Of the month without its fee only what the days cost is known.
    with write_transaction() as session:
        session.execute(update(CarriedMonth).values(total_cents=1_340))
        session.execute(update(Booking).where(Booking.day == date(2026, 10, 7)).values(price_cents=0))
    assert "Mes factures Rien à payer ; des jours sur une prochaine facture" in client.get("/tableau-de-bord").text
    words = (
        "Vos journées d’octobre 2026 (Enfance), 4,20 € avant frais, réductions et aides, s’ajouteront à la prochaine"
    )
    assert words in client.get("/mes-factures").text
    with write_transaction() as session:
        session.execute(update(Booking).values(price_cents=0))
    assert "sur une prochaine facture" not in client.get("/tableau-de-bord").text
