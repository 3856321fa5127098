"""The French word of every enum member, and of what is special about a day."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from app.filters import NBSP
from app.models.accounts import StaffActionKind
from app.models.attendances import AttendanceEventKind
from app.models.bookings import PriceChangeReason
from app.models.families import FamilySituation, Occupation, QuotientSource, Regime, Title
from app.models.family_imports import ImportedState, ImportOutcome, ImportStatus
from app.models.invoices import RunStatus
from app.models.mails import MailStatus, ResendObstacle
from app.models.prepaid_books import BookEventKind
from app.rules.absences import AbsenceState, JustificationStatus, Outcome
from app.rules.allocation import InvoiceState
from app.rules.audiences import Audience
from app.rules.baskets import BasketState, Mismatch, UnpayableReason
from app.rules.booking_requests import Obstacle
from app.rules.calendars import Calendar, DayKind
from app.rules.capabilities import Role
from app.rules.cash_desks import JournalKind, KeeperRole, PaymentMode, ReversalKind
from app.rules.cells import Badge, CellState
from app.rules.changes import FieldPolicy
from app.rules.child_files import AuthorisationKind, Diet, SectionKind, SectionState
from app.rules.credits import Afterwards, CreditCause
from app.rules.debts import DebtMoveKind, EntryKind, HoldKind, MoveObstacle
from app.rules.direct_debits import BatchState, DayObstacle, DebitRefusal, LeftOut, LineState, MandateState
from app.rules.enrolment_rules import AgeOn, Allocation, RankFact, Ties
from app.rules.enrolments import EnrolmentBlocker
from app.rules.figures import AgeBand, DebtAge, FigureAxis, RegimeBand
from app.rules.file_fields import Custody, CustodyWeeks, FileField, FileKind
from app.rules.file_gaps import FileGap
from app.rules.imports import Trace
from app.rules.invoicing import DraftStanding, OddityKind
from app.rules.mail_texts import MailTopic
from app.rules.messages import ThreadState
from app.rules.occupancy import Level
from app.rules.paid_bookings import Unfit
from app.rules.passwords import Weakness
from app.rules.publications import TextState
from app.rules.quotients import QuotientOutcome
from app.rules.required_documents import (
    DocumentDemand,
    DocumentScope,
    DocumentState,
    FilesWanted,
    SubmissionStatus,
    ValidityKind,
)
from app.rules.retention import DataClass
from app.rules.sheets import Caution, SheetKind
from app.rules.staff_bookings import Became
from app.rules.states import (
    BookingStatus,
    CancelClass,
    ChangeStatus,
    EnrolmentStatus,
    ErasureCause,
    ErasureStatus,
    FamilyStatus,
)
from app.rules.tariff_grids import (
    CountedSiblings,
    Criterion,
    ModifierKind,
    Nature,
    PartlyCancelled,
    Period,
    Rounding,
    SiblingOrder,
    Standing,
    SurchargeCause,
)
from app.rules.vaccinations import VaccinationStatus

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = {
    CellState: {
        CellState.AVAILABLE: "Libre",
        CellState.PRESENT: "Présence",
        CellState.IMPOSSIBLE: "Réservation/annulation impossible",
        CellState.NOT_ALLOWED: "Non autorisée (choix des temps d’accueil non valide)",
        CellState.FULL: "Limite de capacité atteinte",
        CellState.INVOICED: "Facturé",
        CellState.SPECIAL: "Présence spéciale",
        CellState.ABSENT: "Absence",
        CellState.RECORDED: "Réel (verrouillé)",
        CellState.REQUESTED: "En attente de validation",
        CellState.TO_PAY: "Payante (à régler)",
        CellState.WAITING: "Réservation en liste d’attente",
        CellState.OFFERED: "Place proposée",
    },
    Badge: {
        Badge.LAST_PLACES: "Dernières places",
        Badge.PACKAGE: "Déclenche un forfait",
        Badge.INVOICED: "Facturé",
    },
    Title: {
        Title.MISTER: "M.",
        Title.MADAM: "Mme",
    },
    Regime: {
        Regime.GENERAL: "Régime général (CAF)",
        Regime.AGRICULTURAL: "Régime agricole (MSA)",
        Regime.OTHER: "Autre régime",
        Regime.NONE: "Aucun",
    },
    FamilySituation: {
        FamilySituation.MARRIED: "Marié(e)",
        FamilySituation.CIVIL_UNION: "Pacsé(e)",
        FamilySituation.LIVING_TOGETHER: "En couple",
        FamilySituation.SINGLE: "Célibataire",
        FamilySituation.SEPARATED: "Séparé(e)",
        FamilySituation.DIVORCED: "Divorcé(e)",
        FamilySituation.WIDOWED: "Veuf ou veuve",
    },
    Occupation: {
        Occupation.FARMERS: "Agriculteurs exploitants",
        Occupation.SELF_EMPLOYED: "Artisans, commerçants, chefs d’entreprise",
        Occupation.EXECUTIVES: "Cadres et professions intellectuelles supérieures",
        Occupation.INTERMEDIATE: "Professions intermédiaires",
        Occupation.EMPLOYEES: "Employés",
        Occupation.WORKERS: "Ouvriers",
        Occupation.RETIRED: "Retraités",
        Occupation.JOBSEEKERS: "Demandeurs d’emploi",
        Occupation.STUDENTS: "Élèves, étudiants",
        Occupation.OTHERS: "Autres personnes sans activité professionnelle",
    },
    QuotientSource: {
        QuotientSource.CAF: "Attestation de la CAF",
        QuotientSource.MSA: "Attestation de la MSA",
        QuotientSource.TAX_NOTICE: "Avis d’imposition",
        QuotientSource.DECLARED: "Déclaré, sans justificatif",
    },
    FieldPolicy: {
        FieldPolicy.EDITABLE: "Libre",
        FieldPolicy.APPROVAL: "Avec validation",
        FieldPolicy.READ_ONLY: "Lecture seule",
    },
    DataClass: {
        DataClass.FAMILY_FILE: "Dossier de la famille",
        DataClass.SIGN_UPS: "Demandes de compte refusées",
        DataClass.HEALTH: "Santé des enfants",
        DataClass.HEALTH_READS: "Lectures de la santé",
        DataClass.DOCUMENTS: "Documents remis",
        DataClass.CERTIFICATES: "Justificatifs d’absence",
        DataClass.FILE_CHANGES: "Modifications du dossier",
        DataClass.MESSAGES: "Messages",
        DataClass.BOOKINGS: "Inscriptions et réservations",
        DataClass.ACCOUNTING: "Factures et règlements",
        DataClass.MAILS: "Courriels",
        DataClass.SIGN_INS: "Connexions",
        DataClass.ACCESS: "Sessions, liens et codes",
        DataClass.IMPORTS: "Fichiers de familles importés",
        DataClass.ACCOUNTS: "Comptes",
        DataClass.LOG: "Journal des effacements",
    },
    ErasureStatus: {
        ErasureStatus.PENDING: "En attente de réponse",
        ErasureStatus.DONE: "Acceptée",
        ErasureStatus.REFUSED: "Refusée",
        ErasureStatus.WITHDRAWN: "Retirée",
    },
    ErasureCause: {
        ErasureCause.ASKED: "Demandée par un parent",
        ErasureCause.CONSENT_WITHDRAWN: "Un parent a retiré son accord",
        ErasureCause.AT_COUNTER: "Demandée par courrier ou au guichet",
    },
    ChangeStatus: {
        ChangeStatus.PENDING: "En attente de validation",
        ChangeStatus.ACCEPTED: "Acceptée",
        ChangeStatus.REFUSED: "Refusée",
        ChangeStatus.WITHDRAWN: "Retirée",
    },
    FileKind: {
        FileKind.COORDINATES: "Coordonnées",
        FileKind.GUARDIAN: "Parent",
        FileKind.CHILD: "Identité de l’enfant",
        FileKind.CUSTODY: "Lieu de vie de l’enfant",
        FileKind.PRICE_FACTS: "Ce qui compte pour les prix",
        FileKind.CHILD_PRICE_FACTS: "Ce qui compte pour les prix de l’enfant",
        FileKind.AID: "Aide",
        FileKind.REMINDERS: "Rappel avant la fin des réservations",
        FileKind.NEW_GUARDIAN: "Ajout d’un parent",
        FileKind.NEW_CHILD: "Ajout d’un enfant",
    },
    FileField: {
        FileField.FAMILY_LAST_NAME: "Nom",
        FileField.FAMILY_FIRST_NAME: "Prénom",
        FileField.FAMILY_ADDRESS: "Adresse",
        FileField.FAMILY_HOME_PHONE: "Tél. Fixe",
        FileField.FAMILY_MOBILE_PHONE: "Tél. Portable",
        FileField.FAMILY_REGIME: "Régime allocataire",
        FileField.FAMILY_FUND_NUMBER: "Num. allocataire",
        FileField.FAMILY_FUND_HOLDER: "Nom allocataire",
        FileField.GUARDIAN_TITLE: "Civilité",
        FileField.GUARDIAN_LAST_NAME: "Nom",
        FileField.GUARDIAN_FIRST_NAME: "Prénom",
        FileField.GUARDIAN_SITUATION: "Situation familiale",
        FileField.GUARDIAN_BIRTH_DATE: "Date de naissance",
        FileField.GUARDIAN_ADDRESS: "Adresse",
        FileField.GUARDIAN_EMAIL: "Email",
        FileField.GUARDIAN_MOBILE_PHONE: "Tél. Portable",
        FileField.GUARDIAN_HOME_PHONE: "Tél. Fixe",
        FileField.GUARDIAN_WORK_PHONE: "Tél. Travail",
        FileField.GUARDIAN_WORK_MOBILE_PHONE: "Tél. Portable Professionnel",
        FileField.GUARDIAN_OCCUPATION: "Catégorie socio-professionnelle",
        FileField.GUARDIAN_PROFESSION: "Profession",
        FileField.GUARDIAN_EMPLOYER: "Employeur",
        FileField.CHILD_LAST_NAME: "Nom",
        FileField.CHILD_FIRST_NAME: "Prénom",
        FileField.CHILD_BIRTH_DATE: "Date de naissance",
        FileField.CHILD_CUSTODY: "Avec qui l’enfant vit",
        FileField.ADDED_GUARDIAN: "Ajouter un parent",
        FileField.ADDED_CHILD: "Ajouter un enfant",
    },
    Custody: {
        Custody.BOTH_PARENTS: "Avec ses deux parents",
        Custody.ONE_PARENT: "Avec l’un de ses parents",
        Custody.ALTERNATING: "En alternance, une semaine sur deux",
        Custody.OTHER: "Autre situation",
    },
    CustodyWeeks: {
        CustodyWeeks.EVEN: "Les semaines paires",
        CustodyWeeks.ODD: "Les semaines impaires",
    },
    FileGap: {
        FileGap.PHONE: "un numéro de téléphone",
        FileGap.ADDRESS: "votre adresse",
        FileGap.REGIME: "votre régime allocataire",
        FileGap.FUND_NUMBER: "votre numéro d’allocataire",
        FileGap.QUOTIENT: "votre quotient familial",
        FileGap.QUOTIENT_OUT_OF_DATE: "un quotient familial à jour",
        FileGap.QUOTIENT_REFUSED: "un autre quotient familial, le dernier ayant été refusé",
    },
    SectionKind: {
        SectionKind.SCHOOL: "École et classe",
        SectionKind.DOCTOR: "Médecin traitant",
        SectionKind.VACCINATIONS: "Vaccinations",
        SectionKind.HEALTH: "Santé",
        SectionKind.DIET: "Régime alimentaire",
        SectionKind.INSURANCE: "Assurance",
        SectionKind.CONTACTS: "Personnes autorisées et contacts d’urgence",
        SectionKind.AUTHORISATIONS: "Autorisations",
    },
    SectionState: {
        SectionState.EMPTY: "À remplir",
        SectionState.DUE: "À compléter",
        SectionState.DONE: "À jour",
    },
    Diet: {
        Diet.STANDARD: "Repas habituel",
        Diet.NO_PORK: "Sans porc",
        Diet.NO_MEAT: "Sans viande",
        Diet.VEGETARIAN: "Végétarien",
        Diet.GLUTEN_FREE: "Sans gluten",
        Diet.LACTOSE_FREE: "Sans lactose",
        Diet.CARE_PLAN_MEAL: "Repas adapté par un PAI",
        Diet.PARENTS_MEAL: "Repas fourni par les parents",
    },
    Level: {
        Level.OVER: "Dépassé",
        Level.FULL: "Complet",
        Level.USUAL: "Habituel",
        Level.LOW: "Faible",
        Level.UNLIMITED: "Sans limite",
    },
    SheetKind: {
        SheetKind.EMERGENCY: "Fiche d’urgence",
        SheetKind.OUTING: "Fiche de sortie",
    },
    Caution: {
        Caution.HEALTH_UNKNOWN: f"Santé non renseignée{NBSP}: demandez aux parents",
        Caution.ALLERGY: "Allergie",
        Caution.CARE_PLAN: "PAI",
        Caution.CARE_PLAN_ENDED: "PAI terminé, à renouveler",
        Caution.TREATMENT: "Traitement",
        Caution.NO_CARE: f"Soins d’urgence non autorisés{NBSP}: appelez les parents",
        Caution.NO_OUTING: "Sortie non autorisée",
    },
    AuthorisationKind: {
        AuthorisationKind.LEAVE_ALONE: "Mon enfant peut partir seul",
        AuthorisationKind.EMERGENCY_CARE: "Hospitalisation et opération en urgence",
        AuthorisationKind.MEDICINE: "Donner un médicament",
        AuthorisationKind.TRANSPORT: "Transport en minibus ou en car",
        AuthorisationKind.SWIMMING: "Baignade et piscine",
        AuthorisationKind.OUTINGS: "Sorties",
        AuthorisationKind.PHOTO_INSIDE: "Photos affichées dans la structure",
        AuthorisationKind.PHOTO_PRESS: "Photos dans la presse locale et le bulletin",
        AuthorisationKind.PHOTO_ONLINE: "Photos sur le site et les réseaux de la collectivité",
    },
    VaccinationStatus: {
        VaccinationStatus.NOTHING_ASKED: "Rien d’obligatoire",
        VaccinationStatus.COMPLETE: "À jour",
        VaccinationStatus.CONTRA_INDICATED: "Contre-indication médicale",
        VaccinationStatus.PROVISIONAL: "Admission provisoire",
        VaccinationStatus.MISSING: "Incomplètes",
    },
    FamilyStatus: {
        FamilyStatus.PENDING: "En attente d’activation",
        FamilyStatus.ACTIVE: "Active",
        FamilyStatus.REFUSED: "Refusée",
        FamilyStatus.CLOSED: "Fermée",
        FamilyStatus.ERASED: "Effacée",
    },
    EnrolmentStatus: {
        EnrolmentStatus.REQUESTED: "Demandée",
        EnrolmentStatus.ACCEPTED: "Acceptée",
        EnrolmentStatus.REFUSED: "Refusée",
        EnrolmentStatus.WAITING: "Sur liste d’attente",
        EnrolmentStatus.CANCELLED: "Annulée",
        EnrolmentStatus.ENDED: "Terminée",
    },
    BookingStatus: {
        BookingStatus.REQUESTED: "En attente de validation",
        BookingStatus.CONFIRMED: "Confirmée",
        BookingStatus.WAITING: "Sur liste d’attente",
        BookingStatus.OFFERED: "Place proposée",
        BookingStatus.AWAITING_PAYMENT: "À régler",
        BookingStatus.CANCELLED: "Annulée",
        BookingStatus.REFUSED: "Refusée",
        BookingStatus.EXPIRED: "Expirée",
    },
    Obstacle: {
        Obstacle.CHANGED: "La famille ou un collègue a changé cette demande entre-temps. Relisez-la avant de décider.",
        Obstacle.FAMILY_CLOSED: "Le dossier de la famille est fermé.",
        Obstacle.STARTED: "L’accueil a déjà commencé.",
        Obstacle.CLOSED: "Ce jour est fermé depuis la demande.",
        Obstacle.NOT_ENROLLED: "L’inscription de l’enfant ne couvre pas ce jour.",
        Obstacle.NO_PRICE: f"Aucun tarif ne donne son prix ainsi{NBSP}: il faut par exemple plus de jours ensemble.",
        Obstacle.FULL: "Il n’y a plus de place ce jour-là.",
        Obstacle.BREAKS_COMBINATION: "Ces temps d’accueil ne se réservent pas ainsi.",
        Obstacle.OVERLAPS: "L’enfant a déjà autre chose aux mêmes heures.",
    },
    CancelClass: {
        CancelClass.IN_TIME: "Annulée à temps",
        CancelClass.LATE_CHARGED: "Annulée trop tard, facturée",
        CancelClass.JUSTIFIED: "Annulée trop tard, justifiée",
        CancelClass.STRUCTURE: "Annulée par la structure",
    },
    Became: {
        Became.BOOKED: "réservé",
        Became.CANCELLED: "annulé, sans frais",
        Became.CANCELLED_CHARGED: "annulé, reste facturé",
        Became.CANCELLED_BY_STRUCTURE: "annulé par le service, sans frais",
        Became.WITHDRAWN: "demande annulée",
        Became.MARKED: "présence spéciale",
        Became.UNMARKED: "n’est plus une présence spéciale",
    },
    EnrolmentBlocker: {
        EnrolmentBlocker.TOO_YOUNG: "Votre enfant est encore trop jeune pour cette activité.",
        EnrolmentBlocker.TOO_OLD: "Votre enfant a dépassé l’âge de cette activité.",
        EnrolmentBlocker.CLASS_UNKNOWN: "Nous avons besoin de connaître la classe de votre enfant.",
        EnrolmentBlocker.WRONG_CLASS: "Cette activité n’est pas ouverte à la classe de votre enfant.",
        EnrolmentBlocker.NOT_RESIDENT: "Cette activité n’est pas ouverte aux familles de votre commune.",
        EnrolmentBlocker.SEASON_OVER: "Cette activité est terminée.",
        EnrolmentBlocker.NOT_OPEN_YET: "Les inscriptions ne sont pas encore ouvertes pour vous.",
        EnrolmentBlocker.WINDOW_CLOSED: "Les inscriptions sont closes.",
        EnrolmentBlocker.OTHER_AUDIENCE: "Les inscriptions ne vous sont pas ouvertes en ligne.",
        EnrolmentBlocker.ALREADY_ENROLLED: "Votre enfant y est déjà inscrit.",
        EnrolmentBlocker.ALREADY_REQUESTED: "Une demande est déjà en cours.",
        EnrolmentBlocker.NOT_CERTIFIED: "Certifiez d’abord que votre dossier est à jour.",
        EnrolmentBlocker.NOT_INSURED: "Indiquez d’abord l’assurance de votre enfant.",
        EnrolmentBlocker.DOCUMENTS_MISSING: "Des documents manquent.",
        EnrolmentBlocker.TEXTS_NOT_ACCEPTED: "Un texte est à accepter d’abord.",
        EnrolmentBlocker.UNPAID: "Des factures sont en retard de paiement.",
    },
    TextState: {
        TextState.TO_ACCEPT: "À accepter",
        TextState.CHANGED: "Nouvelle version à accepter",
        TextState.ACCEPTED: "Accepté",
    },
    DocumentScope: {
        DocumentScope.FAMILY: "à la famille",
        DocumentScope.GUARDIAN: "à chaque parent",
        DocumentScope.CHILD: "à chaque enfant",
    },
    DocumentDemand: {
        DocumentDemand.OPTIONAL: "Facultatif",
        DocumentDemand.MANDATORY: "Obligatoire",
        DocumentDemand.BLOCKS_ENROLMENT: "Obligatoire pour s’inscrire",
        DocumentDemand.BLOCKS_BOOKING: "Obligatoire pour réserver",
    },
    ValidityKind: {
        ValidityKind.FOREVER: "sans fin",
        ValidityKind.MONTHS: "un nombre de mois à partir de sa date",
        ValidityKind.UNTIL: "jusqu’à une date",
        ValidityKind.SCHOOL_YEAR: "pour l’année scolaire",
    },
    ThreadState: {
        ThreadState.TO_ANSWER: "En attente de réponse",
        ThreadState.ANSWERED: "Répondu",
        ThreadState.CLOSED: "Clos",
    },
    FilesWanted: {
        FilesWanted.ANY: "un PDF ou des photos",
        FilesWanted.PDF: "un PDF",
        FilesWanted.PHOTOS: "des photos",
    },
    SubmissionStatus: {
        SubmissionStatus.HANDED_IN: "En attente de vérification",
        SubmissionStatus.ACCEPTED: "Accepté",
        SubmissionStatus.REFUSED: "Refusé",
        SubmissionStatus.REPLACED: "Remplacé",
    },
    AbsenceState: {
        AbsenceState.TO_JUSTIFY: "À justifier",
        AbsenceState.TOO_LATE: "Délai passé",
        AbsenceState.NOT_POSSIBLE: "Facturée",
        AbsenceState.INVOICED: "Déjà facturée",
        AbsenceState.SENT: "Envoyée",
        AbsenceState.ACCEPTED: "Acceptée",
        AbsenceState.KEPT: "Jour de carence",
        AbsenceState.REFUSED: "Refusée",
    },
    Outcome: {
        Outcome.WAITING: "À décider",
        Outcome.ACCEPTED: "Acceptée",
        Outcome.KEPT: "Jour de carence",
        Outcome.REFUSED: "Refusée",
        Outcome.INVOICED: "Déjà facturée",
    },
    JustificationStatus: {
        JustificationStatus.WAITING: "En attente",
        JustificationStatus.ACCEPTED: "Acceptée",
        JustificationStatus.PARTLY: "Acceptée en partie",
        JustificationStatus.REFUSED: "Refusée",
    },
    DocumentState: {
        DocumentState.MISSING: "Manquant",
        DocumentState.WAITING: "En attente de vérification",
        DocumentState.ACCEPTED: "Accepté",
        DocumentState.EXPIRING: "Expire bientôt",
        DocumentState.EXPIRED: "Expiré",
        DocumentState.REFUSED: "Refusé",
    },
    Audience: {
        Audience.RESIDENTS: "les habitants",
        Audience.ENROLLED_BEFORE: "les enfants déjà inscrits la saison précédente",
        Audience.SIBLINGS: "les frères et sœurs d’enfants inscrits",
        Audience.STAFF: "les enfants des agents de la collectivité",
    },
    AgeOn: {
        AgeOn.FIRST_DAY: "Le premier jour de l’inscription",
        AgeOn.JANUARY: "Le 1er janvier de l’année où commence la saison",
        AgeOn.DECEMBER: "Le 31 décembre de l’année où commence la saison",
        AgeOn.DAY: "À une date précise",
    },
    Allocation: {
        Allocation.STAFF: "Le service décide de chaque demande",
        Allocation.AUTOMATIC: "Acceptée aussitôt, tant qu’il reste des places",
        Allocation.RANKED: "Les demandes sont recueillies, puis classées et décidées ensemble",
    },
    RankFact: {
        RankFact.RESIDENT: "Habite la collectivité",
        RankFact.ENROLLED_BEFORE: "Déjà inscrit la saison précédente",
        RankFact.SIBLING: "Frère ou sœur déjà inscrit",
        RankFact.STAFF: "Parent agent de la collectivité",
        RankFact.BOTH_WORK: "Tous les parents travaillent",
    },
    Ties: {
        Ties.ARRIVAL: "La demande la plus ancienne",
        Ties.DRAW: "Un tirage au sort",
    },
    QuotientOutcome: {
        QuotientOutcome.VERIFIED: "Tarif calculé avec votre quotient familial.",
        QuotientOutcome.MISSING: "Tarif maximum : nous n’avons pas votre quotient familial.",
        QuotientOutcome.OUT_OF_DATE: "Tarif maximum : votre quotient familial n’est plus à jour.",
        QuotientOutcome.UNVERIFIED: "Tarif maximum : votre quotient familial n’est pas encore vérifié.",
        QuotientOutcome.DECLINED: "Tarif maximum : vous ne souhaitez pas communiquer votre quotient familial.",
        QuotientOutcome.NOT_APPLICABLE: "Ce tarif ne dépend pas de votre quotient familial.",
    },
    AttendanceEventKind: {
        AttendanceEventKind.RECORDED: "noté",
        AttendanceEventKind.CHANGED: "changé",
        AttendanceEventKind.UNDONE: "annulé",
        AttendanceEventKind.SAID_AGAIN: "noté à nouveau",
        AttendanceEventKind.TOO_OLD: "arrivé trop tard, non retenu",
        AttendanceEventKind.CORRECTED: "corrigé après la facture",
        AttendanceEventKind.JUSTIFIED: "justificatif accepté",
        AttendanceEventKind.VALIDATED: "noté en validant la journée",
    },
    PriceChangeReason: {
        PriceChangeReason.QUOTIENT: "votre quotient familial a été vérifié ou a changé",
        PriceChangeReason.TARIFF: "le tarif a été modifié",
        PriceChangeReason.FACTS: "votre lieu de résidence ou votre situation a changé",
        PriceChangeReason.OTHER_BOOKINGS: "vos autres réservations ont changé",
        PriceChangeReason.SIBLINGS: "le nombre d’enfants inscrits a changé",
        PriceChangeReason.BOOK: "un carnet a été acheté ou repris",
        PriceChangeReason.CANCELLED_LATE: "annulé après le délai",
        PriceChangeReason.CLOSURE: "des jours réservés ont été fermés",
        PriceChangeReason.DECISION: "le prix a changé entre votre demande et la réponse du service",
        PriceChangeReason.ATTENDANCE: "ce que l’équipe a noté ce jour-là",
        PriceChangeReason.CREDITED: "une facture a été corrigée",
        PriceChangeReason.PLACE_FREED: "le prix a changé pendant que vous attendiez une place",
    },
    DayKind: {
        DayKind.SCHOOL_DAY: "Jours d’école",
        DayKind.WEDNESDAY: "Mercredis",
        DayKind.SCHOOL_HOLIDAY: "Vacances scolaires",
        DayKind.WEEKEND: "Samedis et dimanches",
        DayKind.PUBLIC_HOLIDAY: "Jours fériés",
    },
    FigureAxis: {
        FigureAxis.ACTIVITY: "Par activité",
        FigureAxis.REGIME: "Par régime",
        FigureAxis.AGE: "Par âge, au jour de l’accueil",
        FigureAxis.QUOTIENT: "Par tranche de quotient familial",
        FigureAxis.RESIDENCE: "Par résidence",
        FigureAxis.DAY: "Par sorte de jour",
    },
    RegimeBand: {
        RegimeBand.GENERAL: "Régime général (CAF)",
        RegimeBand.AGRICULTURAL: "Régime agricole (MSA)",
        RegimeBand.OTHER: "Autre régime, ou aucun",
        RegimeBand.UNKNOWN: "Régime inconnu",
    },
    AgeBand: {
        AgeBand.YOUNG: "Moins de 6 ans",
        AgeBand.OLDER: "6 ans et plus",
    },
    DebtAge: {
        DebtAge.NOT_YET: "Pas encore échu",
        DebtAge.MONTH: "Échu depuis 30 jours au plus",
        DebtAge.QUARTER: "De 31 à 90 jours",
        DebtAge.HALF_YEAR: "De 91 à 180 jours",
        DebtAge.YEAR: "De 181 jours à un an",
        DebtAge.OLDER: "Plus d’un an",
    },
    Standing: {
        Standing.STAFF: "Agent de la collectivité",
        Standing.SOCIAL: "Aidée par le CCAS",
        Standing.FUND: "Allocataire de la CAF",
        Standing.MEAL_PLAN: "Repas apporté (PAI)",
        Standing.CARD: "Carte de l’année",
    },
    Unfit: {
        Unfit.NOT_ONLINE: f"Le service qui facture n’encaisse pas en ligne{NBSP}: donnez-lui son numéro PayFiP.",
        Unfit.ON_REQUEST: "Ce que le service décide ne se paie pas avant sa réponse.",
        Unfit.PRICED_TOGETHER: (
            "Le prix d’une réservation y dépend d’autres (forfait, combinaison, cotisation, carnet, remise, supplément"
            f" ou fratrie présente){NBSP}: il ne peut pas être payé seul."
        ),
    },
    UnpayableReason: {
        UnpayableReason.SETTLED: f"Déjà payée{NBSP}: il n’y a plus rien à régler.",
        UnpayableReason.NOT_ONLINE: f"Ne se paie pas en ligne{NBSP}: réglez-la auprès du service.",
        UnpayableReason.UNDER_WAY: "Un paiement en ligne est en cours.",
        UnpayableReason.DEBITED: f"Elle sera prélevée{NBSP}: ne la payez pas une seconde fois.",
        UnpayableReason.BELOW_MINIMUM: f"Moins de 1,00{NBSP}€{NBSP}: le site de paiement ne l’accepte pas.",
    },
    Weakness: {
        Weakness.TOO_SHORT: "Choisissez au moins 12 caractères.",
        Weakness.TOO_LONG: "Choisissez au plus 128 caractères.",
        Weakness.ONLY_DIGITS: "Ajoutez des lettres, ou choisissez au moins 16 chiffres.",
        Weakness.TOO_COMMON: "Ce mot de passe est trop facile à deviner. Choisissez plusieurs mots sans rapport.",
        Weakness.PERSONAL: "Évitez votre nom, votre commune ou votre adresse email.",
    },
    Role: {
        Role.ADMINISTRATOR: "Administration",
        Role.FILE_CLERK: "Gestion des dossiers",
        Role.REGISSEUR: "Régie",
        Role.SITE_DIRECTOR: "Direction",
        Role.YOUTH_WORKER: "Animation",
        Role.KITCHEN: "Cuisine",
        Role.READ_ONLY: "Lecture seule",
    },
    StaffActionKind: {
        StaffActionKind.ADDED: "Agent ajouté",
        StaffActionKind.ROLES_CHANGED: "Rôles changés",
        StaffActionKind.DEACTIVATED: "Compte d’agent désactivé",
        StaffActionKind.SECOND_FACTOR_RESET: "Double vérification remise à zéro",
        StaffActionKind.SECOND_FACTOR_REQUIRED: "Double vérification exigée",
        StaffActionKind.SECOND_FACTOR_OPTIONAL: "Double vérification laissée au choix",
    },
    PaymentMode: {
        PaymentMode.ONLINE_CARD: "Carte bancaire en ligne",
        PaymentMode.ONLINE_DEBIT: "Prélèvement en ligne",
        PaymentMode.CASH: "Espèces",
        PaymentMode.CHEQUE: "Chèque",
        PaymentMode.CESU: "CESU",
        PaymentMode.HOLIDAY_VOUCHERS: "Chèques-vacances",
        PaymentMode.TRANSFER: "Virement",
        PaymentMode.CARD: "Carte bancaire au guichet",
        PaymentMode.DIRECT_DEBIT: "Prélèvement automatique",
    },
    ReversalKind: {
        ReversalKind.MISTAKE: "Erreur de saisie",
        ReversalKind.UNPAID: "Impayé (chèque ou prélèvement rejeté)",
        ReversalKind.GIVEN_BACK: "Rendu à la famille",
    },
    KeeperRole: {
        KeeperRole.KEEPER: "Régisseur",
        KeeperRole.DEPUTY: "Mandataire suppléant",
        KeeperRole.AGENT: "Mandataire",
    },
    JournalKind: {
        JournalKind.RECEIPT: "Encaissement",
        JournalKind.REVERSAL: "Annulation",
        JournalKind.REFUND: "Remboursement",
        JournalKind.DEPOSIT: "Versement",
    },
    EntryKind: {
        EntryKind.INVOICE: "Facture",
        EntryKind.CREDIT_NOTE: "Avoir",
        EntryKind.PAYMENT: "Règlement",
        EntryKind.REVERSAL: "Annulation du règlement",
        EntryKind.REFUND: "Remboursement",
        EntryKind.WRITE_OFF: "Admission en non-valeur",
        EntryKind.TRANSFER: "Transmission au Trésor public",
        EntryKind.CANCELLED: "De nouveau à payer",
    },
    HoldKind: {HoldKind.DISPUTE: "Litige", HoldKind.PLAN: "Échéancier"},
    DebtMoveKind: {
        DebtMoveKind.WRITE_OFF: "Admission en non-valeur",
        DebtMoveKind.TRANSFER: "Transmission au Trésor public",
    },
    DebitRefusal: {
        DebitRefusal.AC01: f"AC01{NBSP}: IBAN incorrect",
        DebitRefusal.AC04: f"AC04{NBSP}: compte clos",
        DebitRefusal.AC06: f"AC06{NBSP}: compte bloqué",
        DebitRefusal.AC13: f"AC13{NBSP}: compte qui ne peut pas être débité",
        DebitRefusal.AG01: f"AG01{NBSP}: opération interdite sur ce compte",
        DebitRefusal.AG02: f"AG02{NBSP}: code d’opération incorrect",
        DebitRefusal.AM04: f"AM04{NBSP}: provision insuffisante",
        DebitRefusal.AM05: f"AM05{NBSP}: prélèvement en double",
        DebitRefusal.BE05: f"BE05{NBSP}: identifiant du créancier inconnu",
        DebitRefusal.CNOR: f"CNOR{NBSP}: banque du créancier non joignable",
        DebitRefusal.DNOR: f"DNOR{NBSP}: banque du débiteur non joignable",
        DebitRefusal.FF01: f"FF01{NBSP}: fichier incorrect",
        DebitRefusal.MD01: f"MD01{NBSP}: pas de mandat",
        DebitRefusal.MD02: f"MD02{NBSP}: mandat incomplet ou incorrect",
        DebitRefusal.MD06: f"MD06{NBSP}: remboursement demandé par le débiteur",
        DebitRefusal.MD07: f"MD07{NBSP}: débiteur décédé",
        DebitRefusal.MS02: f"MS02{NBSP}: refusé par le débiteur",
        DebitRefusal.MS03: f"MS03{NBSP}: motif non communiqué par la banque",
        DebitRefusal.RC01: f"RC01{NBSP}: code BIC incorrect",
        DebitRefusal.RR01: f"RR01{NBSP}: compte du débiteur manquant (réglementation)",
        DebitRefusal.RR02: f"RR02{NBSP}: nom ou adresse du débiteur manquants (réglementation)",
        DebitRefusal.RR03: f"RR03{NBSP}: nom ou adresse du créancier manquants (réglementation)",
        DebitRefusal.RR04: f"RR04{NBSP}: motif réglementaire",
        DebitRefusal.SL01: f"SL01{NBSP}: service demandé par le débiteur à sa banque",
        DebitRefusal.MANDATE_ENDED: "Mandat terminé avant l’envoi du fichier",
        DebitRefusal.TAKEN_OUT: "Retiré par le service avant l’envoi du fichier",
    },
    LeftOut: {
        LeftOut.TRANSFERRED: "Transmise au Trésor public",
        LeftOut.IN_BATCH: "Déjà dans un autre prélèvement",
        LeftOut.PAYING: "Paiement en ligne en cours",
        LeftOut.DISPUTED: "En litige",
        LeftOut.PLAN: "Échéancier accordé",
        LeftOut.NO_MANDATE: "Pas de mandat",
        LeftOut.LAPSED: "Mandat caduc",
    },
    BatchState: {
        BatchState.PREPARED: "Préparé",
        BatchState.SENT: "Fichier remis",
        BatchState.RECORDING: "Enregistrement en cours",
        BatchState.RECORDED: "Enregistré",
        BatchState.ABANDONED: "Abandonné",
    },
    LineState: {
        LineState.PLANNED: "Prévu",
        LineState.RECORDED: "Encaissé",
        LineState.REFUSED: "Rejeté",
        LineState.RETURNED: "Rejeté après encaissement",
        LineState.ABANDONED: "Abandonné",
    },
    MandateState: {
        MandateState.ACTIVE: "Actif",
        MandateState.LAPSED: "Caduc",
        MandateState.ENDED: "Terminé",
    },
    DayObstacle: {
        DayObstacle.TOO_SOON: f"Ce jour est trop proche{NBSP}: les familles doivent être prévenues avant.",
        DayObstacle.NOT_A_BANK_DAY: f"Les banques ne travaillent pas ce jour-là{NBSP}: choisissez-en un autre.",
        DayObstacle.TOO_LATE: f"Ce jour est trop loin{NBSP}: quatre mois au plus.",
    },
    MoveObstacle: {
        MoveObstacle.NOTHING_DUE: "Il n’y a plus rien à payer sur cette facture.",
        MoveObstacle.UNDER_WAY: "Un paiement en ligne ou un prélèvement de cette facture est en cours.",
        MoveObstacle.NOT_DUE_YET: "La famille a encore le temps de payer\u00a0: l’échéance n’est pas passée.",
    },
    InvoiceState: {
        InvoiceState.UNPAID: "À payer",
        InvoiceState.PARTIAL: "Payée en partie",
        InvoiceState.PAID: "Soldée",
        InvoiceState.OVERPAID: "Trop payée",
        InvoiceState.WRITTEN_OFF: "Admise en non-valeur",
        InvoiceState.TRANSFERRED: "Transmise au Trésor public",
        InvoiceState.CREDITED: "Créditée",
    },
    CreditCause: {
        CreditCause.CLOSURE: "Fermeture",
        CreditCause.ABSENCE: "Absence justifiée",
        CreditCause.ATTENDANCE: "Pointage corrigé",
        CreditCause.CORRECTION: "Correction",
    },
    Afterwards: {
        Afterwards.NOTHING: "Ne plus facturer ces jours",
        Afterwards.AGAIN: "Refacturer au tarif d’aujourd’hui, avec la prochaine facturation du mois",
        Afterwards.AT_PRICE: "Refacturer tout de suite à un autre prix",
    },
    RunStatus: {
        RunStatus.PREPARING: "En préparation",
        RunStatus.PREPARED: "À vérifier",
        RunStatus.ISSUING: "En cours",
        RunStatus.ISSUED: "Terminée",
        RunStatus.CANCELLED: "Abandonnée",
    },
    ImportStatus: {
        ImportStatus.CHECKING: "Lecture en cours",
        ImportStatus.CHECKED: "À vérifier",
        ImportStatus.CREATING: "Création en cours",
        ImportStatus.CREATED: "Terminé",
        ImportStatus.ABANDONED: "Abandonné",
        ImportStatus.UNDOING: "Annulation en cours",
        ImportStatus.UNDONE: "Annulé",
    },
    ImportedState: {
        ImportedState.WAITING: "À lire",
        ImportedState.READY: "Prêtes à créer",
        ImportedState.ALIKE: "Doubles possibles",
        ImportedState.WRONG: "À corriger",
        ImportedState.CREATED: "Créées",
        ImportedState.FAILED: "Non créées",
        ImportedState.DELETED: "Supprimées",
        ImportedState.KEPT: "Gardées",
    },
    ImportOutcome: {
        ImportOutcome.EMAIL_TAKEN: "Son adresse email a été prise par une autre famille depuis la lecture.",
        ImportOutcome.ALIKE_SINCE: "Une famille qui lui ressemble a été créée depuis la lecture.",
        ImportOutcome.NOT_VALID: "Une règle la refuse depuis la lecture : relisez le fichier.",
        ImportOutcome.ERROR: "Une erreur du portail l’a empêchée. Prévenez votre informaticien.",
    },
    Trace: {
        Trace.ACCOUNT: "un compte ouvert, ou une invitation",
        Trace.ENROLMENT: "une inscription",
        Trace.BOOKING: "une réservation",
        Trace.MONEY: "une facture, un règlement ou une aide",
        Trace.FILE: "un dossier modifié ou un document",
        Trace.MESSAGE: "un message",
        Trace.OTHER_HOME: "un enfant rattaché à un autre foyer",
        Trace.OTHER: "une autre trace dans le portail",
    },
    DraftStanding: {
        DraftStanding.INVOICED: "À facturer",
        DraftStanding.CARRIED: "À reporter",
        DraftStanding.FREE: "À clore sans facture",
        DraftStanding.NOTHING: "Rien à facturer",
    },
    BookEventKind: {
        BookEventKind.SOLD: "Vendu",
        BookEventKind.REPRICED: "Prix recalculé",
        BookEventKind.TAKEN_BACK: "Repris",
    },
    OddityKind: {
        OddityKind.NOT_DRAFTED: "Facture impossible à préparer",
        OddityKind.NO_PRICE: "Sans tarif",
        OddityKind.PRICE_CHANGED: "Tarif changé depuis la réservation",
        OddityKind.QUOTIENT_MISSING: "Tarif maximum, sans quotient familial",
        OddityKind.QUOTIENT_OUT_OF_DATE: "Tarif maximum, quotient familial à mettre à jour",
        OddityKind.QUOTIENT_UNVERIFIED: "Tarif maximum, quotient familial à vérifier",
        OddityKind.DAY_NOT_OVER: "Jours à venir",
        OddityKind.ALL_FREE: "À 0,00 € seulement",
        OddityKind.NOTHING_TO_INVOICE: "Rien à facturer pour l’instant",
        OddityKind.DAY_NOT_VALIDATED: "Jours dont le pointage n’est pas validé",
        OddityKind.UNBILLED_PRESENCE: "Venus sans pouvoir être facturés",
        OddityKind.ABSENCE_TO_DECIDE: "Absences à décider",
    },
    BasketState: {
        BasketState.CREATED: "Paiement préparé",
        BasketState.ASKED: "Parent envoyé vers le site de paiement",
        BasketState.PAID: "Payé",
        BasketState.REFUSED: "Paiement refusé",
        BasketState.CANCELLED: "Abandonné par le parent",
        BasketState.EXPIRED: "Sans suite : délai dépassé",
        BasketState.FAILED: "Le site de paiement n’a pas ouvert le paiement",
    },
    Mismatch: {
        Mismatch.CLIENT_NUMBER: "numéro de client",
        Mismatch.REFERENCE: "référence",
        Mismatch.AMOUNT: "montant",
        Mismatch.MODE: "mode (essai ou réel)",
    },
    MailTopic: {
        MailTopic.ACCOUNTS: "Comptes",
        MailTopic.FILES: "Dossiers et documents",
        MailTopic.ENROLMENTS: "Inscriptions",
        MailTopic.BOOKINGS: "Réservations",
        MailTopic.MONEY: "Prix, factures et paiements",
        MailTopic.ALL: "Tous les courriels",
    },
    ResendObstacle: {
        ResendObstacle.TEXT_ERASED: "Il ne peut plus être renvoyé\u00a0: son texte est effacé.",
        ResendObstacle.LINK_ERASED: "Il ne peut plus être renvoyé\u00a0: ce qu’il avait de secret est effacé.",
        ResendObstacle.LINK_OVER: "Il ne peut plus être renvoyé\u00a0: son lien personnel a servi, a été remplacé ou a"
        " expiré. La personne peut en demander un nouveau.",
        ResendObstacle.TOO_LATE: "Il ne peut plus être renvoyé\u00a0: ce qu’il annonce est passé.",
        ResendObstacle.NO_ADDRESS: "Il ne peut pas être renvoyé\u00a0: la famille n’a plus d’adresse de courriel.",
    },
    MailStatus: {
        MailStatus.QUEUED: "En attente",
        MailStatus.SENDING: "En cours d’envoi",
        MailStatus.SENT: "Envoyé",
        MailStatus.FAILED: "Échec",
        MailStatus.EXPIRED: "Périmé",
    },
    Nature: {
        Nature.CARE: "Garde",
        Nature.MEAL: "Repas",
        Nature.OTHER: "Autre (frais, pénalité, sortie)",
    },
    Period: {
        Period.WEEK: "Semaine",
        Period.MONTH: "Mois",
        Period.SEASON: "Saison",
    },
    PartlyCancelled: {
        PartlyCancelled.FALL_BACK: "Le forfait ne compte que ce qui reste ; sans assez de jours, chacun à son prix",
        PartlyCancelled.KEEP: "Le forfait reste dû en entier",
        PartlyCancelled.REFUND: "Le forfait reste dû, moins un montant par temps d’accueil annulé",
    },
    ModifierKind: {
        ModifierKind.RESIDENCE: "Lieu de résidence",
        ModifierKind.SIBLING: "Fratrie",
        ModifierKind.STAFF: "Agent de la collectivité",
        ModifierKind.SOCIAL: "Tarif social (CCAS)",
        ModifierKind.FUND: "Allocataire (CAF)",
        ModifierKind.MEAL_PLAN: "Repas apporté (PAI)",
        ModifierKind.CARD: "Carte",
    },
    SurchargeCause: {
        SurchargeCause.UNBOOKED: "Sans réservation",
        SurchargeCause.CANCELLED_LATE: "Annulé trop tard",
        SurchargeCause.ABSENT: "Absence sans prévenir",
        SurchargeCause.LATE_PICKUP: "Retard le soir",
        SurchargeCause.LATE_PAYMENT: "Retard de paiement",
    },
    CountedSiblings: {
        CountedSiblings.SAME_DAY: "Ceux qui ont quelque chose le même jour dans l’activité",
        CountedSiblings.SAME_MONTH: "Ceux qui ont quelque chose le même mois dans l’activité",
        CountedSiblings.ENROLLED: "Ceux qui sont inscrits à l’activité",
        CountedSiblings.DEPENDENT: "Tous les enfants à charge",
    },
    SiblingOrder: {
        SiblingOrder.ELDEST_FIRST: "L’aîné",
        SiblingOrder.YOUNGEST_FIRST: "Le plus jeune",
    },
    Rounding: {
        Rounding.CENT: "Au centime",
        Rounding.FIVE_CENTS: "À 5 centimes",
    },
    Criterion: {
        Criterion.QUOTIENT: "Quotient familial",
        Criterion.RANK: "Rang de l’enfant",
        Criterion.CHILDREN: "Nombre d’enfants",
        Criterion.DURATION: "Durée du temps d’accueil",
        Criterion.DAYS: "Nombre de jours",
        Criterion.MONTH: "Mois",
        Criterion.RESIDENCE: "Lieu de résidence",
        Criterion.CATEGORY: "Catégorie d’une sortie",
        Criterion.RHYTHM: "Fréquentation (régulière, occasionnelle)",
    },
}
# By enum first: members of two enums with the same code are equal as keys.

# For the lists of forms: word by code.
TITLE_CHOICES = {member.value: word for member, word in LABELS[Title].items()}
HOLD_CHOICES = {member.value: word for member, word in LABELS[HoldKind].items()}
DEBT_MOVE_CHOICES = {
    DebtMoveKind.WRITE_OFF.value: "admis en non-valeur\u00a0: la collectivité y renonce",
    DebtMoveKind.TRANSFER.value: "transmis au Trésor public, qui le réclame à son tour",
}
AFTERWARDS_CHOICES = {each.value: word for each, word in LABELS[Afterwards].items()}
SITUATION_CHOICES = {member.value: word for member, word in LABELS[FamilySituation].items()}
OCCUPATION_CHOICES = {member.value: word for member, word in LABELS[Occupation].items()}
REGIME_CHOICES = {member.value: word for member, word in LABELS[Regime].items()}

QUOTIENT_SOURCE_CHOICES = {member.value: word for member, word in LABELS[QuotientSource].items()}
CUSTODY_CHOICES = {member.value: word for member, word in LABELS[Custody].items()}
CUSTODY_WEEK_CHOICES = {member.value: word for member, word in LABELS[CustodyWeeks].items()}
POLICY_CHOICES = {member.value: word for member, word in LABELS[FieldPolicy].items()}


def choices_of(kind: type[StrEnum]) -> dict[str, str]:
    """The members of an enum for a list of a form: code and word, in their order."""
    return {member.value: word for member, word in LABELS[kind].items()}


def label(member: StrEnum) -> str:
    """The French word of an enum member. Raises KeyError for one that has none: a test forbids it."""
    return LABELS[type(member)][member]


LATE_ABSENCE = "absence prévenue trop tard"
ABSENCE = "absence"


def day_note(calendar: Calendar, day: date) -> str | None:
    """What is special about a day: a public holiday, school holidays."""
    public_holiday = calendar.public_holiday(day)
    if public_holiday:
        return f"Férié{NBSP}: {public_holiday}"
    holiday = calendar.school_holiday(day)
    return holiday.name if holiday else None
