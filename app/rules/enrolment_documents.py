"""The rules of enrolments as a document for the database, and back: see rules.documents."""

from app.rules import enrolment_rules
from app.rules.documents import Document, document_of, read_document
from app.rules.enrolment_rules import EnrolmentRules


def enrolment_document(rules: EnrolmentRules) -> Document:
    """The document of an activity's rules."""
    return document_of(rules)


def read_enrolment_rules(document: Document) -> EnrolmentRules:
    """The rules of a document. Raises UnreadableDocument."""
    rules = read_document(document, EnrolmentRules, enrolment_rules)
    assert isinstance(rules, EnrolmentRules)
    return rules
