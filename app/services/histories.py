"""« Historique »: when one signed in and what the family paid online, over a week or a month."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import select

from app.clock import PARIS
from app.database import db
from app.models.accounts import SignInEvent
from app.models.invoices import Invoice
from app.models.payments import BasketInvoice, PaymentBasket
from app.rules.baskets import BasketState


class Span(StrEnum):
    """How long a stretch of the history is; the codes stand in the page's address."""

    WEEK = "semaine"
    MONTH = "mois"


@dataclass(frozen=True, slots=True)
class Period:
    """A week from Monday to Sunday, or a month."""

    span: Span
    first: date
    last: date

    @property
    def previous_day(self) -> date:
        """A day of the period before."""
        return self.first - timedelta(days=1)

    @property
    def next_day(self) -> date:
        """A day of the period after."""
        return self.last + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SignIn:
    """That the user signed in."""

    at: datetime
    device: str  # « Firefox sur Windows »


@dataclass(frozen=True, slots=True)
class OnlinePayment:
    """An online payment of the family, whatever became of it."""

    at: datetime
    amount_cents: int
    state: BasketState
    invoice_numbers: tuple[str, ...]
    public_token: str


@dataclass(frozen=True, slots=True)
class History:
    """What happened in a period, latest first."""

    period: Period
    sign_ins: tuple[SignIn, ...]
    payments: tuple[OnlinePayment, ...]


def period_around(day: date, span: Span) -> Period:
    """The week or the month in which a day lies."""
    if span is Span.WEEK:
        monday = day - timedelta(days=day.weekday())
        return Period(span, monday, monday + timedelta(days=6))
    first = day.replace(day=1)
    return Period(span, first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def history_of(user_id: int, family_id: int, period: Period) -> History:
    """The user's own sign-ins, and the online payments of the family. Three queries."""
    since = datetime.combine(period.first, time(), PARIS)
    until = datetime.combine(period.next_day, time(), PARIS)
    return History(period, _sign_ins(user_id, since, until), _payments(family_id, since, until))


def device_name(user_agent: str) -> str:
    """« Firefox sur Windows », from what a browser says of itself; what is not known is « Navigateur » or left out."""
    browser = _first(_BROWSERS, user_agent) or "Navigateur"
    system = _first(_SYSTEMS, user_agent)
    return f"{browser} sur {system}" if system else browser


def _sign_ins(user_id: int, since: datetime, until: datetime) -> tuple[SignIn, ...]:
    rows = db.session.execute(
        select(SignInEvent.at, SignInEvent.device)
        .where(SignInEvent.user_id == user_id, SignInEvent.at >= since, SignInEvent.at < until)
        .order_by(SignInEvent.at.desc(), SignInEvent.id.desc())
    )
    return tuple(SignIn(at, device_name(device)) for at, device in rows)


def _payments(family_id: int, since: datetime, until: datetime) -> tuple[OnlinePayment, ...]:
    baskets = db.session.scalars(
        select(PaymentBasket)
        .where(
            PaymentBasket.family_id == family_id, PaymentBasket.created_at >= since, PaymentBasket.created_at < until
        )
        .order_by(PaymentBasket.created_at.desc(), PaymentBasket.id.desc())
    ).all()
    numbers: dict[int, list[str]] = {basket.id: [] for basket in baskets}
    for basket_id, number in db.session.execute(
        select(BasketInvoice.basket_id, Invoice.number)
        .join(Invoice, Invoice.id == BasketInvoice.invoice_id)
        .where(BasketInvoice.basket_id.in_(numbers))
        .order_by(Invoice.number)
    ):
        numbers[basket_id].append(number)
    return tuple(
        OnlinePayment(b.created_at, b.amount_cents, b.state, tuple(numbers[b.id]), b.public_token) for b in baskets
    )


# The first that is found counts: browsers name those that they resemble.
_BROWSERS: Mapping[str, str] = {
    r"\bEdgA?/|\bEdgiOS/": "Edge",
    r"\bSamsungBrowser/": "Samsung Internet",
    r"\bOPR/|\bOpera\b": "Opera",
    r"\bFirefox/|\bFxiOS/": "Firefox",
    r"\bChrome/|\bCriOS/|\bChromium/": "Chrome",
    r"\bSafari/": "Safari",
}
_SYSTEMS: Mapping[str, str] = {
    r"\biPhone\b": "iPhone",
    r"\biPad\b": "iPad",
    r"\bAndroid\b": "Android",
    r"\bWindows\b": "Windows",
    r"\bMacintosh\b|\bMac OS X\b": "Mac",
    r"\bCrOS\b": "ChromeOS",
    r"\bLinux\b": "Linux",
}


def _first(names: Mapping[str, str], user_agent: str) -> str | None:
    return next((name for pattern, name in names.items() if re.search(pattern, user_agent)), None)
