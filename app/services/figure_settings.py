"""How « Chiffres » counts, as the staff set it."""

from sqlalchemy.orm import Session

from app.models.councils import FigureSettings
from app.rules.figures import FigureRule


def save_rule(session: Session, rule: FigureRule) -> None:
    """Store how figures are counted; the caller has the turn of the settings."""
    row = session.get(FigureSettings, 1) or FigureSettings(id=1)
    row.wednesday_day_minutes, row.wednesday_half_minutes = rule.wednesdays.day_minutes, rule.wednesdays.half_minutes
    row.holiday_day_minutes, row.holiday_half_minutes = rule.holidays.day_minutes, rule.holidays.half_minutes
    row.bracket_limits = ",".join(str(cents) for cents in rule.bracket_limits)
    row.least_children = rule.least_children
    session.add(row)
    session.flush()
