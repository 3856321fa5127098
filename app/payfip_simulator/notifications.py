"""Telling the council's server that an operation has ended, from threads of their own."""

import http.client
import logging
import threading
from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit

from app.payfip_simulator.operations import Notification, Operations

TIMEOUT_SECONDS = 10

logger = logging.getLogger(__name__)


class Notifier:
    """Sends the notifications owed. Those that a stop interrupts are sent at the next start."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._lock = threading.Lock()
        self._under_way: dict[int, threading.Timer] = {}
        self._stopped = False

    def send_what_is_owed(self, *, at_once: bool = False) -> list[threading.Thread]:
        """Start sending, each notification after its delay, or `at_once`; the threads that do it."""
        started: list[threading.Thread] = []
        with self._lock:
            for notification in self._operations.notifications_owed():
                if self._stopped or notification.notification_id in self._under_way:
                    continue
                delay = 0 if at_once else notification.delay_seconds
                timer = threading.Timer(delay, self._send, [notification])
                timer.name = f"payfip-notification-{notification.notification_id}"
                timer.daemon = True
                self._under_way[notification.notification_id] = timer
                timer.start()
                started.append(timer)
        return started

    def stop(self) -> None:
        """Start nothing any more, and wait for what is being sent."""
        with self._lock:
            self._stopped = True
            timers = list(self._under_way.values())
        for timer in timers:
            timer.cancel()
        for timer in timers:
            timer.join(TIMEOUT_SECONDS + 1)

    def _send(self, notification: Notification) -> None:
        try:
            answer = post_notification(notification.url, notification.operation_id)
            logger.info("PayFiP simulator: notification of %s: %s", notification.operation_id, answer)
            self._operations.answered(notification, answer)
        finally:
            with self._lock:
                self._under_way.pop(notification.notification_id, None)


def post_notification(url: str, operation_id: str) -> str:
    """POST the operation's id to `url`; the answer's status, or what went wrong. Nothing leaves this machine."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not _is_loopback(parts.hostname or ""):
        logger.warning("PayFiP simulator: no notification to %s, which is not on this machine", parts.netloc)
        return "pas envoyé, adresse hors de cette machine"
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(
            "POST",
            f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}",
            # PayFiP's spelling in its messages; the browser brings « idop ».
            body=urlencode({"idOp": operation_id}),
            headers={"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "PayFiP-simulator"},
        )
        with connection.getresponse() as answer:
            return str(answer.status)
    except (OSError, http.client.HTTPException) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        connection.close()


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
