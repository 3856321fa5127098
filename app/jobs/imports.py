"""Checking, making and undoing the imports of families, beside requests."""

import logging
import time

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.database import db, write_transaction
from app.forms.family_imports import read_families
from app.models.family_imports import ImportStatus
from app.services import family_imports
from app.services.credentials import hash_code, new_code
from app.services.family_imports import Code, Step, ToMake

logger = logging.getLogger(__name__)

CHECKED_AT_ONCE = 100
MADE_AT_ONCE = 10
UNDONE_AT_ONCE = 100
REST_SECONDS = 60.0
"""How long an import that cannot go on lets the others pass before it is tried again."""

_PASSING = (OperationalError, InterfaceError, PoolTimeout, OSError)
"""The database or the disk is away, or busy: no family's fault, so that none is left aside for it."""


class ImportJob:
    """Takes imports further. One that raises rests, and the next ones go on; it is tried again a while later."""

    def __init__(self) -> None:
        self._rests_until: dict[int, float] = {}

    def go_on(self) -> bool:
        """Take the oldest unfinished import that does not rest one step further; False when there is none."""
        now = time.monotonic()
        self._rests_until = {id_: until for id_, until in self._rests_until.items() if until > now}
        step = family_imports.next_step(db.session(), without=self._rests_until)
        if step is None:
            return False
        try:
            take(step)
        except Exception:
            db.session.rollback()
            logger.exception("import %s cannot go on", step.import_id)
            self._rests_until[step.import_id] = now + REST_SECONDS
        return True


def take(step: Step) -> None:
    """Check, make or undo the next families of an import.

    Of those to make, where they cannot be made together, each is tried by itself: one that raises is left aside.
    """
    if step.status is ImportStatus.CHECKING:
        _check(step)
    elif step.status is ImportStatus.UNDOING:
        with write_transaction() as session:
            family_imports.undo_next(session, step.import_id, UNDONE_AT_ONCE)
    else:
        try:
            _make(step, MADE_AT_ONCE)
        except _PASSING:
            raise
        except Exception:
            db.session.rollback()
            logger.exception("import %s: its next families are tried one by one", step.import_id)
            _make_one_by_one(step)


def _check(step: Step) -> None:
    raw = family_imports.next_raw(db.session(), step, CHECKED_AT_ONCE)
    readings = read_families([each.lines for each in raw])
    db.session.rollback()
    with write_transaction() as session:
        family_imports.store_checks(session, step.import_id, raw, readings)


def _make(step: Step, limit: int) -> None:
    raw = family_imports.next_raw(db.session(), step, limit)
    readings = read_families([each.lines for each in raw])
    db.session.rollback()  # no transaction stays open while codes are hashed, which is slow
    wanted = [
        ToMake(each.id, reading.family, tuple(_code() for _ in range(reading.adult_count)))
        for each, reading in zip(raw, readings, strict=True)
    ]
    with write_transaction() as session:
        family_imports.make(session, step.import_id, wanted)


def _make_one_by_one(step: Step) -> None:
    for _ in range(MADE_AT_ONCE):
        following = family_imports.next_raw(db.session(), step, 1)
        if not following:
            return
        try:
            _make(step, 1)
        except _PASSING:
            raise
        except Exception:
            db.session.rollback()
            logger.exception("import %s: family %s is left aside", step.import_id, following[0].id)
            with write_transaction() as session:
                family_imports.leave_aside(session, step.import_id, following[0].id)


def _code() -> Code:
    code = new_code()
    return Code(code, hash_code(code))
