from datetime import date

import pytest

from app.rules.school_years import first_day_of, name_of, school_year_of
from tests.rules.tables import Row, cases


@pytest.mark.parametrize("row", cases("school_years", "school_years"))
def test_a_day_belongs_to_one_school_year(row: Row) -> None:
    day = date.fromisoformat(row["day"])
    year = school_year_of(day)
    assert (year, name_of(year)) == (int(row["year"]), row["name"])
    assert first_day_of(year) <= day < first_day_of(year + 1)
