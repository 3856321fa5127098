"""The public door: what anyone may open. A table of contents; every section is a module."""

from flask import Blueprint

from app.blueprints.public.activations import blueprint as activations
from app.blueprints.public.agendas import blueprint as agendas
from app.blueprints.public.claims import blueprint as claims
from app.blueprints.public.communes import blueprint as communes
from app.blueprints.public.email_changes import blueprint as email_changes
from app.blueprints.public.health import blueprint as health
from app.blueprints.public.home import blueprint as home
from app.blueprints.public.invitations import blueprint as invitations
from app.blueprints.public.legal import blueprint as legal
from app.blueprints.public.passwords import blueprint as passwords
from app.blueprints.public.payments import blueprint as payments
from app.blueprints.public.sign_in import blueprint as sign_in
from app.blueprints.public.sign_ups import blueprint as sign_ups

public = Blueprint("public", __name__)

for _section in (
    home, sign_in, sign_ups, claims, activations, passwords, invitations, email_changes, communes, legal, payments,
    health, agendas,
):  # fmt: skip
    public.register_blueprint(_section)
