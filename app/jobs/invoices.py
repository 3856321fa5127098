"""Issuing the invoices of runs that the staff started, beside requests."""

from app.database import db, write_transaction
from app.services import invoice_runs


def issue_some(limit: int = 20) -> bool:
    """Issue the next invoices of an unfinished run, in one short transaction; False when no run has any left.

    A process that dies between two calls, or in the midst of one, leaves the run to be taken up where it stopped.
    """
    run_id = invoice_runs.unfinished_run(db.session())
    if run_id is None:
        return False
    with write_transaction() as session:
        invoice_runs.issue_next(session, run_id, limit)
    return True
