"""A small SMTP server for the tests: takes mails, refuses them, answers slowly, or hangs up."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage


@dataclass(slots=True)
class SmtpServer:
    """What it received, and how it behaves."""

    port: int = 0
    mode: str = "takes"  # takes · refuses · is busy · hangs up · hangs up at the end · takes and hangs up · drips
    pause_seconds: float = 0.0
    unknown: set[str] = field(default_factory=set)  # addresses that it refuses for good
    sender_refused: bool = False
    spoken_to: int = 0  # connections
    received: list[EmailMessage] = field(default_factory=list)

    @property
    def url(self) -> str:
        """For MAIL_URL."""
        return f"smtp://127.0.0.1:{self.port}"


@contextmanager
def smtp_server() -> Iterator[SmtpServer]:
    """Run a server on a free port of the loopback."""
    state = SmtpServer()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def drip(self) -> None:
            """Say something all the time, and never come to an end."""
            try:
                for _ in range(2_000):
                    self.wfile.write(b"250-still here\r\n")
                    time.sleep(0.02)
            except OSError:
                return

        def handle(self) -> None:
            state.spoken_to += 1
            if state.mode == "hangs up":
                return
            self.say("220 tests ESMTP")
            while line := self.rfile.readline().decode().strip():
                verb = line.split(":")[0].split(" ")[0].upper()
                if state.mode == "drips":
                    self.drip()
                    return
                if verb == "MAIL" and state.sender_refused:
                    self.say("550 you are not who you say")
                elif verb == "RCPT" and any(f"<{each}>" in line for each in state.unknown):
                    self.say("550 no such user")
                elif verb == "RCPT" and state.mode in ("refuses", "is busy"):
                    self.say("550 no such user" if state.mode == "refuses" else "451 try later")
                elif verb == "DATA":
                    self.say("354 go on")
                    lines = []
                    while (text := self.rfile.readline()) not in (b".\r\n", b""):
                        lines.append(text.removeprefix(b"."))
                    time.sleep(state.pause_seconds)
                    if state.mode == "hangs up at the end":
                        return
                    state.received.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))  # type: ignore[arg-type]
                    if state.mode == "takes and hangs up":
                        return
                    self.say("250 taken")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
