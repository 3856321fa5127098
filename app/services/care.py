"""What who looks after a child must know: what its file says, whom to call, and who may collect it.

Sections hold health data: who calls shows it, and notes first who reads it (`access.record_health_access`).
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.database import db
from app.models.child_files import ChildSection
from app.models.families import Family, FamilyChild, Guardian
from app.rules.child_files import AuthorisationKind, Diet, SectionKind
from app.rules.school_years import school_year_of
from app.services.authorisations import AuthorisationView, answers_of_children
from app.services.contacts import ContactView, contacts_of_children

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody to call: who they are for the child, and their numbers (E.164), the best one first."""

    name: str
    link: str
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Household:
    """A family of a child: its adults with their own numbers, and what it says of where the child lives."""

    name: str
    parents: tuple[Called, ...]
    phones: tuple[str, ...]  # of the household
    reached: tuple[Called, ...]  # its parents, also at the numbers of the household
    custody: Values | None


@dataclass(frozen=True, slots=True)
class Around:
    """The people around a child besides its parents, and what these allow, on a day."""

    called: tuple[Called, ...]  # who may be called, in the order of call
    collectors: tuple[Called, ...]  # who may collect the child
    refused: tuple[Called, ...]  # who may not
    allowed: Mapping[AuthorisationKind, bool]  # without what nobody answered
    leaves_alone: str | None  # from what time; "": at any; None: not allowed


def sections_of(
    session: Session, child_ids: Collection[int], *kinds: SectionKind
) -> Mapping[tuple[int, SectionKind], Values]:
    """What sections of children's files say, by child and kind; those that nobody filled are left out. One query."""
    rows = select(ChildSection).where(ChildSection.child_id.in_(child_ids), ChildSection.kind.in_(kinds))
    return {(row.child_id, row.kind): json.loads(row.body) for row in session.scalars(rows)}


def diets_in(values: Values) -> Sequence[Diet]:
    """The diets that a section names."""
    return [Diet(each) for each in values.get("diets", "").split(",") if each]


def collectors_on(child_ids: Collection[int], day: date) -> Mapping[int, Around]:
    """Who may collect children on a day, and who leaves alone; by child. Two queries."""
    contacts = contacts_of_children(child_ids)
    answers = answers_of_children(child_ids, school_year_of(day))
    return {id_: _around(contacts[id_], answers[id_], day) for id_ in child_ids}


def parents_of(child_ids: Collection[int]) -> Mapping[int, Sequence[Household]]:
    """The families of children, by child. One query."""
    rows = db.session.execute(
        select(FamilyChild, Family, Guardian)
        .join(Family, Family.id == FamilyChild.family_id)
        .outerjoin(Guardian, Guardian.family_id == Family.id)
        .where(FamilyChild.child_id.in_(child_ids))
        .order_by(FamilyChild.child_id, Family.id, Guardian.id)
    )
    homes: dict[FamilyChild, tuple[Family, list[Guardian]]] = {}
    for link, family, adult in rows:
        adults = homes.setdefault(link, (family, []))[1]
        if adult is not None:
            adults.append(adult)
    found: defaultdict[int, list[Household]] = defaultdict(list)
    for link, (family, adults) in homes.items():
        found[link.child_id].append(_household(family, adults, link.custody))
    return found


def _household(family: Family, adults: Sequence[Guardian], custody: str | None) -> Household:
    mobile, home = family.mobile_phone, family.home_phone
    return Household(
        family.last_name,
        tuple(
            _parent(adult, adult.mobile_phone, adult.work_mobile_phone, adult.home_phone, adult.work_phone)
            for adult in adults
        ),
        _numbers(mobile, home),
        tuple(
            _parent(
                adult, adult.mobile_phone, adult.work_mobile_phone, mobile, adult.home_phone, home, adult.work_phone
            )
            for adult in adults
        ),
        json.loads(custody) if custody else None,
    )


def _around(contacts: Sequence[ContactView], answers: Sequence[AuthorisationView], day: date) -> Around:
    alone = next((answer for answer in answers if answer.kind is AuthorisationKind.LEAVE_ALONE), None)
    return Around(
        tuple(_called(each) for each in contacts if each.may_be_called),
        tuple(_called(each) for each in contacts if each.collects_on(day)),
        tuple(_called(each) for each in contacts if not each.collects_on(day)),
        {answer.kind: answer.is_allowed for answer in answers},
        alone.detail if alone is not None and alone.is_allowed else None,
    )


def _called(contact: ContactView) -> Called:
    return Called(contact.full_name, contact.link, _numbers(contact.phone, contact.other_phone))


def _parent(adult: Guardian, *phones: str | None) -> Called:
    return Called(adult.full_name, "parent", _numbers(*phones))


def _numbers(*phones: str | None) -> tuple[str, ...]:
    """Each once, without those that nobody gave."""
    return tuple(dict.fromkeys(phone for phone in phones if phone))
