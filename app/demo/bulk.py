"""Many more invented families for the benches: written in bulk, past the services, yet consistent with their rules.

Only for measuring; `services.checks` finds nothing wrong with them. They sign in like the families of the demo.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from app import clock
from app.database import Base
from app.demo.settings import Weeks
from app.models.accounts import User
from app.models.bookings import Booking, BookingEvent, CapacityCounter, Opening
from app.models.enrolments import Enrolment
from app.models.families import (
    Child,
    Consent,
    ConsentText,
    Family,
    FamilyAddress,
    FamilyChild,
    FamilyQuotient,
    Guardian,
    Regime,
    Title,
)
from app.rules.bills import Usage
from app.rules.capacity import Slot, covering
from app.rules.family_prices import price_family
from app.rules.states import Actor, BookingStatus, EnrolmentStatus, FamilyStatus
from app.services.catalogue import catalogue
from app.services.counters import make_counters
from app.services.families import communes_of_postal_code
from app.services.households import households_of, usage_of

PLACES_PER_FAMILY = 2
"""Every capacity is widened by this many places for each family: no bulk booking would have been refused."""

_SEED = 80250
_ACTIVITIES = {"Mercredi": 0.7, "Périscolaire": 0.4}  # how often a child comes
_QUOTIENTS_CENTS = (320_00, 480_00, 690_00, 910_00, 1_250_00)

_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Child:
    id: int
    family_id: int
    user_id: int
    age: int


@dataclass(frozen=True, slots=True)
class _Open:
    id: int
    day: date
    slot: Slot


def add_families(session: Session, count: int, password_hash: str) -> None:
    """Add `count` families, « parent0001@example.org » and so on, with one or two children and ten weeks of bookings.

    Call after `build_demo()`, in the same transaction, its places widened by PLACES_PER_FAMILY for each family.
    """
    weeks = Weeks(clock.today())
    rng = Random(_SEED)
    began_at = clock.now() - timedelta(weeks=8)
    children = _insert_families(session, count, password_hash, weeks, rng, began_at)
    enrolments = _insert_enrolments(session, children, weeks, began_at)
    _insert_bookings(session, children, enrolments, weeks, rng, began_at)


def _insert_families(
    session: Session, count: int, password_hash: str, weeks: Weeks, rng: Random, began_at: datetime
) -> list[_Child]:
    names = [f"FAMILLE {number:04}" for number in range(1, count + 1)]
    emails = [f"parent{number:04}@example.org" for number in range(1, count + 1)]
    commune = next(c for c in communes_of_postal_code("80110") if c.name == "Moreuil")
    month = began_at.date().replace(month=1, day=1)
    text_id = session.scalars(select(ConsentText.id)).first()
    users = _insert(
        session,
        User,
        [
            {"email": email, "display_name": f"Camille {name}", "password_hash": password_hash, "created_at": began_at}
            for email, name in zip(emails, names, strict=True)
        ],
    )
    families = _insert(
        session,
        Family,
        [
            {
                "status": FamilyStatus.ACTIVE, "last_name": name, "first_name": "Camille", "regime": Regime.OTHER,
                "mobile_phone": f"+33639{98_0100 + index % 9_899:06}", "created_at": began_at, "decided_at": began_at,
            }
            for index, name in enumerate(names)
        ],
    )  # fmt: skip
    quotients = [rng.choice(_QUOTIENTS_CENTS) for _family in families]
    parts: list[tuple[type[Base], list[_Row]]] = [
        (
            Guardian,
            [
                {
                    "family_id": family_id, "user_id": user_id, "title": Title.MADAM, "last_name": name,
                    "first_name": "Camille", "email": email,
                }
                for family_id, user_id, name, email in zip(families, users, names, emails, strict=True)
            ],
        ),
        (
            FamilyAddress,
            [
                {
                    "family_id": family_id, "starts_on": began_at.date(), "number": str(1 + index % 90),
                    "street": "Rue des Essais", "postal_code": commune.postal_code, "city": commune.name,
                    "insee_code": commune.insee_code,
                }
                for index, family_id in enumerate(families)
            ],
        ),
        (
            FamilyQuotient,
            [
                {"family_id": family_id, "value_cents": cents, "starts_on": month, "verified_at": began_at}
                for family_id, cents in zip(families, quotients, strict=True)
            ],
        ),
        (Consent, [{"family_id": family_id, "text_id": text_id, "given_at": began_at} for family_id in families]),
    ]  # fmt: skip
    for table, rows in parts:
        session.execute(insert(table), rows)

    plans = [(index, rng.randint(4, 10)) for index in range(count) for _child in range(rng.randint(1, 2))]
    born = [
        date(weeks.today.year - age, weeks.today.month, min(weeks.today.day, 28)) - timedelta(rng.randrange(80, 300))
        for _index, age in plans
    ]
    child_ids = _insert(
        session,
        Child,
        [
            {"last_name": names[index], "first_name": f"Enfant {number}", "birth_date": birth, "created_at": began_at}
            for number, ((index, _age), birth) in enumerate(zip(plans, born, strict=True))
        ],
    )
    children = [
        _Child(id_, families[index], users[index], age) for id_, (index, age) in zip(child_ids, plans, strict=True)
    ]
    session.execute(insert(FamilyChild), [{"family_id": child.family_id, "child_id": child.id} for child in children])
    return children


def _insert_enrolments(
    session: Session, children: Sequence[_Child], weeks: Weeks, began_at: datetime
) -> list[tuple[int, int, int, str]]:
    """Enrolments as (id, position of the child, group, activity's name)."""
    rows: list[_Row] = []
    meanings: list[tuple[int, int, str]] = []
    for activity in catalogue().activities.values():
        if activity.name not in _ACTIVITIES or not activity.season.starts_on <= weeks.today <= activity.season.ends_on:
            continue
        for position, child in enumerate(children):
            group_id = next(ages.group_id for ages in activity.group_ages if ages.fits(child.age))
            meanings.append((position, group_id, activity.name))
            rows.append(
                {
                    "child_id": child.id, "family_id": child.family_id, "activity_id": activity.id,
                    "group_id": group_id, "starts_on": max(began_at.date(), activity.season.starts_on),
                    "ends_on": activity.season.ends_on, "status": EnrolmentStatus.ACCEPTED, "requested_at": began_at,
                    "requested_by_id": child.user_id, "decided_at": began_at,
                }
            )  # fmt: skip
    ids = _insert(session, Enrolment, rows)
    return [(id_, *meaning) for id_, meaning in zip(ids, meanings, strict=True)]


def _insert_bookings(
    session: Session,
    children: Sequence[_Child],
    enrolments: Sequence[tuple[int, int, int, str]],
    weeks: Weeks,
    rng: Random,
    began_at: datetime,
) -> None:
    known = catalogue()
    openings: defaultdict[int, defaultdict[date, list[_Open]]] = defaultdict(lambda: defaultdict(list))
    for id_, day, unit_id, group_id in session.execute(
        select(Opening.id, Opening.day, Opening.unit_id, Opening.group_id)
        .where(Opening.day.between(max(weeks.first_day, began_at.date()), weeks.last_day))
        .order_by(Opening.id)
    ):
        if known.units[unit_id].day is not None:
            continue  # an outing is instead of the day's other times
        openings[group_id][day].append(_Open(id_, day, Slot(unit_id, group_id)))
    taken: Counter[tuple[date, int]] = Counter()
    rows: list[_Row] = []
    for enrolment_id, position, group_id, name in enrolments:
        child = children[position]
        for day, offered in openings[group_id].items():
            if rng.random() >= _ACTIVITIES[name]:
                continue
            rows += [
                {
                    "child_id": child.id, "family_id": child.family_id, "enrolment_id": enrolment_id,
                    "opening_id": opening.id, "day": day, "status": BookingStatus.CONFIRMED, "created_at": began_at,
                }
                for opening in offered
            ]  # fmt: skip
            taken.update(
                (day, scope_id) for scope_id in {s.id for o in offered for s in covering(o.slot, known.scopes)}
            )
    _price(session, children, rows, {o.id: o for days in openings.values() for opened in days.values() for o in opened})
    booking_ids = _insert(session, Booking, rows)
    user_of = {child.id: child.user_id for child in children}
    events = [
        {
            "booking_id": id_, "to_status": BookingStatus.CONFIRMED, "actor": Actor.PARENT,
            "user_id": user_of[row["child_id"]], "at": began_at,
        }
        for id_, row in zip(booking_ids, rows, strict=True)
    ]  # fmt: skip
    if events:
        session.execute(insert(BookingEvent), events)
    _spend(session, taken)


def _price(session: Session, children: Sequence[_Child], rows: list[_Row], openings: Mapping[int, _Open]) -> None:
    """Give each booking the price that it has among those of its family."""
    known = catalogue()
    tariffs = {id_: activity.tariffs for id_, activity in known.activities.items()}
    households = households_of(session, {child.family_id for child in children})
    of_family: defaultdict[int, list[Usage]] = defaultdict(list)
    for key, row in enumerate(rows):
        unit = known.units[openings[row["opening_id"]].slot.unit_id]
        of_family[row["family_id"]].append(usage_of(key, row["child_id"], unit, row["day"]))
    for family_id, usages in of_family.items():
        for key, share in price_family(households[family_id], usages, tariffs).shares().items():
            rows[key] |= {"price_cents": share.amount_cents, "price_outcome": share.outcome}


def _spend(session: Session, taken: Counter[tuple[date, int]]) -> None:
    make_counters(session, {day for day, _scope in taken}, catalogue().scopes)
    counter = CapacityCounter.__table__.c
    statement = (
        update(CapacityCounter.__table__)  # type: ignore[arg-type]
        .where(counter.day == bindparam("on"), counter.scope_id == bindparam("scope"))
        .values(taken=counter.taken + bindparam("more"))
    )
    if taken:
        session.connection().execute(
            statement, [{"on": day, "scope": scope_id, "more": more} for (day, scope_id), more in taken.items()]
        )


def _insert(session: Session, table: type[Base], rows: list[_Row]) -> list[int]:
    """Insert in bulk and return the ids, in the order of the rows."""
    if not rows:
        return []
    statement = insert(table).returning(table.__table__.c.id, sort_by_parameter_order=True)
    return list(session.scalars(statement, rows))
