"""« Mes données »: what a file stores by name of field, under the questions that the parents were asked."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from wtforms import Field, SelectField

from app.filters import in_sentence
from app.forms.bases import SectionForm, in_words
from app.forms.changes import PART_FORMS
from app.forms.child_files import SECTION_FORMS, VaccinationsForm, vaccinations_form
from app.forms.fields import MonthField
from app.rules.child_files import SectionKind
from app.rules.file_fields import FileKind
from app.services.catalogue import catalogue

_PAST_CLASSES = "past"


def in_french(kind: StrEnum, values: Mapping[str, Any]) -> dict[str, Any]:
    """The answers of a part of the file, or what they were before and after, by question; a name that no form asks for
    any more stays as it is."""
    form = _form_of(kind)
    found: dict[str, Any] = {}
    for name, value in values.items():
        field = form[name] if form is not None and name in form else None
        question = _question(form, field, name)
        if isinstance(value, list):
            before, after = (_answer(field, each) for each in value)
            found[question] = {"avant": before, "après": after}
        elif name == _PAST_CLASSES:
            found["Classes passées"] = [line.replace("\t", ", ") for line in value.splitlines()]
        else:
            found[question] = _answer(field, value)
    return found


def _form_of(kind: StrEnum) -> SectionForm | None:
    without_token = {"csrf": False}
    if kind is SectionKind.VACCINATIONS:
        return vaccinations_form(catalogue().vaccines, date.min)(formdata=None, meta=without_token)
    if isinstance(kind, SectionKind):
        form_class = SECTION_FORMS.get(kind)
        return None if form_class is None else form_class(formdata=None, meta=without_token)
    return PART_FORMS[kind](formdata=None, meta=without_token) if isinstance(kind, FileKind) else None


def _question(form: SectionForm | None, field: Field | None, name: str) -> str:
    if field is None:
        return name
    text = str(field.label.text)
    if isinstance(form, VaccinationsForm):
        title = next((title for title, names in form.groups if name in names), "")
        return f"{title}, {in_sentence(text)}" if title else text
    return text


def _answer(field: Field | None, value: str) -> str:
    """What was chosen from a list in its words; dates and amounts as everywhere in the copy."""
    return in_words(field, value) if isinstance(field, SelectField) and not isinstance(field, MonthField) else value
