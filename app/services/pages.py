"""Long lists in pages."""

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

PAGE_SIZE = 25

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list of `total` rows."""

    number: int  # from 1
    total: int
    size: int
    rows: tuple[Row, ...] = ()

    @property
    def count(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.total // self.size))

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.number - 1) * self.size

    def filled(self, rows: tuple[Row, ...]) -> "Page[Row]":
        """The same page with its rows."""
        return replace(self, rows=rows)


def page_of(number: int, total: int, size: int = PAGE_SIZE) -> Page[Row]:
    """The page of this number, without its rows yet; a number that does not exist becomes the nearest one."""
    last = max(1, -(-total // size))
    return Page(number=min(max(number, 1), last), total=total, size=size)
