from datetime import UTC, date, datetime, time

import pytest

from app.rules.audiences import Audience, KnownActivity, season_before
from app.rules.windows import Window, WindowAnswer, WindowState, judge_windows
from tests.rules.tables import Row, cases, ids, word_or_none, words

WINDOWS = {
    1: Window(date(2026, 6, 1), time(7), date(2026, 6, 14), audiences=frozenset({Audience.RESIDENTS})),
    2: Window(date(2026, 6, 8), time(7), date(2026, 6, 30), time(18)),
    3: Window(date(2026, 9, 7), time(7), audiences=frozenset({Audience.SIBLINGS})),
}


def expected(row: Row) -> WindowAnswer:
    at = word_or_none(row["at"])
    return WindowAnswer(WindowState(row["state"]), None if at is None else datetime.fromisoformat(at))


@pytest.mark.parametrize("row", cases("windows", "windows"))
def test_a_family_finds_open_what_is_for_it(row: Row) -> None:
    windows = [WINDOWS[number] for number in ids(row["windows"])]
    own = {Audience(word) for word in words(row["audiences"])}
    assert judge_windows(windows, own, datetime.fromisoformat(row["now"])) == expected(row)


@pytest.mark.parametrize("row", cases("windows", "clocks"))
def test_windows_open_on_the_nights_when_clocks_change(row: Row) -> None:
    window = Window(date.fromisoformat(row["day"]), time(2, 30))
    found = judge_windows([window], (), datetime.fromisoformat(row["now"]))
    wanted = expected(row)
    assert found.state is wanted.state
    assert (found.at and found.at.astimezone(UTC)) == (wanted.at and wanted.at.astimezone(UTC))


def test_windows_that_mean_nothing_are_refused() -> None:
    for closes_on, closes_at in ((date(2026, 6, 1), time(7)), (date(2026, 5, 31), time(23))):
        with pytest.raises(ValueError, match="after it opens"):
            Window(date(2026, 6, 1), time(7), closes_on, closes_at)
    with pytest.raises(ValueError, match="whole seconds"):
        Window(date(2026, 6, 1), time(7, microsecond=1))


def test_the_season_before_is_the_last_one_that_ended() -> None:
    def season(id_: int, name: str, year: int) -> KnownActivity:
        return KnownActivity(id_, name, date(year, 9, 1), date(year + 1, 8, 31))

    known = [
        season(1, "Mercredi", 2024),
        season(2, "Mercredi", 2025),
        season(3, "CAJ", 2025),
        season(4, "Mercredi", 2026),
    ]
    assert season_before(known[3], known) == {2}
    assert season_before(known[0], known) == frozenset()
