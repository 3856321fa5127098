"""Who may move places: saves of plannings side by side, or the staff alone when they change what places are of.

A save spends the counters of the scopes that it knows, in openings that it saw open. The staff who change which units a
scope covers, or take an opening away, wait for the saves under way and keep new ones waiting until they have committed.
"""

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.database import share_turn, share_turn_while, take_turns
from app.services.catalogue import ask_version_again

_SUBJECT = "places"
_ENTERED = "entered_bookings"  # in `Session.info`, which lasts as long as the transaction
_ALONE = "stopped_bookings"


def enter_bookings(session: Session) -> None:
    """For a command that books or cancels: the first thing that it does, before it reads the catalogue."""
    share_turn(session, _SUBJECT)
    _has_entered(session)


def enter_bookings_while(session: Session, holds: Callable[[], bool]) -> bool:
    """The same if something holds once it has entered; otherwise the command has not entered."""
    entered = share_turn_while(session, _SUBJECT, holds)
    if entered:
        _has_entered(session)
    return entered


def check_entered(session: Session) -> None:
    """Raises RuntimeError for a command that would spend places without having entered."""
    if not session.info.get(_ENTERED):
        raise RuntimeError("places are spent by whoever called enter_bookings() first")


def stop_bookings(session: Session) -> None:
    """For a command that changes what places or openings there are: nobody books or cancels until the commit."""
    take_turns(session, _SUBJECT)
    _has_entered(session)
    session.info[_ALONE] = True


def check_alone(session: Session) -> None:
    """Raises RuntimeError for a command that would give places to others while somebody else books."""
    if not session.info.get(_ALONE):
        raise RuntimeError("places are given to who waits by whoever called stop_bookings() or waiting_lists.enter()")


def _has_entered(session: Session) -> None:
    """What a place is may have changed while the session waited: the catalogue is looked at anew."""
    ask_version_again(session)
    session.info[_ENTERED] = True
