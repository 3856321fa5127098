"""The French sentences of documents (pièces): why files are refused, until when one counts, what it blocks."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from app.filters import NBSP, day_plain, hour_table, spaced
from app.rules.handed_in_files import (
    MOST_BYTES,
    MOST_BYTES_OF_ONE,
    MOST_FILES,
    MOST_IN_A_DAY,
    MOST_PAGES,
    FileRefusal,
    Judgement,
    shown_name,
)
from app.rules.required_documents import Validity, ValidityKind
from app.rules.spreadsheets import Cell, Table
from app.services.devices import device_name
from app.services.texts_to_accept import FamilyAnswer


def file_size(count: int) -> str:
    """« 320 ko », « 1,4 Mo »."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))}{NBSP}ko"
    return f"{count / 1_000_000:.1f}".replace(".", ",") + f"{NBSP}Mo"


# What to do with a file that is right in itself and that we do not take.
_AS_PHOTO = "photographiez-le, ou imprimez-le en PDF depuis votre appareil, et envoyez le résultat."

_REFUSALS: Mapping[FileRefusal, str] = {
    FileRefusal.NOTHING: "Choisissez au moins un fichier, ou prenez une photo.",
    FileRefusal.TOO_MANY_FILES: f"Envoyez au plus {MOST_FILES} fichiers à la fois.",
    FileRefusal.EMPTY: "ce fichier est vide. Choisissez-le à nouveau.",
    FileRefusal.TOO_HEAVY: f"ce fichier pèse plus de {file_size(MOST_BYTES_OF_ONE)}. Choisissez-en un plus léger.",
    FileRefusal.TOO_HEAVY_TOGETHER: f"Vos fichiers pèsent ensemble plus de {file_size(MOST_BYTES)}. Envoyez-en moins.",
    FileRefusal.UNKNOWN_KIND: (
        "nous acceptons les PDF et les photos (JPEG, PNG, WebP, HEIC), et ce fichier n’en est pas."
    ),
    FileRefusal.NO_PDF_HERE: "envoyez ici une photo, pas un PDF.",
    FileRefusal.NO_PHOTO_HERE: "envoyez ici un PDF, pas une photo.",
    FileRefusal.BROKEN: "ce fichier est abîmé ou incomplet, nous ne pouvons pas le lire. Choisissez-le à nouveau.",
    FileRefusal.TOO_MANY_PIXELS: "cette image est trop grande. Reprenez la photo avec une définition plus petite.",
    FileRefusal.TOO_MANY_PAGES: f"un document a au plus {MOST_PAGES} pages.",
    FileRefusal.ENCRYPTED: f"ce PDF est protégé, nous ne pouvons pas l’ouvrir. Ouvrez-le, puis {_AS_PHOTO}",
    FileRefusal.ACTIVE: (
        f"ce PDF contient un programme ou un formulaire animé, que nous refusons. Ouvrez-le, puis {_AS_PHOTO}"
    ),
    FileRefusal.ATTACHMENTS: f"ce PDF contient d’autres fichiers, que nous refusons. Ouvrez-le, puis {_AS_PHOTO}",
    FileRefusal.TOO_COMPLEX: f"ce fichier est trop compliqué à lire. Ouvrez-le, puis {_AS_PHOTO}",
    FileRefusal.INFECTED: "notre antivirus refuse ce fichier.",
    FileRefusal.NOT_SCANNED: (
        "Notre antivirus ne répond pas en ce moment, et nous ne gardons aucun fichier sans l’avoir vérifié. Rien n’est "
        "enregistré. Réessayez dans quelques minutes."
    ),
    FileRefusal.TOO_MANY_TODAY: (
        f"Vous avez envoyé {MOST_IN_A_DAY} documents depuis hier. Envoyez les suivants demain, ou contactez-nous."
    ),
    FileRefusal.NO_ROOM: "Vos documents prennent toute la place prévue pour une famille. Contactez-nous.",
    FileRefusal.BUSY: "Beaucoup de familles envoient un document en ce moment. Réessayez dans une minute.",
}


def refusal_sentence(judgement: Judgement, names: Sequence[str]) -> str:
    """Why what was handed in is refused: « photo.heic : ce fichier est vide. » `names`: those of the files."""
    sentence = _REFUSALS[judgement.refusal]
    if judgement.index is None:
        return spaced(sentence[0].upper() + sentence[1:])
    name = shown_name(names[judgement.index]) or f"fichier {judgement.index + 1}"
    return spaced(f"{name} : {sentence}")


def validity_words(validity: Validity) -> str:
    """« Valable 3 mois à partir de sa date »; empty: without end."""
    match validity.kind:
        case ValidityKind.MONTHS:
            return f"Valable {validity.months} mois à partir de sa date."
        case ValidityKind.UNTIL:
            assert validity.until is not None
            return f"Valable jusqu’au {day_plain(validity.until)}."
        case ValidityKind.SCHOOL_YEAR:
            return "Valable pour l’année scolaire."
        case ValidityKind.FOREVER:
            return ""


def end_words(valid_until: date | None, today: date) -> str:
    """« valable jusqu’au 31/08/2027 », « a pris fin le 31/08/2026 »; empty: without end."""
    if valid_until is None:
        return ""
    return f"{'valable jusqu’au' if valid_until >= today else 'a pris fin le'} {day_plain(valid_until)}"


def acceptance_table(answers: Iterable[FamilyAnswer]) -> Table:
    """Who accepted a text and who did not, as it is downloaded: a row for each family."""
    rows: list[Sequence[Cell]] = []
    for answer in answers:
        found = answer.acceptance
        if found is None:
            rows.append([answer.family_name, "À accepter", "", "", "", ""])
            continue
        device = "Sur papier" if found.on_paper else device_name(found.device)
        hour = "" if found.on_paper else hour_table(found.accepted_at.time())
        rows.append([answer.family_name, "Accepté", found.accepted_at.date(), hour, found.signed_by, device])
    return Table(("Famille", "État", "Date", "Heure", "Signé par", "Appareil"), rows)
