"""What hangs on something that the staff set: as long as anything does, it is not deleted."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.models.accounts import StaffRole
from app.models.activities import Activity, ActivityNoticeRule, TariffVersion
from app.models.aids import ChildAid
from app.models.bookings import Booking, Opening
from app.models.enrolments import Enrolment
from app.models.invoices import RUNS_UNDER_WAY, Invoice, InvoiceLine, InvoiceRun
from app.models.payments import Payment
from app.models.publications import Publication, PublicationActivity, TextActivity, TextToAccept
from app.models.required_documents import RequiredDocumentActivity
from app.rules.copies import grid_of_copy, units_named
from app.rules.tariff_grids import unit_code
from app.services.carried_months import count_carried_of_activity
from app.services.errors import StillUsed, Usage, UsageKind


def check_unused(usages: Iterable[Usage]) -> None:
    """Raises StillUsed where there is any."""
    found = tuple(usage for usage in usages if usage.count)
    if found:
        raise StillUsed(found)


def usages_of_office(session: Session, office_id: int) -> tuple[Usage, ...]:
    """What hangs on an office."""
    papers = [select(func.count()).select_from(kind).where(kind.office_id == office_id) for kind in (Invoice, Payment)]
    runs = select(func.count()).select_from(InvoiceRun).where(InvoiceRun.office_id == office_id)
    return (
        Usage(UsageKind.ACTIVITY, _count(session, Activity.office_id == office_id)),
        Usage(UsageKind.INVOICE, sum(session.scalar(each) or 0 for each in (*papers, runs))),
        Usage(UsageKind.AGENT, _count(session, StaffRole.office_id == office_id)),
    )


def usages_of_site(session: Session, site_id: int) -> tuple[Usage, ...]:
    """What hangs on a place."""
    return (
        Usage(UsageKind.ACTIVITY, _count(session, Activity.site_id == site_id)),
        Usage(UsageKind.AGENT, _count(session, StaffRole.site_id == site_id)),
    )


def usages_of_season(session: Session, season_id: int) -> tuple[Usage, ...]:
    """What hangs on a season."""
    return (
        Usage(UsageKind.ACTIVITY, _count(session, Activity.season_id == season_id)),
        Usage(UsageKind.PUBLICATION, _count(session, Publication.season_id == season_id)),
        Usage(UsageKind.TEXT_TO_ACCEPT, _count(session, TextToAccept.season_id == season_id)),
    )


def usages_of_activity(session: Session, activity_id: int, unit_ids: Iterable[int]) -> tuple[Usage, ...]:
    """What families and the régie have of an activity; its own settings go with it."""
    ids = tuple(unit_ids)
    return (
        Usage(UsageKind.ENROLMENT, _count(session, Enrolment.activity_id == activity_id)),
        Usage(UsageKind.BOOKING, _bookings(session, Opening.unit_id.in_(ids))),
        Usage(UsageKind.INVOICE, _count(session, InvoiceLine.activity_id == activity_id)),
        Usage(UsageKind.AID, _aids(session, ids)),
    )


def mentions_of_activity(session: Session, activity_id: int) -> tuple[Usage, ...]:
    """What is meant for the families of an activity, and would be for everybody without it."""
    return (
        Usage(UsageKind.REQUIRED_DOCUMENT, _count(session, RequiredDocumentActivity.activity_id == activity_id)),
        Usage(UsageKind.PUBLICATION, _count(session, PublicationActivity.activity_id == activity_id)),
        Usage(UsageKind.TEXT_TO_ACCEPT, _count(session, TextActivity.activity_id == activity_id)),
    )


def usages_of_billing(session: Session, activity_id: int, old_office_id: int, new_office_id: int) -> tuple[Usage, ...]:
    """What would be lost or asked twice if an activity went to another office now."""
    offices = InvoiceRun.office_id.in_([old_office_id, new_office_id])
    return (
        Usage(UsageKind.CARRIED_MONTH, count_carried_of_activity(session, old_office_id, activity_id)),
        Usage(UsageKind.RUN, _count(session, and_(offices, InvoiceRun.status.in_(RUNS_UNDER_WAY)))),
    )


def usages_of_group(session: Session, group_id: int) -> tuple[Usage, ...]:
    """What hangs on a group."""
    return (
        Usage(UsageKind.ENROLMENT, _count(session, Enrolment.group_id == group_id)),
        Usage(UsageKind.BOOKING, _bookings(session, Opening.group_id == group_id)),
    )


def usages_of_unit(session: Session, activity_id: int, unit_id: int) -> tuple[Usage, ...]:
    """What hangs on a unit, the rules of its activity that name it included."""
    notices = session.scalars(select(ActivityNoticeRule.rule).where(ActivityNoticeRule.activity_id == activity_id))
    rules = session.scalars(select(Activity.combinations).where(Activity.id == activity_id)).one().rules
    grids = session.scalars(select(TariffVersion.grid).where(TariffVersion.activity_id == activity_id))
    named = sum(1 for rule in notices if any(unit_id in line.days.units for line in rule.lines))
    return (
        Usage(UsageKind.BOOKING, _bookings(session, Opening.unit_id == unit_id)),
        Usage(UsageKind.NOTICE, named),
        Usage(UsageKind.COMBINATION, sum(1 for rule in rules if unit_id in units_named(rule))),
        Usage(UsageKind.TARIFF, sum(1 for grid in grids if grid_of_copy(grid, {unit_id: 0}) != grid)),
        Usage(UsageKind.AID, _aids(session, [unit_id])),
    )


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).where(condition)) or 0


def _bookings(session: Session, condition: ColumnElement[bool]) -> int:
    statement: Select[tuple[int]] = select(func.count(Booking.id)).join(Opening, Opening.id == Booking.opening_id)
    return session.scalar(statement.where(condition)) or 0


def _aids(session: Session, unit_ids: Iterable[int]) -> int:
    """Their amounts are a document: the code of a unit stands in it between quotation marks."""
    named = [ChildAid.amounts.contains(f'"{unit_code(id_)}"', autoescape=True) for id_ in unit_ids]
    return _count(session, or_(*named)) if named else 0
