from datetime import date

import pytest

from app.rules.handed_in_files import FileKind
from app.rules.required_documents import (
    Applicability,
    DocumentScope,
    FilesWanted,
    Holder,
    SubmissionStatus,
    Validity,
    ValidityKind,
    Version,
    WarningStage,
    is_asked_of,
    keeps_from_booking,
    last_day_of,
    state_of,
    warning_due,
)
from tests.rules.tables import Row, cases, ids, words

TODAY = date(2026, 11, 23)
HOLDERS = {
    "family": Holder(DocumentScope.FAMILY, frozenset({1})),
    "adult": Holder(DocumentScope.GUARDIAN, frozenset({1})),
    "child": Holder(DocumentScope.CHILD, frozenset({1}), date(2018, 5, 14), "CE2"),
}


def version(text: str) -> Version:
    status, _, day = text.partition(" ")
    return Version(SubmissionStatus(status), date.fromisoformat(day) if day else None)


@pytest.mark.parametrize("row", cases("required_documents", "asked"))
def test_of_whom_a_document_is_asked(row: Row) -> None:
    ages = ids(row["ages"]) or [None, None]
    asked = Applicability(
        DocumentScope(row["scope"]),
        frozenset(ids(row["activities"])),
        ages[0],
        ages[1],
        frozenset(words(row["levels"])),
    )
    for name, holder in HOLDERS.items():
        assert is_asked_of(asked, holder, TODAY) == (row[name] == "yes"), name


@pytest.mark.parametrize("row", cases("required_documents", "last_days"))
def test_until_when_a_document_counts(row: Row) -> None:
    kind, _, value = row["validity"].partition(" ")
    validity = Validity(
        ValidityKind(kind),
        int(value) if kind == "months" else None,
        date.fromisoformat(value) if kind == "until" else None,
    )
    found = last_day_of(validity, date.fromisoformat(row["dated"]))
    assert found == (None if row["last day"] == "–" else date.fromisoformat(row["last day"]))


@pytest.mark.parametrize("row", cases("required_documents", "states"))
def test_where_somebody_stands(row: Row) -> None:
    state = state_of([version(text) for text in words(row["versions, oldest first"])], TODAY)
    assert (state, state.is_in_order) == (row["state"], row["in order"] == "yes")


@pytest.mark.parametrize("row", cases("required_documents", "warnings"))
def test_which_mail_is_due(row: Row) -> None:
    told = [WarningStage(word) for word in words(row["told"])]
    assert (warning_due(date.fromisoformat(row["last day"]), told, TODAY) or "–") == row["mail"]


def test_which_files_are_wanted() -> None:
    assert (
        FilesWanted.PDF.kinds == {FileKind.PDF}
        and FilesWanted.PHOTOS.kinds | FilesWanted.PDF.kinds == FilesWanted.ANY.kinds
    )


@pytest.mark.parametrize("row", cases("required_documents", "bookings"))
def test_what_a_missing_document_keeps_from_booking(row: Row) -> None:
    days = [date.fromisoformat(row[name]) for name in ("day", "enrolled on")]
    assert keeps_from_booking(*days, int(row["grace days"])) == (row["kept away"] == "yes")
