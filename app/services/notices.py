"""What parents changed that matters for a child's safety: it holds at once, and the staff are told."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.models.child_files import SafetyNotice
from app.models.families import Child, Family
from app.rules.child_files import SectionKind
from app.services.errors import NotFound
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


def mark_seen(session: Session, notice_id: int, seen_by: int) -> None:
    """Note that an agent has seen a change; seen twice, the first one stays. Raises NotFound."""
    notice = session.get(SafetyNotice, notice_id, with_for_update=True)
    if notice is None:
        raise NotFound("notice")
    if notice.seen_at is None:
        notice.seen_at = clock.now()
        notice.seen_by_id = seen_by
