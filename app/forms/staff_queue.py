"""« À traiter »: the reason of a refusal."""

from app.forms.reasons import RowReasonForm, reason_field


class RefusalForm(RowReasonForm):
    """Why something is refused: the parents read it."""

    reason = reason_field("Motif du refus", "Indiquez le motif : la famille le lira dans le courriel.", longest=500)
