"""Billing schedules and the transactions: sales orders, invoices, customer payments."""

from throughline.sandbox.netsuite.schema import (
    COMMON,
    Field,
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
PAYMENT_STATUS = {"C": "Not Deposited", "V": "Voided"}

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
)
_ITEMS = Sublist(name="item", title="Items", key="line", fields=_LINE, required=True, numbered=True)
_HEAD = (
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
        *_HEAD,
        choice("orderStatus", "Status", ORDER_STATUS, default="A"),
        ref("billingSchedule", "Billing Schedule", "billingSchedule"),
    ),
    sublists=(_ITEMS,),
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
        *_HEAD,
        choice("status", "Status", INVOICE_STATUS, read_only=True, default="A"),
        ref("createdFrom", "Created From", "salesOrder"),
        ref("postingPeriod", "Posting Period", "accountingPeriod"),
        day("dueDate", "Due Date"),
        number("amountPaid", "Amount Paid", read_only=True),
        number("amountRemaining", "Amount Remaining", read_only=True),
        choice("approvalStatus", "Approval Status", {"1": "Pending Approval", "2": "Approved"}, default="2"),
    ),
    sublists=(_ITEMS,),
)

PAYMENT = RecordType(
    name="customerPayment",
    title="Payment",
    family="transaction",
    label="Payment #{tranId}",
    code="CustPymt",
    prefix="PYMT",
    posting=True,
    fields=(
        *COMMON,
        text("tranId", "Payment #", length=45),
        day("tranDate", "Date"),
        ref("customer", "Customer", "customer", required=True),
        ref("subsidiary", "Subsidiary", "subsidiary"),
        ref("currency", "Currency", "currency"),
        number("payment", "Payment Amount", required=True),
        ref("postingPeriod", "Posting Period", "accountingPeriod"),
        text("memo", "Memo", length=999),
        choice("status", "Status", PAYMENT_STATUS, read_only=True, default="C"),
        flag("undepFunds", "Undeposited Funds", default=True),
        number("total", "Total", read_only=True),
        number("applied", "Applied", read_only=True),
        number("unapplied", "Unapplied", read_only=True),
    ),
    sublists=(
        Sublist(
            name="apply",
            title="Apply",
            key="doc",
            fields=(
                Field(name="doc", title="Invoice", kind="reference", to="invoice", required=True),
                flag("apply", "Apply", default=True),
                number("amount", "Amount", required=True),
            ),
        ),
    ),
)

TRANSACTIONS = (BILLING_SCHEDULE, SALES_ORDER, INVOICE, PAYMENT)
