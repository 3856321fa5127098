"""To whom families of the demo council write, and two threads: one that waits for an answer, one to be read."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import clock
from app.services import message_inbox, message_settings, messages
from app.services.families import FamilyRef
from app.services.message_settings import RecipientInput
from app.services.message_threads import Written

_RECIPIENTS = (
    ("Service enfance et jeunesse", "enfance@example.org"),
    ("Régie, factures et paiements", "regie@example.org"),
    ("Accueil de la communauté de communes", ""),
)


def offer_recipients(session: Session) -> None:
    """The list from which parents choose."""
    for position, (name, email) in enumerate(_RECIPIENTS, start=1):
        typed = RecipientInput(
            name=name, position=position, email=email, mails_text=False, office_id=None, activity_id=None,
            is_offered=True,
        )  # fmt: skip
        message_settings.save_recipient(session, None, typed)


def exchange_messages(
    session: Session, now: datetime, first: tuple[FamilyRef, int], second: tuple[FamilyRef, int], clerk_id: int
) -> None:
    """A question of a family and its parent that the clerk answered, and one of another that came this morning."""
    (family, user_id), (other, other_user_id) = first, second
    recipients = messages.offered_recipients()
    clock.start_at(now - timedelta(days=3), frozen=True)
    asked = messages.start_thread(
        session, family, user_id, recipients[0].id, "Sortie de mercredi",
        Written("Bonjour,\n\nà quelle heure le car part-il mercredi ?\n\nMerci, Fabrice TEST", "demo-question"),
    )  # fmt: skip
    clock.start_at(now - timedelta(days=2), frozen=True)
    message_inbox.answer_family(
        session, asked.thread_id, clerk_id,
        Written("Bonjour,\n\nle départ est à 9 h devant le centre. Pensez au pique-nique.\n\nNadia Lambert", "demo"),
        seen=asked.message_id,
    )  # fmt: skip
    clock.start_at(now - timedelta(hours=2), frozen=True)
    messages.start_thread(
        session, other, other_user_id, recipients[1].id, "Facture du mois dernier",
        Written("Bonjour,\n\npouvez-vous m’expliquer la ligne du 12 ? Nous avions annulé.", "demo-invoice"),
    )  # fmt: skip
