"""What the council offers, and the rules the staff set: all of it is held by the catalogue."""

import json
from datetime import date, time

from sqlalchemy import Dialect, ForeignKey, String, TypeDecorator, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, code_of
from app.models.catalogue import CatalogueRow
from app.rules.capacity import LAST_PLACES
from app.rules.combination_documents import combinations_document, read_combinations
from app.rules.combinations import Combinations
from app.rules.deadlines import Deadline, NoticeRule
from app.rules.enrolment_documents import enrolment_document, read_enrolment_rules
from app.rules.enrolment_rules import NO_RULES, EnrolmentRules
from app.rules.grid_documents import grid_document, read_grid
from app.rules.notice_documents import notice_document, read_notice
from app.rules.tariff_grids import Grid


class Office(CatalogueRow, Base):
    """An invoicing entity (service, régie) with its own number series."""

    __tablename__ = "office"

    id: Mapped[int] = mapped_column(primary_key=True)
    prefix: Mapped[str] = mapped_column(unique=True)  # of its invoice numbers: "pop", "AN"
    name: Mapped[str]
    payfip_number: Mapped[str | None]  # 6 digits as text; offices may share one


class NoticeText(TypeDecorator[NoticeRule]):
    """A notice rule as a JSON document."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: NoticeRule | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(notice_document(value), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> NoticeRule | None:
        return None if value is None else read_notice(json.loads(value))


class Site(CatalogueRow, Base):
    """A place where children are received (lieu d'accueil)."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str]
    # Its meals (rules.meals): the ages at which bands begin, « 6,12 »; the spare ones; until when the caterer takes
    # orders (replaced as a whole, never changed in place).
    meal_limits: Mapped[str] = mapped_column(default="6", server_default="6")
    meal_spare_percent: Mapped[int] = mapped_column(default=0, server_default="0")
    meal_notice: Mapped[NoticeRule | None] = mapped_column(NoticeText)


class Season(CatalogueRow, Base):
    """A span of dates that activities belong to, mostly a school year."""

    __tablename__ = "season"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]


class CombinationsText(TypeDecorator[Combinations]):
    """The combination rules of an activity as a JSON document."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Combinations | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(combinations_document(value), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Combinations | None:
        return None if value is None else read_combinations(json.loads(value))


class EnrolmentRulesText(TypeDecorator[EnrolmentRules]):
    """Who may be enrolled in an activity, when and how it is decided, as a JSON document."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: EnrolmentRules | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(enrolment_document(value), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> EnrolmentRules | None:
        return None if value is None else read_enrolment_rules(json.loads(value))


class Activity(CatalogueRow, Base):
    """An activity of a season: « Mercredi », « Périscolaire »…"""

    __tablename__ = "activity"
    __table_args__ = (UniqueConstraint("season_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    season_id: Mapped[int] = mapped_column(ForeignKey("season.id"))
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    position: Mapped[int]  # order in the planning
    # Which units go together on a day; replaced as a whole, never changed in place.
    combinations: Mapped[Combinations] = mapped_column(CombinationsText, default=Combinations())
    # Replaced as a whole, never changed in place.
    enrolment_rules: Mapped[EnrolmentRules] = mapped_column(EnrolmentRulesText, default=NO_RULES)
    on_request: Mapped[bool] = mapped_column(default=False, server_default=false())  # the staff decide each booking
    waiting_hours: Mapped[int | None]  # how long a freed place is offered to who waits; None: no waiting list
    pay_within_minutes: Mapped[int | None]  # bookings are paid when they are made: so long places are kept for it
    # Until how many days after the day an absence may be justified (0: not at all), and how many stay charged.
    justify_days: Mapped[int] = mapped_column(default=0, server_default="0")
    absence_days_kept: Mapped[int] = mapped_column(default=0, server_default="0")


class Group(CatalogueRow, Base):
    """An age group of an activity."""

    __tablename__ = "activity_group"
    __table_args__ = (UniqueConstraint("activity_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id", ondelete="CASCADE"))
    name: Mapped[str]
    min_age: Mapped[int | None]  # in whole years, both included
    max_age: Mapped[int | None]


class Unit(CatalogueRow, Base):
    """A bookable part of a day of an activity (temps d'accueil), or an outing (sortie) on one day."""

    __tablename__ = "unit"
    __table_args__ = (UniqueConstraint("activity_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id", ondelete="CASCADE"))
    name: Mapped[str]
    starts_at: Mapped[time]
    ends_at: Mapped[time]
    is_meal: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]
    day: Mapped[date | None]  # of an outing, which opens on no other


class ActivityNoticeRule(CatalogueRow, Base):
    """From when parents may book, until when they may book or cancel (délai de prévenance), see rules.deadlines."""

    __tablename__ = "activity_notice_rule"
    __table_args__ = (UniqueConstraint("activity_id", "deadline"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id", ondelete="CASCADE"))
    deadline: Mapped[Deadline] = mapped_column(code_of(Deadline))
    rule: Mapped[NoticeRule] = mapped_column(NoticeText)  # replaced as a whole, never changed in place


class CapacityScope(CatalogueRow, Base):
    """Which units and groups share places on a day, and how many there are unless that day says otherwise.

    Parents take `online_places` of them at most (None: all), the rest is kept for the staff; « dernières places » is
    said when `last_places` or fewer are left to them.
    """

    __tablename__ = "capacity_scope"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    places: Mapped[int]
    online_places: Mapped[int | None]
    last_places: Mapped[int] = mapped_column(default=LAST_PLACES, server_default=str(LAST_PLACES))


class CapacityScopeUnit(CatalogueRow, Base):
    """A unit covered by a capacity scope."""

    __tablename__ = "capacity_scope_unit"

    scope_id: Mapped[int] = mapped_column(ForeignKey("capacity_scope.id", ondelete="CASCADE"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="CASCADE"), primary_key=True)


class CapacityScopeGroup(CatalogueRow, Base):
    """A group covered by a capacity scope."""

    __tablename__ = "capacity_scope_group"

    scope_id: Mapped[int] = mapped_column(ForeignKey("capacity_scope.id", ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("activity_group.id", ondelete="CASCADE"), primary_key=True)


class GridText(TypeDecorator[Grid]):
    """A grid of prices as a JSON document."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Grid | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(grid_document(value), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Grid | None:
        return None if value is None else read_grid(json.loads(value))


NO_DAY_YET = date(9999, 12, 31)
"""The first day of a grid that is still being written: no booking is ever priced by it."""


class TariffVersion(CatalogueRow, Base):
    """The prices of an activity from a day on; a new version never changes an older one.

    The one that begins on NO_DAY_YET is the activity's draft, and no version.
    """

    __tablename__ = "tariff_version"
    __table_args__ = (UniqueConstraint("activity_id", "starts_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id", ondelete="CASCADE"))
    starts_on: Mapped[date]
    grid: Mapped[Grid] = mapped_column(GridText)  # replaced as a whole, never changed in place
