"""Get_Workers: who is asked for, and what a worker looks like in Workday's XML."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from throughline.sandbox.shelf import Shelf
from throughline.sandbox.workday import asking, soap
from throughline.sandbox.workday.history import AsOf, History, Record
from throughline.sandbox.workday.soap import WD, Element, add, reference

ID_TYPES = frozenset({"WID", "Employee_ID", "Contingent_Worker_ID"})


class Workers:
    def __init__(self, shelf: Shelf, history: History) -> None:
        self._shelf, self._history = shelf, history

    def get(self, request: Element, now: datetime) -> Element:
        wanted = asking.response_filter(request, now)
        named = request.find(f"{{{WD}}}Request_References")
        criteria = request.find(f"{{{WD}}}Request_Criteria")
        if named is not None:
            workers = list(self._named(named))
        else:
            spans = asking.spans(criteria, "Transaction_Log_Criteria_Data", now)
            workers = [each for each in self._history.workers() if self._concerned(each, spans, wanted.at)]
        found = [
            (worker, state)
            for worker in workers
            if (state := self._history.state(worker, wanted.at)) and _included(worker, state, criteria)
        ]
        root = soap.element("Get_Workers_Response")
        wanted.tell(root, found)
        data, group = add(root, "Response_Data"), request.find(f"{{{WD}}}Response_Group")
        for worker, state in wanted.of(found):
            self._write(add(data, "Worker"), worker, state, group, wanted.at)
        return root

    def _named(self, named: Element) -> Iterator[Record]:
        skip = (named.get(f"{{{WD}}}Skip_Non_Existing_Instances") or "") in {"1", "true"}
        for kind, id_ in soap.ids_in(named, "Worker_Reference"):
            worker = self._history.worker(id_)
            if kind not in ID_TYPES or (worker is None and not skip):
                raise soap.invalid(f"Invalid ID value.  '{id_}' is not a valid ID value for type = '{kind}'")
            if worker:
                yield worker

    def _concerned(self, worker: Record, spans: list[asking.Span], at: AsOf) -> bool:
        return not spans or any(span.holds(each) for each in self._history.log(worker, at) for span in spans)

    def _write(self, root: Element, worker: Record, state: Record, group: Element | None, at: AsOf) -> None:
        reference(root, "Worker_Reference", ids(worker))
        data = add(root, "Worker_Data")
        add(data, "Worker_ID", worker["number"])
        # Without a Response_Group, Workday shows what most people want; with one, what it names.
        if group is None or soap.flag(group, "Include_Personal_Information"):
            _personal(data, state)
        if group is None or soap.flag(group, "Include_Employment_Information"):
            self._employment(data, worker, state)
        if soap.flag(group, "Include_Organizations"):
            self._organizations(data, state)
        if soap.flag(group, "Include_Transaction_Log_Data"):
            self._log(data, worker, at)

    def _employment(self, data: Element, worker: Record, state: Record) -> None:
        employment = add(data, "Employment_Data")
        if state["active"]:  # somebody who left holds no position
            job = add(employment, "Worker_Job_Data", Primary_Job="1")
            position = add(job, "Position_Data", Effective_Date=state["placed_from"])
            add(position, "Position_ID", f"P-{worker['number']}")
            add(position, "Position_Title", state["title"])
            add(position, "Business_Title", state["title"])
            add(position, "Start_Date", state["hired"])
            add(position, "Scheduled_Weekly_Hours", state["hours"])
            add(add(position, "Job_Profile_Summary_Data"), "Job_Profile_Name", state["title"])
            add(add(position, "Business_Site_Summary_Data"), "Name", state["location"])
            manager = self._history.worker(state["manager"]) if state.get("manager") else None
            if manager:
                reference(position, "Manager_as_of_last_detected_manager_change_Reference", ids(manager))
        _status(add(employment, "Worker_Status_Data"), state)

    def _organizations(self, data: Element, state: Record) -> None:
        membership = add(data, "Organization_Data")
        if not state["active"]:
            return
        company = self._shelf.all("organizations")[f"COMPANY_{state['company']}"]
        _member(membership, company, "COMPANY", "Company_Reference_ID")
        if state.get("cost_centre"):
            centre = self._shelf.all("cost_centers")[state["cost_centre"]]
            _member(membership, centre, "COST_CENTER", "Cost_Center_Reference_ID")

    def _log(self, data: Element, worker: Record, at: AsOf) -> None:
        log = add(data, "Transaction_Log_Entry_Data")
        for each in self._history.log(worker, at):
            entry = add(log, "Transaction_Log_Entry")
            reference(entry, "Transaction_Log_Reference", {"WID": each["wid"]})
            told = add(entry, "Transaction_Log_Data")
            add(told, "Transaction_Log_Description", each["kind"])
            add(told, "Transaction_Effective_Moment", f"{each['effective']}T00:00:00.000+00:00")
            add(told, "Transaction_Entry_Moment", each["entered"])
            add(told, "Is_Rescind_Or_Rescinded", bool(each["rescinded"]) or each["kind"].startswith("Rescind"))


def ids(worker: Record) -> dict[str, str]:
    return {"WID": worker["wid"], "Contingent_Worker_ID" if worker["contingent"] else "Employee_ID": worker["number"]}


def name(state: Record) -> str:
    return f"{state['first_name']} {state['last_name']}"


def _included(worker: Record, state: dict[str, Any], criteria: Element | None) -> bool:
    return not (
        (soap.flag(criteria, "Exclude_Inactive_Workers") and not state["active"])
        or (soap.flag(criteria, "Exclude_Employees") and not worker["contingent"])
        or (soap.flag(criteria, "Exclude_Contingent_Workers") and worker["contingent"])
    )


def _personal(data: Element, state: Record) -> None:
    personal = add(data, "Personal_Data")
    names = add(personal, "Name_Data")
    for kind in ("Legal_Name_Data", "Preferred_Name_Data"):
        detail = add(add(names, kind), "Name_Detail_Data", Formatted_Name=name(state))
        reference(detail, "Country_Reference", {"ISO_3166-1_Alpha-2_Code": "US"})
        add(detail, "First_Name", state["first_name"])
        add(detail, "Last_Name", state["last_name"])
    if state.get("email"):
        mail = add(add(personal, "Contact_Data"), "Email_Address_Data")
        add(mail, "Email_Address", state["email"])
        kind = add(add(mail, "Usage_Data", Public="1"), "Type_Data", Primary="1")
        reference(kind, "Type_Reference", {"Communication_Usage_Type_ID": "WORK"})


def _status(status: Element, state: Record) -> None:
    add(status, "Active", state["active"])
    add(status, "Active_Status_Date", state["terminated"] or state["hired"])
    add(status, "Hire_Date", state["hired"])
    add(status, "Original_Hire_Date", state["hired"])
    add(status, "Terminated", not state["active"])
    if state["terminated"]:
        add(status, "Termination_Date", state["terminated"])


def _member(membership: Element, organization: Record, kind: str, id_type: str) -> None:
    belongs = add(membership, "Worker_Organization_Data")
    their = {"WID": organization["wid"], "Organization_Reference_ID": organization["id"], id_type: organization["id"]}
    reference(belongs, "Organization_Reference", their)
    data = add(belongs, "Organization_Data")
    add(data, "Organization_Reference_ID", organization["id"])
    add(data, "Organization_Code", organization["code"])
    add(data, "Organization_Name", organization["name"])
    reference(data, "Organization_Type_Reference", {"Organization_Type_ID": kind})
