"""« Carnets » of a child, in Mes inscriptions: what is left of its prepaid books, and buying one."""

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, current_family
from app.database import db, write_transaction
from app.filters import of
from app.forms.keys import new_key
from app.forms.prepaid_books import SaleForm
from app.htmx import go_to, render_page
from app.rules.states import Actor
from app.services import families, prepaid_books
from app.services.errors import PriceMoved

blueprint = Blueprint("prepaid_books", __name__, url_prefix="/mes-inscriptions")


@blueprint.get("/<int:child_id>/carnets")
def show(child_id: int) -> Response:
    """The books of a child, and those that it may be sold."""
    return _page(child_id)


@blueprint.post("/<int:child_id>/carnets")
def buy(child_id: int) -> BaseResponse:
    """Buy a book for the child: it stands on the next invoice."""
    family = current_family()
    child = families.child_of(family.id, child_id)
    sale = SaleForm().sale()
    try:
        with write_transaction() as session:
            prepaid_books.sell_book(session, family.id, current_account().user_id, child_id, sale, Actor.PARENT)
    except PriceMoved:
        db.session.rollback()
        return _page(child_id, has_moved=True, status=409)
    flash(f"Le carnet {of(child.first_name)} est acheté. Il sera sur votre prochaine facture.", "success")
    return go_to(url_for("family.prepaid_books.show", child_id=child_id))


def _page(child_id: int, *, has_moved: bool = False, status: int = 200) -> Response:
    family = current_family()
    child = families.child_of(family.id, child_id)
    return render_page(
        "family/prepaid_books/show.html", layout="family", status=status, family=family, child=child,
        books=prepaid_books.books_of(family.id, child_id), offers=prepaid_books.offers_for(family.id, [child_id]),
        has_moved=has_moved, key=new_key(),
    )  # fmt: skip
