"""« Nouvelle famille » at the counter, and the codes with which its adults open their own accounts."""

from flask import Blueprint, Response, current_app, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, requires
from app.config import Config
from app.database import write_transaction
from app.forms.counter_families import CounterFamilyForm, counter_family_form
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import claims, counter_families, sign_ups
from app.services.credentials import hash_code, new_code
from app.services.errors import EmailTaken
from app.services.family_files import read_family_name
from app.services.queue_items import Lookalike

blueprint = Blueprint("counter_families", __name__)


@blueprint.get("/nouvelle")
@requires(Capability.EDIT_FAMILIES)
def new_family() -> Response:
    """The paper, as a form."""
    return _page(counter_family_form())


@blueprint.post("/nouvelle")
@requires(Capability.EDIT_FAMILIES)
def create_family() -> BaseResponse:
    """Make the family; where one looks the same, only once the agent has said that it is another."""
    form, text = counter_family_form(), sign_ups.current_consent_text()
    if not form.validate() or text is None:
        return _page(form, status=422)
    new = form.family(text.id)
    lookalikes = counter_families.lookalikes_of(new)
    if lookalikes and not form.is_new.data:
        return _page(form, lookalikes, status=422)
    try:
        with write_transaction() as session:
            family_id = counter_families.create_family(session, new, current_account().user_id)
    except EmailTaken:
        form.email.errors = ["Cette adresse est déjà celle d’un compte, ou d’une autre famille."]
        return _page(form, lookalikes, status=422)
    flash(
        "La famille est créée, et son dossier est ouvert."
        + (f" Une invitation part vers {new.email}." if new.email else ""),
        "success",
    )
    return go_to(url_for("staff.families.show", family_id=family_id))


@blueprint.get("/<int:family_id>/codes")
@requires(Capability.EDIT_FAMILIES)
def show_codes(family_id: int) -> Response:
    """The adults of a family, and where their codes stand."""
    return render_page(
        "staff/counter/codes.html", layout="staff", family_id=family_id, name=read_family_name(family_id),
        codes=claims.read_codes(family_id),
    )  # fmt: skip


@blueprint.post("/<int:family_id>/codes/<int:guardian_id>")
@requires(Capability.EDIT_FAMILIES)
def issue_code(family_id: int, guardian_id: int) -> Response:
    """Make a code and show it on its letter: here and now, and never again."""
    code = new_code()
    code_hash = hash_code(code)
    with write_transaction() as session:
        letter = claims.issue_code(session, family_id, guardian_id, current_account().user_id, code_hash)
    config: Config = current_app.config["PORTAL"]
    return render_page(
        "staff/counter/letter.html", layout="staff", letter=letter, code=code,
        address=config.base_url + url_for("public.claims.show"),
    )  # fmt: skip


@blueprint.post("/<int:family_id>/codes/<int:guardian_id>/annuler")
@requires(Capability.EDIT_FAMILIES)
def revoke_code(family_id: int, guardian_id: int) -> BaseResponse:
    """A letter that was lost: its code stops working."""
    with write_transaction() as session:
        claims.revoke_code(session, family_id, guardian_id, current_account().user_id)
    flash("Le code ne fonctionne plus.", "success")
    return go_to(url_for("staff.counter_families.show_codes", family_id=family_id))


def _page(form: CounterFamilyForm, lookalikes: tuple[Lookalike, ...] = (), status: int = 200) -> Response:
    return render_page(
        "staff/counter/new_family.html", layout="staff", status=status, form=form, lookalikes=lookalikes,
        has_text=sign_ups.current_consent_text() is not None,
    )  # fmt: skip
