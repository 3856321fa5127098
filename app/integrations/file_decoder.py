"""The child process that decodes the files which families hand in, and writes them anew.

`handed_in_files` runs this file by its path, isolated from the portal: it imports nothing of ours, has none of our
secrets in its environment, opens no connection and starts nothing; the memory and the time that it may take are limited
by the system. One process does one task: it reads it from its standard input, and answers on its standard output.

    decode: photos become upright pages without metadata; PDFs are looked through and written anew, without anything
            that acts. All of them together become one PDF.
    show:   one page of a PDF as a picture.

The task is one line of JSON, then the files one after the other. The answer is one line of JSON, then the PDF or the
picture. What no honest file holds raises Refused with a code of `rules.handed_in_files.FileRefusal`.
"""

import io
import json
import math
import os
import resource
import signal
import sys
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pikepdf
    import pypdfium2
    from PIL.Image import Image

A4_POINTS = (595.28, 841.89)
LONGEST_SIDE = 2000  # pixels: an A4 page at 170 dpi
LONGEST_PIXELS = 30_000
QUALITY = 78
PICTURE_WIDTH = 1400
MOST_OBJECTS = 60_000
MOST_UNPACKED = 150_000_000
MOST_PIXELS_IN_PDF = 120_000_000
SECONDS_TO_DRAW = 5  # a page, of the processor; a scan takes a twentieth of one

# What a PDF may do only by itself; a link to a page (GoTo) or to an address (URI) is merely left out.
_ACTIONS = frozenset(
    {
        "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/ResetForm", "/Rendition", "/RichMediaExecute",
        "/GoToE", "/GoToR", "/Sound", "/Movie", "/GoTo3DView", "/SetOCGState",
    }
)  # fmt: skip
_MEDIA = frozenset({"/RichMedia", "/Screen", "/3D", "/Movie", "/Sound"})
_OF_A_PAGE = frozenset({"/Type", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents", "/UserUnit", "/Group"})
_FORMATS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "heic": "HEIF"}
_UPRIGHT_ALREADY = frozenset({"heic"})  # libheif turns them itself


class Refused(Exception):
    """A file is refused: the code of a FileRefusal, and which of the files."""

    def __init__(self, code: str, index: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.index = index


def decode(task: dict[str, Any], files: list[bytes]) -> tuple[dict[str, Any], bytes]:
    """One PDF of all files, in their order. Raises Refused."""
    import pikepdf

    made = pikepdf.Pdf.new()
    opened = []  # a PDF's pages are read when the new one is written
    for index, (kind, content) in enumerate(zip(task["kinds"], files, strict=True)):
        try:
            if kind == "pdf":
                source = _clean_pdf(content, task["most_pages"])
                opened.append(source)
                made.pages.extend(source.pages)
            else:
                _add_photo(made, content, kind, task["most_jpeg_pixels" if kind == "jpeg" else "most_pixels"])
        except Refused as refusal:
            raise Refused(refusal.code, index) from None
        except MemoryError:
            raise Refused("too_complex", index) from None
        if len(made.pages) > task["most_pages"]:
            raise Refused("too_many_pages", index)
    output = io.BytesIO()
    made.save(output, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    if "pdf" in task["kinds"]:
        _draw_all(output.getvalue())
    return {"pages": len(made.pages)}, output.getvalue()


def _draw_all(pdf: bytes) -> None:
    """Draw each page once: drawings within drawings take hours, and whoever looks at the page would wait for them.

    Drawing stops at nothing but the end of the process, which is TOO_COMPLEX. Raises Refused for what cannot be shown.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(pdf)
        for number in range(len(document)):
            signal.setitimer(signal.ITIMER_PROF, SECONDS_TO_DRAW)
            _drawn(document[number])
    except pypdfium2.PdfiumError:
        raise Refused("broken") from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _drawn(page: "pypdfium2.PdfPage") -> "pypdfium2.PdfBitmap":
    return page.render(scale=min(PICTURE_WIDTH / page.get_width(), 2 * PICTURE_WIDTH / page.get_height()))


def _add_photo(made: "pikepdf.Pdf", content: bytes, kind: str, most_pixels: int) -> None:
    from pikepdf import Array, Dictionary, Name, Page, Stream

    photo = _upright(content, kind, most_pixels)
    width, height = photo.size
    encoded = io.BytesIO()
    photo.save(encoded, "JPEG", quality=QUALITY, optimize=True)
    picture = Stream(
        made, encoded.getvalue(), Type=Name.XObject, Subtype=Name.Image, Width=width, Height=height, BitsPerComponent=8,
        ColorSpace=Name.DeviceGray if photo.mode == "L" else Name.DeviceRGB, Filter=Name.DCTDecode,
    )  # fmt: skip
    page_width, page_height = A4_POINTS if height >= width else A4_POINTS[::-1]
    scale = min(page_width / width, page_height / height)
    drawn_width, drawn_height = width * scale, height * scale
    left, bottom = (page_width - drawn_width) / 2, (page_height - drawn_height) / 2
    drawing = f"q {drawn_width:.2f} 0 0 {drawn_height:.2f} {left:.2f} {bottom:.2f} cm /Im0 Do Q"
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, round(page_width, 2), round(page_height, 2)]),
        Resources=Dictionary(XObject=Dictionary(Im0=made.make_indirect(picture))),
        Contents=made.make_indirect(Stream(made, drawing.encode())),
    )
    made.pages.append(Page(made.make_indirect(page)))


def _upright(content: bytes, kind: str, most_pixels: int) -> "Image":
    """The photo as it is looked at, in grey or in colours, no larger than needed, without metadata."""
    from PIL import Image, ImageFile, ImageOps

    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = None  # ours is checked below, before anything is decoded
    if kind == "heic":
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    try:
        with Image.open(io.BytesIO(content), formats=[_FORMATS[kind]]) as image:
            if image.width * image.height > most_pixels or max(image.size) > LONGEST_PIXELS:
                raise Refused("too_many_pixels")
            small = _shrunk(image, is_jpeg=kind == "jpeg")
            if kind not in _UPRIGHT_ALREADY:
                small = ImageOps.exif_transpose(small)
            small = _opaque(small)
    except (Refused, MemoryError):
        raise
    except Exception:
        # Decoders raise whatever they stumble on: SyntaxError, struct.error, EOFError, ValueError…
        raise Refused("broken") from None
    clean = Image.new(small.mode, small.size)  # only pixels come along
    clean.paste(small)
    return clean


def _shrunk(image: "Image", *, is_jpeg: bool) -> "Image":
    if not is_jpeg:
        image.load()
        if image.mode.startswith("I;16"):
            image = image.convert("I").point(lambda value: value / 256).convert("L")
        elif image.mode not in ("RGB", "RGBA", "L", "LA"):
            image = image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
    # A JPEG is decoded at a half, a quarter or an eighth of its size, whichever is enough.
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    image.load()
    return image


def _opaque(image: "Image") -> "Image":
    from PIL import Image

    if image.mode in ("RGBA", "LA"):
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image)
        return ground.convert("RGB")
    return image if image.mode in ("RGB", "L") else image.convert("RGB")


def _clean_pdf(content: bytes, most_pages: int) -> "pikepdf.Pdf":
    """A PDF of which only the drawing is left: no link, no form, no note, no metadata. Raises Refused."""
    import pikepdf

    if b"%%EOF" not in content[-2048:]:  # cut off, or something else is hung to its end
        raise Refused("broken")
    try:
        pdf = pikepdf.Pdf.open(io.BytesIO(content), suppress_warnings=True)
        if pdf.is_encrypted:
            raise Refused("encrypted")
        if len(pdf.pages) == 0:
            raise Refused("broken")
        if len(pdf.pages) > most_pages:
            raise Refused("too_many_pages")
        _look_through(pdf)
        if "/AcroForm" in pdf.Root:
            if any("/AP" not in note for page in pdf.pages for note in page.obj.get("/Annots", ())):
                pdf.Root.AcroForm.NeedAppearances = True
            pdf.generate_appearance_streams()
        pdf.flatten_annotations("all")
        for page in pdf.pages:
            for key in set(page.obj.keys()) - _OF_A_PAGE:
                del page.obj[key]
            if not _has_size(page):
                raise Refused("broken")
    except pikepdf.PasswordError:
        raise Refused("encrypted") from None
    except (Refused, MemoryError):
        raise
    except Exception:
        raise Refused("broken") from None
    return pdf


def _has_size(page: "pikepdf.Page") -> bool:
    left, bottom, right, top = (float(value) for value in page.mediabox)
    return math.isfinite(right - left) and 1 <= abs(right - left) <= 20_000 and 1 <= abs(top - bottom) <= 20_000


def _look_through(pdf: "pikepdf.Pdf") -> None:
    """Every object, those that no page uses too."""
    import pikepdf

    opening = pdf.Root.get("/OpenAction")
    if isinstance(opening, pikepdf.Dictionary) and str(opening.get("/S")) != "/GoTo":
        raise Refused("active")
    if len(pdf.objects) > MOST_OBJECTS:
        raise Refused("too_complex")
    unpacked = 0
    for thing in pdf.objects:
        for part in _parts(thing):
            _check_part(part)
        if isinstance(thing, pikepdf.Stream):
            unpacked += _unpacked_size(thing, MOST_UNPACKED - unpacked)
            if unpacked >= MOST_UNPACKED:
                raise Refused("too_complex")
            if str(thing.get("/Subtype")) == "/Image":
                _check_picture(thing)


def _parts(thing: Any) -> Iterator[Any]:
    """The dictionaries written inside an object, itself included; what it refers to comes by itself."""
    import pikepdf

    waiting = [thing]
    while waiting:
        part = waiting.pop()
        if isinstance(part, pikepdf.Array):
            inside = list(part)
        elif isinstance(part, pikepdf.Dictionary | pikepdf.Stream):
            yield part
            inside = [value for _, value in part.items()]
        else:
            continue
        waiting += [value for value in inside if isinstance(value, pikepdf.Object) and not value.is_indirect]


def _check_part(part: Any) -> None:
    keys = set(part.keys())
    kind, subtype = str(part.get("/Type")), str(part.get("/Subtype"))
    if keys & {"/EmbeddedFiles", "/EF", "/Collection"} or kind == "/EmbeddedFile" or subtype == "/FileAttachment":
        raise Refused("attachments")
    if keys & {"/JS", "/JavaScript", "/XFA"} or (kind in ("/Annot", "None") and subtype in _MEDIA):
        raise Refused("active")
    if kind != "/StructElem" and "/S" in keys and str(part.get("/S")) in _ACTIONS:
        raise Refused("active")
    for key in ("/Metadata", "/PieceInfo"):
        if key in keys:
            del part[key]


def _unpacked_size(stream: Any, most: int) -> int:
    """How many bytes a stream unpacks to, and no more work than to say that they are too many."""
    import pikepdf

    filters = stream.get("/Filter")
    names = [str(name) for name in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    content = stream.read_raw_bytes()
    for name in names:
        if name not in ("/FlateDecode", "/Fl"):
            break
        try:
            content = zlib.decompressobj().decompress(content, max(1, most))
        except zlib.error:
            break  # readers show what there is of it
    return len(content)


def _check_picture(stream: Any) -> None:
    """Neither too many pixels nor, in a photo that a telephone put into a PDF, where it was taken."""
    from pikepdf import Name

    if int(stream.get("/Width", 0)) * int(stream.get("/Height", 0)) > MOST_PIXELS_IN_PDF:
        raise Refused("too_many_pixels")
    if stream.get("/Filter") == Name.DCTDecode:
        content = stream.read_raw_bytes()
        stripped = _without_metadata(content)
        if len(stripped) != len(content):
            stream.write(stripped, filter=Name.DCTDecode, decode_parms=stream.get("/DecodeParms"))


def _without_metadata(jpeg: bytes) -> bytes:
    """A JPEG without EXIF, XMP and comments: its segments APP0, APP2 (colours) and APP14 (Adobe) stay."""
    kept, place = bytearray(jpeg[:2]), 2
    while place + 4 <= len(jpeg) and jpeg[place] == 0xFF:
        marker = jpeg[place + 1]
        if marker == 0xDA or 0xD0 <= marker <= 0xD9:  # the picture itself begins
            break
        length = 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
        is_metadata = marker == 0xFE or (0xE1 <= marker <= 0xEF and marker not in (0xE2, 0xEE))
        if not is_metadata:
            kept += jpeg[place : place + length]
        place += length
    return bytes(kept) + jpeg[place:]


def show(task: dict[str, Any], files: list[bytes]) -> tuple[dict[str, Any], bytes]:
    """One page of a PDF as a JPEG. Raises Refused where it has no such page."""
    import pypdfium2

    document = pypdfium2.PdfDocument(files[0])
    if not 0 <= task["page"] < len(document):
        raise Refused("broken")
    output = io.BytesIO()
    _drawn(document[task["page"]]).to_pil().convert("RGB").save(output, "JPEG", quality=80)
    return {}, output.getvalue()


def _refuse_connections(event: str, _arguments: tuple[object, ...]) -> None:
    """This process reaches nobody and starts nothing."""
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
        raise PermissionError(event)


def main(most_memory: int, most_seconds: int) -> None:
    """Do the one task."""
    resource.setrlimit(resource.RLIMIT_AS, (most_memory, most_memory))
    resource.setrlimit(resource.RLIMIT_CPU, (most_seconds, most_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.nice(5)  # pages come before papers
    # What a library prints must not come between.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.addaudithook(_refuse_connections)
    task = json.loads(sys.stdin.buffer.readline())
    files = [sys.stdin.buffer.read(size) for size in task["sizes"]]
    try:
        facts, content = {"decode": decode, "show": show}[task["do"]](task, files)
    except Refused as refusal:
        facts, content = {"refusal": refusal.code, "index": refusal.index}, b""
    except MemoryError:
        facts, content = {"refusal": "too_complex", "index": None}, b""
    answers.write(json.dumps(facts).encode() + b"\n" + content)
    answers.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
