"""« Mes données »: what the family agreed to and may take back, a copy of all that is kept of it, its erasure."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from flask import Blueprint, Response, current_app, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, current_family, resumed_at
from app.database import db
from app.downloads import send_archive
from app.forms.data_copies import in_french
from app.htmx import render_page
from app.integrations.archives import make_archive
from app.integrations.kept_files import SealedFile, read_sealed
from app.services import data_exports, erasures, families, texts_to_accept
from app.services.data_exports import Paper
from app.step_up import confirmed_lately

blueprint = Blueprint("data_exports", __name__, url_prefix="/mes-donnees")

logger = logging.getLogger(__name__)


@blueprint.get("")
def show() -> Response:
    """The agreements, and how to have the copy."""
    family = current_family()
    return render_page(
        "family/data_exports/show.html", layout="family", agreements=data_exports.agreements_of(family.id),
        request=erasures.request_of(family.id), children=families.children_of(family.id), family=family,
        texts=texts_to_accept.accepted_by_family(family.id),
    )  # fmt: skip


def _address() -> str:
    return url_for("family.data_exports.show")


@blueprint.post("/copie")
@resumed_at(_address)
@confirmed_lately
def download() -> BaseResponse:
    """The copy as a ZIP: a text to start with, the data, and the papers that are made already."""
    copy = data_exports.copy_of(db.session(), current_family().id, current_account().user_id, in_french)
    # The database is free for others while the archive is made.
    db.session.rollback()
    readme = render_template("family/data_exports/readme.txt", copy=copy)
    archive = make_archive([("lisez-moi.txt", readme), ("donnees.json", copy.as_json())], _contents(copy.papers))
    return send_archive(archive, "mes-donnees.zip")


def _contents(papers: Iterable[Paper]) -> Iterator[tuple[str, bytes]]:
    folder = Path(current_app.instance_path)
    for paper in papers:
        if paper.path is None:
            continue
        try:
            sealed = None if paper.key is None else read_sealed(folder, SealedFile(paper.path, paper.key))
            yield paper.name, (folder / paper.path).read_bytes() if sealed is None else sealed
        except OSError:
            logger.exception("a paper of a family's copy cannot be read")
