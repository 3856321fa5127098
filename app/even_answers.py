"""Answers that take as long whatever was found: how long one waits must not tell who has an account.

Writing a mail takes some milliseconds that an unknown address does not cost; over many tries that can be measured.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

SHORTEST_SECONDS = 0.15  # several times what such a request takes


@contextmanager
def evenly() -> Iterator[None]:
    """Let what is done inside seem to take as long in any case. Around a write transaction, never within one."""
    started = time.perf_counter()
    try:
        yield
    finally:
        time.sleep(max(0.0, SHORTEST_SECONDS - (time.perf_counter() - started)))
