"""Reference data in the database: complete, dated, refreshed without harm to what refers to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import clock
from app.database import db, write_transaction
from app.integrations.communes import Commune as DataCommune
from app.integrations.communes import CommuneDataset
from app.models.councils import Council
from app.models.reference_data import Commune, CommunePostalCode, PublicHoliday, ReferenceDataset, SchoolHoliday
from app.services import reference_data
from app.services.catalogue import catalogue
from app.services.families import communes_named, communes_of_postal_code
from app.services.reference_data import Dataset, LoadedDataset, refresh_reference_data
from tests.factories import make_family

# Those that the tests start with (tests.factories.COMMUNES), and nothing else.
DEMUIN = DataCommune("80237", "Démuin", ("80110",))
MOREUIL = DataCommune("80570", "Moreuil", ("80110",))
AMIENS = DataCommune("80021", "Amiens", ("80000", "80080", "80090"))


@pytest.fixture
def publish(app: Flask, monkeypatch):
    """Makes the stored data set hold these communes, as a version of its own."""

    def publish_version(version: str, *communes: DataCommune) -> None:
        dataset = CommuneDataset("essais", version, "MIT", date(2026, 1, 1), communes)
        monkeypatch.setattr(reference_data, "read_communes", lambda: dataset)

    publish_version("2", DEMUIN, MOREUIL, AMIENS)
    return publish_version


def refresh(*, anew: bool = False) -> dict[Dataset, LoadedDataset]:
    with write_transaction() as session:
        return {loaded.name: loaded for loaded in refresh_reference_data(session, anew=anew)}


def codes_of(insee_code: str) -> list[str]:
    statement = select(CommunePostalCode.postal_code).where(CommunePostalCode.insee_code == insee_code)
    return sorted(db.session.scalars(statement))


def test_what_is_loaded_is_dated_and_named(publish):
    loaded = refresh()
    assert loaded[Dataset.COMMUNES].has_changed
    row = db.session.get_one(ReferenceDataset, "communes")
    assert (row.source, row.version, row.row_count, row.loaded_at) == ("essais", "2", 3, clock.now())
    calendar = db.session.get_one(ReferenceDataset, "calendar")
    assert (calendar.source, calendar.version) == ("python-holidays", loaded[Dataset.CALENDAR].version)
    assert "zone B, 2025–2028" in calendar.version


def test_a_second_refresh_changes_nothing(publish):
    refresh()
    version = db.session.scalars(select(Council.settings_version)).one()
    clock.start_at(datetime(2026, 11, 24, 9), frozen=True)
    assert not any(loaded.has_changed for loaded in refresh().values())
    assert db.session.scalars(select(Council.settings_version)).one() == version
    assert db.session.get_one(ReferenceDataset, "communes").loaded_at < clock.now()


def test_loading_anew_repairs_rows(publish):
    refresh()
    with write_transaction() as session:
        session.get_one(Commune, "80237").name = "Demuin sur erreur"
        session.delete(session.get_one(PublicHoliday, date(2026, 12, 25)))
    refresh(anew=True)
    assert db.session.get_one(Commune, "80237").name == "Démuin"
    assert db.session.get(PublicHoliday, date(2026, 12, 25)) is not None


def test_new_renamed_and_changed_communes(publish):
    refresh()
    publish("3", replace(DEMUIN, name="Démuin-la-Neuve"), MOREUIL, replace(AMIENS, postal_codes=("80000", "80001")),
            DataCommune("80131", "Boves", ("80440",)))  # fmt: skip
    refresh()
    assert [choice.name for choice in communes_of_postal_code("80440")] == ["Boves"]
    assert [choice.insee_code for choice in communes_named("demuin LA neuve")] == ["80237"]
    assert codes_of("80021") == ["80000", "80001"]


def test_a_commune_that_is_gone_goes_unless_an_address_refers_to_it(publish):
    make_family("PETIT")  # lives in one of the communes
    refresh()
    (lived_in,) = set(db.session.scalars(select(reference_data.FamilyAddress.insee_code)))
    others = {"80237", "80570", "80021"} - {lived_in}
    publish("3", DataCommune("80131", "Boves", ("80440",)))
    refresh()
    assert db.session.get(Commune, lived_in) is not None
    assert codes_of(lived_in) == []  # nobody can choose it any more
    for insee_code in others:
        assert db.session.get(Commune, insee_code) is None


def test_another_zone_brings_its_own_holidays(publish):
    refresh()
    before = catalogue().calendar.school_holidays
    with write_transaction() as session:
        session.get_one(Council, 1).school_zone = "C"
        refresh_reference_data(session)
    assert set(db.session.scalars(select(SchoolHoliday.zone))) == {"C"}
    assert catalogue().calendar.school_holidays != before


def test_a_new_year_extends_the_calendar_and_keeps_the_old_one(publish):
    refresh()
    clock.start_at(datetime(2028, 1, 3, 9), frozen=True)
    assert refresh()[Dataset.CALENDAR].has_changed
    assert db.session.get(PublicHoliday, date(2025, 12, 25)) is not None
    assert db.session.get(PublicHoliday, date(2030, 12, 25)) is not None
    doubled = select(SchoolHoliday.starts_on).group_by(SchoolHoliday.starts_on).having(func.count() > 1)
    assert db.session.scalars(doubled).all() == []


def test_the_whole_country_is_loaded_from_the_stored_data_set(sqlite_app):
    refresh()
    assert (db.session.scalar(select(func.count()).select_from(Commune)) or 0) > 34_000
    assert "Démuin" in [choice.name for choice in communes_of_postal_code("80110")]
    assert [choice.postal_code for choice in communes_named("l'hay les roses")] == ["94240"]
