"""What each staff role may do: the one table.

Source: product.md section 7, docs/rules/capabilities.md.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
    VIEW_FIGURES = auto()  # hours and children added up, without a name
    DECLARE_FIGURES = auto()  # to the CAF: small groups too, and by name who keeps it from being done
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
            Capability.VIEW_FIGURES,
            Capability.DECLARE_FIGURES,
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
            Capability.VIEW_FIGURES,
            Capability.DECLARE_FIGURES,
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
            Capability.VIEW_FIGURES,
            Capability.DECLARE_FIGURES,
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
    Role.READ_ONLY: frozenset({Capability.VIEW_FAMILIES, Capability.VIEW_DAY_PLANNING, Capability.VIEW_FIGURES}),
}


class PlaceKind(StrEnum):
    """What may narrow a role."""

    OFFICE = auto()
    SITE = auto()


ROLE_PLACES: Mapping[Role, frozenset[PlaceKind]] = {
    Role.ADMINISTRATOR: frozenset(),
    Role.FILE_CLERK: frozenset(),
    Role.REGISSEUR: frozenset({PlaceKind.OFFICE}),
    Role.SITE_DIRECTOR: frozenset(PlaceKind),
    Role.YOUTH_WORKER: frozenset(PlaceKind),
    Role.KITCHEN: frozenset(PlaceKind),
    Role.READ_ONLY: frozenset(PlaceKind),
}


@dataclass(frozen=True, slots=True)
class Post:
    """A role, and the office and the site that narrow it; None: every one."""

    role: Role
    office_id: int | None = None
    site_id: int | None = None

    @property
    def is_everywhere(self) -> bool:
        """Whether nothing narrows it."""
        return self.office_id is None and self.site_id is None

    @property
    def code(self) -> str:
        """How a form and the log write it: « kitchen », « kitchen:office-2 », « kitchen:office-2:site-3 »."""
        office = f":office-{self.office_id}" if self.office_id is not None else ""
        site = f":site-{self.site_id}" if self.site_id is not None else ""
        return f"{self.role}{office}{site}"

    @property
    def order(self) -> tuple[int, int, int]:
        """Of posts in a list: by role, what is everywhere first."""
        return list(Role).index(self.role), self.office_id or 0, self.site_id or 0


_POST = re.compile(r"([a-z_]{1,30})(?::office-([0-9]{1,9}))?(?::site-([0-9]{1,9}))?")


def read_post(code: str) -> Post | None:
    """The post that `Post.code` wrote; None for anything else."""
    found = _POST.fullmatch(code)
    if found is None or found[1] not in list(Role):
        return None
    return Post(Role(found[1]), *(int(id_) if id_ is not None else None for id_ in found.groups()[1:]))


def is_said_twice(posts: Iterable[Post], role: Role) -> bool:
    """Whether a role is everywhere and somewhere at once."""
    of_role = [post for post in posts if post.role is role]
    return len(of_role) > 1 and any(post.is_everywhere for post in of_role)


def capabilities_of(roles: Iterable[Role]) -> frozenset[Capability]:
    """All that a user with these roles may do."""
    return frozenset[Capability]().union(*(ROLE_CAPABILITIES[role] for role in roles))
