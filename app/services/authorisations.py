"""What parents allow and refuse, for a school year: the latest answer counts, the earlier ones remain as proof."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.database import db
from app.models.child_files import ChildAuthorisation
from app.models.families import Child, Guardian
from app.rules.changes import Merge, merge
from app.rules.child_files import AuthorisationKind, SectionKind
from app.services.notices import tell_staff

Values = Mapping[str, str]

LEAVES_AT = "leaves_at"  # from what time a child may leave alone


@dataclass(frozen=True, slots=True)
class AuthorisationView:
    """An answer that counts."""

    kind: AuthorisationKind
    is_allowed: bool
    detail: str
    signed_by: str
    signed_at: datetime


def answers_of_children(child_ids: Collection[int], school_year: int) -> Mapping[int, Sequence[AuthorisationView]]:
    """The answers of a school year that count, by child, in the order of the questions. One query."""
    latest: defaultdict[int, dict[AuthorisationKind, AuthorisationView]] = defaultdict(dict)
    rows = db.session.execute(
        select(ChildAuthorisation, Guardian.first_name, Guardian.last_name)
        .join(Guardian, Guardian.id == ChildAuthorisation.signed_by_id)
        .where(ChildAuthorisation.child_id.in_(child_ids), ChildAuthorisation.school_year == school_year)
        .order_by(ChildAuthorisation.id)
    )
    for row, first, last in rows:
        view = AuthorisationView(row.kind, row.is_allowed, row.detail, f"{first} {last}", row.signed_at)
        latest[row.child_id][row.kind] = view
    found: defaultdict[int, Sequence[AuthorisationView]] = defaultdict(tuple)
    for child_id, views in latest.items():
        found[child_id] = tuple(views[kind] for kind in AuthorisationKind if kind in views)
    return found


def answer_values(answers: Sequence[AuthorisationView]) -> Values:
    """The answers as text by name of field: « yes », « no » or nothing."""
    values = {answer.kind.value: "yes" if answer.is_allowed else "no" for answer in answers}
    alone = next((answer for answer in answers if answer.kind is AuthorisationKind.LEAVE_ALONE), None)
    return {**values, LEAVES_AT: alone.detail if alone else ""}


def save_answers(
    session: Session, family_id: int, child_id: int, school_year: int, guardian_id: int, shown: Values, typed: Values
) -> Merge:
    """Sign the answers that changed; nothing while somebody else's change conflicts."""
    session.execute(select(Child.id).where(Child.id == child_id).with_for_update())
    stored = answer_values(answers_of_children([child_id], school_year)[child_id])
    merged = merge(shown, typed, stored)
    if merged.conflicts or not merged.changes:
        return merged
    changed = set(merged.changes)
    if LEAVES_AT in changed:
        changed = (changed - {LEAVES_AT}) | {AuthorisationKind.LEAVE_ALONE.value}
    for kind in AuthorisationKind:
        answer = typed.get(kind, "")
        if kind.value in changed and answer:
            session.add(
                ChildAuthorisation(
                    child_id=child_id, school_year=school_year, kind=kind, is_allowed=answer == "yes",
                    detail=typed[LEAVES_AT] if kind is AuthorisationKind.LEAVE_ALONE and answer == "yes" else "",
                    signed_by_id=guardian_id,
                )
            )  # fmt: skip
    tell_staff(session, family_id, child_id, SectionKind.AUTHORISATIONS)
    return merged
