"""What an agent can do about what is odd in an invoice run."""

from app.filters import spaced
from app.rules.invoicing import OddityKind

_ADVICE = {
    OddityKind.NOT_DRAFTED: "Une erreur empêche de calculer ces factures : rien n’est facturé à ces familles. Préparez "
    "de nouveau. Si l’erreur revient, prévenez la personne qui gère le portail : son journal dit pourquoi.",
    OddityKind.NO_PRICE: "Un jour sans prix annoncé n’est pas facturé. Complétez la grille tarifaire, puis préparez "
    "de nouveau.",
    OddityKind.PRICE_CHANGED: "C’est le prix annoncé à la famille qui est facturé. Pour appliquer l’autre, recalculez "
    "les prix dans les tarifs, puis préparez de nouveau.",
    OddityKind.QUOTIENT_MISSING: "Demandez leur quotient à ces familles, puis préparez de nouveau.",
    OddityKind.QUOTIENT_OUT_OF_DATE: "Demandez à ces familles leur quotient de l’année, puis préparez de nouveau.",
    OddityKind.QUOTIENT_UNVERIFIED: "Vérifiez ces quotients dans « À traiter », puis préparez de nouveau.",
    OddityKind.DAY_NOT_OVER: "Laissés pour une prochaine facturation du mois.",
    OddityKind.ALL_FREE: "Ces jours seront clos sans facture. Plus rien ne les changera.",
    OddityKind.NOTHING_TO_INVOICE: "Ces familles ne reçoivent pas de facture.",
    OddityKind.DAY_NOT_VALIDATED: "Demandez aux équipes de valider ces jours, puis préparez de nouveau. Qui n’est pas "
    "pointé est facturé comme réservé.",
    OddityKind.UNBILLED_PRESENCE: "Ces enfants sont venus sans inscription, ou leur demande attend. Réglez-la, puis "
    "préparez de nouveau.",
    OddityKind.ABSENCE_TO_DECIDE: "Décidez dans « À traiter ». Acceptées après l’émission, elles donnent un avoir.",
}


def oddity_advice(kind: OddityKind) -> str:
    """What to do about it, as one or two sentences."""
    return spaced(_ADVICE[kind])


def oddity_count(kind: OddityKind, count: int) -> str:
    """« 3 familles », « 1 jour »."""
    word = {
        OddityKind.DAY_NOT_VALIDATED: "jour", OddityKind.UNBILLED_PRESENCE: "venue",
        OddityKind.ABSENCE_TO_DECIDE: "absence",
    }.get(kind, "famille")  # fmt: skip
    return f"{count} {word}{'s' if count > 1 else ''}"
