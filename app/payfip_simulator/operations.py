"""The simulator's memory: operations, and the notifications that it owes for them, in one SQLite file."""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from pathlib import Path

from app import clock
from app.clock import PARIS

OPENING_TIME = timedelta(minutes=15)
RESULTS_ARE_KEPT = timedelta(days=365)
NIGHTLY_CLEANING = time(4)

_TABLES = """
CREATE TABLE IF NOT EXISTS operation (
    id TEXT PRIMARY KEY, client_number TEXT NOT NULL, year TEXT NOT NULL, reference TEXT NOT NULL,
    subject TEXT NOT NULL, amount_cents INTEGER NOT NULL, email TEXT NOT NULL, mode TEXT NOT NULL,
    notify_url TEXT NOT NULL, return_url TEXT NOT NULL, created_at TEXT NOT NULL, opened_at TEXT,
    result TEXT, ended_at TEXT
);
CREATE TABLE IF NOT EXISTS notification (
    id INTEGER PRIMARY KEY, operation_id TEXT NOT NULL REFERENCES operation(id), delay_seconds INTEGER NOT NULL,
    waits_for_return INTEGER NOT NULL, answer TEXT
);
"""


class Result(StrEnum):
    """PayFiP's letter for how a payment ended (« resultrans »)."""

    PAID_CARD = "P"
    PAID_DEBIT = "V"
    REFUSED_CARD = "R"
    REFUSED_DEBIT = "Z"
    ABANDONED = "A"


@dataclass(frozen=True, slots=True)
class NewOperation:
    """What a council asks for, checked."""

    client_number: str
    year: str
    reference: str
    subject: str
    amount_cents: int
    email: str
    mode: str
    notify_url: str
    return_url: str


@dataclass(frozen=True, slots=True)
class Operation(NewOperation):
    """An operation and its life."""

    operation_id: str
    created_at: datetime
    opened_at: datetime | None  # when its payer reached the payment page
    result: Result | None
    ended_at: datetime | None

    @property
    def closes_at(self) -> datetime:
        """Until when its payer may come."""
        return self.created_at + OPENING_TIME

    @property
    def authorisation(self) -> str | None:
        """The number that a bank gives to a payment; PayFiP gives none for what was not paid."""
        if self.result not in (Result.PAID_CARD, Result.PAID_DEBIT):
            return None
        return f"{uuid.UUID(self.operation_id).int % 10**12:012d}-sim"


@dataclass(frozen=True, slots=True)
class Notification:
    """A message owed to the council for an operation that has ended."""

    notification_id: int
    operation_id: str
    url: str
    delay_seconds: int


class Operations:
    """The operations kept in a file; safe for threads and for several openings of the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_TABLES)
            too_old = _stored(clock.now() - RESULTS_ARE_KEPT)
            connection.execute(
                "DELETE FROM notification WHERE operation_id IN (SELECT id FROM operation WHERE created_at < ?)",
                (too_old,),
            )
            connection.execute("DELETE FROM operation WHERE created_at < ?", (too_old,))

    def create(self, new: NewOperation) -> str:
        """Keep a new operation; its id."""
        operation_id = str(uuid.uuid4())
        with self._connection() as connection:
            connection.execute(
                "INSERT INTO operation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)",
                (
                    operation_id,
                    new.client_number,
                    new.year,
                    new.reference,
                    new.subject,
                    new.amount_cents,
                    new.email,
                    new.mode,
                    new.notify_url,
                    new.return_url,
                    _stored(clock.now()),
                ),
            )
        return operation_id

    def find(self, operation_id: str) -> Operation | None:
        """The operation, unless PayFiP would have forgotten it: those that nobody paid go the following night, the
        others after a year."""
        with self._connection() as connection:
            row = connection.execute("SELECT * FROM operation WHERE id = ?", (operation_id,)).fetchone()
        if row is None:
            return None
        operation = Operation(
            operation_id=row["id"],
            client_number=row["client_number"],
            year=row["year"],
            reference=row["reference"],
            subject=row["subject"],
            amount_cents=row["amount_cents"],
            email=row["email"],
            mode=row["mode"],
            notify_url=row["notify_url"],
            return_url=row["return_url"],
            created_at=datetime.fromisoformat(row["created_at"]).astimezone(PARIS),
            opened_at=_moment(row["opened_at"]),
            result=Result(row["result"]) if row["result"] else None,
            ended_at=_moment(row["ended_at"]),
        )
        now = clock.now()
        if operation.result is None:
            forgotten = operation.closes_at < _last_cleaning(now)
        else:
            forgotten = now - operation.created_at > RESULTS_ARE_KEPT
        return None if forgotten else operation

    def open(self, operation_id: str) -> None:
        """Keep that the payer reached the payment page."""
        with self._connection() as connection:
            connection.execute(
                "UPDATE operation SET opened_at = ? WHERE id = ? AND opened_at IS NULL",
                (_stored(clock.now()), operation_id),
            )

    def end(
        self, operation_id: str, result: Result, *, notifications: int, delay_seconds: int, after_return: bool
    ) -> bool:
        """Keep the result, with `notifications` messages owed for it; False where the operation has one already."""
        with self._connection() as connection:
            ended = connection.execute(
                "UPDATE operation SET result = ?, ended_at = ? WHERE id = ? AND result IS NULL",
                (result.value, _stored(clock.now()), operation_id),
            )
            if ended.rowcount != 1:
                return False
            connection.executemany(
                "INSERT INTO notification (operation_id, delay_seconds, waits_for_return) VALUES (?, ?, ?)",
                [(operation_id, delay_seconds, after_return)] * notifications,
            )
            return True

    def release(self, operation_id: str) -> None:
        """The payer went back: the notifications that waited for that wait no longer."""
        with self._connection() as connection:
            connection.execute("UPDATE notification SET waits_for_return = 0 WHERE operation_id = ?", (operation_id,))

    def notifications_owed(self) -> list[Notification]:
        """What may be sent and was not."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT n.id, n.operation_id, o.notify_url, n.delay_seconds FROM notification n"
                " JOIN operation o ON o.id = n.operation_id"
                " WHERE n.answer IS NULL AND n.waits_for_return = 0 ORDER BY n.id"
            ).fetchall()
        return [Notification(*row) for row in rows]

    def answered(self, notification: Notification, answer: str) -> None:
        """Keep what the council said to a notification, or what went wrong: it is not sent again."""
        with self._connection() as connection:
            connection.execute(
                "UPDATE notification SET answer = ? WHERE id = ?", (answer, notification.notification_id)
            )

    def answers(self, operation_id: str) -> list[str | None]:
        """What the council said to each notification of an operation; None for those not sent yet."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT answer FROM notification WHERE operation_id = ? ORDER BY id", (operation_id,)
            ).fetchall()
        return [row["answer"] for row in rows]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection and a transaction for a few statements."""
        connection = sqlite3.connect(self._path, timeout=15)
        connection.row_factory = sqlite3.Row
        try:
            with connection:
                yield connection
        finally:
            connection.close()


def _last_cleaning(now: datetime) -> datetime:
    """The last night's cleaning before `now`."""
    day = now.date() if now.time() >= NIGHTLY_CLEANING else now.date() - timedelta(days=1)
    return datetime.combine(day, NIGHTLY_CLEANING, PARIS)


def _stored(moment: datetime) -> str:
    return moment.astimezone(PARIS).isoformat(timespec="seconds")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(PARIS) if text else None
