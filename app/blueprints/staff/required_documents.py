"""A document that a family handed in, as the staff look at it: its pages, and the decision."""

from pathlib import Path

from flask import Blueprint, Response, current_app, flash, request, url_for
from werkzeug.exceptions import NotFound as PageNotFound
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, record_health_access, requires, resumed_at, takes_files
from app.blueprints.hand_ins import hand_in_files
from app.database import write_transaction
from app.document_labels import end_words, validity_words
from app.downloads import send_handed_in
from app.filters import NBSP
from app.forms.required_documents import AcceptanceForm, CounterForm, RefusalForm
from app.htmx import go_to, render_page
from app.integrations.handed_in_files import FileRefused, page_picture
from app.integrations.kept_files import read_sealed
from app.rules.capabilities import Capability
from app.services import child_files, document_decisions, families, required_documents
from app.services.document_decisions import SubmissionView
from app.services.families import FamilyRef
from app.services.required_documents import AskedDocument

blueprint = Blueprint("required_documents", __name__)


@blueprint.get("/<int:submission_id>")
@requires(Capability.REVIEW_DOCUMENTS)
def show(submission_id: int) -> Response:
    """The pages of a version, and the decision where it waits."""
    submission = document_decisions.find_submission(submission_id, current_account().user_id)
    return _page(submission, _acceptance(submission), RefusalForm(formdata=None))


@blueprint.get("/<int:submission_id>/page")
@requires(Capability.REVIEW_DOCUMENTS)
def show_picture(submission_id: int) -> Response:
    """One of its pages as a picture; the first one unless the address says another."""
    submission = document_decisions.find_submission(submission_id, current_account().user_id)
    number = request.args.get("n", 1, type=int)
    if not 1 <= number <= submission.version.page_count:
        raise PageNotFound
    try:
        picture = page_picture(_read(submission), number - 1)
    except FileRefused:
        raise PageNotFound from None
    return send_handed_in(picture, "image/jpeg", f"page-{number}.jpg", shown=True)


@blueprint.get("/<int:submission_id>/fichier")
@requires(Capability.REVIEW_DOCUMENTS)
def show_pdf(submission_id: int) -> Response:
    """The file."""
    submission = document_decisions.find_submission(submission_id, current_account().user_id)
    name = f"{submission.info.name} - {submission.holder.name}.pdf"
    return send_handed_in(_read(submission), "application/pdf", name)


@blueprint.post("/<int:submission_id>/accepter")
@requires(Capability.REVIEW_DOCUMENTS)
def accept(submission_id: int) -> BaseResponse:
    """Let it count."""
    submission = document_decisions.find_submission(submission_id, current_account().user_id)
    form = AcceptanceForm()
    if not form.validate():
        return _page(submission, form, RefusalForm(formdata=None), status=422)
    with write_transaction() as session:
        document_decisions.accept(
            session, submission_id, current_account().user_id, dated_on=form.dated_on.data,
            valid_until=form.valid_until.data,
        )  # fmt: skip
    flash(f"Le document est accepté{NBSP}: les parents sont prévenus par courriel.", "success")
    return go_to(url_for("staff.queue.show", type="documents"))


@blueprint.post("/<int:submission_id>/refuser")
@requires(Capability.REVIEW_DOCUMENTS)
def refuse(submission_id: int) -> BaseResponse:
    """Refuse it, with a reason."""
    submission = document_decisions.find_submission(submission_id, current_account().user_id)
    form = RefusalForm()
    if not form.validate():
        return _page(submission, _acceptance(submission), form, status=422)
    with write_transaction() as session:
        document_decisions.refuse(session, submission_id, current_account().user_id, form.reason.data or "")
    flash(f"Le document est refusé{NBSP}: les parents reçoivent le motif par courriel.", "success")
    return go_to(url_for("staff.queue.show", type="documents"))


@blueprint.get("/familles/<int:family_id>")
@requires(Capability.REVIEW_DOCUMENTS)
def show_family(family_id: int) -> Response:
    """What is asked of a family, and where it stands."""
    family = _family(family_id)
    found = required_documents.asked_of_family(family_id)
    return render_page(
        "staff/required_documents/family.html", layout="staff", family=family, documents=found,
        ends={document.key: end_words(document.valid_until, clock.today()) for document in found},
    )  # fmt: skip


def _counter_page_of(family_id: int, asked: str) -> str:
    return url_for("staff.required_documents.scan", family_id=family_id, asked=asked)


@blueprint.get("/familles/<int:family_id>/<string:asked>")
@requires(Capability.REVIEW_DOCUMENTS)
def scan(family_id: int, asked: str) -> Response:
    """The form to hand in a document that a family brings to the counter."""
    family, document = _asked_of(family_id, asked)
    return _counter_page(family, document, CounterForm(document.info))


@blueprint.post("/familles/<int:family_id>/<string:asked>")
@takes_files
@resumed_at(_counter_page_of)
@requires(Capability.REVIEW_DOCUMENTS)
def hand_in(family_id: int, asked: str) -> BaseResponse:
    """Hand it in for the family, and let it count at once where the agent says so."""
    family, document = _asked_of(family_id, asked)
    form = CounterForm(document.info)
    if not hand_in_files(family, document, form, current_account().user_id):
        return _counter_page(family, document, form, status=422)
    flash("Le document est enregistré dans le dossier de la famille.", "success")
    return go_to(url_for("staff.required_documents.show_family", family_id=family_id))


def _asked_of(family_id: int, asked: str) -> tuple[FamilyRef, AskedDocument]:
    """A family, and a document that is asked of it. Raises NotFound, OwnFamily."""
    return _family(family_id), required_documents.asked_document(family_id, asked)


def _family(family_id: int) -> FamilyRef:
    family = families.family_ref(family_id)
    families.check_not_own(family_id, current_account().user_id)
    return family


def _counter_page(family: FamilyRef, document: AskedDocument, form: CounterForm, *, status: int = 200) -> Response:
    return render_page(
        "staff/required_documents/scan.html", layout="staff", status=status, family=family, document=document, form=form
    )


def _acceptance(submission: SubmissionView) -> AcceptanceForm:
    return AcceptanceForm(formdata=None, data={"dated_on": submission.version.dated_on})


def _read(submission: SubmissionView) -> bytes:
    """The file, once it was noted who reads it where it is about a child's health."""
    child_id, user_id = submission.child_id, current_account().user_id
    if submission.info.is_health and child_id is not None and not child_files.has_just_read(child_id, user_id):
        record_health_access(child_id)
    sealed = document_decisions.file_for_staff(submission.version.id)
    return read_sealed(Path(current_app.instance_path), sealed)


def _page(
    submission: SubmissionView, acceptance: AcceptanceForm, refusal: RefusalForm, *, status: int = 200
) -> Response:
    return render_page(
        "staff/required_documents/show.html",
        layout="staff",
        status=status,
        submission=submission,
        acceptance=acceptance,
        refusal=refusal,
        validity=validity_words(submission.info.validity),
    )
