"""Which files a family may hand in: how many, how heavy, of which kind; and why one is refused.

A file's kind is read off its first bytes, never off its name. Whether it really is what it begins like, only decoding
tells (`integrations/file_decoder.py`). Source: docs/rules/handed_in_files.md.
"""

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

MOST_FILES = 12
MOST_BYTES_OF_ONE = 15_000_000
MOST_BYTES = 25_000_000
"""Of all that is handed in at once."""

MOST_PAGES = 40
MOST_PIXELS = 50_000_000
"""Of a photo that must be decoded whole. A JPEG is decoded smaller than it is, so that it may be larger."""

MOST_JPEG_PIXELS = 120_000_000
MOST_BYTES_KEPT = 15_000_000
MOST_IN_A_DAY = 40
"""How many versions a family hands in within 24 hours."""

MOST_BYTES_OF_FAMILY = 400_000_000
"""Of all that is kept of a family."""

LONGEST_NAME = 80
BYTES_OF_KIND = 32
"""How many first bytes tell the kind."""


class FileKind(StrEnum):
    """What a file begins like."""

    PDF = auto()
    JPEG = auto()
    PNG = auto()
    WEBP = auto()
    HEIC = auto()

    @property
    def is_photo(self) -> bool:
        """Whether it becomes a page."""
        return self is not FileKind.PDF


class FileRefusal(StrEnum):
    """Why what was handed in is refused."""

    NOTHING = auto()
    TOO_MANY_FILES = auto()
    EMPTY = auto()
    TOO_HEAVY = auto()
    TOO_HEAVY_TOGETHER = auto()
    UNKNOWN_KIND = auto()
    NO_PDF_HERE = auto()
    NO_PHOTO_HERE = auto()
    BROKEN = auto()
    TOO_MANY_PIXELS = auto()
    TOO_MANY_PAGES = auto()
    ENCRYPTED = auto()
    ACTIVE = auto()  # scripts, actions, media, dynamic forms
    ATTACHMENTS = auto()
    TOO_COMPLEX = auto()  # more memory or time than any honest file takes
    INFECTED = auto()
    NOT_SCANNED = auto()  # the antivirus does not answer
    TOO_MANY_TODAY = auto()
    NO_ROOM = auto()  # the family has as much as one may have
    BUSY = auto()  # too many others hand in at this moment


@dataclass(frozen=True, slots=True)
class FileShape:
    """A file, as far as it is judged before it is decoded."""

    size_bytes: int
    head: bytes


@dataclass(frozen=True, slots=True)
class Judgement:
    """Why files are refused, and which of them is the reason (None: all of them together)."""

    refusal: FileRefusal
    index: int | None = None


_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


def kind_of(head: bytes) -> FileKind | None:
    """What a file begins like, by its first bytes; None for all that nobody may hand in.

    White space and a byte order mark before a PDF's first mark are what some programs write, anything else is not.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return FileKind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileKind.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FileKind.WEBP
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return FileKind.HEIC
    if head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\0").startswith(b"%PDF-"):
        return FileKind.PDF
    return None


def judge_files(files: Sequence[FileShape], accepted: Collection[FileKind]) -> Judgement | None:
    """Why these files, handed in together, are refused before anybody decodes them; None when they are not."""
    if not files:
        return Judgement(FileRefusal.NOTHING)
    if len(files) > MOST_FILES:
        return Judgement(FileRefusal.TOO_MANY_FILES)
    for index, file in enumerate(files):
        if file.size_bytes == 0:
            return Judgement(FileRefusal.EMPTY, index)
        if file.size_bytes > MOST_BYTES_OF_ONE:
            return Judgement(FileRefusal.TOO_HEAVY, index)
        kind = kind_of(file.head)
        if kind is None:
            return Judgement(FileRefusal.UNKNOWN_KIND, index)
        if kind not in accepted:
            refusal = FileRefusal.NO_PHOTO_HERE if kind.is_photo else FileRefusal.NO_PDF_HERE
            return Judgement(refusal, index)
    if sum(file.size_bytes for file in files) > MOST_BYTES:
        return Judgement(FileRefusal.TOO_HEAVY_TOGETHER)
    return None


def judge_room(size_bytes: int, lately: int, kept_bytes: int) -> FileRefusal | None:
    """Why one more file of a family is not kept: it handed in so many in 24 hours, and has so much."""
    if lately >= MOST_IN_A_DAY:
        return FileRefusal.TOO_MANY_TODAY
    return FileRefusal.NO_ROOM if kept_bytes + size_bytes > MOST_BYTES_OF_FAMILY else None


def shown_name(name: str) -> str:
    """A file's name as people may read it: one line, no path, no invisible characters, not endless; may be empty."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(char for char in last if unicodedata.category(char)[0] != "C")
    clean = unicodedata.normalize("NFC", " ".join(visible.split()))
    if len(clean) <= LONGEST_NAME:
        return clean
    stem, dot, ending = clean.rpartition(".")
    ending = f"{dot}{ending}" if stem and len(ending) <= 5 else ""
    return f"{clean[: LONGEST_NAME - len(ending) - 1]}…{ending}"
