"""What a save did and did not do, in sentences: cell by cell, and all together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from app import labels
from app.rules.cells import Reason
from app.services.bookings import Result, SavedChoice, SaveOutcome
from app.services.catalogue import Catalogue, catalogue


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One choice: when, what, and what became of it."""

    day: date
    unit_name: str
    sentence: str
    price_cents: int


@dataclass(frozen=True, slots=True)
class SaveReport:
    """All that the page after a save tells."""

    booked: tuple[ReportLine, ...]
    cancelled: tuple[ReportLine, ...]
    not_done: tuple[ReportLine, ...]
    total_cents: int
    messages: Mapping[int, str]  # by opening id: what stands in the cell

    @property
    def is_complete(self) -> bool:
        """Whether everything that was asked for was done."""
        return not self.not_done


def report_save(outcome: SaveOutcome) -> SaveReport:
    """The report of a save."""
    now_catalogue = catalogue()
    lines = {choice: _line(choice, now_catalogue) for choice in outcome.choices}

    def pick(*results: Result) -> tuple[ReportLine, ...]:
        picked = (line for choice, line in lines.items() if choice.result in results)
        return tuple(sorted(picked, key=lambda line: line.day))

    return SaveReport(
        booked=pick(Result.BOOKED, Result.ALREADY_BOOKED),
        cancelled=pick(Result.CANCELLED, Result.ALREADY_CANCELLED),
        not_done=pick(Result.REFUSED, Result.HELD_BACK, Result.LOST),
        total_cents=outcome.booked_cents,
        messages={choice.opening_id: line.sentence for choice, line in lines.items()},
    )


def _line(choice: SavedChoice, now_catalogue: Catalogue) -> ReportLine:
    name = now_catalogue.units[choice.unit_id].name
    sentence = _sentence(choice, name, now_catalogue)
    return ReportLine(date.fromisoformat(choice.day), name, sentence, choice.price_cents)


def _sentence(choice: SavedChoice, unit_name: str, now_catalogue: Catalogue) -> str:
    match choice.result:
        case Result.BOOKED:
            return "Réservé."
        case Result.CANCELLED:
            return "Annulé."
        case Result.ALREADY_BOOKED:
            return "Déjà réservé entre-temps."
        case Result.ALREADY_CANCELLED:
            return "Déjà annulé entre-temps."
        case Result.LOST:
            return "Annulé entre-temps par une autre personne : rien n’a été réservé à nouveau."
        case Result.HELD_BACK:
            return "Non enregistré : un autre choix de ce jour n’était pas possible."
        case Result.REFUSED:
            alternatives = [now_catalogue.units[id_].name for id_ in choice.any_of]
            return "Non enregistré. " + labels.refusal(
                choice.reason or Reason.CLOSED, unit_name, alternatives, _until(choice)
            )


def _until(choice: SavedChoice) -> datetime | None:
    return datetime.fromisoformat(choice.until) if choice.until else None
