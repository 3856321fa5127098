"""The French sentences of a family's file: what a save did, what is missing and what that costs, what ends soon."""

from app.filters import NBSP, day_plain, enumeration
from app.labels import label
from app.rules.child_files import Reminder, ReminderKind
from app.rules.file_fields import FileKind, fields_named
from app.rules.file_gaps import FileGaps


def saved_sentence(kind: FileKind, applied: frozenset[str], asked: frozenset[str], withdrawn: frozenset[str]) -> str:
    """What a save did with each field: stored, waiting for the staff, or no longer asked for."""
    if not (applied or asked or withdrawn):
        return "Rien n’a changé."
    sentences = []
    if asked:
        what = enumeration([label(field).lower() for field in fields_named(kind, asked)])
        sentences.append(f"Votre demande est envoyée{NBSP}: {what}. Nous vous écrirons quand elle sera traitée.")
    if withdrawn:
        what = enumeration([label(field).lower() for field in fields_named(kind, withdrawn)])
        sentences.append(f"Votre demande est retirée{NBSP}: {what}.")
    if applied:
        sentences.append("Le reste est enregistré." if sentences else "Vos modifications sont enregistrées.")
    if "quotient" in applied or "quotient_month" in applied:
        sentences.append("Nous allons vérifier votre quotient familial.")
    return " ".join(sentences)


def missing_sentence(gaps: FileGaps) -> str:
    """« Il manque votre numéro d’allocataire et votre quotient familial. »; empty where nothing is missing."""
    return f"Il manque {enumeration([label(gap) for gap in gaps.gaps])}." if gaps.gaps else ""


def cost_sentence(gaps: FileGaps) -> str:
    """What that costs the family, in plain words; empty where it costs nothing."""
    if gaps.pays_maximum and gaps.loses_aid:
        return "Vous payez le tarif maximum, sans aide."
    if gaps.pays_maximum and gaps.is_checked:
        return "Nous vérifions votre quotient familial. En attendant, vous payez le tarif maximum."
    if gaps.pays_maximum:
        return "Vous payez le tarif maximum."
    if gaps.loses_aid:
        return "Nous ne pouvons demander aucune aide pour vous."
    return ""


def reminder_sentence(reminder: Reminder) -> str:
    """« L’assurance prend fin le 31/08/2027. »"""
    day = day_plain(reminder.on)
    match reminder.kind:
        case ReminderKind.INSURANCE:
            return f"L’assurance {'a pris' if reminder.is_past else 'prend'} fin le {day}."
        case ReminderKind.CARE_PLAN:
            return f"Le PAI {'a pris' if reminder.is_past else 'prend'} fin le {day}."
        case ReminderKind.BOOSTER:
            return f"{'Rappel en retard' if reminder.is_past else 'Rappel à prévoir'}{NBSP}: {reminder.subject}, {day}."
