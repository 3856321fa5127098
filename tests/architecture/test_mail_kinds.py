"""Every mail is either worded by the staff (services/mail_kinds.MAIL_KINDS) or fixed, by name."""

import re
from pathlib import Path

import pytest

from app.rules.mail_texts import problems_of
from app.services.mail_kinds import FIXED, MAIL_KINDS, MailKind
from app.services.mail_texts import compulsory_of, default_words

FOLDER = Path(__file__).resolve().parents[2] / "app" / "templates" / "emails"
TEMPLATES = {path.stem for path in FOLDER.glob("*.txt") if not path.stem.startswith("_")}


def test_every_mail_may_be_worded_by_the_staff_or_says_that_it_may_not() -> None:
    new = sorted(TEMPLATES - set(MAIL_KINDS) - set(FIXED))
    assert not new, (
        f"{new}: a new mail. Let the staff word it: add its MailKind, with its variables and a sample of each, to"
        " MAIL_KINDS in app/services/mail_kinds.py, and write its template with {variables} and {signature}. Or name it"
        " in FIXED there, where it is about the security of an account or goes to agents; it stays a Jinja template."
    )
    assert not (set(MAIL_KINDS) | set(FIXED)) - TEMPLATES, "a kind of mail without template"
    assert not set(MAIL_KINDS) & set(FIXED)


@pytest.mark.parametrize("kind", MAIL_KINDS.values(), ids=MAIL_KINDS.keys())
def test_a_text_as_it_comes_is_one_that_the_staff_could_save(kind: MailKind) -> None:
    words = default_words(kind.code)
    names = [variable.name for variable in kind.variables]
    assert len(names) == len(set(names)), "two variables of one name"
    problems = problems_of(words.subject, words.body, names, compulsory_of(kind))
    assert not problems.unknown and not problems.missing
    assert "{%" not in words.body and "{{" not in words.body
    assert kind.code == "signature" or words.body.endswith("{signature}")
    assert not re.search(r"\n{3,}", words.body)
