"""The French words of « Conservation des données » and of erasures: what is kept, why, what becomes of it."""

from collections.abc import Mapping

from app.filters import NBSP, day_plain, euros
from app.labels import label
from app.rules.erasures import ErasurePlan, Fate, Ground, Obstacle, PlanLine
from app.rules.retention import DURATIONS, DataClass, Unit

SINCE: Mapping[DataClass, str] = {
    DataClass.FAMILY_FILE: "après la dernière activité de la famille",
    DataClass.SIGN_UPS: "après le refus",
    DataClass.HEALTH: "après le dernier accueil de l’enfant",
    DataClass.HEALTH_READS: "après la lecture",
    DataClass.DOCUMENTS: "après la fin de validité, le refus ou le remplacement",
    DataClass.CERTIFICATES: "après la décision",
    DataClass.FILE_CHANGES: "après la modification",
    DataClass.MESSAGES: "après le dernier message de l’échange",
    DataClass.BOOKINGS: "après chaque réservation ou annulation",
    DataClass.ACCOUNTING: "après la facture ou le règlement",
    DataClass.MAILS: "après l’envoi",
    DataClass.SIGN_INS: "après la connexion",
    DataClass.ACCESS: "après leur expiration",
    DataClass.IMPORTS: "après l’envoi du fichier",
    DataClass.ACCOUNTS: "après la fermeture du compte",
    DataClass.LOG: "après la demande ou la purge",
}

HOLDS: Mapping[DataClass, str] = {
    DataClass.FAMILY_FILE: "Identités, coordonnées, adresses, quotients, parents, enfants, personnes à appeler, "
    "autorisations, accords. Le dossier part avec tout ce que les autres lignes ne gardent pas.",
    DataClass.SIGN_UPS: "Les demandes d’ouverture de compte que vous avez refusées.",
    DataClass.HEALTH: "Médecin, vaccins, santé et régime alimentaire des enfants. La purge efface la fiche d’un enfant "
    "qui n’est plus accueilli.",
    DataClass.HEALTH_READS: "Quel agent a lu la santé de quel enfant, et quand.",
    DataClass.DOCUMENTS: "Les fichiers remis qui ne servent plus. Une pièce valable sans limite part avec le dossier.",
    DataClass.CERTIFICATES: "Les certificats envoyés pour justifier des absences, et ce que la famille a écrit avec. "
    "La décision reste avec la réservation.",
    DataClass.FILE_CHANGES: "Qui a changé quoi dans un dossier, et les demandes déjà décidées.",
    DataClass.MESSAGES: "Ce que familles et agents s’écrivent dans «\u00a0Contacter la structure\u00a0», avec les "
    "pièces jointes. Un échange qui attend votre réponse n’est pas touché.",
    DataClass.BOOKINGS: "Le journal des réservations, des prix et des carnets. Les réservations restent avec le "
    "dossier, puis sans nom pour les statistiques.",
    DataClass.ACCOUNTING: "Factures, reçus et règlements. Ensuite le nom, l’adresse et le PDF partent\u00a0; les "
    "numéros et les montants restent, les comptes ne changent pas. Une facture non soldée n’est pas touchée.",
    DataClass.MAILS: "Les courriels envoyés ou abandonnés, avec leur texte, et la liste des rappels déjà faits.",
    DataClass.SIGN_INS: "Les connexions, avec l’appareil.",
    DataClass.ACCESS: "Sessions, liens à usage unique, invitations, codes famille, agendas de familles parties, "
    "compteurs d’essais. Ils ne fonctionnent plus depuis leur expiration.",
    DataClass.IMPORTS: "Ce que disait un fichier de familles à importer, ce qui y était à corriger, et les codes à "
    "remettre aux familles. Qui a importé quand, et combien de familles, reste.",
    DataClass.ACCOUNTS: "Le nom de qui a fermé son compte, à côté de ce qu’il a fait.",
    DataClass.LOG: "Les demandes d’effacement et les purges, sans nom.",
}

GROUNDS: Mapping[DataClass, str] = {
    DataClass.FAMILY_FILE: "Durée annoncée aux familles\u00a0: cinq ans (RGPD, article 5-1-e).",
    DataClass.SIGN_UPS: "Le temps d’une contestation (RGPD, article 5-1-e).",
    DataClass.HEALTH: "La fiche sanitaire sert au séjour ou à l’année d’accueil (CASF, article R227-7\u00a0; RGPD, "
    "article 9).",
    DataClass.HEALTH_READS: "Journalisation\u00a0: six mois à un an, trois ans au plus (CNIL, 14 octobre 2021).",
    DataClass.DOCUMENTS: "Une pièce ne se garde pas au-delà de son usage (RGPD, article 5-1-c et e).",
    DataClass.CERTIFICATES: "Donnée de santé, gardée le temps de contester la décision (RGPD, articles 5-1-e et 9).",
    DataClass.FILE_CHANGES: "Le temps d’une contestation\u00a0: cinq ans au plus (Code civil, article 2224).",
    DataClass.MESSAGES: "Le temps d’une contestation\u00a0: cinq ans au plus (Code civil, article 2224).",
    DataClass.BOOKINGS: "Preuve de ce qui est facturé\u00a0: cinq ans au plus (Code civil, article 2224).",
    DataClass.ACCOUNTING: "Pièces comptables\u00a0: dix ans au moins (Code de commerce, article L123-22).",
    DataClass.MAILS: "Preuve de l’envoi (RGPD, article 5-1-e).",
    DataClass.SIGN_INS: "Journalisation\u00a0: six mois à un an, trois ans au plus (CNIL, 14 octobre 2021).",
    DataClass.ACCESS: "Sécurité des comptes (RGPD, article 32).",
    DataClass.IMPORTS: "Le temps de corriger le fichier et de remettre les codes (RGPD, article 5-1-e).",
    DataClass.ACCOUNTS: "Comprendre qui a fait quoi, cinq ans au plus (Code civil, article 2224).",
    DataClass.LOG: "Preuve que la demande a été traitée (RGPD, article 5-2).",
}

_KEPT_FOR: Mapping[Ground, str] = {
    Ground.ACCOUNTING: "la loi demande de garder les pièces comptables dix ans (Code de commerce, article L123-22)",
    Ground.FIGURES: "les comptes et les statistiques du service en ont besoin, sans aucun nom",
    Ground.OTHER_HOME: "l’autre foyer de l’enfant en a besoin",
    Ground.OTHER_USE: "ce compte sert aussi à une autre famille ou à un agent",
    Ground.PROOF: "le service doit pouvoir montrer que la demande a été traitée",
}


def duration_words(data: DataClass, amount: int) -> str:
    """« 5 ans », « 6 mois », « 30 jours »."""
    if DURATIONS[data].unit is Unit.DAYS:
        return f"{amount} jour{'s' if amount > 1 else ''}"
    if amount >= 12 and amount % 12 == 0:
        return f"{amount // 12} an{'s' if amount > 12 else ''}"
    return f"{amount} mois"


def bounds_words(data: DataClass) -> str:
    """« de 1 an à 5 ans »."""
    duration = DURATIONS[data]
    return f"de {duration_words(data, duration.least)} à {duration_words(data, duration.most)}"


def fate_words(line: PlanLine) -> str:
    """What becomes of a class: « effacé », or why not and until when."""
    if line.fate is Fate.ERASED or line.ground is None:
        return "effacé"
    what = "rendu anonyme" if line.fate is Fate.ANONYMISED else "gardé"
    until = f" jusqu’au {day_plain(line.until)}" if line.until else ""
    return f"{what}{until}{NBSP}: {_KEPT_FOR[line.ground]}"


def exception_words(line: PlanLine) -> str:
    """What of an erased class is kept all the same."""
    many = line.count > 1
    if line.data is DataClass.DOCUMENTS:
        who = f"{line.count} documents d’enfants partagés" if many else "1 document d’un enfant partagé"
    elif line.ground is Ground.OTHER_HOME:
        who = f"{line.count} enfants partagés" if many else "1 enfant partagé"
    else:
        who = f"{line.count} comptes" if many else "1 compte"
    return f"{who}{NBSP}: {'gardés' if many else 'gardé'}, {_KEPT_FOR[line.ground or Ground.OTHER_USE]}"


def plan_words(plan: ErasurePlan) -> tuple[str, ...]:
    """The plan in sentences, for a mail."""
    lines = tuple(f"{label(line.data)}{NBSP}: {fate_words(line)}" for line in plan.lines)
    return (*lines, *(exception_words(line) for line in plan.exceptions))


def obstacle_words(obstacle: Obstacle, amount: int) -> str:
    """What must be ended first."""
    many = "s" if amount > 1 else ""
    match obstacle:
        case Obstacle.COMING_BOOKINGS:
            return f"{amount} réservation{many} à venir, à annuler d’abord"
        case Obstacle.TO_INVOICE:
            return f"{amount} réservation{many}, carnet{many} ou mois reporté{many} à facturer d’abord"
        case Obstacle.DUE:
            return f"{euros(amount)} à payer"
        case Obstacle.OVERPAID:
            return f"{euros(amount)} à rendre à la famille"
        case Obstacle.PAYMENT_UNDER_WAY:
            return f"{amount} paiement{many} en ligne en cours"
