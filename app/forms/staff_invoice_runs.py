"""What an invoice run is asked: office and month, a word for what is odd, and the dates that its invoices bear."""

from collections.abc import Mapping
from datetime import date, timedelta

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field
from wtforms.validators import ValidationError

from app.forms.fields import DATE_FORMATS, DateField, Filled
from app.forms.reasons import RowReasonForm, reason_field
from app.rules.invoicing import DraftStanding, OddityKind
from app.services.run_views import Wanted

LONGEST_AHEAD = timedelta(days=31)
LONGEST_REASON = 200

KINDS: Mapping[str, OddityKind] = {
    "non-preparees": OddityKind.NOT_DRAFTED,
    "sans-tarif": OddityKind.NO_PRICE,
    "prix-change": OddityKind.PRICE_CHANGED,
    "sans-quotient": OddityKind.QUOTIENT_MISSING,
    "quotient-perime": OddityKind.QUOTIENT_OUT_OF_DATE,
    "quotient-a-verifier": OddityKind.QUOTIENT_UNVERIFIED,
    "jours-a-venir": OddityKind.DAY_NOT_OVER,
    "gratuit": OddityKind.ALL_FREE,
    "rien": OddityKind.NOTHING_TO_INVOICE,
    "jours-non-valides": OddityKind.DAY_NOT_VALIDATED,
    "venus-sans-facture": OddityKind.UNBILLED_PRESENCE,
    "absences-a-decider": OddityKind.ABSENCE_TO_DECIDE,
}
"""How addresses and forms name what is odd."""
CODES: Mapping[OddityKind, str] = {kind: code for code, kind in KINDS.items()}

STANDINGS: Mapping[str, DraftStanding] = {
    "a-facturer": DraftStanding.INVOICED,
    "a-reporter": DraftStanding.CARRIED,
}


class IssueForm(FlaskForm):
    """The dates of the invoices, and whether the minimum counts."""

    invoice_date = DateField(
        "Date des factures", format=DATE_FORMATS,
        validators=[Filled(message="Indiquez la date que porteront les factures, par exemple 01/12/2026.")],
    )  # fmt: skip
    due_on = DateField(
        "À payer avant le",
        format=DATE_FORMATS,
        validators=[Filled(message="Indiquez la date limite de paiement, par exemple 31/12/2026.")],
    )

    whatever_it_is = BooleanField("Facturer aussi ce qui n’atteint pas le minimum")

    def __init__(self, today: date, month: date, due_on: date | None = None) -> None:
        """`today` bounds the dates of invoices of `month`; `due_on` is proposed. None: the request brings it."""
        proposed = {"invoice_date": today, "due_on": due_on}
        super().__init__(data=proposed, **({} if due_on is None else {"formdata": None}))
        self._today, self._month = today, month

    def validate_invoice_date(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data > self._today + LONGEST_AHEAD:
            raise ValidationError("Cette date est trop loin : un mois au plus après aujourd’hui.")
        if field.data < self._month:
            raise ValidationError("Une facture ne peut pas être datée d’avant le mois facturé.")

    def validate_due_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.invoice_date.data is not None and field.data < self.invoice_date.data:
            raise ValidationError("La date limite ne peut pas venir avant la date des factures.")


class AcceptForm(RowReasonForm):
    """Why what is odd in one way may be issued as it is."""

    reason = reason_field(
        "Pourquoi c’est bien ainsi", "Dites en quelques mots pourquoi c’est bien ainsi.", longest=LONGEST_REASON
    )


def read_wanted(arguments: Mapping[str, str]) -> Wanted:
    """Which families of a pool an address asks for; what it does not know is no filter."""
    shown = arguments.get("voir", "")
    return Wanted(arguments.get("q", "").strip()[:100], KINDS.get(shown), STANDINGS.get(shown))
