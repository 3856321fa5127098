"""The forms of the parts of a family's file, and changes of them as people read them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from flask_wtf import FlaskForm
from wtforms import BooleanField

from app.filters import NBSP
from app.forms.aids import AidWordsForm
from app.forms.bases import SectionForm, in_words
from app.forms.families import ChildForm, CoordinatesForm, CustodyForm
from app.forms.guardians import GuardianForm
from app.forms.price_facts import ChildFactsForm, FamilyFactsForm
from app.forms.reminders import ReminderWordsForm
from app.rules.changes import Change
from app.rules.file_fields import FileKind
from app.services.change_requests import RequestView
from app.services.file_histories import HistoryEntry

PART_FORMS: Mapping[FileKind, type[SectionForm]] = {
    FileKind.COORDINATES: CoordinatesForm,
    FileKind.GUARDIAN: GuardianForm,
    FileKind.CHILD: ChildForm,
    FileKind.CUSTODY: CustodyForm,
    FileKind.PRICE_FACTS: FamilyFactsForm,
    FileKind.CHILD_PRICE_FACTS: ChildFactsForm,
    FileKind.AID: AidWordsForm,
    FileKind.REMINDERS: ReminderWordsForm,
    FileKind.NEW_GUARDIAN: GuardianForm,
    FileKind.NEW_CHILD: ChildForm,
}


@dataclass(frozen=True, slots=True)
class ReadableChange:
    """A change in words; an empty value is an empty text."""

    label: str
    before: str
    after: str


def readable(kind: FileKind, changes: Mapping[str, Change]) -> tuple[ReadableChange, ...]:
    """What changes in a part of the file, in the order of its form."""
    form = PART_FORMS[kind](formdata=None)
    return tuple(
        ReadableChange(field.label.text, in_words(field, change.before), in_words(field, change.after))
        for field in form
        if (change := changes.get(field.name)) is not None and change.before != change.after
    )


def custody_words(answers: Mapping[str, str]) -> str:
    """Where a child lives, in one line."""
    rows = readable(FileKind.CUSTODY, {name: Change("", value) for name, value in answers.items()})
    return ", ".join(row.after for row in rows)


@dataclass(frozen=True, slots=True)
class RequestCard:
    """A request as people read it."""

    request: RequestView
    rows: tuple[ReadableChange, ...]
    applied: tuple[ReadableChange, ...]  # of one that the staff edited: what was stored in the end


def cards_of(requests: Iterable[RequestView]) -> tuple[RequestCard, ...]:
    """Requests in words."""
    return tuple(
        RequestCard(
            request,
            readable(request.kind, request.changes),
            readable(request.kind, request.applied) if request.applied is not None and request.was_edited else (),
        )
        for request in requests
    )


@dataclass(frozen=True, slots=True)
class HistoryCard:
    """A change of the file as people read it."""

    entry: HistoryEntry
    rows: tuple[ReadableChange, ...]


def entries_of(history: Iterable[HistoryEntry]) -> tuple[HistoryCard, ...]:
    """A history in words."""
    return tuple(HistoryCard(entry, readable(entry.kind, entry.changes)) for entry in history)


class DuplicateForm(FlaskForm):
    """The answer of a parent who adds a namesake; the token is the other form's."""

    class Meta:
        """It stands within another form."""

        csrf = False

    is_other_person = BooleanField("C’est une autre personne" + NBSP + ": l’ajouter quand même")


def fill_part(
    form: SectionForm, values: Mapping[str, str], *, read_only: Collection[str] = (),
    pending: Mapping[str, Change] | None = None,
) -> None:  # fmt: skip
    """Let a form show a part of a family's file, what waits in it and what may only be read."""
    form.fill(values)
    form.lock(read_only, values)
    form.mark_pending({name: change for name, change in (pending or {}).items() if name in form})
