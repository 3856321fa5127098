"""A browser that signed in to an account before: its failures count for itself alone (docs/rules/sign_ins.md).

The cookie opens nothing. It holds, encrypted, a name for the browser and marks of the last accounts used in it.
"""

import json
from datetime import timedelta

from flask import after_this_request, current_app, request
from werkzeug.wrappers import Response

from app.crypto import WrongDataKey, cipher
from app.services.accounts import normalise_email
from app.services.credentials import hash_secret, new_secret
from app.services.throttles import Attempt

MOST_ACCOUNTS = 4  # a tablet shared by a few
_KEPT_FOR = timedelta(days=400)  # what browsers allow


def attempt_for(email: str) -> Attempt:
    """A try of this request to prove that one owns the account."""
    name, accounts = _read()
    return Attempt(email, request.remote_addr or "", name if _mark(email) in accounts else None)


def remember_device(email: str) -> None:
    """The browser signed in to this account: the answer to this request says so to it."""
    name, accounts = _read()
    kept = [_mark(email), *(mark for mark in accounts if mark != _mark(email))][:MOST_ACCOUNTS]
    body = cipher.encrypt(json.dumps([name or new_secret(), *kept]))

    @after_this_request
    def write(response: Response) -> Response:
        is_secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        response.set_cookie(
            _cookie_name(), body, max_age=_KEPT_FOR, httponly=True, samesite="Lax", secure=is_secure, path="/"
        )
        return response


def _read() -> tuple[str | None, list[str]]:
    try:
        name, *accounts = json.loads(cipher.decrypt(request.cookies.get(_cookie_name(), "")))
    except (WrongDataKey, ValueError):
        return None, []
    return str(name), [str(mark) for mark in accounts]


def _mark(email: str) -> str:
    return hash_secret(normalise_email(email))[:16]


def _cookie_name() -> str:
    return "__Host-device" if current_app.config["SESSION_COOKIE_SECURE"] else "device"
