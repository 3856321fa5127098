"""What is typed at the counter: how much, how, and where it goes."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, HiddenField, RadioField
from wtforms.validators import Optional, ValidationError

from app.filters import NBSP, euros
from app.forms.fields import (
    DATE_FORMATS,
    DateField,
    Filled,
    Listed,
    amount_typed,
    read_cents,
    text_field,
)
from app.labels import choices_of, label
from app.rules.allocation import Allocation, AllocationProblem, AllocationProblemKind, OpenInvoice
from app.rules.cash_desks import Detail, PaymentDetails, PaymentMode, ReversalKind, missing_details
from app.rules.ibans import read_iban
from app.services.cash_desks import ModeSetting
from app.services.refunds import RefundInput

LARGEST_PAYMENT_CENTS = 10_000_000
OLDEST_PAYMENT = timedelta(days=366)
_SHARE = re.compile(r"invoice-([0-9]{1,9})")


class CounterPaymentForm(FlaskForm):
    """Money taken at the counter."""

    office_id = HiddenField()
    form_key = HiddenField()
    mode = RadioField(
        "Mode",
        choices={},
        validators=[Filled(message="Choisissez le mode de règlement."), Listed()],
        validate_choice=False,
    )  # fmt: skip
    amount = text_field(
        "Montant reçu", required="Indiquez le montant reçu.", longest=12, inputmode="decimal", autocomplete="off"
    )
    received_on = DateField(
        "Reçu le",
        format=DATE_FORMATS,
        validators=[Filled(message="Indiquez le jour où l’argent a été reçu, par exemple 23/11/2026.")],
    )
    bank = text_field("Banque", longest=60, autocomplete="off")
    drawer = text_field("Émetteur du chèque", longest=80, autocomplete="off")
    voucher_count = text_field("Nombre de titres", longest=4, inputmode="numeric", autocomplete="off")
    value_on = DateField("Date de valeur du virement", format=DATE_FORMATS, validators=[Optional()])
    reference = text_field("Numéro ou référence", longest=80, autocomplete="off")
    keep_surplus = BooleanField("Garder le surplus pour la famille")

    def __init__(
        self,
        today: date,
        open_invoices: Sequence[OpenInvoice],
        form_key: str,
        modes: Sequence[ModeSetting],
        drawer: str,
    ) -> None:
        """`open_invoices` are what the family owes the office, `modes` what the office takes."""
        super().__init__(data={"received_on": today, "form_key": form_key, "drawer": drawer})
        self.mode.choices = {
            each.mode.value: f"{label(each.mode)}{NBSP}: {each.note}" if each.note else label(each.mode)
            for each in modes
        }
        self._today = today
        self._due_cents = sum(invoice.balance_cents for invoice in open_invoices)

    @property
    def amount_cents(self) -> int:
        """The amount; only of a valid form."""
        cents = read_cents(self.amount.data)
        assert cents is not None
        return cents

    @property
    def asks_surplus(self) -> bool:
        """Whether more was given than is due, so that somebody must say that it is meant."""
        cents = read_cents(self.amount.data or "")
        return cents is not None and cents > self._due_cents

    def validate_amount(self, field: Field) -> None:
        """Raises ValidationError."""
        cents = read_cents(field.data)
        if cents is None:
            raise ValidationError("Écrivez un montant en euros, par exemple 35,00.")
        if not 0 < cents <= LARGEST_PAYMENT_CENTS:
            raise ValidationError(f"Le montant doit être de 0,01{NBSP}€ à {euros(LARGEST_PAYMENT_CENTS)}.")

    def validate_received_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data > self._today:
            raise ValidationError("Cette date n’est pas encore arrivée.")
        if field.data < self._today - OLDEST_PAYMENT:
            raise ValidationError("Cette date est trop ancienne : un an au plus.")

    @property
    def details(self) -> PaymentDetails:
        """What was noted of it."""
        return PaymentDetails(
            self.reference.data,
            self.bank.data,
            self.drawer.data,
            int(self.voucher_count.data) if self.voucher_count.data.isdecimal() else None,
            self.value_on.data,
        )

    def validate_voucher_count(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and not re.fullmatch("[0-9]{1,4}", field.data):
            raise ValidationError("Écrivez le nombre de titres en chiffres, par exemple 4.")

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Also what the chosen mode asks."""
        is_valid: bool = super().validate(extra_validators)
        if self.mode.errors or not self.mode.data:
            return False
        fields = {
            Detail.REFERENCE: self.reference,
            Detail.BANK: self.bank,
            Detail.DRAWER: self.drawer,
            Detail.VOUCHER_COUNT: self.voucher_count,
            Detail.VALUE_DATE: self.value_on,
        }
        mode = PaymentMode(self.mode.data)
        for detail in missing_details(mode, self.details):
            if not fields[detail].errors:
                fields[detail].errors = [_missing(mode, detail)]
                is_valid = False
        return is_valid

    def validate_keep_surplus(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.asks_surplus and not field.data:
            raise ValidationError(
                f"C’est plus que ce qui est dû ({euros(self._due_cents)}). Cochez la case si c’est voulu."
            )


def _missing(mode: PaymentMode, detail: Detail) -> str:
    if detail is Detail.REFERENCE:
        if mode is PaymentMode.CHEQUE:
            return "Indiquez le numéro du chèque."
        return "Indiquez la référence du virement, telle que le relevé de compte la montre."
    return {
        Detail.BANK: "Indiquez la banque du chèque.",
        Detail.DRAWER: "Indiquez qui a signé le chèque.",
        Detail.VOUCHER_COUNT: "Indiquez le nombre de titres reçus.",
        Detail.VALUE_DATE: "Indiquez le jour où l’argent est arrivé sur le compte.",
    }[detail]


class ReversalForm(FlaskForm):
    """Why a payment counts no more."""

    kind = RadioField(
        "Pourquoi",
        choices=choices_of(ReversalKind),
        validators=[Filled(message="Choisissez pourquoi ce règlement est annulé."), Listed()],
        validate_choice=False,
    )
    reason = text_field(
        "Motif", required="Expliquez pourquoi : le journal de la régie garde ce motif.", longest=200, autocomplete="off"
    )


class RefundForm(FlaskForm):
    """Money that goes back to a family by transfer."""

    office_id = HiddenField()
    form_key = HiddenField()
    amount = text_field(
        "Montant à rembourser", required="Indiquez le montant à rembourser.", longest=12, inputmode="decimal",
        autocomplete="off",
    )  # fmt: skip
    holder = text_field("Titulaire du compte", required="Indiquez à qui est le compte.", longest=80, autocomplete="off")
    iban = text_field(
        "IBAN", required="Indiquez l’IBAN du compte.", longest=42, autocomplete="off", spellcheck="false",
        autocapitalize="characters",
    )  # fmt: skip
    reason = text_field(
        "Motif", required="Expliquez pourquoi : le journal de la régie garde ce motif.", longest=200, autocomplete="off"
    )

    def __init__(self, limit_cents: int, form_key: str, holder: str) -> None:
        """`limit_cents` is the most that may be given back."""
        super().__init__(data={"form_key": form_key, "holder": holder, "amount": amount_typed(limit_cents)})
        self.limit_cents = limit_cents

    def validate_amount(self, field: Field) -> None:
        """Raises ValidationError."""
        cents = read_cents(field.data)
        if cents is None or cents <= 0:
            raise ValidationError("Écrivez un montant en euros, par exemple 35,00.")
        if cents > self.limit_cents:
            raise ValidationError(f"Il ne reste que {euros(self.limit_cents)} à rembourser.")

    def validate_iban(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and read_iban(field.data) is None:
            raise ValidationError("Cet IBAN n’est pas juste : vérifiez ses chiffres, par exemple sur un RIB.")

    def typed(self) -> RefundInput:
        """What was typed; only of a valid form."""
        cents, iban = read_cents(self.amount.data), read_iban(self.iban.data)
        assert cents is not None and iban is not None
        return RefundInput(cents, self.holder.data, iban, self.reason.data)


class Shares:
    """How much goes to which invoice, as typed; all blank: the oldest first."""

    def __init__(self, typed: Mapping[int, str]) -> None:
        self.typed = dict(typed)
        self.errors: dict[int, str] = {}  # by invoice
        self.whole_error: str | None = None

    @property
    def is_by_hand(self) -> bool:
        """Whether somebody chose."""
        return any(self.typed.values())

    @property
    def is_wrong(self) -> bool:
        """Whether anything was refused."""
        return bool(self.errors or self.whole_error)

    def fill(self, allocations: Sequence[Allocation]) -> None:
        """Write what would go where."""
        self.typed = {
            each.invoice_id: f"{each.amount_cents // 100},{each.amount_cents % 100:02d}" for each in allocations
        }

    def allocations(self) -> Sequence[Allocation] | None:
        """What was typed, or None: the oldest first. Notes errors."""
        found = []
        for invoice_id, text in self.typed.items():
            cents = read_cents(text) if text else 0
            if cents is None:
                self.errors[invoice_id] = "Écrivez un montant en euros, par exemple 15,00."
            elif text:
                found.append(Allocation(invoice_id, cents))
        return found if self.is_by_hand else None

    def refuse(self, problems: Sequence[AllocationProblem]) -> None:
        """Say beside each field what the rule said of it."""
        for problem in problems:
            sentence = _sentence(problem)
            if problem.invoice_id is None:
                self.whole_error = sentence
            else:
                self.errors[problem.invoice_id] = sentence


def read_shares(form: MultiDict[str, str]) -> Shares:
    """The amounts that were typed beside invoices."""
    found = {name: _SHARE.fullmatch(name) for name in form}
    return Shares({int(match[1]): form.get(name, "").strip()[:20] for name, match in found.items() if match})


def _sentence(problem: AllocationProblem) -> str:
    limit = euros(problem.limit_cents or 0)
    match problem.kind:
        case AllocationProblemKind.NOT_POSITIVE:
            return "Indiquez un montant au-dessus de zéro, ou laissez la case vide."
        case AllocationProblemKind.ABOVE_BALANCE:
            return f"Il ne reste que {limit} à payer sur cette facture."
        case AllocationProblemKind.ABOVE_PAYMENT:
            return f"La répartition dépasse le montant reçu ({limit})."
        case AllocationProblemKind.TWICE | AllocationProblemKind.UNKNOWN_INVOICE:
            return "Cette facture n’est plus à payer."
