"""`flask backup` and `flask restore`, for the council's IT. What they say is French.

Neither changes the database of the portal: a backup is made before an upgrade too, and a restored one is never the one
that is served.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import FrameType

import click
from flask import current_app
from flask.cli import with_appcontext

from app import clock
from app.clock import PARIS
from app.config import BadSetting, Config, read_database_url
from app.crypto import WrongDataKey, cipher
from app.database import db
from app.filters import NARROW_NBSP, NBSP, euros, moment_plain
from app.integrations.backup_archives import Contents
from app.jobs.backups import BackupFailed, Unpacked, back_up, restore, unpack_to_check
from app.services import checks, data_keys
from app.services.catalogue import forget_catalogue
from app.services.installations import InstallationRefused, opens_with_these_keys

SHORTEST_PASSPHRASE = 20
PROBLEMS_EXIT_STATUS = 3


@click.command("backup")
@with_appcontext
def backup() -> None:
    """Sauvegarde la base et les fichiers dans une archive chiffrée ; le portail peut rester en service."""
    config: Config = current_app.config["PORTAL"]
    passphrase = _read_passphrase(config)
    if passphrase is None:
        raise click.ClickException(
            "Indiquez dans BACKUP_PASSPHRASE_FILE un fichier qui contient la phrase secrète des sauvegardes."
        )
    try:
        with _ended_in_order():
            made = back_up(db.engine, config, passphrase)
    except BackupFailed as failed:
        raise click.ClickException(f"Aucune sauvegarde n’a été faite. {failed}") from None
    click.echo(
        f"Sauvegarde faite : {made.path} ({_megabytes(made.size_bytes)}, {_count(made.row_count, 'ligne')}, "
        f"{_count(made.file_count, 'fichier')}, {_count(made.removed, 'ancienne')} en moins)"
    )
    _tell(made.problems, "Les sauvegardes plus anciennes sont toutes gardées : vérifiez-les (restore --check).")


@click.command("restore")
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="La lire en entier et la contrôler, sans rien toucher.")
@click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), help="Le dossier d’instance à remplir ; vide."
)
@click.option("--database", help="Pour une sauvegarde PostgreSQL : la base à remplir (postgresql://…) ; vide.")
@with_appcontext
def restore_backup(archive: Path, only_check: bool, into: Path | None, database: str | None) -> None:
    """Contrôle une sauvegarde, ou la restaure dans un dossier vide."""
    if only_check == (into is not None):
        raise click.UsageError("Dites --check pour contrôler, ou --into DOSSIER pour restaurer.")
    config: Config = current_app.config["PORTAL"]
    passphrase = _read_passphrase(config) or click.prompt("Phrase secrète", hide_input=True)
    try:
        with _ended_in_order():
            if into is None:
                _check(archive, passphrase, config)
            else:
                address = None if database is None else read_database_url(database)
                _restore(archive, passphrase, into.resolve(), address, config)
    except (BackupFailed, BadSetting) as failed:
        raise click.ClickException(str(failed)) from None


def _check(archive: Path, passphrase: str, config: Config) -> None:
    with unpack_to_check(archive, passphrase, config) as unpacked:
        problems = (*unpacked.problems, *_problems_of_data(unpacked, config))
    click.echo(_sentence(unpacked.contents))
    _tell(problems, "Le reste de cette sauvegarde est lisible.")
    click.echo("Tout s’accorde.")


def _restore(archive: Path, passphrase: str, into: Path, database_url: str | None, config: Config) -> None:
    restored = restore(archive, passphrase, into, database_url, config.postgres_bin)
    click.echo(_sentence(restored.contents))
    if restored.contents.data_key is None:
        click.echo("La clé DATA_KEY n’est pas dans la sauvegarde : servez avec celle de l’installation d’origine.")
    address = "" if database_url is None else ", DATABASE_URL celle de cette base"
    click.echo(f"Restaurée. Pour la servir : INSTANCE_PATH={into}{address}, puis « flask checks ».")
    _tell(restored.problems, "Tout ce que la sauvegarde contient a été restauré.")


def _problems_of_data(unpacked: Unpacked, config: Config) -> list[str]:
    """What the portal itself finds wrong in the data of an archive, after bringing its tables to this version."""
    # Imported here: these import the application, which imports this module.
    from app import create_app
    from app.start import migrate_database

    keys = unpacked.contents.data_key or config.data_key
    if keys is None:
        raise BackupFailed("La clé DATA_KEY n’est pas dans cette sauvegarde : donnez-la pour la contrôler.")
    other = create_app(replace(config, database_url=unpacked.database_url))
    with other.app_context(), clock.moved():
        clock.start_at(_made_at(unpacked.contents), frozen=True)
        cipher.use_key(keys)
        forget_catalogue()
        try:
            migrate_database()
            session = db.session()
            if not opens_with_these_keys(session):
                return ["la clé des données sensibles n’est pas celle de cette base"]
            closed = [f"texte chiffré illisible : {place}" for place in data_keys.unreadable(session)]
            found = [f"anomalie : {each.problem}, {each.where}" for each in checks.find_inconsistencies(session)]
            return [*closed, *found]
        except (InstallationRefused, WrongDataKey) as refusal:
            raise BackupFailed(str(refusal)) from None
        finally:
            db.session.remove()
            db.engine.dispose()
            forget_catalogue()


def _read_passphrase(config: Config) -> str | None:
    if config.backup_passphrase_file is None:
        return None
    try:
        passphrase = config.backup_passphrase_file.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise click.ClickException("Le fichier de BACKUP_PASSPHRASE_FILE ne se lit pas.") from None
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise click.ClickException(
            f"La phrase secrète des sauvegardes a {SHORTEST_PASSPHRASE} caractères au moins : qui trouve une "
            "sauvegarde peut en essayer sans fin."
        )
    return passphrase


def _sentence(contents: Contents) -> str:
    issued, paid = contents.cents.get("invoice.total_cents", 0), contents.cents.get("payment.amount_cents", 0)
    return (
        f"Sauvegarde du {moment_plain(_made_at(contents))} ({contents.engine}, version {contents.revision}) : "
        f"{_count(sum(contents.rows.values()), 'ligne')} dans {_count(len(contents.rows), 'table')}, "
        f"{_count(len(contents.members) - 1, 'fichier')}, {euros(issued)} facturés, {euros(paid)} encaissés."
    )


def _tell(problems: tuple[str, ...] | list[str], more: str) -> None:
    """Name what is wrong and end with the exit status that says so; nothing where nothing is."""
    if problems:
        for problem in problems:
            click.echo(f"Attention : {problem}", err=True)
        click.echo(more, err=True)
        raise SystemExit(PROBLEMS_EXIT_STATUS)


def _made_at(contents: Contents) -> datetime:
    return datetime.fromisoformat(contents.made_at).astimezone(PARIS)


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'s' if number > 1 else ''}".replace(",", NARROW_NBSP)


def _megabytes(size_bytes: int) -> str:
    tenths = -(-size_bytes // 100_000)
    return f"{tenths // 10},{tenths % 10}{NBSP}Mo"


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """SIGTERM ends what runs as an error would: nothing of the database is left lying about in clear."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(128 + signal.SIGTERM)

    before = None
    with suppress(ValueError):  # not the main thread: nobody sends it there
        before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
