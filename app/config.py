"""Every setting, its default and its meaning. The table in README.md says the same.

Settings come from environment variables only. `Config.from_environment()` refuses, with a sentence
that says what to do, a set of settings with which the portal must not start.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from app.crypto import BadDataKey, split_keys
from app.integrations.payfip import PayFiPMode
from app.rules.backups import Keep

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DATABASE_FILE = "espace-famille.sqlite3"
DEFAULT_KEEP = Keep(days=7, weeks=5, months=3)


MOST_USUAL_PROCESSES = 4
MOST_PROCESSES = 64


class BadSetting(Exception):
    """A setting, or a combination of settings, with which the portal refuses to start."""


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one process, checked."""

    host: str
    port: int
    instance_path: Path
    database_url: str
    secret_key: str
    data_key: str | None  # one, or several separated by commas; None: in `data_key_file`, see app.crypto
    demo: bool | None  # None: not said; then an empty database on loopback becomes the demo
    mail_url: str | None
    mail_from: str
    payfip_mode: PayFiPMode | None  # None: the simulator in the demo, elsewhere no online payment
    base_url: str
    trusted_proxies: tuple[str, ...]
    start_clock_at: datetime | None
    processes: int = 1  # that serve
    clamd: str | None = None  # ClamAV's daemon, « host:port » or the path of its socket; None: files are not scanned
    backup_path: Path | None = None  # None: in the instance folder
    backup_passphrase_file: Path | None = None
    backup_keep: Keep = DEFAULT_KEEP
    postgres_bin: Path | None = None  # the folder of pg_dump and pg_restore; None: looked for

    @property
    def listens_on_loopback(self) -> bool:
        """Whether only this machine can reach the portal directly."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_https(self) -> bool:
        """Whether parents reach the portal over https: then cookies are `Secure`."""
        return self.base_url.startswith("https://")

    @property
    def data_key_file(self) -> Path:
        """Where the key of encrypted columns is kept when it is not a setting."""
        return self.instance_path / "data_key"

    @property
    def backup_folder(self) -> Path:
        """Where the archives of `flask backup` lie."""
        return self.backup_path or self.instance_path / "backups"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Config":
        """Read and check the settings; generates `SECRET_KEY` into the instance folder on the first start.

        Raises BadSetting with a sentence for the person who starts the portal.
        """
        instance_path = Path(environ.get("INSTANCE_PATH") or PROJECT_ROOT / "instance").resolve()
        try:
            instance_path.mkdir(mode=0o700, parents=True, exist_ok=True)  # families' data: for its owner alone
        except OSError:
            raise BadSetting(f"INSTANCE_PATH : impossible de créer le dossier {str(instance_path)!r}.") from None
        host = environ.get("HOST") or "127.0.0.1"
        port = _port(environ.get("PORT") or "8000")
        base_url = (environ.get("BASE_URL") or f"http://{f'[{host}]' if ':' in host else host}:{port}").rstrip("/")
        if not _is_address(base_url, ("http", "https")):
            raise BadSetting(f"BASE_URL doit être une adresse http:// ou https:// ; reçu : {base_url!r}.")
        data_key = environ.get("DATA_KEY") or None
        if data_key is not None:
            _check_data_key(data_key)
        return cls(
            host=host,
            port=port,
            instance_path=instance_path,
            database_url=read_database_url(environ.get("DATABASE_URL") or f"sqlite:///{instance_path / DATABASE_FILE}"),
            secret_key=environ.get("SECRET_KEY") or _kept_secret(instance_path / "secret_key"),
            data_key=data_key,
            demo=_demo(environ.get("DEMO")),
            mail_url=_mail_url(environ.get("MAIL_URL")),
            mail_from=environ.get("MAIL_FROM") or "Espace famille <ne-pas-repondre@example.org>",
            payfip_mode=_payfip_mode(environ.get("PAYFIP_MODE")),
            base_url=base_url,
            trusted_proxies=_proxies(environ.get("TRUSTED_PROXIES", "")),
            start_clock_at=_moment(environ.get("ESPACE_FAMILLE_NOW")),
            processes=_processes(environ.get("PROCESSES")),
            clamd=_clamd(environ.get("CLAMD")),
            backup_path=_path(environ.get("BACKUP_PATH")),
            backup_passphrase_file=_path(environ.get("BACKUP_PASSPHRASE_FILE")),
            backup_keep=_keep(environ.get("BACKUP_KEEP")),
            postgres_bin=_path(environ.get("POSTGRES_BIN")),
        )


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port beyond 65535, half an IPv6 address
        return False


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) < 65536:
        raise BadSetting(f"PORT doit être un nombre de 1 à 65535 ; reçu : {text!r}.")
    return int(text)


def read_database_url(text: str) -> str:
    """The address of a database as SQLAlchemy takes it. Raises BadSetting."""
    for prefix in ("postgresql://", "postgres://"):
        if text.startswith(prefix):
            return "postgresql+psycopg://" + text.removeprefix(prefix)
    if text.startswith(("sqlite:///", "postgresql+psycopg://")):
        return text
    raise BadSetting("DATABASE_URL doit commencer par sqlite:/// ou postgresql://.")


def _demo(text: str | None) -> bool | None:
    if text is None or text == "":
        return None
    if text not in ("0", "1"):
        raise BadSetting(f"DEMO vaut 0 ou 1 ; reçu : {text!r}.")
    return text == "1"


def _mail_url(text: str | None) -> str | None:
    if not text:
        return None
    if not _is_address(text, ("smtp", "smtps", "smtp+starttls")):
        raise BadSetting("MAIL_URL s’écrit smtp://serveur:port ; ou smtps://, ou smtp+starttls://.")
    return text


def _payfip_mode(text: str | None) -> PayFiPMode | None:
    if not text:
        return None
    try:
        return PayFiPMode(text)
    except ValueError:
        raise BadSetting(f"PAYFIP_MODE vaut {', '.join(PayFiPMode)} ; reçu : {text!r}.") from None


def _proxies(text: str) -> tuple[str, ...]:
    proxies = tuple(filter(None, (proxy.strip() for proxy in text.split(","))))
    for proxy in proxies:
        try:
            ip_network(proxy, strict=False)
        except ValueError:
            raise BadSetting(
                f"TRUSTED_PROXIES est une liste d’adresses ou de réseaux, séparés par des virgules ; reçu : {proxy!r}."
            ) from None
    return proxies


def _processes(text: str | None) -> int:
    if not text:
        return min(len(os.sched_getaffinity(0)), MOST_USUAL_PROCESSES)
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= MOST_PROCESSES:
        raise BadSetting(f"PROCESSES est un nombre de 1 à {MOST_PROCESSES} ; reçu : {text!r}.")
    return int(text)


def _clamd(text: str | None) -> str | None:
    if not text:
        return None
    if not text.startswith("/"):
        host, _, port = text.rpartition(":")
        if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise BadSetting(f"CLAMD s’écrit serveur:port, ou /chemin/de/la/prise ; reçu : {text!r}.")
    return text


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BadSetting(f"ESPACE_FAMILLE_NOW s’écrit 2026-11-23T08:30 ; reçu : {text!r}.") from None


def _path(text: str | None) -> Path | None:
    return Path(text).resolve() if text else None


def _keep(text: str | None) -> Keep:
    if not text:
        return DEFAULT_KEEP
    numbers = [part.strip() for part in text.split(",")]
    if len(numbers) != 3 or not all(part.isascii() and part.isdigit() for part in numbers):
        raise BadSetting(f"BACKUP_KEEP s’écrit jours,semaines,mois, par exemple 7,5,3 ; reçu : {text!r}.")
    days, weeks, months = map(int, numbers)
    return Keep(days, weeks, months)


def _check_data_key(key: str) -> None:
    try:
        split_keys(key)
    except BadDataKey:
        raise BadSetting(
            "DATA_KEY n’est pas une clé valable (32 octets en base64 « URL » ; plusieurs se séparent par des virgules)."
        ) from None


def _kept_secret(path: Path) -> str:
    """The secret kept in `path`, made on the first start; readable by its owner alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        secret = path.read_text().strip()
        if not secret:
            raise BadSetting(f"Le fichier {path.name} du dossier d’instance est vide : supprimez-le.") from None
        return secret
    with os.fdopen(descriptor, "w") as file:
        secret = secrets.token_urlsafe(48)
        file.write(secret)
    return secret
