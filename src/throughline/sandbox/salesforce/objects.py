"""Halyard Advisory's org as data: its objects, their fields and their picklists."""

from throughline.sandbox.salesforce.fields import (
    CURRENCIES,
    choice,
    derived,
    external,
    fixed,
    flag,
    lookup,
    number,
    sobject,
    text,
)
from throughline.sandbox.salesforce.objects_cpq import CPQ
from throughline.sandbox.salesforce.schema import Field, Schema

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


USER = sobject(
    "User",
    "005",
    "Users",
    text("Username", "Username", 80, required=True),
    text("FirstName", "First Name", 40),
    text("LastName", "Last Name", 80, required=True),
    derived("Name", "string", "Full Name", 121),
    Field("Email", "email", "Email", length=128, required=True),
    flag("IsActive", "Active", default=True),
    writable=False,
)
ORGANIZATION = sobject(
    "Organization",
    "00D",
    "Organizations",
    text("Name", "Name", 80),
    text("InstanceName", "Instance Name", 5),
    flag("IsSandbox", "Is Sandbox", default=True),
    choice("DefaultCurrencyIsoCode", "Default Currency ISO Code", CURRENCIES, "USD"),
    currency=False,
    writable=False,
)
ACCOUNT = sobject(
    "Account",
    "001",
    "Accounts",
    text("Name", "Account Name", required=True),
    lookup("ParentId", "Parent Account ID", "Account", "ChildAccounts"),
    Field("BillingStreet", "textarea", "Billing Street", length=255),
    text("BillingCity", "Billing City", 40),
    text("BillingPostalCode", "Billing Zip/Postal Code", 20),
    choice("BillingCountryCode", "Billing Country Code", COUNTRIES),
    Field("Website", "url", "Website", length=255),
    Field("Phone", "phone", "Account Phone", length=40),
    lookup("OwnerId", "Owner ID", "User"),
    # An external id that may repeat: two accounts of one company, and an upsert by it is ambiguous.
    Field("Tax_Id__c", "string", "Tax Id", length=40, external_id=True),
    Field("Receivables_As_Of__c", "date", "Receivables As Of"),
    number("Receivables_Open__c", "currency", "Receivables Open", 18, 2),
    number("Receivables_Overdue__c", "currency", "Receivables Overdue", 18, 2),
    number("Days_Sales_Outstanding__c", "double", "Days Sales Outstanding", 6, 1),
    number("Backlog__c", "currency", "Backlog", 18, 2),
    text("Receivables_Summary__c", "Receivables Summary"),
    external("Throughline_Id__c", "Throughline Id"),
)
CONTACT = sobject(
    "Contact",
    "003",
    "Contacts",
    lookup("AccountId", "Account ID", "Account", "Contacts", cascade=True),
    text("FirstName", "First Name", 40),
    text("LastName", "Last Name", 80, required=True),
    derived("Name", "string", "Full Name", 121),
    Field("Email", "email", "Email", length=80),
    lookup("OwnerId", "Owner ID", "User"),
)
OPPORTUNITY = sobject(
    "Opportunity",
    "006",
    "Opportunities",
    text("Name", "Name", 120, required=True),
    lookup("AccountId", "Account ID", "Account", "Opportunities", cascade=True),
    Field("StageName", "picklist", "Stage", length=255, required=True, choices=tuple(PROBABILITY)),
    number("Amount", "currency", "Amount", 18, 2),
    Field("CloseDate", "date", "Close Date", required=True),
    number("Probability", "percent", "Probability (%)", 3, 0),
    derived("IsClosed", "boolean", "Closed"),
    derived("IsWon", "boolean", "Won"),
    derived("HasOpportunityLineItem", "boolean", "Has Line Item"),
    lookup("Pricebook2Id", "Price Book ID", "Pricebook2", "Opportunities"),
    lookup("OwnerId", "Owner ID", "User"),
    Field("Description", "textarea", "Description", length=32000),
    choice("Contract_Type__c", "Contract Type", CONTRACT_TYPES),
    choice("Billing_Method__c", "Billing Method", BILLING_METHODS),
    choice("Billing_Frequency__c", "Billing Frequency", BILLING_FREQUENCIES),
    text("Project_Manager__c", "Project Manager"),
    choice("Legal_Entity__c", "Legal Entity", LEGAL_ENTITIES),
    choice("Revenue_Treatment__c", "Revenue Treatment", REVENUE_TREATMENTS),
    choice("Service_Line__c", "Service Line", SERVICE_LINES),
    Field("Start_Date__c", "date", "Start Date"),
    Field("End_Date__c", "date", "End Date"),
    text("Purchase_Order__c", "Purchase Order", 80),
    lookup("SBQQ__PrimaryQuote__c", "Primary Quote", "SBQQ__Quote__c"),
    lookup("SBQQ__AmendedContract__c", "Amended Contract", "Contract", "SBQQ__AmendmentOpportunities__r"),
    lookup("SBQQ__RenewedContract__c", "Renewed Contract", "Contract", "SBQQ__RenewalOpportunities__r"),
    flag("SBQQ__Renewal__c", "Renewal", default=False),
    flag("SBQQ__Contracted__c", "Contracted", default=False),
    external("Throughline_Id__c", "Throughline Id"),
    text("Handoff_Gate__c", "Handoff Gate"),
    text("Handoff_Finance__c", "Handoff Finance"),
    text("Handoff_Delivery__c", "Handoff Delivery"),
    text("Handoff_Customer__c", "Handoff Customer", 80),
    text("Handoff_Contract__c", "Handoff Contract", 80),
    text("Handoff_Project__c", "Handoff Project", 80),
    text("Handoff_Progress__c", "Handoff Progress"),
    text("Handoff_Change__c", "Handoff Change"),
    number("Handoff_Contract_Value__c", "currency", "Handoff Contract Value", 18, 2),
    Field("Handoff_At__c", "datetime", "Handoff At"),
    text("Billing_Status__c", "Billing Status"),
    number("Billing_Billed__c", "currency", "Billed", 18, 2),
    number("Billing_Credited__c", "currency", "Credited", 18, 2),
    number("Billing_Settled__c", "currency", "Settled", 18, 2),
    number("Billing_Open__c", "currency", "Open", 18, 2),
    number("Billing_Overdue__c", "currency", "Overdue", 18, 2),
)
LINE = sobject(
    "OpportunityLineItem",
    "00k",
    "Opportunity Products",
    fixed("OpportunityId", "Opportunity ID", "Opportunity", "OpportunityLineItems", required=True, cascade=True),
    fixed("PricebookEntryId", "Price Book Entry ID", "PricebookEntry", "OpportunityLineItems", required=False),
    fixed("Product2Id", "Product ID", "Product2", "OpportunityLineItems", required=False),
    derived("ProductCode", "string", "Product Code", 255),
    derived("Name", "string", "Opportunity Product Name", 376),
    text("Description", "Line Description"),
    Field("Quantity", "double", "Quantity", precision=12, scale=2, required=True),
    number("UnitPrice", "currency", "Sales Price", 18, 2),
    number("TotalPrice", "currency", "Total Price", 18, 2),
    derived("ListPrice", "currency", "List Price"),
    Field("ServiceDate", "date", "Date"),
    text("Role__c", "Role", 80),
    choice("Contract_Type__c", "Contract Type", CONTRACT_TYPES),
    lookup("SBQQ__QuoteLine__c", "Quote Line", "SBQQ__QuoteLine__c"),
)
PRODUCT = sobject(
    "Product2",
    "01t",
    "Products",
    text("Name", "Product Name", required=True),
    text("ProductCode", "Product Code"),
    text("Family", "Product Family", 40),
    Field("Description", "textarea", "Product Description", length=4000),
    flag("IsActive", "Active", default=True),
)
BOOK = sobject(
    "Pricebook2",
    "01s",
    "Price Books",
    text("Name", "Price Book Name", required=True),
    flag("IsActive", "Active", default=True),
    derived("IsStandard", "boolean", "Is Standard Price Book"),
    currency=False,
)
ENTRY = sobject(
    "PricebookEntry",
    "01u",
    "Price Book Entries",
    derived("Name", "string", "Product Name", 255),
    fixed("Pricebook2Id", "Price Book ID", "Pricebook2", "PricebookEntries", required=True, cascade=True),
    fixed("Product2Id", "Product ID", "Product2", "PricebookEntries", required=True, cascade=True),
    derived("ProductCode", "string", "Product Code", 255),
    Field("UnitPrice", "currency", "List Price", precision=18, scale=2, required=True),
    flag("IsActive", "Active", default=True),
)

SCHEMA = Schema((ACCOUNT, CONTACT, OPPORTUNITY, LINE, PRODUCT, BOOK, ENTRY, USER, ORGANIZATION, *CPQ))
