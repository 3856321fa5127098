"""People around a child: who may collect it, and who is called in an emergency, in which order."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.child_files import ChildContact
from app.models.families import Child
from app.rules.changes import Merge, merge
from app.rules.child_files import SectionKind, may_collect_on
from app.rules.texts import fold
from app.services.errors import NotFound
from app.services.notices import tell_staff

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ContactView:
    """A person around a child, in the order of call."""

    id: int
    last_name: str
    first_name: str
    link: str
    phone: str
    other_phone: str | None
    may_collect: bool
    may_be_called: bool
    starts_on: date | None
    ends_on: date | None
    collects_today: bool

    @property
    def full_name(self) -> str:
        """« Odette TEST »."""
        return f"{self.first_name} {self.last_name}"

    def collects_on(self, day: date) -> bool:
        """Whether they may come for the child that day."""
        return may_collect_on(self.may_collect, self.starts_on, self.ends_on, day)

    def values(self) -> Values:
        """The same as text by name of field, as the form compares it."""
        return {
            "last_name": self.last_name,
            "first_name": self.first_name,
            "link": self.link,
            "phone": self.phone,
            "other_phone": self.other_phone or "",
            "may_collect": "yes" if self.may_collect else "no",
            "may_be_called": "yes" if self.may_be_called else "no",
            "starts_on": self.starts_on.isoformat() if self.starts_on else "",
            "ends_on": self.ends_on.isoformat() if self.ends_on else "",
        }


def contacts_of(child_id: int) -> tuple[ContactView, ...]:
    """The people around a child, in the order of call. One query."""
    return tuple(contacts_of_children([child_id])[child_id])


def contacts_of_children(child_ids: Collection[int]) -> Mapping[int, Sequence[ContactView]]:
    """The same for several children, by child. One query."""
    found: defaultdict[int, list[ContactView]] = defaultdict(list)
    for row in db.session.scalars(
        select(ChildContact)
        .where(ChildContact.child_id.in_(child_ids))
        .order_by(ChildContact.position, ChildContact.id)
    ):
        found[row.child_id].append(_view(row))
    return found


def contact_of(child_id: int, contact_id: int) -> ContactView:
    """One of them. Raises NotFound for a person around another child."""
    return _view(_row(db.session(), child_id, contact_id))


def add_contact(session: Session, family_id: int, child_id: int, typed: Values) -> int:
    """Add a person at the end of the order and return its id; the same one sent twice (a double tap) is one."""
    _lock(session, child_id)
    for present in contacts_of(child_id):
        same_name = fold(present.full_name) == fold(f"{typed['first_name']} {typed['last_name']}")
        if same_name and present.phone == typed["phone"]:
            return present.id
    last = session.scalar(select(func.max(ChildContact.position)).where(ChildContact.child_id == child_id))
    row = ChildContact(child_id=child_id, position=(last or 0) + 1)
    _write(row, typed)
    session.add(row)
    session.flush()
    tell_staff(session, family_id, child_id, SectionKind.CONTACTS)
    return row.id


def save_contact(
    session: Session, family_id: int, child_id: int, contact_id: int, shown: Values, typed: Values
) -> Merge:
    """Store what a parent changed; nothing while somebody else's change conflicts. Raises NotFound."""
    _lock(session, child_id)
    row = _row(session, child_id, contact_id)
    stored = _view(row).values()
    merged = merge(shown, typed, stored)
    if merged.changes and not merged.conflicts:
        _write(row, {**stored, **{name: change.after for name, change in merged.changes.items()}})
        tell_staff(session, family_id, child_id, SectionKind.CONTACTS)
    return merged


def remove_contact(session: Session, family_id: int, child_id: int, contact_id: int) -> None:
    """Remove a person: from now on they may neither collect the child nor be called. Raises NotFound."""
    _lock(session, child_id)
    session.delete(_row(session, child_id, contact_id))
    tell_staff(session, family_id, child_id, SectionKind.CONTACTS)


def call_earlier(session: Session, family_id: int, child_id: int, contact_id: int) -> None:
    """Move a person before the one who is called earlier; who is called first stays so. Raises NotFound."""
    _lock(session, child_id)
    wanted = _row(session, child_id, contact_id)
    rows = list(
        session.scalars(
            select(ChildContact)
            .where(ChildContact.child_id == child_id)
            .order_by(ChildContact.position, ChildContact.id)
        )
    )
    place = rows.index(wanted)
    earlier = [row for row in rows[:place] if row.may_be_called]
    if earlier:
        rows.insert(rows.index(earlier[-1]), rows.pop(place))
        tell_staff(session, family_id, child_id, SectionKind.CONTACTS)
    for position, row in enumerate(rows, start=1):
        row.position = position


def _lock(session: Session, child_id: int) -> None:
    session.execute(select(Child.id).where(Child.id == child_id).with_for_update())


def _row(session: Session, child_id: int, contact_id: int) -> ChildContact:
    row = session.scalar(select(ChildContact).where(ChildContact.id == contact_id, ChildContact.child_id == child_id))
    if row is None:
        raise NotFound("contact")
    return row


def _write(row: ChildContact, values: Values) -> None:
    row.last_name = values["last_name"]
    row.first_name = values["first_name"]
    row.link = values["link"]
    row.phone = values["phone"]
    row.other_phone = values["other_phone"] or None
    row.may_collect = values["may_collect"] == "yes"
    row.may_be_called = values["may_be_called"] == "yes"
    row.starts_on = date.fromisoformat(values["starts_on"]) if values["starts_on"] else None
    row.ends_on = date.fromisoformat(values["ends_on"]) if values["ends_on"] else None
    row.changed_at = clock.now()


def _view(row: ChildContact) -> ContactView:
    return ContactView(
        row.id, row.last_name, row.first_name, row.link, row.phone, row.other_phone, row.may_collect,
        row.may_be_called, row.starts_on, row.ends_on,
        may_collect_on(row.may_collect, row.starts_on, row.ends_on, clock.today()),
    )  # fmt: skip
