"""To which audiences a child and its family belong, for an activity: by what prices know of them."""

from app import clock
from app.rules.audiences import Audience, KnownActivity, season_before
from app.rules.bills import Household
from app.rules.price_facts import RESIDENT, residence_on, standings_on
from app.rules.tariff_grids import Standing
from app.services.catalogue import ActivityInfo, catalogue


def audiences_of(household: Household, child_id: int, activity: ActivityInfo) -> frozenset[Audience]:
    """The audiences of a child today. No query."""
    today = clock.today()
    found = set()
    if residence_on(household.residences, today) == RESIDENT:
        found.add(Audience.RESIDENTS)
    if Standing.STAFF in standings_on(household.held, child_id, today):
        found.add(Audience.STAFF)
    earlier = season_before(_known(activity), map(_known, catalogue().activities.values()))
    for child in household.children:
        if child.id != child_id and activity.id in child.enrolled_in:
            found.add(Audience.SIBLINGS)
        if child.id == child_id and not earlier.isdisjoint(child.enrolled_in):
            found.add(Audience.ENROLLED_BEFORE)
    return frozenset(found)


def _known(activity: ActivityInfo) -> KnownActivity:
    return KnownActivity(activity.id, activity.name, activity.season.starts_on, activity.season.ends_on)
