"""Get requests: the envelope, the page, and the place in time from which all pages of one listing are looked at."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from throughline.connectors.workday import shapes, tree
from throughline.connectors.workday.tree import Node
from throughline.core.connector import Http
from throughline.core.errors import Hold, Retry
from throughline.core.forms import Record

VERSION = "v42.0"
PAGE = 100
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "Accept": "text/xml", "SOAPAction": '""'}
ENVELOPE = (
    '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:wd="urn:com.workday/bsvc">'
    "<env:Body>{}</env:Body></env:Envelope>"
)


@dataclass(frozen=True, slots=True)
class Listing:
    """A Get operation: where it lives, what it lists, and what it shall show of each."""

    service: str
    operation: str
    element: str
    group: str
    shape: Callable[[Node, datetime], Record]


LISTINGS = {
    # https://community.workday.com/sites/default/files/file-hosting/productionapi/Human_Resources/v42.0/Get_Workers.html
    "Worker": Listing(
        "Human_Resources",
        "Get_Workers",
        "Worker",
        "<wd:Include_Reference>1</wd:Include_Reference>"
        "<wd:Include_Personal_Information>1</wd:Include_Personal_Information>"
        "<wd:Include_Employment_Information>1</wd:Include_Employment_Information>"
        "<wd:Include_Organizations>1</wd:Include_Organizations>"
        "<wd:Include_Transaction_Log_Data>1</wd:Include_Transaction_Log_Data>",
        shapes.worker,
    ),
    # https://community.workday.com/sites/default/files/file-hosting/productionapi/Human_Resources/v42.0/Get_Organizations.html
    "Organization": Listing("Human_Resources", "Get_Organizations", "Organization", "", shapes.organization),
    # https://community.workday.com/sites/default/files/file-hosting/productionapi/Financial_Management/v42.0/Get_Cost_Centers.html
    "Cost_Center": Listing("Financial_Management", "Get_Cost_Centers", "Cost_Center", "", shapes.cost_centre),
}


@dataclass(frozen=True, slots=True)
class Place:
    """From where Workday looked: as of a day, as far as it was entered by a moment. It says both itself."""

    day: str
    moment: datetime

    @property
    def cursor(self) -> str:
        return self.moment.isoformat()


async def pages(http: Http, listing: Listing, asked: str, place: Place | None = None
                ) -> AsyncIterator[tuple[list[Record], Place]]:  # fmt: skip
    """Every page, all seen from one place: otherwise who is hired meanwhile would push others over an edge."""
    number = 1
    while True:
        root = await _page(http, listing, asked, number, place)
        place = place or _place(root)
        found = root.all(f"Response_Data/{listing.element}")
        yield [listing.shape(each, place.moment) for each in found], place
        if number >= int(root.says("Response_Results/Total_Pages") or 0):
            return
        number += 1


async def _page(http: Http, listing: Listing, asked: str, number: int, place: Place | None) -> Node:
    seen = (
        f"<wd:As_Of_Effective_Date>{place.day}</wd:As_Of_Effective_Date>"
        f"<wd:As_Of_Entry_DateTime>{place.cursor}</wd:As_Of_Entry_DateTime>"
        if place
        else ""
    )
    wanted = f"{seen}<wd:Page>{number}</wd:Page><wd:Count>{PAGE}</wd:Count>"
    group = f"<wd:Response_Group>{listing.group}</wd:Response_Group>" if listing.group else ""
    version = http.settings.get("version", VERSION)
    request = (
        f'<wd:{listing.operation}_Request wd:version="{escape(version)}">{asked}'
        f"<wd:Response_Filter>{wanted}</wd:Response_Filter>{group}</wd:{listing.operation}_Request>"
    )
    path = f"/ccx/service/{_tenant(http)}/{listing.service}/{version}"
    answer = await http.call("POST", path, text=ENVELOPE.format(request), headers=HEADERS, reads=True)
    try:
        found = tree.read(answer.text).first(f"Body/{listing.operation}_Response")
    except tree.Unclear as error:
        raise Retry(f"An answer of Workday cannot be read: {error}") from error
    if found is None:
        raise Hold(
            f"Workday does not answer {listing.operation} at {path}",
            fix="Check `tenant` and `version` in settings of its file in systems/, then release.",
        )
    return found


def rest(http: Http, rest_of_path: str) -> str:
    return f"/ccx/api/common/v1/{_tenant(http)}/{rest_of_path}"


def span(name: str, **bounds: str) -> str:
    """Transaction criteria: all bounds hold together."""
    within = "".join(f"<wd:{key}>{escape(value)}</wd:{key}>" for key, value in bounds.items())
    return f"<wd:{name}><wd:Transaction_Date_Range_Data>{within}</wd:Transaction_Date_Range_Data></wd:{name}>"


def named(listing: Listing, wids: list[str]) -> str:
    references = "".join(
        f'<wd:{listing.element}_Reference><wd:ID wd:type="WID">{escape(wid)}</wd:ID></wd:{listing.element}_Reference>'
        for wid in wids
    )
    return f'<wd:Request_References wd:Skip_Non_Existing_Instances="1">{references}</wd:Request_References>'


def _tenant(http: Http) -> str:
    if "tenant" not in http.settings:
        raise Hold("Workday has no tenant in its settings", fix="Add tenant to settings in systems/, then release.")
    return http.settings["tenant"]


def _place(root: Node) -> Place:
    day = root.says("Response_Filter/As_Of_Effective_Date")
    said = root.says("Response_Filter/As_Of_Entry_DateTime")
    if day is None or said is None:
        raise Retry("Workday did not say as of when it answered")
    # In UTC also where the tenant's own time is told: cursors are compared.
    return Place(day[:10], datetime.fromisoformat(said).astimezone(UTC))
