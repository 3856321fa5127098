"""Waiting lists: who is next, which entries fit, and whether a freed place is booked or offered, until when.

Source: product.md section 5, docs/rules/waiting_lists.md.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.rules.deadlines import PARIS, Never, is_in_time

Need = tuple[date, int]
"""A place of a capacity scope (by id) on a day."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What waits for one child on one day, all or nothing.

    ``position`` orders all that wait: that of the commit, until the staff move it. Entries of one ``bundle`` have their
    places together or not at all. ``needs``: the places that the child does not take yet.
    """

    id: int
    position: int
    bundle: int
    needs: frozenset[Need]


def bundles(entries: Iterable[Entry]) -> list[tuple[Entry, ...]]:
    """Those that go together, in the order of their turns: that of a bundle is the one of its last entry."""
    by_bundle: dict[int, list[Entry]] = {}
    for entry in entries:
        by_bundle.setdefault(entry.bundle, []).append(entry)
    found = [tuple(sorted(each, key=lambda entry: (entry.position, entry.id))) for each in by_bundle.values()]
    return sorted(found, key=lambda bundle: (bundle[-1].position, bundle[-1].id))


def fits(bundle: Sequence[Entry], left: Mapping[Need, int]) -> bool:
    """Whether there is a place for each of a bundle; what ``left`` does not name has no limit."""
    needed = Counter(need for entry in bundle for need in entry.needs)
    return all(count <= left[need] for need, count in needed.items() if need in left)


def next_fitting(
    waiting: Iterable[tuple[Entry, ...]], left: Mapping[Need, int], passed_over: Collection[int] = frozenset()
) -> tuple[Entry, ...] | None:
    """The first bundle whose places are there; who does not fit yet, or cannot come now, is passed over and stays."""
    return next((each for each in waiting if each[0].bundle not in passed_over and fits(each, left)), None)


def rank(entry: Entry, others: Iterable[Entry]) -> int:
    """1 for the first: one more than those who wait for one of the same places and come before."""
    before = (entry.position, entry.id)
    return 1 + sum(1 for each in others if (each.position, each.id) < before and each.needs & entry.needs)


def reordered(entries: Sequence[Entry], moved: int, to_rank: int) -> dict[int, int]:
    """The positions after an entry was moved, by entry: as many others of its queue come before it as its new rank
    says. Nobody else changes places with anybody, and the positions stay the same numbers.
    """
    ordered = sorted(entries, key=lambda each: (each.position, each.id))
    entry = next(each for each in ordered if each.id == moved)
    rest = [each for each in ordered if each.id != moved]
    rivals = [index for index, each in enumerate(rest) if each.needs & entry.needs]
    ahead = max(0, min(to_rank - 1, len(rivals)))
    at = rivals[ahead] if ahead < len(rivals) else len(rest)
    rest.insert(at, entry)
    positions = sorted(each.position for each in ordered)
    return {each.id: position for each, position in zip(rest, positions, strict=True)}


def waits_until(book_untils: Iterable[datetime | Never | None], starts: Iterable[datetime]) -> datetime:
    """Until when an entry waits: the earliest booking deadline of its units, or their start."""
    limits = [each for each in book_untils if each is not None and not isinstance(each, Never)]
    return min([*limits, *starts], key=lambda moment: moment.astimezone(UTC))


def is_over(until: datetime, now: datetime) -> bool:
    """Whether a moment until which something waits, or is held, has passed."""
    return not is_in_time(now, until)


def is_booked_at_once(
    *, wants_it: bool, cancel_untils: Iterable[datetime | Never | None], waits_until: datetime, now: datetime
) -> bool:
    """Whether a freed place is booked without asking again: the parent chose so, and may still cancel all of it free
    of charge. None: that is possible until the start, `Never`: not at all.
    """
    if not wants_it or is_over(waits_until, now):
        return False
    return all(each is None or (not isinstance(each, Never) and is_in_time(now, each)) for each in cancel_untils)


def offered_until(now: datetime, answer_time: timedelta, waits_until: datetime) -> datetime | None:
    """Until when an offered place is held: the answer time, never after the booking deadline; None where that has
    passed.
    """
    if is_over(waits_until, now):
        return None
    return min(now.astimezone(UTC) + answer_time, waits_until.astimezone(UTC)).astimezone(PARIS)
