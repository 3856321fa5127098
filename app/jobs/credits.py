"""Crediting what was closed, or excused, after it was invoiced: beside requests, one family at a time."""

import logging

from app.database import db, write_transaction
from app.services import corrections

logger = logging.getLogger(__name__)


class CreditJob:
    """Carries out what needs nobody's decision. What fails is left for an agent, and tried again in the next round."""

    def __init__(self) -> None:
        self._done = 0

    def credit_next(self) -> bool:
        """Carry out one correction; False when none is left, and the next round begins with the first again."""
        correction_id = corrections.next_automatic(db.session(), self._done)
        if correction_id is None:
            self._done = 0
            return False
        self._done = correction_id
        try:
            with write_transaction() as session:
                corrections.carry_out(session, correction_id)
        except Exception:
            logger.exception("correction %s was not carried out", correction_id)
        return True
