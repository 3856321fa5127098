"""A stream of any length, encrypted with a passphrase, that shows when anything of it is changed or missing.

AES-256-GCM (from `cryptography`) in pieces of 1 MiB, as the STREAM construction does it: a piece's nonce is its place
and whether it is the last one, so that pieces can be neither exchanged, left out, repeated nor cut off at the end.
The key is made of the passphrase with scrypt and a salt of this stream's own: no nonce is used twice with a key.

    magic (24 bytes) · log2 of scrypt's N (1) · salt (16) · check of the passphrase (32) · pieces with their tags (16)
"""

import hmac
import io
import os
from typing import IO, TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

MAGIC = b"espace-famille backup 1\n"
PIECE_BYTES = 1 << 20
TAG_BYTES = 16
SCRYPT_LOG_N = 17  # OWASP's choice: 128 MB and a third of a second for each guess
_LOWEST_LOG_N, _HIGHEST_LOG_N = 10, 20  # what is read: a forged header must not cost gigabytes
_SALT_BYTES = 16
_CHECK_BYTES = 32
_COUNTER_BYTES = 11


class StreamRefused(Exception):
    """What is read is no such stream, or not as it was written."""


class WrongPassphrase(StreamRefused):
    """The passphrase does not open it, or its first bytes were altered."""


class SealedWriter(io.RawIOBase):
    """Encrypts what is written to it into `target`. What was not ended with `end()` is refused when it is read."""

    def __init__(self, target: IO[bytes], passphrase: str) -> None:
        start = MAGIC + bytes([SCRYPT_LOG_N]) + os.urandom(_SALT_BYTES)
        key, check = _keys(start, passphrase)
        self._header = start + check
        self._cipher = AESGCM(key)
        self._target = target
        self._waiting = bytearray()
        self._count = 0
        self._is_given_up = False
        target.write(self._header)

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, content: "ReadableBuffer") -> int:
        """Encrypt some bytes, sooner or later."""
        view = memoryview(content)
        if self._is_given_up:
            return view.nbytes
        self._waiting += view
        while len(self._waiting) > PIECE_BYTES:  # the last piece is known to be the last one
            self._write_piece(bytes(self._waiting[:PIECE_BYTES]), is_last=False)
            del self._waiting[:PIECE_BYTES]
        return view.nbytes

    def end(self) -> None:
        """Write the last piece."""
        self._write_piece(bytes(self._waiting), is_last=True)
        self._waiting.clear()

    def give_up(self) -> None:
        """Write nothing any more: who wraps this stream writes once more when it is forgotten."""
        self._is_given_up = True

    def _write_piece(self, content: bytes, *, is_last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._count, is_last=is_last), content, self._header))
        self._count += 1


class SealedReader(io.RawIOBase):
    """Decrypts such a stream. Raises StreamRefused before it gives anything that was not written so."""

    def __init__(self, source: IO[bytes], passphrase: str) -> None:
        header = source.read(len(MAGIC) + 1 + _SALT_BYTES + _CHECK_BYTES)
        start, check = header[:-_CHECK_BYTES], header[-_CHECK_BYTES:]
        if not header.startswith(MAGIC) or len(check) != _CHECK_BYTES or len(start) != len(MAGIC) + 1 + _SALT_BYTES:
            raise StreamRefused("no backup of this portal, or one of a newer version")
        if not _LOWEST_LOG_N <= start[len(MAGIC)] <= _HIGHEST_LOG_N:
            raise WrongPassphrase
        key, expected = _keys(start, passphrase)
        if not hmac.compare_digest(check, expected):
            raise WrongPassphrase
        self._header = header
        self._cipher = AESGCM(key)
        self._source = source
        self._next = source.read(PIECE_BYTES + TAG_BYTES)
        self._ready = memoryview(b"")
        self._count = 0
        self._ended = False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, target: "WriteableBuffer") -> int:
        """Some more of what was written; 0 at its end, which is known to be the end."""
        if not self._ready and not self._ended:
            self._read_piece()
        view = memoryview(target)
        size = min(len(view), len(self._ready))
        view[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _read_piece(self) -> None:
        sealed, self._next = self._next, self._source.read(PIECE_BYTES + TAG_BYTES)
        self._ended = not self._next
        try:
            content = self._cipher.decrypt(_nonce(self._count, is_last=self._ended), sealed, self._header)
        except (InvalidTag, ValueError):
            raise StreamRefused("altered, or cut off") from None
        self._ready = memoryview(content)
        self._count += 1


def _keys(start: bytes, passphrase: str) -> tuple[bytes, bytes]:
    """The key of the pieces, and what shows that the passphrase is the right one."""
    log_n, salt = start[len(MAGIC)], start[-_SALT_BYTES:]
    secret = Scrypt(salt=salt, length=32, n=1 << log_n, r=8, p=1).derive(passphrase.encode())
    return hmac.digest(secret, b"pieces", "sha256"), hmac.digest(secret, b"check" + start, "sha256")


def _nonce(count: int, *, is_last: bool) -> bytes:
    return count.to_bytes(_COUNTER_BYTES, "big") + bytes([is_last])
