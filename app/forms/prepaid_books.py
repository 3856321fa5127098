"""The shape of the sale of a prepaid book: which one, the price that was shown, and the key of the form."""

import re

from flask_wtf import FlaskForm
from wtforms import HiddenField

from app.forms.keys import read_key
from app.forms.reasons import RowReasonForm, reason_field
from app.services.errors import ForgedForm
from app.services.prepaid_books import BookSale

_NUMBER = re.compile(r"[0-9]{1,9}")
_ITEM = re.compile(r"[a-z0-9-]{1,100}")


class SaleForm(FlaskForm):
    """The button of one offer: nothing is typed."""

    child_id = HiddenField()
    activity_id = HiddenField()
    item = HiddenField()
    seen_cents = HiddenField()
    key = HiddenField()

    def sale(self) -> BookSale:
        """What is asked for. Raises ForgedForm for what no page of ours sends."""
        item = self.item.data or ""
        if not _ITEM.fullmatch(item):
            raise ForgedForm
        return BookSale(_number(self.activity_id), item, _number(self.seen_cents), read_key(self.key.data))

    def sold_to(self) -> int:
        """The child that it is for, where the page is a whole family's. Raises ForgedForm."""
        return _number(self.child_id)


def _number(field: HiddenField) -> int:
    text = field.data or ""
    if not _NUMBER.fullmatch(text):
        raise ForgedForm
    return int(text)


class TakingBackForm(RowReasonForm):
    """Why a book is taken back; one form for each book of the page."""

    reason = reason_field("Motif", "Indiquez le motif : il reste dans l’historique du carnet.", longest=300)
