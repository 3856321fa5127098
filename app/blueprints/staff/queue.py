"""« À traiter »: what waits for a decision: accounts, enrolments, quotients, changes of files, bookings, messages."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from types import MappingProxyType

from flask import Blueprint, Response, flash, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app import labels
from app.access import current_account, current_capabilities, reach, reached_office_ids, reached_offices, requires
from app.combination_labels import combination_sentence
from app.database import db, write_transaction
from app.filters import NBSP, day_medium, in_sentence, moment_plain, of
from app.forms.bases import SectionForm
from app.forms.changes import ReadableChange, readable
from app.forms.staff_changes import AcceptanceForm, mark_review, review_form
from app.forms.staff_queue import DespiteForm, RefusalForm, read_rows
from app.forms.staff_quotients import QuotientForm
from app.htmx import go_to, leave_for, render_fragment, render_page, wants_fragment
from app.rules.booking_requests import Obstacle
from app.rules.capabilities import Capability
from app.rules.changes import Conflict
from app.services import (
    booking_requests,
    change_requests,
    deposits,
    enrolments,
    families,
    quotients,
    run_views,
    sign_ups,
    staff_queue,
)
from app.services.booking_mails import DecidedDay
from app.services.booking_requests import DayRequest
from app.services.catalogue import catalogue
from app.services.change_requests import Review
from app.services.deposits import FullTill
from app.services.errors import (
    AlreadyDecided,
    ForgedForm,
    GroupFull,
    NotFound,
    OwnFamily,
    RequestChanged,
    UnknownCommune,
)
from app.services.families import Values
from app.services.queue_items import BookingItem, ChangeItem, Decision, Item, ItemKind, QuotientItem
from app.services.run_views import RunView

blueprint = Blueprint("queue", __name__)

_CAPABILITIES = {
    ItemKind.SIGN_UP: Capability.REVIEW_SIGN_UPS,
    ItemKind.ENROLMENT: Capability.REVIEW_ENROLMENTS,
    ItemKind.QUOTIENT: Capability.VERIFY_QUOTIENTS,
    ItemKind.CHANGE: Capability.REVIEW_CHANGES,
    ItemKind.BOOKING: Capability.REVIEW_BOOKINGS,
    ItemKind.DOCUMENT: Capability.REVIEW_DOCUMENTS,
    ItemKind.ABSENCE: Capability.REVIEW_ABSENCES,
    ItemKind.ERASURE: Capability.REVIEW_ERASURES,
    ItemKind.MESSAGE: Capability.ANSWER_MESSAGES,
}
_KIND_IN_ADDRESS = {
    "comptes": ItemKind.SIGN_UP,
    "inscriptions": ItemKind.ENROLMENT,
    "quotients": ItemKind.QUOTIENT,
    "demandes": ItemKind.CHANGE,
    "reservations": ItemKind.BOOKING,
    "documents": ItemKind.DOCUMENT,
    "absences": ItemKind.ABSENCE,
    "effacements": ItemKind.ERASURE,
    "messages": ItemKind.MESSAGE,
}
_CHANGED_MEANWHILE = "La famille vient de modifier sa demande. Relisez-la avant de décider."
_NO_SUCH_COMMUNE = "La commune demandée n’est plus dans notre liste. Ouvrez la demande pour corriger l’adresse."
_NUMBER = re.compile(r"[0-9]{1,9}")
_TO_FILE = "dossier"  # in the address: the agent decides from the family's file, and returns there


@blueprint.get("")
@requires(*_CAPABILITIES.values())
def show() -> Response:
    """What waits, oldest first."""
    return _queue_page()


@blueprint.post("/comptes/<int:family_id>/accepter")
@requires(Capability.REVIEW_SIGN_UPS)
def accept_sign_up(family_id: int) -> BaseResponse:
    """Activate a family."""
    return _decide(ItemKind.SIGN_UP, family_id, sign_ups.accept_sign_up)


@blueprint.post("/comptes/<int:family_id>/refuser")
@requires(Capability.REVIEW_SIGN_UPS)
def refuse_sign_up(family_id: int) -> BaseResponse:
    """Refuse a family, with a reason."""
    return _refuse(ItemKind.SIGN_UP, family_id, sign_ups.refuse_sign_up)


@blueprint.post("/inscriptions/<int:enrolment_id>/accepter")
@requires(Capability.REVIEW_ENROLMENTS)
def accept_enrolment(enrolment_id: int) -> BaseResponse:
    """Accept an enrolment; with a reason, also beyond the places of its group."""
    is_despite = "despite" in request.form
    form = DespiteForm(f"despite-{ItemKind.ENROLMENT}-{enrolment_id}", is_sent=is_despite)
    # Without its reason it is accepted only where nothing stands in the way any more; else that is said again.
    despite = form.reason.data if is_despite and form.validate() else None
    try:
        return _decide(ItemKind.ENROLMENT, enrolment_id, partial(enrolments.accept_enrolment, despite=despite))
    except GroupFull as full:
        item = staff_queue.find_item(current_account().user_id, ItemKind.ENROLMENT, enrolment_id)
        if item is None:
            return _answer(staff_queue.read_decision(ItemKind.ENROLMENT, enrolment_id), is_late=True)
        why = _full_sentence(full)
        form.repeat(why)
        note = None if is_despite else why
        return _invalid(item, replace(_forms(item), despite=form, note=note), status=422 if is_despite else 409)


@blueprint.post("/inscriptions/<int:enrolment_id>/liste-d-attente")
@requires(Capability.REVIEW_ENROLMENTS)
def list_enrolment(enrolment_id: int) -> BaseResponse:
    """Put an enrolment on the waiting list."""
    return _decide(ItemKind.ENROLMENT, enrolment_id, enrolments.put_on_waiting_list)


@blueprint.post("/inscriptions/<int:enrolment_id>/refuser")
@requires(Capability.REVIEW_ENROLMENTS)
def refuse_enrolment(enrolment_id: int) -> BaseResponse:
    """Refuse an enrolment, with a reason."""
    return _refuse(ItemKind.ENROLMENT, enrolment_id, enrolments.refuse_enrolment)


@blueprint.post("/quotients/<int:quotient_id>/accepter")
@requires(Capability.VERIFY_QUOTIENTS)
def accept_quotient(quotient_id: int) -> BaseResponse:
    """Let a quotient count, until a day."""
    item = staff_queue.find_item(current_account().user_id, ItemKind.QUOTIENT, quotient_id)
    if not isinstance(item, QuotientItem):
        return _answer(staff_queue.read_decision(ItemKind.QUOTIENT, quotient_id), is_late=True)
    form = QuotientForm(item.id, item.month, item.proposed_end, is_sent=True)
    ends_on = form.ends_on.data if form.validate() else None
    if ends_on is None:
        return _invalid(item, replace(_forms(item), quotient=form))
    return _decide(
        ItemKind.QUOTIENT, quotient_id,
        lambda session, id_, user_id: quotients.accept_quotient(session, id_, user_id, ends_on),
    )  # fmt: skip


@blueprint.post("/quotients/<int:quotient_id>/refuser")
@requires(Capability.VERIFY_QUOTIENTS)
def refuse_quotient(quotient_id: int) -> BaseResponse:
    """Refuse a quotient, with a reason."""
    return _refuse(ItemKind.QUOTIENT, quotient_id, quotients.refuse_quotient)


@blueprint.post("/demandes/<int:request_id>/accepter")
@requires(Capability.REVIEW_CHANGES)
def accept_change(request_id: int) -> BaseResponse:
    """Apply what a family asks for; where the file has moved since, the agent reviews it first."""
    item = staff_queue.find_item(current_account().user_id, ItemKind.CHANGE, request_id)
    if not isinstance(item, ChangeItem):
        return _answer(staff_queue.read_decision(ItemKind.CHANGE, request_id), is_late=True)
    form = _acceptance(item, is_sent=True)
    if not form.validate():
        return _invalid(item, replace(_forms(item), acceptance=form))
    applied = _apply(request_id, form.version_read, starts_on=form.begins_on)
    if applied.obstacle is not None:
        return _invalid(item, replace(_forms(item), note=applied.obstacle), status=409)
    if applied.moved:
        return leave_for(url_for("staff.queue.review_change", request_id=request_id))
    return _answer(staff_queue.read_decision(ItemKind.CHANGE, request_id), is_late=applied.is_late)


@blueprint.post("/demandes/<int:request_id>/refuser")
@requires(Capability.REVIEW_CHANGES)
def refuse_change(request_id: int) -> BaseResponse:
    """Refuse what a family asks for, with a reason."""
    return _refuse(ItemKind.CHANGE, request_id, change_requests.refuse)


@blueprint.get("/demandes/<int:request_id>")
@requires(Capability.REVIEW_CHANGES)
def review_change(request_id: int) -> Response:
    """What a family asks for, to be corrected before it is accepted; and what has moved since."""
    review = change_requests.review_of(request_id)
    return _review_page(review, review_form(review), _acceptance_of(review))


@blueprint.post("/demandes/<int:request_id>")
@requires(Capability.REVIEW_CHANGES)
def accept_reviewed_change(request_id: int) -> BaseResponse:
    """Apply what the agent made of it."""
    try:
        review = change_requests.review_of(request_id)
        form, acceptance = review_form(review), _acceptance_of(review, is_sent=True)
        is_valid = form.validate()
    except AlreadyDecided:
        return _answer(staff_queue.read_decision(ItemKind.CHANGE, request_id), is_late=True)
    if not acceptance.validate() or not is_valid:
        return _review_page(review, form, acceptance, status=422)
    applied = _apply(
        request_id, acceptance.version_read, starts_on=acceptance.begins_on, shown=form.shown(), typed=form.values()
    )
    if applied.obstacle is not None:
        flash(applied.obstacle, "warning")
        return go_to(url_for("staff.queue.review_change", request_id=request_id))
    if applied.moved:
        review = change_requests.review_of(request_id)
        form.add_conflicts(applied.moved, review.stored)
        return _review_page(review, form, acceptance, status=409)
    decision = staff_queue.read_decision(ItemKind.CHANGE, request_id)
    if applied.is_late:
        return _answer(decision, is_late=True)
    flash(_sentence(decision, is_late=False), "success")
    return go_to(url_for("staff.queue.show", type="demandes"))


@blueprint.post("/demandes/accepter")
@requires(Capability.REVIEW_CHANGES)
def accept_ticked_changes() -> BaseResponse:
    """Accept the ticked requests, each on its own, and say of each what became of it."""
    ticked = request.form.getlist("ticked")[: staff_queue.SHOWN_AT_MOST]
    if not ticked:
        flash("Cochez au moins une demande.", "warning")
    for each in ticked:
        numbers = [part for part in each.split(":") if _NUMBER.fullmatch(part)]
        if len(numbers) == 2:
            flash(*_accept_one(int(numbers[0]), int(numbers[1])))
    return go_to(url_for("staff.queue.show", type="demandes"))


@blueprint.post("/reservations/accepter")
@requires(Capability.REVIEW_BOOKINGS)
def accept_bookings() -> BaseResponse:
    """Accept one row or those that are ticked; with a reason, also what has no place or breaks a combination."""
    rows = read_rows(request.form)
    if not rows:
        return _nothing_ticked()
    if "despite" not in request.form:
        return _decide_bookings(rows, booking_requests.accept_requests, "acceptée")
    if len(rows) > 1:
        raise ForgedForm  # a reason is given for what one row says of itself
    item = _booking_item(rows[0])
    form = DespiteForm("despite" if item is None else f"despite-{_key(item)}", is_sent=True)
    if form.validate():
        return _decide_bookings(rows, partial(booking_requests.accept_requests, despite=form.reason.data), "acceptée")
    # Without its reason it is accepted only where nothing stands in the way any more; else that is said again.
    return _decide_bookings(rows, booking_requests.accept_requests, "acceptée", despite=form)


@blueprint.post("/reservations/refuser")
@requires(Capability.REVIEW_BOOKINGS)
def refuse_bookings() -> BaseResponse:
    """Refuse one row, a part of it, or those that are ticked, with a reason."""
    rows = read_rows(request.form)
    shown = request.form.get("row", "")
    item = _booking_item((int(shown),)) if _NUMBER.fullmatch(shown) else None
    form = RefusalForm("batch" if item is None else _key(item), is_sent=True)
    is_valid = form.validate()
    if item is not None and not (rows and is_valid):
        note = None if rows else "Cochez ce que vous refusez."
        ticked = frozenset(id_ for row in rows for id_ in row)
        return _queue_page(status=422, sent={_key(item): RowForms(form, note=note, ticked=ticked)})
    if not rows:
        return _nothing_ticked()
    if not is_valid:
        return _queue_page(status=422, batch=form)
    return _decide_bookings(rows, partial(booking_requests.refuse_requests, reason=form.reason.data or ""), "refusée")


def _full_sentence(full: GroupFull) -> str:
    have = "enfants inscrits" if full.enrolled > 1 else "enfant inscrit"
    places = f"{full.places} place{'s' if full.places > 1 else ''}"
    return f"Le groupe « {full.group_name} » est complet{NBSP}: {full.enrolled} {have} pour {places}."


def _nothing_ticked() -> BaseResponse:
    flash("Cochez au moins une réservation.", "warning")
    return go_to(url_for("staff.queue.show", type="reservations"))


def _booking_item(row: tuple[int, ...]) -> BookingItem | None:
    """The first of these bookings that waits, with all that waits with it."""
    user_id = current_account().user_id
    reached = booking_requests.families_of(row, reach(Capability.REVIEW_BOOKINGS))
    found = (
        staff_queue.find_item(user_id, ItemKind.BOOKING, booking_id) for booking_id in row if booking_id in reached
    )
    return next((item for item in found if isinstance(item, BookingItem)), None)


def _decide_bookings(
    rows: tuple[tuple[int, ...], ...],
    command: Callable[[Session, int, Collection[tuple[int, ...]], int], booking_requests.Decided],
    what: str,
    *,
    despite: DespiteForm | None = None,
) -> BaseResponse:
    """Decide family by family, each in its own transaction and with its own mail; say what could not be decided.

    `despite`: the form that came without its reason.
    """
    family_ids = booking_requests.families_of([id_ for row in rows for id_ in row], reach(Capability.REVIEW_BOOKINGS))
    by_family: dict[int, list[tuple[int, ...]]] = {}
    for row in rows:
        owners = {family_ids.get(id_) for id_ in row}
        if len(owners) != 1 or None in owners:
            raise NotFound("booking")
        by_family.setdefault(family_ids[row[0]], []).append(row)
    days: list[DecidedDay] = []
    conflicts: list[booking_requests.Conflict] = []
    for family_id, its_rows in sorted(by_family.items()):
        try:
            with write_transaction() as session:
                decided = command(session, family_id, its_rows, current_account().user_id)
        except OwnFamily:
            flash("C’est votre propre famille, un collègue doit décider.", "warning")
            continue
        days += decided.days
        conflicts += decided.conflicts
    if days:
        flash(_decided_sentence(days, what), "success" if what == "acceptée" else "info")
    if not conflicts:
        return go_to(url_for("staff.queue.show", type=request.args.get("type")))
    return _queue_page(status=409 if despite is None else 422, sent=_rows_in_conflict(conflicts, despite))


def _decided_sentence(days: Sequence[DecidedDay], what: str) -> str:
    mail = "les parents sont prévenus" if what == "acceptée" else "les parents reçoivent le motif"
    if len(days) > 1:
        return f"{len(days)} demandes {what}s{NBSP}: {mail} par courriel."
    day = days[0]
    return f"{day.child_name}, {day_medium(day.day)}, {day.words}{NBSP}: demande {what}, {mail} par courriel."


def _obstacle_sentence(conflict: booking_requests.Conflict) -> str:
    violation = conflict.violation
    if violation is None or conflict.obstacle is Obstacle.FULL:
        return labels.label(conflict.obstacle)
    known = reach(Capability.REVIEW_BOOKINGS).known_activity_ids
    return combination_sentence(violation, catalogue().unit_names(violation.breach, known))


def _rows_in_conflict(
    conflicts: Iterable[booking_requests.Conflict], sent: DespiteForm | None
) -> dict[str, "RowForms"]:
    """The rows that stand open and say why; of what waits no more only a sentence is left.

    `sent`: the form that came without its reason, which says it beside the field.
    """
    found = {}
    for conflict in conflicts:
        why = _obstacle_sentence(conflict)
        if conflict.request is None:
            flash(f"{conflict.child_name}, {day_medium(conflict.day)}{NBSP}: {in_sentence(why)}", "warning")
            continue
        key = f"{ItemKind.BOOKING}-{conflict.request.first_id}"
        if not conflict.may_be_overruled:
            found[key] = RowForms(RefusalForm(key), note=why)
        elif sent is None:
            found[key] = RowForms(RefusalForm(key), note=why, despite=DespiteForm(f"despite-{key}"))
        else:
            sent.repeat(why)
            found[key] = RowForms(RefusalForm(key), despite=sent)
    return found


@dataclass(frozen=True, slots=True)
class _Applied:
    """What became of a request that an agent accepts: it is done, unless one of these says otherwise."""

    is_late: bool = False  # a colleague decided, or the family withdrew it
    obstacle: str | None = None  # why nothing was done
    moved: Mapping[str, Conflict] = field(default_factory=dict)  # what was stored since: the agent chooses


def _apply(
    request_id: int, version: int, *, starts_on: date | None = None, shown: Values | None = None,
    typed: Values | None = None,
) -> _Applied:  # fmt: skip
    try:
        with write_transaction() as session:
            moved = change_requests.accept(
                session, request_id, current_account().user_id, version, starts_on=starts_on, shown=shown, typed=typed
            )
    except AlreadyDecided:
        return _Applied(is_late=True)
    except RequestChanged:
        return _Applied(obstacle=_CHANGED_MEANWHILE)
    except UnknownCommune:
        return _Applied(obstacle=_NO_SUCH_COMMUNE)
    return _Applied(moved=moved)


def _accept_one(request_id: int, version: int) -> tuple[str, str]:
    """Accept one of several requests: the sentence that tells what became of it, and its colour."""
    try:
        applied = _apply(request_id, version)
    except OwnFamily:
        applied = _Applied(obstacle="C’est votre propre famille, un collègue doit décider.")
    decision = staff_queue.read_decision(ItemKind.CHANGE, request_id)
    obstacle = applied.obstacle
    if applied.moved:
        obstacle = "Le dossier a changé entre-temps, ouvrez la demande pour choisir."
    if obstacle is not None:
        return f"Famille {decision.name}{NBSP}: {in_sentence(obstacle)}", "warning"
    return _sentence(decision, is_late=applied.is_late), "warning" if applied.is_late else "success"


def _refuse(kind: ItemKind, item_id: int, refuse: Callable[[Session, int, int, str], None]) -> BaseResponse:
    form = RefusalForm(f"{kind}-{item_id}", is_sent=True)
    if not form.validate():
        item = staff_queue.find_item(current_account().user_id, kind, item_id)
        if item is None:
            return _answer(staff_queue.read_decision(kind, item_id), is_late=True)
        return _invalid(item, replace(_forms(item), refusal=form))
    reason = form.reason.data or ""
    return _decide(kind, item_id, lambda session, id_, user_id: refuse(session, id_, user_id, reason))


def _decide(kind: ItemKind, item_id: int, command: Callable[[Session, int, int], object]) -> BaseResponse:
    try:
        with write_transaction() as session:
            command(session, item_id, current_account().user_id)
    except AlreadyDecided:
        return _answer(staff_queue.read_decision(kind, item_id), is_late=True)
    return _answer(staff_queue.read_decision(kind, item_id))


def _answer(decision: Decision, *, is_late: bool = False) -> BaseResponse:
    """The row alone under htmx, else the queue again; `is_late`: a colleague was faster."""
    sentence = _sentence(decision, is_late=is_late)
    status = 409 if is_late else 200
    if wants_fragment():
        counts = staff_queue.count_waiting(_reaches())
        return render_fragment(
            "staff/queue/_decided.html", status=status, decision=decision, sentence=sentence, is_late=is_late,
            counts=counts, shown=_shown(), tabs=_tabs(),
        )  # fmt: skip
    flash(sentence, "warning" if is_late else "success" if decision.accepted else "info")
    if request.args.get("retour") == _TO_FILE:
        return go_to(url_for("staff.families.show", family_id=decision.family_id))
    if is_late:
        return _queue_page(status=status)
    return go_to(url_for("staff.queue.show", type=request.args.get("type")))


def _sentence(decision: Decision, *, is_late: bool) -> str:
    if is_late:
        if decision.is_withdrawn and decision.kind is ItemKind.ENROLMENT:
            return f"Trop tard{NBSP}: la demande d’inscription {of(decision.name)} a été retirée par la famille."
        if decision.is_listed:
            return f"Déjà traité{NBSP}: la demande d’inscription {of(decision.name)} est sur liste d’attente."
        if decision.is_withdrawn:
            return f"Trop tard{NBSP}: la famille {decision.name} a retiré sa demande."
        by = decision.decided_by or "un collègue"
        at = f" le {moment_plain(decision.decided_at)}" if decision.decided_at else ""
        what = "accepté" if decision.accepted else "refusé"
        return f"Déjà traité : {by} a {what} cette demande{at}."
    if decision.kind is ItemKind.SIGN_UP and decision.accepted:
        return f"Le compte de la famille {decision.name} est activé : un courriel l’invite à le confirmer."
    if decision.kind is ItemKind.SIGN_UP:
        return f"La demande de la famille {decision.name} est refusée : elle reçoit le motif par courriel."
    if decision.kind is ItemKind.QUOTIENT and decision.accepted:
        return f"Le quotient de la famille {decision.name} est vérifié : ses réservations sont au nouveau tarif."
    if decision.kind is ItemKind.QUOTIENT:
        return f"Le quotient de la famille {decision.name} est refusé : elle reçoit le motif par courriel."
    if decision.kind is ItemKind.CHANGE and decision.accepted:
        return f"La demande de la famille {decision.name} est acceptée{NBSP}: son dossier est à jour."
    if decision.kind is ItemKind.CHANGE:
        return f"La demande de la famille {decision.name} est refusée{NBSP}: elle reçoit le motif par courriel."
    if decision.is_listed:
        return (
            f"La demande d’inscription {of(decision.name)} à « {decision.activity_name} » est sur liste d’attente"
            f"{NBSP}: les parents sont prévenus par courriel. La suite se décide dans « Attributions »."
        )
    what = "acceptée" if decision.accepted else "refusée"
    mail = "les parents sont prévenus" if decision.accepted else "les parents reçoivent le motif"
    return f"L’inscription {of(decision.name)} à « {decision.activity_name} » est {what} : {mail} par courriel."


@dataclass(frozen=True, slots=True)
class RowForms:
    """The forms of a row."""

    refusal: RefusalForm
    quotient: QuotientForm | None = None  # of a quotient's row
    acceptance: AcceptanceForm | None = None  # of a change's row
    rows: tuple[ReadableChange, ...] = ()  # what it changes
    note: str | None = None  # why nothing was decided
    despite: DespiteForm | None = None  # of what only a reason lets accept
    ticked: frozenset[int] | None = None  # of a booking's row: what its refusal is about; None: all of it

    @property
    def is_wrong(self) -> bool:
        """Whether one was sent and refused: the row then stands open."""
        forms = (self.refusal, self.quotient, self.acceptance, self.despite)
        return self.note is not None or any(form is not None and form.errors for form in forms)


def _key(item: Item) -> str:
    return f"{item.kind}-{item.id}"


def _forms(item: Item) -> RowForms:
    quotient = None
    if isinstance(item, QuotientItem):
        quotient = QuotientForm(item.id, item.month, item.proposed_end)
    if isinstance(item, ChangeItem):
        rows = readable(item.request.kind, item.request.changes)
        return RowForms(RefusalForm(_key(item)), acceptance=_acceptance(item), rows=rows)
    return RowForms(RefusalForm(_key(item)), quotient)


def _acceptance(item: ChangeItem, *, is_sent: bool = False) -> AcceptanceForm:
    asked_on = item.requested_at.date()
    return AcceptanceForm(
        item.id, item.request.version, asked_on, has_address=item.request.has_address, is_sent=is_sent
    )


def _acceptance_of(review: Review, *, is_sent: bool = False) -> AcceptanceForm:
    found = review.request
    return AcceptanceForm(
        found.id, found.version, found.asked_at.date(), has_address=found.has_address, is_sent=is_sent
    )


def _review_page(review: Review, form: SectionForm, acceptance: AcceptanceForm, status: int = 200) -> Response:
    mark_review(form, review)
    return render_page(
        "staff/queue/change.html", layout="staff", status=status, review=review, form=form, acceptance=acceptance,
        fields=[form[name] for name in review.request.changes if name in form],
        is_own=review.request.family_id in families.own_family_ids(current_account().user_id),
    )  # fmt: skip


def _invalid(item: Item, forms: RowForms, status: int = 422) -> BaseResponse:
    if wants_fragment():
        return render_fragment("staff/queue/_item.html", status=status, item=item, forms=forms)
    return _queue_page(status=status, sent={_key(item): forms})


def _queue_page(
    status: int = 200, sent: Mapping[str, RowForms] = MappingProxyType({}), batch: RefusalForm | None = None
) -> Response:
    queue = staff_queue.read_queue(current_account().user_id, _reaches(), _shown())
    forms_by_key = {_key(item): _forms(item) for item in queue.items}
    forms_by_key |= sent
    return render_page(
        "staff/queue/show.html", layout="staff", status=status, queue=queue, forms_by_key=forms_by_key,
        counts=queue.counts, shown=queue.shown, tabs=_tabs(), batch=batch or RefusalForm("batch"),
        full_tills=_full_tills(), stuck_runs=_stuck_runs(),
        unanswered=_unanswered() if queue.shown is ItemKind.BOOKING else (),
    )  # fmt: skip


def _full_tills() -> tuple[FullTill, ...]:
    """For who collects: this is where they start."""
    if Capability.RECORD_PAYMENTS not in current_capabilities():
        return ()
    return deposits.full_tills(db.session(), reached_offices(Capability.RECORD_PAYMENTS))


def _stuck_runs() -> tuple[RunView, ...]:
    """For who invoices: nobody looks at a run that was left to itself."""
    if Capability.ISSUE_INVOICES not in current_capabilities():
        return ()
    return run_views.stuck_runs(reached_office_ids(Capability.ISSUE_INVOICES))


def _unanswered() -> tuple[DayRequest, ...]:
    return booking_requests.expired_requests(reach(Capability.REVIEW_BOOKINGS))


def _kinds() -> tuple[ItemKind, ...]:
    return tuple(kind for kind, capability in _CAPABILITIES.items() if capability in current_capabilities())


def _reaches() -> staff_queue.Reaches:
    return {kind: reach(_CAPABILITIES[kind]) for kind in _kinds()}


def _shown() -> ItemKind | None:
    kind = _KIND_IN_ADDRESS.get(request.args.get("type", ""))
    return kind if kind in _kinds() else None


def _tabs() -> tuple[tuple[ItemKind | None, str], ...]:
    """The filters: what each keeps, and its address."""
    address = url_for("staff.queue.show")
    narrow = tuple((kind, f"{address}?type={word}") for word, kind in _KIND_IN_ADDRESS.items() if kind in _kinds())
    return ((None, address), *narrow) if len(narrow) > 1 else ()
