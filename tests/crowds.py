"""Many more of everything that the pages of a `World` list: for tests of what a page costs, whatever it shows.

    grow(world, 0, 1)        # one more of each: children, activities, bookings, families, and a régie's year of money
    grow(world, 1, 12)       # a second time, a dozen more

What each row is worth is the business of other tests; here there are many, of every kind that a page may hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update

from app import clock
from app.database import db, write_transaction
from app.models.bookings import Opening
from app.models.families import Guardian
from app.models.invoices import Invoice
from app.rules.attendances import Seen, Turnout
from app.rules.capabilities import Role
from app.rules.cash_desks import PaymentMode, ReversalKind
from app.rules.debts import DebtMoveKind, HoldKind
from app.services import attendances, debt_reminders, debts, deposits, payments, refunds, reversals, validated_days
from app.services.attendances import Mark
from app.services.catalogue import catalogue
from app.services.deposits import DepositInput
from app.services.refunds import RefundInput
from tests import factories
from tests.factories import FamilySetup
from tests.routes import World

SEPTEMBER = date(2026, 9, 1)
MISSED = ([date(2026, 11, 17)], [date(2026, 11, 20)])  # by turn; they may be justified still
MODES = (PaymentMode.CASH, PaymentMode.CHEQUE)
_IBAN = "FR7630006000011234567890189"


@dataclass(frozen=True, slots=True)
class Person:
    """A family and a child of it that comes."""

    family: FamilySetup
    child_id: int


def grow(world: World, turn: int, count: int) -> None:
    """So many more of everything that the pages list; each turn but once."""
    agent_id = world.staff[Role.REGISSEUR]
    people = _come(world, turn, count)
    _wait(world, people)
    invoice_ids = _invoice(world, people, agent_id, turn)
    _receive(world, people, agent_id, turn)
    _take_back(invoice_ids, agent_id)
    _dun(count, agent_id, turn)
    _miss(people, turn)
    _attend(world, people, world.staff[Role.ADMINISTRATOR], turn)
    _certify(world, people, agent_id, turn)


def _come(world: World, turn: int, count: int) -> list[Person]:
    planning = world.planning
    for number in range(-(-count // 3)):
        child_id = factories.make_child(planning.family, f"Enfant {turn}-{number}")
        activity = factories.make_activity(f"Atelier {turn}-{number}", prices=((0, None, 300),))
        openings = factories.make_openings(activity, [factories.MONDAY + timedelta(days=d) for d in range(12)])
        for id_ in (child_id, planning.child_id):
            factories.enrol(id_, planning.family, activity)
            later = [id_ for (day, _), id_ in openings.items() if day > factories.WEDNESDAY]
            factories.save(planning.family, id_, book=later)
    people = [Person(planning.family, planning.child_id)]
    for number in range(count):
        family, child_id = factories.add_family(planning, f"VOISIN {turn}-{number}")
        factories.save(family, child_id, book=[planning.opening(factories.WEDNESDAY, "Matin")])
        factories.make_pending_family(f"ATTENTE {turn}-{number}")
        people.append(Person(family, child_id))
    return people


def _wait(world: World, people: list[Person]) -> None:
    """All wait for a morning that is full."""
    full = factories.wednesdays(3)[-1]
    for each in people[1:]:
        factories.join_list(each.family, each.child_id, [world.planning.opening(full, "Matin")])


def _invoice(world: World, people: list[Person], agent_id: int, turn: int) -> list[int]:
    """Days of September that all are invoiced, with an aid for each; their invoices, and more of the world's family."""
    activity, now = world.planning.activity, clock.now()
    openings = factories.make_openings(activity, factories.wednesdays(2, SEPTEMBER + timedelta(days=1 + 14 * turn)))
    for each in people:
        factories.make_aid(each.family, each.child_id, agent_id, percent_hundredths=10_00)
    clock.start_at(datetime(2026, 8, 20, 9), frozen=True)
    for each in people:
        factories.save(each.family, each.child_id, book=list(openings.values()))
    clock.start_at(now, frozen=True)
    invoice_ids = factories.issue(activity, SEPTEMBER, agent_id, date(2026, 10, 1))
    for number in range(len(people)):
        factories.make_invoice(world.planning.family, 1_000 + number, issued_on=date(2026, 1 + number % 9, 2))
    return invoice_ids


def _receive(world: World, people: list[Person], agent_id: int, turn: int) -> None:
    """Money of two modes from each; some of it is reversed, handed in, given back."""
    office_id = catalogue().activities[world.planning.activity.id].office_id

    def take(family: FamilySetup, mode: PaymentMode, cents: int) -> int:
        with write_transaction() as session:
            return payments.record_counter_payment(
                session, office_id=office_id, family_id=family.family_id, mode=mode, amount_cents=cents,
                received_on=factories.MONDAY, reference="", recorded_by=agent_id,
            )  # fmt: skip

    for number, each in enumerate((*people, *people[:1] * (len(people) // 2))):
        for mode in MODES:
            mistaken, unpaid, handed_in = (take(each.family, mode, 700) for _ in range(3))
            take(each.family, mode, 20_000)  # stays in hand
            with write_transaction() as session:
                typed = DepositInput(office_id, mode, None, [unpaid, handed_in], None)
                reversals.reverse_payment(session, mistaken, agent_id, ReversalKind.MISTAKE, "Un essai")
                deposits.hand_in(session, typed, agent_id, f"grow-{turn}-{number}-{mode}")
                reversals.reverse_payment(session, unpaid, agent_id, ReversalKind.UNPAID, "Un essai")
        with write_transaction() as session:
            wanted = RefundInput(200, each.family.name, _IBAN, "Trop payé")
            refunds.refund(
                session, each.family.family_id, office_id, agent_id, wanted, f"grow-{turn}-{number}"
            )  # fmt: skip


def _take_back(invoice_ids: list[int], agent_id: int) -> None:
    """A credit note on each invoice, and something left to correct."""
    for invoice_id in invoice_ids:
        factories.make_credit(invoice_id, agent_id)
        factories.make_correction(invoice_id, agent_id)


def _dun(count: int, agent_id: int, turn: int) -> None:
    """Families that were reminded, by letter and by mail; invoices held back, written off and transferred."""
    for number in range(count):
        family = factories.make_family(f"DETTE {turn}-{number}", "Alix")
        held, left, given, _due = (
            factories.make_invoice(family, 3_000, prefix="AN", payfip_number="000002", issued_on=date(2026, 8, 3))
            for _ in range(4)
        )
        with write_transaction() as session:
            if number % 2 == 0:
                session.execute(update(Guardian).where(Guardian.family_id == family.family_id).values(email=None))
        with write_transaction() as session:
            office_id = session.get_one(Invoice, held).office_id
            debt_reminders.send(session, office_id, 1, [family.family_id], agent_id, f"grow-{turn}-{number}")
            debts.hold_back(session, held, HoldKind.DISPUTE, None, "Contestée", agent_id)
            debts.give_up(session, left, DebtMoveKind.WRITE_OFF, "Irrécouvrable", agent_id)
            debts.give_up(session, given, DebtMoveKind.TRANSFER, "Bordereau", agent_id)
        factories.make_invoice(family, 3_100, prefix="AN", payfip_number="000002", issued_on=date(2026, 8, 3))


def _miss(people: list[Person], turn: int) -> None:
    """Days that were cancelled too late, each with a certificate that waits for the staff."""
    for each in people:
        activity = factories.make_activity(f"Escalade {turn} de {each.child_id}")
        factories.enrol(each.child_id, each.family, activity)
        factories.justify(each.family, factories.miss(each.family, each.child_id, activity, MISSED[turn]))


def _attend(world: World, people: list[Person], agent_id: int, turn: int) -> None:
    """Today all are there, unbooked; so they were on a day of October, which was validated."""
    activity = world.planning.activity
    today = select(Opening.id).where(Opening.group_id == activity.group_id, Opening.day == clock.today())
    here = list(db.session.scalars(today)) or list(factories.make_openings(activity, [clock.today()]).values())
    past = date(2026, 10, 27 + turn)
    then = list(factories.make_openings(activity, [past]).values())
    marks = [
        Mark(f"grow-{each.child_id}-{opening_id}", each.child_id, opening_id, Seen(Turnout.PRESENT))
        for each in people
        for opening_id in (*then, *here)
    ]
    with write_transaction() as session:
        attendances.record_all(session, agent_id, marks)
        validated_days.validate_day(session, agent_id, activity.group_id, past, Turnout.PRESENT)


def _certify(world: World, people: list[Person], agent_id: int, turn: int) -> None:
    """A tax certificate of each family, and of a year before for the world's own."""
    office_id = catalogue().activities[world.planning.activity.id].office_id
    for each in people[1:]:
        factories.make_certificate(each.family, each.child_id, office_id, agent_id)
    factories.make_certificate(people[0].family, people[0].child_id, office_id, agent_id, 2024 - turn)
