"""What the paper of a family's account says."""

from app import clock, labels
from app.database import db
from app.integrations.pdf import AccountPaper, AccountPaperLine
from app.models.families import Family
from app.services.account_statements import AccountStatement
from app.services.invoice_issues import address_on
from app.services.papers import letterhead


def account_paper(statement: AccountStatement) -> AccountPaper:
    """The statement, to the family where it lives now."""
    session = db.session()
    family = session.get_one(Family, statement.family_id)
    today = clock.today()
    return AccountPaper(
        first=statement.first,
        last=statement.last,
        made_on=today,
        letterhead=letterhead(""),
        recipient_lines=(family.name, *address_on(session, family.id, today).splitlines()),
        opening_cents=statement.opening_cents,
        closing_cents=statement.closing_cents,
        lines=tuple(
            AccountPaperLine(
                entry.day, f"{labels.label(entry.kind)} {entry.number}", entry.office_name, entry.cents,
                entry.balance_cents,
            )
            for entry in statement.entries
        ),
    )  # fmt: skip
