"""Aids of funds for children: who pays, what each child has left, and what a fund owes for the invoices of a time.

What an aid pays is decided in `rules.aids`, and written by the invoice run in the transaction that issues.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import Session

from app import clock
from app.aid_labels import aid_words
from app.database import db
from app.models.accounts import User
from app.models.aids import AidFund, AidUse, ChildAid
from app.models.credits import CreditLine, CreditNote
from app.models.families import Child, Family
from app.models.invoices import Invoice, InvoiceLine
from app.rules import aids as rules
from app.rules.aided_invoices import item_of_activity
from app.rules.aids import Aid, AidBalance, ClaimLine
from app.rules.calendars import DayKind, add_months
from app.rules.changes import Change
from app.rules.file_fields import FileKind
from app.rules.tariff_grids import unit_code
from app.services.catalogue import catalogue
from app.services.errors import AidSpent, NameTaken, NotFound
from app.services.families import check_not_own, child_of
from app.services.file_histories import log_change
from app.services.file_parts import lock_family
from app.services.offices import of_offices
from app.services.pages import Page, page_of


@dataclass(frozen=True, slots=True)
class FundInput:
    """Who pays aids, as typed; the address has lines."""

    name: str
    address: str
    reference: str
    is_council: bool


@dataclass(frozen=True, slots=True)
class FundView:
    """Who pays aids, and to how many children at present."""

    id: int
    name: str
    address: str
    reference: str
    is_council: bool
    aid_count: int


@dataclass(frozen=True, slots=True)
class AidInput:
    """An aid as typed: cents by item of the grids, or a percentage (in hundredths) of what has no amount."""

    name: str
    starts_on: date
    ends_on: date
    amounts: Mapping[str, int]
    percent_hundredths: int
    day_kinds: frozenset[DayKind]
    ceiling_cents: int | None
    most_days: int | None
    floor_cents: int
    is_cumulative: bool
    reason: str


@dataclass(frozen=True, slots=True)
class AidView:
    """An aid of a child, with what it has paid and what is left of it."""

    id: int
    fund_id: int
    fund_name: str
    is_council: bool
    child_id: int
    child_name: str
    name: str
    starts_on: date
    ends_on: date
    amounts: Mapping[str, int]
    percent_hundredths: int
    day_kinds: frozenset[DayKind]
    ceiling_cents: int | None
    most_days: int | None
    floor_cents: int
    is_cumulative: bool
    reason: str
    created_by: str
    left: AidBalance
    used_cents: int
    used_days: int
    last_used_on: date | None

    @property
    def is_over(self) -> bool:
        """Whether its last day is past."""
        return self.ends_on < clock.today()

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left of it."""
        return self.left.cents == 0 or self.left.days == 0


@dataclass(frozen=True, slots=True)
class FamilyAids:
    """What an invoice run needs of a family: its aids in the order in which they work, and what they have paid."""

    aids: tuple[Aid, ...]
    ledger: tuple[rules.AidUse, ...]
    names: Mapping[str, str]  # as the invoice shows each, by code


@dataclass(frozen=True, slots=True)
class Claim:
    """A line of a statement: an aid of a child, its days, and what the fund owes (cents)."""

    child_name: str
    born_on: date
    family_name: str
    fund_number: str | None
    aid_name: str
    days: tuple[date, ...]
    amount_cents: int
    invoice_numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FundStatement:
    """What a fund owes for the invoices issued from a day to a day, child by child."""

    fund: FundView
    first: date
    last: date
    claims: tuple[Claim, ...]

    @property
    def total_cents(self) -> int:
        """What the fund owes."""
        return sum(claim.amount_cents for claim in self.claims)

    @property
    def day_count(self) -> int:
        """The children's days together."""
        return sum(len(claim.days) for claim in self.claims)


@dataclass(frozen=True, slots=True)
class StatementPage:
    """The same on screen: a page of its claims, and what all of them come to (cents, the children's days)."""

    fund: FundView
    first: date
    last: date
    claims: Page[Claim]
    total_cents: int
    day_count: int


# --- funds ----------------------------------------------------------------------------------------------------------


def funds() -> tuple[FundView, ...]:
    """Who pays aids, by name. One query."""
    present = (
        select(ChildAid.fund_id, func.count().label("count"))
        .where(ChildAid.ends_on >= clock.today())
        .group_by(ChildAid.fund_id)
        .subquery()
    )
    rows = db.session.execute(
        select(AidFund, func.coalesce(present.c.count, 0))
        .outerjoin(present, present.c.fund_id == AidFund.id)
        .order_by(AidFund.name)
    )
    return tuple(_fund(row, count) for row, count in rows)


def find_fund(fund_id: int) -> FundView:
    """A fund. Raises NotFound."""
    row = db.session.get(AidFund, fund_id)
    if row is None:
        raise NotFound("fund")
    return _fund(row, 0)


def save_fund(session: Session, fund_id: int | None, typed: FundInput) -> int:
    """Add a fund (None), or change it; returns its id. Raises NotFound, NameTaken."""
    row = AidFund() if fund_id is None else session.get(AidFund, fund_id)
    if row is None:
        raise NotFound("fund")
    other = session.scalar(select(AidFund.id).where(AidFund.name == typed.name, AidFund.id != (fund_id or 0)))
    if other is not None:
        raise NameTaken
    row.name, row.address, row.reference, row.is_council = typed.name, typed.address, typed.reference, typed.is_council
    session.add(row)
    session.flush()
    return row.id


# --- aids of children -----------------------------------------------------------------------------------------------


def aids_of_family(family_id: int) -> tuple[AidView, ...]:
    """The aids of a family's children, the latest first. Two queries."""
    return _views(ChildAid.family_id == family_id)


def aids_of_child(family_id: int, child_id: int) -> tuple[AidView, ...]:
    """Those of one child in a family that are not over, the latest first. Two queries."""
    views = _views((ChildAid.family_id == family_id) & (ChildAid.child_id == child_id))
    return tuple(view for view in views if not view.is_over)


def expected_aids(family_id: int, child_id: int, first: date, last: date) -> tuple[str, ...]:
    """The aids of a child that may pay something of these days, both included, as the invoice names them. One query.

    How much is only known when the month is invoiced: what is left of them may go to other days.
    """
    asked = {"family": family_id, "child": child_id, "first": first, "last": last}
    return tuple(f"{name} ({fund})" for name, fund in db.session.execute(_EXPECTED, asked))


# Of every planning: made once, since that takes longer than to ask.
_EXPECTED = (
    select(ChildAid.name, AidFund.name)
    .join(AidFund, AidFund.id == ChildAid.fund_id)
    .where(
        ChildAid.family_id == bindparam("family"), ChildAid.child_id == bindparam("child"),
        ChildAid.starts_on <= bindparam("last"), ChildAid.ends_on >= bindparam("first"),
    )
    .order_by(ChildAid.id)
)  # fmt: skip


def find_aid(family_id: int, aid_id: int) -> AidView:
    """An aid of the family. Raises NotFound for any other."""
    found = _views((ChildAid.family_id == family_id) & (ChildAid.id == aid_id))
    if not found:
        raise NotFound("aid")
    return found[0]


def add_aid(session: Session, family_id: int, user_id: int, child_id: int, fund_id: int, typed: AidInput) -> int:
    """Give a child of the family an aid; returns its id. Raises NotFound, OwnFamily; logged in the family's history."""
    check_not_own(family_id, user_id)
    lock_family(session, family_id)
    child_of(family_id, child_id)
    fund = session.get(AidFund, fund_id)
    if fund is None:
        raise NotFound("fund")
    row = ChildAid(family_id=family_id, child_id=child_id, fund_id=fund_id, created_by_id=user_id)
    _write(row, typed)
    session.add(row)
    session.flush()
    _log(session, row, user_id, "", _words(row, fund.name))
    return row.id


def change_aid(session: Session, family_id: int, user_id: int, aid_id: int, typed: AidInput) -> None:
    """Change an aid for what is invoiced from now on. Raises NotFound, OwnFamily.

    Raises AidSpent where it would promise less than it has paid, or end before a day that it paid for.
    """
    check_not_own(family_id, user_id)
    lock_family(session, family_id)
    # An invoice run locks it too: what it pays meanwhile is seen here, or waits.
    row = session.scalar(
        select(ChildAid).where(ChildAid.family_id == family_id, ChildAid.id == aid_id).with_for_update()
    )
    if row is None:
        raise NotFound("aid")
    view = find_aid(family_id, aid_id)
    days = select(func.min(AidUse.day)).where(AidUse.aid_id == aid_id)
    first_used_on = session.scalar(days)
    if (
        (typed.ceiling_cents is not None and typed.ceiling_cents < view.used_cents)
        or (typed.most_days is not None and typed.most_days < view.used_days)
        or (view.last_used_on is not None and typed.ends_on < view.last_used_on)
        or (first_used_on is not None and typed.starts_on > first_used_on)
    ):
        raise AidSpent
    before = _words(row, view.fund_name)
    _write(row, typed)
    session.flush()
    after = _words(row, view.fund_name)
    if before != after:
        _log(session, row, user_id, before, after)


def items_to_aid() -> tuple[tuple[str, str], ...]:
    """What an aid may pay an amount for: the items of the grids of activities that are not over, with their names."""
    today = clock.today()
    open_ones = [each for each in catalogue().activities.values() if each.season.ends_on >= today]
    twice = {each.name for each in open_ones if sum(other.name == each.name for other in open_ones) > 1}
    names: dict[str, str] = {}
    for activity in open_ones:
        name = f"{activity.name} {activity.season.name}" if activity.name in twice else activity.name
        for unit in activity.units:
            names[unit_code(unit.id)] = f"{name}, {unit.name}"
        for version in activity.tariffs:
            for item in version.grid.items:
                if item.code not in names:
                    names[item_of_activity(activity.id, item.code)] = f"{name}, {item.label or item.code}"
    return tuple(names.items())


# --- for invoice runs -----------------------------------------------------------------------------------------------


def aids_for_run(session: Session, family_ids: Collection[int], month: date, *, lock: bool) -> Mapping[int, FamilyAids]:
    """The aids that may pay something of a month, by family, with their whole ledger. Two queries.

    `lock`: nobody else spends or changes them until this transaction ends.
    """
    first = month.replace(day=1)
    wanted = (
        select(ChildAid)
        .where(ChildAid.family_id.in_(family_ids), ChildAid.starts_on < add_months(first, 1), ChildAid.ends_on >= first)
        .order_by(ChildAid.id)
    )
    rows = session.scalars(wanted.with_for_update().execution_options(populate_existing=True) if lock else wanted).all()
    if not rows:
        return {}
    funds_by_id = {row.id: row.name for row in session.scalars(select(AidFund))}
    uses = _ledger(session, [row.id for row in rows])
    by_family: defaultdict[int, list[ChildAid]] = defaultdict(list)
    for row in rows:
        by_family[row.family_id].append(row)
    return {
        family_id: FamilyAids(
            tuple(_aid(row, funds_by_id[row.fund_id]) for row in own),
            tuple(use for row in own for use in uses[row.id]),
            {_code(row): f"{row.name} ({funds_by_id[row.fund_id]})" for row in own},
        )
        for family_id, own in by_family.items()
    }


def record_uses(session: Session, line_id: int, code: str, days: Iterable[date], amount_cents: int) -> None:
    """Write in the ledger what a line of an invoice takes off on each of its days."""
    session.add_all(AidUse(aid_id=int(code), line_id=line_id, day=day, amount_cents=amount_cents) for day in days)


# --- for funds ------------------------------------------------------------------------------------------------------


def statement_of(fund_id: int, first: date, last: date, office_ids: Collection[int] | None = None) -> FundStatement:
    """What a fund owes these offices (None: all) for the invoices issued on these days, both included.

    Each use is in one statement only. What a credit note gives back is in that of the day on which it was issued: what
    was claimed never changes. Two queries. Raises NotFound.
    """
    fund = find_fund(fund_id)
    return FundStatement(fund, first, last, _claims(_uses_of(fund_id, first, last, office_ids)))


def statement_page(
    fund_id: int, first: date, last: date, page: int, office_ids: Collection[int] | None = None
) -> StatementPage:
    """A page of the same, with what all of it comes to. Four queries. Raises NotFound."""
    fund = find_fund(fund_id)
    uses = _uses_of(fund_id, first, last, office_ids)
    per_day = (
        uses.with_only_columns(
            AidUse.aid_id, func.sum(AidUse.amount_cents).label("cents"), maintain_column_froms=True
        )
        .order_by(None)
        .group_by(AidUse.aid_id, AidUse.day)
        .subquery()
    )  # fmt: skip
    count, cents, days = db.session.execute(
        select(
            func.count(per_day.c.aid_id.distinct()), func.coalesce(func.sum(per_day.c.cents), 0),
            func.count(per_day.c.aid_id).filter(per_day.c.cents != 0),
        )
    ).one()  # fmt: skip
    place: Page[Claim] = page_of(page, count)
    order = Child.folded_name, Child.id, ChildAid.id
    aid_ids = db.session.execute(
        uses.with_only_columns(*order, maintain_column_froms=True)
        .order_by(None)
        .group_by(*order)
        .order_by(*order)
        .offset(place.offset)
        .limit(place.size)
    )
    claims = _claims(uses.where(AidUse.aid_id.in_([row[2] for row in aid_ids])))
    return StatementPage(fund, first, last, place.filled(claims), cents, days)


def _uses_of(
    fund_id: int, first: date, last: date, office_ids: Collection[int] | None
) -> Select[tuple[AidUse, ChildAid, Child, Family, str]]:
    issued_on = func.coalesce(CreditNote.issued_on, Invoice.issued_on)
    return (
        select(AidUse, ChildAid, Child, Family, Invoice.number)
        .join(ChildAid, ChildAid.id == AidUse.aid_id)
        .join(Child, Child.id == ChildAid.child_id)
        .join(Family, Family.id == ChildAid.family_id)
        .join(InvoiceLine, InvoiceLine.id == AidUse.line_id)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .outerjoin(CreditLine, CreditLine.id == AidUse.credit_line_id)
        .outerjoin(CreditNote, CreditNote.id == CreditLine.credit_note_id)
        .where(ChildAid.fund_id == fund_id, issued_on >= first, issued_on <= last)
        .where(of_offices(Invoice.office_id, office_ids))
        .order_by(Child.folded_name, Child.id, ChildAid.id, AidUse.day, AidUse.id)
    )


def _claims(uses: Select[tuple[AidUse, ChildAid, Child, Family, str]]) -> tuple[Claim, ...]:
    rows = db.session.execute(uses).all()
    aids = {_code(aid): (aid, child, family) for _, aid, child, family, _ in rows}
    numbers: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for _, aid, _, _, number in rows:
        numbers[_code(aid)][number] = None
    lines = rules.statement(
        [rules.AidUse(_code(aid), use.day, use.amount_cents) for use, aid, *_ in rows],
        {code: aid.child_id for code, (aid, *_) in aids.items()},
    )
    by_code = {line.code: line for line in lines}
    return tuple(_claim(by_code[code], *known, tuple(numbers[code])) for code, known in aids.items())


def _claim(line: ClaimLine, aid: ChildAid, child: Child, family: Family, numbers: tuple[str, ...]) -> Claim:
    return Claim(
        f"{child.last_name} {child.first_name}", child.birth_date, family.name, family.fund_number, aid.name, line.days,
        line.amount_cents, numbers,
    )  # fmt: skip


def _fund(row: AidFund, aid_count: int) -> FundView:
    return FundView(row.id, row.name, row.address, row.reference, row.is_council, aid_count)


def _code(row: ChildAid) -> str:
    return str(row.id)


def _aid(row: ChildAid, fund: str) -> Aid:
    return Aid(
        code=_code(row),
        fund=fund,
        child_id=row.child_id,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        by_item=json.loads(row.amounts),
        percent=Fraction(row.percent_hundredths, 100),
        day_kinds=_day_kinds(row),
        ceiling_cents=row.ceiling_cents,
        most_days=row.most_days,
        floor_cents=row.floor_cents,
        is_cumulative=row.is_cumulative,
    )


def _day_kinds(row: ChildAid) -> frozenset[DayKind]:
    return frozenset(DayKind(code) for code in row.day_kinds.split(",") if code)


def _ledger(session: Session, aid_ids: Sequence[int]) -> defaultdict[int, list[rules.AidUse]]:
    found: defaultdict[int, list[rules.AidUse]] = defaultdict(list)
    rows = select(AidUse.aid_id, AidUse.day, AidUse.amount_cents).where(AidUse.aid_id.in_(aid_ids)).order_by(AidUse.id)
    for aid_id, day, amount_cents in session.execute(rows) if aid_ids else ():
        found[aid_id].append(rules.AidUse(str(aid_id), day, amount_cents))
    return found


def _views(condition: ColumnElement[bool]) -> tuple[AidView, ...]:
    session = db.session()
    rows = session.execute(
        select(ChildAid, AidFund, Child, User.display_name)
        .join(AidFund, AidFund.id == ChildAid.fund_id)
        .join(Child, Child.id == ChildAid.child_id)
        .join(User, User.id == ChildAid.created_by_id)
        .where(condition)
        .order_by(ChildAid.ends_on.desc(), ChildAid.id.desc())
    ).all()
    ledger = _ledger(session, [row.id for row, *_ in rows])
    return tuple(_view(row, fund, child, by, ledger[row.id]) for row, fund, child, by in rows)


def _view(row: ChildAid, fund: AidFund, child: Child, by: str, uses: Sequence[rules.AidUse]) -> AidView:
    paid: defaultdict[date, int] = defaultdict(int)
    for use in uses:
        paid[use.day] += use.amount_cents
    used = [day for day, cents in paid.items() if cents]
    return AidView(
        id=row.id,
        fund_id=fund.id,
        fund_name=fund.name,
        is_council=fund.is_council,
        child_id=child.id,
        child_name=child.full_name,
        name=row.name,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        amounts=json.loads(row.amounts),
        percent_hundredths=row.percent_hundredths,
        day_kinds=_day_kinds(row),
        ceiling_cents=row.ceiling_cents,
        most_days=row.most_days,
        floor_cents=row.floor_cents,
        is_cumulative=row.is_cumulative,
        reason=row.reason or "",
        created_by=by,
        left=rules.balance(_aid(row, fund.name), uses),
        used_cents=sum(paid.values()),
        used_days=len(used),
        last_used_on=max(used, default=None),
    )


def _write(row: ChildAid, typed: AidInput) -> None:
    row.name = typed.name
    row.starts_on = typed.starts_on
    row.ends_on = typed.ends_on
    row.amounts = json.dumps(dict(typed.amounts))
    row.percent_hundredths = typed.percent_hundredths
    row.day_kinds = ",".join(kind.value for kind in DayKind if kind in typed.day_kinds)
    row.ceiling_cents = typed.ceiling_cents
    row.most_days = typed.most_days
    row.floor_cents = typed.floor_cents
    row.is_cumulative = typed.is_cumulative
    row.reason = typed.reason or None


def _words(row: ChildAid, fund: str) -> str:
    return aid_words(_aid(row, fund), row.name, dict(items_to_aid()))


def _log(session: Session, row: ChildAid, user_id: int, before: str, after: str) -> None:
    log_change(session, row.family_id, FileKind.AID, row.child_id, {"aid": Change(before, after)}, user_id)
