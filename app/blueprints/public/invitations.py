"""The link by which another adult of a family gets a login. Opening it changes nothing; its form uses it up."""

from flask import Blueprint, Response, flash, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.access import enter, sign_out
from app.database import write_transaction
from app.filters import spaced
from app.forms.activations import PasswordForm
from app.htmx import go_to, leave_for, render_page
from app.services import invitations
from app.services.credentials import hash_password
from app.services.errors import EmailTaken, LinkExpired
from app.services.invitations import OpenInvitation

blueprint = Blueprint("invitations", __name__, url_prefix="/invitation")


@blueprint.errorhandler(LinkExpired)
def show_expired(_error: LinkExpired) -> Response:
    """A link that was used, withdrawn, has expired or never existed."""
    return render_page("public/invitations/expired.html", layout="public", status=410)


@blueprint.get("/<secret>")
def show(secret: str) -> Response:
    """Choose a password, or sign in with the one that one has."""
    return _page(secret, invitations.open_invitation(secret), PasswordForm())


@blueprint.post("/<secret>")
def accept(secret: str) -> BaseResponse:
    """Use the link: with a new password, or as who is signed in with the address."""
    invitation = invitations.open_invitation(secret)
    if invitation.has_account:
        return _accept_as_signed_in(secret, invitation)
    form = PasswordForm()
    form.personal_words = (invitation.email, invitation.family_name, invitation.guardian_name)
    if not form.validate():
        return _page(secret, invitation, form, status=422)
    password_hash = hash_password(form.password.data)
    try:
        with write_transaction() as session:
            user_id = invitations.accept_with_password(session, secret, password_hash)
    except EmailTaken:  # meanwhile, by another link
        return go_to(url_for(".show", secret=secret))
    sign_out()
    answer = enter(user_id, url_for("family.dashboard.show"))
    flash(spaced("Bienvenue ! Votre compte est ouvert : vous vous connecterez avec votre adresse email."), "success")
    return answer


def _accept_as_signed_in(secret: str, invitation: OpenInvitation) -> BaseResponse:
    if not current_user.is_authenticated or current_user.user.email != invitation.email:
        return _page(secret, invitation, PasswordForm(), status=422)
    with write_transaction() as session:
        invitations.accept_as(session, secret, current_user.user.user_id)
    flash("La famille est ajoutée à votre compte.", "success")
    return leave_for(url_for("family.dashboard.show"))


def _page(secret: str, invitation: OpenInvitation, form: PasswordForm, *, status: int = 200) -> Response:
    signed_in_as = current_user.user.email if current_user.is_authenticated else None
    return render_page(
        "public/invitations/show.html", layout="public", status=status, invitation=invitation, form=form,
        signed_in_as=signed_in_as, email=invitation.email, address=url_for(".show", secret=secret),
    )  # fmt: skip
