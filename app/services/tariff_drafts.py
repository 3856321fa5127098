"""Grids that are being written: one draft per activity, which nobody pays by until it is given its first day.

A draft may have holes; it is judged as a whole when it is published. Who changes a part says which one they
have seen: nobody overwrites another's.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.activities import NO_DAY_YET, Activity, TariffVersion
from app.rules.documents import Document, document_of
from app.rules.grid_checks import GridProblem, grid_problems, priced_codes
from app.rules.grid_documents import grid_document
from app.rules.grid_parts import GridPart, SameUnits, Section, parts_of, with_part, with_part_moved, without_part
from app.rules.tariff_grids import CountedSiblings, Grid, Rounding, SiblingOrder, unit_code
from app.services import tariffs
from app.services.catalogue import ActivityInfo, UnitInfo, catalogue
from app.services.errors import DraftMoved, NotFound
from app.services.tariffs import TariffInput, VersionState, VersionView


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft; ``stamp`` names its state."""

    id: int
    activity: ActivityInfo
    grid: Grid
    stamp: str

    @property
    def problems(self) -> Sequence[GridProblem]:
        """What is wrong in its parts."""
        return grid_problems(self.grid)

    @property
    def units_without_price(self) -> Sequence[UnitInfo]:
        """The units of the activity that it says nothing of; outings have their prices on their own screen."""
        priced = priced_codes(self.grid)
        return tuple(unit for unit in self.activity.usual_units if unit_code(unit.id) not in priced)

    @property
    def known_fees(self) -> frozenset[str]:
        """The yearly fees of the activity's versions, by the codes of their prices: who paid one pays it no more."""
        return frozenset(fee.item for version in self.activity.tariffs for fee in version.grid.fees)

    @property
    def is_complete(self) -> bool:
        """Whether it may be published."""
        return not self.problems and not self.units_without_price


def draft_ids() -> Mapping[int, int]:
    """The drafts that there are, by activity."""
    rows = db.session.execute(
        select(TariffVersion.activity_id, TariffVersion.id).where(TariffVersion.starts_on == NO_DAY_YET)
    )
    return dict(rows.tuples().all())


def read_draft(draft_id: int) -> DraftView:
    """A draft. Raises NotFound."""
    row = db.session.get(TariffVersion, draft_id)
    if row is None or row.starts_on != NO_DAY_YET:
        raise NotFound("draft")
    return _view(row)


def open_draft(session: Session, activity_id: int, grid: Grid) -> tuple[int, bool]:
    """Begin a draft with this grid, unless the activity has one. Returns its id, and whether it is new.

    Raises NotFound.
    """
    if session.get(Activity, activity_id, with_for_update=True) is None:
        raise NotFound("activity")
    present = session.scalar(_draft_of(activity_id))
    if present is not None:
        return present.id, False
    row = TariffVersion(activity_id=activity_id, starts_on=NO_DAY_YET, grid=grid)
    session.add(row)
    session.flush()
    return row.id, True


def find_part(draft: DraftView, section: Section, seen: str) -> GridPart:
    """The part of a draft that was seen so. Raises DraftMoved."""
    return parts_of(draft.grid, section)[_place_of(draft.grid, section, seen)]


def part_stamp(part: GridPart) -> str:
    """The name of a part as it is: changed, it has another."""
    return _hash(document_of(part))


def part_stamps(draft: DraftView) -> Mapping[Section, Sequence[str]]:
    """The names of all parts as they are."""
    return {section: [part_stamp(part) for part in parts_of(draft.grid, section)] for section in Section}


def put_part(session: Session, draft_id: int, section: Section, part: GridPart, seen: str | None) -> None:
    """Add a part, or put it in the place of one that was seen.

    Raises NotFound, DraftMoved where that one is gone, or a price that it names, and SameUnits.
    """
    row = _locked(session, draft_id)
    place = None if seen is None else _place_of(row.grid, section, seen)
    try:
        row.grid = with_part(row.grid, section, part, place)
    except SameUnits:
        raise
    except ValueError:  # the form knew another grid: of this one the part would name no price, or one a second time
        raise DraftMoved from None
    session.flush()


def remove_part(session: Session, draft_id: int, section: Section, seen: str) -> None:
    """Take a part away. Raises NotFound, DraftMoved and PartInUse."""
    row = _locked(session, draft_id)
    row.grid = without_part(row.grid, section, _place_of(row.grid, section, seen))
    session.flush()


def move_part(session: Session, draft_id: int, section: Section, seen: str, by: int) -> None:
    """Move a part by so many places. Raises NotFound and DraftMoved."""
    row = _locked(session, draft_id)
    row.grid = with_part_moved(row.grid, section, _place_of(row.grid, section, seen), by)
    session.flush()


def rules_stamp(grid: Grid) -> str:
    """The name of how siblings count and prices are rounded, as it is."""
    return f"{grid.counted_siblings}-{grid.sibling_order}-{grid.rounding}"


def set_rules(
    session: Session, draft_id: int, counted: CountedSiblings, order: SiblingOrder, rounding: Rounding, seen: str
) -> None:
    """Say how siblings count and how prices are rounded. Raises NotFound, and DraftMoved where other was seen."""
    row = _locked(session, draft_id)
    if seen != rules_stamp(row.grid):
        raise DraftMoved
    row.grid = replace(row.grid, counted_siblings=counted, sibling_order=order, rounding=rounding)
    session.flush()


def replace_draft(session: Session, draft_id: int, grid: Grid) -> None:
    """Write another grid into a draft. Raises NotFound."""
    _locked(session, draft_id).grid = grid
    session.flush()


def delete_draft(session: Session, draft_id: int) -> None:
    """Throw a draft away. Raises NotFound."""
    session.delete(_locked(session, draft_id))
    session.flush()


def version_replaced(activity: ActivityInfo, starts_on: date) -> VersionView | None:
    """The version to come that a draft published on this day takes the place of."""
    row = db.session.scalar(
        select(TariffVersion).where(TariffVersion.activity_id == activity.id, TariffVersion.starts_on == starts_on)
    )
    version = None if row is None else tariffs.read_version(row.id)
    return version if version is not None and version.state is VersionState.TO_COME else None


def publish_draft(session: Session, draft_id: int, stamp: str, starts_on: date) -> int:
    """Make a draft a version from a day on, in the place of one to come that begins that day; returns its id.

    Raises NotFound, DraftMoved, DayTaken, and ValueError for a draft with problems.
    """
    row = _locked(session, draft_id)
    if stamp != _stamp(row.grid):
        raise DraftMoved
    typed = TariffInput(starts_on, row.grid)
    replaced = session.scalar(
        select(TariffVersion.id).where(
            TariffVersion.activity_id == row.activity_id,
            TariffVersion.starts_on == starts_on,
            TariffVersion.starts_on > clock.today(),
        )
    )
    if replaced is None:
        version_id = tariffs.add_version(session, row.activity_id, typed)
    else:
        tariffs.change_version(session, replaced, typed)
        version_id = replaced
    session.delete(row)
    session.flush()
    return version_id


def _draft_of(activity_id: int) -> Select[tuple[TariffVersion]]:
    return select(TariffVersion).where(TariffVersion.activity_id == activity_id, TariffVersion.starts_on == NO_DAY_YET)


def _locked(session: Session, draft_id: int) -> TariffVersion:
    row = session.get(TariffVersion, draft_id, with_for_update=True)
    if row is None or row.starts_on != NO_DAY_YET:
        raise NotFound("draft")
    return row


def _view(row: TariffVersion) -> DraftView:
    return DraftView(row.id, catalogue().activities[row.activity_id], row.grid, _stamp(row.grid))


def _stamp(grid: Grid) -> str:
    return _hash(grid_document(grid))


def _hash(document: Document) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]


def _place_of(grid: Grid, section: Section, seen: str) -> int:
    for place, part in enumerate(parts_of(grid, section)):
        if part_stamp(part) == seen:
            return place
    raise DraftMoved
