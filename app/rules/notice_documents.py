"""A notice rule as a document for the database, and back: see rules.documents."""

from app.rules import deadlines
from app.rules.deadlines import NoticeRule
from app.rules.documents import Document, document_of, read_document


def notice_document(rule: NoticeRule) -> Document:
    """The document of a notice rule."""
    return document_of(rule)


def read_notice(document: Document) -> NoticeRule:
    """The notice rule of a document. Raises UnreadableDocument."""
    rule = read_document(document, NoticeRule, deadlines)
    assert isinstance(rule, NoticeRule)
    return rule
