"""The gateway: what it sends, how it reads every answer, and what it makes of a payment site that does not answer well."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from app.clock import PARIS
from app.integrations import payfip
from app.integrations.payfip import PayFiPGateway, PayFiPMode, read_operation_id
from app.integrations.payments import (
    GatewayMode,
    PaymentGateway,
    PaymentMeans,
    PaymentOutcome,
    PaymentRefused,
    PaymentUnavailable,
)
from app.payfip_simulator import TechnicalFault
from tests.integrations.conftest import NOW
from tests.integrations.payfip_council import pay, payment_request, server

SOME_ID = "cc0cb210-1cd4-11ea-8cca-0213ad91a103"
SERVICE = "http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/contrat_paiement_securise/PaiementSecuriseService"

RESULTS = {
    "P": (PaymentOutcome.PAID_CARD, PaymentMeans.CARD),
    "V": (PaymentOutcome.PAID_DEBIT, PaymentMeans.DIRECT_DEBIT),
    "R": (PaymentOutcome.REFUSED, PaymentMeans.CARD),
    "Z": (PaymentOutcome.REFUSED, PaymentMeans.DIRECT_DEBIT),
    "A": (PaymentOutcome.CANCELLED, None),
}


def soap(operation: str, content: str) -> bytes:
    """An answer of the service."""
    return (
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
        f'<ns2:{operation}Response xmlns:ns2="{SERVICE}">{content}</ns2:{operation}Response></S:Body></S:Envelope>'
    ).encode()


def reading(content: str) -> bytes:
    return soap("recupererDetailPaiementSecurise", f"<return>{content}</return>")


def gateway_to(url: str) -> PayFiPGateway:
    return PayFiPGateway(PayFiPMode.SIMULATOR, simulator_url=url)


# --- Asking and looking up ---


@pytest.mark.parametrize("result", RESULTS)
def test_gateway_reads_each_outcome(result, gateway, council):
    asked = gateway.ask(payment_request(council.url))
    pay(asked.redirect_url, result)

    read = gateway.look_up(asked.operation_id)

    assert (read.outcome, read.means) == RESULTS[result]
    assert (read.client_number, read.reference, read.amount_cents, read.mode) == (
        "090909", "EF00000000000001", 2120, "T",
    )  # fmt: skip
    assert read.paid_at == (NOW.replace(tzinfo=PARIS) if result in "PV" else None)
    assert read.raw["resultrans"] == result and read.raw["objet"] == "Factures pop F200300001"
    assert read.outcome.is_paid is (result in "PV")


def test_gateway_reads_nothing_of_an_operation_under_way(gateway):
    asked = gateway.ask(payment_request())

    read = gateway.look_up(asked.operation_id)

    assert read.outcome is PaymentOutcome.PENDING and read.raw["code"] == "P5"
    assert (read.amount_cents, read.reference, read.client_number, read.mode, read.means, read.paid_at) == (None,) * 6


def test_gateway_reads_unknown_for_an_operation_that_payfip_does_not_know(gateway):
    assert gateway.look_up(SOME_ID).outcome is PaymentOutcome.UNKNOWN


def test_gateway_is_a_payment_gateway(gateway):
    checked: PaymentGateway = gateway

    assert checked.mode is GatewayMode.TEST


@pytest.mark.parametrize(("client_number", "code"), [("999999", "T2"), ("999998", "T4")])
def test_gateway_tells_a_refusal_with_its_code(client_number, code, gateway):
    with pytest.raises(PaymentRefused) as refusal:
        gateway.ask(payment_request(client_number=client_number))

    assert refusal.value.code == code and "lient" in refusal.value.message
    with pytest.raises(PaymentRefused, match=code):
        gateway.describe_client(client_number)


def test_gateway_describes_a_client_number(gateway):
    assert gateway.describe_client("090909") == "COLLECTIVITE DE DEMONSTRATION – REGIE 090909 – SIMULATEUR"


def test_gateway_reads_twenty_operations_at_once_each_with_its_own_answer(gateway):
    def one(n: int) -> tuple[int | None, str | None, PaymentOutcome]:
        asked = gateway.ask(payment_request(amount_cents=100 + n, reference=f"EF{n:08d}"))
        if n % 2:
            pay(asked.redirect_url, "P", notification="never")
        read = gateway.look_up(asked.operation_id)
        return read.amount_cents, read.reference, read.outcome

    with ThreadPoolExecutor(20) as pool:
        read = list(pool.map(one, range(20)))

    assert read == [
        (100 + n, f"EF{n:08d}", PaymentOutcome.PAID_CARD) if n % 2 else (None, None, PaymentOutcome.PENDING)
        for n in range(20)
    ]


# --- A payment site that does not answer well ---


@pytest.mark.parametrize("fault", TechnicalFault)
def test_technical_faults_are_worth_another_try(fault, gateway, simulator):
    asked = gateway.ask(payment_request())
    simulator.outage = fault

    with pytest.raises(PaymentUnavailable):
        gateway.ask(payment_request())
    with pytest.raises(PaymentUnavailable):
        gateway.look_up(asked.operation_id)

    simulator.outage = None
    assert gateway.look_up(asked.operation_id).outcome is PaymentOutcome.PENDING


def test_stopped_site_is_unavailable(gateway, simulator):
    simulator.stop()

    with pytest.raises(PaymentUnavailable):
        gateway.ask(payment_request())
    with pytest.raises(PaymentUnavailable):
        gateway.look_up(SOME_ID)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"status": 502}, id="a page of a proxy, 502"),
        pytest.param({"status": 200}, id="a page of a proxy, 200"),
        pytest.param({"status": 200, "body": b"<S:Envelope", "content_type": "text/xml"}, id="half an answer"),
        pytest.param({"status": 200, "body": b"", "content_type": "text/xml"}, id="nothing"),
        pytest.param({"status": 302, "location": "http://127.0.0.1:9/"}, id="a redirect"),
        pytest.param({"body": reading("<resultrans>?</resultrans>"), "content_type": "text/xml"}, id="unknown result"),
        pytest.param({"body": reading(""), "content_type": "text/xml"}, id="no result"),
        pytest.param(
            {"body": reading("<idOp>other-operation</idOp><resultrans>P</resultrans>"), "content_type": "text/xml"},
            id="the answer for another operation",
        ),
    ],
)
def test_senseless_answers_are_worth_another_try(wrong):
    with server(**wrong) as site, pytest.raises(PaymentUnavailable):
        gateway_to(site.url).look_up(SOME_ID)


@pytest.mark.parametrize("content", ["<return/>", "<return><idOp>a b</idOp></return>", ""])
def test_answer_without_usable_operation_id_is_worth_another_try(content):
    with (
        server(body=soap("creerPaiementSecurise", content), content_type="text/xml") as site,
        pytest.raises(PaymentUnavailable),
    ):
        gateway_to(site.url).ask(payment_request())


def test_silent_site_is_given_up_in_time(monkeypatch):
    monkeypatch.setattr(payfip, "ANSWER_TIMEOUT_SECONDS", 0.2)
    with server(seconds=1) as site, pytest.raises(PaymentUnavailable, match="timed out"):
        gateway_to(site.url).look_up(SOME_ID)


def test_payment_with_unreadable_details_is_still_a_payment():
    body = reading(
        "<dattrans>31022026</dattrans><heurtrans>0830</heurtrans><montant>20,00</montant><resultrans>P</resultrans>"
    )
    with server(body=body, content_type="text/xml") as site:
        read = gateway_to(site.url).look_up(SOME_ID)

    assert read.outcome is PaymentOutcome.PAID_CARD
    assert (read.amount_cents, read.reference, read.mode, read.paid_at) == (None, None, None, None)
    assert read.raw["montant"] == "20,00"


@pytest.mark.parametrize(
    ("day", "hour", "moment"),
    [
        ("12122019", "1311", datetime(2019, 12, 12, 13, 11, tzinfo=PARIS)),
        ("01072026", "0005", datetime(2026, 7, 1, 0, 5, tzinfo=PARIS)),
        ("12122019", "", None),
        ("12122019", "2460", None),
        ("2019", "1311", None),
    ],
)
def test_moment_of_payment_is_read_in_paris(day, hour, moment):
    assert payfip._moment(day, hour) == moment


# --- What is sent, and where ---


@pytest.mark.parametrize(
    ("mode", "letter"),
    [("test", GatewayMode.TEST), ("activation", GatewayMode.ACTIVATION), ("production", GatewayMode.PRODUCTION)],
)
def test_each_mode_sends_its_letter_to_payfip_itself(mode, letter, monkeypatch):
    body = soap("creerPaiementSecurise", f"<return><idOp>{SOME_ID}</idOp></return>")
    with server(body=body, content_type="text/xml") as site:
        monkeypatch.setattr(payfip, "PAYFIP_ORIGIN", site.url)
        gateway = PayFiPGateway(PayFiPMode(mode))
        gateway.ask(payment_request())

    [sent] = site.received
    assert gateway.mode is letter
    assert sent.path == "/tpa/services/securite" and f"<saisie>{letter}</saisie>".encode() in sent.body


def test_real_payfip_is_the_state_s_site():
    gateway = PayFiPGateway(PayFiPMode.PRODUCTION)

    assert gateway.payment_origin == "https://www.payfip.gouv.fr"
    assert gateway._service_url == "https://www.payfip.gouv.fr/tpa/services/securite"


def test_eopayment_calls_where_we_say_only():
    """What its own settings promise and do not do: docs/decisions/0005."""
    with server(body=reading("<resultrans>A</resultrans>"), content_type="text/xml") as site:
        gateway_to(site.url).look_up(SOME_ID)

    assert [each.method for each in site.received] == ["POST"]


@pytest.mark.parametrize("mode", ["test", "activation", "production"])
def test_simulator_is_refused_for_real_payments(mode):
    with pytest.raises(ValueError, match="simulator"):
        PayFiPGateway(PayFiPMode(mode), simulator_url="http://127.0.0.1:8001")


def test_simulator_mode_needs_a_simulator():
    with pytest.raises(ValueError, match="simulator"):
        PayFiPGateway(PayFiPMode.SIMULATOR)


def test_payer_is_sent_to_the_payment_page(gateway, simulator):
    asked = gateway.ask(payment_request())

    assert asked.redirect_url == f"{simulator.url}/tpa/paiementws.web?idop={asked.operation_id}"
    assert gateway.payment_origin == simulator.url


def test_payer_may_reach_the_simulator_under_another_address(simulator):
    gateway = PayFiPGateway(
        PayFiPMode.SIMULATOR, simulator_url=simulator.url, simulator_page_url="https://demo.example.org/payfip/"
    )

    asked = gateway.ask(payment_request())

    assert asked.redirect_url == f"https://demo.example.org/payfip/tpa/paiementws.web?idop={asked.operation_id}"
    assert gateway.payment_origin == "https://demo.example.org"


def test_proxy_of_the_environment_is_not_asked_for_the_simulator(gateway, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    assert gateway.look_up(SOME_ID).outcome is PaymentOutcome.UNKNOWN


@pytest.mark.parametrize(
    ("subject", "sent"),
    [
        ("Factures l’école n° 2, « cœur »", "Factures l ecole n 2 coeur"),
        ("pop-F200300001", "pop F200300001"),
        ("À régler : Été & Noël", "A regler Ete Noel"),
        ("é" * 100, "e" * 100),
        ("½" * 100, ("1 2" * 100)[:100]),
        ("…", ""),
    ],
)
def test_subject_is_sent_in_plain_letters(subject, sent, gateway, simulator):
    asked = gateway.ask(payment_request(subject=subject))

    operation = simulator.find(asked.operation_id)
    assert operation is not None and operation.subject == sent


# --- Values checked before anything is sent ---


@pytest.mark.parametrize(
    "changes",
    [
        {"client_number": "90909"},
        {"client_number": "09090a"},
        {"client_number": "٠٩٠٩٠٩"},
        {"client_number": "090909\n"},
        {"reference": "ABCDE"},
        {"reference": "A" * 31},
        {"reference": "pop-F200300001"},
        {"reference": "éééééé"},
        {"amount_cents": 99},
        {"amount_cents": 0},
        {"amount_cents": -100},
        {"amount_cents": 10_000_001},
        {"amount_cents": 100.0},
        {"amount_cents": True},
        {"subject": " "},
        {"subject": "a" * 101},
        {"email": ""},
        {"email": "parentexample.org"},
        {"email": "a@bcd"},
        {"email": "a" * 70 + "@example.org"},
        {"email": "a b@example.org"},
        {"year": 26},
        {"notify_url": "/notification"},
        {"notify_url": "ftp://example.org/"},
        {"return_url": ""},
        {"return_url": "https://example.org/" + "a" * 230},
    ],
    ids=str,
)
def test_request_that_payfip_would_refuse_or_change_is_not_made(changes):
    with pytest.raises(ValueError):
        payment_request(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_number": "000001"},
        {"reference": "A" * 30},
        {"amount_cents": 100},
        {"amount_cents": 10_000_000},
        {"email": "a@" + "b.fr"},
    ],
    ids=str,
)
def test_request_at_the_limits_is_taken(changes, gateway):
    gateway.ask(payment_request(**changes))


@pytest.mark.parametrize("operation_id", ["", "a" * 65, "short", "a/../../../etc", "<idOp>12345678</idOp>"])
def test_text_that_is_no_operation_id_is_not_asked_for(operation_id):
    with server() as site:
        with pytest.raises(ValueError, match="operation id"):
            gateway_to(site.url).look_up(operation_id)
        assert site.received == []


@pytest.mark.parametrize(
    ("received", "operation_id"),
    [
        (f"idop={SOME_ID}", SOME_ID),
        (f"idOp={SOME_ID}", SOME_ID),
        (f"a=1&IDOP={SOME_ID}", SOME_ID),
        ({"idOp": SOME_ID}, SOME_ID),
        ({"other": "1", "idop": SOME_ID}, SOME_ID),
        ("", None),
        ("idop=", None),
        ("idop=%3Cscript%3E12345", None),
        ({"idop": "a" * 65}, None),
        ({}, None),
    ],
    ids=str,
)
def test_operation_id_is_read_however_it_is_spelt(received, operation_id):
    assert read_operation_id(received) == operation_id


def test_soap_is_not_imported_before_the_first_payment():
    check = "import sys, app.integrations.payfip; sys.exit(bool({'zeep', 'lxml', 'requests', 'eopayment'} & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
