"""Months: which ones a form offers, and the one that was chosen."""

from collections.abc import Mapping
from datetime import date

from app.rules.calendars import add_months

MONTHS_OFFERED = 24


def months_offered(today: date, count: int = MONTHS_OFFERED) -> Mapping[str, date]:
    """The first days of so many months by their code in forms (« 2026-11 »), the present one first."""
    months = [add_months(today.replace(day=1), -before) for before in range(count)]
    return {f"{month:%Y-%m}": month for month in months}


def read_month(text: str) -> date | None:
    """The first day of any month written « 2026-10 »; None for what is none."""
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return month if 2000 <= month.year <= 2099 else None


def chosen_month(sent: str, today: date) -> date:
    """The first day of the offered month that was sent; else of the present one."""
    return months_offered(today).get(sent, today.replace(day=1))
