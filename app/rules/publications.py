"""Who reads a publication or accepts a text, while which is offered, and which version of a text is in force.

Source: docs/rules/publications.md. Who comes first where (`rules.audiences`) is another question: it is about an
activity that is asked for, this one about what a family already is.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, auto

NEW_FOR = timedelta(days=14)
"""What is offered, or was replaced, within so many days is marked as new."""


@dataclass(frozen=True, slots=True)
class Readership:
    """The families whom something concerns: by what one of their children is.

    `activities`: the child is enrolled in one of them or asks for one; None: whatever it is enrolled in. `levels`: it
    is in one of these classes; empty: in any, or in none. Neither of both: every family, without children too.
    """

    activities: frozenset[int] | None = None
    levels: frozenset[str] = frozenset()

    @property
    def is_everybody(self) -> bool:
        """Whether no child is looked at."""
        return self.activities is None and not self.levels


@dataclass(frozen=True, slots=True)
class ReadingChild:
    """A child, as far as a readership looks: `level` is its class in the present school year, if it is known."""

    activities: frozenset[int] = frozenset()
    level: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """When something is offered: both days included, None: without end."""

    first: date
    last: date | None = None
    is_withdrawn: bool = False


class TextState(StrEnum):
    """Where a family stands with a text."""

    TO_ACCEPT = auto()
    CHANGED = auto()  # it accepted an earlier version
    ACCEPTED = auto()


@dataclass(frozen=True, slots=True)
class VersionDay:
    """A version of a text, and from when on it is in force."""

    id: int
    starts_on: date


def concerns(readership: Readership, children: Iterable[ReadingChild]) -> bool:
    """Whether a family with these children is among those concerned: one child must be all that is named."""
    return readership.is_everybody or any(_concerns_child(readership, child) for child in children)


def is_offered(shown: Shown, today: date) -> bool:
    """Whether families see it on a day."""
    return not shown.is_withdrawn and shown.first <= today and (shown.last is None or today <= shown.last)


def is_new(shown: Shown, replaced_on: date, today: date) -> bool:
    """Whether it is marked as new: `replaced_on` is the day on which its file was put there."""
    return timedelta(0) <= today - max(shown.first, replaced_on) < NEW_FOR


def version_in_force(versions: Sequence[VersionDay], today: date) -> VersionDay | None:
    """The version that counts on a day: of those that began, the last one, and of one day's the one written last."""
    begun = [version for version in versions if version.starts_on <= today]
    return max(begun, key=lambda version: (version.starts_on, version.id), default=None)


def text_state(in_force: int, accepted: Iterable[int]) -> TextState:
    """Where a family stands that accepted these versions of a text."""
    known = set(accepted)
    if in_force in known:
        return TextState.ACCEPTED
    return TextState.CHANGED if known else TextState.TO_ACCEPT


def hash_of(body: str, file_hash: str | None) -> str:
    """What tells one version from any other: SHA-256 of the file's own, a line feed and the words."""
    return hashlib.sha256(f"{file_hash or ''}\n{body}".encode()).hexdigest()


def _concerns_child(readership: Readership, child: ReadingChild) -> bool:
    if readership.activities is not None and readership.activities.isdisjoint(child.activities):
        return False
    return not readership.levels or child.level in readership.levels
