"""Invoice runs as the staff's screens show them: a page of each list, whatever its size."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.database import db
from app.models.accounts import User
from app.models.activities import Office
from app.models.families import Child, Family
from app.models.invoices import (
    RUNS_AT_WORK,
    Invoice,
    InvoiceRun,
    InvoiceRunDraft,
    InvoiceRunOddity,
    RunAcceptance,
    RunStatus,
    StoredPdf,
)
from app.rules.invoicing import TOLD_AFTER, DraftStanding, OddityKind, is_told, must_be_settled
from app.rules.texts import fold
from app.services.cash_desks import minimum_of
from app.services.catalogue import catalogue
from app.services.errors import NotFound
from app.services.offices import of_offices
from app.services.pages import Page, page_of
from app.services.run_pools import PreparedLine, count_oddities, lines_of


@dataclass(frozen=True, slots=True)
class RunView:
    """A run. Amounts in cents; `family_count` and `done_count` are how far its present step is."""

    id: int
    office_id: int
    office_name: str
    month: date
    invoice_date: date | None
    due_on: date | None
    status: RunStatus
    started_at: datetime
    started_by: str
    prepared_at: datetime | None
    ordered_at: datetime | None
    ordered_by: str | None
    ended_at: datetime | None
    cancelled_by: str | None
    replaced_by_id: int | None
    family_count: int
    done_count: int
    invoice_count: int
    total_cents: int
    paper_count: int  # invoices whose PDF is made
    left_count: int  # families that it left aside, and no later run of the month has looked at
    failure_count: int  # tries in a row that came to nothing, for a reason of no family
    retry_at: datetime | None  # when the worker tries again

    @property
    def is_at_work(self) -> bool:
        """Whether the worker has something to do for it: the page asks again."""
        return self.status in RUNS_AT_WORK

    @property
    def is_stuck(self) -> bool:
        """Whether it failed so often that somebody must look."""
        return self.is_at_work and is_told(self.failure_count)


@dataclass(frozen=True, slots=True)
class RunInvoice:
    """An invoice of a run."""

    id: int
    number: str
    family_id: int
    payer_name: str
    total_cents: int


@dataclass(frozen=True, slots=True)
class Acceptance:
    """That something odd was let be: who, when, why, and how much of it there was."""

    kind: OddityKind
    count: int
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OddityGroup:
    """All that is odd in one way: so many families, or days, children, absences."""

    kind: OddityKind
    count: int
    acceptance: Acceptance | None

    @property
    def must_be_settled(self) -> bool:
        """Whether it keeps the run from being issued unless it is accepted."""
        return must_be_settled(self.kind)

    @property
    def is_open(self) -> bool:
        """Whether it keeps the run from being issued now."""
        return self.must_be_settled and self.acceptance is None


@dataclass(frozen=True, slots=True)
class Standing:
    """How many families have a draft of this standing, and what they come to (cents)."""

    count: int = 0
    total_cents: int = 0


@dataclass(frozen=True, slots=True)
class PoolView:
    """What was prepared, as a whole."""

    minimum_cents: int | None  # of the office
    standings: Mapping[DraftStanding, Standing]
    groups: tuple[OddityGroup, ...]

    @property
    def invoiced(self) -> Standing:
        """What would be invoiced."""
        return self.standings.get(DraftStanding.INVOICED, Standing())

    @property
    def carried(self) -> Standing:
        """What would wait for a later month."""
        return self.standings.get(DraftStanding.CARRIED, Standing())

    @property
    def has_work(self) -> bool:
        """Whether issuing would do something: invoices, what is carried forward, or days to close that cost nothing."""
        return any(standing is not DraftStanding.NOTHING for standing in self.standings)

    @property
    def open_kinds(self) -> tuple[OddityKind, ...]:
        """What keeps it from being issued."""
        return tuple(group.kind for group in self.groups if group.is_open)


@dataclass(frozen=True, slots=True)
class Difference:
    """The price told to a family and the tariffs' today, in cents; None: there is none."""

    kept_cents: int | None
    current_cents: int | None


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """A family of a pool."""

    family_id: int
    name: str
    standing: DraftStanding
    total_cents: int
    lines: tuple[PreparedLine, ...]
    oddities: Mapping[OddityKind, tuple[Difference, ...]]


@dataclass(frozen=True, slots=True)
class MonthRow:
    """Something odd of a month that is of no family's draft: a group's day, or a child that came."""

    day: date | None
    activity_name: str
    place: str  # the group, or the unit
    group_id: int | None
    child_name: str | None
    expected: int
    ticked: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which families of a pool are asked for."""

    text: str = ""
    kind: OddityKind | None = None
    standing: DraftStanding | None = None


OF_THE_MONTH = frozenset({OddityKind.DAY_NOT_VALIDATED, OddityKind.UNBILLED_PRESENCE})
"""What is odd of a month as a whole, and listed: its rows are no families."""


def runs(page: int, office_ids: Collection[int] | None = None) -> Page[RunView]:
    """The runs of all offices, or of some, newest first, without preparations that another replaced. Three queries."""
    condition = InvoiceRun.replaced_by_id.is_(None) & of_offices(InvoiceRun.office_id, office_ids)
    place: Page[RunView] = page_of(page, _count(select(InvoiceRun.id).where(condition)))
    return place.filled(_run_views(condition, place))


def is_stuck() -> ColumnElement[bool]:
    """A condition: a run fails so often that somebody must look."""
    return InvoiceRun.status.in_(RUNS_AT_WORK) & (InvoiceRun.failure_count >= TOLD_AFTER)


def count_stuck(session: Session) -> int:
    """How many runs do not go on by themselves. One query."""
    return session.scalar(select(func.count()).select_from(InvoiceRun).where(is_stuck())) or 0


def stuck_runs(office_ids: Collection[int] | None = None) -> tuple[RunView, ...]:
    """The runs of all offices, or of some, that do not go on by themselves. Two queries."""
    return _run_views(is_stuck() & of_offices(InvoiceRun.office_id, office_ids))


def read_run(run_id: int) -> RunView:
    """A run. Raises NotFound. Two queries."""
    found = _run_views(InvoiceRun.id == run_id)
    if not found:
        raise NotFound("invoice run")
    return found[0]


def invoices_of_run(run_id: int, page: int) -> Page[RunInvoice]:
    """The invoices of a run, in the order of their numbers. Two queries."""
    place: Page[RunInvoice] = page_of(page, _count(select(Invoice.id).where(Invoice.run_id == run_id)))
    rows = db.session.execute(
        select(Invoice.id, Invoice.number, Invoice.family_id, Invoice.payer_name, Invoice.total_cents)
        .where(Invoice.run_id == run_id)
        .order_by(Invoice.id)
        .offset(place.offset)
        .limit(place.size)
    )
    return place.filled(tuple(RunInvoice(*row) for row in rows))


def read_pool(run_id: int, office_id: int) -> PoolView:
    """What was prepared in a run of an office. Four queries."""
    rows = db.session.execute(
        select(InvoiceRunDraft.standing, func.count(), func.sum(InvoiceRunDraft.total_cents))
        .where(InvoiceRunDraft.run_id == run_id, InvoiceRunDraft.is_changed.is_(False))
        .group_by(InvoiceRunDraft.standing)
    )
    standings = {standing: Standing(count, total) for standing, count, total in rows}
    accepted = {each.kind: each for each in acceptances_of(run_id)}
    found = count_oddities(db.session(), run_id)
    groups = tuple(OddityGroup(kind, found[kind], accepted.get(kind)) for kind in OddityKind if kind in found)
    minimum_cents = minimum_of(db.session(), office_id)
    return PoolView(minimum_cents, standings, tuple(sorted(groups, key=lambda group: not group.must_be_settled)))


def acceptances_of(run_id: int) -> tuple[Acceptance, ...]:
    """What was let be in a run. One query."""
    rows = db.session.execute(
        select(
            RunAcceptance.kind, RunAcceptance.count, RunAcceptance.reason, User.display_name, RunAcceptance.accepted_at
        )
        .join(User, User.id == RunAcceptance.accepted_by_id)
        .where(RunAcceptance.run_id == run_id)
        .order_by(RunAcceptance.id)
    )
    return tuple(Acceptance(*row) for row in rows)


def words_before(run_id: int) -> Mapping[OddityKind, str]:
    """Why things were last let be in preparations of the month that came to nothing since its last run. One query."""
    this, issued = aliased(InvoiceRun), aliased(InvoiceRun)
    last_issued = select(func.coalesce(func.max(issued.id), 0)).where(
        issued.office_id == this.office_id, issued.month == this.month, issued.status == RunStatus.ISSUED
    )
    rows = db.session.execute(
        select(RunAcceptance.kind, RunAcceptance.reason)
        .join(InvoiceRun, InvoiceRun.id == RunAcceptance.run_id)
        .join(this, (this.office_id == InvoiceRun.office_id) & (this.month == InvoiceRun.month))
        .where(
            this.id == run_id, InvoiceRun.id < run_id, InvoiceRun.status == RunStatus.CANCELLED,
            InvoiceRun.id > last_issued.correlate(this).scalar_subquery(),
        )
        .order_by(RunAcceptance.id)
    )  # fmt: skip
    return dict(rows.tuples().all())


def families_of_pool(run_id: int, wanted: Wanted, page: int) -> Page[FamilyRow]:
    """The families of a pool with their lines, by name. Three queries."""
    conditions: list[ColumnElement[bool]] = [
        InvoiceRunDraft.run_id == run_id,
        InvoiceRunDraft.is_changed.is_(False),
        *(Family.folded_name.contains(word, autoescape=True) for word in fold(wanted.text).split()),
    ]
    if wanted.kind is not None:
        conditions.append(
            exists().where(
                InvoiceRunOddity.run_id == run_id, InvoiceRunOddity.family_id == InvoiceRunDraft.family_id,
                InvoiceRunOddity.kind == wanted.kind,
            )
        )  # fmt: skip
    if wanted.standing is not None:
        conditions.append(InvoiceRunDraft.standing == wanted.standing)
    return _family_rows(run_id, conditions, page)


def changed_families(run_id: int, page: int) -> Page[FamilyRow]:
    """The families that a run did not issue, because their draft was another by then. Three queries."""
    return _family_rows(run_id, [InvoiceRunDraft.run_id == run_id, InvoiceRunDraft.is_changed.is_(True)], page)


def month_rows(run_id: int, kind: OddityKind, page: int) -> Page[MonthRow]:
    """What is odd of the month as a whole, in one way, by day. Two queries."""
    condition = (InvoiceRunOddity.run_id == run_id) & (InvoiceRunOddity.kind == kind)
    place: Page[MonthRow] = page_of(page, _count(select(InvoiceRunOddity.id).where(condition)))
    rows = db.session.execute(
        select(InvoiceRunOddity, Child.first_name, Child.last_name)
        .outerjoin(Child, Child.id == InvoiceRunOddity.child_id)
        .where(condition)
        .order_by(InvoiceRunOddity.day, InvoiceRunOddity.id)
        .offset(place.offset)
        .limit(place.size)
    )
    return place.filled(tuple(_month_row(*row) for row in rows))


def _month_row(row: InvoiceRunOddity, first_name: str | None, last_name: str | None) -> MonthRow:
    known = catalogue()
    activity_name = place = ""
    if row.group_id is not None:
        group = known.groups[row.group_id]
        activity_name, place = known.activities[group.activity_id].name, group.name
    elif row.unit_id is not None:
        unit = known.units[row.unit_id]
        activity_name, place = known.activities[unit.activity_id].name, unit.name
    child_name = None if first_name is None else f"{first_name} {last_name}"
    return MonthRow(row.day, activity_name, place, row.group_id, child_name, row.booking_count, row.ticked_count or 0)


def _family_rows(run_id: int, conditions: Collection[ColumnElement[bool]], page: int) -> Page[FamilyRow]:
    base = select(InvoiceRunDraft.family_id).join(Family, Family.id == InvoiceRunDraft.family_id).where(*conditions)
    place: Page[FamilyRow] = page_of(page, _count(base))
    drafts = db.session.execute(
        base.with_only_columns(InvoiceRunDraft, Family.last_name, Family.first_name)
        .order_by(Family.folded_name, Family.id)
        .offset(place.offset)
        .limit(place.size)
    ).all()
    odd: defaultdict[int, dict[OddityKind, tuple[Difference, ...]]] = defaultdict(dict)
    about = InvoiceRunOddity.family_id.in_([draft.family_id for draft, _, _ in drafts])
    for row in db.session.scalars(
        select(InvoiceRunOddity).where(InvoiceRunOddity.run_id == run_id, about).order_by(InvoiceRunOddity.id)
    ):
        assert row.family_id is not None
        of_kind = odd[row.family_id].setdefault(row.kind, ())
        odd[row.family_id][row.kind] = (*of_kind, Difference(row.kept_cents, row.current_cents))
    return place.filled(
        tuple(
            FamilyRow(
                draft.family_id, f"{last_name} {first_name}", draft.standing, draft.total_cents, lines_of(draft.lines),
                odd[draft.family_id],
            )
            for draft, last_name, first_name in drafts
        )
    )  # fmt: skip


def _run_views(condition: ColumnElement[bool], place: Page[RunView] | None = None) -> tuple[RunView, ...]:
    shown = select(InvoiceRun.id).where(condition).order_by(InvoiceRun.id.desc())
    if place is not None:
        shown = shown.offset(place.offset).limit(place.size)
    ids = db.session.scalars(shown).all()
    issued = (
        select(
            Invoice.run_id, func.count().label("count"), func.sum(Invoice.total_cents).label("total"),
            func.count(StoredPdf.id).label("papers"),
        )
        .outerjoin(StoredPdf, StoredPdf.invoice_id == Invoice.id)
        .where(Invoice.run_id.in_(ids))
        .group_by(Invoice.run_id)
        .subquery()
    )  # fmt: skip
    left = (
        select(InvoiceRunDraft.run_id, func.count().label("count"))
        .where(InvoiceRunDraft.run_id.in_(ids), InvoiceRunDraft.is_changed.is_(True))
        .group_by(InvoiceRunDraft.run_id)
        .subquery()
    )
    starter, orderer, canceller = aliased(User), aliased(User), aliased(User)
    rows = db.session.execute(
        select(
            InvoiceRun, Office.name, starter.display_name, orderer.display_name, canceller.display_name,
            func.coalesce(issued.c.count, 0), func.coalesce(issued.c.total, 0), func.coalesce(issued.c.papers, 0),
            func.coalesce(left.c.count, 0),
        )
        .join(Office, Office.id == InvoiceRun.office_id)
        .join(starter, starter.id == InvoiceRun.started_by_id)
        .outerjoin(orderer, orderer.id == InvoiceRun.ordered_by_id)
        .outerjoin(canceller, canceller.id == InvoiceRun.cancelled_by_id)
        .outerjoin(issued, issued.c.run_id == InvoiceRun.id)
        .outerjoin(left, left.c.run_id == InvoiceRun.id)
        .where(InvoiceRun.id.in_(ids))
        .order_by(InvoiceRun.id.desc())
    )  # fmt: skip
    return tuple(
        RunView(
            run.id, run.office_id, office, run.month, run.invoice_date, run.due_on, run.status, run.started_at, started,
            run.prepared_at, run.ordered_at, ordered, run.ended_at, cancelled, run.replaced_by_id, run.family_count,
            run.done_count, count, total, papers, left_aside, run.failure_count, run.retry_at,
        )
        for run, office, started, ordered, cancelled, count, total, papers, left_aside in rows
    )  # fmt: skip


def _count(rows: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0
