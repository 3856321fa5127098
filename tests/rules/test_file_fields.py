from app.rules.changes import FieldPolicy
from app.rules.file_fields import FIELD_RULES, GROUPS, FileField, FileKind, fields_named, policies_for
from tests.rules.tables import rows, words


def test_defaults_are_those_of_the_page() -> None:
    told = [(row["field"], tuple(words(row["names"])), row["default"]) for row in rows("file_fields", "defaults")]
    assert told == [(rule.field, rule.names, rule.default) for rule in FIELD_RULES.values()]


def test_staffs_choice_counts_for_all_parts_of_a_group() -> None:
    found = policies_for(FileKind.COORDINATES, {FileField.FAMILY_ADDRESS: FieldPolicy.READ_ONLY})
    assert {found[name] for name in GROUPS[FileKind.COORDINATES][0]} == {FieldPolicy.READ_ONLY}
    assert found["regime"] is FieldPolicy.APPROVAL and "quotient" not in found


def test_identity_of_a_child_is_free_until_it_is_enrolled() -> None:
    assert policies_for(FileKind.CHILD, {}, is_enrolled=False) == {}
    assert set(policies_for(FileKind.CHILD, {}).values()) == {FieldPolicy.APPROVAL}


def test_fields_are_known_by_the_names_of_their_form() -> None:
    named = fields_named(FileKind.COORDINATES, frozenset({"street", "city", "regime"}))
    assert named == (FileField.FAMILY_ADDRESS, FileField.FAMILY_REGIME)
    assert fields_named(FileKind.NEW_CHILD, frozenset({"last_name"})) == (FileField.ADDED_CHILD,)
