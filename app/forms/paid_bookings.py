"""The shape of the forms of « À régler »: which bookings were shown to be paid, which openings are taken back."""

import re
from collections.abc import Sequence

from werkzeug.datastructures import MultiDict

from app.forms.bookings import MAX_OPENINGS_PER_SAVE
from app.rules.choices import Shown
from app.services.errors import ForgedForm
from app.services.planning import Proposal

_ID = re.compile(r"[0-9]{1,9}")  # nine digits: what every database takes as an id


def read_shown_bookings(form: MultiDict[str, str]) -> frozenset[int]:
    """What the payment was shown to be for. Raises ForgedForm."""
    return frozenset(_ids(form.getlist("b")))


def read_taken_back(form: MultiDict[str, str]) -> Proposal:
    """The openings that are taken back, as the planning would send them. Raises ForgedForm."""
    opening_ids = _ids(form.getlist("t"))
    if not opening_ids:
        raise ForgedForm
    return Proposal(tuple(Shown(id_, held=True) for id_ in dict.fromkeys(opening_ids)), frozenset())


def _ids(texts: Sequence[str]) -> list[int]:
    if len(texts) > MAX_OPENINGS_PER_SAVE or not all(_ID.fullmatch(text) for text in texts):
        raise ForgedForm
    return [int(text) for text in texts]
