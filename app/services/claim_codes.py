"""Where the claim code of an adult stands, for the screens of the staff; what is done with it is services.claims."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto

from app import clock
from app.models.families import Guardian
from app.rules.states import FamilyStatus


class ClaimState(StrEnum):
    """Where the code of an adult stands."""

    NONE = auto()
    OPEN = auto()
    EXPIRED = auto()
    USED = auto()


@dataclass(frozen=True, slots=True)
class CodeView:
    """The code of an adult who may have one: an adult without login of an active family."""

    guardian_id: int
    name: str
    state: ClaimState
    expires_at: datetime | None
    used_at: datetime | None
    may_have_one: bool


def view_of(guardian: Guardian, status: FamilyStatus) -> CodeView:
    """Where an adult's code stands. No query where the codes are loaded."""
    latest = next((row for row in reversed(guardian.claim_codes) if row.revoked_at is None), None)
    if latest is None:
        state = ClaimState.NONE
    elif latest.used_at is not None:
        state = ClaimState.USED
    else:
        state = ClaimState.OPEN if latest.expires_at > clock.now() else ClaimState.EXPIRED
    return CodeView(
        guardian.id, guardian.full_name, state, latest.expires_at if latest else None,
        latest.used_at if latest else None, guardian.user_id is None and status is FamilyStatus.ACTIVE,
    )  # fmt: skip
