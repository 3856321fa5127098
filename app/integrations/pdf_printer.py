"""The child process that turns HTML into PDF: xhtml2pdf behind a pipe.

`pdf.PdfMaker` runs this file by its path, isolated from the portal: it imports nothing of ours, has none of our
secrets in its environment, and opens no connection. It reads frames from its standard input (8 bytes of length, then
the HTML in UTF-8) and answers each with one byte (`PDF` or `ERROR`) and a frame of the same form, until its input ends.
"""

import io
import logging
import os
import sys
from pathlib import Path
from typing import IO

PDF, ERROR = b"P", b"E"
LENGTH_BYTES = 8

_FONT = "FirstFont"


class UnusableTemplate(Exception):
    """The HTML asks for something outside the assets, or that is not there."""


class _Refusals(logging.Handler):
    """What xhtml2pdf, instead of failing, warns of: a file that it may not or could not read.

    Its other warnings come from what is written (a long address is drawn smaller, a character that our font does not
    have as a box): no reason to make no invoice. They hold names, so they are not repeated.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "xhtml2pdf.files" or "ould not" in str(record.msg):
            self.messages.append(record.getMessage().splitlines()[0])


def make_pdf(html: str, assets: Path) -> bytes:
    """The PDF of an HTML page; it may read files in ``assets`` and nothing else.

    Raises UnusableTemplate for a page that asks for another file or any address, and what xhtml2pdf raises.
    """
    from xhtml2pdf import pisa
    from xhtml2pdf.config.resources import ResourceAccessPolicy

    _draw_with_our_font_only(assets)
    refusals = _Refusals()
    logger = logging.getLogger("xhtml2pdf")
    logger.addHandler(refusals)
    logger.propagate = False
    output = io.BytesIO()
    try:
        result = pisa.CreatePDF(
            html,
            dest=output,
            path=str(assets / "page.html"),
            encoding="utf-8",
            resource_policy=ResourceAccessPolicy.server(assets, allow_remote=False),
        )
    finally:
        logger.removeHandler(refusals)
        logger.propagate = True
    if refusals.messages or result.err:
        raise UnusableTemplate("; ".join(refusals.messages) or "xhtml2pdf failed")
    return output.getvalue()


def _draw_with_our_font_only(assets: Path) -> None:
    """Keep ReportLab from naming Helvetica, which would not be embedded, at the head of pages and tables."""
    from reportlab import rl_config
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus.tables import CellStyle

    if _FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(_FONT, str(assets / "DejaVuSans.ttf")))
    rl_config.canvas_basefontname = CellStyle.fontname = _FONT


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next frame, or None at the end of the stream, also where a frame is cut off."""
    head = stream.read(LENGTH_BYTES)
    if len(head) < LENGTH_BYTES:
        return None
    length = int.from_bytes(head, "big")
    content = stream.read(length)
    return content if len(content) == length else None


def write_frame(stream: IO[bytes], content: bytes, mark: bytes = b"") -> None:
    """Write one frame, after its mark, and send it off."""
    stream.write(mark + len(content).to_bytes(LENGTH_BYTES, "big") + content)
    stream.flush()


def main(assets: Path) -> None:
    """Answer frames until there are no more."""
    # What a library prints must not come between the frames.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.nice(5)  # pages come before papers
    import xhtml2pdf.pisa  # noqa: F401  its half a second now, rather than with the first invoice

    sys.addaudithook(_refuse_connections)
    while (html := read_frame(sys.stdin.buffer)) is not None:
        try:
            pdf = make_pdf(html.decode("utf-8"), assets)
        except Exception as error:
            write_frame(answers, f"{type(error).__name__}: {error}".encode(), ERROR)
        else:
            write_frame(answers, pdf, PDF)


def _refuse_connections(event: str, _arguments: tuple[object, ...]) -> None:
    """The second lock, behind xhtml2pdf's own policy: this process reaches nobody and starts nothing."""
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
        raise PermissionError(f"{event} is not for PDFs")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
