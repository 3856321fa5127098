"""Sending a stored PDF: from the instance folder, under the number that people know it by."""

from flask import Response, current_app, send_from_directory


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
    response.headers["Cache-Control"] = "no-store"
    return response
