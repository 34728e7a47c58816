"""Billing schedules, and what is sold and billed: sales orders and invoices."""

from throughline.sandbox.netsuite.schema import (
    COMMON,
    RecordType,
    Sublist,
    choice,
    day,
    flag,
    integer,
    number,
    ref,
    text,
)

_FREQUENCY = {
    "ANNUALLY": "Annually",
    "CUSTOM": "Custom",
    "DAILY": "Daily",
    "MONTHLY": "Monthly",
    "NEVER": "Never",
    "ONETIME": "One Time",
    "QUARTERLY": "Quarterly",
    "WEEKLY": "Weekly",
    "YEARLY": "Yearly",
}
_SCHEDULE = {
    "CB": "Charge-Based",
    "FBI": "Fixed Bid Interval",
    "FBM": "Fixed Bid Milestone",
    "STD": "Standard",
    "TM": "Time and Materials",
}
ORDER_STATUS = {
    "A": "Pending Approval",
    "B": "Pending Fulfillment",
    "C": "Cancelled",
    "D": "Partially Fulfilled",
    "E": "Pending Billing/Partially Fulfilled",
    "F": "Pending Billing",
    "G": "Billed",
    "H": "Closed",
}
INVOICE_STATUS = {"A": "Open", "B": "Paid In Full", "V": "Voided"}

_LINE = (
    integer("line", "Line"),
    integer("lineUniqueKey", "Line Unique Key", read_only=True),
    ref("item", "Item", "serviceSaleItem", required=True),
    text("description", "Description"),
    number("quantity", "Quantity"),
    number("rate", "Rate"),
    number("amount", "Amount"),
    ref("taxCode", "Tax Code", "salesTaxItem", in_subsidiary=True),
    number("taxRate1", "Tax Rate", read_only=True),
    number("tax1Amt", "Tax Amount", read_only=True),
    ref("department", "Department", "department", in_subsidiary=True),
    ref("billingSchedule", "Billing Schedule", "billingSchedule"),
    flag("isClosed", "Closed"),
    text("custcol_throughline_line", "Throughline Line", length=300),
    text("custcol_throughline_contract_line", "Throughline Contract Line", length=300),
)
ITEMS = Sublist(name="item", title="Items", key="line", fields=_LINE, required=True, numbered=True)
HEAD = (
    *COMMON,
    text("tranId", "Transaction Number", length=45),
    day("tranDate", "Date"),
    ref("entity", "Customer", "customer", required=True),
    ref("subsidiary", "Subsidiary", "subsidiary"),
    ref("currency", "Currency", "currency"),
    number("exchangeRate", "Exchange Rate"),
    ref("terms", "Terms", "term"),
    ref("department", "Department", "department", in_subsidiary=True),
    ref("job", "Project", "job"),
    text("memo", "Memo", length=999),
    text("otherRefNum", "PO #", length=45),
    day("startDate", "Start Date"),
    day("endDate", "End Date"),
    ref("salesRep", "Sales Rep", "employee"),
    text("custbody_throughline_contract_type", "Throughline Contract Type"),
    text("custbody_throughline_revenue", "Throughline Revenue Treatment"),
    text("custbody_throughline_project", "Throughline Project", length=300),
    number("custbody_throughline_cost_to_complete", "Throughline Cost to Complete"),
    text("custbody_throughline_cost_currency", "Throughline Cost Currency", length=3),
    number("custbody_throughline_cost_hours", "Throughline Hours to Complete"),
    day("custbody_throughline_cost_as_of", "Throughline Cost as of"),
    number("subtotal", "Subtotal", read_only=True),
    number("taxTotal", "Tax Total", read_only=True),
    number("total", "Total", read_only=True),
)

BILLING_SCHEDULE = RecordType(
    name="billingSchedule",
    title="Billing Schedule",
    family="billingSchedule",
    label="{name}",
    fields=(
        *COMMON,
        text("name", "Name", required=True),
        choice("scheduleType", "Type", _SCHEDULE, required=True),
        choice("frequency", "Recurrence Frequency", _FREQUENCY),
        number("initialAmount", "Initial Amount"),
        ref("currency", "Currency", "currency"),
        ref("project", "Project", "job"),
        flag("isPublic", "Public"),
    ),
    sublists=(
        Sublist(
            name="recurrence",
            title="Recurrence",
            key="recurrenceId",
            fields=(
                text("recurrenceId", "Recurrence"),
                integer("count", "Count"),
                choice("units", "Units", {"DAYS": "Days", "WEEKS": "Weeks", "MONTHS": "Months", "CUSTOM": "Custom"}),
                number("amount", "Amount"),
                day("date", "Date"),
                text("memo", "Memo"),
                ref("paymentTerms", "Payment Terms", "term"),
            ),
        ),
        Sublist(
            name="milestone",
            title="Milestone",
            key="milestoneId",
            fields=(
                text("milestoneId", "Milestone"),
                text("milestoneName", "Milestone Name"),
                day("milestoneDate", "Estimated Completion Date"),
                day("milestoneActualCompletionDate", "Actual Completion Date"),
                number("milestoneAmount", "Amount"),
                flag("milestoneCompleted", "Completed"),
                text("comments", "Comments"),
            ),
        ),
    ),
)

SALES_ORDER = RecordType(
    name="salesOrder",
    title="Sales Order",
    family="transaction",
    label="Sales Order #{tranId}",
    code="SalesOrd",
    prefix="SO",
    fields=(
        *HEAD,
        choice("orderStatus", "Status", ORDER_STATUS, default="A"),
        ref("billingSchedule", "Billing Schedule", "billingSchedule"),
    ),
    sublists=(ITEMS,),
)

INVOICE = RecordType(
    name="invoice",
    title="Invoice",
    family="transaction",
    label="Invoice #{tranId}",
    code="CustInvc",
    prefix="INV",
    posting=True,
    fields=(
        *HEAD,
        choice("status", "Status", INVOICE_STATUS, read_only=True, default="A"),
        ref("createdFrom", "Created From", "salesOrder"),
        ref("postingPeriod", "Posting Period", "accountingPeriod"),
        day("dueDate", "Due Date"),
        number("amountPaid", "Amount Paid", read_only=True),
        number("amountRemaining", "Amount Remaining", read_only=True),
        choice("approvalStatus", "Approval Status", {"1": "Pending Approval", "2": "Approved"}, default="2"),
        # NetSuite keeps no "sent" of its own: the script of the bundle stamps this day when the invoice is mailed.
        day("custbody_throughline_sent_on", "Throughline Sent On"),
    ),
    sublists=(ITEMS,),
)

TRANSACTIONS = (BILLING_SCHEDULE, SALES_ORDER, INVOICE)
