"""Sensitive changes want the password (and the code) given lately: docs/rules/sign_ins.md."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import current_account, resume_address, wanted_address
from app.forms.accounts import ConfirmForm
from app.htmx import leave_for, render_page
from app.kept_forms import is_worth_keeping, keep
from app.rules.sign_ins import must_confirm

P = ParamSpec("P")
R = TypeVar("R")


def account_layout() -> str:
    """The layout of the door at which the account is shown."""
    return "staff" if (request.blueprint or "").startswith("staff") else "family"


def confirmed_lately(view: Callable[P, R]) -> Callable[P, R | BaseResponse]:
    """A sensitive view: unless the password was given lately, it is asked first, and what was typed comes back."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | BaseResponse:
        return ask_to_confirm() or view(*args, **kwargs)

    return guarded


def ask_to_confirm() -> BaseResponse | None:
    """The page that asks for the password, where it was not given lately; what was typed waits in it."""
    if not must_confirm(current_account().confirmed_at, clock.now()):
        return None
    if is_worth_keeping() and resume_address() is None:
        return confirm_page(confirm_form(kept=keep()), status=401)
    return leave_for(url_for(f"{account_layout()}.account.ask_password", suite=wanted_address()))


def confirm_form(**values: str | None) -> ConfirmForm:
    """The form; filled with these values, or with what was sent."""
    form = ConfirmForm(formdata=None, **values) if values else ConfirmForm()
    if not current_account().has_second_factor:
        del form.code
    return form


def confirm_page(form: ConfirmForm, *, status: int = 200, retry_at: datetime | None = None) -> Response:
    """The page with the form."""
    door = account_layout()
    return render_page(
        "account/confirm.html", layout=door, status=status, form=form, retry_at=retry_at, account=current_account(),
        action=url_for(f"{door}.account.confirm"), home=url_for(f"{door}.account.show"),
    )  # fmt: skip
