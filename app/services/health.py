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
from app.services import mails

WAIT_SECONDS = 3.0

# Its own threads: a database that never answers must not hold those of the requests.
_askers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="health")


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """Whether the database answers, and for how long its oldest unsent mail has waited (None: none waits)."""

    answers: bool
    oldest_mail_seconds: int | None


def read_database() -> DatabaseHealth:
    """Ask the database; an error, or no answer within three seconds, is « does not answer »."""
    try:
        oldest = _askers.submit(_ask, db.engine).result(timeout=WAIT_SECONDS)
    except (SQLAlchemyError, NoAnswer):
        return DatabaseHealth(answers=False, oldest_mail_seconds=None)
    waited = None if oldest is None else max(0, int((clock.now() - oldest).total_seconds()))
    return DatabaseHealth(answers=True, oldest_mail_seconds=waited)


def _ask(engine: Engine) -> datetime | None:
    with Session(engine) as session:
        session.execute(text("SELECT 1"))
        return mails.oldest_waiting(session)
