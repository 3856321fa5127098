"""Documentation structure: what the council offers for download."""

from itertools import groupby

from flask import Blueprint, Response

from app.access import current_family
from app.downloads import send_pdf
from app.htmx import render_page
from app.services import publications

blueprint = Blueprint("publications", __name__, url_prefix="/documentation")


@blueprint.get("")
def show() -> Response:
    """The files, under their headings."""
    found = sorted(publications.offered_to(current_family().id), key=lambda each: each.info.category != "")
    headings = list(dict.fromkeys(each.info.category for each in found))
    found.sort(key=lambda each: headings.index(each.info.category))
    return render_page(
        "family/publications/show.html",
        layout="family",
        groups=[(name, list(each)) for name, each in groupby(found, key=lambda each: each.info.category)],
    )


@blueprint.get("/fichiers/<int:publication_id>")
def show_file(publication_id: int) -> Response:
    """A file that is offered to this family: to others there is no such page."""
    info, file = publications.offered_file(current_family().id, publication_id)
    return send_pdf(file.path, info.name)
