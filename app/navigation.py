"""Both menus as data: the sections that exist, in the guide's words and order."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import g, request, url_for
from flask_login import current_user

from app.access import current_capabilities, own_families
from app.rules.capabilities import Capability


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a menu; the staff see it with one of its `capabilities`."""

    label: str
    endpoint: str
    icon: str
    capabilities: frozenset[Capability] = frozenset()
    group: str = ""  # under which name it stands, where a menu is long


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A section, as the layout draws it."""

    label: str
    href: str
    icon: str
    is_current: bool
    group: str


FAMILY_SECTIONS = (
    Section("Tableau de bord", "family.dashboard.show", "home"),
    Section("Ma famille", "family.members.show", "family"),
    Section("Mes inscriptions", "family.enrolments.show", "enrolments"),
    Section("Mes réservations", "family.bookings.show_children", "bookings"),
    Section("Mes factures", "family.invoices.show", "invoices"),
    Section("Mes documents", "family.required_documents.show", "documents"),
    Section("Historique", "family.history.show", "history"),
    Section("Documentation structure", "family.publications.show", "documents"),
    Section("Contacter la structure", "public.legal.contact", "contact"),
)

QUEUE_CAPABILITIES = frozenset(
    {
        Capability.REVIEW_SIGN_UPS,
        Capability.REVIEW_ENROLMENTS,
        Capability.VERIFY_QUOTIENTS,
        Capability.REVIEW_CHANGES,
        Capability.REVIEW_DOCUMENTS,
        Capability.REVIEW_ABSENCES,
        Capability.REVIEW_ERASURES,
        Capability.ANSWER_MESSAGES,
    }
)
SHEET_CAPABILITIES = frozenset({Capability.VIEW_DAY_PLANNING, Capability.PREPARE_MEALS, Capability.PRINT_SHEETS})
_TO_DO, _TODAY, _FAMILIES, _MONEY = "À faire", "Aujourd’hui", "Familles et places", "Argent"
_TELLING, _SETTING = "Informer", "Régler"

STAFF_SECTIONS = (
    Section("À traiter", "staff.queue.show", "queue", QUEUE_CAPABILITIES, _TO_DO),
    Section("Messages", "staff.messages.show", "contact", frozenset({Capability.ANSWER_MESSAGES}), _TO_DO),
    Section("Pointage", "staff.attendances.show", "bookings", frozenset({Capability.TAKE_ATTENDANCE}), _TODAY),
    Section("Planning du jour", "staff.day.show", "bookings", frozenset({Capability.VIEW_DAY_PLANNING}), _TODAY),
    Section("Fiches et états", "staff.sheets.show", "documents", SHEET_CAPABILITIES, _TODAY),
    Section("Fermetures", "staff.closures.show", "bookings", frozenset({Capability.CLOSE_DAYS}), _TODAY),
    Section("Familles", "staff.families.search", "family", frozenset({Capability.VIEW_FAMILIES}), _FAMILIES),
    Section("Santé et sécurité", "staff.notices.show", "family", frozenset({Capability.VIEW_CHILD_FILES}), _FAMILIES),
    Section(
        "Attributions", "staff.allocations.show", "enrolments", frozenset({Capability.REVIEW_ENROLMENTS}), _FAMILIES
    ),
    Section(
        "Listes d’attente", "staff.waiting_lists.show", "bookings", frozenset({Capability.REVIEW_BOOKINGS}), _FAMILIES
    ),
    Section("Chiffres", "staff.figures.show", "history", frozenset({Capability.VIEW_FIGURES}), _FAMILIES),
    Section("Facturation", "staff.invoice_runs.show", "invoices", frozenset({Capability.ISSUE_INVOICES}), _MONEY),
    Section("Encaissements", "staff.payments.show", "invoices", frozenset({Capability.VIEW_PAYMENTS}), _MONEY),
    Section("Régie", "staff.cash_desks.show", "invoices", frozenset({Capability.VIEW_PAYMENTS}), _MONEY),
    Section("Relances", "staff.debts.show", "invoices", frozenset({Capability.VIEW_PAYMENTS}), _MONEY),
    Section("Aides", "staff.aids.show", "invoices", frozenset({Capability.ISSUE_INVOICES}), _MONEY),
    Section(
        "Attestations fiscales", "staff.tax_certificates.show", "documents", frozenset({Capability.VIEW_PAYMENTS}),
        _MONEY,
    ),
    Section("Documentation", "staff.publications.show", "documents", frozenset({Capability.PUBLISH}), _TELLING),
    Section(
        "Messages urgents", "staff.urgent_messages.show", "mail", frozenset({Capability.SEND_URGENT_MESSAGES}),
        _TELLING,
    ),
    Section("Courriels", "staff.mails.show", "mail", frozenset({Capability.VIEW_MAILS}), _TELLING),
    Section("Tarifs", "staff.tariffs.show", "documents", frozenset({Capability.EDIT_TARIFFS}), _SETTING),
    Section("Simulateur", "staff.simulations.show", "documents", frozenset({Capability.VIEW_FAMILIES}), _SETTING),
    Section("Réglages", "staff.settings.show", "documents", frozenset({Capability.EDIT_SETTINGS}), _SETTING),
    Section("Agents", "staff.agents.show", "account", frozenset({Capability.MANAGE_USERS}), _SETTING),
)  # fmt: skip


def navigation() -> tuple[MenuItem, ...]:
    """The menu of the door at which the user stands; empty for the public."""
    if not current_user.is_authenticated:
        return ()
    if request.path.startswith("/gestion") and current_user.user.is_staff:
        capabilities = current_capabilities()
        return _items(section for section in STAFF_SECTIONS if section.capabilities & capabilities)
    is_family = "family" in g or (request.blueprint or "").startswith("family")
    return _items(FAMILY_SECTIONS) if is_family else ()


@dataclass(frozen=True, slots=True)
class Hat:
    """In whose name a user may act."""

    code: str  # what the switcher sends
    label: str
    is_worn: bool


@dataclass(frozen=True, slots=True)
class AccountMenu:
    """What stands behind the name of who is signed in."""

    href: str  # « Mon compte »
    switch_href: str
    hats: tuple[Hat, ...]  # none for who has only one


def account_menu() -> AccountMenu:
    """The menu of the account, at the door at which the user stands."""
    account = current_user.user
    at_staff_door = request.path.startswith("/gestion")
    families = own_families()
    door = "staff" if account.is_staff and (at_staff_door or not families) else "family"
    worn = None if at_staff_door or not families else getattr(g.get("family"), "id", None)
    hats = [Hat("gestion", "Agent", at_staff_door)] if account.is_staff else []
    hats += [Hat(str(family.id), f"Famille {family.name}", family.id == worn) for family in families]
    return AccountMenu(
        url_for(f"{door}.account.show"), url_for(f"{door}.account.wear_hat"), tuple(hats) if len(hats) > 1 else ()
    )


_BELONGS_TO = {
    "staff.enrolments": "staff.families",
    "staff.required_documents": "staff.queue",
    "staff.absences": "staff.queue",
    "staff.meals": "staff.sheets",
    "staff.occupancy": "staff.sheets",
    "staff.attendance_months": "staff.sheets",
    "family.guardians": "family.members",
    "family.child_files": "family.members",
    "family.simulations": "family.enrolments",
    "family.account_statements": "family.invoices",
    "family.agendas": "family.bookings",
    "family.paid_bookings": "family.bookings",
    "family.repeats": "family.bookings",
    "family.waiting_lists": "family.bookings",
    "family.reminders": "family.bookings",
    "family.absences": "family.bookings",
    "family.data_exports": "family.members",
    "family.erasures": "family.members",
    "staff.erasures": "staff.queue",
    "family.prepaid_books": "family.enrolments",
    "family.messages": "public.legal",
    "staff.counter_families": "staff.families",
    "staff.family_imports": "staff.families",
    "staff.family_parts": "staff.families",
    "staff.family_aids": "staff.families",
    "staff.prepaid_books": "staff.families",
    "staff.price_facts": "staff.families",
    "staff.attendance_batches": "staff.attendances",
    "staff.bookings": "staff.families",
    "staff.account_statements": "staff.families",
    "staff.child_files": "staff.families",
    "family.direct_debits": "family.invoices",
    "staff.direct_debits": "staff.cash_desks",
    "staff.mandates": "staff.families",
    "staff.invoices": "staff.invoice_runs",
    "staff.corrections": "staff.invoice_runs",
    "staff.tariff_drafts": "staff.tariffs",
    "staff.texts": "staff.publications",
}
_SETTINGS = "staff.settings"


def section_of(blueprint: str) -> str:
    """The blueprint of the section that stays current on the pages of this one."""
    return _SETTINGS if blueprint.startswith(f"{_SETTINGS}.") else _BELONGS_TO.get(blueprint, blueprint)


def _items(sections: Iterable[Section]) -> tuple[MenuItem, ...]:
    present = section_of(request.blueprint or "")
    return tuple(
        MenuItem(s.label, url_for(s.endpoint), s.icon, s.endpoint.rpartition(".")[0] == present, s.group)
        for s in sections
    )
