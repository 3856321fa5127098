"""What marks a table as a setting: any change of its rows makes every process reload its catalogue."""

from sqlalchemy import event, update
from sqlalchemy.orm import Session

from app.models.councils import Council

# In `Session.info`: this transaction changed settings, so what it reads of them is its own and kept by nobody else.
SETTINGS_CHANGED = "settings_changed"
UNCOMMITTED_CATALOGUE = "uncommitted_catalogue"


class CatalogueRow:
    """Mixin of the tables that `services.catalogue` holds as one immutable snapshot."""


@event.listens_for(Session, "before_flush")
def move_settings_version(session: Session, _context: object, _instances: object) -> None:
    """A setting changed: in the same transaction, tell all processes that their catalogue is out of date."""
    changed = (*session.new, *session.deleted, *(row for row in session.dirty if session.is_modified(row)))
    if any(isinstance(row, CatalogueRow) for row in changed):
        session.info[SETTINGS_CHANGED] = True
        session.info.pop(UNCOMMITTED_CATALOGUE, None)
        session.execute(update(Council).values(settings_version=Council.settings_version + 1))
