"""What activities stand on, as the staff set it: offices, places where children are received, seasons."""

from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.database import db, take_turns
from app.models.activities import Activity, Office, Season, Site, Unit
from app.models.bookings import Opening
from app.rules.deadlines import NoticeRule
from app.rules.notice_documents import notice_document
from app.services.errors import NameTaken, NotFound, PrefixTaken, Usage, UsageKind
from app.services.seen_rules import check_seen
from app.services.usages import check_unused, usages_of_office, usages_of_season, usages_of_site

Row = TypeVar("Row", Office, Site, Season)


@dataclass(frozen=True, slots=True)
class OfficeInput:
    """An office: the prefix of its numbers, its name, its PayFiP number (6 digits) where it has one."""

    prefix: str
    name: str
    payfip_number: str | None


@dataclass(frozen=True, slots=True)
class SiteInput:
    """A place where children are received, and how its meals are counted (rules.meals)."""

    name: str
    address: str
    meal_limits: str = "6"  # the ages at which bands begin: « 6, 12 »
    meal_spare_percent: int = 0


@dataclass(frozen=True, slots=True)
class SeasonInput:
    """A span of dates, both included."""

    name: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class OfficeRow(OfficeInput):
    """An office that there is."""

    id: int


@dataclass(frozen=True, slots=True)
class SiteRow(SiteInput):
    """A place that there is."""

    id: int = 0
    meal_notice: NoticeRule = field(default_factory=lambda: NoticeRule(()))  # until when the caterer takes orders


@dataclass(frozen=True, slots=True)
class SeasonRow(SeasonInput):
    """A season that there is."""

    id: int


def offices() -> tuple[OfficeRow, ...]:
    """All offices, by name."""
    return tuple(_office(row) for row in db.session.scalars(select(Office).order_by(Office.name)))


def sites() -> tuple[SiteRow, ...]:
    """All places, by name."""
    return tuple(_site(row) for row in db.session.scalars(select(Site).order_by(Site.name)))


def seasons() -> tuple[SeasonRow, ...]:
    """All seasons, the latest first."""
    return tuple(_season(row) for row in db.session.scalars(select(Season).order_by(Season.starts_on.desc())))


def find_office(office_id: int) -> OfficeRow:
    """An office. Raises NotFound."""
    return _office(_existing(db.session(), Office, office_id))


def find_site(site_id: int) -> SiteRow:
    """A place. Raises NotFound."""
    return _site(_existing(db.session(), Site, site_id))


def find_season(season_id: int) -> SeasonRow:
    """A season. Raises NotFound."""
    return _season(_existing(db.session(), Season, season_id))


def save_office(session: Session, office_id: int | None, typed: OfficeInput) -> int:
    """Add an office (None), or change it; returns its id.

    Raises NotFound, PrefixTaken, NameTaken, and StillUsed for another prefix where numbers begin with the old one.
    """
    take_turns(session, "settings")
    row = Office() if office_id is None else _existing(session, Office, office_id)
    others = select(Office.id).where(Office.id != (office_id or 0))
    if session.scalar(others.where(func.lower(Office.prefix) == typed.prefix.lower())) is not None:
        raise PrefixTaken
    if session.scalar(others.where(Office.name == typed.name)) is not None:
        raise NameTaken
    if office_id is not None and row.prefix != typed.prefix:
        check_unused(each for each in usages_of_office(session, office_id) if each.kind is UsageKind.INVOICE)
    row.prefix, row.name, row.payfip_number = typed.prefix, typed.name, typed.payfip_number
    session.add(row)
    session.flush()
    return row.id


def save_site(session: Session, site_id: int | None, typed: SiteInput) -> int:
    """Add a place (None), or change it; returns its id. Raises NotFound, NameTaken."""
    take_turns(session, "settings")
    row = Site() if site_id is None else _existing(session, Site, site_id)
    if session.scalar(select(Site.id).where(Site.name == typed.name, Site.id != (site_id or 0))) is not None:
        raise NameTaken
    row.name, row.address = typed.name, typed.address
    row.meal_limits, row.meal_spare_percent = typed.meal_limits.replace(" ", ""), typed.meal_spare_percent
    session.add(row)
    session.flush()
    return row.id


def save_meal_notice(session: Session, site_id: int, rule: NoticeRule, seen: str | None = None) -> None:
    """Until when the caterer of a place takes orders; a rule without lines: until the meal.

    Raises NotFound, and SettingMoved where another rule is stored than the one `seen` (its mark).
    """
    take_turns(session, "settings")
    row = _existing(session, Site, site_id)
    stored = row.meal_notice or NoticeRule(())
    check_seen(notice_document(stored), notice_document(rule), seen)
    row.meal_notice = rule if rule.lines else None
    session.flush()


def save_season(session: Session, season_id: int | None, typed: SeasonInput) -> int:
    """Add a season (None), or change it; returns its id.

    Raises NotFound, NameTaken, and StillUsed where openings would lie outside of it.
    """
    take_turns(session, "settings")
    row = Season() if season_id is None else _existing(session, Season, season_id)
    if session.scalar(select(Season.id).where(Season.name == typed.name, Season.id != (season_id or 0))) is not None:
        raise NameTaken
    if season_id is not None:
        check_unused([Usage(UsageKind.OPENING_OUTSIDE, _openings_outside(session, season_id, typed))])
    row.name, row.starts_on, row.ends_on = typed.name, typed.starts_on, typed.ends_on
    session.add(row)
    session.flush()
    return row.id


def delete_office(session: Session, office_id: int) -> None:
    """Delete an office on which nothing hangs. Raises NotFound, StillUsed."""
    take_turns(session, "settings")
    row = _existing(session, Office, office_id)
    check_unused(usages_of_office(session, office_id))
    session.delete(row)


def delete_site(session: Session, site_id: int) -> None:
    """Delete a place on which nothing hangs. Raises NotFound, StillUsed."""
    take_turns(session, "settings")
    row = _existing(session, Site, site_id)
    check_unused(usages_of_site(session, site_id))
    session.delete(row)


def delete_season(session: Session, season_id: int) -> None:
    """Delete a season without activities. Raises NotFound, StillUsed."""
    take_turns(session, "settings")
    row = _existing(session, Season, season_id)
    check_unused(usages_of_season(session, season_id))
    session.delete(row)


def _openings_outside(session: Session, season_id: int, typed: SeasonInput) -> int:
    units = select(Unit.id).join(Activity, Activity.id == Unit.activity_id).where(Activity.season_id == season_id)
    outside = or_(Opening.day < typed.starts_on, Opening.day > typed.ends_on)
    return session.scalar(select(func.count()).where(Opening.unit_id.in_(units), outside)) or 0


def _existing(session: Session, kind: type[Row], id_: int) -> Row:
    row = session.get(kind, id_)
    if row is None:
        raise NotFound(kind.__tablename__)
    return row


def _office(row: Office) -> OfficeRow:
    return OfficeRow(row.prefix, row.name, row.payfip_number, row.id)


def _site(row: Site) -> SiteRow:
    return SiteRow(
        row.name, row.address, row.meal_limits.replace(",", ", "), row.meal_spare_percent, row.id,
        row.meal_notice or NoticeRule(()),
    )  # fmt: skip


def _season(row: Season) -> SeasonRow:
    return SeasonRow(row.name, row.starts_on, row.ends_on, row.id)
