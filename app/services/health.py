"""Whether the database answers, within a time that a monitor can wait for."""

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswer
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.services import mails, payments, run_views

WAIT_SECONDS = 3.0

# Its own threads: a database that never answers must not hold those of the requests.
_askers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="health")


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """Whether the database answers, for how long its oldest unsent mail and its oldest online payment without a
    result have waited (None: none waits), and how many invoice runs do not go on by themselves (None: unknown)."""

    answers: bool
    oldest_mail_seconds: int | None = None
    oldest_payment_seconds: int | None = None
    stuck_runs: int | None = None


def read_database() -> DatabaseHealth:
    """Ask the database; an error, or no answer within three seconds, is « does not answer »."""
    try:
        mail_at, payment_at, stuck_runs = _askers.submit(_ask, db.engine).result(timeout=WAIT_SECONDS)
    except (SQLAlchemyError, NoAnswer):
        return DatabaseHealth(answers=False)
    return DatabaseHealth(True, _seconds_since(mail_at), _seconds_since(payment_at), stuck_runs)


def _seconds_since(moment: datetime | None) -> int | None:
    return None if moment is None else max(0, int((clock.now() - moment).total_seconds()))


def _ask(engine: Engine) -> tuple[datetime | None, datetime | None, int]:
    with Session(engine) as session:
        session.execute(text("SELECT 1"))
        return mails.oldest_waiting(session), payments.oldest_pending(session), run_views.count_stuck(session)
