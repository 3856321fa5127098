"""What prices depend on besides quotients: read for the price engine, shown to people, and changed by the staff.

As the parts of a family's file these facts are text by name of field, so that `services.changes` stores and logs them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    bindparam,
    cast,
    false,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.families import Family, FamilyAddress, FamilyChild
from app.models.price_facts import FamilyResidence, FamilyStanding, ResidenceCommune
from app.models.reference_data import Commune
from app.rules.changes import Change
from app.rules.price_facts import (
    OUTSIDE,
    RESIDENT,
    AddressFrom,
    HeldStanding,
    ResidenceFrom,
    residence_on,
    residences_of,
)
from app.rules.tariff_grids import AddRate, CostShare, Criterion, Grid, ReplaceRate, Standing, Table, WordAxis
from app.services.catalogue import catalogue
from app.services.errors import NotFound
from app.services.families import children_of

FAMILY_STANDINGS = (Standing.STAFF, Standing.SOCIAL, Standing.FUND)
CHILD_STANDINGS = (Standing.MEAL_PLAN, Standing.CARD)

YES = "yes"
"""What a tick says, as text."""

FactRow = tuple[str, int, int, str, date, date, str]
"""A row of `FACT_SELECTS`: kind, family, child, word, first and last day, town."""


_NO_NUMBER, _NO_DAY, _NO_WORD = cast(null(), Integer), cast(null(), Date), cast(null(), String)
_FAMILIES: BindParameter[Any] = bindparam("families", expanding=True)

FACT_SELECTS: Sequence[Select[Any]] = (
    select(
        literal("address").label("kind"), FamilyAddress.family_id, _NO_NUMBER, FamilyAddress.insee_code,
        FamilyAddress.starts_on, _NO_DAY, FamilyAddress.city,
    ).where(FamilyAddress.family_id.in_(_FAMILIES)),
    select(
        literal("residence"), FamilyResidence.family_id, _NO_NUMBER, FamilyResidence.word,
        FamilyResidence.starts_on, _NO_DAY, _NO_WORD,
    ).where(FamilyResidence.family_id.in_(_FAMILIES)),
    select(
        literal("standing"), FamilyStanding.family_id, FamilyStanding.child_id,
        cast(FamilyStanding.standing, String), FamilyStanding.starts_on, FamilyStanding.ends_on, _NO_WORD,
    ).where(FamilyStanding.family_id.in_(_FAMILIES)),
    select(literal("apart"), FamilyChild.family_id, FamilyChild.child_id, _NO_WORD, _NO_DAY, _NO_DAY, _NO_WORD).where(
        FamilyChild.family_id.in_(_FAMILIES), FamilyChild.is_dependent.is_(false())
    ),
    select(literal("declines"), Family.id, _NO_NUMBER, _NO_WORD, _NO_DAY, _NO_DAY, _NO_WORD).where(
        Family.id.in_(_FAMILIES), Family.declines_quotient
    ),
)  # fmt: skip
"""What tells the facts of `families`, to be asked as one query, also with others of these columns. Made once: that
takes longer than to ask."""

_FACTS = union_all(*FACT_SELECTS)


@dataclass(frozen=True, slots=True)
class FamilyFacts:
    """What prices depend on, of one family, as the rules read it."""

    residences: tuple[ResidenceFrom, ...]
    held: tuple[HeldStanding, ...]
    declines_quotient: bool
    apart: frozenset[int]  # children that are not dependent
    told: tuple[ResidenceFrom, ...]  # what the staff said of its residence
    city: str  # where it lives today; empty without address


@dataclass(frozen=True, slots=True)
class ChildFacts:
    """What prices depend on, of one child."""

    id: int
    name: str
    is_dependent: bool
    held: tuple[HeldStanding, ...]  # that have not ended


@dataclass(frozen=True, slots=True)
class FactsView:
    """« Ce qui compte pour les prix », as people read it."""

    residence: str | None  # the word that counts this month; None: the council listed no commune
    is_told: bool  # the staff said so, whatever the commune
    city: str  # where the family lives; empty without address
    later: tuple[ResidenceFrom, ...]  # residences that will count
    held: tuple[HeldStanding, ...]  # of the family, that have not ended
    declines_quotient: bool
    children: tuple[ChildFacts, ...]


@dataclass(frozen=True, slots=True)
class ListedCommune:
    """A commune that the council listed, with its word."""

    insee_code: str
    name: str
    word: str


def facts_of_families(session: Session, family_ids: Collection[int]) -> Mapping[int, FamilyFacts]:
    """The facts of each of these families. One query, whatever their number."""
    rows = session.execute(_FACTS, {"families": list(family_ids)}).tuples().all() if family_ids else ()
    return facts_of_rows(family_ids, rows)


def facts_of_rows(family_ids: Collection[int], rows: Iterable[FactRow]) -> Mapping[int, FamilyFacts]:
    """The facts that the rows of `FACT_SELECTS` tell; others are passed over."""
    addresses: defaultdict[int, list[AddressFrom]] = defaultdict(list)
    cities: defaultdict[int, list[tuple[date, str]]] = defaultdict(list)
    told: defaultdict[int, list[ResidenceFrom]] = defaultdict(list)
    held: defaultdict[int, list[HeldStanding]] = defaultdict(list)
    apart: defaultdict[int, set[int]] = defaultdict(set)
    declining: set[int] = set()
    for kind, family_id, child_id, word, starts_on, ends_on, city in rows:
        match kind:
            case "address":
                addresses[family_id].append(AddressFrom(starts_on, word))
                cities[family_id].append((starts_on, city))
            case "residence":
                told[family_id].append(ResidenceFrom(starts_on, word))
            case "standing":
                held[family_id].append(HeldStanding(Standing(word), starts_on, ends_on, child_id))
            case "apart":
                apart[family_id].add(child_id)
            case "declines":
                declining.add(family_id)
    communes = catalogue().residences
    return {
        id_: FamilyFacts(
            residences_of(addresses[id_], told[id_], communes), tuple(held[id_]), id_ in declining,
            frozenset(apart[id_]), tuple(told[id_]), _city_on(cities[id_], clock.today()),
        )
        for id_ in family_ids
    }  # fmt: skip


def facts_of(family_id: int) -> FamilyFacts:
    """The facts of one family. One query."""
    return facts_of_families(db.session(), [family_id])[family_id]


def read_facts(family_id: int) -> FactsView:
    """What prices depend on, of a family. Two queries."""
    today = clock.today()
    facts = facts_of(family_id)
    known = (*FAMILY_STANDINGS, *CHILD_STANDINGS)
    open_ones = sorted(
        (each for each in facts.held if each.ends_on is None or each.ends_on >= today.replace(day=1)),
        key=lambda each: known.index(each.standing),
    )
    return FactsView(
        residence=residence_on(facts.residences, today),
        is_told=residence_on(facts.told, today) is not None,
        city=facts.city,
        later=tuple(each for each in facts.residences if each.starts_on > today.replace(day=1)),
        held=tuple(each for each in open_ones if each.child_id is None),
        declines_quotient=facts.declines_quotient,
        children=tuple(
            ChildFacts(
                child.id, child.full_name, child.id not in facts.apart,
                tuple(each for each in open_ones if each.child_id == child.id),
            )
            for child in children_of(family_id)
        ),
    )  # fmt: skip


def residence_words() -> tuple[str, ...]:
    """The words that a residence may be called: ours, those of the communes listed, and those of the grids."""
    return tuple(dict.fromkeys((RESIDENT, OUTSIDE, *catalogue().residences.values(), *residences_in_grids())))


def residences_in_grids() -> tuple[str, ...]:
    """The words that prices depend on; none where no grid asks where a family lives."""
    return tuple(
        dict.fromkeys(
            word
            for activity in catalogue().activities.values()
            for version in activity.tariffs
            for word in _words_of(version.grid)
        )
    )


def read_family_facts(session: Session, family_id: int) -> dict[str, str]:
    """What the staff told last of a family, as text by name of field; the form that changes it shows it."""
    last = _last_told(session, family_id)
    return {
        "residence": (last.word or "") if last is not None else "",
        "standings": ",".join(_open_standings(session, family_id, None)),
    }


def read_child_facts(session: Session, family_id: int, child_id: int) -> dict[str, str]:
    """The same of a child in a family. Raises NotFound."""
    link = session.get(FamilyChild, (family_id, child_id))
    if link is None:
        raise NotFound("child")
    return {
        "standings": ",".join(_open_standings(session, family_id, child_id)),
        "is_dependent": YES if link.is_dependent else "",
    }


def write_family_facts(session: Session, family_id: int, changes: Mapping[str, Change], starts_on: date) -> None:
    """Store what changed, from the month of `starts_on` on: what was told for later gives way."""
    first = starts_on.replace(day=1)
    if "residence" in changes:
        for row in session.scalars(
            select(FamilyResidence).where(FamilyResidence.family_id == family_id, FamilyResidence.starts_on >= first)
        ):
            session.delete(row)
        session.flush()
        word = changes["residence"].after or None
        session.add(FamilyResidence(family_id=family_id, starts_on=first, word=word))
    if "standings" in changes:
        _write_standings(session, family_id, None, changes["standings"], first)


def write_child_facts(
    session: Session, family_id: int, child_id: int, changes: Mapping[str, Change], starts_on: date
) -> None:
    """The same of a child in a family. Whether it is dependent is not dated."""
    if "standings" in changes:
        _write_standings(session, family_id, child_id, changes["standings"], starts_on.replace(day=1))
    if "is_dependent" in changes:
        link = session.get_one(FamilyChild, (family_id, child_id))
        link.is_dependent = changes["is_dependent"].after == YES


def listed_communes() -> tuple[ListedCommune, ...]:
    """The communes that the council listed, by name. One query."""
    rows = db.session.execute(
        select(Commune.insee_code, Commune.name, ResidenceCommune.word)
        .join(ResidenceCommune, ResidenceCommune.insee_code == Commune.insee_code)
        .order_by(Commune.folded_name)
    )
    return tuple(ListedCommune(*row) for row in rows)


def list_commune(session: Session, insee_code: str, word: str) -> None:
    """List a commune with a word, or give it another. Prices told before stay as they were told."""
    row = session.get(ResidenceCommune, insee_code) or ResidenceCommune(insee_code=insee_code)
    row.word = word
    session.add(row)
    session.flush()


def unlist_commune(session: Session, insee_code: str) -> None:
    """Take a commune off the list. Raises NotFound."""
    row = session.get(ResidenceCommune, insee_code)
    if row is None:
        raise NotFound("commune")
    session.delete(row)
    session.flush()


def _city_on(cities: list[tuple[date, str]], day: date) -> str:
    started = sorted(each for each in cities if each[0] <= day) or sorted(cities)[:1]
    return started[-1][1] if started else ""


def _words_of(grid: Grid) -> Iterable[str]:
    for table in _tables_of(grid):
        for axis in table.axes:
            if isinstance(axis, WordAxis) and axis.criterion is Criterion.RESIDENCE:
                yield from axis.words
    for modifier in grid.modifiers:
        yield from sorted(modifier.when.residences)


def _tables_of(grid: Grid) -> Iterable[Table]:
    effects = [each.effect for each in grid.modifiers] + [each.effect for each in grid.surcharges]
    rates = [item.rate for item in grid.items]
    rates += [effect.rate for effect in effects if isinstance(effect, ReplaceRate | AddRate)]
    for rate in rates:
        if isinstance(rate, Table):
            yield rate
        elif isinstance(rate, CostShare):
            yield rate.percents


def _last_told(session: Session, family_id: int) -> FamilyResidence | None:
    return session.scalar(
        select(FamilyResidence)
        .where(FamilyResidence.family_id == family_id)
        .order_by(FamilyResidence.starts_on.desc())
        .limit(1)
    )


def _open_rows(session: Session, family_id: int, child_id: int | None) -> Iterable[FamilyStanding]:
    return session.scalars(
        select(FamilyStanding)
        .where(_whose(family_id, child_id), FamilyStanding.ends_on.is_(None))
        .order_by(FamilyStanding.id)
    )


def _whose(family_id: int, child_id: int | None) -> ColumnElement[bool]:
    is_of_child = FamilyStanding.child_id.is_(None) if child_id is None else FamilyStanding.child_id == child_id
    return (FamilyStanding.family_id == family_id) & is_of_child


def _open_standings(session: Session, family_id: int, child_id: int | None) -> list[str]:
    """The codes of the standings that go on, always in the same order."""
    found = {row.standing for row in _open_rows(session, family_id, child_id)}
    return [standing.value for standing in (*FAMILY_STANDINGS, *CHILD_STANDINGS) if standing in found]


def _write_standings(session: Session, family_id: int, child_id: int | None, change: Change, first: date) -> None:
    wanted = {Standing(code) for code in change.after.split(",") if code}
    present = {row.standing for row in _open_rows(session, family_id, child_id)}
    # What ends does so altogether: also a time that was ended later, and begun again since.
    for row in session.scalars(
        select(FamilyStanding).where(
            _whose(family_id, child_id),
            FamilyStanding.standing.in_(present - wanted),
            FamilyStanding.ends_on.is_(None) | (FamilyStanding.ends_on >= first),
        )
    ):
        if row.starts_on >= first:
            session.delete(row)
        else:
            row.ends_on = first - timedelta(days=1)
    for standing in sorted(wanted - present):
        session.add(FamilyStanding(family_id=family_id, child_id=child_id, standing=standing, starts_on=first))
