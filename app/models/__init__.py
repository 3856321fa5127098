"""Tables, relationships and constraints. No rule, no screen. Importing the package registers every table."""

from app.models import (
    accounts,
    activities,
    aids,
    bookings,
    changes,
    child_files,
    councils,
    enrolments,
    families,
    invoices,
    mails,
    payments,
    prepaid_books,
    price_facts,
    reference_data,
    required_documents,
)

__all__ = [
    "accounts",
    "activities",
    "aids",
    "bookings",
    "changes",
    "child_files",
    "councils",
    "enrolments",
    "families",
    "invoices",
    "mails",
    "payments",
    "prepaid_books",
    "price_facts",
    "reference_data",
    "required_documents",
]
