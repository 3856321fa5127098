"""The keys of forms: the same form sent twice counts once."""

import hashlib
import re
import secrets

from app.services.errors import ForgedForm

_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
_LONGEST = 64


def new_key() -> str:
    """A key for one rendering of a form."""
    return secrets.token_urlsafe(16)


def read_key(key: str | None) -> str:
    """The key that a page of ours gave its form. Raises ForgedForm for anything else."""
    if key is None or not _KEY.fullmatch(key):
        raise ForgedForm
    return key


def sent_key(key: str | None) -> str:
    """The key that a form sends; one that sends none counts each time that it comes."""
    return (key or "")[:_LONGEST] or new_key()


def key_of(key: str | None, *sent: object) -> str:
    """The key of what a form sends: the same form sent twice counts once, and one that was taken up again (« back »
    in the browser) with something else in it is not taken for the one before.
    """
    return hashlib.sha256("\n".join(map(repr, (key or "", *sent))).encode()).hexdigest()
