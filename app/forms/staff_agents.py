"""The shape of « Agents »: who is added, with which roles."""

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.forms.fields import LONGEST_NAME, Listed, PersonName, email_field, text_field
from app.forms.sign_in import code_field
from app.labels import ROLE_CHOICES
from app.rules.capabilities import Role


class RolesForm(FlaskForm):
    """The roles of an agent, and those that were shown."""

    roles = SelectMultipleField(
        "Rôles", choices=ROLE_CHOICES, validators=[Listed()],
        validate_choice=False, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(),
    )  # fmt: skip
    shown_roles = HiddenField()

    def validate_roles(self, field: Field) -> None:
        """Raises ValidationError: without any role, an agent is deactivated instead."""
        if not field.data:
            raise ValidationError("Cochez au moins un rôle.")

    def chosen(self) -> frozenset[Role]:
        """The roles ticked; only of a valid form."""
        return frozenset(Role(code) for code in self.roles.data or ())

    def shown(self) -> frozenset[Role]:
        """The roles that the page showed; a code that is none of ours is dropped."""
        return frozenset(role for role in Role if role.value in (self.shown_roles.data or "").split(","))


class AgentForm(RolesForm):
    """A new agent."""

    name = text_field("Nom", required="Indiquez le prénom et le nom.", longest=LONGEST_NAME, checks=[PersonName()])
    email = email_field("Email", required="Indiquez l’adresse email.", autocomplete="off")


class SetUpForm(FlaskForm):
    """The first code of an app."""

    code = code_field()
