"""Encryption of sensitive columns, with a key that is kept outside the database.

Fernet (AES-128-CBC with HMAC-SHA-256, from `cryptography`). The key is `DATA_KEY`, or the file `data_key` of the
instance folder, made on the first start. It is never made anew once encrypted rows exist: see
`services/installations.py`. While a key is replaced (`services/data_keys.py`) there are several, separated by commas:
the first one encrypts, each of them opens.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class WrongDataKey(Exception):
    """Encrypted data cannot be read with the keys of this process."""


class BadDataKey(Exception):
    """What was given is no key, nor several keys separated by commas."""


Signature = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Keys:
    first: Fernet
    every: MultiFernet
    read_from: Signature | None  # the file as it was then; None: not from a file


class Cipher:
    """Encrypts and decrypts short texts with the process's keys."""

    def __init__(self) -> None:
        self._keys: _Keys | None = None
        self._file: Path | None = None

    def use_key(self, keys: str) -> None:
        """Take these for all that follows: 32 bytes each, URL-safe base64. Raises BadDataKey."""
        self._file = None
        self._keys = _read_keys(keys, None)

    def follow(self, path: Path) -> None:
        """Take the keys of a file, now and whenever it changes: a served portal goes on while its key is replaced.

        Raises BadDataKey; OSError where there is no such file.
        """
        self._keys = _read_keys(path.read_text(), _signature(path))
        self._file = path

    def encrypt(self, text: str) -> str:
        """The text, encrypted and authenticated, as ASCII."""
        return self._ready().first.encrypt(text.encode()).decode("ascii")

    def decrypt(self, token: str) -> str:
        """The text of an encrypted token. Raises WrongDataKey."""
        return _open(self._ready().every, token)

    def is_current(self, token: str) -> bool:
        """Whether the first key, the one that encrypts, opens the token."""
        try:
            _open(self._ready().first, token)
        except WrongDataKey:
            return False
        return True

    def renew(self, token: str) -> str:
        """The same text, encrypted with the first key. Raises WrongDataKey."""
        return self.encrypt(self.decrypt(token))

    def _ready(self) -> _Keys:
        if self._keys is None:
            raise RuntimeError("no DATA_KEY was given to the cipher yet")
        if self._file is not None and self._keys.read_from != (now := _signature(self._file)) and now is not None:
            self._keys = _read_keys(self._file.read_text(), now)
        return self._keys


cipher = Cipher()


def seal(content: bytes) -> tuple[str, bytes]:
    """A new key for one file alone, and its content encrypted with it; the key is kept encrypted in its turn."""
    key = new_key()
    return key, Fernet(key).encrypt(content)


def open_sealed(key: str, sealed: bytes) -> bytes:
    """The content of a sealed file. Raises WrongDataKey."""
    try:
        return Fernet(key).decrypt(sealed)
    except InvalidToken:
        raise WrongDataKey("this file does not open with its key") from None


def split_keys(text: str) -> tuple[str, ...]:
    """The keys in a text. Raises BadDataKey where one is none, or where there is none."""
    keys = tuple(key.strip() for key in text.strip().split(","))
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            raise BadDataKey from None
    return keys


def new_key() -> str:
    """A key that nobody has."""
    return Fernet.generate_key().decode("ascii")


def make_key_file(path: Path) -> None:
    """Write a new key into `path`, readable by its owner alone. Never overwrites."""
    _write(path, new_key())


def replace_keys(path: Path, keys: tuple[str, ...]) -> None:
    """Let a key file hold these, at once or not at all, whatever happens meanwhile."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)  # of a replacement that was interrupted: `path` is whole
    _write(beside, ",".join(keys))
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _read_keys(text: str, read_from: Signature | None) -> _Keys:
    found = [Fernet(key) for key in split_keys(text)]
    return _Keys(found[0], MultiFernet(found), read_from)


def _signature(path: Path) -> Signature | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None  # the keys that were read stay good
    return found.st_ino, found.st_mtime_ns, found.st_size


def _open(fernet: Fernet | MultiFernet, token: str) -> str:
    try:
        return fernet.decrypt(token.encode("ascii")).decode()
    except InvalidToken:
        raise WrongDataKey("encrypted data does not open with this DATA_KEY") from None
