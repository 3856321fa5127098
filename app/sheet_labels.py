"""The French words of the teams' sheets: what must not be missed, what is said of health, who collects a child."""

from collections.abc import Mapping, Sequence
from datetime import date

from app.filters import NBSP, day_plain, phone, spaced
from app.labels import label
from app.rules.sheets import Permission
from app.services.care import Called
from app.services.safety_sheets import SafetyLine

_HEALTH = (
    ("food_allergies", "Allergies alimentaires"),
    ("drug_allergies", "Allergies à un médicament"),
    ("other_allergies", "Autres allergies"),
    ("reaction", "En cas de réaction"),
    ("treatment", "Traitement"),
    ("needs", "Besoins"),
    ("history", "À connaître"),
    ("emergency_notes", "En cas d’urgence"),
)
"""What is read of the file, in this order: only what was said."""

_AIDS = {
    "glasses": "lunettes", "lenses": "lentilles", "hearing": "appareil auditif", "dental": "appareil dentaire",
}  # fmt: skip


def called_words(each: Called) -> str:
    """« Odette TEST (grand-mère) : 06 00 00 00 10 »."""
    numbers = ", ".join(phone(number).replace(" ", NBSP) for number in each.phones) or "aucun numéro"
    return f"{each.name} ({each.link}){NBSP}: {numbers}"


def leaving_words(leaves_alone: str | None) -> str:
    """« part seul dès 17:30 », « part seul », « ne part pas seul »."""
    if leaves_alone is None:
        return "ne part pas seul"
    return f"part seul dès {leaves_alone}" if leaves_alone else "part seul"


def permissions_words(found: Sequence[Permission]) -> tuple[str, ...]:
    """What parents allow, refuse, and did not answer, which is a refusal: « Oui : soins, transport »."""
    answers = {
        "Autorisé": [each for each in found if each.is_allowed],
        "Refusé": [each for each in found if each.is_answered and not each.is_allowed],
        "Sans réponse, donc non": [each for each in found if not each.is_answered],
    }
    return tuple(
        f"{answer}{NBSP}: {', '.join(_lower(label(each.kind)) for each in those)}"
        for answer, those in answers.items()
        if those
    )


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def health_words(line: SafetyLine) -> tuple[tuple[str, str], ...]:
    """What the family says of health: pairs of words and texts."""
    health = line.health
    found = [(words, health[name]) for name, words in _HEALTH if health.get(name)]
    if health.get("has_care_plan") == "yes":
        kit = {"yes": ", trousse remise à l’accueil", "no": ", sans trousse"}.get(health.get("care_plan_kit", ""), "")
        until = f"jusqu’au {day_plain(date.fromisoformat(health['care_plan_ends_on']))}" if _has_end(health) else "oui"
        found.insert(0, ("PAI", f"{until}{kit}"))
    if health.get("aids"):
        found.append(("Porte", ", ".join(_AIDS.get(each, each) for each in health["aids"].split(","))))
    return tuple(found)


def doctor_words(line: SafetyLine) -> str:
    """« Dr Claude Petit, Moreuil : 03 00 00 00 20 ; hôpital souhaité : Amiens »; « non renseigné »."""
    doctor = line.doctor
    who = ", ".join(filter(None, (doctor.get("name"), doctor.get("town")))) or "non renseigné"
    number = f"{NBSP}: {phone(doctor['phone'])}" if doctor.get("phone") else ""
    hospital = spaced(f" ; hôpital souhaité : {doctor['hospital']}") if doctor.get("hospital") else ""
    return f"{who}{number}{hospital}"


def _has_end(health: Mapping[str, str]) -> bool:
    return bool(health.get("care_plan_ends_on"))
