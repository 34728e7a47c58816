"""Halyard Advisory's org as data: its objects, their fields and their picklists."""

from dataclasses import replace

from throughline.sandbox.salesforce.schema import Field, Schema, SObject

CURRENCIES = ("USD", "GBP", "EUR")
_ISO_3166 = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = tuple(_ISO_3166.split())
PROBABILITY = {
    "Prospecting": 10,
    "Qualification": 20,
    "Proposal/Price Quote": 60,
    "Negotiation/Review": 80,
    "Closed Won": 100,
    "Closed Lost": 0,
}
CONTRACT_TYPES = (
    "Time and Materials",
    "Fixed Fee",
    "Milestone",
    "Retainer",
    "Usage",
    "Subscription",
    "Managed Service",
)
BILLING_METHODS = ("On Approved Time", "On Schedule", "On Milestone", "In Advance", "On Usage")
BILLING_FREQUENCIES = ("Monthly", "Quarterly", "Yearly", "Once")
LEGAL_ENTITIES = ("US", "UK", "DE")
REVENUE_TREATMENTS = ("As Invoiced", "Over Time", "Straight Line", "Point in Time")
SERVICE_LINES = ("Advisory", "Implementation", "Analytics", "Managed Services")


def _text(name: str, label: str, length: int = 255, *, required: bool = False) -> Field:
    return Field(name, "string", label, length=length, required=required)


def _derived(name: str, type_: str, label: str, length: int = 0) -> Field:
    digits = 18 if type_ == "currency" else 0
    return Field(name, type_, label, length, digits, scale=2 if digits else 0, createable=False, updateable=False)


def _choice(name: str, label: str, choices: tuple[str, ...], default: str | None = None) -> Field:
    length = 255 if name.endswith("__c") else 40
    return Field(name, "picklist", label, length=length, choices=choices, restricted=True, default=default)


def _flag(name: str, label: str, *, default: bool) -> Field:
    return Field(name, "boolean", label, default=default)


def _number(name: str, type_: str, label: str, precision: int, scale: int) -> Field:
    return Field(name, type_, label, precision=precision, scale=scale)


def _lookup(
    name: str, label: str, to: str, children: str | None = None, *, required: bool = False, cascade: bool = False
) -> Field:
    relationship = name.removesuffix("Id")
    return Field(
        name,
        "reference",
        label,
        length=18,
        required=required,
        refers_to=to,
        relationship=relationship,
        children=children,
        cascade=cascade,
    )


def _fixed(name: str, label: str, to: str, children: str, *, required: bool, cascade: bool = False) -> Field:
    """A reference that is chosen once, when the record is created."""
    return replace(_lookup(name, label, to, children, required=required, cascade=cascade), updateable=False)


def _external(name: str, label: str) -> Field:
    return Field(name, "string", label, length=80, external_id=True, unique=True)


def _stamp(name: str, label: str) -> Field:
    return replace(_lookup(name, label, "User"), createable=False, updateable=False)


def _object(
    name: str, prefix: str, plural: str, *fields: Field, currency: bool = True, writable: bool = True
) -> SObject:
    money = (_choice("CurrencyIsoCode", "Currency ISO Code", CURRENCIES, "USD"),) if currency else ()
    return SObject(
        name,
        prefix,
        plural,
        (
            _derived("Id", "id", f"{name} ID", 18),
            _derived("IsDeleted", "boolean", "Deleted"),
            *fields,
            *money,
            _derived("CreatedDate", "datetime", "Created Date"),
            _stamp("CreatedById", "Created By ID"),
            _derived("LastModifiedDate", "datetime", "Last Modified Date"),
            _stamp("LastModifiedById", "Last Modified By ID"),
            _derived("SystemModstamp", "datetime", "System Modstamp"),
        ),
        writable,
    )


USER = _object(
    "User",
    "005",
    "Users",
    _text("Username", "Username", 80, required=True),
    _text("FirstName", "First Name", 40),
    _text("LastName", "Last Name", 80, required=True),
    _derived("Name", "string", "Full Name", 121),
    Field("Email", "email", "Email", length=128, required=True),
    _flag("IsActive", "Active", default=True),
    writable=False,
)
ORGANIZATION = _object(
    "Organization",
    "00D",
    "Organizations",
    _text("Name", "Name", 80),
    _text("InstanceName", "Instance Name", 5),
    _flag("IsSandbox", "Is Sandbox", default=True),
    _choice("DefaultCurrencyIsoCode", "Default Currency ISO Code", CURRENCIES, "USD"),
    currency=False,
    writable=False,
)
ACCOUNT = _object(
    "Account",
    "001",
    "Accounts",
    _text("Name", "Account Name", required=True),
    _lookup("ParentId", "Parent Account ID", "Account", "ChildAccounts"),
    Field("BillingStreet", "textarea", "Billing Street", length=255),
    _text("BillingCity", "Billing City", 40),
    _text("BillingPostalCode", "Billing Zip/Postal Code", 20),
    _choice("BillingCountryCode", "Billing Country Code", COUNTRIES),
    Field("Website", "url", "Website", length=255),
    Field("Phone", "phone", "Account Phone", length=40),
    _lookup("OwnerId", "Owner ID", "User"),
    # An external id that may repeat: two accounts of one company, and an upsert by it is ambiguous.
    Field("Tax_Id__c", "string", "Tax Id", length=40, external_id=True),
    _external("Throughline_Id__c", "Throughline Id"),
)
CONTACT = _object(
    "Contact",
    "003",
    "Contacts",
    _lookup("AccountId", "Account ID", "Account", "Contacts", cascade=True),
    _text("FirstName", "First Name", 40),
    _text("LastName", "Last Name", 80, required=True),
    _derived("Name", "string", "Full Name", 121),
    Field("Email", "email", "Email", length=80),
    _lookup("OwnerId", "Owner ID", "User"),
)
OPPORTUNITY = _object(
    "Opportunity",
    "006",
    "Opportunities",
    _text("Name", "Name", 120, required=True),
    _lookup("AccountId", "Account ID", "Account", "Opportunities", cascade=True),
    Field("StageName", "picklist", "Stage", length=255, required=True, choices=tuple(PROBABILITY)),
    _number("Amount", "currency", "Amount", 18, 2),
    Field("CloseDate", "date", "Close Date", required=True),
    _number("Probability", "percent", "Probability (%)", 3, 0),
    _derived("IsClosed", "boolean", "Closed"),
    _derived("IsWon", "boolean", "Won"),
    _derived("HasOpportunityLineItem", "boolean", "Has Line Item"),
    _lookup("Pricebook2Id", "Price Book ID", "Pricebook2", "Opportunities"),
    _lookup("OwnerId", "Owner ID", "User"),
    Field("Description", "textarea", "Description", length=32000),
    _choice("Contract_Type__c", "Contract Type", CONTRACT_TYPES),
    _choice("Billing_Method__c", "Billing Method", BILLING_METHODS),
    _choice("Billing_Frequency__c", "Billing Frequency", BILLING_FREQUENCIES),
    _text("Project_Manager__c", "Project Manager"),
    _choice("Legal_Entity__c", "Legal Entity", LEGAL_ENTITIES),
    _choice("Revenue_Treatment__c", "Revenue Treatment", REVENUE_TREATMENTS),
    _choice("Service_Line__c", "Service Line", SERVICE_LINES),
    Field("Start_Date__c", "date", "Start Date"),
    Field("End_Date__c", "date", "End Date"),
    _text("Purchase_Order__c", "Purchase Order", 80),
    _external("Throughline_Id__c", "Throughline Id"),
    _text("Handoff_Gate__c", "Handoff Gate"),
    _text("Handoff_Finance__c", "Handoff Finance"),
    _text("Handoff_Delivery__c", "Handoff Delivery"),
    _text("Handoff_Customer__c", "Handoff Customer", 80),
    _text("Handoff_Contract__c", "Handoff Contract", 80),
    _text("Handoff_Project__c", "Handoff Project", 80),
    Field("Handoff_At__c", "datetime", "Handoff At"),
)
LINE = _object(
    "OpportunityLineItem",
    "00k",
    "Opportunity Products",
    _fixed("OpportunityId", "Opportunity ID", "Opportunity", "OpportunityLineItems", required=True, cascade=True),
    _fixed("PricebookEntryId", "Price Book Entry ID", "PricebookEntry", "OpportunityLineItems", required=False),
    _fixed("Product2Id", "Product ID", "Product2", "OpportunityLineItems", required=False),
    _derived("ProductCode", "string", "Product Code", 255),
    _derived("Name", "string", "Opportunity Product Name", 376),
    _text("Description", "Line Description"),
    Field("Quantity", "double", "Quantity", precision=12, scale=2, required=True),
    _number("UnitPrice", "currency", "Sales Price", 18, 2),
    _number("TotalPrice", "currency", "Total Price", 18, 2),
    _derived("ListPrice", "currency", "List Price"),
    Field("ServiceDate", "date", "Date"),
    _text("Role__c", "Role", 80),
    _choice("Contract_Type__c", "Contract Type", CONTRACT_TYPES),
)
PRODUCT = _object(
    "Product2",
    "01t",
    "Products",
    _text("Name", "Product Name", required=True),
    _text("ProductCode", "Product Code"),
    _text("Family", "Product Family", 40),
    Field("Description", "textarea", "Product Description", length=4000),
    _flag("IsActive", "Active", default=True),
)
BOOK = _object(
    "Pricebook2",
    "01s",
    "Price Books",
    _text("Name", "Price Book Name", required=True),
    _flag("IsActive", "Active", default=True),
    _derived("IsStandard", "boolean", "Is Standard Price Book"),
    currency=False,
)
ENTRY = _object(
    "PricebookEntry",
    "01u",
    "Price Book Entries",
    _derived("Name", "string", "Product Name", 255),
    _fixed("Pricebook2Id", "Price Book ID", "Pricebook2", "PricebookEntries", required=True, cascade=True),
    _fixed("Product2Id", "Product ID", "Product2", "PricebookEntries", required=True, cascade=True),
    _derived("ProductCode", "string", "Product Code", 255),
    Field("UnitPrice", "currency", "List Price", precision=18, scale=2, required=True),
    _flag("IsActive", "Active", default=True),
)

SCHEMA = Schema((ACCOUNT, CONTACT, OPPORTUNITY, LINE, PRODUCT, BOOK, ENTRY, USER, ORGANIZATION))
