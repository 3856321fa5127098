"""Families: search, file, and helping an account that was never confirmed."""

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import (
    current_account,
    current_capabilities,
    reach,
    reached_office_ids,
    reaches_family,
    requires,
)
from app.database import write_transaction
from app.downloads import send_table
from app.forms.changes import cards_of
from app.forms.staff_families import EmailForm
from app.forms.staff_queue import RefusalForm
from app.forms.staff_quotients import QuotientForm
from app.history_labels import KIND_WORDS
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import (
    accounts,
    change_requests,
    closings,
    family_files,
    family_tables,
    histories,
    prepaid_books,
    sign_ups,
)
from app.services.errors import EmailTaken
from app.services.families import own_family_ids
from app.services.family_money import money_of
from app.services.histories import StaffView
from app.services.history_sources import HistoryKind

blueprint = Blueprint("families", __name__)


@blueprint.get("")
@requires(Capability.VIEW_FAMILIES)
def search() -> Response:
    """Families by name, e-mail or child."""
    text = request.args.get("q", "").strip()[: family_files.LONGEST_SEARCH]
    found = family_files.search_families(text, request.args.get("page", 1, type=int), reach(Capability.VIEW_FAMILIES))
    return render_page(
        "staff/families/search.html", layout="staff", text=text, found=found,
        may_create=Capability.EDIT_FAMILIES in current_capabilities(),
    )  # fmt: skip


@blueprint.get("/fichier")
@requires(Capability.VIEW_FAMILIES)
def search_file() -> Response:
    """The same for a spreadsheet, all that are found."""
    table = family_tables.families_table(request.args.get("q", "").strip(), reach(Capability.VIEW_FAMILIES))
    return send_table(table, f"familles-{clock.today()}")


@blueprint.get("/<int:family_id>")
@requires(Capability.VIEW_FAMILIES)
def show(family_id: int) -> Response:
    """The file of a family."""
    return _file_page(family_id)


@blueprint.post("/<int:family_id>/email")
@requires(Capability.REVIEW_SIGN_UPS)
def correct_email(family_id: int) -> BaseResponse:
    """Give an account that was never confirmed its right address."""
    form = EmailForm()
    if not form.validate_on_submit():
        return _file_page(family_id, form)
    email = accounts.normalise_email(form.email.data)
    try:
        with write_transaction() as session:
            sign_ups.correct_email(session, family_id, email)
    except EmailTaken:
        form.email.errors = ["Cette adresse email est déjà celle d’un autre compte."]
        return _file_page(family_id, form)
    flash(f"L’adresse est corrigée. Un courriel part vers {email}.", "success")
    return go_to(url_for("staff.families.show", family_id=family_id))


@blueprint.post("/<int:family_id>/invitation")
@requires(Capability.REVIEW_SIGN_UPS)
def resend_invitation(family_id: int) -> BaseResponse:
    """Send the link that confirms the account again."""
    with write_transaction() as session:
        email = family_files.resend_invitation(session, family_id)
    flash(f"Une nouvelle invitation part vers {email}. Les liens précédents ne fonctionnent plus.", "success")
    return go_to(url_for("staff.families.show", family_id=family_id))


@blueprint.post("/<int:family_id>/reouverture")
@requires(Capability.EDIT_FAMILIES)
def reopen(family_id: int) -> BaseResponse:
    """Open a closed file again."""
    with write_transaction() as session:
        closings.reopen_family(session, family_id, current_account().user_id)
    flash("Le dossier est rouvert. Remettez un code famille à qui n’a plus de compte.", "success")
    return go_to(url_for("staff.families.show", family_id=family_id))


@blueprint.get("/<int:family_id>/historique")
@requires(Capability.VIEW_FAMILIES)
def show_history(family_id: int) -> Response:
    """What the parents did and what became of the family's money, as far as the agent reads these."""
    able = {each for each in {*_HISTORY.values()} & current_capabilities() if reaches_family(each, family_id)}
    kinds = [kind for kind, capability in _HISTORY.items() if capability in able]
    kind = next((each for each in kinds if each.value == request.args.get("genre")), None)
    offices = reached_office_ids(Capability.VIEW_PAYMENTS)
    return render_page(
        "staff/families/history.html", layout="staff", family_id=family_id,
        family_name=family_files.read_family_name(family_id), kind=kind,
        kinds={each: KIND_WORDS[each] for each in kinds}, may_read_changes=Capability.EDIT_FAMILIES in able,
        events=histories.family_history(
            family_id, StaffView(frozenset(kinds), offices), kind, request.args.get("page", 1, type=int)
        ),
    )  # fmt: skip


_HISTORY = {
    HistoryKind.PAYMENTS: Capability.VIEW_PAYMENTS,
    HistoryKind.ACCOUNT: Capability.VIEW_PAYMENTS,
    HistoryKind.BOOKINGS: Capability.VIEW_FAMILIES,
    HistoryKind.ENROLMENTS: Capability.VIEW_FAMILIES,
    HistoryKind.BOOKS: Capability.VIEW_FAMILIES,
    HistoryKind.FILE: Capability.EDIT_FAMILIES,
    HistoryKind.MESSAGES: Capability.ANSWER_MESSAGES,
}


def _file_page(family_id: int, form: EmailForm | None = None) -> Response:
    file = family_files.read_family_file(family_id)
    adult = file.first_guardian
    capabilities = current_capabilities()
    may_record = Capability.RECORD_PAYMENTS in capabilities
    money = None
    if Capability.VIEW_PAYMENTS in capabilities:
        money = money_of(family_id, reached_office_ids(Capability.VIEW_PAYMENTS))
    may_refund = money is not None and bool(money.kept) and may_record
    return render_page(
        "staff/families/show.html",
        layout="staff",
        status=422 if form is not None else 200,
        file=file,
        form=form or EmailForm(formdata=None, email=adult.email if adult else None),
        may_review=Capability.REVIEW_CHANGES in capabilities,
        may_review_documents=Capability.REVIEW_DOCUMENTS in capabilities,
        may_edit=Capability.EDIT_FAMILIES in capabilities,
        may_end=Capability.REVIEW_ENROLMENTS in capabilities,
        may_book=Capability.REVIEW_BOOKINGS in capabilities,
        requests=cards_of(change_requests.requests_of_family(family_id)),
        may_read_files=Capability.VIEW_CHILD_FILES in capabilities,
        may_erase=Capability.REVIEW_ERASURES in capabilities,
        may_help=Capability.REVIEW_SIGN_UPS in capabilities,
        quotient_forms=_quotient_forms(file) if Capability.VERIFY_QUOTIENTS in capabilities else {},
        may_message=Capability.ANSWER_MESSAGES in capabilities,
        may_price=Capability.VERIFY_QUOTIENTS in capabilities,
        may_record=may_record,
        may_refund=may_refund and family_id not in own_family_ids(current_account().user_id),
        money=money,
        sells_books=prepaid_books.are_sold(),
        books=prepaid_books.live_books_of(family_id),
    )


def _quotient_forms(file: family_files.FamilyFile) -> dict[int, tuple[QuotientForm, RefusalForm]]:
    """By quotient that waits: how to accept and how to refuse it (posted to the queue, which returns here)."""
    return {
        quotient.id: (
            QuotientForm(quotient.id, quotient.month, quotient.proposed_end),
            RefusalForm(f"quotient-{quotient.id}"),
        )
        for quotient in file.quotients
        if quotient.waits
    }
