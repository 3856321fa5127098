"""From settings and whatever database there is to a portal that serves: what happens before the first request.

`prepare()` migrates the database, makes the council's row, checks DATA_KEY, loads reference data and, where
product.md section 2 says so, builds the demo council; all but the migration is one transaction, so that a start that is
interrupted leaves nothing half done. Started again, it changes nothing.
"""

import logging
import signal
import socket
import sys
from contextlib import suppress
from enum import StrEnum, auto
from typing import NoReturn
from urllib.parse import urlsplit

import click
import flask_migrate
import waitress
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy.exc import OperationalError

from app import APP_FOLDER, MAX_BODY_BYTES, create_app, processes
from app.config import BadSetting, Config
from app.crypto import BadDataKey, cipher
from app.database import db, share_writer, take_turns, write_transaction
from app.demo.council import ACCOUNTS, PASSWORD, build_demo
from app.integrations.communes import BadCommuneFile
from app.integrations.payfip import PayFiPGateway, PayFiPMode
from app.jobs.worker import Worker
from app.payfip_simulator import Simulator, bind_simulator
from app.proxies import TrustedProxies
from app.services.catalogue import forget_catalogue
from app.services.installations import InstallationRefused, install_data_key, is_demo, is_empty, make_council
from app.services.reference_data import refresh_reference_data

THREADS = 12
CONNECTION_LIMIT = 400  # of each process
BACKLOG = 1_024  # who waits to be let in
CHANNEL_TIMEOUT_SECONDS = 60
# Far above the limit of the application, which answers 413 with a page: the server only cuts off what is meant badly.
SERVER_BODY_LIMIT_BYTES = 50 * MAX_BODY_BYTES

LAST_PORT = 65_535
REFUSED_EXIT_STATUS = 2

logger = logging.getLogger(__name__)


class Mode(StrEnum):
    """What a start finds to do."""

    SERVE = auto()
    BUILD_DEMO = auto()


def make_app() -> Flask:
    """The application for the environment's settings; ends the process with a sentence where they cannot be used."""
    try:
        config = Config.from_environment()
    except BadSetting as refusal:
        _refuse(str(refusal))
    app = create_app(config)
    app.config["TRUSTED_HOSTS"] = trusted_hosts(config)
    # A command or another WSGI server may use the application without `prepare()`.
    if config.data_key is not None:
        cipher.use_key(config.data_key)
    elif config.data_key_file.exists():
        with suppress(BadDataKey):  # `prepare()` refuses it with a sentence
            cipher.follow(config.data_key_file)
    return app


def trusted_hosts(config: Config) -> list[str] | None:
    """The names under which the portal answers: that of BASE_URL, and loopback. None, any, when it has no name yet."""
    host = urlsplit(config.base_url).hostname or ""
    if ":" in host or host == "0.0.0.0":
        return None
    return list(dict.fromkeys([host, "localhost", "127.0.0.1"]))


def decide_mode(config: Config, *, empty: bool, demo: bool) -> Mode:
    """Whether to build the demo council in this database, or just to serve it (product.md section 2).

    `empty`: nobody has an account yet; `demo`: it is a demo database. Raises InstallationRefused where the settings and
    the database do not go together.
    """
    if demo:
        if config.demo is False:
            raise InstallationRefused(
                "Cette base est une démonstration, et DEMO=0 la refuse. Indiquez une base vide dans DATABASE_URL "
                "(ou un autre dossier dans INSTANCE_PATH)."
            )
        if config.demo is None and not config.listens_on_loopback:
            raise InstallationRefused(
                "Cette base est une démonstration, dont les mots de passe sont publics : elle n’est servie que sur "
                "cette machine (HOST=127.0.0.1). Pour la montrer au-delà, dites-le avec DEMO=1."
            )
        return Mode.SERVE
    if not empty and config.demo:
        raise InstallationRefused(
            "DEMO=1 est refusé : cette base contient déjà des comptes réels. Enlevez DEMO, ou indiquez une base vide."
        )
    builds = empty and (config.demo or (config.demo is None and config.listens_on_loopback))
    if config.start_clock_at is not None and not builds:
        raise InstallationRefused(
            "ESPACE_FAMILLE_NOW n’existe que pour la démonstration et les tests : enlevez ce réglage."
        )
    return Mode.BUILD_DEMO if builds else Mode.SERVE


def check_payment_mode(config: Config, *, demo: bool) -> None:
    """Raise InstallationRefused where PAYFIP_MODE does not go together with what is served."""
    if config.payfip_mode is PayFiPMode.SIMULATOR and not demo:
        raise InstallationRefused(
            "PAYFIP_MODE=simulator n’existe que pour la démonstration : aucun argent n’y circule. Indiquez test, "
            "activation ou production, ou enlevez ce réglage pour servir sans paiement en ligne."
        )
    if config.payfip_mode in (PayFiPMode.ACTIVATION, PayFiPMode.PRODUCTION) and demo:
        raise InstallationRefused(
            "Une démonstration n’encaisse pas d’argent : PAYFIP_MODE y vaut simulator ou test, ou n’est pas indiqué."
        )


def prepare(app: Flask, *, may_build_demo: bool = True) -> bool:
    """Make the database ready to serve; returns whether it is a demonstration. Changes nothing the second time.

    Commands pass `may_build_demo=False`. Raises InstallationRefused with a sentence that says what to do.
    """
    config: Config = app.config["PORTAL"]
    with app.app_context():
        migrate_database()
        try:
            with write_transaction() as session:
                take_turns(session, "start")  # of processes that start together
                make_council(session)
                install_data_key(session, config.data_key, config.data_key_file)
                mode = decide_mode(config, empty=is_empty(session), demo=is_demo(session))
                if may_build_demo:
                    check_payment_mode(config, demo=is_demo(session) or mode is Mode.BUILD_DEMO)
                refresh_reference_data(session)
                if mode is Mode.BUILD_DEMO and may_build_demo:
                    _say("Construction de la collectivité de démonstration (quelques secondes)…")
                    build_demo(session)
                return is_demo(session)
        finally:
            forget_catalogue()
            db.session.remove()


def migrate_database() -> None:
    """Bring the tables to this version. Raises InstallationRefused when the database is of a newer one."""
    scripts = ScriptDirectory(str(APP_FOLDER / "migrations"))
    known = {revision.revision for revision in scripts.walk_revisions()}
    with db.engine.connect() as connection:
        present = set(MigrationContext.configure(connection).get_current_heads())
    if present - known:
        raise InstallationRefused(
            "Cette base vient d’une version plus récente d’Espace famille : servez-la avec cette version, ou remettez "
            "la sauvegarde faite avant la mise à jour."
        )
    if present != set(scripts.get_heads()):
        flask_migrate.upgrade()


def serve(app: Flask) -> NoReturn:
    """Prepare, then serve until SIGTERM or Ctrl-C; requests that run are finished. Ends the process."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config: Config = app.config["PORTAL"]
    try:
        demo = prepare(app)
    except (InstallationRefused, BadCommuneFile) as refusal:
        _refuse(str(refusal))
    except OperationalError as error:
        _refuse(f"La base de données ne répond pas (DATABASE_URL) : {str(error.orig).splitlines()[0]}")
    try:
        listening = _listen(config)
    except OSError:
        _refuse(
            f"Impossible d’écouter sur {config.host}:{config.port} (HOST, PORT) : ce port est déjà pris, ou cette "
            "adresse n’est pas celle de cette machine."
        )
    simulator = plug_in_simulator(app) if uses_simulator(config, demo=demo) else None

    def serve_here(index: int) -> None:
        _serve_until_told(app, listening, simulator, is_first=index == 0)

    if config.processes == 1:
        signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(0))
        _say(greeting(config, demo=demo))
        serve_here(0)
        sys.exit(0)
    with app.app_context():
        db.engine.dispose()  # connections are not for two processes
        share_writer()
    _say(greeting(config, demo=demo))
    processes.run(config.processes, serve_here)


def _listen(config: Config) -> list[socket.socket]:
    """Sockets on all addresses of HOST that already queue who comes. Raises OSError."""
    found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            sockets.append(bound := socket.socket(family, kind, protocol))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind(address)
            bound.listen(BACKLOG)
    except OSError:
        for bound in sockets:
            bound.close()
        raise
    return sockets


def _serve_until_told(
    app: Flask, listening: list[socket.socket], simulator: Simulator | None, *, is_first: bool
) -> None:
    """Answer requests until SystemExit, which waitress takes for the order to finish what runs and to return.

    The first process also has the worker and the simulator of PayFiP.
    """
    config: Config = app.config["PORTAL"]
    # waitress forwards what proxies say untouched: `TrustedProxies` decides whom to believe.
    server = waitress.create_server(
        TrustedProxies(app.wsgi_app, config.trusted_proxies),
        sockets=listening,
        threads=THREADS,
        connection_limit=CONNECTION_LIMIT,
        channel_timeout=CHANNEL_TIMEOUT_SECONDS,
        max_request_body_size=SERVER_BODY_LIMIT_BYTES,
        ident=None,
        clear_untrusted_proxy_headers=False,
    )
    worker: Worker = app.extensions["worker"]
    if is_first:
        if simulator is not None:
            simulator.start()
        worker.start()
    server.run()
    if is_first:
        worker.stop()
        if simulator is not None:
            simulator.stop()


def uses_simulator(config: Config, *, demo: bool) -> bool:
    """Whether families « pay » on the simulator of PayFiP: in the demonstration, unless PAYFIP_MODE says test."""
    return demo and config.payfip_mode in (None, PayFiPMode.SIMULATOR)


def plug_in_simulator(app: Flask) -> Simulator:
    """Let families pay at a simulator of PayFiP, not started yet, on the port after the portal's or any free one."""
    config: Config = app.config["PORTAL"]
    next_port = config.port + 1 if config.port < LAST_PORT else 0
    try:
        simulator = bind_simulator(config.instance_path, next_port)
    except OSError:
        simulator = bind_simulator(config.instance_path, 0)
    app.extensions["payments"] = PayFiPGateway(PayFiPMode.SIMULATOR, simulator_url=simulator.url)
    return simulator


def greeting(config: Config, *, demo: bool) -> str:
    """What the console says once the portal serves: its address and, in the demonstration, its accounts."""
    lines = [f"Espace famille : {config.base_url}"]
    if demo:
        lines.append(f"Comptes de démonstration (mot de passe : {PASSWORD}) :")
        width = max(len(account.email) for account in ACCOUNTS)
        lines += [f"  {account.email:<{width}}  {account.meaning}" for account in ACCOUNTS]
    lines.append("Arrêter : Ctrl+C")
    return "\n".join(lines)


def _say(sentence: str) -> None:
    click.echo(sentence)
    sys.stdout.flush()


def _refuse(sentence: str) -> NoReturn:
    click.echo(f"Espace famille ne démarre pas. {sentence}", err=True)
    sys.exit(REFUSED_EXIT_STATUS)
