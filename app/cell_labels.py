"""The French words of a planning cell: its state, why something cannot be done there, and until when it can."""

from datetime import datetime

from app.filters import NBSP, hour_sentence, moment, phone
from app.labels import label
from app.rules.attendances import NOT_SEEN, Seen, Turnout
from app.rules.cells import Action, Cell, CellState, Reason

LOST_MEANWHILE = f"Annulé entre-temps par une autre personne{NBSP}: rien ne sera réservé à nouveau."
BOOKED_MEANWHILE = f"Réservé entre-temps par une autre personne{NBSP}: cela reste réservé."

LIST_ANSWER_WORDS = {
    Action.LEAVE_LIST: "retirer de la liste d’attente",
    Action.ACCEPT: "accepter la place proposée",
    Action.DECLINE: "reprendre la place proposée",
}
"""What the staff answer for who waits or is offered a place."""


def cell_label(cell: Cell, rank: int | None = None) -> str:
    """The short word in a cell, with the `rank` of what waits; the legend gives the full one."""
    if cell.state is CellState.WAITING and rank is not None:
        return f"Liste d’attente, rang{NBSP}{rank}"
    if cell.state is CellState.IMPOSSIBLE:
        return _SHORT_IMPOSSIBLE.get(cell.reason, "Impossible") if cell.reason else "Impossible"
    if cell.reason is Reason.KEPT_BY_SERVICE:
        return "Places gardées"
    return _SHORT_STATES.get(cell.state) or label(cell.state)


_SHORT_STATES = {
    CellState.NOT_ALLOWED: "Non autorisée",
    CellState.FULL: "Complet",
    CellState.RECORDED: "Réel",
    CellState.REQUESTED: "En attente",
    CellState.TO_PAY: "À régler",
    CellState.WAITING: "Liste d’attente",
}

_SHORT_IMPOSSIBLE = {
    Reason.CLOSED: "Fermé",
    Reason.PAST: "Passé",
    Reason.NOT_OPEN_YET: "Pas encore",
    Reason.OTHER_AUDIENCE: "Impossible",
    Reason.TOO_LATE_TO_BOOK: "Trop tard",
    Reason.STAFF_ONLY: "Impossible",
    Reason.NOT_ENROLLED: "Non inscrit",
    Reason.NO_PRICE: "Impossible",
    Reason.DOCUMENT_MISSING: "Impossible",
    Reason.BLOCKED_FAMILY: "Impossible",
}


def cell_reason(
    cell: Cell,
    broken: str | None,
    closing_reason: str | None,
    council_phone: str,
    note: str | None = None,
    seen: Seen = NOT_SEEN,
) -> str | None:
    """Why a parent cannot do here what they might expect, as a sentence; None when nothing needs saying.

    `note`: what the staff say of a special presence; `seen`: what they recorded that day.
    """
    if cell.state is CellState.SPECIAL and note:
        return note
    if cell.reason is Reason.RECORDED and seen.turnout is not None:
        return _recorded(seen)
    # A day that is over, and what is on an invoice: the state says enough, and the legend says it in full.
    is_said = cell.reason is Reason.INVOICED or (cell.state is CellState.PRESENT and cell.reason is Reason.PAST)
    if cell.reason is None or is_said:
        return None
    if cell.reason is Reason.CANCELLED_LATE and cell.has_started:
        return _KEPT_PRICE
    if Action.JOIN_LIST in cell.actions and cell.reason is Reason.FULL:
        return f"Complet{NBSP}: cochez pour la liste d’attente."
    if cell.reason is Reason.JUSTIFIED and cell.has_started:
        return _EXCUSED
    if cell.reason is Reason.CLOSED and closing_reason:
        return f"Fermé{NBSP}: {closing_reason}."
    return refusal(cell.reason, broken, cell.refusing_instant, council_phone)


_BEYOND = {
    Reason.OTHER_AUDIENCE: "ouvert à d’autres familles pour l’instant",
    Reason.STAFF_ONLY: "ne se fait pas en ligne",
    Reason.NOT_OPEN_YET: "pas encore ouvert aux réservations",
    Reason.TOO_LATE_TO_BOOK: "le délai pour réserver est passé",
    Reason.TOO_LATE_TO_CANCEL: "le délai pour annuler est passé",
    Reason.DOCUMENT_MISSING: "un document manque",
    Reason.KEPT_BY_SERVICE: "prend une place gardée par le service",
    Reason.BREAKS_COMBINATION: "ne respecte pas une règle de l’activité",
    Reason.OVERLAPS: "l’enfant est attendu ailleurs à ces heures",
    Reason.CANCELLED_LATE: "l’absence facturée ne le sera plus",
    Reason.JUSTIFIED: "l’absence était justifiée",
    Reason.CLOSED: "le jour a été fermé depuis",
    Reason.BLOCKED_FAMILY: "le dossier est fermé",
}


def beyond_sentence(cell: Cell, over_places: int) -> str:
    """What the staff go beyond by acting in a cell, and by how much where it is places; empty where it is nothing."""
    words = []
    for reason in cell.beyond:
        if reason is Reason.FULL:
            more = f"{over_places}{NBSP}enfant{'s' if over_places > 1 else ''}"
            words.append(f"plus de place, il y aurait {more} de plus que de places")
        elif cell.state is not CellState.SPECIAL:
            words.append(_BEYOND[reason])
    return f"{', '.join(words)}." if words else ""


_EXCUSED = f"Absence justifiée{NBSP}: elle n’est plus facturée."
_KEPT_PRICE = f"Annulé après le délai{NBSP}: le prix reste dû."


def _recorded(seen: Seen) -> str:
    if seen.turnout is Turnout.ABSENT:
        return "Absence notée par l’équipe" + (
            f", justifiée{NBSP}: elle n’est pas facturée." if seen.is_justified else "."
        )
    times = [
        f"{word} {hour_sentence(hour)}"
        for word, hour in (("arrivée à", seen.arrived_at), ("départ à", seen.left_at))
        if hour is not None
    ]
    return f"Présence notée par l’équipe{NBSP}: {', '.join(times)}." if times else "Présence notée par l’équipe."


def refusal(reason: Reason, broken: str | None, until: datetime | None, council_phone: str) -> str:
    """The sentence for a reason; `until` is the deadline that has passed, or the opening to come, where it is one;
    `broken` the sentence of the combination rule; `council_phone` whom to call for what the service keeps.
    """
    before, up_to = ("ce jour", "à ce jour") if until is None else (f"le {moment(until)}", f"au {moment(until)}")
    call = f"appelez-nous au {phone(council_phone)}" if council_phone else "contactez-nous"
    match reason:
        case Reason.CLOSED:
            return "Fermé ce jour-là."
        case Reason.PAST:
            return "Ce temps d’accueil est déjà passé."
        case Reason.NOT_OPEN_YET:
            return f"Les réservations ouvrent pour vous {before}."
        case Reason.OTHER_AUDIENCE:
            return f"Ces réservations sont ouvertes en ligne à d’autres familles{NBSP}: contactez-nous."
        case Reason.STAFF_ONLY:
            return f"Ne se fait pas en ligne{NBSP}: contactez-nous."
        case Reason.TOO_LATE_TO_BOOK:
            return f"Trop tard{NBSP}: il fallait réserver avant {before}."
        case Reason.TOO_LATE_TO_CANCEL:
            return f"Ne peut plus être annulé{NBSP}: c’était possible jusqu’{up_to}."
        case Reason.CHARGED_BY_NOW:
            return (
                f"L’annulation était gratuite jusqu’{up_to}. Elle reste possible, mais facturée{NBSP}: décochez "
                "à nouveau pour annuler quand même."
            )
        case Reason.INVOICED:
            return f"Déjà facturé{NBSP}: pour toute correction, contactez-nous."
        case Reason.NOT_ENROLLED:
            return "L’inscription ne couvre pas ce jour."
        case Reason.NO_PRICE:
            return f"Le tarif n’est pas encore fixé{NBSP}: contactez-nous."
        case Reason.HELD_BY_OTHER_FAMILY:
            return "Réservé par l’autre foyer de votre enfant."
        case Reason.BREAKS_COMBINATION:
            return broken or "Ce choix n’est pas possible."
        case Reason.OVERLAPS:
            return broken or "Votre enfant est déjà attendu ailleurs à ces heures."
        case Reason.RECORDED:
            return "Noté par l’équipe ce jour-là."
        case Reason.CANCELLED_LATE:
            return f"{_KEPT_PRICE} Pour revenir, {call}."
        case Reason.JUSTIFIED:
            return f"{_EXCUSED} Pour revenir, {call}."
        case Reason.CANCELLED_BY_OTHER_FAMILY:
            return f"Absence annoncée par l’autre foyer de votre enfant{NBSP}: pour réserver, {call}."
        case Reason.OFFER_EXPIRED:
            return f"Il fallait répondre avant {before}."
        case Reason.PAYMENT_EXPIRED:
            return f"Il fallait régler avant {before}."
        case Reason.PAYMENT_UNDER_WAY:
            return f"Paiement en cours{NBSP}: la place reste gardée jusqu’à la réponse du site de paiement."
        case Reason.TOO_FEW_DAYS:
            return f"Pas assez de jours{NBSP}: cette activité se réserve pour plusieurs jours de la semaine ensemble."
        case Reason.DOCUMENT_MISSING:
            return "Un document manque. Envoyez-le dans «\u00a0Mes documents\u00a0»."
        case Reason.FULL:
            return "Il n’y a plus de place."
        case Reason.KEPT_BY_SERVICE:
            return f"Les places qui restent sont gardées par le service{NBSP}: {call}."
        case Reason.BLOCKED_FAMILY:
            return f"Votre dossier est fermé{NBSP}: vous pouvez seulement le consulter."


def cell_deadline(cell: Cell) -> str | None:
    """Until when the parent may still act here; None when nothing is possible or the unit's start is the limit."""
    if Action.CANCEL_LATE in cell.actions and cell.charged_until:
        return f"Annulation possible jusqu’au {moment(cell.charged_until)}, mais facturée."
    if cell.state is CellState.PRESENT and cell.actions and cell.cancel_until:
        if cell.charged_until:
            return f"Annulation gratuite jusqu’au {moment(cell.cancel_until)}{NBSP}; ensuite, elle est facturée."
        return f"Annulable jusqu’au {moment(cell.cancel_until)}."
    if cell.state is CellState.OFFERED and cell.actions and cell.kept_until:
        return f"À accepter avant le {moment(cell.kept_until)}."
    if cell.state is CellState.TO_PAY and cell.actions and cell.kept_until:
        return f"À régler avant le {moment(cell.kept_until)}."
    if cell.state is CellState.AVAILABLE and cell.book_until:
        return f"À réserver avant le {moment(cell.book_until)}."
    return None
