"""What was counted of meals as a document for the database, and back: see rules.documents."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.rules import meals
from app.rules.documents import document_of, read_document
from app.rules.meals import Meal

Counted = Sequence[Sequence[Any]]


def counts_document(counts: Mapping[Meal, int]) -> Counted:
    """The kinds of meals with their numbers, in their order."""
    return [[document_of(meal), number] for meal, number in counts.items()]


def read_counts(document: Counted) -> dict[Meal, int]:
    """The opposite. Raises UnreadableDocument."""
    return {read_document(meal, Meal, meals): int(number) for meal, number in document}
