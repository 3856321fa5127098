"""What the demo council publishes: two files for download, one of which comes back, and a text to accept."""

import hashlib
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pikepdf
from sqlalchemy.orm import Session

from app.integrations.kept_files import PUBLISHED_FOLDER, keep_file
from app.rules.required_documents import DocumentDemand, DocumentScope, FilesWanted, Validity, ValidityKind
from app.services import publications, required_document_settings, text_settings
from app.services.catalogue import Readers
from app.services.publications import NewFile, PublicationInput
from app.services.required_document_settings import DocumentInput
from app.services.text_settings import TextInput, VersionInput

_CARD = DocumentInput(
    name="Autorisation de sortie",
    instructions="Signez le formulaire de la documentation, puis photographiez-le.",
    scope=DocumentScope.CHILD, demand=DocumentDemand.OPTIONAL, wanted=FilesWanted.ANY, activities=frozenset(),
    min_age=None, max_age=None, levels=(), validity=Validity(ValidityKind.SCHOOL_YEAR), is_health=False, is_asked=True,
)  # fmt: skip
_RULES = """# Article 1. Réserver
Chaque présence se réserve sur le portail, dans les délais affichés au planning.
- Une absence prévenue à temps n’est pas facturée.
- Une absence prévenue trop tard est due.

# Article 2. Venir chercher son enfant
Seules les personnes inscrites dans son dossier peuvent venir. Une pièce d’identité peut être demandée.

# Article 3. Santé
Aucun médicament n’est donné sans PAI. Signalez toute allergie dans le dossier de l’enfant."""


def publish(session: Session, instance_path: Path, agent_id: int, today: date) -> None:
    """Publish them, as the file clerk would."""
    document_id = required_document_settings.save_document(session, None, _CARD)
    booklet = ("Livret d’accueil", "Nos lieux d’accueil, nos horaires et nos équipes.", "Vie pratique", None)
    form = ("Autorisation de sortie", "À remplir si votre enfant rentre seul.", "Documents d’inscription", document_id)
    for name, description, category, returned_as in (booklet, form):
        typed = PublicationInput(name, description, category, today, None, True, Readers(), returned_as)
        file = written_file(instance_path, [name, "", description])
        publications.add_publication(session, agent_id, typed, file)
    rules = TextInput("Règlement intérieur", DocumentDemand.MANDATORY, True, Readers())
    text_settings.add_text(session, agent_id, rules, VersionInput(_RULES, None, today, False))


def written_file(instance_path: Path, lines: Sequence[str]) -> NewFile:
    """A page with some lines, as the council offers it for download."""
    content = made_pdf(lines)
    path = str(keep_file(instance_path, PUBLISHED_FOLDER, content, ".pdf"))
    return NewFile(path, len(content), 1, hashlib.sha256(content).hexdigest())


def made_pdf(lines: Sequence[str]) -> bytes:
    """A page with some lines."""
    made = pikepdf.Pdf.new()
    page = made.add_blank_page(page_size=(595, 842))
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica,
        Encoding=pikepdf.Name.WinAnsiEncoding,
    )  # fmt: skip
    page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    drawn = " ".join(f"<{line.encode('cp1252').hex()}> Tj T*" for line in lines)
    page.obj.Contents = made.make_stream(f"BT /F1 14 Tf 20 TL 60 780 Td {drawn} ET".encode())
    output = io.BytesIO()
    made.save(output, deterministic_id=True)
    return output.getvalue()
