"""Two agents at one setting: nobody overwrites what they have not seen.

The form carries a mark of what each of its fields stood on when it was shown. Where that has changed, a field whose
answer is another says what is stored now, and saving once more means it.
"""

from datetime import date, time
from hashlib import sha256

from flask_wtf import FlaskForm
from wtforms import Field, RadioField, SelectField, SelectMultipleField

from app.filters import day_plain, enumeration, hour_table, spaced


def marks_of(form: FlaskForm) -> str:
    """What the form stands on, field by field; the same as long as nobody stores something else."""
    return ",".join(f"{field.name}:{_mark(field)}" for field in form if field.name != "csrf_token")


def moved_fields(form: FlaskForm, shown: str) -> tuple[Field, ...]:
    """The fields that somebody else stored in the meantime, where this form says something else."""
    before = dict(part.split(":", 1) for part in shown.split(",") if ":" in part)
    return tuple(
        field
        for field in form
        if before.get(field.name, _mark(field)) != _mark(field) and _plain(field.data) != _plain(field.object_data)
    )


def mark_moved(form: FlaskForm, shown: str) -> bool:
    """Say beside each such field what is stored now; whether there is any."""
    moved = moved_fields(form, shown)
    for field in moved:
        field.errors = [
            *field.errors,
            spaced(
                f"Un autre agent vient de changer ce réglage : « {_words(field)} ». Si votre réponse est la bonne,"
                " enregistrez encore une fois."
            ),
        ]
    return bool(moved)


def _mark(field: Field) -> str:
    return sha256(_plain(field.object_data).encode()).hexdigest()[:8]


def _plain(value: object) -> str:
    """A value as text that is the same in every process."""
    if isinstance(value, set | frozenset | list | tuple):
        return repr(sorted(map(str, value)))
    return "" if value is None else str(value)


def _words(field: Field) -> str:
    value = field.object_data
    if value is None or value == "":
        return "vide"
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, date):
        return day_plain(value)
    if isinstance(value, time):
        return hour_table(value)
    if isinstance(field, SelectField | RadioField):
        words = {str(choice): str(text) for choice, text, *_ in field.iter_choices()}
        chosen = value if isinstance(field, SelectMultipleField) else [value]
        return enumeration([words.get(str(each), str(each)) for each in chosen]) or "vide"
    return str(value)
