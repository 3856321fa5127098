import pytest

from app.rules.file_gaps import FileFacts, find_gaps
from app.rules.quotients import QuotientOutcome
from tests.rules.tables import Row, cases, words


@pytest.mark.parametrize("row", cases("file_gaps", "gaps"))
def test_what_is_missing_and_what_it_costs(row: Row) -> None:
    flags = (row[name] == "yes" for name in ("phone", "address", "regime", "asks number", "number"))
    found = find_gaps(FileFacts(*flags, QuotientOutcome(row["quotient"]), row["refused"] == "yes"))
    assert list(found.gaps) == words(row["gaps"])
    assert (found.pays_maximum, found.loses_aid) == (row["maximum"] == "yes", row["no aid"] == "yes")
    assert found.is_checked == (row["quotient"] == "unverified")
