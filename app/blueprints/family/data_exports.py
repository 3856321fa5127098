"""« Mes données »: what the family agreed to, and a copy of all that is kept of it."""

from pathlib import Path

from flask import Blueprint, Response, current_app, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, current_family, resumed_at
from app.database import db
from app.downloads import send_archive
from app.htmx import render_page
from app.integrations.archives import make_archive
from app.services import data_exports
from app.step_up import confirmed_lately

blueprint = Blueprint("data_exports", __name__, url_prefix="/mes-donnees")


@blueprint.get("")
def show() -> Response:
    """The agreements, and how to have the copy."""
    agreements = data_exports.agreements_of(current_family().id)
    return render_page("family/data_exports/show.html", layout="family", agreements=agreements)


def _address() -> str:
    return url_for("family.data_exports.show")


@blueprint.post("/copie")
@resumed_at(_address)
@confirmed_lately
def download() -> BaseResponse:
    """The copy as a ZIP: a text to start with, the data, and the papers that are made already."""
    copy = data_exports.copy_of(db.session(), current_family().id, current_account().user_id)
    # The database is free for others while the archive is made.
    db.session.rollback()
    folder = Path(current_app.instance_path)
    readme = render_template("family/data_exports/readme.txt", copy=copy)
    archive = make_archive(
        {"lisez-moi.txt": readme, "donnees.json": copy.as_json()},
        {paper.name: folder / paper.path for paper in copy.papers if paper.path is not None},
    )
    return send_archive(archive, "mes-donnees.zip")
