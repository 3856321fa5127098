"""What the staff set of enrolments: the rules of an activity."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.activities import Activity
from app.rules.enrolment_documents import enrolment_document
from app.rules.enrolment_rules import EnrolmentRules
from app.services.errors import NotFound
from app.services.seen_rules import check_seen


def save_enrolment_rules(session: Session, activity_id: int, rules: EnrolmentRules, seen: str | None = None) -> None:
    """Replace the rules of an activity. Call inside `write_transaction()`.

    Raises NotFound, and SettingMoved where others are stored than those `seen` (their mark).
    """
    activity = session.scalar(select(Activity).where(Activity.id == activity_id).with_for_update())
    if activity is None:
        raise NotFound("activity")
    check_seen(enrolment_document(activity.enrolment_rules), enrolment_document(rules), seen)
    activity.enrolment_rules = rules
