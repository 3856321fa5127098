"""The copy of a family's data, part by part: the tables that each hands out, and the statement that reads it.

Each part names its columns one by one: what is added to a table is not handed out by accident, and no secret of a link,
an address or a password ever is. What only other people are in (the child's other family, the other parent's sign-ins)
is theirs, and stays out; agents are « le service ». A new table is a part here, or has its reason in
tests/services/test_data_exports.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, String, case, literal, select

from app.database import Base
from app.models.absences import AbsenceJustification, AbsenceReason, JustifiedAbsence
from app.models.accounts import CalendarFeed, SignInEvent, User, UserSession
from app.models.activities import Activity, Group, Office, Unit
from app.models.aids import AidFund, AidUse, ChildAid
from app.models.attendances import Attendance, AttendanceEvent
from app.models.bookings import Booking, BookingEvent, BookingPriceChange, Opening, WeekReminder
from app.models.cash_desks import PaymentReversal, Refund, RefundShare
from app.models.changes import ChangeRequest, FileChange
from app.models.child_files import (
    ChildAuthorisation,
    ChildContact,
    ChildSection,
    FileCertification,
    HealthAccess,
    SafetyNotice,
)
from app.models.credits import Correction, CreditAllocation, CreditLine, CreditNote
from app.models.debts import (
    DebtMove,
    InvoiceHold,
    InvoiceReminder,
    ReminderLetter,
    TaxCertificate,
    TaxCertificateChild,
)
from app.models.direct_debits import DebitBatch, DebitLine, DebitMandate
from app.models.enrolments import Enrolment
from app.models.families import (
    Child,
    Consent,
    ConsentText,
    Family,
    FamilyAddress,
    FamilyChild,
    FamilyQuotient,
    Guardian,
)
from app.models.invoices import CarriedMonth, Invoice, InvoiceLine
from app.models.mails import OutboxMail
from app.models.messages import Message, MessageReading, MessageRecipient, MessageThread
from app.models.payments import Payment, PaymentAllocation, PaymentBasket
from app.models.prepaid_books import PrepaidBook, PrepaidBookEvent
from app.models.price_facts import FamilyResidence, FamilyStanding
from app.models.publications import TextAcceptance, TextToAccept, TextVersion
from app.models.required_documents import RequiredDocument, SubmittedDocument
from app.models.retention import ErasureRequest
from app.models.urgent_messages import UrgentMessage, UrgentRecipient
from app.models.waiting_lists import WaitingEntry, WaitingMove


@dataclass(frozen=True, slots=True)
class Whose:
    family_id: int
    user_id: int
    email: str

    @property
    def children(self) -> Select[Any]:
        return select(FamilyChild.child_id).where(FamilyChild.family_id == self.family_id)

    @property
    def bookings(self) -> Select[Any]:
        return select(Booking.id).where(Booking.family_id == self.family_id)

    @property
    def books(self) -> Select[Any]:
        return select(PrepaidBook.id).where(PrepaidBook.family_id == self.family_id)

    @property
    def invoices(self) -> Select[Any]:
        return select(Invoice.id).where(Invoice.family_id == self.family_id)

    @property
    def payments(self) -> Select[Any]:
        return select(Payment.id).where(Payment.family_id == self.family_id)

    def attended(self) -> Any:
        """What was recorded of its bookings, and of its children where nobody booked."""
        unbooked = Attendance.booking_id.is_(None) & Attendance.child_id.in_(self.children)
        return Attendance.booking_id.in_(self.bookings) | unbooked

    def who(self, user_id: Any) -> Any:
        """« vous », another adult of the family or of the child's other one, who closed their account, or the staff."""
        adults = select(Guardian.user_id).where(Guardian.family_id == self.family_id, Guardian.user_id.is_not(None))
        others = select(FamilyChild.family_id).where(FamilyChild.child_id.in_(self.children))
        elsewhere = select(Guardian.user_id).where(Guardian.family_id.in_(others), Guardian.user_id.is_not(None))
        closed = select(User.id).where(User.closed_at.is_not(None))  # an agent's account is never closed
        return case(
            (user_id.is_(None), literal(None, String)),
            (user_id == self.user_id, "vous"),
            (user_id.in_(adults), "un autre adulte de la famille"),
            (user_id.in_(elsewhere), "l’autre foyer de l’enfant"),
            (user_id.in_(closed), "un parent (compte fermé)"),
            else_="le service",
        )


_CHILD = (Child.first_name + " " + Child.last_name).label("enfant")
_ACTIVITY = Activity.name.label("activité")

PARTS: Mapping[str, tuple[tuple[type[Base], ...], Callable[[Whose], Select[Any]]]] = {
    "foyer": (
        (Family,),
        lambda w: select(
            Family.last_name.label("nom"), Family.first_name.label("prénom"), Family.status.label("état du compte"),
            Family.home_phone.label("téléphone fixe"), Family.mobile_phone.label("téléphone mobile"),
            Family.regime.label("régime allocataire"), Family.fund_number.label("numéro d’allocataire"),
            Family.fund_holder_name.label("nom de l’allocataire"),
            Family.declines_quotient.label("ne donne pas son quotient"), Family.created_at.label("créé le"),
            Family.decided_at.label("décidé le"), Family.refusal_reason.label("motif du refus"),
        ).where(Family.id == w.family_id),
    ),
    "accords sur les données": (
        (Consent,),
        lambda w: select(
            Consent.given_at.label("donné le"), Consent.on_paper.label("sur papier"),
            Consent.withdrawn_at.label("retiré le"), w.who(Consent.withdrawn_by_id).label("retiré par"),
            ConsentText.body.label("texte"),
        ).join(ConsentText, ConsentText.id == Consent.text_id).where(Consent.family_id == w.family_id)
        .order_by(Consent.id),
    ),
    "adresses": (
        (FamilyAddress,),
        lambda w: select(
            FamilyAddress.starts_on.label("depuis le"), FamilyAddress.number.label("numéro"),
            FamilyAddress.repetition.label("bis ou ter"), FamilyAddress.street.label("voie"),
            FamilyAddress.complement.label("complément"), FamilyAddress.postal_code.label("code postal"),
            FamilyAddress.city.label("ville"), FamilyAddress.insee_code.label("code INSEE"),
        ).where(FamilyAddress.family_id == w.family_id).order_by(FamilyAddress.starts_on),
    ),
    "quotients familiaux": (
        (FamilyQuotient,),
        lambda w: select(
            FamilyQuotient.value_cents.label("quotient en centimes"), FamilyQuotient.starts_on.label("depuis le"),
            FamilyQuotient.ends_on.label("jusqu’au"), FamilyQuotient.source.label("source"),
            FamilyQuotient.declared_at.label("déclaré le"), FamilyQuotient.verified_at.label("vérifié le"),
            FamilyQuotient.refused_at.label("refusé le"), FamilyQuotient.refusal_reason.label("motif du refus"),
        ).where(FamilyQuotient.family_id == w.family_id).order_by(FamilyQuotient.id),
    ),
    "situations pour les prix": (
        (FamilyStanding,),
        lambda w: select(
            FamilyStanding.standing.label("situation"), _CHILD, FamilyStanding.starts_on.label("depuis le"),
            FamilyStanding.ends_on.label("jusqu’au"),
        ).outerjoin(Child, Child.id == FamilyStanding.child_id).where(FamilyStanding.family_id == w.family_id)
        .order_by(FamilyStanding.id),
    ),
    "résidences pour les prix": (
        (FamilyResidence,),
        lambda w: select(FamilyResidence.starts_on.label("depuis le"), FamilyResidence.word.label("résidence"))
        .where(FamilyResidence.family_id == w.family_id).order_by(FamilyResidence.starts_on),
    ),
    "parents": (
        (Guardian,),
        lambda w: select(
            Guardian.title.label("civilité"), Guardian.last_name.label("nom"), Guardian.first_name.label("prénom"),
            Guardian.email.label("email"), Guardian.situation.label("situation familiale"),
            Guardian.birth_date.label("date de naissance"), Guardian.number.label("numéro"),
            Guardian.repetition.label("bis ou ter"), Guardian.street.label("voie"),
            Guardian.complement.label("complément"), Guardian.postal_code.label("code postal"),
            Guardian.city.label("ville"), Guardian.occupation.label("catégorie socio-professionnelle"),
            Guardian.profession.label("profession"), Guardian.employer.label("employeur"),
            Guardian.home_phone.label("téléphone fixe"), Guardian.work_phone.label("téléphone professionnel"),
            Guardian.mobile_phone.label("téléphone mobile"),
            Guardian.work_mobile_phone.label("mobile professionnel"),
            Guardian.wants_reminders.label("rappel avant la fin des réservations"),
        ).where(Guardian.family_id == w.family_id).order_by(Guardian.id),
    ),
    "enfants": (
        (Child, FamilyChild),
        lambda w: select(
            Child.last_name.label("nom"), Child.first_name.label("prénom"), Child.birth_date.label("date de naissance"),
            Child.created_at.label("ajouté le"), FamilyChild.custody.label("lieu de vie"),
            FamilyChild.is_dependent.label("à charge"),
        ).join(FamilyChild, FamilyChild.child_id == Child.id).where(FamilyChild.family_id == w.family_id)
        .order_by(Child.id),
    ),
    "dossiers des enfants": (
        (ChildSection,),
        lambda w: select(
            _CHILD, ChildSection.kind.label("rubrique"), ChildSection.body.label("contenu"),
            ChildSection.changed_at.label("modifié le"), w.who(ChildSection.changed_by_id).label("par"),
        ).join(Child, Child.id == ChildSection.child_id).where(ChildSection.child_id.in_(w.children))
        .order_by(ChildSection.child_id, ChildSection.kind),
    ),
    "personnes autour des enfants": (
        (ChildContact,),
        lambda w: select(
            _CHILD, ChildContact.last_name.label("nom"), ChildContact.first_name.label("prénom"),
            ChildContact.link.label("lien"), ChildContact.phone.label("téléphone"),
            ChildContact.other_phone.label("autre téléphone"), ChildContact.may_collect.label("peut venir le chercher"),
            ChildContact.may_be_called.label("à appeler en urgence"), ChildContact.starts_on.label("depuis le"),
            ChildContact.ends_on.label("jusqu’au"), ChildContact.changed_at.label("modifié le"),
        ).join(Child, Child.id == ChildContact.child_id).where(ChildContact.child_id.in_(w.children))
        .order_by(ChildContact.child_id, ChildContact.position),
    ),
    "autorisations": (
        (ChildAuthorisation,),
        lambda w: select(
            _CHILD, ChildAuthorisation.school_year.label("année scolaire"), ChildAuthorisation.kind.label("sujet"),
            ChildAuthorisation.is_allowed.label("autorisé"), ChildAuthorisation.detail.label("précision"),
            (Guardian.first_name + " " + Guardian.last_name).label("signé par"),
            ChildAuthorisation.signed_at.label("signé le"),
        ).join(Child, Child.id == ChildAuthorisation.child_id)
        .join(Guardian, Guardian.id == ChildAuthorisation.signed_by_id)
        .where(ChildAuthorisation.child_id.in_(w.children)).order_by(ChildAuthorisation.id),
    ),
    "dossiers certifiés": (
        (FileCertification,),
        lambda w: select(
            FileCertification.school_year.label("année scolaire"), FileCertification.certified_at.label("certifié le"),
            (Guardian.first_name + " " + Guardian.last_name).label("par"),
        ).join(Guardian, Guardian.id == FileCertification.guardian_id)
        .where(FileCertification.family_id == w.family_id).order_by(FileCertification.school_year),
    ),
    "lectures des données de santé": (
        (HealthAccess,),
        lambda w: select(_CHILD, HealthAccess.at.label("lu le"), w.who(HealthAccess.user_id).label("par"))
        .join(Child, Child.id == HealthAccess.child_id).where(HealthAccess.child_id.in_(w.children))
        .order_by(HealthAccess.id),
    ),
    "changements de santé et de sécurité": (
        (SafetyNotice,),
        lambda w: select(
            _CHILD, SafetyNotice.kind.label("rubrique"), SafetyNotice.changed_at.label("changé le"),
            SafetyNotice.seen_at.label("vu par le service le"),
        ).join(Child, Child.id == SafetyNotice.child_id).where(SafetyNotice.family_id == w.family_id)
        .order_by(SafetyNotice.id),
    ),
    "demandes de modification": (
        (ChangeRequest,),
        lambda w: select(
            ChangeRequest.kind.label("sujet"), ChangeRequest.status.label("état"),
            ChangeRequest.body.label("avant et après"), ChangeRequest.asked_at.label("demandé le"),
            w.who(ChangeRequest.asked_by_id).label("par"), ChangeRequest.decided_at.label("décidé le"),
            ChangeRequest.refusal_reason.label("motif du refus"),
        ).where(ChangeRequest.family_id == w.family_id).order_by(ChangeRequest.id),
    ),
    "modifications du dossier": (
        (FileChange,),
        lambda w: select(
            FileChange.kind.label("sujet"), FileChange.body.label("avant et après"),
            FileChange.changed_at.label("changé le"), w.who(FileChange.changed_by_id).label("par"),
        ).where(FileChange.family_id == w.family_id).order_by(FileChange.id),
    ),
    "inscriptions": (
        (Enrolment,),
        lambda w: select(
            _CHILD, _ACTIVITY, Group.name.label("groupe"), Enrolment.starts_on.label("du"),
            Enrolment.ends_on.label("au"),
            Enrolment.status.label("état"), Enrolment.requested_at.label("demandé le"),
            w.who(Enrolment.requested_by_id).label("par"), Enrolment.decided_at.label("décidé le"),
            Enrolment.refusal_reason.label("motif du refus"),
            Enrolment.despite_reason.label("motif pour accepter au-delà des places"),
            Enrolment.listed_at.label("sur liste d’attente depuis le"), Enrolment.rank.label("rang"),
            Enrolment.rank_reason.label("motif du rang"), Enrolment.ended_at.label("fin décidée le"),
            Enrolment.end_reason.label("motif de la fin"),
        ).join(Child, Child.id == Enrolment.child_id).join(Activity, Activity.id == Enrolment.activity_id)
        .join(Group, Group.id == Enrolment.group_id).where(Enrolment.family_id == w.family_id).order_by(Enrolment.id),
    ),
    "réservations": (
        (Booking,),
        lambda w: select(
            Booking.id.label("numéro"), _CHILD, Booking.day.label("jour"), _ACTIVITY,
            Unit.name.label("temps d’accueil"),
            Booking.status.label("état"), Booking.cancel_class.label("annulation"),
            Booking.price_cents.label("prix en centimes"), Booking.price_explanation.label("pourquoi ce prix"),
            Booking.created_at.label("réservé le"), Booking.special_note.label("présence spéciale"),
        ).join(Child, Child.id == Booking.child_id).join(Opening, Opening.id == Booking.opening_id)
        .join(Unit, Unit.id == Opening.unit_id).join(Activity, Activity.id == Unit.activity_id)
        .where(Booking.family_id == w.family_id).order_by(Booking.day, Booking.id),
    ),
    "pointage": (
        (Attendance,),
        lambda w: select(
            Attendance.id.label("numéro"), _CHILD, Opening.day.label("jour"), Unit.name.label("temps d’accueil"),
            Attendance.booking_id.label("réservation"), Attendance.turnout.label("noté"),
            Attendance.is_justified.label("absence justifiée"), Attendance.came_unbooked.label("sans réservation"),
            Attendance.arrived_at.label("arrivée"), Attendance.left_at.label("départ"),
        ).join(Child, Child.id == Attendance.child_id).join(Opening, Opening.id == Attendance.opening_id)
        .join(Unit, Unit.id == Opening.unit_id)
        .where(w.attended()).order_by(Attendance.id),
    ),
    "historique du pointage": (
        (AttendanceEvent,),
        lambda w: select(
            AttendanceEvent.attendance_id.label("pointage"), AttendanceEvent.kind.label("événement"),
            AttendanceEvent.turnout.label("noté"), AttendanceEvent.is_justified.label("absence justifiée"),
            AttendanceEvent.arrived_at.label("arrivée"), AttendanceEvent.left_at.label("départ"),
            w.who(AttendanceEvent.user_id).label("par"), AttendanceEvent.reason.label("motif"),
            AttendanceEvent.at.label("le"),
        ).join(Attendance, Attendance.id == AttendanceEvent.attendance_id).where(w.attended())
        .order_by(AttendanceEvent.id),
    ),
    "historique des réservations": (
        (BookingEvent,),
        lambda w: select(
            BookingEvent.booking_id.label("réservation"), BookingEvent.from_status.label("avant"),
            BookingEvent.to_status.label("après"), w.who(BookingEvent.user_id).label("par"),
            BookingEvent.reason.label("motif"), BookingEvent.at.label("le"),
        ).where(BookingEvent.booking_id.in_(w.bookings)).order_by(BookingEvent.id),
    ),
    "changements de prix": (
        (BookingPriceChange,),
        lambda w: select(
            BookingPriceChange.booking_id.label("réservation"),
            BookingPriceChange.from_cents.label("avant, en centimes"),
            BookingPriceChange.to_cents.label("après, en centimes"), BookingPriceChange.reason.label("motif"),
            BookingPriceChange.at.label("le"),
        ).where(BookingPriceChange.booking_id.in_(w.bookings)).order_by(BookingPriceChange.id),
    ),
    "listes d’attente": (
        (WaitingEntry,),
        lambda w: select(
            WaitingEntry.id.label("numéro"), _CHILD, WaitingEntry.day.label("jour"),
            WaitingEntry.position.label("ordre"), WaitingEntry.wants_booking.label("réserver sans redemander"),
            WaitingEntry.bound_to_id.label("avec"), WaitingEntry.created_at.label("depuis le"),
            WaitingEntry.offered_until.label("place proposée jusqu’au"), WaitingEntry.ended_at.label("terminée le"),
        ).join(Child, Child.id == WaitingEntry.child_id)
        .where(WaitingEntry.family_id == w.family_id).order_by(WaitingEntry.id),
    ),
    "rangs changés par le service": (
        (WaitingMove,),
        lambda w: select(
            WaitingMove.entry_id.label("liste d’attente"), WaitingMove.from_rank.label("rang avant"),
            WaitingMove.to_rank.label("rang après"), WaitingMove.reason.label("motif"), WaitingMove.at.label("le"),
        ).join(WaitingEntry, WaitingEntry.id == WaitingMove.entry_id)
        .where(WaitingEntry.family_id == w.family_id).order_by(WaitingMove.id),
    ),
    "carnets": (
        (PrepaidBook,),
        lambda w: select(
            PrepaidBook.id.label("numéro"), _CHILD, _ACTIVITY, PrepaidBook.name.label("nom"),
            PrepaidBook.entries.label("entrées"), PrepaidBook.bought_on.label("acheté le"),
            PrepaidBook.last_day.label("valable jusqu’au"), PrepaidBook.price_cents.label("prix en centimes"),
            PrepaidBook.price_explanation.label("pourquoi ce prix"), PrepaidBook.taken_back_at.label("repris le"),
        ).join(Child, Child.id == PrepaidBook.child_id).join(Activity, Activity.id == PrepaidBook.activity_id)
        .where(PrepaidBook.family_id == w.family_id).order_by(PrepaidBook.id),
    ),
    "historique des carnets": (
        (PrepaidBookEvent,),
        lambda w: select(
            PrepaidBookEvent.book_id.label("carnet"), PrepaidBookEvent.kind.label("événement"),
            PrepaidBookEvent.price_cents.label("prix en centimes"), w.who(PrepaidBookEvent.user_id).label("par"),
            PrepaidBookEvent.reason.label("motif"), PrepaidBookEvent.at.label("le"),
        ).where(PrepaidBookEvent.book_id.in_(w.books)).order_by(PrepaidBookEvent.id),
    ),
    "aides": (
        (ChildAid,),
        lambda w: select(
            ChildAid.id.label("numéro"), _CHILD, AidFund.name.label("organisme"), ChildAid.name.label("aide"),
            ChildAid.starts_on.label("du"), ChildAid.ends_on.label("au"),
            ChildAid.amounts.label("montants en centimes"),
            ChildAid.percent_hundredths.label("pourcentage en centièmes"),
            ChildAid.ceiling_cents.label("plafond en centimes"), ChildAid.most_days.label("jours au plus"),
            ChildAid.floor_cents.label("reste à payer au moins, en centimes"), ChildAid.reason.label("motif"),
            ChildAid.created_at.label("enregistrée le"),
        ).join(Child, Child.id == ChildAid.child_id).join(AidFund, AidFund.id == ChildAid.fund_id)
        .where(ChildAid.family_id == w.family_id).order_by(ChildAid.id),
    ),
    "aides versées": (
        (AidUse,),
        lambda w: select(
            AidUse.aid_id.label("aide"), AidUse.day.label("jour"), AidUse.amount_cents.label("montant en centimes"),
        ).join(ChildAid, ChildAid.id == AidUse.aid_id).where(ChildAid.family_id == w.family_id).order_by(AidUse.id),
    ),
    "factures": (
        (Invoice,),
        lambda w: select(
            Invoice.number.label("numéro"), Office.name.label("service"), Invoice.issued_on.label("datée du"),
            Invoice.due_on.label("à payer avant le"), Invoice.month.label("mois"),
            Invoice.total_cents.label("total en centimes"), Invoice.payer_name.label("au nom de"),
            Invoice.payer_address.label("adresse"),
        ).join(Office, Office.id == Invoice.office_id).where(Invoice.family_id == w.family_id).order_by(Invoice.id),
    ),
    "mois reportés": (
        (CarriedMonth,),
        lambda w: select(
            Office.name.label("service"), CarriedMonth.month.label("mois"),
            CarriedMonth.total_cents.label("montant en centimes"), CarriedMonth.carried_at.label("reporté le"),
            CarriedMonth.settled_at.label("terminé le"), Invoice.number.label("facture"),
        ).join(Office, Office.id == CarriedMonth.office_id)
        .outerjoin(Invoice, Invoice.id == CarriedMonth.invoice_id)
        .where(CarriedMonth.family_id == w.family_id).order_by(CarriedMonth.id),
    ),
    "lignes des factures": (
        (InvoiceLine,),
        lambda w: select(
            Invoice.number.label("facture"), InvoiceLine.child_name.label("enfant"), InvoiceLine.label.label("objet"),
            InvoiceLine.days.label("jours"), InvoiceLine.quantity.label("quantité"),
            InvoiceLine.unit_cents.label("prix unitaire en centimes"),
            InvoiceLine.amount_cents.label("montant en centimes"),
            InvoiceLine.care_cents.label("dont garde, en centimes"),
            InvoiceLine.meal_cents.label("dont repas, en centimes"), InvoiceLine.explanation.label("pourquoi ce prix"),
        ).join(Invoice, Invoice.id == InvoiceLine.invoice_id).where(InvoiceLine.invoice_id.in_(w.invoices))
        .order_by(InvoiceLine.invoice_id, InvoiceLine.position),
    ),
    "avoirs": (
        (CreditNote,),
        lambda w: select(
            CreditNote.number.label("numéro"), Office.name.label("service"), Invoice.number.label("facture"),
            CreditNote.issued_on.label("daté du"), CreditNote.total_cents.label("total en centimes"),
            CreditNote.cause.label("cause"), CreditNote.reason.label("motif"),
            CreditNote.payer_name.label("au nom de"), CreditNote.payer_address.label("adresse"),
        ).join(Office, Office.id == CreditNote.office_id).join(Invoice, Invoice.id == CreditNote.invoice_id)
        .where(CreditNote.family_id == w.family_id).order_by(CreditNote.id),
    ),
    "lignes des avoirs": (
        (CreditLine,),
        lambda w: select(
            CreditNote.number.label("avoir"), CreditLine.child_name.label("enfant"), CreditLine.label.label("objet"),
            CreditLine.days.label("jours"), CreditLine.quantity.label("quantité"),
            CreditLine.unit_cents.label("prix unitaire en centimes"),
            CreditLine.amount_cents.label("montant en centimes"),
        ).join(CreditNote, CreditNote.id == CreditLine.credit_note_id)
        .where(CreditNote.family_id == w.family_id).order_by(CreditLine.credit_note_id, CreditLine.position),
    ),
    "avoirs déduits": (
        (CreditAllocation,),
        lambda w: select(
            CreditNote.number.label("avoir"), Invoice.number.label("facture"),
            CreditAllocation.amount_cents.label("montant en centimes"), CreditAllocation.at.label("le"),
        ).join(CreditNote, CreditNote.id == CreditAllocation.credit_note_id)
        .join(Invoice, Invoice.id == CreditAllocation.invoice_id)
        .where(CreditNote.family_id == w.family_id).order_by(CreditAllocation.id),
    ),
    "corrections de factures": (
        (Correction,),
        lambda w: select(
            Correction.cause.label("cause"), Correction.reason.label("motif"), Correction.asked_at.label("demandée le"),
            Correction.ended_at.label("terminée le"), Correction.left_because.label("laissée en l’état parce que"),
        ).where(Correction.family_id == w.family_id).order_by(Correction.id),
    ),
    "règlements": (
        (Payment,),
        lambda w: select(
            Payment.receipt_number.label("reçu"), Office.name.label("service"), Payment.mode.label("moyen"),
            Payment.amount_cents.label("montant en centimes"), Payment.received_on.label("reçu le"),
            Payment.reference.label("référence"), Payment.bank.label("banque"),
            Payment.drawer.label("émetteur du chèque"), Payment.voucher_count.label("nombre de titres"),
            Payment.value_on.label("date de valeur"),
        ).join(Office, Office.id == Payment.office_id).where(Payment.family_id == w.family_id).order_by(Payment.id),
    ),
    "règlements annulés": (
        (PaymentReversal,),
        lambda w: select(
            Payment.receipt_number.label("reçu"), PaymentReversal.kind.label("pourquoi"),
            PaymentReversal.reason.label("motif"), PaymentReversal.reversed_at.label("annulé le"),
        ).join(Payment, Payment.id == PaymentReversal.payment_id)
        .where(Payment.family_id == w.family_id).order_by(Payment.id),
    ),
    "mandats de prélèvement": (
        (DebitMandate,),
        lambda w: select(
            DebitMandate.reference.label("référence"), Office.name.label("service"),
            DebitMandate.holder.label("titulaire du compte"), DebitMandate.iban.label("IBAN"),
            DebitMandate.signed_on.label("signé le"), DebitMandate.recorded_at.label("enregistré le"),
            DebitMandate.ended_at.label("terminé le"), w.who(DebitMandate.ended_by_id).label("terminé par"),
            DebitMandate.end_reason.label("motif de fin"),
        ).join(Office, Office.id == DebitMandate.office_id).where(DebitMandate.family_id == w.family_id)
        .order_by(DebitMandate.id),
    ),
    "prélèvements": (
        (DebitBatch, DebitLine),
        lambda w: select(
            DebitBatch.collected_on.label("prélevé le"), Invoice.number.label("facture"),
            DebitLine.amount_cents.label("montant en centimes"), DebitLine.mandate_reference.label("mandat"),
            DebitLine.holder.label("titulaire du compte"), DebitLine.iban.label("IBAN"),
            DebitBatch.abandoned_at.label("abandonné le"), DebitLine.refused_at.label("rejeté le"),
            DebitLine.refusal.label("motif du rejet"), Payment.receipt_number.label("reçu"),
        ).join(DebitBatch, DebitBatch.id == DebitLine.batch_id).join(Invoice, Invoice.id == DebitLine.invoice_id)
        .outerjoin(Payment, Payment.id == DebitLine.payment_id).where(DebitLine.family_id == w.family_id)
        .order_by(DebitLine.id),
    ),
    "remboursements": (
        (Refund,),
        lambda w: select(
            Refund.number.label("numéro"), Office.name.label("service"),
            Refund.amount_cents.label("montant en centimes"), Refund.holder.label("titulaire du compte"),
            Refund.iban.label("IBAN"), Refund.reason.label("motif"), Refund.made_at.label("remboursé le"),
        ).join(Office, Office.id == Refund.office_id).where(Refund.family_id == w.family_id).order_by(Refund.id),
    ),
    "règlements remboursés": (
        (RefundShare,),
        lambda w: select(
            Refund.number.label("remboursement"), Payment.receipt_number.label("reçu"),
            CreditNote.number.label("avoir"), RefundShare.amount_cents.label("montant en centimes"),
        ).join(Refund, Refund.id == RefundShare.refund_id)
        .outerjoin(Payment, Payment.id == RefundShare.payment_id)
        .outerjoin(CreditNote, CreditNote.id == RefundShare.credit_note_id)
        .where(Refund.family_id == w.family_id).order_by(RefundShare.id),
    ),
    "factures réglées": (
        (PaymentAllocation,),
        lambda w: select(
            Payment.receipt_number.label("reçu"), Invoice.number.label("facture"),
            PaymentAllocation.amount_cents.label("montant en centimes"),
        ).join(Payment, Payment.id == PaymentAllocation.payment_id)
        .join(Invoice, Invoice.id == PaymentAllocation.invoice_id)
        .where(PaymentAllocation.payment_id.in_(w.payments)).order_by(Payment.id, Invoice.id),
    ),
    "relances": (
        (InvoiceReminder, ReminderLetter),
        lambda w: select(
            Invoice.number.label("facture"), InvoiceReminder.level.label("niveau"),
            InvoiceReminder.balance_cents.label("solde en centimes"), InvoiceReminder.sent_on.label("envoyée le"),
            ReminderLetter.made_at.label("lettre faite le"),
        ).join(Invoice, Invoice.id == InvoiceReminder.invoice_id)
        .outerjoin(ReminderLetter, ReminderLetter.id == InvoiceReminder.letter_id)
        .where(InvoiceReminder.family_id == w.family_id).order_by(InvoiceReminder.id),
    ),
    "factures contestées ou échelonnées": (
        (InvoiceHold,),
        lambda w: select(
            Invoice.number.label("facture"), InvoiceHold.kind.label("quoi"), InvoiceHold.until.label("jusqu’au"),
            InvoiceHold.reason.label("motif"), InvoiceHold.made_at.label("depuis le"),
            InvoiceHold.ended_at.label("levé le"),
        ).join(Invoice, Invoice.id == InvoiceHold.invoice_id).where(InvoiceHold.invoice_id.in_(w.invoices))
        .order_by(InvoiceHold.id),
    ),
    "non-valeurs et transmissions au Trésor public": (
        (DebtMove,),
        lambda w: select(
            DebtMove.id.label("numéro"), Invoice.number.label("facture"), DebtMove.kind.label("quoi"),
            DebtMove.amount_cents.label("montant en centimes"), DebtMove.reason.label("motif"),
            DebtMove.recorded_on.label("le"), DebtMove.cancels_id.label("annule le numéro"),
        ).join(Invoice, Invoice.id == DebtMove.invoice_id).where(DebtMove.invoice_id.in_(w.invoices))
        .order_by(DebtMove.id),
    ),
    "attestations fiscales": (
        (TaxCertificate, TaxCertificateChild),
        lambda w: select(
            TaxCertificate.year.label("année"), Office.name.label("service"), TaxCertificate.version.label("version"),
            TaxCertificate.issued_on.label("faite le"), TaxCertificate.payer_name.label("au nom de"),
            TaxCertificate.payer_address.label("adresse"), TaxCertificateChild.child_name.label("enfant"),
            TaxCertificateChild.born_on.label("né le"), TaxCertificateChild.is_shared.label("deux foyers"),
            TaxCertificateChild.paid_cents.label("payé en centimes"),
        ).join(TaxCertificateChild, TaxCertificateChild.certificate_id == TaxCertificate.id)
        .join(Office, Office.id == TaxCertificate.office_id)
        .where(TaxCertificate.family_id == w.family_id).order_by(TaxCertificateChild.id),
    ),
    "paiements en ligne": (
        (PaymentBasket,),
        lambda w: select(
            PaymentBasket.reference.label("référence"), PaymentBasket.amount_cents.label("montant en centimes"),
            PaymentBasket.email.label("email"), PaymentBasket.state.label("état"),
            w.who(PaymentBasket.user_id).label("par"), PaymentBasket.created_at.label("commencé le"),
            PaymentBasket.ended_at.label("terminé le"),
        ).where(PaymentBasket.family_id == w.family_id).order_by(PaymentBasket.id),
    ),
    "pièces remises": (
        (SubmittedDocument,),
        lambda w: select(
            SubmittedDocument.id.label("numéro"), RequiredDocument.name.label("pièce"), _CHILD,
            SubmittedDocument.status.label("état"), SubmittedDocument.file_name.label("fichier"),
            SubmittedDocument.handed_in_at.label("remise le"), w.who(SubmittedDocument.handed_in_by_id).label("par"),
            SubmittedDocument.dated_on.label("datée du"), SubmittedDocument.valid_until.label("valable jusqu’au"),
            SubmittedDocument.decided_at.label("décidé le"), SubmittedDocument.refusal_reason.label("motif du refus"),
        ).join(RequiredDocument, RequiredDocument.id == SubmittedDocument.document_id)
        .outerjoin(Child, Child.id == SubmittedDocument.child_id)
        .where(SubmittedDocument.family_id == w.family_id).order_by(SubmittedDocument.id),
    ),
    "absences justifiées": (
        (AbsenceJustification, JustifiedAbsence),
        lambda w: select(
            AbsenceJustification.id.label("numéro"), AbsenceReason.name.label("motif"), _CHILD,
            Booking.id.label("réservation"), Booking.day.label("jour"), JustifiedAbsence.outcome.label("état"),
            AbsenceJustification.sent_at.label("envoyée le"), w.who(AbsenceJustification.sent_by_id).label("par"),
            AbsenceJustification.remark.label("remarque"), AbsenceJustification.file_name.label("fichier"),
            AbsenceJustification.decided_at.label("décidée le"),
            AbsenceJustification.refusal_reason.label("motif du refus"),
            AbsenceJustification.difference_cents.label("changement de la facture en centimes"),
        ).join(AbsenceReason, AbsenceReason.id == AbsenceJustification.reason_id)
        .join(JustifiedAbsence, JustifiedAbsence.justification_id == AbsenceJustification.id)
        .join(Booking, Booking.id == JustifiedAbsence.booking_id).join(Child, Child.id == Booking.child_id)
        .where(AbsenceJustification.family_id == w.family_id).order_by(AbsenceJustification.id, Booking.id),
    ),
    "textes acceptés": (
        (TextAcceptance,),
        lambda w: select(
            TextToAccept.name.label("texte"), TextVersion.starts_on.label("version du"),
            TextAcceptance.accepted_at.label("accepté le"), TextAcceptance.signed_by.label("signé par"),
            TextAcceptance.on_paper.label("sur papier"), TextAcceptance.device.label("appareil"),
            TextAcceptance.content_hash.label("empreinte de ce qui a été lu"), TextVersion.body.label("contenu lu"),
        ).join(TextVersion, TextVersion.id == TextAcceptance.version_id)
        .join(TextToAccept, TextToAccept.id == TextVersion.text_id)
        .where(TextAcceptance.family_id == w.family_id).order_by(TextAcceptance.id),
    ),
    "demandes d’effacement": (
        (ErasureRequest,),
        lambda w: select(
            ErasureRequest.cause.label("pourquoi"), ErasureRequest.status.label("état"),
            ErasureRequest.asked_at.label("demandé le"), w.who(ErasureRequest.asked_by_id).label("par"),
            ErasureRequest.decided_at.label("décidé le"), ErasureRequest.refusal_reason.label("motif du refus"),
        ).where(ErasureRequest.family_id == w.family_id).order_by(ErasureRequest.id),
    ),
    "échanges avec la structure": (
        (MessageThread,),
        lambda w: select(
            MessageThread.id.label("numéro"), MessageRecipient.name.label("destinataire"),
            MessageThread.subject.label("objet"), MessageThread.state.label("état"),
            MessageThread.started_at.label("commencé le"), MessageThread.closed_at.label("clos le"),
        ).join(MessageRecipient, MessageRecipient.id == MessageThread.recipient_id)
        .where(MessageThread.family_id == w.family_id).order_by(MessageThread.id),
    ),
    "messages": (
        (Message,),
        lambda w: select(
            Message.id.label("numéro"), Message.thread_id.label("échange"), w.who(Message.author_id).label("par"),
            Message.is_note.label("note interne du service"), Message.at.label("écrit le"),
            Message.body.label("texte"), Message.file_name.label("pièce jointe"),
        ).join(MessageThread, MessageThread.id == Message.thread_id)
        .where(MessageThread.family_id == w.family_id).order_by(Message.id),
    ),
    "messages que vous avez lus": (
        (MessageReading,),
        lambda w: select(
            MessageReading.thread_id.label("échange"), MessageReading.up_to.label("jusqu’au message"),
            MessageReading.read_at.label("lu le"),
        ).join(MessageThread, MessageThread.id == MessageReading.thread_id)
        .where(MessageThread.family_id == w.family_id, MessageReading.user_id == w.user_id)
        .order_by(MessageReading.thread_id),
    ),
    "courriels reçus": (
        (OutboxMail,),
        lambda w: select(
            OutboxMail.recipient.label("à"), OutboxMail.subject.label("objet"), OutboxMail.body.label("texte"),
            OutboxMail.status.label("état"), OutboxMail.created_at.label("écrit le"),
            OutboxMail.sent_at.label("envoyé le"),
        ).where(OutboxMail.family_id == w.family_id, OutboxMail.recipient == w.email).order_by(OutboxMail.id),
    ),
    "rappels avant la fin des réservations": (
        (WeekReminder,),
        lambda w: select(
            _CHILD, _ACTIVITY, WeekReminder.monday.label("semaine du"), WeekReminder.sent_at.label("envoyé le"),
        ).join(Guardian, Guardian.id == WeekReminder.guardian_id).join(Child, Child.id == WeekReminder.child_id)
        .join(Activity, Activity.id == WeekReminder.activity_id)
        .where(Guardian.family_id == w.family_id, Guardian.user_id == w.user_id)
        .order_by(WeekReminder.monday, WeekReminder.child_id, WeekReminder.activity_id),
    ),
    "messages urgents": (
        (UrgentMessage, UrgentRecipient),
        lambda w: select(
            UrgentMessage.sent_at.label("envoyé le"), UrgentMessage.audience.label("à"),
            UrgentMessage.subject.label("objet"), UrgentMessage.body.label("texte"),
        ).join(UrgentRecipient, UrgentRecipient.message_id == UrgentMessage.id)
        .where(UrgentRecipient.family_id == w.family_id).order_by(UrgentMessage.id),
    ),
    "votre compte": (
        (User,),
        lambda w: select(
            User.email.label("email"), User.display_name.label("nom affiché"), User.created_at.label("créé le"),
        ).where(User.id == w.user_id),
    ),
    "vos appareils": (
        (UserSession,),
        lambda w: select(
            UserSession.device.label("appareil"), UserSession.created_at.label("connecté le"),
            UserSession.last_seen_at.label("vu le"),
        ).where(UserSession.user_id == w.user_id).order_by(UserSession.id),
    ),
    "vos connexions": (
        (SignInEvent,),
        lambda w: select(SignInEvent.at.label("le"), SignInEvent.device.label("appareil"))
        .where(SignInEvent.user_id == w.user_id).order_by(SignInEvent.id),
    ),
    "votre agenda": (
        (CalendarFeed,),
        lambda w: select(CalendarFeed.created_at.label("adresse créée le"))
        .where(CalendarFeed.user_id == w.user_id, CalendarFeed.family_id == w.family_id),
    ),
}  # fmt: skip
"""By the name of a part: the tables that it hands out, and the statement that reads it."""
