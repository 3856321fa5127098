"""Handing in files, the same behind both doors: decoded, written, then a row; the file goes where that fails."""

from pathlib import Path

from flask import current_app
from sqlalchemy.orm import Session

from app.blueprints.uploads import decode, digest_of, names_of, removed_unless_named, sent_in
from app.database import write_transaction
from app.document_labels import refusal_sentence
from app.forms.required_documents import CounterForm, HandInForm
from app.integrations.handed_in_files import FileRefused
from app.integrations.kept_files import HandedInFile, keep_sealed
from app.rules.handed_in_files import Judgement, shown_name
from app.services import document_decisions, required_documents
from app.services.errors import NoRoomForFile
from app.services.families import FamilyRef
from app.services.required_documents import AskedDocument


def hand_in_files(family: FamilyRef, document: AskedDocument, form: HandInForm, user_id: int) -> bool:
    """Hand in what a form sends; False where it is refused, which the form then says. By the staff: a `CounterForm`.

    Raises what `required_documents.hand_in` and `accept` raise.
    """
    if not form.validate():
        return False
    uploads = sent_in(form.files, *([form.camera] if "camera" in form else []))
    names, form_key = names_of(uploads), form.once(document.key, digest_of(uploads))
    try:
        decoded = decode(uploads, document.info.wanted.kinds)
    except FileRefused as refused:
        form.files.errors = [refusal_sentence(refused.judgement, names)]
        return False
    sealed = keep_sealed(Path(current_app.instance_path), decoded.content)
    file = HandedInFile(sealed, shown_name(names[0]), len(decoded.content), decoded.page_count)
    try:
        with removed_unless_named(sealed.path) as lying:
            with write_transaction() as session:
                is_new = _store(session, family, document, form, user_id, file, form_key)
            lying.is_named = is_new
    except NoRoomForFile as full:
        form.files.errors = [refusal_sentence(Judgement(full.refusal), names)]
        return False
    return True


def _store(
    session: Session,
    family: FamilyRef,
    document: AskedDocument,
    form: HandInForm,
    user_id: int,
    file: HandedInFile,
    form_key: str,
) -> bool:
    is_counter = isinstance(form, CounterForm)
    made = required_documents.hand_in(
        session, family, user_id, document.key, file, form_key=form_key, dated_on=form.day,
        by_staff=is_counter,
    )  # fmt: skip
    if made.is_new and isinstance(form, CounterForm) and form.is_accepted.data:
        document_decisions.accept(session, made.id, user_id, dated_on=form.day, valid_until=None)
    return made.is_new
