"""What parents changed that matters for a child's safety: it holds at once, and the staff are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.child_files import SafetyNotice
from app.models.families import Child, Family
from app.rules.child_files import SectionKind
from app.services.pages import Page, page_of


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


def count_unseen() -> int:
    """How many changes wait to be seen."""
    return db.session.scalar(select(func.count(SafetyNotice.id)).where(SafetyNotice.seen_at.is_(None))) or 0


def list_unseen(page: int) -> Page[NoticeView]:
    """The changes that wait to be seen, oldest first. Two queries."""
    place: Page[NoticeView] = page_of(page, count_unseen())
    rows = db.session.execute(
        select(SafetyNotice, Child, Family)
        .join(Child, Child.id == SafetyNotice.child_id)
        .join(Family, Family.id == SafetyNotice.family_id)
        .where(SafetyNotice.seen_at.is_(None))
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


def mark_seen(session: Session, shown: Mapping[int, datetime], seen_by: int) -> int:
    """Note that an agent has seen changes, as they were shown: by notice, when it last changed. How many are noted.

    What a parent changed after that moment still waits; what a colleague saw first stays theirs.
    """
    rows = session.scalars(
        select(SafetyNotice)
        .where(SafetyNotice.id.in_(shown), SafetyNotice.seen_at.is_(None))
        .order_by(SafetyNotice.id)
        .with_for_update()
    ).all()
    seen = [row for row in rows if row.changed_at <= shown[row.id]]
    for row in seen:
        row.seen_at = clock.now()
        row.seen_by_id = seen_by
    return len(seen)
