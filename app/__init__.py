"""Espace famille: the portal of a French community council for families. `create_app()` plugs everything in."""

import logging
import time
from datetime import timedelta
from pathlib import Path

from flask import Flask, Response, abort, current_app, g, request
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from jinja2 import StrictUndefined
from werkzeug.routing import IntegerConverter, Map

import app.models  # noqa: F401  registers every table
from app import (
    absence_labels,
    access,
    aid_labels,
    assets,
    attendance_labels,
    cli,
    clock,
    dashboard_labels,
    document_labels,
    enrolment_labels,
    errors,
    file_labels,
    filters,
    history_labels,
    labels,
    navigation,
    payment_labels,
    price_labels,
    run_labels,
    setting_labels,
)
from app.blueprints.family import family
from app.blueprints.public import public
from app.blueprints.staff import staff
from app.config import Config
from app.database import prepare_engine
from app.extensions import compress, csrf, db, migrate
from app.forms.changes import custody_words
from app.integrations.payfip import PayFiPGateway, PayFiPMode
from app.integrations.payments import PaymentGateway
from app.jobs.worker import Worker
from app.services import devices
from app.services.catalogue import catalogue

APP_FOLDER = Path(__file__).resolve().parent

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
)
MAX_BODY_BYTES = 1_000_000  # views that take files say so: access.takes_files

MAX_ID = 2**31 - 1

request_log = logging.getLogger("app.requests")


class IdConverter(IntegerConverter):
    """`<int:…>` in an address: an id that the databases can hold; what is beyond leads nowhere (404)."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=MAX_ID)


def create_app(config: Config) -> Flask:
    """The WSGI application for these settings. Touches neither database nor network."""
    app = Flask(__name__, static_folder=None, instance_path=str(config.instance_path))
    app.config.update(
        SECRET_KEY=config.secret_key,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        # hide_parameters: the text of an error goes to the log, where no family's data belongs.
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": 12,
            "max_overflow": 8,
            "pool_pre_ping": True,
            "hide_parameters": True,
        },
        SESSION_COOKIE_NAME="__Host-session" if config.is_https else "session",
        SESSION_COOKIE_SECURE=config.is_https,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_PARTS=2_000,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form left open is not lost
        COMPRESS_ALGORITHM=["gzip"],
        COMPRESS_LEVEL=6,
        COMPRESS_MIN_SIZE=400,
        PORTAL=config,
    )
    if config.start_clock_at is not None:
        clock.start_at(config.start_clock_at)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["hat_field"] = access.hat_field
    app.jinja_env.filters.update(filters.TEMPLATE_FILTERS)
    app.jinja_env.filters["label"] = labels.label
    app.jinja_env.filters["ranking_words"] = enrolment_labels.ranking_words
    app.jinja_env.filters["document_todos"] = dashboard_labels.document_todos
    app.jinja_env.filters["documents_words"] = dashboard_labels.documents_words
    app.jinja_env.filters["invoices_words"] = dashboard_labels.invoices_words
    app.jinja_env.filters["coming_bookings_sentence"] = dashboard_labels.coming_bookings_sentence
    app.jinja_env.filters["coming_enrolments_sentence"] = dashboard_labels.coming_enrolments_sentence
    app.jinja_env.filters["event_sentence"] = history_labels.event_sentence
    app.jinja_env.filters["reversal_words"] = payment_labels.reversal_words
    app.jinja_env.filters["oddity_advice"] = run_labels.oddity_advice
    app.jinja_env.filters["oddity_count"] = run_labels.oddity_count
    app.jinja_env.filters["payment_state"] = history_labels.payment_state
    app.jinja_env.filters["blocker_sentence"] = enrolment_labels.blocker_sentence
    app.jinja_env.filters["reminder_sentence"] = file_labels.reminder_sentence
    app.jinja_env.filters["seen_words"] = attendance_labels.seen_words
    app.jinja_env.filters["custody_words"] = custody_words
    app.jinja_env.filters["outcome_words"] = absence_labels.outcome_words
    app.jinja_env.filters["day_kinds_words"] = aid_labels.day_kinds_words
    app.jinja_env.filters["left_words"] = aid_labels.left_words
    app.jinja_env.filters["age_words"] = setting_labels.age_words
    app.jinja_env.filters["percent"] = aid_labels.percent_words
    app.jinja_env.filters["residence"] = price_labels.residence_label
    app.jinja_env.filters["effort_words"] = price_labels.effort_words
    app.jinja_env.filters["step_words"] = price_labels.step_words
    app.jinja_env.filters["device_name"] = devices.device_name
    app.jinja_env.filters["file_size"] = document_labels.file_size
    app.jinja_env.filters["missing_sentence"] = file_labels.missing_sentence
    app.jinja_env.filters["cost_sentence"] = file_labels.cost_sentence

    app.url_map.converters["int"] = IdConverter

    db.init_app(app)
    migrate.init_app(app, db, directory=str(APP_FOLDER / "migrations"), render_as_batch=True)
    with app.app_context():
        prepare_engine(db.engine)
    app.before_request(access.let_files_in)  # before the first look at what was sent
    csrf.init_app(app)
    compress.init_app(app)
    access.init_app(app)
    errors.init_app(app)
    cli.init_app(app)

    static_files = assets.Assets(APP_FOLDER / "static")
    app.jinja_env.globals["asset"] = static_files.url
    app.extensions["assets"] = static_files
    app.register_blueprint(assets.make_blueprint(static_files))
    app.register_blueprint(public)
    app.register_blueprint(family)
    app.register_blueprint(staff)
    app.extensions["payments"] = _payment_gateway(config)
    app.extensions["worker"] = Worker(app, config)

    app.context_processor(_page_context)
    app.before_request(_start_clock_of_request)
    app.before_request(_refuse_null_characters)
    app.after_request(_add_headers)
    app.after_request(_log_request)
    return app


def _payment_gateway(config: Config) -> PaymentGateway | None:
    """Where families pay online: PayFiP, once PAYFIP_MODE says so. The simulator is plugged in by whoever starts it."""
    if config.payfip_mode in (None, PayFiPMode.SIMULATOR):
        return None
    return PayFiPGateway(config.payfip_mode)


def _page_context() -> dict[str, object]:
    if g.get("without_database", False):
        return {}
    return {
        "council": catalogue().council,
        "navigation": navigation.navigation(),
        "account_menu": navigation.account_menu,
        "signed_in": current_user.user if current_user.is_authenticated else None,
        "csrf_token": generate_csrf,
    }


def _start_clock_of_request() -> None:
    g.started = time.perf_counter()


def _refuse_null_characters() -> None:
    # No browser sends them, and PostgreSQL cannot hold them.
    if any("\0" in text for sent in (request.args, request.form) for pair in sent.items(multi=True) for text in pair):
        abort(400)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY.format(form_action=_form_action()))
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if request.is_secure:
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    if g.get("forgets_site", False):
        headers["Clear-Site-Data"] = '"storage"'
    # Pages are personal or hold a form's token: browsers keep none of them. Static files say otherwise themselves.
    headers.setdefault("Cache-Control", "no-store")
    return response


def _form_action() -> str:
    # Browsers ask the policy again when the answer to a form sends them on: to the payment site.
    gateway: PaymentGateway | None = current_app.extensions["payments"]
    return "'self'" if gateway is None else f"'self' {gateway.payment_origin}"


def _log_request(response: Response) -> Response:
    # The rule, not the path, and no address: no personal data in the log.
    rule = request.url_rule.rule if request.url_rule else "-"
    milliseconds = (time.perf_counter() - g.get("started", time.perf_counter())) * 1000
    request_log.info("%s %s %s %.0f ms", request.method, rule, response.status_code, milliseconds)
    return response
