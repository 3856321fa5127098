"""The shape of the form of Mes factures: which invoices are ticked. What they cost is nobody's to say but ours."""

import re

from werkzeug.datastructures import MultiDict

from app.services.errors import ForgedForm

MOST_TICKS = 500

_ID = re.compile(r"[0-9]{1,9}")  # nine digits: what every database takes as an id


def read_ticks(form: MultiDict[str, str]) -> tuple[int, ...]:
    """The ids of the ticked invoices, each once, in the order of the form. Raises ForgedForm."""
    ticks = form.getlist("f")
    if len(ticks) > MOST_TICKS or not all(_ID.fullmatch(tick) for tick in ticks):
        raise ForgedForm
    return tuple(dict.fromkeys(int(tick) for tick in ticks))


def read_page(form: MultiDict[str, str]) -> int:
    """The page of the list that is asked for; nonsense is the first."""
    text = form.get("page", "")
    return int(text) if _ID.fullmatch(text) else 1
