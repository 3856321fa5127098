"""What the forms of a family's file share: nobody overwrites what they have not seen."""

import json
from collections.abc import Mapping
from datetime import date

from flask_wtf import FlaskForm
from wtforms import DateField, Field, HiddenField, SelectField, SelectMultipleField

from app.crypto import WrongDataKey, cipher
from app.filters import day_plain, spaced
from app.rules.changes import Conflict
from app.rules.phones import format_phone, normalise_phone
from app.services.errors import ForgedForm


class SectionForm(FlaskForm):
    """A part of a file, which knows the values that it was shown with: see `rules.changes.merge`."""

    shown_values = HiddenField()

    def fill(self, stored: Mapping[str, str]) -> None:
        """Show what is stored; a form that was sent, or that comes back, keeps its own."""
        if self.shown_values.raw_data:
            return
        for field in self:
            if field.name in stored:
                set_text(field, stored[field.name])
        self.remember(stored)

    def remember(self, stored: Mapping[str, str]) -> None:
        """Keep what is stored while the form is being filled; not where the form came back with its own."""
        if not self.shown_values.data:
            self.shown_values.data = cipher.encrypt(json.dumps(dict(stored), ensure_ascii=False))

    def shown(self) -> Mapping[str, str]:
        """What was stored when the form was opened. Raises ForgedForm."""
        try:
            found: dict[str, str] = json.loads(cipher.decrypt(self.shown_values.data or ""))
        except (WrongDataKey, UnicodeEncodeError):
            raise ForgedForm from None
        return found

    def values(self) -> dict[str, str]:
        """What was typed, as text by name of field; only of a valid form."""
        return {field.name: as_text(field) for field in self if field.name not in ("csrf_token", "shown_values")}

    def add_conflicts(self, conflicts: Mapping[str, Conflict], stored: Mapping[str, str]) -> None:
        """Say beside each field what somebody else stored; what was typed stays, and saving again means it.

        A field that this person left as it was shows what somebody else stored.
        """
        shown, typed = self.shown(), self.values()
        for name, conflict in conflicts.items():
            value = in_words(self[name], conflict.stored) or "vide"
            self[name].errors = [
                *self[name].errors,
                spaced(
                    f"Quelqu’un d’autre vient de changer ce champ : « {value} ». Si votre réponse est la bonne,"
                    " enregistrez encore une fois."
                ),
            ]
        for name, value in typed.items():
            if value == shown.get(name, ""):
                set_text(self[name], stored.get(name, ""))
        self.shown_values.data = None
        self.remember(stored)


def as_text(field: Field) -> str:
    """What a valid field says, as text: ISO dates, E.164 phones, the codes of lists, separated by commas."""
    if isinstance(field, DateField):
        return field.data.isoformat() if field.data else ""
    if isinstance(field, SelectMultipleField):
        return ",".join(field.data or [])
    if field.data and (field.render_kw or {}).get("type") == "tel":
        return normalise_phone(field.data)
    return str(field.data or "")


def from_text(field: Field, value: str) -> object:
    """The opposite: what a field holds that says this."""
    if isinstance(field, DateField):
        return date.fromisoformat(value) if value else None
    if isinstance(field, SelectMultipleField):
        return value.split(",") if value else []
    if value and (field.render_kw or {}).get("type") == "tel":
        return format_phone(value)
    return value


def set_text(field: Field, value: str) -> None:
    """Let a field show a stored text, whatever was sent for it."""
    field.data = from_text(field, value)
    field.raw_data = None


def in_words(field: Field, value: str) -> str:
    """A stored value as people read it; SelectField is the base of lists, radio buttons and ticks."""
    if not value:
        return ""
    if isinstance(field, DateField):
        return day_plain(date.fromisoformat(value))
    if isinstance(field, SelectField):
        words = {choice: str(text) for choice, text, *_ in field.iter_choices()}
        return ", ".join(words.get(each, each) for each in value.split(","))
    if (field.render_kw or {}).get("type") == "tel":
        return format_phone(value)
    return value
