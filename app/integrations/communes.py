"""The communes of France and their postal codes, from the published data set that is stored beside this module.

The file is made by `script/refresh-communes` and never fetched at run time. Source: Etalab's
`decoupage-administratif` (INSEE's official geographic code, La Poste's postal codes).
"""

import gzip
from dataclasses import dataclass
from datetime import date
from importlib.resources import files


class BadCommuneFile(Exception):
    """The stored data set cannot be read; `script/refresh-communes` rebuilds it."""


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune of today; `postal_codes` are sorted and never empty."""

    insee_code: str
    name: str
    postal_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommuneDataset:
    """All communes, in the order of their INSEE codes, and where they come from."""

    source: str
    version: str
    licence: str
    published_on: date
    communes: tuple[Commune, ...]


def read_communes() -> CommuneDataset:
    """The stored data set (about 35,000 communes; a quarter of a second).

    Raises BadCommuneFile when the file is missing or not in the form that `script/refresh-communes` writes.
    """
    try:
        packed = files("app.integrations").joinpath("data", "communes.tsv.gz").read_bytes()
        return parse_communes(gzip.decompress(packed).decode("utf-8"))
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadCommuneFile(f"communes.tsv.gz: {error}") from error


def parse_communes(text: str) -> CommuneDataset:
    """Read the unpacked file: a line `# source=… version=… licence=… published_on=…`, a heading, then the rows.

    Raises BadCommuneFile, with the number of the line, for anything else.
    """
    lines = text.splitlines()
    if len(lines) < 3 or not lines[0].startswith("# "):
        raise BadCommuneFile("communes.tsv: the first line must say the source, and rows must follow")
    about = dict(entry.partition("=")[::2] for entry in lines[0][2:].split("\t"))
    names: dict[str, str] = {}
    codes: dict[str, list[str]] = {}
    for number, line in enumerate(lines[2:], start=3):
        fields = line.split("\t")
        if len(fields) != 3 or not all(fields) or names.setdefault(fields[0], fields[1]) != fields[1]:
            raise BadCommuneFile(f"communes.tsv, line {number}: not an INSEE code, its one name and a postal code")
        codes.setdefault(fields[0], []).append(fields[2])
    try:
        return CommuneDataset(
            source=about["source"],
            version=about["version"],
            licence=about["licence"],
            published_on=date.fromisoformat(about["published_on"]),
            communes=tuple(Commune(code, name, tuple(sorted(codes[code]))) for code, name in sorted(names.items())),
        )
    except (KeyError, ValueError) as error:
        raise BadCommuneFile(f"communes.tsv, line 1: {error}") from error
