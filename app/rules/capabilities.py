"""What each staff role may do: the one table.

Source: product.md section 7, docs/rules/capabilities.md.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum, auto


class Role(StrEnum):
    """A staff user's post at the council. One user may have several."""

    ADMINISTRATOR = auto()
    FILE_CLERK = auto()
    REGISSEUR = auto()
    SITE_DIRECTOR = auto()
    YOUTH_WORKER = auto()
    KITCHEN = auto()
    READ_ONLY = auto()


class Capability(StrEnum):
    """One thing that a staff view may ask for."""

    REVIEW_SIGN_UPS = auto()
    REVIEW_ENROLMENTS = auto()
    REVIEW_BOOKINGS = auto()
    VIEW_FAMILIES = auto()
    VIEW_DAY_PLANNING = auto()
    TAKE_ATTENDANCE = auto()  # at the sites of the role; health stands on the day's list
    REOPEN_ATTENDANCE = auto()  # a day that was validated
    PRINT_SHEETS = auto()  # who collects whom, and what an outing or an emergency needs to know, health included
    PREPARE_MEALS = auto()  # how many of which; names only where a meal is made for one child
    VIEW_MAILS = auto()
    VIEW_MAIL_SECRETS = auto()
    SEND_URGENT_MESSAGES = auto()
    CLOSE_DAYS = auto()  # on which children are expected: a strike, snow
    VERIFY_QUOTIENTS = auto()
    EDIT_TARIFFS = auto()
    ISSUE_INVOICES = auto()
    VIEW_PAYMENTS = auto()
    RECORD_PAYMENTS = auto()
    FOLLOW_DEBTS = auto()  # remind, hold back, write off, transfer to the Treasury; tax certificates
    EDIT_FAMILIES = auto()
    REVIEW_CHANGES = auto()
    REVIEW_DOCUMENTS = auto()  # who has it may see health: documents may be about it
    REVIEW_ABSENCES = auto()  # who has it reads certificates, which are about health
    REVIEW_ERASURES = auto()  # nothing brings an erased family back
    ANSWER_MESSAGES = auto()  # and read them; families may write about health
    VIEW_CHILD_FILES = auto()
    VIEW_HEALTH = auto()
    PUBLISH = auto()  # files for download, and texts to accept
    EDIT_SETTINGS = auto()
    MANAGE_USERS = auto()


ROLE_CAPABILITIES: Mapping[Role, frozenset[Capability]] = {
    Role.ADMINISTRATOR: frozenset(Capability),
    Role.FILE_CLERK: frozenset(
        {
            Capability.REVIEW_SIGN_UPS,
            Capability.REVIEW_ENROLMENTS,
            Capability.REVIEW_BOOKINGS,
            Capability.VIEW_FAMILIES,
            Capability.VIEW_DAY_PLANNING,
            Capability.TAKE_ATTENDANCE,
            Capability.PRINT_SHEETS,
            Capability.PREPARE_MEALS,
            Capability.VIEW_MAILS,
            Capability.SEND_URGENT_MESSAGES,
            Capability.CLOSE_DAYS,
            Capability.VERIFY_QUOTIENTS,
            Capability.EDIT_FAMILIES,
            Capability.REVIEW_CHANGES,
            Capability.REVIEW_DOCUMENTS,
            Capability.REVIEW_ABSENCES,
            Capability.REVIEW_ERASURES,
            Capability.ANSWER_MESSAGES,
            Capability.VIEW_CHILD_FILES,
            Capability.VIEW_HEALTH,
            Capability.PUBLISH,
        }
    ),
    Role.REGISSEUR: frozenset(
        {
            Capability.VIEW_FAMILIES,
            Capability.VERIFY_QUOTIENTS,
            Capability.EDIT_TARIFFS,
            Capability.ISSUE_INVOICES,
            Capability.VIEW_PAYMENTS,
            Capability.RECORD_PAYMENTS,
            Capability.FOLLOW_DEBTS,
            Capability.ANSWER_MESSAGES,
        }
    ),
    Role.SITE_DIRECTOR: frozenset(
        {
            Capability.REVIEW_ENROLMENTS,
            Capability.SEND_URGENT_MESSAGES,
            Capability.CLOSE_DAYS,
            Capability.REVIEW_BOOKINGS,
            Capability.VIEW_FAMILIES,
            Capability.VIEW_DAY_PLANNING,
            Capability.TAKE_ATTENDANCE,
            Capability.REOPEN_ATTENDANCE,
            Capability.PRINT_SHEETS,
            Capability.PREPARE_MEALS,
            Capability.ANSWER_MESSAGES,
            Capability.VIEW_CHILD_FILES,
            Capability.VIEW_HEALTH,
        }
    ),
    Role.YOUTH_WORKER: frozenset({Capability.VIEW_DAY_PLANNING, Capability.TAKE_ATTENDANCE, Capability.PRINT_SHEETS}),
    Role.KITCHEN: frozenset({Capability.PREPARE_MEALS}),
    Role.READ_ONLY: frozenset({Capability.VIEW_FAMILIES, Capability.VIEW_DAY_PLANNING}),
}


def capabilities_of(roles: Iterable[Role]) -> frozenset[Capability]:
    """All that a user with these roles may do."""
    return frozenset[Capability]().union(*(ROLE_CAPABILITIES[role] for role in roles))
