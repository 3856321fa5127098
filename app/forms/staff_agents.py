"""The shape of « Agents »: who is added, with which roles, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.filters import spaced
from app.forms.fields import LONGEST_NAME, Listed, PersonName, email_field, text_field
from app.forms.sign_in import code_field
from app.labels import label
from app.rules.capabilities import Post, Role, is_said_twice, read_post
from app.services.staff_scopes import PlaceNames


@dataclass(frozen=True, slots=True)
class RoleChoices:
    """The boxes of a role: everywhere, then each place."""

    name: str
    everywhere: Field | None
    places: tuple[Field, ...]
    is_narrowed: bool
    is_wrong: bool  # everywhere and somewhere at once


class RolesForm(FlaskForm):
    """The posts of an agent, and those that were shown: each role everywhere, or for offices and at sites.

    `held`: those that the agent has; what is offered to nobody else stays among the choices of who has it.
    """

    roles = SelectMultipleField(
        "Rôles", validators=[Listed()], validate_choice=False, widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )  # fmt: skip
    shown_roles = HiddenField()

    def __init__(self, held: Iterable[Post] = (), **values: Any) -> None:
        held = tuple(held)
        super().__init__(roles=[post.code for post in held], shown_roles=",".join(post.code for post in held), **values)
        names = PlaceNames()
        offered = [
            post
            for role in Role
            for post in dict.fromkeys((*names.posts(role), *(each for each in held if each.role is role)))
        ]
        self.roles.choices = [(post.code, names.of(post)) for post in offered]

    def validate_roles(self, field: Field) -> None:
        """Raises ValidationError: without any role, an agent is deactivated instead."""
        if not field.data:
            raise ValidationError("Cochez au moins un rôle.")
        twice = [label(role) for role in Role if is_said_twice(self.chosen(), role)]
        if twice:
            raise ValidationError(spaced(f"{', '.join(twice)} : gardez « Partout », ou certains endroits."))

    def by_role(self) -> tuple[RoleChoices, ...]:
        """The boxes, role by role."""
        boxes = {box.data: box for box in self.roles}
        posts = {post: boxes[post.code] for post in map(read_post, boxes) if post is not None}
        return tuple(
            RoleChoices(
                label(role), posts.get(Post(role)),
                tuple(box for post, box in posts.items() if post.role is role and not post.is_everywhere),
                any(post.role is role and not post.is_everywhere for post in self.chosen()),
                bool(self.roles.errors) and is_said_twice(self.chosen(), role),
            )
            for role in Role
        )  # fmt: skip

    def chosen(self) -> frozenset[Post]:
        """The posts ticked; only of a valid form."""
        return _posts(self.roles.data or ())

    def shown(self) -> frozenset[Post]:
        """The posts that the page showed; a code that is none of ours is dropped."""
        return _posts((self.shown_roles.data or "").split(","))


class AgentForm(RolesForm):
    """A new agent."""

    name = text_field("Nom", required="Indiquez le prénom et le nom.", longest=LONGEST_NAME, checks=[PersonName()])
    email = email_field("Email", required="Indiquez l’adresse email.", autocomplete="off")


class SetUpForm(FlaskForm):
    """The first code of an app."""

    code = code_field()


def _posts(codes: Iterable[str]) -> frozenset[Post]:
    return frozenset(post for post in map(read_post, codes) if post is not None)
