"""Every table belongs to a class of data, or has its reason."""

from app.database import Base
from app.rules.retention import DataClass
from app.services.kept_tables import NOT_PERSONAL, TABLES
from app.services.purges import SOURCES


def test_every_table_has_its_class_or_its_reason() -> None:
    assert not set(TABLES) & set(NOT_PERSONAL)
    assert set(TABLES) | set(NOT_PERSONAL) == set(Base.metadata.tables), "say it in app/services/kept_tables.py"
    assert all(NOT_PERSONAL.values())


def test_every_class_is_purged() -> None:
    assert set(SOURCES) == set(DataClass) >= {kept.data for kept in TABLES.values()}


def test_what_is_deleted_with_a_family_names_no_kept_file() -> None:
    """Files go with their rows, where the column has the name that services.erasures looks for."""
    with_files = {name for name, table in Base.metadata.tables.items() if "path" in table.c}
    assert with_files <= {*TABLES, *NOT_PERSONAL} and {"submitted_document", "stored_pdf"} <= with_files
