"""What holds an invoice back from reminders, and what an office does not ask for any more (docs/rules/debts.md).

Rows of moves are never changed: one that was wrong is cancelled by a new row. Nobody decides on their own family.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, case, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from app import clock
from app.database import db
from app.models.accounts import User
from app.models.activities import Office
from app.models.debts import DebtMove, InvoiceHold, InvoiceReminder, ReminderLetter
from app.models.families import Family
from app.models.invoices import Invoice
from app.rules.debts import DebtMoveKind, HoldKind, MoveObstacle, move_obstacle
from app.services.errors import AlreadyDecided, MoveRefused, NotFound
from app.services.families import check_not_own, own_family_ids
from app.services.household_credits import take_credit
from app.services.invoices import InvoiceView, invoice_view
from app.services.pages import Page, page_of


@dataclass(frozen=True, slots=True)
class HoldView:
    """A dispute or a plan; `ended_at` None: it lasts, a plan until its day."""

    id: int
    kind: HoldKind
    until: date | None
    reason: str
    made_at: datetime
    made_by: str
    ended_at: datetime | None
    ended_by: str | None

    @property
    def lasts(self) -> bool:
        """Whether it holds the invoice back today."""
        return self.ended_at is None and (self.until is None or self.until >= clock.today())


@dataclass(frozen=True, slots=True)
class MoveView:
    """A write-off or transfer, or the row that cancels one (`cancels_id`); `is_cancelled`: another row did."""

    id: int
    invoice_id: int
    invoice_number: str
    office_name: str
    family_id: int
    family_name: str
    kind: DebtMoveKind
    amount_cents: int
    reason: str
    recorded_on: date
    recorded_by: str
    cancels_id: int | None
    is_cancelled: bool

    @property
    def signed_cents(self) -> int:
        """What it takes off what is due; a cancellation gives it back."""
        return self.amount_cents if self.cancels_id is None else -self.amount_cents


@dataclass(frozen=True, slots=True)
class ReminderView:
    """That a family was reminded of an invoice; `letter_id`: on paper."""

    invoice_id: int
    invoice_number: str
    level: int
    sent_on: date
    balance_cents: int
    letter_id: int | None
    has_letter: bool


@dataclass(frozen=True, slots=True)
class FollowedInvoice:
    """An invoice with what was done to get it paid; `obstacle`: why it cannot be given up now."""

    invoice: InvoiceView
    family_name: str
    reminders: tuple[ReminderView, ...]
    holds: tuple[HoldView, ...]
    moves: tuple[MoveView, ...]
    obstacle: MoveObstacle | None
    is_own_family: bool

    @property
    def held(self) -> HoldView | None:
        """What holds it back today."""
        return next((hold for hold in self.holds if hold.lasts), None)


@dataclass(frozen=True, slots=True)
class MoveFilter:
    """Which write-offs and transfers a list shows; both days included."""

    office_id: int | None = None
    kind: DebtMoveKind | None = None
    first: date | None = None
    last: date | None = None
    among: Collection[int] | None = None  # the offices of whoever asks


@dataclass(frozen=True, slots=True)
class MoveTotals:
    """What the rows of a list come to (cents), cancellations taken off."""

    written_off_cents: int
    transferred_cents: int


def follow(invoice_id: int, user_id: int) -> FollowedInvoice:
    """An invoice with its reminders, holds and moves. Raises NotFound. Seven queries."""
    session = db.session()
    view = invoice_view(session, invoice_id)
    family = session.get_one(Family, view.family_id)
    ended_by = aliased(User)
    holds = session.execute(
        select(InvoiceHold, User.display_name, ended_by.display_name)
        .join(User, User.id == InvoiceHold.made_by_id)
        .outerjoin(ended_by, ended_by.id == InvoiceHold.ended_by_id)
        .where(InvoiceHold.invoice_id == invoice_id)
        .order_by(InvoiceHold.id.desc())
    )
    return FollowedInvoice(
        view,
        family.name,
        reminders_of_invoice(invoice_id),
        tuple(
            HoldView(
                hold.id, hold.kind, hold.until, hold.reason, hold.made_at, made_by, hold.ended_at, ended_by_name,
            )
            for hold, made_by, ended_by_name in holds
        ),
        _moves(session, _moves_query().where(DebtMove.invoice_id == invoice_id)),
        move_obstacle(view.balance_cents, view.due_on, clock.today(), is_under_way=view.is_under_way),
        view.family_id in own_family_ids(user_id),
    )  # fmt: skip


def reminders_of_invoice(invoice_id: int) -> tuple[ReminderView, ...]:
    """The reminders of an invoice, the latest first. One query."""
    return _reminders(db.session(), InvoiceReminder.invoice_id == invoice_id)


def reminders_of_family(family_id: int, office_ids: Collection[int]) -> tuple[ReminderView, ...]:
    """Those of a family by these offices. One query."""
    return _reminders(db.session(), (InvoiceReminder.family_id == family_id) & Invoice.office_id.in_(office_ids))


def _reminders(session: Session, condition: ColumnElement[bool]) -> tuple[ReminderView, ...]:
    rows = session.execute(
        select(InvoiceReminder, Invoice.number, ReminderLetter.path.is_not(None))
        .join(Invoice, Invoice.id == InvoiceReminder.invoice_id)
        .outerjoin(ReminderLetter, ReminderLetter.id == InvoiceReminder.letter_id)
        .where(condition)
        .order_by(InvoiceReminder.sent_on.desc(), InvoiceReminder.id.desc())
    )
    return tuple(
        ReminderView(row.invoice_id, number, row.level, row.sent_on, row.balance_cents, row.letter_id, bool(has_letter))
        for row, number, has_letter in rows
    )


def hold_back(
    session: Session, invoice_id: int, kind: HoldKind, until: date | None, reason: str, user_id: int
) -> None:  # fmt: skip
    """Keep an invoice from reminders; what held it back before ends. Raises NotFound, OwnFamily."""
    _locked(session, invoice_id, user_id)
    _end_holds(session, InvoiceHold.invoice_id == invoice_id, user_id)
    session.add(
        InvoiceHold(
            invoice_id=invoice_id, kind=kind, until=until if kind is HoldKind.PLAN else None, reason=reason,
            made_by_id=user_id, made_at=clock.now(),
        )
    )  # fmt: skip
    session.flush()


def end_hold(session: Session, hold_id: int, user_id: int) -> int:
    """Let an invoice be reminded of again; returns its id. Raises NotFound, OwnFamily."""
    hold = session.get(InvoiceHold, hold_id)
    if hold is None:
        raise NotFound("hold")
    _locked(session, hold.invoice_id, user_id)
    _end_holds(session, InvoiceHold.id == hold_id, user_id)
    return hold.invoice_id


def give_up(session: Session, invoice_id: int, kind: DebtMoveKind, reason: str, user_id: int) -> int:
    """Write off or transfer all that is due on an invoice; returns how much (cents).

    The family is locked as for its payments. Raises NotFound, OwnFamily, and MoveRefused with what stands against it.
    """
    view = _locked(session, invoice_id, user_id)
    today = clock.today()
    obstacle = move_obstacle(view.balance_cents, view.due_on, today, is_under_way=view.is_under_way)
    if obstacle is not None:
        raise MoveRefused(obstacle)
    _add_move(session, invoice_id, kind, view.balance_cents, reason, user_id)
    return view.balance_cents


def cancel_move(session: Session, move_id: int, reason: str, user_id: int) -> int:
    """Take a write-off or transfer back: the invoice is due again; returns its id.

    Raises NotFound, OwnFamily, and AlreadyDecided where it was taken back before.
    """
    move = session.get(DebtMove, move_id)
    if move is None or move.cancels_id is not None:
        raise NotFound("move")
    view = _locked(session, move.invoice_id, user_id)
    if session.scalar(select(DebtMove.id).where(DebtMove.cancels_id == move_id)) is not None:
        raise AlreadyDecided
    _add_move(session, move.invoice_id, move.kind, move.amount_cents, reason, user_id, cancels_id=move_id)
    take_credit(session, view.office_id, [view.family_id])
    return move.invoice_id


def ask_again(session: Session, invoice_id: int, reason: str, user_id: int) -> tuple[DebtMove, ...]:
    """Take back all that an invoice's office gave up of it, while a credit note pays it; returns what was taken back.

    The caller holds the family and the office, and gives up again what is due still (`give_up_rest()`).
    """
    standing = select(DebtMove).where(
        DebtMove.invoice_id == invoice_id,
        DebtMove.cancels_id.is_(None),
        DebtMove.id.not_in(select(DebtMove.cancels_id).where(DebtMove.cancels_id.is_not(None))),
    )
    moves = tuple(session.scalars(standing.order_by(DebtMove.id)))
    for move in moves:
        _add_move(session, invoice_id, move.kind, move.amount_cents, reason, user_id, cancels_id=move.id)
    return moves


def give_up_rest(session: Session, moves: Iterable[DebtMove], reason: str, user_id: int) -> None:
    """Give up again, in the same ways, what is still due of what was given up once."""
    for move in moves:
        cents = min(move.amount_cents, invoice_view(session, move.invoice_id).balance_cents)
        if cents > 0:
            _add_move(session, move.invoice_id, move.kind, cents, reason, user_id)


def find_move(move_id: int) -> MoveView:
    """A write-off or transfer. Raises NotFound. One query."""
    found = _moves(db.session(), _moves_query().where(DebtMove.id == move_id, DebtMove.cancels_id.is_(None)))
    if not found:
        raise NotFound("move")
    return found[0]


def list_moves(wanted: MoveFilter, page: int) -> Page[MoveView]:
    """Write-offs, transfers and what cancelled them, the latest first. Two queries."""
    condition = _condition(wanted)
    count = select(func.count(DebtMove.id)).join(Invoice, Invoice.id == DebtMove.invoice_id).where(condition)
    place: Page[MoveView] = page_of(page, db.session.scalar(count) or 0)
    rows = _moves_query().where(condition).offset(place.offset).limit(place.size)
    return place.filled(_moves(db.session(), rows))


def all_moves(wanted: MoveFilter) -> tuple[MoveView, ...]:
    """The same without pages, for the accountant's file. One query."""
    return _moves(db.session(), _moves_query().where(_condition(wanted)))


def move_totals(wanted: MoveFilter) -> MoveTotals:
    """What the rows of a list come to. One query."""
    cents = case((DebtMove.cancels_id.is_(None), DebtMove.amount_cents), else_=-DebtMove.amount_cents)
    sums = [func.coalesce(func.sum(case((DebtMove.kind == kind, cents), else_=0)), 0) for kind in DebtMoveKind]
    row = db.session.execute(
        select(*sums).join(Invoice, Invoice.id == DebtMove.invoice_id).where(_condition(wanted))
    ).one()
    by_kind = dict(zip(DebtMoveKind, row, strict=True))
    return MoveTotals(by_kind[DebtMoveKind.WRITE_OFF], by_kind[DebtMoveKind.TRANSFER])


def is_held(today: date) -> ColumnElement[bool]:
    """That a hold keeps its invoice back today."""
    return InvoiceHold.ended_at.is_(None) & or_(InvoiceHold.until.is_(None), InvoiceHold.until >= today)


def _locked(session: Session, invoice_id: int, user_id: int) -> InvoiceView:
    """An invoice whose balance stays until the commit. Raises NotFound, OwnFamily."""
    found = session.execute(select(Invoice.family_id, Invoice.office_id).where(Invoice.id == invoice_id)).first()
    if found is None:
        raise NotFound("invoice")
    family_id, office_id = found
    session.get_one(Family, family_id, with_for_update={"key_share": True})
    session.get_one(Office, office_id, with_for_update=True)  # whose runs let credits pay
    check_not_own(family_id, user_id)
    return invoice_view(session, invoice_id)


def _end_holds(session: Session, condition: ColumnElement[bool], user_id: int) -> None:
    for hold in session.scalars(select(InvoiceHold).where(condition, InvoiceHold.ended_at.is_(None))):
        hold.ended_at, hold.ended_by_id = clock.now(), user_id
    session.flush()


def _add_move(
    session: Session, invoice_id: int, kind: DebtMoveKind, cents: int, reason: str, user_id: int, *,
    cancels_id: int | None = None,
) -> None:  # fmt: skip
    session.add(
        DebtMove(
            invoice_id=invoice_id, kind=kind, amount_cents=cents, reason=reason, recorded_on=clock.today(),
            recorded_at=clock.now(), recorded_by_id=user_id, cancels_id=cancels_id,
        )
    )  # fmt: skip
    session.flush()


def _condition(wanted: MoveFilter) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = true()
    if wanted.office_id is not None:
        condition = condition & (Invoice.office_id == wanted.office_id)
    if wanted.among is not None:
        condition = condition & Invoice.office_id.in_(wanted.among)
    if wanted.kind is not None:
        condition = condition & (DebtMove.kind == wanted.kind)
    if wanted.first is not None:
        condition = condition & (DebtMove.recorded_on >= wanted.first)
    if wanted.last is not None:
        condition = condition & (DebtMove.recorded_on <= wanted.last)
    return condition


_MoveRow = tuple[DebtMove, Invoice, str, Family, str, int]


def _moves_query() -> Select[_MoveRow]:
    cancelling = aliased(DebtMove)
    return (
        select(DebtMove, Invoice, Office.name, Family, User.display_name, cancelling.id)
        .join(Invoice, Invoice.id == DebtMove.invoice_id)
        .join(Office, Office.id == Invoice.office_id)
        .join(Family, Family.id == Invoice.family_id)
        .join(User, User.id == DebtMove.recorded_by_id)
        .outerjoin(cancelling, cancelling.cancels_id == DebtMove.id)
        .order_by(DebtMove.recorded_on.desc(), DebtMove.id.desc())
    )


def _moves(session: Session, query: Select[_MoveRow]) -> tuple[MoveView, ...]:
    return tuple(
        MoveView(
            move.id, invoice.id, invoice.number, office_name, family.id, family.name, move.kind, move.amount_cents,
            move.reason, move.recorded_on, recorded_by, move.cancels_id, cancelled_by is not None,
        )
        for move, invoice, office_name, family, recorded_by, cancelled_by in session.execute(query)
    )  # fmt: skip
