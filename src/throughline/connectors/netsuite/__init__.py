"""NetSuite: the ERP. Customers, contracts, billing plans, invoices with all that settles them, and the books."""

from throughline.connectors.netsuite import api, auth, bulk, hooks, ledger, mapping, receivables
from throughline.core.connector import Connector

CONNECTOR = Connector(
    name="netsuite",
    mappings=(
        mapping.CUSTOMER,
        mapping.BILLING_PLAN,
        mapping.CONTRACT,
        mapping.COST_FORECAST,
        receivables.INVOICE,
        receivables.CREDIT_MEMO,
        receivables.PAYMENT,
        receivables.WRITE_OFF,
        ledger.FISCAL_PERIOD,
        ledger.FX_RATE,
        ledger.REVENUE_SCHEDULE,
        ledger.INTERCOMPANY_CHARGE,
    ),
    judge=api.judge,
    ask=auth.ask,
    read_token=auth.read_token,
    changes=api.changes,
    count=api.count,
    find=api.find,
    put=api.put,
    put_many=bulk.put_many,
    receive=hooks.receive,
    signed=hooks.signed,
)
