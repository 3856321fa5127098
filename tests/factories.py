"""Councils, activities and families for the tests, in a line each. Each function is its own short write transaction.

    planning = make_planning()                 # « Mercredi » as in the guide, open on Wednesdays, and family TEST with Léa
    planning.opening(WEDNESDAY, "Matin")       # the id of an opening
    save(planning.family, planning.child_id, book=[...])

All families are invented, all addresses end in example.org.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from unittest.mock import sentinel

from flask import current_app
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.database import db, write_transaction
from app.integrations.kept_files import PUBLISHED_FOLDER, HandedInFile, keep_file, keep_sealed
from app.integrations.school_calendars import read_calendar
from app.models.accounts import StaffRole, User
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
from app.models.aids import AidFund
from app.models.attendances import Attendance
from app.models.bookings import Booking, BookingEvent, CapacityCounter, Opening
from app.models.changes import ChangeRequest
from app.models.child_files import VaccineObligation
from app.models.debts import TaxCertificate, TaxCertificateChild, TaxPublication
from app.models.enrolments import Enrolment
from app.models.families import (
    Consent,
    ConsentText,
    Family,
    FamilyAddress,
    FamilyChild,
    FamilyQuotient,
    Guardian,
    Title,
)
from app.models.invoices import Invoice, InvoicedBooking, InvoiceLine, InvoiceRun, RunStatus
from app.models.payments import Payment, PaymentAllocation
from app.models.reference_data import Commune, CommunePostalCode, PublicHoliday, ReferenceDataset, SchoolHoliday
from app.rules.attendances import Turnout
from app.rules.capabilities import Role
from app.rules.cash_desks import PaymentMode
from app.rules.choices import Shown
from app.rules.combinations import Combinations, Requirement
from app.rules.credits import CreditCause, draft_credit
from app.rules.deadlines import Counted, DaysBefore, Deadline, Notice, NoticeRule, simple_rule
from app.rules.file_fields import FileKind
from app.rules.numbers import DocumentKind
from app.rules.required_documents import DocumentDemand, DocumentScope, FilesWanted, Validity
from app.rules.states import Actor, BookingStatus, CancelClass, EnrolmentStatus, ErasureCause, FamilyStatus
from app.rules.tariff_grids import CreditBook, Criterion, Grid, Item, NumberAxis, Span, Table, flat, unit_code
from app.rules.texts import fold
from app.services import (
    absence_settings,
    absences,
    aids,
    bookings,
    changes,
    contacts,
    corrections,
    credits,
    debit_batches,
    debit_mandates,
    documents,
    erasures,
    families,
    installations,
    invoice_runs,
    message_inbox,
    message_settings,
    messages,
    outings,
    payments,
    prepaid_books,
    publications,
    refunds,
    required_document_settings,
    required_documents,
    run_pools,
    run_views,
    text_settings,
    waiting_wishes,
)
from app.services.absence_settings import ReasonInput
from app.services.absences import JustificationInput
from app.services.aids import AidInput, FundInput
from app.services.catalogue import Readers, catalogue
from app.services.counters import make_counters
from app.services.credentials import hash_password
from app.services.families import ChildInput, FamilyRef
from app.services.held_places import what_to_pay
from app.services.message_settings import RecipientInput
from app.services.message_threads import Sent, Written
from app.services.outings import OutingInput
from app.services.payments import PaymentAddresses, StartedBasket
from app.services.planning import Proposal
from app.services.prepaid_books import BookSale
from app.services.publications import NewFile, PublicationInput
from app.services.required_document_settings import DocumentInput
from app.services.text_settings import TextInput, VersionInput
from app.services.verdicts import SaveOutcome
from app.services.waiting_wishes import Joined

NOW = datetime(2026, 11, 23, 8, 30)
MONDAY = date(2026, 11, 23)
WEDNESDAY = date(2026, 11, 25)
NEXT_WEDNESDAY = date(2026, 12, 2)

PASSWORD = "Un-Mot-De-Passe-2026"

COMMUNES = (
    ("80237", "Démuin", ("80110",)),
    ("80570", "Moreuil", ("80110",)),
    ("80021", "Amiens", ("80000", "80080", "80090")),
    ("75056", "Paris", ("75011", "75012")),
)

_numbers = itertools.count(1)


@functools.cache
def password_hash() -> str:
    """The hash of PASSWORD, made once for the process: hashing is slow on purpose."""
    return hash_password(PASSWORD)


def fill_reference_data(session: Session) -> None:
    """What every test starts with: the council, its calendar, a few communes, the text on personal data."""
    installations.make_council(session).name = "Communauté de communes des essais"
    calendar = read_calendar("B", range(2025, 2029))
    session.add_all(PublicHoliday(day=day, name=name) for day, name in calendar.public_holidays.items())
    session.add_all(
        SchoolHoliday(zone="B", name=h.name, starts_on=h.starts_on, ends_on=h.ends_on) for h in calendar.school_holidays
    )
    for insee_code, name, postal_codes in COMMUNES:
        session.add(Commune(insee_code=insee_code, name=name, folded_name=fold(name)))
        session.flush()
        session.add_all(CommunePostalCode(insee_code=insee_code, postal_code=code) for code in postal_codes)
    session.add(ReferenceDataset(name="communes", source="essais", version="1", row_count=len(COMMUNES)))
    session.add(VaccineObligation(name="DTP", born_from=None, born_before=None))
    session.add(VaccineObligation(name="ROR", born_from=date(2018, 1, 1), born_before=None))
    session.add(ConsentText(body="Vos données servent à gérer votre dossier.", starts_on=date(2026, 1, 1)))


# --- People ---------------------------------------------------------------------------------------------------------


def make_user(email: str, name: str = "", *, confirmed: bool = True) -> int:
    """A login whose password is PASSWORD, or one that waits for its confirmation; returns its id."""
    with write_transaction() as session:
        user = User(email=email, display_name=name or email, password_hash=password_hash() if confirmed else None)
        session.add(user)
        session.flush()
        return user.id


def make_staff(
    role: Role = Role.ADMINISTRATOR, *, email: str | None = None, office_id: int | None = None,
    site_id: int | None = None,
) -> int:  # fmt: skip
    """A member of the staff with one role, which an office and a site may narrow; returns the user's id."""
    with write_transaction() as session:
        user = User(
            email=email or f"{role}-{next(_numbers)}@example.org", display_name="Camille AGENT",
            password_hash=password_hash(),
        )  # fmt: skip
        user.staff_roles.append(StaffRole(role=role, office_id=office_id, site_id=site_id))
        session.add(user)
        session.flush()
        return user.id


@dataclass(frozen=True, slots=True)
class FamilySetup:
    """A family made for a test."""

    family_id: int
    guardian_id: int
    user_id: int
    email: str
    status: FamilyStatus = FamilyStatus.ACTIVE
    name: str = "TEST Fabrice"

    @property
    def ref(self) -> FamilyRef:
        """The family as its pages know it."""
        return FamilyRef(self.family_id, self.name, self.status, self.guardian_id)


def make_family(
    last_name: str = "TEST",
    first_name: str = "Fabrice",
    *,
    email: str | None = None,
    status: FamilyStatus = FamilyStatus.ACTIVE,
    quotient_cents: int | None = None,
    user_id: int | None = None,
) -> FamilySetup:
    """A family in Démuin with one parent who has a login, and perhaps a verified quotient valid since January 2026."""
    email = email or f"parent-{next(_numbers)}@example.org"
    if user_id is None:
        user_id = make_user(email, f"{first_name} {last_name}")
    with write_transaction() as session:
        family = Family(status=status, last_name=last_name, first_name=first_name, mobile_phone="+33600000000")
        guardian = Guardian(title=Title.MADAM, last_name=last_name, first_name=first_name, email=email, user_id=user_id)
        family.guardians.append(guardian)
        family.addresses.append(
            FamilyAddress(
                starts_on=date(2026, 1, 1), number="12", street="rue des Tilleuls", postal_code="80110", city="Démuin",
                insee_code="80237",
            )
        )  # fmt: skip
        if quotient_cents is not None:
            family.quotients.append(
                FamilyQuotient(value_cents=quotient_cents, starts_on=date(2026, 1, 1), verified_at=clock.now())
            )
        session.add(family)
        session.flush()
        text_id = session.scalars(select(ConsentText.id).limit(1)).one()
        session.add(Consent(family_id=family.id, text_id=text_id))
        return FamilySetup(family.id, guardian.id, user_id, email, status, f"{last_name} {first_name}")


def make_pending_family(last_name: str = "NOUVEAU", first_name: str = "Alix", *, email: str | None = None) -> int:
    """A family that signed up and waits for the staff; returns its id."""
    email = email or f"attente-{next(_numbers)}@example.org"
    with write_transaction() as session:
        family = Family(status=FamilyStatus.PENDING, last_name=last_name, first_name=first_name)
        family.guardians.append(Guardian(title=Title.MISTER, last_name=last_name, first_name=first_name, email=email))
        family.addresses.append(
            FamilyAddress(
                starts_on=clock.today(), number="3", street="rue du Moulin", postal_code="80110", city="Moreuil",
                insee_code="80570",
            )
        )  # fmt: skip
        session.add(family)
        session.flush()
        return family.id


def make_child(
    family: FamilySetup, first_name: str = "Léa", birth_date: date = date(2019, 5, 14), last_name: str = "TEST"
) -> int:
    """A child of a family; returns its id."""
    with write_transaction() as session:
        return families.add_child(session, family.family_id, ChildInput(last_name, first_name, birth_date))


def guardian_values(email: str = "", first_name: str = "Claire", last_name: str = "TEST") -> dict[str, str]:
    """What « Ajouter un parent » sends for an adult who lives with the family."""
    return {
        **dict.fromkeys(
            (
                "situation", "birth_date", "number", "repetition", "street", "complement", "postal_code", "city",
                "occupation", "profession", "employer", "home_phone", "work_phone", "mobile_phone", "work_mobile_phone",
            ),
            "",
        ),
        "title": "madam", "last_name": last_name, "first_name": first_name, "home": "family", "email": email,
    }  # fmt: skip


def make_contact(family_id: int, child_id: int, first_name: str = "Odette", phone: str = "+33600000001") -> int:
    """Somebody who may collect a child and be called; returns the id."""
    values = {
        "first_name": first_name, "last_name": "TEST", "link": "grand-mère", "phone": phone, "other_phone": "",
        "may_collect": "yes", "may_be_called": "yes", "starts_on": "", "ends_on": "",
    }  # fmt: skip
    with write_transaction() as session:
        return contacts.add_contact(session, family_id, child_id, values)


def ask_change(
    family: FamilySetup, kind: FileKind = FileKind.COORDINATES, subject_id: int | None = None, **typed: str
) -> int:
    """A parent asks to change fields of a part of the file, another regime unless told otherwise; the request's id."""
    subject = family.family_id if subject_id is None else subject_id
    shown = changes.part_of(family.family_id, kind, subject).values
    with write_transaction() as session:
        wanted = typed or {"regime": "other"}
        changes.save(session, family.family_id, family.user_id, kind, subject, shown, wanted)
    found = select(ChangeRequest.id).where(ChangeRequest.family_id == family.family_id)
    return db.session.scalars(found.order_by(ChangeRequest.id.desc())).first() or 0


def ask_erasure(family: FamilySetup) -> int:
    """A parent asks that the family be erased; the request's id."""
    with write_transaction() as session:
        return erasures.ask_erasure(session, family.family_id, family.user_id, ErasureCause.ASKED)


A_FUND = FundInput("CAF de la Somme", "9 boulevard Maignan-Larivière\n80000 Amiens", "ALSH-80-2026", False)


def an_aid(**changes: Any) -> AidInput:
    """Half the price in 2026, on any day and without limit, unless told otherwise."""
    every = AidInput(
        name="Aide aux temps libres", starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31), amounts={},
        percent_hundredths=50_00, day_kinds=frozenset(), ceiling_cents=None, most_days=None, floor_cents=0,
        is_cumulative=True, reason="",
    )  # fmt: skip
    return replace(every, **changes)


def make_aid(
    family: FamilySetup, child_id: int, staff_id: int, *, fund: FundInput = A_FUND, **changes: Any
) -> tuple[int, int]:
    """An aid of a child, by a fund that is made when it is new; the ids of the fund and of the aid."""
    with write_transaction() as session:
        fund_id = session.scalar(select(AidFund.id).where(AidFund.name == fund.name))
        fund_id = aids.save_fund(session, fund_id, fund)
        return fund_id, aids.add_aid(session, family.family_id, staff_id, child_id, fund_id, an_aid(**changes))


A_DOCUMENT = DocumentInput(
    name="Attestation d’assurance", instructions="", scope=DocumentScope.CHILD, demand=DocumentDemand.MANDATORY,
    wanted=FilesWanted.ANY, activities=frozenset(), min_age=None, max_age=None, levels=(), validity=Validity(),
    is_health=False, is_asked=True,
)  # fmt: skip


A_RECIPIENT = RecipientInput(
    name="Service enfance", position=1, email="enfance@example.org", mails_text=False, office_id=None, activity_id=None,
    is_offered=True,
)  # fmt: skip


def make_document(name: str = "Attestation d’assurance", **changes: Any) -> int:
    """A document that is asked, by default of each child, and its id."""
    with write_transaction() as session:
        return required_document_settings.save_document(session, None, replace(A_DOCUMENT, name=name, **changes))


def attach_template(document_id: int, content: bytes = b"%PDF-1.4 essai") -> str:
    """A form to fill in of a document, and where its file lies."""
    path = str(keep_file(Path(current_app.instance_path), PUBLISHED_FOLDER, content, ".pdf"))
    with write_transaction() as session:
        required_document_settings.attach_template(session, document_id, NewFile(path, len(content), 1, "0" * 64))
    return path


def hand_in(family: FamilySetup, asked: str, content: bytes = b"%PDF-1.4", key: str = "") -> int:
    """A version that the family handed in, and its id; `asked`: « 1-12 », as addresses say it."""
    sealed = keep_sealed(Path(current_app.instance_path), content)
    with write_transaction() as session:
        return required_documents.hand_in(
            session, families.family_ref(family.family_id), family.user_id, asked,
            HandedInFile(sealed, "scan.pdf", len(content), 1), form_key=key or sealed.path, dated_on=None,
        ).id  # fmt: skip


A_PUBLICATION = PublicationInput(
    name="Livret d’accueil", description="", category="", shown_from=date(2026, 9, 1), shown_until=None, is_shown=True,
    readers=Readers(), document_id=None,
)  # fmt: skip


def publish(name: str = "Livret d’accueil", readers: Readers = A_PUBLICATION.readers, **changes: Any) -> int:
    """A publication with a file, by default for everybody, and its id."""
    typed = replace(A_PUBLICATION, name=name, readers=readers, **changes)
    path = str(keep_file(Path(current_app.instance_path), PUBLISHED_FOLDER, b"%PDF-1.4 essai", ".pdf"))
    user_id = make_staff(Role.FILE_CLERK)
    with write_transaction() as session:
        return publications.add_publication(session, user_id, typed, NewFile(path, 14, 1, "0" * 64))


def make_recipient(name: str = "Service enfance", **changes: Any) -> int:
    """Somebody to whom families write, the same for the same name, and its id."""
    known = next((each.id for each in catalogue().recipients if each.name == name), None)
    if known is not None and not changes:
        return known
    with write_transaction() as session:
        return message_settings.save_recipient(session, known, replace(A_RECIPIENT, name=name, **changes))


def write_message(
    family: FamilySetup, content: bytes | None = None, *, subject: str = "Une question", body: str = "Bonjour",
    key: str = "", recipient: str = "Service enfance", user_id: int | None = None,
) -> Sent:  # fmt: skip
    """A thread that a parent begins; `content`: the PDF that they attach."""
    recipient_id, file = make_recipient(recipient), None
    if content is not None:
        file = HandedInFile(keep_sealed(Path(current_app.instance_path), content), "scan.pdf", len(content), 1)
    with write_transaction() as session:
        return messages.start_thread(
            session, families.family_ref(family.family_id), user_id or family.user_id, recipient_id, subject,
            Written(body, key or token_urlsafe(8), file),
        )  # fmt: skip


def answer_message(thread_id: int, staff_id: int, body: str = "Voici la réponse") -> Sent:
    """An answer of the staff, who read all."""
    seen = message_inbox.thread_for_staff(thread_id, staff_id).last_id
    with write_transaction() as session:
        return message_inbox.answer_family(session, thread_id, staff_id, Written(body, token_urlsafe(8)), seen=seen)


def make_text(
    name: str = "Règlement intérieur", readers: Readers = A_PUBLICATION.readers, *, body: str = "Article 1",
    demand: DocumentDemand = DocumentDemand.MANDATORY, publication_id: int | None = None,
) -> int:  # fmt: skip
    """A text that families are asked to accept, by default all of them, and its id."""
    user_id = make_staff(Role.FILE_CLERK)
    with write_transaction() as session:
        return text_settings.add_text(
            session, user_id, TextInput(name, demand, True, readers),
            VersionInput(body, publication_id, clock.today(), is_told=False),
        )  # fmt: skip


def share_child(child_id: int, family: FamilySetup) -> None:
    """Give a child a second family (separated parents)."""
    with write_transaction() as session:
        session.add(FamilyChild(family_id=family.family_id, child_id=child_id))


# --- What the council offers ----------------------------------------------------------------------------------------

WEDNESDAY_UNITS = {
    "Matin": (time(7, 30), time(11, 45)),
    "Repas": (time(12, 15), time(13, 15)),
    "Après-midi": (time(13, 45), time(18, 0)),
}
THE_DAY_BEFORE = simple_rule(DaysBefore(1, time(10), Counted.WORKING))


@dataclass(frozen=True, slots=True)
class ActivitySetup:
    """An activity made for a test; its group takes everybody."""

    id: int
    group_id: int
    units: Mapping[str, int]
    scope_id: int | None


def make_activity(
    name: str = "Mercredi",
    units: Mapping[str, tuple[time, time]] = WEDNESDAY_UNITS,
    *,
    places: int | None = 20,
    needs: Mapping[str, Collection[str]] = {"Repas": ("Matin", "Après-midi")},
    notice: NoticeRule | None = THE_DAY_BEFORE,
    cancel_notice: NoticeRule | None = sentinel.same,
    prices: Sequence[tuple[int, int | None, int]] = ((0, 60_000, 210), (60_000, None, 420)),
    ages: tuple[int | None, int | None] = (None, None),
    starts_on: date = date(2026, 9, 1),
    ends_on: date = date(2027, 8, 31),
) -> ActivitySetup:
    """An activity with one group, its rules and prices; `places` are shared by all its units on a day (None: no limit).

    `prices` are (quotient from, below, amount) in cents, for each unit. `needs` are combination rules by unit name.
    """
    with write_transaction() as session:
        office = _only(session, Office, prefix="pop", name="Enfance", payfip_number="000001")
        site = _only(session, Site, name="Accueil de loisirs", address="1 place de l’Église, 80110 Démuin")
        season = _only(
            session, Season, name=f"{starts_on:%d/%m/%Y}–{ends_on:%d/%m/%Y}", starts_on=starts_on, ends_on=ends_on
        )
        activity = Activity(
            office_id=office.id,
            site_id=site.id,
            season_id=season.id,
            name=name,
            description="",
            position=1 + (session.scalar(select(func.count()).select_from(Activity)) or 0),
        )
        session.add(activity)
        session.flush()
        group = Group(activity_id=activity.id, name="Les enfants", min_age=ages[0], max_age=ages[1])
        rows = [
            Unit(
                activity_id=activity.id, name=unit, starts_at=hours[0], ends_at=hours[1], position=position,
                is_meal=unit == "Repas",
            )
            for position, (unit, hours) in enumerate(units.items(), 1)
        ]  # fmt: skip
        session.add_all([group, *rows])
        session.flush()
        ids = {row.name: row.id for row in rows}
        for deadline, rule in (
            (Deadline.BOOK, notice),
            (Deadline.CANCEL, notice if cancel_notice is sentinel.same else cancel_notice),
        ):
            if rule is not None:
                session.add(ActivityNoticeRule(activity_id=activity.id, deadline=deadline, rule=rule))
        activity.combinations = Combinations(
            tuple(
                Requirement(ids[unit], frozenset(ids[other] for other in any_of))
                for unit, any_of in needs.items()
                if unit in ids
            )
        )
        session.add(TariffVersion(activity_id=activity.id, starts_on=starts_on, grid=make_grid(ids.values(), prices)))
        session.flush()
        scope_id = (
            None if places is None else add_scope(session, f"{name} : la journée", places, ids.values(), [group.id])
        )
        return ActivitySetup(activity.id, group.id, ids, scope_id)


def set_notice(activity: ActivitySetup, deadline: Deadline, notice: Notice) -> None:
    """Replace a notice rule of an activity by one notice for all its units and days."""
    is_it = (ActivityNoticeRule.activity_id == activity.id, ActivityNoticeRule.deadline == deadline)
    with write_transaction() as session:
        session.execute(delete(ActivityNoticeRule).where(*is_it))
        session.add(ActivityNoticeRule(activity_id=activity.id, deadline=deadline, rule=simple_rule(notice)))


def make_grid(unit_ids: Iterable[int], prices: Iterable[tuple[int, int | None, int]]) -> Grid:
    """A grid with the same prices for all units: (quotient from, below, amount), all in cents; none: nothing costs."""
    rows = list(prices)
    spans = tuple(Span(f"q{place}", low, below) for place, (low, below, _) in enumerate(rows, 1))
    values = {(span.code,): cents for span, (_, _, cents) in zip(spans, rows, strict=True)}
    table = Table((NumberAxis(Criterion.QUOTIENT, spans),), values)
    return Grid(tuple(Item(unit_code(id_), table) for id_ in unit_ids) if rows else ())


def set_prices(change: Callable[[int], int] | None) -> None:
    """Change all amounts of all grids behind the staff's back; None: take them away."""
    with write_transaction() as session:
        for version in session.scalars(select(TariffVersion)):
            items = []
            for item in version.grid.items if change is not None else ():
                assert change is not None and isinstance(item.rate, Table)
                values = {key: change(cents) for key, cents in item.rate.values.items()}
                items.append(Item(item.code, Table(item.rate.axes, values), item.nature))
            version.grid = Grid(tuple(items))


def add_scope(session: Session, name: str, places: int, unit_ids: Collection[int], group_ids: Collection[int]) -> int:
    """Places shared by units and groups, inside a write transaction of the caller; returns the scope's id."""
    scope = CapacityScope(name=name, places=places)
    session.add(scope)
    session.flush()
    session.add_all(CapacityScopeUnit(scope_id=scope.id, unit_id=id_) for id_ in unit_ids)
    session.add_all(CapacityScopeGroup(scope_id=scope.id, group_id=id_) for id_ in group_ids)
    session.flush()
    return scope.id


def make_openings(
    activity: ActivitySetup, days: Collection[date], *, counters: bool = True
) -> dict[tuple[date, str], int]:
    """Open all units of an activity on these days; returns opening ids by day and unit name."""
    with write_transaction() as session:
        made = {
            (day, name): Opening(unit_id=unit_id, group_id=activity.group_id, day=day)
            for day in days
            for name, unit_id in activity.units.items()
        }
        session.add_all(made.values())
        session.flush()
        if counters:
            make_counters(session, days, [s for s in catalogue().scopes if s.units & set(activity.units.values())])
        return {key: opening.id for key, opening in made.items()}


def make_outing(activity: ActivitySetup, name: str = "Sortie à la mer", **changes: Any) -> int:
    """An outing of an activity on WEDNESDAY, all day, instead of nothing, with 8 places at 12 €; returns its unit's id."""
    typed = OutingInput(
        name=name, day=WEDNESDAY, starts_at=time(9), ends_at=time(17), group_ids=frozenset({activity.group_id}), places=8,
        online_places=None, cents=1_200, like_unit_id=None, replaced_ids=frozenset(), deadline=None,
    )  # fmt: skip
    with write_transaction() as session:
        return outings.save_outing(session, None, activity.id, replace(typed, **changes))


def wednesdays(count: int, start: date = WEDNESDAY) -> list[date]:
    """So many Wednesdays from a first one on."""
    return [start + timedelta(weeks=week) for week in range(count)]


def enrol(
    child_id: int,
    family: FamilySetup,
    activity: ActivitySetup,
    status: EnrolmentStatus = EnrolmentStatus.ACCEPTED,
    *,
    starts_on: date = date(2026, 9, 1),
    ends_on: date = date(2027, 8, 31),
) -> int:
    """Enrol a child through a family; returns the enrolment's id."""
    with write_transaction() as session:
        enrolment = Enrolment(
            child_id=child_id, family_id=family.family_id, activity_id=activity.id, group_id=activity.group_id,
            starts_on=starts_on, ends_on=ends_on, status=status, requested_by_id=family.user_id,
        )  # fmt: skip
        session.add(enrolment)
        session.flush()
        return enrolment.id


# --- A planning, and what is in it -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanningSetup:
    """A family with an enrolled child, and openings."""

    family: FamilySetup
    child_id: int
    activity: ActivitySetup
    openings: dict[tuple[date, str], int] = field(repr=False)

    def opening(self, day: date, unit: str) -> int:
        """The id of an opening."""
        return self.openings[day, unit]


def make_planning(*, weeks: int = 3, places: int | None = 20, quotient_cents: int | None = None) -> PlanningSetup:
    """« Mercredi » open on some Wednesdays, and family TEST whose daughter Léa is enrolled."""
    activity = make_activity(places=places)
    openings = make_openings(activity, wednesdays(weeks))
    family = make_family(quotient_cents=quotient_cents)
    child_id = make_child(family)
    enrol(child_id, family, activity)
    return PlanningSetup(family, child_id, activity, openings)


def add_family(planning: PlanningSetup, last_name: str = "AUTRE") -> tuple[FamilySetup, int]:
    """Another family with a child enrolled in the same activity; returns the family and the child's id."""
    family = make_family(last_name, "Dominique")
    child_id = make_child(family, "Sacha", last_name=last_name)
    enrol(child_id, family, planning.activity)
    return family, child_id


def proposal(held: Collection[int] = (), free: Collection[int] = (), ticked: Collection[int] = ()) -> Proposal:
    """A form that showed these openings as held and free, with these ticked."""
    shown = (*(Shown(id_, True) for id_ in held), *(Shown(id_, False) for id_ in free))
    return Proposal(shown, frozenset(ticked))


def sell_books(activity: ActivitySetup, unit: str, *, cents: int = 2_500, entries: int = 10) -> None:
    """Put a book of entries for a unit into the prices in force."""
    with write_transaction() as session:
        version = session.scalars(
            select(TariffVersion)
            .where(TariffVersion.activity_id == activity.id, TariffVersion.starts_on <= clock.today())
            .order_by(TariffVersion.starts_on.desc())
            .limit(1)
        ).one()
        book = CreditBook("carnet", frozenset({unit_code(activity.units[unit])}), entries)
        item = Item("carnet", flat(cents), label=f"Carnet de {entries} entrées")
        version.grid = replace(version.grid, items=(*version.grid.items, item), credit_books=(book,))


def buy_book(
    family: FamilySetup, child_id: int, activity: ActivitySetup, *, cents: int = 2_500, user_id: int | None = None
) -> int:
    """A child's book of `sell_books`, bought by its parent, or sold by an agent; returns its id."""
    sale = BookSale(activity.id, "carnet", cents, f"essai-essai-essai-{next(_numbers)}")
    actor = Actor.PARENT if user_id is None else Actor.STAFF
    with write_transaction() as session:
        return prepaid_books.sell_book(session, family.family_id, user_id or family.user_id, child_id, sale, actor)


def save(
    family: FamilySetup,
    child_id: int,
    *,
    book: Collection[int] = (),
    cancel: Collection[int] = (),
    charged: Collection[int] = (),
    key: str | None = None,
) -> SaveOutcome:
    """Book and cancel openings as the planning's form does; `charged`: cancel what it said would be charged."""
    wanted = proposal(held=cancel, free=book, ticked=book)
    wanted = replace(wanted, shown=(*wanted.shown, *(Shown(id_, True, charged=True) for id_ in charged)))
    key = key or f"test-key-{next(_numbers):08}"
    with write_transaction() as session:
        return bookings.save(session, family.ref, family.user_id, child_id, key, wanted)


def give_list(activity: ActivitySetup, *, hours: int | None = 24) -> None:
    """Give an activity a waiting list, with so many hours to answer an offer; None: take it away."""
    with write_transaction() as session:
        session.get_one(Activity, activity.id).waiting_hours = hours


def join_list(family: FamilySetup, child_id: int, openings: Collection[int], *, wants_booking: bool = True) -> Joined:
    """Wait for what is full."""
    with write_transaction() as session:
        return waiting_wishes.join(session, family.ref, family.user_id, child_id, openings, wants_booking=wants_booking)


def put_on_request(activity: ActivitySetup, *, on_request: bool = True) -> None:
    """Let the staff decide what parents tick in an activity from now on, or no more."""
    with write_transaction() as session:
        session.get_one(Activity, activity.id).on_request = on_request


def tick(child_id: int, opening_id: int) -> None:
    """What an agent recorded while nothing was booked yet: the child is there."""
    agent_id = make_staff()
    with write_transaction() as session:
        session.add(
            Attendance(
                child_id=child_id, opening_id=opening_id, turnout=Turnout.PRESENT, version=1, meant_at=clock.now(),
                recorded_by_id=agent_id,
            )
        )  # fmt: skip


def let_pay_at_booking(activity: ActivitySetup, minutes: int | None = 20) -> None:
    """Let bookings of an activity be paid when they are made, their places kept so long for it; None: no more."""
    with write_transaction() as session:
        session.get_one(Activity, activity.id).pay_within_minutes = minutes


def book_past(
    family: FamilySetup,
    child_id: int,
    activity: ActivitySetup,
    days: Collection[date],
    units: Collection[str] = ("Matin",),
) -> None:
    """Open an activity on days that are over, and book them as the parent did at the time; the clock comes back."""
    now = clock.now()
    openings = make_openings(activity, days)
    clock.start_at(datetime.combine(min(days) - timedelta(days=20), time(9)), frozen=True)
    save(family, child_id, book=[openings[day, unit] for day in days for unit in units])
    clock.start_at(now, frozen=True)


def miss(
    family: FamilySetup,
    child_id: int,
    activity: ActivitySetup,
    days: Collection[date],
    units: Collection[str] = ("Matin",),
) -> list[int]:
    """Days that are over, booked and cancelled too late; returns the bookings. Absences may be justified a week long."""
    book_past(family, child_id, activity, days, units)
    with write_transaction() as session:
        session.get_one(Activity, activity.id).justify_days = 7
        found = select(Booking).where(Booking.child_id == child_id, Booking.day.in_(days))
        rows = session.scalars(found.order_by(Booking.day, Booking.id)).all()
        for row in rows:
            row.status, row.cancel_class = BookingStatus.CANCELLED, CancelClass.LATE_CHARGED
            row.events.append(
                BookingEvent(
                    from_status=BookingStatus.CONFIRMED, to_status=row.status, actor=Actor.PARENT,
                    user_id=family.user_id,
                )
            )  # fmt: skip
        for scope in (each for each in catalogue().scopes if each.units & set(activity.units.values())):
            counters = update(CapacityCounter).where(
                CapacityCounter.scope_id == scope.id, CapacityCounter.day.in_(days)
            )
            session.execute(counters.values(taken=CapacityCounter.taken - 1))
        return [row.id for row in rows]


def make_absence_reason(name: str = "Maladie de l’enfant", **changes: Any) -> int:
    """A reason for absences that asks for a certificate, the same for the same name, and its id."""
    known = next((each.id for each in catalogue().absence_reasons if each.name == name), None)
    if known is not None and not changes:
        return known
    typed = ReasonInput(name=name, position=1, needs_proof=True, is_offered=True)
    with write_transaction() as session:
        return absence_settings.save_reason(session, known, replace(typed, **changes))


def justify(
    family: FamilySetup,
    booking_ids: Collection[int],
    content: bytes | None = b"%PDF-1.4",
    *,
    remark: str = "",
    key: str = "",
) -> int:
    """Ask that absences are not charged, with a certificate; returns the id of what was sent."""
    typed = JustificationInput(
        frozenset(booking_ids), make_absence_reason(), remark, key or f"absence-{next(_numbers)}"
    )  # fmt: skip
    file = None
    if content is not None:
        sealed = keep_sealed(Path(current_app.instance_path), content)
        file = HandedInFile(sealed, "certificat.pdf", len(content), 1)
    with write_transaction() as session:
        return absences.send(session, family.ref, family.user_id, typed, file).id


def prepare_run(office_id: int, month: date, staff_id: int) -> int:
    """Prepare an office's month as the worker does; returns the run's id."""
    with write_transaction() as session:
        run_id = invoice_runs.prepare(session, office_id, month, staff_id)
    while (batch := run_pools.draft_batch(db.session(), run_id, limit=100)) is not None:
        with write_transaction() as session:
            run_pools.store_batch(session, batch)
    return run_id


def accept_all(run_id: int, staff_id: int) -> None:
    """Accept whatever is odd in a prepared run, with a word."""
    with write_transaction() as session:
        for kind in run_pools.unsettled_kinds(session, run_id):
            run_pools.accept(session, run_id, kind, "Vu avec la régie.", staff_id)


def order_run(
    office_id: int,
    month: date,
    staff_id: int,
    invoice_date: date,
    due_on: date | None = None,
    *,
    whatever_it_is: bool = False,
) -> int:
    """Prepare, accept and have issued, up to where the worker issues; returns the run's id."""
    run_id = prepare_run(office_id, month, staff_id)
    accept_all(run_id, staff_id)
    with write_transaction() as session:
        invoice_runs.issue(
            session, run_id, invoice_date, due_on or invoice_date + timedelta(days=30), staff_id,
            whatever_it_is=whatever_it_is,
        )  # fmt: skip
    return run_id


def issue_run(
    office_id: int,
    month: date,
    staff_id: int,
    invoice_date: date,
    due_on: date | None = None,
    *,
    whatever_it_is: bool = False,
) -> int:
    """A run from its preparation to its end; returns its id."""
    run_id = order_run(office_id, month, staff_id, invoice_date, due_on, whatever_it_is=whatever_it_is)
    left = 1
    while left:
        with write_transaction() as session:
            left = invoice_runs.issue_next(session, run_id)
    return run_id


def prepared_drafts(activity: ActivitySetup, month: date, staff_id: int) -> tuple[run_views.FamilyRow, ...]:
    """What a run of an activity's office and month would ask of each family; it is given up afterwards."""
    run_id = prepare_run(db.session.get_one(Activity, activity.id).office_id, month, staff_id)
    rows = run_views.families_of_pool(run_id, run_views.Wanted(), 1).rows
    with write_transaction() as session:
        invoice_runs.give_up(session, run_id, staff_id)
    return rows


def issue(activity: ActivitySetup, month: date, staff_id: int, invoice_date: date | None = None) -> list[int]:
    """Issue the invoices of an activity's office and month; returns their ids."""
    office_id = db.session.get_one(Activity, activity.id).office_id
    run_id = issue_run(office_id, month, staff_id, invoice_date or clock.today())
    return list(db.session.scalars(select(Invoice.id).where(Invoice.run_id == run_id).order_by(Invoice.id)))


def declare_quotient(family: FamilySetup, value_cents: int = 45_000, month: date = date(2026, 10, 1)) -> int:
    """A quotient that waits for the staff; returns its id."""
    with write_transaction() as session:
        row = FamilyQuotient(family_id=family.family_id, value_cents=value_cents, starts_on=month)
        session.add(row)
        session.flush()
        return row.id


def make_invoice(
    family: FamilySetup,
    cents: int = 2_000,
    *,
    prefix: str = "pop",
    payfip_number: str | None = "000001",
    issued_on: date = date(2026, 11, 2),
    paid_cents: int = 0,
) -> int:
    """An invoice of an office for the month before, with one line, and perhaps something paid at the counter."""
    with write_transaction() as session:
        office = _only(session, Office, prefix=prefix, name=f"Service {prefix}", payfip_number=payfip_number)
        month = (issued_on.replace(day=1) - timedelta(days=1)).replace(day=1)
        run = InvoiceRun(
            office_id=office.id, month=month, invoice_date=issued_on, due_on=issued_on + timedelta(days=30),
            status=RunStatus.ISSUED, started_by_id=family.user_id,
        )  # fmt: skip
        session.add(run)
        session.flush()
        line = InvoiceLine(
            position=0, child_name="Léa TEST", label="Mercredi, Matin", days="7 octobre 2026", quantity=1,
            unit_cents=cents, amount_cents=cents, explanation="tarif maximum, sans quotient familial",
        )  # fmt: skip
        invoice = Invoice(
            number=documents.next_number(session, office.id, DocumentKind.INVOICE, issued_on), office_id=office.id,
            family_id=family.family_id, run_id=run.id, issued_on=issued_on, due_on=run.due_on, month=month,
            total_cents=cents, payer_name=family.name, payer_address="12 rue des Tilleuls\n80110 Démuin", lines=[line],
        )  # fmt: skip
        session.add(invoice)
        session.flush()
        if paid_cents:
            payment = Payment(
                receipt_number=documents.next_number(session, office.id, DocumentKind.RECEIPT, clock.today()),
                office_id=office.id, family_id=family.family_id, mode=PaymentMode.CASH, amount_cents=paid_cents,
                received_on=clock.today(),
            )  # fmt: skip
            payment.allocations.append(PaymentAllocation(invoice_id=invoice.id, amount_cents=min(cents, paid_cents)))
            session.add(payment)
        return invoice.id


def make_certificate(family: FamilySetup, child_id: int, office_id: int, staff_id: int, year: int = 2025) -> int:
    """A tax certificate that was published; its PDF is not made yet."""
    with write_transaction() as session:
        publication = TaxPublication(
            office_id=office_id, year=year, sends_mails=False, started_by_id=staff_id, ended_at=clock.now()
        )
        session.add(publication)
        session.flush()
        certificate = TaxCertificate(
            publication_id=publication.id, office_id=office_id, family_id=family.family_id, year=year, version=1,
            payer_name=family.name, payer_address="12 rue des Tilleuls\n80110 Démuin", total_cents=4_000,
            issued_on=NOW.date(),
            children=[
                TaxCertificateChild(
                    child_id=child_id, child_name="Léa TEST", born_on=date(2021, 5, 14), is_shared=False,
                    paid_cents=4_000,
                )
            ],
        )  # fmt: skip
        session.add(certificate)
        session.flush()
        return certificate.id


def make_credit(invoice_id: int, agent_id: int, reason: str = "Fermé par la neige") -> int:
    """A credit note on the first booking of an invoice, which costs nothing any more, or on its first line."""
    with write_transaction() as session:
        facts = credits.read_invoices(session, [invoice_id])[invoice_id]
        credits.hold_for_credit(session, facts.invoice.family_id, [facts.invoice.office_id])
        released = [share.booking_id for share in facts.shares[:1]]
        whole = () if released else (facts.lines[0].id,)
        draft = draft_credit(facts.lines, facts.shares, facts.aids, released, whole)
        head = credits.CreditHead(CreditCause.CORRECTION, reason, agent_id)
        note = credits.credit_invoice(session, facts, draft, head)
        assert note is not None
        for booking in session.scalars(select(Booking).where(Booking.id.in_(released))):
            booking.price_cents = 0
            session.add(InvoicedBooking(booking_id=booking.id, credit_note_id=note.id))
        return note.id


def make_refund(office_id: int, agent_id: int) -> int:
    """A family that paid 10 € for nothing, of which 4 € went back."""
    family = make_family("TROP", "Paul", email="trop@example.org")
    with write_transaction() as session:
        payments.record_counter_payment(
            session, office_id=office_id, family_id=family.family_id, mode=PaymentMode.CASH, amount_cents=1_000,
            received_on=MONDAY, reference="", recorded_by=agent_id,
        )  # fmt: skip
        typed = refunds.RefundInput(400, "Paul TROP", "FR7630006000011234567890189", "Trop payé")
        return refunds.refund(session, family.family_id, office_id, agent_id, typed, "essai")


AN_IBAN = "FR7630006000011234567890189"
ANOTHER_IBAN = "FR1420041010050500013M02606"


def let_collect(office_id: int) -> None:
    """An office that collects by direct debit, 14 days after it told."""
    desk = debit_mandates.DebitDesk(True, "FR72ZZZ123456", "Régie de l’Île", ANOTHER_IBAN, "BDFEFRPP", 14)
    with write_transaction() as session:
        debit_mandates.save_debit_desk(session, office_id, desk)


def make_mandate(family: FamilySetup, office_id: int, agent_id: int, signed_on: date = date(2026, 11, 2)) -> int:
    """A mandate of a family for an office that collects."""
    typed = debit_mandates.MandateInput("Élodie TEST", AN_IBAN, signed_on)
    with write_transaction() as session:
        return debit_mandates.record_mandate(session, office_id, family.family_id, typed, agent_id)


def prepare_debit(office_id: int, agent_id: int, day: date = date(2026, 12, 7), key: str = "essai") -> int:
    """A collection of all that may be collected."""
    shown = debit_batches.preview(office_id, day).taken
    with write_transaction() as session:
        return debit_batches.prepare(session, office_id, day, shown, agent_id, key)


def make_correction(invoice_id: int, agent_id: int) -> int:
    """Something to correct on an invoice: its last booking."""
    with write_transaction() as session:
        facts = credits.read_invoices(session, [invoice_id])[invoice_id]
        correction_id = corrections.propose(
            session, facts.invoice.family_id, [facts.shares[-1].booking_id], CreditCause.ATTENDANCE,
            "N’était pas là ce jour-là", agent_id,
        )  # fmt: skip
        assert correction_id is not None
        return correction_id


def make_basket(family: FamilySetup, invoice_ids: Sequence[int], mode: str = "T") -> StartedBasket:
    """An attempt to pay these invoices online; the payment site was not asked yet."""
    addresses = PaymentAddresses("http://localhost/paiement/notification", "http://localhost/paiement/retour", mode)
    with write_transaction() as session:
        return payments.start_basket(session, family.ref, family.user_id, family.email, invoice_ids, addresses)


def make_places_basket(family: FamilySetup, mode: str = "T") -> StartedBasket:
    """An attempt to pay all that the family holds; the payment site was not asked yet."""
    addresses = PaymentAddresses("http://localhost/paiement/notification", "http://localhost/paiement/retour", mode)
    with write_transaction() as session:
        shown = what_to_pay(session, family.family_id, is_online=True).booking_ids
        return payments.start_places_basket(session, family.ref, family.user_id, family.email, shown, addresses)


def bookings_of(child_id: int) -> list[tuple[int, str]]:
    """Opening id and status of every booking of a child, in the order in which they were made."""
    rows = db.session.execute(
        select(Booking.opening_id, Booking.status).where(Booking.child_id == child_id).order_by(Booking.id)
    )
    return [(opening_id, status.value) for opening_id, status in rows]


def taken(day: date, scope_id: int | None) -> int | None:
    """How many children the counter of a day says are there; None without counter."""
    return db.session.scalar(
        select(CapacityCounter.taken).where(CapacityCounter.day == day, CapacityCounter.scope_id == scope_id)
    )


def event_count() -> int:
    """How many transitions of bookings were logged."""
    return db.session.scalar(select(func.count()).select_from(BookingEvent)) or 0


def _only(session: Session, table: type[Any], **values: object) -> Any:
    name, value = next(iter(values.items()))  # the first one is unique
    row = session.scalars(select(table).where(getattr(table, name) == value)).first()
    if row is None:
        row = table(**values)
        session.add(row)
        session.flush()
    return row
