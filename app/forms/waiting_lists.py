"""The shape of the waiting lists' forms: what to wait for and how, and the answer to an offer."""

import re
from datetime import date

from werkzeug.datastructures import MultiDict

from app.forms.bookings import MAX_OPENINGS_PER_SAVE
from app.services.errors import ForgedForm

_OPENINGS = re.compile(r"\d{1,9}(,\d{1,9})*")
AUTOMATIC, OFFER = "reserver", "proposer"
ACCEPT, LEAVE = "accepter", "quitter"


def read_openings(form: MultiDict[str, str]) -> frozenset[int]:
    """The openings of the days that were ticked: « 12,13 » each. Raises ForgedForm."""
    texts = form.getlist("attendre")
    if not all(_OPENINGS.fullmatch(text) for text in texts):
        raise ForgedForm
    found = frozenset(int(each) for text in texts for each in text.split(","))
    if len(found) > MAX_OPENINGS_PER_SAVE:
        raise ForgedForm
    return found


def wants_booking(form: MultiDict[str, str]) -> bool:
    """Whether a freed place is to be booked without asking again. Raises ForgedForm."""
    return _one_of(form.get("quand", OFFER), AUTOMATIC, OFFER) == AUTOMATIC


def accepts(form: MultiDict[str, str]) -> bool:
    """Whether an offer is accepted; otherwise it is declined, or the list left. Raises ForgedForm."""
    return _one_of(form.get("faire", ""), ACCEPT, LEAVE) == ACCEPT


def read_binding(form: MultiDict[str, str]) -> tuple[date, bool]:
    """On which day brothers and sisters come together only, or each by itself. Raises ForgedForm."""
    try:
        day = date.fromisoformat(form.get("jour", ""))
    except ValueError:
        raise ForgedForm from None
    return day, _one_of(form.get("faire", ""), "lier", "delier") == "lier"


def _one_of(text: str, *known: str) -> str:
    if text not in known:
        raise ForgedForm
    return text
