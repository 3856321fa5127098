"""The text on personal data that families accept at sign-up. A version is never changed, only followed by another."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.councils import Council
from app.models.families import ConsentText

_FIRST_TEXT = (
    "Nous recueillons ces informations pour ouvrir votre compte, inscrire vos enfants, les accueillir et vous "
    "facturer. Ce traitement repose sur votre consentement. Seuls les agents de « {council} » chargés de l’enfance, "
    "de la jeunesse et de la facturation y ont accès\u00a0; rien n’est vendu ni transmis à d’autres fins. Votre "
    "dossier est conservé cinq ans après votre dernière activité, puis effacé.\n"
    "Vous pouvez à tout moment consulter vos données, les corriger, en demander une copie ou l’effacement, limiter "
    "leur usage ou vous y opposer, et retirer votre consentement, en écrivant à {dpo_email}. Si vous estimez, après "
    "nous avoir écrit, que vos droits ne sont pas respectés, vous pouvez saisir la CNIL (www.cnil.fr)."
)


def write_first_consent_text(session: Session, starts_on: date) -> None:
    """Give a new council a text to start with, so that families can sign up; does nothing where there is one."""
    if session.scalar(select(func.count()).select_from(ConsentText)):
        return
    council = session.scalars(select(Council)).one()
    body = _FIRST_TEXT.format(council=council.name, dpo_email=council.dpo_email).replace("« ", "«\u00a0")
    session.add(ConsentText(body=body.replace(" »", "\u00a0»"), starts_on=starts_on))
    session.flush()
