"""Recording the payments of collections: beside requests, one line after the other, each in its own transaction."""

import logging

from app.database import db, write_transaction
from app.services import debit_batches

logger = logging.getLogger(__name__)


class DebitJob:
    """Records what agents ordered. What fails is left, and tried again in the next round."""

    def __init__(self) -> None:
        self._done = 0

    def record_next(self) -> bool:
        """Record one payment; False when none is left, and the next round begins with the first again."""
        line_id = debit_batches.next_to_record(db.session(), self._done)
        if line_id is None:
            self._done = 0
            return False
        self._done = line_id
        try:
            with write_transaction() as session:
                debit_batches.record_line(session, line_id)
        except Exception:
            logger.exception("the payment of line %s was not recorded", line_id)
        return True
