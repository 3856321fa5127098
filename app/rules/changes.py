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
class Plan:
    """What a parent's changes do: some apply at once, others wait for the staff, beside what waited already."""

    applied: Mapping[str, Change]
    pending: Mapping[str, Change]  # all that waits from now on
    asked: frozenset[str]  # of those, what this save asked for
    withdrawn: frozenset[str]  # waited, and was typed back to what is stored


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


def show(stored: Mapping[str, str], pending: Mapping[str, Change]) -> dict[str, str]:
    """What a parent's form shows: what is stored, and in its place what they asked for."""
    return {**stored, **{name: change.after for name, change in pending.items()}}


def plan_save(
    changes: Mapping[str, Change], stored: Mapping[str, str], pending: Mapping[str, Change],
    policies: Mapping[str, FieldPolicy], together: Collection[Collection[str]] = (),
) -> Plan:  # fmt: skip
    """What becomes of the changes of a form that showed `show(stored, pending)`; a field without policy is editable.

    A field never waits with two values: a second one takes the place of the first, and the stored one takes it back.
    Fields of one group of `together` are applied, or wait, all together; they have one policy.
    """
    typed = {**show(stored, pending), **{name: change.after for name, change in changes.items()}}
    applied: dict[str, Change] = {}
    waiting = dict(pending)
    asked: set[str] = set()
    withdrawn: set[str] = set()
    grouped = {name: tuple(group) for group in together for name in group}
    for group in dict.fromkeys(grouped.get(name, (name,)) for name in changes):
        wanted = {name: Change(stored.get(name, ""), typed.get(name, "")) for name in group}
        moved = {name: change for name, change in wanted.items() if change.before != change.after}
        policy = policies.get(group[0], FieldPolicy.EDITABLE)
        if policy is FieldPolicy.READ_ONLY and moved:
            continue
        withdrawn.update(name for name in group if waiting.pop(name, None) is not None)
        if moved and policy is FieldPolicy.APPROVAL:
            waiting.update(wanted)
            asked.update(moved)
        elif moved:
            applied.update(moved)
        withdrawn.difference_update(applied, waiting)
    return Plan(applied, waiting, frozenset(asked), frozenset(withdrawn))


def find_moved(
    pending: Mapping[str, Change], stored: Mapping[str, str], together: Collection[Collection[str]] = ()
) -> Mapping[str, Conflict]:
    """What was stored anew since it was asked to change: the staff then choose among three values."""
    before = {name: change.before for name, change in pending.items()}
    after = {name: change.after for name, change in pending.items()}
    groups = [group for group in together if all(name in pending for name in group)]
    return merge(before, after, stored, groups).conflicts
