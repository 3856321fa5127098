"""Forms that survive a session that ended: what was typed waits, encrypted, in the address that sign-in returns to."""

import json
import zlib
from base64 import b64decode, b64encode

from flask import request, url_for
from werkzeug.datastructures import MultiDict

from app.crypto import WrongDataKey, cipher

TYPED = "saisie"
"""The name in the address."""


def address_with_typed(endpoint: str, **values: object) -> str:
    """The address of the page of a form, with what was typed in it."""
    typed = [[name, value] for name, value in request.form.items(multi=True) if name != "csrf_token"]
    packed = b64encode(zlib.compress(json.dumps(typed, ensure_ascii=False).encode(), 9)).decode()
    return url_for(endpoint, **{TYPED: cipher.encrypt(packed)}, **values)  # type: ignore[arg-type]


def resumed_input() -> MultiDict[str, str] | None:
    """What was typed before the session ended, as a form reads it; None where the address holds nothing of ours."""
    try:
        packed = cipher.decrypt(request.args.get(TYPED, ""))
        typed = json.loads(zlib.decompress(b64decode(packed)))
    except (WrongDataKey, ValueError, zlib.error):
        return None
    return MultiDict([(name, value) for name, value in typed])
