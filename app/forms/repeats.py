"""The shape of « Répéter une semaine »: all in the address, so that « back » loses nothing; saving sends it again."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import RadioField, SelectMultipleField, ValidationError
from wtforms.widgets import CheckboxInput

from app.filters import NBSP, weekday_name
from app.forms.fields import DATE_FORMATS, DateField, Filled, Listed, Starred
from app.rules.repeats import LONGEST_REPEAT, Rhythm, TypicalWeek
from app.services.families import ChildView
from app.services.repeats import Offer, Wish

_BOOK, _GIVE_BACK = "reserver", "annuler"
_RHYTHMS = {"semaine": Rhythm.EVERY_WEEK, "quinzaine": Rhythm.EVERY_OTHER_WEEK}


def _day_field(label: str, missing: str) -> DateField:
    return DateField(label, format=DATE_FORMATS, validators=[Filled(missing)], render_kw={"type": "date"})


class RepeatForm(FlaskForm):
    """What to do, a typical week, its days and rhythm, and for whom."""

    class Meta:
        """The preview reads only and is sent by GET; the form that saves carries the token of every other."""

        csrf = False

    faire = RadioField(
        f"Que voulez-vous faire{NBSP}?", choices={_BOOK: "Réserver ces temps", _GIVE_BACK: "Annuler ces temps"},
        validate_choice=False, validators=[Listed()],
    )  # fmt: skip
    semaine = SelectMultipleField(
        "Semaine type", option_widget=CheckboxInput(), validate_choice=False, validators=[Starred(), Listed()]
    )
    du = _day_field("Du", "Indiquez le premier jour.")
    au = _day_field("Au", "Indiquez le dernier jour.")
    rythme = RadioField(
        "Rythme", choices={"semaine": "Toutes les semaines", "quinzaine": "Une semaine sur deux"},
        validate_choice=False, validators=[Listed()],
    )  # fmt: skip
    enfants = SelectMultipleField(
        "Pour", option_widget=CheckboxInput(), validate_choice=False, validators=[Starred(), Listed()]
    )

    def __init__(
        self,
        sent: MultiDict[str, str],
        offered: Offer,
        children: Sequence[ChildView],
        child_id: int,
        usual: tuple[TypicalWeek, date],
    ) -> None:
        """The form as sent; what was not sent yet is the `usual` week from the usual day to the last open one."""
        is_sent = "semaine" in sent or "du" in sent
        super().__init__(formdata=sent if is_sent else None)
        boxes = {
            _word(weekday, each.unit.id): f"{each.unit.name}, {weekday_name(weekday)}"
            for each in offered.units
            for weekday in each.weekdays
        }  # fmt: skip
        self.semaine.choices = list(boxes.items())
        self.enfants.choices = [(str(child.id), child.first_name) for child in children]
        if not is_sent:
            week, first = usual
            words = [_word(weekday, unit_id) for weekday, unit_ids in week.units.items() for unit_id in unit_ids]
            self.faire.data, self.rythme.data = _BOOK, "semaine"
            self.semaine.data = [word for word in words if word in boxes]
            self.du.data, self.au.data = first, max(first, offered.last_day)
            self.enfants.data = [str(child_id)]
        if len(children) == 1:
            self.enfants.data = [str(children[0].id)]
            self.enfants.raw_data = self.enfants.data

    def validate_semaine(self, field: SelectMultipleField) -> None:
        """Raises ValidationError."""
        if not field.data:
            raise ValidationError("Cochez au moins un temps d’accueil.")

    def validate_enfants(self, field: SelectMultipleField) -> None:
        """Raises ValidationError."""
        if not field.data:
            raise ValidationError("Cochez au moins un enfant.")

    def validate_au(self, field: DateField) -> None:
        """Raises ValidationError."""
        if self.du.data is None or field.data is None:
            return
        if field.data < self.du.data:
            raise ValidationError("Le dernier jour vient après le premier.")
        if field.data - self.du.data > LONGEST_REPEAT:
            raise ValidationError("Choisissez une année au plus.")

    def wish(self) -> Wish:
        """What is to be done; only of a valid form."""
        pairs = (word.split("-") for word in self.semaine.data or ())
        week = TypicalWeek.of((int(weekday), int(unit)) for weekday, unit in pairs)
        assert self.du.data is not None and self.au.data is not None  # valid
        gives_back = self.faire.data == _GIVE_BACK
        return Wish(week, self.du.data, self.au.data, _RHYTHMS[self.rythme.data], gives_back)

    @property
    def child_ids(self) -> frozenset[int]:
        """For whom; only of a valid form."""
        return frozenset(int(text) for text in self.enfants.data or ())

    def sent_again(self) -> Iterable[tuple[str, str]]:
        """The answers by name, for the form that saves."""
        yield "faire", self.faire.data
        yield from (("semaine", word) for word in self.semaine.data or ())
        yield "du", str(self.du.data)
        yield "au", str(self.au.data)
        yield "rythme", self.rythme.data
        yield from (("enfants", text) for text in self.enfants.data or ())

    def as_arguments(self) -> Mapping[str, list[str]]:
        """The same for an address."""
        found: dict[str, list[str]] = {}
        for name, value in self.sent_again():
            found.setdefault(name, []).append(value)
        return found

    def is_ticked(self, weekday: int, unit_id: int) -> bool:
        """Whether a box of the week comes back ticked."""
        return _word(weekday, unit_id) in (self.semaine.data or ())


def key_of_child(key: str, child_id: int) -> str:
    """The key under which a child's part is saved."""
    return hashlib.sha256(f"{key} {child_id} repeat".encode()).hexdigest()[:32]


def _word(weekday: int, unit_id: int) -> str:
    return f"{weekday}-{unit_id}"
