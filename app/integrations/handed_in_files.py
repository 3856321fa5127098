"""Files that families hand in: decoded in a child process and written anew as one PDF.

A file comes from anybody and is decoded by libraries written in C, so that is done by `file_decoder.py`, a process of
its own with limits on memory and time. One process for each task: what a file may have done to it ends with it.
"""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from app.integrations import clamd, file_decoder
from app.rules.handed_in_files import (
    BYTES_OF_KIND,
    MOST_BYTES_KEPT,
    MOST_JPEG_PIXELS,
    MOST_PAGES,
    MOST_PIXELS,
    FileKind,
    FileRefusal,
    FileShape,
    Judgement,
    judge_files,
    kind_of,
)

MOST_MEMORY_BYTES = 1_200_000_000
"""Address space of a child: libraries and threads reserve much that they never touch."""

TIMEOUT_SECONDS = 40
AT_ONCE = 2
LONGEST_WAIT_SECONDS = 20
MOST_UPLOADS = 2 * AT_ONCE
"""How many hand in at a time, decoded or waiting: each of them keeps one of the server's threads from its pages."""

logger = logging.getLogger(__name__)

_places = threading.BoundedSemaphore(AT_ONCE)
_uploads = threading.BoundedSemaphore(MOST_UPLOADS)


class FileRefused(Exception):
    """What was handed in is refused."""

    def __init__(self, judgement: Judgement) -> None:
        super().__init__(judgement.refusal)
        self.judgement = judgement


@dataclass(frozen=True, slots=True)
class DecodedFile:
    """One PDF, safe to show."""

    content: bytes
    page_count: int


def receive_files(files: Sequence[bytes], wanted: Collection[FileKind], clamd_address: str | None) -> DecodedFile:
    """One PDF of the files that somebody sends, looked at, scanned where there is an antivirus, and decoded.

    Raises FileRefused: also when the antivirus does not answer, for nothing unscanned is kept.
    """
    judgement = judge_files([FileShape(len(content), content[:BYTES_OF_KIND]) for content in files], wanted)
    if judgement is not None:
        raise FileRefused(judgement)
    if clamd_address is not None:
        for index, content in enumerate(files):
            try:
                is_infected = clamd.is_infected(clamd_address, content)
            except clamd.ScannerSilent:
                logger.warning("the antivirus does not answer: a file was refused")
                raise FileRefused(Judgement(FileRefusal.NOT_SCANNED)) from None
            if is_infected:
                raise FileRefused(Judgement(FileRefusal.INFECTED, index))
    return decode_files(files)


def decode_files(files: Sequence[bytes]) -> DecodedFile:
    """One upright PDF of photos and PDFs, in their order, without metadata. Raises FileRefused.

    Takes up to `TIMEOUT_SECONDS`, and as long again when others are decoded: never call it inside a transaction.
    """
    kinds = [kind_of(content[:BYTES_OF_KIND]) for content in files]
    if None in kinds:
        raise FileRefused(Judgement(FileRefusal.UNKNOWN_KIND, kinds.index(None)))
    if not _uploads.acquire(blocking=False):
        raise FileRefused(Judgement(FileRefusal.BUSY))
    try:
        facts, pdf = _run(
            {
                "do": "decode", "kinds": kinds, "most_pages": MOST_PAGES, "most_pixels": MOST_PIXELS,
                "most_jpeg_pixels": MOST_JPEG_PIXELS,
            },
            files,
        )  # fmt: skip
    finally:
        _uploads.release()
    if len(pdf) > MOST_BYTES_KEPT:
        raise FileRefused(Judgement(FileRefusal.TOO_HEAVY_TOGETHER))
    return DecodedFile(pdf, facts["pages"])


def page_picture(pdf: bytes, page: int) -> bytes:
    """A page of a PDF that was decoded before, counted from 0, as a JPEG. Raises FileRefused where there is none."""
    return _run({"do": "show", "page": page}, [pdf])[1]


def _run(task: dict[str, Any], files: Sequence[bytes]) -> tuple[dict[str, Any], bytes]:
    task["sizes"] = [len(content) for content in files]
    if not _places.acquire(timeout=LONGEST_WAIT_SECONDS):
        raise FileRefused(Judgement(FileRefusal.BUSY))
    try:
        # Isolated (-I), without our environment, which holds keys.
        environment = {name: os.environ[name] for name in ("TMPDIR",) if name in os.environ}
        ended = subprocess.run(
            [sys.executable, "-I", file_decoder.__file__, str(MOST_MEMORY_BYTES), str(TIMEOUT_SECONDS)],
            input=b"".join([json.dumps(task).encode(), b"\n", *files]),
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            env={**environment, "MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1"},
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FileRefused(Judgement(FileRefusal.TOO_COMPLEX)) from None
    finally:
        _places.release()
    head, _, content = ended.stdout.partition(b"\n")
    if ended.returncode != 0 or not head:  # killed by a limit, or by what it read
        raise FileRefused(Judgement(FileRefusal.TOO_COMPLEX))
    facts: dict[str, Any] = json.loads(head)
    if "refusal" in facts:
        raise FileRefused(Judgement(FileRefusal(facts["refusal"]), facts["index"]))
    return facts, content
