"""Reference data: communes and the school calendar, copied from the stored data sets into the database.

Never fetched at run time: a newer version comes with the application (or with the `holidays` library) and is loaded by
the next start, or at once by the command `refresh-reference-data`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from itertools import islice
from typing import TypeVar, cast

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from app import clock
from app.integrations.communes import CommuneDataset, read_communes
from app.integrations.school_calendars import CalendarDataset, Zone, read_calendar
from app.models.councils import Council
from app.models.families import FamilyAddress
from app.models.reference_data import Commune, CommunePostalCode, PublicHoliday, ReferenceDataset, SchoolHoliday
from app.rules.texts import fold

YEARS_BEFORE = 1
YEARS_AFTER = 2

T = TypeVar("T")
_BATCH = 5_000


class Dataset(StrEnum):
    """The data sets, as `ReferenceDataset.name` calls them."""

    COMMUNES = auto()
    CALENDAR = auto()


@dataclass(frozen=True, slots=True)
class LoadedDataset:
    """What the database holds of a data set after a refresh."""

    name: Dataset
    source: str
    version: str
    row_count: int
    has_changed: bool  # False: this version was there already


def refresh_reference_data(session: Session, *, anew: bool = False) -> tuple[LoadedDataset, ...]:
    """Bring communes and the calendar of the council's zone up to date; versions already there are left alone.

    With `anew` every row is compared again. A commune that is gone stays while an address refers to it, but loses its
    postal codes, so that it cannot be chosen any more. Call inside `write_transaction()`, after the council was made.
    """
    return _refresh_communes(session, anew=anew), _refresh_calendar(session, anew=anew)


def _refresh_communes(session: Session, *, anew: bool) -> LoadedDataset:
    dataset = read_communes()
    row_count = len(dataset.communes)
    if not anew and _holds(session, Dataset.COMMUNES, dataset.source, dataset.version):
        return LoadedDataset(Dataset.COMMUNES, dataset.source, dataset.version, row_count, has_changed=False)
    _store_communes(session, dataset)
    return _record(session, Dataset.COMMUNES, dataset.source, dataset.version, row_count)


def _store_communes(session: Session, dataset: CommuneDataset) -> None:
    wanted = {commune.insee_code: commune.name for commune in dataset.communes}
    present = {row[0]: row[1] for row in session.execute(select(Commune.insee_code, Commune.name))}
    added = [_commune_row(code, name) for code, name in wanted.items() if code not in present]
    for rows in _batches(added):
        session.execute(insert(Commune), rows)
    renamed = [_commune_row(code, name) for code, name in wanted.items() if present.get(code, name) != name]
    if renamed:
        session.execute(update(Commune), renamed)

    codes = {(commune.insee_code, code) for commune in dataset.communes for code in commune.postal_codes}
    known = {
        (row[0], row[1]) for row in session.execute(select(CommunePostalCode.insee_code, CommunePostalCode.postal_code))
    }
    for rows in _batches(
        [{"insee_code": insee_code, "postal_code": postal_code} for insee_code, postal_code in sorted(codes - known)]
    ):
        session.execute(insert(CommunePostalCode), rows)
    for insee_code, postal_code in sorted(known - codes):
        gone = (CommunePostalCode.insee_code == insee_code, CommunePostalCode.postal_code == postal_code)
        session.execute(delete(CommunePostalCode).where(*gone))
    lost = sorted(present.keys() - wanted.keys())
    for lost_codes in _batches(lost):
        in_use = select(FamilyAddress.insee_code)
        session.execute(delete(Commune).where(Commune.insee_code.in_(lost_codes), Commune.insee_code.not_in(in_use)))


def _commune_row(insee_code: str, name: str) -> dict[str, str]:
    return {"insee_code": insee_code, "name": name, "folded_name": fold(name)}


def _refresh_calendar(session: Session, *, anew: bool) -> LoadedDataset:
    zone = cast(Zone, session.scalars(select(Council.school_zone)).one())
    this_year = clock.today().year
    oldest = session.scalar(select(func.min(PublicHoliday.day)))  # years once loaded stay: bookings refer to them
    first = min(this_year - YEARS_BEFORE, oldest.year if oldest is not None else this_year)
    years = range(first, this_year + YEARS_AFTER + 1)
    dataset = read_calendar(zone, years)
    version = f"{dataset.version}, zone {zone}, {years[0]}–{years[-1]}"
    row_count = len(dataset.public_holidays) + len(dataset.school_holidays)
    if not anew and _holds(session, Dataset.CALENDAR, dataset.source, version):
        return LoadedDataset(Dataset.CALENDAR, dataset.source, version, row_count, has_changed=False)
    _store_calendar(session, dataset)
    return _record(session, Dataset.CALENDAR, dataset.source, version, row_count)


def _store_calendar(session: Session, dataset: CalendarDataset) -> None:
    # Row by row, through the session: processes reload their catalogue when one of these rows changes.
    for row in session.scalars(select(PublicHoliday)).all():
        name = dataset.public_holidays.get(row.day)
        if name is None:
            session.delete(row)
        elif row.name != name:
            row.name = name
    known_days = set(session.scalars(select(PublicHoliday.day)))
    session.add_all(
        PublicHoliday(day=day, name=name) for day, name in dataset.public_holidays.items() if day not in known_days
    )
    wanted = {(dataset.zone, h.name, h.starts_on, h.ends_on) for h in dataset.school_holidays}
    for holiday in session.scalars(select(SchoolHoliday)).all():
        key = (holiday.zone, holiday.name, holiday.starts_on, holiday.ends_on)
        if key in wanted:
            wanted.remove(key)
        else:
            session.delete(holiday)
    session.add_all(
        SchoolHoliday(zone=zone, name=name, starts_on=starts_on, ends_on=ends_on)
        for zone, name, starts_on, ends_on in sorted(wanted, key=lambda key: key[2])
    )
    session.flush()


def _holds(session: Session, name: Dataset, source: str, version: str) -> bool:
    row = session.get(ReferenceDataset, name)
    return row is not None and (row.source, row.version) == (source, version)


def _record(session: Session, name: Dataset, source: str, version: str, row_count: int) -> LoadedDataset:
    session.merge(
        ReferenceDataset(name=name, source=source, version=version, row_count=row_count, loaded_at=clock.now())
    )
    session.flush()
    return LoadedDataset(name, source, version, row_count, has_changed=True)


def _batches(rows: Iterable[T]) -> Iterator[Sequence[T]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, _BATCH)):
        yield batch
