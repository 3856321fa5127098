"""Tables, relationships and constraints. No rule, no screen. Importing the package registers every table."""

from app.models import (
    accounts,
    activities,
    bookings,
    changes,
    child_files,
    councils,
    enrolments,
    families,
    invoices,
    mails,
    payments,
    reference_data,
)

__all__ = [
    "accounts",
    "activities",
    "bookings",
    "changes",
    "child_files",
    "councils",
    "enrolments",
    "families",
    "invoices",
    "mails",
    "payments",
    "reference_data",
]
