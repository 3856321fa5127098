"""A grid as a document for the database, and back: see rules.documents."""

from app.rules import tariff_grids
from app.rules.documents import Document, UnreadableDocument, document_of, read_document
from app.rules.tariff_grids import Grid


class UnreadableGrid(ValueError):
    """A document that is no grid."""


def grid_document(grid: Grid) -> Document:
    """The document of a grid."""
    return document_of(grid)


def read_grid(document: Document) -> Grid:
    """The grid of a document. Raises UnreadableGrid."""
    try:
        grid = read_document(document, Grid, tariff_grids)
    except UnreadableDocument as error:
        raise UnreadableGrid(str(error)) from error
    assert isinstance(grid, Grid)
    return grid
