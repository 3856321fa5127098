"""Preparing and issuing the invoice runs that the staff began, beside requests."""

from app.database import db, write_transaction
from app.models.invoices import RunStatus
from app.services import invoice_runs, run_pools
from app.services.invoice_runs import Step

PREPARED_AT_ONCE = 100
ISSUED_AT_ONCE = 20


def go_on() -> bool:
    """Take the oldest unfinished run one step further, in one short transaction; False when there is none.

    A process that dies between two calls, or in the midst of one, leaves the run to be taken up where it stopped.
    """
    step = invoice_runs.next_step(db.session())
    if step is not None:
        take(step)
    return step is not None


def take(step: Step, issued_at_once: int = ISSUED_AT_ONCE) -> None:
    """Prepare or issue the next families of a run; drafting comes before the transaction that stores what it made."""
    if step.status is RunStatus.ISSUING:
        with write_transaction() as session:
            invoice_runs.issue_next(session, step.run_id, issued_at_once)
        return
    batch = run_pools.draft_batch(db.session(), step.run_id, PREPARED_AT_ONCE)
    if batch is not None:
        with write_transaction() as session:
            run_pools.store_batch(session, batch)
