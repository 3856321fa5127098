"""The staff's side of documents (pièces): what waits, the decision, and telling families of ends.

What is asked of a family, and handing in, is in `services.required_documents`.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.database import db, take_turns
from app.integrations.kept_files import SealedFile
from app.models.accounts import User
from app.models.families import Family, FamilyChild
from app.models.required_documents import SubmittedDocument
from app.rules.required_documents import (
    WARNED_BEFORE,
    DocumentDemand,
    DocumentScope,
    SubmissionStatus,
    WarningStage,
    last_day_of,
    warning_due,
)
from app.rules.states import FamilyStatus
from app.services.catalogue import DocumentInfo
from app.services.errors import AlreadyDecided, NotFound
from app.services.families import check_not_own
from app.services.mails import queue_mail
from app.services.required_documents import HolderView, VersionView, asked_of_family, holder_key, info_of, version_view


@dataclass(frozen=True, slots=True)
class SubmissionView:
    """A version, as the staff read it."""

    version: VersionView
    info: DocumentInfo
    holder: HolderView
    family_id: int
    family_name: str
    proposed_end: date | None  # by the rule, from the date that the family gave or from the day of the hand-in
    decided_by: str | None

    @property
    def child_id(self) -> int | None:
        """The child whose document it is."""
        return self.holder.id if self.holder.scope is DocumentScope.CHILD else None


def file_for_staff(submission_id: int) -> SealedFile:
    """The file of any version. Raises NotFound."""
    row = db.session.get(SubmittedDocument, submission_id)
    if row is None:
        raise NotFound("submission")
    return SealedFile(row.path, row.file_key)


def find_submission(submission_id: int, agent_id: int) -> SubmissionView:
    """A version, for an agent. Raises NotFound, OwnFamily."""
    found = _submissions(SubmittedDocument.id == submission_id)
    if not found:
        raise NotFound("submission")
    check_not_own(found[0].family_id, agent_id)
    return found[0]


def pending_submissions(*, at_most: int | None = None) -> tuple[SubmissionView, ...]:
    """The versions that wait for the staff, oldest first. One query."""
    return _submissions(is_in_queue(), at_most=at_most)


def is_in_queue() -> ColumnElement[bool]:
    """Whether a version waits for the staff."""
    active = select(Family.id).where(Family.status == FamilyStatus.ACTIVE)
    return (SubmittedDocument.status == SubmissionStatus.HANDED_IN) & SubmittedDocument.family_id.in_(active)


def accept(
    session: Session, submission_id: int, decided_by: int, *, dated_on: date | None, valid_until: date | None
) -> None:
    """Let a version count, in the place of the one before, and tell the parents.

    `valid_until`: its last day, where the staff say another one than the rule. Raises NotFound, AlreadyDecided,
    OwnFamily.
    """
    row = _waiting(session, submission_id, decided_by)
    info = info_of(row.document_id)
    if row.child_id is not None:  # each of its homes may have handed one in: one of them counts
        take_turns(session, f"document {info.id} of child {row.child_id}")
    earlier = select(SubmittedDocument).where(
        SubmittedDocument.document_id == row.document_id,
        _same_holder(row),
        SubmittedDocument.status == SubmissionStatus.ACCEPTED,
        SubmittedDocument.id != row.id,
    )
    for other in session.scalars(earlier):
        other.status = SubmissionStatus.REPLACED
    row.status = SubmissionStatus.ACCEPTED
    row.dated_on = dated_on or row.dated_on
    row.valid_until = valid_until or last_day_of(info.validity, row.dated_on or row.handed_in_at.date())
    row.decided_at = clock.now()
    row.decided_by_id = decided_by
    _tell_parents(session, row, "document_accepted")


def refuse(session: Session, submission_id: int, decided_by: int, reason: str) -> None:
    """Refuse a version, with the reason that the mail gives. Raises NotFound, AlreadyDecided, OwnFamily."""
    row = _waiting(session, submission_id, decided_by)
    row.status = SubmissionStatus.REFUSED
    row.refusal_reason = reason
    row.decided_at = clock.now()
    row.decided_by_id = decided_by
    _tell_parents(session, row, "document_refused")


def family_to_warn(session: Session) -> int | None:
    """A family that has to be told of the end of a document. Two queries at most."""
    of_its_own = select(SubmittedDocument.family_id).where(_may_be_told(), _is_of(FamilyStatus.ACTIVE)).limit(1)
    left_by_the_other_home = (
        select(FamilyChild.family_id)
        .join(SubmittedDocument, SubmittedDocument.child_id == FamilyChild.child_id)
        .join(Family, Family.id == FamilyChild.family_id)
        .where(_may_be_told(), _is_of(FamilyStatus.ERASED), Family.status == FamilyStatus.ACTIVE)
        .limit(1)
    )
    return session.scalar(of_its_own) or session.scalar(left_by_the_other_home)


def warn_of_ends(session: Session, family_id: int) -> int:
    """Tell a family of its documents that end soon or have ended, each stage once; returns how many mails there are."""
    its_children = select(FamilyChild.child_id).where(FamilyChild.family_id == family_id)
    due = select(SubmittedDocument).where(
        _may_be_told(),
        or_(
            SubmittedDocument.family_id == family_id,
            _is_of(FamilyStatus.ERASED) & SubmittedDocument.child_id.in_(its_children),
        ),
    )
    rows = session.scalars(due.order_by(SubmittedDocument.id).with_for_update()).all()
    asked = asked_of_family(family_id) if rows else ()
    wanted = {version.id for each in asked if each.is_asked and each.state.wants_another for version in each.versions}
    count = 0
    for row in rows:
        assert row.valid_until is not None
        told = {WarningStage.SOON: row.told_soon_at, WarningStage.OVER: row.told_over_at}
        stage = warning_due(row.valid_until, [stage for stage, at in told.items() if at is not None], clock.today())
        if stage is WarningStage.SOON:
            row.told_soon_at = clock.now()
        else:
            row.told_over_at = clock.now()
        if row.id in wanted:
            count += _tell_parents(session, row, "document_ends", session.get_one(Family, family_id))
    return count


def _may_be_told() -> ColumnElement[bool]:
    today = clock.today()
    last_day = SubmittedDocument.valid_until
    is_near = (last_day <= today + WARNED_BEFORE) & (last_day >= today) & SubmittedDocument.told_soon_at.is_(None)
    is_over = (last_day < today) & SubmittedDocument.told_over_at.is_(None)
    return (SubmittedDocument.status == SubmissionStatus.ACCEPTED) & or_(is_near, is_over)


def _is_of(status: FamilyStatus) -> ColumnElement[bool]:
    """Whether it is a family of this status that handed a version in."""
    return SubmittedDocument.family_id.in_(select(Family.id).where(Family.status == status))


def _submissions(wanted: ColumnElement[bool], at_most: int | None = None) -> tuple[SubmissionView, ...]:
    rows = db.session.execute(
        select(SubmittedDocument, User.display_name)
        .outerjoin(User, User.id == SubmittedDocument.decided_by_id)
        .where(wanted)
        .options(
            joinedload(SubmittedDocument.family),
            joinedload(SubmittedDocument.child),
            joinedload(SubmittedDocument.guardian),
        )
        .order_by(SubmittedDocument.handed_in_at, SubmittedDocument.id)
        .limit(at_most)
    )
    return tuple(_submission(row, decided_by) for row, decided_by in rows.unique())


def _submission(row: SubmittedDocument, decided_by: str | None) -> SubmissionView:
    info = info_of(row.document_id)
    person = row.child or row.guardian
    scope, holder_id = holder_key(row)
    return SubmissionView(
        version=version_view(row, is_own=True),
        info=info,
        holder=HolderView(scope, holder_id, row.family.name if person is None else person.full_name),
        family_id=row.family_id,
        family_name=row.family.name,
        proposed_end=last_day_of(info.validity, row.dated_on or row.handed_in_at.date()),
        decided_by=decided_by,
    )


def _same_holder(row: SubmittedDocument) -> ColumnElement[bool]:
    """Versions of the same document of the same person: a child's count in both of its homes."""
    if row.child_id is not None:
        return SubmittedDocument.child_id == row.child_id
    same_adult = SubmittedDocument.guardian_id.is_not_distinct_from(row.guardian_id)
    return (SubmittedDocument.family_id == row.family_id) & SubmittedDocument.child_id.is_(None) & same_adult


def _waiting(session: Session, submission_id: int, decided_by: int) -> SubmittedDocument:
    row = session.scalar(select(SubmittedDocument).where(SubmittedDocument.id == submission_id).with_for_update())
    if row is None:
        raise NotFound("submission")
    if row.status is not SubmissionStatus.HANDED_IN:
        raise AlreadyDecided
    check_not_own(row.family_id, decided_by)
    return row


def _tell_parents(session: Session, row: SubmittedDocument, template: str, family: Family | None = None) -> int:
    """Write to the adults of the family, else of the one that handed it in; returns how many mails there are."""
    session.flush()
    submission, family = _submission(row, None), family or row.family
    recipients = [guardian.email for guardian in family.guardians if guardian.email]
    for email in recipients:
        queue_mail(
            session, template, email, family_id=family.id, submission=submission, today=clock.today(),
            is_mandatory=submission.info.demand is not DocumentDemand.OPTIONAL,
        )  # fmt: skip
    return len(recipients)
