"""The files of children, section by section: what they hold, how complete they are, and saving a section.

Who may read is decided by whoever calls: parents come through `families.child_of`, the staff through their
capabilities, and whoever shows the staff health data calls `record_health_access` first.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, func, insert, select
from sqlalchemy.orm import Session, aliased

from app import clock
from app.database import db
from app.models.accounts import StaffRole, User
from app.models.child_files import ChildSection, FileCertification, HealthAccess
from app.models.enrolments import Enrolment
from app.models.families import Child, FamilyChild, Guardian
from app.rules import child_files as rules
from app.rules.capabilities import Role
from app.rules.changes import Merge, merge
from app.rules.child_files import Gauge, Reminder, SectionKind, SectionState
from app.rules.enrolments import level_in
from app.rules.school_years import school_year_of
from app.rules.states import EnrolmentStatus
from app.rules.vaccinations import VaccinationState, VaccineRule, judge_vaccinations, rules_for
from app.services.authorisations import AuthorisationView, answers_of_children
from app.services.catalogue import catalogue
from app.services.contacts import ContactView, contacts_of_children
from app.services.families import ChildView
from app.services.notices import tell_staff
from app.services.pages import Page, page_of

Values = Mapping[str, str]

DOSE = "dose_"
BOOSTER = "booster_"
CONTRA_INDICATED = "contra_indicated"

ONE_READING = timedelta(minutes=10)
ONE_DAY_OF_READING = timedelta(hours=12)

"""How long it is known who read health data (CNIL, 14 October 2021: six months to a year for such logs)."""


@dataclass(frozen=True, slots=True)
class ChildFile:
    """All that is known of a child, and what is still to fill in."""

    child: ChildView
    sections: Mapping[SectionKind, Values]
    changed_at: Mapping[SectionKind, datetime]
    contacts: tuple[ContactView, ...]
    authorisations: Sequence[AuthorisationView]  # those answered, of the present school year
    vaccinations: VaccinationState
    states: Mapping[SectionKind, SectionState]
    gauge: Gauge
    reminders: tuple[Reminder, ...]
    boosters: Sequence[tuple[str, date]]  # the next one of each vaccine, earliest first


@dataclass(frozen=True, slots=True)
class ChildGlance:
    """A child, its insurance where it ends soon or has ended, and its class in the present school year."""

    child: ChildView
    insurance: Reminder | None
    level: str | None


@dataclass(frozen=True, slots=True)
class CertificationView:
    """Who certified the file, and when."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class HealthAccessView:
    """That somebody of the staff read a child's health data."""

    at: datetime
    reader: str
    roles: tuple[Role, ...]


def children_at_a_glance(family_id: int) -> tuple[ChildGlance, ...]:
    """The children of a family, eldest first, as the dashboard looks at them. One query."""
    insurance, school = aliased(ChildSection), aliased(ChildSection)
    rows = db.session.execute(
        select(Child, insurance.body, school.body)
        .join(FamilyChild, FamilyChild.child_id == Child.id)
        .outerjoin(insurance, and_(insurance.child_id == Child.id, insurance.kind == SectionKind.INSURANCE))
        .outerjoin(school, and_(school.child_id == Child.id, school.kind == SectionKind.SCHOOL))
        .where(FamilyChild.family_id == family_id)
        .order_by(Child.birth_date, Child.id)
    )
    today, found = clock.today(), []
    for child, insured, schooled in rows:
        ends_on = _day(json.loads(insured), "ends_on") if insured else None
        reminders = rules.reminders(ends_on, None, (), today)
        level = level_in(json.loads(schooled), school_year_of(today)) if schooled else None
        view = ChildView(child.id, child.last_name, child.first_name, child.birth_date)
        found.append(ChildGlance(view, reminders[0] if reminders else None, level))
    return tuple(found)


def read_file(child: ChildView) -> ChildFile:
    """The file of a child. Four queries."""
    return read_files([child])[child.id]


def read_files(children: Sequence[ChildView]) -> Mapping[int, ChildFile]:
    """The files of children, by child. Four queries, however many there are."""
    today = clock.today()
    year = school_year_of(today)
    ids = [child.id for child in children]
    sections: defaultdict[int, dict[SectionKind, Values]] = defaultdict(dict)
    changed: defaultdict[int, dict[SectionKind, datetime]] = defaultdict(dict)
    for row in db.session.scalars(select(ChildSection).where(ChildSection.child_id.in_(ids))):
        sections[row.child_id][row.kind] = json.loads(row.body)
        changed[row.child_id][row.kind] = row.changed_at
    contacts = contacts_of_children(ids)
    answers = answers_of_children(ids, year)
    first_days = _first_days(ids)
    found = {}
    for child in children:
        own = {kind: sections[child.id].get(kind, {}) for kind in SectionKind}
        vaccinations = _judge_vaccinations(child, own[SectionKind.VACCINATIONS], first_days.get(child.id), today)
        boosters = _boosters(child, own[SectionKind.VACCINATIONS])
        reminders = rules.reminders(
            _day(own[SectionKind.INSURANCE], "ends_on"),
            _day(own[SectionKind.HEALTH], "care_plan_ends_on"),
            boosters,
            today,
        )
        is_late = any(each.is_past and each.section is SectionKind.VACCINATIONS for each in reminders)
        states = {
            SectionKind.SCHOOL: rules.school_state(own[SectionKind.SCHOOL], year),
            SectionKind.DOCTOR: rules.doctor_state(own[SectionKind.DOCTOR]),
            SectionKind.VACCINATIONS: rules.vaccination_state(vaccinations, own[SectionKind.VACCINATIONS], is_late),
            SectionKind.HEALTH: rules.health_state(own[SectionKind.HEALTH], today),
            SectionKind.DIET: rules.diet_state(own[SectionKind.DIET]),
            SectionKind.INSURANCE: rules.insurance_state(own[SectionKind.INSURANCE], today),
            SectionKind.CONTACTS: rules.contacts_state(sum(contact.may_be_called for contact in contacts[child.id])),
            SectionKind.AUTHORISATIONS: rules.authorisations_state(len(answers[child.id])),
        }
        found[child.id] = ChildFile(
            child, own, changed[child.id], tuple(contacts[child.id]), answers[child.id], vaccinations, states,
            rules.gauge(states), reminders, boosters,
        )  # fmt: skip
    return found


def asked_vaccines(birth_date: date) -> tuple[VaccineRule, ...]:
    """The vaccines that the law asks of a child."""
    return rules_for(catalogue().vaccines, birth_date)


def section_of(session: Session, child_id: int, kind: SectionKind) -> Values:
    """What a section holds now; nothing where it was never filled in. One query."""
    row = session.get(ChildSection, (child_id, kind))
    values: Values = {} if row is None else json.loads(row.body)
    return values


def save_section(
    session: Session, family_id: int, child_id: int, kind: SectionKind, user_id: int, shown: Values, typed: Values
) -> Merge:
    """Store what a parent changed in a section; it holds at once, and the staff are told.

    Nothing is stored while somebody else's change conflicts: see `Merge.conflicts`. The child is locked, so that of two
    parents who save at once the second sees what the first one stored.
    """
    session.execute(select(Child.id).where(Child.id == child_id).with_for_update())
    stored = section_of(session, child_id, kind)
    merged = merge(shown, typed, stored)
    if merged.conflicts or not merged.changes:
        return merged
    values = {**stored, **{name: change.after for name, change in merged.changes.items()}}
    if kind is SectionKind.SCHOOL:
        values["past"] = rules.past_classes(stored, values)
    body = json.dumps({name: value for name, value in values.items() if value}, ensure_ascii=False)
    row = session.get(ChildSection, (child_id, kind))
    if row is None:
        row = ChildSection(child_id=child_id, kind=kind)
        session.add(row)
    row.body = body
    row.changed_at = clock.now()
    row.changed_by_id = user_id
    tell_staff(session, family_id, child_id, kind)
    return merged


def record_health_access(session: Session, child_ids: Collection[int], user_id: int) -> None:
    """Note that an agent reads these children's health data, before it is shown: without the note nothing may be."""
    now = clock.now()
    rows = [{"child_id": child_id, "user_id": user_id, "at": now} for child_id in sorted(set(child_ids))]
    if rows:
        session.execute(insert(HealthAccess), rows)


def record_health_readings(session: Session, child_ids: Collection[int], user_id: int) -> None:
    """The same of a list that shows something of several children's health all day long: once in some hours each."""
    noted = select(HealthAccess.child_id).where(
        HealthAccess.child_id.in_(child_ids), HealthAccess.user_id == user_id,
        HealthAccess.at > clock.now() - ONE_DAY_OF_READING,
    )  # fmt: skip
    known = set(session.scalars(noted))
    session.add_all(HealthAccess(child_id=id_, user_id=user_id) for id_ in sorted(set(child_ids) - known))
    session.flush()


def unread_health(child_ids: Collection[int], user_id: int) -> bool:
    """Whether the reading of one of them is not noted yet. One query."""
    noted = select(func.count(func.distinct(HealthAccess.child_id))).where(
        HealthAccess.child_id.in_(child_ids), HealthAccess.user_id == user_id,
        HealthAccess.at > clock.now() - ONE_DAY_OF_READING,
    )  # fmt: skip
    return bool(child_ids) and (db.session.scalar(noted) or 0) < len(set(child_ids))


def has_just_read(child_id: int, user_id: int) -> bool:
    """Whether it was noted in the last minutes that an agent reads a child's health data: pages are read one by one."""
    noted = select(HealthAccess.id).where(HealthAccess.child_id == child_id, HealthAccess.user_id == user_id)
    since = clock.now() - ONE_READING
    return db.session.scalar(noted.where(HealthAccess.at > since).limit(1)) is not None


def health_accesses_of(child_id: int, page: int = 1) -> Page[HealthAccessView]:
    """Who of the staff read a child's health data, latest first, as long as that is kept. Three queries."""
    kept = (HealthAccess.child_id == child_id,)
    total = db.session.scalar(select(func.count(HealthAccess.id)).where(*kept)) or 0
    place: Page[HealthAccessView] = page_of(page, total)
    rows = (
        db.session.execute(
            select(HealthAccess.at, User.id, User.display_name)
            .join(User, User.id == HealthAccess.user_id)
            .where(*kept)
            .order_by(HealthAccess.id.desc())
            .offset(place.offset)
            .limit(place.size)
        )
        .tuples()
        .all()
    )
    roles: defaultdict[int, list[Role]] = defaultdict(list)
    readers = {user_id for _, user_id, _ in rows}
    for user_id, role in db.session.execute(
        select(StaffRole.user_id, StaffRole.role).where(StaffRole.user_id.in_(readers))
    ).tuples():
        roles[user_id].append(role)
    return place.filled(tuple(HealthAccessView(at, name, tuple(roles[user_id])) for at, user_id, name in rows))


def certification_of(family_id: int) -> CertificationView | None:
    """Who last certified the family's file in the present school year, and when. One query."""
    year = school_year_of(clock.today())
    row = db.session.execute(
        select(FileCertification.certified_at, Guardian.first_name, Guardian.last_name)
        .join(Guardian, Guardian.id == FileCertification.guardian_id)
        .where(FileCertification.family_id == family_id, FileCertification.school_year == year)
    ).first()
    return None if row is None else CertificationView(row[0], f"{row[1]} {row[2]}")


def certify(session: Session, family_id: int, guardian_id: int) -> None:
    """« Je certifie que mon dossier est à jour », for the present school year; a second time renews the date."""
    year = school_year_of(clock.today())
    session.execute(select(Guardian.id).where(Guardian.family_id == family_id).with_for_update())
    row = session.get(FileCertification, (family_id, year))
    if row is None:
        session.add(FileCertification(family_id=family_id, school_year=year, guardian_id=guardian_id))
    else:
        row.certified_at = clock.now()
        row.guardian_id = guardian_id


def _first_days(child_ids: Collection[int]) -> Mapping[int, date]:
    """By child: the first day of its first accepted enrolment."""
    rows = db.session.execute(
        select(Enrolment.child_id, func.min(Enrolment.starts_on))
        .where(
            Enrolment.child_id.in_(child_ids),
            Enrolment.status.in_([EnrolmentStatus.ACCEPTED, EnrolmentStatus.ENDED]),
        )
        .group_by(Enrolment.child_id)
    )
    return {row[0]: row[1] for row in rows}


def _day(values: Values, name: str) -> date | None:
    return date.fromisoformat(values[name]) if values.get(name) else None


def _boosters(child: ChildView, values: Values) -> Sequence[tuple[str, date]]:
    days = ((rule.name, _day(values, f"{BOOSTER}{rule.id}")) for rule in asked_vaccines(child.birth_date))
    return sorted(((name, day) for name, day in days if day is not None), key=lambda each: each[1])


def _judge_vaccinations(child: ChildView, values: Values, first_day: date | None, today: date) -> VaccinationState:
    given = {
        int(name.removeprefix(DOSE)): date.fromisoformat(value)
        for name, value in values.items()
        if name.startswith(DOSE) and value
    }
    is_excused = values.get(CONTRA_INDICATED) == "yes"
    return judge_vaccinations(asked_vaccines(child.birth_date), given, is_excused, first_day, today)
