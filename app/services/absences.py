"""« Mes absences »: what a family cancelled too late, or did not come to, and goes on paying; and asking not to.

Certificates are written by whoever calls before the transaction, and removed where it fails
(`blueprints/attachments.py`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app import clock
from app.database import db
from app.integrations.kept_files import HandedInFile, SealedFile
from app.models.absences import AbsenceJustification, JustifiedAbsence
from app.models.accounts import User
from app.models.attendances import Attendance
from app.models.bookings import Booking, Opening
from app.models.families import Child, Family
from app.models.invoices import Invoice, InvoicedBooking, InvoiceLine
from app.rules.absences import (
    AbsenceFacts,
    AbsenceState,
    JustificationStatus,
    Outcome,
    justify_until,
    kept_days,
    state_of,
)
from app.rules.attendances import Turnout
from app.rules.handed_in_files import judge_room
from app.rules.states import BookingStatus, CancelClass, FamilyStatus
from app.services.catalogue import AbsenceReasonInfo, UnitInfo, catalogue
from app.services.errors import AbsencesMoved, FamilyNotActive, NoRoomForFile, NotFound
from app.services.families import FamilyRef, check_not_own, stays_active

SHOWN_FOR = timedelta(days=366)
"""How long an absence stays on the page of its family."""

_LATE = (CancelClass.LATE_CHARGED, CancelClass.JUSTIFIED)


@dataclass(frozen=True, slots=True)
class AbsenceView:
    """What a child was given up on one day of an activity, as far as it stands alike. Cents.

    ``is_kept``: it is among the first days of its absence, which stay charged though they are justified. ``was_there``:
    it was asked for, and the staff have corrected since that the child came.
    """

    booking_ids: tuple[int, ...]
    child_id: int
    child_name: str
    activity_name: str
    unit_names: tuple[str, ...]
    day: date
    amount_cents: int
    state: AbsenceState
    outcome: Outcome | None
    until: datetime | None
    is_kept: bool
    was_there: bool
    is_invoiced: bool
    invoice_number: str | None
    justification_id: int | None

    @property
    def key(self) -> str:
        """What the box of a form says."""
        return "-".join(map(str, self.booking_ids))

    @property
    def words(self) -> str:
        """« Matin, Repas »."""
        return ", ".join(self.unit_names)


@dataclass(frozen=True, slots=True)
class CertificateView:
    """A certificate, as far as it is kept."""

    file_name: str
    file_bytes: int
    page_count: int


@dataclass(frozen=True, slots=True)
class JustificationView:
    """What a family sent for some absences, and what was decided."""

    id: int
    family_id: int
    family_name: str
    status: JustificationStatus
    reason: AbsenceReasonInfo
    remark: str
    sent_at: datetime
    sent_by: str
    decided_at: datetime | None
    decided_by: str | None
    refusal_reason: str | None
    difference_cents: int
    certificate: CertificateView | None
    is_forgotten: bool  # the certificate and the remark went
    absences: tuple[AbsenceView, ...]

    @property
    def child_ids(self) -> tuple[int, ...]:
        """The children whom it is about."""
        return tuple(sorted({each.child_id for each in self.absences}))


@dataclass(frozen=True, slots=True)
class PendingAbsences:
    """What waits for a decision, as the queue lists it."""

    id: int  # of the justification
    family_id: int
    family_name: str
    child_names: tuple[str, ...]
    days: tuple[date, ...]
    has_certificate: bool
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class FamilyAbsences:
    """All that a family gave up too late in the last year, latest first, and what it sent for it."""

    absences: tuple[AbsenceView, ...]
    justifications: tuple[JustificationView, ...]

    @property
    def to_justify(self) -> tuple[AbsenceView, ...]:
        """What may still be asked for: what ends first comes first."""
        found = [each for each in self.absences if each.state is AbsenceState.TO_JUSTIFY]
        return tuple(sorted(found, key=lambda each: (each.day, each.child_id, each.activity_name)))

    @property
    def others(self) -> tuple[AbsenceView, ...]:
        """What nobody asked for and nobody can ask for any more."""
        gone = (AbsenceState.TOO_LATE, AbsenceState.NOT_POSSIBLE, AbsenceState.INVOICED)
        return tuple(each for each in self.absences if each.state in gone and each.justification_id is None)


@dataclass(frozen=True, slots=True)
class JustificationInput:
    """What a family asks for."""

    booking_ids: frozenset[int]
    reason_id: int
    remark: str
    key: str  # of the form


@dataclass(frozen=True, slots=True)
class SentJustification:
    """What was sent; `is_new` is False where the same form had come before."""

    id: int
    is_new: bool


def offered_reasons() -> tuple[AbsenceReasonInfo, ...]:
    """The reasons that a family may choose."""
    return tuple(each for each in catalogue().absence_reasons if each.is_offered)


def absences_of(family_id: int) -> FamilyAbsences:
    """What a family gave up too late, and what it asked for. Three queries at most."""
    rows = read_absences(db.session(), Booking.family_id == family_id, Booking.day >= clock.today() - SHOWN_FOR)
    asked = {row.justification_id for row in rows if row.justification_id is not None}
    return FamilyAbsences(
        tuple(each for each in views_of(rows, _kept(db.session(), rows)) if each.justification_id is None),
        _justifications(AbsenceJustification.id.in_(asked), rows) if asked else (),
    )


def send(
    session: Session, family: FamilyRef, user_id: int, typed: JustificationInput, file: HandedInFile | None
) -> SentJustification:
    """Ask that absences are not charged. Raises FamilyNotActive, NotFound for absences of others and for a reason that
    is offered no more, AbsencesMoved where one cannot be asked for any more, NoRoomForFile.
    """
    if not stays_active(session, family.id, alone=True):
        raise FamilyNotActive
    of_form = AbsenceJustification.family_id == family.id, AbsenceJustification.key == typed.key
    known = session.scalar(select(AbsenceJustification.id).where(*of_form))
    if known is not None:
        return SentJustification(known, is_new=False)
    if not any(each.id == typed.reason_id for each in offered_reasons()):
        raise NotFound("reason")
    rows = read_absences(session, Booking.family_id == family.id, Booking.id.in_(typed.booking_ids))
    if not typed.booking_ids or {row.booking_id for row in rows} != typed.booking_ids:
        raise NotFound("absence")
    if any(row.state is not AbsenceState.TO_JUSTIFY for row in rows):
        raise AbsencesMoved
    made = AbsenceJustification(
        family_id=family.id, reason_id=typed.reason_id, status=JustificationStatus.WAITING, key=typed.key,
        remark=typed.remark, sent_at=clock.now(), sent_by_id=user_id,
    )  # fmt: skip
    if file is not None:
        _check_room(session, family.id, file.size_bytes)
        made.path, made.file_key, made.file_name = file.sealed.path, file.sealed.key, file.name
        made.file_bytes, made.page_count = file.size_bytes, file.page_count
    made.absences = [JustifiedAbsence(booking_id=row.booking_id, outcome=Outcome.WAITING) for row in rows]
    session.add(made)
    session.flush()
    return SentJustification(made.id, is_new=True)


def own_certificate(family_id: int, justification_id: int) -> SealedFile:
    """The certificate that a family sent. Raises NotFound for others, and once it is gone."""
    return _certificate(AbsenceJustification.id == justification_id, AbsenceJustification.family_id == family_id)


def certificate_for_staff(justification_id: int) -> SealedFile:
    """Any family's certificate. Raises NotFound."""
    return _certificate(AbsenceJustification.id == justification_id)


def find_justification(justification_id: int, agent_id: int) -> JustificationView:
    """What a family sent, for an agent. Raises NotFound, OwnFamily. Four queries at most."""
    found = _justifications(AbsenceJustification.id == justification_id)
    if not found:
        raise NotFound("justification")
    check_not_own(found[0].family_id, agent_id)
    return found[0]


def pending_justifications(*, at_most: int) -> tuple[PendingAbsences, ...]:
    """What waits for the staff, oldest first. One query."""
    oldest = select(AbsenceJustification.id).where(is_in_queue())
    oldest = oldest.order_by(AbsenceJustification.sent_at, AbsenceJustification.id).limit(at_most)
    found = db.session.execute(
        select(AbsenceJustification, Family, Child.first_name, Booking.day)
        .join(Family, Family.id == AbsenceJustification.family_id)
        .join(JustifiedAbsence, JustifiedAbsence.justification_id == AbsenceJustification.id)
        .join(Booking, Booking.id == JustifiedAbsence.booking_id)
        .join(Child, Child.id == Booking.child_id)
        .where(AbsenceJustification.id.in_(oldest))
        .order_by(AbsenceJustification.sent_at, AbsenceJustification.id, Booking.day, Child.id)
    )
    rows: dict[AbsenceJustification, tuple[Family, list[str], list[date]]] = {}
    for row, family, child_name, day in found:
        _, names, days = rows.setdefault(row, (family, [], []))
        names.append(child_name)
        days.append(day)
    return tuple(
        PendingAbsences(
            row.id, row.family_id, family.name, tuple(dict.fromkeys(names)), tuple(dict.fromkeys(days)),
            row.path is not None, row.sent_at,
        )
        for row, (family, names, days) in rows.items()
    )  # fmt: skip


def is_in_queue() -> ColumnElement[bool]:
    """Whether what a family sent waits for the staff."""
    active = select(Family.id).where(Family.status == FamilyStatus.ACTIVE)
    return and_(
        AbsenceJustification.status == JustificationStatus.WAITING, AbsenceJustification.family_id.in_(active)
    )  # fmt: skip


def stored_paths(session: Session) -> frozenset[str]:
    """Where all certificates lie that a row names."""
    paths = session.scalars(select(AbsenceJustification.path).where(AbsenceJustification.path.is_not(None)))
    return frozenset(path for path in paths if path is not None)


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    """A booking that was cancelled too late, or to which the child did not come, as it is stored."""

    booking_id: int
    family_id: int
    child_id: int
    child_name: str
    unit: UnitInfo
    day: date
    amount_cents: int
    cancel_class: CancelClass | None
    is_invoiced: bool
    invoice_number: str | None
    justification_id: int | None
    outcome: Outcome | None
    is_recorded: bool  # the staff saw it
    is_excused: bool

    @property
    def is_charged(self) -> bool:
        """Whether it costs something still."""
        if self.cancel_class is None:
            return self.is_recorded and not self.is_excused
        return self.cancel_class is CancelClass.LATE_CHARGED

    @property
    def was_there(self) -> bool:
        """Whether it was asked for, and no absence is recorded any more."""
        return self.cancel_class is None and not self.is_recorded

    @property
    def facts(self) -> AbsenceFacts:
        """What the rules look at."""
        rule = catalogue().activities[self.unit.activity_id].absences
        return AbsenceFacts(self.day, rule, self.outcome)

    @property
    def state(self) -> AbsenceState:
        """Where it stands now."""
        return state_of(self.facts, clock.now())


def read_absences(session: Session, *conditions: ColumnElement[bool]) -> tuple[AbsenceRow, ...]:
    """Bookings that were cancelled too late, or not come to, by day, child and hour. One query."""
    units = catalogue().units
    found = session.execute(
        select(
            Booking.id, Booking.family_id, Booking.child_id, Child.first_name, Opening.unit_id, Booking.day,
            Booking.price_cents, Booking.cancel_class, InvoicedBooking.booking_id, Invoice.number,
            JustifiedAbsence.justification_id, JustifiedAbsence.outcome, Attendance.turnout, Attendance.is_justified,
        )
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Child, Child.id == Booking.child_id)
        .outerjoin(InvoicedBooking, InvoicedBooking.booking_id == Booking.id)
        .outerjoin(InvoiceLine, InvoiceLine.id == InvoicedBooking.line_id)
        .outerjoin(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .outerjoin(JustifiedAbsence, JustifiedAbsence.booking_id == Booking.id)
        .outerjoin(Attendance, Attendance.booking_id == Booking.id)
        .where(was_late(), *conditions)
    ).all()  # fmt: skip
    rows = (
        AbsenceRow(
            id_, family, child, name, units[unit], day, cents, class_, invoiced is not None, number, sent, what,
            turnout is Turnout.ABSENT, bool(excused),
        )
        for id_, family, child, name, unit, day, cents, class_, invoiced, number, sent, what, turnout, excused in found
    )  # fmt: skip
    return tuple(sorted(rows, key=lambda row: (row.day, row.child_id, row.unit.activity_id, row.unit.starts_at)))


def was_late() -> ColumnElement[bool]:
    """That a booking was cancelled too late, or not come to, and is charged or was; beside its attendance."""
    late = and_(Booking.status == BookingStatus.CANCELLED, Booking.cancel_class.in_(_LATE))
    # What the staff excused by themselves is not asked for.
    missed = and_(
        Booking.status == BookingStatus.CONFIRMED, Attendance.turnout == Turnout.ABSENT,
        Attendance.is_justified.is_(False),
    )  # fmt: skip
    # What was asked for, and then settled otherwise, does not vanish from what the family sent.
    return or_(late, missed, JustifiedAbsence.booking_id.is_not(None))


def kept_of(session: Session, rows: Collection[AbsenceRow]) -> Mapping[tuple[int, int], frozenset[date]]:
    """By child and activity the days that stay charged though they are justified; `rows` say of which it is asked.

    All late days of the season count, and those on which the child is booked. One query, none where no activity keeps
    any.
    """
    known = catalogue()
    keeping = [row for row in rows if known.activities[row.unit.activity_id].absences.kept_days]
    if not keeping:
        return {}
    units = [unit.id for id_ in {row.unit.activity_id for row in keeping} for unit in known.activities[id_].units]
    absent: defaultdict[tuple[int, int], set[date]] = defaultdict(set)
    present: defaultdict[tuple[int, int], set[date]] = defaultdict(set)
    stored = session.execute(
        select(Booking.child_id, Opening.unit_id, Booking.day, Booking.status, Attendance.turnout)
        .join(Opening, Opening.id == Booking.opening_id)
        .outerjoin(Attendance, Attendance.booking_id == Booking.id)
        .where(
            Booking.family_id.in_({row.family_id for row in keeping}),
            Booking.child_id.in_({row.child_id for row in keeping}),
            Opening.unit_id.in_(units),
            (Booking.status == BookingStatus.CONFIRMED) | Booking.cancel_class.in_(_LATE),
        )
    )
    for child_id, unit_id, day, status, turnout in stored:
        is_there = status is BookingStatus.CONFIRMED and turnout is not Turnout.ABSENT
        days = present if is_there else absent
        days[child_id, known.units[unit_id].activity_id].add(day)
    return {
        key: kept_days(days, present[key], known.activities[key[1]].absences) for key, days in absent.items()
    }  # fmt: skip


def views_of(rows: Iterable[AbsenceRow], kept: Mapping[tuple[int, int], frozenset[date]]) -> tuple[AbsenceView, ...]:
    """What stands alike on one day of a child in an activity is one, latest first."""
    now, activities = clock.now(), catalogue().activities
    groups: dict[tuple[object, ...], list[AbsenceRow]] = {}
    for row in rows:
        alike = (
            row.day,
            row.child_id,
            row.unit.activity_id,
            row.justification_id,
            row.outcome,
            row.is_invoiced,
            row.was_there,
        )
        groups.setdefault((*alike, row.invoice_number), []).append(row)
    found = []
    for same in groups.values():
        row = same[0]
        activity_id = row.unit.activity_id
        found.append(
            AbsenceView(
                booking_ids=tuple(each.booking_id for each in same),
                child_id=row.child_id,
                child_name=row.child_name,
                activity_name=activities[activity_id].name,
                unit_names=tuple(each.unit.name for each in same),
                day=row.day,
                amount_cents=sum(each.amount_cents for each in same),
                state=state_of(row.facts, now),
                outcome=row.outcome,
                until=justify_until(row.day, activities[activity_id].absences),
                is_kept=row.day in kept.get((row.child_id, activity_id), frozenset()),
                was_there=row.was_there,
                is_invoiced=row.is_invoiced,
                invoice_number=row.invoice_number,
                justification_id=row.justification_id,
            )
        )
    return tuple(sorted(found, key=lambda each: each.day, reverse=True))


def _kept(session: Session, rows: Sequence[AbsenceRow]) -> Mapping[tuple[int, int], frozenset[date]]:
    """Of what nobody has decided yet: what was decided says by itself what became of it."""
    return kept_of(session, [row for row in rows if row.outcome in (None, Outcome.WAITING)])


def _justifications(
    wanted: ColumnElement[bool], rows: Sequence[AbsenceRow] | None = None
) -> tuple[JustificationView, ...]:
    """`rows`: their absences, where they were read already."""
    sender, decider = aliased(User), aliased(User)
    found = db.session.execute(
        select(AbsenceJustification, Family, sender.display_name, decider.display_name)
        .join(Family, Family.id == AbsenceJustification.family_id)
        .join(sender, sender.id == AbsenceJustification.sent_by_id)
        .outerjoin(decider, decider.id == AbsenceJustification.decided_by_id)
        .where(wanted)
        .order_by(AbsenceJustification.sent_at, AbsenceJustification.id)
    ).all()
    if rows is None:
        ids = [row.id for row, *_ in found]
        rows = read_absences(db.session(), JustifiedAbsence.justification_id.in_(ids)) if ids else ()
    absences: defaultdict[int | None, list[AbsenceView]] = defaultdict(list)
    for each in reversed(views_of(rows, _kept(db.session(), rows))):
        absences[each.justification_id].append(each)
    reasons = {each.id: each for each in catalogue().absence_reasons}
    return tuple(
        JustificationView(
            id=row.id,
            family_id=row.family_id,
            family_name=family.name,
            status=row.status,
            reason=reasons[row.reason_id],
            remark=row.remark,
            sent_at=row.sent_at,
            sent_by=sent_by,
            decided_at=row.decided_at,
            decided_by=decided_by,
            refusal_reason=row.refusal_reason,
            difference_cents=row.difference_cents,
            certificate=_certificate_view(row),
            is_forgotten=row.forgotten_at is not None,
            absences=tuple(absences[row.id]),
        )
        for row, family, sent_by, decided_by in found
    )


def _certificate_view(row: AbsenceJustification) -> CertificateView | None:
    if row.file_name is None or row.file_bytes is None or row.page_count is None:
        return None
    return CertificateView(row.file_name, row.file_bytes, row.page_count)


def _certificate(*conditions: ColumnElement[bool]) -> SealedFile:
    row = db.session.execute(
        select(AbsenceJustification.path, AbsenceJustification.file_key).where(*conditions)
    ).first()  # fmt: skip
    if row is None or row.path is None or row.file_key is None:
        raise NotFound("certificate")
    return SealedFile(row.path, row.file_key)


def _check_room(session: Session, family_id: int, size_bytes: int) -> None:
    own = AbsenceJustification.family_id == family_id, AbsenceJustification.path.is_not(None)
    since = clock.now() - timedelta(days=1)
    lately = select(func.count()).where(*own, AbsenceJustification.sent_at > since)
    kept = select(func.coalesce(func.sum(AbsenceJustification.file_bytes), 0)).where(*own)
    refusal = judge_room(size_bytes, session.scalar(lately) or 0, session.scalar(kept) or 0)
    if refusal is not None:
        raise NoRoomForFile(refusal)
