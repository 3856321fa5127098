"""What marks a table as a setting: any change of its rows makes every process reload its catalogue."""

from sqlalchemy import column, event, table, update
from sqlalchemy.orm import ORMExecuteState, Session

# In `Session.info`: this transaction changed settings, so what it reads of them is its own and kept by nobody else.
SETTINGS_CHANGED = "settings_changed"
UNCOMMITTED_CATALOGUE = "uncommitted_catalogue"

_COUNCIL = table("council", column("settings_version"))  # models.councils.Council, itself a setting


class CatalogueRow:
    """Mixin of the tables that `services.catalogue` holds as one immutable snapshot."""


def _move_settings_version(session: Session) -> None:
    """In the same transaction, tell all processes that their catalogue is out of date."""
    session.info[SETTINGS_CHANGED] = True
    session.info.pop(UNCOMMITTED_CATALOGUE, None)
    session.execute(update(_COUNCIL).values(settings_version=_COUNCIL.c.settings_version + 1))


@event.listens_for(Session, "before_flush")
def note_changed_rows(session: Session, _context: object, _instances: object) -> None:
    """Settings were changed through their objects."""
    changed = (*session.new, *session.deleted, *(row for row in session.dirty if session.is_modified(row)))
    if any(isinstance(row, CatalogueRow) for row in changed):
        _move_settings_version(session)


@event.listens_for(Session, "do_orm_execute")
def note_bulk_statements(state: ORMExecuteState) -> None:
    """Settings are changed by an INSERT, UPDATE or DELETE that passes their objects by."""
    writes = state.is_insert or state.is_update or state.is_delete
    mapper = state.bind_mapper if writes else None
    if mapper is not None and issubclass(mapper.class_, CatalogueRow):
        _move_settings_version(state.session)
