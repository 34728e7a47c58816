"""Workday's XML made plain: a worker, a company, a cost centre, each as a record with a field per fact."""

from datetime import UTC, datetime

from throughline.connectors.workday.tree import Node
from throughline.core.forms import Record

type Plain = Record | None
FLAGS = {"1": True, "true": True, "0": False, "false": False}


def worker(node: Node, at: datetime) -> Record:
    """As of the day that was asked for; `at` is the moment up to which the transactions are counted."""
    employment = "Worker_Data/Employment_Data"
    status = f"{employment}/Worker_Status_Data"
    record: Record = {
        "wid": _id(node.first("Worker_Reference"), "WID"),
        "number": node.says("Worker_Data/Worker_ID"),
        "contingent": _id(node.first("Worker_Reference"), "Contingent_Worker_ID") is not None,
        "name": _name(node),
        "email": _work_email(node),
        "active": _flag(node, f"{status}/Active"),
        "hired": node.says(f"{status}/Hire_Date"),
        "terminated": node.says(f"{status}/Termination_Date"),
        "changed": _changed(node, at),
    }
    # Whoever left holds no position: what was last so is not taken from them.
    jobs = [job for job in node.all(f"{employment}/Worker_Job_Data") if job.first("Position_Data")]
    primary = [job for job in jobs if FLAGS.get(job.attributes.get("Primary_Job", ""))] or jobs
    return {**record, "position": _position(node, primary[0])} if primary else record


def organization(node: Node, _at: datetime) -> Record:
    data = node.first("Organization_Data") or node
    inactive = _flag(data, "Inactive")
    return {
        "wid": _id(node.first("Organization_Reference"), "WID"),
        "code": data.says("Organization_Code"),
        "name": data.says("Name"),
        "active": not inactive if isinstance(inactive, bool) else inactive,
        "changed": _in_utc(data.says("Last_Updated_DateTime")),
    }


def cost_centre(node: Node, _at: datetime) -> Record:
    data = node.first("Cost_Center_Data/Organization_Data") or node
    return {
        "wid": _id(node.first("Cost_Center_Reference"), "WID"),
        "code": data.says("Organization_Code") or data.says("ID"),
        "name": data.says("Organization_Name"),
        "active": _flag(data, "Organization_Active"),
    }


def _position(worker: Node, job: Node) -> Record:
    position = job.first("Position_Data") or job
    return {
        "since": position.attributes.get("Effective_Date"),
        "job_profile": position.says("Job_Profile_Summary_Data/Job_Profile_Name"),
        "location": position.says("Business_Site_Summary_Data/Name"),
        "weekly_hours": position.says("Scheduled_Weekly_Hours"),
        "manager": _id(position.first("Manager_as_of_last_detected_manager_change_Reference"), "WID"),
        "company": _member_of(worker, "company", "Organization_Code"),
        "cost_centre": _member_of(worker, "cost_center", "Organization_Name"),
    }


def _member_of(worker: Node, kind: str, told: str) -> str | None:
    """Types of organisations are spelled in capitals by some tenants and not by others."""
    for each in worker.all("Worker_Data/Organization_Data/Worker_Organization_Data/Organization_Data"):
        if (_id(each.first("Organization_Type_Reference"), "Organization_Type_ID") or "").casefold() == kind:
            return each.says(told)
    return None


def _name(worker: Node) -> str | None:
    names = worker.first("Worker_Data/Personal_Data/Name_Data")
    for kind in ("Preferred_Name_Data", "Legal_Name_Data"):
        detail = names.first(f"{kind}/Name_Detail_Data") if names else None
        if detail and detail.attributes.get("Formatted_Name"):
            return detail.attributes["Formatted_Name"]
    return worker.says("Worker_Descriptor")


def _work_email(worker: Node) -> str | None:
    """The primary one at work; a private address is nobody's business here."""
    for mail in worker.all("Worker_Data/Personal_Data/Contact_Data/Email_Address_Data"):
        for kind in mail.all("Usage_Data/Type_Data"):
            use = _id(kind.first("Type_Reference"), "Communication_Usage_Type_ID")
            if use == "WORK" and FLAGS.get(kind.attributes.get("Primary", "")):
                return mail.says("Email_Address")
    return None


def _changed(worker: Node, at: datetime) -> str | None:
    """Since when they are as they are: the later of entry and effect, of what is in effect by now."""
    moments: list[datetime] = []
    for each in worker.all("Worker_Data/Transaction_Log_Entry_Data/Transaction_Log_Entry/Transaction_Log_Data"):
        entered, effective = (
            _moment(each.says(name)) for name in ("Transaction_Entry_Moment", "Transaction_Effective_Moment")
        )
        if entered and effective and effective <= at:
            moments.append(max(entered, effective))
    return max(moments).isoformat().replace("+00:00", "Z") if moments else None


def _id(reference: Node | None, kind: str) -> str | None:
    ids = reference.all("ID") if reference else ()
    return next((each.text.strip() for each in ids if each.attributes.get("type") == kind), None)


def _flag(node: Node, path: str) -> bool | str | None:
    """Yes or no; anything else stays what it is, for the mapping to refuse."""
    said = node.says(path)
    return FLAGS.get(said, said) if said else None


def _in_utc(said: str | None) -> str | None:
    found = _moment(said)
    return found.isoformat().replace("+00:00", "Z") if found else None


def _moment(said: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(said or "")
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
