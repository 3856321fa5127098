"""« Réglages »: what the administrator sets for families' files and their prices."""

from datetime import timedelta

from flask import Blueprint, Response, current_app, flash, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.access import requires
from app.blueprints.staff import (
    absence_settings,
    activities,
    cash_settings,
    combinations,
    council_settings,
    deadlines,
    enrolment_rules,
    figure_settings,
    mail_texts,
    openings,
)
from app.blueprints.staff.message_settings import message_recipients
from app.blueprints.staff.required_document_settings import required_documents
from app.blueprints.staff.retention import retention
from app.config import Config
from app.database import write_transaction
from app.forms.price_facts import ListedCommuneForm
from app.forms.staff_field_policies import FieldPoliciesForm, policies_form
from app.forms.staff_settings import SchoolNameForm, VaccineForm
from app.htmx import go_to, render_page
from app.jobs.backups import last_made
from app.rules.capabilities import Capability
from app.rules.vaccinations import VaccineRule
from app.services import child_settings, field_settings, price_facts, setup_steps
from app.services.catalogue import catalogue
from app.services.offices import list_offices
from app.services.setup_steps import SetupStep

# Where a step is done: the view, and whether it is one of an activity.
_STEP_LINKS = {
    SetupStep.OFFICE: ("staff.settings.offices.new", False),
    SetupStep.SITE: ("staff.settings.sites.new", False),
    SetupStep.SEASON: ("staff.settings.seasons.new", False),
    SetupStep.ACTIVITY: ("staff.settings.activities.new", False),
    SetupStep.GROUPS: ("staff.settings.groups.new", True),
    SetupStep.UNITS: ("staff.settings.units.new", True),
    SetupStep.PLACES: ("staff.settings.scopes.new", True),
    SetupStep.OPENINGS: ("staff.settings.openings.edit", True),
    SetupStep.DEADLINES: ("staff.settings.deadlines.edit", True),
    SetupStep.PRICES: ("staff.tariffs.new_version", True),
}

BACKUP_IS_OLD = timedelta(days=2)  # one is made each night

blueprint = Blueprint("settings", __name__)
blueprint.register_blueprint(council_settings.offices, url_prefix="/services")
blueprint.register_blueprint(cash_settings.blueprint, url_prefix="/regies")
blueprint.register_blueprint(cash_settings.keepers, url_prefix="/regies/nominations")
blueprint.register_blueprint(council_settings.sites, url_prefix="/lieux")
blueprint.register_blueprint(council_settings.seasons, url_prefix="/saisons")
blueprint.register_blueprint(activities.blueprint, url_prefix="/activites")
blueprint.register_blueprint(activities.groups, url_prefix="/groupes")
blueprint.register_blueprint(activities.units, url_prefix="/temps")
blueprint.register_blueprint(activities.outing_pages, url_prefix="/sorties")
blueprint.register_blueprint(openings.blueprint, url_prefix="/ouvertures")
blueprint.register_blueprint(activities.scopes, url_prefix="/places")
blueprint.register_blueprint(deadlines.blueprint, url_prefix="/delais")
blueprint.register_blueprint(absence_settings.blueprint, url_prefix="/absences")
blueprint.register_blueprint(absence_settings.absence_reasons, url_prefix="/motifs-d-absence")
blueprint.register_blueprint(combinations.blueprint, url_prefix="/combinaisons")
blueprint.register_blueprint(required_documents, url_prefix="/pieces")
blueprint.register_blueprint(message_recipients, url_prefix="/destinataires")
blueprint.register_blueprint(enrolment_rules.blueprint, url_prefix="/inscriptions")
blueprint.register_blueprint(retention, url_prefix="/conservation")
blueprint.register_blueprint(mail_texts.blueprint, url_prefix="/courriels")
blueprint.register_blueprint(figure_settings.blueprint, url_prefix="/chiffres")


@blueprint.get("")
@requires(Capability.EDIT_SETTINGS)
def show() -> Response:
    """What can be set, and what keeps families from booking where anything does."""
    steps = setup_steps.setup_steps()
    config: Config = current_app.config["PORTAL"]
    backup_at = last_made(config.backup_folder)
    return render_page(
        "staff/settings/show.html", layout="staff", steps_left=setup_steps.steps_left(steps), backup_at=backup_at,
        offices=list_offices(), backup_is_old=backup_at is not None and clock.now() - backup_at > BACKUP_IS_OLD,
    )  # fmt: skip


@blueprint.get("/mise-en-route")
@requires(Capability.EDIT_SETTINGS)
def show_setup() -> Response:
    """« Mise en route »: what is missing, in order, with the way to it."""
    steps = setup_steps.setup_steps()
    return render_page(
        "staff/settings/setup.html", layout="staff", steps=steps, steps_left=setup_steps.steps_left(steps),
        links=_STEP_LINKS,
    )  # fmt: skip


@blueprint.get("/ecoles")
@requires(Capability.EDIT_SETTINGS)
def show_schools() -> Response:
    """The schools that parents choose from."""
    return _schools_page(SchoolNameForm())


@blueprint.post("/ecoles")
@requires(Capability.EDIT_SETTINGS)
def add_school() -> BaseResponse:
    """Offer a school."""
    form = SchoolNameForm()
    if not form.validate():
        return _schools_page(form, status=422)
    with write_transaction() as session:
        child_settings.add_school(session, form.name.data)
    flash("L’établissement est dans la liste.", "success")
    return go_to(url_for("staff.settings.show_schools"))


@blueprint.post("/ecoles/<int:school_id>/retirer")
@requires(Capability.EDIT_SETTINGS)
def stop_offering_school(school_id: int) -> BaseResponse:
    """Take a school off the list."""
    with write_transaction() as session:
        child_settings.stop_offering_school(session, school_id)
    flash("L’établissement n’est plus proposé. Les dossiers qui le nomment le gardent.", "success")
    return go_to(url_for("staff.settings.show_schools"))


@blueprint.get("/vaccins")
@requires(Capability.EDIT_SETTINGS)
def show_vaccines() -> Response:
    """The vaccines that the law asks, by day of birth."""
    return render_page("staff/settings/vaccines.html", layout="staff", vaccines=catalogue().vaccines)


@blueprint.get("/vaccins/nouveau")
@requires(Capability.EDIT_SETTINGS)
def new_vaccine() -> Response:
    """A new obligation."""
    return _vaccine_page(None, VaccineForm())


@blueprint.post("/vaccins/nouveau")
@requires(Capability.EDIT_SETTINGS)
def add_vaccine() -> BaseResponse:
    """Store a new obligation."""
    return _save_vaccine(None)


@blueprint.get("/vaccins/<int:vaccine_id>")
@requires(Capability.EDIT_SETTINGS)
def edit_vaccine(vaccine_id: int) -> Response:
    """Change an obligation."""
    rule = _vaccine(vaccine_id)
    return _vaccine_page(rule, VaccineForm(obj=rule))


@blueprint.post("/vaccins/<int:vaccine_id>")
@requires(Capability.EDIT_SETTINGS)
def save_vaccine(vaccine_id: int) -> BaseResponse:
    """Store an obligation."""
    return _save_vaccine(_vaccine(vaccine_id))


@blueprint.get("/champs")
@requires(Capability.EDIT_SETTINGS)
def show_field_policies() -> Response:
    """« Champs du dossier »: what parents may change, field by field."""
    return _field_policies_page(policies_form(field_settings.read_policies()))


@blueprint.post("/champs")
@requires(Capability.EDIT_SETTINGS)
def save_field_policies() -> BaseResponse:
    """Store what parents may change; a field without an answer is asked again, not left as it was."""
    form = FieldPoliciesForm()
    if not form.validate():
        return _field_policies_page(form, status=422)
    with write_transaction() as session:
        is_changed = field_settings.save_policies(session, form.choices())
    flash("Vos choix sont enregistrés." if is_changed else "Rien n’a changé.", "success" if is_changed else "info")
    return go_to(url_for("staff.settings.show_field_policies"))


@blueprint.get("/communes")
@requires(Capability.EDIT_SETTINGS)
def show_communes() -> Response:
    """The communes of the council, with its word for who lives there."""
    return _communes_page(ListedCommuneForm())


@blueprint.post("/communes")
@requires(Capability.EDIT_SETTINGS)
def list_commune() -> BaseResponse:
    """List a commune."""
    form = ListedCommuneForm()
    if not form.validate() or form.commune is None:
        return _communes_page(form, status=422)
    with write_transaction() as session:
        price_facts.list_commune(session, form.commune.insee_code, form.chosen)
    flash(f"{form.commune.name} est dans la liste.", "success")
    return go_to(url_for("staff.settings.show_communes"))


@blueprint.post("/communes/<insee_code>/retirer")
@requires(Capability.EDIT_SETTINGS)
def unlist_commune(insee_code: str) -> BaseResponse:
    """Take a commune off the list."""
    with write_transaction() as session:
        price_facts.unlist_commune(session, insee_code)
    flash("La commune n’est plus dans la liste. Ses habitants viennent de l’extérieur.", "success")
    return go_to(url_for("staff.settings.show_communes"))


def _communes_page(form: ListedCommuneForm, status: int = 200) -> Response:
    return render_page(
        "staff/settings/communes.html", layout="staff", status=status, form=form, communes=price_facts.listed_communes()
    )


def _field_policies_page(form: FieldPoliciesForm, status: int = 200) -> Response:
    return render_page("staff/settings/field_policies.html", layout="staff", status=status, form=form)


def _vaccine(vaccine_id: int) -> VaccineRule:
    rule = next((rule for rule in catalogue().vaccines if rule.id == vaccine_id), None)
    if rule is None:
        raise NotFound
    return rule


def _save_vaccine(rule: VaccineRule | None) -> BaseResponse:
    form = VaccineForm()
    if not form.validate():
        return _vaccine_page(rule, form, status=422)
    with write_transaction() as session:
        child_settings.save_vaccine(
            session, rule.id if rule else None, form.name.data, form.born_from.data, form.born_before.data
        )
    flash("La liste des vaccins est à jour.", "success")
    return go_to(url_for("staff.settings.show_vaccines"))


def _schools_page(form: SchoolNameForm, status: int = 200) -> Response:
    return render_page(
        "staff/settings/schools.html", layout="staff", status=status, form=form, schools=catalogue().schools
    )


def _vaccine_page(rule: VaccineRule | None, form: VaccineForm, status: int = 200) -> Response:
    return render_page("staff/settings/vaccine.html", layout="staff", status=status, rule=rule, form=form)
