"""PayFiP's web service as its own description and its recorded answers show it: three SOAP operations and their faults.

The description (WSDL and three XSD) is the one in the installed eopayment; only the address is put in its place.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from app.payfip_simulator.operations import NewOperation, Operation, Operations

SERVICE = (
    "http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/contrat_paiement_securise/"
    "PaiementSecuriseService"
)
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_FAULT = "fr.gouv.finances.cp.tpa.webservice.exceptions"

# Client numbers that PayFiP would not serve, for whoever wants to see that.
UNKNOWN_CLIENT = "999999"
CLIENT_WITHOUT_ACCESS = "999998"

_DESCRIPTION = "PaiementSecuriseService.wsdl"
_SCHEMAS = re.compile(r"PaiementSecuriseService_schema[123]\.xsd")
_ADDRESS = re.compile(r'(<soap:address location=")[^"]*(")')

Fields = Mapping[str, str]


class TechnicalFault(StrEnum):
    """The faults of PayFiP itself, worth another try."""

    BROKEN = "TechDysfonctionnementErreur"
    UNAVAILABLE = "TechIndisponibiliteErreur"
    PROTOCOL = "TechProtocolaireErreur"


class FunctionalFault(Exception):
    """PayFiP's refusal of one request."""

    def __init__(self, code: str, label: str) -> None:
        super().__init__(code, label)
        self.code = code
        self.label = label


@dataclass(frozen=True, slots=True)
class Answer:
    """An XML document and the HTTP status that goes with it."""

    status: int
    body: bytes


def description(name: str, service_url: str) -> bytes | None:
    """The WSDL (with `service_url` in it) or a schema, by file name; None for any other name."""
    if name != _DESCRIPTION and not _SCHEMAS.fullmatch(name):
        return None
    package = find_spec("eopayment")
    if package is None or not package.submodule_search_locations:
        return None
    text = (Path(package.submodule_search_locations[0]) / "resource" / name).read_text(encoding="utf-8")
    return _ADDRESS.sub(lambda found: found[1] + escape(service_url, {'"': "&quot;"}) + found[2], text).encode()


def wsdl(service_url: str) -> bytes | None:
    """The description of the service."""
    return description(_DESCRIPTION, service_url)


def answer(body: bytes, operations: Operations, outage: TechnicalFault | None) -> Answer:
    """What PayFiP says to a SOAP request; `outage`: it is having a bad day."""
    if outage is not None:
        return _fault(outage.value, "", "Service momentanément indisponible")
    try:
        name, fields = _read(body)
        handler = _HANDLERS[name]
    except (ElementTree.ParseError, ValueError, KeyError):
        return _fault(TechnicalFault.PROTOCOL.value, "", "Requête illisible")
    try:
        return Answer(200, _envelope(_response(name, handler(fields, operations))))
    except FunctionalFault as fault:
        return _fault("FonctionnelleErreur", fault.code, fault.label)


# --- The three operations ---------------------------------------------------------------------------------------------


def _create(fields: Fields, operations: Operations) -> Fields:
    mode, client_number, email = fields.get("saisie", ""), fields.get("numcli", ""), fields.get("mel", "")
    reference, year, amount = fields.get("refdet", ""), fields.get("exer", ""), fields.get("montant", "")
    notify_url, return_url = fields.get("urlnotif", ""), fields.get("urlredirect", "")
    if mode not in ("T", "X", "W"):
        raise FunctionalFault("S1", "Mode de saisie invalide")
    _check_client(client_number)
    if not re.fullmatch(r"20[0-9]{2}", year):
        raise FunctionalFault("E1", "Le format du paramètre EXER n'est pas conforme")
    if not re.fullmatch(r"[A-Za-z0-9]{6,30}", reference):
        raise FunctionalFault("R3", "Le format du paramètre REFDET n'est pas conforme")
    if not email:
        raise FunctionalFault("A1", "Adresse mél non renseignée.")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email) or not 6 <= len(email) <= 80:
        raise FunctionalFault("A2", "Adresse mél incorrecte. ")
    if not re.fullmatch(r"[0-9]{1,11}", amount):
        raise FunctionalFault("M1", "Le format du montant n'est pas correct")
    if int(amount) < 100:
        raise FunctionalFault("M3", "Le montant minimum est de 1 euro")
    if int(amount) > 10_000_000:
        raise FunctionalFault("M5", "Le montant dépasse la limite autorisée")
    if not _is_address(notify_url):
        raise FunctionalFault("N1", "URL de notification non valide")
    if not _is_address(return_url):
        raise FunctionalFault("D1", "URL de redirection non valide")
    operation_id = operations.create(
        NewOperation(
            client_number=client_number,
            year=year,
            reference=reference,
            subject=fields.get("objet", ""),
            amount_cents=int(amount),
            email=email,
            mode=mode,
            notify_url=notify_url,
            return_url=return_url,
        )
    )
    return {"idOp": operation_id}


def _look_up(fields: Fields, operations: Operations) -> Fields:
    operation = operations.find(fields.get("idOp", ""))
    if operation is None:
        raise FunctionalFault("P1", "IdOp incorrect.")
    if operation.result is None or operation.ended_at is None:
        raise FunctionalFault("P5", "Résultat de la transaction non connu.")
    return _details(operation, operation.result.value)


def _details(operation: Operation, result: str) -> Fields:
    assert operation.ended_at is not None
    return {
        "dattrans": f"{operation.ended_at:%d%m%Y}",
        "exer": operation.year[:2],  # as recorded: « 20 »
        "heurtrans": f"{operation.ended_at:%H%M}",
        "idOp": operation.operation_id,
        "mel": operation.email,
        "montant": str(operation.amount_cents),
        "numauto": operation.authorisation or "",
        "numcli": operation.client_number,
        "objet": operation.subject,
        "refdet": operation.reference,
        "resultrans": result,
        "saisie": operation.mode,
    }


def _describe_client(fields: Fields, operations: Operations) -> Fields:
    client_number = fields.get("numCli", "")
    _check_client(client_number)
    return {
        "libelleN1": "COLLECTIVITE DE DEMONSTRATION",
        "libelleN2": f"REGIE {client_number}",
        "libelleN3": "SIMULATEUR",
        "numcli": client_number,
    }


_HANDLERS: dict[str, Callable[[Fields, Operations], Fields]] = {
    "creerPaiementSecurise": _create,
    "recupererDetailPaiementSecurise": _look_up,
    "recupererDetailClient": _describe_client,
}


def _check_client(client_number: str) -> None:
    if not re.fullmatch(r"[0-9]{6}", client_number):
        raise FunctionalFault("T1", "Numéro client invalide")
    if client_number == UNKNOWN_CLIENT:
        raise FunctionalFault("T2", "Numéro client inconnu")
    if client_number == CLIENT_WITHOUT_ACCESS:
        raise FunctionalFault("T4", "Le client n'a pas d'accès sécurisé")


def _is_address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) < 250


# --- XML --------------------------------------------------------------------------------------------------------------


def _read(body: bytes) -> tuple[str, Fields]:
    """The operation's name and the fields of its one argument. Raises ParseError or ValueError."""
    if b"<!" in body:
        raise ValueError("no document type is needed")
    root = ElementTree.fromstring(body)
    request = root.find(f"{{{ENVELOPE}}}Body/*")
    if request is None or not request.tag.startswith(f"{{{SERVICE}}}"):
        raise ValueError("no operation of this service")
    argument = request.find("arg0")
    fields = {} if argument is None else {field.tag: (field.text or "").strip() for field in argument}
    return request.tag.removeprefix(f"{{{SERVICE}}}"), fields


def _response(name: str, fields: Fields) -> str:
    inner = "".join(f"<{field}>{escape(value)}</{field}>" for field, value in fields.items() if value)
    return f'<ns2:{name}Response xmlns:ns2="{SERVICE}"><return>{inner}</return></ns2:{name}Response>'


def _fault(name: str, code: str, label: str) -> Answer:
    detail = (
        f'<ns2:{name} xmlns:ns2="{SERVICE}">{f"<code>{code}</code>" if code else ""}<descriptif/>'
        f"<libelle>{escape(label)}</libelle><severite>2</severite></ns2:{name}>"
    )
    fault = (
        f"<S:Fault><faultcode>S:Server</faultcode><faultstring>{_FAULT}.{name}</faultstring>"
        f"<detail>{detail}</detail></S:Fault>"
    )
    return Answer(500, _envelope(fault))


def _envelope(content: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<S:Envelope xmlns:S="{ENVELOPE}"><S:Body>{content}</S:Body></S:Envelope>'
    ).encode()
