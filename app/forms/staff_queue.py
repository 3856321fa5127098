"""« À traiter »: the reason of a refusal."""

from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

LONGEST_REASON = 500


class RefusalForm(FlaskForm):
    """Why something is refused: the parents read it. Many stand on one page, so each names its field after its row.

    Each page's token is drawn by the template, once a form; every POST is checked by CSRFProtect, not here.
    """

    class Meta:
        """No token field: it would have the same id in every row."""

        csrf = False

    reason = TextAreaField(
        "Motif du refus",
        filters=[lambda text: text.strip() if text else text],
        validators=[
            DataRequired("Indiquez le motif : la famille le lira dans le courriel."),
            Length(max=LONGEST_REASON, message=f"Le motif est trop long : {LONGEST_REASON} caractères au plus."),
        ],
        render_kw={"rows": 3, "maxlength": LONGEST_REASON},
    )

    def __init__(self, row: str, *, is_sent: bool = False) -> None:
        """`row` names the row; `is_sent`: this is the row whose refusal is in the request."""
        super().__init__(**({} if is_sent else {"formdata": None}))
        self.reason.id = f"reason-{row}"
