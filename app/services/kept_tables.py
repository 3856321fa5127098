"""Every table of the portal: the class of personal data that it belongs to, and what becomes of its rows when a family
is erased.

A new table is one line here (tests/services/test_kept_tables.py asks for it): in TABLES with how its rows of a family
are found, or in NOT_PERSONAL with its reason. Rows are deleted, the dependent ones first; a row that something kept
still names stays, and `blank` takes out of it what names somebody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Table, and_, false, or_, select

from app import clock
from app.database import Base
from app.rules.required_documents import SubmissionStatus
from app.rules.retention import DataClass
from app.rules.states import BookingStatus, FamilyStatus
from app.rules.texts import fold


@dataclass(frozen=True, slots=True)
class Scope:
    """Who is erased: a family, its adults, its children who have no other home, its logins that serve nothing else."""

    family_id: int
    guardian_ids: frozenset[int]
    child_ids: frozenset[int]
    user_ids: frozenset[int]
    emails: frozenset[str]  # of these logins, and of adults without one


Condition = Callable[[Table, Scope], ColumnElement[bool]]
Blank = Mapping[str, Any] | Callable[[RowMapping], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Kept:
    """Of a table: its class, which rows are a family's, and what happens to them."""

    data: DataClass
    whose: Condition
    blank: Blank | None = None  # what is taken out of a row that stays
    spared: Condition | None = None  # rows that stay though nothing names them


def of_family(table: Table, scope: Scope) -> ColumnElement[bool]:
    """The rows of the family."""
    return table.c.family_id == scope.family_id


def of_children(table: Table, scope: Scope) -> ColumnElement[bool]:
    """The rows of the children who go with it."""
    return table.c.child_id.in_(scope.child_ids)


def of_adults(table: Table, scope: Scope) -> ColumnElement[bool]:
    """The rows of its adults."""
    return table.c.guardian_id.in_(scope.guardian_ids)


def of_logins(table: Table, scope: Scope) -> ColumnElement[bool]:
    """The rows of its logins."""
    return table.c.user_id.in_(scope.user_ids)


def by_id(name: str) -> Condition:
    """The rows whose ids the scope names."""

    def condition(table: Table, scope: Scope) -> ColumnElement[bool]:
        return table.c.id.in_(getattr(scope, name))

    return condition


def through(parent: str, column: str) -> Condition:
    """The rows of the rows of another table."""

    def condition(table: Table, scope: Scope) -> ColumnElement[bool]:
        above = Base.metadata.tables[parent]
        return table.c[column].in_(select(above.c.id).where(TABLES[parent].whose(above, scope)))

    return condition


def either(*conditions: Condition) -> Condition:
    """The rows that meet one of several conditions."""
    return lambda table, scope: or_(*(condition(table, scope) for condition in conditions))


def _all(_table: Table, _scope: Scope) -> ColumnElement[bool]:
    return ~false()


def _mails(table: Table, scope: Scope) -> ColumnElement[bool]:
    without_family = and_(table.c.family_id.is_(None), table.c.recipient.in_(scope.emails))
    return and_(or_(table.c.family_id == scope.family_id, without_family), table.c.is_last.is_(False))


def _notices(table: Table, scope: Scope) -> ColumnElement[bool]:
    """What the staff have not seen yet of a child who stays is about its safety."""
    return and_(table.c.family_id == scope.family_id, or_(table.c.seen_at.is_not(None), of_children(table, scope)))


def _documents(table: Table, scope: Scope) -> ColumnElement[bool]:
    """Its own, and those of children who go with it, whoever handed them in."""
    return or_(of_family(table, scope), of_children(table, scope))


def of_other_home(table: Table, scope: Scope) -> ColumnElement[bool]:
    """The accepted documents of its children who have another home: they count there too."""
    homes = Base.metadata.tables["family_child"]
    elsewhere = select(homes.c.child_id).where(homes.c.family_id != scope.family_id)
    return and_(
        of_family(table, scope), table.c.status == SubmissionStatus.ACCEPTED, table.c.child_id.is_not(None),
        table.c.child_id.in_(elsewhere),
    )  # fmt: skip


def _family(row: RowMapping) -> Mapping[str, Any]:
    return {
        **_named("Famille effacée", f"n° {row['id']}"), "status": FamilyStatus.ERASED, "home_phone": None,
        "mobile_phone": None, "regime": None, "fund_number": None, "fund_holder_name": None, "refusal_reason": None,
    }  # fmt: skip


def _guardian(row: RowMapping) -> Mapping[str, Any]:
    texts = (
        "number", "repetition", "street", "complement", "postal_code", "city", "profession", "employer", "home_phone",
        "work_phone", "mobile_phone", "work_mobile_phone",
    )  # fmt: skip
    return {
        **_named("Parent effacé", f"n° {row['id']}"), **dict.fromkeys(texts, ""), "user_id": None, "email": None,
        "situation": None, "birth_date": None, "occupation": None, "wants_reminders": False,
    }  # fmt: skip


def _child(row: RowMapping) -> Mapping[str, Any]:
    # The year is left: figures go by age.
    return {**_named("Enfant effacé", f"n° {row['id']}"), "birth_date": date(row["birth_date"].year, 1, 1)}


def _mandate(row: RowMapping) -> Mapping[str, Any]:
    """What was collected with it keeps its account as long as the accounting does; it ends."""
    now = clock.now()
    return {"holder": "", "iban": "", "end_reason": "", "ended_at": row["ended_at"] or now, "purged_at": now}


def _user(row: RowMapping) -> Mapping[str, Any]:
    return {"email": f"compte-efface-{row['id']}", "display_name": "Compte effacé"}


def _named(last_name: str, first_name: str) -> Mapping[str, Any]:
    return {
        "last_name": last_name, "first_name": first_name, "folded_name": fold(f"{last_name} {first_name}"),
    }  # fmt: skip


TABLES: Mapping[str, Kept] = {
    "family": Kept(DataClass.FAMILY_FILE, lambda table, scope: table.c.id == scope.family_id, _family, spared=_all),
    "family_address": Kept(DataClass.FAMILY_FILE, of_family),
    "family_quotient": Kept(DataClass.FAMILY_FILE, of_family),
    "family_residence": Kept(DataClass.FAMILY_FILE, of_family),
    "family_standing": Kept(DataClass.FAMILY_FILE, either(of_family, of_children)),
    "family_child": Kept(DataClass.FAMILY_FILE, of_family),
    "guardian": Kept(DataClass.FAMILY_FILE, by_id("guardian_ids"), _guardian),
    "child": Kept(DataClass.FAMILY_FILE, by_id("child_ids"), _child),
    "child_contact": Kept(DataClass.FAMILY_FILE, of_children),
    "child_authorisation": Kept(DataClass.FAMILY_FILE, of_children),
    "consent": Kept(DataClass.FAMILY_FILE, of_family),
    "file_certification": Kept(DataClass.FAMILY_FILE, of_family),
    "text_acceptance": Kept(DataClass.FAMILY_FILE, of_family),
    "message_thread": Kept(DataClass.MESSAGES, of_family),
    "message": Kept(DataClass.MESSAGES, through("message_thread", "thread_id")),
    "message_reading": Kept(DataClass.MESSAGES, through("message_thread", "thread_id")),
    "child_section": Kept(DataClass.HEALTH, of_children),
    "safety_notice": Kept(DataClass.HEALTH, _notices),
    "health_access": Kept(DataClass.HEALTH_READS, of_children),
    "submitted_document": Kept(DataClass.DOCUMENTS, _documents, {"file_name": "document.pdf"}, spared=of_other_home),
    "absence_justification": Kept(DataClass.CERTIFICATES, of_family),
    "justified_absence": Kept(DataClass.BOOKINGS, through("absence_justification", "justification_id")),
    "change_request": Kept(DataClass.FILE_CHANGES, of_family),
    "file_change": Kept(DataClass.FILE_CHANGES, of_family),
    "enrolment": Kept(
        DataClass.BOOKINGS, of_family,
        dict.fromkeys(("refusal_reason", "rank_reason", "end_reason", "despite_reason"), None),
    ),
    "booking": Kept(
        DataClass.BOOKINGS, of_family, {"price_explanation": "", "special_note": None},
        spared=lambda table, _scope: table.c.status == BookingStatus.CONFIRMED,
    ),
    "booking_event": Kept(DataClass.BOOKINGS, through("booking", "booking_id")),
    "booking_price_change": Kept(DataClass.BOOKINGS, through("booking", "booking_id")),
    "attendance": Kept(
        DataClass.BOOKINGS, either(of_children, through("booking", "booking_id")),
        spared=lambda table, _scope: table.c.turnout.is_not(None),
    ),
    "attendance_event": Kept(DataClass.BOOKINGS, through("attendance", "attendance_id")),
    "waiting_entry": Kept(DataClass.BOOKINGS, of_family),
    "waiting_move": Kept(DataClass.BOOKINGS, through("waiting_entry", "entry_id"), {"reason": ""}),
    "prepaid_book": Kept(
        DataClass.BOOKINGS, of_family, {"price_explanation": ""},
        spared=lambda table, _scope: table.c.line_id.is_not(None),
    ),
    "prepaid_book_event": Kept(DataClass.BOOKINGS, through("prepaid_book", "book_id")),
    "invoice_run_draft": Kept(DataClass.BOOKINGS, of_family),
    "invoice_run_oddity": Kept(DataClass.BOOKINGS, either(of_family, of_children)),
    "invoice": Kept(DataClass.ACCOUNTING, of_family, spared=_all),
    "carried_month": Kept(DataClass.ACCOUNTING, of_family, spared=_all),
    "invoice_line": Kept(DataClass.ACCOUNTING, through("invoice", "invoice_id"), spared=_all),
    "invoiced_booking": Kept(DataClass.ACCOUNTING, through("booking", "booking_id"), spared=_all),
    "payment": Kept(DataClass.ACCOUNTING, of_family, spared=_all),
    "payment_allocation": Kept(DataClass.ACCOUNTING, through("payment", "payment_id"), spared=_all),
    "payment_reversal": Kept(DataClass.ACCOUNTING, through("payment", "payment_id"), spared=_all),
    "refund": Kept(DataClass.ACCOUNTING, of_family, spared=_all),
    "refund_share": Kept(DataClass.ACCOUNTING, through("refund", "refund_id"), spared=_all),
    "deposit_item": Kept(
        DataClass.ACCOUNTING, either(through("payment", "payment_id"), through("payment", "reversed_id")), spared=_all
    ),
    "journal_line": Kept(
        DataClass.ACCOUNTING,
        either(
            either(through("payment", "payment_id"), through("payment", "reversed_id")), through("refund", "refund_id")
        ),
        spared=_all,
    ),
    "stored_pdf": Kept(
        DataClass.ACCOUNTING,
        either(
            through("invoice", "invoice_id"), through("payment", "payment_id"),
            through("credit_note", "credit_note_id"),
        ),
        spared=_all,
    ),
    "correction": Kept(DataClass.ACCOUNTING, of_family, spared=_all),
    "correction_booking": Kept(DataClass.ACCOUNTING, through("correction", "correction_id"), spared=_all),
    "credit_note": Kept(DataClass.ACCOUNTING, of_family, spared=_all),
    "credit_line": Kept(DataClass.ACCOUNTING, through("credit_note", "credit_note_id"), spared=_all),
    "credited_booking": Kept(DataClass.ACCOUNTING, through("booking", "booking_id"), spared=_all),
    "credit_allocation": Kept(DataClass.ACCOUNTING, through("credit_note", "credit_note_id"), spared=_all),
    "payment_basket": Kept(DataClass.ACCOUNTING, of_family, {"email": "", "redirect_url": None}, spared=_all),
    "basket_invoice": Kept(DataClass.ACCOUNTING, through("payment_basket", "basket_id"), spared=_all),
    "basket_booking": Kept(DataClass.ACCOUNTING, through("payment_basket", "basket_id"), spared=_all),
    "basket_event": Kept(DataClass.ACCOUNTING, through("payment_basket", "basket_id"), spared=_all),
    "child_aid": Kept(DataClass.ACCOUNTING, of_family, {"reason": None}, spared=_all),
    "aid_use": Kept(DataClass.ACCOUNTING, through("child_aid", "aid_id"), spared=_all),
    "reminder_letter": Kept(DataClass.ACCOUNTING, of_family, spared=_all),
    "invoice_reminder": Kept(DataClass.ACCOUNTING, of_family, spared=_all),
    "invoice_hold": Kept(DataClass.ACCOUNTING, through("invoice", "invoice_id"), {"reason": ""}, spared=_all),
    "debt_move": Kept(DataClass.ACCOUNTING, through("invoice", "invoice_id"), {"reason": ""}, spared=_all),
    "debit_mandate": Kept(DataClass.ACCOUNTING, of_family, _mandate),
    "debit_line": Kept(DataClass.ACCOUNTING, of_family, spared=_all),
    "tax_certificate": Kept(DataClass.ACCOUNTING, of_family, spared=_all),
    "tax_certificate_child": Kept(DataClass.ACCOUNTING, through("tax_certificate", "certificate_id"), spared=_all),
    "outbox_mail": Kept(DataClass.MAILS, _mails),
    "mail_resending": Kept(DataClass.MAILS, through("outbox_mail", "mail_id")),
    "week_reminder": Kept(DataClass.MAILS, either(of_adults, of_children)),
    "urgent_recipient": Kept(DataClass.MAILS, of_family),
    "text_recipient": Kept(DataClass.MAILS, of_family),
    "sign_in_event": Kept(DataClass.SIGN_INS, of_logins),
    "user_session": Kept(DataClass.ACCESS, of_logins),
    "user_token": Kept(DataClass.ACCESS, of_logins),
    "second_factor": Kept(DataClass.ACCESS, of_logins),
    "recovery_code": Kept(DataClass.ACCESS, of_logins),
    "save_receipt": Kept(DataClass.ACCESS, of_logins),
    "calendar_feed": Kept(DataClass.ACCESS, either(of_family, of_logins)),
    "guardian_invitation": Kept(DataClass.ACCESS, of_adults),
    "claim_code": Kept(DataClass.ACCESS, of_adults),
    "imported_family": Kept(
        DataClass.IMPORTS, of_family, dict.fromkeys(("content", "report", "codes"), None), spared=_all
    ),
    "user_account": Kept(DataClass.ACCOUNTS, by_id("user_ids"), _user),
    "erasure_request": Kept(DataClass.LOG, of_family, {"refusal_reason": None}, spared=_all),
}  # fmt: skip

NOT_PERSONAL: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "absence_reason", "activity", "activity_group", "activity_notice_rule", "aid_fund", "capacity_scope",
            "capacity_scope_group", "capacity_scope_unit", "cash_desk", "consent_text", "council", "field_policy",
            "debit_settings", "figure_settings", "mail_text", "message_recipient", "office", "office_mode",
            "publication", "publication_activity", "publication_file", "reminder_settings", "required_document",
            "required_document_activity", "residence_commune", "retention_choice", "school", "season", "site",
            "tariff_version", "text_activity", "text_mailing", "text_to_accept", "text_version", "unit",
            "vaccine_obligation",
        ),
        "what the council set",
    ),
    **dict.fromkeys(
        (
            "commune", "commune_postal_code", "installation", "public_holiday", "reference_dataset", "school_holiday",
        ),
        "published data, and the installation's own",
    ),
    **dict.fromkeys(
        (
            "allocation_batch", "capacity_counter", "debit_batch", "deposit", "document_series", "invoice_run",
            "opening", "purge_run", "reminder_run", "tax_publication",
        ),
        "counts and dates that name nobody",
    ),
    "validated_day": "the day of a group; why it was opened again goes with the bookings (services/purges.py)",
    "run_acceptance": "what was odd in a run; the agent's word goes with the accounting (services/purges.py)",
    **dict.fromkeys(("meal_adults", "meal_order"), "numbers of meals, which name no child"),
    **dict.fromkeys(("closure", "closure_opening"), "what the council closed, for all families alike"),
    "family_import": "who imported a file, when and how many families; its name goes with the log (services/purges.py)",
    "urgent_message": "what the council wrote to many families at once",
    **dict.fromkeys(
        ("cash_keeper", "staff_action", "staff_role"), "the council's own agents, whose file is their employer's"
    ),
    "sign_in_failure": "hashes that name nobody, forgotten after minutes",
}  # fmt: skip
"""The tables in which no family is named, and why."""
