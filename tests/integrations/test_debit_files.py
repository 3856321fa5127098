"""The bank's file against the schema that ISO 20022 publishes."""

from datetime import date, datetime
from pathlib import Path

import pytest
from lxml import etree

from app.clock import PARIS
from app.integrations.debit_files import DebitFile, DebitFileLine, write_debit_file
from app.rules.direct_debits import DebitSequence

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).parent / "data" / "pain.008.001.08.xsd"))
NAMES = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"}


def line(n: int, cents: int, sequence: DebitSequence, holder: str = "Élodie <TEST> & fils") -> DebitFileLine:
    return DebitFileLine(
        f"pop-PRLV00001-{n}", cents, f"pop-M{n:06}-1", date(2026, 11, 2), holder, "FR7630006000011234567890189",
        sequence, f"Facture pop-F2611{n:05}",
    )  # fmt: skip


def a_file(bic: str, *lines: DebitFileLine) -> DebitFile:
    return DebitFile(
        "pop-PRLV00001", datetime(2026, 11, 23, 9, 0, tzinfo=PARIS), date(2026, 12, 7), "FR72ZZZ123456",
        "Régie enfance de la Communauté de communes de l’Île-aux-Œufs et des vallées alentour", "FR1420041010050500013M02606",
        bic, lines,
    )  # fmt: skip


@pytest.mark.parametrize("bic", ["", "BDFEFRPP", "BDFEFRPPCCT"])
def test_a_file_is_what_the_schema_says(bic: str) -> None:
    content = write_debit_file(
        a_file(bic, line(1, 1, DebitSequence.RECURRENT), line(2, 12_345, DebitSequence.FIRST),
               line(3, 99_999_999, DebitSequence.RECURRENT, "X" * 90))
    )  # fmt: skip
    root = etree.fromstring(content)
    SCHEMA.assertValid(root)
    parts = root.findall(".//p:PmtInf", NAMES)
    assert [part.findtext("p:PmtTpInf/p:SeqTp", namespaces=NAMES) for part in parts] == ["FRST", "RCUR"]
    sums = [
        (each.findtext("p:NbOfTxs", namespaces=NAMES), each.findtext("p:CtrlSum", namespaces=NAMES))
        for each in (root.find(".//p:GrpHdr", NAMES), *parts)
    ]
    assert sums == [("3", "1000123.45"), ("1", "123.45"), ("2", "1000000.00")]
    assert root.findtext(".//p:Dbtr/p:Nm", namespaces=NAMES) == "Elodie TEST fils"
    assert {part.findtext("p:ReqdColltnDt", namespaces=NAMES) for part in parts} == {"2026-12-07"}
    assert content == write_debit_file(
        a_file(bic, line(1, 1, DebitSequence.RECURRENT), line(2, 12_345, DebitSequence.FIRST),
               line(3, 99_999_999, DebitSequence.RECURRENT, "X" * 90))
    )  # fmt: skip


def test_a_file_collects_something() -> None:
    with pytest.raises(ValueError, match="something"):
        write_debit_file(a_file(""))
