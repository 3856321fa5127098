"""The shape of messages between families and the council, and of those whom one may write to."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, Field, HiddenField, SelectField, TextAreaField
from wtforms.validators import Optional, ValidationError

from app.filters import spaced
from app.forms.fields import (
    LONGEST_EMAIL,
    EmailAddress,
    Filled,
    Listed,
    at_most,
    id_of,
    strip_lines,
    text_field,
)
from app.forms.keys import key_of, new_key
from app.forms.required_documents import ACCEPTED
from app.forms.tariff_fields import list_field, whole_field
from app.rules.messages import LONGEST_CONTENT, LONGEST_SUBJECT
from app.rules.required_documents import FilesWanted
from app.services.catalogue import RecipientInfo
from app.services.message_settings import RecipientInput


def content_field(label: str, required: str) -> TextAreaField:
    """What somebody writes; its lines stay."""
    return TextAreaField(
        label, filters=[strip_lines], validators=[Filled(message=required), at_most(LONGEST_CONTENT)],
        render_kw={"rows": 7, "maxlength": LONGEST_CONTENT},
    )  # fmt: skip


class _KeyedForm(FlaskForm):
    """A form that is sent once, however often it comes."""

    key = HiddenField()

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)
        if not self.key.data:
            self.key.data = new_key()

    def once(self, *sent: object) -> str:
        """The key of what is sent; `sent`: to whom or where, and what tells its files from others."""
        written = (self[name].data for name in ("recipient", "subject", "content", "note") if name in self)
        return key_of(self.key.data, *written, *sent)

    def validate_key(self, field: Field) -> None:
        """Raises ValidationError."""
        if len(field.data or "") > 60:
            raise ValidationError("Rechargez la page.")


class AnswerForm(_KeyedForm):
    """An answer in a thread."""

    content = content_field("Votre réponse", "Écrivez votre réponse.")
    files = MultipleFileField("Pièce jointe", render_kw={"accept": ACCEPTED[FilesWanted.ANY]})


class MessageForm(_KeyedForm):
    """The guide's contact form."""

    recipient = list_field("Choisir le destinataire", required="Choisissez à qui vous écrivez.")
    subject = text_field(
        "Objet du message", required="Indiquez l’objet de votre message.", longest=LONGEST_SUBJECT, autocomplete="off"
    )
    content = content_field("Contenu du message", "Écrivez votre message.")
    files = MultipleFileField("Pièce jointe", render_kw={"accept": ACCEPTED[FilesWanted.ANY]})

    def __init__(self, recipients: Sequence[RecipientInfo], **data: Any) -> None:
        super().__init__(**data)
        self.recipient.choices = [("", "Choisissez…"), *((str(each.id), each.title) for each in recipients)]


class StaffAnswerForm(AnswerForm):
    """An answer of the staff, who have read up to a message."""

    seen = HiddenField()

    def __init__(self, last_id: int, *, is_sent: bool = True) -> None:
        super().__init__(**_no_data(is_sent))
        if not self.seen.data:
            self.seen.data = str(last_id)

    @property
    def seen_id(self) -> int:
        """The last message that was shown; 0 where the form does not say."""
        return id_of(self.seen.data)


class _RowForm(_KeyedForm):
    """A second form of a page: the template draws its token."""

    class Meta:
        """No token field: its id would be twice on the page."""

        csrf = False


class NoteForm(_RowForm):
    """Something for colleagues."""

    note = content_field("Note interne", "Écrivez votre note.")

    def __init__(self, *, is_sent: bool = True) -> None:
        super().__init__(prefix="note-", **_no_data(is_sent))


class AssignForm(FlaskForm):
    """Who deals with a thread."""

    class Meta:
        """No token field: its id would be twice on the page."""

        csrf = False

    agent = SelectField("Attribué à", validators=[Listed()], validate_choice=False)

    def __init__(self, agents: Mapping[int, str], chosen: int | None, *, is_sent: bool = True) -> None:
        super().__init__(data={"agent": "" if chosen is None else str(chosen)}, **_no_data(is_sent))
        self.agent.choices = [("", "Personne"), *((str(id_), name) for id_, name in agents.items())]

    @property
    def agent_id(self) -> int | None:
        """The agent of a valid form; None is nobody."""
        return id_of(self.agent.data) or None


class RecipientForm(FlaskForm):
    """Somebody at the council to whom families write."""

    name = text_field(
        "Nom", required="Indiquez le nom du destinataire.", longest=80, autocomplete="off",
        description=spaced("Ce que les familles choisissent : un service, un lieu, une fonction."),
    )  # fmt: skip
    position = whole_field("Rang dans la liste", 1, 999, required="Indiquez un rang.", hint="1 vient en premier.")
    email = text_field(
        "Adresse email", longest=LONGEST_EMAIL, checks=[Optional(), EmailAddress()], type="email", inputmode="email",
        autocomplete="off", spellcheck="false",
        description="Prévenue de chaque message. Vide, les messages se lisent dans la boîte de réception seulement.",
    )  # fmt: skip
    mails_text = BooleanField(
        "Envoyer aussi le texte du message par courriel",
        description=spaced(
            "Seulement pour un destinataire qui n’a pas de compte d’agent : un courriel voyage en clair, et les "
            "familles peuvent y parler de santé."
        ),
    )
    activity = SelectField("Activité", validators=[Listed()], validate_choice=False)
    office = SelectField("Service", validators=[Listed()], validate_choice=False)
    is_offered = BooleanField("Le proposer aux familles", default=True)

    def __init__(
        self, info: RecipientInfo | None, activities: Mapping[int, str], offices: Mapping[int, str], *,
        next_position: int,
    ) -> None:  # fmt: skip
        super().__init__(data={"position": str(next_position)} if info is None else _shown(info))
        for field, names in ((self.activity, activities), (self.office, offices)):
            field.choices = [("", "Aucune" if field is self.activity else "Aucun"), *_choices(names)]
        self.activity.description = "Facultatif. Écrit après le nom, pour que les familles s’y retrouvent."
        self.office.description = "Facultatif, de même."

    def validate_mails_text(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and not self.email.data:
            raise ValidationError("Indiquez l’adresse qui reçoit le texte.")

    def typed(self) -> RecipientInput:
        """What a valid form says."""
        return RecipientInput(
            name=self.name.data,
            position=int(self.position.data),
            email=self.email.data,
            mails_text=bool(self.mails_text.data),
            office_id=id_of(self.office.data) or None,
            activity_id=id_of(self.activity.data) or None,
            is_offered=bool(self.is_offered.data),
        )


def _no_data(is_sent: bool) -> Mapping[str, Any]:
    """`is_sent` is False for the other forms of a page: the request is not theirs."""
    return {} if is_sent else {"formdata": None}


def _choices(names: Mapping[int, str]) -> list[tuple[str, str]]:
    return [(str(id_), name) for id_, name in names.items()]


def _shown(info: RecipientInfo) -> Mapping[str, object]:
    return {
        "name": info.name, "position": str(info.position), "email": info.email or "", "mails_text": info.mails_text,
        "activity": str(info.activity_id or ""), "office": str(info.office_id or ""), "is_offered": info.is_offered,
    }  # fmt: skip
