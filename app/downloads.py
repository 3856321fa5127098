"""Sending a stored PDF: from the instance folder, under the number that people know it by."""

from flask import Response, current_app, send_from_directory


def send_pdf(path: str, number: str) -> Response:
    """A PDF of the instance folder, shown in the browser; saved, it is called « pop-F200300001.pdf »."""
    return send_from_directory(
        current_app.instance_path, path, mimetype="application/pdf", download_name=f"{number}.pdf", max_age=0
    )
