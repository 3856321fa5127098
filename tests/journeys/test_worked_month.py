"""The month of docs/rules/worked_month.md through the portal: parents and agents act by its forms, to the same cent.

Families, children and what is offered are made before; the worker issues, and credits, beside requests.
"""

from __future__ import annotations

import io
from collections import defaultdict
from datetime import date, timedelta

from sqlalchemy import select

from app import clock
from app.database import db
from app.models.absences import AbsenceJustification
from app.models.bookings import Opening
from app.models.families import FamilyQuotient
from app.models.invoices import Invoice
from app.rules.calendars import add_months
from app.rules.capabilities import Role
from app.rules.cash_desks import PaymentMode
from tests import factories
from tests.awkward_files import photo
from tests.client import Client
from tests.factories import ActivitySetup, FamilySetup
from tests.ledgers import go_on
from tests.rules.tables import rows
from tests.worked_month import PAGE, SEPTEMBER, Acts, Month, cents, live


def typed(amount_cents: int) -> str:
    """« 12,60 », as people type it."""
    return f"{amount_cents // 100},{amount_cents % 100:02}"


class Portal(Acts):
    """A parent of each family, a régisseur, a director and a clerk, each signed in anew for what they do."""

    def __init__(self, month: Month, client: Client) -> None:
        super().__init__(month)
        self.client = client
        self.regisseur, self.director, self.clerk = (
            factories.make_staff(role) for role in (Role.REGISSEUR, Role.SITE_DIRECTOR, Role.FILE_CLERK)
        )

    def book(self, family: FamilySetup, child_id: int, opening_ids: list[int]) -> None:
        """See Acts."""
        weeks: defaultdict[date, list[int]] = defaultdict(list)
        days = select(Opening.day, Opening.id).where(Opening.id.in_(opening_ids)).order_by(Opening.day, Opening.id)
        for day, opening_id in db.session.execute(days):
            weeks[day - timedelta(days=day.weekday())].append(opening_id)
        parent = self.client.sign_in(family.user_id)
        for monday, ticked in weeks.items():
            parent.get(f"/mes-reservations/{child_id}?jour={monday}")
            page = parent.submit("planning", t=ticked)
            assert "enregistrée" in page.text, page.text

    def cancel(self, family: FamilySetup, child_id: int, on: date, opening_ids: list[int], *, is_late: bool) -> None:
        """See Acts."""
        parent = self.client.sign_in(family.user_id)
        page = parent.get(f"/mes-reservations/{child_id}?jour={on}")
        ticked = {box.get("value") for box in page.all("input", name="t") if box.get("checked") is not None}
        page = parent.submit("planning", t=sorted(ticked - {str(id_) for id_ in opening_ids}) or None)
        assert ("reste facturé" in page.text) is is_late, page.text

    def accept_quotient(self, family: FamilySetup, value_cents: int) -> None:
        """See Acts."""
        parent = self.client.sign_in(family.user_id)
        parent.get("/ma-famille/coordonnees")
        parent.submit(
            "/ma-famille/coordonnees", quotient=typed(value_cents), quotient_month=SEPTEMBER.isoformat(),
            regime="none", home_phone="0322000000",
        )  # fmt: skip
        declared = select(FamilyQuotient.id).where(FamilyQuotient.family_id == family.family_id)
        quotient_id = db.session.scalars(declared.where(FamilyQuotient.verified_at.is_(None))).one()
        regisseur = self.client.sign_in(self.regisseur)
        regisseur.get("/gestion/a-traiter?type=quotients")
        regisseur.submit(f"/gestion/a-traiter/quotients/{quotient_id}/accepter", ends_on="31/01/2027")

    def come(self, family: FamilySetup, child_id: int, on: date, opening_id: int) -> None:
        """See Acts."""
        group_id = self.month.activities["Mercredi"].group_id
        director = self.client.sign_in(self.director)
        director.get(f"/gestion/pointage/{group_id}/{on}/ajouter?q={family.name.split()[0].lower()}")
        director.submit(f"added-{child_id}", o=opening_id)
        assert "sans réservation" in director.get(f"/gestion/pointage/{group_id}/{on}").text

    def justify(self, family: FamilySetup, booking_ids: list[int]) -> int:
        """See Acts."""
        reason_id = factories.make_absence_reason()
        parent = self.client.sign_in(family.user_id)
        page = parent.get("/mes-reservations/absences")
        key = "-".join(str(id_) for id_ in booking_ids)
        assert key in [box.get("value") for box in page.all("input", name="absences")]
        data = {name: page.value(name, "hand-in") or "" for name in ("csrf_token", "key")}
        files = [(io.BytesIO(photo()), "certificat.jpg")]
        form = {**data, "absences": [key], "reason": str(reason_id), "remark": "", "files": files}
        parent.post("/mes-reservations/absences", form, status=303)
        mine = select(AbsenceJustification.id).where(AbsenceJustification.family_id == family.family_id)
        return db.session.scalars(mine.order_by(AbsenceJustification.id.desc())).first() or 0

    def accept_certificate(self, sent_id: int, booking_ids: list[int]) -> None:
        """See Acts."""
        clerk = self.client.sign_in(self.clerk)
        page = clerk.get(f"/gestion/absences/{sent_id}")
        clerk.submit("decision", absences=[box.get("value") for box in page.all("input", name="absences")])

    def close(self, activity: ActivitySetup, on: date) -> None:
        """See Acts."""
        director = self.client.sign_in(self.director)
        director.get("/gestion/fermetures/nouvelle")
        director.submit("closure", ou=f"activity-{activity.id}", du=on, au=on, motif="Grève")
        page = director.submit("closing")
        assert "prévenues par courriel" in page.text, page.text

    def validate(self, group_id: int, on: date) -> None:
        """See Acts."""
        director = self.client.sign_in(self.director)
        page = director.get(f"/gestion/pointage/{group_id}/{on}/valider")
        page = director.submit("validation", **({"rest": "present"} if page.all("input", name="rest") else {}))
        assert "Journée validée" in page.text, page.text

    def issue(self, month: date) -> None:
        """See Acts."""
        regisseur = self.client.sign_in(self.regisseur)
        regisseur.get("/gestion/facturation")
        path = regisseur.submit("prepare", mois=f"{month:%Y-%m}").path
        self._work_on_the_run()
        page = regisseur.get(path)
        odd = [form.get("id") or "" for form in page.all("form") if (form.get("id") or "").startswith("accept-")]
        assert odd == ["accept-sans-quotient"], odd  # FABRE's
        regisseur.submit(odd[0], reason="La famille n’a pas répondu")
        today = clock.today()
        regisseur.submit("issue", invoice_date=f"{today:%d/%m/%Y}", due_on=f"{add_months(today, 1):%d/%m/%Y}")
        self._work_on_the_run()
        assert f"pop-F{add_months(month, 1):%y%m}00001" in regisseur.get(path).text

    def _work_on_the_run(self) -> None:
        """What the worker does until an agent has to decide."""
        while go_on():
            pass
        db.session.rollback()

    def pay(self, family: FamilySetup, mode: PaymentMode, amount_cents: int, vouchers: int | None) -> None:
        """See Acts."""
        regisseur = self.client.sign_in(self.regisseur)
        regisseur.get(f"/gestion/encaissements/guichet/{family.family_id}")
        details: dict[PaymentMode, dict[str, object]] = {
            PaymentMode.CHEQUE: {"bank": "Banque", "drawer": family.name, "reference": "1234567"},
            PaymentMode.CESU: {"voucher_count": vouchers},
            PaymentMode.TRANSFER: {"value_on": f"{clock.today():%d/%m/%Y}", "reference": "VIR"},
        }
        page = regisseur.submit("payment", mode=mode.value, amount=typed(amount_cents), **details.get(mode, {}))
        assert f"{typed(amount_cents)} €" in page.text, page.text

    def hand_in(self, mode: PaymentMode, amount_cents: int) -> None:
        """See Acts."""
        regisseur = self.client.sign_in(self.regisseur)
        regisseur.get(f"/gestion/regie/versements/nouveau?service={self.month.office_id}&mode={mode}")
        page = regisseur.submit("deposit", button=f"Tout verser : {typed(amount_cents)} €")
        assert "le bordereau est prêt" in page.text

    def reverse_unpaid(self, payment_id: int) -> None:
        """See Acts."""
        regisseur = self.client.sign_in(self.regisseur)
        regisseur.get(f"/gestion/encaissements/{payment_id}")
        regisseur.submit("reversal", kind="unpaid", reason="Chèque sans provision")


def test_the_month_that_was_worked_by_hand_is_lived_in_the_portal(client: Client) -> None:
    month = live(lambda made: Portal(made, client))
    owed = defaultdict[str, int](int)
    for row in rows(PAGE, "balances"):
        owed[row["family"]] += cents(row["balance"])
    for name, family in month.families.items():
        page = client.sign_in(family.user_id).get("/mes-factures")
        assert (f"{typed(owed[name])} €" in page.text) if owed[name] else ("rien à payer" in page.text), page.text
    check_what_families_read(client, month)


def check_what_families_read(client: Client, month: Month) -> None:
    """Each line of each invoice of September, as its family opens it."""
    for row in rows(PAGE, "issued"):
        family = month.families[row["family"]]
        invoice_id = db.session.scalars(select(Invoice.id).where(Invoice.number == row["number"])).one()
        page = client.sign_in(family.user_id).get(f"/mes-factures/{invoice_id}")
        assert f"{typed(cents(row['total']))} €" in page.text
        for line in (line for line in rows(PAGE, "lines") if line["family"] == row["family"]):
            assert line["line"] in page.text and typed(abs(cents(line["amount"]))) in page.text, (line, page.text)
