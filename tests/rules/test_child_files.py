from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import child_files
from app.rules.child_files import SectionKind, SectionState, gauge, may_collect_on
from app.rules.vaccinations import VaccinationState, VaccinationStatus
from tests.rules.tables import Row, cases, words

TODAY = date(2026, 11, 23)


def day_or_none(cell: str) -> date | None:
    return None if cell == "–" else date.fromisoformat(cell)


@pytest.mark.parametrize("row", cases("child_files", "states"))
def test_how_complete_a_section_is(row: Row) -> None:
    values = dict(word.split("=") for word in words(row["values"]))
    states = {
        "school": lambda: child_files.school_state(values, 2026),
        "doctor": lambda: child_files.doctor_state(values),
        "health": lambda: child_files.health_state(values, TODAY),
        "diet": lambda: child_files.diet_state(values),
        "insurance": lambda: child_files.insurance_state(values, TODAY),
    }
    assert states[row["section"]]() == row["state"]


@pytest.mark.parametrize("row", cases("child_files", "authorisations"))
def test_authorisations_are_done_when_each_is_answered(row: Row) -> None:
    assert child_files.authorisations_state(int(row["answered"])) == row["state"]


@pytest.mark.parametrize("row", cases("child_files", "collects"))
def test_who_may_collect_on_a_day(row: Row) -> None:
    dates = day_or_none(row["from"]), day_or_none(row["until"])
    assert may_collect_on(row["allowed"] == "yes", *dates, date.fromisoformat(row["day"])) == (
        row["may collect"] == "yes"
    )


def test_vaccinations_are_done_when_shown_or_excused() -> None:
    said = {"1": "2020-01-01"}
    assert child_files.vaccination_state(VaccinationState(VaccinationStatus.COMPLETE), said) is SectionState.DONE
    assert child_files.vaccination_state(VaccinationState(VaccinationStatus.CONTRA_INDICATED), {}) is SectionState.DONE
    assert child_files.vaccination_state(VaccinationState(VaccinationStatus.MISSING), said) is SectionState.DUE
    assert child_files.vaccination_state(VaccinationState(VaccinationStatus.MISSING), {}) is SectionState.EMPTY


@given(st.lists(st.sampled_from(SectionState), min_size=len(SectionKind), max_size=len(SectionKind)))
def test_the_gauge_is_full_exactly_when_nothing_is_left(states: list[SectionState]) -> None:
    found = gauge(dict(zip(SectionKind, states, strict=True)))
    assert found.done + len(found.due) == found.total
    assert (found.percent == 100) == found.is_complete == all(state is SectionState.DONE for state in states)


@pytest.mark.parametrize("row", cases("child_files", "reminders"))
def test_what_is_said_of_days_that_come_or_passed(row: Row) -> None:
    day = date.fromisoformat(row["day"])
    found = child_files.reminders(
        day if row["what"] == "insurance" else None,
        day if row["what"] == "care_plan" else None,
        [("DTP", day)] if row["what"] == "booster" else [],
        TODAY,
    )
    assert len(found) == (row["reminded"] == "yes")
    assert all(each.kind == row["what"] and each.is_past == (row["past"] == "yes") for each in found)


def test_late_booster_makes_the_vaccinations_due() -> None:
    complete = VaccinationState(VaccinationStatus.COMPLETE)
    assert child_files.vaccination_state(complete, {"1": "x"}, has_late_booster=True) is SectionState.DUE


@pytest.mark.parametrize("row", cases("child_files", "next_levels"))
def test_which_class_follows(row: Row) -> None:
    assert child_files.next_level(row["level"]) == ("" if row["next"] == "–" else row["next"])
    assert child_files.leaves_school(row["level"]) == (row["leaves the school"] == "yes")


def test_classes_of_earlier_years_are_kept_once_each() -> None:
    first = {"school": "Moulin", "level": "CE1", "school_year": "2024"}
    second = {"school": "Autre établissement", "other_school": "Jules-Verne", "level": "CE2", "school_year": "2025"}
    second["past"] = child_files.past_classes(first, second)
    corrected = {**second, "level": "CM1"}
    assert child_files.past_classes(second, corrected) == second["past"]
    third = {"school": "Moulin", "level": "CM2", "school_year": "2026"}
    third["past"] = child_files.past_classes(corrected, third)
    assert [(each.school_year, each.school, each.level) for each in child_files.read_past_classes(third)] == [
        (2025, "Jules-Verne", "CM1"), (2024, "Moulin", "CE1"),
    ]  # fmt: skip
    assert child_files.read_past_classes({}) == ()
