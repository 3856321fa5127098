"""What a person changed in a form, against what it showed and what has been stored since.

Source: docs/rules/changes.md. Values are compared as canonical text, by name of field; "" is an empty field.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum, auto


class FieldPolicy(StrEnum):
    """What parents may do with a field: the staff choose it, field by field."""

    EDITABLE = auto()
    APPROVAL = auto()
    READ_ONLY = auto()


@dataclass(frozen=True, slots=True)
class Change:
    """An old and a new value."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else changed the field while the form was open."""

    shown: str  # when the form was opened
    stored: str  # now
    typed: str


@dataclass(frozen=True, slots=True)
class Merge:
    """What to do with a form: nothing is stored while there are conflicts."""

    changes: Mapping[str, Change]
    conflicts: Mapping[str, Conflict]


@dataclass(frozen=True, slots=True)
class Sorted:
    """Changes, by what the field's policy makes of them."""

    applied: Mapping[str, Change]  # at once
    asked: Mapping[str, Change]  # wait for the staff
    refused: Mapping[str, Change]  # read-only: no form of ours lets them be typed


def merge(
    shown: Mapping[str, str], typed: Mapping[str, str], stored: Mapping[str, str],
    together: Collection[Collection[str]] = (),
) -> Merge:  # fmt: skip
    """What a form changes; only the fields in `typed` count.

    A field left as it was shown never overwrites what somebody else stored since; two different changes of one field
    are a conflict; the same change made twice is none. The fields of one group of `together` mean something only
    together (an address): two persons who changed different fields of it are in conflict too.
    """
    changes: dict[str, Change] = {}
    conflicts: dict[str, Conflict] = {}
    for name, value in typed.items():
        was, now = shown.get(name, ""), stored.get(name, "")
        if value in (was, now):
            continue
        if was == now:
            changes[name] = Change(now, value)
        else:
            conflicts[name] = Conflict(was, now, value)
    for group in together:
        if any(name in changes for name in group):
            moved = [name for name in group if stored.get(name, "") not in (shown.get(name, ""), typed.get(name, ""))]
            conflicts.update({name: Conflict(shown.get(name, ""), stored[name], typed[name]) for name in moved})
    return Merge(changes, conflicts)


def sort_changes(changes: Mapping[str, Change], policies: Mapping[str, FieldPolicy]) -> Sorted:
    """The changes by the policy of their field; a field without policy is editable."""

    def under(policy: FieldPolicy) -> dict[str, Change]:
        return {name: change for name, change in changes.items() if policies.get(name, FieldPolicy.EDITABLE) is policy}

    return Sorted(under(FieldPolicy.EDITABLE), under(FieldPolicy.APPROVAL), under(FieldPolicy.READ_ONLY))
