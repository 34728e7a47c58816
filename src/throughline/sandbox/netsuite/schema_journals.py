"""Journal entries: those of one subsidiary, which also write something off, and those between subsidiaries."""

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

JOURNAL_STATUS = {"A": "Pending Approval", "B": "Approved for Posting"}
_HEAD = (
    *COMMON,
    text("tranId", "Entry No.", length=45),
    day("tranDate", "Date"),
    ref("subsidiary", "Subsidiary", "subsidiary", required=True),
    ref("currency", "Currency", "currency"),
    ref("postingPeriod", "Posting Period", "accountingPeriod"),
    text("memo", "Memo", length=999),
    flag("approved", "Approved", default=True),
    choice("status", "Status", JOURNAL_STATUS, read_only=True, default="B"),
    number("total", "Total", read_only=True),
)
_LINE = (
    integer("line", "Line"),
    integer("lineUniqueKey", "Line Unique Key", read_only=True),
    ref("account", "Account", "account", required=True),
    number("debit", "Debit"),
    number("credit", "Credit"),
    ref("entity", "Name", "customer"),
    text("memo", "Memo", length=999),
)


def _lines(*fields: Field) -> Sublist:
    return Sublist(name="line", title="Lines", key="line", numbered=True, required=True, fields=(*_LINE, *fields))


JOURNAL = RecordType(
    name="journalEntry",
    title="Journal",
    family="transaction",
    label="Journal #{tranId}",
    code="Journal",
    prefix="JE",
    posting=True,
    fields=(*_HEAD, text("custbody_throughline_write_off", "Throughline Write-off", length=300)),
    sublists=(_lines(ref("department", "Department", "department", in_subsidiary=True)),),
)

# Each line is of the subsidiary it names, so no department of another one is out of place on it.
INTERCOMPANY = RecordType(
    name="advInterCompanyJournalEntry",
    title="Advanced Intercompany Journal Entry",
    family="transaction",
    label="Journal #{tranId}",
    code="Journal",
    prefix="JE",
    posting=True,
    fields=(
        *_HEAD,
        text("custbody_throughline_project", "Throughline Project", length=300),
        number("custbody_throughline_hours", "Throughline Hours"),
        number("custbody_throughline_markup", "Throughline Mark-up"),
        text("custbody_throughline_tax_code", "Throughline Tax Code", length=300),
        day("custbody_throughline_fx_day", "Throughline Rate Day"),
        number("custbody_throughline_receiver_amount", "Throughline Receiver Amount"),
        text("custbody_throughline_receiver_currency", "Throughline Receiver Currency", length=3),
    ),
    sublists=(
        _lines(
            ref("lineSubsidiary", "Subsidiary", "subsidiary"),
            ref("department", "Department", "department"),
            ref("dueToFromSubsidiary", "Due To/From Subsidiary", "subsidiary"),
            flag("eliminate", "Eliminate"),
            number("lineFxRate", "Exchange Rate"),
        ),
    ),
)

JOURNALS = (JOURNAL, INTERCOMPANY)
