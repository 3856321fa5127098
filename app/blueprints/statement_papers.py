"""The PDF of a family's account, for the family and for the staff: made while its reader waits, and not kept."""

from flask import Response

from app.database import db
from app.downloads import send_made
from app.jobs.pdfs import print_now
from app.services.account_statements import AccountStatement
from app.services.statement_papers import account_paper


def send_statement(statement: AccountStatement) -> Response:
    """The statement as a PDF."""
    paper = account_paper(statement)
    db.session.rollback()  # no transaction stays open while the child process works
    content = print_now("account_statement.html", {"statement": paper})
    return send_made(content, "application/pdf", f"releve-{statement.first}-{statement.last}.pdf")
