"""The demo council, built through the services under a moving clock, so that it obeys every rule.

Everything happens in one transaction, always the same way: an interrupted build leaves an empty database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

from flask import current_app
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.demo.aids import AIDED, help_child, list_residents
from app.demo.attendances import tick_last_days
from app.demo.bulk import PLACES_PER_FAMILY, add_families
from app.demo.cash_desks import keep_desks, set_up_desks
from app.demo.child_files import fill_child_files, offer_schools
from app.demo.families import (
    ABSENCE_REASONS,
    FAMILIES,
    TEST_FAMILY,
    WAITING_CHILDREN,
    WAITING_ENROLMENTS,
    WAITING_FAMILIES,
    ChildPlan,
    FamilyPlan,
    QuotientStory,
)
from app.demo.invoices import invoice_last_months, issue_month, pay_at_counter
from app.demo.messages import exchange_messages, offer_recipients
from app.demo.publications import publish
from app.demo.required_documents import Household, ask_documents
from app.demo.settings import ARCHIVE_YEAR, Offer, Weeks, past_spring, seasons_around, set_up
from app.demo.sheets import prepare_meals
from app.demo.waiting import WaitingChild, keep_for_payment, wait_for_places
from app.models.accounts import StaffRole, User
from app.models.activities import Activity, Office, Site
from app.models.bookings import Booking, Opening
from app.models.councils import Council
from app.models.enrolments import Enrolment
from app.models.families import Family, FamilyChild, Guardian, QuotientSource, Regime, Title
from app.models.invoices import Invoice
from app.models.mails import MailStatus, OutboxMail
from app.rules.capabilities import Role
from app.rules.cash_desks import PaymentMode
from app.rules.choices import Shown
from app.rules.file_fields import FileKind
from app.rules.states import BookingStatus, EnrolmentStatus
from app.services import bookings, change_requests, changes
from app.services.absence_settings import ReasonInput, save_reason
from app.services.catalogue import catalogue
from app.services.credentials import hash_password
from app.services.enrolments import accept_enrolment, request_enrolment
from app.services.families import (
    AddressInput,
    ChildInput,
    FamilyRef,
    add_child,
    communes_of_postal_code,
    families_of_user,
    read_coordinates,
    write_coordinates,
)
from app.services.links import confirm_account
from app.services.mails import record_sent
from app.services.outings import OutingInput, save_outing
from app.services.planning import Proposal
from app.services.quotients import accept_quotient
from app.services.sign_ups import SignUp, accept_sign_up, current_consent_text, request_sign_up
from app.services.staff_accounts import create_staff, describe_council
from app.services.tax_certificates import publish_next, start_publication

PASSWORD = "Portail-Demo-2026"
COUNCIL_NAME = "Communauté de communes de démonstration"
SCHOOL_ZONE = "B"
CLERK = "agent@example.org"
REGISSEUR = "regie@example.org"

# The guide's invoices: AN-F191100001, 6,20 €, and pop-F200300001, 35,00 € of which 20,00 € are paid.
_ARCHIVED_SEASON = "2019-2020"
_ARCHIVED_BOOKINGS = (
    (date(2019, 11, 4), (date(2019, 11, 13), date(2019, 11, 27))),
    (date(2020, 1, 27), tuple(date(2020, 2, day) for day in (3, 4, 6, 7, 10, 11, 13))),
)
ARCHIVED_PAYMENT_CENTS = 20_00

CERTIFIED = "LEMAIRE"
"""The family that has a tax certificate of last year."""

_SEED = 80570
_MINUTE = timedelta(minutes=1)
_DAYS_OFF = 0.12  # of the days on which a child usually comes


@dataclass(frozen=True, slots=True)
class Account:
    """A demo account that the console names; `role` is None for the parent, at one `site` or everywhere."""

    email: str
    name: str
    role: Role | None
    meaning: str
    site: str | None = None


ACCOUNTS = (
    Account(TEST_FAMILY.email, "Fabrice TEST", None, "un parent : la famille TEST"),
    Account(CLERK, "Nadia Lambert", Role.FILE_CLERK, "gestion des dossiers"),
    Account(REGISSEUR, "Philippe Roche", Role.REGISSEUR, "régie"),
    Account("animation@example.org", "Sami Benali", Role.YOUTH_WORKER, "animation"),
    Account("admin@example.org", "Camille Lenoir", Role.ADMINISTRATOR, "administration"),
    Account(
        "direction@example.org",
        "Hélène Marchand",
        Role.SITE_DIRECTOR,
        "direction d’un seul lieu",
        site="Accueil de loisirs Les Marronniers",
    ),
)


@dataclass(slots=True)
class _Demo:
    """What the build has made so far."""

    session: Session
    weeks: Weeks
    password_hash: str
    rng: Random = field(default_factory=lambda: Random(_SEED))
    clerk_id: int = 0
    regisseur_id: int = 0
    worker_id: int = 0
    offer: Offer = field(default_factory=Offer)
    children: dict[tuple[str, str], int] = field(default_factory=dict)  # by family's last name and first name
    users: dict[str, int] = field(default_factory=dict)  # by family's last name
    families: dict[str, FamilyRef] = field(default_factory=dict)


def build_demo(session: Session, more_families: int = 0) -> None:
    """Fill an empty database with the demo council; the caller commits. The clock ends as it was.

    `more_families` adds that many for the benches, in bulk, and places for all of them.
    """
    now = clock.now()
    demo = _Demo(session, Weeks(now.date()), hash_password(PASSWORD))
    with clock.moved():
        _move_to(ARCHIVE_YEAR, time(8, 30))
        _describe(demo, more_families * PLACES_PER_FAMILY)
        set_up_desks(session, clock.today())
        _live_the_archived_year(demo)
        _live_last_year(demo, now)
        _sign_families_up(demo)
        _enrol_children(demo)
        _book_weeks(demo)
        _decide_outings(demo)
        _give_aid(demo)
        invoice_last_months(session, now, demo.regisseur_id, demo.rng)
        keep_desks(session, now, demo.regisseur_id)
        _miss_days(demo, now)
        _send_mails(demo)
        _fill_child_files(demo)
        _prepare_meals(demo)
        _publish(demo)
        _ask_documents(demo, now)
        _leave_work_to_do(demo, now)
        if not more_families:  # they are given places past the services, as if nobody waited
            _wait_and_pay(demo, now)
        tick_last_days(session, now, demo.worker_id)
    if more_families:
        add_families(session, more_families, demo.password_hash)
    _plan_an_outing(demo, now)


def _describe(demo: _Demo, more_places: int) -> None:
    session, weeks = demo.session, demo.weeks
    describe_council(
        session,
        name=COUNCIL_NAME,
        school_zone=SCHOOL_ZONE,
        address="144 rue du Cardinal Mercier, 80110 Moreuil",
        email="contact@example.org",
        phone="+33353010000",
        dpo_email="dpo@example.org",
    )
    session.get_one(Council, 1).is_demo = True
    for account in ACCOUNTS:
        if account.role is not None:
            user_id = create_staff(session, account.email, account.name, demo.password_hash, account.role)
            if account.email == CLERK:
                demo.clerk_id = user_id
            elif account.email == REGISSEUR:
                demo.regisseur_id = user_id
            elif account.role is Role.YOUTH_WORKER:
                demo.worker_id = user_id
    offer_recipients(session)
    demo.offer = set_up(
        session, seasons_around(weeks.today, weeks.first_day, weeks.last_day), weeks.today.year - 1, more_places
    )  # fmt: skip
    for account in ACCOUNTS:
        if account.site is not None:
            user_id = session.scalars(select(User.id).where(User.email == account.email)).one()
            site_id = session.scalars(select(Site.id).where(Site.name == account.site)).one()
            session.execute(update(StaffRole).where(StaffRole.user_id == user_id).values(site_id=site_id))


def _plan_an_outing(demo: _Demo, now: datetime) -> None:
    """A Wednesday from two weeks on, out of the house instead of the usual units."""
    soonest = now.date() + timedelta(days=14)
    mercredi = [each for each in catalogue().activities.values() if each.name == "Mercredi" and each.usual_units]
    for activity in mercredi:
        units = frozenset(unit.id for unit in activity.usual_units)
        opened = select(func.min(Opening.day)).where(
            Opening.unit_id.in_(units), Opening.day >= soonest, Opening.is_open
        )
        day = demo.session.scalar(opened)
        if day is not None:
            outing = OutingInput(
                name="Sortie à la mer", day=day, starts_at=time(8, 30), ends_at=time(18),
                group_ids=frozenset(group.id for group in activity.groups), places=16, online_places=14, cents=1_450,
                like_unit_id=None, replaced_ids=units, deadline=datetime.combine(day - timedelta(days=5), time(12)),
            )  # fmt: skip
            save_outing(demo.session, None, activity.id, outing)
            return


def _live_the_archived_year(demo: _Demo) -> None:
    """What the guide shows: family TEST's invoices of 2019 and 2020, one of them paid in part at the counter."""
    plan, child = TEST_FAMILY, TEST_FAMILY.children[0]
    _move_to(date(2019, 9, 3), time(18, 40))
    _request(demo, plan)
    _accept(demo, plan, date(2019, 9, 5), time(9))
    activities = {name: demo.offer.activities[_ARCHIVED_SEASON, name] for name in ("Mercredi", "Périscolaire")}
    requested = [
        request_enrolment(
            demo.session,
            demo.families[plan.last_name],
            demo.users[plan.last_name],
            demo.children[plan.last_name, child.first_name],
            activity_id,
        )
        for activity_id in activities.values()
    ]
    _move_to(date(2019, 9, 9), time(10, 15))
    for enrolment_id in requested:
        accept_enrolment(demo.session, enrolment_id, demo.clerk_id)
    for booked_on, days in _ARCHIVED_BOOKINGS:
        _move_to(booked_on, time(19, 30))
        openings = demo.session.scalars(select(Opening.id).where(Opening.day.in_(days)).order_by(Opening.id)).all()
        _save(demo, plan.last_name, child.first_name, [Shown(id_, held=False) for id_ in openings], frozenset(openings))
    offices = {office.prefix: office.id for office in demo.session.scalars(select(Office))}
    family_id = demo.families[plan.last_name].id
    for prefix, month, issued_on in (
        ("AN", date(2019, 11, 1), date(2019, 11, 30)), ("pop", date(2020, 2, 1), date(2020, 3, 1)),
    ):  # fmt: skip
        moment = datetime.combine(issued_on, time(18))
        issue_month(demo.session, offices[prefix], month, issued_on, moment, demo.regisseur_id)
    paid_at = datetime.combine(date(2020, 3, 12), time(16, 45))
    pay_at_counter(
        demo.session, offices["pop"], family_id, PaymentMode.CASH, ARCHIVED_PAYMENT_CENTS, paid_at, demo.regisseur_id
    )
    _send_mails(demo)


def _live_last_year(demo: _Demo, now: datetime) -> None:
    """A family that was there last spring, with a child below six: its tax certificate is published in January."""
    year = demo.weeks.today.year - 1
    plan = next(plan for plan in FAMILIES if plan.last_name == CERTIFIED)
    child = min(plan.children, key=lambda child: child.age)
    starts_on, activity = past_spring(year)
    _move_to(date(year, 2, 3), time(18, 40))
    _request(demo, plan)
    _accept(demo, plan, date(year, 2, 5), time(9))
    activity_id = demo.offer.activities[f"{starts_on.year}-{year}", activity.name]
    family, child_id = demo.families[plan.last_name], demo.children[plan.last_name, child.first_name]
    enrolment_id = request_enrolment(demo.session, family, demo.users[plan.last_name], child_id, activity_id)
    _move_to(date(year, 2, 9), time(10, 15))
    accept_enrolment(demo.session, enrolment_id, demo.clerk_id)
    _move_to(date(year, 2, 20), time(19, 30))
    assert activity.opens is not None
    openings = demo.session.scalars(
        select(Opening.id).where(Opening.day.between(*activity.opens)).order_by(Opening.id)
    ).all()
    _save(demo, plan.last_name, child.first_name, [Shown(id_, held=False) for id_ in openings], frozenset(openings))
    office_id = demo.session.scalars(select(Office.id).where(Office.prefix == activity.office)).one()
    issued_on = date(year, 4, 1)
    issue_month(
        demo.session, office_id, activity.opens[0], issued_on, datetime.combine(issued_on, time(18)), demo.regisseur_id
    )
    invoice = demo.session.scalars(select(Invoice).where(Invoice.family_id == family.id)).one()
    paid_at = datetime.combine(date(year, 4, 14), time(10, 30))
    pay_at_counter(
        demo.session, office_id, family.id, PaymentMode.CHEQUE, invoice.total_cents, paid_at, demo.regisseur_id
    )
    clock.start_at(min(datetime.combine(date(year + 1, 1, 20), time(9, 15), now.tzinfo), now), frozen=True)
    publication_id = start_publication(demo.session, office_id, year, demo.regisseur_id, sends_mails=True)
    while publish_next(demo.session, publication_id):
        pass
    _send_mails(demo)


def _sign_families_up(demo: _Demo) -> None:
    new_families = [plan for plan in FAMILIES if plan.last_name not in demo.families]
    for number, plan in enumerate(new_families):
        _move_to(demo.weeks.first_day - timedelta(days=30 - number // 4), time(18, 41 + number))
        _request(demo, plan)
    day = demo.weeks.first_day - timedelta(days=25)
    for number, plan in enumerate(new_families):
        _accept(demo, plan, day, time(9, number))
    _move_to(day, time(13))
    _complete(demo, TEST_FAMILY, TEST_FAMILY.children[1:])
    # The second parent, who has no login yet; through the family, which may be in memory with its parents.
    family = demo.session.get_one(Family, demo.families["TEST"].id)
    family.guardians.append(
        Guardian(title=Title.MADAM, last_name="TEST", first_name="Sophie", email="sophie.test@example.org")
    )
    demo.session.flush()
    _send_mails(demo)


def _accept(demo: _Demo, plan: FamilyPlan, day: date, at: time) -> None:
    """The clerk accepts a family; a little later the parent confirms the account and fills in the file."""
    moment = datetime.combine(day, at)
    clock.start_at(moment, frozen=True)
    family = demo.session.scalars(select(Family).where(Family.last_name == plan.last_name)).one()
    accept_sign_up(demo.session, family.id, demo.clerk_id)
    clock.start_at(moment + timedelta(hours=3), frozen=True)
    _confirm(demo, plan)
    # Family TEST comes in the archived year, with the elder child.
    _complete(demo, plan, plan.children[:1] if plan is TEST_FAMILY else plan.children)


def _request(demo: _Demo, plan: FamilyPlan) -> None:
    text = current_consent_text()
    assert text is not None  # set up with the council
    request_sign_up(
        demo.session, SignUp(_address(plan), plan.title, plan.last_name, plan.first_name, plan.email, text.id)
    )


def _confirm(demo: _Demo, plan: FamilyPlan) -> None:
    """Follow the link of the mail, as the parent does."""
    demo.session.flush()
    secret = demo.session.scalars(
        select(OutboxMail.secret).where(OutboxMail.recipient == plan.email, OutboxMail.secret.is_not(None))
    ).one()
    assert secret is not None
    user = confirm_account(demo.session, secret, demo.password_hash)
    demo.users[plan.last_name] = user.id
    (demo.families[plan.last_name],) = families_of_user(user.id)


def _complete(demo: _Demo, plan: FamilyPlan, children: Sequence[ChildPlan]) -> None:
    family = demo.families[plan.last_name]
    january = clock.now().date().replace(month=1, day=1)
    row = demo.session.get_one(Family, family.id)
    values = {
        **read_coordinates(row),
        "home_phone": plan.home_phone or "",
        "mobile_phone": plan.mobile_phone or "",
        "regime": plan.regime,
        "fund_number": plan.fund_number or "",
        "fund_holder_name": f"{plan.last_name} {plan.first_name}" if plan.fund_number else "",
    }
    if plan.quotient_cents is not None:
        source = QuotientSource.MSA if plan.regime is Regime.AGRICULTURAL else QuotientSource.CAF
        values |= {
            "quotient": str(plan.quotient_cents), "quotient_month": january.isoformat(), "quotient_source": source,
        }  # fmt: skip
    write_coordinates(demo.session, row, values, clock.today())
    demo.session.flush()
    if plan.quotient_cents is not None and plan.story is QuotientStory.VERIFIED:
        declared = max(quotient.id for quotient in row.quotients)
        # For all seasons of the demo: nobody renews a quotient in it.
        accept_quotient(demo.session, declared, demo.clerk_id, max(season.ends_on for season in demo.offer.seasons))
    for child in children:
        _add_child(demo, plan, child)


def _add_child(demo: _Demo, plan: FamilyPlan, child: ChildPlan) -> None:
    last_name = child.last_name or plan.last_name
    family_id = demo.families[plan.last_name].id
    shared = demo.children.get((last_name, child.first_name))
    if shared is not None:
        # Separated parents: one child, two families.
        demo.session.add(FamilyChild(family_id=family_id, child_id=shared))
        demo.session.flush()
        demo.children[plan.last_name, child.first_name] = shared
        return
    born_on = _birth_date(demo, child.age)
    child_id = add_child(demo.session, family_id, ChildInput(last_name, child.first_name, born_on))
    demo.children[plan.last_name, child.first_name] = child_id


def _birth_date(demo: _Demo, age: int) -> date:
    """A birthday that does not fall into the demo's weeks, so that the child keeps its age and group."""
    today = demo.weeks.today
    return date(today.year - age, today.month, min(today.day, 28)) - timedelta(days=demo.rng.randrange(140, 300))


def _enrol_children(demo: _Demo) -> None:
    moment = datetime.combine(demo.weeks.first_day - timedelta(days=20), time(20, 10))
    wanted = [
        (plan, child, activity_id)
        for plan in FAMILIES
        for child in plan.children
        for activity_id in _activities_of(demo, child)
    ]
    requested = []
    for number, (plan, child, activity_id) in enumerate(wanted):
        clock.start_at(moment + number * _MINUTE, frozen=True)
        family, child_id = demo.families[plan.last_name], demo.children[plan.last_name, child.first_name]
        requested.append(request_enrolment(demo.session, family, demo.users[plan.last_name], child_id, activity_id))
    _move_to(demo.weeks.first_day - timedelta(days=18), time(10, 15))
    for enrolment_id in requested:
        accept_enrolment(demo.session, enrolment_id, demo.clerk_id)
    _send_mails(demo)


def _activities_of(demo: _Demo, child: ChildPlan) -> list[int]:
    names = [
        name
        for name, comes in (
            ("Mercredi", child.wednesday),
            ("Périscolaire", child.school_days),
            ("CAJ vacances", child.holidays),
            ("Atelier théâtre", child.theatre),
        )
        if comes
    ]
    return [demo.offer.activities[season.name, name] for season in demo.offer.seasons for name in names]


def _decide_outings(demo: _Demo) -> None:
    """What is booked stays; from now on the youth centre's team decides who comes."""
    for season in demo.offer.seasons:
        activity = demo.session.get_one(Activity, demo.offer.activities[season.name, "CAJ vacances"])
        activity.on_request = True
    demo.session.flush()


def _give_aid(demo: _Demo) -> None:
    """The communes of the council, and an aid that the next invoices show."""
    last_name, first_name = AIDED
    _move_to(demo.weeks.first_day - timedelta(days=10), time(11, 30))
    list_residents(demo.session)
    activity_ids = [demo.offer.activities[season.name, "CAJ vacances"] for season in demo.offer.seasons]
    help_child(
        demo.session, demo.families[last_name].id, demo.children[last_name, first_name], activity_ids, demo.clerk_id,
        demo.weeks.first_day.replace(month=1, day=1), demo.weeks.today.replace(month=12, day=31),
    )  # fmt: skip


def _book_weeks(demo: _Demo) -> None:
    """Three evenings on which the parents book, each for some weeks; now and then one cancels a day in time."""
    monday, first_day = demo.weeks.monday, demo.weeks.first_day
    past_weeks = (monday - first_day).days // 7
    evenings = (
        (first_day - timedelta(days=12), range(-past_weeks, 0)),
        (monday - timedelta(days=11), range(3)),
        (monday - timedelta(days=4), range(3, 6)),
    )
    for day, offsets in evenings:
        mondays = [monday + timedelta(weeks=offset) for offset in offsets]
        moment = datetime.combine(day, time(19, 30))
        for plan in FAMILIES:
            for child in plan.children:
                moment += _MINUTE
                clock.start_at(moment, frozen=True)
                _book(demo, plan, child, mondays)
    clock.start_at(datetime.combine(monday - timedelta(days=3), time(21)), frozen=True)
    for last_name, first_name in (("TEST", "Hugo"), ("GARNIER", "Sofia")):
        _cancel_a_day(demo, last_name, first_name, monday + timedelta(weeks=2))


def _book(demo: _Demo, plan: FamilyPlan, child: ChildPlan, mondays: Iterable[date]) -> None:
    days = [
        monday + timedelta(days=offset)
        for monday in mondays
        if plan.every_other_week is None or monday.isocalendar().week % 2 == plan.every_other_week
        for offset in range(5)
        if demo.rng.random() >= _DAYS_OFF
    ]
    if not days:
        return
    wanted = frozenset(
        opening_id
        for opening_id, day, unit, activity in _openings_for(demo, plan, child, days)
        if _comes(child, day, unit, activity)
    )
    _save(demo, plan.last_name, child.first_name, [Shown(id_, held=False) for id_ in sorted(wanted)], wanted)


def _comes(child: ChildPlan, day: date, unit: str, activity: str) -> bool:
    if activity == "Mercredi":
        return unit in child.wednesday
    if activity == "Périscolaire":
        return (day.weekday(), unit) in child.school_days
    return activity == "CAJ vacances" and child.holidays


def _openings_for(
    demo: _Demo, plan: FamilyPlan, child: ChildPlan, days: Sequence[date]
) -> list[tuple[int, date, str, str]]:
    """What is open to the child on these days: opening, day, name of the unit and of its activity."""
    known = catalogue()
    rows = demo.session.execute(
        select(Opening.id, Opening.day, Opening.unit_id)
        .join(Enrolment, Enrolment.group_id == Opening.group_id)
        .where(
            Enrolment.family_id == demo.families[plan.last_name].id,
            Enrolment.child_id == demo.children[plan.last_name, child.first_name],
            Enrolment.status == EnrolmentStatus.ACCEPTED,
            Opening.day.between(Enrolment.starts_on, Enrolment.ends_on),
            Opening.day.in_(days),
            Opening.is_open,
        )
    )
    return [(id_, day, known.units[unit].name, known.activity_of_unit(unit).name) for id_, day, unit in rows]


def _save(demo: _Demo, last_name: str, first_name: str, shown: Sequence[Shown], ticked: frozenset[int]) -> None:
    if not shown:
        return
    bookings.save(
        demo.session,
        demo.families[last_name],
        demo.users[last_name],
        demo.children[last_name, first_name],
        f"demo-{last_name}-{first_name}-{clock.now():%Y%m%d%H%M}",
        Proposal(tuple(shown), ticked),
    )


def _cancel_a_day(demo: _Demo, last_name: str, first_name: str, monday: date) -> None:
    """Cancel all that the child has booked on the first day of that week on which it has booked anything."""
    held = demo.session.execute(
        select(Booking.day, Booking.opening_id)
        .where(
            Booking.child_id == demo.children[last_name, first_name],
            Booking.day.between(monday, monday + timedelta(days=6)),
        )
        .order_by(Booking.day)
    ).all()
    shown = [Shown(opening_id, held=True) for day, opening_id in held if day == held[0][0]]
    _save(demo, last_name, first_name, shown, frozenset())


def _miss_days(demo: _Demo, now: datetime) -> None:
    """Léa gave up her last two evenings the night before, too late: her parents may justify it."""
    for position, (name, needs_proof) in enumerate(ABSENCE_REASONS, start=1):
        save_reason(demo.session, None, ReasonInput(name, position, needs_proof, is_offered=True))
    known = catalogue()
    evenings = {
        unit.id for activity in known.activities.values() for unit in activity.units
        if activity.absences.days and not unit.is_meal and unit.starts_at.hour > 12
    }  # fmt: skip
    held = demo.session.execute(
        select(Booking.day, Booking.opening_id)
        .join(Opening, Opening.id == Booking.opening_id)
        .where(
            Booking.child_id == demo.children["TEST", "Léa"], Booking.status == BookingStatus.CONFIRMED,
            Booking.day < now.date(), Opening.unit_id.in_(evenings),
        )
        .order_by(Booking.day.desc())
        .limit(2)
    ).all()  # fmt: skip
    for day, opening_id in reversed(held):
        _move_to(day - timedelta(days=1), time(20, 40))
        _save(demo, "TEST", "Léa", [Shown(opening_id, held=True, charged=True)], frozenset())


def _fill_child_files(demo: _Demo) -> None:
    elder, younger = (demo.children["TEST", child.first_name] for child in TEST_FAMILY.children)
    offer_schools(demo.session)
    fill_child_files(
        demo.session, demo.families["TEST"], demo.users["TEST"], elder, younger, demo.clerk_id, demo.weeks.today
    )


def _prepare_meals(demo: _Demo) -> None:
    """What children eat, and the next meals, ordered yesterday."""
    _move_to(demo.weeks.today - timedelta(days=1), time(9, 30))
    prepare_meals(demo.session, demo.clerk_id, demo.children, demo.families, demo.users, demo.weeks.today)


def _publish(demo: _Demo) -> None:
    """Files to download, and rules of the house that no family has accepted yet."""
    _move_to(demo.weeks.today - timedelta(days=3), time(9, 10))
    publish(demo.session, Path(current_app.instance_path), demo.clerk_id, clock.today())


def _ask_documents(demo: _Demo, now: datetime) -> None:
    """What is asked of families; that of family BERNARD is left to be looked at."""
    households = []
    for plan in FAMILIES[:2]:
        children = {child.first_name: demo.children[plan.last_name, child.first_name] for child in plan.children}
        households.append(Household(demo.families[plan.last_name], demo.users[plan.last_name], children))
    ask_documents(demo.session, Path(current_app.instance_path), demo.clerk_id, now, households[0], households[1])
    _send_mails(demo)


def _leave_work_to_do(demo: _Demo, now: datetime) -> None:
    """What waits in the staff's queue: a change of a file, a message, two sign-ups and two enrolments."""
    _ask_changes(demo, now)
    exchange_messages(
        demo.session, now, (demo.families["TEST"], demo.users["TEST"]),
        (demo.families[FAMILIES[1].last_name], demo.users[FAMILIES[1].last_name]), demo.clerk_id,
    )  # fmt: skip
    for hours, plan in zip((20, 3), WAITING_FAMILIES, strict=True):
        clock.start_at(now - timedelta(hours=hours), frozen=True)
        _request(demo, plan)
    for hours, (last_name, first_name, activity) in zip((26, 5), WAITING_ENROLMENTS, strict=True):
        clock.start_at(now - timedelta(hours=hours), frozen=True)
        season = next(s for s in reversed(demo.offer.seasons) if s.starts_on <= demo.weeks.today)
        request_enrolment(
            demo.session,
            demo.families[last_name],
            demo.users[last_name],
            demo.children[last_name, first_name],
            demo.offer.activities[season.name, activity],
        )
    demo.session.flush()


def _wait_and_pay(demo: _Demo, now: datetime) -> None:
    """Hugo is offered a place and waits for another; an evening of his is to be paid."""
    hugo, *others = (
        WaitingChild(demo.families[last_name], demo.users[last_name], demo.children[last_name, first_name])
        for last_name, first_name in (("TEST", "Hugo"), *WAITING_CHILDREN)
    )
    wait_for_places(demo.session, now, hugo, others)
    keep_for_payment(demo.session, now, hugo)


def _ask_changes(demo: _Demo, now: datetime) -> None:
    """Family TEST asked for another name, which was refused, and now says that it moves within Démuin."""
    evening = datetime.combine(now.date(), time(20, 15))
    refused_id = _ask_change(demo, evening - timedelta(days=9), {"last_name": "TEST-MOREL"})
    clock.start_at(evening - timedelta(days=7, hours=10), frozen=True)
    change_requests.refuse(
        demo.session, refused_id, demo.clerk_id, "Joignez une copie du livret de famille, et demandez-le de nouveau."
    )
    _send_mails(demo)
    _ask_change(demo, evening - timedelta(days=2), {"number": "4", "street": "Rue de l’Église"})


def _ask_change(demo: _Demo, moment: datetime, wanted: Mapping[str, str]) -> int:
    clock.start_at(moment, frozen=True)
    family = demo.families[TEST_FAMILY.last_name]
    shown = changes.part_of(family.id, FileKind.COORDINATES, family.id).values
    changes.save(
        demo.session, family.id, demo.users[TEST_FAMILY.last_name], FileKind.COORDINATES, family.id, shown, wanted
    )
    waiting = (request.id for request in change_requests.requests_of_family(family.id) if request.decided_at is None)
    return next(waiting)


def _address(plan: FamilyPlan) -> AddressInput:
    commune = next(c for c in communes_of_postal_code(plan.postal_code) if c.name == plan.city)
    return AddressInput(plan.number, plan.repetition, plan.street, plan.complement, commune)


def _send_mails(demo: _Demo) -> None:
    """The mails so far left at the time: only recent ones are still to be seen waiting."""
    demo.session.flush()
    for mail_id in demo.session.scalars(select(OutboxMail.id).where(OutboxMail.status == MailStatus.QUEUED)).all():
        record_sent(demo.session, mail_id)


def _move_to(day: date, at: time) -> None:
    clock.start_at(datetime.combine(day, at), frozen=True)
