"""The French words of « Historique »: one sentence for each thing that was done."""

from collections.abc import Sequence

from app.filters import day_medium, euros, hour_table, in_sentence, of, spaced
from app.labels import label
from app.rules.absences import JustificationStatus
from app.rules.baskets import BasketState
from app.rules.cash_desks import ReversalKind
from app.rules.child_files import SectionKind
from app.rules.debts import DebtMoveKind, HoldKind
from app.rules.direct_debits import DebitRefusal
from app.rules.file_fields import FileKind
from app.rules.spreadsheets import Cell, Table
from app.services.devices import device_name
from app.services.histories import HistoryEvent, Period, Span
from app.services.history_sources import Act, HistoryKind

KIND_WORDS = {
    HistoryKind.SIGN_INS: "Connexion à l’Espace famille",
    HistoryKind.PAYMENTS: "Paiement",
    HistoryKind.ACCOUNT: "Facturation",
    HistoryKind.BOOKINGS: "Réservations",
    HistoryKind.ENROLMENTS: "Inscriptions",
    HistoryKind.BOOKS: "Carnets",
    HistoryKind.FILE: "Dossier",
    HistoryKind.MESSAGES: "Messages",
}

PAYMENT_STATES = {
    BasketState.PAID: ("Accepté", "success"),
    BasketState.REFUSED: ("Refusé", "error"),
    BasketState.CANCELLED: ("Abandonné", "neutral"),
    BasketState.EXPIRED: ("Sans suite", "neutral"),
    BasketState.FAILED: ("Non ouvert", "neutral"),
    BasketState.CREATED: ("En cours", "info"),
    BasketState.ASKED: ("En cours", "info"),
}
"""The word and the badge of what became of an online payment."""


def payment_state(event: HistoryEvent) -> tuple[str, str]:
    """What became of a payment: its word and its badge."""
    return PAYMENT_STATES[BasketState(event.what)]


def event_sentence(event: HistoryEvent) -> str:
    """« 3 réservations pour Léa TEST, du mercredi 2 décembre au mercredi 16 décembre »."""
    return spaced(_sentence(event))


def history_table(events: tuple[HistoryEvent, ...]) -> Table:
    """The download: one row for each event."""
    rows: list[Sequence[Cell]] = []
    for event in events:
        state = f" ({payment_state(event)[0].lower()})" if event.act is Act.PAID else ""
        rows.append(
            [event.at.date(), hour_table(event.at.time()), KIND_WORDS[event.kind],
             event_sentence(event) + state, event.by]
        )  # fmt: skip
    return Table(("Date", "Heure", "Rubrique", "Action", "Personne"), rows)


def history_file_name(period: Period) -> str:
    """« historique-2026-11 », or the Monday of a week."""
    return f"historique-{period.first:%Y-%m}" if period.span is Span.MONTH else f"historique-semaine-{period.first}"


def _sentence(event: HistoryEvent) -> str:
    about = f" pour {event.subject}" if event.subject else ""
    match event.act:
        case Act.SIGNED_IN:
            return device_name(event.what)
        case Act.PAID:
            paid_for = ", ".join(event.invoice_numbers) or "réservations à régler"
            return f"{euros(event.amount_cents)} : {paid_for}"
        case act if act in _OF_ACCOUNT:
            return _account_sentence(event)
        case Act.BOOKED:
            return f"{_counted(event, 'réservation')}{about}, {_days(event)}"
        case Act.ASKED_BOOKING:
            return f"{_counted(event, 'réservation')} à valider{about}, {_days(event)}"
        case Act.KEPT_PLACE:
            return f"{_counted(event, 'réservation')} à régler{about}, {_days(event)}"
        case Act.JOINED_LIST:
            return f"{_counted(event, 'place')} en liste d’attente{about}, {_days(event)}"
        case Act.LEFT_LIST:
            return f"Liste d’attente quittée{about}, {_days(event)}"
        case Act.GIVEN_PLACE:
            return f"{_counted(event, 'réservation')} depuis la liste d’attente{about}, {_days(event)}"
        case Act.OFFERED_PLACE:
            return f"{_counted(event, 'place')} proposée{_s(event)} depuis la liste d’attente{about}, {_days(event)}"
        case Act.CANCELLED:
            return f"{_counted(event, 'annulation')}{about}, {_days(event)}"
        case Act.BOOKED_BY_STAFF:
            return f"{_counted(event, 'réservation')} par le service{about}, {_days(event)}{_why(event)}"
        case Act.CANCELLED_BY_STAFF:
            return f"{_counted(event, 'annulation')} par le service{about}, {_days(event)}{_why(event)}"
        case Act.FREED_BY_STAFF:
            return f"{_counted(event, 'absence')} plus facturée{_s(event)}{about}, {_days(event)}{_why(event)}"
        case Act.MARKED_BY_STAFF:
            return f"Présence spéciale, ou qui ne l’est plus{about}, {_days(event)}"
        case Act.JUSTIFIED:
            became = label(JustificationStatus(event.what)).lower()
            return f"Justificatif pour {_counted(event, 'absence')}, {_days(event)} : demande {became}"
        case Act.ASKED_ENROLMENT:
            return f"Demande d’inscription{about} : {event.activity_name}"
        case Act.WITHDREW_ENROLMENT:
            return f"Demande d’inscription retirée{about} : {event.activity_name}"
        case Act.ENDED_ENROLMENT:
            return f"Fin d’inscription{about} : {event.activity_name}"
        case Act.BOUGHT_BOOK:
            return f"{event.what}{about} : {event.activity_name}, {euros(event.amount_cents)}"
        case Act.WROTE:
            return f"Message à « {event.what} »"
        case _:
            return _file_sentence(event)


_OF_ACCOUNT = frozenset(
    {
        Act.REMINDED, Act.CREDITED, Act.REVERSED, Act.REFUNDED, Act.DISPUTED, Act.AGREED_PLAN, Act.ENDED_HOLD,
        Act.GAVE_UP, Act.TOOK_UP_AGAIN, Act.GAVE_MANDATE, Act.ENDED_MANDATE, Act.REFUSED_DEBIT,
    }
)  # fmt: skip


def _account_sentence(event: HistoryEvent) -> str:
    cents = euros(event.amount_cents)
    match event.act:
        case Act.REMINDED:
            return f"Relance de niveau {event.what} pour {_counted(event, 'facture')} : {cents}"
        case Act.CREDITED:
            return f"Avoir {event.subject} : {cents}{_why(event)}"
        case Act.REVERSED:
            kind = in_sentence(label(ReversalKind(event.detail)))
            return f"Encaissement {event.subject} annulé : {cents}, {kind}{_why(event)}"
        case Act.REFUNDED:
            return f"Remboursement {event.subject} : {cents}{_why(event)}"
        case Act.DISPUTED:
            return f"Facture {event.subject} en litige{_why(event)}"
        case Act.AGREED_PLAN:
            until = f" jusqu’au {day_medium(event.last)}" if event.last is not None else ""
            return f"Échéancier accordé pour la facture {event.subject}{until}{_why(event)}"
        case Act.ENDED_HOLD:
            return f"{label(HoldKind(event.detail))} levé pour la facture {event.subject}"
        case Act.GAVE_MANDATE:
            return f"Mandat de prélèvement {event.subject} enregistré : {event.what}"
        case Act.ENDED_MANDATE:
            return f"Fin du mandat de prélèvement {event.subject}{_why(event)}"
        case Act.REFUSED_DEBIT:
            reason = in_sentence(label(DebitRefusal(event.detail)))
            return f"Prélèvement rejeté, facture {event.subject} : {cents}, {reason}"
        case Act.TOOK_UP_AGAIN:
            return f"{label(DebtMoveKind(event.detail))} annulée, facture {event.subject} : {cents}{_why(event)}"
        case _:
            return f"{label(DebtMoveKind(event.detail))}, facture {event.subject} : {cents}{_why(event)}"


def _file_sentence(event: HistoryEvent) -> str:
    name = f", {event.subject}" if event.subject else ""
    whose = f" {of(event.subject)}" if event.subject else ""
    match event.act:
        case Act.CHANGED_FILE:
            return f"Modification : {label(FileKind(event.what))}{name}"
        case Act.ASKED_CHANGE:
            return f"Demande de modification : {label(FileKind(event.what))}{name}"
        case Act.FILLED_SECTION:
            return f"Dossier{whose} : {label(SectionKind(event.what))}"
        case Act.SIGNED_AUTHORISATIONS:
            return f"Dossier{whose} : {label(SectionKind.AUTHORISATIONS)}"
        case Act.CERTIFIED_FILE:
            return "Dossier certifié à jour"
        case Act.HANDED_IN:
            return f"Document envoyé : {event.what}{name}"
        case Act.HANDED_IN_FOR_THEM:
            return f"Document remis au guichet : {event.what}{name}"
        case Act.ACCEPTED_TEXT:
            return f"Texte accepté : {event.what}"
        case Act.INVITED:
            return f"Invitation {of(event.subject)}"
        case Act.WITHDREW_CONSENT:
            return "Accord sur les données personnelles retiré"
        case Act.ASKED_ERASURE:
            return "Demande d’effacement du dossier"
        case Act.KEPT_FILE:
            return "Demande d’effacement annulée"
        case _:
            return "Accord sur les données personnelles"


def _counted(event: HistoryEvent, word: str) -> str:
    return f"{event.count} {word}{_s(event)}"


def _s(event: HistoryEvent) -> str:
    return "s" if event.count > 1 else ""


def _why(event: HistoryEvent) -> str:
    return f" (motif : {event.what})" if event.what else ""


def _days(event: HistoryEvent) -> str:
    assert event.first is not None and event.last is not None  # bookings have days
    if event.first == event.last:
        return day_medium(event.first)
    return f"du {day_medium(event.first)} au {day_medium(event.last)}"
