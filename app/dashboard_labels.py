"""The French sentences of the dashboard on what opens soon."""

from app.filters import day_medium, moment, spaced
from app.services.dashboards import ComingBookings, ComingEnrolments


def coming_bookings_sentence(coming: ComingBookings) -> str:
    """« Mercredi : les réservations des vacances d’hiver ouvrent lundi 30 novembre à 8 h 30 pour Léa. »"""
    period = coming.period
    if coming.holidays is not None:
        days = f"des {coming.holidays[:1].lower()}{coming.holidays[1:]}"  # « Vacances d’hiver »
    else:
        days = f"du {day_medium(period.first)} au {day_medium(period.last)}"
    opens = moment(period.opens)
    return spaced(f"{coming.activity_name} : les réservations {days} ouvrent {opens} pour {coming.child.first_name}.")


def coming_enrolments_sentence(coming: ComingEnrolments) -> str:
    """« Mercredi : les inscriptions ouvrent lundi 30 novembre à 8 h 30 pour Léa. »"""
    opens = moment(coming.opens)
    return spaced(f"{coming.activity_name} : les inscriptions ouvrent {opens} pour {coming.child.first_name}.")
