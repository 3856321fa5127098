"""The planning of a child, as the staff act on it for its family: the page and the save of parents, with a reason."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, reach, requires
from app.cell_labels import LIST_ANSWER_WORDS
from app.database import db, write_transaction
from app.filters import NBSP, day_medium
from app.forms.bookings import key_of_choices, read_day, read_proposal
from app.forms.fields import id_of
from app.forms.keys import new_key
from app.forms.staff_bookings import ListForm, MarkForm, StaffPlanningForm, read_exceeds
from app.htmx import go_to, render_fragment, render_page, wants_fragment
from app.rules.capabilities import Capability
from app.rules.cells import Action, CellState
from app.rules.staff_bookings import LIST_ANSWERS, ListAnswer
from app.rules.states import CancelClass
from app.services import aids, bookings, planning, staff_bookings
from app.services.booking_reports import report_save
from app.services.errors import NotFound, PlacesExceeded
from app.services.families import ChildView, FamilyRef, check_not_own, family_ref
from app.services.households import EnrolledChild, people_of, read_children
from app.services.planning import CellView, Proposal, Week

blueprint = Blueprint("bookings", __name__)

_PLANNING = "/<int:family_id>/enfants/<int:child_id>/planning"


@blueprint.get(_PLANNING)
@requires(Capability.REVIEW_BOOKINGS)
def show_week(family_id: int, child_id: int) -> Response:
    """The planning of a child around a day; after a save, with what it did and did not do."""
    page = _Page(family_id, child_id, request.args.get("jour"))
    return page.answer()


@blueprint.post(f"{_PLANNING}/verification")
@requires(Capability.REVIEW_BOOKINGS)
def check_week(family_id: int, child_id: int) -> Response:
    """What saving these ticks would do. Reads only; htmx gets the judgements alone."""
    page = _Page(family_id, child_id, request.form.get("jour"))
    form, proposal = StaffPlanningForm(), _reached_proposal()
    if wants_fragment():
        week = page.week(form.chosen_class, proposal)
        return render_fragment("family/bookings/_week_check.html", week=week)
    return page.answer(form, proposal)


@blueprint.post(_PLANNING)
@requires(Capability.REVIEW_BOOKINGS)
def save_week(family_id: int, child_id: int) -> BaseResponse:
    """Save the ticks, then show the planning with what was done; first ask again where it goes over the places."""
    page = _Page(family_id, child_id, request.form.get("jour"))
    form, proposal = StaffPlanningForm(), _reached_proposal()
    key = key_of_choices(request.form, child_id, proposal)
    if not form.validate():
        return page.answer(form, proposal, status=422)
    said = form.said(read_exceeds(request.form))
    user_id = current_account().user_id
    try:
        with write_transaction() as session:
            staff_bookings.save_for_family(session, page.family, user_id, child_id, key, proposal, said)
    except PlacesExceeded as error:
        return page.answer(form, proposal, exceeded=error.opening_ids, status=409)
    return go_to(page.address(key))


@blueprint.post(f"{_PLANNING}/presence-speciale")
@requires(Capability.REVIEW_BOOKINGS)
def mark(family_id: int, child_id: int) -> BaseResponse:
    """Mark what is booked as special, with what the parents read of it."""
    page = _Page(family_id, child_id, request.form.get("jour"))
    week = page.week(CancelClass.IN_TIME)
    form = MarkForm.of(_markable(week), is_sent=True)
    if not form.validate():
        return page.answer(mark_form=form, status=422)
    _mark(page, form.opening_id, form.note.data, tells_family=form.tells_mark.data)
    flash("La présence est marquée comme spéciale.", "success")
    return go_to(page.address())


@blueprint.post(f"{_PLANNING}/presence-ordinaire")
@requires(Capability.REVIEW_BOOKINGS)
def unmark(family_id: int, child_id: int) -> BaseResponse:
    """Take a mark back."""
    page = _Page(family_id, child_id, request.form.get("jour"))
    _mark(page, id_of(request.form.get("opening")), None, tells_family=True)
    flash("La présence n’est plus spéciale. La famille est prévenue.", "success")
    return go_to(page.address())


@blueprint.post(f"{_PLANNING}/liste-d-attente")
@requires(Capability.REVIEW_BOOKINGS)
def answer_list(family_id: int, child_id: int) -> BaseResponse:
    """Take what waits off its list, or answer for the family what it is offered."""
    page = _Page(family_id, child_id, request.form.get("jour"))
    answers = _answers(page.week(CancelClass.IN_TIME))
    if not answers:
        raise NotFound("waiting entry")
    form = ListForm.of(answers, is_sent=True)
    if not form.validate():
        return page.answer(list_form=form, status=422)
    entry_id, answer = form.typed()
    with write_transaction() as session:
        staff_bookings.answer_list(
            session, page.family, current_account().user_id, child_id, entry_id, answer, form.list_reason.data
        )
    done = "La place est réservée." if answer is ListAnswer.ACCEPT else f"{page.child.first_name} n’attend plus."
    flash(f"{done} La famille en est avertie.", "success")
    return go_to(page.address())


def _reached_proposal() -> Proposal:
    """The choices of the form. Raises NotFound for those in an activity that the agent does not reach."""
    proposal = read_proposal(request.form)
    staff_bookings.check_reached(reach(Capability.REVIEW_BOOKINGS), (each.opening_id for each in proposal.shown))
    return proposal


def _mark(page: "_Page", opening_id: int, note: str | None, *, tells_family: bool) -> None:
    staff_bookings.check_reached(reach(Capability.REVIEW_BOOKINGS), [opening_id])
    with write_transaction() as session:
        staff_bookings.mark_special(
            session, page.family, current_account().user_id, page.child.id, opening_id, note, tells_family=tells_family
        )


def _cells(week: Week) -> Sequence[tuple[str, CellView]]:
    """The cells of a week with their words, in the order of the days."""
    found = [
        (f"{day_medium(cell.day.day).capitalize()}, {row.name}", cell)
        for activity in week.activities
        for row in activity.rows
        for cell in row.cells
        if cell is not None
    ]
    return sorted(found, key=lambda each: each[1].day.day)


def _markable(week: Week) -> dict[str, str]:
    """What may be marked as special, by opening."""
    return {
        str(cell.opening_id): words
        for words, cell in _cells(week)
        if cell.holding and cell.cell.can_be_ticked and cell.cell.state in (CellState.PRESENT, CellState.NOT_ALLOWED)
    }


def _answers(week: Week) -> dict[str, str]:
    """What may be answered on waiting lists, entry by entry: an entry may be of several units."""
    names: defaultdict[int, list[str]] = defaultdict(list)
    allowed: dict[int, frozenset[Action]] = {}
    for words, cell in _cells(week):
        if cell.waiting_id is not None:
            names[cell.waiting_id].append(words)
            allowed[cell.waiting_id] = cell.cell.actions
    return {
        f"{LIST_ANSWERS[action]}-{entry_id}": f"{' et '.join(names[entry_id])}{NBSP}: {words}"
        for entry_id, actions in allowed.items()
        for action, words in LIST_ANSWER_WORDS.items()
        if action in actions
    }


class _Page:
    """The page of a child's planning, for the staff."""

    def __init__(self, family_id: int, child_id: int, day: str | None) -> None:
        """Raises NotFound for a child of another family, and OwnFamily."""
        self.family: FamilyRef = family_ref(family_id)
        check_not_own(family_id, current_account().user_id)
        self.children: Sequence[EnrolledChild] = read_children(db.session(), [family_id])
        child = next((each for each in people_of(self.children) if each.id == child_id), None)
        if child is None:
            raise NotFound("child")
        self.child: ChildView = child
        self.day: date = (
            planning.next_open_day(self.family, child_id, clock.today())
            if day is None
            else read_day(day, clock.today())
        )

    def address(self, saved_key: str | None = None) -> str:
        """Of the planning on the day that is shown, after a save with what it did."""
        return url_for(
            "staff.bookings.show_week", family_id=self.family.id, child_id=self.child.id, jour=self.day.isoformat(),
            enregistrement=saved_key,
        )  # fmt: skip

    def week(
        self, staff_class: CancelClass, proposal: Proposal | None = None, messages: dict[int, str] | None = None
    ) -> Week:
        """The week, judged for the staff: of the activities that they reach."""
        where = reach(Capability.REVIEW_BOOKINGS)
        return planning.build_week(
            self.family, self.child, self.day, proposal, messages, self.children, staff_class=staff_class,
            activity_ids=where.known_activity_ids,
        )  # fmt: skip

    def answer(
        self,
        form: StaffPlanningForm | None = None,
        proposal: Proposal | None = None,
        *,
        mark_form: MarkForm | None = None,
        list_form: ListForm | None = None,
        exceeded: frozenset[int] = frozenset(),
        status: int = 200,
    ) -> Response:
        """The whole page."""
        user_id = current_account().user_id
        outcome = bookings.read_outcome(user_id, request.args.get("enregistrement"), self.child.id)
        known = reach(Capability.REVIEW_BOOKINGS).known_activity_ids
        report = report_save(outcome, known) if outcome is not None else None
        form = form or StaffPlanningForm(formdata=None)
        week = self.week(form.chosen_class, proposal, dict(report.messages) if report else None)
        cells = _cells(week)
        base = url_for("staff.bookings.show_week", family_id=self.family.id, child_id=self.child.id)
        over = [
            f"{words}{NBSP}: il y aurait {cell.over_places}{NBSP}enfant{'s' if cell.over_places > 1 else ''} "
            "de plus que de places."
            for words, cell in cells
            if cell.opening_id in exceeded
        ]
        return render_page(
            "staff/bookings/week.html", layout="staff", status=status, family=self.family, week=week, report=report,
            siblings=people_of(self.children), terms_form=form, over=over,
            exceeds=",".join(map(str, sorted(exceeded))),
            mark_form=mark_form or MarkForm.of(_markable(week), is_sent=False),
            list_form=list_form or ListForm.of(_answers(week), is_sent=False),
            special=[(words, cell) for words, cell in cells if cell.holding and cell.cell.state is CellState.SPECIAL],
            expected_aids=aids.expected_aids(self.family.id, self.child.id, week.days[0].day, week.days[-1].day),
            aids_href=url_for("staff.families.show", family_id=self.family.id),
            form_action=base,
            check_url=url_for("staff.bookings.check_week", family_id=self.family.id, child_id=self.child.id),
            idempotency_key=new_key(),
            previous_href=f"{base}?jour={self.day - timedelta(days=7)}",
            next_href=f"{base}?jour={self.day + timedelta(days=7)}",
            today_href=f"{base}?jour={clock.today()}",
        )  # fmt: skip
