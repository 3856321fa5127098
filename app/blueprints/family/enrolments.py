"""Mes inscriptions: what each child is enrolled in, and a new request."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, current_family
from app.blueprints.enrolment_ends import answer_end
from app.database import write_transaction
from app.filters import spaced
from app.forms import enrolments as forms
from app.forms.enrolment_ends import EndForm
from app.forms.enrolments import EnrolmentFilters, EnrolmentForm
from app.htmx import go_to, render_page
from app.rules.child_files import SectionKind
from app.rules.enrolments import EnrolmentBlocker
from app.rules.states import EnrolmentStatus
from app.services import enrolments, families, prepaid_books
from app.services.enrolment_ends import EndPlan
from app.services.enrolments import EnrolmentView
from app.services.errors import AlreadyDecided, EnrolmentBlocked, FamilyNotActive, NotFound
from app.services.families import ChildView

blueprint = Blueprint("enrolments", __name__, url_prefix="/mes-inscriptions")


@dataclass(frozen=True, slots=True)
class PersonView:
    """A child with the enrolments to show."""

    child: ChildView
    enrolments: Sequence[EnrolmentView]
    past: Sequence[EnrolmentView]  # behind a summary
    may_book: bool

    @property
    def opens_past(self) -> bool:
        """Whether a refusal is all that there is to read."""
        is_news = any(each.status is EnrolmentStatus.REFUSED and not each.is_over for each in self.past)
        return is_news and not self.enrolments


@blueprint.get("")
def show() -> Response:
    """The enrolments of each child, as filtered."""
    family = current_family()
    found = enrolments.enrolments_of(family.id)
    form = EnrolmentFilters(_activity_names(found), formdata=request.args)
    people = [_person(child, found, form) for child in families.children_of(family.id)]
    return render_page(
        "family/enrolments/show.html", layout="family", family=family, people=people, form=form,
        selling=prepaid_books.selling_activities(), books=prepaid_books.live_books_of(family.id),
    )  # fmt: skip


def _activity_names(found: Sequence[EnrolmentView]) -> Mapping[int, str]:
    """The activities to choose from; the same one of two seasons is told apart by them."""
    by_id = {each.activity_id: each for each in found}
    times = Counter(each.activity_name for each in by_id.values())
    return {
        id_: f"{each.activity_name}, {each.season_name}" if times[each.activity_name] > 1 else each.activity_name
        for id_, each in by_id.items()
    }


@blueprint.get("/<int:child_id>/nouvelle")
def new_request(child_id: int) -> Response:
    """What the child may ask for."""
    return _offers_page(child_id)


@blueprint.post("/<int:child_id>/nouvelle")
def request_enrolment(child_id: int) -> BaseResponse:
    """Ask for an activity."""
    form = EnrolmentForm()
    activity_id = form.activity_id.data if form.validate() else None
    if activity_id is None:
        raise NotFound("activity")
    try:
        with write_transaction() as session:
            enrolment_id = enrolments.request_enrolment(
                session, current_family(), current_account().user_id, child_id, activity_id
            )
    except EnrolmentBlocked as refusal:
        return _offers_page(child_id, refusal, status=422)
    made = enrolments.enrolment_of(current_family().id, enrolment_id)
    flash(_made_sentence(made), "info" if made.status is EnrolmentStatus.WAITING else "success")
    return go_to(url_for("family.enrolments.show"))


@blueprint.post("/demandes/<int:enrolment_id>/retirer")
def withdraw(enrolment_id: int) -> BaseResponse:
    """Take back a request that waits."""
    try:
        with write_transaction() as session:
            enrolments.withdraw(session, current_family(), enrolment_id)
        flash("Votre demande est retirée.", "success")
    except AlreadyDecided:
        flash("Votre demande a été traitée entre-temps.", "warning")
    return go_to(url_for("family.enrolments.show"))


@blueprint.get("/<int:enrolment_id>/fin")
def edit_end(enrolment_id: int) -> Response:
    """From which day on, and what that would do."""
    enrolment = _own_to_end(enrolment_id)
    return _end_page(enrolment, EndForm(enrolment.ends_on, asks_reason=False, formdata=None), None)


@blueprint.post("/<int:enrolment_id>/fin")
def end(enrolment_id: int) -> BaseResponse:
    """Show what the end would do, or end the enrolment."""
    enrolment = _own_to_end(enrolment_id)
    return answer_end(
        current_family(), enrolment, current_account().user_id, by_staff=False,
        page=lambda form, plan, status: _end_page(enrolment, form, plan, status),
        after=url_for("family.enrolments.show"),
    )  # fmt: skip


def _own_to_end(enrolment_id: int) -> EnrolmentView:
    family = current_family()
    if not family.may_act:
        raise FamilyNotActive
    enrolment = enrolments.enrolment_of(family.id, enrolment_id)
    if not enrolment.may_end:
        raise NotFound("enrolment")
    return enrolment


def _end_page(enrolment: EnrolmentView, form: EndForm, plan: EndPlan | None, status: int = 200) -> Response:
    return render_page(
        "family/enrolments/end.html", layout="family", status=status, enrolment=enrolment,
        child=families.child_of(enrolment.family_id, enrolment.child_id), form=form, plan=plan,
    )  # fmt: skip


def _made_sentence(made: EnrolmentView) -> str:
    match made.status:
        case EnrolmentStatus.ACCEPTED:
            return spaced(f"L’inscription est acceptée : {made.activity_name}. Vous pouvez maintenant réserver.")
        case EnrolmentStatus.WAITING:
            return spaced(f"{made.activity_name} : il n’y a plus de place, votre demande est sur liste d’attente.")
        case _:
            return spaced(
                f"Votre demande d’inscription est envoyée : {made.activity_name}. Nous vous répondrons par courriel."
            )


def _person(child: ChildView, found: Sequence[EnrolmentView], form: EnrolmentFilters) -> PersonView:
    own = [each for each in found if each.child_id == child.id]
    may_book = any(each.may_book for each in own)
    own = [each for each in own if form.activity_id in (None, each.activity_id)]
    current = [each for each in own if each.may_book or each.waits]
    past = [each for each in own if each not in current]
    match form.afficher.data:
        case forms.CURRENT:
            return PersonView(child, [each for each in current if each.may_book], (), may_book)
        case forms.REQUESTED:
            return PersonView(child, [each for each in current if each.waits], (), may_book)
        case forms.PAST:
            return PersonView(child, past, (), may_book)
        case _:
            return PersonView(child, current, past, may_book)


def _ways_out(child_id: int) -> Mapping[str, tuple[str, str]]:
    """What removes a blocker: the words and the address of the page, by its code."""
    coordinates = url_for("family.members.show_coordinates")
    return {
        EnrolmentBlocker.CLASS_UNKNOWN: ("Indiquer sa classe", _section(child_id, SectionKind.SCHOOL)),
        EnrolmentBlocker.WRONG_CLASS: ("Vérifier sa classe", _section(child_id, SectionKind.SCHOOL)),
        EnrolmentBlocker.NOT_RESIDENT: ("Vérifier mon adresse", coordinates),
        EnrolmentBlocker.OTHER_AUDIENCE: ("Vérifier mon adresse", coordinates),
        EnrolmentBlocker.NOT_CERTIFIED: ("Certifier mon dossier", url_for("family.members.show")),
        EnrolmentBlocker.NOT_INSURED: ("Indiquer son assurance", _section(child_id, SectionKind.INSURANCE)),
        EnrolmentBlocker.DOCUMENTS_MISSING: ("Envoyer mes documents", url_for("family.required_documents.show")),
        EnrolmentBlocker.TEXTS_NOT_ACCEPTED: ("Lire et accepter", url_for("family.publications.show")),
        EnrolmentBlocker.UNPAID: ("Voir mes factures", url_for("family.invoices.show")),
    }


def _section(child_id: int, kind: SectionKind) -> str:
    return url_for(f"family.child_files.edit_{kind}", child_id=child_id)


def _offers_page(child_id: int, refusal: EnrolmentBlocked | None = None, *, status: int = 200) -> Response:
    family = current_family()
    child = families.child_of(family.id, child_id)
    return render_page(
        "family/enrolments/new.html",
        layout="family",
        status=status,
        family=family,
        child=child,
        offers=enrolments.offers_for(family, child),
        refusal=refusal,
        ways_out=_ways_out(child_id),
    )
