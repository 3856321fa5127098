"""The shape of what moves an entry of a waiting list."""

from flask_wtf import FlaskForm
from wtforms import HiddenField

from app.forms.reasons import reason_field
from app.forms.tariff_fields import whole_field
from app.services.errors import ForgedForm
from app.services.waiting_moves import MoveInput
from app.services.waiting_views import WaitingDay


class RemovalForm(FlaskForm):
    """Why an entry is taken off its list."""

    reason = reason_field("Motif", "Indiquez le motif.", longest=300)


class MoveForm(FlaskForm):
    """Another rank, and why."""

    seen_rank = HiddenField()
    to_rank = whole_field("Nouveau rang", 1, 9_999, required="Indiquez le nouveau rang.")
    reason = reason_field("Motif", "Indiquez le motif.", longest=300)

    @classmethod
    def of(cls, entry: WaitingDay) -> "MoveForm":
        """The form of an entry."""
        return cls(formdata=None, data={"seen_rank": str(entry.rank or ""), "to_rank": str(entry.rank or "")})

    def typed(self) -> MoveInput:
        """What was typed; only of a valid form. Raises ForgedForm."""
        seen = self.seen_rank.data or ""
        if not seen.isdecimal() or len(seen) > 9:
            raise ForgedForm
        return MoveInput(int(seen), int(self.to_rank.data), self.reason.data or "")
