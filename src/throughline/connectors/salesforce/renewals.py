"""A renewal put before sales: an opportunity that says which contract of the CPQ package it renews."""

from throughline.core.connector import Http
from throughline.core.entities import RenewalPlan
from throughline.core.errors import Hold
from throughline.core.forms import SAME, Amount, Day, Fixed, Record, Ref
from throughline.core.mapping import Mapping, Row, Rung

RENEWS, OPPORTUNITY = "SBQQ__RenewedContract__c", "SBQQ__Opportunity__c"

RENEWAL_PLAN = Mapping(
    RenewalPlan,
    resource="Opportunity",
    key="Id",
    id_field="Throughline_Id__c",
    rung=Rung.UPSERT,
    rows=(
        Row("name", "Name", flow="out"),
        Row("customer", "AccountId", Ref("customer"), flow="out"),
        # The deal; `renewing` puts the contract in its place.
        Row("renews", RENEWS, Ref("opportunity"), flow="out"),
        Row("", "SBQQ__Renewal__c", Fixed(value=True), flow="out"),
        Row("", "StageName", Fixed("Prospecting"), flow="out"),
        Row("currency", "CurrencyIsoCode", SAME, flow="out"),
        Row("value", "Amount", Amount(currency="CurrencyIsoCode"), flow="out"),
        Row("notice_by", "CloseDate", Day(), flow="out"),
        Row("starts", "Start_Date__c", Day(), flow="out"),
        Row("ends", "End_Date__c", Day(), flow="out"),
    ),
)


async def renewing(http: Http, record: Record, version: str) -> Record:
    """The record with the package's contract where it has the deal. Without it, a won renewal would open a project."""
    deal = record.get(RENEWS)
    if deal is None:
        return record
    if http.settings.get("cpq", "yes") == "no":
        raise Hold(
            "This org has no CPQ package, so an opportunity cannot say which contract it renews",
            fix="Take `renewals` out of policies.yaml, or install the package.",
        )
    # https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm
    query = f"SELECT Id FROM Contract WHERE {OPPORTUNITY} = '{deal}' ORDER BY Id"  # noqa: S608 - a key of theirs
    found = (await http.call("GET", f"{version}/query", params={"q": query})).body["records"]
    if not found:
        raise Hold(
            f"Opportunity {deal} has no contract in the CRM that could be renewed",
            fix="Check *Contracted* on the opportunity, so that the package makes its contract; then release.",
        )
    return {**record, RENEWS: str(found[0]["Id"])}
