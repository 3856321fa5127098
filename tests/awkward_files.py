"""Awkward files that somebody may hand in, made here byte by byte; docs/rules/handed_in_files.md has their verdicts."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Mapping

import pikepdf
import pillow_heif
from pikepdf import Array, Dictionary, Name, Stream, String
from PIL import Image, TiffImagePlugin

RED, BLUE = (200, 30, 30), (30, 30, 200)
PLACE = b"48.8566"  # what a photo's GPS data holds here


def photo(kind: str = "JPEG", size: tuple[int, int] = (320, 240), **options: object) -> bytes:
    """A photo whose upper half is red and whose lower half is blue."""
    image = Image.new("RGB", size, BLUE)
    image.paste(RED, (0, 0, size[0], size[1] // 2))
    return saved(image, kind, **options)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    output = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.register_heif_opener()
    image.save(output, kind, **options)
    return output.getvalue()


def turned(orientation: int) -> bytes:
    """A photo that is red above, as a telephone stores it that was held otherwise: the EXIF says how to turn it."""
    upright = Image.open(io.BytesIO(photo()))
    back = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(upright.transpose(back), "JPEG", exif=exif)


def exif_with_place() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "Telephone"
    exif[0x9286] = PLACE.decode()
    place = exif.get_ifd(0x8825)
    place[1], place[3] = "N", "E"
    place[2] = tuple(TiffImagePlugin.IFDRational(value) for value in (48, 51, 24))
    place[4] = tuple(TiffImagePlugin.IFDRational(value) for value in (2, 21, 8))
    return exif


def png_of(width: int, height: int, rows: bytes = b"") -> bytes:
    """A PNG that says to have this size, whatever it holds."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack("!I", len(body)) + name + body + struct.pack("!I", zlib.crc32(name + body))

    head = struct.pack("!IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def pdf(change: Callable[[pikepdf.Pdf], None] | None = None, pages: int = 1, **options: object) -> bytes:
    """A PDF of some pages, after a change."""
    made = pikepdf.Pdf.new()
    for _ in range(pages):
        made.add_blank_page(page_size=(595, 842))
    if change is not None:
        change(made)
    output = io.BytesIO()
    made.save(output, **options)
    return output.getvalue()


def _opens_with(action: Dictionary) -> bytes:
    def change(made: pikepdf.Pdf) -> None:
        made.Root.OpenAction = action

    return pdf(change)


def _with_annotation(**entries: object) -> bytes:
    def change(made: pikepdf.Pdf) -> None:
        note = Dictionary(Type=Name.Annot, Rect=Array([10, 10, 90, 90]), **entries)
        made.pages[0].Annots = Array([made.make_indirect(note)])

    return pdf(change)


def _with_attachment() -> bytes:
    def change(made: pikepdf.Pdf) -> None:
        made.attachments["virus.exe"] = b"MZ"

    return pdf(change)


def _with_stream(content: bytes, **entries: object) -> bytes:
    def change(made: pikepdf.Pdf) -> None:
        made.pages[0].Resources = Dictionary(XObject=Dictionary(Im0=Stream(made, content, **entries)))

    return pdf(change, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def _with_form(xfa: bool) -> bytes:
    def change(made: pikepdf.Pdf) -> None:
        field = made.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Widget,
                FT=Name.Tx,
                T=String("nom"),
                V=String("TEST"),
                DA=String("/Helv 12 Tf 0 g"),
                Rect=Array([50, 700, 250, 720]),
            )
        )
        made.pages[0].Annots = Array([field])
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        form = Dictionary(
            Fields=Array([field]), DA=String("/Helv 12 Tf 0 g"), DR=Dictionary(Font=Dictionary(Helv=font))
        )
        if xfa:
            form.XFA = Stream(made, b"<xdp/>")
        made.Root.AcroForm = form

    return pdf(change)


def _nested_script() -> bytes:
    """A script that is not where one looks first: in the next action of a link, of a page that nothing shows."""
    script = Dictionary(S=Name.URI, URI=String("https://example.org"), Next=Array([Dictionary(S=Name.JavaScript)]))
    return _with_annotation(Subtype=Name.Link, A=script)


def _packed_twice() -> bytes:
    twice = zlib.compress(zlib.compress(bytes(160_000_000), 1), 1)
    return _with_stream(twice, Filter=Array([Name.FlateDecode, Name.FlateDecode]))


def _page_loop() -> bytes:
    """Pages that are each other's parents, as no program writes them."""
    body = [
        b"1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj",
        b"2 0 obj <</Type/Pages/Count 1000000/Kids[3 0 R]>> endobj",
        b"3 0 obj <</Type/Pages/Count 1/Kids[2 0 R]>> endobj",
    ]
    text, places = b"%PDF-1.4\n", []
    for part in body:
        places.append(len(text))
        text += part + b"\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return text + b"xref\n0 4\n0000000000 65535 f \n%strailer <</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table, len(text),
    )  # fmt: skip


def drawing_in_drawings(levels: int = 8, times: int = 30) -> bytes:
    """Two kilobytes that draw a square hundreds of milliards of times."""

    def change(made: pikepdf.Pdf) -> None:
        form = {"Type": Name.XObject, "Subtype": Name.Form, "BBox": Array([0, 0, 595, 842])}
        inner = made.make_indirect(Stream(made, b"0 0 9 9 re f", **form))
        for _ in range(levels):
            inside = Dictionary(XObject=Dictionary(F=inner))
            inner = made.make_indirect(Stream(made, b"/F Do " * times, Resources=inside, **form))
        made.pages[0].Resources = Dictionary(XObject=Dictionary(F=inner))
        made.pages[0].Contents = made.make_indirect(Stream(made, b"/F Do"))

    return pdf(change)


_SVG = b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
_ZIP = b"PK\x03\x04" + bytes(2500)

FILES: Mapping[str, Callable[[], list[bytes]]] = {
    "a photo": lambda: [photo()],
    "three photos": lambda: [photo(), photo("PNG"), photo("WEBP")],
    "a PDF and a photo": lambda: [pdf(pages=2), photo()],
    "two PDFs": lambda: [pdf(), pdf(pages=3)],
    "a photo from a telephone of Apple (HEIC)": lambda: [photo("HEIF", quality=60)],
    "a cut HEIC": lambda: [photo("HEIF", (640, 480), quality=60)[:-400]],
    "a photo that lies on its side (EXIF 6)": lambda: [turned(6)],
    "a photo upside down (EXIF 3)": lambda: [turned(3)],
    "a photo on its other side (EXIF 8)": lambda: [turned(8)],
    "a photo with GPS data": lambda: [photo(exif=exif_with_place())],
    "a PDF that holds a photo with GPS data": lambda: [
        _with_stream(
            photo(exif=exif_with_place()),
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=320,
            Height=240,
            BitsPerComponent=8,
            ColorSpace=Name.DeviceRGB,
            Filter=Name.DCTDecode,
        )
    ],
    "a JPEG of 50 megapixels": lambda: [photo(size=(8160, 6120), quality=40)],
    "a PNG of 50 megapixels": lambda: [png_of(8000, 6200, bytes(8001 * 6200))],
    "a PNG of 60 megapixels": lambda: [png_of(10_000, 6000)],
    "a PNG bomb of 10,000 megapixels": lambda: [png_of(100_000, 100_000, bytes(1000))],
    "a strip of 40,000 pixels": lambda: [png_of(40_000, 10)],
    "a photo without colours": lambda: [saved(Image.new("L", (200, 300), 90), "JPEG")],
    "a photo for printers (CMYK)": lambda: [saved(Image.new("CMYK", (200, 300), (0, 200, 200, 0)), "JPEG")],
    "a drawing one can see through": lambda: [saved(Image.new("RGBA", (200, 300), (255, 0, 0, 90)), "PNG")],
    "a scan of 16 bits": lambda: [saved(Image.new("I;16", (200, 300), 40_000), "PNG")],
    "a fax of 1 bit": lambda: [saved(Image.new("1", (200, 300), 1), "PNG")],
    "a moving WebP": lambda: [
        saved(Image.new("RGB", (90, 90), RED), "WEBP", save_all=True, append_images=[Image.new("RGB", (90, 90), BLUE)])
    ],
    "a photo with a film hung to it": lambda: [photo() + b"\0\0\0\x18ftypmp42" + bytes(9000)],
    "a photo with a ZIP hung to it": lambda: [photo() + _ZIP],
    "a cut photo": lambda: [photo(size=(900, 900))[:-3000]],
    "a JPEG's first bytes alone": lambda: [b"\xff\xd8\xff\xe0"],
    "noise that begins like a JPEG": lambda: [b"\xff\xd8\xff" + bytes(range(256)) * 20],
    "a PNG whose sums are wrong": lambda: [photo("PNG").replace(b"IDAT", b"IDAT\xff", 1)],
    "nothing": list,
    "an empty file": lambda: [b""],
    "an empty file among photos": lambda: [photo(), b""],
    "a drawing with a script (SVG)": lambda: [_SVG],
    "a page with a script (HTML)": lambda: [b"<!doctype html><script>alert(1)</script>"],
    "a Word file (ZIP)": lambda: [_ZIP],
    "a GIF": lambda: [saved(Image.new("P", (9, 9)), "GIF")],
    "a TIFF": lambda: [saved(Image.new("L", (9, 9)), "TIFF")],
    "a film (MP4)": lambda: [b"\0\0\0\x18ftypmp42" + bytes(900)],
    "a program": lambda: [b"MZ" + bytes(900)],
    "text": lambda: [b"attestation"],
    "a page that is a PDF too": lambda: [b"<script>alert(1)</script>\n" + pdf()],
    "a GIF that is a PDF too": lambda: [b"GIF89a" + pdf()],
    "a PDF after a byte order mark": lambda: [b"\xef\xbb\xbf\r\n" + pdf()],
    "a PDF with a ZIP hung to it": lambda: [pdf() + _ZIP],
    "a cut PDF": lambda: [pdf(pages=9)[:-600]],
    "noise that begins like a PDF": lambda: [b"%PDF-1.7\n" + bytes(range(256)) * 9 + b"%%EOF"],
    "a PDF without pages": lambda: [pdf(pages=0)],
    "a PDF of 40 pages": lambda: [pdf(pages=40)],
    "a PDF of 41 pages": lambda: [pdf(pages=41)],
    "a PDF of 4,000 pages": lambda: [pdf(pages=4000)],
    "40 pages and a photo": lambda: [pdf(pages=40), photo()],
    "a PDF whose pages go round": lambda: [_page_loop()],
    "a PDF with a password": lambda: [pdf(encryption=pikepdf.Encryption(user="secret", owner="other"))],
    "a PDF that may not be printed": lambda: [pdf(encryption=pikepdf.Encryption(user="", owner="other"))],
    "a PDF with a script": lambda: [_opens_with(Dictionary(S=Name.JavaScript, JS=String("app.alert(1)")))],
    "a PDF with a hidden script": lambda: [_nested_script()],
    "a PDF that starts a program": lambda: [_opens_with(Dictionary(S=Name.Launch, F=String("cmd.exe")))],
    "a PDF that sends its form": lambda: [
        _with_annotation(Subtype=Name.Link, A=Dictionary(S=Name.SubmitForm, F=String("https://example.org")))
    ],
    "a PDF that prints itself": lambda: [_opens_with(Dictionary(S=Name.Named, N=Name.Print))],
    "a PDF that opens at its first page": lambda: [_opens_with(Dictionary(S=Name.GoTo, D=Array([0, Name.Fit])))],
    "a PDF with a link": lambda: [
        _with_annotation(Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=String("https://example.org")))
    ],
    "a PDF with a film": lambda: [_with_annotation(Subtype=Name.RichMedia)],
    "a PDF with a file inside": lambda: [_with_attachment()],
    "a PDF with a filled form": lambda: [_with_form(xfa=False)],
    "a PDF with a form that computes (XFA)": lambda: [_with_form(xfa=True)],
    "a PDF bomb": lambda: [_with_stream(zlib.compress(bytes(160_000_000), 1), Filter=Name.FlateDecode)],
    "a PDF bomb packed twice": lambda: [_packed_twice()],
    "a PDF with a picture of 10,000 megapixels": lambda: [
        _with_stream(b"", Type=Name.XObject, Subtype=Name.Image, Width=100_000, Height=100_000)
    ],
    "a PDF with a drawing in a drawing": lambda: [drawing_in_drawings(1)],
    "a PDF of 70,000 parts": lambda: [
        pdf(
            lambda made: made.Root.__setitem__("/Parts", Array([made.make_indirect(Array([n])) for n in range(70_000)]))
        )
    ],
    "thirteen photos": lambda: [photo()] * 13,
    "a file of 16 MB": lambda: [photo() + bytes(16_000_000)],
    "26 MB in two files": lambda: [photo() + bytes(13_000_000)] * 2,
}
"""What is handed in, by what it is called in the table."""
