"""The combination rules of an activity as a document for the database, and back: see rules.documents."""

from app.rules import combinations
from app.rules.combinations import Combinations
from app.rules.documents import Document, document_of, read_document


def combinations_document(rules: Combinations) -> Document:
    """The document of an activity's rules."""
    return document_of(rules)


def read_combinations(document: Document) -> Combinations:
    """The rules of a document. Raises UnreadableDocument."""
    rules = read_document(document, Combinations, combinations)
    assert isinstance(rules, Combinations)
    return rules
