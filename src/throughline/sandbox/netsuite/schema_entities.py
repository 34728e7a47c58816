"""Customers and projects."""

from throughline.sandbox.netsuite.schema import (
    COMMON,
    Field,
    RecordType,
    Sublist,
    choice,
    day,
    flag,
    number,
    ref,
    text,
)
from throughline.sandbox.netsuite.schema_lists import CATEGORIES

_ADDRESS = Field(
    name="addressbookAddress",
    title="Address",
    kind="subrecord",
    fields=(
        text("addressee", "Addressee"),
        text("attention", "Attention"),
        text("addr1", "Address 1", length=150),
        text("addr2", "Address 2", length=150),
        text("city", "City", length=50),
        text("state", "State"),
        text("zip", "Zip", length=36),
        Field(name="country", title="Country", kind="choice"),
        text("addrPhone", "Phone"),
    ),
)

CUSTOMER = RecordType(
    name="customer",
    title="Customer",
    family="entity",
    label="{entityId} {companyName}",
    prefix="CUST",
    fields=(
        *COMMON,
        text("entityId", "Customer ID", length=83),
        flag("isPerson", "Individual"),
        text("companyName", "Company Name", length=83),
        text("firstName", "First Name", length=32),
        text("lastName", "Last Name", length=32),
        ref("parent", "Child of", "customer"),
        ref("subsidiary", "Primary Subsidiary", "subsidiary", required=True),
        ref("currency", "Primary Currency", "currency"),
        ref("terms", "Terms", "term"),
        text("vatRegNumber", "Tax Reg. Number", length=20),
        text("email", "Email", length=254),
        text("phone", "Phone", length=32),
        text("url", "Web Address"),
        text("comments", "Comments"),
        CATEGORIES,
        number("creditLimit", "Credit Limit"),
        flag("taxable", "Taxable", default=None),
        ref("taxItem", "Tax Item", "salesTaxItem", in_subsidiary=True),
        ref("salesRep", "Sales Rep", "employee"),
        choice("entityStatus", "Status", {"13": "Customer-Closed Won", "7": "Lead-Qualified"}, default="13"),
    ),
    sublists=(
        Sublist(
            name="addressbook",
            title="Address",
            also="addressBook",
            key="internalId",
            fields=(
                text("internalId", "Internal ID"),
                text("label", "Label"),
                flag("defaultBilling", "Default Billing"),
                flag("defaultShipping", "Default Shipping"),
                _ADDRESS,
            ),
        ),
        Sublist(
            name="currencyList",
            title="Currencies",
            key="internalId",
            fields=(text("internalId", "Internal ID"), ref("currency", "Currency", "currency", required=True)),
        ),
    ),
)

JOB = RecordType(
    name="job",
    title="Project",
    family="entity",
    label="{entityId} {companyName}",
    prefix="PROJ",
    fields=(
        *COMMON,
        text("entityId", "Project ID", length=83),
        text("companyName", "Project Name", required=True, length=83),
        ref("parent", "Customer", "customer", required=True),
        ref("subsidiary", "Subsidiary", "subsidiary"),
        ref("currency", "Currency", "currency"),
        choice("jobType", "Project Type", {"1": "Advisory", "2": "Implementation", "3": "Analytics", "4": "Managed"}),
        choice("entityStatus", "Project Status", {"1": "Closed", "2": "In Progress", "4": "Pending"}, default="2"),
        day("startDate", "Start Date"),
        day("projectedEndDate", "Projected End Date"),
        day("calculatedEndDate", "Calculated End Date", read_only=True),
        choice(
            "jobBillingType",
            "Billing Type",
            {
                "CB": "Charge-Based",
                "FBI": "Fixed Bid, Interval",
                "FBM": "Fixed Bid, Milestone",
                "TM": "Time and Materials",
            },
        ),
        ref("billingSchedule", "Billing Schedule", "billingSchedule"),
        ref("projectManager", "Project Manager", "employee"),
        ref("department", "Department", "department", in_subsidiary=True),
        number("estimatedCost", "Estimated Cost"),
        number("estimatedRevenue", "Estimated Revenue"),
        number("estimatedTime", "Estimated Time"),
        number("percentComplete", "Percent Complete"),
        flag("allowTime", "Allow Time Entry", default=True),
        flag("allowExpenses", "Allow Expenses", default=True),
        flag("limitTimeToAssignees", "Limit Time to Assignees"),
        text("comments", "Comments"),
    ),
)

ENTITIES = (CUSTOMER, JOB)
