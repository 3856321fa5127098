"""Commands for the council's IT, run as `.venv/bin/flask --app wsgi COMMAND`. What they say is French."""

import sys
from pathlib import Path

import click
from email_validator import EmailNotValidError, validate_email
from flask import Flask, current_app
from flask.cli import with_appcontext

from app import clock
from app.backup_commands import backup, restore_backup
from app.config import Config
from app.crypto import new_key, replace_keys, split_keys
from app.database import db, write_transaction
from app.demo.council import build_demo
from app.filters import day_plain
from app.integrations.kept_files import remove_file
from app.labels import label
from app.rules.capabilities import Role
from app.rules.passwords import weaknesses
from app.services import checks, data_keys, purges
from app.services.catalogue import catalogue
from app.services.consents import write_first_consent_text
from app.services.credentials import hash_password
from app.services.errors import EmailTaken
from app.services.installations import InstallationRefused, is_empty
from app.services.reference_data import Dataset, LoadedDataset, refresh_reference_data
from app.services.staff_accounts import create_staff, describe_council


def init_app(app: Flask) -> None:
    """Plug the commands in."""
    app.cli.add_command(create_admin)
    app.cli.add_command(refresh)
    app.cli.add_command(demo)
    app.cli.add_command(rotate_data_key)
    app.cli.add_command(purge)
    app.cli.add_command(check_data)
    app.cli.add_command(backup)
    app.cli.add_command(restore_backup)


@click.command("create-admin")
@click.option("--email", prompt="Email", help="Son adresse, qui sert à se connecter.")
@click.option("--name", prompt="Prénom et nom", help="Son prénom et son nom.")
@click.option("--password-stdin", is_flag=True, help="Lire le mot de passe sur l’entrée standard, sans le demander.")
@click.option("--council", help="Le nom de la collectivité.")
@click.option("--zone", type=click.Choice(["A", "B", "C"]), help="Sa zone de vacances scolaires.")
@click.option("--council-email", help="L’adresse de contact de la collectivité.")
@click.option("--council-address", help="L’adresse postale de la collectivité.")
@click.option("--dpo-email", help="L’adresse du délégué à la protection des données.")
@with_appcontext
def create_admin(
    email: str,
    name: str,
    password_stdin: bool,
    council: str | None,
    zone: str | None,
    council_email: str | None,
    council_address: str | None,
    dpo_email: str | None,
) -> None:
    """Crée un administrateur ; sur une installation neuve, décrit aussi la collectivité."""
    for address in filter(None, (email, council_email, dpo_email)):
        _check_email(address)
    password_hash = _new_password([email, name], from_stdin=password_stdin)
    _prepare()
    try:
        with write_transaction() as session:
            describe_council(
                session,
                name=council,
                school_zone=zone,
                address=council_address,
                email=council_email,
                dpo_email=dpo_email,
            )
            write_first_consent_text(session, starts_on=clock.today())
            create_staff(session, email, name, password_hash, Role.ADMINISTRATOR)
            refresh_reference_data(session)
    except EmailTaken:
        raise click.ClickException(f"{email} a déjà un compte : choisissez une autre adresse.") from None
    click.echo(f"Administrateur créé : {email}")


@click.command("refresh-reference-data")
@with_appcontext
def refresh() -> None:
    """Recharge les communes et le calendrier scolaire livrés avec cette version."""
    _prepare()
    with write_transaction() as session:
        for dataset in refresh_reference_data(session, anew=True):
            click.echo(_sentence(dataset))


@click.command("purge")
@click.option("--dry-run", is_flag=True, help="Dire ce qui serait effacé, sans rien effacer.")
@with_appcontext
def purge(dry_run: bool) -> None:
    """Efface ce que la conservation des données ne garde plus ; interrompue, elle se relance."""
    _prepare()
    if dry_run:
        for line in purges.dry_run(db.session()):
            oldest = f", du {day_plain(line.oldest)} au plus tôt" if line.oldest else ""
            to_tell = f", {line.to_tell} à prévenir" if line.to_tell else ""
            click.echo(f"{label(line.data)} : {line.count}{oldest}{to_tell}")
        return
    folder = Path(current_app.instance_path)
    with write_transaction() as session:
        run_id = purges.begin_purge(session)
    for data in purges.SOURCES:
        count = told = held = 0
        step = purges.Step(0)
        while not step.is_last:
            with write_transaction() as session:
                step = purges.purge_next(session, run_id, data, step.after)
            for path in step.paths:
                remove_file(folder, path)
            count, told, held = count + step.count, told + step.told, held + step.held
        more = (f", {told} prévenues" if told else "") + (f", {held} retenues" if held else "")
        click.echo(f"{label(data)} : {count}{more}")
    with write_transaction() as session:
        purges.end_purge(session, run_id)


@click.command("checks")
@with_appcontext
def check_data() -> None:
    """Dit si réservations, factures et paiements s’accordent ; échoue s’ils ne s’accordent pas."""
    _prepare()
    session = db.session()
    for each in checks.find_exceeded(session):
        name = next((scope.name for scope in catalogue().scopes if scope.id == each.scope_id), str(each.scope_id))
        click.echo(f"Par décision du service : {name}, {day_plain(each.day)}, {each.taken} pour {each.places} places")
    found = checks.find_inconsistencies(session)
    for problem in found:
        click.echo(f"Anomalie : {problem.problem}, {problem.where}", err=True)
    if found:
        raise SystemExit(1)
    click.echo("Tout s’accorde.")


@click.command("rotate-data-key")
@click.option("--yes", is_flag=True, help="Ne pas demander si l’ancienne clé est gardée ailleurs.")
@with_appcontext
def rotate_data_key(yes: bool) -> None:
    """Remplace la clé des données sensibles et les chiffre à nouveau ; interrompue, relancez-la."""
    _prepare()
    config: Config = current_app.config["PORTAL"]
    keys = split_keys(config.data_key or config.data_key_file.read_text())
    if config.data_key is not None and len(keys) == 1:
        raise click.ClickException(
            "DATA_KEY est un réglage : mettez-y d’abord une nouvelle clé devant l’ancienne, redémarrez le portail, "
            f"puis relancez cette commande.\nPar exemple : DATA_KEY={new_key()},<la clé actuelle>"
        )
    if not yes:
        question = "Les sauvegardes d’avant s’ouvrent avec l’ancienne clé. En avez-vous une copie ?"
        if click.prompt(question, type=click.Choice(["oui", "non"])) == "non":
            raise click.ClickException("Copiez d’abord la clé actuelle dans un endroit sûr.")
    if len(keys) == 1:
        keys = (new_key(), *keys)
        replace_keys(config.data_key_file, keys)
    _prepare()  # notes the new key in the database, before any row is written with it
    click.echo(f"{_reencrypt()} valeurs sont chiffrées avec la nouvelle clé.")
    if config.data_key is not None:
        click.echo("Enlevez maintenant l’ancienne clé de DATA_KEY, puis redémarrez le portail.")
        return
    replace_keys(config.data_key_file, keys[:1])
    click.echo("La nouvelle clé est en service. Copiez-la hors de la machine et refaites une sauvegarde de la base.")


def _reencrypt() -> int:
    changed = 0
    while True:  # until a pass finds nothing: somebody may have changed a row while it was written anew
        place: data_keys.Place | None = data_keys.Place()
        of_pass = 0
        while place is not None:
            with write_transaction() as session:
                step = data_keys.reencrypt_next(session, place)
            of_pass, place = of_pass + step.changed, step.next_place
        changed += of_pass
        if not of_pass:
            with write_transaction() as session:
                data_keys.finish_rotation(session)
            return changed


@click.group("demo")
def demo() -> None:
    """La collectivité de démonstration."""


@demo.command("build")
@click.option("--families", type=click.IntRange(0, 9_999), default=0, help="Autant de familles en plus, pour mesurer.")
@with_appcontext
def build(families: int) -> None:
    """Construit la démonstration dans une base vide."""
    _prepare()
    with write_transaction() as session:
        if not is_empty(session):
            raise click.ClickException("Cette base n’est pas vide : la démonstration n’y est pas construite.")
        build_demo(session, families)
    click.echo("La démonstration est prête.")


def _sentence(dataset: LoadedDataset) -> str:
    title = {Dataset.COMMUNES: "Communes", Dataset.CALENDAR: "Calendrier"}[dataset.name]
    return f"{title} : {dataset.row_count} lignes ({dataset.source} {dataset.version})"


def _prepare() -> None:
    # Imported here: app.start imports the application, which imports this module.
    from app.start import prepare

    try:
        prepare(current_app._get_current_object(), may_build_demo=False)  # type: ignore[attr-defined]
    except InstallationRefused as refusal:
        raise click.ClickException(str(refusal)) from None


def _check_email(email: str) -> None:
    try:
        validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise click.ClickException(f"{email} n’est pas une adresse e-mail.") from None


def _new_password(personal: list[str], *, from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Mot de passe", hide_input=True, confirmation_prompt="Encore une fois")
    found = weaknesses(password, personal)
    if found:
        raise click.ClickException("Mot de passe refusé. " + " ".join(label(weakness) for weakness in found))
    return hash_password(password)
