"""The simulator as a WSGI application: the web service, the payment page, the way back to the council's site."""

import threading
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from app import clock
from app.filters import euros
from app.payfip_simulator import web_service
from app.payfip_simulator.notifications import TIMEOUT_SECONDS, Notifier
from app.payfip_simulator.operations import Operation, Operations, Result

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SERVICE_PATH = "/tpa/services/securite"
MAX_BODY_BYTES = 64 * 1024
MAX_NOTIFICATIONS = 10
MAX_DELAY_SECONDS = 3600
# A notification « before the return » is waited for, so that it does come first; by so many requests at once that
# the others still find threads to be served by.
MAX_WAITING = 4

_HERE = Path(__file__).parent
_URLS = Map(
    [
        Rule(SERVICE_PATH, endpoint="service"),
        Rule("/tpa/services/<name>", endpoint="schema", methods=["GET"]),
        Rule("/tpa/paiementws.web", endpoint="payment"),
        Rule("/tpa/resultat.web", endpoint="result", methods=["GET"]),
        Rule("/tpa/retour.web", endpoint="go_back", methods=["POST"]),
        Rule("/tpa/simulateur.css", endpoint="style", methods=["GET"]),
    ]
)

RESULT_LABELS = {
    Result.PAID_CARD: "Paiement par carte accepté",
    Result.PAID_DEBIT: "Paiement par prélèvement accepté",
    Result.REFUSED_CARD: "Paiement par carte refusé",
    Result.REFUSED_DEBIT: "Prélèvement refusé",
    Result.ABANDONED: "Paiement abandonné",
}


class NotificationTime(StrEnum):
    """When the council's server is told."""

    BEFORE_RETURN = "before"
    AFTER_RETURN = "after"
    NEVER = "never"


class PageRefused(Exception):
    """An operation that its payer cannot (or no longer) pay, with PayFiP's code."""

    def __init__(self, code: str, sentence: str, operation: Operation | None = None) -> None:
        super().__init__(code, sentence)
        self.code = code
        self.sentence = sentence
        self.operation = operation


class SimulatorApplication:
    """The WSGI application. `outage`, when set, is what the web service answers to everything."""

    def __init__(self, operations: Operations, notifier: Notifier, service_url: str) -> None:
        self.outage: web_service.TechnicalFault | None = None
        self._operations = operations
        self._notifier = notifier
        self._service_url = service_url
        self._waiting = threading.BoundedSemaphore(MAX_WAITING)
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["euros"] = euros

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = MAX_BODY_BYTES
        try:
            endpoint, values = _URLS.bind_to_environ(environ).match()
            response: Response | HTTPException = getattr(self, f"_{endpoint}")(request, **values)
        except PageRefused as refusal:
            response = self._page(
                "refused.html", refusal.operation, status=410, code=refusal.code, sentence=refusal.sentence
            )
        except HTTPException as error:
            response = error
        return response(environ, start_response)

    # --- The web service ----------------------------------------------------------------------------------------------

    def _service(self, request: Request) -> Response:
        if request.method == "POST":
            answer = web_service.answer(request.get_data(), self._operations, self.outage)
            return Response(answer.body, status=answer.status, content_type="text/xml; charset=utf-8")
        return self._xml(web_service.wsdl(self._service_url))

    def _schema(self, request: Request, name: str) -> Response:
        return self._xml(web_service.description(name, self._service_url))

    def _xml(self, content: bytes | None) -> Response:
        if content is None:
            raise NotFound()
        return Response(content, content_type="text/xml; charset=utf-8")

    # --- The pages ----------------------------------------------------------------------------------------------------

    def _payment(self, request: Request) -> Response:
        if request.method == "POST":
            return self._pay(request)
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed(["GET", "POST"])
        operation = self._payable(request.args.get("idop", ""))
        if clock.now() > operation.closes_at:
            raise PageRefused("P4", "Cette demande de paiement a été ouverte il y a plus de 15 minutes.", operation)
        self._operations.open(operation.operation_id)
        return self._page(
            "payment.html", operation, max_notifications=MAX_NOTIFICATIONS, max_delay_seconds=MAX_DELAY_SECONDS
        )

    def _pay(self, request: Request) -> Response:
        operation = self._payable(request.form.get("idop", ""))
        # Once the page is open, its payer may take longer than the 15 minutes.
        if operation.opened_at is None and clock.now() > operation.closes_at:
            raise PageRefused("P4", "Cette demande de paiement a été ouverte il y a plus de 15 minutes.", operation)
        try:
            result = Result(request.form.get("result", ""))
            when = NotificationTime(request.form.get("notification", NotificationTime.BEFORE_RETURN.value))
            delay_seconds = min(max(int(request.form.get("delay", "0") or 0), 0), MAX_DELAY_SECONDS)
            times = min(max(int(request.form.get("times", "1") or 1), 1), MAX_NOTIFICATIONS)
        except ValueError:
            raise PageRefused("–", "Ce choix n’existe pas.", operation) from None
        ended = self._operations.end(
            operation.operation_id,
            result,
            notifications=0 if when is NotificationTime.NEVER else times,
            # The browser gets a head start: it has the way to the council's site still before it.
            delay_seconds=max(delay_seconds, 1) if when is NotificationTime.AFTER_RETURN else delay_seconds,
            after_return=when is NotificationTime.AFTER_RETURN,
        )
        if not ended:
            raise PageRefused("P3", "Cette demande de paiement a déjà servi.", operation)
        sending = self._notifier.send_what_is_owed()
        if when is NotificationTime.BEFORE_RETURN and delay_seconds == 0:
            self._wait_for(sending)
        return redirect(f"resultat.web?idop={operation.operation_id}", 303)

    def _wait_for(self, threads: list[threading.Thread]) -> None:
        if self._waiting.acquire(blocking=False):
            try:
                for thread in threads:
                    thread.join(TIMEOUT_SECONDS)
            finally:
                self._waiting.release()

    def _result(self, request: Request) -> Response:
        operation = self._known(request.args.get("idop", ""))
        if operation.result is None:
            return redirect(f"paiementws.web?idop={operation.operation_id}", 303)
        answers = self._operations.answers(operation.operation_id)
        return self._page("result.html", operation, result_label=RESULT_LABELS[operation.result], answers=answers)

    def _go_back(self, request: Request) -> Response:
        """Send the browser to the council's site with the same POST, and only then what waits for its return."""
        operation = self._known(request.form.get("idop", ""))
        self._operations.release(operation.operation_id)
        self._notifier.send_what_is_owed()
        return redirect(operation.return_url, 307)

    def _style(self, request: Request) -> Response:
        return Response((_HERE / "simulateur.css").read_bytes(), content_type="text/css; charset=utf-8")

    def _known(self, operation_id: str) -> Operation:
        operation = self._operations.find(operation_id)
        if operation is None:
            raise PageRefused("P1", "Cette demande de paiement n’existe pas, ou n’existe plus.")
        return operation

    def _payable(self, operation_id: str) -> Operation:
        operation = self._known(operation_id)
        if operation.result is not None:
            raise PageRefused("P3", "Cette demande de paiement a déjà servi.", operation)
        return operation

    def _page(self, template: str, operation: Operation | None, *, status: int = 200, **context: Any) -> Response:
        text = self._templates.get_template(template).render(operation=operation, **context)
        form_action = "'self'"
        if operation is not None:
            parts = urlsplit(operation.return_url)
            form_action += f" {parts.scheme}://{parts.netloc}"
        return Response(
            text,
            status=status,
            content_type="text/html; charset=utf-8",
            headers={
                "Content-Security-Policy": (
                    f"default-src 'none'; style-src 'self'; form-action {form_action}; base-uri 'none'; "
                    "frame-ancestors 'none'"
                ),
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store",
            },
        )
