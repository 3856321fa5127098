"""« Chiffres »: hours and children of a span of days, by regime, age, quotient, residence, kind of day and activity.

Everything is added up by the database in one statement: the days of each child first, since caps are of a day
(`rules.figures.counted_minutes()`), then what is alike, then each axis (docs/rules/figures.md).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    String,
    Subquery,
    and_,
    case,
    cast,
    distinct,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from app import clock
from app.database import db
from app.models.bookings import Booking, Opening
from app.models.families import Child, Family, FamilyAddress, FamilyChild, FamilyQuotient, Regime
from app.models.invoices import InvoicedBooking
from app.models.price_facts import FamilyResidence
from app.rules.attendances import Turnout
from app.rules.calendars import DayKind, add_months
from app.rules.figures import (
    YOUNG_UNTIL,
    AgeBand,
    FigureAxis,
    HourCaps,
    RegimeBand,
    born_by,
    brackets_from,
    brackets_of,
    is_afternoon,
    untold,
)
from app.rules.price_facts import OUTSIDE
from app.rules.states import BookingStatus
from app.rules.tariff_grids import Span, version_on
from app.services.catalogue import UnitInfo, catalogue
from app.services.pages import Page, page_of
from app.services.sheet_scopes import SheetScope
from app.services.turnouts import places_told

MEASURES = ("booked", "invoiced", "came", "missed")
_SUMMED = (*MEASURES, "unticked")
_AFTERNOON, _MEAL = 2**16, 2**32  # the places of a weight: no day has so many minutes
NOT_KNOWN = "unknown"
"""The row of those of whom it is not known."""


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A row of an axis, or the whole: minutes as they count, and different children.

    ``code``: the activity's id, a member of the axis' enum, a bracket's, a word of residence, or `NOT_KNOWN`.
    ``missed``: booked and absent. ``unticked``: places of days past of which nothing was recorded.
    """

    code: str
    booked_minutes: int = 0
    invoiced_minutes: int = 0
    came_minutes: int = 0
    missed_minutes: int = 0
    unticked: int = 0
    booked_children: int = 0
    invoiced_children: int = 0
    came_children: int = 0

    @property
    def children(self) -> tuple[int, int, int]:
        """How many different children, booked, invoiced and there."""
        return self.booked_children, self.invoiced_children, self.came_children

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing of it."""
        return not any(self.children)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a span of days comes to. ``untold``: the rows of each axis that would say who they are."""

    whole: FigureRow
    axes: Mapping[FigureAxis, tuple[FigureRow, ...]]
    brackets: tuple[Span, ...]
    has_own_brackets: bool  # they are the activity's
    untold: Mapping[FigureAxis, frozenset[str]]
    is_whole_untold: bool

    @property
    def unknown_regime(self) -> FigureRow:
        """What keeps the declaration from being made."""
        return next(row for row in self.axes[FigureAxis.REGIME] if row.code == RegimeBand.UNKNOWN)


@dataclass(frozen=True, slots=True)
class ChildWithoutRegime:
    """A child that counts through a family of which no regime is known."""

    child_id: int
    child_name: str
    birth_date: date
    family_id: int | None  # None: the child belongs to no family any more
    family_name: str


def brackets_for(scope: SheetScope, last: date) -> tuple[tuple[Span, ...], bool]:
    """The quotient brackets of the chosen activity at the end of the days, else those that the council set; and
    whether they are the activity's own."""
    if scope.activity is not None:
        version = version_on(scope.activity.tariffs, min(last, scope.activity.season.ends_on))
        own = brackets_of(version.grid) if version is not None else ()
        if own:
            return own, True
    return brackets_from(catalogue().figures.bracket_limits), False


def read_figures(scope: SheetScope, first: date, last: date, *, least_children: int = 0) -> Figures:
    """The figures of the days from a first to a last. One query, whatever the size.

    Groups of fewer children than `least_children` are told to be untold (0: all are told).
    """
    brackets, are_own = brackets_for(scope, last)
    found: defaultdict[str, dict[str, FigureRow]] = defaultdict(dict)
    rows = db.session.execute(_summed(_parts(scope, first, last, brackets))) if scope.unit_ids else ()
    for axis, code, *numbers in rows:
        code = NOT_KNOWN if code is None else code
        found[axis][code] = FigureRow(code, *(int(number or 0) for number in numbers))
    whole = found[_WHOLE].get("", FigureRow(""))
    axes = {axis: tuple(_rows(axis, scope, brackets, found[axis])) for axis in FigureAxis}
    return Figures(
        whole, axes, brackets, are_own,
        {axis: _untold(rows, least_children) for axis, rows in axes.items()},
        bool(untold([whole.children], least_children)),
    )  # fmt: skip


def _untold(rows: Sequence[FigureRow], least: int) -> frozenset[str]:
    return frozenset(rows[place].code for place in untold([row.children for row in rows], least))


def _rows(
    axis: FigureAxis, scope: SheetScope, brackets: Sequence[Span], found: Mapping[str, FigureRow]
) -> Iterator[FigureRow]:
    """In the order in which they are read: those that the declaration asks for always, others where there are any."""
    match axis:
        case FigureAxis.ACTIVITY:
            codes = [str(activity.id) for activity in scope.activities if str(activity.id) in found]
        case FigureAxis.REGIME:
            codes = list(RegimeBand)
        case FigureAxis.AGE:
            codes = list(AgeBand)
        case FigureAxis.QUOTIENT:
            codes = [*(span.code for span in brackets), NOT_KNOWN]
        case FigureAxis.RESIDENCE:
            codes = sorted(found, key=lambda code: (code == NOT_KNOWN, code == OUTSIDE, code))
        case FigureAxis.DAY:
            codes = [kind for kind in DayKind if kind in found]
    for code in codes:
        yield found.get(code, FigureRow(code))


def children_without_regime(scope: SheetScope, first: date, last: date, page: int) -> Page[ChildWithoutRegime]:
    """Those who make the regime unknown, by name, through the family that counts. Two queries."""
    if not scope.unit_ids:
        return page_of(page, 0)
    places = _places(scope, first, last)
    rows = (
        select(places.c.child_id, places.c.family_id)
        .outerjoin(Family, Family.id == places.c.family_id)
        .where(Family.regime.is_(None))
        .distinct()
        .subquery()
    )
    place: Page[ChildWithoutRegime] = page_of(page, db.session.scalar(select(func.count()).select_from(rows)) or 0)
    shown = db.session.execute(
        select(Child, Family)
        .select_from(rows)
        .join(Child, Child.id == rows.c.child_id)
        .outerjoin(Family, Family.id == rows.c.family_id)
        .order_by(Child.folded_name, Child.id, rows.c.family_id)
        .limit(place.size)
        .offset(place.offset)
    )
    return place.filled(
        tuple(
            ChildWithoutRegime(
                child.id, f"{child.last_name} {child.first_name}", child.birth_date,
                family.id if family else None, family.name if family else "",
            )
            for child, family in shown
        )
    )  # fmt: skip


_WHOLE = "whole"


def _summed(parts: CTE) -> Any:
    """The whole and each axis, from what is alike."""
    numbers = [
        *(func.sum(parts.c[name]) for name in _SUMMED),
        *(func.count(distinct(case((parts.c[measure] > 0, parts.c.child_id)))) for measure in MEASURES[:3]),
    ]
    axes = [
        select(literal(axis.value).label("axis"), cast(parts.c[axis.value], String).label("code"), *numbers).group_by(
            parts.c[axis.value]
        )
        for axis in FigureAxis
    ]
    return union_all(select(literal(_WHOLE), literal(""), *numbers), *axes)


def _parts(scope: SheetScope, first: date, last: date, brackets: Sequence[Span]) -> CTE:
    """What is alike of a child, with what each axis says of it."""
    cells = _cells(scope, first, last)
    axes: Mapping[FigureAxis, ColumnElement[Any]] = {
        FigureAxis.ACTIVITY: cells.c.activity_id,
        FigureAxis.REGIME: _regime_band(),
        FigureAxis.AGE: cells.c.age,
        FigureAxis.QUOTIENT: _bracket(cells.c.family_id, cells.c.month, brackets),
        FigureAxis.RESIDENCE: _residence(cells.c.family_id, cells.c.month),
        FigureAxis.DAY: cells.c.kind,
    }
    told = (
        select(
            cells.c.child_id, *(words.label(axis.value) for axis, words in axes.items()),
            *(cells.c[name] for name in _SUMMED),
        )
        .select_from(cells)
        .outerjoin(Family, Family.id == cells.c.family_id)
        .cte("told")
        .prefix_with("MATERIALIZED")  # else SQLite looks up quotient and residence twice
    )  # fmt: skip
    keys = (told.c.child_id, *(told.c[axis.value] for axis in FigureAxis))
    return select(*keys, *(func.sum(told.c[name]).label(name) for name in _SUMMED)).group_by(*keys).cte("parts")


def _cells(scope: SheetScope, first: date, last: date) -> Subquery:
    """What a child has in an activity through a family, by month, kind of day and age: caps are of a day."""
    by_day = _by_day(scope, _places(scope, first, last))
    kind, month = _kind(by_day.c.day, first, last), _month(by_day.c.day, first, last)
    birth_date: ColumnElement[date] = Child.__table__.c.birth_date
    age = case(
        (birth_date <= born_by(first), AgeBand.OLDER.value),
        (birth_date > born_by(last), AgeBand.YOUNG.value),
        # Only of who has the birthday between these days it is asked day by day.
        (_number(by_day.c.day) - _number(birth_date) >= YOUNG_UNTIL * 10_000, AgeBand.OLDER.value),
        else_=AgeBand.YOUNG.value,
    )
    keys = (by_day.c.activity_id, by_day.c.child_id, by_day.c.family_id)
    told = (
        select(*keys, kind.label("kind"), month.label("month"), age.label("age"), *(by_day.c[name] for name in _SUMMED))
        .join(Child, Child.id == by_day.c.child_id)
        .subquery()
    )
    groups = [told.c[name] for name in ("activity_id", "child_id", "family_id", "kind", "month", "age")]
    counted = [func.sum(_counted(told.c[each], told.c.kind)).label(each) for each in MEASURES]
    return select(*groups, *counted, func.sum(told.c.unticked).label("unticked")).group_by(*groups).subquery()


def _by_day(scope: SheetScope, places: Subquery) -> Subquery:
    """A child's day in an activity through a family: the weights of its units (`_weight()`), counted each way."""
    units = [unit for activity in scope.activities for unit in activity.units]
    weight = case({unit.id: _weight(unit) for unit in units}, value=places.c.unit_id, else_=0)
    activity = case({unit.id: unit.activity_id for unit in units}, value=places.c.unit_id)
    counts = {
        "booked": places.c.is_booked,
        "invoiced": places.c.is_invoiced,
        "came": places.c.turnout == Turnout.PRESENT,
        "missed": places.c.is_booked & (places.c.turnout == Turnout.ABSENT),
    }
    is_unticked = places.c.is_booked & places.c.turnout.is_(None) & (places.c.day < clock.today())
    told = select(
        activity.label("activity_id"), places.c.child_id, places.c.family_id, places.c.day,
        *(case((holds, weight), else_=0).label(measure) for measure, holds in counts.items()),
        case((is_unticked, 1), else_=0).label("unticked"),
    ).subquery()  # fmt: skip
    keys = (told.c.activity_id, told.c.child_id, told.c.family_id, told.c.day)
    return (
        select(*keys, *(cast(func.sum(told.c[name]), BigInteger).label(name) for name in _SUMMED))
        .group_by(*keys)
        .subquery()
    )


def _weight(unit: UnitInfo) -> int:
    """A unit as a number, so that one sum tells all that caps look at: its minutes in the morning or in the afternoon,
    and whether it is a meal, each in a place of its own."""
    minutes = unit.minutes * _AFTERNOON if is_afternoon(unit.starts_at) else unit.minutes
    return minutes + (_MEAL if unit.is_meal else 0)


def _counted(weights: ColumnElement[int], kind: ColumnElement[str]) -> ColumnElement[int]:
    """`rules.figures.counted_minutes()` of the weights of a day, in SQL."""
    morning, afternoon = weights % _AFTERNOON, weights // _AFTERNOON % _AFTERNOON
    rule = catalogue().figures
    capped = [
        (
            kind == each.value,
            case(
                (weights >= _MEAL, _at_most(morning + afternoon, caps.day_minutes)),
                else_=_at_most(morning, caps.half_minutes) + _at_most(afternoon, caps.half_minutes),
            ),
        )
        for each in DayKind
        if (caps := rule.caps(each)) != HourCaps()
    ]
    return case(*capped, else_=morning + afternoon) if capped else morning + afternoon


def _at_most(minutes: ColumnElement[int], most: int | None) -> ColumnElement[int]:
    return minutes if most is None else case((minutes > most, most), else_=minutes)


def _places(scope: SheetScope, first: date, last: date) -> Subquery:
    """The places told, and those that are charged though they were given up: day, unit_id, child_id, family_id (where
    nothing was booked, the child's first), is_booked, is_invoiced, turnout."""
    condition = (
        Opening.day.between(first, last), Opening.unit_id.in_(scope.unit_ids), Opening.group_id.in_(scope.group_ids),
    )  # fmt: skip
    told = places_told(*condition)
    own = select(func.min(FamilyChild.family_id)).where(FamilyChild.child_id == told.c.child_id).scalar_subquery()
    by_book = InvoicedBooking.run_id.is_not(None) & told.c.book_id.is_not(None)  # an entry of a prepaid book pays it
    standing = select(
        told.c.day, told.c.unit_id, told.c.child_id, func.coalesce(told.c.family_id, own).label("family_id"),
        told.c.is_booked, or_(InvoicedBooking.line_id.is_not(None), by_book).label("is_invoiced"), told.c.turnout,
    ).outerjoin(InvoicedBooking, InvoicedBooking.booking_id == told.c.booking_id)  # fmt: skip
    given_up = (
        select(
            Opening.day, Opening.unit_id, Booking.child_id, Booking.family_id, false(), true(),
            cast(null(), told.c.turnout.type),
        )
        .join(Booking, Booking.opening_id == Opening.id)
        .join(InvoicedBooking, InvoicedBooking.booking_id == Booking.id)
        .where(*condition, Booking.status != BookingStatus.CONFIRMED, InvoicedBooking.line_id.is_not(None))
    )  # fmt: skip
    return union_all(standing, given_up).subquery()


def _kind(day: ColumnElement[date], first: date, last: date) -> ColumnElement[str]:
    """Of what kind a day is, by lists of the days: a school day, which most are, else."""
    days: defaultdict[DayKind, list[date]] = defaultdict(list)
    for each in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        days[catalogue().calendar.kind(each)].append(each)
    listed = [(day.in_(of_kind), kind.value) for kind, of_kind in days.items() if kind is not DayKind.SCHOOL_DAY]
    usual = literal(DayKind.SCHOOL_DAY.value)
    return case(*listed, else_=usual) if listed else usual


def _month(day: ColumnElement[date], first: date, last: date) -> ColumnElement[date]:
    """The first day of a day's month."""
    months = [first.replace(day=1)]
    while (following := add_months(months[-1], 1)) <= last:
        months.append(following)
    ends = [(day < following, literal(month, Date)) for month, following in pairwise(months)]
    return case(*ends, else_=literal(months[-1], Date)) if ends else literal(months[-1], Date)


def _number(day: ColumnElement[date]) -> ColumnElement[int]:
    """20261129 for a date: ages are differences, and who was born on a 29 February has its birthday on 1 March."""
    return cast(func.replace(cast(day, String), "-", ""), Integer)


def _regime_band() -> ColumnElement[str]:
    kept = {Regime.GENERAL: RegimeBand.GENERAL, Regime.AGRICULTURAL: RegimeBand.AGRICULTURAL}
    return case(
        (Family.regime.is_(None), RegimeBand.UNKNOWN.value),
        *((Family.regime == regime, band.value) for regime, band in kept.items()),
        else_=RegimeBand.OTHER.value,
    )


def _bracket(
    family_id: ColumnElement[int], month: ColumnElement[date], brackets: Sequence[Span]
) -> ColumnElement[str | None]:
    """`rules.quotients.quotient_on()` in SQL: the bracket of a family in a month, where a verified quotient counts."""
    value = FamilyQuotient.value_cents
    spans = [
        (and_(value >= span.low, *([] if span.below is None else [value < span.below])), span.code) for span in brackets
    ]
    return (
        select(case(*spans))
        .where(
            FamilyQuotient.family_id == family_id,
            FamilyQuotient.starts_on <= month,
            or_(FamilyQuotient.ends_on.is_(None), FamilyQuotient.ends_on >= month),
            FamilyQuotient.verified_at.is_not(None),
            FamilyQuotient.refused_at.is_(None),
        )
        .order_by(FamilyQuotient.starts_on.desc(), FamilyQuotient.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _residence(family_id: ColumnElement[int], month: ColumnElement[date]) -> ColumnElement[str | None]:
    """`rules.price_facts.residence_on()` in SQL: the council's word for where a family lives in a month."""
    communes = catalogue().residences
    told = (
        select(FamilyResidence.word)
        .where(FamilyResidence.family_id == family_id, FamilyResidence.starts_on <= month)
        .order_by(FamilyResidence.starts_on.desc())
        .limit(1)
        .scalar_subquery()
    )
    if not communes:
        return told
    lived = select(case(dict(communes), value=FamilyAddress.insee_code, else_=OUTSIDE)).where(
        FamilyAddress.family_id == family_id
    )
    begun = lived.where(FamilyAddress.starts_on <= month).order_by(FamilyAddress.starts_on.desc()).limit(1)
    # Before its first address a family lived where it first told us.
    first = lived.order_by(FamilyAddress.starts_on).limit(1)
    nowhere = case((family_id.is_not(None), OUTSIDE))
    return func.coalesce(told, begun.scalar_subquery(), first.scalar_subquery(), nowhere)
