"""The shape of absences: what a family sends, what the staff decide, and what they set."""

from collections.abc import Mapping, Sequence

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, MultipleFileField
from wtforms import BooleanField, Field, HiddenField, SelectMultipleField, TextAreaField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput

from app.filters import spaced
from app.forms.fields import Filled, at_most, id_of, strip_lines, text_field
from app.forms.keys import new_key
from app.forms.required_documents import ACCEPTED
from app.forms.tariff_fields import list_field, ticks_field, whole_field
from app.rules.absences import MOST_DAYS, MOST_KEPT_DAYS, JustifyRule
from app.rules.required_documents import FilesWanted
from app.services.absence_settings import ReasonInput
from app.services.absences import AbsenceView, JustificationInput, JustificationView
from app.services.catalogue import AbsenceReasonInfo

LONGEST_REMARK = 1000


class JustifyForm(FlaskForm):
    """Absences of several days, children and activities, why, and what proves it."""

    # Whatever is ticked is looked at under the lock: the same form sent twice still names what it has asked for.
    absences = SelectMultipleField(
        "Absences à justifier", choices={}, validators=[Filled(message="Cochez au moins une absence.")],
        validate_choice=False, option_widget=CheckboxInput(),
    )  # fmt: skip
    reason = list_field("Motif", required="Choisissez un motif.")
    files = MultipleFileField("Justificatif", render_kw={"accept": ACCEPTED[FilesWanted.ANY]})
    camera = FileField("Ou prendre une photo", render_kw={"accept": "image/*", "capture": "environment"})
    remark = TextAreaField(
        "Remarque", filters=[strip_lines], validators=[at_most(LONGEST_REMARK)],
        render_kw={"rows": 3, "maxlength": LONGEST_REMARK},
        description="Seuls les agents qui décident la lisent.",
    )  # fmt: skip
    key = HiddenField()

    def __init__(
        self, offered: Sequence[AbsenceView], reasons: Sequence[AbsenceReasonInfo], *, is_sent: bool = False
    ) -> None:
        super().__init__(**({} if is_sent else {"formdata": None}))
        self.absences.choices = {each.key: each.words for each in offered}
        self.reason.choices = [("", "Choisissez…"), *((str(each.id), each.name) for each in reasons)]
        if not self.key.data:
            self.key.data = new_key()

    def validate_key(self, field: Field) -> None:
        """Raises ValidationError."""
        if len(field.data or "") > 60:
            raise ValidationError("Rechargez la page.")

    @property
    def ticked(self) -> frozenset[str]:
        """The keys of the absences that are ticked."""
        return frozenset(self.absences.data or ())

    def typed(self) -> JustificationInput:
        """What a valid form says."""
        ids = (id_of(id_) for key in self.ticked for id_ in key.split("-"))
        return JustificationInput(
            frozenset(ids), id_of(self.reason.data), self.remark.data or "", self.key.data or ""
        )  # fmt: skip


class DecisionForm(FlaskForm):
    """Which absences are accepted; the others are refused, for a reason."""

    absences = ticks_field("Absences acceptées")
    refusal = TextAreaField(
        "Motif du refus", filters=[strip_lines], validators=[at_most(500)], render_kw={"rows": 3, "maxlength": 500},
        description=spaced("Obligatoire si une absence est refusée : les parents le lisent dans le courriel."),
    )  # fmt: skip

    def __init__(self, justification: JustificationView, *, is_sent: bool = False) -> None:
        possible = justification.absences
        shown = {"formdata": None, "data": {"absences": [each.key for each in possible]}}
        super().__init__(**({} if is_sent else shown))
        self.absences.choices = {each.key: each.words for each in possible}
        self._wanted = {each.key for each in possible}

    def validate_refusal(self, field: Field) -> None:
        """Raises ValidationError."""
        if not field.data and self._wanted - set(self.absences.data or ()):
            raise ValidationError(spaced("Une absence n’est pas cochée : indiquez pourquoi, les parents le liront."))

    @property
    def accepted_ids(self) -> frozenset[int]:
        """The bookings of a valid form that are accepted."""
        return frozenset(id_of(id_) for key in self.absences.data or () for id_ in key.split("-"))


class ReasonForm(FlaskForm):
    """A reason for which a family may be excused."""

    name = text_field(
        "Motif", required="Indiquez le motif.", longest=80, autocomplete="off",
        description=spaced("Ce que les familles choisissent : « Maladie de l’enfant », « Deuil »…"),
    )  # fmt: skip
    position = whole_field("Rang dans la liste", 1, 999, required="Indiquez un rang.", hint="1 vient en premier.")
    needs_proof = BooleanField(
        "Demander un justificatif", description="Un certificat, en photo ou en PDF. Sinon, il reste facultatif."
    )
    is_offered = BooleanField("Le proposer aux familles")

    def __init__(self, info: AbsenceReasonInfo | None, *, next_position: int) -> None:
        super().__init__(data=_new(next_position) if info is None else _shown(info))

    def typed(self) -> ReasonInput:
        """What a valid form says."""
        return ReasonInput(
            self.name.data, int(self.position.data), bool(self.needs_proof.data), bool(self.is_offered.data)
        )


class RuleForm(FlaskForm):
    """Until when an absence of an activity is justified, and what stays charged."""

    days = whole_field(
        "Jours pour justifier", 0, MOST_DAYS, required="Indiquez un nombre de jours.",
        hint=spaced("Après le jour de l’absence, jusqu’à 23 h 59. 0 : les parents ne justifient pas en ligne."),
    )  # fmt: skip
    kept_days = whole_field(
        "Jours de carence", 0, MOST_KEPT_DAYS, required="Indiquez un nombre de jours.",
        hint=spaced("Les premiers jours de chaque absence, qui restent facturés même justifiés. 0 : aucun."),
    )  # fmt: skip

    def __init__(self, rule: JustifyRule) -> None:
        super().__init__(data={"days": str(rule.days), "kept_days": str(rule.kept_days)})

    def typed(self) -> JustifyRule:
        """What a valid form says."""
        return JustifyRule(int(self.days.data), int(self.kept_days.data))


def _new(position: int) -> Mapping[str, object]:
    return {"position": str(position), "needs_proof": True, "is_offered": True}


def _shown(info: AbsenceReasonInfo) -> Mapping[str, object]:
    return {
        "name": info.name, "position": str(info.position), "needs_proof": info.needs_proof,
        "is_offered": info.is_offered,
    }  # fmt: skip
