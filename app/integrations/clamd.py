"""The antivirus, where the council has one: ClamAV's daemon, asked over its own protocol (INSTREAM)."""

import socket
import struct
from contextlib import closing

TIMEOUT_SECONDS = 20
_CHUNK = 1 << 16


class ScannerSilent(Exception):
    """The daemon does not answer, or not as it should: nobody knows whether the file is clean."""


def is_infected(address: str, content: bytes) -> bool:
    """Whether ClamAV finds something in a file. `address`: « host:port », or the path of its socket.

    Raises ScannerSilent. Never call it inside a transaction.
    """
    try:
        with closing(_connect(address)) as connection:
            connection.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), _CHUNK):
                chunk = content[start : start + _CHUNK]
                connection.sendall(struct.pack("!I", len(chunk)) + chunk)
            connection.sendall(struct.pack("!I", 0))
            answer = bytearray()
            while b"\0" not in answer and (received := connection.recv(4096)):
                answer += received
    except OSError:
        raise ScannerSilent from None
    said = bytes(answer).rstrip(b"\0").rstrip()
    if said.endswith(b"FOUND"):
        return True
    if said.endswith(b" OK"):
        return False
    raise ScannerSilent


def _connect(address: str) -> socket.socket:
    if address.startswith("/"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(TIMEOUT_SECONDS)
        try:
            connection.connect(address)
        except OSError:
            connection.close()
            raise
        return connection
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=TIMEOUT_SECONDS)
