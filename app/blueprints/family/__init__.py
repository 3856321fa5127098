"""The parents' door: only a guardian of a family passes. A table of contents; every section is a module."""

from flask import Blueprint

from app.access import guard_family
from app.blueprints.family import bookings, dashboard, enrolments, members

family = Blueprint("family", __name__)
family.before_request(guard_family)

for _section in (dashboard, members, enrolments, bookings):
    family.register_blueprint(_section.blueprint)
