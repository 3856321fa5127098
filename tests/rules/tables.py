"""The worked examples of docs/rules/*.md, read as test cases: the prose and the tests cannot drift apart."""

import re
from pathlib import Path

import pytest

RULES = Path(__file__).parents[2] / "docs" / "rules"

Row = dict[str, str]


def rows(page: str, table: str) -> list[Row]:
    """The rows, by column title, of the table that follows ``<!-- table: NAME -->`` in docs/rules/PAGE.md."""
    return rows_of(RULES / f"{page}.md", table)


def rows_of(path: Path, table: str) -> list[Row]:
    """The rows, by column title, of a marked table of a Markdown file."""
    text = path.read_text(encoding="utf-8")
    found = re.search(rf"<!-- table: {re.escape(table)} -->\n\n?((?:\|.*\n)+)", text)
    assert found, f"{path.name} has no table {table}"
    head, _, *body = [_split(line) for line in found[1].splitlines()]
    return [dict(zip(head, line, strict=True)) for line in body]


def cases(page: str, table: str) -> list[object]:
    """The same rows as pytest parameters, named by their first column."""
    return [pytest.param(row, id=next(iter(row.values()))) for row in rows(page, table)]


def words(cell: str) -> list[str]:
    """The comma-separated words of a table cell; « – » is none."""
    return [] if cell == "–" else [word.strip() for word in cell.split(",")]


def ids(cell: str) -> list[int]:
    """The comma-separated numbers of a table cell; « – » is none."""
    return [int(word) for word in words(cell)]


def number_or_none(cell: str) -> int | None:
    """A number, or None for « – »."""
    return None if cell == "–" else int(cell)


def word_or_none(cell: str) -> str | None:
    """A word, or None for « – »."""
    return None if cell == "–" else cell


def _split(line: str) -> list[str]:
    return [cell.strip().removeprefix("`").removesuffix("`") for cell in line.strip().strip("|").split("|")]
