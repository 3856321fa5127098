"""What the portal asks of a site where families pay online, whoever keeps that site.

The order of things is always the same: `ask` for an operation, send the payer to its address, and `look_up` its outcome
when somebody says that it may have one: the site's notification, the payer's browser, or our own clock. Those messages
prove nothing; only `look_up`, asked of the site itself, does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Protocol
from urllib.parse import urlsplit

SMALLEST_AMOUNT_CENTS = 100
LARGEST_AMOUNT_CENTS = 10_000_000
MAX_SUBJECT_LENGTH = 100
MAX_URL_LENGTH = 249

_CLIENT_NUMBER = re.compile(r"[0-9]{6}")
_REFERENCE = re.compile(r"[A-Za-z0-9]{6,30}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class GatewayMode(StrEnum):
    """What the payments of a gateway are worth; the letter is the payment site's, which repeats it in each reading."""

    TEST = "T"  # no money moves
    ACTIVATION = "X"  # the real payments with which the payment site accepts a newcomer
    PRODUCTION = "W"


class PaymentOutcome(StrEnum):
    """What the payment site says of an operation."""

    PAID_CARD = auto()
    PAID_DEBIT = auto()  # a single direct debit: paid, but the bank may still send it back days later
    REFUSED = auto()
    CANCELLED = auto()  # the payer gave up; a payment of the same operation may still follow within minutes
    PENDING = auto()  # not known yet: the payer is on the payment site, or left without a word
    UNKNOWN = auto()  # the site has cleaned it away unpaid; in the first minutes it may also not know it yet

    @property
    def is_paid(self) -> bool:
        """Whether the money is there."""
        return self in (PaymentOutcome.PAID_CARD, PaymentOutcome.PAID_DEBIT)


class PaymentMeans(StrEnum):
    """With what the payer paid, or was refused."""

    CARD = auto()
    DIRECT_DEBIT = auto()


class PaymentRefused(Exception):
    """The payment site answered that it will not: asking the same again is of no use.

    `code` is the site's own (« A2 »), `message` its French sentence, for the staff rather than for a family.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message


class PaymentUnavailable(Exception):
    """The payment site did not answer, or not with sense: worth asking again later.

    After `ask` the operation may exist all the same, unknown to us; nobody was sent to it, so nobody can pay it.
    """


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """One attempt to pay. Raises ValueError for what the payment site would refuse or, worse, silently change."""

    client_number: str  # six digits as text: a leading zero counts
    reference: str  # ours, new for each attempt: 6 to 30 letters without accent and digits
    amount_cents: int  # from 1 € to 100 000 €
    subject: str  # what the payer reads on the payment site; it keeps plain letters, digits and spaces
    email: str  # 6 to 80 characters; the payment site writes to it
    year: int  # of the accounts
    notify_url: str  # where the payment site says that an outcome is known, from its server
    return_url: str  # where it sends the payer's browser, by POST and without our cookies

    def __post_init__(self) -> None:
        if not _CLIENT_NUMBER.fullmatch(self.client_number):
            raise ValueError(f"a client number is six digits: {self.client_number!r}")
        if not _REFERENCE.fullmatch(self.reference):
            raise ValueError(f"a reference is 6 to 30 letters and digits: {self.reference!r}")
        if isinstance(self.amount_cents, bool) or not isinstance(self.amount_cents, int):
            raise ValueError(f"an amount is a whole number of cents: {self.amount_cents!r}")
        if not SMALLEST_AMOUNT_CENTS <= self.amount_cents <= LARGEST_AMOUNT_CENTS:
            raise ValueError(f"an amount is 1 € to 100 000 €: {self.amount_cents} cents")
        if not self.subject.strip() or len(self.subject) > MAX_SUBJECT_LENGTH:
            raise ValueError(f"a subject is 1 to {MAX_SUBJECT_LENGTH} characters: {self.subject!r}")
        if not 6 <= len(self.email) <= 80 or not _EMAIL.fullmatch(self.email):
            raise ValueError("an e-mail address of 6 to 80 characters is needed")
        if not 2000 <= self.year <= 2999:
            raise ValueError(f"a year has four digits: {self.year}")
        for url in (self.notify_url, self.return_url):
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > MAX_URL_LENGTH:
                raise ValueError(f"an absolute address of less than 250 characters is needed: {url!r}")


@dataclass(frozen=True, slots=True)
class AskedPayment:
    """An operation that waits for its payer."""

    operation_id: str  # the payment site's; whoever knows it learns nothing but may ask us to look it up
    redirect_url: str  # for the payer's browser: once, within 15 minutes


@dataclass(frozen=True, slots=True)
class PaymentReading:
    """What the payment site says of one operation. Whoever settles compares it with what was asked.

    Everything but the outcome is None for PENDING and UNKNOWN, and where the site's answer leaves it out or makes no
    sense: a payment is never lost because a detail of it cannot be read.
    """

    outcome: PaymentOutcome
    amount_cents: int | None
    reference: str | None
    client_number: str | None
    mode: str | None  # the letter of a GatewayMode
    means: PaymentMeans | None
    paid_at: datetime | None  # the minute of the payment in Europe/Paris; None unless paid
    raw: Mapping[str, str]  # the answer as received, for the staff's list of operations


class PaymentGateway(Protocol):
    """A site where families pay online. Its methods may be called from several threads, never inside a transaction."""

    @property
    def mode(self) -> GatewayMode:
        """What its payments are worth; a reading of another mode must not settle anything."""

    @property
    def payment_origin(self) -> str:
        """Scheme and host of the payment site, for `form-action` of the Content-Security-Policy."""

    def ask(self, request: PaymentRequest) -> AskedPayment:
        """Make a new operation. Raises PaymentRefused or PaymentUnavailable; takes 20 seconds at most."""

    def look_up(self, operation_id: str) -> PaymentReading:
        """Ask how an operation stands. Raises PaymentRefused or PaymentUnavailable; takes 20 seconds at most.

        Raises ValueError for a text that cannot be an operation's id.
        """
