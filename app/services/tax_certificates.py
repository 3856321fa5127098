"""Yearly tax certificates: what each family paid an office for the care of its young children, published and kept.

What counts is `rules.tax_certificates`. A publication goes family by family, some in each transaction, and is resumed
where it stopped. Published again it makes a new version only where the sums are others.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app import clock
from app.clock import PARIS
from app.database import db
from app.models.accounts import User
from app.models.activities import Office
from app.models.cash_desks import PaymentReversal
from app.models.credits import CreditAllocation, CreditLine, CreditNote
from app.models.debts import TaxCertificate, TaxCertificateChild, TaxPublication
from app.models.families import Child, Family, FamilyChild
from app.models.invoices import Invoice, InvoiceLine
from app.models.payments import Payment, PaymentAllocation
from app.rules.file_fields import Custody
from app.rules.shares import spread
from app.rules.tax_certificates import (
    UNDER_AGE,
    CarePaid,
    InvoicePart,
    Movement,
    MovementKind,
    care_paid,
    is_counted,
    sums_of_year,
)
from app.services.errors import NotFound, YearNotOver
from app.services.families import emails_of_adults
from app.services.invoice_issues import address_on
from app.services.mails import queue_mail
from app.services.pages import Page, page_of

FAMILIES_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class CertifiedChild:
    """A child and what was paid for its care; `is_shared`: it lives in two homes in turn."""

    child_id: int
    name: str
    born_on: date
    is_shared: bool
    paid_cents: int


@dataclass(frozen=True, slots=True)
class FamilyCare:
    """What a family paid in a year for its children who count."""

    family_id: int
    family_name: str
    children: tuple[CertifiedChild, ...]

    @property
    def total_cents(self) -> int:
        """All of them."""
        return sum(child.paid_cents for child in self.children)


@dataclass(frozen=True, slots=True)
class CertificateView:
    """A certificate in its last version."""

    id: int
    year: int
    version: int
    office_name: str
    family_id: int
    family_name: str
    issued_on: date
    total_cents: int
    child_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublicationView:
    """A publication, and how far it is."""

    started_at: datetime
    started_by: str
    ended_at: datetime | None


def years_offered(today: date) -> tuple[int, ...]:
    """The years of which certificates may be asked, the last one first."""
    return tuple(range(today.year - 1, today.year - 5, -1))


# --- before it is published -----------------------------------------------------------------------------------------


def preview(office_id: int, year: int, page: int) -> Page[FamilyCare]:
    """What the certificates of a year would say now, by family; those that would say nothing are left out.

    Its pages count all families that paid something for a young child. A constant number of queries.
    """
    session = db.session()
    found = _families(office_id, year).subquery()
    place: Page[FamilyCare] = page_of(page, session.scalar(select(func.count()).select_from(found)) or 0)
    ids = session.scalars(
        select(Family.id)
        .join(found, found.c.family_id == Family.id)
        .order_by(Family.folded_name, Family.id)
        .offset(place.offset)
        .limit(place.size)
    ).all()
    care = _care_of(session, office_id, year, ids)
    return place.filled(tuple(care[id_] for id_ in ids if care[id_].children))


def last_publication(office_id: int, year: int) -> PublicationView | None:
    """The last publication of a year, or None. One query."""
    row = db.session.execute(
        select(TaxPublication.started_at, User.display_name, TaxPublication.ended_at)
        .join(User, User.id == TaxPublication.started_by_id)
        .where(TaxPublication.office_id == office_id, TaxPublication.year == year)
        .order_by(TaxPublication.id.desc())
        .limit(1)
    ).first()
    return None if row is None else PublicationView(*row)


# --- publishing -----------------------------------------------------------------------------------------------------


def start_publication(session: Session, office_id: int, year: int, user_id: int, *, sends_mails: bool) -> int:
    """Publish the certificates of a year that is over, beside requests; one under way is taken up. Returns its id.

    Raises NotFound, and YearNotOver.
    """
    if session.get(Office, office_id, with_for_update=True) is None:
        raise NotFound("office")
    if year not in years_offered(clock.today()):
        raise YearNotOver
    running = session.scalar(
        select(TaxPublication.id).where(
            TaxPublication.office_id == office_id, TaxPublication.year == year, TaxPublication.ended_at.is_(None)
        )
    )
    if running is not None:
        return running
    publication = TaxPublication(
        office_id=office_id, year=year, sends_mails=sends_mails, started_by_id=user_id, started_at=clock.now()
    )
    session.add(publication)
    session.flush()
    return publication.id


def unfinished_publication(session: Session) -> int | None:
    """A publication that has families left."""
    return session.scalar(
        select(TaxPublication.id).where(TaxPublication.ended_at.is_(None)).order_by(TaxPublication.id).limit(1)
    )


def publish_next(session: Session, publication_id: int, limit: int = FAMILIES_AT_ONCE) -> bool:
    """Publish the certificates of the next families; whether any are left."""
    publication = session.get_one(TaxPublication, publication_id, with_for_update=True)
    if publication.ended_at is not None:
        return False
    office_id, year = publication.office_id, publication.year
    before = select(TaxCertificate.family_id).where(TaxCertificate.office_id == office_id, TaxCertificate.year == year)
    ids = session.scalars(
        select(Family.id)
        .where(
            Family.id > publication.last_family_id,
            Family.id.in_(select(_families(office_id, year).subquery().c.family_id)) | Family.id.in_(before),
        )
        .order_by(Family.id)
        .limit(limit)
    ).all()
    care = _care_of(session, office_id, year, ids)
    known = _last_sums(session, office_id, year, ids)
    for family_id in ids:
        sums = {child.child_id: child.paid_cents for child in care[family_id].children}
        version, published = known.get(family_id, (0, {}))
        if sums != published:
            _publish(session, publication, care[family_id], version + 1)
    if ids:
        publication.last_family_id = ids[-1]
    if len(ids) < limit:
        publication.ended_at = clock.now()
    session.flush()
    return publication.ended_at is None


def _publish(session: Session, publication: TaxPublication, care: FamilyCare, version: int) -> None:
    today = clock.today()
    certificate = TaxCertificate(
        publication_id=publication.id, office_id=publication.office_id, family_id=care.family_id,
        year=publication.year, version=version, payer_name=care.family_name,
        payer_address=address_on(session, care.family_id, today), total_cents=care.total_cents, issued_on=today,
        children=[
            TaxCertificateChild(
                child_id=child.child_id, child_name=child.name, born_on=child.born_on, is_shared=child.is_shared,
                paid_cents=child.paid_cents,
            )
            for child in care.children
        ],
    )  # fmt: skip
    session.add(certificate)
    session.flush()
    if publication.sends_mails:
        for email in emails_of_adults(session, care.family_id):
            queue_mail(
                session, "tax_certificate_published", email, family_id=care.family_id, year=publication.year,
                version=version,
            )  # fmt: skip


def _last_sums(
    session: Session, office_id: int, year: int, family_ids: Collection[int]
) -> Mapping[int, tuple[int, dict[int, int]]]:
    """The last version that each family has, and its sums by child."""
    rows = session.execute(
        select(
            TaxCertificate.family_id, TaxCertificate.version, TaxCertificateChild.child_id,
            TaxCertificateChild.paid_cents,
        )
        .outerjoin(TaxCertificateChild, TaxCertificateChild.certificate_id == TaxCertificate.id)
        .where(
            TaxCertificate.office_id == office_id, TaxCertificate.year == year,
            TaxCertificate.family_id.in_(family_ids), _is_last(),
        )
    )  # fmt: skip
    found: dict[int, tuple[int, dict[int, int]]] = {}
    for family_id, version, child_id, cents in rows:
        _, sums = found.setdefault(family_id, (version, {}))
        if child_id is not None:
            sums[child_id] = cents
    return found


# --- what was published ---------------------------------------------------------------------------------------------


def published(office_id: int, year: int, page: int) -> Page[CertificateView]:
    """The certificates of a year in their last version, by family. Three queries."""
    condition = (TaxCertificate.office_id == office_id) & (TaxCertificate.year == year) & _is_last()
    place: Page[CertificateView] = page_of(
        page, db.session.scalar(select(func.count(TaxCertificate.id)).where(condition)) or 0
    )
    return place.filled(_views(condition, place.offset, place.size))


def certificates_of(family_id: int) -> tuple[CertificateView, ...]:
    """Those of a family, the last year first. Two queries."""
    return _views((TaxCertificate.family_id == family_id) & _is_last())


def certificate_of(family_id: int, certificate_id: int) -> CertificateView:
    """A certificate of the family. Raises NotFound for any other."""
    found = _views((TaxCertificate.family_id == family_id) & (TaxCertificate.id == certificate_id))
    if not found:
        raise NotFound("certificate")
    return found[0]


def find_certificate(certificate_id: int) -> CertificateView:
    """Any certificate. Raises NotFound."""
    found = _views(TaxCertificate.id == certificate_id)
    if not found:
        raise NotFound("certificate")
    return found[0]


def path_of_certificate(certificate_id: int) -> str | None:
    """Where its PDF lies; None while it is not made, or any more."""
    return db.session.scalar(select(TaxCertificate.path).where(TaxCertificate.id == certificate_id))


def _is_last() -> ColumnElement[bool]:
    newer = aliased(TaxCertificate)
    return ~exists().where(
        newer.family_id == TaxCertificate.family_id,
        newer.office_id == TaxCertificate.office_id,
        newer.year == TaxCertificate.year,
        newer.version > TaxCertificate.version,
    )


def _views(condition: ColumnElement[bool], offset: int = 0, limit: int | None = None) -> tuple[CertificateView, ...]:
    rows = db.session.execute(
        select(TaxCertificate, Office.name, Family)
        .join(Office, Office.id == TaxCertificate.office_id)
        .join(Family, Family.id == TaxCertificate.family_id)
        .where(condition)
        .order_by(TaxCertificate.year.desc(), Family.folded_name, TaxCertificate.id)
        .offset(offset)
        .limit(limit)
    ).all()
    names: defaultdict[int, list[str]] = defaultdict(list)
    for certificate_id, name in db.session.execute(
        select(TaxCertificateChild.certificate_id, TaxCertificateChild.child_name)
        .where(TaxCertificateChild.certificate_id.in_([row[0].id for row in rows]))
        .order_by(TaxCertificateChild.id)
    ):
        names[certificate_id].append(name)
    return tuple(
        CertificateView(
            row.id, row.year, row.version, office_name, family.id, family.name, row.issued_on, row.total_cents,
            tuple(names[row.id]),
        )
        for row, office_name, family in rows
    )  # fmt: skip


# --- the sums -------------------------------------------------------------------------------------------------------


def _families(office_id: int, year: int) -> Select[tuple[int]]:
    """The families that paid an office something in a year on invoices with care of a child who counts."""
    youngest_left_out = date(year - UNDER_AGE, 1, 1)
    cares = exists().where(
        InvoiceLine.invoice_id == Invoice.id, InvoiceLine.care_cents > 0, Child.id == InvoiceLine.child_id,
        Child.birth_date > youngest_left_out,
    )  # fmt: skip
    return select(Invoice.family_id).where(Invoice.id.in_(_moved_in(office_id, year)), cares).distinct()


def _moved_in(office_id: int, year: int) -> Select[Any]:
    """The invoices on which something was paid, or given back, in a year."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    paid = (
        select(PaymentAllocation.invoice_id)
        .join(Payment, Payment.id == PaymentAllocation.payment_id)
        .where(Payment.office_id == office_id, Payment.received_on >= first, Payment.received_on <= last)
    )
    reversed_ = (
        select(PaymentAllocation.invoice_id)
        .join(PaymentReversal, PaymentReversal.payment_id == PaymentAllocation.payment_id)
        .join(Payment, Payment.id == PaymentAllocation.payment_id)
        .where(Payment.office_id == office_id, _within(PaymentReversal.reversed_at, year))
    )
    given_back = select(CreditNote.invoice_id).where(
        CreditNote.office_id == office_id, CreditNote.issued_on >= first, CreditNote.issued_on <= last
    )
    paid_with_credit = (
        select(CreditAllocation.invoice_id)
        .join(CreditNote, CreditNote.id == CreditAllocation.credit_note_id)
        .where(CreditNote.office_id == office_id, _within(CreditAllocation.at, year))
    )
    found = union(paid, reversed_, given_back, paid_with_credit).subquery()
    return select(found.c.invoice_id)


def _within(at: InstrumentedAttribute[datetime], year: int) -> ColumnElement[bool]:
    begins, ends = (datetime.combine(date(each, 1, 1), time(), PARIS) for each in (year, year + 1))
    return and_(at >= begins, at < ends)


def _care_of(session: Session, office_id: int, year: int, family_ids: Collection[int]) -> Mapping[int, FamilyCare]:
    """What each of some families paid in a year for its children who count. Five queries."""
    of_families = Invoice.family_id.in_(family_ids) & Invoice.id.in_(_moved_in(office_id, year))
    family_of: dict[int, int] = {}
    parts: defaultdict[int, list[InvoicePart]] = defaultdict(list)
    lines = session.execute(
        select(
            Invoice.id, Invoice.family_id, InvoiceLine.child_id, func.sum(InvoiceLine.care_cents),
            func.sum(InvoiceLine.amount_cents - InvoiceLine.care_cents),
        )
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(of_families)
        .group_by(Invoice.id, Invoice.family_id, InvoiceLine.child_id)
        .order_by(Invoice.id, InvoiceLine.child_id)
    )  # fmt: skip
    for invoice_id, family_id, child_id, care_cents, rest_cents in lines:
        family_of[invoice_id] = family_id
        parts[invoice_id] += [InvoicePart(child_id, True, care_cents), InvoicePart(child_id, False, rest_cents)]
    movements = _movements(session, family_of.keys())
    paid: defaultdict[int, list[CarePaid]] = defaultdict(list)
    for invoice_id, family_id in family_of.items():
        paid[family_id] += care_paid(parts[invoice_id], movements.get(invoice_id, ()))
    sums = {family_id: sums_of_year(paid[family_id], year) for family_id in family_ids}
    children = _children(session, {child_id for each in sums.values() for child_id in each})
    names = {family.id: family.name for family in session.scalars(select(Family).where(Family.id.in_(family_ids)))}
    return {
        family_id: FamilyCare(
            family_id,
            names[family_id],
            tuple(
                CertifiedChild(child_id, child.full_name, child.birth_date, is_shared, cents)
                for child_id, cents in sums[family_id].items()
                for child, is_shared in (children[child_id],)
                if is_counted(child.birth_date, year)
            ),
        )
        for family_id in family_ids
    }


def _movements(session: Session, invoice_ids: Collection[int]) -> Mapping[int, Sequence[Movement]]:
    """What happened to some invoices, in the order in which it was recorded. Four queries."""
    found: defaultdict[int, list[tuple[datetime, Movement]]] = defaultdict(list)
    payments = session.execute(
        select(
            PaymentAllocation.invoice_id, Payment.id, Payment.received_on, PaymentAllocation.amount_cents,
            Payment.recorded_at,
        )
        .join(Payment, Payment.id == PaymentAllocation.payment_id)
        .where(PaymentAllocation.invoice_id.in_(invoice_ids))
    )  # fmt: skip
    for invoice_id, payment_id, received_on, cents, at in payments:
        found[invoice_id].append((at, Movement(received_on, MovementKind.PAID, payment_id, cents)))
    reversals = session.execute(
        select(PaymentAllocation.invoice_id, PaymentReversal.payment_id, PaymentReversal.reversed_at)
        .join(PaymentReversal, PaymentReversal.payment_id == PaymentAllocation.payment_id)
        .where(PaymentAllocation.invoice_id.in_(invoice_ids))
    )
    for invoice_id, payment_id, at in reversals:
        found[invoice_id].append((at, Movement(at.date(), MovementKind.TAKEN_BACK, payment_id)))
    for invoice_id, at, day, part in _credited_parts(session, invoice_ids):
        found[invoice_id].append((at, Movement(day, MovementKind.CREDITED, parts=part)))
    # What a credit note of another invoice pays of this one is the family's money, as if it were paid that day.
    uses = session.execute(
        select(CreditAllocation.invoice_id, CreditAllocation.id, CreditAllocation.at, CreditAllocation.amount_cents)
        .join(CreditNote, CreditNote.id == CreditAllocation.credit_note_id)
        .where(CreditAllocation.invoice_id.in_(invoice_ids), CreditNote.invoice_id != CreditAllocation.invoice_id)
    )
    for invoice_id, use_id, at, cents in uses:
        found[invoice_id].append((at, Movement(at.date(), MovementKind.PAID, -use_id, cents)))
    return {
        invoice_id: [movement for _at, movement in sorted(movements, key=lambda each: (each[0], each[1].key))]
        for invoice_id, movements in found.items()
    }


def _credited_parts(
    session: Session, invoice_ids: Collection[int]
) -> Iterator[tuple[int, datetime, date, tuple[InvoicePart, ...]]]:
    """Each line that was credited, as care and all the rest, in the proportions of the line of the invoice."""
    rows = session.execute(
        select(CreditNote.invoice_id, CreditNote.issued_at, CreditNote.issued_on, CreditLine.amount_cents, InvoiceLine)
        .join(CreditLine, CreditLine.credit_note_id == CreditNote.id)
        .join(InvoiceLine, InvoiceLine.id == CreditLine.line_id)
        .where(CreditNote.invoice_id.in_(invoice_ids))
        .order_by(CreditNote.id, CreditLine.amount_cents, CreditLine.position)
    )
    credited: dict[tuple[int, datetime, date], list[InvoicePart]] = {}
    for invoice_id, at, day, cents, line in rows:
        rest_cents = line.amount_cents - line.care_cents
        care, rest = spread(cents, (abs(line.care_cents), abs(rest_cents)))
        credited.setdefault((invoice_id, at, day), []).extend(
            (InvoicePart(line.child_id, True, care), InvoicePart(line.child_id, False, rest))
        )
    for (invoice_id, at, day), parts in credited.items():
        yield invoice_id, at, day, tuple(parts)


def _children(session: Session, child_ids: Collection[int]) -> Mapping[int, tuple[Child, bool]]:
    """Some children, and whether each lives in two homes in turn."""
    rows = session.execute(
        select(Child, FamilyChild.family_id, FamilyChild.custody)
        .outerjoin(FamilyChild, FamilyChild.child_id == Child.id)
        .where(Child.id.in_(child_ids))
    )
    found: dict[int, tuple[Child, bool]] = {}
    homes: defaultdict[int, set[int]] = defaultdict(set)
    for child, family_id, custody in rows:
        homes[child.id].add(family_id)
        alternates = custody is not None and json.loads(custody).get("arrangement") == Custody.ALTERNATING
        known = found.get(child.id, (child, False))
        found[child.id] = child, known[1] or alternates or len(homes[child.id]) > 1
    return found
