"""Every route of the portal, who may use it, and a small world in which each can be tried.

The access tests, the tests of accessibility and those of weight go through this one table; a route that is not in it
fails `test_every_route_is_classified`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto

from flask import Flask
from sqlalchemy import func, select, update

from app.database import db, write_transaction
from app.models.accounts import UserSession
from app.models.activities import Office, Season, Site
from app.models.child_files import SafetyNotice, VaccineObligation
from app.models.debts import DebtMove, InvoiceHold, ReminderLetter
from app.models.direct_debits import DebitLine
from app.models.enrolments import Enrolment
from app.models.families import Guardian
from app.models.invoices import Invoice, InvoiceLine
from app.models.mails import MailStatus, OutboxMail
from app.models.payments import Payment
from app.models.urgent_messages import UrgentMessage
from app.models.waiting_lists import WaitingEntry
from app.rules.capabilities import Capability, Role
from app.rules.cash_desks import Keeper, KeeperRole, PaymentMode
from app.rules.child_files import SectionKind
from app.rules.debts import DebtMoveKind, HoldKind
from app.rules.enrolment_rules import EnrolmentRules
from app.rules.price_facts import RESIDENT
from app.rules.states import EnrolmentStatus
from app.services import (
    agendas,
    aids,
    cash_desks,
    child_settings,
    debt_reminders,
    debts,
    deposits,
    email_changes,
    enrolment_settings,
    guardians,
    invitations,
    links,
    payments,
    price_facts,
    scope_settings,
    sessions,
    tariff_drafts,
    tariffs,
    urgent_messages,
)
from app.services.catalogue import Readers
from app.services.deposits import DepositInput
from app.services.mails import queue_mail
from app.services.tariffs import TariffInput
from tests import factories, family_files
from tests.awkward_files import pdf as a_file


class Door(Enum):
    """Who passes."""

    PUBLIC = auto()
    FAMILY = auto()
    STAFF = auto()


@dataclass(frozen=True, slots=True)
class Route:
    """How one view is classified."""

    door: Door
    method: str = "GET"
    capabilities: frozenset[Capability] = frozenset()  # the staff need one of them
    argument: str | None = None  # the name of its argument in the address
    of_family: bool = False  # the argument names an object of a family: another family's is a 404
    sends: Mapping[str, str] = field(default_factory=dict)  # something that its form could send
    answers: int = 200  # to a GET of someone who may
    is_page: bool = True  # a whole page in HTML
    is_from_payment_site: bool = False  # another site may post here, without a token


def _family(method: str = "GET", argument: str | None = None, **values: object) -> Route:
    return Route(Door.FAMILY, method, argument=argument, of_family=argument is not None, **values)  # type: ignore[arg-type]


def _staff(*capabilities: Capability, method: str = "GET", argument: str | None = None, **values: object) -> Route:
    return Route(Door.STAFF, method, frozenset(capabilities), argument, **values)  # type: ignore[arg-type]


def _all_staff(method: str = "GET", argument: str | None = None, **values: object) -> Route:
    return _staff(*Capability, method=method, argument=argument, **values)


def account_routes(door: Callable[..., Route]) -> Mapping[str, Route]:
    """« Mon compte », the same behind two doors; a form sent without its button changes nothing (422)."""
    return {
        "show": door(),
        "edit_password": door(),
        "change_password": door("POST", answers=422),
        "edit_email": door(),
        "change_email": door("POST", answers=422),
        "show_devices": door(),
        "sign_out_everywhere": door("POST", answers=422),
        "sign_out_device": door("POST", "session_id"),
        # An agent's account is closed by an administrator.
        "show_closing": door(answers=200 if door is _family else 302),
        "close_account": door("POST", answers=422 if door is _family else 302),
        "wear_hat": door("POST", answers=404),
        "ask_password": door(),
        "confirm": door("POST", answers=422),
    }


def _setting_routes(code: str, argument: str, parent: str | None = None) -> Mapping[str, Route]:
    """The pages of blueprints/staff/setting_forms.py."""
    edit = Capability.EDIT_SETTINGS
    return {
        f"staff.settings.{code}.new": _staff(edit, argument=parent),
        f"staff.settings.{code}.add": _staff(edit, method="POST", argument=parent, answers=422),
        f"staff.settings.{code}.edit": _staff(edit, argument=argument),
        f"staff.settings.{code}.save": _staff(edit, method="POST", argument=argument),
        f"staff.settings.{code}.delete": _staff(edit, method="POST", argument=argument),
    }


_CHILD = {"last_name": "TEST", "first_name": "Changé", "birth_date": "2019-05-14"}
_CONTACT = {
    "first_name": "Odette", "last_name": "TEST", "link": "grand-mère", "phone": "06 00 00 00 01",
    "may_collect": "yes", "may_be_called": "yes",
}  # fmt: skip
_GUARDIAN = {"title": "madam", "last_name": "TEST", "first_name": "Changée", "home": "family"}
_FACTS = {"starts_on": "2026-11-01", "is_dependent": "yes"}
_BOOK = {"activity_id": "1", "item": "carnet", "seen_cents": "2500", "key": "access-matrix-access"}
_REASON = {"reason": "Dossier incomplet"}
_PLANNING = {"shown": "1", "t": "1", "key": "access-matrix-access"}

# Forms after which nobody is signed in: walks leave them out, tests/pages/family/test_accounts.py tries them.
ENDS_THE_SESSION = ("/mon-compte/fermer", "/mon-compte/appareils")

ROUTES: Mapping[str, Route] = {
    # --- public
    "assets.send_asset": Route(Door.PUBLIC, argument="hashed_name", is_page=False),
    "public.home.show": Route(Door.PUBLIC, answers=302),
    "public.health.show": Route(Door.PUBLIC, is_page=False, answers=503),  # no worker runs in tests
    "public.communes.suggest": Route(Door.PUBLIC, is_page=False),
    "public.legal.notices": Route(Door.PUBLIC),
    "public.legal.accessibility": Route(Door.PUBLIC),
    "public.legal.contact": Route(Door.PUBLIC),
    "public.sign_in.show": Route(Door.PUBLIC),
    "public.sign_in.sign_in_user": Route(Door.PUBLIC, "POST", sends={"email": "x@example.org", "password": "x"}),
    "public.sign_in.sign_out_user": Route(Door.PUBLIC, "POST"),
    "public.sign_in.show_code": Route(Door.PUBLIC, answers=302),  # the password comes first
    "public.sign_in.check_code": Route(Door.PUBLIC, "POST", sends={"code": "000000"}),
    "public.sign_ups.show": Route(Door.PUBLIC),
    "public.sign_ups.save_family": Route(Door.PUBLIC, "POST"),
    "public.sign_ups.show_guardian": Route(Door.PUBLIC, answers=302),  # step 1 comes first
    "public.sign_ups.save_guardian": Route(Door.PUBLIC, "POST"),
    "public.sign_ups.show_check": Route(Door.PUBLIC, answers=302),
    "public.sign_ups.send": Route(Door.PUBLIC, "POST"),
    "public.sign_ups.thank": Route(Door.PUBLIC),
    "public.claims.show": Route(Door.PUBLIC),
    "public.claims.claim": Route(Door.PUBLIC, "POST", sends={"code": "BCDF-GHJK-MNPQ"}),
    "public.claims.thank": Route(Door.PUBLIC),
    "public.agendas.read": Route(Door.PUBLIC, argument="secret", is_page=False),
    "public.activations.show": Route(Door.PUBLIC, argument="secret"),
    "public.activations.confirm": Route(Door.PUBLIC, "POST", argument="secret", sends={"password": "x"}),
    "public.activations.ask_link": Route(Door.PUBLIC),
    "public.activations.send_link": Route(Door.PUBLIC, "POST", sends={"email": "x@example.org"}),
    "public.activations.show_sent": Route(Door.PUBLIC),
    "public.invitations.show": Route(Door.PUBLIC, argument="secret"),
    "public.invitations.accept": Route(Door.PUBLIC, "POST", argument="secret", sends={"password": "x"}),
    "public.email_changes.show": Route(Door.PUBLIC, argument="secret"),
    "public.email_changes.confirm": Route(Door.PUBLIC, "POST", argument="secret"),
    "public.passwords.ask_link": Route(Door.PUBLIC),
    "public.passwords.send_link": Route(Door.PUBLIC, "POST", sends={"email": "x@example.org"}),
    "public.passwords.show_sent": Route(Door.PUBLIC),
    "public.passwords.show": Route(Door.PUBLIC, argument="secret"),
    "public.passwords.reset": Route(Door.PUBLIC, "POST", argument="secret", sends={"password": "x"}),
    # From the payment site: no form of ours, no token; what they bring is only a question to ask it.
    "public.payments.return_by_link": Route(Door.PUBLIC, answers=404, is_from_payment_site=True),
    "public.payments.return_by_form": Route(Door.PUBLIC, "POST", is_from_payment_site=True),
    "public.payments.note_outcome": Route(Door.PUBLIC, "POST", is_from_payment_site=True),
    "public.payments.show": Route(Door.PUBLIC, argument="public_token"),
    # --- families
    "family.dashboard.show": _family(),
    "family.members.show": _family(),
    "family.members.show_family": _family(),
    "family.guardians.show": _family(),
    "family.guardians.new_guardian": _family(),
    "family.guardians.add_guardian": _family("POST", sends=_GUARDIAN),
    "family.guardians.edit_guardian": _family(argument="guardian_id"),
    "family.guardians.save_guardian": _family("POST", "guardian_id", sends=_GUARDIAN),
    "family.guardians.invite_guardian": _family("POST", "guardian_id"),
    "family.guardians.withdraw_invitation": _family("POST", "guardian_id"),
    "family.members.show_coordinates": _family(),
    "family.members.save_coordinates": _family("POST"),
    "family.members.new_child": _family(),
    "family.members.add_child": _family("POST", sends=_CHILD),
    "family.members.show_child": _family(argument="child_id"),
    "family.members.edit_child": _family(argument="child_id"),
    "family.members.save_child": _family("POST", "child_id", sends=_CHILD),
    "family.members.edit_custody": _family(argument="child_id"),
    "family.members.save_custody": _family("POST", "child_id", sends={"arrangement": "both_parents"}),
    "family.members.withdraw_request": _family("POST", "request_id"),
    **{
        f"family.child_files.{verb}_{kind}": _family(method, "child_id")
        for kind in SectionKind
        if kind is not SectionKind.CONTACTS
        for verb, method in (("edit", "GET"), ("save", "POST"))
    },
    "family.child_files.show_contacts": _family(argument="child_id"),
    "family.child_files.new_contact": _family(argument="child_id"),
    "family.child_files.add_contact": _family("POST", "child_id", sends=_CONTACT),
    "family.child_files.edit_contact": _family(argument="contact_id"),
    "family.child_files.save_contact": _family("POST", "contact_id", sends=_CONTACT),
    "family.child_files.remove_contact": _family("POST", "contact_id"),
    "family.child_files.call_earlier": _family("POST", "contact_id"),
    "family.child_files.show_health_accesses": _family(argument="child_id"),
    "family.child_files.certify": _family("POST"),
    "family.enrolments.show": _family(),
    "family.enrolments.new_request": _family(argument="child_id"),
    "family.enrolments.request_enrolment": _family("POST", "child_id", sends={"activity_id": "1"}),
    "family.enrolments.withdraw": _family("POST", "enrolment_id"),
    "family.prepaid_books.show": _family(argument="child_id"),
    "family.prepaid_books.buy": _family("POST", "child_id", sends=_BOOK),
    "family.erasures.show": _family(),
    "family.erasures.ask": _family("POST", answers=422),
    "family.erasures.show_keeping": _family(),
    "family.erasures.keep": _family("POST"),
    "family.data_exports.show": _family(),
    "family.data_exports.download": _family("POST"),
    "family.paid_bookings.show": _family(),
    "family.paid_bookings.pay": _family("POST", answers=422),
    "family.paid_bookings.take_back": _family(
        "POST", "child_id", sends={"key": "access-matrix-access", "t": "1"}, answers=404
    ),
    "family.repeats.show": _family(argument="child_id"),
    "family.repeats.preview": _family(argument="child_id", answers=422),
    "family.repeats.save": _family("POST", "child_id", sends={"cle": "access-matrix-access"}, answers=422),
    "family.repeats.show_done": _family(argument="child_id", answers=303),
    "family.reminders.edit": _family(),
    "family.reminders.save": _family("POST"),
    "family.waiting_lists.show": _family(),
    "family.waiting_lists.join": _family("POST", "child_id", answers=303),
    "family.waiting_lists.answer": _family("POST", "entry_id", sends={"faire": "quitter"}, answers=303),
    "family.waiting_lists.bind": _family("POST", sends={"jour": "2026-12-02", "faire": "lier"}, answers=404),
    "family.agendas.show_month": _family(),
    "family.agendas.show_feed": _family(),
    "family.agendas.renew_feed": _family("POST"),
    "family.agendas.forget_feed": _family("POST"),
    "family.enrolments.edit_end": _family(argument="enrolment_id"),
    "family.enrolments.end": _family("POST", "enrolment_id", answers=422),
    "family.bookings.show_children": _family(),
    "family.bookings.show_week": _family(argument="child_id"),
    "family.bookings.check_week": _family("POST", "child_id", sends=_PLANNING),
    "family.bookings.save_week": _family("POST", "child_id", sends=_PLANNING),
    "family.account_statements.show": _family(),
    "family.account_statements.show_statement_pdf": _family(),
    "family.account_statements.show_certificate_pdf": _family(argument="certificate_id"),
    "family.direct_debits.show": _family(),
    "family.direct_debits.confirm_end": _family(argument="mandate_id"),
    "family.direct_debits.end": _family("POST", "mandate_id"),
    "family.invoices.show": _family(),
    "family.invoices.show_total": _family("POST"),
    "family.invoices.pay": _family("POST"),
    "family.invoices.show_invoice": _family(argument="invoice_id"),
    "family.invoices.show_pdf": _family(argument="invoice_id"),
    "family.invoices.show_receipt": _family(argument="payment_id"),
    "family.invoices.show_credit": _family(argument="credit_id"),
    "family.invoices.show_credit_pdf": _family(argument="credit_id"),
    "family.publications.show": _family(),
    "family.publications.show_text": _family(argument="text_id"),
    "family.publications.accept_text": _family("POST", "text_id", answers=422),
    "family.publications.show_text_file": _family(argument="text_id"),
    "family.publications.show_file": _family(argument="publication_id"),
    "family.required_documents.show": _family(),
    "family.required_documents.show_document": _family(argument="asked"),
    "family.required_documents.hand_in": _family("POST", "asked", answers=422),
    "family.required_documents.show_pdf": _family(argument="submission_id"),
    "family.required_documents.show_template_file": _family(argument="asked"),
    "family.messages.send": _family("POST", answers=422),
    "family.messages.show": _family(argument="thread_id"),
    "family.messages.answer": _family("POST", "thread_id", answers=422),
    "family.messages.read": _family("POST", "thread_id"),
    "family.messages.show_file": _family(argument="message_id"),
    "family.history.show": _family(),
    "family.history.show_file": _family(),
    **{f"family.account.{name}": route for name, route in account_routes(_family).items()},
    "family.simulations.show": _family(),
    # --- staff
    "staff.home.show": _staff(*Capability, answers=303),
    "staff.queue.show": _staff(
        Capability.REVIEW_SIGN_UPS,
        Capability.REVIEW_ENROLMENTS,
        Capability.VERIFY_QUOTIENTS,
        Capability.REVIEW_CHANGES,
        Capability.REVIEW_BOOKINGS,
        Capability.REVIEW_DOCUMENTS,
        Capability.REVIEW_ABSENCES,
        Capability.REVIEW_ERASURES,
        Capability.ANSWER_MESSAGES,
    ),
    "staff.messages.show": _staff(Capability.ANSWER_MESSAGES),
    "staff.messages.show_thread": _staff(Capability.ANSWER_MESSAGES, argument="thread_id"),
    "staff.messages.answer": _staff(Capability.ANSWER_MESSAGES, method="POST", argument="thread_id", answers=422),
    "staff.messages.add_note": _staff(Capability.ANSWER_MESSAGES, method="POST", argument="thread_id", answers=422),
    "staff.messages.assign": _staff(Capability.ANSWER_MESSAGES, method="POST", argument="thread_id", answers=303),
    "staff.messages.close": _staff(Capability.ANSWER_MESSAGES, method="POST", argument="thread_id", answers=303),
    "staff.messages.reopen": _staff(Capability.ANSWER_MESSAGES, method="POST", argument="thread_id", answers=303),
    "staff.messages.show_file": _staff(Capability.ANSWER_MESSAGES, argument="message_id"),
    "staff.messages.new_message": _staff(Capability.ANSWER_MESSAGES, argument="family_id"),
    "staff.messages.send": _staff(Capability.ANSWER_MESSAGES, method="POST", argument="family_id", answers=422),
    "family.absences.show": _family(),
    "family.absences.send": _family("POST", answers=422),
    "family.absences.show_pdf": _family(argument="justification_id"),
    "staff.absences.show": _staff(Capability.REVIEW_ABSENCES, argument="justification_id"),
    "staff.absences.show_picture": _staff(Capability.REVIEW_ABSENCES, argument="justification_id"),
    "staff.absences.show_pdf": _staff(Capability.REVIEW_ABSENCES, argument="justification_id"),
    "staff.absences.decide": _staff(
        Capability.REVIEW_ABSENCES,
        method="POST",
        argument="justification_id",
        sends={"refusal": "Illisible"},
        answers=303,
    ),
    "staff.settings.absences.edit": _staff(Capability.EDIT_SETTINGS, argument="activity_id"),
    "staff.settings.absences.save": _staff(
        Capability.EDIT_SETTINGS, method="POST", argument="activity_id", answers=422
    ),
    "staff.settings.cash_desks.edit": _staff(Capability.EDIT_SETTINGS, argument="office_id"),
    "staff.settings.cash_desks.save": _staff(Capability.EDIT_SETTINGS, method="POST", argument="office_id"),
    "staff.settings.cash_desks.edit_debits": _staff(Capability.EDIT_SETTINGS, argument="office_id"),
    "staff.settings.cash_desks.save_debits": _staff(Capability.EDIT_SETTINGS, method="POST", argument="office_id"),
    **_setting_routes("keepers", "keeper_id", "office_id"),
    **_setting_routes("absence_reasons", "reason_id"),
    "staff.settings.absence_reasons.show": _staff(Capability.EDIT_SETTINGS),
    **_setting_routes("message_recipients", "recipient_id"),
    "staff.settings.message_recipients.show": _staff(Capability.EDIT_SETTINGS),
    "staff.queue.accept_bookings": _staff(Capability.REVIEW_BOOKINGS, method="POST", answers=303),
    "staff.queue.refuse_bookings": _staff(Capability.REVIEW_BOOKINGS, method="POST", answers=303),
    "staff.queue.accept_change": _staff(Capability.REVIEW_CHANGES, method="POST", argument="request_id"),
    "staff.queue.refuse_change": _staff(Capability.REVIEW_CHANGES, method="POST", argument="request_id", sends=_REASON),
    "staff.queue.review_change": _staff(Capability.REVIEW_CHANGES, argument="request_id"),
    "staff.queue.accept_reviewed_change": _staff(Capability.REVIEW_CHANGES, method="POST", argument="request_id"),
    "staff.queue.accept_ticked_changes": _staff(Capability.REVIEW_CHANGES, method="POST", answers=303),
    "staff.queue.accept_sign_up": _staff(Capability.REVIEW_SIGN_UPS, method="POST", argument="family_id"),
    "staff.queue.refuse_sign_up": _staff(
        Capability.REVIEW_SIGN_UPS, method="POST", argument="family_id", sends=_REASON
    ),
    "staff.queue.accept_enrolment": _staff(Capability.REVIEW_ENROLMENTS, method="POST", argument="enrolment_id"),
    "staff.queue.list_enrolment": _staff(Capability.REVIEW_ENROLMENTS, method="POST", argument="enrolment_id"),
    "staff.queue.refuse_enrolment": _staff(
        Capability.REVIEW_ENROLMENTS, method="POST", argument="enrolment_id", sends=_REASON
    ),
    "staff.queue.accept_quotient": _staff(
        Capability.VERIFY_QUOTIENTS, method="POST", argument="quotient_id", sends={"ends_on": "2027-01-31"}
    ),
    "staff.queue.refuse_quotient": _staff(
        Capability.VERIFY_QUOTIENTS, method="POST", argument="quotient_id", sends=_REASON
    ),
    "staff.texts.show": _staff(Capability.PUBLISH),
    "staff.texts.new": _staff(Capability.PUBLISH),
    "staff.texts.add": _staff(Capability.PUBLISH, method="POST", answers=422),
    "staff.texts.edit": _staff(Capability.PUBLISH, argument="text_id"),
    "staff.texts.save": _staff(Capability.PUBLISH, method="POST", argument="text_id", answers=422),
    "staff.texts.add_version": _staff(Capability.PUBLISH, method="POST", argument="text_id", answers=422),
    "staff.texts.show_version": _staff(Capability.PUBLISH, argument="text_id"),
    "staff.texts.show_file": _staff(Capability.PUBLISH, argument="text_id"),
    "staff.texts.show_answers": _staff(Capability.PUBLISH, argument="text_id"),
    "staff.texts.show_answers_file": _staff(Capability.PUBLISH, argument="text_id"),
    "staff.texts.new_paper": _staff(Capability.PUBLISH, argument="text_id", answers=404),  # no family is named
    "staff.texts.record_paper": _staff(Capability.PUBLISH, method="POST", argument="text_id", answers=404),
    "staff.texts.delete": _staff(Capability.PUBLISH, method="POST", argument="text_id"),
    "staff.publications.show": _staff(Capability.PUBLISH),
    "staff.publications.new": _staff(Capability.PUBLISH),
    "staff.publications.add": _staff(Capability.PUBLISH, method="POST", answers=422),
    "staff.publications.edit": _staff(Capability.PUBLISH, argument="publication_id"),
    "staff.publications.save": _staff(Capability.PUBLISH, method="POST", argument="publication_id", answers=422),
    "staff.publications.replace_file": _staff(
        Capability.PUBLISH, method="POST", argument="publication_id", answers=422
    ),
    "staff.publications.show_file": _staff(Capability.PUBLISH, argument="publication_id"),
    "staff.publications.move_up": _staff(Capability.PUBLISH, method="POST", argument="publication_id"),
    "staff.publications.delete": _staff(Capability.PUBLISH, method="POST", argument="publication_id"),
    "staff.required_documents.show": _staff(Capability.REVIEW_DOCUMENTS, argument="submission_id"),
    "staff.required_documents.show_picture": _staff(Capability.REVIEW_DOCUMENTS, argument="submission_id"),
    "staff.required_documents.show_pdf": _staff(Capability.REVIEW_DOCUMENTS, argument="submission_id"),
    "staff.required_documents.accept": _staff(Capability.REVIEW_DOCUMENTS, method="POST", argument="submission_id"),
    "staff.required_documents.refuse": _staff(
        Capability.REVIEW_DOCUMENTS, method="POST", argument="submission_id", sends=_REASON
    ),
    "staff.required_documents.show_family": _staff(Capability.REVIEW_DOCUMENTS, argument="family_id"),
    "staff.required_documents.scan": _staff(Capability.REVIEW_DOCUMENTS, argument="asked"),
    "staff.required_documents.hand_in": _staff(
        Capability.REVIEW_DOCUMENTS, method="POST", argument="asked", answers=422
    ),
    **_setting_routes("required_documents", "document_id"),
    "staff.settings.required_documents.show": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.required_documents.show_template_file": _staff(Capability.EDIT_SETTINGS, argument="document_id"),
    "staff.settings.required_documents.attach_template": _staff(
        Capability.EDIT_SETTINGS, method="POST", argument="document_id", answers=422
    ),
    "staff.settings.required_documents.remove_template": _staff(
        Capability.EDIT_SETTINGS, method="POST", argument="document_id"
    ),
    "staff.enrolments.edit_end": _staff(Capability.REVIEW_ENROLMENTS, argument="enrolment_id"),
    "staff.enrolments.end": _staff(Capability.REVIEW_ENROLMENTS, method="POST", argument="enrolment_id", answers=422),
    "staff.allocations.show": _staff(Capability.REVIEW_ENROLMENTS),
    "staff.allocations.show_plan": _staff(Capability.REVIEW_ENROLMENTS, argument="activity_id"),
    "staff.allocations.draw": _staff(Capability.REVIEW_ENROLMENTS, method="POST", argument="activity_id", answers=303),
    "staff.allocations.decide": _staff(
        Capability.REVIEW_ENROLMENTS, method="POST", argument="activity_id", answers=409
    ),
    "staff.simulations.show": _staff(Capability.VIEW_FAMILIES),
    "staff.families.search_file": _staff(Capability.VIEW_FAMILIES),
    "staff.families.search": _staff(Capability.VIEW_FAMILIES),
    "staff.closures.show": _staff(Capability.CLOSE_DAYS),
    "staff.closures.new": _staff(Capability.CLOSE_DAYS),
    "staff.closures.close": _staff(Capability.CLOSE_DAYS, method="POST", answers=422),
    "staff.closures.show_closure": _staff(Capability.CLOSE_DAYS, argument="closure_id", answers=404),  # none yet
    "staff.closures.reopen": _staff(Capability.CLOSE_DAYS, method="POST", argument="closure_id", answers=404),
    "staff.bookings.show_week": _staff(Capability.REVIEW_BOOKINGS, argument="child_id"),
    "staff.bookings.check_week": _staff(
        Capability.REVIEW_BOOKINGS, method="POST", argument="child_id", sends=_PLANNING
    ),
    "staff.bookings.save_week": _staff(
        Capability.REVIEW_BOOKINGS, method="POST", argument="child_id", sends=_PLANNING, answers=422
    ),
    "staff.bookings.mark": _staff(Capability.REVIEW_BOOKINGS, method="POST", argument="child_id", answers=422),
    "staff.bookings.answer_list": _staff(Capability.REVIEW_BOOKINGS, method="POST", argument="child_id", answers=404),
    "staff.bookings.unmark": _staff(Capability.REVIEW_BOOKINGS, method="POST", argument="child_id", answers=404),
    "staff.families.show": _staff(Capability.VIEW_FAMILIES, argument="family_id"),
    "staff.families.correct_email": _staff(
        Capability.REVIEW_SIGN_UPS, method="POST", argument="family_id", sends={"email": "nouvelle@example.org"}
    ),
    "staff.families.reopen": _staff(Capability.EDIT_FAMILIES, method="POST", argument="family_id"),
    "staff.families.resend_invitation": _staff(Capability.REVIEW_SIGN_UPS, method="POST", argument="family_id"),
    "staff.counter_families.new_family": _staff(Capability.EDIT_FAMILIES),
    "staff.counter_families.create_family": _staff(Capability.EDIT_FAMILIES, method="POST", answers=422),
    "staff.counter_families.show_codes": _staff(Capability.EDIT_FAMILIES, argument="family_id"),
    "staff.counter_families.issue_code": _staff(Capability.EDIT_FAMILIES, method="POST", argument="guardian_id"),
    "staff.counter_families.revoke_code": _staff(Capability.EDIT_FAMILIES, method="POST", argument="guardian_id"),
    "staff.family_imports.show": _staff(Capability.EDIT_FAMILIES),
    "staff.family_imports.show_model_file": _staff(Capability.EDIT_FAMILIES),
    "staff.family_imports.upload": _staff(Capability.EDIT_FAMILIES, method="POST", answers=422),
    "staff.family_imports.show_import": _staff(Capability.EDIT_FAMILIES, argument="import_id"),
    "staff.family_imports.show_report_file": _staff(Capability.EDIT_FAMILIES, argument="import_id"),
    "staff.family_imports.show_codes_file": _staff(Capability.EDIT_FAMILIES, argument="import_id"),
    "staff.family_imports.show_letters_pdf": _staff(Capability.EDIT_FAMILIES, argument="import_id", answers=404),
    **{
        f"staff.family_imports.{verb}": _staff(Capability.EDIT_FAMILIES, method="POST", argument="import_id")
        for verb in ("choose", "confirm", "abandon", "carry_on", "undo")
    },
    **{
        f"staff.family_parts.{endpoint}": _staff(Capability.EDIT_FAMILIES, method=method, argument=argument)
        for method, verbs in (("GET", ("edit", "new")), ("POST", ("save", "add")))
        for endpoint, argument in (
            (f"{verbs[0]}_coordinates", "family_id"),
            (f"{verbs[0]}_guardian", "guardian_id"),
            (f"{verbs[0]}_child", "child_id"),
            (f"{verbs[0]}_custody", "child_id"),
            (f"{verbs[1]}_guardian", "family_id"),
            (f"{verbs[1]}_child", "family_id"),
        )
    },
    "staff.families.show_history": _staff(Capability.VIEW_FAMILIES, argument="family_id"),
    "staff.family_parts.show_history": _staff(Capability.EDIT_FAMILIES, argument="family_id"),
    "staff.price_facts.show": _staff(Capability.VERIFY_QUOTIENTS, argument="family_id"),
    "staff.price_facts.edit_family": _staff(Capability.VERIFY_QUOTIENTS, argument="family_id"),
    "staff.price_facts.save_family": _staff(
        Capability.VERIFY_QUOTIENTS, method="POST", argument="family_id", sends=_FACTS
    ),
    "staff.price_facts.edit_child": _staff(Capability.VERIFY_QUOTIENTS, argument="child_id"),
    "staff.price_facts.save_child": _staff(
        Capability.VERIFY_QUOTIENTS, method="POST", argument="child_id", sends=_FACTS
    ),
    "staff.prepaid_books.show": _staff(Capability.VIEW_FAMILIES, argument="family_id"),
    "staff.prepaid_books.sell": _staff(Capability.RECORD_PAYMENTS, method="POST", argument="family_id"),
    "staff.prepaid_books.take_back": _staff(
        Capability.RECORD_PAYMENTS, method="POST", argument="book_id", sends=_REASON
    ),
    "staff.aids.show": _staff(Capability.ISSUE_INVOICES),
    "staff.aids.new_fund": _staff(Capability.ISSUE_INVOICES),
    "staff.aids.add_fund": _staff(Capability.ISSUE_INVOICES, method="POST", answers=422),
    "staff.aids.edit_fund": _staff(Capability.ISSUE_INVOICES, argument="fund_id"),
    "staff.aids.save_fund": _staff(Capability.ISSUE_INVOICES, method="POST", argument="fund_id", answers=422),
    "staff.aids.show_statement": _staff(Capability.ISSUE_INVOICES, argument="fund_id"),
    "staff.aids.show_file": _staff(Capability.ISSUE_INVOICES, argument="fund_id"),
    "staff.aids.show_pdf": _staff(Capability.ISSUE_INVOICES, argument="fund_id"),
    "staff.family_aids.show_family": _staff(Capability.VERIFY_QUOTIENTS, argument="family_id"),
    "staff.family_aids.new_aid": _staff(Capability.VERIFY_QUOTIENTS, argument="family_id"),
    "staff.family_aids.add_aid": _staff(Capability.VERIFY_QUOTIENTS, method="POST", argument="family_id", answers=422),
    "staff.family_aids.edit_aid": _staff(Capability.VERIFY_QUOTIENTS, argument="aid_id"),
    "staff.family_aids.save_aid": _staff(Capability.VERIFY_QUOTIENTS, method="POST", argument="aid_id", answers=422),
    "staff.child_files.show": _staff(Capability.VIEW_CHILD_FILES, argument="child_id"),
    "staff.child_files.show_health": _staff(Capability.VIEW_HEALTH, argument="child_id"),
    "staff.notices.show": _staff(Capability.VIEW_CHILD_FILES),
    "staff.notices.mark_seen": _staff(Capability.VIEW_CHILD_FILES, method="POST", answers=303),
    "staff.settings.show": _staff(Capability.EDIT_SETTINGS),
    **_setting_routes("offices", "office_id"),
    **_setting_routes("sites", "site_id"),
    **_setting_routes("seasons", "season_id"),
    **_setting_routes("activities", "activity_id"),
    **_setting_routes("groups", "group_id", parent="activity_id"),
    **_setting_routes("units", "unit_id", parent="activity_id"),
    **_setting_routes("outings", "outing_id", parent="activity_id"),
    **_setting_routes("scopes", "scope_id", parent="activity_id"),
    "staff.settings.offices.show": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.sites.show": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.sites.edit_meal_notice": _staff(Capability.EDIT_SETTINGS, argument="site_id"),
    "staff.settings.sites.save_meal_notice": _staff(Capability.EDIT_SETTINGS, method="POST", argument="site_id"),
    "staff.settings.seasons.show": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.activities.show": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.activities.show_one": _staff(Capability.EDIT_SETTINGS, argument="activity_id"),
    "staff.settings.activities.new_copy": _staff(Capability.EDIT_SETTINGS, argument="activity_id"),
    "staff.settings.activities.copy": _staff(Capability.EDIT_SETTINGS, method="POST", argument="activity_id"),
    "staff.settings.show_setup": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.openings.edit": _staff(Capability.EDIT_SETTINGS, argument="activity_id"),
    "staff.settings.openings.save": _staff(Capability.EDIT_SETTINGS, method="POST", argument="activity_id"),
    "staff.settings.openings.preview": _staff(Capability.EDIT_SETTINGS, method="POST", argument="activity_id"),
    "staff.settings.openings.show_year": _staff(Capability.EDIT_SETTINGS, argument="activity_id"),
    "staff.settings.openings.change_days": _staff(Capability.EDIT_SETTINGS, method="POST", argument="activity_id"),
    "staff.settings.openings.change_places": _staff(Capability.EDIT_SETTINGS, method="POST", argument="activity_id"),
    "staff.settings.combinations.show": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.combinations.edit": _staff(Capability.EDIT_SETTINGS, argument="activity_id"),
    "staff.settings.combinations.save": _staff(Capability.EDIT_SETTINGS, method="POST", argument="activity_id"),
    "staff.settings.combinations.preview": _staff(
        Capability.EDIT_SETTINGS, method="POST", argument="activity_id", answers=200
    ),
    "staff.settings.enrolment_rules.show": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.enrolment_rules.edit": _staff(Capability.EDIT_SETTINGS, argument="activity_id"),
    "staff.settings.enrolment_rules.save": _staff(
        Capability.EDIT_SETTINGS, method="POST", argument="activity_id", answers=422
    ),
    "staff.settings.enrolment_rules.preview": _staff(
        Capability.EDIT_SETTINGS, method="POST", argument="activity_id", answers=200
    ),
    "staff.urgent_messages.show": _staff(Capability.SEND_URGENT_MESSAGES),
    "staff.urgent_messages.new": _staff(Capability.SEND_URGENT_MESSAGES),
    "staff.urgent_messages.preview": _staff(Capability.SEND_URGENT_MESSAGES, method="POST", answers=422),
    "staff.urgent_messages.send": _staff(Capability.SEND_URGENT_MESSAGES, method="POST", answers=422),
    "staff.urgent_messages.show_message": _staff(Capability.SEND_URGENT_MESSAGES, argument="urgent_message_id"),
    "staff.settings.mail_texts.show": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.mail_texts.edit": _staff(Capability.EDIT_SETTINGS, argument="code"),
    "staff.settings.mail_texts.save": _staff(Capability.EDIT_SETTINGS, method="POST", argument="code"),
    "staff.settings.mail_texts.preview": _staff(Capability.EDIT_SETTINGS, method="POST", argument="code", answers=200),
    "staff.settings.mail_texts.restore": _staff(Capability.EDIT_SETTINGS, method="POST", argument="code"),
    "staff.settings.deadlines.show": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.deadlines.edit": _staff(Capability.EDIT_SETTINGS, argument="activity_id"),
    "staff.settings.deadlines.save_reminders": _staff(Capability.EDIT_SETTINGS, method="POST", answers=422),
    "staff.settings.deadlines.save": _staff(Capability.EDIT_SETTINGS, method="POST", argument="activity_id"),
    "staff.settings.deadlines.preview": _staff(
        Capability.EDIT_SETTINGS, method="POST", argument="activity_id", answers=200
    ),
    "staff.settings.show_schools": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.add_school": _staff(Capability.EDIT_SETTINGS, method="POST", answers=422),
    "staff.settings.stop_offering_school": _staff(Capability.EDIT_SETTINGS, method="POST", argument="school_id"),
    "staff.settings.show_vaccines": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.new_vaccine": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.add_vaccine": _staff(Capability.EDIT_SETTINGS, method="POST", answers=422),
    "staff.settings.edit_vaccine": _staff(Capability.EDIT_SETTINGS, argument="vaccine_id"),
    "staff.settings.save_vaccine": _staff(
        Capability.EDIT_SETTINGS, method="POST", argument="vaccine_id", sends={"name": "Vaccin"}
    ),
    "staff.settings.show_communes": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.list_commune": _staff(Capability.EDIT_SETTINGS, method="POST", answers=422),
    "staff.settings.unlist_commune": _staff(Capability.EDIT_SETTINGS, method="POST", argument="insee_code"),
    "staff.settings.show_field_policies": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.save_field_policies": _staff(Capability.EDIT_SETTINGS, method="POST", answers=422),
    "staff.waiting_lists.show": _staff(Capability.REVIEW_BOOKINGS),
    "staff.waiting_lists.edit": _staff(Capability.REVIEW_BOOKINGS, argument="entry_id"),
    "staff.waiting_lists.removal": _staff(Capability.REVIEW_BOOKINGS, argument="entry_id"),
    "staff.waiting_lists.remove": _staff(Capability.REVIEW_BOOKINGS, method="POST", argument="entry_id", answers=422),
    "staff.waiting_lists.move": _staff(Capability.REVIEW_BOOKINGS, method="POST", argument="entry_id", answers=422),
    "staff.attendances.show": _staff(Capability.TAKE_ATTENDANCE),
    "staff.attendances.show_group": _staff(Capability.TAKE_ATTENDANCE, argument="group_id"),
    "staff.attendances.mark": _staff(
        Capability.TAKE_ATTENDANCE,
        method="POST",
        argument="group_id",
        sends={"marque": "1:present", "cle": "essai-essai"},
    ),
    "staff.attendances.edit_child": _staff(Capability.TAKE_ATTENDANCE, argument="child_id"),
    "staff.attendances.save_child": _staff(Capability.TAKE_ATTENDANCE, method="POST", argument="child_id", answers=422),
    "staff.attendances.correct_child": _staff(
        Capability.REOPEN_ATTENDANCE, method="POST", argument="child_id", answers=422
    ),
    "staff.attendances.search": _staff(Capability.TAKE_ATTENDANCE, argument="group_id"),
    "staff.attendances.add": _staff(
        Capability.TAKE_ATTENDANCE, method="POST", argument="group_id", sends={"enfant": "1", "cle": "essai-essai"}
    ),
    "staff.attendances.ask_validation": _staff(Capability.TAKE_ATTENDANCE, argument="group_id"),
    "staff.attendances.validate": _staff(Capability.TAKE_ATTENDANCE, method="POST", argument="group_id", answers=422),
    "staff.attendances.reopen": _staff(Capability.REOPEN_ATTENDANCE, method="POST", argument="group_id", answers=422),
    "staff.attendance_batches.send_worker_file": _staff(Capability.TAKE_ATTENDANCE),
    "staff.attendance_batches.receive": _staff(Capability.TAKE_ATTENDANCE, method="POST", answers=400, is_page=False),
    "staff.day.show": _staff(Capability.VIEW_DAY_PLANNING),
    "staff.day.planning_file": _staff(Capability.VIEW_DAY_PLANNING),
    "staff.day.planning_pdf": _staff(Capability.VIEW_DAY_PLANNING),
    "staff.sheets.show": _staff(Capability.VIEW_DAY_PLANNING, Capability.PREPARE_MEALS, Capability.PRINT_SHEETS),
    "staff.sheets.show_present": _staff(Capability.VIEW_DAY_PLANNING),
    "staff.attendance_months.show": _staff(Capability.VIEW_DAY_PLANNING, Capability.ISSUE_INVOICES),
    "staff.attendance_months.show_file": _staff(Capability.VIEW_DAY_PLANNING, Capability.ISSUE_INVOICES),
    "staff.figures.show": _staff(Capability.VIEW_FIGURES),
    "staff.figures.show_file": _staff(Capability.VIEW_FIGURES),
    "staff.figures.show_without_regime": _staff(Capability.DECLARE_FIGURES),
    "staff.figures.show_revenues": _staff(Capability.VIEW_PAYMENTS),
    "staff.figures.show_revenues_file": _staff(Capability.VIEW_PAYMENTS),
    "staff.settings.figures.edit": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.figures.save": _staff(Capability.EDIT_SETTINGS, method="POST", answers=422),
    "staff.occupancy.show": _staff(Capability.VIEW_DAY_PLANNING),
    "staff.occupancy.occupancy_file": _staff(Capability.VIEW_DAY_PLANNING),
    "staff.sheets.show_safety": _staff(Capability.PRINT_SHEETS),
    "staff.sheets.safety_pdf": _staff(Capability.PRINT_SHEETS),
    "staff.meals.show": _staff(Capability.PREPARE_MEALS),
    "staff.meals.meals_file": _staff(Capability.PREPARE_MEALS),
    "staff.meals.meals_pdf": _staff(Capability.PREPARE_MEALS),
    "staff.meals.order": _staff(Capability.PREPARE_MEALS, method="POST", answers=303),
    "staff.meals.save_adults": _staff(Capability.PREPARE_MEALS, method="POST", argument="meal_unit_id", answers=422),
    "staff.erasures.show": _staff(Capability.REVIEW_ERASURES, argument="erasure_id"),
    "staff.erasures.accept": _staff(Capability.REVIEW_ERASURES, method="POST", argument="erasure_id", answers=422),
    "staff.erasures.refuse": _staff(Capability.REVIEW_ERASURES, method="POST", argument="erasure_id", sends=_REASON),
    "staff.erasures.ask": _staff(Capability.REVIEW_ERASURES, method="POST", argument="family_id"),
    "staff.settings.retention.edit": _staff(Capability.EDIT_SETTINGS),
    "staff.settings.retention.save": _staff(Capability.EDIT_SETTINGS, method="POST", answers=422),
    "staff.settings.retention.show_purge": _staff(Capability.EDIT_SETTINGS),
    "staff.tariffs.show": _staff(Capability.EDIT_TARIFFS),
    "staff.tariffs.show_version": _staff(Capability.EDIT_TARIFFS, argument="version_id"),
    "staff.tariffs.compare_version": _staff(Capability.EDIT_TARIFFS, argument="version_id"),
    "staff.tariffs.new_version": _staff(Capability.EDIT_TARIFFS, argument="activity_id"),
    "staff.tariffs.add_version": _staff(Capability.EDIT_TARIFFS, method="POST", argument="activity_id"),
    "staff.tariffs.edit_version": _staff(Capability.EDIT_TARIFFS, argument="version_id"),
    "staff.tariffs.change_version": _staff(Capability.EDIT_TARIFFS, method="POST", argument="version_id"),
    "staff.tariffs.delete_version": _staff(Capability.EDIT_TARIFFS, method="POST", argument="version_id"),
    "staff.tariffs.reprice": _staff(Capability.EDIT_TARIFFS, method="POST", argument="activity_id"),
    "staff.tariff_drafts.open_draft": _staff(Capability.EDIT_TARIFFS, method="POST", argument="activity_id"),
    "staff.tariff_drafts.show": _staff(Capability.EDIT_TARIFFS, argument="draft_id"),
    "staff.tariff_drafts.edit_part": _staff(Capability.EDIT_TARIFFS, argument="draft_id"),
    "staff.tariff_drafts.save_part": _staff(Capability.EDIT_TARIFFS, method="POST", argument="draft_id"),
    "staff.tariff_drafts.remove_part": _staff(Capability.EDIT_TARIFFS, method="POST", argument="draft_id"),
    "staff.tariff_drafts.move_part": _staff(Capability.EDIT_TARIFFS, method="POST", argument="draft_id"),
    "staff.tariff_drafts.edit_rules": _staff(Capability.EDIT_TARIFFS, argument="draft_id"),
    "staff.tariff_drafts.save_rules": _staff(Capability.EDIT_TARIFFS, method="POST", argument="draft_id"),
    "staff.tariff_drafts.publish": _staff(Capability.EDIT_TARIFFS, method="POST", argument="draft_id"),
    "staff.tariff_drafts.delete_draft": _staff(Capability.EDIT_TARIFFS, method="POST", argument="draft_id"),
    "staff.invoice_runs.show": _staff(Capability.ISSUE_INVOICES),
    "staff.invoice_runs.prepare": _staff(Capability.ISSUE_INVOICES, method="POST", answers=422),
    "staff.invoice_runs.show_run": _staff(Capability.ISSUE_INVOICES, argument="run_id"),
    "staff.invoice_runs.show_run_file": _staff(Capability.ISSUE_INVOICES, argument="run_id"),
    "staff.invoice_runs.carry_on": _staff(Capability.ISSUE_INVOICES, method="POST", argument="run_id"),
    "staff.invoice_runs.prepare_again": _staff(Capability.ISSUE_INVOICES, method="POST", argument="run_id"),
    "staff.invoice_runs.give_up": _staff(Capability.ISSUE_INVOICES, method="POST", argument="run_id", answers=409),
    "staff.invoice_runs.accept": _staff(
        Capability.ISSUE_INVOICES, method="POST", argument="run_id", answers=409, sends={"quoi": "gratuit", **_REASON}
    ),
    "staff.invoice_runs.issue": _staff(Capability.ISSUE_INVOICES, method="POST", argument="run_id", answers=422),
    "staff.invoices.show": _staff(Capability.VIEW_PAYMENTS, argument="invoice_id"),
    "staff.invoices.show_pdf": _staff(Capability.VIEW_PAYMENTS, argument="invoice_id"),
    "staff.debts.show": _staff(Capability.VIEW_PAYMENTS),
    "staff.debts.send": _staff(
        Capability.FOLLOW_DEBTS, method="POST", answers=422, sends={"service": "1", "niveau": "1"}
    ),
    "staff.debts.show_unpaid_file": _staff(Capability.VIEW_PAYMENTS),
    "staff.debts.show_runs": _staff(Capability.VIEW_PAYMENTS),
    "staff.debts.show_run": _staff(Capability.VIEW_PAYMENTS, argument="sending_id"),
    "staff.debts.show_letters_pdf": _staff(Capability.VIEW_PAYMENTS, argument="sending_id", answers=303),
    "staff.debts.show_letter_pdf": _staff(Capability.VIEW_PAYMENTS, argument="letter_id"),
    "staff.debts.edit_rule": _staff(Capability.FOLLOW_DEBTS, argument="office_id"),
    "staff.debts.save_rule": _staff(Capability.FOLLOW_DEBTS, method="POST", argument="office_id"),
    "staff.debts.show_invoice": _staff(Capability.VIEW_PAYMENTS, argument="invoice_id"),
    "staff.debts.hold_back": _staff(Capability.FOLLOW_DEBTS, method="POST", argument="invoice_id"),
    "staff.debts.end_hold": _staff(Capability.FOLLOW_DEBTS, method="POST", argument="hold_id"),
    "staff.debts.give_up": _staff(Capability.FOLLOW_DEBTS, method="POST", argument="invoice_id"),
    "staff.debts.show_moves": _staff(Capability.VIEW_PAYMENTS),
    "staff.debts.show_moves_file": _staff(Capability.VIEW_PAYMENTS),
    "staff.debts.show_moves_pdf": _staff(Capability.VIEW_PAYMENTS),
    "staff.debts.confirm_cancellation": _staff(Capability.FOLLOW_DEBTS, argument="move_id"),
    "staff.debts.cancel_move": _staff(Capability.FOLLOW_DEBTS, method="POST", argument="move_id", sends=_REASON),
    "staff.tax_certificates.show": _staff(Capability.VIEW_PAYMENTS),
    "staff.tax_certificates.publish": _staff(Capability.FOLLOW_DEBTS, method="POST", answers=404),  # which office?
    "staff.tax_certificates.show_certificate_pdf": _staff(Capability.VIEW_PAYMENTS, argument="certificate_id"),
    "staff.account_statements.show": _staff(Capability.VIEW_PAYMENTS, argument="family_id"),
    "staff.account_statements.show_statement_pdf": _staff(Capability.VIEW_PAYMENTS, argument="family_id"),
    "staff.direct_debits.show": _staff(Capability.VIEW_PAYMENTS),
    "staff.direct_debits.new": _staff(Capability.RECORD_PAYMENTS),
    "staff.direct_debits.prepare": _staff(Capability.RECORD_PAYMENTS, method="POST", answers=409),
    "staff.direct_debits.show_batch": _staff(Capability.VIEW_PAYMENTS, argument="batch_id"),
    "staff.direct_debits.show_lines_file": _staff(Capability.VIEW_PAYMENTS, argument="batch_id"),
    "staff.direct_debits.take_file": _staff(Capability.RECORD_PAYMENTS, method="POST", argument="batch_id"),
    "staff.direct_debits.show_file": _staff(Capability.RECORD_PAYMENTS, argument="batch_id", answers=404),
    "staff.direct_debits.confirm_abandon": _staff(Capability.RECORD_PAYMENTS, argument="batch_id"),
    "staff.direct_debits.abandon": _staff(Capability.RECORD_PAYMENTS, method="POST", argument="batch_id"),
    "staff.direct_debits.record": _staff(
        Capability.RECORD_PAYMENTS,
        method="POST",
        argument="batch_id",
        answers=409,  # its day has not come
    ),
    "staff.direct_debits.confirm_refusal": _staff(Capability.RECORD_PAYMENTS, argument="debit_id"),
    "staff.direct_debits.refuse": _staff(Capability.RECORD_PAYMENTS, method="POST", argument="debit_id"),
    "staff.mandates.show": _staff(Capability.VIEW_PAYMENTS, argument="family_id"),
    "staff.mandates.record": _staff(Capability.RECORD_PAYMENTS, method="POST", argument="family_id", answers=422),
    "staff.mandates.show_mandate_pdf": _staff(Capability.RECORD_PAYMENTS, argument="family_id"),
    "staff.mandates.confirm_end": _staff(Capability.RECORD_PAYMENTS, argument="mandate_id"),
    "staff.mandates.end": _staff(Capability.RECORD_PAYMENTS, method="POST", argument="mandate_id", sends=_REASON),
    "staff.cash_desks.show": _staff(Capability.VIEW_PAYMENTS),
    "staff.cash_desks.show_journal": _staff(Capability.VIEW_PAYMENTS),
    "staff.cash_desks.new_deposit": _staff(Capability.RECORD_PAYMENTS),
    "staff.cash_desks.turn_page": _staff(Capability.RECORD_PAYMENTS, method="POST", answers=200),
    "staff.cash_desks.hand_in": _staff(Capability.RECORD_PAYMENTS, method="POST", answers=409),
    "staff.cash_desks.show_deposit": _staff(Capability.VIEW_PAYMENTS, argument="deposit_id"),
    "staff.cash_desks.show_slip_pdf": _staff(Capability.VIEW_PAYMENTS, argument="deposit_id"),
    "staff.cash_desks.show_statement": _staff(Capability.VIEW_PAYMENTS),
    "staff.cash_desks.show_statement_pdf": _staff(Capability.VIEW_PAYMENTS),
    "staff.cash_desks.show_statement_file": _staff(Capability.VIEW_PAYMENTS),
    "staff.cash_desks.show_exports": _staff(Capability.VIEW_PAYMENTS),
    "staff.cash_desks.show_export_file": _staff(Capability.VIEW_PAYMENTS),
    "staff.invoices.show_credit": _staff(Capability.VIEW_PAYMENTS, argument="credit_id"),
    "staff.invoices.show_credit_pdf": _staff(Capability.VIEW_PAYMENTS, argument="credit_id"),
    "staff.corrections.show": _staff(Capability.ISSUE_INVOICES),
    "staff.corrections.show_correction": _staff(Capability.ISSUE_INVOICES, argument="correction_id"),
    "staff.corrections.carry_out": _staff(Capability.ISSUE_INVOICES, method="POST", argument="correction_id"),
    "staff.corrections.leave": _staff(
        Capability.ISSUE_INVOICES, method="POST", argument="correction_id", sends={"because": "Vérifié"}
    ),
    "staff.corrections.new_line": _staff(Capability.ISSUE_INVOICES, argument="invoice_id"),
    "staff.corrections.correct_line": _staff(Capability.ISSUE_INVOICES, method="POST", argument="invoice_id"),
    "staff.payments.show_file": _staff(Capability.VIEW_PAYMENTS),
    "staff.payments.show": _staff(Capability.VIEW_PAYMENTS),
    "staff.payments.show_operations": _staff(Capability.VIEW_PAYMENTS),
    "staff.payments.show_payment": _staff(Capability.VIEW_PAYMENTS, argument="payment_id"),
    "staff.payments.show_receipt": _staff(Capability.VIEW_PAYMENTS, argument="payment_id"),
    "staff.payments.reverse_payment": _staff(
        Capability.RECORD_PAYMENTS,
        method="POST",
        argument="payment_id",
        sends={"kind": "mistake", "reason": "Un essai"},
    ),
    "staff.payments.new_refund": _staff(Capability.RECORD_PAYMENTS, argument="family_id"),
    "staff.payments.refund": _staff(Capability.RECORD_PAYMENTS, method="POST", argument="family_id", answers=422),
    "staff.payments.show_refund": _staff(Capability.VIEW_PAYMENTS, argument="refund_id"),
    "staff.payments.show_iban": _staff(Capability.RECORD_PAYMENTS, argument="refund_id"),
    "staff.payments.new_payment": _staff(Capability.RECORD_PAYMENTS, argument="family_id"),
    "staff.payments.record_payment": _staff(
        Capability.RECORD_PAYMENTS, method="POST", argument="family_id", sends={"mode": "cash", "amount": "5,00"}
    ),
    "staff.mails.show": _staff(Capability.VIEW_MAILS),
    "staff.mails.show_mail": _staff(Capability.VIEW_MAILS, argument="mail_id"),
    **{f"staff.account.{name}": route for name, route in account_routes(_all_staff).items()},
    "staff.second_factor.show": _all_staff(),
    "staff.second_factor.change": _all_staff("POST", answers=422),
    "staff.second_factor.set_up": _all_staff(answers=404),  # nothing is being set up
    "staff.second_factor.show_image": _all_staff(answers=404),
    "staff.second_factor.finish_set_up": _all_staff("POST", answers=404),
    "staff.agents.show": _staff(Capability.MANAGE_USERS),
    "staff.agents.require_second_factor": _staff(Capability.MANAGE_USERS, method="POST", answers=422),
    "staff.agents.new_agent": _staff(Capability.MANAGE_USERS),
    "staff.agents.add_agent": _staff(Capability.MANAGE_USERS, method="POST", answers=422),
    "staff.agents.show_agent": _staff(Capability.MANAGE_USERS, argument="agent_id"),
    "staff.agents.change_roles": _staff(Capability.MANAGE_USERS, method="POST", argument="agent_id"),
    "staff.agents.deactivate": _staff(Capability.MANAGE_USERS, method="POST", argument="agent_id"),
    "staff.agents.reset_second_factor": _staff(Capability.MANAGE_USERS, method="POST", argument="agent_id"),
    "staff.agents.invite_again": _staff(Capability.MANAGE_USERS, method="POST", argument="agent_id"),
    "staff.mails.resend": _staff(Capability.VIEW_MAILS, method="POST", argument="mail_id"),
}


@dataclass(frozen=True, slots=True)
class World:
    """Something of everything: one family that looks, another that is looked for, and all that waits for the staff."""

    app: Flask
    planning: factories.PlanningSetup
    free_child_id: int  # of the family, without enrolment: its identity may still be corrected
    stranger: factories.FamilySetup
    strangers_ids: Mapping[str, int | str]  # what is another family's, by the name of the argument
    pending_family_id: int
    requested_enrolment_id: int
    mail_id: int
    own_ids: Mapping[str, int | str]  # the family's invoices, contacts…, by the name of the argument
    public_token: str  # of an online payment under way
    secrets: Mapping[str, str]  # of one-time links, by the section that they open
    staff: Mapping[Role, int]  # user ids

    @property
    def parent_id(self) -> int:
        """The user who signs in as a parent."""
        return self.planning.family.user_id

    def address(self, endpoint: str, **arguments: object) -> str:
        """The address of a route, with the family's own objects unless told otherwise."""
        rule = next(rule for rule in self.app.url_map.iter_rules() if rule.endpoint == endpoint)
        values: dict[str, object] = {}
        for name in rule.arguments:
            values[name] = arguments.get(name, self._own(endpoint, name))
        with self.app.test_request_context():
            return self.app.url_for(endpoint, **values)

    def _own(self, endpoint: str, name: str) -> object:
        if name == "secret":
            return self.secrets[endpoint.split(".")[1]]
        if name == "family_id" and endpoint.startswith("staff.queue"):
            return self.pending_family_id
        if name == "enrolment_id" and endpoint.endswith("end"):
            return self.own_ids["ending_enrolment_id"]
        if name == "enrolment_id" and endpoint.startswith("family."):
            return self.own_ids["own_enrolment_id"]
        if name == "child_id" and endpoint in ("family.members.edit_child", "family.members.save_child"):
            return self.free_child_id
        return {
            "child_id": self.planning.child_id,
            "family_id": self.planning.family.family_id,
            "enrolment_id": self.requested_enrolment_id,
            "mail_id": self.mail_id,
            "closure_id": 1,
            "day": "2026-10-07",  # booked, and over
            "urgent_message_id": db.session.scalar(select(func.min(UrgentMessage.id))),
            "code": "activation",  # a kind of mail
            "activity_id": self.planning.activity.id,
            "group_id": self.planning.activity.group_id,
            "unit_id": self.planning.activity.units["Matin"],
            "scope_id": self.planning.activity.scope_id,
            "office_id": db.session.scalar(select(func.min(Office.id))),
            "site_id": db.session.scalar(select(func.min(Site.id))),
            "season_id": db.session.scalar(select(func.min(Season.id))),
            "public_token": self.public_token,
            "insee_code": factories.COMMUNES[0][0],
            **self.own_ids,
            "hashed_name": self.app.jinja_env.globals["asset"]("css/site.css").removeprefix("/static/"),  # type: ignore[operator]
        }[name]


def make_world(app: Flask) -> World:
    """The world of the tests that go through all routes. The clock must stand at `factories.NOW`."""
    planning = factories.make_planning(quotient_cents=50_000)
    factories.save(planning.family, planning.child_id, book=[planning.opening(factories.WEDNESDAY, "Matin")])
    free_child_id = factories.make_child(planning.family, "Hugo")
    stranger, strangers_child_id = factories.add_family(planning, "AUTRE")
    # Ids of children and families must not be the same by chance, or a mix-up would go unseen.
    other_child_id = factories.make_child(stranger, "Noé", last_name="AUTRE")
    pending_family_id = factories.make_pending_family()
    requested_enrolment_id = factories.enrol(
        other_child_id, stranger, factories.make_activity("Musique"), EnrolmentStatus.REQUESTED
    )
    drawing = factories.make_activity("Dessin")
    ending_enrolment_id = factories.enrol(free_child_id, planning.family, factories.make_activity("Judo"))
    with write_transaction() as session:
        judo = session.get_one(Enrolment, ending_enrolment_id).activity_id
        enrolment_settings.save_enrolment_rules(session, judo, EnrolmentRules(parents_may_end=True))
    outing_id = factories.make_outing(planning.activity)
    own_enrolment_id = factories.enrol(free_child_id, planning.family, drawing, EnrolmentStatus.REQUESTED)
    with write_transaction() as session:
        mail = queue_mail(session, "sign_up_known", "refusee@example.org")
        mail.status = MailStatus.FAILED
        session.flush()
        mail_id = mail.id
    unconfirmed_id = factories.make_user("attend@example.org", "Alix ATTEND", confirmed=False)
    factories.make_family("ATTEND", "Alix", email="attend@example.org", user_id=unconfirmed_id)
    with write_transaction() as session:
        links.request_activation(session, "attend@example.org")
        links.request_password_reset(session, stranger.email)
        email_changes.request_email_change(session, stranger.user_id, "nouvelle@example.org")
        invited_id = guardians.add_guardian(
            session, stranger.family_id, factories.guardian_values("invitee@example.org")
        )
        invitations.invite(session, stranger.family_id, invited_id, stranger.user_id)
        agendas.renew_feed(session, planning.family.user_id, planning.family.family_id)
        sessions.open_session(session, stranger.user_id, "essai")
        sessions.open_session(session, planning.family.user_id, "essai")
    secrets = {
        "activations": secret_for("attend@example.org"),
        "passwords": secret_for(stranger.email),
        "email_changes": secret_for("nouvelle@example.org"),
        "invitations": secret_for("invitee@example.org"),
        "agendas": agendas.feed_secret(planning.family.user_id, planning.family.family_id) or "",
    }
    staff = {role: factories.make_staff(role) for role in Role}
    with write_transaction() as session:
        whole = urgent_messages.find_audience(f"activity-{planning.activity.id}")
        urgent_messages.send_message(session, staff[Role.FILE_CLERK], "essai", whole, None, "Fermé", "Le centre ferme.")
    regie_ids = _make_money(planning, staff[Role.REGISSEUR])
    strangers_invoice_id = factories.make_invoice(stranger, 4_000, prefix="AN", payfip_number="000002", paid_cents=500)
    strangers_payment_id = db.session.scalars(select(Payment.id).where(Payment.family_id == stranger.family_id)).one()
    file_ids = _make_files(planning.family.family_id, planning.child_id, staff[Role.REGISSEUR])
    session_ids = {row.user_id: row.id for row in db.session.scalars(select(UserSession).order_by(UserSession.id))}
    document_id = factories.make_document("Attestation des essais")
    factories.attach_template(document_id)
    strangers_submission_id = factories.hand_in(stranger, f"{document_id}-{strangers_child_id}")
    strangers_message = factories.write_message(stranger, a_file())
    own_message = factories.write_message(planning.family, a_file())
    own_entry_id, strangers_entry_id = _make_waiting(planning, stranger, strangers_child_id)
    own_missed = factories.miss(planning.family, planning.child_id, planning.activity, [date(2026, 11, 18)])
    own_justification_id = factories.justify(planning.family, own_missed, a_file())
    strangers_missed = factories.miss(stranger, strangers_child_id, planning.activity, [date(2026, 11, 19)])
    strangers_ids = {
        "certificate_id": factories.make_certificate(
            stranger, strangers_child_id, db.session.get_one(Invoice, strangers_invoice_id).office_id,
            staff[Role.REGISSEUR],
        ),
        "justification_id": factories.justify(stranger, strangers_missed, a_file()),
        "thread_id": strangers_message.thread_id,
        "entry_id": strangers_entry_id,
        "message_id": strangers_message.message_id,
        "asked": f"{document_id}-{strangers_child_id}",
        "submission_id": strangers_submission_id,
        "text_id": factories.make_text("Texte des autres", Readers(levels=frozenset({"CM2"}))),
        "publication_id": factories.publish("Pour les autres", Readers(levels=frozenset({"CM2"}))),
        "request_id": factories.ask_change(stranger),
        "enrolment_id": requested_enrolment_id,
        "session_id": session_ids[stranger.user_id],
        "contact_id": factories.make_contact(stranger.family_id, strangers_child_id),
        "guardian_id": stranger.guardian_id,
        "child_id": strangers_child_id, "invoice_id": strangers_invoice_id, "payment_id": strangers_payment_id,
        "credit_id": factories.make_credit(strangers_invoice_id, staff[Role.REGISSEUR]),
    }  # fmt: skip
    debt_ids = _make_debts(staff[Role.REGISSEUR])
    office_id = db.session.get_one(Invoice, regie_ids["invoice_id"]).office_id
    own_certificate_id = factories.make_certificate(
        planning.family, planning.child_id, office_id, staff[Role.REGISSEUR]
    )
    debit_ids = _make_debits(planning.family, office_id, staff[Role.REGISSEUR])
    strangers_ids["mandate_id"] = factories.make_mandate(
        stranger, db.session.get_one(Invoice, strangers_invoice_id).office_id, staff[Role.REGISSEUR]
    )
    public_token = factories.make_basket(planning.family, [regie_ids["invoice_id"]]).public_token
    return World(
        app, planning, free_child_id, stranger, strangers_ids, pending_family_id, requested_enrolment_id, mail_id,
        {
            "certificate_id": own_certificate_id, "import_id": family_files.make_import(staff[Role.FILE_CLERK]), **regie_ids, **file_ids, **debt_ids, **debit_ids, "publication_id": factories.publish("Livret des essais"), "text_id": factories.make_text("Règlement des essais", publication_id=factories.publish("Règlement des essais")), "document_id": document_id, "asked": f"{document_id}-{planning.child_id}",
            "submission_id": factories.hand_in(
                planning.family, f"{document_id}-{planning.child_id}", a_file()
            ), "own_enrolment_id": own_enrolment_id,
            "entry_id": own_entry_id,
            "thread_id": own_message.thread_id, "message_id": own_message.message_id,
            "justification_id": own_justification_id, "reason_id": factories.make_absence_reason(),
            "meal_unit_id": planning.activity.units["Repas"],
            "refund_id": factories.make_refund(office_id, staff[Role.REGISSEUR]),
            "recipient_id": factories.make_recipient(), "outing_id": outing_id, "ending_enrolment_id": ending_enrolment_id, "guardian_id": planning.family.guardian_id, "agent_id": staff[Role.KITCHEN],
            "session_id": session_ids[planning.family.user_id], "request_id": factories.ask_change(planning.family),
            "erasure_id": factories.ask_erasure(planning.family),
        },
        public_token, secrets, staff,
    )  # fmt: skip


def _make_files(family_id: int, child_id: int, agent_id: int) -> Mapping[str, int]:
    """Somebody around the child, which is told to the staff, and what the staff set for files."""
    contact_id = factories.make_contact(family_id, child_id)
    with write_transaction() as session:
        school_id = child_settings.add_school(session, "École Jules-Verne")
        price_facts.list_commune(session, factories.COMMUNES[0][0], RESIDENT)
        notice_id = session.scalars(select(SafetyNotice.id).where(SafetyNotice.child_id == child_id)).one()
        vaccine_id = session.scalars(select(VaccineObligation.id).limit(1)).one()
        fund_id = aids.save_fund(session, None, factories.A_FUND)
        aid_id = aids.add_aid(session, family_id, agent_id, child_id, fund_id, factories.an_aid())
    return {
        "fund_id": fund_id,
        "aid_id": aid_id,
        "contact_id": contact_id,
        "school_id": school_id,
        "notice_id": notice_id,
        "vaccine_id": vaccine_id,
    }


def _make_money(planning: factories.PlanningSetup, staff_id: int) -> Mapping[str, int]:
    """An invoice of October, paid in part, prices to come and a quotient that waits."""
    october = date(2026, 10, 1)
    days = [date(2026, 10, day) for day in (7, 14, 21)]
    factories.book_past(planning.family, planning.child_id, planning.activity, days)
    (invoice_id,) = factories.issue(planning.activity, october, staff_id)
    factories.sell_books(planning.activity, "Repas")
    book_id = factories.buy_book(planning.family, planning.child_id, planning.activity)
    quotient_id = factories.declare_quotient(planning.family, month=date(2026, 11, 1))
    with write_transaction() as session:
        invoice = session.get_one(Invoice, invoice_id)
        run_id = invoice.run_id
        payment_id = payments.record_counter_payment(
            session, office_id=invoice.office_id, family_id=invoice.family_id, mode=PaymentMode.CASH, amount_cents=100,
            received_on=factories.MONDAY, reference="", recorded_by=staff_id,
        )  # fmt: skip
        cheque_id = payments.record_counter_payment(
            session, office_id=invoice.office_id, family_id=invoice.family_id, mode=PaymentMode.CHEQUE,
            amount_cents=100, received_on=factories.MONDAY, reference="", recorded_by=staff_id,
        )  # fmt: skip
        typed = DepositInput(invoice.office_id, PaymentMode.CHEQUE, None, [cheque_id], None)
        deposit_id = deposits.hand_in(session, typed, staff_id, "access-matrix")
        keeper = Keeper("Odile REGIE", KeeperRole.KEEPER, factories.MONDAY, None)
        keeper_id = cash_desks.save_keeper(session, None, invoice.office_id, keeper)
        grid = factories.make_grid(planning.activity.units.values(), [(0, None, 300)])
        version_id = tariffs.add_version(session, planning.activity.id, TariffInput(date(2027, 1, 1), grid))
        draft_id, _ = tariff_drafts.open_draft(session, planning.activity.id, grid)
    credit_id = factories.make_credit(invoice_id, staff_id)
    return {
        "credit_id": credit_id, "correction_id": factories.make_correction(invoice_id, staff_id),
        "line_id": db.session.scalars(select(InvoiceLine.id).where(InvoiceLine.invoice_id == invoice_id)).one(),
        "invoice_id": invoice_id, "run_id": run_id, "payment_id": payment_id, "quotient_id": quotient_id,
        "version_id": version_id, "draft_id": draft_id, "book_id": book_id, "deposit_id": deposit_id,
        "keeper_id": keeper_id,
    }  # fmt: skip


def _make_debts(staff_id: int) -> Mapping[str, int]:
    """A family without address that was reminded by letter and transferred, and an invoice that is held back."""
    family = factories.make_family("PAPIER", "Alix", email="papier@example.org")
    first, second = (
        factories.make_invoice(family, 3_000, prefix="AN", payfip_number="000002", issued_on=date(2026, 9, 1))
        for _ in range(2)
    )
    with write_transaction() as session:
        session.execute(update(Guardian).where(Guardian.family_id == family.family_id).values(email=None))
    with write_transaction() as session:
        office_id = session.get_one(Invoice, first).office_id
        sending_id = debt_reminders.send(session, office_id, 1, [family.family_id], staff_id, "essai")
        debts.give_up(session, first, DebtMoveKind.TRANSFER, "Bordereau", staff_id)
        debts.hold_back(session, second, HoldKind.DISPUTE, None, "Contestée", staff_id)
    assert sending_id is not None
    return {
        "sending_id": sending_id,
        "letter_id": db.session.scalars(select(ReminderLetter.id)).one(),
        "move_id": db.session.scalars(select(DebtMove.id)).one(),
        "hold_id": db.session.scalars(select(InvoiceHold.id)).one(),
    }


def _make_debits(own: factories.FamilySetup, office_id: int, staff_id: int) -> Mapping[str, int]:
    """Offices that collect, the family's mandate, and a collection of another family's invoice."""
    for each in db.session.scalars(select(Office.id)).all():
        factories.let_collect(each)
    collected = factories.make_family("COMPTE", "Alix", email="compte@example.org")
    prefix = db.session.get_one(Office, office_id).prefix
    factories.make_invoice(collected, 1_200, prefix=prefix, issued_on=date(2026, 10, 1))
    factories.make_mandate(collected, office_id, staff_id)
    batch_id = factories.prepare_debit(office_id, staff_id)
    return {
        "mandate_id": factories.make_mandate(own, office_id, staff_id),
        "batch_id": batch_id,
        "debit_id": db.session.scalars(select(DebitLine.id).where(DebitLine.batch_id == batch_id)).one(),
    }


def secret_for(email: str) -> str:
    """The secret of the last link sent to an address, as its mail would show it."""
    secret = db.session.scalars(
        select(OutboxMail.secret)
        .where(OutboxMail.recipient == email, OutboxMail.secret.is_not(None))
        .order_by(OutboxMail.id.desc())
        .limit(1)
    ).one()
    assert secret is not None
    return secret


def _make_waiting(
    planning: factories.PlanningSetup, stranger: factories.FamilySetup, strangers_child_id: int
) -> tuple[int, int]:
    """A day that is full, for which the family waits, and the stranger too; the ids of the entries."""
    day = factories.wednesdays(3)[-1]
    factories.give_list(planning.activity)
    with write_transaction() as session:
        scope_settings.set_day_places(session, planning.activity.scope_id or 0, [day], 0, None)
    for family, child_id in ((planning.family, planning.child_id), (stranger, strangers_child_id)):
        factories.join_list(family, child_id, [planning.opening(day, "Matin")])
    ids = db.session.scalars(select(WaitingEntry.id).order_by(WaitingEntry.id)).all()
    return ids[0], ids[1]
