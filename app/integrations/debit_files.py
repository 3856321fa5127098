"""The file of a collection for the bank: ISO 20022 pain.008.001.08, as SEPA's core scheme wants it.

What it says comes in whole: the same collection makes the same file, each time. Source: the scheme's implementation
guidelines (EPC130-08); tests/integrations checks it against the published schema.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from xml.etree import ElementTree

from app.rules.direct_debits import DebitSequence, bank_text

SCHEMA = "pain.008.001.08"
_NAMESPACE = f"urn:iso:std:iso:20022:tech:xsd:{SCHEMA}"
_LONGEST_NAME = 70
_LONGEST_WORDS = 140
_LONGEST_ID = 35


@dataclass(frozen=True, slots=True)
class DebitFileLine:
    """What is asked of an account (cents); `end_to_end`: what the bank names it by when it comes back."""

    end_to_end: str
    amount_cents: int
    mandate_reference: str
    signed_on: date
    holder: str
    iban: str
    sequence: DebitSequence
    words: str  # that the payer reads on the bank's statement


@dataclass(frozen=True, slots=True)
class DebitFile:
    """All that a file says."""

    reference: str
    made_at: datetime  # in Paris
    collected_on: date
    creditor_identifier: str
    creditor_name: str
    iban: str
    bic: str  # may be empty
    lines: Sequence[DebitFileLine]


def write_debit_file(file: DebitFile) -> bytes:
    """The file as XML, its lines by sequence. Raises ValueError where there are none."""
    if not file.lines:
        raise ValueError("a file collects something")
    root = ElementTree.Element("Document", xmlns=_NAMESPACE)
    body = ElementTree.SubElement(root, "CstmrDrctDbtInitn")
    header = ElementTree.SubElement(body, "GrpHdr")
    _put(header, "MsgId", bank_text(file.reference, _LONGEST_ID))
    _put(header, "CreDtTm", file.made_at.strftime("%Y-%m-%dT%H:%M:%S"))
    _put_sums(header, file.lines)
    _put(header, "InitgPty/Nm", bank_text(file.creditor_name, _LONGEST_NAME))
    for sequence in DebitSequence:
        lines = [line for line in file.lines if line.sequence is sequence]
        if lines:
            _put_part(body, file, sequence, lines)
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _put_part(
    body: ElementTree.Element, file: DebitFile, sequence: DebitSequence, lines: Sequence[DebitFileLine]
) -> None:
    part = ElementTree.SubElement(body, "PmtInf")
    _put(part, "PmtInfId", bank_text(f"{file.reference}-{sequence.value}", _LONGEST_ID))
    _put(part, "PmtMtd", "DD")
    _put(part, "BtchBookg", "true")
    _put_sums(part, lines)
    kind = ElementTree.SubElement(part, "PmtTpInf")
    _put(kind, "SvcLvl/Cd", "SEPA")
    _put(kind, "LclInstrm/Cd", "CORE")
    _put(kind, "SeqTp", sequence.value)
    _put(part, "ReqdColltnDt", file.collected_on.isoformat())
    _put(part, "Cdtr/Nm", bank_text(file.creditor_name, _LONGEST_NAME))
    _put(part, "CdtrAcct/Id/IBAN", file.iban)
    _put(part, "CdtrAgt/FinInstnId/" + ("BICFI" if file.bic else "Othr/Id"), file.bic or "NOTPROVIDED")
    _put(part, "ChrgBr", "SLEV")
    scheme = _put(part, "CdtrSchmeId/Id/PrvtId/Othr", None)
    _put(scheme, "Id", file.creditor_identifier)
    _put(scheme, "SchmeNm/Prtry", "SEPA")
    for line in lines:
        _put_line(part, line)


def _put_line(part: ElementTree.Element, line: DebitFileLine) -> None:
    asked = ElementTree.SubElement(part, "DrctDbtTxInf")
    _put(asked, "PmtId/EndToEndId", bank_text(line.end_to_end, _LONGEST_ID))
    _put(asked, "InstdAmt", _euros(line.amount_cents)).set("Ccy", "EUR")
    mandate = _put(asked, "DrctDbtTx/MndtRltdInf", None)
    _put(mandate, "MndtId", bank_text(line.mandate_reference, _LONGEST_ID))
    _put(mandate, "DtOfSgntr", line.signed_on.isoformat())
    _put(asked, "DbtrAgt/FinInstnId/Othr/Id", "NOTPROVIDED")
    _put(asked, "Dbtr/Nm", bank_text(line.holder, _LONGEST_NAME))
    _put(asked, "DbtrAcct/Id/IBAN", line.iban)
    _put(asked, "RmtInf/Ustrd", bank_text(line.words, _LONGEST_WORDS))


def _put_sums(parent: ElementTree.Element, lines: Sequence[DebitFileLine]) -> None:
    _put(parent, "NbOfTxs", str(len(lines)))
    _put(parent, "CtrlSum", _euros(sum(line.amount_cents for line in lines)))


def _put(parent: ElementTree.Element, path: str, text: str | None) -> ElementTree.Element:
    for tag in path.split("/"):
        parent = ElementTree.SubElement(parent, tag)
    parent.text = text
    return parent


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
