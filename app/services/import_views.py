"""Imports of families as the staff look at them: the list, how far one is, its families, its codes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import aliased

from app import clock, labels
from app.database import db
from app.models.accounts import User
from app.models.families import ClaimCode, Family, FamilyAddress, Guardian
from app.models.family_imports import (
    IMPORTS_AT_WORK,
    FamilyImport,
    ImportedFamily,
    ImportedState,
    ImportOutcome,
    ImportStatus,
)
from app.rules.imports import COLUMNS, Trace
from app.rules.spreadsheets import Cell, Table
from app.services.errors import NotFound
from app.services.family_files import address_lines
from app.services.family_imports import Problem, count_states, used_since
from app.services.pages import Page, page_of

LETTERS_AT_ONCE = 200
MOST_NAMED = 25
_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import in the list, which is the journal of imports."""

    id: int
    file_name: str
    status: ImportStatus
    asked_at: datetime
    asked_by: str
    family_count: int
    created_count: int  # made, whether or not they were deleted since


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import."""

    id: int
    file_name: str
    status: ImportStatus
    line_count: int
    ignored: str  # headings that were not read
    asked_at: datetime
    asked_by: str
    ordered_at: datetime | None
    ordered_by: str
    mails_codes: bool
    verifies_quotients: bool
    ended_at: datetime | None
    undone_at: datetime | None
    undone_by: str
    purged_at: datetime | None
    counts: Mapping[ImportedState, int]
    wanted_count: int  # families that are to be made, or are
    wanted_adults: int
    wanted_children: int
    to_make_count: int  # that are still to be made

    @property
    def is_at_work(self) -> bool:
        """Whether the worker has something to do for it."""
        return self.status in IMPORTS_AT_WORK

    @property
    def total(self) -> int:
        """How many families the file has."""
        return sum(self.counts.values())

    @property
    def done_count(self) -> int:
        """How many the present step is done with."""
        if self.status is ImportStatus.CHECKING:
            return self.total - self.counts.get(ImportedState.WAITING, 0)
        if self.status is ImportStatus.CREATING:
            return self.step_count - self.to_make_count
        return self.counts.get(ImportedState.DELETED, 0) + self.counts.get(ImportedState.KEPT, 0)

    @property
    def step_count(self) -> int:
        """How many families the present step is about."""
        if self.status is ImportStatus.CHECKING:
            return self.total
        if self.status is ImportStatus.CREATING:
            return self.wanted_count
        return sum(self.counts.get(each, 0) for each in _MADE)


_MADE = (ImportedState.CREATED, ImportedState.DELETED, ImportedState.KEPT)


@dataclass(frozen=True, slots=True)
class AlikeFamily:
    """A family of the portal that may be the one of the file."""

    family_id: int
    name: str
    city: str


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """A family of the file."""

    id: int
    first_line: int
    name: str  # empty once it is purged
    state: ImportedState
    outcome: ImportOutcome | None
    is_wanted: bool
    adult_count: int
    child_count: int
    problems: tuple[Problem, ...]
    alike: tuple[AlikeFamily, ...]
    alike_line: int | None
    family_id: int | None

    @property
    def may_be_wanted(self) -> bool:
        """Whether the agent may have it made."""
        return self.state in (ImportedState.READY, ImportedState.ALIKE) and not self.problems


@dataclass(frozen=True, slots=True)
class UsedFamily:
    """A family that did something since it was imported."""

    family_id: int
    name: str
    traces: tuple[Trace, ...]


@dataclass(frozen=True, slots=True)
class CodeLetter:
    """The code of an adult who has no account yet."""

    guardian_name: str
    family_name: str
    address: tuple[str, ...]
    email: str
    code: str
    expires_at: datetime

    @property
    def recipient_lines(self) -> tuple[str, ...]:
        """As on an envelope."""
        return (self.guardian_name, *self.address)


def model_table() -> Table:
    """The model of the file: its headings, and a line that says what to write in each, which is not read."""
    return Table([column.heading for column in COLUMNS], [[column.explanation for column in COLUMNS]])


def imports(number: int) -> Page[ImportRow]:
    """All imports, the last one first. Three queries."""
    page: Page[ImportRow] = page_of(number, db.session.scalar(select(func.count()).select_from(FamilyImport)) or 0)
    rows = db.session.execute(
        select(FamilyImport, User.display_name)
        .join(User, User.id == FamilyImport.asked_by_id)
        .order_by(FamilyImport.id.desc())
        .limit(page.size)
        .offset(page.offset)
    ).all()
    counted = db.session.execute(
        select(ImportedFamily.import_id, func.count(), func.count(case((ImportedFamily.state.in_(_MADE), 1))))
        .where(ImportedFamily.import_id.in_([row.id for row, _ in rows]))
        .group_by(ImportedFamily.import_id)
    )
    counts = {import_id: (count, made) for import_id, count, made in counted}
    return page.filled(
        tuple(
            ImportRow(row.id, row.file_name, row.status, row.asked_at, name, *counts.get(row.id, (0, 0)))
            for row, name in rows
        )
    )


def read_import(import_id: int) -> ImportView:
    """An import. Raises NotFound. Three queries."""
    session = db.session()
    asked, ordered, undone = aliased(User), aliased(User), aliased(User)
    found = session.execute(
        select(FamilyImport, asked.display_name, ordered.display_name, undone.display_name)
        .join(asked, asked.id == FamilyImport.asked_by_id)
        .outerjoin(ordered, ordered.id == FamilyImport.ordered_by_id)
        .outerjoin(undone, undone.id == FamilyImport.undone_by_id)
        .where(FamilyImport.id == import_id)
    ).first()
    if found is None:
        raise NotFound("import")
    row, asked_by, ordered_by, undone_by = found
    to_make = ImportedFamily.state.in_([ImportedState.READY, ImportedState.ALIKE])
    wanted = session.execute(
        select(
            func.count(), func.coalesce(func.sum(ImportedFamily.adult_count), 0),
            func.coalesce(func.sum(ImportedFamily.child_count), 0), func.count(case((to_make, 1))),
        ).where(ImportedFamily.import_id == import_id, ImportedFamily.is_wanted)
    ).one()  # fmt: skip
    return ImportView(
        row.id, row.file_name, row.status, row.line_count, row.ignored, row.asked_at, asked_by, row.ordered_at,
        ordered_by or "", row.mails_codes, row.verifies_quotients, row.ended_at, row.undone_at, undone_by or "",
        row.purged_at, count_states(session, import_id), *wanted,
    )  # fmt: skip


def families_of(import_id: int, state: ImportedState, number: int) -> Page[ImportedRow]:
    """The families of an import in one state, in the order of the file. Three queries."""
    of_state = (ImportedFamily.import_id == import_id, ImportedFamily.state == state)
    total = db.session.scalar(select(func.count()).where(*of_state)) or 0
    page: Page[ImportedRow] = page_of(number, total)
    rows = db.session.scalars(
        select(ImportedFamily).where(*of_state).order_by(ImportedFamily.id).limit(page.size).offset(page.offset)
    ).all()
    return page.filled(_views(rows))


def used_families(import_id: int) -> tuple[tuple[UsedFamily, ...], int]:
    """The first families of an import that did something since, and how many they are. Two queries."""
    traces = used_since(db.session(), import_id)
    rows = db.session.scalars(
        select(Family).where(Family.id.in_(traces)).order_by(Family.folded_name, Family.id).limit(MOST_NAMED)
    )
    return tuple(UsedFamily(row.id, row.name, tuple(sorted(traces[row.id]))) for row in rows), len(traces)


def report_table(import_id: int) -> Table:
    """What was found, and what became of each family, for a spreadsheet: a row for each problem."""
    return Table(
        ("Ligne", "Famille", "État", "Colonne", "Contenu", "À faire", "Adultes", "Enfants", "Famille ressemblante"),
        _report_rows(import_id),
    )


def _report_rows(import_id: int) -> Iterator[Sequence[Cell]]:
    after = 0
    while True:
        rows = db.session.scalars(
            select(ImportedFamily)
            .where(ImportedFamily.import_id == import_id, ImportedFamily.id > after)
            .order_by(ImportedFamily.id)
            .limit(_ROWS_AT_ONCE)
        ).all()
        for row in _views(rows):
            state, about = labels.label(row.state), labels.label(row.outcome) if row.outcome else ""
            alike = [f"{each.name} ({each.city})" for each in row.alike]
            alike += [f"ligne {row.alike_line}"] if row.alike_line else []
            counts = (row.adult_count, row.child_count, ", ".join(alike))
            if not row.problems:
                yield (row.first_line, row.name, state, "", "", about, *counts)
            for problem in row.problems:
                yield (problem.line, row.name, state, problem.heading, problem.text, problem.sentence, *counts)
        if len(rows) < _ROWS_AT_ONCE:
            return
        after = rows[-1].id
        db.session.expunge_all()


def count_codes(import_id: int) -> int:
    """How many adults of an import have a code that they may still use. One query."""
    return db.session.scalar(
        select(func.count()).select_from(ClaimCode).join(Guardian, Guardian.id == ClaimCode.guardian_id)
        .join(ImportedFamily, ImportedFamily.family_id == Guardian.family_id)
        .where(
            ImportedFamily.import_id == import_id, ImportedFamily.codes.is_not(None), Guardian.user_id.is_(None),
            ClaimCode.used_at.is_(None), ClaimCode.revoked_at.is_(None), ClaimCode.expires_at > clock.now(),
        )
    ) or 0  # fmt: skip


def codes_of(import_id: int, *, offset: int = 0, limit: int | None = None) -> Iterator[CodeLetter]:
    """The codes that adults of an import may still use, in the order of the file; two queries for each few hundred."""
    left = limit
    while left is None or left > 0:
        size = _ROWS_AT_ONCE if left is None else min(left, _ROWS_AT_ONCE)
        rows = db.session.execute(
            select(ImportedFamily.codes, Family, Guardian, ClaimCode.expires_at)
            .join(Family, Family.id == ImportedFamily.family_id)
            .join(Guardian, Guardian.family_id == Family.id)
            .join(ClaimCode, ClaimCode.guardian_id == Guardian.id)
            .where(
                ImportedFamily.import_id == import_id, ImportedFamily.codes.is_not(None), Guardian.user_id.is_(None),
                ClaimCode.used_at.is_(None), ClaimCode.revoked_at.is_(None), ClaimCode.expires_at > clock.now(),
            )
            .order_by(ImportedFamily.id, Guardian.id)
            .limit(size)
            .offset(offset)
        ).all()  # fmt: skip
        ids = {family.id for _, family, _, _ in rows}
        addresses = {
            row.family_id: row
            for row in db.session.scalars(
                select(FamilyAddress).where(FamilyAddress.family_id.in_(ids)).order_by(FamilyAddress.starts_on)
            )
        }
        for codes, family, guardian, expires_at in rows:
            # A code that the counter made since stands on its letter alone.
            code = json.loads(codes).get(str(guardian.id))
            if code is not None:
                yield CodeLetter(
                    guardian.full_name, family.name, address_lines(addresses.get(family.id)), guardian.email or "",
                    code, expires_at,
                )  # fmt: skip
        if len(rows) < size:
            return
        offset += size
        left = None if left is None else left - size


def codes_table(import_id: int) -> Table:
    """The same for a spreadsheet, or for a mailing of the council's own."""
    return Table(
        ("Adulte", "Famille", "Adresse", "Commune", "Email", "Code", "Valable jusqu’au"),
        (
            (
                each.guardian_name, each.family_name, ", ".join(each.address[:-1]), "".join(each.address[-1:]),
                each.email, each.code, each.expires_at.date(),
            )
            for each in codes_of(import_id)
        ),
    )  # fmt: skip


def _views(rows: Sequence[ImportedFamily]) -> tuple[ImportedRow, ...]:
    reports = [json.loads(row.report) if row.report else {} for row in rows]
    ids = {id_ for report in reports for id_ in report.get("alike", ())}
    alike = _alike_families(ids)
    return tuple(
        ImportedRow(
            row.id, row.first_line, report.get("name", ""), row.state, row.outcome, row.is_wanted, row.adult_count,
            row.child_count, tuple(Problem(*each) for each in report.get("problems", ())),
            tuple(alike[id_] for id_ in report.get("alike", ()) if id_ in alike), report.get("alike_line"),
            row.family_id,
        )
        for row, report in zip(rows, reports, strict=True)
    )  # fmt: skip


def _alike_families(ids: set[int]) -> Mapping[int, AlikeFamily]:
    if not ids:
        return {}
    rows = db.session.execute(
        select(Family, FamilyAddress.city)
        .outerjoin(FamilyAddress, FamilyAddress.family_id == Family.id)
        .where(Family.id.in_(ids))
        .order_by(FamilyAddress.starts_on)
    )
    return {family.id: AlikeFamily(family.id, family.name, city or "") for family, city in rows}
