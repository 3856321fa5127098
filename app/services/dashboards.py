"""The dashboard: what a family should do first, and what comes next."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from app import clock
from app.rules.file_gaps import FileGaps
from app.rules.states import EnrolmentStatus
from app.services.bookings import NextDay, next_days
from app.services.enrolments import EnrolmentView, enrolments_of
from app.services.families import ChildView, children_of, file_gaps_of
from app.services.invoices import Due, due_of

NEWS_FOR = timedelta(days=30)  # a refusal is shown this long

_LIVE = (EnrolmentStatus.REQUESTED, EnrolmentStatus.WAITING, EnrolmentStatus.ACCEPTED)


@dataclass(frozen=True, slots=True)
class ChildNews:
    """What matters now about a child."""

    child: ChildView
    next_days: tuple[NextDay, ...]
    accepted: tuple[EnrolmentView, ...]  # enrolments that open the planning
    requested: tuple[EnrolmentView, ...]
    refused: tuple[EnrolmentView, ...]  # lately, and not asked for again

    @property
    def is_enrolled_nowhere(self) -> bool:
        """Whether nothing was asked for, so that nothing can be booked."""
        return not self.accepted and not self.requested

    @property
    def may_book_first(self) -> bool:
        """Whether the child is enrolled but expected nowhere in the coming two weeks."""
        return bool(self.accepted) and not self.next_days


@dataclass(frozen=True, slots=True)
class Dashboard:
    """All that the dashboard shows."""

    gaps: FileGaps
    due: Due
    children: tuple[ChildNews, ...]


def dashboard_of(family_id: int) -> Dashboard:
    """What matters now to a family. Six queries."""
    enrolments: defaultdict[int, list[EnrolmentView]] = defaultdict(list)
    for enrolment in enrolments_of(family_id):
        enrolments[enrolment.child_id].append(enrolment)
    days: defaultdict[int, list[NextDay]] = defaultdict(list)
    for day in next_days(family_id):
        days[day.child_id].append(day)
    return Dashboard(
        gaps=file_gaps_of(family_id),
        due=due_of(family_id),
        children=tuple(_news(child, days[child.id], enrolments[child.id]) for child in children_of(family_id)),
    )


def _news(child: ChildView, days: list[NextDay], enrolments: list[EnrolmentView]) -> ChildNews:
    current = [enrolment for enrolment in enrolments if not enrolment.is_over]
    asked = {enrolment.activity_id for enrolment in current if enrolment.status in _LIVE}
    since = clock.now() - NEWS_FOR
    return ChildNews(
        child=child,
        next_days=tuple(days),
        accepted=tuple(enrolment for enrolment in current if enrolment.may_book),
        requested=tuple(e for e in current if e.status in (EnrolmentStatus.REQUESTED, EnrolmentStatus.WAITING)),
        refused=tuple(
            enrolment
            for enrolment in current
            if enrolment.status is EnrolmentStatus.REFUSED
            and enrolment.activity_id not in asked
            and enrolment.decided_at is not None
            and enrolment.decided_at >= since
        ),
    )
