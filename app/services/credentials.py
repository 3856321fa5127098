"""Passwords and one-time secrets. Hashing is slow on purpose: always outside a write transaction.

Argon2id with OWASP's minimum (19 MiB, 2 passes): opening morning is decided by this. At most two hashes at once, so
that they cannot starve the other requests of a two-core machine.
"""

import hashlib
import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_at_most_two = threading.BoundedSemaphore(2)
# Verified against when the address is unknown, so that the answer takes as long.
_NOBODYS_HASH = _hasher.hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    """The Argon2id hash to store (about 25 ms)."""
    with _at_most_two:
        return _hasher.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one hashed; takes the same time when there is no hash."""
    with _at_most_two:
        try:
            _hasher.verify(password_hash or _NOBODYS_HASH, password)
        except VerificationError:
            return False
    return password_hash is not None


def new_secret() -> str:
    """A secret for a link or a session, 256 bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """What the database keeps of a secret: its SHA-256 (the secret itself is random and long)."""
    return hashlib.sha256(secret.encode()).hexdigest()


CODE_LETTERS = "BCDFGHJKMNPQRSTVWXZ"
"""No vowels, so that no word comes out; nothing that is read for another sign."""

_CODE_LENGTH = 12  # 19^12: 51 bits


def new_code() -> str:
    """A code that people read out and type: « BCDF-GHJK-MNPQ »."""
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(_CODE_LENGTH))
    return "-".join(letters[start : start + 4] for start in range(0, _CODE_LENGTH, 4))


def hash_code(code: str) -> str:
    """What the database keeps of a code, however it was typed (about 50 ms: it is shorter than a link's secret)."""
    letters = "".join(char for char in code.upper() if char.isalnum())
    with _at_most_two:
        return hashlib.scrypt(letters.encode(), salt=b"claim code", n=2**14, r=8, p=1, dklen=32).hex()
