"""Documents (pièces): what is asked of a family where it stands with each, and handing in.

Files are written by whoever calls before the transaction, and removed where it fails (`blueprints/hand_ins.py`).
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import and_, false, func, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db
from app.integrations.kept_files import HandedInFile, SealedFile
from app.models.child_files import ChildSection
from app.models.enrolments import Enrolment
from app.models.families import Child, Family, FamilyChild, Guardian
from app.models.required_documents import SubmittedDocument
from app.rules.child_files import SectionKind
from app.rules.enrolments import level_in
from app.rules.handed_in_files import judge_room
from app.rules.required_documents import (
    DocumentDemand,
    DocumentScope,
    DocumentState,
    Holder,
    SubmissionStatus,
    Version,
    counting_version,
    is_asked_of,
    state_of,
)
from app.rules.school_years import school_year_of
from app.rules.states import EnrolmentStatus
from app.services.catalogue import DocumentInfo, catalogue
from app.services.errors import FamilyNotActive, NoRoomForFile, NotFound
from app.services.families import ChildView, FamilyRef, stays_active

_LIVE = (EnrolmentStatus.REQUESTED, EnrolmentStatus.WAITING, EnrolmentStatus.ACCEPTED)


@dataclass(frozen=True, slots=True)
class HolderView:
    """Whose document it is: the family (id 0), one of its adults or a child."""

    scope: DocumentScope
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version that was handed in."""

    id: int
    status: SubmissionStatus
    handed_in_at: datetime
    by_staff: bool
    dated_on: date | None
    valid_until: date | None
    refusal_reason: str | None
    decided_at: datetime | None
    file_name: str
    file_bytes: int
    page_count: int
    is_own: bool  # handed in through this family: no other opens its file


@dataclass(frozen=True, slots=True)
class AskedDocument:
    """A document as one of the family is asked for it, with all that was handed in."""

    info: DocumentInfo
    holder: HolderView
    state: DocumentState
    versions: tuple[VersionView, ...]  # latest first
    valid_until: date | None  # of the version that counts
    is_asked: bool  # False: not any more, but it was handed in once

    @property
    def key(self) -> str:
        """What addresses call it, within the family."""
        return f"{self.info.id}-{self.holder.id}" if self.holder.id else f"{self.info.id}"

    @property
    def waiting(self) -> VersionView | None:
        """The version that the staff have not decided on."""
        return next((each for each in self.versions if each.status is SubmissionStatus.HANDED_IN), None)

    @property
    def is_to_do(self) -> bool:
        """Whether the family must hand something in: what is optional never is."""
        return self.is_asked and self.state.wants_another and self.info.demand is not DocumentDemand.OPTIONAL

    @property
    def is_expiring(self) -> bool:
        """Whether it counts, and another one is wanted soon."""
        return self.is_asked and self.state is DocumentState.EXPIRING

    @property
    def is_missing(self) -> bool:
        """Whether the family must hand something in, and nothing that counts is there."""
        return self.is_to_do and not self.is_expiring


@dataclass(frozen=True, slots=True)
class HandIn:
    """A version that was handed in; `is_new` is False where the same form had come before."""

    id: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class KnownChild:
    """A child of a family, for whoever has read it already: what it is enrolled in or asks for, and its class."""

    child: ChildView
    activities: frozenset[int]
    level: str | None


class FamilyDocuments:
    """What one family handed in, and who of it may be asked for what. Four queries at most, none without documents.

    With `only_child` of its children this one alone, enrolled nowhere: enough for `keeping_from`, and one query; and
    one where all its `children` are known already.
    """

    def __init__(
        self, family_id: int, only_child: int | None = None, children: Sequence[KnownChild] | None = None
    ) -> None:
        self._today = clock.today()
        self._documents = catalogue().documents
        self._holders: Sequence[tuple[HolderView, Holder]] = ()
        self._versions: Mapping[tuple[int, DocumentScope, int], Sequence[VersionView]] = {}
        if self._documents and only_child is not None:
            self._holders, self._versions = _read_with_child(family_id, only_child, self._documents)
        elif self._documents and children is not None:
            self._holders, self._versions = _read_with_known(family_id, children)
        elif self._documents:
            self._holders = _holders(db.session(), family_id, self._documents)
            of_children = [view.id for view, _ in self._holders if view.scope is DocumentScope.CHILD]
            self._versions = _versions(family_id, of_children)

    def asked(self) -> tuple[AskedDocument, ...]:
        """What is asked, and what was handed in: the family's, then its adults', then its children's; by name."""
        found = []
        for view, holder in self._holders:
            for info in self._documents:
                rows = self._versions_of(info, view)
                is_asked = info.is_asked and is_asked_of(info.applicability, holder, self._today)
                if is_asked or any(row.is_own for row in rows):
                    found.append(self._document(info, view, rows, is_asked=is_asked))
        return tuple(found)

    @property
    def may_keep_away(self) -> bool:
        """Whether any document that is asked for keeps anybody from anything."""
        return any(info.is_asked and info.demand is DocumentDemand.BLOCKS_ENROLMENT for info in self._documents)

    def keeping_from(
        self, child_id: int, activity_id: int, demand: DocumentDemand = DocumentDemand.BLOCKS_ENROLMENT
    ) -> tuple[AskedDocument, ...]:
        """What keeps a child from asking for an activity, or from booking: of the family, its adults and the child."""
        found = []
        for view, holder in self._holders:
            if view.scope is DocumentScope.CHILD and view.id != child_id:
                continue
            there = replace(holder, activities=frozenset({activity_id}))
            for info in self._documents:
                blocks = info.is_asked and info.demand is demand
                if blocks and is_asked_of(info.applicability, there, self._today):
                    document = self._document(info, view, self._versions_of(info, view), is_asked=True)
                    if not document.state.is_in_order:
                        found.append(document)
        return tuple(found)

    def _versions_of(self, info: DocumentInfo, view: HolderView) -> Sequence[VersionView]:
        return self._versions.get((info.id, view.scope, view.id), ())

    def _document(
        self, info: DocumentInfo, view: HolderView, rows: Sequence[VersionView], *, is_asked: bool
    ) -> AskedDocument:
        versions = [Version(row.status, row.valid_until) for row in rows]
        counting = counting_version(versions)
        return AskedDocument(
            info=info,
            holder=view,
            state=state_of(versions, self._today),
            versions=tuple(reversed(rows)),
            valid_until=None if counting is None else counting.valid_until,
            is_asked=is_asked,
        )


def keeping_from_booking(
    family_id: int, child_id: int, activities: Collection[int]
) -> Mapping[int, tuple[AskedDocument, ...]]:
    """By activity, what keeps a child from booking it. One query, none where no document does."""
    asked = [info for info in catalogue().documents if info.is_asked and info.demand is DocumentDemand.BLOCKS_BOOKING]
    asked_for = [set(info.applicability.activities) for info in asked]
    reached = [id_ for id_ in activities if any(not each or id_ in each for each in asked_for)]
    if not reached:
        return {}
    documents = FamilyDocuments(family_id, child_id)
    return {id_: documents.keeping_from(child_id, id_, DocumentDemand.BLOCKS_BOOKING) for id_ in reached}


def asked_of_family(family_id: int) -> tuple[AskedDocument, ...]:
    """All that is asked of a family, its adults and its children, and all that it handed in. Four queries at most."""
    return FamilyDocuments(family_id).asked()


def asked_document(family_id: int, key: str) -> AskedDocument:
    """One of them, by what addresses call it. Raises NotFound."""
    for each in asked_of_family(family_id):
        if each.key == key:
            return each
    raise NotFound("document")


def hand_in(
    session: Session, family: FamilyRef, user_id: int, key: str, file: HandedInFile, *, form_key: str,
    dated_on: date | None, by_staff: bool = False,
) -> HandIn:  # fmt: skip
    """Hand in a version. One that still waits is replaced by it; `form_key` names the form, so that it counts once.

    Raises NotFound for what is not asked of this family, FamilyNotActive, NoRoomForFile.
    """
    if not stays_active(session, family.id, alone=True):
        raise FamilyNotActive
    asked = asked_document(family.id, key)
    known = session.scalar(
        select(SubmittedDocument.id).where(SubmittedDocument.family_id == family.id, SubmittedDocument.key == form_key)
    )
    if known is not None:
        return HandIn(known, is_new=False)
    if not asked.is_asked:
        raise NotFound("document")
    if not by_staff:
        _check_room(session, family.id, file.size_bytes)
    scope, holder_id = asked.holder.scope, asked.holder.id
    guardian_id = holder_id if scope is DocumentScope.GUARDIAN else None
    child_id = holder_id if scope is DocumentScope.CHILD else None
    waiting = select(SubmittedDocument).where(
        SubmittedDocument.document_id == asked.info.id,
        SubmittedDocument.family_id == family.id,
        SubmittedDocument.guardian_id.is_not_distinct_from(guardian_id),
        SubmittedDocument.child_id.is_not_distinct_from(child_id),
        SubmittedDocument.status == SubmissionStatus.HANDED_IN,
    )
    # Locked, so that what the staff decide at this moment is not overwritten (PostgreSQL).
    for row in session.scalars(waiting.with_for_update()):
        row.status = SubmissionStatus.REPLACED
    made = SubmittedDocument(
        document_id=asked.info.id,
        family_id=family.id,
        guardian_id=guardian_id,
        child_id=child_id,
        status=SubmissionStatus.HANDED_IN,
        key=form_key,
        handed_in_at=clock.now(),
        handed_in_by_id=user_id,
        by_staff=by_staff,
        dated_on=dated_on,
        path=file.sealed.path,
        file_key=file.sealed.key,
        file_name=file.name,
        file_bytes=file.size_bytes,
        page_count=file.page_count,
    )
    session.add(made)
    session.flush()
    return HandIn(made.id, is_new=True)


def _check_room(session: Session, family_id: int, size_bytes: int) -> None:
    own = SubmittedDocument.family_id == family_id
    since = clock.now() - timedelta(days=1)
    lately = select(func.count()).where(own, SubmittedDocument.handed_in_at > since)
    kept = select(func.coalesce(func.sum(SubmittedDocument.file_bytes), 0)).where(own)
    refusal = judge_room(size_bytes, session.scalar(lately) or 0, session.scalar(kept) or 0)
    if refusal is not None:
        raise NoRoomForFile(refusal)


def own_file(family_id: int, submission_id: int) -> tuple[SealedFile, AskedDocument]:
    """The file of a version that the family handed in, and the document that it is of. Raises NotFound for others."""
    row = db.session.scalar(
        select(SubmittedDocument).where(SubmittedDocument.id == submission_id, SubmittedDocument.family_id == family_id)
    )
    if row is None:
        raise NotFound("submission")
    for each in asked_of_family(family_id):
        if any(version.id == submission_id for version in each.versions):
            return SealedFile(row.path, row.file_key), each
    raise NotFound("submission")  # of a child that has left the family


def stored_paths(session: Session) -> frozenset[str]:
    """Where all files lie that a row names."""
    return frozenset(session.scalars(select(SubmittedDocument.path)))


def _holders(
    session: Session, family_id: int, documents: Collection[DocumentInfo]
) -> Sequence[tuple[HolderView, Holder]]:
    """The family, its adults and its children, as the rules look at them."""
    today = clock.today()
    people = session.execute(
        select(Family, Guardian)
        .outerjoin(Guardian, Guardian.family_id == Family.id)
        .where(Family.id == family_id)
        .order_by(Guardian.id)
    ).all()
    family, adults = people[0][0], [adult for _, adult in people if adult is not None]
    is_live = and_(
        Enrolment.child_id == Child.id, Enrolment.family_id == family_id, Enrolment.status.in_(_LIVE),
        Enrolment.ends_on >= today,
    )  # fmt: skip
    activities: dict[Child, set[int]] = {}
    for child, activity_id in session.execute(
        select(Child, Enrolment.activity_id)
        .join(FamilyChild, FamilyChild.child_id == Child.id)
        .outerjoin(Enrolment, is_live)
        .where(FamilyChild.family_id == family_id)
        .order_by(Child.birth_date, Child.id)
    ):
        activities.setdefault(child, set()).update([] if activity_id is None else [activity_id])
    levels: dict[int, str | None] = {}
    if any(info.applicability.levels for info in documents):
        sections = select(ChildSection).where(
            ChildSection.child_id.in_([child.id for child in activities]), ChildSection.kind == SectionKind.SCHOOL
        )
        year = school_year_of(today)
        levels = {row.child_id: level_in(json.loads(row.body), year) for row in session.scalars(sections)}
    every = frozenset(id_ for of_child in activities.values() for id_ in of_child)
    found = [(HolderView(DocumentScope.FAMILY, 0, family.name), Holder(DocumentScope.FAMILY, every))]
    for adult in adults:
        view = HolderView(DocumentScope.GUARDIAN, adult.id, adult.full_name)
        found.append((view, Holder(DocumentScope.GUARDIAN, every)))
    for child, own in activities.items():
        view = HolderView(DocumentScope.CHILD, child.id, child.full_name)
        found.append((view, Holder(DocumentScope.CHILD, frozenset(own), child.birth_date, levels.get(child.id))))
    return found


def _read_with_child(
    family_id: int, child_id: int, documents: Collection[DocumentInfo]
) -> tuple[Sequence[tuple[HolderView, Holder]], Mapping[tuple[int, DocumentScope, int], Sequence[VersionView]]]:
    """The family, its adults and one child, and what was handed in for them: few rows, so all in one statement."""
    has_levels = any(info.applicability.levels for info in documents)
    is_school = and_(ChildSection.child_id == child_id, ChildSection.kind == SectionKind.SCHOOL)
    rows = db.session.execute(
        select(Family, Guardian, Child, ChildSection, SubmittedDocument)
        .select_from(Family)
        .join(Child, Child.id == child_id)
        .outerjoin(Guardian, Guardian.family_id == Family.id)
        .outerjoin(
            SubmittedDocument,
            or_(SubmittedDocument.family_id == Family.id, SubmittedDocument.child_id == child_id),
        )
        .outerjoin(ChildSection, is_school if has_levels else false())
        .where(Family.id == family_id)
        .order_by(Guardian.id, SubmittedDocument.id)
    ).all()
    family, _, child, school, _ = rows[0]
    level = None if school is None else level_in(json.loads(school.body), school_year_of(clock.today()))
    found = [(HolderView(DocumentScope.FAMILY, 0, family.name), Holder(DocumentScope.FAMILY))]
    for adult in dict.fromkeys(row[1] for row in rows if row[1] is not None):
        found.append((HolderView(DocumentScope.GUARDIAN, adult.id, adult.full_name), Holder(DocumentScope.GUARDIAN)))
    view = HolderView(DocumentScope.CHILD, child.id, child.full_name)
    found.append((view, Holder(DocumentScope.CHILD, birth_date=child.birth_date, level=level)))
    return found, _by_holder(dict.fromkeys(row[4] for row in rows if row[4] is not None), family_id)


def _read_with_known(
    family_id: int, children: Sequence[KnownChild]
) -> tuple[Sequence[tuple[HolderView, Holder]], Mapping[tuple[int, DocumentScope, int], Sequence[VersionView]]]:
    """The family and its adults, and what was handed in for them and their children, in one statement."""
    own = [each.child.id for each in children]
    rows = db.session.execute(
        select(Family, Guardian, SubmittedDocument)
        .select_from(Family)
        .outerjoin(Guardian, Guardian.family_id == Family.id)
        .outerjoin(
            SubmittedDocument, or_(SubmittedDocument.family_id == Family.id, SubmittedDocument.child_id.in_(own))
        )
        .where(Family.id == family_id)
        .order_by(Guardian.id, SubmittedDocument.id)
    ).all()
    every = frozenset(id_ for each in children for id_ in each.activities)
    found = [(HolderView(DocumentScope.FAMILY, 0, rows[0][0].name), Holder(DocumentScope.FAMILY, every))]
    for adult in dict.fromkeys(row[1] for row in rows if row[1] is not None):
        view = HolderView(DocumentScope.GUARDIAN, adult.id, adult.full_name)
        found.append((view, Holder(DocumentScope.GUARDIAN, every)))
    for each in children:
        view = HolderView(DocumentScope.CHILD, each.child.id, each.child.full_name)
        holder = Holder(DocumentScope.CHILD, each.activities, each.child.birth_date, each.level)
        found.append((view, holder))
    return found, _by_holder(dict.fromkeys(row[2] for row in rows if row[2] is not None), family_id)


def _versions(
    family_id: int, children: Collection[int]
) -> Mapping[tuple[int, DocumentScope, int], Sequence[VersionView]]:
    """By document and holder, oldest first: what this family handed in, and others for the same children."""
    rows = db.session.scalars(
        select(SubmittedDocument)
        .where(or_(SubmittedDocument.family_id == family_id, SubmittedDocument.child_id.in_(children)))
        .order_by(SubmittedDocument.id)
    )
    return _by_holder(rows, family_id)


def _by_holder(
    rows: Iterable[SubmittedDocument], family_id: int
) -> Mapping[tuple[int, DocumentScope, int], Sequence[VersionView]]:
    found: defaultdict[tuple[int, DocumentScope, int], list[VersionView]] = defaultdict(list)
    for row in rows:
        found[row.document_id, *holder_key(row)].append(version_view(row, is_own=row.family_id == family_id))
    return found


def holder_key(row: SubmittedDocument) -> tuple[DocumentScope, int]:
    """Whose a version is: the scope, and the id of the person (0: the family)."""
    if row.child_id is not None:
        return DocumentScope.CHILD, row.child_id
    return (DocumentScope.GUARDIAN, row.guardian_id) if row.guardian_id is not None else (DocumentScope.FAMILY, 0)


def version_view(row: SubmittedDocument, *, is_own: bool) -> VersionView:
    """A version; `is_own`: the reader's family handed it in."""
    return VersionView(
        row.id, row.status, row.handed_in_at, row.by_staff, row.dated_on, row.valid_until, row.refusal_reason,
        row.decided_at, row.file_name, row.file_bytes, row.page_count, is_own,
    )  # fmt: skip


def info_of(document_id: int) -> DocumentInfo:
    """What a document is, by its id."""
    return next(info for info in catalogue().documents if info.id == document_id)
