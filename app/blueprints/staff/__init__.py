"""The door of the council: everything under /gestion, behind one guard. Each view adds the capability it needs."""

from flask import Blueprint

from app.access import guard_staff
from app.blueprints.staff import day, families, home, mails, queue

staff = Blueprint("staff", __name__, url_prefix="/gestion")
staff.before_request(guard_staff)

staff.register_blueprint(home.blueprint)
staff.register_blueprint(queue.blueprint, url_prefix="/a-traiter")
staff.register_blueprint(families.blueprint, url_prefix="/familles")
staff.register_blueprint(day.blueprint, url_prefix="/planning")
staff.register_blueprint(mails.blueprint, url_prefix="/courriels")
