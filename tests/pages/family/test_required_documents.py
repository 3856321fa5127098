"""Mes documents: handing in, what is refused, and who opens a file."""

import io
from datetime import date, time, timedelta
from pathlib import Path

import pikepdf
import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.database import db, write_transaction
from app.integrations import handed_in_files
from app.integrations.clamd import ScannerSilent
from app.models.accounts import UserSession
from app.models.child_files import HealthAccess
from app.models.families import FamilyChild, Guardian
from app.models.mails import OutboxMail
from app.models.required_documents import SubmittedDocument
from app.rules import handed_in_files as rules
from app.rules.capabilities import Role
from app.rules.required_documents import DocumentDemand, DocumentScope, SubmissionStatus, Validity, ValidityKind
from app.services import document_decisions
from tests.awkward_files import FILES, pdf, photo
from tests.client import Client
from tests.factories import (
    WEDNESDAY,
    bookings_of,
    enrol,
    hand_in,
    make_activity,
    make_child,
    make_document,
    make_family,
    make_openings,
    make_planning,
    make_staff,
    make_text,
    save,
    share_child,
    write_message,
)


def send(client: Client, address: str, *files: tuple[bytes, str], status: int = 303, **fields: str) -> str:
    """What the form of a document's page answers to files."""
    page = client.get(address)
    data = {"csrf_token": page.value("csrf_token", "hand-in"), "key": page.value("key", "hand-in"), **fields}
    answer = client.post(
        address, {**data, "files": [(io.BytesIO(content), name) for content, name in files]}, status=status
    )
    return answer.text


def only_version() -> SubmittedDocument:
    db.session.rollback()
    return db.session.scalars(select(SubmittedDocument)).one()


def sealed_files(app: Flask) -> set[str]:
    return {path.name for path in (Path(app.instance_path) / "handed-in").glob("*/*")}


def test_photos_become_one_document_that_the_family_reads_again(sqlite_app: Flask, sqlite_client: Client) -> None:
    family = make_family()
    child = make_child(family)
    document = make_document(demand=DocumentDemand.MANDATORY)
    client = sqlite_client.sign_in(family.user_id)
    assert "1 document à envoyer." in client.get("/mes-documents").text
    address = f"/mes-documents/{document}-{child}"
    before = sealed_files(sqlite_app)
    send(client, address, (photo(), "IMG 1.jpg"), (photo("PNG"), "../../IMG 2.png"))
    page = client.get(address)
    assert "En attente de vérification" in page.text and "PDF, 2 pages" in page.text
    row = only_version()
    assert (row.status, row.page_count, row.file_name) == (SubmissionStatus.HANDED_IN, 2, "IMG 1.jpg")
    (name,) = sealed_files(sqlite_app) - before
    stored = next((Path(sqlite_app.instance_path) / "handed-in").glob(f"*/{name}")).read_bytes()
    assert b"PDF" not in stored[:100] and b"IMG" not in name.encode()
    answer = sqlite_app.test_client()
    answer.set_cookie("session", client.cookie or "")
    download = answer.get(f"/mes-documents/fichiers/{row.id}")
    assert download.headers["Content-Disposition"].startswith("attachment")
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    assert download.headers["Content-Security-Policy"].startswith("sandbox")
    assert download.headers["Cache-Control"] == "no-store"
    assert len(pikepdf.Pdf.open(io.BytesIO(download.data)).pages) == 2
    assert "Aucun document obligatoire ne manque." in client.get("/mes-documents").text


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nothing", "Choisissez au moins un fichier"),
        ("a PDF with a script", "envoi.bin : ce PDF contient un programme"),
        ("a PDF with a password", "envoi.bin : ce PDF est protégé"),
        ("a drawing with a script (SVG)", "nous acceptons les PDF et les photos"),
    ],
)
def test_what_is_refused_says_why_beside_its_field(
    sqlite_app: Flask, sqlite_client: Client, name: str, sentence: str
) -> None:
    family = make_family()
    document = make_document(scope=DocumentScope.FAMILY, validity=Validity(ValidityKind.MONTHS, months=3))
    before = sealed_files(sqlite_app)
    client = sqlite_client.sign_in(family.user_id)
    files = [(content, "envoi.bin") for content in FILES[name]()]
    text = send(client, f"/mes-documents/{document}", *files, status=422, dated_on="2026-11-02")
    assert sentence.replace(" :", "\u00a0:") in text or sentence in text
    assert client.page is not None and client.page.value("dated_on") == "2026-11-02"
    assert not db.session.scalars(select(SubmittedDocument)).all() and sealed_files(sqlite_app) == before


def test_without_its_antivirus_the_council_keeps_nothing(
    sqlite_client: Client, sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_address: str, _content: bytes) -> bool:
        raise ScannerSilent

    monkeypatch.setattr(handed_in_files.clamd, "is_infected", silent)
    with pytest.raises(handed_in_files.FileRefused) as refused:
        handed_in_files.receive_files([photo()], set(handed_in_files.FileKind), "127.0.0.1:1")
    assert refused.value.judgement.refusal == "not_scanned"


def test_a_form_that_comes_twice_hands_in_once(sqlite_app: Flask) -> None:
    family = make_family()
    document = make_document(scope=DocumentScope.FAMILY)
    assert hand_in(family, f"{document}", key="same") == hand_in(family, f"{document}", key="same")
    latest = hand_in(family, f"{document}", key="other")
    statuses = {row.id: row.status for row in db.session.scalars(select(SubmittedDocument))}
    assert len(statuses) == 2 and statuses.pop(latest) is SubmissionStatus.HANDED_IN
    assert list(statuses.values()) == [SubmissionStatus.REPLACED]


def test_a_form_taken_up_again_with_another_file_is_not_lost(sqlite_client: Client) -> None:
    """« Back » in the browser shows the form with the key that was sent already."""
    family = make_family()
    document, other = (make_document(name, scope=DocumentScope.FAMILY) for name in ("Attestation", "Jugement"))
    client = sqlite_client.sign_in(family.user_id)
    for format_ in ("JPEG", "JPEG", "PNG"):
        send(client, f"/mes-documents/{document}", (photo(format_), "scan"), key="same")
    send(client, f"/mes-documents/{other}", (photo(), "scan"), key="same")
    found = [(row.document_id, row.status) for row in db.session.scalars(select(SubmittedDocument))]
    replaced, waits = SubmissionStatus.REPLACED, SubmissionStatus.HANDED_IN
    assert found == [(document, replaced), (document, waits), (other, waits)]


def test_the_other_home_of_a_child_knows_and_does_not_open(sqlite_client: Client) -> None:
    family, other = make_family(), make_family("AUTRE")
    child = make_child(family)
    share_child(child, other)
    document = make_document()
    version = hand_in(family, f"{document}-{child}", pdf())
    client = sqlite_client.sign_in(other.user_id)
    assert "Remis par l’autre foyer de l’enfant" in client.get(f"/mes-documents/{document}-{child}").text
    client.get(f"/mes-documents/fichiers/{version}", status=404)


def test_a_session_that_has_ended_leads_back_to_the_page(sqlite_app: Flask) -> None:
    answer = sqlite_app.test_client().post("/mes-documents/1", data={"files": (io.BytesIO(bytes(90_000)), "a.pdf")})
    assert answer.status_code == 303 and answer.location == "/connexion?suite=/mes-documents/1"


def test_staff_look_at_the_pages_accept_and_the_parents_are_told(sqlite_app: Flask, sqlite_client: Client) -> None:
    family = make_family()
    child = make_child(family)
    document = make_document(is_health=True, validity=Validity(ValidityKind.MONTHS, months=3))
    hand_in(family, f"{document}-{child}", pdf(), key="first")
    version = hand_in(family, f"{document}-{child}", pdf(), key="second")
    client = sqlite_client.sign_in(make_staff())
    assert "Attestation d’assurance" in client.get("/gestion/a-traiter?type=documents").text
    client.get(f"/gestion/documents/{version}")
    browser = sqlite_app.test_client()
    browser.set_cookie("session", client.cookie or "")
    for _ in range(2):
        picture = browser.get(f"/gestion/documents/{version}/page?n=1")
        assert picture.mimetype == "image/jpeg" and picture.data.startswith(b"\xff\xd8\xff")
    assert len(db.session.scalars(select(HealthAccess)).all()) == 1  # two pages, one reading
    client.get(f"/gestion/documents/{version}")
    client.submit("acceptance", dated_on="2026-11-01")
    db.session.rollback()
    row = db.session.get_one(SubmittedDocument, version)
    assert (row.status, row.valid_until) == (SubmissionStatus.ACCEPTED, date(2027, 2, 1))
    mail = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id.desc())).first()
    assert mail is not None and "jusqu’au 01/02/2027" in mail.body
    assert "Accepté" in client.get(f"/gestion/documents/{version}").text


def test_a_refusal_gives_its_reason_on_the_page_and_by_mail(sqlite_client: Client) -> None:
    family = make_family()
    document = make_document(scope=DocumentScope.FAMILY)
    version = hand_in(family, f"{document}", pdf())
    client = sqlite_client.sign_in(make_staff())
    client.get(f"/gestion/documents/{version}")
    client.submit("refusal", reason="", status=422)
    client.submit("refusal", reason="La photo est floue.")
    assert "La photo est floue." in db.session.scalars(select(OutboxMail.body)).one()
    page = client.sign_in(family.user_id).get(f"/mes-documents/{document}")
    assert "La photo est floue." in page.text and "Refusé" in page.text


def test_families_are_told_once_before_the_end_and_once_after(sqlite_app: Flask) -> None:
    family = make_family()
    document = make_document(scope=DocumentScope.FAMILY)
    version = hand_in(family, f"{document}", pdf())
    agent_id = make_staff()
    with write_transaction() as session:
        document_decisions.accept(
            session, version, agent_id, dated_on=None, valid_until=clock.today() + timedelta(days=20)
        )
    sent = []
    for days in (0, 1, 21, 1):
        clock.start_at(clock.now().replace(tzinfo=None) + timedelta(days=days), frozen=True)
        with write_transaction() as session:
            sent.append(document_decisions.warn_of_ends(session, family.family_id))
    assert sent == [1, 0, 1, 0]


def test_a_missing_document_keeps_from_enrolments_and_the_link_leads_to_it(sqlite_client: Client) -> None:
    make_activity("Judo", {"Matin": (time(8), time(12))}, needs={}, places=None)
    family = make_family()
    child = make_child(family)
    document = make_document(demand=DocumentDemand.BLOCKS_ENROLMENT)
    client = sqlite_client.sign_in(family.user_id)
    address = f"/mes-inscriptions/{child}/nouvelle"
    assert "Ce document manque : Attestation d’assurance. Envoyer mes documents" in client.get(address).text
    hand_in(family, f"{document}-{child}", pdf())
    assert "Ce document manque" not in client.get(address).text


def test_why_a_version_is_refused_is_told_to_the_home_that_handed_it_in_alone(sqlite_client: Client) -> None:
    family, other = make_family(), make_family("AUTRE")
    child = make_child(family)
    share_child(child, other)
    document = make_document()
    version = hand_in(family, f"{document}-{child}")
    agent = make_staff()
    with write_transaction() as session:
        document_decisions.refuse(session, version, agent, "Le jugement nomme une autre adresse")
    address = f"/mes-documents/{document}-{child}"
    text = sqlite_client.sign_in(other.user_id).get(address).text
    assert "Refusé" in text and "Le jugement" not in text and "votre dernier envoi" not in text
    assert "Le jugement nomme une autre adresse" in sqlite_client.sign_in(family.user_id).get(address).text


def test_a_missing_document_keeps_from_booking_until_it_is_handed_in(sqlite_client: Client) -> None:
    planning = make_planning()
    opening = planning.opening(WEDNESDAY, "Matin")
    later = planning.opening(WEDNESDAY, "Après-midi")
    save(planning.family, planning.child_id, book=[later])
    document = make_document(demand=DocumentDemand.BLOCKS_BOOKING)
    proof = make_document("Domicile", demand=DocumentDemand.BLOCKS_BOOKING, scope=DocumentScope.FAMILY)
    make_document("Fiche du CM2", demand=DocumentDemand.BLOCKS_BOOKING, levels=("CM2",))
    client = sqlite_client.sign_in(planning.family.user_id)
    address = f"/mes-reservations/{planning.child_id}?jour={WEDNESDAY}"
    page = client.get(address)
    assert "Pour réserver, envoyez d’abord" in page.text and "Un document manque. Envoyez-le" in page.text
    assert f'href="/mes-documents/{document}-{planning.child_id}"' in page.body
    again = client.get(address)  # the first one loads the catalogue
    assert len(again.queries) <= 12, (len(again.queries), again.queries)
    outcome = save(planning.family, planning.child_id, book=[opening])
    assert bookings_of(planning.child_id) == [(later, "confirmed")] and outcome is not None
    assert (
        "Sans ce document, vous ne pouvez plus réserver"
        in client.get(f"/mes-documents/{document}-{planning.child_id}").text
    )
    hand_in(planning.family, f"{document}-{planning.child_id}", pdf())
    text = client.get(address).text
    assert "Domicile" in text and "Attestation" not in text and "CM2" not in text
    hand_in(planning.family, f"{proof}", pdf())
    assert "Pour réserver, envoyez d’abord" not in client.get(address).text
    save(planning.family, planning.child_id, book=[opening], cancel=[later])
    assert (opening, "confirmed") in bookings_of(planning.child_id)


def test_days_of_grace_and_school_meals_are_booked_without_the_document(sqlite_app: Flask) -> None:
    family = make_family()
    child = make_child(family)
    monday = WEDNESDAY + timedelta(days=5)
    canteen = make_activity("Cantine", {"Repas": (time(12), time(13))}, needs={})
    evening = make_activity("Soir", {"Accueil": (time(17), time(18))}, needs={})
    openings = {**make_openings(canteen, [monday]), **make_openings(evening, [monday])}
    for activity in (canteen, evening):
        enrol(child, family, activity, starts_on=monday - timedelta(days=3))
    make_document("Sans grâce", demand=DocumentDemand.BLOCKS_BOOKING, activities=frozenset({canteen.id}))
    make_document("Avec grâce", demand=DocumentDemand.BLOCKS_BOOKING, grace_days=4, activities=frozenset({evening.id}))
    save(family, child, book=list(openings.values()))
    assert {id_ for id_, _ in bookings_of(child)} == set(openings.values())


def test_a_family_that_hands_in_without_end_is_told_so(sqlite_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_IN_A_DAY", 1)
    family = make_family()
    document = make_document(scope=DocumentScope.FAMILY)
    hand_in(family, f"{document}", pdf())
    client = sqlite_client.sign_in(family.user_id)
    assert "Envoyez les suivants demain" in send(client, f"/mes-documents/{document}", (photo(), "a.jpg"), status=422)
    only_version()


def test_an_agent_opens_nothing_of_their_family_nor_of_their_childrens_other_home(sqlite_client: Client) -> None:
    own, other = make_family("MERE"), make_family("PERE")
    child = make_child(own)
    document = make_document()
    with write_transaction() as session:
        session.add(FamilyChild(family_id=other.family_id, child_id=child))
    version = hand_in(other, f"{document}-{child}", pdf())
    agent = make_staff()
    with write_transaction() as session:
        session.get_one(Guardian, own.guardian_id).user_id = agent
    client = sqlite_client.sign_in(agent)
    queue = client.get("/gestion/a-traiter?type=documents")
    assert "un collègue doit décider" in queue.text and f"/gestion/documents/{version}" not in queue.links()
    paths = [f"{version}", f"{version}/page", f"{version}/fichier"]
    for family in (own, other):
        paths += [f"familles/{family.family_id}", f"familles/{family.family_id}/{document}-{child}"]
    for path in paths:
        assert "votre propre famille" in client.get(f"/gestion/documents/{path}", status=403).text
    colleague = Client(sqlite_client.app).sign_in(make_staff())
    for path in paths:
        colleague.get(f"/gestion/documents/{path}")


@pytest.mark.parametrize(("at_once", "status"), [({"is_accepted": "y"}, "accepted"), ({}, "handed_in")])
def test_an_agent_hands_in_what_a_family_brings_to_the_counter(
    sqlite_client: Client, at_once: dict[str, str], status: str
) -> None:
    family = make_family()
    document = make_document(scope=DocumentScope.FAMILY)
    client = sqlite_client.sign_in(make_staff())
    assert "Documents" in client.get(f"/gestion/familles/{family.family_id}").text
    assert "Déposer" in client.get(f"/gestion/documents/familles/{family.family_id}").text
    send(client, f"/gestion/documents/familles/{family.family_id}/{document}", (photo(), "scan.jpg"), **at_once)
    row = only_version()
    assert (row.status, row.by_staff, row.handed_in_by_id) == (status, True, row.handed_in_by_id)
    assert "Remis au guichet" in client.sign_in(family.user_id).get(f"/mes-documents/{document}").text
    told = "Document remis au guichet : Attestation d’assurance par Camille AGENT"
    assert told in client.get("/historique?genre=dossier").text


def test_families_download_the_template_of_what_is_asked_of_them_and_nobody_else(
    sqlite_app: Flask, sqlite_client: Client
) -> None:
    family = make_family()
    child = make_child(family)
    document = make_document()
    other = make_document("Attestation d’emploi", scope=DocumentScope.GUARDIAN)
    before = published_files(sqlite_app)
    client = sqlite_client.sign_in(make_staff())
    settings = f"/gestion/reglages/pieces/{document}"

    def attach(content: bytes, status: int = 303) -> str:
        token = client.get(settings).value("csrf_token", "template")
        fields = (
            {"csrf_token": token, "file": (io.BytesIO(content), "modele.bin")} if content else {"csrf_token": token}
        )
        return client.post(f"{settings}/modele", fields, status=status).text

    client.get(f"{settings}/modele", status=404)
    assert "Choisissez un fichier." in attach(b"", status=422)
    assert "nous acceptons les PDF et les photos" in attach(b"PK\x03\x04 un fichier de bureautique", status=422)
    assert client.page is not None and client.page.value("name", "setting") == "Attestation d’assurance"
    assert published_files(sqlite_app) == before
    attach(photo())
    first = published_files(sqlite_app) - before
    attach(pdf())
    assert len(first) == 1 and len(published_files(sqlite_app) - before) == 2  # the worker removes the first one
    client.sign_in(family.user_id)
    address = f"/mes-documents/{document}-{child}"
    for page in (client.get("/mes-documents"), client.get(address)):
        assert "Télécharger le modèle" in page.text and f"{address}/modele" in page.links()
    browser = sqlite_app.test_client()
    browser.set_cookie("session", client.cookie or "")
    with browser.get(f"{address}/modele") as download:
        assert download.mimetype == "application/pdf"
        assert download.headers["Content-Disposition"].startswith("attachment")
        assert len(pikepdf.Pdf.open(io.BytesIO(download.data)).pages) == 1
    client.get(f"/mes-documents/{other}-{family.guardian_id}/modele", status=404)
    client.get(f"/mes-documents/{document}-{child + 99}/modele", status=404)
    client.sign_in(make_family("AUTRE").user_id).get(f"{address}/modele", status=404)
    client.sign_in(make_staff()).get(settings)
    client.submit("no-template")
    assert "Télécharger le modèle" not in client.sign_in(family.user_id).get(address).text
    client.get(f"{address}/modele", status=404)


def published_files(app: Flask) -> set[str]:
    return {path.name for path in (Path(app.instance_path) / "publications").glob("*/*")}


def test_stored_files_open_under_the_hat_of_their_own_family_alone(sqlite_client: Client) -> None:
    """By real requests: another family, and the same parent in their other family, find nothing."""
    family, second, stranger = make_family(), make_family("SECONDE"), make_family("AUTRE")
    with write_transaction() as session:
        session.get_one(Guardian, second.guardian_id).user_id = family.user_id
    document = make_document(scope=DocumentScope.FAMILY)
    version = hand_in(second, f"{document}")
    message = write_message(second, b"%PDF-1.4 essai", user_id=family.user_id).message_id
    addresses = (f"/mes-documents/fichiers/{version}", f"/contact/pieces/{message}")
    for user_id, family_id, status in (
        (family.user_id, family.family_id, 404), (family.user_id, second.family_id, 200),
        (stranger.user_id, stranger.family_id, 404),
    ):  # fmt: skip
        client = sqlite_client.sign_in(user_id)
        with write_transaction() as session:
            session.execute(update(UserSession).where(UserSession.user_id == user_id).values(family_id=family_id))
        for address in addresses:
            assert client.get_any(address).status == status, (address, family_id)
    agent = sqlite_client.sign_in(make_staff(Role.FILE_CLERK))
    text = make_text()
    assert agent.get_any(f"/gestion/textes/{text}/version?numero={10**30}").status == 404
