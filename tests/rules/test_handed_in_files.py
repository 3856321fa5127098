import pytest

from app.rules.handed_in_files import FileKind, FileRefusal, FileShape, Judgement, judge_files, judge_room, shown_name
from tests.rules.tables import Row, cases

PDF, PHOTO = FileShape(9, b"%PDF-1.7"), FileShape(9, b"\xff\xd8\xff\xe0")


@pytest.mark.parametrize("row", cases("handed_in_files", "names"))
def test_names_are_read_and_never_used(row: Row) -> None:
    sent, shown = (
        text.encode().decode("unicode_escape") if "\\u" in text or "\\r" in text else text for text in row.values()
    )
    sent, shown = (text.replace("x*300", "x" * 300).replace("x*75", "x" * 75) for text in (sent, shown))
    assert shown_name(sent) == ("" if shown == "–" else shown)
    assert len(shown_name(sent)) <= 80


def test_only_the_kinds_that_are_wanted_are_let_through() -> None:
    photos = frozenset(kind for kind in FileKind if kind.is_photo)
    assert judge_files([PHOTO], photos) is None
    assert judge_files([PHOTO, PDF], photos) == Judgement(FileRefusal.NO_PDF_HERE, 1)
    assert judge_files([PHOTO], frozenset({FileKind.PDF})) == Judgement(FileRefusal.NO_PHOTO_HERE, 0)


@pytest.mark.parametrize("row", cases("handed_in_files", "room"))
def test_how_much_a_family_may_hand_in(row: Row) -> None:
    verdict = judge_room(int(row["size"]), int(row["in 24 hours"]), int(row["kept"]))
    assert verdict == (None if row["verdict"] == "–" else row["verdict"])
