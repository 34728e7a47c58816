"""What the CPQ package and contracts add to the org: quotes with their lines, contracts, and subscriptions."""

from throughline.sandbox.salesforce.fields import choice, derived, fixed, flag, lookup, number, sobject, text
from throughline.sandbox.salesforce.schema import Field
from throughline.sandbox.salesforce.terms import TERMS

QUOTE_TYPES = ("Quote", "Amendment", "Renewal")
QUOTE_STATUSES = ("Draft", "In Review", "Approved", "Denied", "Presented", "Accepted", "Rejected")
CONTRACT_STATUSES = ("Draft", "In Approval Process", "Activated")

QUOTE = sobject(
    "SBQQ__Quote__c",
    "a0n",
    "Quotes",
    derived("Name", "string", "Quote Number", 80),
    lookup("SBQQ__Account__c", "Account", "Account", "SBQQ__Quotes__r"),
    lookup("SBQQ__Opportunity2__c", "Opportunity", "Opportunity", "SBQQ__Quotes2__r"),
    lookup("SBQQ__MasterContract__c", "Master Contract", "Contract", "SBQQ__AmendmentQuotes__r"),
    flag("SBQQ__Primary__c", "Primary", default=False),
    choice("SBQQ__Status__c", "Status", QUOTE_STATUSES, "Draft"),
    choice("SBQQ__Type__c", "Type", QUOTE_TYPES, "Quote"),
    Field("SBQQ__StartDate__c", "date", "Start Date"),
    Field("SBQQ__EndDate__c", "date", "End Date"),
    number("SBQQ__SubscriptionTerm__c", "double", "Subscription Term", 5, 0),
    text("SBQQ__Notes__c", "Notes"),
    derived("SBQQ__NetAmount__c", "currency", "Net Amount"),
    derived("SBQQ__LineItemCount__c", "double", "Line Item Count"),
    derived("SBQQ__Uncalculated__c", "boolean", "Uncalculated"),
)
QUOTE_LINE = sobject(
    "SBQQ__QuoteLine__c",
    "a0l",
    "Quote Lines",
    derived("Name", "string", "Line Name", 80),
    fixed("SBQQ__Quote__c", "Quote", "SBQQ__Quote__c", "SBQQ__LineItems__r", required=True, cascade=True),
    fixed("SBQQ__Product__c", "Product", "Product2", "SBQQ__QuoteLines__r", required=True),
    derived("SBQQ__ProductCode__c", "string", "Product Code", 255),
    derived("SBQQ__ProductName__c", "string", "Product Name", 255),
    text("SBQQ__Description__c", "Description"),
    Field("SBQQ__Quantity__c", "double", "Quantity", precision=12, scale=2, required=True),
    number("SBQQ__PriorQuantity__c", "double", "Prior Quantity", 12, 2),
    derived("SBQQ__EffectiveQuantity__c", "double", "Effective Quantity"),
    number("SBQQ__ListPrice__c", "currency", "List Unit Price", 18, 2),
    number("SBQQ__NetPrice__c", "currency", "Net Unit Price", 18, 2),
    derived("SBQQ__NetTotal__c", "currency", "Net Total"),
    Field("SBQQ__StartDate__c", "date", "Start Date"),
    Field("SBQQ__EndDate__c", "date", "End Date"),
    lookup("SBQQ__UpgradedSubscription__c", "Upgraded Subscription", "SBQQ__Subscription__c"),
    lookup("SBQQ__RenewedSubscription__c", "Renewed Subscription", "SBQQ__Subscription__c"),
    text("Role__c", "Role", 80),
    choice("Contract_Type__c", "Contract Type", tuple(TERMS)),
)
CONTRACT = sobject(
    "Contract",
    "800",
    "Contracts",
    derived("ContractNumber", "string", "Contract Number", 30),
    fixed("AccountId", "Account ID", "Account", "Contracts", required=True, cascade=True),
    choice("Status", "Status", CONTRACT_STATUSES, "Draft"),
    Field("StartDate", "date", "Contract Start Date"),
    Field("EndDate", "date", "Contract End Date"),
    number("ContractTerm", "double", "Contract Term", 5, 0),
    lookup("OwnerId", "Owner ID", "User"),
    lookup("SBQQ__Quote__c", "Quote", "SBQQ__Quote__c"),
    lookup("SBQQ__Opportunity__c", "Opportunity", "Opportunity", "SBQQ__Contracts__r"),
    lookup("SBQQ__RenewalOpportunity__c", "Renewal Opportunity", "Opportunity"),
)
SUBSCRIPTION = sobject(
    "SBQQ__Subscription__c",
    "a0s",
    "Subscriptions",
    derived("Name", "string", "Subscription #", 80),
    fixed("SBQQ__Contract__c", "Contract", "Contract", "SBQQ__Subscriptions__r", required=True, cascade=True),
    lookup("SBQQ__Product__c", "Product", "Product2"),
    lookup("SBQQ__QuoteLine__c", "Quote Line", "SBQQ__QuoteLine__c", "SBQQ__Subscriptions__r"),
    lookup(
        "SBQQ__RevisedSubscription__c",
        "Revised Subscription",
        "SBQQ__Subscription__c",
        "SBQQ__RevisingSubscriptions__r",
    ),
    Field("SBQQ__Quantity__c", "double", "Quantity", precision=12, scale=2, required=True),
    number("SBQQ__NetPrice__c", "currency", "Net Unit Price", 18, 2),
    Field("SBQQ__StartDate__c", "date", "Start Date"),
    Field("SBQQ__EndDate__c", "date", "End Date"),
    Field("SBQQ__TerminatedDate__c", "date", "Terminated Date"),
    text("Role__c", "Role", 80),
    choice("Contract_Type__c", "Contract Type", tuple(TERMS)),
    text("SBQQ__Description__c", "Description"),
)

CPQ = (QUOTE, QUOTE_LINE, CONTRACT, SUBSCRIPTION)
