"""The receipt of a payment that was reversed: printed while its reader waits, since the one that was kept says nothing
of it and is never changed."""

from flask import Response

from app.database import db
from app.downloads import send_made
from app.jobs.pdfs import print_now
from app.services.papers import receipt_paper


def send_reversed_receipt(payment_id: int, number: str) -> Response:
    """The receipt with the words that it counts no more. Raises NotFound, PdfFailed."""
    paper = receipt_paper(payment_id)
    db.session.rollback()  # no transaction stays open while the child process works
    return send_made(print_now("receipt.html", {"receipt": paper}), "application/pdf", f"{number}-annule.pdf")
