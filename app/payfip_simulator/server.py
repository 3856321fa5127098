"""The simulator's own listener on loopback, beside the portal's: neither can use up the other's threads."""

import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import waitress

from app.payfip_simulator.application import SERVICE_PATH, SimulatorApplication
from app.payfip_simulator.notifications import Notifier
from app.payfip_simulator.operations import Operation, Operations
from app.payfip_simulator.web_service import TechnicalFault

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HOST = "127.0.0.1"
THREADS = 16
STATE_FILE = "payfip-simulator.sqlite3"


class Simulator:
    """A simulator. `url` is what the gateway is told; `stop()` may be called twice.

    It has its port from the beginning and no thread before `start()`, which another process may call after a fork.
    """

    def __init__(self, instance_path: Path, port: int) -> None:
        self._listening = _bound_socket(port)
        self._operations = Operations(instance_path / STATE_FILE)
        self._notifier = Notifier(self._operations)
        self.url = f"http://{HOST}:{self._listening.getsockname()[1]}"
        self.application = SimulatorApplication(self._operations, self._notifier, self.url + SERVICE_PATH)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen, and send what an earlier stop left unsent."""
        self._server = waitress.create_server(
            self._serve, sockets=[self._listening], threads=THREADS, ident=None, clear_untrusted_proxy_headers=True
        )
        self._thread = threading.Thread(target=self._run, name="payfip-simulator", daemon=True)
        self._thread.start()
        self._notifier.send_what_is_owed(at_once=True)

    def stop(self) -> None:
        """Finish what runs, close the port; the state stays."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._notifier.stop()
        if self._thread is None:
            self._listening.close()
        elif self._thread.is_alive():
            with suppress(OSError):  # it read the flag by itself meanwhile, and is closed
                self._server.pull_trigger()
            self._thread.join(10)

    @property
    def outage(self) -> TechnicalFault | None:
        """What the web service answers to everything, for whoever wants to see that; None: it works."""
        return self.application.outage

    @outage.setter
    def outage(self, fault: TechnicalFault | None) -> None:
        self.application.outage = fault

    def find(self, operation_id: str) -> Operation | None:
        """What the simulator knows of an operation."""
        return self._operations.find(operation_id)

    def _serve(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return self.application(environ, start_response)

    def _run(self) -> None:
        """waitress's loop, one turn at a time: its own `run()` only ends with the process."""
        server = self._server
        while not self._stopping.is_set():
            server.asyncore.loop(timeout=1, map=server._map, count=1)
        server.task_dispatcher.shutdown()
        for channel in list(server._map.values()):
            channel.close()


def _bound_socket(port: int) -> socket.socket:
    """A socket of ours: waitress leaves things open when it cannot have the port."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((HOST, port))
    except OSError:
        bound.close()
        raise
    return bound


def bind_simulator(instance_path: Path, port: int) -> Simulator:
    """A simulator that keeps its state in `instance_path` and has its port, to be started by who serves it.

    `port` 0 takes any free one. Raises OSError where the port is taken.
    """
    return Simulator(instance_path, port)


def start_simulator(instance_path: Path, port: int) -> Simulator:
    """The same, started."""
    simulator = bind_simulator(instance_path, port)
    simulator.start()
    return simulator
