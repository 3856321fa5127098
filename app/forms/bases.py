"""What the forms of a family's file share: nobody overwrites what they have not seen."""

import json
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import DateField, Field, HiddenField, SelectField, SelectMultipleField

from app.crypto import WrongDataKey, cipher
from app.filters import day_plain, euros, month_long, spaced
from app.forms.fields import AmountField, MonthField, amount_typed, read_cents
from app.rules.changes import Change, Conflict
from app.rules.phones import format_phone, normalise_phone
from app.services.errors import ForgedForm


class SectionForm(FlaskForm):
    """A part of a file, which knows the values that it was shown with: see `rules.changes.merge`."""

    shown_values = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.locked: dict[str, str] = {}

    def lock(self, names: Collection[str], stored: Mapping[str, str]) -> None:
        """Let these fields be read only: whatever is sent for them, they say what is stored."""
        self.locked = {name: stored[name] for name in names if name in self and name in stored}
        for name, value in self.locked.items():
            field = self[name]
            set_text(field, value)
            is_line = not isinstance(field, SelectField | SelectMultipleField)
            field.render_kw = {**(field.render_kw or {}), ("readonly" if is_line else "disabled"): True}
            field.is_locked = True

    def validate(self, extra_validators: Any = None) -> bool:
        """Check what may be typed; what may only be read is left as it is."""
        super().validate(extra_validators)
        for name, value in self.locked.items():
            self[name].errors = ()
            set_text(self[name], value)
        return not self.errors

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

    def mark_pending(self, pending: Mapping[str, Change]) -> None:
        """Say beside each field what waits for the staff: the macro that draws a field shows it."""
        for name, change in pending.items():
            if change.before != change.after:
                field = self[name]
                asked, now = (in_words(field, value) or "vide" for value in (change.after, change.before))
                field.pending = spaced(f"En attente de validation : « {asked} ». Aujourd’hui : « {now} ».")

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
    """What a valid field says, as text: ISO dates, cents, E.164 phones, the codes of lists, separated by commas."""
    if isinstance(field, DateField):
        return field.data.isoformat() if field.data else ""
    if isinstance(field, SelectMultipleField):
        return ",".join(field.data or [])
    if isinstance(field, AmountField):
        cents = read_cents(field.data or "")
        return "" if cents is None else str(cents)
    if field.data and (field.render_kw or {}).get("type") == "tel":
        return normalise_phone(field.data)
    return str(field.data or "")


def from_text(field: Field, value: str) -> object:
    """The opposite: what a field holds that says this."""
    if isinstance(field, DateField):
        return date.fromisoformat(value) if value else None
    if isinstance(field, SelectMultipleField):
        return value.split(",") if value else []
    if isinstance(field, AmountField):
        return amount_typed(int(value)) if value else ""
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
    if isinstance(field, MonthField):
        return month_long(date.fromisoformat(value))
    if isinstance(field, AmountField):
        return euros(int(value))
    if isinstance(field, SelectField):
        words = {choice: str(text) for choice, text, *_ in field.iter_choices()}
        return ", ".join(words.get(each, each) for each in value.split(","))
    if (field.render_kw or {}).get("type") == "tel":
        return format_phone(value)
    return value
