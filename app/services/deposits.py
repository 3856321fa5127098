"""What is in hand at a régie, and its deposits (« versements »): money of one mode, handed in with a numbered slip.

In hand is what was received and not handed in. A payment that is reversed before leaves the till; one that is reversed
after stays on its slip, and is taken off the next one. So receipts less reversals are always deposits and what is in
hand.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from app import clock
from app.database import db
from app.models.accounts import User
from app.models.activities import Office
from app.models.cash_desks import CashDesk, Deposit, DepositItem, JournalLine, PaymentReversal
from app.models.families import Family
from app.models.payments import Payment
from app.rules.cash_desks import IN_HAND_MODES, Ceiling, KeeperRole, PaymentMode, ceiling_state
from app.rules.numbers import DocumentKind
from app.services.cash_desks import named_on
from app.services.documents import next_number
from app.services.errors import NotFound, NothingToHandIn
from app.services.journals import lock_office, write_deposit
from app.services.offices import OfficeView
from app.services.pages import Page, page_of

TICKED_AT_MOST = 100  # payments on one page of the form

Held = dict[tuple[int, PaymentMode], int]
_Paid, _TakenOff = aliased(DepositItem), aliased(DepositItem)


@dataclass(frozen=True, slots=True)
class InHand:
    """A payment that lies in the till; or one that was handed in and reversed since, whose amount is below 0."""

    payment_id: int
    receipt_number: str
    received_on: date
    family_name: str
    amount_cents: int
    reference: str
    bank: str
    drawer: str
    voucher_count: int | None

    @property
    def is_reversed(self) -> bool:
        """Whether it is taken off: it was handed in, and reversed since."""
        return self.amount_cents < 0


@dataclass(frozen=True, slots=True)
class DepositInput:
    """What is to be handed in: all that was received up to a day (None: all), or of it some payments, and its total."""

    office_id: int
    mode: PaymentMode
    until: date | None
    payment_ids: Collection[int] | None
    total_cents: int | None  # that the agent saw; None where each payment was chosen


@dataclass(frozen=True, slots=True)
class Choice:
    """A page of what is in hand of a mode, to choose what is handed in of it; amounts in cents."""

    items: Page[InHand]
    total_cents: int  # of all pages
    ticked: frozenset[int]  # payments, on whichever page
    elsewhere: tuple[int, ...]  # those of them that stand on other pages
    elsewhere_cents: int
    gone_count: int  # that were ticked, and are not in hand any more


@dataclass(frozen=True, slots=True)
class DepositRow:
    """A deposit in the list."""

    id: int
    number: str
    office_id: int
    office_name: str
    mode: PaymentMode
    total_cents: int
    made_at: datetime
    made_by: str
    keeper_name: str  # the régisseur named on that day; may be empty
    item_count: int


@dataclass(frozen=True, slots=True)
class DepositFile:
    """A deposit with all that its slip lists."""

    row: DepositRow
    items: tuple[InHand, ...]


@dataclass(frozen=True, slots=True)
class FullTill:
    """A régie whose cash comes near its ceiling, or is over it. Cents."""

    office: OfficeView
    state: Ceiling
    cash_cents: int
    ceiling_cents: int


def full_tills(session: Session, offices: Sequence[OfficeView]) -> tuple[FullTill, ...]:
    """The régies of these offices to be emptied, in their order. Two queries, one where none has a ceiling."""
    ids = [office.id for office in offices]
    desks = select(CashDesk.office_id, CashDesk.ceiling_cents)
    rows = session.execute(desks.where(CashDesk.office_id.in_(ids), CashDesk.ceiling_cents.is_not(None)))
    ceilings: dict[int, int | None] = {row.office_id: row.ceiling_cents for row in rows}
    held = cents_in_hand(session, ceilings) if ceilings else {}
    found = []
    for office in offices:
        ceiling_cents, cash_cents = ceilings.get(office.id), held.get((office.id, PaymentMode.CASH), 0)
        state = ceiling_state(cash_cents, ceiling_cents)
        if ceiling_cents is not None and state in (Ceiling.NEAR, Ceiling.OVER):
            found.append(FullTill(office, state, cash_cents, ceiling_cents))
    return tuple(found)


def cents_in_hand(session: Session, office_ids: Collection[int], before: date | None = None) -> Held:
    """What is in hand, by office and mode, in cents; as the journal says, `before` a day or now. One query."""
    statement = (
        select(JournalLine.office_id, JournalLine.mode, func.sum(JournalLine.amount_cents))
        .where(JournalLine.office_id.in_(office_ids), JournalLine.mode.in_(IN_HAND_MODES))
        .group_by(JournalLine.office_id, JournalLine.mode)
    )
    if before is not None:
        statement = statement.where(JournalLine.day < before)
    return {(office_id, mode): cents for office_id, mode, cents in session.execute(statement)}


def items_in_hand(session: Session, office_id: int, mode: PaymentMode, until: date | None = None) -> Sequence[InHand]:
    """What of a mode is in hand, the oldest first; only what was received up to a day. One query."""
    rows = session.execute(_in_hand(office_id, mode, until)).all()
    return [_item(row[0], row[1], row[2], is_reversed=row[3] is not None) for row in rows]


def page_in_hand(
    office_id: int, mode: PaymentMode, until: date, page: int, ticked: Collection[int] = frozenset()
) -> Choice:
    """A page of the same, with what was ticked so far. Two queries, three where something is."""
    wanted = _in_hand(office_id, mode, until)
    signed_cents = case((PaymentReversal.payment_id.is_(None), Payment.amount_cents), else_=-Payment.amount_cents)
    sums = wanted.with_only_columns(func.count(), func.coalesce(func.sum(signed_cents), 0), maintain_column_froms=True)
    count, cents = db.session.execute(sums.order_by(None)).one()
    place: Page[InHand] = page_of(page, count, TICKED_AT_MOST)
    rows = db.session.execute(wanted.offset(place.offset).limit(place.size))
    items = place.filled(tuple(_item(row[0], row[1], row[2], is_reversed=row[3] is not None) for row in rows))
    present: dict[int, int] = {}
    if ticked:
        amounts = wanted.with_only_columns(Payment.id, signed_cents, maintain_column_froms=True)
        present = {id_: each for id_, each in db.session.execute(amounts) if id_ in ticked}
    elsewhere = {id_: each for id_, each in present.items() if id_ not in {item.payment_id for item in items.rows}}
    return Choice(
        items, cents, frozenset(present), tuple(elsewhere), sum(elsewhere.values()), len(ticked) - len(present)
    )


def _in_hand(office_id: int, mode: PaymentMode, until: date | None) -> Select[Any]:
    return (
        _items()
        .outerjoin(_Paid, _Paid.payment_id == Payment.id)
        .outerjoin(_TakenOff, _TakenOff.reversed_id == Payment.id)
        .where(
            Payment.office_id == office_id, Payment.mode == mode,
            # In the till; or handed in, reversed since, and on no slip for that yet.
            or_(
                and_(_Paid.id.is_(None), PaymentReversal.payment_id.is_(None)),
                and_(_Paid.id.is_not(None), PaymentReversal.payment_id.is_not(None), _TakenOff.id.is_(None)),
            ),
            *(() if until is None else (Payment.received_on <= until,)),
        )
    )  # fmt: skip


def hand_in(session: Session, typed: DepositInput, user_id: int, form_key: str) -> int:
    """Hand in what is in hand of a mode, and return the deposit's id; the same form a second time hands in nothing.

    Raises NotFound, and NothingToHandIn where that is not what is in hand any more, or comes to less than nothing.
    """
    if session.get(Office, typed.office_id) is None:
        raise NotFound("office")
    lock_office(session, typed.office_id)
    made = session.scalar(select(Deposit.id).where(Deposit.form_key == form_key, Deposit.office_id == typed.office_id))
    if made is not None:
        return made
    items = items_in_hand(session, typed.office_id, typed.mode, typed.until)
    if typed.payment_ids is not None:
        items = [each for each in items if each.payment_id in typed.payment_ids]
        if {each.payment_id for each in items} != set(typed.payment_ids):
            raise NothingToHandIn
    total_cents = sum(each.amount_cents for each in items)
    if not items or total_cents < 0 or typed.total_cents not in (None, total_cents):
        raise NothingToHandIn
    named = named_on(session, typed.office_id, clock.today())
    row = Deposit(
        number=next_number(session, typed.office_id, DocumentKind.DEPOSIT, clock.today()),
        office_id=typed.office_id,
        mode=typed.mode,
        total_cents=total_cents,
        made_at=clock.now(),
        made_by_id=user_id,
        keeper_name=", ".join(each.name for each in named if each.role is KeeperRole.KEEPER),
        form_key=form_key,
    )
    session.add(row)
    session.flush()
    session.add_all(
        DepositItem(
            deposit_id=row.id,
            payment_id=None if each.is_reversed else each.payment_id,
            reversed_id=each.payment_id if each.is_reversed else None,
            amount_cents=each.amount_cents,
        )
        for each in items
    )
    write_deposit(session, row)
    return row.id


def list_deposits(page: int, office_ids: Collection[int]) -> Page[DepositRow]:
    """The deposits of some offices, latest first. Two queries."""
    condition = Deposit.office_id.in_(office_ids)
    place: Page[DepositRow] = page_of(page, db.session.scalar(select(func.count(Deposit.id)).where(condition)) or 0)
    return place.filled(_rows(condition, place.offset, place.size))


def read_deposit(deposit_id: int, office_ids: Collection[int]) -> DepositFile:
    """A deposit of one of some offices, with what its slip lists. Raises NotFound. Two queries."""
    row = _deposit(deposit_id, office_ids)
    return DepositFile(row, _listed(_items_of(deposit_id)))


def page_of_deposit(deposit_id: int, office_ids: Collection[int], page: int) -> tuple[DepositRow, Page[InHand]]:
    """A deposit of one of some offices, with a page of what its slip lists. Raises NotFound. Two queries."""
    row = _deposit(deposit_id, office_ids)
    place: Page[InHand] = page_of(page, row.item_count)
    return row, place.filled(_listed(_items_of(deposit_id).offset(place.offset).limit(place.size)))


def _deposit(deposit_id: int, office_ids: Collection[int]) -> DepositRow:
    rows = _rows((Deposit.id == deposit_id) & Deposit.office_id.in_(office_ids), 0, 1)
    if not rows:
        raise NotFound("deposit")
    return rows[0]


def _items_of(deposit_id: int) -> Select[Any]:
    return (
        _items()
        .join(DepositItem, (DepositItem.payment_id == Payment.id) | (DepositItem.reversed_id == Payment.id))
        .where(DepositItem.deposit_id == deposit_id)
        .add_columns(DepositItem.reversed_id)
    )


def _listed(items: Select[Any]) -> tuple[InHand, ...]:
    found = db.session.execute(items)
    return tuple(_item(row[0], row[1], row[2], is_reversed=row[4] is not None) for row in found)


def _items() -> Select[Any]:
    return (
        select(Payment, Family.last_name, Family.first_name, PaymentReversal.payment_id)
        .join(Family, Family.id == Payment.family_id)
        .outerjoin(PaymentReversal, PaymentReversal.payment_id == Payment.id)
        .order_by(Payment.received_on, Payment.id)
    )


def _item(payment: Payment, last: str, first: str, *, is_reversed: bool) -> InHand:
    return InHand(
        payment_id=payment.id,
        receipt_number=payment.receipt_number,
        received_on=payment.received_on,
        family_name=f"{last} {first}",
        amount_cents=-payment.amount_cents if is_reversed else payment.amount_cents,
        reference=payment.reference,
        bank=payment.bank,
        drawer=payment.drawer,
        voucher_count=payment.voucher_count,
    )


def _rows(condition: ColumnElement[bool], offset: int, limit: int) -> tuple[DepositRow, ...]:
    count = select(func.count(DepositItem.id)).where(DepositItem.deposit_id == Deposit.id)
    rows = db.session.execute(
        select(Deposit, Office.name, User.display_name, count.correlate(Deposit).scalar_subquery())
        .join(Office, Office.id == Deposit.office_id)
        .join(User, User.id == Deposit.made_by_id)
        .where(condition)
        .order_by(Deposit.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return tuple(
        DepositRow(
            row.id,
            row.number,
            row.office_id,
            office,
            row.mode,
            row.total_cents,
            row.made_at,
            made_by,
            row.keeper_name,
            item_count,
        )
        for row, office, made_by, item_count in rows
    )
