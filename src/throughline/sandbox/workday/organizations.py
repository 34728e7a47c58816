"""Get_Organizations and Get_Cost_Centers: the companies people work for, and where their cost is counted."""

from datetime import datetime

from throughline.sandbox.shelf import Shelf
from throughline.sandbox.workday import asking, soap
from throughline.sandbox.workday.history import Record
from throughline.sandbox.workday.soap import WD, Element, add, reference

SHELVES = {"COMPANY": "organizations", "COST_CENTER": "cost_centers"}


class Organizations:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def get(self, request: Element, now: datetime) -> Element:
        wanted, criteria = asking.response_filter(request, now), request.find(f"{{{WD}}}Request_Criteria")
        kinds = [id_.upper() for _, id_ in soap.ids_in(criteria, "Organization_Type_Reference")] or list(SHELVES)
        all_ = [(kind, each) for kind in kinds for each in self._shelf.all(SHELVES.get(kind, "")).values()]
        found = [(kind, each) for kind, each in all_ if self._matches(each, request, criteria, now)]
        root = soap.element("Get_Organizations_Response")
        wanted.tell(root, found)
        data = add(root, "Response_Data")
        for kind, each in wanted.of(found):
            _organization(add(data, "Organization"), kind, each)
        return root

    def get_cost_centers(self, request: Element, now: datetime) -> Element:
        wanted, criteria = asking.response_filter(request, now), request.find(f"{{{WD}}}Request_Criteria")
        span = asking.Span(
            soap.moment(criteria, "Updated_From_Date", now), soap.moment(criteria, "Updated_To_Date", now), None, None
        )
        named = _named(self._shelf, request, "Cost_Center_Reference", "cost_centers")
        found = [each for each in self._shelf.all("cost_centers").values()
                 if (named is None or each["id"] in named) and span.holds(_as_transaction(each))]  # fmt: skip
        root = soap.element("Get_Cost_Centers_Response")
        wanted.tell(root, found)
        data = add(root, "Response_Data")
        for each in wanted.of(found):
            _cost_center(add(data, "Cost_Center"), each, self._shelf)
        return root

    def _matches(self, each: Record, request: Element, criteria: Element | None, now: datetime) -> bool:
        named = _named(self._shelf, request, "Organization_Reference", *SHELVES.values())
        spans = asking.spans(criteria, "Transaction_Log_Criteria", now)
        return (
            (named is None or each["id"] in named)
            and (each["active"] or soap.flag(criteria, "Include_Inactive"))
            and (not spans or any(span.holds(_as_transaction(each)) for span in spans))
        )


def _named(shelf: Shelf, request: Element, name: str, *kinds: str) -> set[str] | None:
    """The reference ids that were asked for; None when nothing was asked for by name."""
    references = request.find(f"{{{WD}}}Request_References")
    if references is None:
        return None
    known = {
        key: each["id"] for kind in kinds for each in shelf.all(kind).values() for key in (each["wid"], each["id"])
    }
    skip = (references.get(f"{{{WD}}}Skip_Non_Existing_Instances") or "") in {"1", "true"}
    for kind, id_ in soap.ids_in(references, name):
        if id_ not in known and not skip:
            raise soap.invalid(f"Invalid ID value.  '{id_}' is not a valid ID value for type = '{kind}'")
    return {known[id_] for _, id_ in soap.ids_in(references, name) if id_ in known}


def _as_transaction(each: Record) -> Record:
    return {"entered": each["updated"], "effective": each["updated"][:10]}


def _organization(root: Element, kind: str, each: Record) -> None:
    id_type = "Company_Reference_ID" if kind == "COMPANY" else "Cost_Center_Reference_ID"
    their = {"WID": each["wid"], "Organization_Reference_ID": each["id"], id_type: each["id"]}
    reference(root, "Organization_Reference", their)
    data = add(root, "Organization_Data")
    add(data, "Reference_ID", each["id"])
    add(data, "Name", each["name"])
    add(data, "Organization_Code", each["code"])
    reference(data, "Organization_Type_Reference", {"Organization_Type_ID": kind})
    add(data, "Last_Updated_DateTime", each["updated"])
    add(data, "Inactive", not each["active"])


def _cost_center(root: Element, each: Record, shelf: Shelf) -> None:
    their = {"WID": each["wid"], "Organization_Reference_ID": each["id"], "Cost_Center_Reference_ID": each["id"]}
    reference(root, "Cost_Center_Reference", their)
    data = add(root, "Cost_Center_Data", Effective_Date=each["updated"][:10])
    company = shelf.all("organizations")[f"COMPANY_{each['company']}"]
    their = {"WID": company["wid"], "Company_Reference_ID": company["id"]}
    reference(data, "Restricted_To_Company_or_Company_Hierarchy_Reference", their)
    common = add(data, "Organization_Data")
    add(common, "ID", each["id"])
    add(common, "Organization_Name", each["name"])
    add(common, "Organization_Code", each["code"])
    add(common, "Organization_Active", each["active"])
    add(common, "Availability_Date", "1900-01-01")
    reference(data, "Organization_Subtype_Reference", {"Organization_Subtype_ID": "Department"})
