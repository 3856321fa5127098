"""« Champs du dossier »: one choice for each field."""

from collections.abc import Mapping

from flask_wtf import FlaskForm
from wtforms import SelectField

from app.forms.fields import Listed
from app.labels import POLICY_CHOICES, label
from app.rules.changes import FieldPolicy
from app.rules.file_fields import FileField, FileKind


def _name(field: FileField) -> str:
    return field.value.replace(".", "_")


class FieldPoliciesForm(FlaskForm):
    """A list of three answers for each field; the fields are added below."""

    def choices(self) -> dict[FileField, FieldPolicy]:
        """What was chosen; only of a valid form."""
        return {field: FieldPolicy(self[_name(field)].data) for field in FileField}

    def by_kind(self) -> Mapping[FileKind, list[SelectField]]:
        """The lists by part of the file."""
        by_kind = {
            kind: [self[_name(field)] for field in FileField if field.value.startswith(f"{kind}.")] for kind in FileKind
        }
        return {kind: fields for kind, fields in by_kind.items() if fields}


for _field in FileField:
    setattr(
        FieldPoliciesForm,
        _name(_field),
        SelectField(label(_field), choices=POLICY_CHOICES, validators=[Listed()], validate_choice=False),
    )


def policies_form(present: Mapping[FileField, FieldPolicy]) -> FieldPoliciesForm:
    """The form as it was sent, else with the present choices."""
    return FieldPoliciesForm(data={_name(field): policy.value for field, policy in present.items()})
