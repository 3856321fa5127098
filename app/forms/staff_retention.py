"""« Conservation des données »: one duration for each class."""

from collections.abc import Mapping

from flask_wtf import FlaskForm
from wtforms import IntegerField
from wtforms.validators import NumberRange

from app.forms.fields import Filled
from app.labels import label
from app.retention_labels import bounds_words
from app.rules.retention import DURATIONS, DataClass, Unit


class DurationsForm(FlaskForm):
    """A number for each class; the fields are added below."""

    def amounts(self) -> dict[DataClass, int]:
        """What was typed; only of a valid form."""
        return {data: self[data.value].data for data in DURATIONS}

    def field_of(self, data: DataClass) -> IntegerField:
        """The field of a class."""
        field: IntegerField = self[data.value]
        return field


for _data, _duration in DURATIONS.items():
    setattr(
        DurationsForm,
        _data.value,
        IntegerField(
            f"{label(_data)}, en {'jours' if _duration.unit is Unit.DAYS else 'mois'}",
            validators=[
                Filled(message="Indiquez une durée, en chiffres."),
                NumberRange(_duration.least, _duration.most, message=f"Choisissez une durée {bounds_words(_data)}."),
            ],
            render_kw={"inputmode": "numeric"},
        ),
    )


def durations_form(present: Mapping[DataClass, int]) -> DurationsForm:
    """The form as it was sent, else with the present durations."""
    return DurationsForm(data={data.value: amount for data, amount in present.items()})
