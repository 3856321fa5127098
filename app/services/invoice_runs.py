"""Invoice runs: an office's month is prepared, looked at, then issued, family by family.

Issuing is idempotent by nature: a booking is invoiced at most once (a primary key says so), numbers are taken in the
transaction that uses them, and a run that died is taken up where it stopped. It issues what was prepared and nothing
else: a family whose draft is another by now, or cannot be issued, is left, and said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.models.activities import Office
from app.models.invoices import (
    RUNS_AT_WORK,
    RUNS_UNDER_WAY,
    Invoice,
    InvoicedBooking,
    InvoiceRun,
    InvoiceRunDraft,
    RunStatus,
)
from app.rules.invoicing import DraftStanding, InvoiceDraft, rest_after, standing_of
from app.services.carried_months import CarriedMonths
from app.services.cash_desks import minimum_of
from app.services.errors import NotFound, OdditiesLeft, PoolGone
from app.services.families import lock_children
from app.services.household_credits import take_credit
from app.services.invoice_drafts import drafts_of
from app.services.invoice_issues import InvoiceHead, issue_invoices, tell_of_invoices
from app.services.run_pools import count_families, empty_pool, fingerprint_of, forget_changed, unsettled_kinds

_NOTHING = InvoiceDraft((), ())


@dataclass(frozen=True, slots=True)
class Step:
    """A run that has something to do, for the worker."""

    run_id: int
    status: RunStatus  # PREPARING or ISSUING
    failure_count: int = 0  # tries in a row that came to nothing


def prepare(session: Session, office_id: int, month: date, agent_id: int, *, instead_of: int | None = None) -> int:
    """Begin to prepare a run and return its id; the worker does it (`run_pools`). Raises NotFound for no office.

    One that is under way for this office and month is taken up instead (a double click begins one), but for a prepared
    one that `instead_of` names: another takes its place.
    """
    if session.get(Office, office_id, with_for_update=True) is None:
        raise NotFound("office")
    first = month.replace(day=1)
    before = session.scalar(
        select(InvoiceRun)
        .where(InvoiceRun.office_id == office_id, InvoiceRun.month == first, InvoiceRun.status.in_(RUNS_UNDER_WAY))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if before is not None:
        if before.id != instead_of or before.status is not RunStatus.PREPARED:
            return before.id
        _cancel(session, before, agent_id)
    run = InvoiceRun(
        office_id=office_id, month=first, status=RunStatus.PREPARING, started_at=clock.now(), started_by_id=agent_id,
        family_count=count_families(session, office_id, first),
    )  # fmt: skip
    session.add(run)
    session.flush()
    if before is not None:
        before.replaced_by_id = run.id
    return run.id


def give_up(session: Session, run_id: int, agent_id: int) -> None:
    """Let a preparation go: nothing was issued. Once more changes nothing. Raises PoolGone once it is issued."""
    run = _hold(session, run_id)
    if run.status is RunStatus.CANCELLED:
        return
    if run.status not in (RunStatus.PREPARING, RunStatus.PREPARED):
        raise PoolGone
    _cancel(session, run, agent_id)


def issue(
    session: Session,
    run_id: int,
    invoice_date: date,
    due_on: date,
    agent_id: int,
    *,
    whatever_it_is: bool = False,
) -> None:
    """Have a prepared run issued, with these dates; `issue_next` does the work. Once more changes nothing.

    ``whatever_it_is``: also what is less than the minimum of the office. Raises OdditiesLeft, and PoolGone for one that
    is not prepared, given up or replaced.
    """
    run = _hold(session, run_id)
    if run.status in (RunStatus.ISSUING, RunStatus.ISSUED):
        return
    if run.status is not RunStatus.PREPARED:
        raise PoolGone
    kinds = unsettled_kinds(session, run_id)
    if kinds:
        raise OdditiesLeft(kinds)
    run.status, run.invoice_date, run.due_on = RunStatus.ISSUING, invoice_date, due_on
    run.ordered_at, run.ordered_by_id = clock.now(), agent_id
    run.last_family_id, run.done_count, run.whatever_it_is = 0, 0, whatever_it_is
    run.failure_count, run.retry_at = 0, None
    run.family_count = session.scalar(select(func.count()).where(InvoiceRunDraft.run_id == run_id)) or 0
    session.flush()


def issue_next(session: Session, run_id: int, limit: int = 50) -> int:
    """Issue the invoices of the next families of a run and return how many families were looked at; 0: it is done.

    One short write transaction of its own, so that a run of thousands holds nobody up.
    """
    run = _hold(session, run_id)
    if run.status is not RunStatus.ISSUING:
        return 0
    prepared = _next_drafts(session, run, limit)
    if not prepared:
        run.status, run.ended_at = RunStatus.ISSUED, clock.now()
        empty_pool(session, run_id, with_changed=False)
        forget_changed(session, run)
        return 0
    family_ids = [draft.family_id for draft in prepared]
    # A save locks its children first: what is cancelled meanwhile waits, or is seen here (PostgreSQL).
    lock_children(session, family_ids)
    by_family = drafts_of(session, run.office_id, run.month, family_ids, lock=True)
    minimum_cents = minimum_of(session, run.office_id)
    carried = CarriedMonths(session, run, family_ids)
    to_issue: dict[int, InvoiceDraft] = {}
    for seen in prepared:
        family_id, draft = seen.family_id, by_family.get(seen.family_id, _NOTHING)
        standing = standing_of(draft, minimum_cents, whatever_it_is=run.whatever_it_is)
        if fingerprint_of(draft) != seen.fingerprint or standing is not _wanted(seen, run):
            seen.is_changed, seen.lines = True, "[]"
            continue
        match standing:
            case DraftStanding.CARRIED:
                carried.carry(family_id, draft)
            case DraftStanding.INVOICED:
                to_issue[family_id] = draft
            case DraftStanding.FREE | DraftStanding.NOTHING:
                _close_free_days(session, run, draft)
                carried.settle(family_id, None)
    issued = _issue(session, run, to_issue)
    for invoice in issued:
        carried.settle(invoice.family_id, invoice.id)
    # What the office has of a family's money pays first: the mail says what is left.
    take_credit(session, run.office_id, [invoice.family_id for invoice in issued])
    tell_of_invoices(session, issued)
    run.last_family_id = family_ids[-1]
    run.done_count += len(family_ids)
    return len(family_ids)


def hold_next_family(session: Session, run_id: int) -> int | None:
    """Hold a run that is being issued, and tell whose turn it is; None: nobody's. Raises NotFound."""
    run = _hold(session, run_id)
    prepared = _next_drafts(session, run, 1) if run.status is RunStatus.ISSUING else ()
    return prepared[0].family_id if prepared else None


def leave_aside(session: Session, run_id: int, family_id: int) -> None:
    """Go on without a family that cannot be issued: it is listed with those whose draft is another.

    Nothing happens where it is not its turn (any more). Raises NotFound.
    """
    if hold_next_family(session, run_id) != family_id:
        return
    seen = session.get_one(InvoiceRunDraft, (run_id, family_id))
    seen.is_changed, seen.lines = True, "[]"
    run = session.get_one(InvoiceRun, run_id)
    run.last_family_id = family_id
    run.done_count += 1


def next_step(session: Session) -> Step | None:
    """The oldest run that still has something to prepare or to issue, and does not rest, for the worker."""
    row = session.execute(
        select(InvoiceRun.id, InvoiceRun.status, InvoiceRun.failure_count)
        .where(
            InvoiceRun.status.in_(RUNS_AT_WORK), or_(InvoiceRun.retry_at.is_(None), InvoiceRun.retry_at <= clock.now())
        )
        .order_by(InvoiceRun.id)
    ).first()
    return None if row is None else Step(*row)


def record_failure(session: Session, run_id: int) -> None:
    """Note that a run could not go on, for a reason of no family: it rests, the longer the more often it failed."""
    run = session.get_one(InvoiceRun, run_id, with_for_update=True)
    run.failure_count += 1
    run.retry_at = clock.now() + rest_after(run.failure_count)


def record_success(session: Session, run_id: int) -> None:
    """Note that a run that had failed goes on."""
    run = session.get_one(InvoiceRun, run_id, with_for_update=True)
    run.failure_count, run.retry_at = 0, None


def _hold(session: Session, run_id: int) -> InvoiceRun:
    """Hold a run, and its office: two of an office wait for each other, and the second sees what the first invoiced.

    Raises NotFound.
    """
    office_id = session.scalar(select(InvoiceRun.office_id).where(InvoiceRun.id == run_id))
    if office_id is None:
        raise NotFound("invoice run")
    session.get_one(Office, office_id, with_for_update=True)
    return session.get_one(InvoiceRun, run_id, with_for_update=True)


def _cancel(session: Session, run: InvoiceRun, agent_id: int) -> None:
    run.status, run.ended_at, run.cancelled_by_id = RunStatus.CANCELLED, clock.now(), agent_id
    session.flush()
    empty_pool(session, run.id, with_changed=True)


def _next_drafts(session: Session, run: InvoiceRun, limit: int) -> Sequence[InvoiceRunDraft]:
    return session.scalars(
        select(InvoiceRunDraft)
        .where(InvoiceRunDraft.run_id == run.id, InvoiceRunDraft.family_id > run.last_family_id)
        .order_by(InvoiceRunDraft.family_id)
        .limit(limit)
    ).all()


def _wanted(seen: InvoiceRunDraft, run: InvoiceRun) -> DraftStanding:
    """What the agent who had the run issued read of a draft."""
    if seen.standing is DraftStanding.CARRIED and run.whatever_it_is:
        return DraftStanding.INVOICED
    return seen.standing


def _issue(session: Session, run: InvoiceRun, drafts: Mapping[int, InvoiceDraft]) -> Sequence[Invoice]:
    assert run.invoice_date is not None and run.due_on is not None  # it is being issued
    head = InvoiceHead(run.office_id, run.month, run.invoice_date, run.due_on, run.id)
    return issue_invoices(session, head, drafts)


def _close_free_days(session: Session, run: InvoiceRun, draft: InvoiceDraft) -> None:
    """Days that cost nothing make no invoice, and are settled all the same: nothing changes them any more."""
    for line in draft.lines:
        session.add_all(InvoicedBooking(booking_id=id_, run_id=run.id) for id_ in line.booking_ids)
    session.flush()
