"""The shape of a mail's text, as the staff word it."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, TextAreaField
from wtforms.validators import ValidationError

from app.filters import enumeration, spaced
from app.forms.fields import Filled, at_most, strip_lines, text_field
from app.rules.mail_texts import unknown_in, variables_in
from app.services.catalogue import MailWords
from app.services.mail_kinds import SIGNATURE, MailKind
from app.services.mail_texts import compulsory_of

LONGEST_SUBJECT = 150
LONGEST_BODY = 4_000


class MailTextForm(FlaskForm):
    """The subject and the text of a kind of mail; the signature has no subject."""

    subject = text_field("Objet", required="Indiquez l’objet du courriel.", longest=LONGEST_SUBJECT, autocomplete="off")
    body = TextAreaField(
        "Texte", filters=[strip_lines],
        validators=[Filled(message="Écrivez le texte du courriel."), at_most(LONGEST_BODY)],
        description=spaced(
            "Une ligne vide commence un paragraphe, un tiret et une espace un élément de liste. La première adresse"
            " seule sur sa ligne devient un bouton."
        ),
        render_kw={"rows": 14, "maxlength": LONGEST_BODY},
    )  # fmt: skip

    def __init__(self, kind: MailKind, words: MailWords, **kwargs: Any) -> None:
        super().__init__(data={"subject": words.subject, "body": words.body}, **kwargs)
        self._kind = kind
        self._known = frozenset(variable.name for variable in kind.variables)
        if kind.code == SIGNATURE:
            del self.subject

    def validate_subject(self, field: Field) -> None:
        """Raises ValidationError."""
        self._check_known(field)

    def validate_body(self, field: Field) -> None:
        """Raises ValidationError."""
        self._check_known(field)
        missing = [f"{{{name}}}" for name in compulsory_of(self._kind) if name not in variables_in(field.data)]
        if missing:
            raise ValidationError(
                spaced(f"Le texte doit contenir {enumeration(missing)} : ce courriel ne va pas sans.")
            )

    def words(self) -> MailWords:
        """What was typed; only of a valid form."""
        subject = self.subject.data if self._kind.code != SIGNATURE else "Signature"
        return MailWords(subject, self.body.data or "")

    def _check_known(self, field: Field) -> None:
        unknown = unknown_in(field.data or "", self._known)
        if unknown:
            listed = enumeration([f"« {each} »" for each in unknown])
            raise ValidationError(
                spaced(f"Nous ne connaissons pas {listed}. Choisissez parmi les variables de la liste ci-dessous.")
            )
