"""The French words of « Pointage »: what is noted, what became of a mark, why one is refused."""

from collections.abc import Iterable, Sequence

from app.filters import NBSP, hour_table, spaced
from app.rules.attendances import Obstacle, Seen, Turnout
from app.services.attendances import Answer, OtherMark, Result
from app.services.catalogue import UnitInfo

RUN_UNDER_WAY = "La facturation de ce mois est en cours. Le pointage attend qu’elle soit terminée."
INVOICED_DAY = spaced(
    "Cette journée est déjà facturée : elle ne peut plus être rouverte. La régie corrige la facture par un avoir."
)
CORRECTED = "Pointage corrigé."
TO_CREDIT = spaced(
    "Pointage corrigé. La régie trouve l’avoir à émettre dans « Corrections à faire » ; ce qui est juste va sur la "
    "prochaine facture."
)

REFUSALS = {
    Obstacle.UNKNOWN: "Cet enfant ou ce temps d’accueil n’existe pas, ou n’est pas dans vos lieux d’accueil.",
    Obstacle.OWN_FAMILY: "C’est votre propre famille. Un collègue fait son pointage.",
    Obstacle.TO_COME: "Cette journée n’est pas encore là.",
    Obstacle.CLOSED: "Ce temps d’accueil est fermé ce jour-là.",
    Obstacle.VALIDATED: "La journée est validée. Il faut la rouvrir pour changer le pointage.",
    Obstacle.RUN_UNDER_WAY: RUN_UNDER_WAY,
    Obstacle.INVOICED: spaced("C’est déjà facturé : la régie corrige la facture par un avoir."),
    Obstacle.NOT_EXPECTED: spaced("Un enfant sans réservation n’est pas absent : annulez plutôt ce qui est noté."),
    Obstacle.UNSOUND: spaced("Ces heures ne sont pas possibles : le départ est après l’arrivée."),
}


def seen_words(seen: Seen) -> str:
    """« présent de 07:40 à 17:05 », « absent, justifié », « rien »."""
    if seen.turnout is None:
        return "rien"
    if seen.turnout is Turnout.ABSENT:
        return "absent, justifié" if seen.is_justified else "absent"
    if seen.arrived_at and seen.left_at:
        return f"présent de {hour_table(seen.arrived_at)} à {hour_table(seen.left_at)}"
    if seen.arrived_at:
        return f"présent depuis {hour_table(seen.arrived_at)}"
    return f"présent jusqu’à {hour_table(seen.left_at)}" if seen.left_at else "présent"


def told(answers: Sequence[Answer], units: Iterable[UnitInfo]) -> list[str]:
    """What an agent must read after some marks: refusals once each, and what somebody else had recorded."""
    sentences = [REFUSALS[answer.obstacle] for answer in answers if answer.obstacle is not None]
    sentences += [
        _conflict(answer.other) for answer in answers if answer.result is Result.CONFLICT and answer.other is not None
    ]
    return list(dict.fromkeys(sentences))


def _conflict(other: OtherMark) -> str:
    what, when = seen_words(other.seen), f"{other.at:%H:%M}"
    if other.stays:
        return f"{other.by} a noté «{NBSP}{what}{NBSP}» après vous, à {when}{NBSP}: c’est ce qui est gardé."
    return f"{other.by} avait noté «{NBSP}{what}{NBSP}» à {when}. Votre pointage le remplace."
