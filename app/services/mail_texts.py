"""The texts of mails: as they come, as the staff changed them, and filled in for one mail or for the preview."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.filters import TEMPLATE_FILTERS, spaced
from app.models.accounts import User
from app.models.mails import MailText
from app.rules.mail_texts import fill, html_body, one_line, problems_of, variables_in
from app.services.catalogue import MailWords, catalogue
from app.services.errors import ForgedForm, NotFound
from app.services.mail_kinds import DEFAULT_BUTTON, MAIL_KINDS, SIGNATURE, MailKind, Variable

PORTAL_MARK = "[[portail]]"
SECRET_MARK = "[[secret]]"

_FOLDER = Path(__file__).parent.parent / "templates" / "emails"
_environment = Environment(
    loader=FileSystemLoader(_FOLDER),
    undefined=StrictUndefined,
    keep_trailing_newline=False,
    autoescape=False,  # plain text
)
_environment.filters.update(TEMPLATE_FILTERS)


@dataclass(frozen=True, slots=True)
class EditedText:
    """A text as its page shows it."""

    kind: MailKind
    words: MailWords
    changed_at: datetime | None  # None: as it comes
    changed_by: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A mail with sample data, as the recipient would read it."""

    subject: str
    text: str
    html: str


def write_mail(template: str, values: Mapping[str, object]) -> MailWords:
    """The subject and the body of a mail that leaves; the portal's address and the secret stay marks."""
    context = {"council": catalogue().council, "portal": PORTAL_MARK, "secret": SECRET_MARK, **values}
    kind = MAIL_KINDS.get(template)
    if kind is None:
        text = _environment.get_template(f"{template}.txt").render(signature=_signature(context), **context)
        subject, _, body = text.partition("\n")
        return _spaced(subject, body)
    return _filled(words_of(kind), kind, lambda variable: _value(variable, context))


def words_of(kind: MailKind) -> MailWords:
    """The text in use: the staff's, else ours."""
    return catalogue().mail_texts.get(kind.code) or default_words(kind.code)


@cache
def default_words(code: str) -> MailWords:
    """The text as it comes."""
    subject, _, body = (_FOLDER / f"{code}.txt").read_text(encoding="utf-8").partition("\n")
    return MailWords(subject, body.strip())


def button_of(template: str) -> str:
    """What the button of a mail says."""
    kind = MAIL_KINDS.get(template)
    return DEFAULT_BUTTON if kind is None else kind.button


def find_kind(code: str) -> MailKind:
    """Raises NotFound."""
    if code not in MAIL_KINDS:
        raise NotFound("kind of mail")
    return MAIL_KINDS[code]


def edited_text(code: str) -> EditedText:
    """A text with who changed it. Raises NotFound."""
    kind = find_kind(code)
    row = db.session.execute(
        select(MailText.changed_at, User.display_name)
        .outerjoin(User, User.id == MailText.changed_by_id)
        .where(MailText.kind == code)
    ).first()
    return EditedText(kind, words_of(kind), *(row or (None, None)))


def save_text(session: Session, code: str, words: MailWords, agent_id: int) -> None:
    """Store the staff's text; ours where it is the same.

    Raises NotFound, and ForgedForm for a text that its form refuses.
    """
    kind = find_kind(code)
    problems = problems_of(words.subject, words.body, _names(kind), compulsory_of(kind))
    if problems.unknown or problems.missing:
        raise ForgedForm
    if words == default_words(code):
        restore_text(session, code)
        return
    session.merge(
        MailText(kind=code, subject=words.subject, body=words.body, changed_by_id=agent_id, changed_at=clock.now())
    )


def restore_text(session: Session, code: str) -> None:
    """Go back to the text as it comes. Raises NotFound."""
    row = session.get(MailText, find_kind(code).code)
    if row is not None:
        session.delete(row)


def compulsory_of(kind: MailKind) -> tuple[str, ...]:
    """The variables that a text cannot do without."""
    return tuple(variable.name for variable in kind.variables if variable.is_compulsory)


def preview(kind: MailKind, words: MailWords, base_url: str) -> Preview:
    """A text with sample data, and what stands in all mails as it is."""
    council = {"council": catalogue().council, "portal": base_url}

    def sample(variable: Variable) -> str:
        if variable.name == SIGNATURE:
            return _signature(council)
        is_of_council = variable in MAIL_KINDS[SIGNATURE].variables
        return _value(variable, council) if is_of_council else fill(variable.sample, {"portail": base_url})

    filled = _filled(words, kind, sample)
    return Preview(filled.subject, filled.body, html_body(filled.body, base_url, kind.button))


def _filled(words: MailWords, kind: MailKind, value_of: Callable[[Variable], str]) -> MailWords:
    used = variables_in(f"{words.subject}\n{words.body}")
    values = {each.name: value_of(each) for each in kind.variables if each.name in used}
    return _spaced(fill(words.subject, values), fill(words.body, values))


def _spaced(subject: str, body: str) -> MailWords:
    """With the spaces that French wants, whoever typed the text."""
    return MailWords(spaced(one_line(subject)), spaced(body.strip()) + "\n")


def _signature(context: Mapping[str, object]) -> str:
    kind = MAIL_KINDS[SIGNATURE]
    return fill(words_of(kind).body, {each.name: _value(each, context) for each in kind.variables})


def _value(variable: Variable, context: Mapping[str, object]) -> str:
    if variable.name == SIGNATURE:
        return _signature(context)
    # A trailing space is part of a value (« Il nous en faut un plus récent. »), a line's end is not.
    return _source(variable.source).render(context).strip("\n")


@cache
def _source(source: str) -> Template:
    return _environment.from_string(source)


def _names(kind: MailKind) -> frozenset[str]:
    return frozenset(variable.name for variable in kind.variables)
