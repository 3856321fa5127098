"""Confirming another e-mail address with the link that went there. Opening the link changes nothing."""

from flask import Blueprint, Response, flash, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.access import home_address
from app.database import write_transaction
from app.filters import spaced
from app.htmx import leave_for, render_page
from app.services import email_changes
from app.services.errors import EmailTaken, LinkExpired

blueprint = Blueprint("email_changes", __name__, url_prefix="/nouvelle-adresse")


@blueprint.errorhandler(LinkExpired)
def show_expired(_error: LinkExpired) -> Response:
    """A link that was used, has expired or never existed."""
    return render_page("public/email_changes/expired.html", layout="public", status=410)


@blueprint.get("/<secret>")
def show(secret: str) -> Response:
    """What the link changes."""
    change = email_changes.open_email_change(secret)
    return render_page("public/email_changes/show.html", layout="public", change=change)


@blueprint.post("/<secret>")
def confirm(secret: str) -> BaseResponse:
    """Change it; every other session of the user ends."""
    account = current_user.user if current_user.is_authenticated else None
    own = account is not None and account.email == email_changes.open_email_change(secret).old_email
    try:
        with write_transaction() as session:
            email_changes.confirm_email_change(session, secret, account.session_id if own and account else None)
    except EmailTaken:
        return render_page("public/email_changes/taken.html", layout="public", status=409)
    flash(spaced("Votre adresse est changée : c’est avec elle que vous vous connectez."), "success")
    return leave_for(home_address() if own else url_for("public.sign_in.show"))
