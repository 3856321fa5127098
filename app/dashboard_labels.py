"""The French sentences of the dashboard on documents, on invoices, and on what opens soon."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.filters import day_medium, day_plain, euros, moment, spaced
from app.rules.required_documents import DocumentScope, DocumentState
from app.services.dashboards import ComingBookings, ComingEnrolments, Dashboard
from app.services.required_documents import AskedDocument


@dataclass(frozen=True, slots=True)
class DocumentTodo:
    """Something to do about documents: a sentence, a button, and the document where it is about one."""

    text: str
    button: str
    document: AskedDocument | None = None


def document_todos(dashboard: Dashboard) -> list[DocumentTodo]:
    """What to do about documents: what was refused one by one, the others named only where they are alone."""
    refused = [each for each in dashboard.missing_documents if each.state is DocumentState.REFUSED]
    missing = [each for each in dashboard.missing_documents if each.state is not DocumentState.REFUSED]
    why = "votre envoi n’a pas été accepté"
    found = [DocumentTodo(f"{_named(each)} : {why}.", "Voir pourquoi", each) for each in refused]
    if len(missing) == 1:
        words = "ce document a expiré" if missing[0].state is DocumentState.EXPIRED else "document à envoyer"
        found.append(DocumentTodo(f"{_named(missing[0])} : {words}.", "Envoyer", missing[0]))
    elif missing:
        found.append(DocumentTodo(f"{len(missing)} documents à envoyer.", "Envoyer"))
    ending = dashboard.ending_documents
    if len(ending) == 1:
        text = f"{_named(ending[0])} : ce document expire {_last_day(ending)}."
        found.append(DocumentTodo(text, "Renouveler", ending[0]))
    elif ending:
        found.append(DocumentTodo(f"{len(ending)} documents expirent, le premier {_last_day(ending)}.", "Renouveler"))
    return [DocumentTodo(spaced(each.text), each.button, each.document) for each in found]


def documents_words(dashboard: Dashboard) -> str:
    """The tile: « 2 documents manquants, 1 expire le 15/12/2026 »."""
    missing, ending = len(dashboard.missing_documents), len(dashboard.ending_documents)
    parts = [f"{missing} document{'s' if missing > 1 else ''} manquant{'s' if missing > 1 else ''}"] if missing else []
    if ending:
        noun = "" if missing else f" document{'s' if ending > 1 else ''}"
        when = _last_day(dashboard.ending_documents)
        parts.append(f"{ending}{noun} expirent, le premier {when}" if ending > 1 else f"1{noun} expire {when}")
    return ", ".join(parts) or "Ce que nous vous demandons d’envoyer"


def invoices_words(dashboard: Dashboard) -> str:
    """The tile: « 1 facture à payer : 12,00 € ; 8,40 € sur une prochaine facture »."""
    due, amounts = dashboard.due, [each.amount_cents for each in dashboard.carried]
    text = f"{due.count} facture{'s' if due.count > 1 else ''} à payer : {euros(due.amount_cents)}"
    parts = [text if due.count else "Rien à payer"]
    if amounts:
        what = "des jours" if None in amounts else euros(sum(each or 0 for each in amounts))
        parts.append(f"{what} sur une prochaine facture")
    return spaced(" ; ".join(parts))


def coming_bookings_sentence(coming: ComingBookings) -> str:
    """« Mercredi : les réservations des vacances d’hiver ouvrent lundi 30 novembre à 8 h 30 pour Léa. »"""
    period = coming.period
    if coming.holidays is not None:
        days = f"des {coming.holidays[:1].lower()}{coming.holidays[1:]}"  # « Vacances d’hiver »
    else:
        days = f"du {day_medium(period.first)} au {day_medium(period.last)}"
    opens = moment(period.opens)
    return spaced(f"{coming.activity_name} : les réservations {days} ouvrent {opens} pour {coming.child.first_name}.")


def coming_enrolments_sentence(coming: ComingEnrolments) -> str:
    """« Mercredi : les inscriptions ouvrent lundi 30 novembre à 8 h 30 pour Léa. »"""
    opens = moment(coming.opens)
    return spaced(f"{coming.activity_name} : les inscriptions ouvrent {opens} pour {coming.child.first_name}.")


def _named(document: AskedDocument) -> str:
    """« Attestation d’assurance, Léa TEST »."""
    name = document.info.name
    return name if document.holder.scope is DocumentScope.FAMILY else f"{name}, {document.holder.name}"


def _last_day(ending: Sequence[AskedDocument]) -> str:
    assert ending[0].valid_until is not None  # what has no end does not end soon
    return f"le {day_plain(ending[0].valid_until)}"
