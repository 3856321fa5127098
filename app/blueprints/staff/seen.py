"""The mark that the form of an activity's rules carries: of the rules that it was made of."""

from flask import request

from app.rules.documents import Document
from app.services.seen_rules import mark_of


def seen_mark(stored: Document, *, is_moved: bool) -> str:
    """That of what is stored; a form that comes back keeps its own, unless what was stored since is shown."""
    return mark_of(stored) if is_moved else request.form.get("seen") or mark_of(stored)
