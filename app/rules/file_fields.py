"""What of a family's file parents may change, field by field: at once, with approval, or not at all.

Source: docs/rules/file_fields.md. The staff choose; what they did not choose follows the defaults of this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto

from app.rules.changes import FieldPolicy


class FileKind(StrEnum):
    """The part of a file that a change is about."""

    COORDINATES = auto()
    GUARDIAN = auto()
    CHILD = auto()  # the identity of a child
    CUSTODY = auto()  # with whom a child lives
    PRICE_FACTS = auto()  # what prices depend on; only the staff change it
    CHILD_PRICE_FACTS = auto()  # the same of a child
    AID = auto()  # an aid of a fund for a child
    REMINDERS = auto()  # whether a parent wants the reminder before a booking deadline; told by nobody else
    NEW_GUARDIAN = auto()
    NEW_CHILD = auto()


class Custody(StrEnum):
    """With whom a child lives."""

    BOTH_PARENTS = auto()
    ONE_PARENT = auto()
    ALTERNATING = auto()
    OTHER = auto()


class CustodyWeeks(StrEnum):
    """Which weeks of the calendar (ISO) a child spends with this family, in alternating custody."""

    EVEN = auto()
    ODD = auto()


class FileField(StrEnum):
    """What the staff choose a policy for: a field, or fields that mean something only together."""

    FAMILY_LAST_NAME = "coordinates.last_name"
    FAMILY_FIRST_NAME = "coordinates.first_name"
    FAMILY_ADDRESS = "coordinates.address"
    FAMILY_HOME_PHONE = "coordinates.home_phone"
    FAMILY_MOBILE_PHONE = "coordinates.mobile_phone"
    FAMILY_REGIME = "coordinates.regime"
    FAMILY_FUND_NUMBER = "coordinates.fund_number"
    FAMILY_FUND_HOLDER = "coordinates.fund_holder_name"
    GUARDIAN_TITLE = "guardian.title"
    GUARDIAN_LAST_NAME = "guardian.last_name"
    GUARDIAN_FIRST_NAME = "guardian.first_name"
    GUARDIAN_SITUATION = "guardian.situation"
    GUARDIAN_BIRTH_DATE = "guardian.birth_date"
    GUARDIAN_ADDRESS = "guardian.address"
    GUARDIAN_EMAIL = "guardian.email"
    GUARDIAN_MOBILE_PHONE = "guardian.mobile_phone"
    GUARDIAN_HOME_PHONE = "guardian.home_phone"
    GUARDIAN_WORK_PHONE = "guardian.work_phone"
    GUARDIAN_WORK_MOBILE_PHONE = "guardian.work_mobile_phone"
    GUARDIAN_OCCUPATION = "guardian.occupation"
    GUARDIAN_PROFESSION = "guardian.profession"
    GUARDIAN_EMPLOYER = "guardian.employer"
    CHILD_LAST_NAME = "child.last_name"
    CHILD_FIRST_NAME = "child.first_name"
    CHILD_BIRTH_DATE = "child.birth_date"
    CHILD_CUSTODY = "custody.arrangement"
    ADDED_GUARDIAN = "new_guardian.person"
    ADDED_CHILD = "new_child.person"


STREET_FIELDS = ("number", "repetition", "street", "complement", "postal_code", "city")
OWN_ADDRESS_FIELDS = ("home", *STREET_FIELDS)
QUOTIENT_FIELDS = ("quotient", "quotient_month", "quotient_source")
CUSTODY_FIELDS = ("arrangement", "with_whom", "weeks", "detail")

GROUPS: Mapping[FileKind, tuple[tuple[str, ...], ...]] = {
    FileKind.COORDINATES: (STREET_FIELDS, QUOTIENT_FIELDS),
    FileKind.GUARDIAN: (OWN_ADDRESS_FIELDS,),
    FileKind.CHILD: (),
    FileKind.CUSTODY: (CUSTODY_FIELDS,),
    FileKind.PRICE_FACTS: (),
    FileKind.CHILD_PRICE_FACTS: (),
    FileKind.AID: (),
    FileKind.REMINDERS: (),
    FileKind.NEW_GUARDIAN: (),
    FileKind.NEW_CHILD: (),
}
"""The fields of each part that mean something only together."""

_NAMED_GROUPS: Mapping[FileField, tuple[str, ...]] = {
    FileField.FAMILY_ADDRESS: STREET_FIELDS,
    FileField.GUARDIAN_ADDRESS: OWN_ADDRESS_FIELDS,
    FileField.CHILD_CUSTODY: CUSTODY_FIELDS,
}

_WAIT = frozenset(
    {
        FileField.FAMILY_LAST_NAME, FileField.FAMILY_FIRST_NAME, FileField.FAMILY_ADDRESS, FileField.FAMILY_REGIME,
        FileField.FAMILY_FUND_NUMBER, FileField.FAMILY_FUND_HOLDER, FileField.CHILD_LAST_NAME,
        FileField.CHILD_FIRST_NAME, FileField.CHILD_BIRTH_DATE, FileField.CHILD_CUSTODY,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What a choice of the staff decides on."""

    field: FileField
    kind: FileKind
    names: tuple[str, ...]  # of the fields of the part's form; none for adding somebody
    default: FieldPolicy


def _rule(field: FileField) -> FieldRule:
    kind, _, name = field.value.partition(".")
    is_addition = FileKind(kind) in (FileKind.NEW_GUARDIAN, FileKind.NEW_CHILD)
    names = () if is_addition else _NAMED_GROUPS.get(field, (name,))
    return FieldRule(field, FileKind(kind), names, FieldPolicy.APPROVAL if field in _WAIT else FieldPolicy.EDITABLE)


FIELD_RULES: Mapping[FileField, FieldRule] = {field: _rule(field) for field in FileField}

ADDITIONS: Mapping[FileKind, FileField] = {
    FileKind.NEW_GUARDIAN: FileField.ADDED_GUARDIAN,
    FileKind.NEW_CHILD: FileField.ADDED_CHILD,
}


def policy_of(field: FileField, chosen: Mapping[FileField, FieldPolicy]) -> FieldPolicy:
    """What parents may do with a field."""
    return chosen.get(field, FIELD_RULES[field].default)


def policies_for(
    kind: FileKind, chosen: Mapping[FileField, FieldPolicy], *, is_enrolled: bool = True
) -> Mapping[str, FieldPolicy]:
    """The policy of each field of a part, by its name; a field that is not in it is editable.

    The identity of a child may be corrected freely until its first enrolment: nothing depends on its age before.
    """
    if kind is FileKind.CHILD and not is_enrolled:
        return {}
    return {
        name: policy_of(field, chosen)
        for field, rule in FIELD_RULES.items()
        if rule.kind is kind
        for name in rule.names
    }


def fields_named(kind: FileKind, names: Mapping[str, object] | frozenset[str]) -> tuple[FileField, ...]:
    """What the staff know these fields of a part as, in the order of the settings."""
    return tuple(
        field
        for field, rule in FIELD_RULES.items()
        if rule.kind is kind and (not rule.names or any(name in names for name in rule.names))
    )
