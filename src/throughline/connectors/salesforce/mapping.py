"""Our words and Salesforce's: one row per field."""

from throughline.core.entities import BillingStatus, Customer, Handoff, Opportunity, Receivables
from throughline.core.forms import Amount, Choice, Day, Instant, Number, Ref
from throughline.core.lists import Line, Lines
from throughline.core.mapping import Mapping, Row, Rung

COMMERCIAL_MODEL = Choice(
    {
        "Time and Materials": "time_and_materials",
        "Fixed Fee": "fixed_fee",
        "Milestone": "milestone",
        "Retainer": "retainer",
        "Usage": "usage",
        "Subscription": "subscription",
        "Managed Service": "managed_service",
    }
)

CUSTOMER = Mapping(
    Customer,
    resource="Account",
    key="Id",
    changed="SystemModstamp",
    author="LastModifiedBy.Username",
    id_field="Throughline_Id__c",
    rung=Rung.UPSERT,
    rows=(
        Row("name", "Name"),
        Row("parent", "ParentId", Ref("customer")),
        Row("street", "BillingStreet"),
        Row("city", "BillingCity"),
        Row("postal_code", "BillingPostalCode"),
        Row("country", "BillingCountryCode"),
        Row("website", "Website"),
        Row("phone", "Phone"),
        Row("tax_id", "Tax_Id__c"),
        Row("currency", "CurrencyIsoCode"),
    ),
)

OPPORTUNITY = Mapping(
    Opportunity,
    resource="Opportunity",
    key="Id",
    changed="SystemModstamp",
    author="LastModifiedBy.Username",
    id_field="Throughline_Id__c",
    rung=Rung.UPSERT,
    rows=(
        Row("name", "Name"),
        Row("customer", "AccountId", Ref("customer")),
        Row(
            "stage",
            "StageName",
            Choice(
                {
                    "Prospecting": "prospecting",
                    "Qualification": "qualification",
                    "Proposal/Price Quote": "proposal",
                    "Negotiation/Review": "negotiation",
                    "Closed Won": "won",
                    "Closed Lost": "lost",
                }
            ),
        ),
        Row("amount", "Amount", Amount(currency="CurrencyIsoCode")),
        Row("currency", "CurrencyIsoCode"),
        Row("close_date", "CloseDate", Day()),
        Row("owner", "OwnerId"),
        Row("commercial_model", "Contract_Type__c", COMMERCIAL_MODEL),
        Row(
            "billing_method",
            "Billing_Method__c",
            Choice(
                {
                    "On Approved Time": "on_approved_time",
                    "On Schedule": "on_schedule",
                    "On Milestone": "on_milestone",
                    "In Advance": "in_advance",
                    "On Usage": "on_usage",
                }
            ),
        ),
        Row(
            "billing_frequency",
            "Billing_Frequency__c",
            Choice({"Monthly": "monthly", "Quarterly": "quarterly", "Yearly": "yearly", "Once": "once"}),
        ),
        Row("project_manager", "Project_Manager__c"),
        Row("legal_entity", "Legal_Entity__c"),
        Row(
            "revenue_treatment",
            "Revenue_Treatment__c",
            Choice(
                {
                    "As Invoiced": "as_invoiced",
                    "Over Time": "over_time",
                    "Straight Line": "straight_line",
                    "Point in Time": "point_in_time",
                }
            ),
        ),
        Row("service_line", "Service_Line__c"),
        Row("starts", "Start_Date__c", Day()),
        Row("ends", "End_Date__c", Day()),
        Row("purchase_order", "Purchase_Order__c"),
        Row(
            "lines",
            "OpportunityLineItems.records",
            Lines(
                (
                    Line("key", "Id"),
                    Line("product", "Product2.ProductCode"),
                    Line("description", "Description"),
                    Line("quantity", "Quantity", Number()),
                    Line("unit_price", "UnitPrice", Amount(currency="CurrencyIsoCode")),
                    Line("amount", "TotalPrice", Amount(currency="CurrencyIsoCode")),
                    Line("role", "Role__c"),
                    Line("commercial_model", "Contract_Type__c", COMMERCIAL_MODEL),
                    Line("service_date", "ServiceDate", Day()),
                    Line("quote_line", "SBQQ__QuoteLine__c"),
                )
            ),
            flow="in",
        ),
        Row("amended_contract", "SBQQ__AmendedContract__c", flow="in"),
        Row("renewed_contract", "SBQQ__RenewedContract__c", flow="in"),
    ),
)

HANDOFF = Mapping(
    Handoff,
    resource="Opportunity",
    key="Id",
    rung=Rung.UPSERT,
    rows=(
        Row("opportunity", "Id", Ref("opportunity"), flow="out"),
        Row("gate", "Handoff_Gate__c", flow="out"),
        Row("finance", "Handoff_Finance__c", flow="out"),
        Row("delivery", "Handoff_Delivery__c", flow="out"),
        Row("customer_key", "Handoff_Customer__c", flow="out"),
        Row("contract_key", "Handoff_Contract__c", flow="out"),
        Row("project_key", "Handoff_Project__c", flow="out"),
        Row("progress", "Handoff_Progress__c", flow="out"),
        Row("change", "Handoff_Change__c", flow="out"),
        Row("contract_value", "Handoff_Contract_Value__c", Amount(currency="CurrencyIsoCode"), flow="out"),
        Row("at", "Handoff_At__c", Instant(), flow="out"),
    ),
)

MONEY = Amount(currency="CurrencyIsoCode")

BILLING_STATUS = Mapping(
    BillingStatus,
    resource="Opportunity",
    key="Id",
    rung=Rung.UPSERT,
    rows=(
        Row("opportunity", "Id", Ref("opportunity"), flow="out"),
        Row("summary", "Billing_Status__c", flow="out"),
        Row("billed", "Billing_Billed__c", MONEY, flow="out"),
        Row("credited", "Billing_Credited__c", MONEY, flow="out"),
        Row("settled", "Billing_Settled__c", MONEY, flow="out"),
        Row("open_amount", "Billing_Open__c", MONEY, flow="out"),
        Row("overdue", "Billing_Overdue__c", MONEY, flow="out"),
    ),
)

RECEIVABLES = Mapping(
    Receivables,
    resource="Account",
    key="Id",
    rung=Rung.UPSERT,
    rows=(
        Row("customer", "Id", Ref("customer"), flow="out"),
        Row("as_of", "Receivables_As_Of__c", Day(), flow="out"),
        Row("outstanding", "Receivables_Open__c", MONEY, flow="out"),
        Row("overdue", "Receivables_Overdue__c", MONEY, flow="out"),
        Row("days_sales_outstanding", "Days_Sales_Outstanding__c", Number(), flow="out"),
        Row("backlog", "Backlog__c", MONEY, flow="out"),
        Row("summary", "Receivables_Summary__c", flow="out"),
    ),
)
