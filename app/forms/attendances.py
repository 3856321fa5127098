"""The shape of « Pointage »: what one tap says, what is noted of a child unit by unit, the end of a day."""

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, HiddenField, RadioField
from wtforms.validators import Optional, ValidationError

from app.filters import spaced
from app.forms.fields import Filled, Listed, text_field
from app.forms.keys import read_key, sent_key
from app.forms.reasons import reason_field
from app.forms.staff_catalogue import HourField
from app.rules.attendances import LONGEST_REASON, NOT_SEEN, Button, Seen, Turnout, seen_after
from app.services.attendance_lists import ChildLine, PlaceLine
from app.services.attendances import Mark
from app.services.errors import ForgedForm

MOST_PLACES = 2_000
"""Places that one form may show: a very large group, all day."""

_SHOWN = re.compile(r"(\d{1,9})-(\d{1,9})-(\d{1,9})")  # child, opening, version
_TAP = re.compile(r"(\d{1,9}):(present|absent|nothing|arrived|left)")

NOTHING = "nothing"
_TURNOUTS = {Turnout.PRESENT.value: "Présent", Turnout.ABSENT.value: "Absent", NOTHING: "Rien de noté"}


@dataclass(frozen=True, slots=True)
class Tap:
    """One button of the list: of which child, what, and the places that the page showed of it, with their versions.

    ``what``: present, absent, nothing (taken back), or arrived and left, with the hour that it is.
    """

    child_id: int
    what: Button
    shown: tuple[tuple[int, int], ...]
    key: str

    def client_id(self, opening_id: int, version: int) -> str:
        """The same for the same button of the same page: pressed twice, it counts once."""
        return f"{self.key}.{self.child_id}.{opening_id}.{version}.{self.what}"


def read_tap(form: MultiDict[str, str]) -> Tap:
    """What was pressed. Raises ForgedForm."""
    pressed, key = _TAP.fullmatch(form.get("marque", "")), read_key(form.get("cle"))
    shown = [_SHOWN.fullmatch(each) for each in form.getlist("v")]
    if pressed is None or len(shown) > MOST_PLACES or None in shown:
        raise ForgedForm
    child_id = int(pressed[1])
    places = tuple((int(each[2]), int(each[3])) for each in shown if each is not None and int(each[1]) == child_id)
    return Tap(child_id, Button(pressed[2]), places, key)


def marks_of_tap(tap: Tap, child: ChildLine | None, now: time | None) -> list[Mark]:
    """The marks of a button. ``now``: the hour for who arrives or leaves; None: the day is over, no hour is known."""
    stored = {} if child is None else {place.opening_id: place.seen for place in child.places}
    marks = []
    for opening_id, version in tap.shown:
        wanted = seen_after(tap.what, stored.get(opening_id, NOT_SEEN), now)
        marks.append(Mark(tap.client_id(opening_id, version), tap.child_id, opening_id, wanted, version))
    return marks


class PlaceForm(FlaskForm):
    """What is noted of a child in one unit. Many on a page: each has its prefix, and the page its token."""

    class Meta:
        """The page draws one token; every POST is checked by CSRFProtect."""

        csrf = False

    version = HiddenField()
    turnout = RadioField("Noté", choices=_TURNOUTS, validators=[Listed()], validate_choice=False)
    is_justified = BooleanField("Absence justifiée, non facturée")
    arrived_at = HourField("Arrivée", validators=[Optional()], render_kw={"type": "time"})
    left_at = HourField("Départ", validators=[Optional()], render_kw={"type": "time"})

    @classmethod
    def of(cls, place: PlaceLine, formdata: MultiDict[str, str] | None = None) -> "PlaceForm":
        """The form of a unit, as it is stored or as it was sent."""
        seen = place.seen
        data: dict[str, Any] = {
            "version": str(place.version), "turnout": seen.turnout.value if seen.turnout else NOTHING,
            "is_justified": seen.is_justified, "arrived_at": seen.arrived_at, "left_at": seen.left_at,
        }  # fmt: skip
        form = cls(formdata=formdata, data=data, prefix=f"p{place.opening_id}-")
        if not place.asks_times and not (seen.arrived_at or seen.left_at):
            del form.arrived_at, form.left_at
        if not place.is_expected:
            form.turnout.choices = {code: word for code, word in _TURNOUTS.items() if code != Turnout.ABSENT.value}
            del form.is_justified
        return form

    def validate_left_at(self, field: HourField) -> None:
        """Raises ValidationError."""
        if field.data and self.arrived_at.data and field.data <= self.arrived_at.data:
            raise ValidationError("Le départ est après l’arrivée.")

    def seen(self) -> Seen:
        """What was said; only of a valid form. What does not go with it is left out."""
        if self.turnout.data == NOTHING:
            return NOT_SEEN
        turnout = Turnout(self.turnout.data)
        if turnout is Turnout.ABSENT:
            return Seen(turnout, is_justified="is_justified" in self and bool(self.is_justified.data))
        times = "arrived_at" in self
        return Seen(turnout, False, self.arrived_at.data if times else None, self.left_at.data if times else None)

    def known(self) -> int:
        """The version that the page showed. Raises ForgedForm."""
        text = self.version.data or "0"
        if not text.isdecimal() or len(text) > 9:
            raise ForgedForm
        return int(text)


def marks_of_child(form: MultiDict[str, str], child: ChildLine, forms: Sequence[PlaceForm]) -> list[Mark]:
    """What was said of the units of a child's page that is not recorded yet; its forms are valid. Raises ForgedForm."""
    key = sent_key(form.get("cle"))
    return [
        Mark(f"{key}.{child.child_id}.{place.opening_id}.{each.known()}.{each.seen()}"[:200], child.child_id,
             place.opening_id, each.seen(), each.known())
        for place, each in zip(child.places, forms, strict=True)
        if each.seen() != place.seen
    ]  # fmt: skip


class SearchForm(FlaskForm):
    """Who came without being on the list; by GET."""

    class Meta:
        """A form that only asks has no token."""

        csrf = False

    q = text_field(
        "Nom de l’enfant", longest=60, autocomplete="off", spellcheck="false",
        description=spaced("Deux lettres suffisent. Le nom et le prénom, dans l’ordre que vous voulez."),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Addition:
    """A child who came, to which units, and through which family."""

    child_id: int
    opening_ids: tuple[int, ...]
    family_id: int | None
    key: str

    def marks(self, known: Container[int]) -> list[Mark]:
        """That it came, to those of its openings that are of the day."""
        return [
            Mark(f"{self.key}.{self.child_id}.{id_}", self.child_id, id_, Seen(Turnout.PRESENT),
                 family_id=self.family_id)
            for id_ in self.opening_ids
            if id_ in known
        ]  # fmt: skip


def read_addition(form: MultiDict[str, str]) -> Addition:
    """Which child is added. Raises ForgedForm."""
    child, key, family = form.get("enfant", ""), read_key(form.get("cle")), form.get("famille", "")
    openings = form.getlist("o")
    numbers: Iterable[str] = (child, *openings, *([family] if family else []))
    if not all(re.fullmatch(r"\d{1,9}", each) for each in numbers):
        raise ForgedForm
    if len(openings) > MOST_PLACES:
        raise ForgedForm
    return Addition(int(child), tuple(map(int, openings)), int(family) if family else None, key)


class ValidationForm(FlaskForm):
    """The end of a day: what those were who are not ticked."""

    rest = RadioField(
        "Les enfants non pointés",
        choices={Turnout.PRESENT.value: "étaient présents", Turnout.ABSENT.value: "étaient absents"},
        validators=[Filled(message="Dites s’ils étaient présents ou absents."), Listed()], validate_choice=False,
    )  # fmt: skip

    def turnout(self) -> Turnout:
        """What was said; only of a valid form."""
        return Turnout(self.rest.data)


class CorrectionForm(FlaskForm):
    """Why what was recorded and invoiced is corrected. The units of the page are forms of their own."""

    reason = text_field(
        "Motif de la correction", required=spaced("Dites pourquoi : la famille le lit sur l’avoir."), longest=120,
        autocomplete="off", description=spaced("La famille le lit sur l’avoir. Par exemple : erreur de pointage."),
    )  # fmt: skip


class ReopenForm(FlaskForm):
    """Why a validated day is opened again."""

    reason = reason_field("Pourquoi rouvrir cette journée", "Dites pourquoi.", longest=LONGEST_REASON)
