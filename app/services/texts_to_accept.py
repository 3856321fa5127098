"""Texts that families accept (the rules of the house): where a family stands, accepting, and who did or did not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from app import clock
from app.clock import PARIS
from app.database import db
from app.models.families import Family, Guardian
from app.models.publications import PublicationFile, TextAcceptance, TextVersion
from app.rules.publications import ReadingChild, TextState, VersionDay, concerns, text_state, version_in_force
from app.rules.required_documents import DocumentDemand
from app.services.catalogue import TextInfo, catalogue
from app.services.errors import FamilyNotActive, NotFound, TextChanged
from app.services.families import FamilyRef, check_not_own, stays_active
from app.services.pages import Page, page_of
from app.services.publications import BY_NAME, children_of_family, is_concerned

LONGEST_DEVICE = 200


@dataclass(frozen=True, slots=True)
class Acceptance:
    """That a family accepted a version, as it is shown."""

    version_id: int
    accepted_at: datetime
    signed_by: str
    on_paper: bool
    device: str


@dataclass(frozen=True, slots=True)
class AskedText:
    """A text as a family is asked for it; `acceptance`: of the version in force."""

    info: TextInfo
    version: VersionDay
    state: TextState
    acceptance: Acceptance | None

    @property
    def is_to_do(self) -> bool:
        """Whether the family has still to accept it."""
        return self.state is not TextState.ACCEPTED


@dataclass(frozen=True, slots=True)
class VersionText:
    """What a version says, and its file where it has one."""

    id: int
    starts_on: date
    body: str
    content_hash: str
    path: str | None
    size_bytes: int
    page_count: int


@dataclass(frozen=True, slots=True)
class AcceptedText:
    """A text that a family accepted once, for « Mes données »."""

    name: str
    body: str
    acceptance: Acceptance


@dataclass(frozen=True, slots=True)
class FamilyAnswer:
    """Where a family stands with a version, as the staff list it."""

    family_id: int
    family_name: str
    acceptance: Acceptance | None


@dataclass(frozen=True, slots=True)
class Answers:
    """A page of the answers to a version, and how many families it concerns and how many of them accepted it."""

    page: Page[FamilyAnswer]
    total: int
    accepted: int


@dataclass(frozen=True, slots=True)
class KnownFamily:
    """What whoever asks has read of a family already: its children, and all that it accepted, by version."""

    children: Sequence[ReadingChild]
    accepted: Mapping[int, Acceptance]


class FamilyTexts:
    """The texts that concern one family. Three queries at most, none where nothing is asked or all is known."""

    def __init__(self, session: Session, family_id: int, known: KnownFamily | None = None) -> None:
        today = clock.today()
        self._session, self._family_id, self._known = session, family_id, known
        self._asked = [
            (info, version)
            for info in catalogue().texts
            if info.is_asked and (version := version_in_force(info.versions, today)) is not None
        ]

    @cached_property
    def _children(self) -> Sequence[ReadingChild]:
        """Read where a text looks at them."""
        if self._known is not None:
            return self._known.children
        return children_of_family(self._family_id, [info.readership for info, _ in self._asked])

    @cached_property
    def _accepted(self) -> Mapping[int, Acceptance]:
        """Read where a text concerns the family."""
        if self._known is not None:
            return self._known.accepted
        own = select(TextAcceptance).where(TextAcceptance.family_id == self._family_id)
        return acceptances(self._session.scalars(own))

    def asked(self) -> tuple[AskedText, ...]:
        """Those that the family is asked for, by name."""
        return tuple(
            self._text(info, version) for info, version in self._asked if concerns(info.readership, self._children)
        )

    @property
    def may_keep_away(self) -> bool:
        """Whether any of them keeps anybody from anything."""
        return any(info.demand is DocumentDemand.BLOCKS_ENROLMENT for info, _ in self._asked)

    @property
    def looks_at_levels(self) -> bool:
        """Whether what keeps anybody away is for some classes only."""
        return any(info.demand is DocumentDemand.BLOCKS_ENROLMENT and info.readership.levels for info, _ in self._asked)

    def keeping_from(self, level: str | None, activity_id: int) -> tuple[AskedText, ...]:
        """What the family must accept before a child of this class asks for an activity. One query, or none."""
        there = ReadingChild(frozenset({activity_id}), level)
        found = [
            self._text(info, version)
            for info, version in self._asked
            if info.demand is DocumentDemand.BLOCKS_ENROLMENT and concerns(info.readership, [there])
        ]
        return tuple(each for each in found if each.is_to_do)

    def find(self, text_id: int) -> AskedText:
        """One that is in force, also for who is not concerned yet: an enrolment may wait for it. Raises NotFound."""
        for info, version in self._asked:
            blocks = info.demand is DocumentDemand.BLOCKS_ENROLMENT
            if info.id == text_id and (blocks or concerns(info.readership, self._children)):
                return self._text(info, version)
        raise NotFound("text")

    def _text(self, info: TextInfo, version: VersionDay) -> AskedText:
        own = {each.id for each in info.versions}
        state = text_state(version.id, own.intersection(self._accepted))
        return AskedText(info, version, state, self._accepted.get(version.id))


def texts_of_family(family_id: int, known: KnownFamily | None = None) -> tuple[AskedText, ...]:
    """The texts that a family is asked to accept, and those that it has."""
    return FamilyTexts(db.session(), family_id, known).asked()


def acceptances(rows: Iterable[TextAcceptance]) -> Mapping[int, Acceptance]:
    """What a family accepted, by version."""
    return {row.version_id: _view(row) for row in rows}


def text_of_family(family_id: int, text_id: int) -> tuple[AskedText, VersionText]:
    """One of them, with what its version in force says. Raises NotFound for any other."""
    asked = FamilyTexts(db.session(), family_id).find(text_id)
    return asked, read_version(asked.info, asked.version.id)


def read_version(info: TextInfo, version_id: int) -> VersionText:
    """What a version of a text says. One query. Raises NotFound."""
    row = db.session.execute(
        select(TextVersion, PublicationFile)
        .outerjoin(PublicationFile, PublicationFile.id == TextVersion.file_id)
        .where(TextVersion.id == version_id, TextVersion.text_id == info.id)
    ).one_or_none()
    if row is None:
        raise NotFound("version")
    version, file = row
    if file is None:
        return VersionText(version.id, version.starts_on, version.body, version.content_hash, None, 0, 0)
    return VersionText(
        version.id, version.starts_on, version.body, version.content_hash, file.path, file.size_bytes, file.page_count
    )


def accept(session: Session, family: FamilyRef, user_id: int, text_id: int, version_id: int, *, device: str) -> None:
    """Note that a parent accepts a version, once for the family, whoever of its parents it is.

    Raises NotFound for what the family is not asked, TextChanged where another version came meanwhile, FamilyNotActive.
    """
    if not stays_active(session, family.id, alone=True):
        raise FamilyNotActive
    name = session.execute(
        select(Guardian.first_name, Guardian.last_name).where(
            Guardian.family_id == family.id, Guardian.user_id == user_id
        )
    ).one()
    _store(
        session, family.id, text_id, version_id, accepted_at=clock.now(), accepted_by_id=user_id,
        signed_by=f"{name.first_name} {name.last_name}", device=device[:LONGEST_DEVICE],
    )  # fmt: skip


def record_paper(
    session: Session, family_id: int, agent_id: int, text_id: int, version_id: int, *, signed_by: str, signed_on: date
) -> None:
    """Note that a family signed a version on paper. Raises NotFound, TextChanged, OwnFamily."""
    check_not_own(family_id, agent_id)
    _store(
        session, family_id, text_id, version_id, accepted_at=datetime.combine(signed_on, time(12), PARIS),
        accepted_by_id=agent_id, signed_by=signed_by, on_paper=True,
    )  # fmt: skip


def accepted_by_family(family_id: int) -> tuple[AcceptedText, ...]:
    """All that a family ever accepted, the last one first. One query."""
    names = {version.id: info.name for info in catalogue().texts for version in info.versions}
    rows = db.session.execute(
        select(TextAcceptance, TextVersion.body)
        .join(TextVersion, TextVersion.id == TextAcceptance.version_id)
        .where(TextAcceptance.family_id == family_id)
        .order_by(TextAcceptance.accepted_at.desc(), TextAcceptance.id.desc())
    )
    return tuple(AcceptedText(names[row.version_id], body, _view(row)) for row, body in rows)


def find_text(text_id: int) -> TextInfo:
    """A text, asked or not. Raises NotFound."""
    for info in catalogue().texts:
        if info.id == text_id:
            return info
    raise NotFound("text")


def answers_to(session: Session, info: TextInfo, version_id: int) -> tuple[FamilyAnswer, ...]:
    """The families whom a text concerns today, by name, with what they answered. Two queries at most."""
    return _read_answers(session, _with_answer(version_id).where(is_concerned(session, info.readership)))


def page_of_answers(
    session: Session, info: TextInfo, version_id: int, number: int, *, is_accepted: bool | None = None
) -> Answers:
    """A page of them: all, or only those who accepted, or who did not. Three queries at most."""
    concerned = _with_answer(version_id).where(is_concerned(session, info.readership))
    counted = concerned.with_only_columns(func.count(Family.id), func.count(TextAcceptance.id))
    total, accepted = session.execute(counted).one()
    if is_accepted is not None:
        is_there = TextAcceptance.id.is_not(None)
        concerned = concerned.where(is_there if is_accepted else ~is_there)
    wanted = {None: total, True: accepted, False: total - accepted}[is_accepted]
    page: Page[FamilyAnswer] = page_of(number, wanted)
    rows = _read_answers(session, concerned.offset(page.offset).limit(page.size))
    return Answers(page.filled(rows), total, accepted)


def _store(
    session: Session, family_id: int, text_id: int, version_id: int, *, accepted_at: datetime, accepted_by_id: int,
    signed_by: str, on_paper: bool = False, device: str = "",
) -> None:  # fmt: skip
    # Two at once: the second one sees the first one.
    locked = select(Family.id).where(Family.id == family_id).with_for_update(key_share=True)
    if session.scalar(locked) is None:
        raise NotFound("family")
    asked = FamilyTexts(session, family_id).find(text_id)
    if asked.version.id != version_id:
        raise TextChanged
    if not asked.is_to_do:
        return
    session.add(
        TextAcceptance(
            version_id=version_id, family_id=family_id, accepted_at=accepted_at, accepted_by_id=accepted_by_id,
            signed_by=signed_by, on_paper=on_paper, device=device,
            content_hash=session.get_one(TextVersion, version_id).content_hash,
        )
    )  # fmt: skip
    session.flush()


def _with_answer(version_id: int) -> Select[tuple[Family, TextAcceptance]]:
    """Families, each with its acceptance; None where there is none."""
    of_version = and_(TextAcceptance.family_id == Family.id, TextAcceptance.version_id == version_id)
    return select(Family, TextAcceptance).outerjoin(TextAcceptance, of_version)


def _read_answers(session: Session, wanted: Select[tuple[Family, TextAcceptance]]) -> tuple[FamilyAnswer, ...]:
    return tuple(
        FamilyAnswer(family.id, family.name, None if row is None else _view(row))
        for family, row in session.execute(wanted.order_by(*BY_NAME))
    )


def _view(row: TextAcceptance) -> Acceptance:
    return Acceptance(row.version_id, row.accepted_at, row.signed_by, row.on_paper, row.device)
