"""What the staff say when they act on a planning: why, how a cancellation counts, and whether the family is told."""

import re
from collections.abc import Mapping

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, RadioField

from app.filters import spaced
from app.forms.fields import Filled, Listed, id_of, text_field
from app.forms.staff_catalogue import choice_field
from app.rules.staff_bookings import ListAnswer
from app.rules.states import CancelClass
from app.services.bookings import StaffSave

LONGEST_REASON = 200
_EXCEEDS = re.compile(r"\d{1,9}(,\d{1,9}){0,499}")

CLASSES = {
    CancelClass.IN_TIME.value: "sans frais",
    CancelClass.LATE_CHARGED.value: spaced("facturées : l’enfant est absent, le prix reste dû"),
    CancelClass.STRUCTURE.value: "par la structure, sans frais",
}
TELLS = "Prévenir la famille par courriel"


class StaffPlanningForm(FlaskForm):
    """What goes with the ticks of an agent."""

    reason = text_field(
        "Motif", required=spaced("Indiquez le motif : la famille le lit, et il reste dans l’historique."),
        longest=LONGEST_REASON, autocomplete="off",
        description=spaced("La famille le lit. Par exemple : demande par téléphone."),
    )  # fmt: skip
    cancel_class = RadioField(
        "Les annulations sont", choices=CLASSES, default=CancelClass.IN_TIME.value,
        validators=[Filled(message="Choisissez une réponse."), Listed()], validate_choice=False,
    )  # fmt: skip
    tells = BooleanField(TELLS, default=True)

    def said(self, exceeds: frozenset[int]) -> StaffSave:
        """What was typed; only of a valid form."""
        return StaffSave(self.reason.data, self.chosen_class, exceeds, self.tells.data)

    @property
    def chosen_class(self) -> CancelClass:
        """How cancellations count; the usual way where nobody can mean what was sent."""
        return CancelClass(self.cancel_class.data) if self.cancel_class.data in CLASSES else CancelClass.IN_TIME


class MarkForm(FlaskForm):
    """Which presence is special, and what the parents read."""

    opening = choice_field("Réservation")
    note = text_field(
        "Ce que la famille lit", required="Dites ce qui est spécial ce jour-là.", longest=LONGEST_REASON,
        autocomplete="off", description=spaced("Par exemple : arrive à 10 h, sortie à la piscine."),
    )  # fmt: skip
    tells_mark = BooleanField(TELLS, default=True)

    @classmethod
    def of(cls, bookings: Mapping[str, str], *, is_sent: bool) -> "MarkForm":
        """The form for these bookings, by opening; as it was sent or empty: another form stands on the page."""
        form = cls(**({} if is_sent else {"formdata": None}))
        form.opening.choices = dict(bookings)
        return form

    @property
    def opening_id(self) -> int:
        """Which one was chosen."""
        return id_of(self.opening.data)


class ListForm(FlaskForm):
    """What is answered on a waiting list for the family, and why."""

    answer = choice_field("Réponse")
    list_reason = text_field(
        "Motif", required=spaced("Indiquez le motif : la famille le lit, et il reste dans l’historique."),
        longest=LONGEST_REASON, autocomplete="off",
    )  # fmt: skip

    @classmethod
    def of(cls, answers: Mapping[str, str], *, is_sent: bool) -> "ListForm":
        """The form for these answers, by what `typed()` reads; as it was sent or empty."""
        form = cls(**({} if is_sent else {"formdata": None}))
        form.answer.choices = dict(answers)
        return form

    def typed(self) -> tuple[int, ListAnswer]:
        """The entry, and what is answered; only of a valid form."""
        answer, _, entry_id = (self.answer.data or "").partition("-")
        return id_of(entry_id), ListAnswer(answer)


def read_exceeds(form: MultiDict[str, str]) -> frozenset[int]:
    """The openings whose places the agent has agreed to exceed; what nobody can mean is none."""
    text = form.get("depasser", "")
    return frozenset(map(int, text.split(","))) if _EXCEEDS.fullmatch(text) else frozenset()
