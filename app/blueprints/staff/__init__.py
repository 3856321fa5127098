"""The door of the council: everything under /gestion, behind one guard. Each view adds the capability it needs."""

from flask import Blueprint

from app.access import guard_reach, guard_staff
from app.blueprints import accounts
from app.blueprints.staff import (
    absences,
    account_statements,
    agents,
    aids,
    allocations,
    attendance_batches,
    attendance_months,
    attendances,
    bookings,
    cash_desks,
    child_files,
    closures,
    corrections,
    counter_families,
    day,
    debts,
    direct_debits,
    enrolments,
    erasures,
    families,
    family_imports,
    family_parts,
    figures,
    home,
    invoice_runs,
    invoices,
    mails,
    mandates,
    meals,
    messages,
    notices,
    occupancy,
    payments,
    prepaid_books,
    price_facts,
    publications,
    queue,
    required_documents,
    second_factors,
    settings,
    sheets,
    simulations,
    tariff_drafts,
    tariffs,
    tax_certificates,
    texts,
    urgent_messages,
    waiting_lists,
)

staff = Blueprint("staff", __name__, url_prefix="/gestion")
staff.before_request(guard_staff)
staff.before_request(guard_reach)

staff.register_blueprint(home.blueprint)
staff.register_blueprint(queue.blueprint, url_prefix="/a-traiter")
staff.register_blueprint(required_documents.blueprint, url_prefix="/documents")
staff.register_blueprint(absences.blueprint, url_prefix="/absences")
staff.register_blueprint(messages.blueprint, url_prefix="/messages")
staff.register_blueprint(allocations.blueprint, url_prefix="/attributions")
staff.register_blueprint(enrolments.blueprint, url_prefix="/inscriptions")
staff.register_blueprint(erasures.blueprint)
staff.register_blueprint(families.blueprint, url_prefix="/familles")
staff.register_blueprint(counter_families.blueprint, url_prefix="/familles")
staff.register_blueprint(family_imports.blueprint, url_prefix="/familles/imports")
staff.register_blueprint(bookings.blueprint, url_prefix="/familles")
staff.register_blueprint(family_parts.blueprint, url_prefix="/familles")
staff.register_blueprint(price_facts.blueprint, url_prefix="/familles")
staff.register_blueprint(prepaid_books.blueprint, url_prefix="/familles")
staff.register_blueprint(aids.blueprint, url_prefix="/aides")
staff.register_blueprint(aids.family_blueprint, url_prefix="/familles")
staff.register_blueprint(child_files.blueprint, url_prefix="/enfants")
staff.register_blueprint(notices.blueprint, url_prefix="/sante-et-securite")
staff.register_blueprint(day.blueprint, url_prefix="/planning")
staff.register_blueprint(sheets.blueprint, url_prefix="/fiches")
staff.register_blueprint(meals.blueprint, url_prefix="/repas")
staff.register_blueprint(attendances.blueprint, url_prefix="/pointage")
staff.register_blueprint(occupancy.blueprint, url_prefix="/occupation")
staff.register_blueprint(attendance_months.blueprint, url_prefix="/presences")
staff.register_blueprint(figures.blueprint, url_prefix="/chiffres")
staff.register_blueprint(attendance_batches.blueprint, url_prefix="/pointage")
staff.register_blueprint(waiting_lists.blueprint, url_prefix="/listes-d-attente")
staff.register_blueprint(invoice_runs.blueprint, url_prefix="/facturation")
staff.register_blueprint(invoices.blueprint, url_prefix="/factures")
staff.register_blueprint(corrections.blueprint, url_prefix="/corrections")
staff.register_blueprint(payments.blueprint, url_prefix="/encaissements")
staff.register_blueprint(debts.blueprint, url_prefix="/relances")
staff.register_blueprint(account_statements.blueprint, url_prefix="/familles")
staff.register_blueprint(tax_certificates.blueprint, url_prefix="/attestations-fiscales")
staff.register_blueprint(cash_desks.blueprint, url_prefix="/regie")
staff.register_blueprint(direct_debits.blueprint, url_prefix="/prelevements")
staff.register_blueprint(mandates.blueprint, url_prefix="/mandats")
staff.register_blueprint(tariffs.blueprint, url_prefix="/tarifs")
staff.register_blueprint(tariff_drafts.blueprint, url_prefix="/tarifs")
staff.register_blueprint(simulations.blueprint, url_prefix="/simulateur")
staff.register_blueprint(publications.blueprint, url_prefix="/documentation")
staff.register_blueprint(texts.blueprint, url_prefix="/textes-a-accepter")
staff.register_blueprint(mails.blueprint, url_prefix="/courriels")
staff.register_blueprint(urgent_messages.blueprint, url_prefix="/messages-urgents")
staff.register_blueprint(closures.blueprint, url_prefix="/fermetures")
staff.register_blueprint(settings.blueprint, url_prefix="/reglages")
staff.register_blueprint(accounts.blueprint)
staff.register_blueprint(second_factors.blueprint)
staff.register_blueprint(agents.blueprint, url_prefix="/agents")
