"""The record types a firm sets up once: subsidiaries, currencies, terms, tax codes, items, people, periods."""

from throughline.sandbox.netsuite.schema import COMMON, Field, RecordType, choice, day, flag, number, ref, refs, text
from throughline.sandbox.netsuite.spread import RULES

ACCOUNT_TYPES = {"AcctRec": "Accounts Receivable", "Bank": "Bank", "COGS": "Cost of Goods Sold",
                 "DeferRevenue": "Deferred Revenue", "Expense": "Expense", "Income": "Income",
                 "OthCurrAsset": "Other Current Asset", "OthCurrLiab": "Other Current Liability"}  # fmt: skip
_PLANS_ON = {"1": "Revenue Arrangement Creation", "2": "Billing"}

LISTS = (
    RecordType(
        name="subsidiary",
        title="Subsidiary",
        family="subsidiary",
        label="{name}",
        fields=(
            *COMMON,
            text("name", "Name", required=True, length=83),
            text("legalName", "Legal Name"),
            ref("parent", "Subsidiary of", "subsidiary"),
            ref("currency", "Currency", "currency", required=True),
            text("country", "Country", length=2, required=True),
            flag("isElimination", "Elimination"),
        ),
    ),
    RecordType(
        name="currency",
        title="Currency",
        family="currency",
        label="{name}",
        fields=(
            *COMMON,
            text("name", "Name", required=True),
            text("symbol", "ISO Code", length=3, required=True),
            flag("isBaseCurrency", "Base Currency"),
        ),
    ),
    RecordType(
        name="term",
        title="Term",
        family="term",
        label="{name}",
        fields=(*COMMON, text("name", "Terms", required=True), number("daysUntilNetDue", "Days Till Net Due")),
    ),
    RecordType(
        name="salesTaxItem",
        title="Tax Code",
        family="tax",
        label="{itemId}",
        fields=(
            *COMMON,
            text("itemId", "Tax Code", required=True),
            text("description", "Description"),
            number("rate", "Rate", required=True),
            flag("reverseCharge", "Reverse Charge"),
            text("nexusCountry", "Country", length=2),
            refs("subsidiary", "Subsidiaries", "subsidiary"),
        ),
    ),
    RecordType(
        name="serviceSaleItem",
        title="Service for Sale",
        family="item",
        label="{itemId}",
        fields=(
            *COMMON,
            text("itemId", "Item Name/Number", required=True),
            text("displayName", "Display Name"),
            text("salesDescription", "Sales Description"),
            number("rate", "Sales Price"),
            refs("subsidiary", "Subsidiaries", "subsidiary"),
            choice("revenueRecognitionRule", "Revenue Recognition Rule", RULES),
            choice("createRevenuePlansOn", "Create Revenue Plans On", _PLANS_ON),
        ),
    ),
    RecordType(
        name="department",
        title="Department",
        family="department",
        label="{name}",
        fields=(
            *COMMON,
            text("name", "Name", required=True),
            ref("parent", "Sub-Department of", "department"),
            refs("subsidiary", "Subsidiaries", "subsidiary"),
        ),
    ),
    RecordType(
        name="employee",
        title="Employee",
        family="entity",
        label="{entityId}",
        fields=(
            *COMMON,
            text("entityId", "Employee ID", required=True),
            text("firstName", "First Name"),
            text("lastName", "Last Name"),
            text("email", "Email"),
            text("title", "Job Title"),
            ref("subsidiary", "Subsidiary", "subsidiary", required=True),
            ref("department", "Department", "department", in_subsidiary=True),
            ref("supervisor", "Supervisor", "employee"),
        ),
    ),
    RecordType(
        name="account",
        title="Account",
        family="account",
        label="{acctNumber} {acctName}",
        fields=(
            *COMMON,
            text("acctNumber", "Number", required=True, length=60),
            text("acctName", "Name", required=True),
            choice("acctType", "Type", ACCOUNT_TYPES, required=True),
        ),
    ),
    RecordType(
        name="accountingPeriod",
        title="Accounting Period",
        family="accountingPeriod",
        label="{periodName}",
        fields=(
            *COMMON,
            text("periodName", "Period Name", required=True),
            day("startDate", "Start Date", required=True),
            day("endDate", "End Date", required=True),
            ref("parent", "Sub-Period of", "accountingPeriod"),
            flag("isYear", "Is Year"),
            flag("isQuarter", "Is Quarter"),
            flag("isAdjust", "Is Adjustment"),
            flag("arLocked", "A/R Locked"),
            flag("apLocked", "A/P Locked"),
            flag("payrollLocked", "Payroll Locked"),
            flag("allLocked", "All Locked"),
            flag("closed", "Closed"),
            Field(name="closedOnDate", title="Date Closed", kind="datetime", read_only=True),
        ),
    ),
)

CATEGORIES = choice("category", "Category", {"1": "Corporate", "2": "Public sector", "3": "Individual"})
