"""The tables SuiteQL sees, and what their columns are on the shelf."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from throughline.sandbox.netsuite.amounts import cents
from throughline.sandbox.netsuite.catalogue import TYPES
from throughline.sandbox.netsuite.notes import DELETED, NOTE
from throughline.sandbox.netsuite.schema_receivables import CREDIT_STATUS, JOURNAL_STATUS, PAYMENT_STATUS
from throughline.sandbox.netsuite.schema_transactions import INVOICE_STATUS, ORDER_STATUS
from throughline.sandbox.netsuite.wire import plain
from throughline.sandbox.shelf import Record, Shelf

type Kind = Literal["text", "number", "flag", "day", "moment"]
type Rows = Callable[[Shelf], Iterable[Record]]


@dataclass(frozen=True, slots=True)
class Column:
    """`to` and `choices` are what BUILTIN.DF needs to show a name instead of an id."""

    kept_as: str
    kind: Kind = "text"
    to: str = ""
    choices: Mapping[str, str] = field(default_factory=dict[str, str])

    def read(self, record: Record) -> Any:
        value = record.get(self.kept_as)
        if value is None or value == "":
            return "F" if self.kind == "flag" else None
        match self.kind:
            case "text":
                return str(value)
            case "number":
                return Decimal(value)
            case "flag":
                return "T" if value is True or value == "T" else "F"
            case "day":
                return date.fromisoformat(value)
            case "moment":
                return datetime.fromisoformat(value)


@dataclass(frozen=True, slots=True)
class Table:
    rows: Rows
    columns: Mapping[str, Column]


def _of(kind: str) -> Rows:
    return lambda shelf: list(shelf.all(kind).values())


def _columns(*, text: str = "", number: str = "", flag: str = "", day: str = "", moment: str = "") -> dict[str, Column]:
    """Columns named as their fields, but in lower case."""
    kinds: dict[Kind, str] = {"text": text, "number": number, "flag": flag, "day": day, "moment": moment}
    return {name.lower(): Column(name, kind) for kind, names in kinds.items() for name in names.split()}


def _links(**to: str) -> dict[str, Column]:
    """Columns that hold the id of a record of another type: column = "field:type"."""
    return {column: Column(said.split(":")[0], "number", to=said.split(":")[1]) for column, said in to.items()}


_BASE = {
    **_columns(text="externalId lastModifiedBy", number="id", flag="isInactive", moment="lastModifiedDate"),
    "datecreated": Column("createdDate", "moment"),
}
_STATUS = {
    **{f"SalesOrd:{code}": f"Sales Order : {name}" for code, name in ORDER_STATUS.items()},
    **{f"CustInvc:{code}": f"Invoice : {name}" for code, name in INVOICE_STATUS.items()},
    **{f"CustPymt:{code}": f"Payment : {name}" for code, name in PAYMENT_STATUS.items()},
    **{f"CustCred:{code}": f"Credit Memo : {name}" for code, name in CREDIT_STATUS.items()},
    **{f"Journal:{code}": f"Journal : {name}" for code, name in JOURNAL_STATUS.items()},
}
_CODES = {type_.code: type_.title for type_ in TYPES.values() if type_.code}


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


def _lines(shelf: Shelf) -> Iterable[Record]:
    """Line 0 is the transaction itself. What is sold is negative, as in the general ledger."""
    for record in _transactions(shelf):
        head = {"transaction": record["id"], "subsidiary": record.get("subsidiary"), "entity": record["entity"]}
        own = {"line": 0, "amount": record.get("total"), "department": record.get("department")}
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
            yield {**head, **line, "transaction": record["id"], "mainline": False, "amount": plain(amount)}


TABLES: dict[str, Table] = {
    "customer": Table(
        _of("customer"),
        {
            **_BASE,
            **_columns(
                text="entityId companyName vatRegNumber email phone url comments firstName lastName category",
                number="creditLimit",
                flag="isPerson",
            ),
            **_links(
                subsidiary="subsidiary:subsidiary",
                currency="currency:currency",
                terms="terms:term",
                parent="parent:customer",
            ),
        },
    ),
    "job": Table(
        _of("job"),
        {
            **_BASE,
            **_columns(text="entityId companyName jobBillingType", day="startDate projectedEndDate"),
            **_links(
                customer="parent:customer",
                subsidiary="subsidiary:subsidiary",
                currency="currency:currency",
                projectmanager="projectManager:employee",
            ),
        },
    ),
    "employee": Table(
        _of("employee"),
        {
            **_BASE,
            **_columns(text="entityId firstName lastName email title"),
            **_links(subsidiary="subsidiary:subsidiary", department="department:department"),
        },
    ),
    "transaction": Table(
        _transactions,
        {
            **_BASE,
            **_columns(
                text="tranId recordtype memo otherRefNum",
                flag="posting",
                day="tranDate startDate endDate dueDate",
            ),
            **_columns(
                text="custbody_throughline_contract_type custbody_throughline_revenue custbody_throughline_project"
                " custbody_throughline_write_off"
            ),
            "type": Column("type", choices=_CODES),
            "status": Column("status", choices=_STATUS),
            "createddate": Column("createdDate", "moment"),
            "foreigntotal": Column("total", "number"),
            "foreignamountpaid": Column("amountPaid", "number"),
            "foreignamountunpaid": Column("amountRemaining", "number"),
            **_links(
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
            **_columns(
                text="memo custcol_throughline_line", number="transaction quantity rate", flag="mainline isClosed"
            ),
            "id": Column("line", "number"),
            "linesequencenumber": Column("line", "number"),
            "uniquekey": Column("lineUniqueKey", "number"),
            "foreignamount": Column("amount", "number"),
            **_links(
                item="item:serviceSaleItem",
                department="department:department",
                subsidiary="subsidiary:subsidiary",
                entity="entity:customer",
                taxcode="taxCode:salesTaxItem",
                account="account:account",
            ),
        },
    ),
    "billingschedule": Table(
        _of("billingSchedule"),
        {
            **_BASE,
            **_columns(text="name scheduleType frequency", number="initialAmount"),
            **_links(currency="currency:currency"),
        },
    ),
    "subsidiary": Table(
        _of("subsidiary"),
        {
            **_BASE,
            **_columns(text="name legalName country", flag="isElimination"),
            **_links(parent="parent:subsidiary", currency="currency:currency"),
        },
    ),
    "currency": Table(_of("currency"), {**_BASE, **_columns(text="name symbol", flag="isBaseCurrency")}),
    "department": Table(_of("department"), {**_BASE, **_columns(text="name"), **_links(parent="parent:department")}),
    "item": Table(_of("serviceSaleItem"), {**_BASE, **_columns(text="itemId displayName", number="rate")}),
    "term": Table(_of("term"), {**_BASE, **_columns(text="name", number="daysUntilNetDue")}),
    "salestaxitem": Table(
        _of("salesTaxItem"),
        {**_BASE, **_columns(text="itemId description nexusCountry", number="rate", flag="reverseCharge")},
    ),
    "account": Table(_of("account"), {**_BASE, **_columns(text="acctNumber acctName acctType")}),
    "accountingperiod": Table(
        _of("accountingPeriod"),
        {
            **_BASE,
            **_columns(text="periodName", flag="isYear isQuarter closed arLocked allLocked", day="startDate endDate"),
        },
    ),
    "deletedrecord": Table(
        _of(DELETED),
        _columns(text="recordtypeid type name externalid deletedby", number="recordid", moment="deleteddate"),
    ),
    "systemnote": Table(
        _of(NOTE),
        {
            **_columns(text="recordtype type name field oldvalue newvalue", number="id record", moment="date"),
            "recordid": Column("record", "number"),
            "recordtypeid": Column("recordtype"),
        },
    ),
}
