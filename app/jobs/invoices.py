"""Preparing and issuing the invoice runs that the staff began, beside requests."""

import logging

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.database import db, write_transaction
from app.models.invoices import RunStatus
from app.services import invoice_runs, run_pools
from app.services.invoice_runs import Step

logger = logging.getLogger(__name__)

PREPARED_AT_ONCE = 100
ISSUED_AT_ONCE = 20
TRIED_ONE_BY_ONE = 20

_PASSING = (OperationalError, InterfaceError, PoolTimeout, OSError)
"""The database or the disk is away, or busy: no family's fault, so that none is left aside for it."""


def go_on() -> bool:
    """Take the oldest unfinished run that does not rest one step further; False when there is none.

    A process that dies between two calls, or in the midst of one, leaves the run to be taken up where it stopped.
    """
    step = invoice_runs.next_step(db.session())
    if step is None:
        return False
    attempt(step)
    return True


def attempt(step: Step, issued_at_once: int = ISSUED_AT_ONCE) -> bool:
    """Take a run one step further; False where that raises: it rests then, and the others go on.

    Raises what keeps even this from being noted: the database is away.
    """
    try:
        take(step, issued_at_once)
    except Exception:
        db.session.rollback()
        logger.exception("run %s cannot go on", step.run_id)
        with write_transaction() as session:
            invoice_runs.record_failure(session, step.run_id)
        return False
    if step.failure_count:
        with write_transaction() as session:
            invoice_runs.record_success(session, step.run_id)
    return True


def take(step: Step, issued_at_once: int = ISSUED_AT_ONCE) -> None:
    """Prepare or issue the next families of a run: together, or where that raises one by one.

    One that raises by itself is left aside, where the agent reads of it, and the others go on.
    """
    try:
        take_together(step, issued_at_once)
        return
    except _PASSING:
        raise
    except Exception:
        db.session.rollback()
        logger.exception("run %s: its next families are tried one by one", step.run_id)
    try_one = _issue_one if step.status is RunStatus.ISSUING else _prepare_one
    for _ in range(TRIED_ONE_BY_ONE):
        if not try_one(step.run_id):
            break


def take_together(step: Step, issued_at_once: int = ISSUED_AT_ONCE) -> None:
    """The same, for all or none of them; drafting comes before the transaction that stores what it made."""
    if step.status is RunStatus.ISSUING:
        with write_transaction() as session:
            invoice_runs.issue_next(session, step.run_id, issued_at_once)
    else:
        _prepare(step.run_id, PREPARED_AT_ONCE)


def _prepare(run_id: int, limit: int) -> bool:
    batch = run_pools.draft_batch(db.session(), run_id, limit)
    if batch is None:
        return False
    with write_transaction() as session:
        run_pools.store_batch(session, batch)
    return True


def _prepare_one(run_id: int) -> bool:
    """Whether there was one to prepare. Raises what is no family's fault."""
    batch = run_pools.batch_not_drafted(db.session(), run_id)
    try:
        return _prepare(run_id, 1)
    except _PASSING:
        raise
    except Exception:
        if batch is None or not batch.family_ids:
            raise
        logger.exception("run %s: family %s is not drafted", run_id, batch.family_ids[0])
        with write_transaction() as session:
            run_pools.store_batch(session, batch)
        return True


def _issue_one(run_id: int) -> bool:
    """Whether there was one to issue. Raises what is no family's fault."""
    family_id = None
    try:
        with write_transaction() as session:
            family_id = invoice_runs.hold_next_family(session, run_id)
            return invoice_runs.issue_next(session, run_id, 1) > 0
    except _PASSING:
        raise
    except Exception:
        if family_id is None:
            raise
        logger.exception("run %s: family %s is left aside", run_id, family_id)
        with write_transaction() as session:
            invoice_runs.leave_aside(session, run_id, family_id)
        return True
