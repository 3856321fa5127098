"""The simulator behaves as PayFiP is known, or said, to behave: faults, deadlines, pages, notifications, the way back."""

import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from eopayment import payfip_ws
from playwright.sync_api import expect

from app import clock
from app.integrations.payfip import PayFiPGateway, PayFiPMode
from app.integrations.payments import PaymentOutcome
from app.payfip_simulator import notifications, start_simulator
from app.payfip_simulator.notifications import post_notification
from app.payfip_simulator.operations import Result
from tests.browser import (
    DESKTOP,
    KEEPS_SCREENSHOTS,
    PHONE,
    SMALL_PHONE,
    assert_nothing_is_cut_off,
    run_axe,
    screenshot,
)
from tests.html import check_page
from tests.integrations.conftest import NOW
from tests.integrations.payfip_council import fetch, pay, payment_request, server, wait_until

SERVICE = "/tpa/services/securite"
GOOD = {
    "numcli": "090909", "saisie": "T", "exer": "2026", "refdet": "ABCDEF", "montant": "2120",
    "mel": "parent@example.org", "objet": "Factures", "url_notification": "https://example.org/n",
    "url_redirect": "https://example.org/r",
}  # fmt: skip


@pytest.fixture
def client(simulator):
    """eopayment's own client, unmodified, with the description of the service that the simulator serves."""
    return payfip_ws.PayFiP(wsdl_url=f"{simulator.url}{SERVICE}?wsdl")


def at(moment: datetime) -> None:
    clock.start_at(moment, frozen=True)


# --- The web service ---


def test_eopayment_unmodified_works_with_the_description_served(client, simulator):
    operation_id = client.get_idop(**GOOD)

    assert client.get_info_client("090909").numcli == "090909"
    with pytest.raises(payfip_ws.PayFiPError, match="P5"):
        client.get_info_paiement(operation_id)
    pay(f"{simulator.url}/tpa/paiementws.web?idop={operation_id}", "V")
    answer = client.get_info_paiement(operation_id)
    assert (answer.resultrans, answer.montant, answer.exer, answer.dattrans, answer.heurtrans) == (
        "V", "2120", "20", "23112026", "0830",
    )  # fmt: skip
    assert re.fullmatch(r"\d{12}-sim", answer.numauto)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"saisie": "A"}, "S1"),
        ({"saisie": None}, "S1"),
        ({"numcli": "90909"}, "T1"),
        ({"numcli": None}, "T1"),
        ({"numcli": "999999"}, "T2"),
        ({"numcli": "999998"}, "T4"),
        ({"exer": "26"}, "E1"),
        ({"refdet": "ABCDE"}, "R3"),
        ({"refdet": "A" * 31}, "R3"),
        ({"refdet": "pop-F200300001"}, "R3"),
        ({"mel": None}, "A1"),
        ({"mel": "parent"}, "A2"),
        ({"mel": "a" * 70 + "@example.org"}, "A2"),
        ({"montant": "20,00"}, "M1"),
        ({"montant": "-100"}, "M1"),
        ({"montant": None}, "M1"),
        ({"montant": "99"}, "M3"),
        ({"montant": "10000001"}, "M5"),
        ({"url_notification": None}, "N1"),
        ({"url_notification": "/notification"}, "N1"),
        ({"url_redirect": "https://example.org/" + "a" * 230}, "D1"),
    ],
    ids=str,
)
def test_service_refuses_with_payfip_s_codes(changes, code, client):
    with pytest.raises(payfip_ws.PayFiPError) as refusal:
        client.get_idop(**{**GOOD, **changes})

    assert refusal.value.code == code and refusal.value.message


@pytest.mark.parametrize("changes", [{"saisie": "X"}, {"saisie": "W"}, {"montant": "100"}, {"objet": None}], ids=str)
def test_service_takes_what_payfip_takes(changes, client):
    assert client.get_idop(**{**GOOD, **changes})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><other/></S:Body></S:Envelope>',
    ],
)
def test_unreadable_request_gets_a_technical_fault(body, simulator):
    answer = fetch(f"{simulator.url}{SERVICE}", "POST", data=body)

    assert answer.status == 500 and "TechProtocolaireErreur" in answer.text


def test_addresses_that_do_not_exist(simulator):
    assert fetch(f"{simulator.url}/").status == 404
    assert fetch(f"{simulator.url}/tpa/services/../operations.py").status == 404
    assert fetch(f"{simulator.url}/tpa/services/PaiementSecuriseService_schema4.xsd").status == 404
    assert fetch(f"{simulator.url}/tpa/retour.web").status == 405
    assert fetch(f"{simulator.url}{SERVICE}", data=b"x" * 70_000).status == 413


def test_description_names_the_simulator_and_nobody_else(simulator):
    text = fetch(f"{simulator.url}{SERVICE}?wsdl").text

    assert f'location="{simulator.url}{SERVICE}"' in text and "payfip.gouv.fr" not in text


# --- How long an operation lives ---


def test_page_opens_for_fifteen_minutes(gateway):
    asked = gateway.ask(payment_request())

    at(NOW + timedelta(minutes=15))
    assert fetch(asked.redirect_url).status == 200
    at(NOW + timedelta(minutes=15, seconds=1))
    refused = fetch(asked.redirect_url)
    assert refused.status == 410 and "P4" in refused.text


def test_payer_who_came_in_time_may_take_longer(gateway):
    asked = gateway.ask(payment_request())
    fetch(asked.redirect_url)

    at(NOW + timedelta(minutes=40))
    assert fetch(asked.redirect_url.split("?")[0], idop=asked.operation_id, result="P").status == 200
    assert gateway.look_up(asked.operation_id).outcome is PaymentOutcome.PAID_CARD


def test_payer_who_never_opened_the_page_comes_too_late(gateway):
    asked = gateway.ask(payment_request())

    at(NOW + timedelta(minutes=16))
    refused = fetch(asked.redirect_url.split("?")[0], idop=asked.operation_id, result="P")
    assert refused.status == 410 and "P4" in refused.text
    assert gateway.look_up(asked.operation_id).outcome is PaymentOutcome.PENDING


def test_operation_that_nobody_paid_is_forgotten_in_the_night(gateway):
    asked = gateway.ask(payment_request())

    at(datetime(2026, 11, 24, 3, 59))
    assert gateway.look_up(asked.operation_id).outcome is PaymentOutcome.PENDING
    at(datetime(2026, 11, 24, 4, 1))
    assert gateway.look_up(asked.operation_id).outcome is PaymentOutcome.UNKNOWN
    refused = fetch(asked.redirect_url)
    assert refused.status == 410 and "P1" in refused.text


def test_result_is_kept_for_a_year(gateway):
    asked = gateway.ask(payment_request())
    pay(asked.redirect_url, "P")

    at(NOW + timedelta(days=365))
    assert gateway.look_up(asked.operation_id).outcome is PaymentOutcome.PAID_CARD
    at(NOW + timedelta(days=366))
    assert gateway.look_up(asked.operation_id).outcome is PaymentOutcome.UNKNOWN


def test_operation_serves_once(gateway):
    asked = gateway.ask(payment_request())
    pay(asked.redirect_url, "R")

    again = fetch(asked.redirect_url)
    assert again.status == 410 and "P3" in again.text
    assert "P3" in fetch(asked.redirect_url.split("?")[0], idop=asked.operation_id, result="P").text
    assert gateway.look_up(asked.operation_id).outcome is PaymentOutcome.REFUSED


def test_ten_clicks_at_once_are_one_payment(gateway, council):
    asked = gateway.ask(payment_request(council.url))
    fetch(asked.redirect_url)

    with ThreadPoolExecutor(10) as pool:
        pages = list(
            pool.map(lambda n: fetch(asked.redirect_url.split("?")[0], idop=asked.operation_id, result="P"), range(10))
        )

    assert sorted(page.status for page in pages) == [200] + [410] * 9
    assert len(council.wait_for("/notification")) == 1


def test_state_survives_a_restart(tmp_path):
    with clock.moved():
        at(NOW)
        first = start_simulator(tmp_path, 0)
        client = payfip_ws.PayFiP(wsdl_url=f"{first.url}{SERVICE}?wsdl")
        operation_id = client.get_idop(**GOOD)
        pay(f"{first.url}/tpa/paiementws.web?idop={operation_id}", "A")
        first.stop()
        first.stop()

        second = start_simulator(tmp_path, 0)
        operation = second.find(operation_id)
        second.stop()

    assert operation is not None and operation.result is Result.ABANDONED and operation.amount_cents == 2120


def test_operations_of_other_years_are_deleted_at_a_start(tmp_path):
    with clock.moved():
        at(NOW)
        simulator = start_simulator(tmp_path, 0)
        operation_id = payfip_ws.PayFiP(wsdl_url=f"{simulator.url}{SERVICE}?wsdl").get_idop(**GOOD)
        pay(f"{simulator.url}/tpa/paiementws.web?idop={operation_id}", "P")
        simulator.stop()
        at(NOW + timedelta(days=400))
        start_simulator(tmp_path, 0).stop()
        at(NOW)
        simulator = start_simulator(tmp_path, 0)
        simulator.stop()

    assert simulator.find(operation_id) is None


def test_port_that_is_taken_is_said(simulator, tmp_path):
    port = int(simulator.url.rpartition(":")[2])

    with pytest.raises(OSError):
        start_simulator(tmp_path, port)


def test_stop_ends_every_thread(tmp_path):
    before = set(threading.enumerate())
    simulator = start_simulator(tmp_path, 0)
    fetch(f"{simulator.url}{SERVICE}?wsdl")

    simulator.stop()

    wait_until(lambda: not set(threading.enumerate()) - before)


# --- Notifications and the way back ---


def test_council_is_told_before_the_payer_returns(gateway, council):
    asked = gateway.ask(payment_request(council.url))

    page = pay(asked.redirect_url, "P")

    [told] = council.at("/notification")  # it was waited for
    assert told.method == "POST" and told.fields == {"idOp": [asked.operation_id]}
    assert "Revenir sur le site" in page.text and "prévenu 1 fois" in page.text and "200" in page.text


def test_council_is_told_several_times(gateway, council):
    asked = gateway.ask(payment_request(council.url))

    pay(asked.redirect_url, "V", times=5)

    assert [each.fields["idOp"] for each in council.wait_for("/notification", 5)] == [[asked.operation_id]] * 5


def test_council_may_never_be_told(gateway, council):
    asked = gateway.ask(payment_request(council.url))

    page = pay(asked.redirect_url, "P", notification="never", times=3)

    assert "ne sera pas prévenu" in page.text and council.received == []


def test_council_may_be_told_late(gateway, council):
    asked = gateway.ask(payment_request(council.url))

    page = pay(asked.redirect_url, "P", delay=1)

    assert "pas encore été prévenu" in page.text and council.received == []
    assert council.wait_for("/notification")


def test_council_may_be_told_after_the_return(gateway, council, simulator):
    asked = gateway.ask(payment_request(council.url))
    pay(asked.redirect_url, "P", notification="after", times=2)
    assert council.received == []

    back = fetch(f"{simulator.url}/tpa/retour.web", idop=asked.operation_id)

    assert back.status == 307 and back.headers["Location"] == f"{council.url}/retour"
    assert council.received == []
    assert len(council.wait_for("/notification", 2)) == 2


def test_notification_that_a_stop_cut_off_is_sent_at_the_next_start(tmp_path, council):
    with clock.moved():
        at(NOW)
        simulator = start_simulator(tmp_path, 0)
        client = payfip_ws.PayFiP(wsdl_url=f"{simulator.url}{SERVICE}?wsdl")
        operation_id = client.get_idop(**{**GOOD, "url_notification": f"{council.url}/notification"})
        pay(f"{simulator.url}/tpa/paiementws.web?idop={operation_id}", "P", delay=3600)
        simulator.stop()
        assert council.received == []

        simulator = start_simulator(tmp_path, 0)
        assert council.wait_for("/notification")
        simulator.stop()
        start_simulator(tmp_path, 0).stop()

    assert len(council.at("/notification")) == 1


def test_council_that_does_not_answer_holds_nobody_up(gateway, monkeypatch):
    monkeypatch.setattr(notifications, "TIMEOUT_SECONDS", 0.2)
    with server(seconds=1) as slow:
        asked = gateway.ask(payment_request(slow.url))
        page = pay(asked.redirect_url, "P")

    assert "TimeoutError" in page.text
    assert gateway.look_up(asked.operation_id).outcome is PaymentOutcome.PAID_CARD


@pytest.mark.parametrize(
    "url",
    ["http://example.org/", "https://127.0.0.1/", "http://127.0.0.1.example.org/", "http://10.0.0.1/", "file:///etc/"],
)
def test_nothing_is_sent_off_this_machine(url, monkeypatch):
    monkeypatch.setattr("http.client.HTTPConnection.connect", lambda self: pytest.fail("it connects"))

    assert post_notification(url, "some-operation") == "pas envoyé, adresse hors de cette machine"


@pytest.mark.parametrize("option", [{"result": "X"}, {"notification": "often"}, {"delay": "soon"}, {"times": "x"}])
def test_choice_that_does_not_exist_changes_nothing(option, gateway):
    asked = gateway.ask(payment_request())

    assert (
        fetch(asked.redirect_url.split("?")[0], **{"idop": asked.operation_id, "result": "P", **option}).status == 410
    )
    assert gateway.look_up(asked.operation_id).outcome is PaymentOutcome.PENDING


def test_service_answers_while_every_payer_waits_for_the_council(gateway, simulator):
    """Twelve payers wait for a council that asks back: nobody starves."""
    with server(seconds=1) as slow:
        asked = [gateway.ask(payment_request(slow.url)) for _ in range(12)]
        with ThreadPoolExecutor(12) as pool:
            paid = [pool.submit(pay, each.redirect_url, "P") for each in asked]
            wait_until(lambda: len(slow.received) == 12)
            assert gateway.look_up(asked[0].operation_id).outcome is PaymentOutcome.PAID_CARD
            assert [each.result().status for each in paid] == [200] * 12


# --- The pages ---


def test_simulator_listens_on_loopback_only(simulator):
    port = int(simulator.url.rpartition(":")[2])

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=5)


def test_pages_are_valid_accessible_and_strict(gateway, council, simulator):
    asked = gateway.ask(payment_request(council.url, subject="<b>Factures</b>"))
    payment = fetch(asked.redirect_url)
    result = pay(asked.redirect_url, "Z")
    refused = fetch(asked.redirect_url)

    for page in (payment, result, refused):
        text = page.text.replace(" – Simulateur de PayFiP</title>", " – Espace famille</title>")
        # What stands for PayFiP has no session of ours, hence no token: the operation's id is one.
        assert [problem for problem in check_page(text, page.url) if "csrf_token" not in problem] == []
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; ")
        assert f"form-action 'self' {council.url};" in policy
        assert page.headers["Cache-Control"] == "no-store"
        assert "Simulateur de PayFiP" in page.text
    assert "21,20\u00a0€" in payment.text and "EF00000000000001" in payment.text
    assert "Prélèvement refusé" in result.text


@pytest.mark.browser
@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_payer_pays_in_a_browser_and_returns_by_post(javascript, open_page, simulator, council):
    # Another port is the same site to a browser, another name is not: as with PayFiP, cookies stay at home.
    elsewhere = simulator.url.replace("127.0.0.1", "localhost")
    gateway = PayFiPGateway(PayFiPMode.SIMULATOR, simulator_url=simulator.url, simulator_page_url=elsewhere)
    asked = gateway.ask(payment_request(council.url))
    page = open_page(PHONE, javascript=javascript)
    page.goto(f"{council.url}/facture")  # gets the council's cookie

    page.goto(asked.redirect_url)
    page.get_by_role("button", name="Payer par carte").click()
    expect(page.get_by_role("heading", name="Paiement par carte accepté")).to_be_visible()
    page.get_by_role("button", name="Revenir sur le site").click()
    expect(page).to_have_title("Merci")

    [back] = council.at("/retour")
    assert back.method == "POST" and back.fields == {"idop": [asked.operation_id]}
    assert back.cookie is None  # SameSite=Lax: the return page must not need a sign-in
    assert len(council.at("/notification")) == 1


@pytest.mark.browser
@pytest.mark.parametrize("screen", [DESKTOP, PHONE, SMALL_PHONE], ids=lambda screen: screen.name)
def test_pages_are_accessible_on_every_screen(screen, open_page, gateway, council):
    asked = gateway.ask(payment_request(council.url))
    page = open_page(screen)

    page.goto(asked.redirect_url)
    page.get_by_text("Réglages pour les essais").click()
    for name in ("payment", "result", "refused"):
        if name == "result":
            page.get_by_role("button", name="Abandonner").click()
        if name == "refused":
            page.goto(asked.redirect_url)
        run_axe(page)
        assert_nothing_is_cut_off(page)
        if KEEPS_SCREENSHOTS:
            screenshot(page, f"payfip-simulator-{name}-{screen.name}")
