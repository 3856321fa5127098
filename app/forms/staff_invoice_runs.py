"""What an invoice run is asked: office and month, then the dates that its invoices bear."""

from collections.abc import Sequence
from datetime import date, timedelta

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField
from wtforms.validators import ValidationError

from app.forms.fields import DATE_FORMATS, DateField, Filled

MONTHS_OFFERED = 18
USUAL_DELAY = timedelta(days=30)
LONGEST_AHEAD = timedelta(days=31)


class RunForm(FlaskForm):
    """The dates of the invoices, and whether the minimum counts; office and month go with them."""

    office_id = HiddenField()
    month = HiddenField()
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

    def __init__(self, today: date) -> None:
        """`today` bounds the dates and is proposed."""
        super().__init__(data={"invoice_date": today, "due_on": today + USUAL_DELAY})
        self._today = today

    def validate_invoice_date(self, field: Field) -> None:
        """Raises ValidationError."""
        month = read_month(self.month.data or "")
        if field.data > self._today + LONGEST_AHEAD:
            raise ValidationError("Cette date est trop loin : un mois au plus après aujourd’hui.")
        if month is not None and field.data < month:
            raise ValidationError("Une facture ne peut pas être datée d’avant le mois facturé.")

    def validate_due_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.invoice_date.data is not None and field.data < self.invoice_date.data:
            raise ValidationError("La date limite ne peut pas venir avant la date des factures.")


def months_offered(today: date) -> Sequence[date]:
    """The months that may be invoiced, the last that is over first; the present one at the end of the choice."""
    months = [today.replace(day=1)]
    while len(months) < MONTHS_OFFERED:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months


def read_month(text: str) -> date | None:
    """The first day of a month written « 2026-10 », or None."""
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return month if 2000 <= month.year <= 2099 else None
