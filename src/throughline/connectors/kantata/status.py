"""What became of a project's invoices, written into a custom field of the project: Kantata bills nothing here."""

from throughline.connectors.kantata.pages import API, pages, records
from throughline.core.connector import Http, Sent
from throughline.core.entities import BillingStatus
from throughline.core.errors import Hold
from throughline.core.forms import Ref
from throughline.core.mapping import Mapping, Row, Rung

FIELD = "Billing status"

# One field has one value on a project, and a second create of it is refused: writing it again does no harm.
BILLING_STATUS = Mapping(
    BillingStatus,
    resource="custom_field_values",
    key="subject_id",
    rung=Rung.UPSERT,
    rows=(
        Row("project", "subject_id", Ref("project"), flow="out"),
        Row("summary", "value", flow="out"),
    ),
)


async def put_status(http: Http, sent: Sent) -> str:
    project, name = sent.key or str(sent.record["subject_id"]), http.settings.get("billing_status_field", FIELD)
    there = await _there(http, project, name)
    if "value" not in sent.record:
        return project
    if there:
        changed = {"custom_field_value": {"value": sent.record["value"]}}
        await http.call("PUT", f"{API}/custom_field_values/{there}.json", json=changed)
    else:
        about = {"subject_type": "Workspace", "subject_id": project, "custom_field_id": await _field(http, name)}
        made = {"custom_field_value": {**about, "value": sent.record["value"]}}
        await http.call("POST", f"{API}/custom_field_values.json", json=made)
    return project


async def _there(http: Http, project: str, name: str) -> str | None:
    """A filter Kantata does not know is ignored without a word, so what comes back is compared here."""
    asked, wanted = {"subject_type": "Workspace", "subject_id": project}, ("Workspace", project, name)
    async for body in pages(http, "custom_field_values", asked):
        for each in records(body):
            if (each["subject_type"], str(each["subject_id"]), each["custom_field_name"]) == wanted:
                return str(each["id"])
    return None


async def _field(http: Http, name: str) -> str:
    found = [
        str(each["id"])
        async for body in pages(http, "custom_fields", {"name": name})
        for each in records(body)
        if each["name"] == name
    ]
    if len(found) != 1:
        raise Hold(
            f"Kantata has {len(found) or 'no'} custom field {name}, where projects show what became of their invoices",
            fix=f"Add the custom field {name} (text) for projects in Kantata, then release.",
        )
    return found[0]
