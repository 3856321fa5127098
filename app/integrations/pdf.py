"""Papers of the council as PDF: invoices, credit notes, receipts, statements for funds, and the teams' sheets.

The page is filled in here (jinja2, with escaping on); xhtml2pdf, slow and with a lock of its own, runs in child
processes (`pdf_printer.py`), so that it holds up no request. The children are commands of their own rather than
multiprocessing's: those would import `wsgi.py`, and so build the whole application, in every child.

Only our templates are rendered, never HTML that somebody typed.
"""

import atexit
import logging
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import TracebackType

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.filters import TEMPLATE_FILTERS
from app.integrations import pdf_printer
from app.integrations.pdf_printer import read_frame, write_frame

TEMPLATES = Path(__file__).resolve().parents[1] / "templates" / "pdf"
ASSETS = Path(__file__).resolve().parent / "data" / "fonts"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes: the council and its office, where and how it is reached. The phone is E.164; empty is none."""

    council_name: str
    office_name: str
    address_lines: tuple[str, ...]
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class InvoicePaperLine:
    """A line of an invoice, in the words stored when it was issued: « Mercredi, Matin », « 4 et 11 mars 2026 »."""

    child_name: str
    label: str
    days: str
    explanation: str
    quantity: int
    unit_price_cents: int
    amount_cents: int


@dataclass(frozen=True, slots=True)
class InvoicePaper:
    """All that `invoice.html` says. ``recipient_lines`` are the name and address, six lines at most fit the window.

    ``credited_cents`` and ``paid_cents`` are what had been settled when the paper was made; ``how_to_pay`` are whole
    sentences, one for each way.
    """

    number: str
    issued_on: date
    due_on: date
    months: tuple[date, ...]  # their first days
    letterhead: Letterhead
    recipient_lines: tuple[str, ...]
    lines: tuple[InvoicePaperLine, ...]
    total_cents: int
    credited_cents: int
    paid_cents: int
    balance_cents: int
    how_to_pay: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CreditPaperUse:
    """What of a credit note went to an invoice before the paper was made."""

    invoice_number: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class CreditPaper:
    """All that `credit.html` says. ``left_cents`` is what no invoice had taken yet when the paper was made.

    The uses and what is left together are ``total_cents``.
    """

    number: str
    issued_on: date
    invoice_number: str
    reason: str
    letterhead: Letterhead
    recipient_lines: tuple[str, ...]
    lines: tuple[InvoicePaperLine, ...]
    total_cents: int
    uses: tuple[CreditPaperUse, ...]
    left_cents: int


@dataclass(frozen=True, slots=True)
class ReceiptPaperLine:
    """What of a payment went to an invoice."""

    invoice_number: str
    invoice_issued_on: date
    amount_cents: int


@dataclass(frozen=True, slots=True)
class ReceiptPaper:
    """All that `receipt.html` says. ``means`` is the French word (« carte bancaire »), ``reference`` may be empty.

    ``surplus_cents`` is what no invoice took. The lines and the surplus together are ``amount_cents``. A payment that
    was reversed says when in ``reversed_on``, and why in ``reversed_because``.
    """

    number: str
    received_on: date
    letterhead: Letterhead
    recipient_lines: tuple[str, ...]
    means: str
    reference: str
    lines: tuple[ReceiptPaperLine, ...]
    surplus_cents: int
    amount_cents: int
    reversed_on: date | None = None
    reversed_because: str = ""


@dataclass(frozen=True, slots=True)
class StatementPaperLine:
    """What a fund owes for one aid of a child, in words: « 4, 11 et 18 mars 2026 »."""

    child_name: str
    born_on: date
    family_name: str
    fund_number: str
    aid_name: str
    days: str
    day_count: int
    invoice_numbers: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class StatementPaper:
    """All that `statement.html` says to a fund. ``reference`` may be empty; the lines together are ``total_cents``."""

    fund_name: str
    reference: str
    first: date
    last: date
    made_on: date
    letterhead: Letterhead
    recipient_lines: tuple[str, ...]
    lines: tuple[StatementPaperLine, ...]
    day_count: int
    total_cents: int


@dataclass(frozen=True, slots=True)
class MealPaperRow:
    """A kind of meal: its words, its numbers in the columns of ages (None: of no age), their sum, what was eaten."""

    words: str
    numbers: tuple[int | None, ...]
    total: int
    served: int | None  # None: nobody was ticked yet


@dataclass(frozen=True, slots=True)
class MealPaperService:
    """A meal of a day, with what was ordered of it in whole sentences."""

    day: date
    name: str
    columns: tuple[str, ...]
    rows: tuple[MealPaperRow, ...]
    total: int
    served: int | None
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NamedMealPaper:
    """A child whose meal the kitchen tells apart."""

    day: date
    name: str
    about: str  # age, group, meal
    diets: str
    allergies: str
    remarks: str


@dataclass(frozen=True, slots=True)
class MealPaper:
    """All that `meals.html` says. ``named`` is None where no names are asked for."""

    council_name: str
    title: str
    made_at: datetime
    services: tuple[MealPaperService, ...]
    named: tuple[NamedMealPaper, ...] | None


@dataclass(frozen=True, slots=True)
class SafetyPaperChild:
    """What a sheet says of a child, in words; what nobody said is left out, and told by ``cautions``."""

    name: str
    about: str  # age, birth date, group, hours
    cautions: tuple[str, ...]
    parents: tuple[str, ...]
    others: tuple[str, ...]
    collectors: tuple[str, ...]
    leaving: str
    doctor: str
    health: tuple[tuple[str, str], ...]
    diets: str
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SafetyPaper:
    """All that `safety_sheet.html` says; ``asked_by``: who made it and is answerable for the paper."""

    council_name: str
    council_phone: str
    title: str
    asked_by: str
    made_at: datetime
    children: tuple[SafetyPaperChild, ...]


@dataclass(frozen=True, slots=True)
class DayPaperRow:
    """A child who comes: which columns, and what is said of it."""

    name: str
    about: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DayPaperTable:
    """The children of an activity, with the heads of its columns; by group."""

    name: str
    columns: tuple[str, ...]
    groups: tuple[tuple[str, tuple[DayPaperRow, ...]], ...]


@dataclass(frozen=True, slots=True)
class DayPaper:
    """All that `who_comes.html` says."""

    council_name: str
    title: str
    made_at: datetime
    tables: tuple[DayPaperTable, ...]


@dataclass(frozen=True, slots=True)
class LetterPaper:
    """All that `letter.html` says: a mail on paper. ``paragraphs`` are their lines."""

    subject: str
    written_on: date
    letterhead: Letterhead
    recipient_lines: tuple[str, ...]
    paragraphs: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class DebtMovePaperLine:
    """A write-off, a transfer or what cancelled one; ``amount_cents`` is negative then."""

    invoice_number: str
    recorded_on: date
    family_name: str
    what: str
    reason: str
    recorded_by: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class DebtMovesPaper:
    """All that `debt_moves.html` says to the accountant; ``about`` is what was chosen, in words."""

    about: str
    made_on: date
    letterhead: Letterhead
    lines: tuple[DebtMovePaperLine, ...]
    written_off_cents: int
    transferred_cents: int


@dataclass(frozen=True, slots=True)
class MandatePaper:
    """All that `debit_mandate.html` says: a mandate to sign, with the reference that it will have."""

    letterhead: Letterhead
    reference: str
    creditor_name: str
    creditor_identifier: str
    notice_days: int
    family_name: str
    address_lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CertificatePaperChild:
    """A child of a certificate; ``is_shared``: it lives in two homes in turn."""

    name: str
    born_on: date
    is_shared: bool
    paid_cents: int


@dataclass(frozen=True, slots=True)
class CertificatePaper:
    """All that `tax_certificate.html` says. ``version`` above 1 replaces the one before."""

    year: int
    version: int
    issued_on: date
    letterhead: Letterhead
    payer_name: str
    recipient_lines: tuple[str, ...]
    children: tuple[CertificatePaperChild, ...]
    total_cents: int


@dataclass(frozen=True, slots=True)
class AccountPaperLine:
    """A movement of a family's account: ``amount_cents`` is what it owes more, ``balance_cents`` what it owes then."""

    day: date
    what: str
    office_name: str
    amount_cents: int
    balance_cents: int


@dataclass(frozen=True, slots=True)
class AccountPaper:
    """All that `account_statement.html` says; negative balances are the family's money."""

    first: date
    last: date
    made_on: date
    letterhead: Letterhead
    recipient_lines: tuple[str, ...]
    opening_cents: int
    closing_cents: int
    lines: tuple[AccountPaperLine, ...]


class PdfFailed(Exception):
    """No PDF was made: the template is wrong, or the child process died twice. The message is for the log."""


class PdfTimeout(PdfFailed):
    """No PDF was made in time: the child process was ended and is replaced."""


class PdfMaker:
    """Makes PDFs in up to ``max_workers`` child processes, started when first needed; safe to share between threads.

    A child takes half a second to start and 75 MB; an invoice of 30 lines takes it a quarter of a second. Children end
    with `close()`, at the end of the process, and when the process is killed.
    """

    def __init__(
        self, max_workers: int = 1, timeout_seconds: int = 60, templates: Path = TEMPLATES, assets: Path = ASSETS
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._assets = assets
        self._environment = Environment(
            loader=FileSystemLoader(templates),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(TEMPLATE_FILTERS)
        # Last in, first out: one child does all while one is enough.
        self._seats: queue.LifoQueue[_Seat] = queue.LifoQueue()
        self._all_seats = [_Seat() for _ in range(max_workers)]
        for seat in self._all_seats:
            self._seats.put(seat)
        self._lock = threading.Lock()
        self._is_closed = False
        atexit.register(self.close)

    def render(self, template: str, context: Mapping[str, object]) -> bytes:
        """The PDF of a template of `app/templates/pdf` filled with dataclasses and plain values.

        Raises PdfFailed, PdfTimeout (also when no child was free in time), and jinja2's errors for a wrong template.
        Takes no longer than three times the time-out. Never call it inside a transaction.
        """
        html = self._environment.get_template(template).render(context).encode("utf-8")
        try:
            seat = self._seats.get(timeout=self._timeout_seconds)
        except queue.Empty:
            raise PdfTimeout(f"{template}: no child process was free in {self._timeout_seconds} s") from None
        try:
            return self._render_at(seat, template, html)
        finally:
            self._seats.put(seat)

    def _render_at(self, seat: "_Seat", template: str, html: bytes) -> bytes:
        # A child may have been killed while it waited, by whoever needed memory: that costs nobody an invoice.
        for _ in range(2):
            child = self._child_of(seat)
            try:
                return child.convert(html, self._timeout_seconds)
            except _ChildDied:
                logger.warning("a PDF process ended and is replaced")
                child.end()
            except PdfTimeout as error:
                child.end()
                raise PdfTimeout(f"{template}: {error}") from None
            except PdfFailed as error:
                raise PdfFailed(f"{template}: {error}") from None
        raise PdfFailed(f"{template}: the child process died twice")

    def _child_of(self, seat: "_Seat") -> "_Child":
        with self._lock:
            if self._is_closed:
                raise PdfFailed("the PDF maker is closed")
            if seat.child is None or not seat.child.is_alive:
                if seat.child is not None:
                    seat.child.end()
                seat.child = _Child(self._assets)
            return seat.child

    def close(self) -> None:
        """End the children, also in the middle of their work; calling it again does nothing."""
        with self._lock:
            self._is_closed = True
            for seat in self._all_seats:
                if seat.child is not None:
                    seat.child.end()
        atexit.unregister(self.close)

    def __enter__(self) -> "PdfMaker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Seat:
    """A place for a child; whoever has taken it from the queue is the only one to talk with the child."""

    def __init__(self) -> None:
        self.child: _Child | None = None


class _ChildDied(Exception):
    """The child's pipe is closed."""


class _Child:
    """One process of `pdf_printer.py`."""

    def __init__(self, assets: Path) -> None:
        # Isolated (-I), without our environment, which holds keys; in a session of its own, so that Ctrl-C at the
        # server's terminal does not reach it: it ends when its input does.
        temporary = {name: os.environ[name] for name in ("TMPDIR",) if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-I", pdf_printer.__file__, str(assets)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=temporary,
            start_new_session=True,
        )

    @property
    def is_alive(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def convert(self, html: bytes, timeout_seconds: int) -> bytes:
        """The PDF of a page. Raises PdfFailed with the child's words, PdfTimeout and _ChildDied."""
        assert self._process.stdin is not None and self._process.stdout is not None
        is_late = threading.Event()

        def stop() -> None:
            is_late.set()
            self._process.kill()

        timer = threading.Timer(timeout_seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            write_frame(self._process.stdin, html)
            mark = self._process.stdout.read(1)
            answer = read_frame(self._process.stdout)
        except (OSError, ValueError):  # a broken pipe, or one that close() has closed
            mark, answer = b"", None
        finally:
            timer.cancel()
        if answer is None:
            if is_late.is_set():
                raise PdfTimeout(f"not made in {timeout_seconds} s")
            raise _ChildDied
        if mark != pdf_printer.PDF:
            raise PdfFailed(answer.decode("utf-8", "replace"))
        return answer

    def end(self) -> None:
        """End the process, wherever it is, and close the pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not sent any more
                    pipe.close()
