"""The tables SuiteQL sees, and what their columns are on the shelf."""

from collections.abc import Iterable
from decimal import Decimal

from throughline.sandbox.netsuite.amounts import cents
from throughline.sandbox.netsuite.catalogue import TYPES
from throughline.sandbox.netsuite.names import TRANSACTION
from throughline.sandbox.netsuite.notes import DELETED, NOTE
from throughline.sandbox.netsuite.revenue import arrangements, elements_of
from throughline.sandbox.netsuite.schema_journals import JOURNAL_STATUS
from throughline.sandbox.netsuite.schema_receivables import CREDIT_STATUS, PAYMENT_STATUS
from throughline.sandbox.netsuite.schema_transactions import INVOICE_STATUS, ORDER_STATUS
from throughline.sandbox.netsuite.suiteql_books import BOOKS
from throughline.sandbox.netsuite.suiteql_columns import BASE, Column, Table, columns, links, of
from throughline.sandbox.netsuite.wire import plain
from throughline.sandbox.shelf import Record, Shelf

_STATUS = {
    **{f"SalesOrd:{code}": f"Sales Order : {name}" for code, name in ORDER_STATUS.items()},
    **{f"CustInvc:{code}": f"Invoice : {name}" for code, name in INVOICE_STATUS.items()},
    **{f"CustPymt:{code}": f"Payment : {name}" for code, name in PAYMENT_STATUS.items()},
    **{f"CustCred:{code}": f"Credit Memo : {name}" for code, name in CREDIT_STATUS.items()},
    **{f"Journal:{code}": f"Journal : {name}" for code, name in JOURNAL_STATUS.items()},
}
# Two record types share the code of a journal, and its name.
_CODES = {type_.code: type_.title for type_ in reversed(TYPES.values()) if type_.code} | {
    "RevArrng": "Revenue Arrangement"
}


def _transactions(shelf: Shelf) -> Iterable[Record]:
    for type_ in (type_ for type_ in TYPES.values() if type_.code):
        for record in shelf.all(type_.name).values():
            status = record.get("orderStatus") or record.get("status")
            yield {
                **record,
                "type": type_.code,
                "recordtype": type_.name.lower(),
                "entity": record.get("entity") or record.get("customer"),
                "status": status,
                "posting": type_.posting,
                "_status": f"{type_.code}:{status}",
            }
    yield from arrangements(shelf)


def _lines(shelf: Shelf) -> Iterable[Record]:
    """Line 0 is the transaction itself. What is sold is negative, as in the general ledger."""
    for record in _transactions(shelf):
        head = {"transaction": record["id"], "subsidiary": record.get("subsidiary"), "entity": record.get("entity")}
        head["createdFrom"] = record.get("createdFrom")
        own = {"line": 0, "amount": record.get("total"), "department": record.get("department")}
        yield from elements_of(shelf, record)
        if "line" not in record:  # a journal entry has lines only
            yield {**head, **own, "mainline": True, "memo": record.get("memo"), "lineUniqueKey": f"-{record['id']}"}
        for line in record.get("item", []):
            yield {
                **line,
                **head,
                "mainline": False,
                "memo": line.get("description"),
                "quantity": plain(-Decimal(line["quantity"])),
                "amount": plain(-cents(Decimal(line["amount"]))),
            }
        for line in record.get("line", []):  # a journal's: what is debited is positive
            amount = Decimal(line.get("debit", "0")) - Decimal(line.get("credit", "0"))
            own_books = {"subsidiary": line.get("lineSubsidiary") or record.get("subsidiary")}
            yield {**head, **line, **own_books, "transaction": record["id"], "mainline": False, "amount": plain(amount)}


TABLES: dict[str, Table] = {
    "customer": Table(
        of("customer"),
        {
            **BASE,
            **columns(
                text="entityId companyName vatRegNumber email phone url comments firstName lastName category",
                number="creditLimit",
                flag="isPerson",
            ),
            **links(
                subsidiary="subsidiary:subsidiary",
                currency="currency:currency",
                terms="terms:term",
                parent="parent:customer",
            ),
        },
    ),
    "job": Table(
        of("job"),
        {
            **BASE,
            **columns(text="entityId companyName jobBillingType", day="startDate projectedEndDate"),
            **links(
                customer="parent:customer",
                subsidiary="subsidiary:subsidiary",
                currency="currency:currency",
                projectmanager="projectManager:employee",
            ),
        },
    ),
    "employee": Table(
        of("employee"),
        {
            **BASE,
            **columns(text="entityId firstName lastName email title"),
            **links(subsidiary="subsidiary:subsidiary", department="department:department"),
        },
    ),
    "transaction": Table(
        _transactions,
        {
            **BASE,
            **columns(
                text="tranId recordtype memo otherRefNum",
                flag="posting",
                day="tranDate startDate endDate dueDate",
            ),
            **columns(
                text="custbody_throughline_contract_type custbody_throughline_revenue custbody_throughline_project"
                " custbody_throughline_write_off"
            ),
            **links(id=f"id:{TRANSACTION}"),
            "type": Column("type", choices=_CODES),
            "status": Column("status", choices=_STATUS),
            "createddate": Column("createdDate", "moment"),
            "foreigntotal": Column("total", "number"),
            "foreignamountpaid": Column("amountPaid", "number"),
            "foreignamountunpaid": Column("amountRemaining", "number"),
            **links(
                entity="entity:customer",
                subsidiary="subsidiary:subsidiary",
                currency="currency:currency",
                terms="terms:term",
                postingperiod="postingPeriod:accountingPeriod",
                billingschedule="billingSchedule:billingSchedule",
            ),
        },
    ),
    "transactionline": Table(
        _lines,
        {
            **columns(
                text="memo custcol_throughline_line",
                number="transaction quantity rate revenueElement",
                flag="mainline isClosed eliminate",
            ),
            "id": Column("line", "number"),
            "linesequencenumber": Column("line", "number"),
            "uniquekey": Column("lineUniqueKey", "number"),
            "foreignamount": Column("amount", "number"),
            **links(
                item="item:serviceSaleItem",
                department="department:department",
                subsidiary="subsidiary:subsidiary",
                entity="entity:customer",
                taxcode="taxCode:salesTaxItem",
                createdfrom="createdFrom:salesOrder",
                account="account:account",
            ),
        },
    ),
    "billingschedule": Table(
        of("billingSchedule"),
        {
            **BASE,
            **columns(text="name scheduleType frequency", number="initialAmount"),
            **links(currency="currency:currency"),
        },
    ),
    "subsidiary": Table(
        of("subsidiary"),
        {
            **BASE,
            **columns(text="name legalName country", flag="isElimination"),
            **links(parent="parent:subsidiary", currency="currency:currency"),
        },
    ),
    "currency": Table(of("currency"), {**BASE, **columns(text="name symbol", flag="isBaseCurrency")}),
    "department": Table(of("department"), {**BASE, **columns(text="name"), **links(parent="parent:department")}),
    "item": Table(of("serviceSaleItem"), {**BASE, **columns(text="itemId displayName", number="rate")}),
    "term": Table(of("term"), {**BASE, **columns(text="name", number="daysUntilNetDue")}),
    "salestaxitem": Table(
        of("salesTaxItem"),
        {**BASE, **columns(text="itemId description nexusCountry", number="rate", flag="reverseCharge")},
    ),
    "account": Table(of("account"), {**BASE, **columns(text="acctNumber acctName acctType")}),
    "deletedrecord": Table(
        of(DELETED),
        columns(text="recordtypeid type name externalid deletedby", number="recordid", moment="deleteddate"),
    ),
    "systemnote": Table(
        of(NOTE),
        {
            **columns(text="recordtype type name field oldvalue newvalue", number="id record", moment="date"),
            "recordid": Column("record", "number"),
            "recordtypeid": Column("recordtype"),
        },
    ),
    **BOOKS,
}
