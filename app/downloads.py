"""Sending files: a stored PDF under the number that people know it by, and what is made for one answer."""

import io
from typing import IO

from flask import Response, current_app, send_file, send_from_directory


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


def send_csv(text: str, name: str) -> Response:
    """A list for spreadsheets (rules.spreadsheets), marked as UTF-8: without the mark they would show « Ã© »."""
    return send_made(text.encode("utf-8-sig"), "text/csv", f"{name}.csv")


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


def send_table(table: IO[bytes], name: str, mimetype: str) -> Response:
    """A table that was made for this answer, and is closed once it is sent; no browser keeps it by itself."""
    response = send_file(table, mimetype=mimetype, as_attachment=True, download_name=name)
    response.vary.add("HX-Request")  # the same address answers with a page where its question is wrong
    response.headers["Cache-Control"] = "no-store"
    return response
