"""The catalogue: everything the staff set, as one immutable snapshot that each process keeps.

Pages ask `catalogue()`; it costs one small query (the settings' version) per transaction and is loaded anew only when
a setting changed (see models/catalogue.py). Rules get their values from here, never from rows.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from types import MappingProxyType

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.database import db
from app.models.absences import AbsenceReason
from app.models.activities import (
    NO_DAY_YET,
    Activity,
    ActivityNoticeRule,
    CapacityScopeGroup,
    CapacityScopeUnit,
    Group,
    Office,
    Season,
    Site,
    TariffVersion,
    Unit,
)
from app.models.activities import (
    CapacityScope as CapacityScopeRow,
)
from app.models.catalogue import SETTINGS_CHANGED, UNCOMMITTED_CATALOGUE
from app.models.changes import FieldPolicyChoice
from app.models.child_files import School, VaccineObligation
from app.models.councils import Council, FigureSettings
from app.models.mails import MailText
from app.models.messages import MessageRecipient
from app.models.price_facts import ResidenceCommune
from app.models.publications import (
    Publication,
    PublicationActivity,
    PublicationFile,
    TextActivity,
    TextToAccept,
    TextVersion,
)
from app.models.reference_data import PublicHoliday
from app.models.reference_data import SchoolHoliday as SchoolHolidayRow
from app.models.required_documents import RequiredDocument, RequiredDocumentActivity
from app.models.retention import RetentionChoice
from app.rules.absences import JustifyRule
from app.rules.calendars import Calendar, SchoolHoliday
from app.rules.capacity import CapacityScope
from app.rules.changes import FieldPolicy
from app.rules.combinations import Breach, CombinationRule
from app.rules.deadlines import Deadline, NoticeRule
from app.rules.enrolment_rules import EnrolmentRules
from app.rules.enrolments import GroupAges
from app.rules.figures import FigureRule, HourCaps
from app.rules.file_fields import FileField
from app.rules.paid_bookings import Unfit, what_stands_against
from app.rules.publications import Readership, Shown, VersionDay
from app.rules.required_documents import Applicability, DocumentDemand, FilesWanted, Validity
from app.rules.retention import DataClass
from app.rules.tariff_grids import GridVersion, version_on
from app.rules.vaccinations import VaccineRule

ELSEWHERE = "un temps d’accueil d’un autre lieu"
"""What a unit is called to an agent whose role does not reach its activity."""


class NoCouncil(Exception):
    """The database has no council yet: the portal was not installed (`prepare()` makes it)."""


@dataclass(frozen=True, slots=True)
class CouncilInfo:
    """The council, as pages name it."""

    name: str
    school_zone: str
    address: str
    email: str
    phone: str
    dpo_email: str
    is_demo: bool
    requires_second_factor: bool  # of all staff
    reminds_of_weeks: bool  # parents who want it, of a week without bookings
    reminder_hours: int  # at least so long before its deadline


@dataclass(frozen=True, slots=True)
class UnitInfo:
    """A bookable part of a day."""

    id: int
    activity_id: int
    name: str
    starts_at: time
    ends_at: time
    is_meal: bool
    day: date | None = None  # of an outing, which opens on no other

    @property
    def minutes(self) -> int:
        """How long it lasts."""
        return (self.ends_at.hour - self.starts_at.hour) * 60 + self.ends_at.minute - self.starts_at.minute


@dataclass(frozen=True, slots=True)
class GroupInfo:
    """An age group of an activity."""

    id: int
    activity_id: int
    name: str
    ages: GroupAges


@dataclass(frozen=True, slots=True)
class SeasonInfo:
    """The dates that an activity belongs to."""

    id: int
    name: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class SiteInfo:
    """A place where children are received, and how it orders meals."""

    id: int
    name: str
    meal_limits: tuple[int, ...]  # the ages at which the bands of meals begin
    meal_spare_percent: int
    meal_notice: NoticeRule  # until when the caterer takes orders; without lines: until the meal


@dataclass(frozen=True, slots=True)
class ActivityInfo:
    """An activity with all that its rules need."""

    id: int
    name: str
    description: str
    site_id: int
    site_name: str
    season: SeasonInfo
    units: tuple[UnitInfo, ...]
    groups: tuple[GroupInfo, ...]
    notices: Mapping[Deadline, NoticeRule]
    combinations: tuple[CombinationRule, ...]
    may_overlap: bool  # a child may have other activities at the same hours
    enrolment_rules: EnrolmentRules
    on_request: bool  # what parents tick waits for the staff
    waiting_hours: int | None  # how long a freed place is offered to who waits; None: no waiting list
    office_id: int
    payfip_number: str | None  # of its office
    pay_within_minutes: int | None  # bookings are paid when they are made: so long places are kept for it
    absences: JustifyRule
    tariffs: tuple[GridVersion, ...]

    @property
    def has_waiting_list(self) -> bool:
        """Whether parents may queue for what is full."""
        return self.waiting_hours is not None and not self.on_request and self.pay_within_minutes is None

    @property
    def usual_units(self) -> tuple[UnitInfo, ...]:
        """Its units without the outings."""
        return tuple(unit for unit in self.units if unit.day is None)

    def unfit_to_pay(self, *days: date) -> Unfit | None:
        """Why bookings of these days cannot be paid when they are made; without days, those of any."""
        versions = (version_on(self.tariffs, day) for day in days) if days else self.tariffs
        return what_stands_against(
            takes_online=self.payfip_number is not None,
            on_request=self.on_request,
            grids=[version.grid for version in versions if version is not None],
        )

    def is_paid_at_booking(self, day: date) -> bool:
        """Whether a booking of a day is paid when it is made."""
        return self.pay_within_minutes is not None and self.unfit_to_pay(day) is None

    @property
    def outings(self) -> tuple[UnitInfo, ...]:
        """Its outings, soonest first."""
        dated = [(unit.day, unit.starts_at, unit.id, unit) for unit in self.units if unit.day is not None]
        return tuple(unit for *_, unit in sorted(dated, key=lambda each: each[:3]))

    @property
    def group_ages(self) -> tuple[GroupAges, ...]:
        """The ages that each group receives."""
        return tuple(group.ages for group in self.groups)


@dataclass(frozen=True, slots=True)
class SchoolInfo:
    """A school that parents may choose, or could once."""

    id: int
    name: str
    is_offered: bool


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """A form that families fill in: where it lies in the instance folder, and what is said of it."""

    path: str
    size_bytes: int
    page_count: int


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document that families are asked for, or were once."""

    id: int
    name: str
    instructions: str
    applicability: Applicability
    demand: DocumentDemand
    wanted: FilesWanted
    validity: Validity
    is_health: bool
    is_asked: bool
    grace_days: int
    template: TemplateFile | None  # to download, fill in and hand in


@dataclass(frozen=True, slots=True)
class Readers:
    """Whom a publication or a text is for, as the staff set it; empty or None: whoever."""

    season_id: int | None = None
    activities: frozenset[int] = frozenset()
    levels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A version of a publication's file: where it lies in the instance folder, and what is said of it."""

    id: int
    path: str
    size_bytes: int
    page_count: int
    content_hash: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class PublicationInfo:
    """A file that the council offers for download, or did."""

    id: int
    name: str
    description: str
    category: str
    shown: Shown
    readers: Readers
    readership: Readership
    document_id: int | None  # as which it comes back
    files: tuple[StoredFile, ...]  # the last one is offered


@dataclass(frozen=True, slots=True)
class TextInfo:
    """A text that families are asked to accept, or were; what its versions say is not here."""

    id: int
    name: str
    demand: DocumentDemand
    is_asked: bool
    readers: Readers
    readership: Readership
    versions: tuple[VersionDay, ...]


@dataclass(frozen=True, slots=True)
class RecipientInfo:
    """Somebody at the council to whom families may write, or could once."""

    id: int
    name: str
    position: int
    email: str | None
    mails_text: bool
    office_id: int | None
    activity_id: int | None
    is_for: str  # the activity or the office that it is of; empty where it is of none
    is_offered: bool

    @property
    def title(self) -> str:
        """« Animation (Mercredis) »."""
        return f"{self.name} ({self.is_for})" if self.is_for and self.is_for != self.name else self.name


@dataclass(frozen=True, slots=True)
class AbsenceReasonInfo:
    """A reason for which a family may be excused, or could once."""

    id: int
    name: str
    position: int
    needs_proof: bool
    is_offered: bool


@dataclass(frozen=True, slots=True)
class MailWords:
    """The subject and the body of a mail."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One version of everything the staff set."""

    version: int
    council: CouncilInfo
    calendar: Calendar
    activities: Mapping[int, ActivityInfo]  # in the order of the planning
    units: Mapping[int, UnitInfo]
    groups: Mapping[int, GroupInfo]
    sites: Mapping[int, SiteInfo]  # by name
    scopes: tuple[CapacityScope, ...]
    schools: tuple[SchoolInfo, ...]  # by name
    vaccines: tuple[VaccineRule, ...]
    field_policies: Mapping[FileField, FieldPolicy]  # where the staff chose otherwise than the defaults
    documents: tuple[DocumentInfo, ...]  # by name
    publications: tuple[PublicationInfo, ...]  # in their order
    texts: tuple[TextInfo, ...]  # by name
    recipients: tuple[RecipientInfo, ...]  # in the order of the list
    absence_reasons: tuple[AbsenceReasonInfo, ...]  # in the order of the list
    residences: Mapping[str, str]  # the council's word for who lives in a commune, by its INSEE code
    retention: Mapping[DataClass, int]  # how long data is kept, where the staff chose otherwise than usual
    mail_texts: Mapping[str, MailWords]  # by kind, where the staff have words of their own
    figures: FigureRule  # how « Chiffres » counts

    def activity_of_unit(self, unit_id: int) -> ActivityInfo:
        """The activity that a unit belongs to."""
        return self.activities[self.units[unit_id].activity_id]

    def unit_names(self, breach: Breach, activity_ids: Collection[int] | None = None) -> Mapping[int, str]:
        """The names of units for the sentence of a broken rule; across activities with theirs: « Foot (Club) ».

        Those of other activities than some are `ELSEWHERE`.
        """
        is_across = breach is Breach.OVERLAPS
        return {
            id_: ELSEWHERE
            if activity_ids is not None and unit.activity_id not in activity_ids
            else f"{unit.name} ({self.activities[unit.activity_id].name})"
            if is_across
            else unit.name
            for id_, unit in self.units.items()
        }

    def activities_on(self, first: date, last: date) -> frozenset[int]:
        """Those whose season has any of the days from a first to a last."""
        return frozenset(
            id_
            for id_, each in self.activities.items()
            if each.season.starts_on <= last and each.season.ends_on >= first
        )


_kept: dict[str, Catalogue] = {}  # by database URL: tests run several applications in one process

_VERSION_KEY = "catalogue_version"


def catalogue() -> Catalogue:
    """The present catalogue; within a transaction that changed settings, as that transaction sees them.

    Raises NoCouncil on a database that was not prepared.
    """
    session: Session = db.session()
    session.flush()  # settings changed through their objects show themselves only now
    if session.info.get(SETTINGS_CHANGED):
        # Not committed yet, and it may never be: nobody else may see it.
        if UNCOMMITTED_CATALOGUE not in session.info:
            session.info[UNCOMMITTED_CATALOGUE] = _load(session, -1)
        own: Catalogue = session.info[UNCOMMITTED_CATALOGUE]
        return own
    version = _version(session)
    key = str(db.engine.url)
    kept = _kept.get(key)
    if kept is None or kept.version != version:
        kept = _load(session, version)
        _kept[key] = kept
    return kept


_SETTINGS_VERSION = select(Council.settings_version)


def _version(session: Session) -> int:
    """The settings' version, asked once per transaction."""
    known: tuple[object, int] | None = session.info.get(_VERSION_KEY)
    transaction = session.get_transaction()
    if known is None or transaction is None or known[0] is not transaction:
        version = session.scalar(_SETTINGS_VERSION)
        if version is None:
            raise NoCouncil("the database holds no council")
        known = (session.get_transaction(), version)
        session.info[_VERSION_KEY] = known
    return known[1]


def ask_version_again(session: Session) -> None:
    """What was read before waiting for others may be old: the next look at the catalogue asks for its version anew."""
    session.info.pop(_VERSION_KEY, None)


def forget_catalogue() -> None:
    """Drop what this process keeps: for whoever replaces the database under it."""
    _kept.clear()
    db.session().info.clear()


def _load(session: Session, version: int) -> Catalogue:
    council = session.scalars(select(Council)).one()
    seasons = {
        row.id: SeasonInfo(row.id, row.name, row.starts_on, row.ends_on) for row in session.scalars(select(Season))
    }
    sites = {row.id: _site(row) for row in session.scalars(select(Site).order_by(Site.name))}
    payfip_numbers = dict(session.execute(select(Office.id, Office.payfip_number)).tuples().all())
    units: dict[int, UnitInfo] = {}
    units_by_activity: defaultdict[int, list[UnitInfo]] = defaultdict(list)
    for unit in session.scalars(select(Unit).order_by(Unit.position, Unit.id)):
        info = UnitInfo(unit.id, unit.activity_id, unit.name, unit.starts_at, unit.ends_at, unit.is_meal, unit.day)
        units[unit.id] = info
        units_by_activity[unit.activity_id].append(info)
    groups: dict[int, GroupInfo] = {}
    groups_by_activity: defaultdict[int, list[GroupInfo]] = defaultdict(list)
    for group in session.scalars(select(Group).order_by(Group.min_age, Group.id)):
        ages = GroupAges(group.id, group.min_age, group.max_age)
        groups[group.id] = GroupInfo(group.id, group.activity_id, group.name, ages)
        groups_by_activity[group.activity_id].append(groups[group.id])
    notices: defaultdict[int, dict[Deadline, NoticeRule]] = defaultdict(dict)
    for notice in session.scalars(select(ActivityNoticeRule)):
        notices[notice.activity_id][notice.deadline] = notice.rule
    tariffs = _load_tariffs(session)
    activities = {
        row.id: ActivityInfo(
            id=row.id,
            name=row.name,
            description=row.description,
            site_id=row.site_id,
            site_name=sites[row.site_id].name,
            season=seasons[row.season_id],
            units=tuple(units_by_activity[row.id]),
            groups=tuple(groups_by_activity[row.id]),
            notices=MappingProxyType(notices[row.id]),
            combinations=row.combinations.rules,
            may_overlap=row.combinations.may_overlap,
            enrolment_rules=row.enrolment_rules,
            on_request=row.on_request,
            waiting_hours=row.waiting_hours,
            office_id=row.office_id,
            payfip_number=payfip_numbers[row.office_id],
            pay_within_minutes=row.pay_within_minutes,
            absences=JustifyRule(row.justify_days, row.absence_days_kept),
            tariffs=tuple(tariffs[row.id]),
        )
        for row in session.scalars(select(Activity).order_by(Activity.position, Activity.id))
    }
    return Catalogue(
        version=version,
        council=CouncilInfo(
            name=council.name,
            school_zone=council.school_zone,
            address=council.address,
            email=council.email,
            phone=council.phone,
            dpo_email=council.dpo_email,
            is_demo=council.is_demo,
            requires_second_factor=council.requires_second_factor,
            reminds_of_weeks=council.reminds_of_weeks,
            reminder_hours=council.reminder_hours,
        ),
        calendar=_load_calendar(session, council.school_zone),
        activities=MappingProxyType(activities),
        units=MappingProxyType(units),
        groups=MappingProxyType(groups),
        sites=MappingProxyType(sites),
        scopes=_load_scopes(session),
        schools=tuple(
            SchoolInfo(row.id, row.name, row.is_offered)
            for row in session.scalars(select(School).order_by(School.name))
        ),
        vaccines=tuple(
            VaccineRule(row.id, row.name, row.born_from, row.born_before)
            for row in session.scalars(select(VaccineObligation).order_by(VaccineObligation.id))
        ),
        field_policies=MappingProxyType({row.field: row.policy for row in session.scalars(select(FieldPolicyChoice))}),
        documents=_load_documents(session),
        publications=_load_publications(session, activities),
        texts=_load_texts(session, activities),
        recipients=_load_recipients(session),
        absence_reasons=tuple(
            AbsenceReasonInfo(row.id, row.name, row.position, row.needs_proof, row.is_offered)
            for row in session.scalars(select(AbsenceReason).order_by(AbsenceReason.position, AbsenceReason.name))
        ),
        residences=MappingProxyType({row.insee_code: row.word for row in session.scalars(select(ResidenceCommune))}),
        retention=MappingProxyType({row.data: row.amount for row in session.scalars(select(RetentionChoice))}),
        mail_texts=MappingProxyType(
            {row.kind: MailWords(row.subject, row.body) for row in session.scalars(select(MailText))}
        ),
        figures=_load_figures(session),
    )


def _load_figures(session: Session) -> FigureRule:
    row = session.get(FigureSettings, 1)
    if row is None:
        return FigureRule()
    limits = tuple(int(limit) for limit in filter(None, row.bracket_limits.split(",")))
    wednesdays = HourCaps(row.wednesday_day_minutes, row.wednesday_half_minutes)
    holidays = HourCaps(row.holiday_day_minutes, row.holiday_half_minutes)
    return FigureRule(wednesdays, holidays, limits, row.least_children)


def _site(row: Site) -> SiteInfo:
    limits = tuple(int(limit) for limit in filter(None, row.meal_limits.split(",")))
    return SiteInfo(row.id, row.name, limits, row.meal_spare_percent, row.meal_notice or NoticeRule(()))


def _load_calendar(session: Session, zone: str) -> Calendar:
    holidays = session.scalars(
        select(SchoolHolidayRow).where(SchoolHolidayRow.zone == zone).order_by(SchoolHolidayRow.starts_on)
    )
    return Calendar(
        public_holidays=MappingProxyType({row.day: row.name for row in session.scalars(select(PublicHoliday))}),
        school_holidays=tuple(SchoolHoliday(row.name, row.starts_on, row.ends_on) for row in holidays),
    )


def _load_scopes(session: Session) -> tuple[CapacityScope, ...]:
    units: defaultdict[int, set[int]] = defaultdict(set)
    for unit_link in session.scalars(select(CapacityScopeUnit)):
        units[unit_link.scope_id].add(unit_link.unit_id)
    groups: defaultdict[int, set[int]] = defaultdict(set)
    for group_link in session.scalars(select(CapacityScopeGroup)):
        groups[group_link.scope_id].add(group_link.group_id)
    return tuple(
        CapacityScope(
            row.id,
            row.name,
            frozenset(units[row.id]),
            frozenset(groups[row.id]),
            row.places,
            row.online_places,
            row.last_places,
        )
        for row in session.scalars(select(CapacityScopeRow).order_by(CapacityScopeRow.id))
    )


def _load_documents(session: Session) -> tuple[DocumentInfo, ...]:
    activities: defaultdict[int, set[int]] = defaultdict(set)
    for link in session.scalars(select(RequiredDocumentActivity)):
        activities[link.document_id].add(link.activity_id)
    return tuple(
        DocumentInfo(
            id=row.id,
            name=row.name,
            instructions=row.instructions,
            applicability=Applicability(
                row.scope,
                frozenset(activities[row.id]),
                row.min_age,
                row.max_age,
                _levels(row.levels),
            ),
            demand=row.demand,
            wanted=row.wanted,
            validity=Validity(row.validity, row.validity_months, row.validity_until),
            is_health=row.is_health,
            is_asked=row.is_asked,
            grace_days=row.grace_days,
            template=_template(row),
        )
        for row in session.scalars(select(RequiredDocument).order_by(RequiredDocument.name))
    )


def _template(row: RequiredDocument) -> TemplateFile | None:
    if row.template_path is None:
        return None
    return TemplateFile(row.template_path, row.template_bytes or 0, row.template_pages or 0)


def _load_publications(session: Session, all_: Mapping[int, ActivityInfo]) -> tuple[PublicationInfo, ...]:
    activities: defaultdict[int, set[int]] = defaultdict(set)
    for link in session.scalars(select(PublicationActivity)):
        activities[link.publication_id].add(link.activity_id)
    files: defaultdict[int, list[StoredFile]] = defaultdict(list)
    for file in session.scalars(select(PublicationFile).order_by(PublicationFile.id)):
        stored = StoredFile(file.id, file.path, file.size_bytes, file.page_count, file.content_hash, file.added_at)
        files[file.publication_id].append(stored)
    found = []
    for row in session.scalars(select(Publication).order_by(Publication.position, Publication.id)):
        readers = Readers(row.season_id, frozenset(activities[row.id]), _levels(row.levels))
        found.append(
            PublicationInfo(
                id=row.id,
                name=row.name,
                description=row.description,
                category=row.category,
                shown=Shown(row.shown_from, row.shown_until, not row.is_shown),
                readers=readers,
                readership=_readership(readers, all_),
                document_id=row.document_id,
                files=tuple(files[row.id]),
            )
        )
    return tuple(found)


def _load_texts(session: Session, all_: Mapping[int, ActivityInfo]) -> tuple[TextInfo, ...]:
    activities: defaultdict[int, set[int]] = defaultdict(set)
    for link in session.scalars(select(TextActivity)):
        activities[link.text_id].add(link.activity_id)
    versions: defaultdict[int, list[VersionDay]] = defaultdict(list)
    for text_id, *version in session.execute(
        select(TextVersion.text_id, TextVersion.id, TextVersion.starts_on).order_by(TextVersion.id)
    ):
        versions[text_id].append(VersionDay(*version))
    found = []
    for row in session.scalars(select(TextToAccept).order_by(TextToAccept.name)):
        readers = Readers(row.season_id, frozenset(activities[row.id]), _levels(row.levels))
        found.append(
            TextInfo(
                row.id, row.name, row.demand, row.is_asked, readers, _readership(readers, all_),
                tuple(versions[row.id]),
            )
        )  # fmt: skip
    return tuple(found)


def _readership(readers: Readers, all_: Mapping[int, ActivityInfo]) -> Readership:
    """A season is all its activities, besides those that are named."""
    if readers.season_id is None and not readers.activities:
        return Readership(None, readers.levels)
    of_season = {id_ for id_, each in all_.items() if each.season.id == readers.season_id}
    return Readership(readers.activities | of_season, readers.levels)


def _levels(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split(",")))


def _load_recipients(session: Session) -> tuple[RecipientInfo, ...]:
    rows = session.execute(
        select(MessageRecipient, func.coalesce(Activity.name, Office.name, ""))
        .outerjoin(Activity, Activity.id == MessageRecipient.activity_id)
        .outerjoin(Office, Office.id == MessageRecipient.office_id)
        .order_by(MessageRecipient.position, MessageRecipient.name)
    )
    return tuple(
        RecipientInfo(
            row.id, row.name, row.position, row.email, row.mails_text, row.office_id, row.activity_id, is_for,
            row.is_offered,
        )
        for row, is_for in rows
    )  # fmt: skip


def _load_tariffs(session: Session) -> defaultdict[int, list[GridVersion]]:
    tariffs: defaultdict[int, list[GridVersion]] = defaultdict(list)
    written = select(TariffVersion).where(TariffVersion.starts_on < NO_DAY_YET).order_by(TariffVersion.starts_on)
    for version in session.scalars(written):
        tariffs[version.activity_id].append(GridVersion(version.starts_on, version.grid))
    return tariffs
