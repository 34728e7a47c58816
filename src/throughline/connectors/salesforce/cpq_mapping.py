"""Our words and the CPQ package's for what happens to a contract after it is signed. All of it is read, none written.

Of a change order only what was calculated is read, and of the opportunities only those that renew a contract: `api`.
"""

from throughline.connectors.salesforce.mapping import COMMERCIAL_MODEL
from throughline.core.entities import ChangeOrder, Renewal
from throughline.core.forms import Amount, Choice, Day, Number, Ref
from throughline.core.lists import Line, Lines
from throughline.core.mapping import Mapping, Row

MONEY = Amount(currency="CurrencyIsoCode")

CHANGE_ORDER = Mapping(
    ChangeOrder,
    resource="SBQQ__Quote__c",
    key="Id",
    changed="SystemModstamp",
    author="LastModifiedBy.Username",
    rows=(
        Row("name", "SBQQ__Opportunity2__r.Name", flow="in"),
        Row("number", "Name", flow="in"),
        Row("origin", "SBQQ__Type__c", Choice({"Amendment": "sales"}), flow="in"),
        Row("opportunity", "SBQQ__Opportunity2__c", Ref("opportunity"), flow="in"),
        Row("amends", "SBQQ__MasterContract__r.SBQQ__Opportunity__c", Ref("opportunity"), flow="in"),
        # `Approved` is our own yes to the offer; the customer's is `Accepted`, and only that one binds.
        Row(
            "state",
            "SBQQ__Status__c",
            Choice(
                {
                    "Draft": "draft",
                    "In Review": "draft",
                    "Approved": "submitted",
                    "Presented": "submitted",
                    "Accepted": "approved",
                    "Denied": "rejected",
                    "Rejected": "rejected",
                }
            ),
            flow="in",
        ),
        Row("reason", "SBQQ__Notes__c", flow="in"),
        Row("currency", "CurrencyIsoCode", flow="in"),
        Row("amount_delta", "SBQQ__NetAmount__c", MONEY, flow="in"),
        Row("effective_from", "SBQQ__StartDate__c", Day(), flow="in"),
        Row("new_end", "SBQQ__EndDate__c", Day(), flow="in"),
        Row(
            "lines",
            "SBQQ__LineItems__r.records",
            Lines(
                (
                    Line("key", "Id"),
                    Line("contract_line", "SBQQ__UpgradedSubscription__r.SBQQ__QuoteLine__c"),
                    Line("product", "SBQQ__ProductCode__c"),
                    Line("description", "SBQQ__Description__c"),
                    Line("role", "Role__c"),
                    Line("commercial_model", "Contract_Type__c", COMMERCIAL_MODEL),
                    Line("quantity_delta", "SBQQ__EffectiveQuantity__c", Number()),
                    Line("unit_price", "SBQQ__NetPrice__c", MONEY),
                    Line("amount_delta", "SBQQ__NetTotal__c", MONEY),
                )
            ),
            flow="in",
        ),
    ),
)

RENEWAL = Mapping(
    Renewal,
    resource="Opportunity",
    key="Id",
    changed="SystemModstamp",
    author="LastModifiedBy.Username",
    rows=(
        Row("renews", "SBQQ__RenewedContract__r.SBQQ__Opportunity__c", Ref("opportunity"), flow="in"),
        Row("opportunity", "Id", Ref("opportunity"), flow="in"),
        Row("customer", "AccountId", Ref("customer"), flow="in"),
        Row(
            "state",
            "StageName",
            Choice(
                {
                    "Prospecting": "upcoming",
                    "Qualification": "upcoming",
                    "Proposal/Price Quote": "proposed",
                    "Negotiation/Review": "proposed",
                    "Closed Won": "confirmed",
                    "Closed Lost": "declined",
                }
            ),
            flow="in",
        ),
        Row("notice_by", "CloseDate", Day(), flow="in"),
        Row("value", "Amount", MONEY, flow="in"),
        Row("starts", "Start_Date__c", Day(), flow="in"),
        Row("ends", "End_Date__c", Day(), flow="in"),
    ),
)
