"""The shape of a correction of an invoice's line, and of the reason for leaving an invoice as it is."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.validators import ValidationError

from app.filters import day_medium, euros, spaced
from app.forms.fields import read_cents, text_field
from app.forms.tariff_fields import one_of_field, ticks_field
from app.labels import AFTERWARDS_CHOICES
from app.rules.credits import Afterwards
from app.services.line_corrections import CorrectableLine, LineWish

LARGEST_PRICE_CENTS = 1_000_000


class LineForm(FlaskForm):
    """What is taken back of a line, and what becomes of it."""

    quoi = ticks_field("Ce qui est repris", required="Cochez ce qui est à reprendre.")
    suite = one_of_field("Ensuite", AFTERWARDS_CHOICES, Afterwards.NOTHING.value)
    prix = text_field(
        "Nouveau prix", longest=12, inputmode="decimal", autocomplete="off",
        description=spaced("Pour un jour, ou pour l’ensemble si c’est un forfait. Seulement pour un autre prix."),
    )  # fmt: skip
    motif = text_field(
        "Motif", required=spaced("Dites pourquoi : la famille le lit sur l’avoir."), longest=120, autocomplete="off",
        description=spaced("La famille le lit sur l’avoir. Par exemple : erreur de tarif."),
    )  # fmt: skip

    def __init__(self, line: CorrectableLine, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.quoi.choices = {
            part.key: spaced(f"{', '.join(day_medium(day) for day in part.days)} : {euros(part.amount_cents)}")
            for part in line.parts
        }
        if not line.is_of_bookings:
            self.suite.choices = {
                code: word for code, word in AFTERWARDS_CHOICES.items() if code != Afterwards.AGAIN.value
            }

    def validate_prix(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.suite.data != Afterwards.AT_PRICE.value:
            return
        cents = read_cents(field.data or "")
        if cents is None or not 0 < cents <= LARGEST_PRICE_CENTS:
            raise ValidationError("Écrivez le nouveau prix en euros, par exemple 4,20.")

    def wish(self) -> LineWish:
        """What was typed; only of a valid form."""
        afterwards = Afterwards(self.suite.data)
        cents = read_cents(self.prix.data or "") if afterwards is Afterwards.AT_PRICE else None
        return LineWish(frozenset(self.quoi.data or ()), afterwards, cents, self.motif.data)


class LeaveForm(FlaskForm):
    """Why an invoice stays as it is."""

    because = text_field("Pourquoi", required="Dites pourquoi la facture reste comme elle est.", longest=120)
