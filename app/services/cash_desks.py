"""What the staff set for the régie of an office: modes that it takes, ceiling, float and minimum, who keeps it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.database import db
from app.models.activities import Office
from app.models.cash_desks import CashDesk, CashKeeper, OfficeMode
from app.rules.cash_desks import COUNTER_MODES, USUAL_DAYS_TO_PAY, USUAL_MODES, Keeper, PaymentMode, keepers_on
from app.services.errors import NotFound


@dataclass(frozen=True, slots=True)
class ModeSetting:
    """A mode of an office: whether it is taken, and what is said beside it."""

    mode: PaymentMode
    is_taken: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """All that is set for a régie. Money in cents; no ceiling and no minimum are None."""

    modes: tuple[ModeSetting, ...]  # all that the counter knows, in its order
    ceiling_cents: int | None
    float_cents: int
    minimum_cents: int | None = None  # the least that an invoice of a run asks
    days_to_pay: int = USUAL_DAYS_TO_PAY  # from the date of an invoice on


@dataclass(frozen=True, slots=True)
class KeeperRow(Keeper):
    """Somebody who is named for the régie of an office."""

    id: int
    office_id: int


def taken_modes(session: Session, office_id: int) -> tuple[ModeSetting, ...]:
    """The modes that an office takes at the counter, in the order of the form. One query."""
    return tuple(each for each in _modes(session, [office_id])[office_id] if each.is_taken)


def read_desk(office_id: int) -> DeskSettings:
    """What is set for a régie. Raises NotFound. Three queries."""
    session = db.session()
    if session.get(Office, office_id) is None:
        raise NotFound("office")
    desk = session.get(CashDesk, office_id)
    return DeskSettings(
        modes=_modes(session, [office_id])[office_id],
        ceiling_cents=None if desk is None else desk.ceiling_cents,
        float_cents=0 if desk is None else desk.float_cents,
        minimum_cents=None if desk is None else desk.minimum_cents,
        days_to_pay=USUAL_DAYS_TO_PAY if desk is None else desk.days_to_pay,
    )


def minimum_of(session: Session, office_id: int) -> int | None:
    """The least that an invoice of a run of this office asks (cents); None: there is none. One query."""
    return session.scalar(select(CashDesk.minimum_cents).where(CashDesk.office_id == office_id))


def last_day_to_pay(session: Session, office_id: int, invoice_date: date) -> date:
    """Until when an invoice of an office with this date is to be paid, unless its run says otherwise. One query."""
    days = session.scalar(select(CashDesk.days_to_pay).where(CashDesk.office_id == office_id))
    return invoice_date + timedelta(days=USUAL_DAYS_TO_PAY if days is None else days)


def save_desk(session: Session, office_id: int, typed: DeskSettings) -> None:
    """Store what is set for a régie. Raises NotFound."""
    if session.get(Office, office_id, with_for_update=True) is None:
        raise NotFound("office")
    desk = session.get(CashDesk, office_id) or CashDesk(office_id=office_id)
    desk.ceiling_cents, desk.float_cents = typed.ceiling_cents, typed.float_cents
    desk.minimum_cents, desk.days_to_pay = typed.minimum_cents, typed.days_to_pay
    session.add(desk)
    for each in typed.modes:
        row = session.get(OfficeMode, (office_id, each.mode)) or OfficeMode(office_id=office_id, mode=each.mode)
        row.is_taken, row.note = each.is_taken, each.note
        session.add(row)
    session.flush()


def keepers_of(session: Session, office_id: int) -> tuple[KeeperRow, ...]:
    """Who is or was named for a régie, in the order of their first days. One query."""
    rows = session.scalars(
        select(CashKeeper).where(CashKeeper.office_id == office_id).order_by(CashKeeper.starts_on, CashKeeper.id)
    )
    return tuple(_keeper(row) for row in rows)


def named_on(session: Session, office_id: int, day: date) -> tuple[Keeper, ...]:
    """Who was named for a régie on a day, the régisseur first. One query."""
    return keepers_on(keepers_of(session, office_id), day)


def find_keeper(keeper_id: int) -> KeeperRow:
    """Somebody who is named. Raises NotFound."""
    row = db.session.get(CashKeeper, keeper_id)
    if row is None:
        raise NotFound("keeper")
    return _keeper(row)


def save_keeper(session: Session, keeper_id: int | None, office_id: int, typed: Keeper) -> int:
    """Name somebody for the régie of an office, or change what was said of them; returns the id. Raises NotFound.

    Slips that were made keep who was named then.
    """
    row = CashKeeper(office_id=office_id) if keeper_id is None else session.get(CashKeeper, keeper_id)
    if row is None or session.get(Office, row.office_id) is None:
        raise NotFound("keeper or office")
    row.name, row.role, row.starts_on, row.ends_on = typed.name, typed.role, typed.starts_on, typed.ends_on
    session.add(row)
    session.flush()
    return row.id


def delete_keeper(session: Session, keeper_id: int) -> None:
    """Take somebody off who was named by mistake. Raises NotFound."""
    row = session.get(CashKeeper, keeper_id)
    if row is None:
        raise NotFound("keeper")
    session.delete(row)


def _modes(session: Session, office_ids: Collection[int]) -> Mapping[int, tuple[ModeSetting, ...]]:
    rows = {
        (row.office_id, row.mode): row
        for row in session.scalars(select(OfficeMode).where(OfficeMode.office_id.in_(office_ids)))
    }
    found = {}
    for office_id in office_ids:
        of_office = []
        for mode in COUNTER_MODES:
            row = rows.get((office_id, mode))
            is_taken, note = (mode in USUAL_MODES, "") if row is None else (row.is_taken, row.note)
            of_office.append(ModeSetting(mode, is_taken, note))
        found[office_id] = tuple(of_office)
    return found


def _keeper(row: CashKeeper) -> KeeperRow:
    return KeeperRow(row.name, row.role, row.starts_on, row.ends_on, row.id, row.office_id)
