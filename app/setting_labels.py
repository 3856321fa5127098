"""The French words of settings: the ages of a group, openings to generate, what hangs on something."""

from collections.abc import Collection, Mapping, Sequence

from app.filters import NBSP, enumeration
from app.rules.enrolments import GroupAges
from app.rules.openings import Key, OpeningPlan, days_of
from app.services.errors import Usage, UsageKind

_WORDS: Mapping[UsageKind, tuple[str, str]] = {
    UsageKind.ACTIVITY: ("activité", "activités"),
    UsageKind.ENROLMENT: ("inscription", "inscriptions"),
    UsageKind.BOOKING: ("réservation (même annulée)", "réservations (annulées comprises)"),
    UsageKind.PLACE: ("place prise un jour à venir", "places prises les jours à venir"),
    UsageKind.INVOICE: ("facturation", "factures, reçus ou facturations"),
    UsageKind.AGENT: ("agent", "agents"),
    UsageKind.AID: ("aide", "aides"),
    UsageKind.NOTICE: ("délai", "délais"),
    UsageKind.COMBINATION: ("combinaison", "combinaisons"),
    UsageKind.TARIFF: ("grille de tarifs", "grilles de tarifs"),
    UsageKind.REQUIRED_DOCUMENT: ("pièce demandée", "pièces demandées"),
    UsageKind.SUBMITTED_DOCUMENT: ("document déposé", "documents déposés"),
    UsageKind.PUBLICATION: ("publication", "publications"),
    UsageKind.TEXT_TO_ACCEPT: ("texte à accepter", "textes à accepter"),
    UsageKind.TEXT_VERSION: ("texte à accepter", "versions de textes à accepter"),
    UsageKind.TEXT_ACCEPTANCE: ("acceptation", "acceptations"),
    UsageKind.MESSAGE_THREAD: ("échange avec une famille", "échanges avec des familles"),
    UsageKind.JUSTIFICATION: ("justificatif envoyé par une famille", "justificatifs envoyés par des familles"),
    UsageKind.CARRIED_MONTH: ("mois reporté", "mois reportés"),
    UsageKind.RUN: ("facturation en cours", "facturations en cours"),
    UsageKind.OPENING_OUTSIDE: ("ouverture hors de ces dates", "ouvertures hors de ces dates"),
}


def usage_words(usages: Sequence[Usage]) -> str:
    """« 3 inscriptions et 1 aide »."""
    return enumeration([f"{usage.count}{NBSP}{_WORDS[usage.kind][usage.count > 1]}" for usage in usages])


def cannot_delete(usages: Sequence[Usage]) -> str:
    """Why something is not deleted."""
    verb = "en dépend" if sum(usage.count for usage in usages) == 1 else "en dépendent"
    return f"Rien n’est supprimé{NBSP}: {usage_words(usages)} {verb}."


def cannot_change(usages: Sequence[Usage]) -> str:
    """Why something is not changed so."""
    return f"Rien n’est enregistré, à cause de ce qui existe déjà{NBSP}: {usage_words(usages)}."


def cannot_move(usages: Sequence[Usage]) -> str:
    """Why an activity stays with its office, and what to do about it."""
    kinds = {usage.kind for usage in usages}
    ways = []
    if UsageKind.CARRIED_MONTH in kinds:
        ways.append("émettez d’abord les mois reportés, même en dessous du minimum")
    if UsageKind.RUN in kinds:
        ways.append("terminez ou abandonnez les facturations de l’ancien et du nouveau service")
    words = ", et ".join(ways)
    return f"L’activité garde son service{NBSP}: {usage_words(usages)}. {words[0].upper()}{words[1:]}."


def age_words(ages: GroupAges) -> str:
    """« de 3 à 5 ans »."""
    least, most = ages.min_age, ages.max_age
    if least is None and most is None:
        return "tous les âges"
    if most is None:
        return f"à partir de {_years(least or 0)}"
    return f"jusqu’à {_years(most)}" if least is None else f"de {least} à {_years(most)}"


def _years(count: int) -> str:
    return f"{count}{NBSP}an{'s' if count > 1 else ''}"


def plan_lines(plan: OpeningPlan, *, done: bool) -> list[str]:
    """What generating openings does, or has done, in sentences."""
    said = (
        _days(plan.new, *(("ouvert", "ouverts") if done else ("à ouvrir", "à ouvrir"))),
        _days(plan.kept, "déjà ouvert", "déjà ouverts"),
        _days(plan.kept_closed, "fermé à la main, et qui le reste", "fermés à la main, et qui le restent"),
        _days(plan.withdrawn, *(("retiré", "retirés") if done else ("à retirer", "à retirer"))),
        _days(plan.kept_booked, "réservé, qui reste ouvert", "réservés, qui restent ouverts"),
    )
    return [line for line in said if line] or ["Aucun jour ne convient."]


def _days(keys: Collection[Key], one: str, several: str) -> str:
    count = len(days_of(keys))
    return f"{count}{NBSP}jour{'s' if count > 1 else ''} {several if count > 1 else one}." if count else ""
