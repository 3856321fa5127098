"""Reminders of what is not paid, in three levels: how each office reminds, who would get what, and the sending.

Who is reminded of what is `rules.debts`; the lists find its families in the database, and each sending asks the rule
again, under the lock of the families.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, Subquery, exists, func, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.accounts import User
from app.models.activities import Office
from app.models.debts import InvoiceHold, InvoiceReminder, ReminderLetter, ReminderRun, ReminderSettings
from app.models.direct_debits import DebitLine
from app.models.families import Family
from app.models.invoices import Invoice
from app.models.payments import BasketInvoice, PaymentBasket
from app.rules.baskets import LIVE_FOR, BasketState
from app.rules.debts import LAST_LEVEL, Debt, HoldKind, ReminderRule, due_reminders
from app.services.debit_terms import open_lines
from app.services.debts import is_held
from app.services.errors import NotFound
from app.services.families import emails_of_families
from app.services.household_credits import money_kept
from app.services.invoices import InvoiceView, balance_in_sql, open_views
from app.services.mails import queue_mail
from app.services.offices import of_offices
from app.services.pages import Page, page_of

LEVELS = tuple(range(1, LAST_LEVEL + 1))
FAMILIES_PER_PAGE = 50
"""As many as one sending may take: nobody sends what they have not seen."""


def mail_of_level(level: int) -> str:
    """The kind of mail, and of letter, of a level."""
    return f"payment_reminder_{level}"


@dataclass(frozen=True, slots=True)
class ReminderLine:
    """An invoice that a mail or letter names."""

    number: str
    issued_on: date
    due_on: date
    balance_cents: int


@dataclass(frozen=True, slots=True)
class FamilyToRemind:
    """A family and the invoices that a level would remind it of; without an e-mail address it gets a letter."""

    family_id: int
    name: str
    lines: tuple[ReminderLine, ...]
    emails: tuple[str, ...]

    @property
    def total_cents(self) -> int:
        """What all of them come to."""
        return sum(line.balance_cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class RunRow:
    """A sending."""

    id: int
    office_name: str
    level: int
    sent_at: datetime
    sent_by: str
    family_count: int
    letter_count: int
    letters_made: int
    total_cents: int


@dataclass(frozen=True, slots=True)
class RunFamily:
    """A family of a sending, with what it was reminded of."""

    family_id: int
    name: str
    lines: tuple[ReminderLine, ...]
    letter_id: int | None
    has_letter: bool

    @property
    def total_cents(self) -> int:
        """What it was asked for."""
        return sum(line.balance_cents for line in self.lines)


# --- how an office reminds ------------------------------------------------------------------------------------------


def rule_of(session: Session, office_id: int) -> ReminderRule:
    """How an office reminds. One query."""
    row = session.get(ReminderSettings, office_id)
    if row is None:
        return ReminderRule()
    return ReminderRule(row.is_on, (row.first_days, row.second_days, row.third_days), row.minimum_cents)


def save_rule(session: Session, office_id: int, rule: ReminderRule, user_id: int) -> None:
    """Keep how an office reminds. Raises NotFound."""
    if session.get(Office, office_id) is None:
        raise NotFound("office")
    first, second, third = rule.days
    session.merge(
        ReminderSettings(
            office_id=office_id, is_on=rule.is_on, first_days=first, second_days=second, third_days=third,
            minimum_cents=rule.minimum_cents, changed_at=clock.now(), changed_by_id=user_id,
        )
    )  # fmt: skip
    session.flush()


# --- who would get what ---------------------------------------------------------------------------------------------


def count_due(office_id: int) -> Mapping[int, int]:
    """How many families each level would remind today. Four queries."""
    session = db.session()
    rule = rule_of(session, office_id)
    if not rule.is_on:
        return dict.fromkeys(LEVELS, 0)
    return {
        level: session.scalar(select(func.count()).select_from(_families(office_id, level, rule).subquery())) or 0
        for level in LEVELS
    }


def office_with_debts(office_ids: Sequence[int]) -> int | None:
    """The first of some offices that has an unpaid invoice past its date; None: there is none. One query."""
    late = exists().where(Invoice.office_id == Office.id, Invoice.due_on < clock.today(), balance_in_sql() > 0)
    found = set(db.session.scalars(select(Office.id).where(Office.id.in_(office_ids), late)))
    return next((office_id for office_id in office_ids if office_id in found), None)


def families_to_remind(office_id: int, level: int, page: int) -> Page[FamilyToRemind]:
    """Whom a level would remind today, by name. Nine queries."""
    session = db.session()
    rule = rule_of(session, office_id)
    if not rule.is_on:
        return page_of(1, 0, FAMILIES_PER_PAGE)
    found = _families(office_id, level, rule).subquery()
    total = session.scalar(select(func.count()).select_from(found)) or 0
    place: Page[FamilyToRemind] = page_of(page, total, FAMILIES_PER_PAGE)
    families = session.scalars(
        select(Family)
        .join(found, found.c.family_id == Family.id)
        .order_by(Family.folded_name, Family.id)
        .offset(place.offset)
        .limit(place.size)
    ).all()
    due = _due_of(session, office_id, level, rule, [family.id for family in families])
    emails = emails_of_families(session, due.keys())
    return place.filled(
        tuple(
            FamilyToRemind(family.id, family.name, _lines(due[family.id]), emails[family.id])
            for family in families
            if family.id in due
        )
    )


def send(
    session: Session, office_id: int, level: int, family_ids: Collection[int], user_id: int, form_key: str
) -> int | None:
    """Remind those of some families whom the level still reminds, by mail or with a letter to print; the run's id.

    None where there is nobody left. The same `form_key` again answers the run that it made. Raises NotFound.
    """
    done = session.scalar(select(ReminderRun.id).where(ReminderRun.form_key == form_key))
    if done is not None:
        return done
    if session.get(Office, office_id) is None or level not in LEVELS:
        raise NotFound("office or level")
    ids = sorted(set(family_ids))[:FAMILIES_PER_PAGE]
    locked = select(Family).where(Family.id.in_(ids)).order_by(Family.id).with_for_update(key_share=True)
    families = {family.id: family for family in session.scalars(locked)}
    due = _due_of(session, office_id, level, rule_of(session, office_id), families)
    if not due:
        return None
    run = ReminderRun(office_id=office_id, level=level, sent_at=clock.now(), sent_by_id=user_id, form_key=form_key)
    session.add(run)
    session.flush()
    emails_of = emails_of_families(session, due.keys())
    for family_id, views in due.items():
        emails = emails_of[family_id]
        letter = None if emails else ReminderLetter(run_id=run.id, family_id=family_id)
        if letter is not None:
            session.add(letter)
            session.flush()
        session.add_all(
            InvoiceReminder(
                run_id=run.id, family_id=family_id, invoice_id=view.id, level=level, balance_cents=view.balance_cents,
                letter_id=None if letter is None else letter.id, sent_on=clock.today(),
            )
            for view in views
        )  # fmt: skip
        for email in emails:
            queue_mail(
                session, mail_of_level(level), email, family_id=family_id, family=families[family_id],
                office_name=views[0].office_name, lines=_lines(views),
            )  # fmt: skip
    session.flush()
    return run.id


# --- what was sent --------------------------------------------------------------------------------------------------


def list_runs(page: int, office_ids: Collection[int] | None = None) -> Page[RunRow]:
    """The sendings of all offices, or of some, the latest first. Two queries."""
    condition = of_offices(ReminderRun.office_id, office_ids)
    total = db.session.scalar(select(func.count(ReminderRun.id)).where(condition)) or 0
    place: Page[RunRow] = page_of(page, total)
    rows = db.session.execute(
        _runs().where(condition).order_by(ReminderRun.id.desc()).offset(place.offset).limit(place.size)
    )
    return place.filled(tuple(RunRow(*row) for row in rows))


def read_run(run_id: int) -> tuple[RunRow, tuple[RunFamily, ...]]:
    """A sending and its families, those with a letter first. Raises NotFound. Two queries."""
    row = db.session.execute(_runs().where(ReminderRun.id == run_id)).first()
    if row is None:
        raise NotFound("run")
    rows = db.session.execute(
        select(InvoiceReminder, Invoice, Family, ReminderLetter.path.is_not(None))
        .join(Invoice, Invoice.id == InvoiceReminder.invoice_id)
        .join(Family, Family.id == InvoiceReminder.family_id)
        .outerjoin(ReminderLetter, ReminderLetter.id == InvoiceReminder.letter_id)
        .where(InvoiceReminder.run_id == run_id)
        .order_by(InvoiceReminder.letter_id.is_(None), Family.folded_name, Family.id, Invoice.due_on, Invoice.id)
    )
    families: dict[int, RunFamily] = {}
    for reminder, invoice, family, has_letter in rows:
        line = ReminderLine(invoice.number, invoice.issued_on, invoice.due_on, reminder.balance_cents)
        known = families.get(family.id)
        lines = (line,) if known is None else (*known.lines, line)
        families[family.id] = RunFamily(family.id, family.name, lines, reminder.letter_id, bool(has_letter))
    return RunRow(*row), tuple(families.values())


def letter_paths(run_id: int) -> tuple[str, ...]:
    """Where the letters of a sending lie that are made, by family. One query."""
    rows = db.session.scalars(
        select(ReminderLetter.path)
        .join(Family, Family.id == ReminderLetter.family_id)
        .where(ReminderLetter.run_id == run_id, ReminderLetter.path.is_not(None))
        .order_by(Family.folded_name, Family.id)
    )
    return tuple(path for path in rows if path is not None)


def path_of_letter(letter_id: int) -> str | None:
    """Where a letter lies; None while it is not made, or any more. Raises NotFound."""
    row = db.session.execute(select(ReminderLetter.path).where(ReminderLetter.id == letter_id)).first()
    if row is None:
        raise NotFound("letter")
    path: str | None = row[0]
    return path


def _runs() -> Select[tuple[int, str, int, datetime, str, int, int, int, int]]:
    of_run = InvoiceReminder.run_id == ReminderRun.id
    letters = select(func.count(ReminderLetter.id)).where(ReminderLetter.run_id == ReminderRun.id)
    return (
        select(
            ReminderRun.id, Office.name, ReminderRun.level, ReminderRun.sent_at, User.display_name,
            select(func.count(InvoiceReminder.family_id.distinct())).where(of_run).scalar_subquery(),
            letters.scalar_subquery(), letters.where(ReminderLetter.path.is_not(None)).scalar_subquery(),
            select(func.coalesce(func.sum(InvoiceReminder.balance_cents), 0)).where(of_run).scalar_subquery(),
        )
        .join(Office, Office.id == ReminderRun.office_id)
        .join(User, User.id == ReminderRun.sent_by_id)
    )  # fmt: skip


# --- the facts of the rule ------------------------------------------------------------------------------------------


def _families(office_id: int, level: int, rule: ReminderRule) -> Select[tuple[int, int]]:
    """The families whom a level reminds, as the rule says, in SQL: what a list counts and pages."""
    today = clock.today()
    last = last_reminders()
    kept = _kept(office_id)
    balance = balance_in_sql()
    total = func.sum(balance)
    held = exists().where(InvoiceHold.invoice_id == Invoice.id, is_held(today))
    paying = exists().where(BasketInvoice.invoice_id == Invoice.id, BasketInvoice.basket_id.in_(_live_baskets()))
    return (
        select(Invoice.family_id, total.label("due"))
        .outerjoin(last, last.c.invoice_id == Invoice.id)
        .outerjoin(kept, kept.c.family_id == Invoice.family_id)
        .where(
            Invoice.office_id == office_id,
            Invoice.due_on <= today - timedelta(days=rule.days[level - 1]),
            func.coalesce(last.c.level, 0) == level - 1,
            or_(last.c.sent_on.is_(None), last.c.sent_on <= today - rule.rest_before(level)),
            balance > 0,
            ~held,
            ~paying,
            Invoice.id.not_in(open_lines().with_only_columns(DebitLine.invoice_id)),
        )
        .group_by(Invoice.family_id)
        .having(total - func.coalesce(func.max(kept.c.cents), 0) >= max(rule.minimum_cents, 1))
    )


def _due_of(
    session: Session, office_id: int, level: int, rule: ReminderRule, family_ids: Collection[int]
) -> Mapping[int, tuple[InvoiceView, ...]]:
    """What the rule reminds some families of at a level, in the order of the families. Four queries."""
    today = clock.today()
    views = {view.id: view for view in open_views(session, office_id, family_ids)}
    last = last_reminders()
    reminded = {
        row.invoice_id: (row.level, row.sent_on)
        for row in session.execute(select(last).where(last.c.invoice_id.in_(views)))
    }
    holds = {
        hold.invoice_id: hold
        for hold in session.scalars(select(InvoiceHold).where(InvoiceHold.invoice_id.in_(views), is_held(today)))
    }
    kept = _kept(office_id)
    credits = dict(session.execute(select(kept).where(kept.c.family_id.in_(family_ids))).tuples().all())
    debts: defaultdict[int, list[Debt]] = defaultdict(list)
    for view in views.values():
        last_level, sent_on = reminded.get(view.id, (0, None))
        hold = holds.get(view.id)
        debts[view.family_id].append(
            Debt(
                view.id, view.due_on, view.balance_cents, last_level, sent_on,
                is_disputed=hold is not None and hold.kind is HoldKind.DISPUTE,
                held_until=None if hold is None else hold.until, is_under_way=view.is_under_way,
            )
        )  # fmt: skip
    found = {}
    for family_id in family_ids:
        due = due_reminders(rule, debts[family_id], credits.get(family_id, 0), today).get(level)
        if due:
            found[family_id] = tuple(views[debt.invoice_id] for debt in due)
    return found


def last_reminders() -> Subquery:
    """The last level of each invoice that was reminded of."""
    return (
        select(
            InvoiceReminder.invoice_id, func.max(InvoiceReminder.level).label("level"),
            func.max(InvoiceReminder.sent_on).label("sent_on"),
        )
        .group_by(InvoiceReminder.invoice_id)
        .subquery()
    )  # fmt: skip


def _kept(office_id: int) -> Subquery:
    """What an office still has of families' money."""
    kept = money_kept()
    cents = func.sum(kept.c.left_cents).label("cents")
    return select(kept.c.family_id, cents).where(kept.c.office_id == office_id).group_by(kept.c.family_id).subquery()


def _live_baskets() -> Select[tuple[int]]:
    return select(PaymentBasket.id).where(
        PaymentBasket.state.in_([BasketState.CREATED, BasketState.ASKED]),
        PaymentBasket.created_at > clock.now() - LIVE_FOR,
    )


def _lines(views: Sequence[InvoiceView]) -> tuple[ReminderLine, ...]:
    return tuple(ReminderLine(view.number, view.issued_on, view.due_on, view.balance_cents) for view in views)
