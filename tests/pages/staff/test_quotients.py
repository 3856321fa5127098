"""« À traiter », quotients: verified until a day, or refused with a reason; bookings follow."""

from datetime import date

import pytest
from sqlalchemy import select

from app.database import db
from app.models.bookings import Booking, BookingPriceChange
from app.models.families import FamilyQuotient
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.quotients import quotient_on
from app.services.families import quotients_of
from tests import factories
from tests.client import Client

QUEUE = "/gestion/a-traiter"


@pytest.fixture
def regie(client: Client) -> Client:
    return client.sign_in(factories.make_staff(Role.REGISSEUR))


def quotient(quotient_id: int) -> FamilyQuotient:
    db.session.rollback()
    return db.session.get_one(FamilyQuotient, quotient_id)


def mails() -> list[str]:
    return list(db.session.scalars(select(OutboxMail.template).order_by(OutboxMail.id)))


def prices() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(select(Booking.price_cents).order_by(Booking.id)))


def booked_at_the_maximum() -> factories.PlanningSetup:
    planning = factories.make_planning()
    factories.save(planning.family, planning.child_id, book=[planning.opening(factories.NEXT_WEDNESDAY, "Matin")])
    assert prices() == [420]
    return planning


def test_regie_verifies_a_quotient_in_one_click_and_bookings_cost_less(regie: Client) -> None:
    planning = booked_at_the_maximum()
    quotient_id = factories.declare_quotient(planning.family)
    page = regie.get(f"{QUEUE}?type=quotients")
    for words in ("Quotient TEST Fabrice", "450,00 € à partir d’octobre 2026", "Quotient vérifié jusqu’ici Aucun"):
        assert words in page.text, words
    assert page.value("ends_on", f"{QUEUE}/quotients/{quotient_id}/accepter") == "2027-01-31"
    page = regie.submit(f"{QUEUE}/quotients/{quotient_id}/accepter")
    assert "Le quotient de la famille TEST Fabrice est vérifié" in page.text
    row = quotient(quotient_id)
    assert (row.verified_at is not None, row.ends_on) == (True, date(2027, 1, 31))
    assert prices() == [210]
    change = db.session.scalars(select(BookingPriceChange)).one()
    assert (change.from_cents, change.to_cents, change.reason) == (420, 210, "quotient")
    assert mails() == ["prices_changed"]


@pytest.mark.parametrize("typed", ["", "2026-09-30", "hier", "2040-01-01"])
@pytest.mark.parametrize("htmx", [False, True])
def test_end_must_make_sense_and_nothing_is_lost(regie: Client, typed: str, htmx: bool) -> None:
    quotient_id = factories.declare_quotient(factories.make_family())
    regie.get(QUEUE)
    page = regie.submit(f"{QUEUE}/quotients/{quotient_id}/accepter", status=422, htmx=htmx, ends_on=typed)
    assert page.is_fragment is htmx
    assert page.by_id(f"ends_on-quotient-{quotient_id}-error") is not None
    assert quotient(quotient_id).verified_at is None


def test_refused_quotient_never_counts_and_the_family_reads_why(regie: Client) -> None:
    family = factories.make_family()
    quotient_id = factories.declare_quotient(family)
    regie.get(QUEUE)
    regie.submit(f"{QUEUE}/quotients/{quotient_id}/refuser", status=422, reason="")
    page = regie.submit(f"{QUEUE}/quotients/{quotient_id}/refuser", reason="L’attestation est illisible.")
    assert "est refusé" in page.text
    assert quotients_of(family.family_id) == ()
    assert mails() == ["quotient_refused"]
    assert "L’attestation est illisible." in db.session.scalars(select(OutboxMail.body)).one()
    assert "Tout est traité" in regie.get(QUEUE).text
    assert "Refusé" in regie.get(f"/gestion/familles/{family.family_id}").text
    assert "L’attestation est illisible." in regie.sign_in(family.user_id).get("/ma-famille/coordonnees").text


def test_the_familys_file_verifies_and_refuses_too_and_one_returns_there(regie: Client) -> None:
    family = factories.make_family()
    first, second = factories.declare_quotient(family), factories.declare_quotient(family, 30_000, date(2026, 11, 1))
    file = f"/gestion/familles/{family.family_id}"
    regie.get(file)
    page = regie.submit(f"{QUEUE}/quotients/{first}/accepter", ends_on="31/12/2026")
    assert (page.path, quotient(first).ends_on) == (file, date(2026, 12, 31))
    assert "jusqu’au 31/12/2026 Vérifié" in page.text
    assert regie.submit(f"{QUEUE}/quotients/{second}/refuser", reason="Trop vieux.").path == file
    assert quotient(second).refused_at is not None


def test_second_agent_reads_who_was_faster(regie: Client) -> None:
    quotient_id = factories.declare_quotient(factories.make_family())
    regie.get(QUEUE)
    late_page = regie.page
    regie.submit(f"{QUEUE}/quotients/{quotient_id}/accepter")
    for action, fields in (("accepter", {}), ("refuser", {"reason": "Non."})):
        regie.page = late_page
        page = regie.submit(f"{QUEUE}/quotients/{quotient_id}/{action}", status=409, **fields)
        assert "Déjà traité" in page.text
    assert quotient(quotient_id).refused_at is None


def test_nobody_verifies_their_own_quotient(client: Client) -> None:
    agent_id = factories.make_staff(Role.REGISSEUR, email="regie@example.org")
    quotient_id = factories.declare_quotient(factories.make_family(user_id=agent_id))
    page = client.sign_in(agent_id).get(QUEUE)
    assert "C’est votre propre famille" in page.text
    assert not page.all("form", class_="accept")
    token = {"csrf_token": page.value("csrf_token", "/deconnexion"), "ends_on": "2027-01-31"}
    client.post(f"{QUEUE}/quotients/{quotient_id}/accepter", token, status=403)
    assert quotient(quotient_id).verified_at is None


def test_a_new_value_for_a_refused_month_waits_beside_it(regie: Client) -> None:
    family = factories.make_family(quotient_cents=60_000)
    quotient_id = factories.declare_quotient(family)
    regie.get(QUEUE)
    assert "600,00 € à partir de janvier 2026" in regie.get(QUEUE).text
    regie.submit(f"{QUEUE}/quotients/{quotient_id}/refuser", reason="Ce n’est pas le bon mois.")
    regie.sign_in(family.user_id).get("/ma-famille/coordonnees")
    regie.submit(
        "/ma-famille/coordonnees", quotient="444", quotient_month="2026-10-01", regime="none", home_phone="0322000000"
    )
    assert quotient(quotient_id).refused_at is not None, "what was decided stays"
    waiting = db.session.scalars(select(FamilyQuotient).where(FamilyQuotient.id > quotient_id)).one()
    assert (waiting.value_cents, waiting.refused_at, waiting.verified_at) == (44_400, None, None)


def test_a_corrected_quotient_waits_beside_the_verified_one(regie: Client) -> None:
    family = factories.make_family(quotient_cents=60_000)
    (verified,) = quotients_of(family.family_id)
    regie.sign_in(family.user_id).get("/ma-famille/coordonnees")
    fields = {"quotient_month": verified.starts_on.isoformat(), "regime": "none", "home_phone": "0322000000"}
    regie.submit("/ma-famille/coordonnees", quotient="444", **fields)
    assert [(row.value_cents, row.is_verified) for row in quotients_of(family.family_id)] == [
        (60_000, True), (44_400, False),
    ]  # fmt: skip
    assert quotient_on(quotients_of(family.family_id), factories.MONDAY).quotient == verified
    regie.get("/ma-famille/coordonnees")
    page = regie.submit("/ma-famille/coordonnees", quotient="", status=422)
    assert "Un quotient déclaré ne s’efface pas" in page.text
