"""PayFiP, the State's site for paying local councils: its web service (SOAP), through eopayment, the field's library.

eopayment carries the protocol: its description, the calls, the faults. Amounts, modes, addresses and the meaning of
answers are ours: docs/decisions/0005-payment-gateway.md says why, and which of its habits are avoided here.
"""

import re
import threading
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from app.clock import PARIS
from app.integrations.payments import (
    MAX_SUBJECT_LENGTH,
    AskedPayment,
    GatewayMode,
    PaymentMeans,
    PaymentOutcome,
    PaymentReading,
    PaymentRefused,
    PaymentRequest,
    PaymentUnavailable,
)

SERVICE_PATH = "/tpa/services/securite"
PAYMENT_PATH = "/tpa/paiementws.web"
PAYFIP_ORIGIN = "https://www.payfip.gouv.fr"

CONNECT_TIMEOUT_SECONDS = 5
ANSWER_TIMEOUT_SECONDS = 15

# PayFiP's own codes; what eopayment invents for faults of the network and of SOAP does not look like them.
_FAULT_CODE = re.compile(r"[A-Z][0-9]{1,2}")
_OPERATION_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_RESULT_NOT_KNOWN_YET = "P5"
_UNKNOWN_OPERATION = "P1"

_RESULTS = {
    "P": (PaymentOutcome.PAID_CARD, PaymentMeans.CARD),
    "V": (PaymentOutcome.PAID_DEBIT, PaymentMeans.DIRECT_DEBIT),
    "R": (PaymentOutcome.REFUSED, PaymentMeans.CARD),
    "Z": (PaymentOutcome.REFUSED, PaymentMeans.DIRECT_DEBIT),
    "A": (PaymentOutcome.CANCELLED, None),
}

# zeep and requests take 200 ms and 25 MB: read when the first payment is asked for, by one thread.
_importing = threading.Lock()


class PayFiPMode(StrEnum):
    """The setting PAYFIP_MODE."""

    SIMULATOR = "simulator"
    TEST = "test"
    ACTIVATION = "activation"
    PRODUCTION = "production"

    @property
    def gateway_mode(self) -> GatewayMode:
        """The letter that PayFiP knows for it (« saisie »). The simulator only knows tests."""
        return {
            PayFiPMode.SIMULATOR: GatewayMode.TEST,
            PayFiPMode.TEST: GatewayMode.TEST,
            PayFiPMode.ACTIVATION: GatewayMode.ACTIVATION,
            PayFiPMode.PRODUCTION: GatewayMode.PRODUCTION,
        }[self]


class PayFiPGateway:
    """The PaymentGateway of PayFiP. It keeps no connection: payments are few, and a client of its own for each call
    costs 6 ms, shares nothing between threads and never meets a connection that a firewall forgot."""

    def __init__(
        self, mode: PayFiPMode, *, simulator_url: str | None = None, simulator_page_url: str | None = None
    ) -> None:
        """`simulator_url`: where the simulator listens, for that mode and no other (raises ValueError).

        `simulator_page_url`: the address under which browsers reach the simulator, where that is another one.
        """
        if (mode is PayFiPMode.SIMULATOR) != (simulator_url is not None):
            raise ValueError("the simulator's address is needed to use it, and refused for PayFiP itself")
        self._is_simulator = mode is PayFiPMode.SIMULATOR
        self._mode = mode.gateway_mode
        self._service_url = (simulator_url or PAYFIP_ORIGIN).rstrip("/") + SERVICE_PATH
        self._payment_url = (simulator_page_url or simulator_url or PAYFIP_ORIGIN).rstrip("/") + PAYMENT_PATH

    @property
    def mode(self) -> GatewayMode:
        """See PaymentGateway."""
        return self._mode

    @property
    def payment_origin(self) -> str:
        """See PaymentGateway."""
        parts = urlsplit(self._payment_url)
        return f"{parts.scheme}://{parts.netloc}"

    def ask(self, request: PaymentRequest) -> AskedPayment:
        """See PaymentGateway."""
        operation_id = self._call(
            lambda client: client.get_idop(
                numcli=request.client_number,
                saisie=self._mode.value,
                exer=str(request.year),
                refdet=request.reference,
                montant=str(request.amount_cents),
                mel=request.email,
                url_notification=request.notify_url,
                url_redirect=request.return_url,
                objet=_plain(request.subject) or None,
                timeout=(CONNECT_TIMEOUT_SECONDS, ANSWER_TIMEOUT_SECONDS),
            )
        )
        if not isinstance(operation_id, str) or not _OPERATION_ID.fullmatch(operation_id):
            raise PaymentUnavailable(f"PayFiP gave no operation id: {operation_id!r}")
        return AskedPayment(operation_id, f"{self._payment_url}?idop={operation_id}")

    def look_up(self, operation_id: str) -> PaymentReading:
        """See PaymentGateway."""
        if not _OPERATION_ID.fullmatch(operation_id):
            raise ValueError(f"not an operation id: {operation_id!r}")
        try:
            answer = self._call(
                lambda client: client.get_info_paiement(
                    operation_id, timeout=(CONNECT_TIMEOUT_SECONDS, ANSWER_TIMEOUT_SECONDS)
                )
            )
        except PaymentRefused as fault:
            outcome = {
                _RESULT_NOT_KNOWN_YET: PaymentOutcome.PENDING,
                _UNKNOWN_OPERATION: PaymentOutcome.UNKNOWN,
            }.get(fault.code)
            if outcome is None:
                raise
            return _nothing_known(outcome, {"code": fault.code, "libelle": fault.message})
        if answer is None:
            raise PaymentUnavailable("PayFiP gave an empty answer")
        reading = _reading({name: str(answer[name]) for name in answer if answer[name] is not None})
        if reading.raw.get("idOp", operation_id) != operation_id:
            raise PaymentUnavailable(f"PayFiP answered for another operation: {reading.raw['idOp']!r}")
        return reading

    def describe_client(self, client_number: str) -> str:
        """How PayFiP names a client number, for the staff who set it. Raises PaymentRefused or PaymentUnavailable."""
        answer = self._call(
            lambda client: client.get_info_client(
                client_number, timeout=(CONNECT_TIMEOUT_SECONDS, ANSWER_TIMEOUT_SECONDS)
            )
        )
        if answer is None:
            raise PaymentUnavailable("PayFiP gave an empty answer")
        return " – ".join(filter(None, (answer.libelleN1, answer.libelleN2, answer.libelleN3)))

    def _call(self, operation: Callable[[Any], Any]) -> Any:
        """Run `operation` with a client of its own, and tell faults of PayFiP from those of the way to it."""
        payfip_ws = _library()
        with _session(trust_environment=not self._is_simulator) as session:
            client = payfip_ws.PayFiP(zeep_client_kwargs={"transport": _transport(session, self._service_url)})
            try:
                return operation(client)
            except payfip_ws.PayFiPError as fault:
                if fault.origin is None and isinstance(fault.code, str) and _FAULT_CODE.fullmatch(fault.code):
                    raise PaymentRefused(fault.code, str(fault.message).strip()) from fault
                raise PaymentUnavailable(f"{fault.code}: {fault.message}") from fault


def read_operation_id(query_or_form: str | Mapping[str, str]) -> str | None:
    """The operation id that PayFiP, or a browser it sent, brought; None where there is none, or none that may be one.

    PayFiP writes « idop » here and « idOp » there. Accepts a query string, or fields as a mapping.
    """
    fields = parse_qsl(query_or_form) if isinstance(query_or_form, str) else query_or_form.items()
    for name, value in fields:
        if name.lower() == "idop" and _OPERATION_ID.fullmatch(value):
            return value
    return None


def _plain(text: str) -> str:
    """`text` in the letters without accent, digits and spaces that PayFiP takes: « l’été n° 2 » is « l ete n 2 »."""
    letters = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE"))
    unaccented = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^A-Za-z0-9]", " ", unaccented).split())[:MAX_SUBJECT_LENGTH]


def _reading(raw: dict[str, str]) -> PaymentReading:
    result = raw.get("resultrans", "")
    if result not in _RESULTS:
        raise PaymentUnavailable(f"PayFiP gave a result that nobody knows: {result!r}")
    outcome, means = _RESULTS[result]
    amount = raw.get("montant", "")
    return PaymentReading(
        outcome=outcome,
        amount_cents=int(amount) if re.fullmatch(r"[0-9]{1,12}", amount) else None,
        reference=raw.get("refdet"),
        client_number=raw.get("numcli"),
        mode=raw.get("saisie"),
        means=means,
        paid_at=_moment(raw.get("dattrans", ""), raw.get("heurtrans", "")) if outcome.is_paid else None,
        raw=MappingProxyType(raw),
    )


def _nothing_known(outcome: PaymentOutcome, raw: dict[str, str]) -> PaymentReading:
    return PaymentReading(
        outcome=outcome,
        amount_cents=None,
        reference=None,
        client_number=None,
        mode=None,
        means=None,
        paid_at=None,
        raw=MappingProxyType(raw),
    )


def _moment(day: str, hour: str) -> datetime | None:
    """« 12122019 » and « 1311 » in Europe/Paris; None where they are no moment."""
    if not re.fullmatch(r"[0-9]{8}", day) or not re.fullmatch(r"[0-9]{4}", hour):
        return None
    try:
        return datetime.strptime(day + hour, "%d%m%Y%H%M").replace(tzinfo=PARIS)
    except ValueError:
        return None


def _library() -> Any:
    """eopayment's module for PayFiP's web service, imported when it is first needed."""
    with _importing:
        from eopayment import payfip_ws

    return payfip_ws


def _session(*, trust_environment: bool) -> Any:
    """A session of requests. On loopback, proxies and passwords of the environment stay out of it."""
    import requests

    session = requests.Session()
    session.trust_env = trust_environment
    session.max_redirects = 0
    return session


def _transport(session: Any, service_url: str) -> Any:
    """A transport of zeep that calls `service_url`, whatever address the packaged description of the service names.

    eopayment takes a `service_url` and does not use it; its WSDL names PayFiP.
    """
    import zeep

    class ServiceTransport(zeep.Transport):
        def post(self, address: str, message: bytes, headers: dict[str, str]) -> Any:
            return super().post(service_url, message, headers)  # type: ignore[no-untyped-call]

    return ServiceTransport(session=session)  # type: ignore[no-untyped-call]
