"""« Carnets » of a family, for the staff: what is left of each, a sale at the counter, and taking one back."""

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, current_capabilities, reach, requires
from app.database import db, write_transaction
from app.forms.keys import new_key
from app.forms.prepaid_books import SaleForm, TakingBackForm
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.rules.states import Actor
from app.services import families, family_files, prepaid_books
from app.services.errors import NotFound, PriceMoved

blueprint = Blueprint("prepaid_books", __name__)


@blueprint.get("/<int:family_id>/carnets")
@requires(Capability.VIEW_FAMILIES)
def show(family_id: int) -> Response:
    """The books of a family, and those that its children may be sold."""
    return _page(family_id)


@blueprint.post("/<int:family_id>/carnets")
@requires(Capability.RECORD_PAYMENTS)
def sell(family_id: int) -> BaseResponse:
    """Sell a book at the counter."""
    family_files.read_family_name(family_id)
    form = SaleForm()
    child_id, sale, agent_id = form.sold_to(), form.sale(), current_account().user_id
    if sale.activity_id not in reach(Capability.RECORD_PAYMENTS).activity_ids:
        raise NotFound("activity")
    try:
        with write_transaction() as session:
            prepaid_books.sell_book(session, family_id, agent_id, child_id, sale, Actor.STAFF)
    except PriceMoved:
        db.session.rollback()
        return _page(family_id, has_moved=True, status=409)
    flash("Le carnet est vendu. Il sera sur la prochaine facture de la famille.", "success")
    return go_to(url_for("staff.prepaid_books.show", family_id=family_id))


@blueprint.post("/<int:family_id>/carnets/<int:book_id>/reprise")
@requires(Capability.RECORD_PAYMENTS)
def take_back(family_id: int, book_id: int) -> BaseResponse:
    """Take back a book that is not invoiced."""
    prepaid_books.find_book(family_id, book_id)
    form = TakingBackForm(str(book_id), is_sent=True)
    if not form.validate():
        return _page(family_id, form, book_id, status=422)
    with write_transaction() as session:
        prepaid_books.take_back(session, family_id, current_account().user_id, book_id, form.reason.data or "")
    flash("Le carnet est repris. Les prix de ce qu’il payait sont recalculés.", "success")
    return go_to(url_for("staff.prepaid_books.show", family_id=family_id))


def _page(
    family_id: int, form: TakingBackForm | None = None, of: int = 0, *, has_moved: bool = False, status: int = 200
) -> Response:
    family_name = family_files.read_family_name(family_id)
    children = families.children_of(family_id)
    books = prepaid_books.books_of(family_id)
    sold = reach(Capability.RECORD_PAYMENTS).activity_ids
    forms = {
        book.id: form if form and book.id == of else TakingBackForm(str(book.id))
        for book in books
        if book.may_go_back and book.activity_id in sold
    }
    offers = prepaid_books.offers_for(family_id, [child.id for child in children])
    may_sell = Capability.RECORD_PAYMENTS in current_capabilities()
    return render_page(
        "staff/prepaid_books/show.html", layout="staff", status=status, family_id=family_id, family_name=family_name,
        books=books, forms=forms, form=form,
        offers=[each for each in offers if not may_sell or each.activity_id in sold], has_moved=has_moved,
        may_sell=may_sell, key=new_key(),
        is_own=family_id in families.own_family_ids(current_account().user_id),
    )  # fmt: skip
