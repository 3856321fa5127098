"""What the staff set of enrolments: the rules of an activity."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.activities import Activity
from app.rules.enrolment_rules import EnrolmentRules
from app.services.errors import NotFound


def save_enrolment_rules(session: Session, activity_id: int, rules: EnrolmentRules) -> None:
    """Replace the rules of an activity. Call inside `write_transaction()`. Raises NotFound."""
    activity = session.scalar(select(Activity).where(Activity.id == activity_id).with_for_update())
    if activity is None:
        raise NotFound("activity")
    activity.enrolment_rules = rules
