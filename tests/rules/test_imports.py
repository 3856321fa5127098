import pytest

from app.rules.imports import COLUMNS, FamilyLines, first_alike, first_with_email, gather, read_cell, read_headings
from tests.rules.tables import Row, cases, number_or_none, rows, word_or_none, words


@pytest.mark.parametrize("row", cases("imports", "headings"))
def test_columns_are_found_by_their_headings(row: Row) -> None:
    found = read_headings(words(row["first line"]))
    assert (len(found.places), list(found.missing), list(found.twice), list(found.unknown)) == (
        int(row["found"]), words(row["missing"]), words(row["twice"]), words(row["unknown"]),
    )  # fmt: skip


@pytest.mark.parametrize("row", cases("imports", "cells"))
def test_what_a_spreadsheet_lost_is_given_back(row: Row) -> None:
    assert read_cell(row["column"], row["cell"]) == row["read"]


def test_headings_tell_each_column_from_the_others() -> None:
    assert read_headings([column.heading for column in COLUMNS]).places == {
        column.key: place for place, column in enumerate(COLUMNS)
    }
    for column in COLUMNS:
        for alias in column.aliases:
            assert list(read_headings([alias]).places) == [column.key], alias


def test_doubles_in_the_file_are_those_above() -> None:
    table = rows("imports", "doubles")
    families = []
    for row in table:
        last, first = row["adult"].split()
        cells = {"family": row["family"], "last_name_1": last, "first_name_1": first}
        cells |= {"child_first_name": row["child"], "child_birth_date": row["born"]} if row["child"] != "–" else {}
        cells |= {"email_1": row["e-mail"]} if word_or_none(row["e-mail"]) else {}
        families.append(FamilyLines(row["family"], ((int(row["family"]) + 1, cells),)))
    alike, emails = first_alike(families), first_with_email(families)
    for place, row in enumerate(table):
        assert alike.get(place) == number_or_none(row["like"]), row
        assert emails.get(place) == number_or_none(row["same e-mail"]), row


def test_a_child_stands_on_one_line_of_its_family() -> None:
    twin = {"family": "7", "last_name_1": "TEST", "child_first_name": "Léa", "child_birth_date": "14/05/2019"}
    lines = [
        twin,
        {**twin, "child_first_name": "Lou"},
        {**twin, "child_first_name": "LEA", "child_birth_date": "43599"},
    ]
    (family,) = gather(enumerate(lines, 2))
    assert family.repeated() == ((4, 2),)


def test_lines_of_a_family_are_gathered_wherever_they_stand_and_must_agree() -> None:
    one = {"family": "7", "city": "Démuin", "child_first_name": "Léa"}
    other = {"family": "7", "city": "DEMUIN", "postal_code": "80110", "child_first_name": "Hugo"}
    wrong = {"family": "7", "city": "Moreuil"}
    found = gather([(2, one), (3, {"family": ""}), (4, {"family": "8"}), (5, other), (6, {"family": ""}), (7, wrong)])
    assert [(each.reference, [line for line, _ in each.lines]) for each in found] == [
        ("7", [2, 5, 7]), ("", [3]), ("8", [4]), ("", [6]),
    ]  # fmt: skip
    (conflict,) = found[0].conflicts()
    assert (conflict.line, conflict.key, conflict.first_line) == (7, "city", 2)
    assert found[0].home()["postal_code"] == (5, "80110")
    assert [line for line, _ in found[0].children()] == [2, 5]
