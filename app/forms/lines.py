"""A setting that is a list: blocks of fields that are added, moved up and removed without losing what was typed."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, Form, SelectField, SelectMultipleField

from app.services.errors import ForgedForm

MAX_LINES = 12

Typed = MultiDict[str, str]
Line = TypeVar("Line", bound=Form)


class LineList(Generic[Line]):
    """The blocks as typed. `make` builds one from what was sent and the prefix of its names."""

    def __init__(self, lines: Sequence[Line], make: Callable[[Typed | None, str], Line]) -> None:
        self.lines = list(lines)
        self._make = make

    @property
    def errors(self) -> Sequence[tuple[str, Field]]:
        """The fields with errors: « Règle 2, À quelle heure »."""
        return [
            (f"Règle {place}, {field.label.text}", field)
            for place, line in enumerate(self.lines, 1)
            for field in line
            if field.errors
        ]

    def changed(self, formdata: Typed) -> bool:
        """Do what a button other than « Enregistrer » asks for: one line more, one less, or one moved up."""
        if "ajouter" in formdata:
            if len(self.lines) < MAX_LINES:
                self._renumber([*self.lines, self._make(None, "")])
            return True
        place = formdata.get("retirer", formdata.get("monter", ""))
        if not place.isdigit() or int(place) >= len(self.lines):
            return False
        line = self.lines.pop(int(place))
        if "monter" in formdata:
            self.lines.insert(max(0, int(place) - 1), line)
        self._renumber(self.lines)
        return True

    def as_sent(self) -> Typed:
        """What a browser sends of the blocks as they stand."""
        return _as_sent(self.lines)

    def _renumber(self, lines: Sequence[Line]) -> None:
        """Give the fields the names of their new places, with what was typed in them."""
        typed = _as_sent(lines)
        self.lines = [self._make(typed, prefix_of(place)) for place in range(len(lines))]


def read_lines(formdata: Typed, make: Callable[[Typed | None, str], Line]) -> list[Line]:
    """The blocks that were sent. Raises ForgedForm for more than our pages have."""
    places = [place for place in range(MAX_LINES + 1) if f"{prefix_of(place)}kind" in formdata]
    if len(places) > MAX_LINES:
        raise ForgedForm
    return [make(formdata, prefix_of(place)) for place in places]


def prefix_of(place: int) -> str:
    """What the names of a block's fields begin with."""
    return f"line-{place}-"


def _as_sent(lines: Sequence[Form]) -> Typed:
    typed: Typed = MultiDict()
    for place, line in enumerate(lines):
        for field in line:
            for value in _values(field):
                typed.add(f"{prefix_of(place)}{field.short_name}", value)
    return typed


def _values(field: Field) -> Sequence[str]:
    if field.raw_data is not None:
        return list(field.raw_data)
    if isinstance(field, BooleanField):
        return ["y"] if field.data else []
    if isinstance(field, SelectMultipleField):
        return list(field.data or [])
    if isinstance(field, SelectField):
        first = next(value for value, *_ in field.iter_choices())
        return [str(field.data if field.data not in (None, "None") else first)]
    return [] if field.data in (None, "") else [str(field.data)]
