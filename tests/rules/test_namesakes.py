from datetime import date

import pytest

from app.rules.namesakes import Person, may_be_same
from tests.rules.tables import Row, cases, word_or_none


@pytest.mark.parametrize("row", cases("namesakes", "persons"))
def test_who_may_be_who(row: Row) -> None:
    persons = []
    for side in ("", "other "):
        born = word_or_none(row[f"{side}born"])
        persons.append(Person(row[f"{side}last"], row[f"{side}first"], date.fromisoformat(born) if born else None))
    assert may_be_same(*persons) == may_be_same(*reversed(persons)) == (row["may be the same"] == "yes")
