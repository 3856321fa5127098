"""Settings: what the defaults are, and which values the portal refuses, with a sentence that names the setting."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from app.config import BadSetting, Config
from app.integrations.payfip import PayFiPMode
from app.rules.backups import Keep


def read(folder: Path, **settings: str) -> Config:
    return Config.from_environment({"INSTANCE_PATH": str(folder), **settings})


def test_without_settings_it_is_a_local_portal_on_sqlite(tmp_path):
    config = read(tmp_path)
    assert (config.host, config.port, config.base_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert config.database_url == f"sqlite:///{tmp_path}/espace-famille.sqlite3"
    assert (config.data_key, config.demo, config.mail_url, config.start_clock_at) == (None, None, None, None)
    assert config.trusted_proxies == ()
    assert config.listens_on_loopback
    assert not config.is_https


def test_the_secret_key_is_made_once_for_its_owner_alone(tmp_path):
    first, second = read(tmp_path), read(tmp_path)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 43
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_a_given_secret_key_is_used_and_not_kept(tmp_path):
    assert read(tmp_path, SECRET_KEY="given").secret_key == "given"
    assert not (tmp_path / "secret_key").exists()


def test_an_empty_secret_key_file_is_refused(tmp_path):
    (tmp_path / "secret_key").touch()
    with pytest.raises(BadSetting, match="secret_key"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://portal@db.example.org/portal", "postgresql+psycopg://portal@db.example.org/portal"),
        ("postgres://portal@db.example.org/portal", "postgresql+psycopg://portal@db.example.org/portal"),
        ("sqlite:////srv/portal.sqlite3", "sqlite:////srv/portal.sqlite3"),
    ],
)
def test_the_usual_database_urls_are_understood(tmp_path, given, used):
    assert read(tmp_path, DATABASE_URL=given).database_url == used


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.0.0.53", True), ("localhost", True), ("::1", True), ("0.0.0.0", False),
     ("::", False), ("192.0.2.7", False), ("portail.example.org", False)],
)  # fmt: skip
def test_loopback_is_recognised(tmp_path, host, loopback):
    assert read(tmp_path, HOST=host).listens_on_loopback is loopback


def test_everything_else_is_read(tmp_path):
    key = Fernet.generate_key().decode()
    config = read(
        tmp_path, PORT="8123", DATA_KEY=key, DEMO="0", MAIL_URL="smtps://u:p@mail.example.org", MAIL_FROM="a@example.org",
        BASE_URL="https://portail.example.org/", TRUSTED_PROXIES="192.0.2.1, 10.0.0.0/8",
        ESPACE_FAMILLE_NOW="2026-11-23T08:30",
    )  # fmt: skip
    assert (config.port, config.data_key, config.demo) == (8123, key, False)
    assert (config.mail_url, config.mail_from) == ("smtps://u:p@mail.example.org", "a@example.org")
    assert config.base_url == "https://portail.example.org"
    assert config.is_https
    assert config.trusted_proxies == ("192.0.2.1", "10.0.0.0/8")
    assert config.start_clock_at == datetime(2026, 11, 23, 8, 30)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"), ("PORT", "0"), ("PORT", "65536"), ("PORT", "-1"), ("PORT", "²"),
        ("BASE_URL", "portail.example.org"), ("BASE_URL", "ftp://portail.example.org"), ("BASE_URL", "https://"), ("BASE_URL", "http://[::1"), ("BASE_URL", "http://example.org:70000"),
        ("DATABASE_URL", "mysql://db.example.org/portal"),
        ("DATA_KEY", "short"),
        ("DEMO", "oui"),
        ("MAIL_URL", "mail.example.org:25"), ("MAIL_URL", "smtp://mail.example.org:70000"), ("MAIL_URL", "smtp://"),
        ("TRUSTED_PROXIES", "192.0.2.1, proxy"),
        ("ESPACE_FAMILLE_NOW", "lundi"),
        ("BACKUP_KEEP", "7"), ("BACKUP_KEEP", "7,5,trois"), ("BACKUP_KEEP", "7,-1,3"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_name(tmp_path, name, value):
    with pytest.raises(BadSetting, match=name):
        read(tmp_path, **{name: value})


def test_backups_lie_in_the_instance_folder_unless_another_is_named(tmp_path):
    config = read(tmp_path)
    assert (config.backup_folder, config.backup_passphrase_file) == (tmp_path / "backups", None)
    assert config.backup_keep == Keep(days=7, weeks=5, months=3)
    config = read(tmp_path, BACKUP_PATH=str(tmp_path / "là"), BACKUP_KEEP="14, 8,12")
    assert (config.backup_folder, config.backup_keep) == (tmp_path / "là", Keep(days=14, weeks=8, months=12))


def test_an_instance_folder_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSetting, match="INSTANCE_PATH"):
        read(tmp_path / "file" / "instance")


def test_the_instance_folder_is_its_owners_alone(tmp_path):
    read(tmp_path / "instance")
    assert (tmp_path / "instance").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("mode", list(PayFiPMode))
def test_each_mode_of_payfip_is_understood(tmp_path, mode):
    assert read(tmp_path, PAYFIP_MODE=mode.value).payfip_mode is mode


def test_without_a_mode_nothing_is_said_and_another_is_refused(tmp_path):
    assert read(tmp_path).payfip_mode is None
    with pytest.raises(BadSetting, match="PAYFIP_MODE vaut simulator, test, activation, production"):
        read(tmp_path, PAYFIP_MODE="prod")
