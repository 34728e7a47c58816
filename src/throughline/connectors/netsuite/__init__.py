"""NetSuite: the ERP. Customers, contracts (sales orders) and billing plans (billing schedules) live in it."""

from throughline.connectors.netsuite import api, auth, hooks, mapping
from throughline.core.connector import Connector

CONNECTOR = Connector(
    name="netsuite",
    mappings=(mapping.CUSTOMER, mapping.BILLING_PLAN, mapping.CONTRACT),
    judge=api.judge,
    ask=auth.ask,
    read_token=auth.read_token,
    changes=api.changes,
    find=api.find,
    put=api.put,
    receive=hooks.receive,
    signed=hooks.signed,
)
