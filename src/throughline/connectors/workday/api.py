"""How to ask Workday."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from throughline.connectors.workday import tree
from throughline.connectors.workday.asking import LISTINGS, Listing, Place, named, pages, rest, span
from throughline.core.connector import (
    Absent,
    Answer,
    Expired,
    Fine,
    Http,
    Page,
    Refused,
    Throttled,
    Unwell,
    Verdict,
    Where,
    retry_after,
)
from throughline.core.forms import Record
from throughline.core.mapping import Mapping

COMPANIES = (
    '<wd:Organization_Type_Reference><wd:ID wd:type="Organization_Type_ID">COMPANY</wd:ID>'
    "</wd:Organization_Type_Reference>"
)
# A last day takes effect when it is over, and a day begins elsewhere up to 14 hours sooner: two days cover both.
REACH = timedelta(days=2)
THROTTLED = ("too many requests", "throttled", "rate limit")


async def changes(http: Http, mapping: Mapping, since: str | None) -> AsyncIterator[Page]:
    """What was entered since, and of workers also what has come into effect since, whenever it was entered.

    A listing has no order to go on from in its middle, so the cursor comes with the last page: a read that stops
    half way begins again. It is the moment Workday itself says it looked from.
    """
    listing, place = LISTINGS[mapping.resource], None
    async for records, seen_from in pages(http, listing, _entered(mapping.resource, since)):
        place = seen_from
        yield Page(_oldest_first(records), None)
    if since and place and mapping.resource == "Worker":
        async for records, _ in pages(http, listing, _in_effect(since, place), place):
            yield Page(_oldest_first(records), None)
    if place:
        yield Page([], place.cursor)


async def find(http: Http, mapping: Mapping, where: Where) -> list[Record]:
    """By Workday id; people by name as well. Whoever left is found by id only."""
    listing = LISTINGS[mapping.resource]
    if where.key:
        return await _by_ids(http, listing, [where.key])
    name = str(where.fields.get("name") or "")
    if mapping.resource != "Worker" or not name:
        return []
    # https://community.workday.com/sites/default/files/file-hosting/restapi/index.html#common/v1/get-/workers
    answer = await http.call("GET", rest(http, "workers"), params={"search": name, "limit": "100"})
    found = [str(each["id"]) for each in answer.body["data"]] if answer.status == 200 else []
    return await _by_ids(http, listing, found) if found else []


def judge(answer: Answer) -> Verdict:
    """SOAP faults come with status 500, whatever is wrong; REST says {"error": ...}."""
    code, why = _complaint(answer)
    match answer.status:
        case 429:
            return Throttled(retry_after(answer))
        case _ if code and any(word in why.casefold() for word in THROTTLED):
            return Throttled(retry_after(answer))
        case 401:
            return Expired(why)
        case _ if "authenticationError" in code:
            return Expired(why)
        case _ if "validationError" in code:
            return Refused(why)
        case status if status < 300 and not code:
            told = answer.body is not None or not answer.text or "Envelope>" in answer.text[-100:]
            return Fine() if told else Unwell(f"an answer that is neither SOAP nor JSON: {answer.text[:100]}")
        case 404:
            return Absent(why)
        case status if status >= 500 or code:
            return Unwell(why, after=retry_after(answer))
        case _:
            return Refused(why)


async def _by_ids(http: Http, listing: Listing, wids: list[str]) -> list[Record]:
    found = [each async for records, _ in pages(http, listing, named(listing, wids)) for each in records]
    return [each for each in found if each["wid"] in wids]


def _entered(resource: str, since: str | None) -> str:
    after = datetime.fromisoformat(since).astimezone(UTC).isoformat() if since else None
    match resource:
        case "Worker":
            criteria = span("Transaction_Log_Criteria_Data", Updated_From=after) if after else ""
            # Said aloud: without those who left, nobody would ever be seen to leave.
            criteria += "<wd:Exclude_Inactive_Workers>0</wd:Exclude_Inactive_Workers>"
        case "Organization":
            criteria = f"{COMPANIES}<wd:Include_Inactive>1</wd:Include_Inactive>"
            criteria += span("Transaction_Log_Criteria", Updated_From=after) if after else ""
        case _:
            criteria = f"<wd:Updated_From_Date>{after}</wd:Updated_From_Date>" if after else ""
    return f"<wd:Request_Criteria>{criteria}</wd:Request_Criteria>" if criteria else ""


def _in_effect(since: str, place: Place) -> str:
    first = datetime.fromisoformat(since).astimezone(UTC) - REACH
    bounds = {"Effective_From": first.isoformat(), "Effective_Through": f"{place.day}T23:59:59+00:00"}
    criteria = span("Transaction_Log_Criteria_Data", **bounds)
    criteria += "<wd:Exclude_Inactive_Workers>0</wd:Exclude_Inactive_Workers>"
    return f"<wd:Request_Criteria>{criteria}</wd:Request_Criteria>"


def _oldest_first(records: list[Record]) -> list[Record]:
    return sorted(records, key=lambda record: str(record.get("changed") or ""))


def _complaint(answer: Answer) -> tuple[str, str]:
    """The code of a SOAP fault, or "", and what they say is wrong."""
    if isinstance(answer.body, dict) and isinstance(answer.body.get("error"), str):
        return "", answer.body["error"] or f"status {answer.status}"
    if "Fault" in answer.text[:4000] and answer.text.lstrip()[:1] == "<":
        try:
            fault = tree.read(answer.text).first("Body/Fault")
        except (tree.Unclear, IndexError):
            fault = None
        if fault:
            details = [each.text.strip() for each in fault.anywhere("Detail_Message") if each.text.strip()]
            said = fault.says("faultstring") or ""
            return fault.says("faultcode") or "Fault", "; ".join(dict.fromkeys([said, *details])) or "a fault"
    return "", f"status {answer.status}"
