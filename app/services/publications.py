"""« Documentation structure »: what a family may download, and the staff's publications."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, delete, func, select
from sqlalchemy.orm import Session

from app import clock
from app.database import db, take_turns
from app.models.activities import Activity, Season
from app.models.child_files import ChildSection
from app.models.enrolments import Enrolment
from app.models.families import Family, FamilyChild
from app.models.publications import Publication, PublicationActivity, PublicationFile, TextVersion
from app.models.required_documents import RequiredDocument
from app.rules.child_files import SectionKind
from app.rules.enrolments import level_in
from app.rules.publications import Readership, ReadingChild, concerns, is_new, is_offered
from app.rules.school_years import school_year_of
from app.rules.states import EnrolmentStatus, FamilyStatus
from app.services.catalogue import PublicationInfo, Readers, StoredFile, catalogue
from app.services.errors import NameTaken, NotFound, Usage, UsageKind
from app.services.required_documents import AskedDocument, FamilyDocuments
from app.services.usages import check_unused

MOST_NAMES = 30
"""How many of the families concerned are named."""

BY_NAME = (Family.last_name, Family.first_name, Family.id)
"""The order of lists of families."""

LIVE = (EnrolmentStatus.REQUESTED, EnrolmentStatus.WAITING, EnrolmentStatus.ACCEPTED)
"""Enrolments that make a family a reader: who asks for an activity reads what is to be filled in for it."""


@dataclass(frozen=True, slots=True)
class OfferedPublication:
    """A publication as a family sees it."""

    info: PublicationInfo
    file: StoredFile
    is_new: bool
    to_return: tuple[AskedDocument, ...]  # the documents (pièces) as which it comes back, of each who is asked


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that was decoded and written."""

    path: str
    size_bytes: int
    page_count: int
    content_hash: str


@dataclass(frozen=True, slots=True)
class PublicationInput:
    """A publication as the staff set it."""

    name: str
    description: str
    category: str
    shown_from: date
    shown_until: date | None
    is_shown: bool
    readers: Readers
    document_id: int | None


@dataclass(frozen=True, slots=True)
class ConcernedFamilies:
    """The families whom something concerns: how many, and the first of them by name."""

    count: int
    names: tuple[str, ...]


def offered_to(family_id: int) -> tuple[OfferedPublication, ...]:
    """What a family may download, in the staff's order. Six queries at most, none where nothing is offered."""
    today = clock.today()
    infos = [each for each in catalogue().publications if each.files and is_offered(each.shown, today)]
    children = children_of_family(family_id, [each.readership for each in infos])
    infos = [each for each in infos if concerns(each.readership, children)]
    asked: defaultdict[int, list[AskedDocument]] = defaultdict(list)
    if any(each.document_id is not None for each in infos):
        for document in FamilyDocuments(family_id).asked():
            if document.is_asked:
                asked[document.info.id].append(document)
    return tuple(
        OfferedPublication(
            info=each,
            file=each.files[-1],
            is_new=is_new(each.shown, each.files[-1].added_at.date(), today),
            to_return=tuple(asked[each.document_id]) if each.document_id is not None else (),
        )
        for each in infos
    )


def offered_file(family_id: int, publication_id: int) -> tuple[PublicationInfo, StoredFile]:
    """The file of a publication that the family may download. Raises NotFound for any other."""
    info = find_publication(publication_id)
    if info.files and is_offered(info.shown, clock.today()):
        children = children_of_family(family_id, [info.readership])
        if concerns(info.readership, children):
            return info, info.files[-1]
    raise NotFound("publication")


def children_of_family(family_id: int, readerships: Iterable[Readership]) -> tuple[ReadingChild, ...]:
    """The children of a family, as far as some readerships look. One query, another where classes are named."""
    wanted = [each for each in readerships if not each.is_everybody]
    if not wanted:
        return ()
    activities: defaultdict[int, set[int]] = defaultdict(set)
    for child_id, activity_id in db.session.execute(
        select(FamilyChild.child_id, Enrolment.activity_id)
        .outerjoin(Enrolment, _is_live())
        .where(FamilyChild.family_id == family_id)
    ):
        activities[child_id].update([] if activity_id is None else [activity_id])
    levels = _levels(db.session(), activities) if any(each.levels for each in wanted) else {}
    return tuple(ReadingChild(frozenset(own), levels.get(child_id)) for child_id, own in activities.items())


def concerned_families(session: Session, readership: Readership) -> ConcernedFamilies:
    """The active families whom something concerns. Three queries at most."""
    condition = is_concerned(session, readership)
    count = session.scalar(select(func.count()).select_from(Family).where(condition)) or 0
    first = select(Family).where(condition).order_by(*BY_NAME).limit(MOST_NAMES)
    return ConcernedFamilies(count, tuple(family.name for family in session.scalars(first)))


def is_concerned(session: Session, readership: Readership) -> ColumnElement[bool]:
    """Whether a family is active and something concerns it, as `rules.publications.concerns` says it: a condition.

    One query where classes are named: they are encrypted, so that the database cannot look at them.
    """
    is_active = Family.status == FamilyStatus.ACTIVE
    if readership.is_everybody:
        return is_active
    with_child = select(FamilyChild.family_id)
    if readership.activities is not None:
        with_child = with_child.join(Enrolment, _is_live()).where(Enrolment.activity_id.in_(readership.activities))
    if readership.levels:
        children = [id_ for id_, level in _levels(session, None).items() if level in readership.levels]
        # Written into the statement: there may be more of them than a statement may have parameters.
        named: BindParameter[int] = bindparam("of_levels", children, expanding=True, literal_execute=True)
        with_child = with_child.where(FamilyChild.child_id.in_(named))
    return and_(is_active, Family.id.in_(with_child))


def find_publication(publication_id: int) -> PublicationInfo:
    """A publication, withdrawn or not. Raises NotFound."""
    for info in catalogue().publications:
        if info.id == publication_id:
            return info
    raise NotFound("publication")


def add_publication(session: Session, user_id: int, typed: PublicationInput, file: NewFile) -> int:
    """Add a publication behind the others, with its first file; returns its id. Raises NameTaken."""
    take_turns(session, "settings")
    last = session.scalar(select(func.max(Publication.position))) or 0
    row = Publication(position=last + 1)
    _write(session, row, typed)
    _add_file(session, row.id, user_id, file)
    return row.id


def save_publication(session: Session, publication_id: int, typed: PublicationInput) -> None:
    """Change what is said of a publication, or withdraw it. Raises NotFound, NameTaken."""
    take_turns(session, "settings")
    _write(session, _existing(session, publication_id), typed)


def replace_file(session: Session, publication_id: int, user_id: int, file: NewFile) -> None:
    """Offer another file in the place of the last one, which stays. Raises NotFound."""
    take_turns(session, "settings")
    _existing(session, publication_id)
    _add_file(session, publication_id, user_id, file)


def move_up(session: Session, publication_id: int) -> None:
    """Put a publication before the one that stands before it. Raises NotFound."""
    take_turns(session, "settings")
    row = _existing(session, publication_id)
    before = session.scalars(
        select(Publication).where(Publication.position < row.position).order_by(Publication.position.desc()).limit(1)
    ).one_or_none()
    if before is not None:
        before.position, row.position = row.position, before.position
    session.flush()


def delete_publication(session: Session, publication_id: int) -> None:
    """Delete a publication with its files, which the worker removes. Raises NotFound, StillUsed (by a text)."""
    take_turns(session, "settings")
    row = _existing(session, publication_id)
    files = select(PublicationFile.id).where(PublicationFile.publication_id == publication_id)
    used = session.scalar(select(func.count()).where(TextVersion.file_id.in_(files))) or 0
    check_unused([Usage(UsageKind.TEXT_VERSION, used)])
    session.delete(row)
    session.flush()


def stored_paths(session: Session) -> frozenset[str]:
    """Where all files lie that a row names."""
    return frozenset(session.scalars(select(PublicationFile.path)))


def _write(session: Session, row: Publication, typed: PublicationInput) -> None:
    namesake = select(Publication.id).where(Publication.name == typed.name, Publication.id != (row.id or 0))
    if session.scalar(namesake) is not None:
        raise NameTaken
    row.name, row.description, row.category = typed.name, typed.description, typed.category
    row.shown_from, row.shown_until, row.is_shown = typed.shown_from, typed.shown_until, typed.is_shown
    row.season_id = known_season(session, typed.readers)
    row.levels = ",".join(sorted(typed.readers.levels))
    row.document_id = None
    if typed.document_id is not None and session.get(RequiredDocument, typed.document_id) is not None:
        row.document_id = typed.document_id
    session.add(row)
    session.flush()
    session.execute(delete(PublicationActivity).where(PublicationActivity.publication_id == row.id))
    activities = known_activities(session, typed.readers)
    session.add_all([PublicationActivity(publication_id=row.id, activity_id=id_) for id_ in activities])
    session.flush()


def known_season(session: Session, readers: Readers) -> int | None:
    """The season that readers name, unless it is gone. Raises NotFound: they would be everybody."""
    if readers.season_id is not None and session.get(Season, readers.season_id) is None:
        raise NotFound("season")
    return readers.season_id


def known_activities(session: Session, readers: Readers) -> Sequence[int]:
    """The activities that readers name. Raises NotFound where one is gone: they would be others."""
    found = session.scalars(select(Activity.id).where(Activity.id.in_(readers.activities))).all()
    if len(found) != len(readers.activities):
        raise NotFound("activity")
    return found


def _add_file(session: Session, publication_id: int, user_id: int, file: NewFile) -> None:
    session.add(
        PublicationFile(
            publication_id=publication_id, path=file.path, size_bytes=file.size_bytes, page_count=file.page_count,
            content_hash=file.content_hash, added_at=clock.now(), added_by_id=user_id,
        )
    )  # fmt: skip
    session.flush()


def _existing(session: Session, publication_id: int) -> Publication:
    row = session.get(Publication, publication_id)
    if row is None:
        raise NotFound("publication")
    return row


def _is_live() -> ColumnElement[bool]:
    return and_(
        Enrolment.child_id == FamilyChild.child_id, Enrolment.family_id == FamilyChild.family_id,
        Enrolment.status.in_(LIVE), Enrolment.ends_on >= clock.today(),
    )  # fmt: skip


def _levels(session: Session, children: Collection[int] | None) -> Mapping[int, str | None]:
    """The classes of children (None: of all) in the present school year."""
    sections = select(ChildSection).where(ChildSection.kind == SectionKind.SCHOOL)
    if children is not None:
        sections = sections.where(ChildSection.child_id.in_(children))
    year = school_year_of(clock.today())
    return {row.child_id: level_in(json.loads(row.body), year) for row in session.scalars(sections)}
