"""Mails that tell families of a version of a text to accept: once a family and version.

Whom they are for is written down as soon as the version is in force; the worker then queues them some families at a
time, as those of urgent messages.
"""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from app import clock
from app.models.families import Family, Guardian
from app.models.publications import TextAcceptance, TextMailing, TextRecipient
from app.rules.publications import VersionDay, version_in_force
from app.rules.required_documents import DocumentDemand
from app.rules.states import FamilyStatus
from app.services.catalogue import TextInfo, catalogue
from app.services.families import hold_at_hand
from app.services.mails import queue_mail
from app.services.publications import is_concerned

TEMPLATE = "text_to_accept"
FAMILIES_AT_ONCE = 25


def has_unqueued(session: Session) -> bool:
    """Whether families are to be told: asked before taking the write lock. Two queries."""
    waiting = select(TextRecipient.family_id).where(TextRecipient.queued_at.is_(None)).limit(1)
    return session.scalar(waiting) is not None or bool(_untold(session))


def queue_some(session: Session) -> bool:
    """Write down whom a version is for, or queue the mails of some families; whether there were any.

    Two workers never take the same.
    """
    for info, version in _untold(session):
        if _write_down(session, info, version):
            return True
    found = session.scalars(
        select(TextRecipient)
        .where(TextRecipient.queued_at.is_(None))
        .order_by(TextRecipient.version_id, TextRecipient.family_id)
        .limit(FAMILIES_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    at_hand = hold_at_hand(session, {row.family_id for row in found})
    rows = [row for row in found if row.family_id in at_hand]
    _queue(session, rows)
    return bool(rows)


def _untold(session: Session) -> Sequence[tuple[TextInfo, VersionDay]]:
    """The versions in force of which nobody was told. What another version followed meanwhile is told to nobody."""
    unlisted = set(session.scalars(select(TextMailing.version_id).where(TextMailing.listed_at.is_(None))))
    return [each for each in _in_force() if each[1].id in unlisted] if unlisted else []


def _in_force() -> Sequence[tuple[TextInfo, VersionDay]]:
    today, found = clock.today(), []
    for info in catalogue().texts:
        version = version_in_force(info.versions, today)
        if info.is_asked and version is not None:
            found.append((info, version))
    return found


def _write_down(session: Session, info: TextInfo, version: VersionDay) -> bool:
    """The families that must accept the version and have not; False where another worker does it."""
    mailing = session.scalar(
        select(TextMailing)
        .where(TextMailing.version_id == version.id, TextMailing.listed_at.is_(None))
        .with_for_update(skip_locked=True)
    )
    if mailing is None:
        return False
    accepted = select(TextAcceptance.family_id).where(TextAcceptance.version_id == version.id)
    wanted = select(literal(version.id), Family.id).where(
        is_concerned(session, info.readership), Family.id.not_in(accepted)
    )
    session.execute(insert(TextRecipient).from_select(["version_id", "family_id"], wanted))
    mailing.listed_at = clock.now()
    return True


def _queue(session: Session, rows: Sequence[TextRecipient]) -> None:
    texts = {version.id: info for info, version in _in_force()}
    family_ids = [row.family_id for row in rows]
    accepted = {
        (version_id, family_id)
        for version_id, family_id in session.execute(
            select(TextAcceptance.version_id, TextAcceptance.family_id).where(TextAcceptance.family_id.in_(family_ids))
        )
    }
    adults: defaultdict[int, list[tuple[Family, str]]] = defaultdict(list)
    for family, email in session.execute(
        select(Family, Guardian.email)
        .join(Guardian, Guardian.family_id == Family.id)
        .where(Family.id.in_(family_ids), Family.status == FamilyStatus.ACTIVE, Guardian.email.is_not(None))
        .order_by(Guardian.id)
    ):
        adults[family.id].append((family, email))
    for row in rows:
        row.queued_at = clock.now()
        info = texts.get(row.version_id)
        if info is None or (row.version_id, row.family_id) in accepted:
            continue
        is_changed = any((version.id, row.family_id) in accepted for version in info.versions)
        for family, email in dict.fromkeys(adults[row.family_id]):
            queue_mail(
                session, TEMPLATE, email, family_id=family.id, family=family, text=info, is_changed=is_changed,
                is_blocking=info.demand is DocumentDemand.BLOCKS_ENROLMENT,
            )  # fmt: skip
