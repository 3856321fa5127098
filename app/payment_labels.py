"""The French words of what was noted of a payment, and of what became of it."""

from app.filters import day_plain
from app.rules.cash_desks import PaymentDetails, PaymentMode, ReversalKind


def detail_words(mode: PaymentMode, details: PaymentDetails) -> str:
    """« n° 0001234, Banque des essais, DUPONT Marie »; « 4 titres »; empty where nothing was noted."""
    number = f"n° {details.reference}" if mode is PaymentMode.CHEQUE and details.reference else details.reference
    count = details.voucher_count
    words = (
        "" if count is None else f"{count} titre{'s' if count > 1 else ''}",
        number,
        details.bank,
        details.drawer,
        f"valeur du {day_plain(details.value_on)}" if details.value_on else "",
    )
    return ", ".join(filter(None, words))


def reversal_words(kind: ReversalKind) -> str:
    """What a receipt is marked with."""
    return "Impayé" if kind is ReversalKind.UNPAID else "Annulé"
