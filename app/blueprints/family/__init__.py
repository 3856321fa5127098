"""The parents' door: only a guardian of a family passes. A table of contents; every section is a module."""

from flask import Blueprint

from app.access import guard_family
from app.blueprints.accounts import blueprint as account
from app.blueprints.family.absences import blueprint as absences
from app.blueprints.family.account_statements import blueprint as account_statements
from app.blueprints.family.agendas import blueprint as agendas
from app.blueprints.family.bookings import blueprint as bookings
from app.blueprints.family.child_files import blueprint as child_files
from app.blueprints.family.dashboard import blueprint as dashboard
from app.blueprints.family.data_exports import blueprint as data_exports
from app.blueprints.family.direct_debits import blueprint as direct_debits
from app.blueprints.family.enrolments import blueprint as enrolments
from app.blueprints.family.erasures import blueprint as erasures
from app.blueprints.family.guardians import blueprint as guardians
from app.blueprints.family.history import blueprint as history
from app.blueprints.family.invoices import blueprint as invoices
from app.blueprints.family.members import blueprint as members
from app.blueprints.family.messages import blueprint as messages
from app.blueprints.family.paid_bookings import blueprint as paid_bookings
from app.blueprints.family.prepaid_books import blueprint as prepaid_books
from app.blueprints.family.publications import blueprint as publications
from app.blueprints.family.reminders import blueprint as reminders
from app.blueprints.family.repeats import blueprint as repeats
from app.blueprints.family.required_documents import blueprint as required_documents
from app.blueprints.family.simulations import blueprint as simulations
from app.blueprints.family.waiting_lists import blueprint as waiting_lists

family = Blueprint("family", __name__)
family.before_request(guard_family)

for _section in (
    dashboard, members, guardians, child_files, enrolments, prepaid_books, paid_bookings, bookings, absences, agendas,
    invoices, account_statements, direct_debits,
    required_documents, publications, history, messages, account, simulations, data_exports, erasures, repeats,
    reminders, waiting_lists,
):  # fmt: skip
    family.register_blueprint(_section)
