"""What the staff's lists stand on: pages, and names kept without accents."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import insert, select

from app.database import db, write_transaction
from app.models.families import Child
from app.services.pages import Page, page_of


@pytest.mark.parametrize(
    ("asked", "total", "number", "count", "offset"),
    [
        (1, 0, 1, 1, 0),
        (1, 25, 1, 1, 0),
        (2, 25, 1, 1, 0),
        (2, 26, 2, 2, 25),
        (3, 60, 3, 3, 50),
        (0, 60, 1, 3, 0),
        (-5, 60, 1, 3, 0),
        (10**30, 60, 3, 3, 50),
    ],
)
def test_page_that_does_not_exist_becomes_the_nearest(
    asked: int, total: int, number: int, count: int, offset: int
) -> None:
    page: Page[str] = page_of(asked, total)
    assert (page.number, page.count, page.offset) == (number, count, offset)


def test_names_are_folded_on_every_way_into_the_table(app: Flask) -> None:
    born = {"birth_date": date(2019, 5, 14)}
    with write_transaction() as session:
        session.add(Child(last_name="D’ARÇON", first_name="Zoé", **born))
        session.execute(insert(Child), [{"last_name": "LEFÈVRE", "first_name": f"Noë {n}", **born} for n in range(2)])
    with write_transaction() as session:
        session.scalars(select(Child).where(Child.first_name == "Noë 1")).one().first_name = "Œdipe"
    names = db.session.scalars(select(Child.folded_name).order_by(Child.id)).all()
    assert names == ["d arcon zoe", "lefevre noe 0", "lefevre oedipe"]
