"""The reason of one row of a page on which many rows have such a form."""

from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length


def reason_field(label: str, required: str, *, longest: int) -> TextAreaField:
    """A reason that must be given, up to so many characters."""
    return TextAreaField(
        label,
        filters=[lambda text: text.strip() if text else text],
        validators=[
            DataRequired(required),
            Length(max=longest, message=f"Le motif est trop long\u00a0: {longest} caractères au plus."),
        ],
        render_kw={"rows": 3, "maxlength": longest},
    )


class RowReasonForm(FlaskForm):
    """Each form names its field after its row. What derives from it has the field `reason`.

    Each page's token is drawn by the template, once a form; every POST is checked by CSRFProtect, not here.
    """

    class Meta:
        """No token field: it would have the same id in every row."""

        csrf = False

    reason: TextAreaField

    def __init__(self, row: str, *, is_sent: bool = False) -> None:
        """`row` names the row; `is_sent`: this is the row whose reason is in the request."""
        super().__init__(**({} if is_sent else {"formdata": None}))
        self.reason.id = f"reason-{row}"
