"""Encryption of sensitive columns, with a key that is kept outside the database.

Fernet (AES-128-CBC with HMAC-SHA-256, from `cryptography`). One key per process: `DATA_KEY`, or the file
`data_key` of the instance folder, made on the first start. It is never made anew once encrypted rows exist:
see `services/installations.py`.
"""

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken


class WrongDataKey(Exception):
    """Encrypted data cannot be read with the key of this process."""


class Cipher:
    """Encrypts and decrypts short texts with the process's key."""

    def __init__(self) -> None:
        self._fernet: Fernet | None = None

    def use_key(self, key: str) -> None:
        """Take `key` (32 bytes, URL-safe base64) for all that follows."""
        self._fernet = Fernet(key)

    def encrypt(self, text: str) -> str:
        """The text, encrypted and authenticated, as ASCII."""
        return self._ready().encrypt(text.encode()).decode("ascii")

    def decrypt(self, token: str) -> str:
        """The text of an encrypted token. Raises WrongDataKey."""
        try:
            return self._ready().decrypt(token.encode("ascii")).decode()
        except InvalidToken:
            raise WrongDataKey("encrypted data does not open with this DATA_KEY") from None

    def _ready(self) -> Fernet:
        if self._fernet is None:
            raise RuntimeError("no DATA_KEY was given to the cipher yet")
        return self._fernet


cipher = Cipher()


def make_key_file(path: Path) -> str:
    """Write a new key into `path`, readable by its owner alone, and return it. Never overwrites."""
    key = Fernet.generate_key().decode("ascii")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
    return key
