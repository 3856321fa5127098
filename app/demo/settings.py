"""What the demo council offers: offices, sites, seasons, activities with their rules, prices and openings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta

from sqlalchemy.orm import Session

from app.models.activities import (
    Activity,
    ActivityNoticeRule,
    CapacityScope,
    CapacityScopeGroup,
    CapacityScopeUnit,
    Group,
    Office,
    Season,
    Site,
    TariffVersion,
    Unit,
)
from app.rules.calendars import DayKind
from app.rules.combinations import Combinations, Requirement
from app.rules.deadlines import Counted, DaysBefore, Deadline, HoursBefore, Notice, WeekdayBefore, simple_rule
from app.rules.tariff_grids import (
    ChangePercent,
    Combination,
    Condition,
    CountedSiblings,
    CreditBook,
    Grid,
    Item,
    Modifier,
    ModifierKind,
    Nature,
    Package,
    Period,
    Span,
    flat,
    quotient_item,
    unit_code,
)
from app.services.consents import write_first_consent_text
from app.services.openings import generate_openings

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = range(5)
WORKING_WEEK = (MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY)

# Quotients, in cents, at which a bracket begins.
QF_BRACKETS = (0, 450_00, 750_00, 1_100_00)
RISE_CENTS = 10  # in January


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """A unit with its price per QF bracket, in cents, and the weekdays on which it opens."""

    name: str
    starts_at: time
    ends_at: time
    prices_cents: tuple[int, int, int, int]
    weekdays: tuple[int, ...]
    is_meal: bool = False
    needs: tuple[str, ...] = ()  # one of these units must be booked with it


@dataclass(frozen=True, slots=True)
class TogetherPlan:
    """One price for some units: on the same day, or for all of a week from a number of days on; per QF bracket."""

    name: str
    units: tuple[str, ...]
    prices_cents: tuple[int, int, int, int]
    week_days: int = 0  # 0: on the same day


@dataclass(frozen=True, slots=True)
class BookPlan:
    """A prepaid book of entries for a unit, for all at one price."""

    name: str
    unit: str
    entries: int
    price_cents: int


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """An age group; ages in completed years, both included."""

    name: str
    min_age: int | None
    max_age: int


@dataclass(frozen=True, slots=True)
class ScopePlan:
    """Places shared by units, over all groups of the activity or some."""

    name: str
    units: tuple[str, ...]
    places: int
    groups: tuple[str, ...] = ()  # none named: all


@dataclass(frozen=True, slots=True)
class ActivityPlan:
    """An activity as it is set up in each season."""

    name: str
    description: str
    office: str  # its prefix
    site: str
    kinds: tuple[DayKind, ...]
    units: tuple[UnitPlan, ...]
    groups: tuple[GroupPlan, ...]
    scopes: tuple[ScopePlan, ...]
    book: Notice
    cancel: Notice
    cancel_late: Notice | None = None  # None: not at all once it is not free any more
    justify_days: int = 0  # until so many days after its day what is cancelled late may be justified
    opens: tuple[date, date] | None = None  # None: all through the season
    together: tuple[TogetherPlan, ...] = ()
    sibling_percent: int = 0  # less, from the second child enrolled on
    entries: BookPlan | None = None
    waiting_hours: int | None = None  # a freed place is offered so long; None: no waiting list
    pay_within_minutes: int | None = None  # what is booked is paid then, its places kept so long


ARCHIVE_YEAR = date(2019, 9, 1)
"""The school year of the guide's invoices, kept as an archive: nothing of it can be booked any more."""

OFFICES = (
    ("pop", "Service périscolaire", "012345"),
    ("AN", "Service des accueils de loisirs", "012345"),
    ("caj", "Centre animation jeunesse", "067890"),
)

SITES = (
    ("Accueil de loisirs Les Marronniers", "3 rue de l’École, 80110 Moreuil"),
    ("Accueil périscolaire des Deux-Vallées", "1 place de la Mairie, 80110 Démuin"),
    ("Centre animation jeunesse", "8 rue du Stade, 80250 Ailly-sur-Noye"),
)

ACTIVITIES = (
    ActivityPlan(
        name="Mercredi",
        description="Les mercredis d’école\u00a0: jeux, ateliers et sorties, à la demi-journée ou à la journée.",
        office="AN",
        site="Accueil de loisirs Les Marronniers",
        kinds=(DayKind.WEDNESDAY,),
        units=(
            UnitPlan("Matin", time(7, 30), time(11, 45), (210, 320, 420, 530), (WEDNESDAY,)),
            UnitPlan(
                "Repas", time(12, 15), time(13, 15), (250, 340, 410, 480), (WEDNESDAY,),
                is_meal=True, needs=("Matin", "Après-midi"),
            ),
            UnitPlan("Après-midi", time(13, 45), time(18), (210, 320, 420, 530), (WEDNESDAY,)),
        ),
        groups=(GroupPlan("3–5 ans", 3, 5), GroupPlan("6–8 ans", 6, 8), GroupPlan("9–11 ans", 9, 11)),
        scopes=(
            ScopePlan("Mercredi matin", ("Matin",), 13),
            ScopePlan("Mercredi après-midi", ("Après-midi",), 12),
            ScopePlan("Repas du mercredi", ("Repas",), 13),
            ScopePlan("Petits du mercredi", ("Matin", "Après-midi"), 5, ("3–5 ans",)),
        ),
        together=(TogetherPlan("Journée complète", ("Matin", "Repas", "Après-midi"), (600, 900, 1150, 1400)),),
        sibling_percent=10,
        waiting_hours=72,
        book=DaysBefore(2, time(12), Counted.WORKING),
        cancel=DaysBefore(2, time(12), Counted.WORKING),
    ),
    ActivityPlan(
        name="Périscolaire",
        description="Avant et après la classe, les lundis, mardis, jeudis et vendredis.",
        office="pop",
        site="Accueil périscolaire des Deux-Vallées",
        kinds=(DayKind.SCHOOL_DAY,),
        units=(
            UnitPlan("Acc matin", time(7), time(9), (80, 120, 160, 200), WORKING_WEEK),
            UnitPlan("Acc soir", time(16, 30), time(19), (100, 150, 200, 250), WORKING_WEEK),
        ),
        groups=(GroupPlan("Maternelle", 3, 5), GroupPlan("Élémentaire", 6, 11)),
        scopes=(
            ScopePlan("Accueil du matin", ("Acc matin",), 28),
            ScopePlan("Accueil du soir", ("Acc soir",), 28),
        ),
        book=DaysBefore(1, time(10), Counted.WORKING),
        cancel=DaysBefore(1, time(10), Counted.WORKING),
        cancel_late=DaysBefore(0, time(9)),
        justify_days=15,
    ),
    ActivityPlan(
        name="CAJ vacances",
        description="Les vacances des 11–17 ans\u00a0: sport, sorties, projets, et une veillée le vendredi.",
        office="caj",
        site="Centre animation jeunesse",
        kinds=(DayKind.SCHOOL_HOLIDAY,),
        units=(
            UnitPlan("Journée", time(9), time(17), (500, 700, 900, 1100), WORKING_WEEK),
            UnitPlan("Veillée", time(18, 30), time(22), (200, 300, 400, 500), (FRIDAY,)),
        ),
        groups=(GroupPlan("11–13 ans", 11, 13), GroupPlan("14–17 ans", 14, 17)),
        scopes=(
            ScopePlan("CAJ 11–13 ans", ("Journée",), 8, ("11–13 ans",)),
            ScopePlan("CAJ 14–17 ans", ("Journée",), 8, ("14–17 ans",)),
            ScopePlan("Veillée", ("Veillée",), 12),
        ),
        together=(TogetherPlan("Forfait semaine", ("Journée",), (2000, 2800, 3600, 4400), week_days=5),),
        entries=BookPlan("Carnet de 5 veillées", "Veillée", 5, 1500),
        book=WeekdayBefore(1, WEDNESDAY, time(12)),
        cancel=HoursBefore(48),
    ),
    ActivityPlan(
        name="Atelier théâtre",
        description="Une heure le mercredi soir, hors vacances. Les séances se paient quand vous les réservez.",
        office="AN",
        site="Accueil de loisirs Les Marronniers",
        kinds=(DayKind.WEDNESDAY,),
        units=(UnitPlan("Répétition", time(18, 15), time(19, 15), (300, 400, 500, 600), (WEDNESDAY,)),),
        groups=(GroupPlan("6–11 ans", 6, 11),),
        scopes=(ScopePlan("Atelier théâtre", ("Répétition",), 10),),
        pay_within_minutes=120,
        book=DaysBefore(1, time(12), Counted.WORKING),
        cancel=DaysBefore(1, time(12), Counted.WORKING),
    ),
)  # fmt: skip


ARCHIVED_ACTIVITIES = (
    ActivityPlan(
        name="Mercredi",
        description="Les mercredis d’école, le matin.",
        office="AN",
        site="Accueil de loisirs Les Marronniers",
        kinds=(DayKind.WEDNESDAY,),
        units=(UnitPlan("Matin", time(7, 30), time(11, 45), (205, 310, 410, 510), (WEDNESDAY,)),),
        groups=(GroupPlan("3–11 ans", None, 11),),
        scopes=(ScopePlan("Mercredi matin 2019", ("Matin",), 30),),
        book=DaysBefore(2, time(12), Counted.WORKING),
        cancel=DaysBefore(2, time(12), Counted.WORKING),
        opens=(date(2019, 11, 1), date(2019, 11, 30)),
    ),
    ActivityPlan(
        name="Périscolaire",
        description="Avant et après la classe, goûter compris.",
        office="pop",
        site="Accueil périscolaire des Deux-Vallées",
        kinds=(DayKind.SCHOOL_DAY,),
        units=(
            UnitPlan("Acc matin", time(7), time(9), (130, 190, 250, 310), WORKING_WEEK),
            UnitPlan("Acc soir", time(16, 30), time(19), (200, 290, 380, 470), WORKING_WEEK),
        ),
        groups=(GroupPlan("Tous les élèves", None, 11),),
        scopes=(ScopePlan("Périscolaire 2020", ("Acc matin", "Acc soir"), 60),),
        book=DaysBefore(1, time(10), Counted.WORKING),
        cancel=DaysBefore(1, time(10), Counted.WORKING),
        opens=(date(2020, 2, 1), date(2020, 2, 14)),  # then the winter holidays
    ),
)


@dataclass(slots=True)
class Offer:
    """The ids of what was set up, by the names of the plans."""

    activities: dict[tuple[str, str], int] = field(default_factory=dict)  # by season and activity
    seasons: list[Season] = field(default_factory=list)


def school_year_of(day: date) -> date:
    """The 1 September on which the school year of a day began."""
    return date(day.year if day.month >= 9 else day.year - 1, 9, 1)


def seasons_around(today: date, first_day: date, last_day: date) -> list[date]:
    """The school years, by their first day, that the demo's weeks touch; in July and August also the coming one."""
    years = {school_year_of(day) for day in (first_day, today, last_day)}
    if today.month in (7, 8):
        years.add(date(today.year, 9, 1))
    return sorted(years)


def past_spring(last_year: int) -> tuple[date, ActivityPlan]:
    """The first day of a school year that is over, and what children came to in the March of its second year."""
    plan = replace(ARCHIVED_ACTIVITIES[0], opens=(date(last_year, 3, 1), date(last_year, 3, 31)))
    return date(last_year - 1, 9, 1), plan


def set_up(session: Session, years: Sequence[date], last_year: int, more_places: int = 0) -> Offer:
    """Create everything the staff would set, for these school years, the archived one and a part of `last_year`'s.

    Each scope of the present gets `more_places` more.
    """
    past_year, past_activity = past_spring(last_year)
    archives = {ARCHIVE_YEAR: ARCHIVED_ACTIVITIES, past_year: (past_activity,)}
    write_first_consent_text(session, starts_on=ARCHIVE_YEAR)
    offices = {prefix: Office(prefix=prefix, name=name, payfip_number=number) for prefix, name, number in OFFICES}
    sites = {name: Site(name=name, address=address) for name, address in SITES}
    session.add_all([*offices.values(), *sites.values()])
    session.flush()
    offer = Offer()
    openings: list[tuple[Activity, dict[str, int], list[int], ActivityPlan, Season]] = []
    for starts_on in (*archives, *years):
        ends_on = date(starts_on.year + 1, 8, 31)
        season = Season(name=f"{starts_on.year}-{ends_on.year}", starts_on=starts_on, ends_on=ends_on)
        session.add(season)
        session.flush()
        is_archive = starts_on in archives
        if not is_archive:
            offer.seasons.append(season)
        for position, plan in enumerate(archives.get(starts_on, ACTIVITIES), start=1):
            activity = Activity(
                office_id=offices[plan.office].id, site_id=sites[plan.site].id, season_id=season.id,
                name=plan.name, description=plan.description, position=position,
            )  # fmt: skip
            session.add(activity)
            session.flush()
            offer.activities[season.name, plan.name] = activity.id
            units, groups = _set_up_activity(session, activity.id, plan, 0 if is_archive else more_places)
            _set_prices(session, activity.id, plan, units, season)
            openings.append((activity, units, list(groups.values()), plan, season))
    session.flush()
    for activity, units, group_ids, plan, season in openings:
        first_day, last_day = plan.opens or (season.starts_on, season.ends_on)
        for unit in plan.units:
            generate_openings(
                session, activity.id, [units[unit.name]], group_ids, plan.kinds, unit.weekdays, first_day, last_day,
            )  # fmt: skip
    return offer


def _set_up_activity(
    session: Session, activity_id: int, plan: ActivityPlan, more_places: int
) -> tuple[dict[str, int], dict[str, int]]:
    units = {
        unit.name: Unit(
            activity_id=activity_id, name=unit.name, starts_at=unit.starts_at, ends_at=unit.ends_at,
            is_meal=unit.is_meal, position=position,
        )
        for position, unit in enumerate(plan.units, start=1)
    }  # fmt: skip
    groups = {
        group.name: Group(activity_id=activity_id, name=group.name, min_age=group.min_age, max_age=group.max_age)
        for group in plan.groups
    }
    scopes = [(scope, CapacityScope(name=scope.name, places=scope.places + more_places)) for scope in plan.scopes]
    session.add_all([*units.values(), *groups.values(), *(row for _scope, row in scopes)])
    session.flush()
    needs = (
        Requirement(units[unit.name].id, frozenset(units[name].id for name in unit.needs))
        for unit in plan.units
        if unit.needs
    )
    activity = session.get_one(Activity, activity_id)
    activity.combinations, activity.justify_days = Combinations(tuple(needs)), plan.justify_days
    activity.waiting_hours, activity.pay_within_minutes = plan.waiting_hours, plan.pay_within_minutes
    for scope, row in scopes:
        session.add_all(CapacityScopeUnit(scope_id=row.id, unit_id=units[name].id) for name in scope.units)
        session.add_all(
            CapacityScopeGroup(scope_id=row.id, group_id=groups[name].id) for name in scope.groups or tuple(groups)
        )
    notices = {Deadline.BOOK: plan.book, Deadline.CANCEL: plan.cancel, Deadline.CANCEL_LATE: plan.cancel_late}
    for deadline, notice in notices.items():
        if notice is not None:
            session.add(ActivityNoticeRule(activity_id=activity_id, deadline=deadline, rule=simple_rule(notice)))
    return {name: unit.id for name, unit in units.items()}, {name: group.id for name, group in groups.items()}


def _grid(plan: ActivityPlan, codes: Mapping[str, str], rise_cents: int) -> Grid:
    """The prices of an activity; what units cost together rises with each of them, or each day."""
    items = [
        quotient_item(
            codes[unit.name], _by_quotient(unit.prices_cents, rise_cents), Nature.MEAL if unit.is_meal else Nature.CARE
        )
        for unit in plan.units
    ]
    items += [
        replace(
            quotient_item(
                f"together-{place}", _by_quotient(each.prices_cents, rise_cents * (each.week_days or len(each.units)))
            ),
            label=each.name,
        )
        for place, each in enumerate(plan.together, start=1)
    ]
    books = []
    if plan.entries is not None:
        items.append(Item("book", flat(plan.entries.price_cents), label=plan.entries.name))
        books.append(CreditBook("book", frozenset({codes[plan.entries.unit]}), plan.entries.entries))
    together = [
        (f"together-{place}", frozenset(codes[name] for name in each.units), each.week_days)
        for place, each in enumerate(plan.together, start=1)
    ]
    sibling = Modifier(
        ModifierKind.SIBLING,
        Condition(natures=frozenset({Nature.CARE}), ranks=Span("2+", 2, None)),
        ChangePercent(-plan.sibling_percent),
    )
    return Grid(
        tuple(items),
        combinations=tuple(Combination(names, item) for item, names, days in together if not days),
        packages=tuple(Package(item, Period.WEEK, names, days) for item, names, days in together if days),
        credit_books=tuple(books),
        modifiers=(sibling,) if plan.sibling_percent else (),
        counted_siblings=CountedSiblings.ENROLLED,
    )


def _by_quotient(prices_cents: Sequence[int], rise_cents: int) -> list[tuple[int, int]]:
    return [(QF_BRACKETS[index], cents + rise_cents) for index, cents in enumerate(prices_cents)]


def _set_prices(session: Session, activity_id: int, plan: ActivityPlan, units: dict[str, int], season: Season) -> None:
    january = date(season.ends_on.year, 1, 1)
    for starts_on, rise_cents in ((season.starts_on, 0), (january, RISE_CENTS)):
        grid = _grid(plan, {name: unit_code(id_) for name, id_ in units.items()}, rise_cents)
        session.add(TariffVersion(activity_id=activity_id, starts_on=starts_on, grid=grid))
    session.flush()


@dataclass(frozen=True, slots=True)
class Weeks:
    """The weeks of the demo's bookings around a day: those of the last two whole months and since, its own and five
    to come."""

    today: date

    @property
    def monday(self) -> date:
        """The Monday of the week of today."""
        return self.today - timedelta(days=self.today.weekday())

    @property
    def first_day(self) -> date:
        """The first Monday with bookings: the first one of the month before the last, which is invoiced and settled."""
        last_month = (self.today.replace(day=1) - timedelta(days=1)).replace(day=1)
        first = (last_month - timedelta(days=1)).replace(day=1)
        return first + timedelta(days=-first.weekday() % 7)

    @property
    def last_day(self) -> date:
        """The last Sunday with bookings."""
        return self.monday + timedelta(weeks=6) - timedelta(days=1)
