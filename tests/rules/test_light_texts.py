import pytest

from app.rules.light_texts import blocks_of
from tests.rules.tables import Row, cases


@pytest.mark.parametrize("row", cases("light_texts", "blocks"))
def test_a_text_is_cut_into_blocks(row: Row) -> None:
    found = [f"{block.kind}: {' + '.join(block.lines)}" for block in blocks_of(row["text"].replace("⏎", "\n"))]
    assert (" / ".join(found) or "–") == row["blocks"]
