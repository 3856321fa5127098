"""What a database holds at one moment, whatever its version: rows, sums of money, and the files that its rows name.

Read from the tables as they are, not from the models: a backup is made before an upgrade as well. A column `path`, or
one whose name ends in `_path`, names files of the instance folder; beside it, `sha256` or `content_hash` is the digest.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, TableClause, column, func, inspect, select, table

_DIGESTS = ("sha256", "content_hash")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was found."""

    revision: str  # "" where no migration ran yet
    rows: Mapping[str, int]
    cents: Mapping[str, int]  # by « table.column »
    files: Mapping[str, str | None]  # path in the instance folder: its SHA-256 where a row tells it


def read_snapshot(connection: Connection) -> Snapshot:
    """Read all of it; every table is read once or twice."""
    columns = {name: each for (_schema, name), each in inspect(connection).get_multi_columns().items()}
    tables = [table(name, *(column(each["name"]) for each in columns[name])) for name in sorted(columns)]
    rows: dict[str, int] = {}
    cents: dict[str, int] = {}
    files: dict[str, str | None] = {}
    revision = None
    for each in tables:
        money = [column for column in each.columns if column.name.endswith("_cents")]
        count, *sums = connection.execute(
            select(func.count(), *(func.coalesce(func.sum(column), 0) for column in money)).select_from(each)
        ).one()
        rows[each.name] = count
        cents.update({f"{each.name}.{column.name}": int(total) for column, total in zip(money, sums, strict=True)})
        files.update(_files(connection, each))
        if each.name == "alembic_version":
            revision = connection.scalar(select(each.c.version_num))
    return Snapshot(revision or "", rows, cents, files)


def _files(connection: Connection, of: TableClause) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    digest = next((of.c[name] for name in _DIGESTS if name in of.c), None)
    for each in of.columns:
        if each.name == "path" and digest is not None:
            found.update(connection.execute(select(each, digest).where(each.is_not(None))).tuples().all())
        elif each.name == "path" or each.name.endswith("_path"):
            found.update(dict.fromkeys(connection.scalars(select(each).where(each.is_not(None)))))
    return found
