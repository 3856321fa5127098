"""Two agents at one setting: the mark that a form carries of what it was made of, and the form read anew by a save."""

from collections.abc import Callable
from typing import TypeVar

from flask import request
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from app.database import take_turns
from app.forms.settings import mark_moved, marks_of
from app.rules.documents import Document
from app.services.seen_rules import mark_of

F = TypeVar("F", bound=FlaskForm)


def seen_mark(stored: Document, *, is_moved: bool) -> str:
    """Of rules: that of what is stored; a form that comes back keeps its own, unless what was stored since is shown."""
    return mark_of(stored) if is_moved else request.form.get("seen") or mark_of(stored)


def shown_marks(form: FlaskForm, *, is_moved: bool) -> str:
    """The same of a setting that is fields."""
    return marks_of(form) if is_moved else request.form.get("shown") or marks_of(form)


def read_anew(session: Session, make_form: Callable[[], F]) -> tuple[F, bool]:
    """In the transaction of a save: the form on what is stored now, and whether that has moved since it was shown."""
    take_turns(session, "settings")
    form = make_form()
    form.validate()
    return form, mark_moved(form, request.form.get("shown", ""))
