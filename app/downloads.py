"""Sending files: a stored PDF under the number that people know it by, and what is made for one answer."""

import io
import logging
from typing import IO

from flask import Response, current_app, request, send_file, send_from_directory

from app.access import current_account
from app.integrations.tables import MIMETYPES, TableFormat, write_table
from app.rules.spreadsheets import Table

logger = logging.getLogger(__name__)


def send_pdf(path: str, number: str) -> Response:
    """A PDF of the instance folder, to be saved as « pop-F200300001.pdf »; no browser keeps it by itself."""
    response = send_from_directory(
        current_app.instance_path,
        path,
        mimetype="application/pdf",
        as_attachment=True,
        download_name=f"{number}.pdf",
        conditional=False,
        etag=False,
    )
    response.vary.add("HX-Request")  # the same address answers with a page where the file is not there
    response.headers["Cache-Control"] = "no-store"
    return response


def send_made(content: bytes, mimetype: str, name: str) -> Response:
    """A file that was made for this answer; no browser keeps it by itself."""
    response = Response(content, mimetype=mimetype)
    response.headers["Vary"] = "HX-Request"  # the same address answers with a page where its question is wrong
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def send_archive(archive: IO[bytes], name: str) -> Response:
    """A ZIP that was made for this answer, and is closed once it is sent; no browser keeps it by itself."""
    response = send_file(archive, mimetype="application/zip", as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def send_handed_in(content: bytes, mimetype: str, name: str, *, shown: bool = False) -> Response:
    """What somebody handed in, once it was decoded: saved, or shown as a picture that may do nothing."""
    response = send_file(
        io.BytesIO(content), mimetype, as_attachment=not shown, download_name=name, conditional=False, etag=False
    )
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    response.vary.add("HX-Request")  # the same address answers with a page where nothing is to be seen
    response.headers["Cache-Control"] = "no-store"
    return response


def send_table(table: Table, name: str) -> Response:
    """A list for spreadsheets, as CSV or, where the address says `format=xlsx`, as a workbook; who took it away is in
    the log. It is closed once it is sent; no browser keeps it by itself.
    """
    format_ = TableFormat.XLSX if request.args.get("format") == TableFormat.XLSX else TableFormat.CSV
    file = write_table(format_, table)
    logger.info("export of %s.%s by user %s", name, format_, current_account().user_id)
    response = send_file(file, mimetype=MIMETYPES[format_], as_attachment=True, download_name=f"{name}.{format_}")
    response.vary.add("HX-Request")  # the same address answers with a page where its question is wrong
    response.headers["Cache-Control"] = "no-store"
    return response
