"""« À traiter »: the reason of a decision, and what is decided together."""

import re

from werkzeug.datastructures import MultiDict

from app.forms.reasons import RowReasonForm, reason_field

MOST_ROWS = 50
MOST_IN_ROW = 30
_NUMBER = re.compile(r"[0-9]{1,9}")


class RefusalForm(RowReasonForm):
    """Why something is refused: the parents read it."""

    reason = reason_field("Motif du refus", "Indiquez le motif : la famille le lira dans le courriel.", longest=500)


class DespiteForm(RowReasonForm):
    """Why something is accepted though a rule stands against it."""

    reason = reason_field(
        "Motif pour accepter quand même", "Indiquez le motif\u00a0: l’historique le garde.", longest=500
    )

    def repeat(self, obstacle: str) -> None:
        """Say beside the field what the reason is for, before what is wrong with it."""
        self.reason.errors = [f"{obstacle} {error}" for error in self.reason.errors]


def read_rows(posted: MultiDict[str, str]) -> tuple[tuple[int, ...], ...]:
    """The rows that were sent, each with the bookings that it showed (« 12,13 »); nothing twice."""
    rows = []
    seen: set[int] = set()
    for text in posted.getlist("rows")[:MOST_ROWS]:
        ids = [int(each) for each in text.split(",")[:MOST_IN_ROW] if _NUMBER.fullmatch(each)]
        row = tuple(id_ for id_ in dict.fromkeys(ids) if id_ not in seen)
        seen |= set(row)
        if row:
            rows.append(row)
    return tuple(rows)
