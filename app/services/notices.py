"""What parents changed that matters for a child's safety: it holds at once, and the staff are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.child_files import SafetyNotice
from app.models.families import Child, Family
from app.rules.child_files import SectionKind
from app.services.pages import Page, page_of
from app.services.staff_scopes import EVERYWHERE, StaffScope


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A change that nobody of the staff has seen yet."""

    id: int
    child_id: int
    child_name: str
    family_id: int
    family_name: str
    kind: SectionKind
    changed_at: datetime

    @property
    def token(self) -> str:
        """What a form says of the notice that it shows: see `read_token`."""
        return f"{self.id} {self.changed_at.isoformat()}"


def read_token(token: str) -> tuple[int, datetime] | None:
    """The notice and its moment; None for what no form of ours sends."""
    number, _, moment = token.partition(" ")
    try:
        found = int(number), datetime.fromisoformat(moment)
    except ValueError:
        return None
    return found if 0 < found[0] < 2**31 and found[1].tzinfo is not None else None


def tell_staff(session: Session, family_id: int, child_id: int, kind: SectionKind) -> None:
    """Tell of a change; several of one section that nobody has seen yet are one notice."""
    waiting = session.scalar(
        select(SafetyNotice).where(
            SafetyNotice.child_id == child_id,
            SafetyNotice.kind == kind,
            SafetyNotice.family_id == family_id,
            SafetyNotice.seen_at.is_(None),
        )
    )
    if waiting is None:
        session.add(SafetyNotice(family_id=family_id, child_id=child_id, kind=kind))
    else:
        waiting.changed_at = clock.now()


def count_unseen(reach: StaffScope = EVERYWHERE) -> int:
    """How many changes within reach wait to be seen."""
    return db.session.scalar(select(func.count(SafetyNotice.id)).where(_is_unseen(reach))) or 0


def list_unseen(page: int, reach: StaffScope = EVERYWHERE) -> Page[NoticeView]:
    """The changes within reach that wait to be seen, oldest first. Two queries."""
    place: Page[NoticeView] = page_of(page, count_unseen(reach))
    rows = db.session.execute(
        select(SafetyNotice, Child, Family)
        .join(Child, Child.id == SafetyNotice.child_id)
        .join(Family, Family.id == SafetyNotice.family_id)
        .where(_is_unseen(reach))
        .order_by(SafetyNotice.changed_at, SafetyNotice.id)
        .offset(place.offset)
        .limit(place.size)
    )
    return place.filled(
        tuple(
            NoticeView(notice.id, child.id, child.full_name, family.id, family.name, notice.kind, notice.changed_at)
            for notice, child, family in rows
        )
    )


def mark_seen(session: Session, shown: Mapping[int, datetime], seen_by: int, reach: StaffScope = EVERYWHERE) -> int:
    """Note that an agent has seen changes within reach; returns how many. `shown`: by notice, when it last changed.

    What a parent changed after that moment still waits; what a colleague saw first stays theirs.
    """
    rows = session.scalars(
        select(SafetyNotice)
        .where(SafetyNotice.id.in_(shown), _is_unseen(reach))
        .order_by(SafetyNotice.id)
        .with_for_update()
    ).all()
    seen = [row for row in rows if row.changed_at <= shown[row.id]]
    for row in seen:
        row.seen_at = clock.now()
        row.seen_by_id = seen_by
    return len(seen)


def _is_unseen(reach: StaffScope) -> ColumnElement[bool]:
    return SafetyNotice.seen_at.is_(None) & reach.has_family(SafetyNotice.family_id)
