"""The shape of the planning's form: which openings were shown, which are ticked. Judged by services.bookings."""

import hashlib
import re
from datetime import date

from werkzeug.datastructures import MultiDict

from app.forms.keys import read_key
from app.rules.choices import Shown
from app.services.errors import ForgedForm
from app.services.planning import Proposal

MAX_OPENINGS_PER_SAVE = 500
_SHOWN = re.compile(r"\d{1,9}[hc]?(,\d{1,9}[hc]?)*")  # nine digits: what every database takes as an id
_KEY_LENGTH = 32


def read_day(text: str | None, default: date) -> date:
    """The day asked for in an address or a form; a day that nobody can mean becomes the default."""
    try:
        day = date.fromisoformat(text) if text else default
    except ValueError:
        return default
    return day if 2000 <= day.year <= 2100 else default


def read_proposal(form: MultiDict[str, str]) -> Proposal:
    """The openings shown, with their known state, and those ticked. Raises ForgedForm."""
    text = form.get("shown", "")
    ticks = form.getlist("t")
    too_many = len(ticks) > MAX_OPENINGS_PER_SAVE or text.count(",") >= MAX_OPENINGS_PER_SAVE
    if too_many or (text and not _SHOWN.fullmatch(text)) or not all(re.fullmatch(r"\d{1,9}", tick) for tick in ticks):
        raise ForgedForm
    shown = tuple(
        Shown(int(entry.rstrip("hc")), entry.endswith(("h", "c")), entry.endswith("c"))
        for entry in text.split(",")
        if entry
    )
    return Proposal(shown, frozenset(int(tick) for tick in ticks))


def key_of_choices(form: MultiDict[str, str], child_id: int, proposal: Proposal) -> str:
    """The idempotency key of one rendering sent with one set of choices for a child. Raises ForgedForm.

    A page that « back » brings back still holds its old key: with other ticks it is another save, not the answer of
    the first.
    """
    key = read_key(form.get("key"))
    shown = sorted((shown.opening_id, shown.held, shown.charged) for shown in proposal.shown)
    sent = f"{key} {child_id} {shown} {sorted(proposal.ticked)}"
    return hashlib.sha256(sent.encode()).hexdigest()[:_KEY_LENGTH]
