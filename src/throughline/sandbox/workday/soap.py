"""SOAP 1.1 as Workday speaks it: one namespace, a version on the root, ids by type, and three kinds of fault."""

import xml.etree.ElementTree as ET
from datetime import date, datetime

from aiohttp import web

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
WD = "urn:com.workday/bsvc"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
ET.register_namespace("env", ENVELOPE)
ET.register_namespace("wd", WD)

type Element = ET.Element


class Fault(Exception):
    """What Workday says when it does not do what it was asked: always with status 500, but for a throttle."""

    def __init__(self, code: str, message: str, *, detail: str | None = None, status: int = 500, wait: int = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.detail, self.status, self.wait = code, message, detail, status, wait

    def answer(self) -> web.Response:
        fault = ET.Element(f"{{{ENVELOPE}}}Fault")
        ET.SubElement(fault, "faultcode").text = f"SOAP-ENV:{self.code}"
        ET.SubElement(fault, "faultstring").text = self.message
        if self.detail:
            inside = add(ET.SubElement(fault, "detail"), self.detail)
            if self.detail == "Validation_Fault":
                inside = add(inside, "Validation_Error")
                add(inside, "Message", self.message)
            add(inside, "Detail_Message", self.message)
        headers = {"Retry-After": str(self.wait)} if self.wait else None
        return _enveloped(fault, status=self.status, headers=headers)


def invalid(message: str) -> Fault:
    return Fault("Client.validationError", message, detail="Validation_Fault")


def processing(message: str) -> Fault:
    return Fault("Server.processingError", message, detail="Processing_Fault")


def too_many(wait: int) -> Fault:
    message = "Too many requests. The request was throttled: retry it later."
    return Fault("Server.processingError", message, detail="Processing_Fault", status=429, wait=wait)


def read(body: bytes) -> tuple[Element | None, Element]:
    """The header and the request of an envelope."""
    if b"<!DOCTYPE" in body:
        raise Fault("Client", "The request is not well formed: a DOCTYPE is not allowed")
    try:
        envelope = ET.fromstring(body)  # noqa: S314 - it has no DOCTYPE, so no entities
    except ET.ParseError as error:
        raise Fault("Client", f"The request is not well formed: {error}") from error
    inside = envelope.find(f"{{{ENVELOPE}}}Body")
    if inside is None or not len(inside):
        raise Fault("Client", "The SOAP envelope has no body.")
    return envelope.find(f"{{{ENVELOPE}}}Header"), inside[0]


def credentials(header: Element | None) -> tuple[str | None, str | None]:
    token = None if header is None else header.find(f".//{{{WSSE}}}UsernameToken")
    if token is None:
        return None, None
    return token.findtext(f"{{{WSSE}}}Username"), token.findtext(f"{{{WSSE}}}Password")


def answered(root: Element, version: str) -> web.Response:
    root.set(f"{{{WD}}}version", version)
    return _enveloped(root)


def element(name: str) -> Element:
    return ET.Element(f"{{{WD}}}{name}")


def add(parent: Element, name: str, value: str | int | None = None, **attributes: str) -> Element:
    """A child; flags are written as Workday writes them, 1 and 0."""
    child = ET.SubElement(parent, f"{{{WD}}}{name}", {f"{{{WD}}}{key}": each for key, each in attributes.items()})
    if value is not None:
        child.text = str(int(value)) if isinstance(value, bool) else str(value)
    return child


def reference(parent: Element, name: str, ids: dict[str, str], descriptor: str = "") -> None:
    pointing = add(parent, name, **({"Descriptor": descriptor} if descriptor else {}))
    for kind, id_ in ids.items():
        add(pointing, "ID", id_, type=kind)


def ids_in(parent: Element | None, name: str) -> list[tuple[str, str]]:
    """Every (type, id) of the references of that name."""
    found = [] if parent is None else parent.findall(f".//{{{WD}}}{name}/{{{WD}}}ID")
    return [(each.get(f"{{{WD}}}type") or each.get("type") or "", (each.text or "").strip()) for each in found]


def text(parent: Element | None, path: str) -> str | None:
    if parent is None:
        return None
    found = parent.findtext("/".join(f"{{{WD}}}{step}" for step in path.split("/")))
    return found.strip() if found else None


def flag(parent: Element | None, path: str) -> bool:
    return text(parent, path) in {"1", "true"}


def moment(parent: Element | None, path: str, zone: datetime) -> datetime | None:
    """A moment without an offset is in the tenant's own time, which is UTC here."""
    said = text(parent, path)
    try:
        found = datetime.fromisoformat(said) if said else None
    except ValueError:
        raise invalid(f"Validation error occurred. {said} is not a valid dateTime for {path}.") from None
    return found if found is None or found.tzinfo else found.replace(tzinfo=zone.tzinfo)


def day(parent: Element | None, path: str) -> date | None:
    said = text(parent, path)
    try:
        return date.fromisoformat(said[:10]) if said else None
    except ValueError:
        raise invalid(f"Validation error occurred. {said} is not a valid date for {path}.") from None


def _enveloped(inside: Element, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    envelope = ET.Element(f"{{{ENVELOPE}}}Envelope")
    ET.SubElement(envelope, f"{{{ENVELOPE}}}Body").append(inside)
    body = ET.tostring(envelope, encoding="utf-8", xml_declaration=True)
    return web.Response(body=body, status=status, content_type="text/xml", charset="utf-8", headers=headers)
