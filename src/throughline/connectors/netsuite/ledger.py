"""Our words and NetSuite's for the books: periods, rates, planned revenue, and what our companies charge each other."""

from throughline.connectors.netsuite.mapping import CURRENCY, SUBSIDIARY
from throughline.core.entities import FiscalPeriod, FxRate, IntercompanyCharge, RevenueSchedule
from throughline.core.forms import Amount, Choice, CurrencyOf, Day, Flag, Instant, Number, Ref
from throughline.core.lists import Line, Lines
from throughline.core.mapping import Mapping, Row, Rung

OFTEN, SELDOM = 60, 15 * 60
IN_CURRENCY = Amount(currency="currency")

# One for each subsidiary: `periods` makes them of the account's periods and of who has locked what.
FISCAL_PERIOD = Mapping(
    FiscalPeriod,
    resource="accountingPeriod",
    key="id",
    changed="changed",
    poll_seconds=OFTEN,
    rows=(
        Row("name", "name", flow="in"),
        Row("legal_entity", "subsidiary", SUBSIDIARY, flow="in"),
        Row("starts", "starts", Day(), flow="in"),
        Row("ends", "ends", Day(), flow="in"),
        Row("state", "state", Choice({name: name for name in ("open", "closing", "closed")}), flow="in"),
        Row("closed_at", "closed_at", Instant(), flow="in"),
    ),
)

FX_RATE = Mapping(
    FxRate,
    resource="currencyRate",
    key="id",
    changed="changed",
    poll_seconds=SELDOM,
    rows=(
        # A unit of the foreign currency is worth so much in the base currency.
        Row("source", "source", flow="in"),
        Row("target", "base", flow="in"),
        Row("day", "day", Day(), flow="in"),
        Row("rate", "exchangerate", Number(), flow="in"),
        Row("provider", "provider", flow="in"),
    ),
)

# One for each sales order: `revenue` makes it of the plans of all its arrangements.
REVENUE_SCHEDULE = Mapping(
    RevenueSchedule,
    resource="revenuePlan",
    key="id",
    changed="changed",
    poll_seconds=OFTEN,
    rows=(
        Row("contract", "id", Ref("contract"), flow="in"),
        Row("treatment", "treatment", flow="in"),
        Row("currency", "currency", flow="in"),
        Row("starts", "starts", Day(), flow="in"),
        Row("ends", "ends", Day(), flow="in"),
        Row("total", "total", IN_CURRENCY, flow="in"),
        Row(
            "lines",
            "lines",
            Lines(
                (
                    Line("period", "period", flow="in"),
                    Line("contract_line", "contract_line", flow="in"),
                    Line("amount", "amount", IN_CURRENCY, flow="in"),
                    Line("recognised", "recognised", Flag(yes="T", no="F"), flow="in"),
                    Line("journal", "journal", Ref("journal_reference"), flow="in"),
                )
            ),
            flow="in",
        ),
    ),
)

# A journal entry has four lines, two for each company; `intercompany` makes it of this flat record, and back.
INTERCOMPANY_CHARGE = Mapping(
    IntercompanyCharge,
    resource="advInterCompanyJournalEntry",
    key="id",
    id_field="externalId",
    rung=Rung.UPSERT,
    rows=(
        Row("provider", "subsidiary.id", SUBSIDIARY),
        Row("receiver", "receiver.id", SUBSIDIARY),
        Row("project", "custbody_throughline_project"),
        Row("period", "period"),
        Row("hours", "custbody_throughline_hours", Number()),
        Row("amount", "amount", Amount(currency="currency.refName")),
        Row("amount", "currency.id", CurrencyOf(CURRENCY), flow="out"),
        Row("markup_percent", "custbody_throughline_markup", Number()),
        Row(
            "receiver_amount",
            "custbody_throughline_receiver_amount",
            Amount(currency="custbody_throughline_receiver_currency"),
        ),
        Row("receiver_amount", "custbody_throughline_receiver_currency", CurrencyOf(), flow="out"),
        Row("fx_rate", "rate", Number()),
        Row("fx_day", "custbody_throughline_fx_day", Day()),
        Row("tax_code", "custbody_throughline_tax_code"),
    ),
)
