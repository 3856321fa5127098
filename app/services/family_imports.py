"""Imports of families from a file: read, checked without making anything, looked at, then made; undone while it can be.

Each step takes some families of one import in one transaction, holding the import; the state of a family says what is
still to be done, so that a process that dies, or two at once, leave neither gap nor double. When a family is made, what
the file says of it is read again by the rules of the forms, which `jobs/imports.py` brings.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.database import take_all_turns, take_turns
from app.models.families import Child, ClaimCode, Family, FamilyAddress, FamilyChild, FamilyQuotient, Guardian
from app.models.family_imports import (
    IMPORTS_AT_WORK,
    FamilyImport,
    ImportedFamily,
    ImportedState,
    ImportOutcome,
    ImportStatus,
)
from app.models.mails import OutboxMail
from app.rules.imports import FamilyLines, Trace, first_alike, first_with_email
from app.services.accounts import normalise_email
from app.services.claims import CODE_VALIDITY
from app.services.counter_families import BroughtFamily, alike_of_each, create_families, known_emails
from app.services.errors import AlreadyDecided, ImportUsed, NotFound
from app.services.import_traces import traces_of
from app.services.mails import queue_mails

SAME_FILE_WITHIN = timedelta(minutes=2)
STORED_AT_ONCE = 1_000
_TO_MAKE = (ImportedState.READY, ImportedState.ALIKE)
_TAKEN = "Cette adresse est déjà celle d’un compte, ou d’une autre famille. Videz la case, ou vérifiez qui elle est."


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a cell, and what to do."""

    line: int
    heading: str
    text: str  # what the cell says
    sentence: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a family of the file is: `family` unless something is wrong with it."""

    name: str
    adult_count: int
    child_count: int
    family: BroughtFamily | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """An import that has something to do, for the worker."""

    import_id: int
    status: ImportStatus  # one of IMPORTS_AT_WORK


@dataclass(frozen=True, slots=True)
class RawFamily:
    """A family of the file as it waits."""

    id: int
    lines: FamilyLines
    alike_line: int | None  # the line of a family above that may be the same
    email_line: int | None  # the line of a family above with an address of this one


@dataclass(frozen=True, slots=True)
class Code:
    """A claim code, and its slow hash, which was made before the transaction."""

    code: str
    code_hash: str


@dataclass(frozen=True, slots=True)
class ToMake:
    """A family to be made: what it is by now, and a code for each of its adults."""

    id: int
    family: BroughtFamily | None  # None: it is not valid any more
    codes: tuple[Code, ...]


def begin(
    session: Session, agent_id: int, file_name: str, digest: str, ignored: Sequence[str],
    families: Sequence[FamilyLines],
) -> int:  # fmt: skip
    """Keep what a file says and return the import's id; the worker checks it. The same file sent twice is one."""
    take_turns(session, "family import")
    again = session.scalar(
        select(FamilyImport.id).where(
            FamilyImport.asked_by_id == agent_id, FamilyImport.digest == digest,
            FamilyImport.asked_at > clock.now() - SAME_FILE_WITHIN,
            FamilyImport.status.in_([ImportStatus.CHECKING, ImportStatus.CHECKED]),
        )
    )  # fmt: skip
    if again is not None:
        return again
    row = FamilyImport(
        file_name=file_name, digest=digest, line_count=sum(len(each.lines) for each in families),
        ignored=", ".join(ignored), status=ImportStatus.CHECKING, asked_by_id=agent_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    alike, emails = first_alike(families), first_with_email(families)
    for start in range(0, len(families), STORED_AT_ONCE):
        session.add_all(
            ImportedFamily(
                import_id=row.id, first_line=family.first_line, state=ImportedState.WAITING,
                content=_packed(family, alike.get(place), emails.get(place)),
            )
            for place, family in enumerate(families[start : start + STORED_AT_ONCE], start)
        )  # fmt: skip
        session.flush()
        session.expunge_all()
    return row.id


def next_step(session: Session, *, without: Collection[int] = ()) -> Step | None:
    """The oldest import that has something to do, but for some."""
    row = session.execute(
        select(FamilyImport.id, FamilyImport.status)
        .where(FamilyImport.status.in_(IMPORTS_AT_WORK), FamilyImport.id.not_in(without))
        .order_by(FamilyImport.id)
    ).first()
    return None if row is None else Step(*row)


def next_raw(session: Session, step: Step, limit: int) -> list[RawFamily]:
    """The next families to check or to make; none when the step is done."""
    todo = select(ImportedFamily.id, ImportedFamily.content).where(ImportedFamily.import_id == step.import_id)
    if step.status is ImportStatus.CHECKING:
        todo = todo.where(ImportedFamily.state == ImportedState.WAITING)
    else:
        todo = todo.where(ImportedFamily.state.in_(_TO_MAKE), ImportedFamily.is_wanted)
    rows = session.execute(todo.order_by(ImportedFamily.id).limit(limit))
    return [_unpacked(id_, content) for id_, content in rows if content is not None]


def store_checks(session: Session, import_id: int, raw: Sequence[RawFamily], readings: Sequence[Reading]) -> None:
    """Keep what some families of a file are; without any, all are checked. The statements do not grow with them."""
    row = _hold(session, import_id)
    if row.status is not ImportStatus.CHECKING:
        return
    if not raw:
        row.status = ImportStatus.CHECKED
        session.flush()
        return
    waiting = _still(session, raw, (ImportedState.WAITING,))
    families = [each.family for each in readings if each.family is not None]
    alike = iter(alike_of_each(session, families))
    known = known_emails(session, {email for each in families for email in each.emails})
    rows: list[dict[str, Any]] = []
    for each, reading in zip(raw, readings, strict=True):
        others: frozenset[int] = next(alike) if reading.family is not None else frozenset()
        if each.id not in waiting:
            continue
        problems = (*reading.problems, *_email_problems(each, reading, known))
        is_alike = bool(others) or each.alike_line is not None
        if reading.family is None or (problems and not is_alike):
            state = ImportedState.WRONG
        else:
            state = ImportedState.ALIKE if is_alike else ImportedState.READY
        report = {
            "name": reading.name, "alike": sorted(others), "alike_line": each.alike_line,
            "problems": [[one.line, one.heading, one.text, one.sentence] for one in problems],
        }  # fmt: skip
        rows.append(
            {
                "id": each.id, "state": state, "is_wanted": state is ImportedState.READY,
                "adult_count": reading.adult_count, "child_count": reading.child_count,
                "report": json.dumps(report, ensure_ascii=False),
            }
        )  # fmt: skip
    if rows:
        session.execute(update(ImportedFamily), rows)


def choose(session: Session, import_id: int, shown: Collection[int], wanted: Collection[int]) -> None:
    """Say of some families that they are to be made, of the others shown that they are not.

    One of which something is wrong is never made. Raises NotFound, AlreadyDecided.
    """
    row = _hold(session, import_id)
    if row.status is not ImportStatus.CHECKED:
        raise AlreadyDecided
    rows = session.scalars(
        select(ImportedFamily).where(
            ImportedFamily.import_id == import_id, ImportedFamily.id.in_(shown), ImportedFamily.state.in_(_TO_MAKE)
        )
    )
    for each in rows:
        each.is_wanted = each.id in wanted and not json.loads(each.report or "{}").get("problems")
    session.flush()


def order(session: Session, import_id: int, agent_id: int, *, mails_codes: bool, verifies_quotients: bool) -> None:
    """Have the families made; the worker does it. Once more changes nothing. Raises NotFound, AlreadyDecided."""
    row = _hold(session, import_id)
    if row.status in (ImportStatus.CREATING, ImportStatus.CREATED):
        return
    if row.status is not ImportStatus.CHECKED or not _has(session, import_id, ImportedFamily.is_wanted):
        raise AlreadyDecided
    row.status, row.ordered_at, row.ordered_by_id = ImportStatus.CREATING, clock.now(), agent_id
    row.mails_codes, row.verifies_quotients = mails_codes, verifies_quotients
    session.flush()


def abandon(session: Session, import_id: int) -> None:
    """Let an import go before anything was made; what was in the file goes too. Raises NotFound, AlreadyDecided."""
    row = _hold(session, import_id)
    if row.status is ImportStatus.ABANDONED:
        return
    if row.status not in (ImportStatus.CHECKING, ImportStatus.CHECKED):
        raise AlreadyDecided
    row.status, row.ended_at = ImportStatus.ABANDONED, clock.now()
    session.flush()
    forget(session, [import_id])


def make(session: Session, import_id: int, wanted: Sequence[ToMake]) -> None:
    """Make some families, with a claim code for each of their adults; without any, all are made.

    One whose address was taken meanwhile, or which looks like a family that came meanwhile, is left, and said. The
    statements do not grow with the families, but for the mails' own rows.
    """
    row = _hold(session, import_id)
    if row.status is not ImportStatus.CREATING:
        return
    if not wanted:
        row.status, row.ended_at = ImportStatus.CREATED, clock.now()
        session.flush()
        _forget_content(session, import_id)
        return
    take_turns(session, "family import")
    take_all_turns(session, {email for each in wanted if each.family is not None for email in each.family.emails})
    still = _still(session, wanted, _TO_MAKE)
    valid = [each for each in wanted if each.id in still and each.family is not None]
    taken = known_emails(session, {email for _, family in _families(valid) for email in family.emails})
    alike = alike_of_each(session, [family for _, family in _families(valid)])
    own = select(ImportedFamily.family_id).where(
        ImportedFamily.import_id == import_id, ImportedFamily.family_id.in_(set().union(*alike))
    )
    of_this_import = set(session.scalars(own))
    changes: dict[int, dict[str, Any]] = {
        each.id: _failed(ImportOutcome.NOT_VALID) for each in wanted if each.id in still and each.family is None
    }
    made: list[tuple[ToMake, BroughtFamily]] = []
    for (each, family), others in zip(_families(valid), alike, strict=True):
        if not taken.isdisjoint(family.emails):
            changes[each.id] = _failed(ImportOutcome.EMAIL_TAKEN)
        elif still[each.id] is ImportedState.READY and others - of_this_import:
            changes[each.id] = _failed(ImportOutcome.ALIKE_SINCE)
        else:
            made.append((each, family))
    agent_id = row.ordered_by_id or row.asked_by_id
    rows = create_families(session, [family for _, family in made], agent_id, verifies_quotients=row.verifies_quotients)
    expires_at = clock.now() + CODE_VALIDITY
    mails: list[tuple[int, str, Mapping[str, object]]] = []
    secrets: list[str] = []
    for (each, _family), stored in zip(made, rows, strict=True):
        codes = list(zip(stored.guardians, each.codes, strict=True))
        session.add_all(
            ClaimCode(guardian_id=guardian.id, code_hash=code.code_hash, created_by_id=agent_id, expires_at=expires_at)
            for guardian, code in codes
        )
        changes[each.id] = {
            "state": ImportedState.CREATED, "family_id": stored.id, "content": None,
            "codes": json.dumps({str(guardian.id): code.code for guardian, code in codes}),
        }  # fmt: skip
        for guardian, code in codes if row.mails_codes else ():
            if guardian.email:
                values = {"family": stored, "guardian": guardian, "expires_at": expires_at}
                mails.append((stored.id, guardian.email, values))
                secrets.append(code.code)
    session.flush()
    queue_mails(session, "family_imported", mails, secrets=secrets, not_after=expires_at)
    _store(session, changes)


def leave_aside(session: Session, import_id: int, imported_id: int) -> None:
    """Leave a family that cannot be made, whatever the reason."""
    if _hold(session, import_id).status is ImportStatus.CREATING:
        _store(session, {imported_id: _failed(ImportOutcome.ERROR)})


def undo(session: Session, import_id: int, agent_id: int) -> None:
    """Have what an import made deleted; the worker does it. Once more changes nothing.

    Raises NotFound; AlreadyDecided for one that is not made; ImportUsed where a family did something since.
    """
    row = _hold(session, import_id)
    if row.status in (ImportStatus.UNDOING, ImportStatus.UNDONE):
        return
    if row.status is not ImportStatus.CREATED:
        raise AlreadyDecided
    if traces_of(session, _family_ids(import_id)):
        raise ImportUsed
    row.status, row.undone_at, row.undone_by_id = ImportStatus.UNDOING, clock.now(), agent_id
    session.flush()


def used_since(session: Session, import_id: int) -> Mapping[int, frozenset[Trace]]:
    """By family of an import that did something since, what that was. One query."""
    return traces_of(session, _family_ids(import_id))


def undo_next(session: Session, import_id: int, limit: int) -> None:
    """Delete the next families that an import made, but those that did something meanwhile."""
    row = _hold(session, import_id)
    if row.status is not ImportStatus.UNDOING:
        return
    found = session.execute(
        select(ImportedFamily.id, ImportedFamily.family_id)
        .where(ImportedFamily.import_id == import_id, ImportedFamily.state == ImportedState.CREATED)
        .order_by(ImportedFamily.id)
        .limit(limit)
    ).all()
    if not found:
        row.status, row.ended_at = ImportStatus.UNDONE, clock.now()
        session.flush()
        return
    ids = {family_id for _, family_id in found if family_id is not None}
    # Whoever signs in, books or writes for one of them comes before, and is seen, or waits, and finds it gone.
    session.execute(select(Family.id).where(Family.id.in_(ids)).order_by(Family.id).with_for_update(key_share=True))
    children = set(session.scalars(select(FamilyChild.child_id).where(FamilyChild.family_id.in_(ids))))
    session.execute(select(Child.id).where(Child.id.in_(children)).order_by(Child.id).with_for_update())
    used = set(traces_of(session, select(Family.id).where(Family.id.in_(ids))))
    kept_children = set(session.scalars(select(FamilyChild.child_id).where(FamilyChild.family_id.in_(used))))
    goes = ids - used
    _store(
        session,
        {
            id_: {
                "state": ImportedState.KEPT if family_id in used else ImportedState.DELETED,
                "family_id": family_id if family_id in used else None, "codes": None,
            }
            for id_, family_id in found
        },
    )  # fmt: skip
    session.execute(delete(OutboxMail).where(OutboxMail.family_id.in_(goes)))
    guardians = select(Guardian.id).where(Guardian.family_id.in_(goes))
    session.execute(delete(ClaimCode).where(ClaimCode.guardian_id.in_(guardians)))
    for table in (Guardian, FamilyAddress, FamilyQuotient, FamilyChild):
        session.execute(delete(table).where(table.family_id.in_(goes)))
    session.execute(delete(Child).where(Child.id.in_(children - kept_children)))
    session.execute(delete(Family).where(Family.id.in_(goes)))


def forget(session: Session, import_ids: Collection[int]) -> None:
    """Let go what some files said, and the codes; who imported when, and how many, stays."""
    session.execute(
        update(ImportedFamily)
        .where(ImportedFamily.import_id.in_(import_ids))
        .values(content=None, report=None, codes=None)
    )


def _forget_content(session: Session, import_id: int) -> None:
    """Of families that are not made the lines go as well; what was wrong with them stays until the purge."""
    session.execute(update(ImportedFamily).where(ImportedFamily.import_id == import_id).values(content=None))


def _hold(session: Session, import_id: int) -> FamilyImport:
    row = session.scalar(
        select(FamilyImport)
        .where(FamilyImport.id == import_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("import")
    return row


def _still(
    session: Session, rows: Sequence[RawFamily | ToMake], states: Collection[ImportedState]
) -> Mapping[int, ImportedState]:
    found = session.execute(
        select(ImportedFamily.id, ImportedFamily.state).where(
            ImportedFamily.id.in_([each.id for each in rows]), ImportedFamily.state.in_(states)
        )
    )
    return {row.id: row.state for row in found}


def _has(session: Session, import_id: int, condition: Any) -> bool:
    wanted = select(ImportedFamily.id).where(ImportedFamily.import_id == import_id, condition)
    return session.scalar(wanted.limit(1)) is not None


def _families(wanted: Sequence[ToMake]) -> list[tuple[ToMake, BroughtFamily]]:
    return [(each, each.family) for each in wanted if each.family is not None]


def _family_ids(import_id: int) -> Any:
    return select(ImportedFamily.family_id).where(
        ImportedFamily.import_id == import_id, ImportedFamily.family_id.is_not(None)
    )


def _failed(outcome: ImportOutcome) -> dict[str, Any]:
    return {"state": ImportedState.FAILED, "outcome": outcome, "content": None}


def _store(session: Session, changes: Mapping[int, Mapping[str, Any]]) -> None:
    """Rows whose changes have the same columns are written by one statement."""
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for id_, values in changes.items():
        by_columns.setdefault(tuple(sorted(values)), []).append({"id": id_, **values})
    for rows in by_columns.values():
        session.execute(update(ImportedFamily), rows)


def _email_problems(raw: RawFamily, reading: Reading, known: frozenset[str]) -> list[Problem]:
    if reading.family is None:
        return []
    said, found = raw.lines.home(), []
    for key, heading in (("email_1", "Email adulte 1"), ("email_2", "Email adulte 2")):
        line, text = said.get(key, (0, ""))
        if text and normalise_email(text) in known:
            found.append(Problem(line, heading, text, _TAKEN))
    if raw.email_line is not None:
        line, text = said.get("email_1") or said["email_2"]
        sentence = (
            f"Une adresse de cette famille est aussi dans celle de la ligne {raw.email_line}. Videz une des cases."
        )
        found.append(Problem(line, "Email", text, sentence))
    return found


def _packed(family: FamilyLines, alike_line: int | None, email_line: int | None) -> str:
    lines = [[number, {key: text for key, text in cells.items() if text}] for number, cells in family.lines]
    words = {"reference": family.reference, "lines": lines, "alike_line": alike_line, "email_line": email_line}
    return json.dumps(words, ensure_ascii=False)


def _unpacked(id_: int, content: str) -> RawFamily:
    words = json.loads(content)
    lines = FamilyLines(words["reference"], tuple((number, cells) for number, cells in words["lines"]))
    return RawFamily(id_, lines, words["alike_line"], words["email_line"])


def count_states(session: Session, import_id: int) -> Mapping[ImportedState, int]:
    """How many families of an import are in each state."""
    rows = session.execute(
        select(ImportedFamily.state, func.count())
        .where(ImportedFamily.import_id == import_id)
        .group_by(ImportedFamily.state)
    )
    return {row.state: row[1] for row in rows}
