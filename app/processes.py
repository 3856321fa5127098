"""Several processes that serve at one address: Python computes on one core per process, and a morning needs them all.

`run()` forks before anything has threads; the parent only watches. A child that dies is replaced; one that dies as soon
as it has begun ends all of them, so that whoever started the portal sees it. When the parent dies, however it dies, its
children end at once.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn

BEGUN_AFTER_SECONDS = 5.0
FAILED_EXIT_STATUS = 1

_STOPPING = (signal.SIGTERM, signal.SIGINT)

logger = logging.getLogger(__name__)


def run(count: int, serve: Callable[[int], None]) -> NoReturn:
    """Let `count` processes serve, each told its index; SIGTERM and Ctrl-C reach all of them. Ends the process."""
    parent = _Parent(serve)
    for number in (*_STOPPING,):
        signal.signal(number, lambda *_signal: parent.stop())
    for index in range(count):
        parent.start(index)
    sys.exit(parent.watch())


class _Parent:
    """Knows which child has which index, and whether they are to end."""

    def __init__(self, serve: Callable[[int], None]) -> None:
        self._serve = serve
        self._children: dict[int, tuple[int, float]] = {}  # by process: its index, and since when
        self._is_stopping = False
        # Nobody writes into it: the children read its end when the parent is gone.
        self._life, self._held = os.pipe()

    def start(self, index: int) -> None:
        """Fork the child of an index."""
        # A signal in between would miss the child.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        process = os.fork()
        if process == 0:
            self._be_child(index)
        self._children[process] = index, time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)

    def stop(self) -> None:
        """Ask all children to finish what runs and to end."""
        self._is_stopping = True
        for process in self._children:
            os.kill(process, signal.SIGTERM)

    def watch(self) -> int:
        """Wait until all children have ended, and return the exit status."""
        status = 0
        while self._children:
            process, ended = os.wait()
            index, since = self._children.pop(process)
            if self._is_stopping:
                continue
            logger.error("process %d of the portal ended: %s", index, os.waitstatus_to_exitcode(ended))
            if time.monotonic() - since < BEGUN_AFTER_SECONDS:
                status = FAILED_EXIT_STATUS
                self.stop()
            else:
                self.start(index)
        return status

    def _be_child(self, index: int) -> NoReturn:
        os.close(self._held)
        for number in _STOPPING:
            signal.signal(number, _finish)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
        threading.Thread(target=_end_with, args=(self._life,), name="parent's life", daemon=True).start()
        status = FAILED_EXIT_STATUS
        try:
            self._serve(index)
            status = 0
        except Exception:
            logger.exception("process %d of the portal failed", index)
        finally:
            logging.shutdown()
            sys.stdout.flush()
            os._exit(status)  # what the parent registered for its own end is not the child's to do


def _finish(*_signal: object) -> NoReturn:
    """waitress takes SystemExit for the order to finish what runs and to return."""
    sys.exit(0)


def _end_with(life: int) -> None:
    os.read(life, 1)
    os._exit(FAILED_EXIT_STATUS)
