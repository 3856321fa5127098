"""The thirteen exchanges with the real PayFiP that eopayment's authors recorded: our gateway reads each as it was meant,
and our simulator answers each as PayFiP did."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app import clock
from app.clock import PARIS
from app.integrations import payfip
from app.integrations.payfip import PayFiPGateway, PayFiPMode
from app.integrations.payments import (
    AskedPayment,
    PaymentMeans,
    PaymentOutcome,
    PaymentReading,
    PaymentRefused,
    PaymentRequest,
)
from tests.integrations.payfip_council import fetch, pay, payment_request, server

RECORDED_AT = datetime(2019, 12, 12, 13, 11)
OPERATION = "cc0cb210-1cd4-11ea-8cca-0213ad91a103"

Tree = tuple[str, str, tuple["Tree", ...]]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request to PayFiP and its answer."""

    name: str
    request: str
    answer: str

    @property
    def status(self) -> int:
        """What SOAP over HTTP goes with; the recordings keep only the documents."""
        return 500 if "Fault>" in self.answer else 200

    def field(self, name: str) -> str:
        """A field of the request, empty where it is absent."""
        found = re.search(f"<{name}>(.*)</{name}>", self.request)
        return found[1] if found else ""


def exchanges() -> list[Exchange]:
    files = sorted((Path(__file__).parent / "data" / "payfip").glob("payfip-test_*.json"))
    return [
        Exchange(f"{file.stem.removeprefix('payfip-test_')} {n}", request, answer)
        for file in files
        for n, (request, answer) in enumerate(json.loads(file.read_text(encoding="utf-8")), 1)
    ]


EXCHANGES = {exchange.name: exchange for exchange in exchanges()}
LABELS = {"libelleN1", "libelleN2", "libelleN3"}  # those of a client: not ours to know
RESULTS = {"get_info_paiement_ok 1": "V", "payment_ok 2": "P", "payment_denied 2": "R", "payment_cancelled 2": "A"}


def tree(text: str | bytes, blanked: frozenset[str] = frozenset()) -> Tree:
    """A document without its prefixes and indentation; the text of the elements `blanked` left out."""

    def read(element: ElementTree.Element) -> Tree:
        text = "*" if element.tag in blanked else (element.text or "").strip()
        return element.tag, text, tuple(read(child) for child in element)

    return read(ElementTree.fromstring(text))


def test_all_recordings_are_there():
    assert len(EXCHANGES) == 13


# --- The gateway ---


def asked(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> Callable[[PayFiPGateway], object]:
    """The call that must send the recorded request. Three of them our own checks would not let out."""
    if "recupererDetailClient" in exchange.request:
        return lambda gateway: gateway.describe_client(exchange.field("numCli"))
    if "recupererDetailPaiementSecurise" in exchange.request:
        return lambda gateway: gateway.look_up(exchange.field("idOp"))
    monkeypatch.setattr(PaymentRequest, "__post_init__", lambda self: None)
    request = payment_request(
        client_number=exchange.field("numcli"),
        reference=exchange.field("refdet"),
        amount_cents=int(exchange.field("montant")),
        subject=exchange.field("objet"),
        email=exchange.field("mel"),
        year=int(exchange.field("exer")),
        notify_url=exchange.field("urlnotif"),
        return_url=exchange.field("urlredirect"),
    )
    return lambda gateway: gateway.ask(request)


def read(result: str, reference: str) -> tuple[object, ...]:
    outcome, means = payfip._RESULTS[result]
    paid_at = RECORDED_AT.replace(tzinfo=PARIS) if result in "PV" else None
    return outcome, 1000, reference, "090909", "T", means, paid_at


UNKNOWN = (None,) * 6
READINGS = {
    "get_client_info 1": "RR COMPOSTEURS INDIVIDUELS – POUETPOUET – COLLECTE VALORISATION DECHETS",
    "get_idop_adresse_mel_incorrect 1": ("A2", "Adresse mél incorrecte."),
    "get_idop_ok 1": OPERATION,
    "get_idop_refdet_error 1": ("R3", "Le format du paramètre REFDET n'est pas conforme"),
    "get_info_paiement_P1 1": (PaymentOutcome.UNKNOWN, *UNKNOWN),
    "get_info_paiement_P5 1": (PaymentOutcome.PENDING, *UNKNOWN),
    "get_info_paiement_ok 1": read("V", "EFEFAEFG"),
    "payment_cancelled 1": OPERATION,
    "payment_cancelled 2": read("A", "201912261758460053903194"),
    "payment_denied 1": OPERATION,
    "payment_denied 2": read("R", "201912261758460053903194"),
    "payment_ok 1": OPERATION,
    "payment_ok 2": read("P", "201912261758460053903194"),
}


@pytest.mark.parametrize("name", EXCHANGES)
def test_gateway_sends_each_recorded_request_and_reads_its_answer(name, monkeypatch):
    exchange = EXCHANGES[name]
    call = asked(exchange, monkeypatch)

    with server(exchange.status, exchange.answer.encode(), content_type="text/xml; charset=utf-8") as site:
        monkeypatch.setattr(payfip, "PAYFIP_ORIGIN", site.url)
        try:
            came: object = call(PayFiPGateway(PayFiPMode.TEST))
        except PaymentRefused as refusal:
            came = (refusal.code, refusal.message)

    if isinstance(came, AskedPayment):
        assert came.redirect_url == f"{site.url}/tpa/paiementws.web?idop={OPERATION}"
        came = came.operation_id
    if isinstance(came, PaymentReading):
        came = (
            came.outcome, came.amount_cents, came.reference, came.client_number, came.mode, came.means, came.paid_at,
        )  # fmt: skip
    assert came == READINGS[name]
    [sent] = site.received
    assert tree(sent.body) == tree(exchange.request)


def test_debit_is_told_from_card():
    assert READINGS["get_info_paiement_ok 1"][5] is PaymentMeans.DIRECT_DEBIT  # type: ignore[index]
    assert READINGS["payment_ok 2"][5] is PaymentMeans.CARD  # type: ignore[index]


# --- The simulator ---


@pytest.mark.parametrize("name", EXCHANGES)
def test_simulator_answers_each_recorded_request_as_payfip_did(name, simulator, gateway):
    exchange = EXCHANGES[name]
    clock.start_at(RECORDED_AT, frozen=True)
    request = exchange.request
    if "<idOp>" in request and "P1" not in name:
        # Its operation is made as PayFiP's was, whatever its id.
        recorded = ElementTree.fromstring(exchange.answer)
        operation = gateway.ask(
            payment_request(
                reference=recorded.findtext(".//refdet", "ABCDEFGH"),
                amount_cents=1000,
                # Our own checks want a subject; PayFiP takes none.
                subject=recorded.findtext(".//objet", "…"),
                email="john.doe@example.com",
                year=2019,
            )
        )
        if name in RESULTS:
            pay(operation.redirect_url, RESULTS[name])
        request = request.replace(OPERATION, operation.operation_id)

    answered = fetch(f"{simulator.url}/tpa/services/securite", data=request.encode())

    blanked = frozenset({"idOp", "numauto", *LABELS})
    assert answered.status == exchange.status
    assert answered.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert tree(answered.text, blanked) == tree(exchange.answer, blanked)


def test_comparison_of_documents_sees_differences():
    answer = EXCHANGES["payment_ok 2"].answer

    assert tree(answer) == tree(answer.replace("ns2:", "a:").replace("xmlns:ns2", "xmlns:a").replace("  ", ""))
    assert tree(answer) != tree(answer.replace(">P<", ">R<"))
    assert tree(answer) != tree(answer.replace("<montant>1000</montant>", ""))
    assert tree(answer, frozenset({"idOp"})) == tree(answer.replace(OPERATION, "x"), frozenset({"idOp"}))
