"""The French words of absences that families justify."""

from collections.abc import Mapping

from app.filters import NBSP, signed_euros, spaced
from app.rules.absences import JustifyRule, Outcome

_OUTCOMES = {
    Outcome.WAITING: "À décider.",
    Outcome.ACCEPTED: "Acceptée\u00a0: elle n’est plus facturée.",
    Outcome.KEPT: "Justifiée, mais jour de carence\u00a0: elle reste facturée.",
    Outcome.REFUSED: "Refusée\u00a0: elle reste facturée.",
    Outcome.INVOICED: "Déjà facturée ce jour-là\u00a0: contactez-nous.",
}


def outcome_words(outcome: Outcome | None) -> str:
    """What became of an absence, and what that costs."""
    return "" if outcome is None else _OUTCOMES[outcome]


def rule_words(rule: JustifyRule) -> str:
    """What an activity says of it, for the staff."""
    if not rule.days:
        return "Pas possible en ligne."
    until = "jusqu’au lendemain" if rule.days == 1 else f"dans les {rule.days}{NBSP}jours"
    return f"{until[0].upper()}{until[1:]}, {kept_words(rule)}."


def kept_words(rule: JustifyRule) -> str:
    """How many of its days stay charged."""
    if not rule.kept_days:
        return "sans jour de carence"
    return "1 jour de carence" if rule.kept_days == 1 else f"{rule.kept_days} jours de carence"


def decided_sentence(outcomes: Mapping[Outcome, int], difference_cents: int) -> str:
    """What a decision did, for the agent."""
    words = {
        Outcome.ACCEPTED: ("acceptée", "acceptées"),
        Outcome.KEPT: ("reste facturée (carence)", "restent facturées (carence)"),
        Outcome.REFUSED: ("refusée", "refusées"),
        Outcome.INVOICED: ("déjà facturée, inchangée", "déjà facturées, inchangées"),
    }
    told = [f"{outcomes[each]} {words[each][outcomes[each] > 1]}" for each in words if outcomes.get(each)]
    bill = f" La facture à venir change de {signed_euros(difference_cents)}." if difference_cents else ""
    return spaced(f"Absences : {', '.join(told)}.{bill} Les parents sont prévenus par courriel.")
