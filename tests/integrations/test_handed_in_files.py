"""Files that families hand in: the verdict on each awkward one, what is left of it, and what it may cost."""

import io
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pikepdf
import pytest
from PIL import Image

from app.integrations import clamd, file_decoder, handed_in_files
from app.integrations.handed_in_files import FileRefused, decode_files, page_picture
from app.rules.handed_in_files import (
    MOST_JPEG_PIXELS,
    MOST_PAGES,
    MOST_PIXELS,
    FileKind,
    FileRefusal,
    FileShape,
    judge_files,
    kind_of,
)
from app.start import THREADS
from tests.awkward_files import BLUE, FILES, PLACE, RED, drawing_in_drawings, photo
from tests.rules.tables import Row, cases, number_or_none, rows
from tests.served import ROOT

LIMITS = {"most_pages": MOST_PAGES, "most_pixels": MOST_PIXELS, "most_jpeg_pixels": MOST_JPEG_PIXELS}


def decode_here(files: list[bytes]) -> tuple[int, bytes]:
    """What the child process does, without the half second that its start takes."""
    facts, content = file_decoder.decode({"kinds": [kind_of(file[:32]) for file in files], **LIMITS}, files)
    return facts["pages"], content


def picture_of(pdf: bytes, page: int = 0) -> Image.Image:
    return Image.open(io.BytesIO(file_decoder.show({"page": page}, [pdf])[1]))


@pytest.mark.parametrize("row", cases("handed_in_files", "verdicts"))
def test_each_awkward_file_gets_its_verdict(row: Row) -> None:
    files = FILES[row["files"]]()
    early = judge_files([FileShape(len(file), file[:32]) for file in files], frozenset(FileKind))
    if early is not None:
        assert (early.refusal, early.index) == (row["verdict"], number_or_none(row["index"]))
        return
    if row["verdict"] != "accepted":
        with pytest.raises(file_decoder.Refused) as refusal:
            decode_here(files)
        assert (refusal.value.code, refusal.value.index) == (row["verdict"], int(row["index"]))
        assert FileRefusal(refusal.value.code)
        return
    pages, content = decode_here(files)
    assert pages == int(row["pages"])
    assert PLACE not in content and b"Exif" not in content and b"Telephone" not in content
    with pikepdf.Pdf.open(io.BytesIO(content)) as pdf:
        assert set(pdf.Root.keys()) == {"/Type", "/Pages"} and not pdf.docinfo
        assert not any("/Annots" in page.obj or "/AA" in page.obj for page in pdf.pages)


def test_the_table_says_of_every_file_what_becomes_of_it() -> None:
    assert {row["files"] for row in rows("handed_in_files", "verdicts")} == set(FILES)
    assert len(FILES) >= 40


@pytest.mark.parametrize(
    "name", ["a photo", "a photo upside down (EXIF 3)", "a photo that lies on its side (EXIF 6)",
             "a photo on its other side (EXIF 8)", "a photo from a telephone of Apple (HEIC)"]
)  # fmt: skip
def test_photos_stand_upright(name: str) -> None:
    picture = picture_of(decode_here(FILES[name]())[1])
    assert picture.width > picture.height
    for place, colour in ((1 / 4, RED), (3 / 4, BLUE)):
        found = picture.getpixel((picture.width // 2, int(picture.height * place)))
        assert isinstance(found, tuple) and all(abs(one - other) < 30 for one, other in zip(found, colour, strict=True))


def test_a_filled_form_stays_readable() -> None:
    content = decode_here(FILES["a PDF with a filled form"]())[1]
    darkest, _ = picture_of(content).convert("L").getextrema()
    assert isinstance(darkest, int) and darkest < 100


def test_a_photo_of_a_telephone_takes_a_fraction_of_what_it_was() -> None:
    noise = Image.effect_noise((500, 375), 60).resize((4000, 3000)).convert("RGB")
    output = io.BytesIO()
    noise.save(output, "JPEG", quality=92)
    assert len(decode_here([output.getvalue()])[1]) < len(output.getvalue()) / 3


_DECODES = """
import resource, sys
from app.integrations.handed_in_files import FileRefused, decode_files
from tests.awkward_files import FILES
outcome = "decoded"
files = FILES[sys.argv[1]]()
try:
    decode_files(files)
except FileRefused as refusal:
    outcome = refusal.judgement.refusal.value
print(outcome, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.parametrize("name", ["a PNG of 50 megapixels", "a PDF bomb"])
def test_a_child_process_takes_bounded_memory(name: str) -> None:
    # In a process of its own: what is asked of the system is the largest of all children so far.
    done = subprocess.run(
        [sys.executable, "-c", _DECODES, name], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    )
    outcome, kilobytes = done.stdout.split()
    assert outcome in ("decoded", FileRefusal.TOO_COMPLEX)
    assert 10_000 < int(kilobytes) < 700_000


def test_memory_that_is_not_there_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handed_in_files, "MOST_MEMORY_BYTES", 110_000_000)
    with pytest.raises(FileRefused) as refusal:
        decode_files(FILES["a PNG of 50 megapixels"]())
    assert refusal.value.judgement.refusal is FileRefusal.TOO_COMPLEX


def test_time_that_is_not_there_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handed_in_files, "TIMEOUT_SECONDS", 0)
    with pytest.raises(FileRefused) as refusal:
        decode_files([photo()])
    assert refusal.value.judgement.refusal is FileRefusal.TOO_COMPLEX


def test_a_page_that_takes_hours_to_draw_is_refused_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handed_in_files, "TIMEOUT_SECONDS", 20)
    with pytest.raises(FileRefused) as refusal:
        decode_files([drawing_in_drawings()])
    assert refusal.value.judgement.refusal is FileRefusal.TOO_COMPLEX


def test_the_fifth_at_once_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handed_in_files, "_places", threading.BoundedSemaphore(1))
    with ExitStack() as others, handed_in_files._places:
        for _ in range(handed_in_files.MOST_UPLOADS):
            others.enter_context(handed_in_files._uploads)
        started = time.monotonic()
        with pytest.raises(FileRefused) as refusal:
            decode_files([photo()])
        assert time.monotonic() - started < 5
    assert refusal.value.judgement.refusal is FileRefusal.BUSY
    assert 3 * handed_in_files.MOST_UPLOADS <= THREADS  # what is left is for the pages of the others


def test_more_than_two_at_once_wait_and_are_then_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handed_in_files, "_places", threading.BoundedSemaphore(1))
    monkeypatch.setattr(handed_in_files, "LONGEST_WAIT_SECONDS", 0)
    with handed_in_files._places, pytest.raises(FileRefused) as refusal:
        decode_files([photo()])
    assert refusal.value.judgement.refusal is FileRefusal.BUSY


def test_pages_are_shown_as_pictures_and_there_are_no_others() -> None:
    made = decode_files([photo(), photo("PNG")])
    assert made.page_count == 2
    assert Image.open(io.BytesIO(page_picture(made.content, 1))).format == "JPEG"
    with pytest.raises(FileRefused):
        page_picture(made.content, 2)


def test_the_child_process_reaches_nobody() -> None:
    with pytest.raises(PermissionError):
        file_decoder._refuse_connections("socket.connect", ())


@contextmanager
def clamav(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """An antivirus that says this; what it was sent comes along."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                while not (received and b"".join(received).endswith(b"\0\0\0\0")):
                    received.append(connection.recv(65_536))
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", received
        thread.join()


def test_the_antivirus_sees_the_file_and_its_answer_counts() -> None:
    with clamav(b"stream: OK\0") as (address, received):
        assert not clamd.is_infected(address, b"clean" * 20_000)
    assert b"".join(received).startswith(b"zINSTREAM\0\0\x01\0\0clean")
    with clamav(b"stream: Eicar-Test-Signature FOUND\0") as (address, _):
        assert clamd.is_infected(address, b"x")


@pytest.mark.parametrize("answer", [b"", b"INSTREAM size limit exceeded. ERROR\0"])
def test_an_antivirus_that_does_not_say_clean_has_not_scanned(answer: bytes) -> None:
    with clamav(answer) as (address, _), pytest.raises(clamd.ScannerSilent):
        clamd.is_infected(address, b"x")


def test_an_antivirus_that_is_not_there_has_not_scanned(tmp_path: object) -> None:
    for address in ("127.0.0.1:1", f"{tmp_path}/clamd.sock"):
        with pytest.raises(clamd.ScannerSilent):
            clamd.is_infected(address, b"x")
