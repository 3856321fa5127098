"""Two agents at the rules of one activity: nobody overwrites what they have not seen.

The screen of a rule carries a mark of the document that it was made of; settings that are fields have `forms.settings`.
"""

import json
from hashlib import sha256

from app.rules.documents import Document
from app.services.errors import SettingMoved


def mark_of(document: Document) -> str:
    """The same for the same rules, in every process."""
    return sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]


def check_seen(stored: Document, wanted: Document, seen: str | None) -> None:
    """Raises SettingMoved where other rules are stored than those that were `seen` and than those wanted.

    None: nobody was shown any (the demo, a copy).
    """
    if seen is not None and stored != wanted and mark_of(stored) != seen:
        raise SettingMoved
