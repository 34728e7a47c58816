"""Our words and NetSuite's for what is billed and what settles it: one row per field."""

from throughline.connectors.netsuite.mapping import COST_CENTRE, CURRENCY, ITEM, SUBSIDIARY, TAX_CODE, TERMS
from throughline.core.entities import CreditMemo, Invoice, Payment, WriteOff
from throughline.core.forms import Amount, Choice, CurrencyOf, Day, Instant, Number, Ref
from throughline.core.lists import Line, Lines
from throughline.core.mapping import Mapping, Row, Rung

MONEY = Amount(currency="currency.refName")
LINES = Lines(
    (
        Line("key", "custcol_throughline_line"),
        Line("contract_line", "custcol_throughline_contract_line"),
        Line("item", "item.id", ITEM),
        Line("description", "description"),
        Line("quantity", "quantity", Number()),
        Line("unit_price", "rate", MONEY),
        Line("amount", "amount", MONEY),
        Line("tax_code", "taxCode.id", TAX_CODE),
        Line("tax", "tax1Amt", MONEY, flow="in"),
        Line("cost_centre", "department.id", COST_CENTRE),
    )
)

INVOICE = Mapping(
    Invoice,
    resource="invoice",
    key="id",
    changed="lastModifiedDate",
    control="total",
    id_field="externalId",
    rung=Rung.UPSERT,
    rows=(
        Row("customer", "entity.id", Ref("customer")),
        Row("contract", "createdFrom.id", Ref("contract")),
        Row("project", "custbody_throughline_project"),
        Row("legal_entity", "subsidiary.id", SUBSIDIARY),
        Row("currency", "currency.id", CURRENCY),
        Row("issued_on", "tranDate", Day()),
        Row("due_on", "dueDate", Day()),
        Row("starts", "startDate", Day()),
        Row("ends", "endDate", Day()),
        Row("purchase_order", "otherRefNum"),
        Row("payment_terms", "terms.id", TERMS),
        Row("memo", "memo"),
        Row("lines", "item.items", LINES),
        # What only NetSuite can say. `standing` is made of several of its fields, by `standing`.
        Row("number", "tranId", flow="in"),
        Row(
            "state",
            "standing",
            Choice({name: name for name in ("draft", "posted", "sent", "partly_paid", "paid", "void")}),
            flow="in",
        ),
        Row("period", "postingPeriod.refName", flow="in"),
        Row("posted_at", "createdDate", Instant(), flow="in"),
        Row("net", "subtotal", MONEY, flow="in"),
        Row("tax", "taxTotal", MONEY, flow="in"),
        Row("total", "total", MONEY, flow="in"),
        Row("open_amount", "amountRemaining", MONEY, flow="in"),
    ),
)

CREDIT_MEMO = Mapping(
    CreditMemo,
    resource="creditMemo",
    key="id",
    changed="lastModifiedDate",
    id_field="externalId",
    rung=Rung.UPSERT,
    rows=(
        Row("customer", "entity.id", Ref("customer")),
        Row("invoice", "createdFrom.id", Ref("invoice")),
        Row("legal_entity", "subsidiary.id", SUBSIDIARY),
        Row("currency", "currency.id", CURRENCY),
        Row("issued_on", "tranDate", Day()),
        Row("reason", "memo"),
        Row("lines", "item.items", LINES),
        Row("number", "tranId", flow="in"),
        Row("total", "total", MONEY, flow="in"),
        Row("tax", "taxTotal", MONEY, flow="in"),
    ),
)

# Money is received by the people in finance, or by the bank's feed: we only read it.
PAYMENT = Mapping(
    Payment,
    resource="customerPayment",
    key="id",
    changed="lastModifiedDate",
    id_field="externalId",
    rows=(
        Row("number", "tranId", flow="in"),
        Row("customer", "customer.id", Ref("customer"), flow="in"),
        Row("legal_entity", "subsidiary.id", SUBSIDIARY, flow="in"),
        Row("received_on", "tranDate", Day(), flow="in"),
        Row("amount", "payment", MONEY, flow="in"),
        Row("unapplied", "unapplied", MONEY, flow="in"),
        Row("reference", "otherRefNum", flow="in"),
        Row(
            "applications",
            "apply.items",
            Lines((Line("invoice", "doc.id", Ref("invoice"), flow="in"), Line("amount", "amount", MONEY, flow="in"))),
            flow="in",
        ),
    ),
)

# A journal entry has two lines and no customer of its own; `write_offs` makes it of this flat record, and back.
WRITE_OFF = Mapping(
    WriteOff,
    resource="journalEntry",
    key="id",
    changed="lastModifiedDate",
    id_field="externalId",
    rung=Rung.UPSERT,
    rows=(
        Row("invoice", "custbody_throughline_write_off", Ref("invoice")),
        Row("customer", "customer.id", Ref("customer")),
        Row("amount", "total", MONEY),
        Row("amount", "currency.id", CurrencyOf(CURRENCY), flow="out"),
        Row("day", "tranDate", Day()),
        Row("reason", "memo"),
    ),
)
