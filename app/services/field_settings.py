"""What the staff let parents change of their file, field by field."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from app.models.changes import FieldPolicyChoice
from app.rules.changes import FieldPolicy
from app.rules.file_fields import FIELD_RULES, FileField, policy_of
from app.services.catalogue import catalogue


def read_policies() -> Mapping[FileField, FieldPolicy]:
    """The policy of every field, chosen or by default."""
    chosen = catalogue().field_policies
    return {field: policy_of(field, chosen) for field in FIELD_RULES}


def save_policies(session: Session, wanted: Mapping[FileField, FieldPolicy]) -> bool:
    """Store the staff's choices; says whether anything changed. Requests that wait already go on waiting."""
    present = read_policies()
    changed = {field: policy for field, policy in wanted.items() if policy is not present[field]}
    for field, policy in changed.items():
        session.merge(FieldPolicyChoice(field=field, policy=policy))
    session.flush()
    return bool(changed)
