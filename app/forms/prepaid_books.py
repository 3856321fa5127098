"""The shape of the sale of a prepaid book: which one, the price that was shown, and the key of the form."""

import re
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, Length

from app.services.errors import ForgedForm
from app.services.prepaid_books import BookSale

LONGEST_REASON = 300

_NUMBER = re.compile(r"[0-9]{1,9}")
_ITEM = re.compile(r"[a-z0-9-]{1,100}")
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


class SaleForm(FlaskForm):
    """The button of one offer: nothing is typed."""

    child_id = HiddenField()
    activity_id = HiddenField()
    item = HiddenField()
    seen_cents = HiddenField()
    key = HiddenField()

    def sale(self) -> BookSale:
        """What is asked for. Raises ForgedForm for what no page of ours sends."""
        item, key = self.item.data or "", self.key.data or ""
        if not (_ITEM.fullmatch(item) and _KEY.fullmatch(key)):
            raise ForgedForm
        return BookSale(_number(self.activity_id), item, _number(self.seen_cents), key)

    def sold_to(self) -> int:
        """The child that it is for, where the page is a whole family's. Raises ForgedForm."""
        return _number(self.child_id)


def _number(field: HiddenField) -> int:
    text = field.data or ""
    if not _NUMBER.fullmatch(text):
        raise ForgedForm
    return int(text)


class TakingBackForm(FlaskForm):
    """Why a book is taken back; one form for each book of the page."""

    class Meta:
        """No token field: it would have the same id in every row. The template draws one, CSRFProtect checks it."""

        csrf = False

    reason = TextAreaField(
        "Motif",
        filters=[lambda text: text.strip() if text else text],
        validators=[
            DataRequired("Indiquez le motif : il reste dans l’historique du carnet."),
            Length(max=LONGEST_REASON, message=f"Le motif est trop long : {LONGEST_REASON} caractères au plus."),
        ],
        render_kw={"rows": 2, "maxlength": LONGEST_REASON},
    )

    def __init__(self, book_id: int, *, is_sent: bool = False) -> None:
        """`is_sent`: this is the book whose reason is in the request."""
        empty: dict[str, Any] = {} if is_sent else {"formdata": None}
        super().__init__(**empty)
        self.reason.id = f"reason-{book_id}"
