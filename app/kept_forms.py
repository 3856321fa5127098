"""Forms that were sent after their session had ended: what was typed comes back once the person has signed in again.

So does what was typed before a password was asked for a sensitive change (`app.step_up`).

It waits in the page itself, encrypted: never in an address, never in a cookie, and nothing is stored on the server.
Views whose choices are short and harmless lead back to their own page instead (`app.access.resumed_at`).
"""

import json
from dataclasses import asdict, dataclass

from flask import Response, request, session
from flask_login import current_user

from app.crypto import WrongDataKey, cipher
from app.forms.sign_in import SignInForm
from app.htmx import render_page

OWNER = "owner"
"""In the browser's session: who signed in last, also once the session's row is gone (ended from another device)."""

_SECRETS = ("password", "confirmation")  # typed again: never kept


@dataclass(frozen=True, slots=True)
class KeptForm:
    """What was sent where, and by whom, as far as the ended session tells."""

    path: str
    fields: tuple[tuple[str, str], ...]
    user_id: int | None


def is_worth_keeping() -> bool:
    """Whether somebody typed what this request brings, in a page of ours behind a door."""
    is_behind_a_door = (request.blueprint or "").startswith(("family.", "staff."))
    return request.method == "POST" and is_behind_a_door and bool(_fields())


def is_from_own_page() -> bool:
    """Whether the browser says that a page of ours sent this: a forged form must never come back as typed."""
    said = request.headers.get("Sec-Fetch-Site")
    if said is not None:
        return said == "same-origin"
    return request.headers.get("Origin") == request.host_url.rstrip("/")


def keep() -> str:
    """What this request brought, for a hidden field of the form that asks who one is."""
    kept = KeptForm(request.full_path.rstrip("?"), _fields(), session.get(OWNER))
    return cipher.encrypt(json.dumps(asdict(kept), ensure_ascii=False))


def show_sign_in() -> Response:
    """The sign-in form, with what this request brought inside."""
    form = SignInForm(formdata=None, kept=keep())
    return render_page("public/sign_in/show.html", layout="public", status=401, form=form, refused=False, retry_at=None)


def show_again(kept: KeptForm, status: int = 200) -> Response:
    """What was typed, ready to be sent: one press stores it."""
    return render_page("public/sign_in/kept.html", layout="public", status=status, kept=kept)


def of_this_request() -> KeptForm:
    """What a signed-in person just sent with the token of an earlier session."""
    return KeptForm(request.full_path.rstrip("?"), _fields(), current_user.user.user_id)


def read_kept(token: str | None) -> KeptForm | None:
    """What a sign-in form carried; None where nothing was, or what somebody else had typed on this device."""
    try:
        found = json.loads(cipher.decrypt(token or ""))
        kept = KeptForm(found["path"], tuple((name, value) for name, value in found["fields"]), found["user_id"])
    except (WrongDataKey, ValueError, KeyError, TypeError):  # also what we encrypted for another purpose
        return None
    return kept if kept.user_id in (None, current_user.user.user_id) else None


def _fields() -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, value)
        for name, value in request.form.items(multi=True)
        if name != "csrf_token" and not any(secret in name for secret in _SECRETS)
    )
