"""« À traiter »: what waits for the staff to decide or answer, with all that they need for it, and what was decided.

The decisions themselves are commands of services.sign_ups, services.enrolments, services.quotients,
services.change_requests and services.booking_requests.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from itertools import islice, permutations

from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload

from app import clock
from app.database import db
from app.models.absences import AbsenceJustification
from app.models.accounts import User
from app.models.changes import ChangeRequest
from app.models.enrolments import Enrolment
from app.models.families import Child, Family, FamilyChild, FamilyQuotient, Guardian
from app.models.messages import MessageThread
from app.models.required_documents import SubmittedDocument
from app.models.retention import ErasureRequest
from app.rules.capacity import covering
from app.rules.enrolments import age_on
from app.rules.file_fields import FileKind
from app.rules.namesakes import Person, may_be_same
from app.rules.quotients import usual_quotient_end
from app.rules.states import ChangeStatus, EnrolmentStatus, FamilyStatus
from app.rules.texts import fold
from app.services import absences, document_decisions, erasures, message_inbox
from app.services.booking_requests import count_of_requests, places_of, waiting_requests
from app.services.catalogue import catalogue
from app.services.change_requests import RequestView, find_request, pending_requests, person_of
from app.services.enrolments import is_in_queue, pending_enrolments
from app.services.errors import NotFound
from app.services.families import own_family_ids
from app.services.family_files import address_lines
from app.services.queue_items import (
    AbsenceItem,
    BookingItem,
    ChangeItem,
    Decision,
    DocumentItem,
    EnrolmentItem,
    ErasureItem,
    Item,
    ItemKind,
    Lookalike,
    MessageItem,
    Queue,
    QuotientItem,
    ScopeView,
    SignUpItem,
)
from app.services.staff_scopes import EVERYWHERE, StaffScope

SHOWN_AT_MOST = 50
"""Of each kind, the oldest; the others come up as these are dealt with."""


Reaches = Mapping[ItemKind, StaffScope]
"""What an agent may decide on, and where."""


def read_queue(user_id: int, reaches: Reaches, shown: ItemKind | None = None) -> Queue:
    """The queue of an agent who may decide on these kinds there; `shown` keeps one of them.

    At most fifteen queries; two more where somebody is to be added to a family, for who may be the same elsewhere;
    three more where bookings wait.
    """
    own = own_family_ids(user_id)
    counts = count_waiting(reaches)
    looked_at = {kind for kind, count in counts.items() if count and shown in (None, kind)}
    items: list[Item] = []
    if ItemKind.SIGN_UP in looked_at:
        items += _sign_up_items(own)
    if ItemKind.ENROLMENT in looked_at:
        items += _enrolment_items(own, reach=reaches[ItemKind.ENROLMENT])
    if ItemKind.QUOTIENT in looked_at:
        items += _quotient_items(own, reach=reaches[ItemKind.QUOTIENT])
    if ItemKind.CHANGE in looked_at:
        items += _change_items(own)
    if ItemKind.DOCUMENT in looked_at:
        items += _document_items(own)
    if ItemKind.ABSENCE in looked_at:
        items += _absence_items(own)
    if ItemKind.ERASURE in looked_at:
        items += _erasure_items(own)
    if ItemKind.MESSAGE in looked_at:
        items += _message_items(own, reaches[ItemKind.MESSAGE])
    if ItemKind.BOOKING in looked_at:
        items += _booking_items(own, reach=reaches[ItemKind.BOOKING])
    if shown is not ItemKind.BOOKING:
        items.sort(key=lambda item: (item.requested_at, item.kind, item.id))
    return Queue(tuple(items), counts, shown)


def count_waiting(reaches: Reaches) -> Mapping[ItemKind, int]:
    """How many items of these kinds wait there."""
    places = {kind: reaches.get(kind, EVERYWHERE) for kind in ItemKind}
    waiting = {
        ItemKind.SIGN_UP: select(func.count()).select_from(Family).where(Family.status == FamilyStatus.PENDING),
        ItemKind.ENROLMENT: select(func.count(Enrolment.id)).where(
            is_in_queue(), places[ItemKind.ENROLMENT].has_activity(Enrolment.activity_id)
        ),
        ItemKind.QUOTIENT: select(func.count(FamilyQuotient.id)).where(
            _IS_DECLARED, _OF_ACTIVE_FAMILY, places[ItemKind.QUOTIENT].has_family(FamilyQuotient.family_id)
        ),
        ItemKind.CHANGE: select(func.count(ChangeRequest.id)).where(
            ChangeRequest.status == ChangeStatus.PENDING,
            ChangeRequest.family_id.in_(select(Family.id).where(Family.status == FamilyStatus.ACTIVE)),
        ),
        ItemKind.BOOKING: count_of_requests(places[ItemKind.BOOKING]),
    }
    waiting[ItemKind.DOCUMENT] = select(func.count(SubmittedDocument.id)).where(document_decisions.is_in_queue())
    waiting[ItemKind.ABSENCE] = select(func.count(AbsenceJustification.id)).where(absences.is_in_queue())
    waiting[ItemKind.ERASURE] = select(func.count(ErasureRequest.id)).where(erasures.is_in_queue())
    waiting[ItemKind.MESSAGE] = select(func.count(MessageThread.id)).where(
        message_inbox.is_in_queue(), places[ItemKind.MESSAGE].has_family(MessageThread.family_id)
    )
    wanted = [kind for kind in waiting if kind in reaches]
    row = db.session.execute(select(*(waiting[kind].scalar_subquery() for kind in wanted))).one()
    return dict(zip(wanted, row, strict=True))


def find_item(user_id: int, kind: ItemKind, item_id: int) -> Item | None:
    """One row of the queue, or None when it does not wait any more."""
    load: Mapping[ItemKind, Callable[[Collection[int], int], Iterable[Item]]] = {
        ItemKind.SIGN_UP: _sign_up_items,
        ItemKind.ENROLMENT: _enrolment_items,
        ItemKind.QUOTIENT: _quotient_items,
        ItemKind.CHANGE: _change_items,
        ItemKind.BOOKING: _booking_items,
    }
    return next(iter(load[kind](own_family_ids(user_id), item_id)), None)


def read_decision(kind: ItemKind, item_id: int) -> Decision:
    """What was decided on an item. Raises NotFound for one that was never in the queue."""
    if kind is ItemKind.QUOTIENT:
        return _quotient_decision(item_id)
    if kind is ItemKind.CHANGE:
        return _change_decision(item_id)
    if kind is ItemKind.SIGN_UP:
        found = db.session.execute(
            select(Family, User.display_name)
            .outerjoin(User, Family.decided_by_id == User.id)
            .where(Family.id == item_id)
        ).first()
        if found is None:
            raise NotFound("family")
        family, by = found
        accepted = family.status in (FamilyStatus.ACTIVE, FamilyStatus.CLOSED)
        return Decision(kind, family.id, family.name, family.id, accepted, by, family.decided_at)
    row = db.session.execute(
        select(Enrolment, Child, User.display_name)
        .join(Child, Enrolment.child_id == Child.id)
        .outerjoin(User, User.id == func.coalesce(Enrolment.decided_by_id, Enrolment.listed_by_id))
        .where(Enrolment.id == item_id)
    ).first()
    if row is None:
        raise NotFound("enrolment")
    enrolment, child, by = row
    return Decision(
        kind, enrolment.id, child.full_name, enrolment.family_id,
        enrolment.status in (EnrolmentStatus.ACCEPTED, EnrolmentStatus.ENDED), by,
        enrolment.decided_at or enrolment.listed_at, catalogue().activities[enrolment.activity_id].name,
        is_withdrawn=enrolment.status is EnrolmentStatus.CANCELLED and enrolment.decided_by_id is None,
        is_listed=enrolment.status is EnrolmentStatus.WAITING,
    )  # fmt: skip


def _quotient_decision(quotient_id: int) -> Decision:
    found = db.session.execute(
        select(FamilyQuotient, Family, User.display_name)
        .join(Family, FamilyQuotient.family_id == Family.id)
        .outerjoin(User, User.id == func.coalesce(FamilyQuotient.verified_by_id, FamilyQuotient.refused_by_id))
        .where(FamilyQuotient.id == quotient_id)
    ).first()
    if found is None:
        raise NotFound("quotient")
    quotient, family, by = found
    return Decision(
        ItemKind.QUOTIENT, quotient.id, family.name, family.id, quotient.verified_at is not None, by,
        quotient.verified_at or quotient.refused_at,
    )  # fmt: skip


def _change_decision(request_id: int) -> Decision:
    found = find_request(request_id)
    return Decision(
        ItemKind.CHANGE, found.id, found.family_name, found.family_id, found.status is ChangeStatus.ACCEPTED,
        found.decided_by, found.decided_at, is_withdrawn=found.status is ChangeStatus.WITHDRAWN,
    )  # fmt: skip


def _document_items(own: Collection[int]) -> list[DocumentItem]:
    return [
        DocumentItem(
            id=each.version.id,
            requested_at=each.version.handed_in_at,
            waiting_days=_waiting_days(each.version.handed_in_at),
            is_own=each.family_id in own,
            request=each,
        )
        for each in document_decisions.pending_submissions(at_most=SHOWN_AT_MOST)
    ]


def _absence_items(own: Collection[int]) -> list[AbsenceItem]:
    return [
        AbsenceItem(
            id=each.id,
            requested_at=each.sent_at,
            waiting_days=_waiting_days(each.sent_at),
            is_own=each.family_id in own,
            request=each,
        )
        for each in absences.pending_justifications(at_most=SHOWN_AT_MOST)
    ]


def _erasure_items(own: Collection[int]) -> list[ErasureItem]:
    return [
        ErasureItem(
            id=each.id,
            requested_at=each.asked_at,
            waiting_days=_waiting_days(each.asked_at),
            is_own=each.family_id in own,
            request=each,
        )
        for each in erasures.pending_requests(at_most=SHOWN_AT_MOST)
    ]


def _message_items(own: Collection[int], reach: StaffScope) -> list[MessageItem]:
    return [
        MessageItem(
            id=each.id,
            requested_at=each.last_at,
            waiting_days=_waiting_days(each.last_at),
            is_own=each.is_own,
            thread=each,
        )
        for each in message_inbox.threads_to_answer(own, at_most=SHOWN_AT_MOST, reach=reach)
    ]


def _change_items(own: Collection[int], only: int | None = None) -> list[ChangeItem]:
    requests = pending_requests(only, at_most=SHOWN_AT_MOST)
    children = _families_of_namesakes(Child, [r for r in requests if r.kind is FileKind.NEW_CHILD])
    adults = _families_of_namesakes(Guardian, [r for r in requests if r.kind is FileKind.NEW_GUARDIAN])
    return [
        ChangeItem(
            id=request.id,
            requested_at=request.asked_at,
            waiting_days=_waiting_days(request.asked_at),
            is_own=request.family_id in own,
            request=request,
            lookalikes=tuple({**children, **adults}.get(request.id, ())),
        )
        for request in requests
    ]


def _families_of_namesakes(
    table: type[Child | Guardian], requests: Collection[RequestView]
) -> dict[int, list[Lookalike]]:
    """By request to add somebody: the families that have a person of the same names and birth date."""
    if not requests:
        return {}
    wanted = {request.id: person_of(request.changes) for request in requests}
    names = {
        fold(f"{one} {other}")
        for person in wanted.values()
        for one, other in permutations((person.last_name, person.first_name))
    }
    to_family = select(table, Family)
    if table is Child:
        to_family = to_family.join(FamilyChild, FamilyChild.child_id == Child.id).join(
            Family, Family.id == FamilyChild.family_id
        )
    else:
        to_family = to_family.join(Family, Family.id == Guardian.family_id)
    rows = (
        db.session.execute(
            to_family.where(table.folded_name.in_(names)).order_by(Family.id).options(joinedload(Family.addresses))
        )
        .unique()
        .all()
    )
    found: dict[int, list[Lookalike]] = {}
    for request_id, person in wanted.items():
        for row, family in rows:
            if may_be_same(Person(row.last_name, row.first_name, row.birth_date), person):
                found.setdefault(request_id, []).append(_lookalike(family))
    return found


def _sign_up_items(own: Collection[int], only: int | None = None) -> list[SignUpItem]:
    wanted = select(Family).where(Family.status == FamilyStatus.PENDING)
    if only is not None:
        wanted = wanted.where(Family.id == only)
    families = (
        db.session.scalars(
            wanted.options(joinedload(Family.guardians), joinedload(Family.addresses))
            .order_by(Family.created_at, Family.id)
            .limit(SHOWN_AT_MOST)
        )
        .unique()
        .all()
    )
    lookalikes = _families_named(families)
    items = []
    for family in families:
        guardian = family.guardians[0]
        names = {name for adult in family.guardians for name in _both_orders(adult)}
        alike = {like.family_id: like for name in names for like in lookalikes.get(name, ())}
        alike.pop(family.id, None)
        items.append(
            SignUpItem(
                id=family.id,
                requested_at=family.created_at,
                waiting_days=_waiting_days(family.created_at),
                is_own=family.id in own,
                family_name=family.name,
                title=guardian.title,
                guardian_name=guardian.full_name,
                email=guardian.email or "",
                address=address_lines(family.addresses[-1] if family.addresses else None),
                lookalikes=tuple(alike[id_] for id_ in sorted(alike)),
            )
        )
    return items


def _families_named(families: Collection[Family]) -> dict[str, list[Lookalike]]:
    """By folded name of an adult: the families that are not refused and have one so named."""
    names = {name for family in families for adult in family.guardians for name in _both_orders(adult)}
    found: dict[str, list[Lookalike]] = {}
    rows = db.session.execute(
        select(Guardian.folded_name, Family)
        .join(Family, Guardian.family_id == Family.id)
        .where(Guardian.folded_name.in_(names), Family.status != FamilyStatus.REFUSED)
        .options(joinedload(Family.addresses))
    ).unique()
    for name, family in rows:
        found.setdefault(name, []).append(_lookalike(family))
    return found


def _both_orders(adult: Guardian) -> tuple[str, str]:
    # Many type their first name into the field of the last one.
    return adult.folded_name, fold(adult.full_name)


def _lookalike(family: Family) -> Lookalike:
    return Lookalike(family.id, family.name, family.status, family.addresses[-1].city if family.addresses else "")


def _enrolment_items(
    own: Collection[int], only: int | None = None, reach: StaffScope = EVERYWHERE
) -> list[EnrolmentItem]:
    pending = pending_enrolments(only, at_most=SHOWN_AT_MOST, reach=reach)
    twins = _families_of_twins({request.enrolment.child_id for request in pending})
    known = catalogue()
    items = []
    for request in pending:
        enrolment = request.enrolment
        scopes = (ScopeView(scope.name, scope.places) for scope in known.scopes if enrolment.group_id in scope.groups)
        items.append(
            EnrolmentItem(
                id=enrolment.id,
                requested_at=enrolment.requested_at,
                waiting_days=_waiting_days(enrolment.requested_at),
                is_own=enrolment.family_id in own,
                request=request,
                age=age_on(request.birth_date, enrolment.starts_on),
                enrolled=request.enrolled,
                places=known.activities[enrolment.activity_id].enrolment_rules.places_of(enrolment.group_id),
                scopes=tuple(scopes),
                lookalikes=tuple(twins.get(enrolment.child_id, ())),
            )
        )
    return items


_IS_DECLARED = FamilyQuotient.verified_at.is_(None) & FamilyQuotient.refused_at.is_(None)
_OF_ACTIVE_FAMILY = FamilyQuotient.family_id.in_(select(Family.id).where(Family.status == FamilyStatus.ACTIVE))


def _quotient_items(
    own: Collection[int], only: int | None = None, reach: StaffScope = EVERYWHERE
) -> list[QuotientItem]:
    declared = select(FamilyQuotient.family_id).where(_IS_DECLARED)
    rows = db.session.execute(
        select(FamilyQuotient, Family)
        .join(Family, FamilyQuotient.family_id == Family.id)
        .where(FamilyQuotient.family_id.in_(declared), _OF_ACTIVE_FAMILY, FamilyQuotient.refused_at.is_(None))
        .where(reach.has_family(FamilyQuotient.family_id))
        .order_by(FamilyQuotient.declared_at, FamilyQuotient.id)
    ).all()
    verified = [row for row, _ in rows if row.verified_at is not None]
    previous = {row.family_id: row for row in sorted(verified, key=lambda row: row.starts_on)}
    waiting = ((row, family) for row, family in rows if row.verified_at is None and only in (None, row.id))
    return [
        QuotientItem(
            id=quotient.id,
            requested_at=quotient.declared_at,
            waiting_days=_waiting_days(quotient.declared_at),
            is_own=family.id in own,
            family_id=family.id,
            family_name=family.name,
            value_cents=quotient.value_cents,
            month=quotient.starts_on,
            source=quotient.source,
            proposed_end=usual_quotient_end(quotient.starts_on, clock.today()),
            regime=family.regime,
            fund_number=family.fund_number,
            fund_holder_name=family.fund_holder_name,
            previous_cents=previous[family.id].value_cents if family.id in previous else None,
            previous_month=previous[family.id].starts_on if family.id in previous else None,
        )
        for quotient, family in islice(waiting, SHOWN_AT_MOST)
    ]


def _families_of_twins(child_ids: Collection[int]) -> dict[int, list[Lookalike]]:
    """By child: the families of another child file with the same name and birth date."""
    twin = aliased(Child)
    rows = db.session.execute(
        select(Child.id, Family)
        .join(
            twin,
            (twin.folded_name == Child.folded_name) & (twin.birth_date == Child.birth_date) & (twin.id != Child.id),
        )
        .join(FamilyChild, FamilyChild.child_id == twin.id)
        .join(Family, Family.id == FamilyChild.family_id)
        .where(Child.id.in_(child_ids))
        .order_by(Family.id)
        .options(joinedload(Family.addresses))
    ).unique()
    found: dict[int, list[Lookalike]] = {}
    for child_id, family in rows:
        found.setdefault(child_id, []).append(_lookalike(family))
    return found


def _booking_items(own: Collection[int], only: int | None = None, reach: StaffScope = EVERYWHERE) -> list[BookingItem]:
    requests = waiting_requests(only, at_most=SHOWN_AT_MOST, reach=reach)
    places = places_of(db.session(), {request.day for request in requests}) if requests else {}
    scopes = catalogue().scopes
    return [
        BookingItem(
            id=request.first_id,
            requested_at=request.requested_at,
            waiting_days=_waiting_days(request.requested_at),
            is_own=request.family_id in own,
            request=request,
            places=tuple(
                places[request.day, scope_id]
                for scope_id in sorted({s.id for each in request.units for s in covering(each.slot, scopes)})
                if (request.day, scope_id) in places
            ),
        )
        for request in requests
    ]


def _waiting_days(since: datetime) -> int:
    return max(0, (clock.today() - since.date()).days)
